"""What a model knows of a person beside what is asked: answers and predictions less the mean of their cell.

Most of the accuracy of a prediction for a person is knowing the question. Here that is taken out (after Ahn, Mao & Lee,
2026, doi:10.48550/arXiv.2608.29455): within a cell, does the model expect more of those who gave more? Works on arrays
of answers; knows no tables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from silicus.evaluate.bootstrap import estimate, resample_sums
from silicus.evaluate.matching import sums
from silicus.evaluate.metrics import FloatArray
from silicus.evaluate.movement import centred
from silicus.evaluate.paired import FEWEST
from silicus.evaluate.records import Estimate, Number
from silicus.record import Record

__all__ = ["IndividualSkill", "People", "individual_skill"]

Index = npt.NDArray[np.int64]


_TABLE = 20_000_000
"""Up to so many pairs of persons and stimuli a table says where each answer stands."""


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
    """The mean correlation when respondents are given all predictions of another who was shown the same: the control.
    What is left is not knowledge of persons."""
    chance: Number
    """How often a shuffle correlates as much: the p-value, one-sided. Unknown where no two respondents were shown the
    same."""
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
        stimulus: index of what the person was shown, shape (answers,). It lies in one cell.
        person: index of who answered, shape (answers,). A person lies in one study.
        study: index of the study, shape (answers,).
    """

    answer: FloatArray
    expected: FloatArray
    weight: FloatArray
    cell: Index
    stimulus: Index
    person: Index
    study: Index

    def known(self) -> People:
        """Return the answers with a prediction, in cells of at least two such answers; all indices count from 0."""
        known = np.isfinite(self.answer) & np.isfinite(self.expected) & (self.weight > 0)
        size = np.bincount(self.cell[known], minlength=int(self.cell.max(initial=-1)) + 1)
        kept = np.flatnonzero(known)
        kept = kept[size[self.cell[kept]] >= 2]
        index = (_dense(each[kept]) for each in (self.cell, self.stimulus, self.person, self.study))
        return People(self.answer[kept], self.expected[kept], self.weight[kept], *index)


def individual_skill(
    people: People, rng: np.random.Generator, draws: int = 2000, shuffles: int = 200
) -> IndividualSkill | None:
    """Return what is known of persons beside what they are asked.

    Intervals are percentiles of a bootstrap (95 %), the means of cells held fixed. Of `FEWEST` studies or more it draws
    studies and, within each, cells. Of fewer it draws the persons of each study, with all their answers, and speaks of
    these studies alone; of fewer than `FEWEST` persons there are none.

    Args:
        people: answers; those without a prediction, or alone in their cell, are left out.
        rng: where resamples and shuffles come from.
        draws: number of resamples.
        shuffles: number of times respondents exchange their predictions.

    Returns:
        `None` where no cell has two answers.

    Examples:
        >>> index = np.array([0, 0, 1, 1])
        >>> asked = People(np.array([0.0, 1.0, 0.5, 1.0]), np.array([0.4, 0.6, 0.1, 0.2]), np.ones(4), index, index,
        ...                np.arange(4), np.zeros(4, dtype=int))
        >>> found = individual_skill(asked, np.random.default_rng(1), draws=100, shuffles=100)
        >>> round(found.correlation.value, 3), round(found.explained.value, 3), round(found.spread_ratio.value, 3)
        (1.0, 0.36, 0.2)
    """
    kept = people.known()
    if not len(kept.answer):
        return None
    products = _products(kept)
    whole = _statistics(products.sum(axis=0, keepdims=True))
    resampled = _statistics(_resampled(kept, products, draws, rng))
    estimates = {name: estimate(value.item(), resampled[name], len(kept.answer)) for name, value in whole.items()}
    shuffled, chance = _shuffled(kept, whole["correlation"].item(), shuffles, rng)
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


def _products(people: People) -> FloatArray:
    """Return what each answer adds to the sums of squares and products, shape (answers, 12)."""
    answer, expected = (centred(each, people.cell, people.weight) for each in (people.answer, people.expected))
    y, e, o = people.answer, people.expected, _of_others(people)
    added = [answer**2, expected**2, answer * expected, np.ones_like(y), y, y**2, e, e**2, y * e, o, o**2, y * o]
    return people.weight[:, None] * np.column_stack(added)


