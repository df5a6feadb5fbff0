"""Respondents: the people who are asked, as a table of attributes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from silicus.errors import InputError
from silicus.study.tables import check_weights, place_in, read_table

__all__ = ["Respondent", "draw_profiles", "iter_respondents", "read_respondents"]

_PROFILES = Path(__file__).parent / "profiles" / "us_adults.csv"
_NOT_ATTRIBUTES = ("respondent", "weight")


@dataclass(frozen=True)
class Respondent:
    """One person who is asked.

    Attributes:
        id: unique in its table.
        attributes: name -> value as shown to the model; unknown values are left out.
        weight: how many people of the population this one stands for, up to a constant.
    """

    id: str
    attributes: dict[str, str | int]
    weight: float = 1.0


def read_respondents(path: Path) -> pl.DataFrame:
    """Return a respondents table: `respondent`, `weight`, then one column an attribute.

    A column `respondent` holds the ids (rows are numbered where it is absent), a column `weight` the
    weights (1 where absent); every other column is an attribute.

    Raises:
        InputError: no attribute, an id that is empty or stands twice, or a weight that is negative or missing.
    """
    table = read_table(path, "respondents")
    if "respondent" not in table.columns:
        # Not plain numbers: they would be taken for the ids of a table of human answers.
        numbers = pl.int_range(1, len(table) + 1).cast(pl.String)
        table = table.with_columns(respondent=pl.lit("row ") + numbers)
    if "weight" not in table.columns:
        table = table.with_columns(weight=pl.lit(1.0))
    table = table.with_columns(pl.col("respondent").cast(pl.String))
    _check(table, path)
    return table.select(*_NOT_ATTRIBUTES, pl.exclude(*_NOT_ATTRIBUTES)).with_columns(pl.col("weight").cast(pl.Float64))


def _check(table: pl.DataFrame, path: Path) -> None:
    if set(table.columns) == set(_NOT_ATTRIBUTES):
        raise InputError(f"{path}: found no attribute column, expected at least one beside respondent and weight.")
    nameless = table["respondent"].is_null().arg_true()
    if len(nameless):
        raise InputError(f"{place_in(path, nameless[0])}: the column 'respondent' is empty. Give every row its own id.")
    twins = table.filter(pl.col("respondent").is_duplicated())
    if not twins.is_empty():
        raise InputError(f"{path}: the respondent '{twins['respondent'][0]}' stands twice. Give every row its own id.")
    check_weights(table["weight"], path)
    if table["weight"].sum() <= 0:
        raise InputError(f"{path}: all weights are 0, expected at least one above 0.")


def draw_profiles(count: int, rng: np.random.Generator) -> pl.DataFrame:
    """Return `count` adult profiles drawn at random from the bundled US table, without repeats.

    The table's margins are population margins, some published exactly and some recalled; which, and how
    attributes hang together, is told in `study/profiles/README.md`.

    Raises:
        InputError: fewer than 1 or more than the bundled profiles are asked for.
    """
    profiles = pl.read_csv(_PROFILES)
    if not 1 <= count <= len(profiles):
        raise InputError(
            f"found --respondents {count}, expected 1 to {len(profiles)} (the bundled profiles), "
            "or a table of your own."
        )
    rows = np.sort(rng.choice(len(profiles), size=count, replace=False))
    drawn = profiles[rows].rename({"profile": "respondent"})
    return drawn.select(pl.col("respondent").cast(pl.String), pl.lit(1.0).alias("weight"), pl.exclude("respondent"))


def iter_respondents(table: pl.DataFrame) -> Iterator[Respondent]:
    """Yield the respondents of a table as `read_respondents` returns it."""
    for row in table.iter_rows(named=True):
        known = {k: _shown(v) for k, v in row.items() if k not in _NOT_ATTRIBUTES and _is_known(v)}
        yield Respondent(id=row["respondent"], attributes=known, weight=row["weight"])


def _is_known(value: object) -> bool:
    return value is not None and value != "" and not (isinstance(value, float) and math.isnan(value))


def _shown(value: object) -> str | int:
    """Return a value as people write it: 34, not 34.0."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) else str(value)
