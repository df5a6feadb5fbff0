"""What a model knows of a person beside what is asked: answers and predictions less the mean of their cell.

Most of the accuracy of a prediction for a person is knowing the question. Here that is taken out (after Ahn, Mao & Lee,
2026, doi:10.48550/arXiv.2608.29455): within a cell, does the model expect more of those who gave more? Works on arrays
of answers; knows no tables.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from silicus.evaluate.bootstrap import estimate, resample_sums
from silicus.evaluate.matching import sums
from silicus.evaluate.metrics import FloatArray
from silicus.evaluate.movement import centred
from silicus.evaluate.records import Estimate, Number
from silicus.record import Record

__all__ = ["IndividualSkill", "People", "individual_skill"]


class IndividualSkill(Record):
    """How well answers of single people are told apart within cells."""

    answers_n: int
    """Number of answers, all in cells of at least two."""
    cells_n: int
    correlation: Estimate
    """Of answers and expected answers, both less their cell's mean: what is known of the person alone."""
    explained: Estimate
    """Share of the variance of answers within cells that predictions explain as they stand; negative where people's
    mean would be nearer. The square of `correlation` is the share that predictions of the best size would explain."""
    spread_ratio: Estimate
    """Standard deviation of expected answers within cells in shares of people's answers': how much the model makes of
    persons. A perfect model of what can be known has `correlation` here."""
    shuffled: Number
    """The mean correlation when predictions for one stimulus are dealt out anew among its respondents: the control.
    What is left is not knowledge of persons."""
    chance: Number
    """How often a shuffle correlates as much: the p-value, one-sided."""
    shuffles: int
    """Number of shuffles behind both."""
    model: Estimate
    """Correlation over all answers, nothing taken out, scales on [0, 1]."""
    others: Estimate
    """The same of the mean of everybody else's answers in the cell, which knows no person: what a model for persons has
    to beat."""


@dataclass(frozen=True)
class People:
    """Answers of single people, and what was expected of each.

    Attributes:
        answer: on [0, 1], shape (answers,).
        expected: the mean of the prediction for this person, on [0, 1], shape (answers,).
        weight: what an answer counts, shape (answers,).
        cell: index of its cell, shape (answers,).
        stimulus: index of what the person was shown, within which predictions are shuffled, shape (answers,).
        unit: index of what is drawn again within a cluster: a cell, or a respondent, shape (answers,).
        cluster: index of what is drawn again: a study, or a respondent, shape (answers,). A unit lies in one.
    """

    answer: FloatArray
    expected: FloatArray
    weight: FloatArray
    cell: npt.NDArray[np.int64]
    stimulus: npt.NDArray[np.int64]
    unit: npt.NDArray[np.int64]
    cluster: npt.NDArray[np.int64]

    def known(self) -> People:
        """Return the answers with a prediction, in cells of at least two such answers; what is left counts from 0."""
        known = np.isfinite(self.answer) & np.isfinite(self.expected) & (self.weight > 0)
        size = np.bincount(self.cell[known], minlength=int(self.cell.max(initial=-1)) + 1)
        kept = np.flatnonzero(known)
        kept = kept[size[self.cell[kept]] >= 2]
        cell, stimulus, unit = (
            np.unique(each[kept], return_inverse=True)[1] for each in (self.cell, self.stimulus, self.unit)
        )
        return People(
            self.answer[kept], self.expected[kept], self.weight[kept], cell, stimulus, unit, self.cluster[kept]
        )


