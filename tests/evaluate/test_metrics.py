from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.evaluate import (
    accuracy_draw,
    accuracy_median,
    brier,
    entropy,
    entropy_ratio,
    mean_position,
    negative_log_likelihood,
    sd_ratio,
    standard_deviation,
    total_variation,
    wasserstein,
    wasserstein_observed,
)

NAN = float("nan")
THREE = [0.0, 0.5, 1.0]
NO_ORDER = [NAN, NAN, NAN]


def distributions(points: int) -> st.SearchStrategy[np.ndarray]:
    counts = st.lists(st.integers(0, 50), min_size=points, max_size=points).filter(lambda c: sum(c) > 0)
    return counts.map(lambda c: np.array(c) / sum(c))


def test_wasserstein_by_hand():
    # CDF differences .5 and .5, gaps .5 and .5.
    assert wasserstein([0.5, 0, 0.5], [0, 0, 1], THREE) == pytest.approx(0.5)


def test_wasserstein_takes_uneven_gaps():
    assert wasserstein([1, 0, 0], [0, 1, 0], [0, 0.1, 1]) == pytest.approx(0.1)


def test_wasserstein_is_unknown_without_order():
    assert np.isnan(wasserstein([1, 0, 0], [1, 0, 0], NO_ORDER))


def test_wasserstein_takes_cells_with_positions_of_their_own():
    found = wasserstein([[1, 0, 0]] * 2, [[0, 0, 1]] * 2, [THREE, NO_ORDER])
    assert found[0] == 1
    assert np.isnan(found[1])


@given(distributions(4), distributions(4), distributions(4))
def test_wasserstein_is_a_metric(p, q, r):
    places = np.array([0, 0.2, 0.7, 1])
    assert wasserstein(p, q, places) == pytest.approx(wasserstein(q, p, places))
    assert (wasserstein(p, q, places) < 1e-12) == np.allclose(p, q, atol=1e-12)
    assert wasserstein(p, r, places) <= wasserstein(p, q, places) + wasserstein(q, r, places) + 1e-12
    assert 0 <= wasserstein(p, q, places) <= 1 + 1e-12


@given(distributions(2), distributions(2))
def test_on_two_points_wasserstein_is_total_variation(p, q):
    assert wasserstein(p, q, [0, 1]) == pytest.approx(total_variation(p, q))


PAIRS = st.integers(2, 12).flatmap(
    lambda size: st.tuples(*[st.lists(st.integers(1, 7), min_size=size, max_size=size)] * 2)
)


@given(PAIRS)
def test_wasserstein_pairs_the_sorted_answers_of_two_samples(samples):
    p, q = (np.bincount(s, minlength=8)[1:] / len(s) for s in samples)
    pairs = np.abs(np.sort(samples[0]) - np.sort(samples[1])).mean() / 6
    assert wasserstein(p, q, np.arange(7) / 6) == pytest.approx(pairs)


@given(PAIRS)
def test_wasserstein_observed_pairs_the_sorted_answers_clipped_to_the_human_range(samples):
    model, human = (np.sort(s) for s in samples)
    low, high = human[0], human[-1]
    p = np.bincount(model, minlength=8)[1:] / len(model)
    found = wasserstein_observed(p, np.bincount(human, minlength=8)[1:], np.arange(1, 8))
    if low == high:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(np.abs(np.clip(model, low, high) - human).mean() / (high - low))


def test_wasserstein_observed_by_hand():
    # People used 2 to 4; the model's 1 becomes 2, its 5 becomes 4: .4 .2 .4 against .5 0 .5.
    assert wasserstein_observed([0.2] * 5, [0, 1, 0, 1, 0], [1, 2, 3, 4, 5]) == pytest.approx(0.1)


@pytest.mark.parametrize("counts", [[0, 0, 0], [1, 0, 0], [0, 7, 0]])
def test_wasserstein_observed_is_unknown_for_one_answer_or_one_point(counts):
    assert np.isnan(wasserstein_observed([0.2, 0.3, 0.5], counts, [1, 2, 3]))


def test_wasserstein_observed_is_unknown_without_order():
    assert np.isnan(wasserstein_observed([0.2, 0.3, 0.5], [1, 2, 3], NO_ORDER))


def test_wasserstein_observed_equals_the_stated_one_where_people_used_the_whole_scale():
    p, counts = np.array([0.2, 0.3, 0.5]), np.array([4, 0, 6])
    assert wasserstein_observed(p, counts, [1, 2, 3]) == pytest.approx(wasserstein(p, counts / 10, THREE))


def test_total_variation_by_hand():
    assert total_variation([0.5, 0.5, 0], [0.2, 0.5, 0.3]) == pytest.approx(0.3)


def test_log_likelihood_by_hand():
    assert negative_log_likelihood([0.25, 0.75], 0) == pytest.approx(math.log(4))


