from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.evaluate import wasserstein
from silicus.evaluate.noise import (
    perfect_wasserstein,
    sampled_wasserstein,
    split_half_wasserstein,
    weighted_split_half,
)

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


def test_halves_of_people_by_hand():
    # Of two who say 0 and two who say 1 a half is one of each (4 of 6 splits), or both alike (distance 1).
    found = split_half_wasserstein([[2, 2]], [0, 1], np.random.default_rng(0), splits=20_000)
    assert found == pytest.approx(1 / 3, abs=0.01)


def test_halves_of_people_who_weigh_differently_by_hand():
    # One says 1 and weighs 3, three say 0 and weigh 1: whichever half has the one has a share of 3/4, the other of 0.
    found = weighted_split_half([1, 3], [3.0, 1.0], [1, 0], [0, 1], np.random.default_rng(0))
    assert found == pytest.approx(0.75)


def test_halves_of_people_who_weigh_alike_need_no_weights():
    people, positions = [30, 50, 20], [0, 0.5, 1]
    alike = weighted_split_half(people, [2.0] * 3, [0, 1, 2], positions, np.random.default_rng(0), splits=4000)
    plain = split_half_wasserstein([people], positions, np.random.default_rng(1), splits=4000)
    assert alike == pytest.approx(plain.item(), rel=0.05)


def test_halves_of_people_who_weigh_differently_lie_farther_apart_as_of_fewer_people():
    weight = np.tile([1.0, 1.0, 6.0], 100)
    answer = np.random.default_rng(3).integers(2, size=300)
    effective = weight.sum() ** 2 / (weight**2).sum()
    found = weighted_split_half([1] * 300, weight, answer, [0, 1], np.random.default_rng(0), splits=4000)
    share = np.average(answer, weights=weight)
    # The difference of two means of half the effective number of people.
    expected = np.sqrt(2 / np.pi) * np.sqrt(4 * share * (1 - share) / effective)
    assert found == pytest.approx(expected, rel=0.06)


def test_halves_of_three_people_or_without_order_are_unknown():
    rng = np.random.default_rng(0)
    assert np.isnan(weighted_split_half([1, 2], [1.0, 2.0], [0, 1], [0, 1], rng))
    assert np.isnan(weighted_split_half([5, 5], [1.0, 2.0], [0, 1], [NAN, NAN], rng))


def test_halves_are_of_different_people_and_of_one_size():
    rng = np.random.default_rng(0)
    assert split_half_wasserstein([[4, 0], [0, 5]], [0, 1], rng) == pytest.approx(0)
    assert np.isnan(split_half_wasserstein([[2, 1], [0, 0]], [0, 1], rng)).all()
    assert np.isnan(split_half_wasserstein([[20, 20]], [NAN, NAN], rng)).all()


def test_the_distance_of_halves_is_that_of_two_samples():
    rng = np.random.default_rng(1)
    truth, positions = np.array([0.2, 0.3, 0.1, 0.4]), np.linspace(0, 1, 4)
    people = rng.multinomial(60, truth, size=400)
    first, second = (rng.multinomial(30, truth, size=20_000) / 30 for _ in range(2))
    expected = wasserstein(first, second, positions).mean()
    assert split_half_wasserstein(people, positions, rng, 20).mean() == pytest.approx(expected, rel=0.05)


def test_the_cost_of_drawing_from_a_perfect_prediction_is_its_noise():
    truth, positions = np.array([[0.2, 0.3, 0.1, 0.4]] * 50), np.linspace(0, 1, 4)
    found = sampled_wasserstein(truth, truth, 5, positions, np.random.default_rng(2)).mean()
    assert found == pytest.approx(perfect_wasserstein(truth[0], 5, positions), rel=0.03)


def test_what_is_not_predicted_cannot_be_drawn():
    found = sampled_wasserstein([[NAN, NAN], [1, 0]], [[0.5, 0.5]] * 2, 5, [0, 1], np.random.default_rng(0))
    assert np.isnan(found[0])
    assert found[1] == 0.5
