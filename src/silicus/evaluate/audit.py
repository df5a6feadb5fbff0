"""For whom predictions fail: every attribute, group by group, on the same cells.

Groups do not answer the same questions in the same numbers, and some questions are easier to predict. So what a group's
answers come to is compared with everybody's in the same cell, and averaged over answers. Works on arrays of answers and
group labels; knows no tables. What is called a demographic parity difference elsewhere is given by what it is a spread
of: accuracy, error of the mean, or Wasserstein.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from silicus.errors import counted
from silicus.evaluate.bootstrap import estimate, resample_sums
from silicus.evaluate.matching import sums
from silicus.evaluate.metrics import FloatArray
from silicus.evaluate.movement import Movement, Moving, centred, movement
from silicus.evaluate.records import Estimate, Number
from silicus.evaluate.rows import Rows
from silicus.evaluate.together import ENOUGH
from silicus.record import Record

__all__ = ["Attribute", "AttributeAudit", "Distances", "GroupAudit", "audit_attribute"]

Index = npt.NDArray[np.int64]

_ANSWERS = ("answer", "answers")


class GroupAudit(Record):
    """What predictions for one group come to."""

    group: str
    people: int
    """Distinct respondents; answers where they are not known."""
    answers: int
    accuracy: Estimate
    """Accuracy of a random draw, less everybody's in the same cell: below 0 the group is predicted worse."""
    mean_error: Estimate
    """Predicted less actual answer, in shares of the scale's range, less everybody's in the same cell."""
    wasserstein: Estimate
    """Mean over the group's cells of `ENOUGH` answers or more. `n` is their number."""
    wasserstein_chance: Number
    """What a perfect prediction would score there."""
    spread_ratio: Estimate
    """Standard deviation of the answers expected of the group, within cells, in shares of the actual ones: below 1 the
    group is drawn as more alike than it is."""


class AttributeAudit(Record):
    """How predictions differ over the groups of one attribute."""

    attribute: str
    groups: list[GroupAudit]
    accuracy_gap: Estimate
    """Highest less lowest `accuracy` of the groups; the interval is of the difference of these two."""
    accuracy_gap_shuffled: Number
    """The mean gap when groups are dealt out anew among the respondents of each study: what chance alone makes."""
    accuracy_gap_chance: Number
    """How often such a gap is as large: the p-value, one-sided."""
    mean_error_gap: Estimate
    """Highest less lowest `mean_error`."""
    wasserstein_gap: Estimate
    """Highest less lowest `wasserstein` less `wasserstein_chance`: small groups lie farther off by chance alone. To a
    group that is predicted off in one direction chance adds less than is taken off, so that its gap shows too small."""
    between: Movement | None
    """Whether predicted differences between groups stand to people's as they should: a slope below 1 says that they are
    inflated, above 1 that they are compressed."""
    left_out: list[str]
    """Groups of fewer than `ENOUGH` answers, or of answers whose respondent lacks the attribute."""
    shuffles: int


@dataclass(frozen=True)
class Distances:
    """The Wasserstein of every cell of a group.

    Attributes:
        wasserstein: NaN where the cell holds too few answers of the group, shape (cells,).
        chance: what a perfect prediction would score, shape (cells,).
    """

    wasserstein: FloatArray
    chance: FloatArray


@dataclass(frozen=True)
class Attribute:
    """Who is in which group of an attribute.

    Attributes:
        name: of the attribute.
        groups: the name of every group.
        of_row: index of the group of each answer's respondent, -1 where it is unknown, shape (rows,).
        distances: of every group, over all cells.
    """

    name: str
    groups: list[str]
    of_row: Index
    distances: list[Distances]


@dataclass(frozen=True)
class _Groups:
    """The groups that are large enough.

    Attributes:
        of_row: index of each answer's group, -1 where it has none, shape (rows,).
        place: of each group its place among all, shape (groups,).
        answers: number of answers of each, shape (groups,).
        left_out: what is not among them, in words.
    """

    of_row: Index
    place: Index
    answers: Index
    left_out: list[str]

    @classmethod
    def of(cls, attribute: Attribute) -> _Groups:
        names, group = attribute.groups, attribute.of_row
        counts = np.bincount(group[group >= 0], minlength=len(names))
        large = np.flatnonzero(counts >= ENOUGH)
        few = [f"{name}: {counted(int(n), *_ANSWERS)}" for name, n in zip(names, counts, strict=True) if 0 < n < ENOUGH]
        unknown = int((group < 0).sum())
        number = np.full(len(names) + 1, -1)  # The last stands for -1.
        number[large] = np.arange(len(large))
        said = [*few, f"not stated: {counted(unknown, *_ANSWERS)}"] if unknown else few
        return cls(number[group], large, counts[large], said)


