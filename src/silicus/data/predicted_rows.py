"""The rows of a file of predictions, whatever its form, and in which of three ways they predict."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl

from silicus.data.dataset import Dataset
from silicus.data.readers.generations import generated, holds_generations
from silicus.data.readers.lines import json_lines, json_list
from silicus.data.readers.text_table import read_text
from silicus.errors import InputError, did_you_mean
from silicus.study import need_columns, read_table

__all__ = ["CELL", "PredictedKind", "PredictedRows", "predicted_rows"]

PredictedKind = Literal["probabilities", "samples", "texts"]
"""A probability for every point of the scale; answers drawn, a row each; or texts that were generated, a row each."""

CELL = ("study", "condition", "question")
"""What every row names."""

_COLUMNS: dict[str, PredictedKind] = {"probabilities": "probabilities", "answer": "samples", "text": "texts"}
_WIDE = re.compile(r"p_(-?\d+)")


@dataclass(frozen=True)
class PredictedRows:
    """What a file of predictions holds.

    Attributes:
        kind: in which way it predicts.
        wide: value -> the column with its probability; empty where a row's probabilities are one list.
        rows: column -> cell, to be read once; cells of text tables are text.
        count: how many rows there are.
    """

    kind: PredictedKind
    wide: dict[int, str]
    rows: Iterable[dict[str, Any]]
    count: int


def predicted_rows(path: Path, data: Dataset) -> PredictedRows:
    """Return the rows of a file of predictions.

    Args:
        path: a .csv, .tsv, .parquet, .jsonl or .json file.
        data: people's answers; only a file with answers and texts side by side is looked up in them.

    Raises:
        InputError: the file cannot be read, a column is missing, or it does not predict in one way.
    """
    found = generated(path, data) if holds_generations(path) else _read(path)
    if not len(found):
        raise InputError(f"{path}: found no row, expected predictions.")
    if isinstance(found, pl.DataFrame):
        columns, rows = found.columns, found.iter_rows(named=True)
    else:
        columns, rows = list(dict.fromkeys(column for row in found for column in row)), found
    need_columns(pl.DataFrame(schema=columns), CELL, path)
    wide = {int(match[1]): column for column in columns if (match := _WIDE.fullmatch(column))}
    return PredictedRows(_kind(path, columns, wide), wide, rows, len(found))


def _read(path: Path) -> pl.DataFrame | list[dict[str, Any]]:
    if not path.is_file():
        raise InputError(f"{path}: no such file. Expected predictions (.csv, .tsv, .parquet, .jsonl or .json).")
    match path.suffix:
        case ".csv" | ".tsv":
            # As text: a condition may be called 01.
            table = read_text(path)
            if table.twice:
                raise InputError(f"{path}: the column '{min(table.twice)}' stands twice. Keep one of them.")
            return table.cells
        case ".parquet":
            return read_table(path, "predictions")
        case ".jsonl":
            return [row for _, row in json_lines(path)]
        case ".json":
            return json_list(path)
        case other:
            expected = "predictions as .csv, .tsv, .parquet, .jsonl or .json"
            raise InputError(f"{path}: found a '{other}' file, expected {expected}.")


def _kind(path: Path, columns: list[str], wide: dict[int, str]) -> PredictedKind:
    """Return in which way the columns predict.

    Raises:
        InputError: in none, or in several.
    """
    found = [column for column in _COLUMNS if column in columns] + list(wide.values())[:1]
    if len(found) == 1:
        return _COLUMNS.get(found[0], "probabilities")
    expected = "expected one of 'probabilities' (or p_1, p_2, …), 'answer' and 'text'"
    if found:
        named = " and ".join(f"'{column}'" for column in found)
        raise InputError(f"{path}: found the columns {named}, {expected}. Keep one of them.")
    others = [column for column in columns if column not in CELL]
    hints = (did_you_mean(column, _COLUMNS) for column in others)
    hint = next((hint for hint in hints if hint.startswith(" Did")), "")
    raise InputError(f"{path}: found the columns {', '.join(others) or 'of the key alone'}, {expected}.{hint}")
