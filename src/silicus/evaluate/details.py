"""What an evaluation says beside distances: ceilings, conditions, persons, questions together, and groups."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from silicus.evaluate.audit import Attribute, AttributeAudit, Distances, audit_attribute
from silicus.evaluate.bootstrap import CellTable, overall
from silicus.evaluate.cells import Answers
from silicus.evaluate.evaluation import Ceiling
from silicus.evaluate.gather import Gathered
from silicus.evaluate.individual import IndividualSkill, People, individual_skill
from silicus.evaluate.matching import Block, sums
from silicus.evaluate.metrics import FloatArray, mean_position, standard_deviation, wasserstein
from silicus.evaluate.movement import Movement, Moving, movement
from silicus.evaluate.noise import (
    perfect_wasserstein,
    sampled_wasserstein,
    split_half_wasserstein,
    weighted_split_half,
)
from silicus.evaluate.rows import Rows, rows_of
from silicus.evaluate.structure import structure
from silicus.evaluate.together import ENOUGH

__all__ = ["details"]

_SAMPLES = (1, 5, 20, 100)
"""Answers drawn from a prediction, for each of which it is told what the drawing costs."""
_MOST_GROUPS = 12
"""An attribute of more values is no division into groups: numbers are cut into quarters, the rest is left out."""


def details(
    blocks: list[Block], found: Gathered, system: str, rng: np.random.Generator, respondents: pl.DataFrame | None
) -> dict[str, Any]:
    """Return the parts of an `Evaluation` by name: ceiling, conditions, individuals, structure, groups.

    Args:
        blocks: the matched answers.
        found: the scores of their cells.
        system: whose predictions.
        rng: where resamples, shuffles and draws come from.
        respondents: `respondent`, perhaps `study`, and attributes; `None`: nobody's are known.
    """
    rows = rows_of(blocks, found.by_block, system)
    return {
        "ceiling": _ceiling(found, system, rng),
        "conditions": _conditions(found, system, rng),
        "individuals": _individuals(rows, rng),
        "structure": structure(rows, rng),
        "groups": [] if respondents is None else list(_groups(rows, found, system, respondents, rng)),
    }


# --- ceiling


def _ceiling(found: Gathered, system: str, rng: np.random.Generator) -> Ceiling:
    cells = len(found.cells)
    halves, size = np.full(cells, np.nan), np.full(cells, np.nan)
    own, drawn = np.full(cells, np.nan), np.full((len(_SAMPLES), cells), np.nan)
    for answers, places in found.by_block:
        halves[places], size[places] = _halves(answers, len(places), rng)
        human, predicted = _shares(found, places, system)
        own[places] = wasserstein(predicted, human, answers.positions)
        for number, k in enumerate(_SAMPLES):
            drawn[number, places] = sampled_wasserstein(predicted, human, k, answers.positions, rng)
    known = np.isfinite(halves)

    def mean(values: FloatArray) -> float:
        table = CellTable(values[:, None], found.table.weights, found.table.study, np.array([True]))
        return float(overall(table)[0])

    return Ceiling(
        split_half=mean(halves),
        split_half_n=float(np.median(size[known])) if known.any() else float("nan"),
        sampling={k: mean(drawn[number] - own) for number, k in enumerate(_SAMPLES)},
    )


def _halves(answers: Answers, cells: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return how far halves of the people of every cell lie apart, and of how many answers they are, shape (cells,)."""
    points = len(answers.positions)
    people = answers.people.astype(np.float64)
    counts = sums(people, answers.cell * points + answers.answer, cells * points).reshape(cells, points)
    found = split_half_wasserstein(counts, answers.positions, rng)
    lowest, highest = np.full(cells, np.inf), np.zeros(cells)
    np.minimum.at(lowest, answers.cell, answers.weight)
    np.maximum.at(highest, answers.cell, answers.weight)
    # Where people weigh alike, counts say all.
    for cell in np.flatnonzero(highest > lowest):
        own = answers.cell == cell
        found[cell] = weighted_split_half(
            answers.people[own], answers.weight[own], answers.answer[own], answers.positions, rng
        )
    return found, counts.sum(axis=1) // 2


