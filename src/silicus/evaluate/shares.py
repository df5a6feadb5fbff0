"""Several systems beside people's shares of answers, cell by cell, with intervals that resample questions.

For answers known as shares, of groups or of everybody, whose number of people may be unknown: what is uncertain here is
which questions were asked, so whole questions are drawn again. Systems are compared on the same cells and the same
draws. Distances are taken where shares are of enough people (`silicus.evaluate.together`); the log likelihood, which
the truth makes least however few people answered, everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from silicus.errors import InputError, counted, did_you_mean
from silicus.evaluate.bootstrap import interval
from silicus.evaluate.metrics import FloatArray, cross_entropy, js_distance, total_variation, wasserstein
from silicus.evaluate.noise import perfect_wasserstein
from silicus.evaluate.records import Estimate
from silicus.evaluate.together import Cells, taken_together, together
from silicus.record import Record
from silicus.study import Scale

__all__ = [
    "FEWEST", "SHARE_METRICS", "Change", "ShareMetric", "Shares", "SharesComparison", "Unit", "as_points",
    "compare_shares",
]  # fmt: skip

ShareMetric = Literal["wasserstein", "total_variation", "js_distance", "nll", "single_nll"]
"""The distances of a cell; of all of them lower is better. `nll` is `cross_entropy`: the negative log likelihood
expected of one person's answer, where all are predicted alike; `single_nll` that of answers each predicted for the
person who gave it."""

Unit = Literal["questions", "batteries", "studies"]
"""What a cluster may be; a battery is of questions that say much the same."""

FEWEST = 10
"""So many cells, of as many clusters, must have a number for it to decide who is closer: percentiles of fewer clusters
drawn again are too narrow."""

SHARE_METRICS: tuple[ShareMetric, ...] = get_args(ShareMetric)
"""Every metric of a comparison, in the order it is printed."""

# How many resamples are in memory at once.
_BLOCK = 250

# What stands where in a sum over cells.
_TOTAL, _INFINITE, _COUNT = range(3)


@dataclass(frozen=True)
class Shares:
    """Cells to compare: what people answered, and what each system says they would.

    Attributes:
        cluster: what is resampled, one name a cell: cells of one name, such as "study/question", are drawn together.
        human: shares over the points of the scale (refusals apart), shape (points,), sum 1; NaN without answers.
        positions: the points on [0, 1], shape (points,); NaN where they have no order.
        predicted: system -> like `human`; NaN where it has no prediction.
        unit: what a cluster is, for reports.
        people: of how many people's answers each cell's shares are; NaN where it is unknown, which counts as many.
            `None`: unknown of all.
        pools: cells of one name are taken together for distances where they are of few people, such as the stimuli of
            a question; they have the same points. `None`: none are.
        single: system -> of each cell, the mean negative log likelihood of single people's answers, NaN where unknown.
    """

    cluster: Sequence[str]
    human: Sequence[FloatArray]
    positions: Sequence[FloatArray]
    predicted: Mapping[str, Sequence[FloatArray]]
    unit: Unit = "questions"
    people: Sequence[float] | FloatArray | None = None
    pools: Sequence[str] | None = None
    single: Mapping[str, FloatArray] = field(default_factory=dict[str, FloatArray])

    def __post_init__(self) -> None:
        """Check that every list has the same cells, with the same points."""
        if not self.cluster or not self.predicted:
            raise InputError(
                f"found {counted(len(self.cluster), 'cell', 'cells')} and "
                f"{counted(len(self.predicted), 'system', 'systems')} to compare. Give at least one of each."
            )
        columns = {"human": self.human, "positions": self.positions, **self.predicted}
        for name, column in columns.items():
            self._check(name, column)
        further = {"people": self.people, "pools": self.pools, **self.single}
        for name, column in further.items():
            if column is not None:
                self._check_length(name, column)

    def _check_length(self, name: str, column: Sized) -> None:
        if len(column) != len(self.cluster):
            raise InputError(
                f"'{name}' has {counted(len(column), 'cell', 'cells')}, 'cluster' has {len(self.cluster):,}. "
                "Give every list the same cells in the same order."
            )

    def _check(self, name: str, column: Sequence[FloatArray]) -> None:
        self._check_length(name, column)
        for cell, (row, human) in enumerate(zip(column, self.human, strict=False)):
            if np.shape(row) != np.shape(human):
                raise InputError(
                    f"cell {cell} ('{self.cluster[cell]}'): '{name}' has the shape {np.shape(row)}, 'human' has "
                    f"{np.shape(human)}. Give both one number a point, without refusals (`as_points`)."
                )


class Change(Record):
    """How a system compares with another, on the cells for which both have a number and on the same draws."""

    difference: Estimate
    """Mean over cells of the system minus that of the other: negative is better."""
    percent: Estimate
    """The difference in percent of the other's mean."""


