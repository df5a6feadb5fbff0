"""What is known of persons: by hand, by property, and on people of whom something known can be known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.evaluate import IndividualSkill, People, individual_skill


def people(answer, expected, cell, weight=None, stimulus=None, unit=None, cluster=None) -> People:
    count, cell = len(answer), np.asarray(cell)
    unit = np.arange(count) if unit is None else np.asarray(unit)
    return People(
        np.asarray(answer, dtype=float), np.asarray(expected, dtype=float),
        np.ones(count) if weight is None else np.asarray(weight, dtype=float), cell,
        cell if stimulus is None else np.asarray(stimulus), unit, unit if cluster is None else np.asarray(cluster),
    )  # fmt: skip


def skill(asked: People, draws: int = 200, shuffles: int = 200, seed: int = 0) -> IndividualSkill:
    found = individual_skill(asked, np.random.default_rng(seed), draws, shuffles)
    assert found is not None
    return found


def test_everything_by_hand():
    # Less the cell's mean: people -.5 .5, -.2 .2; the model -.1 .1, .1 -.1.
    found = skill(people([0, 1, 0.4, 0.8], [0.3, 0.5, 0.7, 0.5], [0, 0, 1, 1]))
    answers, model, product = 0.58, 0.04, 0.1 - 0.04
    assert found.correlation.value == pytest.approx(product / np.sqrt(answers * model))
    assert found.explained.value == pytest.approx(1 - (0.16 * 2 + 0.09 * 2) / answers)
    assert found.spread_ratio.value == pytest.approx(np.sqrt(model / answers))
    assert found.model.value == pytest.approx(np.corrcoef([0, 1, 0.4, 0.8], [0.3, 0.5, 0.7, 0.5])[0, 1])
    assert found.others.value == pytest.approx(np.corrcoef([0, 1, 0.4, 0.8], [1, 0, 0.8, 0.4])[0, 1])
    assert (found.answers_n, found.cells_n) == (4, 2)


def test_an_answer_of_weight_2_counts_as_two_people():
    weighed = skill(people([0, 1, 0.5], [0.2, 0.9, 0.1], [0, 0, 0], weight=[1, 2, 1]))
    twice = skill(people([0, 1, 1, 0.5], [0.2, 0.9, 0.9, 0.1], [0, 0, 0, 0]))
    for name in ("correlation", "explained", "spread_ratio", "model"):
        assert getattr(weighed, name).value == pytest.approx(getattr(twice, name).value)


@given(st.floats(-1, 1), st.floats(0.1, 3))
def test_what_is_said_of_a_question_is_nothing_said_of_a_person(level, size):
    rng = np.random.default_rng(4)
    answer, expected, cell = rng.random(12), rng.random(12), np.arange(12) // 3
    plain = skill(people(answer, expected, cell), draws=10, shuffles=10)
    other = skill(people(answer, level * cell + size * expected, cell), draws=10, shuffles=10)
    assert other.correlation.value == pytest.approx(plain.correlation.value, abs=1e-9)
    assert other.spread_ratio.value == pytest.approx(size * plain.spread_ratio.value)


def test_a_model_that_expects_the_same_of_everybody_knows_no_person():
    found = skill(people([0, 1, 0.4, 0.8], [0.5, 0.5, 0.7, 0.7], [0, 0, 1, 1]))
    assert (found.correlation.value, found.shuffled, found.chance) == (None, None, None)
    assert (found.explained.value, found.spread_ratio.value) == (0, 0)


def test_answers_without_a_prediction_and_answers_alone_in_their_cell_are_left_out():
    asked = people([0, 1, 0.4, 0.8, 0.1], [0.1, 0.2, np.nan, 0.7, 0.3], [0, 0, 1, 1, 9])
    assert (skill(asked).answers_n, skill(asked).cells_n) == (2, 1)
    assert individual_skill(people([0.1, 0.2], [0.1, 0.2], [0, 1]), np.random.default_rng(0)) is None
    assert individual_skill(people([], [], np.zeros(0, dtype=int)), np.random.default_rng(0)) is None


def test_one_cluster_has_no_interval():
    rng = np.random.default_rng(3)
    asked = people(rng.random(8), rng.random(8), np.zeros(8, dtype=int), cluster=np.zeros(8, dtype=int))
    assert (skill(asked).correlation.low, skill(asked).others.high) == (None, None)


def one_study(seed: int, persons: int = 300, items: int = 5) -> tuple[People, float]:
    """Return people of whom the model knows one of three equal parts of what moves their answers, and the truth."""
    rng = np.random.default_rng(seed)
    known, own = (rng.standard_normal((persons, 1)) for _ in range(2))
    answer = 0.5 + known + own + rng.standard_normal((persons, items)) + np.arange(items)
    expected = np.broadcast_to(0.2 * known, answer.shape)
    cell, who = np.meshgrid(np.arange(items), np.arange(persons))
    return people(answer.ravel(), expected.ravel(), cell.ravel(), unit=who.ravel()), np.sqrt(1 / 3)


def test_the_planted_correlation_is_found_and_no_other_is_left_when_personas_are_shuffled():
    asked, truth = one_study(seed=1)
    found = skill(asked)
    assert found.correlation.value == pytest.approx(truth, abs=0.05)
    assert found.spread_ratio.value == pytest.approx(0.2 / np.sqrt(3), abs=0.02)
    assert abs(found.shuffled) < 0.01
    assert found.chance == pytest.approx(1 / 201)
    # Questions differ, which others' answers tell.
    assert found.others.value > found.model.value


def test_intervals_over_respondents_cover_the_planted_correlation():
    covered = 0
    for seed in range(120):
        asked, truth = one_study(seed, persons=120, items=3)
        found = skill(asked, draws=300, shuffles=1)
        covered += found.correlation.low <= truth <= found.correlation.high
    assert covered / 120 == pytest.approx(0.95, abs=0.05)


def test_shuffles_stay_within_what_was_shown():
    # In each cell two stimuli: the model tells these apart, and no persons.
    answer, expected = [0, 0, 1, 1], [0.1, 0.1, 0.9, 0.9]
    found = skill(people(answer, expected, [0] * 4, stimulus=[0, 0, 1, 1]))
    assert found.shuffled == pytest.approx(1)
    assert found.chance == 1
