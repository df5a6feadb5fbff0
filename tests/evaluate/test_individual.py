"""What is known of persons: by hand, by property, and on people of whom something known can be known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.evaluate import IndividualSkill, People, individual_skill


def people(answer, expected, cell, weight=None, stimulus=None, person=None, study=None) -> People:
    """Return answers; if nothing is said, each of another person of one study."""
    count, cell = len(answer), np.asarray(cell)
    return People(
        np.asarray(answer, dtype=float), np.asarray(expected, dtype=float),
        np.ones(count) if weight is None else np.asarray(weight, dtype=float), cell,
        cell if stimulus is None else np.asarray(stimulus), np.arange(count) if person is None else np.asarray(person),
        np.zeros(count, dtype=int) if study is None else np.asarray(study),
    )  # fmt: skip


def skill(asked: People, draws: int = 200, shuffles: int = 200, seed: int = 0) -> IndividualSkill:
    found = individual_skill(asked, np.random.default_rng(seed), draws, shuffles)
    assert found is not None
    return found


def test_answers_are_looked_up_or_searched_for_with_the_same_result(monkeypatch):
    rng = np.random.default_rng(4)
    # Thirty persons, each of whom was shown some of eight stimuli.
    person, cell = np.nonzero(rng.random((30, 8)) < 0.7)
    asked = people(rng.random(len(cell)), rng.random(len(cell)), cell, person=person)
    looked_up = skill(asked)
    monkeypatch.setattr("silicus.evaluate.individual._TABLE", 0)
    assert skill(asked) == looked_up


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


def test_nine_persons_of_a_study_have_no_interval_and_ten_have_one():
    answer, expected = np.random.default_rng(3).random((2, 20))
    nine, ten = (
        skill(people(answer, expected, np.arange(20) // 10, person=np.arange(20) % persons)) for persons in (9, 10)
    )
    assert (nine.correlation.low, nine.others.high) == (None, None)
    assert ten.correlation.low <= ten.correlation.value <= ten.correlation.high


def several(seed: int, studies: int, persons: int = 30) -> People:
    """Return studies of one cell each, in which a model knows more or less of persons."""
    rng = np.random.default_rng(seed)
    answer, known = rng.standard_normal((2, studies, persons))
    expected = known + answer * rng.choice([0.0, 2.0], size=(studies, 1))
    study = np.repeat(np.arange(studies), persons)
    return people(answer.ravel(), expected.ravel(), study, study=study)


def test_persons_are_drawn_of_nine_studies_and_studies_of_ten():
    nine, ten = (skill(several(3, studies), draws=500).correlation for studies in (9, 10))
    # What differs from study to study is in the interval of studies alone.
    assert ten.high - ten.low > 1.5 * (nine.high - nine.low)


def test_a_studys_only_person_stands_for_it_in_every_draw():
    asked = several(4, 2)
    alone = people(
        np.append(asked.answer, [0.0, 1.0]), np.append(asked.expected, [0.0, 1.0]), np.append(asked.cell, [2, 2]),
        person=np.append(asked.person, [60, 60]), study=np.append(asked.study, [2, 2]),
    )  # fmt: skip
    found = skill(alone).correlation
    assert found.low < found.value < found.high


def one_study(seed: int, persons: int = 300, items: int = 5) -> tuple[People, float]:
    """Return people of whom the model knows one of three equal parts of what moves their answers, and the truth."""
    rng = np.random.default_rng(seed)
    known, own = (rng.standard_normal((persons, 1)) for _ in range(2))
    answer = 0.5 + known + own + rng.standard_normal((persons, items)) + np.arange(items)
    expected = np.broadcast_to(0.2 * known, answer.shape)
    cell, who = np.meshgrid(np.arange(items), np.arange(persons))
    return people(answer.ravel(), expected.ravel(), cell.ravel(), person=who.ravel()), np.sqrt(1 / 3)


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


def test_where_no_two_were_shown_the_same_nobody_changes_places():
    found = skill(people([0, 1, 0.2], [0.1, 0.9, 0.3], [0] * 3, stimulus=[0, 1, 2]))
    assert found.correlation.value is not None
    assert (found.shuffled, found.chance) == (None, None)


def test_all_predictions_for_a_respondent_go_to_another_together():
    # Whole rows change places: of 4! orders only the one that is there correlates as much.
    place = np.array([0.0, 1.0, 2.0, 4.0])
    answer = place[:, None] + np.arange(6)
    cell, who = (each.ravel() for each in np.meshgrid(np.arange(6), np.arange(4)))
    mixed = np.random.default_rng(1).permutation(24)
    asked = people(answer.ravel()[mixed], answer.ravel()[mixed], cell[mixed], person=who[mixed])
    assert skill(asked, shuffles=5000).chance == pytest.approx(1 / 24, abs=0.01)


def test_several_answers_to_one_stimulus_change_places_in_their_order():
    answer = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    found = skill(people(answer.ravel(), answer.ravel(), [0] * 6, person=np.arange(6) // 2), shuffles=5000)
    assert found.chance == pytest.approx(1 / 6, abs=0.02)
    orders = [answer[list(order)].ravel() for order in itertools.permutations(range(3))]
    assert found.shuffled == pytest.approx(np.mean([np.corrcoef(answer.ravel(), o)[0, 1] for o in orders]), abs=0.02)


def test_an_answer_to_what_the_other_was_not_shown_is_left_out_of_the_shuffle():
    # Both were shown the first stimulus, and each another one of the same cell.
    found = skill(people([0, 0.5, 1, 0.2], [0, 0.3, 1, 0.9], [0] * 4, stimulus=[0, 1, 0, 2], person=[0, 0, 1, 1]))
    answer, expected = (np.array(each) - np.mean(each) for each in ([0, 0.5, 1, 0.2], [0, 0.3, 1, 0.9]))
    swapped = answer[[0, 2]] @ expected[[2, 0]] / np.sqrt((answer[[0, 2]] ** 2).sum() * (expected[[0, 2]] ** 2).sum())
    own = found.correlation.value
    share = (found.shuffled - own) / (swapped - own)
    assert share == pytest.approx(0.5, abs=0.1)


def twenty(rng: np.random.Generator, answered: float, known: float) -> People:
    """Return 150 people of 20 questions who are like themselves, as are predictions, which know so much of them."""
    said = rng.standard_normal((150, 1))
    like = np.sqrt(known) * said + np.sqrt(1 - known) * rng.standard_normal((150, 1))
    answer = np.sqrt(0.3) * like + np.sqrt(0.7) * rng.standard_normal((150, 20))
    expected = np.sqrt(0.9) * said + np.sqrt(0.1) * rng.standard_normal((150, 20))
    kept = np.flatnonzero(rng.random(3000) < answered)
    return people(answer.ravel()[kept], expected.ravel()[kept], kept % 20, person=kept // 20)


@pytest.mark.parametrize("answered", [1.0, 0.9, 0.3])
def test_answers_of_one_person_are_no_evidence_one_by_one(answered):
    rng = np.random.default_rng(11)
    null = [skill(twenty(rng, answered, 0.0), draws=1, shuffles=59).chance for _ in range(150)]
    assert np.mean(np.array(null) <= 0.05) <= 0.08
    assert np.mean(null) == pytest.approx(0.5, abs=0.08)
    told = [skill(twenty(rng, answered, 0.2), draws=1, shuffles=59).chance for _ in range(20)]
    assert np.mean(np.array(told) <= 0.05) >= 0.9
