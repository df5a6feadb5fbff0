"""A sheet of an Excel workbook as a table.

Cells keep the types they have in the file: numbers are numbers, dates and times are text as in 2018-03-29. A column
that holds both numbers and words is text. A cell whose formula failed (#N/A, #DIV/0!) is empty. Empty rows, and empty
columns without a name, are passed over.

Names of columns stand in the first row that is not empty. Where cells of that row are merged across columns, they are
headings, and the names stand below them; a heading becomes part of the title of each of its columns.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import polars as pl

from silicus.data.readers.labelled import LabelledTable, code_word
from silicus.data.readers.text_table import rows_of_qualtrics, titles_of
from silicus.errors import InputError, did_you_mean
from silicus.plugins import require

__all__ = ["read_excel"]

_SCRIPT = Path(__file__).with_name("excel_rows.py")
_SECONDS = 300
_NULLS = ("", "NA")
"""What no cell is taken to say: text tables that R wrote are opened and saved as workbooks."""
_Cell = str | float | bool | None
_MOST_NAMED = 12


@dataclass(frozen=True)
class _Sheet:
    """The rows of a sheet that are not empty.

    Attributes:
        rows: of one width.
        numbers: the sheet's number of each row, from 1.
        merged: first row, column, last row, column; columns counted within `rows`, rows as `numbers`.
    """

    rows: list[list[_Cell]]
    numbers: list[int]
    merged: list[tuple[int, int, int, int]]


def read_excel(path: Path, sheet: str | None = None) -> LabelledTable:
    """Return a sheet of an .xlsx or .xls file; the only one that holds cells, where none is named.

    Raises:
        InputError: the file is broken or locked, has several sheets and none is named, or has no rows.
        MissingExtraError: python-calamine is not installed.
    """
    found = _sheet(path, sheet)
    below = _below_header(path, found)
    columns, titles = _columns(found, below)
    rows, numbers = found.rows[below:], found.numbers[below:]
    above = rows_of_qualtrics([tuple(cell if isinstance(cell, str) else None for cell in row) for row in rows[:2]])
    kept = _named(columns, rows)
    names = [columns[place] for place in kept]
    if above > 1:
        titles |= titles_of(names, [_words(rows[0][place]) for place in kept])
    if not rows[above:]:
        raise InputError(f"{path}: the table has no rows.")
    cells = {columns[place]: _typed([row[place] for row in rows[above:]]) for place in kept}
    notes = {
        "empty rows, left out": found.numbers[-1] - found.numbers[0] + 1 - len(found.numbers),
        "heading rows above the names of the columns": below - 1,
        "header rows of the Qualtrics export, left out": above,
    }
    return LabelledTable(
        path,
        pl.DataFrame(cells),
        titles=titles,
        twice=frozenset(name for name, count in Counter(columns).items() if count > 1 and name in names),
        above=above,
        notes={note: count for note, count in notes.items() if count},
        numbers=tuple(numbers[above:]),
    )


def _sheet(path: Path, name: str | None) -> _Sheet:
    """Return the rows of a sheet, read by `excel_rows.py`."""
    answer = _ask(path, name)
    if "problem" in answer:
        raise InputError(f"{path}: cannot be read as an Excel file: {answer['problem']}. Save it again as .xlsx.")
    if "sheets" in answer:
        raise _no_sheet(path, name, answer["sheets"])
    top, left = answer["start"]
    rows = [[None if cell in _NULLS else cell for cell in row] for row in answer["rows"]]
    width = len(rows[0])
    places = [place for place, row in enumerate(rows) if any(cell is not None for cell in row)]
    if not places:
        raise InputError(f"{path}: the table has no rows.")
    return _Sheet(
        rows=[rows[place] for place in places],
        numbers=[top + place + 1 for place in places],
        merged=[
            (first + 1, max(c - left, 0), last + 1, min(d - left, width - 1))
            for first, c, last, d in answer["merged"]
            if c - left < width and left <= d and c <= d
        ],
    )


def _ask(path: Path, name: str | None) -> dict[str, Any]:
    require("python_calamine")
    command = [sys.executable, "-I", str(_SCRIPT), str(path.resolve()), *([] if name is None else [name])]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603 - our own script
        return cast("dict[str, Any]", json.loads(done.stdout))
    except subprocess.TimeoutExpired:
        return {"problem": f"it takes longer than {_SECONDS} seconds"}
    except ValueError:
        return {"problem": "it is damaged, or needs more memory than a table of people's answers would"}


def _no_sheet(path: Path, name: str | None, sheets: list[str]) -> InputError:
    listed = ", ".join(f"'{each}'" for each in sheets[:_MOST_NAMED]) + (", …" if len(sheets) > _MOST_NAMED else "")
    if name in sheets or not sheets:
        return InputError(f"{path}: the table has no rows.")
    if name is not None:
        return InputError(f"{path}: has no sheet '{name}'.{did_you_mean(name, sheets)}")
    return InputError(f"{path}: has {len(sheets)} sheets: {listed}. Name one of them under `sheet`.")


def _below_header(path: Path, sheet: _Sheet) -> int:
    """Return how many rows the header takes: one, and as many more as merged cells push the names down.

    Raises:
        InputError: what stands below merged cells are numbers, and so people's answers rather than names.
    """
    last, place = sheet.numbers[0], 0
    while place < len(sheet.numbers) and sheet.numbers[place] <= last:
        number = sheet.numbers[place]
        for first, left, bottom, right in sheet.merged:
            if first == number:
                # The names stand in the next row that is not empty.
                under = next((each for each in sheet.numbers if each > bottom), bottom) if right > left else bottom
                last = max(last, under)
        place += 1
    under_merged = zip(sheet.numbers[1:place], sheet.rows[1:place], strict=True)
    number = next((n for n, row in under_merged if any(isinstance(cell, float | bool) for cell in row)), None)
    if number is not None:
        raise InputError(
            f"{path} row {number}: stands below merged cells, where names of columns are expected, and holds numbers. "
            "Give every column a name in one cell of its own."
        )
    return place


def _columns(sheet: _Sheet, below: int) -> tuple[list[str], dict[str, str]]:
    """Return the names of all columns, "" for none, and column -> the headings above its name, where it has some."""
    header = [list(row) for row in sheet.rows[:below]]
    for first, left, _, right in sheet.merged:
        if first in sheet.numbers[:below]:
            row = header[sheet.numbers.index(first)]
            row[left : right + 1] = [row[left]] * (right + 1 - left)
    columns: list[str] = []
    titles: dict[str, str] = {}
    for place in range(len(header[0])):
        words = [_words(row[place]) for row in header]
        said = [each for each in words if each]
        columns.append(said[-1] if said else "")
        if len(said) > 1:
            titles.setdefault(columns[-1], ": ".join(said))
    return columns, titles


def _named(columns: list[str], rows: Sequence[Sequence[_Cell]]) -> list[int]:
    """Return the places of the columns that are kept: the first of a name, and nameless ones only with cells."""
    places = {name: place for place, name in reversed(list(enumerate(columns)))}
    nameless = places.get("")
    if nameless is not None:
        filled = (p for p, name in enumerate(columns) if not name and any(row[p] is not None for row in rows))
        first = next(filled, None)
        places = {name: place for name, place in places.items() if name} | ({} if first is None else {"": first})
    return sorted(places.values())


def _words(cell: _Cell) -> str:
    return "" if cell is None else " ".join(code_word(cell).split())


def _typed(cells: list[_Cell]) -> pl.Series:
    """Return a column as numbers or truth values where all its cells are, else as text."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds == {bool}:
        return pl.Series(cells, dtype=pl.Boolean)
    if kinds and kinds <= {int, float}:
        return pl.Series(cells, dtype=pl.Float64)
    words = [cell if cell is None or isinstance(cell, str) else code_word(cell) for cell in cells]
    return pl.Series(words, dtype=pl.String)