class SharesComparison(Record):
    """How far each system lies from people's shares, and how each compares with every other."""

    cells_n: int
    clusters_n: int
    unit: Unit
    """What a cluster is."""
    people_per_cell: float | None
    """The median over cells of how many people answered, where that is known."""
    large_cells_n: int
    """Number of cells with distances: enough people answered, small cells of one pool taken together."""
    ordered_cells_n: int
    """Number of these whose points have an order: the others have no Wasserstein."""
    perfect_wasserstein: float | None
    """The mean Wasserstein expected of a perfect prediction in these, where the number of people is known."""
    draws: int
    """Number of resamples of clusters behind each interval."""
    decisive: list[ShareMetric]
    """The metrics that enough cells and clusters have (`FEWEST`); the first decides who is closer."""
    reference: str | None
    """The system that reports compare with first, such as the model before training."""
    overall: dict[str, dict[ShareMetric, Estimate]]
    """system -> metric -> mean over cells, in the order the systems were given."""
    changes: dict[str, dict[str, dict[ShareMetric, Change]]]
    """system -> another system -> metric -> how the first compares with the second; every ordered pair."""
    zero_cells: dict[str, int]
    """system -> number of cells in which an answer people gave had probability 0: its `nll`, infinite, is null."""


def as_points(answers: npt.ArrayLike, scale: Scale) -> FloatArray:
    """Return a distribution over all answers of a scale as one over its points, refusals taken out.

    Args:
        answers: counts, shares or probabilities in the order of `scale.answers`, shape (..., answers).
        scale: the scale.

    Returns:
        Shape (..., points), sums to 1; NaN where no point has any.

    Raises:
        InputError: there are not as many numbers as the scale has answers.

    Examples:
        >>> scale = Scale(kind="binary", labels={1: "Yes", 2: "No"}, refusals={9: "Don't know"})
        >>> as_points([30, 10, 60], scale)
        array([0.75, 0.25])
    """
    every = np.asarray(answers, dtype=np.float64)
    if every.shape[-1] != len(scale.answers):
        raise InputError(
            f"found {counted(every.shape[-1], 'number', 'numbers')} for the scale {scale}, which has "
            f"{len(scale.answers)} answers. Give one a point and one a refusal, in the order of `scale.answers`."
        )
    points = every[..., : len(scale.values)]
    total = points.sum(axis=-1, keepdims=True)
    return points / np.where(total > 0, total, np.nan)


def compare_shares(
    shares: Shares, rng: np.random.Generator, draws: int = 2000, reference: str | None = None
) -> SharesComparison:
    """Return how far each system lies from people, and from every other system, with 95 % intervals.

    Numbers are means over cells: every cell counts once. Intervals are percentiles of a bootstrap that draws whole
    clusters with replacement, as many as there are (doi:10.1017/CBO9780511802843, section 3.8); the same draws serve
    all systems, so that differences are paired.

    Args:
        shares: the cells. The system in question comes first, beside the reference.
        rng: where the draws come from.
        draws: number of resamples.
        reference: the system that reports compare with first.

    Raises:
        InputError: the reference is no system.

    Examples:
        >>> people = [np.array([0.7, 0.3]), np.array([0.6, 0.4])]
        >>> tuned, flat = [np.array([0.7, 0.3])] * 2, [np.array([0.5, 0.5])] * 2
        >>> cells = Shares(["a", "b"], people, [np.array([0.0, 1.0])] * 2, {"tuned": tuned, "uniform": flat})
        >>> found = compare_shares(cells, np.random.default_rng(1), reference="uniform")
        >>> round(found.overall["tuned"]["wasserstein"].value, 3)
        0.05
        >>> round(found.changes["tuned"]["uniform"]["wasserstein"].percent.value)
        -67
    """
    systems = list(shares.predicted)
    if reference is not None and reference not in systems:
        raise InputError(f"the reference '{reference}' is no system.{did_you_mean(reference, systems)}")
    people = np.full(len(shares.cluster), np.nan) if shares.people is None else np.asarray(shares.people, dtype=float)
    groups = together(people, shares.pools)
    values = np.concatenate([_single(shares), _distances(shares, groups, people)])
    clusters = [*shares.cluster, *(shares.cluster[int(group[0])] for group in groups)]
    names, cluster = np.unique(np.asarray(clusters), return_inverse=True)
    drawn = _draw(values, cluster, len(names), draws, rng)
    infinite = np.isinf(values[:, SHARE_METRICS.index("nll")]).sum(axis=0)
    return SharesComparison(
        cells_n=len(shares.cluster),
        clusters_n=len(names),
        unit=shares.unit,
        people_per_cell=float(np.nanmedian(people)) if np.isfinite(people).any() else None,
        large_cells_n=len(groups),
        ordered_cells_n=sum(not np.isnan(places).any() for places in _positions(shares, groups)),
        perfect_wasserstein=_perfect(shares, groups, people),
        draws=draws,
        decisive=drawn.decisive(),
        reference=reference,
        overall={name: drawn.means(place) for place, name in enumerate(systems)},
        changes={
            name: {other: drawn.changes(place, beside) for beside, other in enumerate(systems) if beside != place}
            for place, name in enumerate(systems)
        },
        zero_cells={name: int(infinite[place]) for place, name in enumerate(systems)},
    )


