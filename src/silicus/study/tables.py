"""The two tables: what people answered, and what a model answers, under one key."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from silicus.errors import InputError, did_you_mean
from silicus.study.study import Study

__all__ = ["KEY", "PREDICTIONS", "RESPONSES", "human_responses", "need_columns", "read_table"]

KEY = ("study", "condition", "question", "item")
"""What one cell and stimulus is known by, in both tables; `respondent` is added for one person."""

RESPONSES = pl.Schema(
    {
        "study": pl.String,
        "condition": pl.String,
        "question": pl.String,
        "item": pl.String,  # the hash of the stimulus actually shown
        "respondent": pl.String,  # null where only counts were published
        "response": pl.Int64,  # a value of the question's scale, or one of its refusals
        "n": pl.Int64,  # how many people gave this answer: 1 for a single respondent
        "weight": pl.Float64,  # survey weight of one of these people
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


def read_table(path: Path, what: str) -> pl.DataFrame:
    """Return a CSV, TSV or parquet file as a table.

    Args:
        path: the file.
        what: what the table holds, for the message ("respondents").

    Raises:
        InputError: the file is absent, of another kind, or broken.
    """
    readers = {
        ".csv": lambda: pl.read_csv(path, infer_schema_length=None),
        ".tsv": lambda: pl.read_csv(path, separator="\t", infer_schema_length=None),
        ".parquet": lambda: pl.read_parquet(path),
    }
    if not path.is_file():
        raise InputError(f"{path}: no such file. Expected a table of {what} (.csv, .tsv or .parquet).")
    if path.suffix not in readers:
        raise InputError(f"{path}: found a '{path.suffix}' file, expected {what} as .csv, .tsv or .parquet.")
    try:
        table = readers[path.suffix]()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{path}: cannot be read as a table of {what}: {error}") from None
    if table.is_empty():
        raise InputError(f"{path}: the table of {what} has no rows.")
    return table


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
        (study.id, condition, question, item.item, None, item.scale.answers[item.scale.index(answer)], people, 1.0)
        for condition, questions in counts.items()
        for question, answers in questions.items()
        for item in [shown[condition, question]]
        for answer, people in answers.items()
        if people
    ]
    return pl.DataFrame(rows, schema=RESPONSES, orient="row")


def _from_table(study: Study, path: Path) -> pl.DataFrame:
    table = read_table(path, "responses")
    need_columns(table, ("condition", "question", "response"), path)
    shown = {(i.condition, i.question): i for i in study.items()}
    rows: list[tuple[object, ...]] = []
    for number, row in enumerate(table.iter_rows(named=True), start=2):
        item = shown.get((str(row["condition"]), str(row["question"])))
        if item is None:
            raise InputError(
                f"{path} line {number}: the study '{study.id}' has no condition '{row['condition']}' "
                f"with a question '{row['question']}'."
            )
        if row["response"] is None:
            continue
        try:
            value = item.scale.answers[item.scale.index(row["response"])]
        except ValueError as error:
            raise InputError(f"{path} line {number}: {error}") from None
        respondent = row.get("respondent")
        weight = row.get("weight")
        rows.append(
            (study.id, item.condition, item.question, item.item, None if respondent is None else str(respondent),
             value, 1, 1.0 if weight is None else float(weight))
        )  # fmt: skip
    return pl.DataFrame(rows, schema=RESPONSES, orient="row")
