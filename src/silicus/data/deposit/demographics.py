"""What SocSci210 tells of a person: its 16 fields, their words, and which column of a deposit may hold them.

A study has few of them, in words of its own. A recipe says which column is which field, and how its codes read; here
stands what there is to map to (`demographics.yaml`, where each fact has its source), and what is still unmapped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl

from silicus.data.readers.labelled import code_word
from silicus.record import Record, parse, read_yaml

__all__ = [
    "FIELDS",
    "WHOLE_NUMBERS",
    "Checked",
    "Coverage",
    "Demographic",
    "bands",
    "bare_codes",
    "check_demographics",
    "guess_field",
    "hub_values",
    "income_bands",
    "known_values",
    "states",
    "unmapped_values",
]

_FILE = Path(__file__).with_name("demographics.yaml")

# What may stand before and behind the words of a title: "What is your age?", "Income (household, 18 bands)".
_BEFORE = re.compile(r"^(?:what is|what's|please (?:state|select|choose)|(?:the )?respondent['’]?s?|your|r['’]s)\s+")
_BEHIND = re.compile(r"\s*\([^()]*\)")
_AMOUNT = re.compile(r"\d[\d,]*(?:\.\d+)?")
_BELOW = re.compile(r"\b(?:less than|under|below|up to)\b", re.IGNORECASE)
_ABOVE = re.compile(r"\b(?:or more|and (?:over|above)|or over|more than|at least)\b|\+", re.IGNORECASE)
_LEAST_DOLLARS = 1000
"""Smaller numbers are codes of bands."""
_AGES = (15, 110)
_FEWEST_AGES = 10
"""Fewer distinct numbers are bands."""
_MOST_IN_HOUSEHOLD = 30
_MOST_WORDS = 60
"""A field that is told in words has no more distinct ones, missing codes among them."""
_MOST = 0.8
"""How many of the distinct cells have to look like the field; the others may be missing codes."""


class Demographic(Record):
    """One of the fields."""

    name: str
    whole_numbers: bool = False
    """Whether its values are numbers, as a person's age."""
    values: tuple[str, ...] = ()
    """The words that occur in it."""
    also: dict[str, tuple[str, ...]] = {}
    """Value -> other words for it."""
    codes: dict[str, str] = {}
    """How deposits abbreviate its values."""
    bands: dict[str, int] = {}
    """Value -> the lowest number it stands for; it reaches up to the next."""
    names: tuple[str, ...]
    labels: tuple[str, ...]


class Coverage(StrEnum):
    """How far a table of people fills a field."""

    MAPPED = "mapped"
    UNMAPPED = "unmapped values"
    ABSENT = "absent"


@dataclass(frozen=True)
class Checked:
    """What a table of people has in a field.

    Attributes:
        unmapped: the values that the field does not know, the most frequent first.
    """

    field: str
    what: Coverage
    unmapped: tuple[str, ...] = ()


@cache
def _fields() -> dict[str, Demographic]:
    entries = cast("list[Any]", read_yaml(_FILE))
    found = [parse(entry, Demographic, f"{_FILE.name} entry {place}") for place, entry in enumerate(entries, start=1)]
    return {field.name: field for field in found}


FIELDS = (
    "age", "gender", "ethnicity", "education", "employment", "marital_status", "housing_ownership", "housing_type",
    "location", "metro_status", "income", "internet_access", "household_size", "party_id", "ideology", "phone_service",
)  # fmt: skip
"""The fields, in the order of the published prompt."""

WHOLE_NUMBERS = ("age", "household_size")
"""The fields that hold whole numbers."""


def known_values(field: str) -> tuple[str, ...]:
    """Return the words that occur in a field; none where it holds numbers.

    Examples:
        >>> known_values("metro_status")
        ('Metro Area', 'Non-Metro Area')
        >>> known_values("income")[-1], known_values("location")[0], known_values("age")
        ('200K+', 'Alabama', ())
    """
    found = _fields()[field]
    return found.values or tuple(found.bands) or tuple(found.codes.values())


def states() -> dict[str, str]:
    """Return the abbreviation of a state -> its name, as the field `location` has it."""
    return _fields()["location"].codes


def check_demographics(attributes: pl.DataFrame) -> list[Checked]:
    """Return, for each field in the order of `FIELDS`, how far a table of people fills it.

    Args:
        attributes: one row a person; further columns are passed over.
    """
    return [_checked(name, attributes) for name in FIELDS]


def _checked(name: str, attributes: pl.DataFrame) -> Checked:
    if name not in attributes.columns:
        return Checked(name, Coverage.ABSENT)
    values = attributes[name].cast(pl.String).replace("", None).drop_nulls()
    if values.is_empty():
        return Checked(name, Coverage.ABSENT)
    by_count = values.rename("value").value_counts(sort=True)["value"]
    places = hub_values(name, by_count)
    strange = tuple(code_word(word) for word in by_count if places[word] is None)
    return Checked(name, Coverage.UNMAPPED if strange else Coverage.MAPPED, strange)


def unmapped_values(attributes: pl.DataFrame) -> dict[str, list[str]]:
    """Return field -> the values of people that have no place in it, the most frequent first; fields that have some.

    Args:
        attributes: one row a person.
    """
    return {each.field: list(each.unmapped) for each in check_demographics(attributes) if each.unmapped}


def bare_codes(attributes: pl.DataFrame) -> dict[str, list[str]]:
    """Return worded field -> its values without a place, where all of them are numbers whose meaning nobody says.

    Args:
        attributes: one row a person.
    """
    found = {name: values for name, values in unmapped_values(attributes).items() if name not in WHOLE_NUMBERS}
    return {name: values for name, values in found.items() if all(re.fullmatch(r"-?\d+", word) for word in values)}


