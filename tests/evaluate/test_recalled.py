"""Facts of studies picked from their text: by hand, by property, and of models that know or do not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.evaluate import Recalled, recalled


def picked(probabilities, truth, seed: int = 0, draws: int = 200, shuffles: int = 200) -> Recalled:
    return recalled("title", probabilities, truth, np.random.default_rng(seed), draws, shuffles)


def test_what_is_recalled_by_hand():
    found = picked([[0.7, 0.2, 0.1], [0.4, 0.4, 0.2], [0.1, 0.3, 0.6]], [0, 1, 0], shuffles=20_000)
    assert found.right == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert found.probability.value == pytest.approx(1.2 / 3)
    assert (found.what, found.studies_n, found.choices, found.probability.n) == ("title", 3, 3, 3)
    # Of the 27 ways to draw a fact of each study, 10 have as much probability: 1.2 or more together.
    assert found.chance == pytest.approx(10 / 27, abs=0.01)


@given(st.integers(1, 30), st.integers(2, 6), st.integers(0, 99))
def test_a_model_that_knows_nothing_recalls_nothing(studies, choices, seed):
    truth = np.random.default_rng(seed).integers(choices, size=studies)
    found = picked(np.full((studies, choices), 1 / choices), truth, draws=10, shuffles=10)
    assert found.right == pytest.approx(1 / choices)
    assert found.probability.value == pytest.approx(1 / choices)
    assert found.chance == 1


def test_p_values_are_even_without_knowledge_and_small_with_it():
    rng = np.random.default_rng(7)
    chances: list[float] = []
    for seed in range(400):
        guesses = rng.dirichlet(np.ones(4), size=20)
        chances.append(picked(guesses, rng.integers(4, size=20), seed, draws=2, shuffles=99).chance or 0)
    assert np.mean(np.array(chances) <= 0.05) == pytest.approx(0.05, abs=0.035)
    assert np.mean(np.array(chances) <= 0.5) == pytest.approx(0.5, abs=0.08)
    truth = rng.integers(4, size=40)
    knows = 0.5 * rng.dirichlet(np.ones(4), size=40) + 0.5 * np.eye(4)[truth]
    found = picked(knows, truth)
    assert found.chance == pytest.approx(1 / 201)
    assert 0.5 < found.probability.low < 0.625 < found.probability.high < 0.75


def test_one_study_has_no_interval_and_none_has_no_number():
    assert (picked([[0.7, 0.3]], [0]).probability.low, picked([[0.7, 0.3]], [0]).right) == (None, 1)
    found = picked(np.zeros((0, 4)), np.zeros(0, dtype=int))
    assert (found.studies_n, found.choices, found.right, found.probability.value, found.chance) == (
        0,
        4,
        None,
        None,
        None,
    )
