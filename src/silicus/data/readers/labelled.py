"""A table with what its file says of it: words of the codes, reasons for no answer, titles of the columns.

CSV and parquet files say nothing beyond their cells. SPSS (.sav) and Stata (.dta) files are read through pyreadstat
with `user_missing=True`, without which the codes of people who refused or were not asked vanish. What becomes of a
cell without an answer:

    SPSS value declared missing, singly or by a range       a code with its label as the reason
    Stata extended missing .a to .z                          the code "a" to "z", with its label as the reason
    SPSS or Stata system missing, an empty cell, "NA"        null
"""

from __future__ import annotations

import csv
import gzip
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import polars as pl

from silicus.errors import InputError, did_you_mean
from silicus.plugins import require

__all__ = ["STATISTICS", "SUFFIXES", "TEXT", "LabelledTable", "code_word", "read_labelled", "suffix"]

STATISTICS = (".sav", ".dta")
TEXT = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
SUFFIXES = (*STATISTICS, *TEXT, ".parquet")
"""The kinds of files that are read."""

# How R writes a missing value in a text table.
_NULL = "NA"
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
    """

    path: Path
    cells: pl.DataFrame
    labels: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    missing: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    titles: dict[str, str] = field(default_factory=dict[str, str])
    lettered: frozenset[str] = frozenset()

    def codes(self, column: str) -> pl.Series:
        """Return a column as codes: text in which 1, 1.0 and "1.0" are alike."""
        return self.cells.select(_codes(pl.col(column), self.cells[column].dtype)).to_series()

    def is_number(self, column: str) -> bool:
        """Whether the file says that a column holds numbers, so that a cell is never the words of another point."""
        return self.cells[column].dtype.is_numeric() or column in self.lettered

    def check_column(self, column: str, where: str) -> None:
        """Do nothing where the table has the column.

        Raises:
            InputError: naming the nearest column there is.
        """
        if column not in self.cells.columns:
            hint = did_you_mean(column, self.cells.columns)
            raise InputError(f"{where}: names the column '{column}', which {self.path.name} does not have.{hint}")

    def place(self, row: int) -> str:
        """Return where the row of that index, counted from 0, stands in the file."""
        line = f"line {row + 2}" if suffix(self.path) in TEXT else f"row {row + 1}"
        return f"{self.path} {line}"


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
    if dtype.is_float() or dtype.is_decimal():
        number = cell.cast(pl.Float64).fill_nan(None)
        whole = (number == number.round()) & (number.abs() < _EXACT)
        short = number.cast(pl.Int64, strict=False).cast(pl.String)
        return pl.when(whole).then(short).otherwise(number.cast(pl.String))
    text = cell.cast(pl.String).str.strip_chars()
    # A leading zero stays: "01" and "1" may be two people.
    short = text.str.replace(_POINT_ZERO, "$1").str.replace(_ENDING_ZEROS, "$1")
    return pl.when(short != "").then(short)


def read_labelled(path: Path) -> LabelledTable:
    """Return the table of a CSV, TSV, parquet, SPSS or Stata file.

    Raises:
        InputError: the file is of another kind, broken, or has no rows; naming the line where there is one.
        MissingExtraError: pyreadstat is not installed.
    """
    kind = suffix(path)
    if kind not in SUFFIXES:
        raise InputError(f"{path}: found a '{path.suffix}' file, expected one of {', '.join(SUFFIXES)}.")
    if not path.is_file():
        raise InputError(f"{path}: no such file. Expected a table of people's answers.")
    table = _statistics(path, kind) if kind in STATISTICS else LabelledTable(path, _plain(path, kind))
    if table.cells.is_empty():
        raise InputError(f"{path}: the table has no rows.")
    return table


def _plain(path: Path, kind: str) -> pl.DataFrame:
    if kind == ".parquet":
        try:
            return pl.read_parquet(path)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise InputError(f"{path}: cannot be read as a parquet table: {_brief(error)}.") from None
    separator = _separator(path, kind)
    try:
        cells = pl.read_csv(path, separator=separator, infer_schema=False, null_values=[_NULL])
    except (pl.exceptions.PolarsError, OSError) as error:
        _check_text(path, separator)
        raise InputError(f"{path}: cannot be read as a table: {_brief(error)}.") from None
    twice = next((name for name in cells.columns if name.endswith("_duplicated_0")), None)
    if twice is not None:
        raise InputError(f"{path}: the column '{twice.removesuffix('_duplicated_0')}' stands twice. Keep one of them.")
    return cells


def _brief(error: Exception) -> str:
    return (str(error).splitlines() or ["empty"])[0].rstrip(".")


def _open(path: Path) -> Any:
    packed = suffix(path).endswith(".gz")
    return gzip.open(path, "rt", encoding="utf-8", newline="") if packed else path.open(encoding="utf-8", newline="")


def _separator(path: Path, kind: str) -> str:
    """Return what stands between fields: spreadsheets of many countries write semicolons in a .csv file."""
    if kind.startswith(".tsv"):
        return "\t"
    try:
        with _open(path) as file:
            header = cast("str", file.readline())
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text ({error}). Save it as 'CSV UTF-8'.") from None
    return ";" if ";" in header and "," not in header else ","


def _check_text(path: Path, separator: str) -> None:
    """Name what is wrong with a text table: its encoding, or the line that has too many fields."""
    try:
        with _open(path) as file:
            lines = csv.reader(file, delimiter=separator)
            header = next(lines, list[str]())
            for fields in lines:
                if len(fields) > len(header):
                    raise InputError(
                        f"{path} line {lines.line_num} has {len(fields)} fields, the header has {len(header)}."
                    )
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text ({error}). Save it as 'CSV UTF-8'.") from None


def _statistics(path: Path, kind: str) -> LabelledTable:
    pyreadstat = require("pyreadstat")
    read = pyreadstat.read_sav if kind == ".sav" else pyreadstat.read_dta
    try:
        cells, about = read(str(path), user_missing=True, output_format="polars")
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a '{kind}' file: {_brief(error)}.") from None
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
