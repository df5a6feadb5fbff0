"""Several tests at once, and tests of smallness: by hand, as statsmodels has them, and by their properties."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from silicus.effects import Rows, benjamini_hochberg, differences, fit, holm, romano_wolf, two_one_sided

P = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@pytest.mark.parametrize("tests", [1, 2, 5, 20])
def test_holm_and_benjamini_hochberg_are_those_of_statsmodels(tests):
    p = np.random.default_rng(tests).uniform(0, 0.2, tests).round(2)
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1])


@given(P)
def test_no_correction_makes_a_p_value_smaller_and_holm_corrects_more(p):
    assert np.all(benjamini_hochberg(p) >= np.array(p) - 1e-12)
    assert np.all(holm(p) >= benjamini_hochberg(p) - 1e-12)


def test_what_was_not_tested_is_not_counted_and_stays_unknown():
    for correct in (holm, benjamini_hochberg):
        found = correct([0.02, float("nan"), 0.04])
        assert np.isnan(found[1])
        assert found[[0, 2]] == pytest.approx(correct([0.02, 0.04]))
    assert np.isnan(holm([float("nan")])).all()
    assert np.isnan(romano_wolf([float("nan")], np.zeros((5, 1)), np.random.default_rng(0))).all()


def errors(units: int, tests: int, together: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(units, 1))
    return (np.sqrt(together) * common + np.sqrt(1 - together) * rng.normal(size=(units, tests))) / np.sqrt(units)


def test_one_test_has_its_own_p_value_however_often_it_stands_there():
    influence = errors(400, 1, 0.0)
    estimate = 2.3 * np.sqrt(np.sum(influence**2))
    alone = romano_wolf([estimate], influence, np.random.default_rng(1), 20_000)[0]
    assert alone == pytest.approx(2 * scipy.stats.norm.sf(2.3), abs=0.004)
    # Holm would make it four times as large.
    four = romano_wolf([estimate] * 4, np.repeat(influence, 4, axis=1), np.random.default_rng(1), 20_000)
    assert four == pytest.approx(np.full(4, alone), abs=0.004)


def test_of_independent_tests_it_is_like_holm_and_of_correlated_ones_below():
    size = np.array([3.0, 2.5, 1.0, 0.2])
    for together, below in ((0.0, False), (0.95, True)):
        influence = errors(500, 4, together)
        estimates = size * np.sqrt(np.sum(influence**2, axis=0))
        found = romano_wolf(estimates, influence, np.random.default_rng(2), 20_000)
        corrected = holm(2 * scipy.stats.norm.sf(size))
        assert np.all(np.diff(found) >= 0)
        assert (found[1] < 0.7 * corrected[1]) == below
        if not below:
            assert found[:2] == pytest.approx(corrected[:2], abs=0.006)


def test_the_smallest_p_value_is_one_of_the_draws_and_a_seed_gives_it_again():
    influence = errors(50, 2, 0.0)
    found = [romano_wolf([9.0, 0.0], influence, np.random.default_rng(3), 199) for _ in range(2)]
    assert found[0].tolist() == found[1].tolist()
    assert found[0][0] == 1 / 200


def test_a_test_of_other_people_is_drawn_among_them_and_blocks_change_nothing(monkeypatch):
    half = errors(100, 2, 0.0)
    half[:50, 0], half[50:, 1] = 0, 0
    estimates = 2.5 * np.sqrt(np.sum(half**2, axis=0))
    whole = romano_wolf(estimates, half, np.random.default_rng(4), 4000)
    assert whole == pytest.approx(np.full(2, 1 - (1 - 2 * scipy.stats.t.sf(2.5, 49)) ** 2), abs=0.015)
    monkeypatch.setattr("silicus.effects.multiplicity._BLOCK", 1000)
    assert romano_wolf(estimates, half, np.random.default_rng(4), 4000) == pytest.approx(whole, abs=0.01)


def test_two_one_sided_tests_by_hand():
    assert two_one_sided(0.1, 0.2, 50, -0.5, 0.5) == pytest.approx(scipy.stats.t.sf(2, 50))
    assert two_one_sided(-0.1, 0.2, 50, -0.5, 0.5) == pytest.approx(scipy.stats.t.sf(2, 50))
    assert two_one_sided(0.6, 0.2, 50, -0.5, 0.5) > 0.5
    assert np.isnan(two_one_sided(0.6, 0.0, 50, -0.5, 0.5))
    assert np.isnan(two_one_sided(0.6, float("nan"), 50, -0.5, 0.5))


@given(st.floats(-1, 1), st.floats(0.01, 1), st.floats(2, 200), st.sampled_from([0.01, 0.05, 0.1]))
def test_an_effect_is_small_where_the_interval_at_twice_the_level_lies_within_the_bounds(estimate, error, df, alpha):
    low, high = scipy.stats.t.interval(1 - 2 * alpha, df, estimate, error)
    if min(abs(low + 0.5), abs(high - 0.5)) > 1e-6:
        assert (two_one_sided(estimate, error, df, -0.5, 0.5) < alpha) == (low > -0.5 and high < 0.5)


def test_statistics_drawn_again_are_those_of_the_people_drawn():
    # The influence of an effect among people is what a new draw of the same people would add.
    rng = np.random.default_rng(5)
    arm, value = np.arange(300) % 2, rng.normal(size=300)
    found = differences(Rows(value, arm, 2))[0]
    times = rng.multinomial(300, np.full(300, 1 / 300))
    again = fit(np.column_stack([np.ones(300), arm])[times > 0], value[times > 0], times[times > 0]).contrast([0, 1])
    assert again.estimate - found.estimate == pytest.approx(times @ found.influence, abs=0.02)