def _shares(found: Gathered, places: npt.NDArray[np.int64], system: str) -> tuple[FloatArray, FloatArray]:
    """Return people's shares and a system's of some cells of one scale, shape (cells, points)."""
    cells = [found.cells[place] for place in map(int, places)]
    human, predicted = [cell.human for cell in cells], [cell.predicted[system] for cell in cells]
    return np.array(human, dtype=np.float64), np.array(predicted, dtype=np.float64)


# --- conditions and persons


def _conditions(found: Gathered, system: str, rng: np.random.Generator) -> Movement | None:
    """Return whether predictions move from condition to condition; scales of one question stay apart."""
    keys = [(cell.study, cell.question, tuple(cell.values)) for cell in found.cells]
    question, condition = _numbered(keys), _numbered([cell.condition for cell in found.cells])
    human, predicted, variance, effective = np.full((4, len(keys)), np.nan)
    for answers, places in found.by_block:
        shares = _shares(found, places, system)
        human[places], predicted[places] = (mean_position(each, answers.positions) for each in shares)
        kish = np.array([found.cells[place].people_effective for place in map(int, places)], dtype=np.float64)
        # Several answers of one person say little more than one.
        effective[places] = np.minimum(kish, _people(answers, len(places)))
        own = standard_deviation(shares[0], answers.positions) ** 2
        own /= np.where(effective[places] > 1, effective[places] - 1, np.nan)
        variance[places] = np.where(_meet(answers, question[places]), np.nan, own)
    return movement(Moving(human, predicted, variance, question, found.table.study, condition, effective), rng)


def _numbered(keys: Sequence[Hashable]) -> npt.NDArray[np.int64]:
    """Return an index of the distinct keys, in order of appearance."""
    places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    return np.array([places[key] for key in keys], dtype=np.int64)


def _people(answers: Answers, cells: int, kept: npt.NDArray[np.bool_] | None = None) -> FloatArray:
    """Return how many people gave the answers of each cell, or those of them that are kept, shape (cells,).

    A respondent who stands for one person is one, however often there is an answer; who stands for a group counts its
    people, and so does what has no name.
    """
    own = np.ones(len(answers.cell), dtype=np.bool_) if kept is None else kept
    several = (answers.respondent < 0) | (answers.people > 1)
    of_groups = sums(np.where(own & several, answers.people, 0).astype(np.float64), answers.cell, cells)
    pairs = np.unique(np.stack([answers.cell, answers.respondent])[:, own & ~several], axis=1)
    return of_groups + np.bincount(pairs[0], minlength=cells)


