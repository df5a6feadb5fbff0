"""Whether questions hang together as they do for people: by hand, and on people drawn from the predictions."""

from __future__ import annotations

import numpy as np
import pytest

from silicus.evaluate.rows import Rows
from silicus.evaluate.structure import structure
from tests.evaluate.test_audit import rows


def survey(answers: np.ndarray, expected: np.ndarray, spread: float = 0.0, study=None) -> Rows:
    """Return people (rows of the tables) who answer questions (columns)."""
    person, cell = (each.ravel() for each in np.indices(answers.shape))
    return rows(answers.ravel(), expected.ravel(), cell, person, study=study, spread=spread)


def test_correlations_of_two_questions_by_hand():
    rng = np.random.default_rng(0)
    answers, expected = rng.random((40, 2)), rng.random((40, 2))
    found = structure(survey(answers, expected, spread=0.3), rng, draws=10)
    assert found.human.value == pytest.approx(abs(np.corrcoef(answers.T)[0, 1]))
    product = np.cov(expected.T, bias=True)[0, 1]
    assert found.predicted.value == pytest.approx(abs(product) / np.sqrt((expected.var(axis=0) + 0.09).prod()))
    assert found.ratio.value == pytest.approx(found.predicted.value / found.human.value)
    # Of one pair there is no agreement over pairs, and two questions have no interval.
    assert (found.pairs_n, found.agreement.value, found.human.low) == (1, None, None)


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
