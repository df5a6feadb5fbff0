"""Invented answers in the shape of SocSci210: its columns, shards, studies, cells and lengths of text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

__all__ = ["ROWS", "Shape", "write_hub"]

ROWS = 2_901_390
"""Rows of the published dataset."""

_STUDIES, _SHARDS = 210, 17
_ANSWERS_PER_PERSON = 7
_VARIED = 0.24  # share of cells that show more than one stimulus
_WITHIN = 0.4  # share of studies that ask a person the same task in several conditions
_CODES, _OFF_SCALE = 0.01, 0.003
_WORDS, _VIGNETTE_WORDS, _QUESTION_WORDS = 4000, 52, 14
_PERSONAS, _REASONS = 20_000, 500

_SCALES = (
    ("an integer from 1 to 7, where 1 means Extremely unlikely and 7 means Extremely likely", 1, 7),
    ("an integer from 1 (Not at all) to 5 (Completely)", 1, 5),
    ("1 for Yes or 2 for No", 1, 2),
    ("an integer from 0 to 100 representing percent chance", 0, 100),
    ("an integer representing dollars", 0, 400),
)
_SCALE_SHARES = (0.45, 0.3, 0.15, 0.07, 0.03)

_FIELDS = {
    "age": [str(age) for age in range(18, 92)],
    "education": ["Less than high school", "High school graduate or equivalent", "Bachelor's degree"],
    "employment": ["Employed as paid employee", "Retired", "Self-employed", "Looking for work"],
    "ethnicity": ["White", "Black", "Hispanic", None, None, None],
    "gender": ["Female", "Male"],
    "household_size": [str(size) for size in range(1, 7)],
    "housing_ownership": ["Owned", "Rented", "Neither"],
    "housing_type": ["One-family house", "Apartment", "Mobile home"],
    "ideology": ["Liberal", "Moderate", "Conservative", None],
    "income": ["20-29K", "50-74K", "100-124K", "200K+"],
    "internet_access": ["Yes", "No"],
    "location": ["Ohio", "Texas", "Maine", "Utah", "Iowa"],
    "marital_status": ["Married", "Never married", "Divorced"],
    "metro_status": ["Metro", "Non-metro"],
    "party_id": ["Strong Democrat", "Lean Democrat", "Don't Lean/Independent/None", "Strong Republican"],
    "phone_service": ["Cell only", "Landline and cell", None],
}  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """How much was written.

    Attributes:
        rows: answers.
        studies: studies.
        stimuli: distinct stimuli.
        characters: mean length of a stimulus, over rows.
    """

    rows: int
    studies: int
    stimuli: int
    characters: float


def write_hub(folder: Path, rows: int, rng: np.random.Generator) -> Shape:
    """Write `rows` invented answers as parquet shards with the hub's columns, and return their shape.

    Fewer rows are fewer studies, so that the cells keep their size.
    """
    folder.mkdir(parents=True, exist_ok=True)
    studies = max(6, round(_STUDIES * rows / ROWS))
    sizes = rng.lognormal(0, 0.6, studies)
    sizes = np.maximum((sizes / sizes.sum() * rows).astype(int), 20)
    sizes[-1] += rows - sizes.sum()
    words = np.array([f"w{number:04}" for number in range(_WORDS)])
    personas = _personas(rng)
    reasons = pl.Series([" ".join(rng.choice(words, 140)) for _ in range(_REASONS)])
    per_shard = -(-rows // _SHARDS)
    stimuli, characters, shard, held = 0, 0, 0, list[pl.DataFrame]()
    for number, size in enumerate(sizes):
        table, distinct = _study(f"st{number:03}", int(size), words, rng)
        table = _dressed(table, personas, reasons, rng)
        stimuli, characters = stimuli + distinct, characters + int(table["stimuli"].str.len_chars().sum())
        held.append(table)
        for full in _full_shards(held, per_shard, last=number == studies - 1):
            full.write_parquet(folder / f"train-{shard:05}-of-{_SHARDS:05}.parquet", row_group_size=50_000)
            shard += 1
    return Shape(rows, studies, stimuli, characters / rows)


def _full_shards(held: list[pl.DataFrame], size: int, *, last: bool) -> Iterator[pl.DataFrame]:
    """Yield the shards that are full, and keep the rest in `held`: a study may span shards."""
    rest = pl.concat(held)
    while len(rest) >= size or (last and len(rest)):
        yield rest[:size]
        rest = rest[size:]
    held[:] = [rest]


def _study(name: str, rows: int, words: np.ndarray, rng: np.random.Generator) -> tuple[pl.DataFrame, int]:
    """Return a study's rows and the number of its distinct stimuli."""
    conditions, tasks = int(rng.integers(2, 10)), int(rng.integers(2, 10))
    number = np.arange(rows)
    person, answer = np.divmod(number, _ANSWERS_PER_PERSON)
    task = answer % tasks
    condition = (person + answer // tasks if rng.random() < _WITHIN else person) % conditions
    scales = rng.choice(len(_SCALES), tasks, p=_SCALE_SHARES)
    arms = [" ".join(rng.choice(words, _VIGNETTE_WORDS)) for _ in range(conditions)]
    asked = [" ".join(rng.choice(words, _QUESTION_WORDS)) for _ in range(tasks)]
    variants = np.where(rng.random((conditions, tasks)) < _VARIED, rng.integers(2, 8, (conditions, tasks)), 1)
    variant = rng.integers(0, 1_000, rows) % variants[condition, task]
    ends = [f"Only return {_SCALES[scale][0]}, nothing else." for scale in scales]
    texts = [
        f'You read about {name} v{v}: "{arms[c]}" and were asked: "{asked[t]}?" {ends[t]}'
        for c in range(conditions)
        for t in range(tasks)
        for v in range(8)
    ]
    place = (condition * tasks + task) * 8 + variant
    low, high = (np.array([s[end] for s in _SCALES])[scales[task]] for end in (1, 2))
    response = low + rng.integers(0, 1 << 30, rows) % (high - low + 1)
    chance = rng.random(rows)
    response = np.where(chance < _CODES, rng.choice([77, 98, 99, 998, -5], rows), response)
    response = np.where(chance > 1 - _OFF_SCALE, high + 3, response)
    table = pl.DataFrame({
        "sample_id": number, "participant": person, "condition_num": condition, "task_num": task, "response": response,
        "study_id": pl.repeat(name, rows, eager=True), "stimuli": pl.Series(texts).gather(place),
    })  # fmt: skip
    return table, len(np.unique(place))


def _personas(rng: np.random.Generator) -> pl.DataFrame:
    columns = {name: rng.integers(0, len(values), _PERSONAS) for name, values in _FIELDS.items()}
    table = pl.DataFrame({name: pl.Series(_FIELDS[name]).gather(places) for name, places in columns.items()})
    table = table.with_columns(pl.col("age", "household_size").cast(pl.Int64))
    lines = pl.concat_str(
        [pl.format("- {}: {}", pl.lit(name), name) for name in _FIELDS], separator="\n", ignore_nulls=True
    )
    return table.select(demographic=pl.struct(*_FIELDS), persona=lines)


def _dressed(table: pl.DataFrame, personas: pl.DataFrame, reasons: pl.Series, rng: np.random.Generator) -> pl.DataFrame:
    """Return the rows with demographics, the published prompt's parts, and reasoning of its length."""
    start = int(rng.integers(0, _PERSONAS))
    who = personas[(table["participant"].to_numpy() * 7919 + start) % _PERSONAS]
    reasoning = reasons.gather(rng.integers(0, len(reasons), len(table)))
    table = pl.concat([table, who], how="horizontal").with_columns(reasoning.alias("reasoning"))
    return table.with_columns(prompt=pl.format("{}\n\n{}", "persona", "stimuli")).drop("persona")