def audit_attribute(
    attribute: Attribute, rows: Rows, rng: np.random.Generator, draws: int = 1000, shuffles: int = 200
) -> AttributeAudit | None:
    """Return how predictions differ over the groups of an attribute.

    Intervals are percentiles of a bootstrap that draws whole studies and, within each, cells (95 %), or cells in a
    single study; one draw serves all groups. A gap is a highest less a lowest number and so never below 0; its interval
    is of the difference of these two groups. That they were chosen for lying farthest apart is in no interval: the gap
    of shuffled groups says what chance alone makes of it.

    Args:
        attribute: who is in which group.
        rows: the answers.
        rng: where resamples and shuffles come from.
        draws: number of resamples.
        shuffles: number of times groups are dealt out anew.

    Returns:
        `None` where fewer than two groups have `ENOUGH` answers.
    """
    groups, distances = _Groups.of(attribute), attribute.distances
    if len(groups.place) < 2:
        return None
    study = _study_of_cells(rows)
    accuracy = centred(rows.accuracy, rows.cell, rows.weight)
    added = _added(rows, accuracy, groups, [distances[place] for place in map(int, groups.place)])
    cluster = study if len(np.unique(study)) > 1 else np.arange(len(study))
    whole, resampled = (
        _statistics(each.reshape(-1, *added.shape[1:]))
        for each in (added.sum(axis=0), resample_sums(added.reshape(len(added), -1), cluster, draws, rng))
    )
    gaps, drawn = _gaps(whole, whole), _gaps(resampled, whole)
    found = {name: estimate(gap.item(), drawn[name], len(groups.place)) for name, gap in gaps.items()}
    shuffled, chance = _shuffled(accuracy, rows, groups, gaps["accuracy"].item(), shuffles, rng)
    return AttributeAudit(
        attribute=attribute.name,
        groups=[
            _group(attribute.groups[place], rows, groups, column, distances[place], whole, resampled)
            for column, place in enumerate(map(int, groups.place))
        ],
        accuracy_gap=found["accuracy"],
        accuracy_gap_shuffled=shuffled,
        accuracy_gap_chance=chance,
        mean_error_gap=found["mean_error"],
        wasserstein_gap=found["excess"],
        between=_between(rows, groups, study, rng, draws),
        left_out=groups.left_out,
        shuffles=shuffles,
    )


def _study_of_cells(rows: Rows) -> Index:
    study = np.zeros(int(rows.cell.max()) + 1, dtype=np.int64)
    study[rows.cell] = rows.study
    return study


def _added(rows: Rows, accuracy: FloatArray, groups: _Groups, distances: list[Distances]) -> FloatArray:
    """Return what each cell adds to the sums of each group, shape (cells, groups, 9)."""
    kept = np.flatnonzero(groups.of_row >= 0)
    cells, count = int(rows.cell.max()) + 1, len(groups.place)
    index = rows.cell[kept] * count + groups.of_row[kept]
    weight, ordered = rows.weight[kept], np.isfinite(rows.answer[kept])
    error = np.zeros(len(rows.answer))
    places = np.flatnonzero(np.isfinite(rows.answer))
    error[places] = centred((rows.expected - rows.answer)[places], _dense(rows.cell[places]), rows.weight[places])
    products = [weight, weight * accuracy[kept], weight * ordered, weight * error[kept]]
    parts = sums(np.column_stack(products), index, cells * count).reshape(cells, count, -1)
    spreads = sums(np.column_stack(_squares(rows, kept, index)), index, cells * count).reshape(cells, count, -1)
    own = np.column_stack([each.wasserstein for each in distances])
    chance = np.column_stack([each.chance for each in distances])
    known = np.isfinite(own)
    far = np.stack([np.where(known, own, 0.0), np.where(known, own - chance, 0.0), known], axis=-1)
    return np.concatenate([parts, spreads, far], axis=-1)


def _squares(rows: Rows, kept: npt.NDArray[np.intp], index: Index) -> list[FloatArray]:
    """Return of each answer what it adds to people's variance within its cell and group, and to the model's."""
    number = _dense(index)
    size = np.bincount(number)[number]
    weight, answer, expected = rows.weight[kept], rows.answer[kept], rows.expected[kept]
    # The variance of n answers about their own mean is (n - 1)/n of what it is about the true one.
    people = centred(answer, number, weight) ** 2 * size / np.maximum(size - 1, 1)
    model = centred(expected, number, weight) ** 2 + rows.spread[kept] ** 2
    both = np.isfinite(people) & np.isfinite(model) & (size > 1)
    return [np.where(both, weight * people, 0.0), np.where(both, weight * model, 0.0)]


