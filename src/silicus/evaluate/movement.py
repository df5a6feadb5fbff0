"""Whether predictions move as people move: from condition to condition, or from group to group, of one question.

A model may lie near to people in every cell and still not know what a condition changes, for most of the distance is
the question's. Here the question is taken out: means are compared after subtracting their own mean in each question.
Works on arrays of cell means; knows no studies, tables or scales.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from silicus.errors import InputError
from silicus.evaluate.bootstrap import estimate, expanded, resample_sums
from silicus.evaluate.matching import sums
from silicus.evaluate.metrics import FloatArray
from silicus.evaluate.paired import FEWEST
from silicus.evaluate.records import Estimate, Number
from silicus.record import Record

__all__ = ["Movement", "Moving", "centred", "centred_correlation", "movement"]

_TOLD_APART = 1.959964
"""Two means are told apart where they differ by more than so many standard errors."""

_TRUSTED = 10
"""A mean of fewer answers is told apart from no other: its standard error is itself too uncertain."""

_FEWEST_ORDERS = 20
"""Of fewer orders the most extreme is no rarer than one in 20: no p-value could tell anything from chance."""

_LOOK = 400
"""So many shuffles are looked at to see whether there are `_FEWEST_ORDERS` orders."""

_ROUNDING = 1e-12


class Movement(Record):
    """How differences that a model predicts within questions stand to those of people."""

    cells_n: int
    """Number of cells compared."""
    questions_n: int
    """Number of questions with two such cells or more."""
    correlation: Estimate
    """Of the centred means, over all cells: 1 where the model moves as people do, whatever its size."""
    slope: Estimate
    """People's difference for 1 predicted (least squares on centred means): below 1 the model exaggerates, and its
    differences are to be multiplied by it."""
    spread_ratio: Estimate
    """Standard deviation of predicted centred means in shares of people's: above 1 it moves too much. People's is
    inflated by chance where cells are small."""
    spread_ratio_true: Estimate
    """The same with the variance that chance adds to people's means taken out, over the questions of whose every cell
    it is known; `n` is the number of their cells. Unknown where nothing is left."""
    ceiling: Number
    """The correlation expected of a perfect prediction of the true means: the square root of the share of people's
    variance between cells that is not chance, over the same questions as `spread_ratio_true`."""
    signs: Estimate
    """Share of pairs of cells, within questions, whose difference has people's sign; a predicted difference of 0 counts
    half. `n` is the number of pairs."""
    signs_told_apart: Estimate
    """The same over pairs whose human means are told apart (1.96 standard errors), both of 10 effective answers or more
    that differ."""
    chance: Number
    """How often predictions correlate as much when the conditions of each study change places, in all its questions
    alike: the p-value, one-sided. Unknown where conditions stand in fewer than 20 orders."""
    shuffles: int
    """Number of shuffles behind it."""


@dataclass(frozen=True)
class Moving:
    """Cells to compare; one number a cell.

    Attributes:
        human: mean answer on [0, 1], shape (cells,).
        predicted: mean prediction on [0, 1], shape (cells,).
        variance: of the human mean, that is variance of answers / effective number of them, where the means of a
            question are of different people; NaN where it is unknown.
        question: what is centred: index of the cell's question, shape (cells,).
        cluster: what is drawn again, such as the study: index, shape (cells,). A question lies in one cluster.
        condition: index of the condition within its cluster, the same in all its questions, shape (cells,).
        effective: effective number of answers of each human mean, shape (cells,); `None`: all have enough.
    """

    human: FloatArray
    predicted: FloatArray
    variance: FloatArray
    question: npt.NDArray[np.int64]
    cluster: npt.NDArray[np.int64]
    condition: npt.NDArray[np.int64]
    effective: FloatArray | None = None

    def known(self) -> Moving:
        """Return the cells with both means whose question has at least two of them, in order.

        Questions are numbered from 0, and so are the conditions of all clusters; cells are in order of question and, in
        it, of condition.
        """
        known = np.isfinite(self.human) & np.isfinite(self.predicted)
        cells = np.bincount(self.question[known], minlength=int(self.question.max(initial=-1)) + 1)
        kept = np.flatnonzero(known)
        kept = kept[cells[self.question[kept]] >= 2]
        kept = kept[np.lexsort((self.condition[kept], self.question[kept]))]
        number = np.unique(self.question[kept], return_inverse=True)[1]
        arms = np.stack([self.cluster[kept], self.condition[kept]])
        arm = np.unique(arms, axis=1, return_inverse=True)[1].reshape(-1)
        human, predicted, variance = (each[kept] for each in (self.human, self.predicted, self.variance))
        effective = np.full(len(kept), np.inf) if self.effective is None else self.effective[kept]
        return Moving(human, predicted, variance, number, self.cluster[kept], arm, effective)

    def clusters(self) -> npt.NDArray[np.int64]:
        """Return the cluster of every question, shape (questions,)."""
        return self.cluster[np.unique(self.question, return_index=True)[1]]


def movement(cells: Moving, rng: np.random.Generator, draws: int = 2000, shuffles: int = 2000) -> Movement | None:
    """Return how predicted differences within questions stand to people's.

    Intervals are percentiles of a bootstrap that draws whole clusters, expanded for their number (95 %): to draw the
    few questions of each again would add their chance twice. With fewer than `FEWEST` clusters there are none, for
    they would be far too narrow.

    Args:
        cells: the means; those without both, or alone in their question, are left out.
        rng: where resamples and shuffles come from.
        draws: number of resamples.
        shuffles: number of times conditions change places.

    Returns:
        `None` where no question has two cells.

    Examples:
        >>> means = Moving(np.array([0.2, 0.4, 0.5, 0.9]), np.array([0.4, 0.8, 0.1, 0.9]), np.full(4, 0.001),
        ...                np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
        >>> found = movement(means, np.random.default_rng(1), draws=100, shuffles=100)
        >>> round(found.correlation.value, 3), round(found.slope.value, 3), found.signs.value
        (1.0, 0.5, 1.0)
    """
    kept = cells.known()
    if not len(kept.human):
        return None
    human, predicted = (centred(values, kept.question) for values in (kept.human, kept.predicted))
    added, cluster = _sums(kept, human, predicted), kept.clusters()
    resampled, level = _resampled(added, cluster, draws, rng)
    whole = _statistics(added.sum(axis=0, keepdims=True))
    counts = {"signs": int(added[:, 6].sum()), "signs_told_apart": int(added[:, 8].sum())}
    counts["spread_ratio_true"] = int(np.isfinite(_noise(kept))[kept.question].sum())
    found = {
        name: estimate(whole[name].item(), drawn, counts.get(name, len(human)), level)
        for name, drawn in resampled.items()
    }
    ceiling = found.pop("ceiling").value
    chance = _chance(human, predicted, kept, whole["correlation"].item(), shuffles, rng)
    return Movement(
        cells_n=len(human), questions_n=len(added), ceiling=ceiling, chance=chance, shuffles=shuffles, **found
    )  # fmt: skip


def centred(values: FloatArray, of: npt.NDArray[np.int64], weight: FloatArray | None = None) -> FloatArray:
    """Return what is left of values after the mean of each question, or cell, that they are of.

    Args:
        values: shape (n,).
        of: index of what is centred, from 0 without gaps, shape (n,).
        weight: what a value counts in the mean, shape (n,).
    """
    own = np.ones(len(values)) if weight is None else weight
    means: FloatArray = np.divide(np.bincount(of, own * values), np.bincount(of, own))
    left: FloatArray = np.subtract(values, means[of])
    # Of equal numbers rounding leaves 1e-17, which would correlate.
    return np.where(np.abs(left) < _ROUNDING, 0.0, left)


def _sums(cells: Moving, human: FloatArray, predicted: FloatArray) -> FloatArray:
    """Return of every question its sums of squares and products, then of what is known of chance, then its signs.

    Returns:
        Shape (questions, 10): people's squares, predicted ones, products; people's and predicted squares again and
        chance's share of people's, each 0 where chance is unknown; pairs, right ones, and the same of those told apart.
    """
    noise = _noise(cells)
    products = sums(np.column_stack([human**2, predicted**2, human * predicted]), cells.question, len(noise))
    known = np.isfinite(noise)
    true = np.where(known[:, None], np.column_stack([products[:, :2], noise]), 0.0)
    starts = np.flatnonzero(np.diff(cells.question, prepend=-1))
    places = np.split(np.arange(len(human)), starts[1:])
    return np.column_stack([products, true, np.array([_signs(cells, own) for own in places])])


def _noise(cells: Moving) -> FloatArray:
    """Return what chance adds to people's centred sum of squares of every question, NaN where a cell's is unknown."""
    # Of k means with sampling variances v, chance adds (1 - 1/k) of their sum.
    return np.bincount(cells.question, cells.variance) * (1 - 1 / np.bincount(cells.question))


def _resampled(
    added: FloatArray, cluster: npt.NDArray[np.int64], draws: int, rng: np.random.Generator
) -> tuple[dict[str, FloatArray], float]:
    """Return every number of every resample, NaN where clusters are too few, and the share that an interval holds."""
    number = np.unique(cluster, return_inverse=True)[1]
    clusters = int(number.max()) + 1
    if clusters < FEWEST:
        return _statistics(np.full((1, added.shape[1]), np.nan)), 0.95
    whole = sums(added, number, clusters)
    return _statistics(resample_sums(whole, np.arange(clusters), draws, rng)), expanded(clusters)


def _signs(cells: Moving, places: npt.NDArray[np.intp]) -> tuple[float, float, float, float]:
    """Return the pairs of one question, those of the right sign, and both of the pairs that are told apart."""
    first, second = np.triu_indices(len(places), 1)
    people, model = (each[places][first] - each[places][second] for each in (cells.human, cells.predicted))
    variance, effective = cells.variance[places], np.inf if cells.effective is None else cells.effective[places]
    trusted = (variance > 0) & (effective >= _TRUSTED)
    pairs = np.abs(people) > _ROUNDING
    told = pairs & trusted[first] & trusted[second]
    told &= np.abs(people) > _TOLD_APART * np.sqrt(variance[first] + variance[second])
    # Of equal predictions rounding leaves differences of 1e-17, whose sign says nothing.
    right = np.where(np.abs(model) < _ROUNDING, 0.5, np.sign(model) == np.sign(people))
    return float(pairs.sum()), float(right[pairs].sum()), float(told.sum()), float(right[told].sum())


def _statistics(sums: FloatArray) -> dict[str, FloatArray]:
    """Return every number from sums over questions, shape (draws,)."""
    hh, pp, hp, own_hh, own_pp, noise, pairs, right, told, told_right = sums.T
    true = np.where(own_hh - noise > 0, own_hh - noise, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "correlation": hp / np.where(hh * pp > 0, np.sqrt(hh * pp), np.nan),
            "slope": hp / np.where(pp > 0, pp, np.nan),
            "spread_ratio": np.sqrt(pp / np.where(hh > 0, hh, np.nan)),
            "spread_ratio_true": np.sqrt(own_pp / true),
            "ceiling": np.sqrt(true / own_hh),
            "signs": right / np.where(pairs > 0, pairs, np.nan),
            "signs_told_apart": told_right / np.where(told > 0, told, np.nan),
        }


def _chance(
    human: FloatArray, predicted: FloatArray, cells: Moving, correlation: float, shuffles: int, rng: np.random.Generator
) -> float:
    """Return the share of shuffles whose correlation is as large, the order that is there included.

    The p-value of a permutation test (Phipson & Smyth, 2010, doi:10.2202/1544-6115.1585). What a condition does recurs
    in all questions of its study, so that these are no independent evidence: a shuffle orders the conditions of a study
    once. A question that lacks some of them deals its own predictions out in the order of those it has.
    """
    if np.isnan(correlation):
        return float("nan")
    own = predicted @ human
    ranks = rng.random((shuffles, int(cells.condition.max()) + 1))
    order = np.argsort(cells.question + ranks[:, cells.condition], axis=1)
    if len(np.unique(order[:_LOOK], axis=0)) < _FEWEST_ORDERS:
        return float("nan")
    as_large = (predicted[order] @ human >= own - 1e-12 * abs(own)).sum()
    return float((1 + as_large) / (1 + shuffles))


def centred_correlation(
    predicted: npt.ArrayLike, human: npt.ArrayLike, question: npt.ArrayLike, spans: npt.ArrayLike
) -> float:
    """Return the correlation of means after those of each question are subtracted.

    Args:
        predicted: means, shape (cells,).
        human: means, shape (cells,).
        question: what is centred, shape (cells,).
        spans: highest less lowest point of each cell's scale, shape (cells,).

    Raises:
        InputError: scales of different length are pooled as they are: a correlation over raw numbers would mostly tell
            that an answer on a scale to 100 is larger than one on a scale to 5. Bring them to [0, 1] first.

    Examples:
        >>> round(centred_correlation([1.0, 2.0, 6.0, 4.0], [1.0, 3.0, 5.0, 4.0], [0, 0, 1, 1], [6, 6, 6, 6]), 3)
        0.8
    """
    if len(np.unique(np.asarray(spans, dtype=np.float64))) > 1:
        raise InputError(
            "the means are on scales of different length, so that one correlation over them would mostly tell the "
            "scales apart. Bring every scale to [0, 1] first."
        )
    number = np.unique(np.asarray(question), return_inverse=True)[1]
    p, h = (centred(np.asarray(each, dtype=np.float64), number) for each in (predicted, human))
    size = np.sqrt((p @ p) * (h @ h))
    return float(p @ h / size) if size > 0 else float("nan")
