"""SocSci210: the parquet files of its hub, and the JSON lines that others derived from them.

People's answers to 210 studies of the Time-sharing Experiments for the Social Sciences (Kolluri et al., 2025,
https://doi.org/10.18653/v1/2025.emnlp-main.1530). The column `prompt` is never read: it repeats stimulus and
demographics. `reasoning` was written with the answer in view; it is read only where it is asked for as a target.

A person is a participant *within* a study, as the hub numbers them anew in every study. The derived form does
not number people: there every row is a respondent of its own, and everything known of one is on that row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from silicus.data.dataset import ROWS, Dataset
from silicus.data.reader import Reader, ReadOptions
from silicus.data.readers.lines import check_keys, first_line, json_lines
from silicus.data.stimuli import assemble
from silicus.errors import InputError
from silicus.study import Source, need_columns

__all__ = ["READER", "derived_respondent", "from_derived", "read_derived", "read_hub"]

_SOURCE = Source(
    citation=(
        "Kolluri, A., Wu, S., Park, J. S., & Bernstein, M. S. (2025). Finetuning LLMs for human behavior prediction "
        "in social science experiments. EMNLP 2025."
    ),
    doi="10.18653/v1/2025.emnlp-main.1530",
    url="https://huggingface.co/datasets/socratesft/SocSci210",
    population="respondents of 210 experiments fielded on US panels (TESS)",
    licence="none stated by its authors; not redistributed here",
    fielded="2003/2024",
)

_HUB_COLUMNS = ("study_id", "participant", "demographic", "stimuli", "response", "condition_num", "task_num")
_HUB_NUMBERS = ("participant", "response", "condition_num", "task_num")
_HUB_KEYS = ("study_id", "participant", "condition_num", "task_num")

_DERIVED_KEYS: dict[str, type] = {"input": str, "study_id": str, "condition_num": int}
_INPUT = re.compile(r"Demographics:(?P<demographics>.*?)\n\s*Scenario:(?P<stimulus>.*)", re.DOTALL)
# A value may hold "; ", so a new attribute starts only where a name and a colon follow.
_ATTRIBUTE = re.compile(r";\s+(?=[A-Z][^:;]*:(?: |$))")
_OUTPUT = re.compile(r"\s*(?:Response:)?\s*(-?\d+(?:\.\d+)?)\s*", re.IGNORECASE)
_WHOLE = r"^-?\d+$"

_HUB_NAMES = {"political_affiliation": "party_id"}
_UNLIKE = "people whose demographics differ between their rows, of which the first counts: two people under one number?"
_NOT_ATTRIBUTES = ("respondent", "weight")


def _recognises(path: Path) -> bool:
    if path.is_dir():
        return any(_is_hub(shard) for shard in sorted(path.rglob("*.parquet"))[:1])
    return (path.suffix == ".parquet" and _is_hub(path)) or (path.suffix == ".jsonl" and _is_derived(path))


def _is_hub(path: Path) -> bool:
    """Whether most of the hub's columns are there, so that a missing one is named and not taken for another form."""
    try:
        columns = pl.scan_parquet(path).collect_schema().names()
    except (pl.exceptions.PolarsError, OSError):
        return False
    return len(set(_HUB_COLUMNS) & set(columns)) > len(_HUB_COLUMNS) // 2


def _is_derived(path: Path) -> bool:
    line = first_line(path)
    keys = (*_DERIVED_KEYS, "output")
    return sum(f'"{key}"' in line for key in keys) > len(keys) // 2


def _read(path: Path, options: ReadOptions) -> Dataset:
    if path.suffix == ".jsonl":
        return read_derived(path, published=options.published)
    shards = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    if not shards:
        raise InputError(f"{path}: found no parquet file in this folder, expected {READER.forms}.")
    data = read_hub(shards, path.stem, published=options.published, rationale=options.rationale)
    beside = sorted(path.rglob("*.jsonl")) if path.is_dir() else []
    note = {f"JSON-lines files in the folder that were not read ({beside[0].name}, …)": len(beside)} if beside else {}
    return replace(data, notes={**data.notes, **note})


READER = Reader(
    name="socsci210",
    title="SocSci210: answers of 400,491 people in 210 US survey experiments",
    source=_SOURCE,
    obtain="Fetched from the hub by its id, or download its parquet files and give their folder.",
    forms="parquet files with the columns of its hub, a folder of them, or JSON lines derived from them",
    recognises=_recognises,
    read=_read,
    hub="socratesft/SocSci210",
    hub_files=("*.parquet", "metadata/*.json"),
)