def _statistics(totals: FloatArray) -> dict[str, FloatArray]:
    """Return every number of every group, shape (draws, groups)."""
    weight, accuracy, ordered, error, people, model, distance, excess, cells = np.moveaxis(totals, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "accuracy": accuracy / np.where(weight > 0, weight, np.nan),
            "mean_error": error / np.where(ordered > 0, ordered, np.nan),
            "wasserstein": distance / np.where(cells > 0, cells, np.nan),
            "excess": excess / np.where(cells > 0, cells, np.nan),
            "spread_ratio": np.sqrt(model / np.where(people > 0, people, np.nan)),
        }


def _gaps(values: dict[str, FloatArray], whole: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Return, for every number, the group that is highest in `whole` less the lowest there, shape (draws,)."""
    found: dict[str, FloatArray] = {}
    for name, own in values.items():
        known = np.flatnonzero(np.isfinite(whole[name][0]))
        found[name] = np.full(len(own), np.nan)
        if len(known) > 1:
            order = known[np.argsort(whole[name][0, known], kind="stable")]
            found[name] = own[:, order[-1]] - own[:, order[0]]
    return found


def _group(
    name: str,
    rows: Rows,
    groups: _Groups,
    column: int,
    distances: Distances,
    whole: dict[str, FloatArray],
    resampled: dict[str, FloatArray],
) -> GroupAudit:
    of_group = groups.of_row == column
    known, answers = np.isfinite(distances.wasserstein), int(groups.answers[column])
    who = rows.respondent[of_group]
    count = {"wasserstein": int(known.sum())}
    found = {
        metric: estimate(values[0, column].item(), resampled[metric][:, column], count.get(metric, answers))
        for metric, values in whole.items()
        if metric != "excess"
    }
    return GroupAudit(
        group=name,
        people=len(np.unique(who)) if (who >= 0).all() else answers,
        answers=answers,
        wasserstein_chance=float(distances.chance[known].mean()) if known.any() else float("nan"),
        **found,
    )


def _shuffled(
    accuracy: FloatArray, rows: Rows, groups: _Groups, gap: float, shuffles: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Return the mean gap in accuracy of shuffled groups, and the share of shuffles with as large a one.

    Whole respondents change groups, within their study, so that answers of one person stay together.
    """
    kept = np.flatnonzero((groups.of_row >= 0) & (rows.respondent >= 0))
    if not len(kept):
        return float("nan"), float("nan")
    person, first = np.unique(rows.respondent[kept], return_index=True)
    label, study = groups.of_row[kept][first], rows.study[kept][first]
    order = np.argsort(study, kind="stable")
    whose = np.searchsorted(person, rows.respondent[kept])
    weight, product = rows.weight[kept], rows.weight[kept] * accuracy[kept]
    found, dealt = np.zeros(shuffles), np.zeros_like(label)
    for shuffle in range(shuffles):
        dealt[order] = label[order][np.argsort(study[order] + rng.random(len(order)))]
        of_row = dealt[whose]
        found[shuffle] = np.ptp(np.bincount(of_row, product) / np.bincount(of_row, weight))
    return float(found.mean()), float((1 + (found >= gap - 1e-12).sum()) / (1 + shuffles))


def _between(rows: Rows, groups: _Groups, study: Index, rng: np.random.Generator, draws: int) -> Movement | None:
    """Return whether predicted differences between groups, within cells, stand to people's as they should."""
    kept = np.flatnonzero((groups.of_row >= 0) & np.isfinite(rows.answer))
    if not len(kept):
        return None
    count = len(groups.place)
    pair, number = np.unique(rows.cell[kept] * count + groups.of_row[kept], return_inverse=True)
    weight, answer = rows.weight[kept], rows.answer[kept]
    total, size = np.bincount(number, weight), np.bincount(number)
    human, predicted = (np.bincount(number, weight * own) / total for own in (answer, rows.expected[kept]))
    effective = total**2 / np.bincount(number, weight**2)
    variance = np.bincount(number, weight * centred(answer, number, weight) ** 2) / total
    # Few answers say nothing of their group: their difference is chance.
    human = np.where(size >= ENOUGH, human, np.nan)
    cells = Moving(human, predicted, variance / np.maximum(effective - 1, 1), pair // count, study[pair // count])
    return movement(cells, rng, draws)


def _dense(index: npt.NDArray[np.integer]) -> Index:
    """Return an index that counts from 0 without gaps."""
    return np.unique(index, return_inverse=True)[1].astype(np.int64)
