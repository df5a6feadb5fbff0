"""For whom predictions fail: every attribute, group by group, on the same cells.

Groups do not answer the same questions in the same numbers, and some questions are easier to predict. So what a group's
answers come to is compared with everybody's in the same cell: accuracy and error of the mean answer by answer, the
Wasserstein cell by cell. Works on arrays of answers and group labels; knows no tables. What is called a demographic
parity difference elsewhere is given by what it is a spread of: accuracy, error of the mean, or Wasserstein.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from silicus.errors import counted
from silicus.evaluate.bootstrap import estimate, resample_sums
from silicus.evaluate.metrics import FloatArray
from silicus.evaluate.movement import Movement, Moving, centred, movement
from silicus.evaluate.paired import FEWEST
from silicus.evaluate.records import Estimate, Number, Resampled
from silicus.evaluate.rows import Rows
from silicus.evaluate.together import ENOUGH
from silicus.record import Record

__all__ = ["Attribute", "AttributeAudit", "Distances", "GroupAudit", "audit_attribute"]

Index = npt.NDArray[np.int64]

_ANSWERS = ("answer", "answers")
_PEOPLE = ("person", "people")

# How many resamples are in memory at once.
_BLOCK = 100

# Which of the sums over answers are less everybody's.
_ACCURACY, _ERROR = 1, 3


class GroupAudit(Record):
    """What predictions for one group come to."""

    group: str
    people: int
    """Distinct respondents; an answer without a name counts as one."""
    answers: int
    accuracy: Estimate
    """Accuracy of a random draw, less everybody's in the same cell: below 0 the group is predicted worse."""
    mean_error: Estimate
    """Predicted less actual answer, in shares of the scale's range, less everybody's in the same cell."""
    wasserstein: Estimate
    """Mean over the group's cells of `ENOUGH` people or more. `n` is their number."""
    wasserstein_chance: Number
    """What a perfect prediction would score there."""
    wasserstein_excess: Estimate
    """Mean over the same cells of the group's distance beyond chance (`wasserstein` less `wasserstein_chance`) less
    that of everybody in the cell, whatever their group: above 0 the group is predicted worse. Where groups are off in
    opposite directions everybody's errors cancel, and all groups may lie above 0."""
    spread_ratio: Estimate
    """Standard deviation of the answers expected of the group, within cells, in shares of the actual ones: below 1 the
    group is drawn as more alike than it is. Both as if about the true mean of the group in the cell, so that
    predictions equal to the answers have 1 however few they are."""


class AttributeAudit(Record):
    """How predictions differ over the groups of one attribute.

    A gap is the highest less the lowest number of the groups: never below 0, and the larger the more groups there are
    and the smaller they are. So whether there is one is told by groups dealt out at random, not by the interval of the
    gap: that is of the difference of these two groups, chosen for lying farthest apart, and of more than two groups
    excludes 0 too often.
    """

    attribute: str
    groups: list[GroupAudit]
    resampled: Resampled
    """What the intervals draw again: studies, and cells within them, where every group answered in `FEWEST` of them;
    else the respondents of each study, with all their answers."""
    accuracy_gap: Estimate
    """Highest less lowest `accuracy`."""
    accuracy_gap_shuffled: Number
    """The mean gap when groups are dealt out anew among the respondents of each study: what chance alone makes."""
    accuracy_gap_chance: Number
    """How often such a gap is as large: the p-value, one-sided."""
    mean_error_gap: Estimate
    """Highest less lowest `mean_error`."""
    mean_error_gap_shuffled: Number
    """As `accuracy_gap_shuffled`."""
    mean_error_gap_chance: Number
    """As `accuracy_gap_chance`."""
    wasserstein_gap: Estimate
    """Highest less lowest `wasserstein_excess`; chance alone makes some, and how much is not told. To a group that is
    predicted off in one direction chance adds less than is taken off, so that its gap shows too small."""
    between: Movement | None
    """Whether predicted differences between groups stand to people's as they should: a slope below 1 says that they are
    inflated, above 1 that they are compressed."""
    left_out: list[str]
    """Groups of fewer than `ENOUGH` people, and how many answers have a respondent who lacks the attribute."""
    shuffles: int


@dataclass(frozen=True)
class Distances:
    """The Wasserstein of every cell of a group, or of everybody.

    Attributes:
        wasserstein: NaN where the cell holds too few people of the group, shape (cells,).
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
        everybody: of all who answered, whatever their group.
    """

    name: str
    groups: list[str]
    of_row: Index
    distances: list[Distances]
    everybody: Distances


