"""How often a 95 % interval holds the truth, on simulated people of whom the truth is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np

from silicus.evaluate import Estimate, IndividualSkill, Movement, Moving, People, individual_skill, movement
from silicus.evaluate.bootstrap import CellTable, expanded, interval, overall, resample_studies

__all__ = ["SIMULATIONS", "coverage"]

_DRAWS = 500


def mean_over_studies(rng: np.random.Generator, studies: int = 40) -> tuple[Estimate, float]:
    """Return the mean of a distance over cells, then over studies, that differ in truth and in size."""
    sizes = rng.integers(2, 12, studies)
    study = np.repeat(np.arange(studies), sizes)
    values = 0.15 + 0.05 * rng.standard_normal(studies)[study] + 0.04 * rng.standard_normal(len(study))
    table = CellTable(values[:, None], np.ones(len(study)), study, np.array([True]))
    low, high = interval(resample_studies(table, _DRAWS, rng)[:, 0], expanded(studies))
    return Estimate(value=float(overall(table)[0]), low=low, high=high, n=len(study)), 0.15


def paired_difference(rng: np.random.Generator, studies: int = 40) -> tuple[Estimate, float]:
    """Return the difference of two systems on the same cells, whose distances share what is hard about a study."""
    study = np.repeat(np.arange(studies), 6)
    hard = 0.1 * rng.standard_normal(studies)[study]
    both = np.stack([0.2 + hard, 0.17 + hard], axis=1) + 0.04 * rng.standard_normal((len(study), 2))
    both[:, 1] += 0.03 * rng.standard_normal(studies)[study]
    table = CellTable(both, np.ones(len(study)), study, np.array([True, True]))
    drawn = resample_studies(table, _DRAWS, rng)
    low, high = interval(drawn[:, 1] - drawn[:, 0], expanded(studies))
    value = overall(table)
    return Estimate(value=float(value[1] - value[0]), low=low, high=high, n=len(study)), -0.03


def slope_of_conditions(rng: np.random.Generator, studies: int = 40) -> tuple[Estimate, float]:
    """Return people's difference for 1 predicted, where predictions exaggerate and studies differ."""
    question = np.repeat(np.arange(3 * studies), 3)
    predicted = 0.5 + 0.1 * rng.standard_normal(len(question))
    truth = 0.5 + 0.05 * rng.standard_normal(studies)
    human = truth[question // 3] * predicted + 0.04 * rng.standard_normal(len(question))
    condition = np.arange(len(question)) % 3
    cells = Moving(human, predicted, np.full(len(question), 0.04**2), question, question // 3, condition)
    return cast("Movement", movement(cells, rng, _DRAWS, shuffles=1)).slope, 0.5


def correlation_of_persons(rng: np.random.Generator, persons: int = 200) -> tuple[Estimate, float]:
    """Return the correlation within cells, where every person answers five questions and is like themselves."""
    known, own = (rng.standard_normal((persons, 1)) for _ in range(2))
    answer = known + own + rng.standard_normal((persons, 5)) + np.arange(5)
    cell, who = (each.ravel() for each in np.meshgrid(np.arange(5), np.arange(persons)))
    expected = np.broadcast_to(known, answer.shape).ravel()
    people = People(answer.ravel(), expected, np.ones(len(cell)), cell, cell, who, 0 * who)
    found = cast("IndividualSkill", individual_skill(people, rng, _DRAWS, shuffles=1))
    return found.correlation, float(np.sqrt(1 / 3))


SIMULATIONS: dict[str, Callable[[np.random.Generator], tuple[Estimate, float]]] = {
    "mean distance, 40 studies": mean_over_studies,
    "mean distance, 10 studies": lambda rng: mean_over_studies(rng, 10),
    "difference of two systems, 40 studies": paired_difference,
    "slope of conditions, 40 studies": slope_of_conditions,
    "correlation of persons, 200 people of one study": correlation_of_persons,
}
"""What is simulated -> a function that returns an estimate and the truth."""


def coverage(name: str, datasets: int, seed: int = 0) -> tuple[float, float]:
    """Return the share of simulated datasets whose interval holds the truth, and its standard error."""
    held = np.zeros(datasets)
    for place in range(datasets):
        found, truth = SIMULATIONS[name](np.random.default_rng([seed, place]))
        low, high = found.low, found.high
        held[place] = low is not None and high is not None and low <= truth <= high
    share = float(held.mean())
    return share, float(np.sqrt(share * (1 - share) / datasets))