def read_hub(
    paths: list[Path], name: str | None = None, *, published: bool = False, rationale: bool = False
) -> Dataset:
    """Return the dataset of parquet files with the hub's columns, read one file after the other.

    Args:
        paths: the shards; a study may span several.
        name: what the dataset is called; the first file's name where it is left out.
        published: whether answers off the scale stay.
        rationale: whether `reasoning` is read too, as a column `rationale` of the responses.

    Raises:
        InputError: a file cannot be read, lacks a column, or holds another type than the hub's.
    """
    places: dict[str, int] = {}
    rows: list[pl.DataFrame] = []
    people: list[pl.DataFrame] = []
    known = pl.DataFrame(schema={"respondent": pl.String, "told": pl.UInt64})
    unlike: set[str] = set()
    for path in paths:
        shard = _hub_shard(path, rationale=rationale)
        rows.append(_hub_rows(shard, places))
        # The demographics repeat on every row of a person, so only the first of them goes on.
        told = shard.select("respondent", told=pl.col("demographic").hash()).unique()
        known = pl.concat([known, told]).unique("respondent", keep="first", maintain_order=True)
        unlike.update(told.join(known, on=["respondent", "told"], how="anti")["respondent"])
        people.append(_hub_people(shard))
    table = pl.concat(rows)
    rows.clear()
    if table.is_empty():
        raise InputError(f"{paths[0]}: the table of responses has no rows.")
    everybody = pl.concat(people, how="diagonal_relaxed").unique("respondent", keep="first", maintain_order=True)
    notes = {_UNLIKE: len(unlike)} if unlike else {}
    return assemble(name or paths[0].stem, _SOURCE, list(places), table, everybody, published=published, notes=notes)


def _hub_shard(path: Path, *, rationale: bool) -> pl.DataFrame:
    columns = (*_HUB_COLUMNS, "reasoning") if rationale else _HUB_COLUMNS
    try:
        scan = pl.scan_parquet(path)
        need_columns(pl.DataFrame(schema=scan.collect_schema()), columns, path)
        table = scan.select(columns).collect()
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


def _hub_rows(shard: pl.DataFrame, places: dict[str, int]) -> pl.DataFrame:
    """Return a shard's rows with stimuli as places, which are added to `places` where they are new."""
    texts = shard["stimuli"].unique(maintain_order=True).drop_nulls()
    for text in texts:
        places.setdefault(text, len(places))
    further = {"rationale": pl.col("reasoning")} if "reasoning" in shard.columns else {}
    return shard.select(
        study="study_id",
        condition=pl.col("condition_num").cast(pl.String),
        question=pl.format("task {}", "task_num"),
        respondent="respondent",
        stimulus=_place("stimuli", texts, places),
        answer=pl.col("response").cast(pl.Float64),
        n=pl.lit(1, dtype=pl.Int64),
        weight=pl.lit(1.0),
        missing=pl.lit(None, dtype=pl.String),
        **further,
    )


def _place(column: str, texts: pl.Series, places: dict[str, int]) -> pl.Expr:
    here = {text: places[text] for text in texts}
    if not here:
        return pl.lit(None, dtype=pl.UInt32)
    return pl.col(column).replace_strict(here, default=None, return_dtype=pl.UInt32)


def _hub_people(shard: pl.DataFrame) -> pl.DataFrame:
    """Return one row a respondent; where a person's rows differ, the first counts."""
    first = shard.unique("respondent", keep="first", maintain_order=True).select("respondent", "demographic")
    people = first.with_columns(weight=1.0).select("respondent", "weight", "demographic").unnest("demographic")
    empty_is_unknown = pl.col(pl.String).replace("", None)
    return people.with_columns(empty_is_unknown)


def read_derived(path: Path, *, published: bool = False) -> Dataset:
    """Return the dataset of a JSON-lines file with the keys input, output, study_id and condition_num.

    Raises:
        InputError: naming the line that is not JSON, lacks a key, or holds another type or form.
    """
    lines = ((f"{path} line {number}", number, data) for number, data in json_lines(path))
    return from_derived(path, lines, "output", published=published)


def from_derived(
    path: Path, objects: Iterable[tuple[str, int, dict[str, Any]]], answer: str, *, published: bool = False
) -> Dataset:
    """Return the dataset of objects of the derived form, each a respondent of its own.

    Args:
        path: the file they are from.
        objects: where each stands, in words, its number, and its keys.
        answer: the key of what people answered, as text.
        published: whether answers off the scale stay.

    Raises:
        InputError: naming the object that lacks a key, or holds another type or form.
    """
    keys = {**_DERIVED_KEYS, answer: str}
    places: dict[str, int] = {}
    rows: list[tuple[str, str, None, str, int, float | None, int, float, None]] = []
    people: list[dict[str, str]] = []
    for where, number, data in objects:
        check_keys(data, keys, where)
        stimulus, demographics = _scenario(data["input"], where)
        respondent, condition = derived_respondent(data["study_id"], number), str(data["condition_num"])
        place = places.setdefault(stimulus, len(places))
        rows.append((data["study_id"], condition, None, respondent, place, _number(data[answer]), 1, 1.0, None))
        people.append({"respondent": respondent} | _attributes(demographics, where))
    if not rows:
        raise InputError(f"{path}: found no line, expected one JSON object a line.")
    table = pl.DataFrame(rows, schema=ROWS, orient="row")
    return assemble(path.stem, _SOURCE, list(places), table, _derived_people(people), unit="row", published=published)


def derived_respondent(study: str, number: int) -> str:
    """Return what the respondent of an object of the derived form is called, by its study and its number."""
    return f"{study}/row {number:05}"


def _scenario(text: str, where: str) -> tuple[str, str]:
    """Return the words of the stimulus and of the demographics."""
    parts = _INPUT.fullmatch(text)
    if parts is None:
        raise InputError(f"{where}: found the input {text[:60]!r}, expected 'Demographics: ... Scenario: ...'.")
    return parts["stimulus"].strip(), parts["demographics"]


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
