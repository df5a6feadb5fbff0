"""SocSci210 as datasets: the parquet files of its hub, and the JSON lines that others derived from them.

People's answers to 210 studies of the Time-sharing Experiments for the Social Sciences (Kolluri et al., 2025,
https://doi.org/10.18653/v1/2025.emnlp-main.1530). The hub's columns `reasoning` and `prompt` are never read:
the reasoning was written with the answer in view, the prompt repeats stimulus and demographics.

A person is a participant *within* a study, as the hub numbers them anew in every study. The derived form does
not number people: there every row is a respondent of its own, and everything known of one is on that row.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import polars as pl

from silicus.data.dataset import ROWS, Dataset, assemble
from silicus.errors import InputError, did_you_mean
from silicus.study import need_columns

__all__ = ["read_derived", "read_hub"]

_HUB_COLUMNS = ("study_id", "participant", "demographic", "stimuli", "response", "condition_num", "task_num")
_HUB_NUMBERS = ("participant", "response", "condition_num", "task_num")
_HUB_KEYS = ("study_id", "participant", "condition_num", "task_num")

_DERIVED_KEYS = {"input": str, "output": str, "study_id": str, "condition_num": int}
_KINDS = {str: "text", int: "a whole number"}
_INPUT = re.compile(r"Demographics:(?P<demographics>.*?)\n\s*Scenario:(?P<stimulus>.*)", re.DOTALL)
# A value may hold "; ", so a new attribute starts only where a name and a colon follow.
_ATTRIBUTE = re.compile(r";\s+(?=[A-Z][^:;]*:(?: |$))")
_OUTPUT = re.compile(r"\s*(?:Response:)?\s*(-?\d+(?:\.\d+)?)\s*", re.IGNORECASE)
_WHOLE = r"^-?\d+$"

_HUB_NAMES = {"political_affiliation": "party_id"}
_NOT_ATTRIBUTES = ("respondent", "weight")


def read_hub(paths: list[Path], name: str | None = None) -> Dataset:
    """Return the dataset of parquet files with the hub's columns.

    Args:
        paths: the shards; a study may span several.
        name: what the dataset is called; the first file's name where it is left out.

    Raises:
        InputError: a file cannot be read, lacks a column, or holds another type than the hub's.
    """
    shards = [_hub_shard(path) for path in paths]
    people = pl.concat([_hub_people(shard) for shard in shards], how="diagonal_relaxed")
    rows = pl.concat([_hub_rows(shard) for shard in shards])
    if rows.is_empty():
        raise InputError(f"{paths[0]}: the table of responses has no rows.")
    return assemble(name or paths[0].stem, rows, people.unique("respondent", keep="first", maintain_order=True))


def _hub_shard(path: Path) -> pl.DataFrame:
    try:
        scan = pl.scan_parquet(path)
        need_columns(pl.DataFrame(schema=scan.collect_schema()), _HUB_COLUMNS, path)
        table = scan.select(_HUB_COLUMNS).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{path}: cannot be read as a parquet table: {error}") from None
    _check_types(table, path)
    for column in _HUB_KEYS:
        row = table[column].is_null().arg_true()
        if len(row):
            raise InputError(f"{path} row {row[0] + 1}: the column '{column}' is empty. Every row needs one.")
    respondent = pl.format("{}/{}", "study_id", "participant")
    return table.with_columns(respondent=respondent)


def _check_types(table: pl.DataFrame, path: Path) -> None:
    right = {
        **{column: table[column].dtype.is_integer() for column in _HUB_NUMBERS},
        **{column: table[column].dtype == pl.String for column in ("study_id", "stimuli")},
        "demographic": isinstance(table["demographic"].dtype, pl.Struct),
    }
    expected = dict.fromkeys(_HUB_NUMBERS, "whole numbers") | {"demographic": "a struct of attributes"}
    for column, is_right in right.items():
        if not is_right:
            found = table[column].dtype
            raise InputError(f"{path}: the column '{column}' holds {found}, expected {expected.get(column, 'text')}.")


def _hub_rows(shard: pl.DataFrame) -> pl.DataFrame:
    return shard.select(
        study="study_id",
        condition=pl.col("condition_num").cast(pl.String),
        question=pl.format("task {}", "task_num"),
        respondent="respondent",
        stimulus="stimuli",
        answer=pl.col("response").cast(pl.Float64),
    ).cast(ROWS)


def _hub_people(shard: pl.DataFrame) -> pl.DataFrame:
    """Return one row a respondent; where a person's rows differ, the first counts."""
    first = shard.unique("respondent", keep="first", maintain_order=True).select("respondent", "demographic")
    people = first.with_columns(weight=1.0).select("respondent", "weight", "demographic").unnest("demographic")
    empty_is_unknown = pl.col(pl.String).replace("", None)
    return people.with_columns(empty_is_unknown)