def _meet(answers: Answers, question: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return whether somebody who answered in a cell answered in another one of its question, shape (cells,).

    Args:
        answers: of a block.
        question: index of each cell's question, shape (cells,).
    """
    alone = (answers.respondent >= 0) & (answers.people == 1)
    cell, respondent = np.unique(np.stack([answers.cell, answers.respondent])[:, alone], axis=1)
    _, whose, cells = np.unique(np.stack([question[cell], respondent]), axis=1, return_inverse=True, return_counts=True)
    return np.isin(question, question[cell[cells[whose.reshape(-1)] > 1]])


def _individuals(rows: Rows, rng: np.random.Generator) -> IndividualSkill | None:
    own = np.flatnonzero(rows.by_person)
    if not len(own):
        return None
    # Every nameless answer is taken for another person's.
    nameless = rows.respondent.max() + 1 + np.arange(len(rows.respondent))
    person = np.where(rows.respondent >= 0, rows.respondent, nameless)
    return individual_skill(
        People(
            rows.answer[own], rows.expected[own], rows.weight[own], rows.cell[own], rows.stimulus[own],
            person[own], rows.study[own],
        ),
        rng,
    )  # fmt: skip


# --- groups


def _groups(
    rows: Rows, found: Gathered, system: str, respondents: pl.DataFrame, rng: np.random.Generator
) -> Iterator[AttributeAudit]:
    on = ["study", "respondent"] if "study" in respondents.columns else ["respondent"]
    told = rows.people.join(respondents, on=on, how="left", maintain_order="left")
    everybody = _distances(found, system, np.zeros(len(rows.cell), dtype=np.int64), 1)[0]
    for name in (column for column in respondents.columns if column not in {"respondent", "weight", "study"}):
        names, of_person = _labels(told[name])
        of_row = np.append(of_person, -1)[rows.respondent]
        distances = _distances(found, system, of_row, len(names))
        audit = audit_attribute(Attribute(name, names, of_row, distances, everybody), rows, rng)
        if audit is not None:
            yield audit


def _labels(values: pl.Series) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Return the groups of an attribute, and the place of every respondent's, -1 where it is not stated.

    Numbers of many values are cut into quarters; of many words there are no groups.
    """
    words = values.cast(pl.String).replace("", None)
    names = sorted(words.drop_nulls().unique().to_list())
    if len(names) > _MOST_GROUPS:
        return _quarters(values)
    places = {name: place for place, name in enumerate(names)}
    return names, words.replace_strict(places, default=-1, return_dtype=pl.Int64).to_numpy()


def _quarters(values: pl.Series) -> tuple[list[str], npt.NDArray[np.int64]]:
    numbers = values.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
    known = np.isfinite(numbers)
    # A table may hold numbers as text; where few of them are numbers, they are words.
    if known.sum() < 0.9 * (len(values) - values.null_count()):
        return [], np.full(len(values), -1)
    ends = np.unique(np.quantile(numbers[known], [0.25, 0.5, 0.75], method="lower"))
    quarter = np.searchsorted(ends, numbers[known], side="left")
    own = [numbers[known][quarter == place] for place in range(int(quarter.max()) + 1)]
    places = np.full(len(values), -1)
    places[known] = quarter
    return [f"{group.min():g} to {group.max():g}" for group in own], places


def _distances(found: Gathered, system: str, of_row: npt.NDArray[np.int64], groups: int) -> list[Distances]:
    """Return the Wasserstein of every group, where a cell has enough of its people, and what chance makes of it."""
    cells = len(found.cells)
    own, chance = np.full((groups, cells), np.nan), np.full((groups, cells), np.nan)
    start = 0
    for answers, places in found.by_block:
        group = of_row[start : start + len(answers.cell)]
        start += len(answers.cell)
        for number in range(groups):
            kept = group == number
            own[number, places], chance[number, places] = _of_group(answers, kept, system, len(places))
    return [Distances(own[number], chance[number]) for number in range(groups)]


def _of_group(answers: Answers, kept: npt.NDArray[np.bool_], system: str, cells: int) -> tuple[FloatArray, FloatArray]:
    points, cell = len(answers.positions), answers.cell[kept]
    weight = (answers.people * answers.weight)[kept]
    total = sums(weight, cell, cells)[:, None]
    people = _people(answers, cells, kept)
    with np.errstate(invalid="ignore", divide="ignore"):
        human = sums(weight, cell * points + answers.answer[kept], cells * points).reshape(cells, points) / total
        predicted = sums(answers.predicted[system][kept] * weight[:, None], cell, cells) / total
        effective = total[:, 0] ** 2 / sums(weight * answers.weight[kept], cell, cells)
    found = wasserstein(predicted, human, answers.positions)
    chance = perfect_wasserstein(human, np.minimum(effective, people), answers.positions)
    enough = people >= ENOUGH
    return np.where(enough, found, np.nan), np.where(enough, chance, np.nan)