def _resampled(people: People, products: FloatArray, draws: int, rng: np.random.Generator) -> FloatArray:
    """Return the sums over resampled studies and cells, or over the resampled persons of each study.

    Returns:
        Shape (draws, 12), NaN where there are fewer than `FEWEST` studies and persons.
    """
    studies = int(people.study.max()) + 1
    if studies >= FEWEST:
        cells, study = _by_unit(products, people.cell, people.study)
        return resample_sums(cells, study, draws, rng)
    persons, study = _by_unit(products, people.person, people.study)
    found: FloatArray = np.full((draws, products.shape[1]), 0.0 if len(persons) >= FEWEST else np.nan)
    for own in range(studies):
        places = np.flatnonzero(study == own)
        # A study's only person stands for it in every draw.
        found += resample_sums(persons[places], places, draws, rng) if len(places) > 1 else persons[places]
    return found


def _by_unit(products: FloatArray, unit: Index, study: Index) -> tuple[FloatArray, Index]:
    """Return the sums of every unit, and its study."""
    first = np.unique(unit, return_index=True)[1]
    return sums(products, unit, len(first)), study[first]


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


def _shuffled(people: People, correlation: float, shuffles: int, rng: np.random.Generator) -> tuple[float, float]:
    """Return the mean correlation of shuffles of whole respondents, and the share of them that correlate as much.

    All answers of a respondent are of one piece, so that all predictions for one go to another together, where both
    were shown the same. Respondents change places with those who share with them the stimulus that, of all they were
    shown, most answered: with everybody of their condition where all answer all, and with nobody of whom they have
    nothing in common. An answer to what the other was not shown is left out of that shuffle.
    """
    group = _group(people)
    if np.isnan(correlation) or len(np.unique(group)) == len(group):
        return float("nan"), float("nan")
    answer, expected = (centred(each, people.cell, people.weight) for each in (people.answer, people.expected))
    slot = _slot(people)
    slots = int(slot.max()) + 1
    place_of = _places(people.person * slots + slot)
    found, members = np.zeros(shuffles), np.argsort(group, kind="stable")
    other = np.zeros_like(group)
    for shuffle in range(shuffles):
        # Random numbers sorted within each group are a random order of it.
        other[members] = members[np.argsort(group[members] + rng.random(len(members)))]
        theirs = place_of(other[people.person] * slots + slot)
        shown = theirs >= 0
        found[shuffle] = _weighted(answer[shown], expected[theirs[shown]], people.weight[shown])
    as_much = (~(found < correlation - 1e-12 * abs(correlation))).sum()
    told = found[np.isfinite(found)]
    return float(told.mean()) if len(told) else float("nan"), float((1 + as_much) / (1 + shuffles))


def _places(key: Index) -> Callable[[Index], Index]:
    """Return a function from keys to where they stand in `key`, -1 where they do not; `key` holds none twice."""
    if int(key.max()) < _TABLE:
        # Looked up, not searched for: the shuffles of a large survey ask for hundreds of millions.
        table = np.full(int(key.max()) + 1, -1, dtype=np.int64)
        table[key] = np.arange(len(key))
        return lambda wanted: np.where(wanted < len(table), table[np.minimum(wanted, len(table) - 1)], -1)
    order = np.argsort(key)
    ranked = key[order]

    def search(wanted: Index) -> Index:
        found = order[np.minimum(np.searchsorted(ranked, wanted), len(order) - 1)]
        return np.where(key[found] == wanted, found, -1)

    return search


def _group(people: People) -> Index:
    """Return of every person the stimulus that, of those the person was shown, most answered; shape (persons,)."""
    answers = np.bincount(people.stimulus)[people.stimulus]
    order = np.lexsort((people.stimulus, -answers, people.person))
    return people.stimulus[order][np.unique(people.person[order], return_index=True)[1]]


def _slot(people: People) -> Index:
    """Return an index of what was answered for the how-manieth time by the same person, shape (answers,)."""
    order = np.lexsort((people.stimulus, people.person))
    changes = (np.diff(people.stimulus[order], prepend=-1) != 0) | (np.diff(people.person[order], prepend=-1) != 0)
    start = np.flatnonzero(changes)
    times = np.zeros_like(order)
    times[order] = np.arange(len(order)) - np.repeat(start, np.diff(np.append(start, len(order))))
    return _dense(people.stimulus * (int(times.max()) + 1) + times)


def _weighted(answer: FloatArray, expected: FloatArray, weight: FloatArray) -> float:
    """Return the correlation of centred values, NaN where one has no spread."""
    size = (weight @ answer**2) * (weight @ expected**2)
    return float(weight @ (answer * expected) / np.sqrt(size)) if size > 0 else float("nan")


def _dense(index: npt.NDArray[np.integer]) -> Index:
    """Return an index that counts from 0 without gaps."""
    return np.unique(index, return_inverse=True)[1].astype(np.int64)