def read_derived(path: Path) -> Dataset:
    """Return the dataset of a JSON-lines file with the keys input, output, study_id and condition_num.

    Raises:
        InputError: naming the line that is not JSON, lacks a key, or holds another type or form.
    """
    rows: list[tuple[str, str, None, str, str, float | None]] = []
    people: list[dict[str, str]] = []
    for number, data in _json_lines(path):
        where = f"{path} line {number}"
        _check_keys(data, where)
        parts = _INPUT.fullmatch(data["input"])
        if parts is None:
            found = repr(data["input"][:60])
            raise InputError(f"{where}: found the input {found}, expected 'Demographics: ... Scenario: ...'.")
        respondent = f"{data['study_id']}/row {number:05}"
        stimulus, condition = parts["stimulus"].strip(), str(data["condition_num"])
        rows.append((data["study_id"], condition, None, respondent, stimulus, _number(data["output"])))
        people.append({"respondent": respondent} | _attributes(parts["demographics"], where))
    if not rows:
        raise InputError(f"{path}: found no line, expected one JSON object a line.")
    return assemble(
        path.stem, pl.DataFrame(rows, schema=ROWS, orient="row"), _derived_people(people), people_known=False
    )


def _json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a JSON-lines file with their 1-based line; empty lines are passed over."""
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, _json_object(line, f"{path} line {number}")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text ({error}).") from None


def _json_object(line: str, where: str) -> dict[str, Any]:
    try:
        data = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(f"{where}: not valid JSON: {error.msg} at column {error.colno}.") from None
    if not isinstance(data, dict):
        raise InputError(f"{where}: found {line.strip()[:60]}, expected a JSON object.")
    return cast("dict[str, Any]", data)


def _check_keys(data: dict[str, Any], where: str) -> None:
    for key, kind in _DERIVED_KEYS.items():
        if key not in data:
            raise InputError(f"{where}: the key '{key}' is missing.{did_you_mean(key, data)}")
        if not isinstance(data[key], kind) or isinstance(data[key], bool):
            raise InputError(f"{where}: found {key} {data[key]!r}, expected {_KINDS[kind]}.")


def _number(output: str) -> float | None:
    match = _OUTPUT.fullmatch(output)
    return float(match[1]) if match else None


def _attributes(demographics: str, where: str) -> dict[str, str]:
    """Return the attributes in `Age: 76; Gender: Male`, named as the hub's fields."""
    known: dict[str, str] = {}
    for part in _ATTRIBUTE.split(demographics.strip()) if demographics.strip() else []:
        label, colon, value = part.partition(":")
        name = re.sub(r"\W+", "_", label.strip().lower()).strip("_")
        if not colon or not name:
            raise InputError(f"{where}: found {part[:60]!r} among the demographics, expected 'Name: value'.")
        if name in _NOT_ATTRIBUTES:
            raise InputError(f"{where}: the attribute '{name}' has the name of a column of the respondents. Rename it.")
        known[_HUB_NAMES.get(name, name)] = value.strip()
    return known


def _derived_people(people: list[dict[str, str]]) -> pl.DataFrame:
    """Return one row a respondent; an attribute of whole numbers only is a column of numbers."""
    names = dict.fromkeys(name for person in people for name in person)
    table = pl.DataFrame(people, schema=dict.fromkeys(names, pl.String)).with_columns(
        pl.exclude("respondent").replace("", None)
    )
    numbers = [
        pl.col(name).cast(pl.Int64)
        for name in names
        if name != "respondent" and table[name].count() and table[name].drop_nulls().str.contains(_WHOLE).all()
    ]
    return table.with_columns(numbers).select("respondent", pl.lit(1.0).alias("weight"), pl.exclude("respondent"))
