"""A table with labels, and the one road by which it becomes files: every row of every file says whose answers it holds.

synthetic = 1     predicted by a model, no person answered
synthetic = 0     a person answered
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import polars as pl

from silicus.plugins import require
from silicus.record import atomic

__all__ = ["FLAG", "FLAG_WORDS", "FileKind", "LabelledColumns", "Measure", "column_names", "write_flagged"]

Measure = Literal["nominal", "ordinal", "scale"]
FileKind = Literal["csv", "sav", "dta", "parquet"]

FLAG = "synthetic"
"""The column that no file is written without."""
FLAG_WORDS = {0: "a person answered", 1: "predicted by a model, no person answered"}

# Stata allows 32, but a set of labels, which is named as its column, can be written with 31 at most.
_LONGEST_NAME = 31
# What Stata and SPSS do not allow as a name, in small letters.
_RESERVED = frozenset(
    ("_all", "_b", "_coef", "_cons", "_n", "_pi", "_pred", "_rc", "_skip", "all", "and", "by", "byte", "double", "eq",
     "float", "ge", "gt", "if", "in", "int", "le", "long", "lt", "ne", "not", "or", "strl", "to", "using", "with")
)  # fmt: skip
# Bytes that labels may have in both formats.
_LONGEST_TITLE, _LONGEST_WORDS, _LONGEST_FILE_LABEL = 80, 120, 64
_LONGEST_NOTE = 80


@dataclass(frozen=True)
class LabelledColumns:
    """A table, and what its columns and codes mean.

    Attributes:
        table: what stands in the files; a column with `codes` holds their words here, and in a CSV file.
        titles: column -> what it is.
        codes: column -> code -> its words.
        measures: column -> level of measurement; without one, `nominal` where it has codes, else `scale`.
        note: what is to be known of the whole.
    """

    table: pl.DataFrame
    titles: dict[str, str] = field(default_factory=dict[str, str])
    codes: dict[str, dict[int, str]] = field(default_factory=dict[str, dict[int, str]])
    measures: dict[str, Measure] = field(default_factory=dict[str, Measure])
    note: str = ""


def column_names(wanted: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """Return a name for each column that CSV, SPSS and Stata files can all have: wanted -> given.

    Letters, digits and _, at most 31, no two alike whatever their case.

    Args:
        wanted: names of columns, each once.
        taken: names that other columns of the file have.

    Examples:
        >>> column_names(["income (2024)", "weight", "if"], taken=["weight"])
        {'income (2024)': 'income__2024_', 'weight': 'weight_2', 'if': 'if_2'}
    """
    used = {name.casefold() for name in taken} | _RESERVED
    found: dict[str, str] = {}
    for name in wanted:
        plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
        plain = plain if plain[:1].isalpha() else f"v{plain}"
        given, number = plain[:_LONGEST_NAME], 1
        while given.casefold() in used:
            number += 1
            given = f"{plain[: _LONGEST_NAME - len(f'_{number}')]}_{number}"
        used.add(given.casefold())
        found[name] = given
    return found


def write_flagged(
    folder: Path, stem: str, columns: LabelledColumns, kinds: Iterable[FileKind], *, synthetic: bool
) -> list[Path]:
    """Write a table in several kinds of files, each with the flag in every row, and return the files.

    Args:
        folder: where they are written.
        stem: their name without the ending.
        columns: the table. A column of the flag's name is written over.
        kinds: CSV, SPSS (.sav), Stata (.dta) or parquet.
        synthetic: whether a model answered.

    Raises:
        MissingExtraError: a library of the extra `data` is not installed.
        RunError: a file cannot be written.
    """
    flagged = replace(
        columns,
        table=columns.table.drop(FLAG, strict=False).with_columns(pl.lit(int(synthetic), pl.Int64).alias(FLAG)),
        titles={**columns.titles, FLAG: f"{int(synthetic)}: {FLAG_WORDS[synthetic]}"},
        codes={**columns.codes, FLAG: FLAG_WORDS},
        note=f"{FLAG} = {int(synthetic)} in every row: {FLAG_WORDS[synthetic]}. {columns.note}".strip(),
    )
    label = f"{'SYNTHETIC' if synthetic else 'People'}: {FLAG_WORDS[synthetic]}"
    return [_written(folder / f"{stem}.{kind}", kind, flagged, label) for kind in kinds]


def _written(path: Path, kind: FileKind, columns: LabelledColumns, label: str) -> Path:
    with atomic(path) as temporary:
        if kind == "csv":
            columns.table.write_csv(temporary)
        elif kind == "parquet":
            columns.table.write_parquet(temporary)
        else:
            _write_statistics(temporary, kind, columns, label)
    return path


def _write_statistics(path: Path, kind: Literal["sav", "dta"], columns: LabelledColumns, label: str) -> None:
    pyreadstat = require("pyreadstat")
    numbers = columns.table.with_columns(_coded(name, codes) for name, codes in columns.codes.items())
    about: dict[str, Any] = {
        "file_label": _cut(label, _LONGEST_FILE_LABEL),
        "column_labels": {name: _cut(words, _LONGEST_TITLE) for name, words in columns.titles.items()},
        "variable_value_labels": {
            name: {float(code): _cut(words, _LONGEST_WORDS) for code, words in codes.items()}
            for name, codes in columns.codes.items()
        },
    }
    if kind == "dta":
        pyreadstat.write_dta(numbers, path, **about)
        return
    measures = {
        **dict.fromkeys(numbers.columns, "scale"),
        **dict.fromkeys(columns.codes, "nominal"),
        **columns.measures,
    }
    formats = dict.fromkeys(columns.codes, "F8.0")
    pyreadstat.write_sav(
        numbers,
        path,
        **about,
        variable_measure=measures,
        variable_format=formats,
        note=textwrap.wrap(columns.note, _LONGEST_NOTE, break_on_hyphens=False),
    )


def _coded(column: str, codes: dict[int, str]) -> pl.Expr:
    """Return words as their codes; floating point, for neither format knows a whole number that is absent."""
    if column == FLAG:
        return pl.col(column).cast(pl.Float64)
    by_words = {words: float(code) for code, words in codes.items()}
    return pl.col(column).replace_strict(by_words, default=None, return_dtype=pl.Float64)


def _cut(words: str, size: int) -> str:
    """Return the beginning of a text that has at most so many bytes."""
    return words.encode()[:size].decode(errors="ignore")
