"""A table with what its file says of it: words of the codes, reasons for no answer, titles of the columns.

CSV, Excel and parquet files say little beyond their cells. SPSS (.sav, .por) and Stata (.dta) files are read through
pyreadstat with `user_missing=True`, without which the codes of people who refused or were not asked vanish. What
becomes of a cell without an answer:

    SPSS value declared missing, singly or by a range       a code with its label as the reason
    the same in a portable file (.por)                       null: pyreadstat does not hand on the value or its reason
    Stata extended missing .a to .z                          the code "a" to "z", with its label as the reason
    SPSS or Stata system missing, an empty cell, "NA"        null
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from silicus.data.readers.text_table import TEXT, brief, encoding_of, line_of, read_text
from silicus.errors import InputError, did_you_mean
from silicus.plugins import require

__all__ = ["EXCEL", "STATISTICS", "SUFFIXES", "LabelledTable", "code_word", "read_labelled", "suffix"]

STATISTICS = (".sav", ".dta", ".por")
EXCEL = (".xlsx", ".xls")
SUFFIXES = (*STATISTICS, *TEXT, *EXCEL, ".parquet")
"""The kinds of files that are read."""

# What Python and ReadStat call the same encoding.
_NAMED_OTHERWISE = {"utf-8-sig": "utf-8", "mac-roman": "macintosh"}
_EXACT = 2**53
_POINT_ZERO = r"^(-?[0-9]+)\.0+$"
_ENDING_ZEROS = r"^(-?[0-9]+\.[0-9]*[1-9])0+$"


@dataclass(frozen=True)
class LabelledTable:
    """A table of people's answers, one row a person or a task of a person.

    Attributes:
        path: where it was read from.
        cells: as they stand in the file; text where the file has no types.
        labels: column -> code -> its words; missing codes among them.
        missing: column -> code that is no answer -> why.
        titles: column -> the file's words for it.
        lettered: columns of numbers that hold Stata's letters too, and are therefore text in `cells`.
        twice: names that several columns of the file have.
        above: how many rows below the header of the file are none of people.
        notes: what is to be known of the file -> how many.
        encoding: of a text file, where it was named.
        numbers: the sheet's number of each row of an Excel file, in which empty rows are passed over.
    """

    path: Path
    cells: pl.DataFrame
    labels: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    missing: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    titles: dict[str, str] = field(default_factory=dict[str, str])
    lettered: frozenset[str] = frozenset()
    twice: frozenset[str] = frozenset()
    above: int = 0
    notes: dict[str, int] = field(default_factory=dict[str, int])
    encoding: str | None = None
    numbers: tuple[int, ...] = ()

    def codes(self, column: str) -> pl.Series:
        """Return a column as codes: text in which 1, 1.0 and "1.0" are alike."""
        return self.cells.select(_codes(pl.col(column), self.cells[column].dtype)).to_series()

    def ids(self, column: str) -> pl.Series:
        """Return a column as ids: text as it is written, for "1.1" and "1.10" are two people; null where empty."""
        if self.is_number(column):
            return self.codes(column)
        text = self.cells[column].cast(pl.String)
        return pl.select(pl.when(text.str.strip_chars() != "").then(text)).to_series()

    def is_number(self, column: str) -> bool:
        """Whether the file says that a column holds numbers, so that a cell is never the words of another point."""
        return self.cells[column].dtype.is_numeric() or column in self.lettered

    def problem(self, column: str) -> str | None:
        """Return why a column cannot be used and what to do, `None` where it can."""
        kind = self.cells[column].dtype
        if not column.strip():
            return "it has no name. Give it one in the header."
        if column in self.twice:
            return "its name stands twice in the header. Rename one of the two columns."
        if kind.is_nested() or isinstance(kind, (pl.Binary, pl.Object, pl.Duration)):
            return f"it holds {kind}, neither numbers nor words. Write a number or words into each cell."
        return None

    def check_column(self, column: str, where: str) -> None:
        """Do nothing where the table has the column, and it can be used.

        Raises:
            InputError: naming the nearest column there is, or why it cannot be used.
        """
        if column not in self.cells.columns:
            hint = did_you_mean(column, self.cells.columns)
            raise InputError(f"{where}: names the column '{column}', which {self.path.name} does not have.{hint}")
        problem = self.problem(column)
        if problem is not None:
            raise InputError(f"{where}: names the column '{column}' of {self.path.name}, but {problem}")

    def place(self, row: int) -> str:
        """Return where the row of that index, counted from 0, stands in the file."""
        if suffix(self.path) in TEXT:
            return f"{self.path} line {line_of(self.path, row + self.above, self.encoding)}"
        return f"{self.path} row {self.numbers[row] if self.numbers else row + 1}"


def suffix(path: Path) -> str:
    """Return a file's suffix in small letters, ".csv.gz" where it is packed."""
    name = path.name.lower()
    return next((each for each in SUFFIXES if name.endswith(each)), path.suffix.lower())


