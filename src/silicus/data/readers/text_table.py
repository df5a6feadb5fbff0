"""A text table: its cells, and what its lines say beside them.

A line that does not have one field a column is refused by its number, as is an open quote: read on, it would move
cells into other columns or rows. Blank lines, and the rows in which Qualtrics repeats the words of its questions and
their ImportIds, are no people; they are left out and counted.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import polars as pl

from silicus.errors import InputError

__all__ = ["TEXT", "TextTable", "brief", "line_of", "read_text"]

TEXT = (".csv", ".csv.gz", ".tsv", ".tsv.gz")

# How R writes a missing value in a text table.
_NULL = "NA"
# Spreadsheets of many countries write semicolons in a .csv file.
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_IMPORT_ID = re.compile(r"""\{\s*["']ImportId["']\s*:""")


@dataclass(frozen=True)
class TextTable:
    """What a text file holds.

    Attributes:
        cells: text; the first of several columns of one name.
        twice: the names that several columns have.
        titles: column -> the words of its question, where the file repeats them.
        above: how many rows below the header are none of people.
        notes: what was left out -> how many.
    """

    cells: pl.DataFrame
    twice: frozenset[str]
    titles: dict[str, str]
    above: int
    notes: dict[str, int]


def read_text(path: Path) -> TextTable:
    """Return what a CSV or TSV file holds.

    Raises:
        InputError: it is no UTF-8 text, or a line does not fit the header; naming the line.
    """
    separator = _separator(path)
    header, blank = _checked(path, separator)
    try:
        cells = pl.read_csv(path, separator=separator, infer_schema=False, null_values=[_NULL])
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{path}: cannot be read as a table: {brief(error)}.") from None
    if blank:
        cells = cells.filter(~pl.int_range(pl.len()).is_in(blank))
    first = list(dict.fromkeys(header))
    cells = cells[:, [header.index(name) for name in first]]
    cells.columns = first
    above = _rows_of_qualtrics(cells)
    titles = _titles(first, cells.row(0)) if above > 1 else {}
    notes = {"blank lines, left out": len(blank), "header rows of the Qualtrics export, left out": above}
    return TextTable(
        cells=cells.slice(above),
        twice=frozenset(name for name, count in Counter(header).items() if count > 1),
        titles=titles,
        above=above,
        notes={note: count for note, count in notes.items() if count},
    )


def line_of(path: Path, row: int) -> int:
    """Return the line on which a row begins, counted from 0 below the header and without blank lines."""
    records = _records(path, _separator(path))
    header, _ = next(records)
    lines = (line for fields, line in records if fields or len(header) == 1)
    return next(line for place, line in enumerate(lines) if place == row)


def brief(error: Exception) -> str:
    """Return the first line of what a library says, without its full stop."""
    return (str(error).splitlines() or ["empty"])[0].rstrip(".")


def _open(path: Path) -> Any:
    if path.name.lower().endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _separator(path: Path) -> str:
    """Return what stands between fields: what the suffix says, else what parts the header into most of them."""
    try:
        with _open(path) as file:
            header = next((line for line in cast("Iterator[str]", file) if line.strip()), "")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise _no_text(path, error) from None
    if header.endswith("\r") and header.count('"') % 2 == 0:
        raise InputError(
            f"{path} line 1: ends with a carriage return alone, as old Macintosh files do. "
            "Save it again with lines that end as on Windows or Linux."
        )
    if ".tsv" in path.name.lower():
        return "\t"
    return max(_SEPARATORS, key=lambda separator: len(next(csv.reader([header], delimiter=separator), list[str]())))


def _no_text(path: Path, error: Exception) -> InputError:
    return InputError(f"{path}: cannot be read as UTF-8 text ({error}). Save it as 'CSV UTF-8'.")


def _records(path: Path, separator: str) -> Iterator[tuple[list[str], int]]:
    """Yield the fields of every record, none for a blank line, and the line it begins on; not blank lines on top."""
    begins, found = 1, False
    try:
        with _open(path) as file:
            lines = csv.reader(file, delimiter=separator, strict=True)
            for fields in lines:
                found = found or bool(fields)
                if found:
                    yield fields, begins
                begins = lines.line_num + 1
    except UnicodeDecodeError as error:
        raise _no_text(path, error) from None
    except csv.Error as error:
        raise InputError(
            f"{path} line {begins}: a quote is opened and not closed, or stands inside quoted words ({error}). "
            "Close it; a quote inside quoted words is written twice."
        ) from None


def _checked(path: Path, separator: str) -> tuple[list[str], list[int]]:
    """Return the header, and the places of the blank lines among the rows.

    Raises:
        InputError: a row has more or fewer fields than the header.
    """
    records = _records(path, separator)
    header = next((fields for fields, _ in records), list[str]())
    if not header:
        raise InputError(f"{path}: cannot be read as a table: the file is empty.")
    blank: list[int] = []
    for place, (fields, line) in enumerate(records):
        if len(fields) == len(header) or (len(header) == 1 and not fields):
            continue
        if fields:
            raise _misfit(path, separator, header, fields, line)
        blank.append(place)
    return header, blank


def _misfit(path: Path, separator: str, header: list[str], fields: list[str], line: int) -> InputError:
    absent = ", ".join(header[len(fields) :][:3])
    without = f" No value for: {absent}." if absent else ""
    return InputError(
        f"{path} line {line} has {len(fields)} field{'s' * (len(fields) != 1)}, the header has {len(header)}, taking "
        f"{_SEPARATORS[separator]} as what stands between them.{without}"
    )


def _rows_of_qualtrics(cells: pl.DataFrame) -> int:
    """Return how many of the first two rows are header: the ImportIds, and the words of the questions above them."""
    marked = [any(_IMPORT_ID.match(cell or "") for cell in row) for row in cells.head(2).rows()]
    return marked.index(True) + 1 if True in marked else 0


def _titles(columns: list[str], words: tuple[str | None, ...]) -> dict[str, str]:
    said = {column: " ".join((title or "").split()) for column, title in zip(columns, words, strict=True)}
    return {column: title for column, title in said.items() if title and title != column}