def _single(shares: Shares) -> FloatArray:
    """Return the log likelihoods of every cell and NaN for its distances, shape (cells, metrics, systems)."""
    found = np.full((len(shares.human), len(SHARE_METRICS), len(shares.predicted)), np.nan)
    for system, (name, rows) in enumerate(shares.predicted.items()):
        for cells in _of_one_length(shares.human):
            human, model = (_stacked(each, cells) for each in (shares.human, rows))
            found[cells, SHARE_METRICS.index("nll"), system] = cross_entropy(model, human)
        if name in shares.single:
            found[:, SHARE_METRICS.index("single_nll"), system] = shares.single[name]
    return found


def _distances(shares: Shares, groups: list[Cells], people: FloatArray) -> FloatArray:
    """Return the distances of cells taken together and NaN for log likelihoods, shape (groups, metrics, systems)."""
    found = np.full((len(groups), len(SHARE_METRICS), len(shares.predicted)), np.nan)
    every, positions = (
        taken_together(shares.human, groups, people),
        [shares.positions[int(group[0])] for group in groups],
    )
    for system, rows in enumerate(shares.predicted.values()):
        predicted = taken_together(rows, groups, people)
        for cells in _of_one_length(every):
            human, model, places = (_stacked(each, cells) for each in (every, predicted, positions))
            distances: dict[ShareMetric, FloatArray] = {
                "wasserstein": wasserstein(model, human, places),
                "total_variation": total_variation(model, human),
                "js_distance": js_distance(model, human),
            }
            for metric, values in distances.items():
                found[cells, SHARE_METRICS.index(metric), system] = values
    return found


def _perfect(shares: Shares, groups: list[Cells], people: FloatArray) -> float | None:
    """Return the mean Wasserstein expected of a perfect prediction in cells of these numbers of people."""
    counts = np.array([people[group].sum() for group in groups])
    every, positions = (
        taken_together(shares.human, groups, people),
        [shares.positions[int(group[0])] for group in groups],
    )
    found = np.full(len(groups), np.nan)
    for cells in _of_one_length(every):
        found[cells] = perfect_wasserstein(_stacked(every, cells), counts[cells], _stacked(positions, cells))
    known = np.isfinite(found) & np.isfinite(counts)
    return float(found[known].mean()) if known.any() else None


def _positions(shares: Shares, groups: list[Cells]) -> list[FloatArray]:
    return [shares.positions[int(group[0])] for group in groups]


def _of_one_length(rows: Sequence[FloatArray]) -> Iterator[Cells]:
    """Yield the places of the rows of every length."""
    lengths = np.array([len(row) for row in rows])
    for length in np.unique(lengths):
        yield np.flatnonzero(lengths == length)


def _stacked(rows: Sequence[FloatArray], cells: Cells) -> FloatArray:
    return np.stack([np.asarray(rows[cell], dtype=np.float64) for cell in cells.tolist()])


