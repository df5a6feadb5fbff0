"""Published margins of a population, as a file gives them and as they meet a table of respondents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import field_validator, model_validator

from silicus.errors import InputError, counted, did_you_mean
from silicus.record import Record, read
from silicus.study.respondents import known_value

__all__ = ["Margin", "Margins", "Target", "match_margins", "read_margins"]

TOLERANCE = 0.005
"""How far shares may sum to something else than 1: published ones are rounded."""

_BAND = re.compile(r"(\d+)(?:\+|\s?(?:-|–|to)\s?(\d+))")
_MOST = float("inf")

Shares = dict[bool | int | float | str, float]


class Margin(Record):
    """How a population is distributed over the categories of one attribute."""

    source: str
    """Where the numbers are published; cited with the weights."""
    shares: Shares | None = None
    """category -> share of the population; they sum to 1."""
    counts: Shares | None = None
    """category -> number of people, or per cent, instead of shares."""

    @model_validator(mode="after")
    def _check(self) -> Margin:
        given = [each for each in (self.shares, self.counts) if each is not None]
        if len(given) != 1:
            found = "both shares and counts" if given else "neither shares nor counts"
            raise ValueError(f"found {found}, expected one of them.")
        for category, number in given[0].items():
            if not 0 <= number < float("inf"):
                raise ValueError(f"found {number:g} for '{category}', expected 0 or more.")
        total = sum(given[0].values())
        if self.shares is not None and abs(total - 1) > TOLERANCE:
            raise ValueError(
                f"the shares sum to {total:.6g}, expected 1 within {TOLERANCE:g}. Give numbers of people, or per "
                "cents, as counts."
            )
        if not total > 0:
            raise ValueError("the counts sum to 0, expected more.")
        if len(self.targets) < len(given[0]):
            raise ValueError("a category stands twice, as a number and as a word. Keep one of them.")
        return self

    @property
    def targets(self) -> dict[str, float]:
        """category, as people write it -> share; the shares sum to 1."""
        numbers = self.shares if self.shares is not None else self.counts or {}
        total = sum(numbers.values())
        return {str(known_value(category)): number / total for category, number in numbers.items()}


class Margins(Record):
    """The margins that respondents are to be weighted to."""

    margins: dict[str, Margin]
    """attribute -> its margin."""
    total: float | None = None
    """What the weights are to sum to, such as the size of the population; by default the number of respondents."""
    missing: Literal["error", "drop"] = "error"
    """What becomes of respondents of whom an attribute is unknown."""
    trim: float | None = None
    """The largest weight, as a multiple of the mean weight; by default there is none."""

    @field_validator("margins")
    @classmethod
    def _some(cls, margins: dict[str, Margin]) -> dict[str, Margin]:
        if not margins:
            raise ValueError("found no margin, expected at least one.")
        return margins

    @model_validator(mode="after")
    def _check(self) -> Margins:
        if self.trim is not None and not self.trim > 1:
            raise ValueError(f"found trim {self.trim:g}, expected more than 1: a multiple of the mean weight.")
        if self.total is None:
            return self
        if not self.total > 0:
            raise ValueError(f"found the total {self.total:g}, expected more than 0.")
        for name, margin in self.margins.items():
            people = sum((margin.counts or {}).values())
            if margin.counts is not None and abs(people / self.total - 1) > TOLERANCE:
                raise ValueError(
                    f"the counts of '{name}' sum to {people:,.10g}, the total is {self.total:,.10g}. They speak of "
                    "different people; correct one of them, or leave out the total."
                )
        return self


@dataclass(frozen=True)
class Target:
    """One margin beside the respondents it is to hold for.

    Attributes:
        attribute: its name.
        categories: their names.
        share: of every category in the population, shape (categories,).
        place: index of every respondent's category, shape (respondents,).
    """

    attribute: str
    categories: tuple[str, ...]
    share: npt.NDArray[np.float64]
    place: npt.NDArray[np.int64]


def read_margins(path: Path) -> Margins:
    """Return the margins that a YAML or JSON file holds.

    Raises:
        InputError: naming the file, the line, what was found and what was expected.
    """
    return read(path, Margins)


def match_margins(
    table: pl.DataFrame, margins: Margins, table_name: str, file: Path | str
) -> tuple[pl.DataFrame, list[Target], dict[str, int]]:
    """Return the respondents that are kept, every margin beside them, and reason -> respondents left out.

    Where a column holds numbers and every category of its margin is a range (`18-29`, `65+`), a respondent is in the
    range in which the number lies.

    Args:
        table: as `read_respondents` returns it.
        margins: what they are to be weighted to.
        table_name: what the table is called in messages.
        file: the file of the margins, for messages.

    Raises:
        InputError: a margin is of no column, a category has no share or nobody in it, or something is unknown.
    """
    attributes = [name for name in table.columns if name not in {"respondent", "weight"}]
    for name in margins.margins:
        if name not in attributes:
            raise InputError(f"{file}: '{name}' is no attribute of {table_name}.{did_you_mean(name, attributes)}")
    table, left_out = _without_unknown(table, margins, table_name)
    return table, [_target(table, name, each, table_name, file) for name, each in margins.margins.items()], left_out


def _without_unknown(table: pl.DataFrame, margins: Margins, table_name: str) -> tuple[pl.DataFrame, dict[str, int]]:
    left_out: dict[str, int] = {}
    for name in margins.margins:
        unknown = pl.Series([known_value(value) is None for value in table[name]], dtype=pl.Boolean)
        if unknown.any() and margins.missing == "error":
            raise InputError(
                f"{table_name}: the '{name}' of respondent '{table.filter(unknown)['respondent'][0]}' is unknown, as "
                f"of {counted(int(unknown.sum()), 'respondent', 'respondents')} in all. Fill it in, or leave them out "
                "with 'missing: drop' in the file of the margins."
            )
        if unknown.any():
            left_out[f"'{name}' is unknown"] = int(unknown.sum())
            table = table.filter(~unknown)
    if not table["weight"].sum() > 0:
        raise InputError(f"{table_name}: of no respondent with a weight above 0 every attribute is known.")
    return table, left_out


def _target(table: pl.DataFrame, name: str, margin: Margin, table_name: str, file: Path | str) -> Target:
    targets = margin.targets
    categories = tuple(targets)
    place = _places(table[name], categories)
    absent = np.flatnonzero(place < 0)
    if absent.size:
        value = known_value(table[name][int(absent[0])])
        raise InputError(
            f"{table_name}: found the {name} '{value}' (respondent '{table['respondent'][int(absent[0])]}', "
            f"{counted(int(absent.size), 'respondent', 'respondents')} without a category in all), for which {file} "
            f"has no number.{did_you_mean(str(value), categories)}"
        )
    share = np.array(list(targets.values()), dtype=np.float64)
    weight = np.bincount(place, table["weight"].to_numpy(), minlength=len(categories))
    empty = np.flatnonzero((weight == 0) & (share > 0))
    if empty.size:
        category = categories[int(empty[0])]
        held = {str(known_value(value)) for value in table[name].unique()} - {category}
        raise InputError(
            f"{file}: nobody in {table_name} with a weight above 0 has the {name} '{category}', whose share is "
            f"{share[empty[0]]:.4g}.{did_you_mean(category, held)} Or merge it with another category."
        )
    return Target(name, categories, share, place)


def _places(column: pl.Series, categories: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Return the index of the category of every value, -1 where there is none."""
    index = {category: place for place, category in enumerate(categories)}
    bands = _bands(categories) if column.dtype.is_numeric() else None
    own = {value: _in_band(value, bands) if bands else index.get(str(known_value(value)), -1) for value in set(column)}
    return np.array([own[value] for value in column], dtype=np.int64)


def _bands(categories: tuple[str, ...]) -> list[tuple[float, float]] | None:
    """Return the ends of every category; `None` where one of them is no range."""
    found = [_BAND.fullmatch(category.strip()) for category in categories]
    ends = [(float(each[1]), float(each[2] or _MOST)) for each in found if each]
    return ends if len(ends) == len(categories) else None


def _in_band(value: float, bands: list[tuple[float, float]]) -> int:
    """Return the first range in which a number lies; one of 29.5 years lies in 18-29."""
    return next((place for place, (low, high) in enumerate(bands) if low <= value < high + 1), -1)
