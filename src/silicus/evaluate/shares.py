"""Several systems beside people's shares of answers, cell by cell, with intervals that resample questions.

For answers known as shares, of groups or of everybody, whose number of people may be unknown: what is uncertain here is
which questions were asked, so whole questions are drawn again. Systems are compared on the same cells and the same
draws. Distances are taken where shares are of enough people (`silicus.evaluate.together`); the log likelihood, which
the truth makes least however few people answered, everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from silicus.errors import InputError, counted, did_you_mean
from silicus.evaluate.metrics import (
    FloatArray,
    cross_entropy,
    js_distance,
    total_variation,
    wasserstein,
)
from silicus.evaluate.noise import perfect_wasserstein
from silicus.evaluate.paired import SHARE_METRICS, Change, ShareMetric, draw
from silicus.evaluate.published import cao_emd_as_coded
from silicus.evaluate.records import Estimate
from silicus.evaluate.together import Cells, taken_together, together
from silicus.record import Record
from silicus.study import Scale

__all__ = ["Shares", "SharesComparison", "Unit", "as_points", "compare_shares"]

Unit = Literal["questions", "batteries", "studies"]
"""What a cluster may be; a battery is of questions that say much the same."""


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
        as_coded: whether metrics as their authors' code computes them are taken too, beside published figures.
    """

    cluster: Sequence[str]
    human: Sequence[FloatArray]
    positions: Sequence[FloatArray]
    predicted: Mapping[str, Sequence[FloatArray]]
    unit: Unit = "questions"
    people: Sequence[float] | FloatArray | None = None
    pools: Sequence[str] | None = None
    single: Mapping[str, FloatArray] = field(default_factory=dict[str, FloatArray])
    as_coded: bool = False

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
    drawn = draw(values, SHARE_METRICS, cluster, len(names), draws, rng)
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
    every, positions = taken_together(shares.human, groups, people), _positions(shares, groups)
    for system, rows in enumerate(shares.predicted.values()):
        predicted = taken_together(rows, groups, people)
        for cells in _of_one_length(every):
            human, model, places = (_stacked(each, cells) for each in (every, predicted, positions))
            distances: dict[ShareMetric, FloatArray] = {
                "wasserstein": wasserstein(model, human, places),
                "total_variation": total_variation(model, human),
                "js_distance": js_distance(model, human),
                **({"cao_emd_as_coded": cao_emd_as_coded(model, human)} if shares.as_coded else {}),
            }
            for metric, values in distances.items():
                found[cells, SHARE_METRICS.index(metric), system] = values
    return found


def _perfect(shares: Shares, groups: list[Cells], people: FloatArray) -> float | None:
    """Return the mean Wasserstein expected of a perfect prediction in cells of these numbers of people."""
    counts = np.array([people[group].sum() for group in groups])
    every, positions = taken_together(shares.human, groups, people), _positions(shares, groups)
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