@dataclass(frozen=True)
class _Groups:
    """The groups that are large enough.

    Attributes:
        of_row: index of each answer's group, -1 where it has none, shape (rows,).
        person: index of who gave each answer, a nameless one its own, shape (rows,).
        place: of each group its place among all, shape (groups,).
        people: number of people of each, shape (groups,).
        answers: number of answers of each, shape (groups,).
        studies: number of studies in which each answered, shape (groups,).
        left_out: what is not among them, in words.
    """

    of_row: Index
    person: Index
    place: Index
    people: Index
    answers: Index
    studies: Index
    left_out: list[str]

    @classmethod
    def of(cls, attribute: Attribute, rows: Rows) -> _Groups:
        names, group, person = attribute.groups, attribute.of_row, _person(rows.respondent)
        known = group >= 0
        people, studies = (_distinct(group[known], each[known], len(names)) for each in (person, rows.study))
        large = np.flatnonzero(people >= ENOUGH)
        few = [f"{name}: {counted(int(n), *_PEOPLE)}" for name, n in zip(names, people, strict=True) if 0 < n < ENOUGH]
        unknown = int((~known).sum())
        number = np.full(len(names) + 1, -1)  # The last stands for -1.
        number[large] = np.arange(len(large))
        said = [*few, f"not stated: {counted(unknown, *_ANSWERS)}"] if unknown else few
        answers = np.bincount(group[known], minlength=len(names))
        return cls(number[group], person, large, people[large], answers[large], studies[large], said)


def _person(respondent: Index) -> Index:
    """Return an index of who gave each answer; a nameless one is somebody of its own."""
    nameless = respondent.max(initial=-1) + 1 + np.arange(len(respondent))
    return _dense(np.where(respondent >= 0, respondent, nameless))


