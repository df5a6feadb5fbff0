"""Whether questions hang together as they do for people: by hand, and on people drawn from the predictions."""

from __future__ import annotations

import numpy as np
import pytest

from silicus.evaluate.rows import Rows
from silicus.evaluate.structure import Structure, structure
from tests.evaluate.test_audit import rows


def survey(answers: np.ndarray, expected: np.ndarray, spread: float = 0.0, study=None) -> Rows:
    """Return people (rows of the tables) who answer questions (columns)."""
    person, cell = (each.ravel() for each in np.indices(answers.shape))
    return rows(answers.ravel(), expected.ravel(), cell, person, study=study, spread=spread)


def test_correlations_of_two_questions_by_hand():
    rng = np.random.default_rng(0)
    answers, expected = rng.random((40, 2)), rng.random((40, 2))
    answers[:, 1] += answers[:, 0]
    found = structure(survey(answers, expected, spread=0.3), rng, draws=10)
    r = np.corrcoef(answers.T)[0, 1]
    assert found.human.value == pytest.approx(np.sqrt(r**2 - (1 - r**2) ** 2 / 39))
    product = np.cov(expected.T, bias=True)[0, 1]
    assert found.predicted.value == pytest.approx(abs(product) / np.sqrt((expected.var(axis=0) + 0.09).prod()))
    assert found.ratio.value == pytest.approx(found.predicted.value / found.human.value)
    # Of one pair there is no agreement over pairs.
    assert (found.pairs_n, found.agreement.value, found.agreement.low) == (1, None, None)
    assert found.human.low < found.human.value < found.human.high


def test_people_drawn_from_the_predictions_hang_together_as_predicted():
    rng = np.random.default_rng(1)
    trait = rng.standard_normal((4000, 2))
    expected = 0.5 + trait @ rng.standard_normal((2, 6)) * 0.1
    answers = expected + 0.15 * rng.standard_normal(expected.shape)
    found = structure(survey(answers, expected, spread=0.15), rng, draws=200)
    assert found.pairs_n == 15
    assert found.ratio.value == pytest.approx(1, abs=0.05)
    assert found.agreement.value > 0.99
    assert found.ratio.low <= found.ratio.value <= found.ratio.high


def test_a_model_that_expects_the_same_of_everybody_flattens_all_correlations():
    answers = np.repeat(np.random.default_rng(2).random((40, 1)), 3, axis=1)
    found = structure(survey(answers, np.full((40, 3), 0.5), spread=0.2), np.random.default_rng(0), draws=10)
    assert (found.human.value, found.predicted.value, found.ratio.value) == (pytest.approx(1), 0, 0)


def test_questions_of_few_common_respondents_of_different_studies_or_answered_alike_make_no_pair():
    rng = np.random.default_rng(3)
    assert structure(survey(rng.random((29, 2)), rng.random((29, 2))), rng) is None
    apart = survey(rng.random((40, 2)), rng.random((40, 2)), study=np.tile([0, 1], 40))
    assert structure(apart, rng) is None
    assert structure(survey(np.full((40, 2), 0.5), rng.random((40, 2))), rng) is None


def test_predictions_that_are_not_for_the_very_person_say_nothing():
    rng = np.random.default_rng(4)
    asked = survey(rng.random((40, 2)), rng.random((40, 2)))
    assert structure(Rows(**{**vars(asked), "by_person": np.zeros(80, dtype=bool)}), rng) is None


def test_people_whose_answers_hang_together_no_more_than_by_chance_leave_nothing_to_compare():
    rng = np.random.default_rng(1)
    found = structure(survey(rng.random((60, 2)), rng.random((60, 2)), spread=0.2), rng)
    assert (found.human.value, found.ratio.value, found.human.low) == (None, None, None)
    assert found.predicted.value is not None


def perfect(seed: int, people: int, questions: int = 12) -> Structure:
    """Return what is found of predictions that people are drawn from, whose correlations are .27 in root mean square.

    Questions load on what is known of a person by .25 to .75.
    """
    rng = np.random.default_rng(seed)
    load = 0.5 * (0.5 + np.arange(questions) / (questions - 1))
    expected = 0.5 + 0.1 * load * rng.standard_normal((people, 1))
    answers = expected + 0.1 * np.sqrt(1 - load**2) * rng.standard_normal(expected.shape)
    asked = survey(answers, expected)
    found = structure(Rows(**{**vars(asked), "spread": np.tile(0.1 * np.sqrt(1 - load**2), people)}), rng)
    assert found is not None
    return found


@pytest.mark.parametrize("people", [60, 200])
def test_a_perfect_model_makes_questions_hang_together_as_people_do_however_few_they_are(people):
    found = [perfect(seed, people) for seed in range(60)]
    assert np.mean([each.ratio.value for each in found]) == pytest.approx(1, abs=0.1)
    assert np.mean([each.human.value for each in found]) == pytest.approx(0.27, abs=0.02)
    covered = np.mean([each.ratio.low <= 1 <= each.ratio.high for each in found])
    assert covered == pytest.approx(0.95, abs=0.05)


def test_respondents_are_left_out_of_nine_studies_and_ten_are_drawn():
    # Each study is predicted too strongly or too weakly: what differs from study to study widens the second interval.
    rng = np.random.default_rng(5)
    trait = rng.standard_normal((10, 60, 1))
    answers = trait + rng.standard_normal((10, 60, 3))
    expected = trait * np.tile([0.2, 2.0], 5)[:, None, None] + np.zeros((1, 1, 3))
    spans = []
    for studies in (9, 10):
        index = np.indices((studies, 60, 3)).reshape(3, -1)
        asked = rows(
            answers[:studies].ravel(), expected[:studies].ravel(), 3 * index[0] + index[2], 60 * index[0] + index[1],
            study=index[0], spread=1,
        )  # fmt: skip
        found = structure(asked, rng, draws=300)
        assert found.pairs_n == 3 * studies
        assert found.ratio.low < found.ratio.value < found.ratio.high
        spans.append(found.ratio.high - found.ratio.low)
    assert spans[1] > 1.5 * spans[0]
