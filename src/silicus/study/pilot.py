"""A pilot: a table with one row a person, as survey tools export it, read as answers and as people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from silicus.errors import InputError, did_you_mean
from silicus.study.respondents import known_value
from silicus.study.study import Study
from silicus.study.tables import RESPONSES, check_weights, need_columns, place_in, read_table

__all__ = ["Pilot", "read_pilot"]

_OWN = ("respondent", "condition", "weight")


@dataclass(frozen=True)
class Pilot:
    """What people of a pilot answered, and what is known of them.

    Attributes:
        responses: schema `RESPONSES`.
        respondents: `respondent`, `weight` and their attributes, one row a person.
        beside: columns that are known of them and not told to a model, with `respondent`.
        questions: the questions that have answers.
        named: whether the ids are people's own, and not made of the rows' numbers.
    """

    responses: pl.DataFrame
    respondents: pl.DataFrame
    beside: pl.DataFrame
    questions: list[str]
    named: bool


def read_pilot(path: Path, study: Study, attributes: Sequence[str] | None = None, untold: Sequence[str] = ()) -> Pilot:
    """Return the pilot of a study.

    The table has a column `condition`, and one for every question that was asked, named after it, with the codes or the
    labels of its scale. `respondent` holds ids (rows are numbered where it is absent), `weight` survey weights. Every
    other column is an attribute, as a model is told it.

    Args:
        path: a .csv, .tsv or .parquet file.
        study: what was asked.
        attributes: the columns that are attributes; `None`: all that are nothing else.
        untold: of these, columns that are kept and not told to a model.

    Raises:
        InputError: a column is missing, a condition or an answer is not of the study, or a person's rows disagree.
    """
    table = read_table(path, "a pilot")
    need_columns(table, ("condition",), path)
    asked = {question.id for question in study.asked} | {q.id for q in study.questions if study.has_question(q.id)}
    questions = [name for name in table.columns if name in asked]
    if not questions:
        names = [question.id for question in study.asked]
        hint = did_you_mean(names[0], table.columns)
        raise InputError(
            f"{path}: has no column named after a question of '{study.id}' ({', '.join(names[:6])}).{hint}"
        )
    named = "respondent" in table.columns
    table = _named(table, path)
    _check_once(table, path)
    told, beside = _columns(table, study, questions, attributes, untold, path)
    people = _people(table, [*told, *beside], path)
    return Pilot(
        responses=_responses(table, study, questions, path),
        respondents=people.select("respondent", "weight", *told),
        beside=people.select("respondent", *beside),
        questions=questions,
        named=named,
    )


def _named(table: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Return the table with an id and a weight in every row."""
    if "respondent" not in table.columns:
        # Not plain numbers: they would be taken for the ids of those who are simulated.
        table = table.with_columns(respondent=pl.format("pilot {}", pl.int_range(1, pl.len() + 1)))
    if "weight" not in table.columns:
        table = table.with_columns(weight=pl.lit(1.0))
    check_weights(table["weight"], path)
    missing = table["respondent"].is_null().arg_true()
    if len(missing):
        raise InputError(f"{place_in(path, missing[0])}: found no respondent, expected the id of who answered.")
    return table.with_columns(pl.col("respondent").cast(pl.String), pl.col("weight").cast(pl.Float64))


def _check_once(table: pl.DataFrame, path: Path) -> None:
    twice = pl.struct(pl.col("respondent"), pl.col("condition").cast(pl.String)).is_first_distinct().not_()
    found = table.select(twice).to_series().arg_true()
    if len(found):
        who, condition = table["respondent"][found[0]], table["condition"][found[0]]
        raise InputError(
            f"{place_in(path, found[0])}: the respondent '{who}' stands a second time in the condition '{condition}'. "
            "Keep one row a person and condition."
        )


def _columns(
    table: pl.DataFrame,
    study: Study,
    questions: Sequence[str],
    attributes: Sequence[str] | None,
    untold: Sequence[str],
    path: Path,
) -> tuple[list[str], list[str]]:
    """Return the columns that a model is told, and those it is not."""
    need_columns(table, (*(attributes or ()), *untold), path)
    aside = {*_OWN, *questions, *(question.id for question in study.open_questions())}
    wrong = next((name for name in (*(attributes or ()), *untold) if name in aside), None)
    if wrong is not None:
        raise InputError(f"{path}: the column '{wrong}' is an answer or the design, not an attribute. Leave it out.")
    every = [name for name in table.columns if name not in aside] if attributes is None else list(attributes)
    return [name for name in every if name not in untold], list(dict.fromkeys(untold))


def _people(table: pl.DataFrame, columns: Sequence[str], path: Path) -> pl.DataFrame:
    """Return one row a person: weight and columns."""
    people = table.select("respondent", "weight", *columns).unique(maintain_order=True)
    twice = people.filter(pl.col("respondent").is_duplicated())
    if twice.is_empty():
        return people
    who = twice["respondent"][0]
    own = twice.filter(pl.col("respondent") == who)
    differs = next(name for name in own.columns if own[name].n_unique() > 1)
    raise InputError(
        f"{path}: the rows of the respondent '{who}' differ in '{differs}' "
        f"({known_value(own[differs][0])} and {known_value(own[differs][1])}), expected one person in all of them."
    )


def _responses(table: pl.DataFrame, study: Study, questions: Sequence[str], path: Path) -> pl.DataFrame:
    shown = {(item.condition, item.question): item.item for item in study.items()}
    conditions = [condition.id for condition in study.conditions]
    texts = [name for name in questions if not table[name].dtype.is_numeric()]
    table = table.with_columns(pl.col(texts).cast(pl.String))
    rows: list[tuple[object, ...]] = []
    for number, row in enumerate(table.iter_rows(named=True)):
        condition = str(row["condition"])
        if condition not in conditions:
            raise InputError(
                f"{place_in(path, number)}: the study '{study.id}' has no condition '{row['condition']}'."
                f"{did_you_mean(condition, conditions)}"
            )
        for question in questions:
            told = _told(study, question, row, place_in(path, number))
            rows += [
                (study.id, condition, q, shown[condition, q], row["respondent"], answer, 1, row["weight"])
                for q, answer in told.items()
            ]
    return pl.DataFrame(rows, schema=RESPONSES, orient="row")


def _told(study: Study, question: str, row: dict[str, Any], place: str) -> dict[str, int | None]:
    try:
        return study.told(question, row[question], row)
    except ValueError as error:
        raise InputError(f"{place}, question '{question}': {error}") from None