def code_word(value: Any) -> str:
    """Return a value of a codebook as `LabelledTable.codes` writes it.

    Examples:
        >>> [code_word(value) for value in (1, 1.0, "1.0", 0.25, True, " No ")]
        ['1', '1', '1', '0.25', 'true', 'No']
    """
    text = (str(value).lower() if isinstance(value, bool) else str(value)).strip()
    return re.sub(_ENDING_ZEROS, r"\1", re.sub(_POINT_ZERO, r"\1", text))


def _codes(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype.is_float():
        number = cell.cast(pl.Float64).fill_nan(None)
        whole = (number == number.round()) & (number.abs() < _EXACT)
        short = number.cast(pl.Int64, strict=False).cast(pl.String)
        return pl.when(whole).then(short).otherwise(number.cast(pl.String))
    text = cell.cast(pl.String).str.strip_chars()
    # A leading zero stays: "01" and "1" may be two people.
    short = text.str.replace(_POINT_ZERO, "$1").str.replace(_ENDING_ZEROS, "$1")
    return pl.when(short != "").then(short)


def read_labelled(path: Path, encoding: str | None = None, sheet: str | None = None) -> LabelledTable:
    """Return the table of a CSV, TSV, Excel, parquet, SPSS or Stata file.

    Args:
        path: the file.
        encoding: of a text file that is not UTF-8, or of an SPSS or Stata file that does not say its own.
        sheet: of an Excel file that has several.

    Raises:
        InputError: the file is of another kind, broken, or has no rows; naming the line where there is one.
        MissingExtraError: the library that reads such files is not installed.
    """
    kind = suffix(path)
    if kind not in SUFFIXES:
        raise InputError(f"{path}: found a '{path.suffix}' file, expected one of {', '.join(SUFFIXES)}.")
    if not path.is_file():
        raise InputError(f"{path}: no such file. Expected a table of people's answers.")
    if encoding is not None and kind not in (*TEXT, ".sav", ".dta"):
        raise InputError(f"{path}: found the encoding '{encoding}', but '{kind}' files say their own. Leave it out.")
    if sheet is not None and kind not in EXCEL:
        raise InputError(f"{path}: found the sheet '{sheet}', but only Excel files have sheets. Leave it out.")
    if kind in EXCEL:
        from silicus.data.deposit.excel import read_excel

        return read_excel(path, sheet)
    table = _statistics(path, kind, encoding) if kind in STATISTICS else _plain(path, kind, encoding)
    if table.cells.is_empty():
        raise InputError(f"{path}: the table has no rows.")
    return table


def _plain(path: Path, kind: str, encoding: str | None) -> LabelledTable:
    if kind in TEXT:
        text = read_text(path, encoding)
        return LabelledTable(
            path,
            text.cells,
            titles=text.titles,
            twice=text.twice,
            above=text.above,
            notes=text.notes,
            encoding=encoding,
        )
    try:
        return LabelledTable(path, pl.read_parquet(path))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{path}: cannot be read as a parquet table: {brief(error)}.") from None


def _statistics(path: Path, kind: str, encoding: str | None) -> LabelledTable:
    pyreadstat = require("pyreadstat")
    read = {".sav": pyreadstat.read_sav, ".dta": pyreadstat.read_dta, ".por": pyreadstat.read_por}[kind]
    options: dict[str, Any] = {} if kind == ".por" else {"user_missing": True}
    if encoding is not None:
        known = encoding_of(path, encoding)
        options["encoding"] = _NAMED_OTHERWISE.get(known, known)
    try:
        cells, about = read(str(path), output_format="polars", **options)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, OSError, ValueError, OverflowError) as error:
        raise InputError(f"{path}: cannot be read as a '{kind}' file: {brief(error)}.") from None
    return _described(path, cells, about)


def _described(path: Path, cells: pl.DataFrame, about: Any) -> LabelledTable:
    """Return the table of what pyreadstat found: its cells, and its metadata `about`."""
    letters: dict[str, list[str]] = about.missing_user_values
    # Letters among numbers come as Python objects.
    cells = cells.with_columns(
        pl.Series(column, [None if cell is None else str(cell) for cell in cells[column]], dtype=pl.String)
        for column in letters
    )
    labels = {
        column: {code_word(value): str(words) for value, words in pairs.items() if str(words).strip()}
        for column, pairs in about.variable_value_labels.items()
    }
    table = LabelledTable(path, cells, labels=labels)
    missing = {
        column: {one: labels.get(column, {}).get(one, f".{one}") for one in found} for column, found in letters.items()
    }
    for column, ranges in about.missing_ranges.items():
        missing[column] = _declared(table, column, ranges)
    titles = {column: " ".join(words.split()) for column, words in about.column_names_to_labels.items() if words}
    return LabelledTable(path, cells, labels, missing, titles, frozenset(letters))


def _declared(table: LabelledTable, column: str, ranges: list[dict[str, Any]]) -> dict[str, str]:
    """Return the codes that SPSS declares missing, of those that have a label or stand in a cell -> why."""
    labels = table.labels.get(column, {})
    found: dict[str, str] = {}
    for code in dict.fromkeys([*labels, *table.codes(column).unique().drop_nulls().sort()]):
        value = float(code) if table.is_number(column) else code
        if any(each["lo"] <= value <= each["hi"] for each in ranges):
            found[code] = labels.get(code, f"code {code}")
    return found