def individual_skill(
    people: People, rng: np.random.Generator, draws: int = 2000, shuffles: int = 200
) -> IndividualSkill | None:
    """Return what is known of persons beside what they are asked.

    Intervals are percentiles of a bootstrap that draws whole clusters and, within each, units (95 %), the means of
    cells held fixed; with one cluster there are none.

    Args:
        people: answers; those without a prediction, or alone in their cell, are left out.
        rng: where resamples and shuffles come from.
        draws: number of resamples.
        shuffles: number of times predictions are dealt out anew.

    Returns:
        `None` where no cell has two answers.

    Examples:
        >>> index = np.array([0, 0, 1, 1])
        >>> asked = People(np.array([0.0, 1.0, 0.5, 1.0]), np.array([0.4, 0.6, 0.1, 0.2]), np.ones(4), index, index,
        ...                np.arange(4), np.arange(4))
        >>> found = individual_skill(asked, np.random.default_rng(1), draws=100, shuffles=100)
        >>> round(found.correlation.value, 3), round(found.explained.value, 3), round(found.spread_ratio.value, 3)
        (1.0, 0.36, 0.2)
    """
    kept = people.known()
    if not len(kept.answer):
        return None
    added = _sums(kept)
    cluster = np.zeros(len(added), dtype=np.int64)
    cluster[kept.unit] = kept.cluster
    whole = _statistics(added.sum(axis=0, keepdims=True))
    resampled = _statistics(resample_sums(added, cluster, draws, rng))
    estimates = {name: estimate(value.item(), resampled[name], len(kept.answer)) for name, value in whole.items()}
    shuffled, chance = _shuffled(kept, added.sum(axis=0), shuffles, rng)
    return IndividualSkill(
        answers_n=len(kept.answer),
        cells_n=int(kept.cell.max()) + 1,
        shuffled=shuffled,
        chance=chance,
        shuffles=shuffles,
        **estimates,
    )


def _of_others(people: People) -> FloatArray:
    """Return the weighted mean of everybody else's answers in the cell, shape (answers,)."""
    weight = np.bincount(people.cell, people.weight)[people.cell] - people.weight
    total = np.bincount(people.cell, people.weight * people.answer)[people.cell]
    return np.asarray((total - people.weight * people.answer) / weight, dtype=np.float64)


def _sums(people: People) -> FloatArray:
    """Return what each unit adds to the sums of squares and products, shape (units, 12)."""
    answer, expected = (centred(each, people.cell, people.weight) for each in (people.answer, people.expected))
    y, e, o = people.answer, people.expected, _of_others(people)
    added = [answer**2, expected**2, answer * expected, np.ones_like(y), y, y**2, e, e**2, y * e, o, o**2, y * o]
    return sums(people.weight[:, None] * np.column_stack(added), people.unit, int(people.unit.max()) + 1)


def _statistics(sums: FloatArray) -> dict[str, FloatArray]:
    """Return every number from sums over units, shape (draws,)."""
    hh, pp, hp, count, y, yy, e, ee, ye, o, oo, yo = sums.T
    people = np.where(hh > 0, hh, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "correlation": hp / np.where(hh * pp > 0, np.sqrt(hh * pp), np.nan),
            "explained": 1 - (hh - 2 * hp + pp) / people,
            "spread_ratio": np.sqrt(pp / people),
            "model": _correlation(count, y, yy, e, ee, ye),
            "others": _correlation(count, y, yy, o, oo, yo),
        }


def _correlation(
    count: FloatArray, y: FloatArray, yy: FloatArray, x: FloatArray, xx: FloatArray, xy: FloatArray
) -> FloatArray:
    """Return a correlation from weighted sums."""
    both = (yy - y**2 / count) * (xx - x**2 / count)
    # Of equal numbers rounding leaves a variance of 1e-17.
    return (xy - x * y / count) / np.where(both > 1e-24 * yy * xx, np.sqrt(np.maximum(both, 0)), np.nan)


def _shuffled(people: People, sums: FloatArray, shuffles: int, rng: np.random.Generator) -> tuple[float, float]:
    """Return the mean correlation of shuffles within stimuli, and the share of them that correlate as much."""
    hh, pp, own = sums[:3]
    if not hh * pp > 0:
        return float("nan"), float("nan")
    order = np.argsort(people.stimulus, kind="stable")
    stimulus, expected = people.stimulus[order], people.expected[order]
    answer = (people.weight * centred(people.answer, people.cell, people.weight))[order]
    found = np.zeros(shuffles)
    for shuffle in range(shuffles):
        # Random numbers sorted within each stimulus are a random order of it.
        found[shuffle] = answer @ expected[np.argsort(stimulus + rng.random(len(stimulus)))]
    as_much = (found >= own - 1e-12 * abs(own)).sum()
    return float(found.mean() / np.sqrt(hh * pp)), float((1 + as_much) / (1 + shuffles))