def _distinct(index: Index, value: Index, count: int) -> Index:
    """Return how many different values stand at each index, shape (count,)."""
    base = int(value.max(initial=0)) + 1
    return np.bincount(np.unique(index * base + value) // base, minlength=count)


def audit_attribute(
    attribute: Attribute, rows: Rows, rng: np.random.Generator, draws: int = 1000, shuffles: int = 200
) -> AttributeAudit | None:
    """Return how predictions differ over the groups of an attribute.

    Intervals are percentiles of a bootstrap (95 %); one draw serves all groups. Where every group answered in `FEWEST`
    studies, whole studies are drawn and, within each, cells. Else percentiles of studies drawn again would be too
    narrow, and those of cells alone know nothing of people, who answer several: studies and their questions stay, and
    the respondents of each are drawn, with all their answers. A distance is no sum over people, so it has no interval
    then. The p-value of a gap is that of a permutation test (Phipson & Smyth, 2010, doi:10.2202/1544-6115.1585).

    Args:
        attribute: who is in which group.
        rows: the answers.
        rng: where resamples and shuffles come from.
        draws: number of resamples.
        shuffles: number of times groups are dealt out anew.

    Returns:
        `None` where fewer than two groups have `ENOUGH` people.
    """
    groups = _Groups.of(attribute, rows)
    if len(groups.place) < 2:
        return None
    parts, far = _parts(rows, groups), _far(attribute, groups)
    by_study = bool(groups.studies.min() >= FEWEST)
    unit = rows.cell if by_study else groups.person
    added, study = _added(parts, rows, groups, unit), _study_of(unit, rows)
    whole = _statistics(np.concatenate([added.sum(axis=0), far.sum(axis=0)], axis=-1)[None])
    if by_study:
        drawn = _of_studies(np.concatenate([added, far], axis=-1), study, draws, rng)
    else:
        unknown = np.full((draws, *far.shape[1:]), np.nan)
        drawn = np.concatenate([_of_people(added, study, draws, rng), unknown], axis=-1)
    resampled = _statistics(drawn)
    gaps, of_draws = _gaps(whole, whole), _gaps(resampled, whole)
    found = {name: estimate(gap.item(), of_draws[name], len(groups.place)) for name, gap in gaps.items()}
    shuffled = _shuffled(parts, rows, groups, shuffles, rng)
    accuracy, error = (_beside(gaps[name].item(), each) for name, each in shuffled.items())
    return AttributeAudit(
        attribute=attribute.name,
        groups=[
            _group(attribute.groups[place], groups, column, attribute.distances[place], whole, resampled)
            for column, place in enumerate(map(int, groups.place))
        ],
        resampled="studies and cells" if by_study else "respondents",
        accuracy_gap=found["accuracy"],
        accuracy_gap_shuffled=accuracy[0],
        accuracy_gap_chance=accuracy[1],
        mean_error_gap=found["mean_error"],
        mean_error_gap_shuffled=error[0],
        mean_error_gap_chance=error[1],
        wasserstein_gap=found["wasserstein_excess"],
        between=_between(rows, groups, rng, draws),
        left_out=groups.left_out,
        shuffles=shuffles,
    )


# --- sums over answers


def _parts(rows: Rows, groups: _Groups) -> list[FloatArray]:
    """Return what every answer adds to the sums of its group, six times shape (rows,).

    Weight and accuracy; weight and error of ordered answers; people's and the model's squares. Accuracy and error are
    less everybody's in the cell.
    """
    ordered = np.isfinite(rows.answer)
    error, places = np.zeros(len(rows.answer)), np.flatnonzero(ordered)
    error[places] = centred((rows.expected - rows.answer)[places], _dense(rows.cell[places]), rows.weight[places])
    accuracy = centred(rows.accuracy, rows.cell, rows.weight)
    return [*(rows.weight * each for each in (1.0, accuracy, ordered, error)), *_squares(rows, groups)]


def _squares(rows: Rows, groups: _Groups) -> list[FloatArray]:
    """Return of each answer what it adds to people's variance within its cell and group, and to the model's."""
    kept = np.flatnonzero(groups.of_row >= 0)
    number = _dense(rows.cell[kept] * len(groups.place) + groups.of_row[kept])
    weight, answer, expected = rows.weight[kept], rows.answer[kept], rows.expected[kept]
    # The variance of n numbers about their own mean is (n - 1)/n of what it is about the true one.
    size = (np.bincount(number, weight) ** 2 / np.bincount(number, weight**2))[number]
    several = np.bincount(number)[number] > 1
    factor = size / np.where(several, size - 1, np.inf)
    people = centred(answer, number, weight) ** 2 * factor
    model = centred(expected, number, weight) ** 2 * factor + rows.spread[kept] ** 2
    both = np.isfinite(people) & np.isfinite(model) & several
    found = np.zeros((2, len(rows.answer)))
    found[:, kept] = [np.where(both, weight * each, 0.0) for each in (people, model)]
    return list(found)


def _far(attribute: Attribute, groups: _Groups) -> FloatArray:
    """Return what each cell adds to the distances of each group, shape (cells, groups, 3)."""
    distances = [attribute.distances[place] for place in map(int, groups.place)]
    own = np.column_stack([each.wasserstein for each in distances])
    excess = own - np.column_stack([each.chance for each in distances])
    everybody = (attribute.everybody.wasserstein - attribute.everybody.chance)[:, None]
    known = np.isfinite(own)
    return np.stack([np.where(known, own, 0.0), np.where(known, excess - everybody, 0.0), known], axis=-1)


def _added(parts: list[FloatArray], rows: Rows, groups: _Groups, unit: Index) -> FloatArray:
    """Return what each unit, a cell or a person, adds to the sums of each group, shape (units, groups, 6)."""
    cells, units = int(rows.cell.max()) + 1, int(unit.max()) + 1
    everybody = np.bincount(rows.cell, parts[0], cells)
    found = np.zeros((units, len(groups.place), len(parts)))
    for group in range(len(groups.place)):
        own = groups.of_row == group
        # Whoever is drawn moves the mean of the cell too, of which the group answers this share.
        share = (np.bincount(rows.cell, parts[0] * own, cells) / everybody)[rows.cell]
        for place, part in enumerate(parts):
            less_everybodys = place in {_ACCURACY, _ERROR}
            found[:, group, place] = np.bincount(unit, part * (own - share if less_everybodys else own), units)
    return found


def _study_of(unit: Index, rows: Rows) -> Index:
    """Return the study of every unit, shape (units,)."""
    study = np.zeros(int(unit.max()) + 1, dtype=np.int64)
    study[unit] = rows.study
    return study


def _of_studies(added: FloatArray, study: Index, draws: int, rng: np.random.Generator) -> FloatArray:
    """Return the sums of studies, and cells within them, drawn again, shape (draws, groups, columns)."""
    drawn = resample_sums(added.reshape(len(added), -1), study, draws, rng)
    return drawn.reshape(draws, *added.shape[1:])


def _of_people(added: FloatArray, study: Index, draws: int, rng: np.random.Generator) -> FloatArray:
    """Return the sums of people drawn again, as many of each study, shape (draws, groups, columns)."""
    flat = added.reshape(len(added), -1)
    found = np.zeros((draws, flat.shape[1]))
    for own in np.unique(study):
        people = flat[study == own]
        for start in range(0, draws, _BLOCK):
            block = found[start : start + _BLOCK]
            block += rng.multinomial(len(people), np.full(len(people), 1 / len(people)), size=len(block)) @ people
    return found.reshape(draws, *added.shape[1:])


# --- numbers of groups


def _statistics(totals: FloatArray) -> dict[str, FloatArray]:
    """Return every number of every group, shape (draws, groups)."""
    weight, accuracy, ordered, error, people, model, distance, excess, cells = np.moveaxis(totals, -1, 0)
    return {
        "accuracy": _ratio(accuracy, weight),
        "mean_error": _ratio(error, ordered),
        "wasserstein": _ratio(distance, cells),
        "wasserstein_excess": _ratio(excess, cells),
        "spread_ratio": np.sqrt(_ratio(model, people)),
    }


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    return above / np.where(below > 0, below, np.nan)


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
    groups: _Groups,
    column: int,
    distances: Distances,
    whole: dict[str, FloatArray],
    resampled: dict[str, FloatArray],
) -> GroupAudit:
    known, answers = np.isfinite(distances.wasserstein), int(groups.answers[column])
    cells = int(known.sum())
    count = {"wasserstein": cells, "wasserstein_excess": cells}
    found = {
        metric: estimate(values[0, column].item(), resampled[metric][:, column], count.get(metric, answers))
        for metric, values in whole.items()
    }
    return GroupAudit(
        group=name,
        people=int(groups.people[column]),
        answers=answers,
        wasserstein_chance=float(distances.chance[known].mean()) if cells else float("nan"),
        **found,
    )


