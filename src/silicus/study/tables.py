"""The two tables: what people answered, and what a model answers, under one key."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path
from typing import Any

import polars as pl

from silicus.errors import InputError, did_you_mean
from silicus.record import atomic
from silicus.study.scale import Scale
from silicus.study.study import Item, Study

__all__ = [
    "KEY",
    "PREDICTIONS",
    "RESPONSES",
    "VARIANTS",
    "check_weights",
    "human_responses",
    "need_columns",
    "place_in",
    "prediction_failed",
    "read_items",
    "read_table",
    "write_items",
    "write_table",
]

_ROW_GROUP = 65_536

KEY = ("study", "condition", "question", "item")
"""What one cell and stimulus is known by, in both tables; `respondent` is added for one person."""

RESPONSES = pl.Schema(
    {
        "study": pl.String,
        "condition": pl.String,
        "question": pl.String,
        "item": pl.String,  # the hash of the stimulus actually shown
        "respondent": pl.String,  # null where only counts were published
        "response": pl.Int64,  # a value of the question's scale, or one of its refusals; null: no answer given
        "n": pl.Int64,  # how many people gave this answer: 1 for a person; null where only a share is published
        "weight": pl.Float64,  # survey weight of one of these people; the share, where n is null
    }
)
"""People's answers."""

PREDICTIONS = pl.Schema(
    {
        "study": pl.String,
        "condition": pl.String,
        "question": pl.String,
        "item": pl.String,
        "respondent": pl.String,
        "weight": pl.Float64,  # the respondent's
        "probabilities": pl.List(pl.Float32),  # over the scale's points, in order; sums to 1
        "refusal": pl.Float32,  # probability of the refusals among all answers offered
        "covered": pl.Float32,  # probability the model gave to all answers offered, before renormalising
    }
)
"""A model's answers."""

VARIANTS = pl.Schema(
    {
        "study": pl.String,
        "condition": pl.String,
        "question": pl.String,
        "item": pl.String,
        "respondent": pl.String,
        "variant": pl.String,  # how it was asked: "wording 3, order 2 1 3 4"
        "probabilities": pl.List(pl.Float32),  # over the item's own points, whatever the order asked; null: no answer
        "refusal": pl.Float32,
        "covered": pl.Float32,
    }
)
"""A model's answers to each way of asking, where a prediction is the mean over several."""


_ITEM_COLUMNS = ("study", "condition", "question", "context", "text", "scale", "verbatim")

_MISSING = ["NA"]
"""How R writes a missing value in a text table."""


def read_table(path: Path, what: str, *, may_be_empty: bool = False) -> pl.DataFrame:
    """Return a CSV, TSV or parquet file as a table.

    Args:
        path: the file.
        what: what the table holds, for the message ("respondents").
        may_be_empty: whether a table without rows will do.

    Raises:
        InputError: the file is absent, of another kind, or broken.
    """
    readers = {
        ".csv": lambda: pl.read_csv(path, infer_schema_length=None, null_values=_MISSING),
        ".tsv": lambda: pl.read_csv(path, separator="\t", infer_schema_length=None, null_values=_MISSING),
        ".parquet": lambda: pl.read_parquet(path),
    }
    if not path.is_file():
        raise InputError(f"{path}: no such file. Expected a table of {what} (.csv, .tsv or .parquet).")
    if path.suffix not in readers:
        raise InputError(f"{path}: found a '{path.suffix}' file, expected {what} as .csv, .tsv or .parquet.")
    try:
        table = readers[path.suffix]()
    except (pl.exceptions.PolarsError, OSError) as error:
        _check_fields(path)
        raise InputError(f"{path}: cannot be read as a table of {what}: {str(error).splitlines()[0]}.") from None
    if table.is_empty() and not may_be_empty:
        raise InputError(f"{path}: the table of {what} has no rows.")
    twice = next((name for name in table.columns if name.endswith("_duplicated_0")), None)
    if twice is not None:
        raise InputError(f"{path}: the column '{twice.removesuffix('_duplicated_0')}' stands twice. Keep one of them.")
    return table


def _check_fields(path: Path) -> None:
    """Name the line of a text table that has more fields than the header."""
    if path.suffix == ".parquet":
        return
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        lines = csv.reader(file, delimiter="\t" if path.suffix == ".tsv" else ",")
        header = next(lines, list[str]())
        for fields in lines:
            if len(fields) > len(header):
                raise InputError(
                    f"{path} line {lines.line_num} has {len(fields)} fields, the header has {len(header)}."
                )


def write_table(path: Path, table: pl.DataFrame | pl.LazyFrame) -> None:
    """Write a table as parquet, whole or not at all; a lazy table is streamed.

    Raises:
        RunError: the disk is full or the folder cannot be written.
    """
    with atomic(path) as temporary:
        try:
            if isinstance(table, pl.DataFrame):
                table.write_parquet(temporary)
            else:
                table.sink_parquet(temporary, maintain_order=True, row_group_size=_ROW_GROUP, statistics=False)
        except pl.exceptions.ComputeError as error:
            # polars hides the system's error in its text: "No space left on device (os error 28)".
            code = re.search(r"\(os error (\d+)\)", str(error))
            raise OSError(int(code[1]), os.strerror(int(code[1]))) if code else error from None


