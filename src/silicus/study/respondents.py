"""Respondents: the people who are asked, as a table of attributes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from silicus.errors import InputError
from silicus.study.tables import check_weights, place_in, read_table

__all__ = [
    "Respondent",
    "design_effect",
    "draw_profiles",
    "draw_respondents",
    "iter_respondents",
    "known_value",
    "read_respondents",
]

_PROFILES = Path(__file__).parent / "profiles" / "us_adults.csv"
_NOT_ATTRIBUTES = ("respondent", "weight")
_MEANT_AS_WEIGHTS = ("weight", "weights", "wt", "wgt", "survey_weight")


@dataclass(frozen=True)
class Respondent:
    """One person who is asked, or one group of people.

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
    weights (1 where absent). Where a row is a group, a column `n` says of how many people: the group then weighs
    `n` times the weight of one of them. Every other column is an attribute.

    Raises:
        InputError: no attribute, an id that is empty or stands twice, a weight that is negative or missing, or a
            column that seems to hold weights under another name.
    """
    table = read_table(path, "respondents")
    if "respondent" not in table.columns:
        # Not plain numbers: they would be taken for the ids of a table of human answers.
        numbers = pl.int_range(1, len(table) + 1).cast(pl.String)
        table = table.with_columns(respondent=pl.lit("row ") + numbers)
    if "weight" not in table.columns:
        table = table.with_columns(weight=pl.lit(1.0))
    table = table.with_columns(pl.col("respondent").cast(pl.String))
    _check_columns(table, path)
    table = _weighed(table, path)
    return table.select(*_NOT_ATTRIBUTES, pl.exclude(*_NOT_ATTRIBUTES))


def _weighed(table: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Return the table with the weight of every row, in which the people of a group have entered."""
    check_weights(table["weight"], path)
    weight = pl.col("weight").cast(pl.Float64)
    if "n" in table.columns:
        check_weights(table["n"], path)
        table = table.with_columns(weight=weight * pl.col("n")).drop("n")
    if table["weight"].sum() <= 0:
        raise InputError(f"{path}: all weights are 0, expected at least one above 0.")
    return table.with_columns(weight)


def _check_columns(table: pl.DataFrame, path: Path) -> None:
    if set(table.columns) <= {*_NOT_ATTRIBUTES, "n"}:
        raise InputError(f"{path}: found no attribute column, expected at least one beside respondent and weight.")
    nameless = table["respondent"].is_null().arg_true()
    if len(nameless):
        raise InputError(f"{place_in(path, nameless[0])}: the column 'respondent' is empty. Give every row its own id.")
    twins = table.filter(pl.col("respondent").is_duplicated())
    if not twins.is_empty():
        raise InputError(f"{path}: the respondent '{twins['respondent'][0]}' stands twice. Give every row its own id.")
    for name in table.columns:
        if name != "weight" and name.casefold() in _MEANT_AS_WEIGHTS:
            raise InputError(
                f"{path}: found the column '{name}', which would be told to the model as an attribute. Name the "
                "column of weights 'weight'."
            )


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


def draw_respondents(table: pl.DataFrame, count: int, rng: np.random.Generator) -> pl.DataFrame:
    """Return respondents drawn with replacement, each time in proportion to their weights.

    Whoever is drawn three times stands in the table once and weighs 3: the estimates are those of three rows of weight
    1, and a model is asked once.

    Args:
        table: as `read_respondents` returns it.
        count: number of draws, 1 or more; the new weights sum to it.
        rng: where the draws come from.
    """
    weight = table["weight"].to_numpy()
    times = rng.multinomial(count, weight / weight.sum())
    return table.with_columns(weight=pl.Series(times, dtype=pl.Float64)).filter(pl.col("weight") > 0)


def design_effect(weights: npt.ArrayLike) -> float:
    """Return by how much unequal weights raise the variance of a mean: Kish's n sum(w^2) / (sum w)^2, 1 or more.

    Kish (1965), Survey Sampling, 11.7; it holds where weights have nothing to do with the answers. n divided by it
    is the effective number of respondents. Those of weight 0 are not counted.

    Examples:
        >>> design_effect([1, 1, 1, 1]), design_effect([3, 1, 0])
        (1.0, 1.25)
    """
    own = np.asarray(weights, dtype=np.float64)
    own = own[own > 0]
    return float(len(own) * (own**2).sum() / own.sum() ** 2)


def iter_respondents(table: pl.DataFrame) -> Iterator[Respondent]:
    """Yield the respondents of a table as `read_respondents` returns it."""
    for row in table.iter_rows(named=True):
        shown = {name: known_value(value) for name, value in row.items() if name not in _NOT_ATTRIBUTES}
        known = {name: value for name, value in shown.items() if value is not None}
        yield Respondent(id=row["respondent"], attributes=known, weight=row["weight"])


def known_value(value: object) -> str | int | None:
    """Return a value as people write it, 34 and not 34.0; `None` where it is unknown.

    Examples:
        >>> known_value(34.0), known_value(True), known_value(""), known_value(float("nan"))
        (34, 'Yes', None, None)
    """
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) else str(value)