def hub_values(field: str, values: Iterable[str]) -> dict[str, str | None]:
    """Return value -> the hub's word for it; `None` where it has no place there.

    Capitals, punctuation and white space make no difference; an amount or a range of dollars has its band, where it
    lies in one.

    Examples:
        >>> hub_values("metro_status", ["Metro area", "9"])
        {'Metro area': 'Metro Area', '9': None}
        >>> hub_values("income", ["$20,000 - $24,999", "Less than $5,000", "$40,000 - $59,999"])
        {'$20,000 - $24,999': '20-29K', 'Less than $5,000': '<5K', '$40,000 - $59,999': None}
        >>> hub_values("location", ["CA", "new york"]), hub_values("age", ["34", "18-29"])
        ({'CA': 'California', 'new york': 'New York'}, {'34': '34', '18-29': None})
    """
    if field in WHOLE_NUMBERS:
        return {value: code_word(value) if _is_whole(code_word(value)) else None for value in values}
    words = _words(field)
    found = {value: words.get(_plain(value)) for value in values}
    if field == "income":
        found = {value: word or _band(value) for value, word in found.items()}
    return found


@cache
def _words(field: str) -> dict[str, str]:
    """Return the plain form of every word for a value of a field -> the value."""
    known = _fields()[field]
    pairs = [(other, value) for value, others in known.also.items() for other in others]
    pairs += [*known.codes.items(), *((value, value) for value in known_values(field))]
    return {_plain(word): value for word, value in pairs}


def _plain(words: str) -> str:
    # "2+" and "200K+" are no "2" and "200K".
    return re.sub(r"[^\w+<]+", " ", words.replace("’", "").replace("'", "")).strip().casefold()


def _band(words: str) -> str | None:
    """Return the band of income in which dollars lie; `None` where they lie in none or across several."""
    amounts = [float(amount.replace(",", "")) for amount in _AMOUNT.findall(words)]
    if not amounts or max(amounts) < _LEAST_DOLLARS:
        return None
    ends = [amounts[0], amounts[-1]]
    if _BELOW.search(words):
        ends = [0.0, amounts[0] - 1]
    elif _ABOVE.search(words):
        ends = [amounts[0], float("inf")]
    low, high = bands(pl.Series(ends), income_bands()).to_list()
    return low if low == high else None


def _is_whole(word: str) -> bool:
    return re.fullmatch(r"\d{1,3}", word) is not None


def income_bands() -> dict[str, int]:
    """Return the bands of the field `income`: its words -> the lowest number of dollars, to be handed to `bands`."""
    return _fields()["income"].bands


def bands(values: pl.Series, lowest: dict[str, int]) -> pl.Series:
    """Return the band of each number; null where there is none, or it lies below the first band.

    Args:
        values: numbers, as dollars a year.
        lowest: band -> the lowest number in it, ascending; the last band has no end.

    Examples:
        >>> bands(pl.Series([4999.5, 5000, 250_000, -1, None]), income_bands()).to_list()
        ['<5K', '5-9K', '200K+', None, None]
    """
    numbers = values.cast(pl.Float64).fill_nan(None)
    place = np.searchsorted(list(lowest.values()), numbers.fill_null(-np.inf).to_numpy(), side="right") - 1
    names = pl.Series(values.name, list(lowest), dtype=pl.String)
    places = pl.Series(place, dtype=pl.Int64)
    return names.gather(pl.select(pl.when(places >= 0).then(places)).to_series())


def guess_field(name: str, label: str, values: Sequence[str]) -> str | None:
    """Return the field that a column of a deposit seems to hold, `None` where that is not plain.

    The name of the variable decides; where it says nothing, its title. A column whose cells do not look like the
    field is none: ages in four bands are no ages, numbers are no states.

    Args:
        name: of the variable, such as "PPGENDER".
        label: its title in the file or codebook; "" for none.
        values: its distinct cells in words, where the file has words for them.

    Examples:
        >>> guess_field("PPEDUC", "", ["1", "2", "3"])
        'education'
        >>> guess_field("Q3", "What is your household income?", ["1", "2", "3"])
        'income'
        >>> guess_field("AGE", "", ["18-34", "35-64", "65+"]) is None
        True
    """
    title = _BEHIND.sub("", label.strip().casefold()).strip(" .:?")
    for text, patterns in ((name.strip().casefold(), "names"), (_BEFORE.sub("", _BEFORE.sub("", title)), "labels")):
        found = [
            field.name
            for field in _fields().values()
            if any(re.fullmatch(pattern, text) for pattern in getattr(field, patterns))
        ]
        if len(found) == 1:
            return found[0] if _looks_like(found[0], values) else None
    return None


def _looks_like(field: str, values: Sequence[str]) -> bool:
    """Return whether the distinct cells of a column may be values of a field."""
    distinct = {value.strip() for value in values if value.strip()}
    if field in WHOLE_NUMBERS:
        low, high, fewest = (*_AGES, _FEWEST_AGES) if field == "age" else (1, _MOST_IN_HOUSEHOLD, 2)
        fit = {value for value in map(code_word, distinct) if _is_whole(value) and low <= int(value) <= high}
        return len(fit) >= max(fewest, _MOST * len(distinct))
    if field == "location":
        return _MOST * len(distinct) <= len(distinct & {*states(), *states().values()}) > 1
    return 1 < len(distinct) <= _MOST_WORDS