def write_items(path: Path, items: list[Item]) -> None:
    """Write what was shown and asked as a parquet table, one row an item."""
    rows = [(i.study, i.condition, i.question, i.context, i.text, i.scale.model_dump_json(), i.verbatim) for i in items]
    schema = dict.fromkeys(_ITEM_COLUMNS, pl.String) | {"verbatim": pl.Boolean}
    write_table(path, pl.DataFrame(rows, schema=schema, orient="row"))


def read_items(path: Path) -> dict[str, Item]:
    """Return the items of a table that `write_items` wrote, by their hash.

    Raises:
        InputError: the file is absent, broken, or lacks a column.
    """
    table = read_table(path, "items", may_be_empty=True)
    need_columns(table, _ITEM_COLUMNS, path)
    items = [
        Item(study, condition, question, context, text, Scale.model_validate_json(scale), verbatim)
        for study, condition, question, context, text, scale, verbatim in table.select(_ITEM_COLUMNS).iter_rows()
    ]
    return {item.item: item for item in items}


def place_in(path: Path, row: int) -> str:
    """Return where the row of that index, counted from 0, stands in a file.

    Examples:
        >>> place_in(Path("people.csv"), 0)
        'people.csv line 2'
    """
    return f"{path} row {row + 1}" if path.suffix == ".parquet" else f"{path} line {row + 2}"


def prediction_failed() -> pl.Expr:
    """Return whether a row of a table of predictions holds none: its probabilities are missing, or unknown."""
    return pl.col("probabilities").is_null() | pl.col("probabilities").list.sum().is_nan()


def check_weights(weights: pl.Series, path: Path) -> None:
    """Do nothing where every weight, or number of people (`n`), is a number of 0 or more.

    Raises:
        InputError: naming the first that is not.
    """
    noun = "number of people" if weights.name == "n" else "weight"
    if not weights.dtype.is_numeric():
        raise InputError(f"{path}: the column '{weights.name}' holds {weights.dtype}, expected numbers.")
    good = weights.is_finite() & (weights >= 0)
    bad = (~good).fill_null(value=True).arg_true()
    if len(bad):
        found = "nothing" if weights[bad[0]] is None else f"the {noun} {weights[bad[0]]}"
        raise InputError(f"{place_in(path, bad[0])}: found {found}, expected a {noun} of 0 or more.")


def need_columns(table: pl.DataFrame, needed: tuple[str, ...], where: Path | str) -> None:
    """Do nothing where the table has the columns.

    Raises:
        InputError: naming the missing column and the nearest one there is.
    """
    for column in needed:
        if column not in table.columns:
            hint = did_you_mean(column, table.columns)
            raise InputError(f"{where}: the column '{column}' is missing.{hint}")


def human_responses(study: Study) -> pl.DataFrame:
    """Return people's answers to a study as a table of schema `RESPONSES`; empty where it has none.

    Raises:
        InputError: the response table lacks a column or holds an answer outside the scale.
    """
    if study.human is None:
        return pl.DataFrame(schema=RESPONSES)
    if study.human.counts is not None:
        return _from_counts(study, study.human.counts)
    assert study.human.responses is not None  # noqa: S101 - one of both, by the record's own check
    return _from_table(study, study.human.responses)


def _from_counts(study: Study, counts: dict[str, dict[str, dict[int | str, int]]]) -> pl.DataFrame:
    shown = {(i.condition, i.question): i for i in study.items()}
    rows = [
        (study.id, condition, asked, shown[condition, asked].item, None, answer, people, 1.0)
        for condition, questions in counts.items()
        for question, answers in questions.items()
        for asked, answer, people in study.counted(question, answers)
        if people
    ]
    return pl.DataFrame(rows, schema=RESPONSES, orient="row")


def _from_table(study: Study, path: Path) -> pl.DataFrame:
    table = read_table(path, "responses")
    need_columns(table, ("condition", "question", "response"), path)
    if "weight" in table.columns:
        check_weights(table["weight"], path)
    if not table["response"].dtype.is_numeric():
        table = table.with_columns(pl.col("response").cast(pl.String))
    shown = {(i.condition, i.question): i for i in study.items()}
    conditions, in_words = {c.id for c in study.conditions}, {q.id for q in study.open_questions()}
    rows: list[tuple[object, ...]] = []
    for number, row in enumerate(table.iter_rows(named=True)):
        condition, question = str(row["condition"]), str(row["question"])
        if question in in_words:
            continue
        if condition not in conditions or not study.has_question(question):
            raise InputError(
                f"{place_in(path, number)}: the study '{study.id}' has no condition '{row['condition']}' "
                f"with a question '{row['question']}'."
            )
        try:
            told = study.told(question, row["response"], row)
        except ValueError as error:
            raise InputError(f"{place_in(path, number)}: {error}") from None
        who = _respondent(row, number, len(told))
        weight = float(row.get("weight", 1))
        rows += [(study.id, condition, q, shown[condition, q].item, who, told[q], 1, weight) for q in told]
    return pl.DataFrame(rows, schema=RESPONSES, orient="row")


def _respondent(row: dict[str, Any], number: int, answers: int) -> str | None:
    """Return whose answer a row is; several answers of a nameless row are known to be one person's."""
    if row.get("respondent") is not None:
        return str(row["respondent"])
    # Not a plain number: it would be taken for the id of somebody who is asked.
    return f"line {number + 2}" if answers > 1 else None
