"""What a column of a data file holds, and which hold no answers: ids, weights, what a program noted of itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from silicus.data.deposit.qualtrics_columns import ColumnMeaning
from silicus.data.missing import code_label, split_codes
from silicus.data.readers.by_labels import MOST_POINTS, names_people
from silicus.data.readers.labelled import LabelledTable

__all__ = ["MOST_CELLS", "MOST_SCALE", "ColumnKind", "ColumnProfile", "is_id", "is_noted", "is_weight", "look"]

ColumnKind = Literal["id", "number", "labelled", "text", "constant", "date"]

MOST_SCALE = 101
"""No scale that people answer on has more points: 0 to 100."""
MOST_CELLS = 12
"""Cells that are kept of a column with more distinct ones than a scale has; arms that a study has at most."""
_MOST_CODES = 20
"""Missing codes that a scale of the most points may have beside it."""

# Longer ones are no numbers that anybody answers, and some of them no finite ones.
_NUMBER = re.compile(r"-?(?:\d{1,18}\.?\d*|\.\d+)(?:[eE][-+]?\d{1,2})?")
_WHOLE = re.compile(r"\d+|[A-Za-z0-9_-]+")
_DATE = re.compile(
    r"(?:19|20)\d\d-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])(?:[ T].*)?|\d{1,2}[/.]\d{1,2}[/.](?:\d\d){1,2}(?: .*)?"
)
_MOSTLY = 0.9
_WEIGHT = re.compile(r"(?:.*_)?(?:w|wt\w*|wgt\w*|p?weights?)(?:_.*)?", re.IGNORECASE)
_NOTED = re.compile(
    r"(?:.*_)?(?:start|end|recorded)?_?(?:date|time|dt)(?:_.*)?|duration\b.*|progress|finished|status|surv(?:ey)?_?mode"
    r"|device|browser.*|ip_?address|user_?language|distribution_?channel|.*_(?:first click|last click|page submit"
    r"|click count)",
    re.IGNORECASE,
)
_NOTED_TITLE = re.compile(r"timing\s*-|browser meta info|questionnaire (?:start|end) time", re.IGNORECASE)
_OF_PROGRAM = ("timing", "browser", "metadata", "choice order", "question order", "flow order")


@dataclass(frozen=True)
class ColumnProfile:
    """What a column holds.

    Attributes:
        name: of the column.
        place: its number, from 0.
        title: the file's words for it; "" for none.
        kind: what its cells are.
        distinct: how many different cells there are, without missing codes.
        counts: code -> rows, the most frequent first, without missing codes; all where no more than a scale has,
            else the first.
        labels: code -> its words, of all codes with a label that are no missing codes.
        missing: code that stands for no answer -> why.
        empty: rows without anything in the cell.
        numeric: whether all cells are numbers.
        meaning: what the survey that was exported says of it.
    """

    name: str
    place: int
    title: str
    kind: ColumnKind
    distinct: int
    counts: dict[str, int]
    labels: dict[str, str]
    missing: dict[str, str]
    empty: int
    numeric: bool
    meaning: ColumnMeaning | None = field(default=None, repr=False)

    @property
    def rows(self) -> int:
        """How many rows hold one of the cells in `counts`."""
        return sum(self.counts.values())

    @property
    def words(self) -> list[str]:
        """The cells in `counts`, in words where the file has words for them."""
        return [self.labels.get(code, code) for code in self.counts]


def look(table: LabelledTable, column: str, place: int, meaning: ColumnMeaning | None = None) -> ColumnProfile:
    """Return what a column holds.

    Args:
        table: the table.
        column: one of its columns that can be used.
        place: its number.
        meaning: what the survey says of it.
    """
    codes = table.codes(column).rename("code")
    every = codes.drop_nulls().value_counts(name="rows").sort("rows", "code", descending=[True, False])
    numeric = len(every) > 0 and all(_NUMBER.fullmatch(code) for code in every["code"])
    missing = {**table.missing.get(column, {}), **_missing(every["code"].to_list(), numeric=numeric)}
    kept = every.filter(~pl.col("code").is_in(list(missing)))
    labels = {code: words for code, words in table.labels.get(column, {}).items() if code not in missing}
    counts: dict[str, int] = dict(kept.head(MOST_SCALE if len(kept) <= MOST_SCALE else MOST_CELLS).iter_rows())
    return ColumnProfile(
        name=column,
        place=place,
        title=table.titles.get(column, ""),
        kind=_kind(table, column, kept["code"], labels, numeric=numeric),
        distinct=len(kept),
        counts=counts,
        labels=labels,
        missing=missing,
        empty=codes.null_count(),
        numeric=numeric,
        meaning=meaning,
    )


def _missing(codes: list[str], *, numeric: bool) -> dict[str, str]:
    """Return the numbers beyond a scale that have the form of missing codes."""
    if not numeric or len(codes) > MOST_SCALE + _MOST_CODES:
        return {}
    _, lost = split_codes(map(float, codes))
    return {code: code_label(float(code)) for code in codes if float(code) in lost}


def _kind(table: LabelledTable, column: str, codes: pl.Series, labels: dict[str, str], *, numeric: bool) -> ColumnKind:
    if table.cells[column].dtype.is_temporal() or (len(codes) > 1 and _are_dates(codes)):
        return "date"
    if len(codes) < 2:
        return "constant"
    if names_people(column, len(codes)) or _unique(table, codes):
        return "id"
    if labels and all(code in labels for code in codes):
        return "labelled"
    return "number" if numeric else "text"


def _are_dates(codes: pl.Series) -> bool:
    return sum(_DATE.fullmatch(code) is not None for code in codes) >= _MOSTLY * len(codes)


def _unique(table: LabelledTable, codes: pl.Series) -> bool:
    """Return whether a column tells every row from every other, in whole numbers or single words."""
    rows = table.cells.height
    return len(codes) == rows > MOST_POINTS and all(_WHOLE.fullmatch(code) for code in codes)


def is_id(column: ColumnProfile) -> bool:
    """Return whether a column names people."""
    return column.kind == "id"


def is_weight(column: ColumnProfile) -> bool:
    """Return whether a column is named as one of survey weights, and holds positive numbers with fractions."""
    named = _WEIGHT.fullmatch(column.name) is not None and column.numeric and column.distinct > MOST_POINTS
    numbers = [float(code) for code in column.counts] if named else []
    return named and min(numbers) >= 0 and any(number % 1 for number in numbers)


def is_noted(column: ColumnProfile) -> bool:
    """Return whether a column holds what the survey's program notes of itself: dates, times, browsers, orders."""
    if column.meaning is not None and column.meaning.kind in _OF_PROGRAM:
        return True
    named = _NOTED.fullmatch(column.name) is not None or _NOTED_TITLE.match(column.title) is not None
    return named or column.kind == "date"
