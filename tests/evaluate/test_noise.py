from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.evaluate import wasserstein
from silicus.evaluate.noise import perfect_wasserstein

NAN = float("nan")


def test_the_noise_of_few_answers_by_hand():
    # One answer lies p away with probability 1 - p, and 1 - p away with probability p.
    assert perfect_wasserstein([0.7, 0.3], 1, [0, 1]) == pytest.approx(2 * 0.7 * 0.3)
    assert perfect_wasserstein([0.5, 0, 0.5], 2, [0, 0.5, 1]) == pytest.approx(0.25)
    # Five answers on a scale of 5 points: (.65536 + .82944) / 5 on either side of the middle, gaps of 1/4.
    assert perfect_wasserstein([0.2] * 5, 5, np.arange(5) / 4) == pytest.approx(2 * (0.65536 + 0.82944) / 5 / 4)


@pytest.mark.parametrize("answers", [1, 2, 7, 60])
def test_the_noise_is_the_mean_distance_of_samples(answers):
    truth, positions = np.array([0.3, 0.05, 0.0, 0.4, 0.25]), np.array([0, 0.1, 0.3, 0.6, 1])
    drawn = np.random.default_rng(1).multinomial(answers, truth, size=40_000) / answers
    found = wasserstein(drawn, truth, positions).mean()
    assert perfect_wasserstein(truth, answers, positions) == pytest.approx(found, rel=0.02)


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3).filter(lambda p: sum(p) > 0), st.integers(1, 500))
def test_the_noise_is_a_share_and_falls_with_more_answers(weights, answers):
    truth = np.array(weights) / sum(weights)
    more, fewer = perfect_wasserstein(truth, [4 * answers, answers], [0.0, 0.5, 1.0])
    assert -1e-9 <= more <= fewer + 1e-9
    assert fewer <= 0.5 + 1e-9


def test_the_noise_of_very_many_answers_is_as_good_as_none():
    assert perfect_wasserstein([0.5, 0.5], 3e9, [0, 1]) < 5e-4


def test_the_noise_is_unknown_without_a_truth_or_an_order():
    found = perfect_wasserstein([[NAN, NAN], [1.0, 0.0]], [NAN, 3.4], [0, 1])
    assert np.isnan(found[0])
    assert found[1] == 0
    assert np.isnan(perfect_wasserstein([0.5, 0.5], 2, [NAN, NAN]))