def test_probability_zero_is_infinitely_unlikely_and_not_clipped():
    assert negative_log_likelihood([0.0, 1.0], [0, 1]).tolist() == [math.inf, 0.0]


def test_accuracy_of_a_draw_by_hand():
    # From the lowest point: .2 x 1 + .3 x .5 + .5 x 0.
    assert accuracy_draw([0.2, 0.3, 0.5], 0, THREE) == pytest.approx(0.35)


def test_accuracy_of_a_draw_without_order_is_the_probability_of_the_answer():
    assert accuracy_draw([0.2, 0.3, 0.5], [0, 2], NO_ORDER).tolist() == [0.2, 0.5]


def test_accuracy_of_a_draw_is_what_sampling_comes_to():
    p, rng = np.array([0.1, 0.2, 0.3, 0.4]), np.random.default_rng(5)
    places = np.arange(4) / 3
    drawn = rng.choice(4, size=200_000, p=p)
    assert accuracy_draw(p, 1, places) == pytest.approx((1 - np.abs(places[drawn] - places[1])).mean(), abs=3e-3)


def test_accuracy_of_the_median_by_hand():
    assert accuracy_median([0.2, 0.3, 0.5], [0, 1, 2], THREE).tolist() == [0.5, 1.0, 0.5]


def test_the_median_is_found_where_float32_falls_short_of_one_half():
    p = np.array([0.1, 0.2, 0.2, 0.5], dtype=np.float32) * np.float32(1 - 3e-7)
    assert np.cumsum(p.astype(float))[2] < 0.5
    assert accuracy_median(p, 2, np.arange(4) / 3) == 1


def test_accuracy_of_the_median_without_order_is_an_exact_match_with_the_mode():
    found = accuracy_median([[0.2, 0.3, 0.5], [0.4, 0.4, 0.2]], [[2], [0]], NO_ORDER)
    np.testing.assert_allclose(found, [[1, 0], [0, 0.5]])


@pytest.mark.parametrize("metric", [accuracy_draw, accuracy_median])
@pytest.mark.parametrize("positions", [THREE, NO_ORDER])
def test_accuracy_is_unknown_where_prediction_or_answer_is(metric, positions):
    predicted = [[NAN] * 3, [0.2, 0.3, 0.5], [0.2, 0.3, 0.5]]
    assert np.isnan(metric(predicted, [0, -1, 0], positions)).tolist() == [True, True, False]


def test_log_likelihood_is_unknown_where_prediction_or_answer_is():
    assert np.isnan(negative_log_likelihood([[NAN, NAN], [0.5, 0.5]], [0, -1])).all()


@given(distributions(5), st.integers(0, 4))
def test_accuracies_are_shares(p, answer):
    for metric in (accuracy_draw, accuracy_median):
        assert -1e-12 <= metric(p, answer, np.arange(5) / 4) <= 1 + 1e-12


def test_brier_by_hand():
    # (.7 - 1)^2 + .2^2 + .1^2, and .7^2 + .2^2 + (.1 - 1)^2.
    np.testing.assert_allclose(brier([0.7, 0.2, 0.1], [0, 2]), [0.14, 1.34])
    assert np.isnan(brier([0.7, 0.3], -1))


@given(distributions(4), distributions(4))
def test_in_the_mean_over_people_no_prediction_has_a_lower_brier_score_than_their_shares(people, other):
    def expected(p):
        return people @ brier(np.broadcast_to(p, (4, 4)), np.arange(4))

    assert expected(people) <= expected(other) + 1e-12


def test_entropy_and_its_ratio_by_hand():
    np.testing.assert_allclose(entropy([[0.25] * 4, [1, 0, 0, 0]]), [np.log(4), 0])
    assert entropy_ratio([0.5, 0.5, 0, 0], [0.25] * 4) == pytest.approx(0.5)
    assert np.isnan(entropy_ratio([0.5, 0.5], [1, 0]))
    assert np.isnan(entropy([NAN, NAN]))


@given(distributions(5))
def test_spread_is_that_of_people_with_these_shares(shares):
    places = np.array([0, 0.1, 0.5, 0.6, 1])
    assert mean_position(shares, places) == pytest.approx(np.average(places, weights=shares))
    spread = np.sqrt(np.average((places - places @ shares) ** 2, weights=shares))
    assert standard_deviation(shares, places) == pytest.approx(spread, abs=1e-9)


def test_a_prediction_of_half_the_spread_has_the_ratio_one_half():
    assert sd_ratio([0, 0.5, 0, 0.5, 0], [0.5, 0, 0, 0, 0.5], np.linspace(0, 1, 5)) == pytest.approx(0.5)


def test_there_is_no_ratio_of_spreads_without_order_or_where_all_answer_alike():
    assert np.isnan(sd_ratio([0.5, 0.5, 0], [0.5, 0.5, 0], NO_ORDER))
    assert np.isnan(sd_ratio([0.5, 0.5, 0], [0, 1, 0], THREE))