@dataclass(frozen=True)
class _Drawn:
    """Means over cells of every metric and system, on all cells for which a second system has a number too.

    Attributes:
        value: shape (metrics, systems, systems): the mean of the first system, where the second has a number.
        resampled: the same of every resample, shape (draws, metrics, systems, systems).
        cells: number of cells behind each mean, shape (metrics, systems, systems).
        clusters: number of clusters these are of, shape (metrics, systems, systems).
    """

    value: FloatArray
    resampled: FloatArray
    cells: npt.NDArray[np.int64]
    clusters: npt.NDArray[np.int64]

    def decisive(self) -> list[ShareMetric]:
        """Return the metrics that a system has in enough cells of enough clusters."""
        most: npt.NDArray[np.int64] = np.minimum(self.cells, self.clusters).max(axis=(1, 2))
        return [metric for place, metric in enumerate(SHARE_METRICS) if most[place] >= FEWEST]

    def means(self, system: int) -> dict[ShareMetric, Estimate]:
        """Return the mean of every metric, and its interval."""
        at = [(metric, system, system) for metric in range(len(SHARE_METRICS))]
        found = [self._estimate(place, self.value[place], self.resampled[:, *place]) for place in at]
        return dict(zip(SHARE_METRICS, found, strict=True))

    def changes(self, system: int, other: int) -> dict[ShareMetric, Change]:
        """Return how a system compares with another in every metric."""
        at = [((metric, system, other), (metric, other, system)) for metric in range(len(SHARE_METRICS))]
        found = [self._change(own, base) for own, base in at]
        return dict(zip(SHARE_METRICS, found, strict=True))

    def _change(self, own: tuple[int, int, int], base: tuple[int, int, int]) -> Change:
        before, drawn = self.value[base], self.resampled[:, *base]
        # inf - inf and 0 / 0 are unknown; both come from single cells and are no accident.
        with np.errstate(invalid="ignore", divide="ignore"):
            value, resampled = self.value[own] - before, self.resampled[:, *own] - drawn
            return Change(
                difference=self._estimate(own, value, resampled),
                percent=self._estimate(own, 100 * value / before, 100 * resampled / drawn),
            )

    def _estimate(self, place: tuple[int, int, int], value: float, resampled: FloatArray) -> Estimate:
        # Draws of a single cluster are all alike: they say nothing of other clusters.
        told = self.clusters[place] > 1 and not np.isnan(value)
        low, high = interval(resampled) if told else (np.nan, np.nan)
        return Estimate(value=float(value), low=low, high=high, n=int(self.cells[place]))


def _draw(
    values: FloatArray, cluster: npt.NDArray[np.int64], clusters: int, draws: int, rng: np.random.Generator
) -> _Drawn:
    """Return the means over cells, and those of `draws` resamples of the clusters.

    Args:
        values: shape (cells, metrics, systems); NaN where a cell has none, +inf is kept.
        cluster: index of a cell's cluster, shape (cells,).
        clusters: number of clusters.
        draws: number of resamples.
        rng: where they come from.
    """
    added = _added(values)
    sums = np.zeros((clusters, *added.shape[1:]))
    np.add.at(sums, cluster, added)
    known = sums[:, _COUNT]
    resampled = [_means(_times(block, clusters, rng), sums) for block in _blocks(draws)]
    whole = _means(np.ones((1, clusters)), sums)[0]
    return _Drawn(whole, np.concatenate(resampled), known.sum(axis=0).astype(np.int64), (known > 0).sum(axis=0))


def _added(values: FloatArray) -> FloatArray:
    """Return what each cell adds to a sum, to a count of infinities and to a count of cells.

    Returns:
        Shape (cells, 3, metrics, systems, systems): of the first system, where the second has a number too.
    """
    known = ~np.isnan(values)
    both = known[..., :, None] & known[..., None, :]
    own = np.broadcast_to(values[..., :, None], both.shape)
    # 0 x inf is NaN: infinities are counted, so that a cell that is not drawn does not count.
    infinite = np.where(both & np.isinf(own), 1.0, 0.0)
    return np.stack([np.where(both & np.isfinite(own), own, 0.0), infinite, np.where(both, 1.0, 0.0)], axis=1)


def _means(times: FloatArray, sums: FloatArray) -> FloatArray:
    """Return the means when every cluster is taken so many times, shape (draws, metrics, systems, systems)."""
    totals = (times @ sums.reshape(len(sums), -1)).reshape(len(times), *sums.shape[1:])
    total, infinite, count = (totals[:, part] for part in (_TOTAL, _INFINITE, _COUNT))
    return np.where(infinite > 0, np.inf, total / np.where(count > 0, count, np.nan))


def _times(draws: int, clusters: int, rng: np.random.Generator) -> FloatArray:
    """Return how often each cluster is drawn, shape (draws, clusters)."""
    chosen = rng.integers(clusters, size=(draws, clusters)) + clusters * np.arange(draws)[:, None]
    return np.bincount(chosen.ravel(), minlength=draws * clusters).reshape(draws, clusters).astype(np.float64)


def _blocks(draws: int) -> Iterator[int]:
    """Yield numbers of draws that sum to `draws`, few enough at once to be kept in memory."""
    for start in range(0, draws, _BLOCK):
        yield min(_BLOCK, draws - start)