# --- what chance makes of it


def _shuffled(
    parts: list[FloatArray], rows: Rows, groups: _Groups, shuffles: int, rng: np.random.Generator
) -> dict[str, FloatArray]:
    """Return the gaps in accuracy and in the error of the mean of shuffled groups, each of shape (shuffles,).

    Whole respondents change groups, within their study, so that answers of one person stay together. NaN without any.
    """
    kept = np.flatnonzero((groups.of_row >= 0) & (rows.respondent >= 0))
    _, first, whose = np.unique(rows.respondent[kept], return_index=True, return_inverse=True)
    label, study = groups.of_row[kept][first], rows.study[kept][first]
    added = np.stack([np.bincount(whose, part[kept], len(first)) for part in parts[:4]])
    order = np.argsort(study, kind="stable")
    found, dealt = np.zeros((shuffles, len(groups.place), 4)), np.zeros_like(label)
    for shuffle in range(shuffles):
        dealt[order] = label[order][np.argsort(study[order] + rng.random(len(order)))]
        found[shuffle] = np.stack([np.bincount(dealt, each, len(groups.place)) for each in added], axis=-1)
    weight, accuracy, ordered, error = np.moveaxis(found, -1, 0)
    return {"accuracy": _widest(_ratio(accuracy, weight)), "mean_error": _widest(_ratio(error, ordered))}


def _widest(values: FloatArray) -> FloatArray:
    """Return the highest less the lowest known number of the groups, shape (draws,)."""
    return np.fmax.reduce(values, axis=-1) - np.fmin.reduce(values, axis=-1)


def _beside(gap: float, shuffled: FloatArray) -> tuple[float, float]:
    """Return the mean gap of shuffled groups, and the share of shuffles with as large a one; NaN without a gap."""
    if np.isnan(gap) or np.isnan(shuffled).all():
        return float("nan"), float("nan")
    return float(shuffled.mean()), float((1 + (shuffled >= gap - 1e-12).sum()) / (1 + len(shuffled)))


def _between(rows: Rows, groups: _Groups, rng: np.random.Generator, draws: int) -> Movement | None:
    """Return whether predicted differences between groups, within cells, stand to people's as they should."""
    kept = np.flatnonzero((groups.of_row >= 0) & np.isfinite(rows.answer))
    if not len(kept):
        return None
    count, study = len(groups.place), _study_of(rows.cell, rows)
    pair, number = np.unique(rows.cell[kept] * count + groups.of_row[kept], return_inverse=True)
    weight, answer = rows.weight[kept], rows.answer[kept]
    total, people = np.bincount(number, weight), _distinct(number, groups.person[kept], len(pair))
    human, predicted = (np.bincount(number, weight * own) / total for own in (answer, rows.expected[kept]))
    # Who answers twice is one person.
    effective = np.minimum(total**2 / np.bincount(number, weight**2), people)
    variance = np.bincount(number, weight * centred(answer, number, weight) ** 2) / total
    # Few people say nothing of their group: their difference is chance.
    human = np.where(people >= ENOUGH, human, np.nan)
    variance = variance / np.maximum(effective - 1, 1)
    cell = pair // count
    return movement(Moving(human, predicted, variance, cell, study[cell], pair % count, effective), rng, draws)


def _dense(index: npt.NDArray[np.integer]) -> Index:
    """Return an index that counts from 0 without gaps."""
    return np.unique(index, return_inverse=True)[1].astype(np.int64)
