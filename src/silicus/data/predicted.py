"""Predictions made elsewhere, from a file: one table, and the rows that were malformed, counted and never mended.

A row names study, condition and question, and may name the item, the respondent and a weight. It predicts in one of
three ways: a probability for every point of the scale, an answer drawn, or a text that was generated. Several draws or
texts with the same key are draws of one prediction, whose probabilities are their shares.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, cast

import polars as pl

from silicus.data.as_published import nearest_point
from silicus.data.dataset import Dataset
from silicus.data.predicted_rows import CELL, PredictedKind, PredictedRows, predicted_rows
from silicus.errors import InputError, counted
from silicus.study import PREDICTIONS, Scale, spoken_answer

__all__ = ["Predicted", "Samples", "read_predictions"]

_Key = tuple[str, str, str, str, str | None]

# Above the rounding of float32 sums and of four digits, below any table in percent.
_ROUNDING = 1e-3
_UNKNOWN = "a study, condition and question without an answer in the data that could be read"
_TWICE = "a prediction that stands twice"
_FAILED = (1.0, None, None, None)
"""Weight, probabilities, refusal and covered of a prediction that cannot be used."""


@dataclass(frozen=True)
class Samples:
    """How many draws or texts are behind a prediction.

    Attributes:
        median: of all predictions.
        fewest: of any prediction.
    """

    median: float
    fewest: int


@dataclass(frozen=True)
class Predicted:
    """What a file predicts.

    Attributes:
        table: schema `PREDICTIONS`, a row a prediction. `probabilities` are null where only refusals were drawn, and
            where no row of the prediction could be used: an answer so predicted is not compared with other people's
            predictions in its place. `refusal` and `covered` are null where probabilities came without them. Of draws
            and texts, `covered` is the share that could be read as an answer that was offered.
        kind: in which way the file predicts.
        rows: how many rows it has.
        malformed: reason -> rows left out.
        samples_per_prediction: the readable ones; `None` for probabilities.
        strangers: respondents who are not in the data, in the order of the file.
    """

    table: pl.DataFrame
    kind: PredictedKind
    rows: int
    malformed: dict[str, int]
    samples_per_prediction: Samples | None
    strangers: tuple[str, ...] = ()


class _MalformedError(Exception):
    """A row that says nothing that can be used, and why."""


def read_predictions(path: Path, data: Dataset, *, published: bool = False) -> Predicted:
    """Return the predictions in a file for the answers of a dataset.

    Args:
        path: a .csv, .tsv, .parquet, .jsonl or .json file.
        data: people's answers, whose cells, stimuli and scales the rows are held to.
        published: whether an answer off the scale counts as the nearest point, as the authors of SocSci210 have it;
            otherwise it is malformed.

    Raises:
        InputError: the file cannot be read, lacks a column, does not say which of several stimuli it means, or no row
            can be used.
    """
    found = predicted_rows(path, data)
    cells = _Cells(path, data, nearest=published)
    malformed: Counter[str] = Counter()
    if found.kind == "probabilities":
        rows, samples = _probable(found, cells, malformed), None
    else:
        rows, samples = _drawn(found, cells, malformed)
    table = pl.DataFrame(rows, schema=PREDICTIONS, orient="row")
    if not table["probabilities"].count():
        reasons = "; ".join(f"{counted(count, 'row', 'rows')}: {reason}" for reason, count in malformed.most_common())
        hint = f" The data hold, for example, {cells.example()}." if _UNKNOWN in malformed else ""
        raise InputError(f"{path}: no row can be used ({reasons}).{hint}")
    known = data.responses.select("respondent").unique()
    strange = (
        table.select("respondent").drop_nulls().unique(maintain_order=True).join(known, on="respondent", how="anti")
    )
    strangers = tuple(strange["respondent"].to_list())
    return Predicted(table, found.kind, found.count, dict(malformed.most_common()), samples, strangers)


# --- what a row is about


@dataclass(frozen=True)
class _About:
    key: _Key
    scale: Scale
    nearest: bool
    """Whether a number off the scale stands for its nearest point."""


class _Cells:
    """The cells of a dataset that somebody answered, and the stimuli in each."""

    def __init__(self, path: Path, data: Dataset, *, nearest: bool) -> None:
        self.path = path
        self.nearest = nearest
        self.scales: dict[tuple[str, ...], dict[str, Scale]] = {}
        for item in data.cells():
            self.scales.setdefault((item.study, item.condition, item.question), {})[item.item] = item.scale

    def example(self) -> str:
        """Return the first cell, in words."""
        return ", ".join(f"{name} '{value}'" for name, value in zip(CELL, next(iter(self.scales)), strict=True))

    def about(self, row: dict[str, Any], number: int) -> _About:
        """Return what a row is about.

        Raises:
            InputError: the row does not say which of several stimuli it means.
            _MalformedError: it is about nothing in the data.
        """
        study, condition, question = (_word(row.get(name)) or "" for name in CELL)
        scales = self.scales.get((study, condition, question))
        if scales is None:
            raise _MalformedError(_UNKNOWN)
        item = _word(row.get("item"))
        if item is None and len(scales) > 1:
            raise InputError(
                f"{self.path} row {number}: names no item, and people were shown {len(scales)} stimuli under study "
                f"'{study}', condition '{condition}', question '{question}'. Add a column 'item' with the one that is "
                "meant, as in the responses.parquet of the dataset (silicus data prepare)."
            )
        item = item or next(iter(scales))
        if item not in scales:
            raise _MalformedError("an item that its study, condition and question do not have in the data")
        key = (study, condition, question, item, _word(row.get("respondent")))
        return _About(key, scales[item], self.nearest)


def _word(value: Any) -> str | None:
    """Return a name as text; `None` for none."""
    return None if value is None or value == "" else str(value)


def _number(value: Any, reason: str) -> float | None:
    """Return a number of 0 or more; `None` for an empty cell."""
    if value is None or value == "":
        return None
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        raise _MalformedError(reason)
    return number


def _weight(row: dict[str, Any]) -> float:
    weight = _number(row.get("weight"), "a weight that is no number of 0 or more")
    return 1.0 if weight is None else weight


# --- probabilities


def _probable(found: PredictedRows, cells: _Cells, malformed: Counter[str]) -> list[tuple[Any, ...]]:
    """Return the rows of schema `PREDICTIONS`."""
    times: Counter[_Key] = Counter()
    good: dict[_Key, list[tuple[Any, ...]]] = {}
    for number, row in enumerate(found.rows, start=1):
        try:
            about = cells.about(row, number)
            times[about.key] += 1
            values = _values(row, found.wide, about.scale)
            good.setdefault(about.key, []).append(values)
        except _MalformedError as reason:
            malformed[str(reason)] += 1
    # Nobody can tell which of two is meant, so neither is used.
    twice = sum(len(every) for key, every in good.items() if times[key] > 1)
    malformed.update({_TWICE: twice} if twice else {})
    alone = {key: every[0] for key, every in good.items() if times[key] == 1}
    return [(*key, *alone.get(key, _FAILED)) for key in times]


def _values(row: dict[str, Any], wide: dict[int, str], scale: Scale) -> tuple[Any, ...]:
    """Return weight, probabilities, refusal and covered."""
    probabilities, refusal = _wide(row, wide, scale) if wide else _listed(row, scale)
    told, covered = (_share(row, name) for name in ("refusal", "covered"))
    return _weight(row), probabilities, told if refusal is None else refusal, covered


def _share(row: dict[str, Any], name: str) -> float | None:
    reason = f"a value of '{name}' that is no share from 0 to 1"
    share = _number(row.get(name), reason)
    if share is not None and share > 1 + _ROUNDING:
        raise _MalformedError(reason)
    return share


def _listed(row: dict[str, Any], scale: Scale) -> tuple[list[float], None]:
    """Return the probabilities of a list, or of a text that is a JSON list."""
    given = row.get("probabilities")
    try:
        given = json.loads(given) if isinstance(given, str) else given
    except json.JSONDecodeError:
        given = None
    if not isinstance(given, list):
        raise _MalformedError("probabilities that are no list of numbers")
    numbers = _numbers(cast("list[Any]", given))
    if len(numbers) != len(scale.values):
        raise _MalformedError("another number of probabilities than the scale has points")
    return _summing(numbers), None


def _wide(row: dict[str, Any], wide: dict[int, str], scale: Scale) -> tuple[list[float] | None, float | None]:
    """Return the probabilities of the points and the share of the refusals, where one has a column that is filled."""
    given = {value: row[column] for value, column in wide.items() if row.get(column) not in (None, "")}
    if set(given) - set(scale.answers):
        raise _MalformedError("a probability for a value that is not on the scale")
    if set(scale.values) - set(given):
        raise _MalformedError("another number of probabilities than the scale has points")
    refusals = [value for value in scale.refusals if value in given]
    numbers = _summing(_numbers([given[value] for value in (*scale.values, *refusals)]))
    points = numbers[: len(scale.values)]
    total = sum(points)
    return [p / total for p in points] if total else None, sum(numbers[len(points) :]) if refusals else None


def _numbers(given: list[Any]) -> list[float]:
    reason = "a probability that is negative or no number"
    numbers = [_number(value, reason) for value in given]
    if None in numbers:
        raise _MalformedError(reason)
    return cast("list[float]", numbers)


def _summing(numbers: list[float]) -> list[float]:
    """Return the numbers without the rounding of their sum."""
    total = sum(numbers)
    if abs(total - 1) > _ROUNDING:
        raise _MalformedError("probabilities that do not sum to 1")
    return [number / total for number in numbers]


# --- draws and texts


@dataclass
class _Draws:
    """The draws of one prediction: how often each answer was read, and how many were none that was offered."""

    about: _About
    weight: float | None = None
    read: Counter[int] = field(default_factory=Counter[int])
    unread: int = 0

    def add(self, row: dict[str, Any], kind: PredictedKind) -> None:
        """Count a further draw.

        Raises:
            _MalformedError: it is none.
        """
        weight = _weight(row)
        if self.weight not in {None, weight}:
            raise _MalformedError("another weight than the first draw of the same prediction")
        answer = _text(row, self.about) if kind == "texts" else _answer(row, self.about)
        self.weight = weight
        self.read[answer] += 1

    def row(self) -> tuple[Any, ...]:
        """Return the row of schema `PREDICTIONS`."""
        read = self.read.total()
        if not read:
            return (*self.about.key, 1.0, None, None, 0.0)
        points = [self.read[value] for value in self.about.scale.values]
        total = sum(points)
        probabilities = [count / total for count in points] if total else None
        return (*self.about.key, self.weight, probabilities, 1 - total / read, read / (read + self.unread))


def _drawn(
    found: PredictedRows, cells: _Cells, malformed: Counter[str]
) -> tuple[list[tuple[Any, ...]], Samples | None]:
    """Return the rows of schema `PREDICTIONS`, and how many draws are behind those with any."""
    draws: dict[_Key, _Draws] = {}
    for number, row in enumerate(found.rows, start=1):
        drawn = None
        try:
            about = cells.about(row, number)
            drawn = draws.setdefault(about.key, _Draws(about))
            drawn.add(row, found.kind)
        except _MalformedError as reason:
            malformed[str(reason)] += 1
            if drawn is not None:
                drawn.unread += 1
    counts = [each.read.total() for each in draws.values() if each.read]
    samples = Samples(float(median(counts)), min(counts)) if counts else None
    return [each.row() for each in draws.values()], samples


def _answer(row: dict[str, Any], about: _About) -> int:
    """Return the answer drawn."""
    given = row.get("answer")
    if given is None or given == "":
        raise _MalformedError("no answer")
    try:
        if not isinstance(given, bool):
            return about.scale.answers[about.scale.index(given)]
    except (ValueError, TypeError, OverflowError):
        if about.nearest and isinstance(given, int | float) and math.isfinite(given):
            return nearest_point(given, about.scale)
    raise _MalformedError("an answer off the scale")


def _text(row: dict[str, Any], about: _About) -> int:
    """Return the answer that a text speaks."""
    given = row.get("text")
    found = spoken_answer("" if given is None else str(given), about.scale)
    if found.off is not None and about.nearest:
        return nearest_point(found.off, about.scale)
    if found.answer is None:
        raise _MalformedError(found.why)
    return found.answer
