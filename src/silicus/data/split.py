"""Which answers a model may learn from and which it is tested on: a stored column."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import polars as pl

from silicus.data.dataset import Dataset
from silicus.data.split_mapping import read_mapping
from silicus.errors import InputError, counted, did_you_mean
from silicus.record import Record

__all__ = [
    "PARTS",
    "UNIT_KEYS",
    "Dimension",
    "HeldOut",
    "Split",
    "SplitPlan",
    "attributes_of",
    "part_counts",
    "plural",
    "split",
    "units_in_words",
    "units_of",
]

Dimension = Literal["study", "condition", "question", "respondent"]
"""What can be unseen in the test part, beside a group of people: a value of one of their attributes."""

PARTS = ("train", "validation", "test")

UNIT_KEYS: dict[str, list[str]] = {
    "study": ["study"],
    "condition": ["study", "condition"],
    "question": ["study", "question"],
    "respondent": ["respondent"],
}
"""Dimension -> the columns of the responses that a unit of it is known by."""

_MOST_NAMES = 100
_PLURAL = {"study": "studies", "condition": "conditions", "question": "questions", "respondent": "respondents"}


@dataclass(frozen=True, kw_only=True)
class SplitPlan:
    """What to hold out.

    Attributes:
        hold_out: dimension -> the share of its units that only the test part has: "study", "condition",
            "question", "respondent", or the name of an attribute of the respondents, such as "country".
        validation: the share of what is left of the same units that only the validation part has beside it.
        mapping: a file that names what is held out for the test part, where it is not drawn.
    """

    hold_out: dict[str, float] = field(default_factory=dict[str, float])
    validation: float = 0.0
    mapping: Path | None = None


class HeldOut(Record):
    """How many units of a dimension are held out."""

    test: int
    validation: int
    all: int
    names: dict[str, list[str]] = {}
    """Part -> the units it alone holds, where they are at most 100."""


class Split(Record):
    """How a dataset was divided."""

    hold_out: dict[str, float] = {}
    """What is unseen in the test part -> the share of it that is held out."""
    validation: float = 0.0
    seed: int | None = None
    mapping: str | None = None
    """The file that names what is held out, where it was not drawn."""
    counts: dict[str, int] = {}
    """Part -> number of answers."""
    held_out: dict[str, HeldOut] = {}
    """What is unseen in the test part -> how many units of it."""


def split(data: Dataset, plan: SplitPlan, rng: np.random.Generator) -> tuple[Dataset, Split]:
    """Return the dataset with the columns `split` and `unseen` of its responses, and how it was divided.

    `split` is "train", "validation" or "test". `unseen` names what the part alone holds of a row, joined by "+"
    ("condition+respondent"); it is null in the training part.

    Conditions and questions are held out within their study, respondents within the one study they answered in (or
    among those who answered in several): the floor of share x k of k units, so that a study with too few keeps all
    of them for training. Studies and groups are held out over the whole dataset. An answer belongs to the test part
    if any of its units does, else to the validation part if any does. People whose attribute is not known are in
    no group. What is drawn depends on `rng` and the names of the units, not on the order of rows.

    Args:
        data: people's answers.
        plan: what to hold out.
        rng: where chance comes from.

    Raises:
        InputError: a dimension is unknown, a share is none, nothing would be held out, or a part would be empty.
    """
    _check_plan(plan, data)
    named = read_mapping(plan.mapping, data.responses) if plan.mapping else None
    dimensions = _dimensions(plan, named[0] if named else None)
    units: dict[str, pl.DataFrame] = {}
    for dimension in dimensions:
        fixed = named[1] if named and named[0] == dimension else None
        drawn = _draw(units_of(data, dimension), fixed, plan.hold_out.get(dimension, 0.0), plan.validation, rng)
        _check_held(drawn, dimension, plan)
        units[dimension] = drawn
    data = replace(data, responses=_marked(data, units))
    _check_validation(units, plan)
    counts = _counts(data, plan)
    made = Split(
        hold_out=plan.hold_out,
        validation=plan.validation,
        mapping=plan.mapping.name if plan.mapping else None,
        counts=counts,
        held_out={dimension: _held_out(drawn) for dimension, drawn in units.items()},
    )
    return data, made


def attributes_of(data: Dataset) -> list[str]:
    """Return the names of the respondents' attributes, in the order of their columns."""
    return [name for name in data.respondents.columns if name not in {"respondent", "weight"}]


def plural(dimension: str) -> str:
    """Return what the units of a dimension are called.

    Examples:
        >>> plural("study"), plural("country")
        ('studies', 'values of country')
    """
    return _PLURAL.get(dimension, f"values of {dimension}")


def units_in_words(count: int, dimension: str) -> str:
    """Return a number of units in words.

    Examples:
        >>> units_in_words(1, "study"), units_in_words(1200, "country")
        ('1 study', '1,200 values of country')
    """
    return counted(count, dimension if dimension in _PLURAL else f"value of {dimension}", plural(dimension))


def units_of(data: Dataset, dimension: str) -> pl.DataFrame:
    """Return the units of a dimension, sorted: their key, `within` (among which they are drawn), and `name`.

    The key is the columns of `UNIT_KEYS`, or `value` for an attribute.
    """
    keys = UNIT_KEYS.get(dimension)
    if keys is None:
        units = data.respondents.select(value=pl.col(dimension).drop_nulls().unique())
        units = units.with_columns(within=pl.lit(""), name=pl.col("value").cast(pl.String))
        return units.sort("name")
    if dimension == "respondent":
        home = pl.when(pl.col("study").n_unique() == 1).then(pl.col("study").first()).otherwise(pl.lit(""))
        units = data.responses.select("study", "respondent").drop_nulls().unique().group_by(keys).agg(within=home)
    else:
        units = data.responses.select(keys).unique()
        units = units.with_columns(within=pl.lit("") if dimension == "study" else pl.col("study"))
    return units.with_columns(name=pl.concat_str(keys, separator="/")).sort("within", "name")


def _check_plan(plan: SplitPlan, data: Dataset) -> None:
    known = [*get_args(Dimension), *attributes_of(data)]
    if not plan.hold_out and plan.mapping is None:
        raise InputError(f"found nothing to hold out. Name what shall be unseen, one of: {', '.join(known)}.")
    for dimension, share in plan.hold_out.items():
        if dimension not in known:
            raise InputError(f"{data.name}: cannot hold out '{dimension}'.{did_you_mean(dimension, known)}")
        if "+" in dimension:
            raise InputError(f"{data.name}: cannot hold out '{dimension}': '+' joins names. Rename the attribute.")
        if not 0 < share < 1:
            raise InputError(f"found the share {share} of '{dimension}' to hold out, expected one between 0 and 1.")
    if not 0 <= plan.validation < 1:
        raise InputError(f"found the share {plan.validation} for validation, expected one from 0 to below 1.")


def _dimensions(plan: SplitPlan, mapped: str | None) -> list[str]:
    """Return the dimensions that are held out, in the order in which they are drawn and named."""
    if mapped in plan.hold_out:
        raise InputError(
            f"{plan.mapping} names what is held out of '{mapped}', and a share of it is to be drawn as well. "
            "Leave one of them out."
        )
    asked = {*plan.hold_out, *([mapped] if mapped else [])}
    return [d for d in get_args(Dimension) if d in asked] + sorted(asked - set(get_args(Dimension)))


def _draw(
    units: pl.DataFrame, named: pl.DataFrame | None, share: float, validation: float, rng: np.random.Generator
) -> pl.DataFrame:
    """Return the units with their `part`.

    Args:
        units: as `units_of` returns them.
        named: the `name` of each unit that is held out for the test part, where it is not drawn.
        share: of the units to be drawn for the test part.
        validation: the share of the units left.
        rng: where chance comes from.
    """
    draw = pl.Series("draw", rng.random(len(units)))
    count = pl.len().over("within")
    if named is None:
        units = units.with_columns(draw, test=_floor(share, count))
    else:
        is_named = pl.col("name").is_in(named["name"].implode())
        # Those that are named come before all that are drawn.
        units = units.with_columns(draw - is_named.cast(pl.Float64), test=is_named.sum().over("within").cast(pl.Int64))
    units = units.with_columns(
        place=pl.col("draw").rank("ordinal").over("within"),
        validation=pl.col("test") + _floor(validation, count - pl.col("test")),
    )
    place = pl.col("place")
    part = pl.when(place <= pl.col("test")).then(pl.lit("test"))
    part = part.when(place <= pl.col("validation")).then(pl.lit("validation")).otherwise(pl.lit("train"))
    return units.with_columns(part=part).drop("draw", "test", "validation", "place")


def _floor(share: float, count: pl.Expr) -> pl.Expr:
    # 0.29 x 100 is 28.999999999999996.
    return (share * count + 1e-9).floor().cast(pl.Int64)


def _check_held(units: pl.DataFrame, dimension: str, plan: SplitPlan) -> None:
    if (units["part"] == "test").any():
        return
    share, largest = plan.hold_out.get(dimension), max(units["within"].value_counts()["count"], default=0)
    there = f"the data have {units_in_words(len(units), dimension)}"
    if share is None:
        raise InputError(f"{plan.mapping} holds out none of these data: {there}. Is it of other data?")
    if dimension in {"condition", "question", "respondent"}:
        there += f", at most {largest} in a study, where they are drawn"
    least = math.ceil(1000 / largest) / 1000 if largest else 1.0
    advice = f"Ask for a share of at least {least:g}." if least < 1 else "Hold out something else."
    raise InputError(f"a share of {share:g} of the {plural(dimension)} holds out none: {there}. {advice}")


def _check_validation(units: dict[str, pl.DataFrame], plan: SplitPlan) -> None:
    if not plan.validation or any((drawn["part"] == "validation").any() for drawn in units.values()):
        return
    left = {dimension: drawn.filter(pl.col("part") != "test") for dimension, drawn in units.items()}
    largest = max((max(drawn["within"].value_counts()["count"], default=0) for drawn in left.values()), default=0)
    there = " and ".join(_left(drawn, dimension) for dimension, drawn in left.items())
    least = math.ceil(1000 / largest) / 1000 if largest else 1.0
    advice = f"Raise --validation to at least {least:g}." if least < 1 else "Hold out less for the test part."
    raise InputError(
        f"a share of {plan.validation:g} for validation holds out none: beside the test part the data have {there}. "
        f"{advice}"
    )


def _left(units: pl.DataFrame, dimension: str) -> str:
    """Return how many units are left, and in how many of them at most a share is drawn."""
    there = units_in_words(len(units), dimension)
    largest = max(units["within"].value_counts()["count"], default=0)
    return there if largest == len(units) else f"{there} (at most {largest} in a study, where they are drawn)"


def _marked(data: Dataset, units: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the responses with the columns `split` and `unseen`."""
    marked = data.responses.select("study", "condition", "question", "respondent")
    for dimension, drawn in units.items():
        held = drawn.filter(pl.col("part") != "train")
        keys = UNIT_KEYS.get(dimension)
        if keys is None:
            people = data.respondents.select("respondent", value=pl.col(dimension))
            held, keys = people.join(held, on="value"), ["respondent"]
        held = held.select(*keys, pl.col("part").alias(f"part of {dimension}"))
        marked = marked.join(held, on=keys, how="left", maintain_order="left")
    parts = {dimension: pl.col(f"part of {dimension}") for dimension in units}
    part = pl.when(pl.any_horizontal(p == "test" for p in parts.values())).then(pl.lit("test"))
    part = part.when(pl.any_horizontal(p == "validation" for p in parts.values())).then(pl.lit("validation"))
    marked = marked.with_columns(split=part.otherwise(pl.lit("train")))
    unseen = [pl.when(p == pl.col("split")).then(pl.lit(dimension)) for dimension, p in parts.items()]
    names = pl.concat_str(unseen, separator="+", ignore_nulls=True)
    marked = marked.select("split", unseen=pl.when(pl.col("split") != "train").then(names))
    return data.responses.with_columns(marked["split"], marked["unseen"])


def part_counts(data: Dataset) -> dict[str, int]:
    """Return how many answers each part of a split dataset holds, train first."""
    answers = dict(data.answered.group_by("split").len().iter_rows())
    return {part: int(answers[part]) for part in PARTS if part in answers}


def _counts(data: Dataset, plan: SplitPlan) -> dict[str, int]:
    found = part_counts(data)
    counts = {part: found.get(part, 0) for part in PARTS if part != "validation" or plan.validation}
    for part, count in counts.items():
        if not count:
            raise InputError(
                f"the {part} part would hold no answers: {', '.join(f'{p} {n:,}' for p, n in counts.items())}. "
                "Hold out other shares."
            )
    return counts


def _held_out(units: pl.DataFrame) -> HeldOut:
    names = {part: units.filter(pl.col("part") == part)["name"].to_list() for part in ("test", "validation")}
    return HeldOut(
        test=len(names["test"]),
        validation=len(names["validation"]),
        all=len(units),
        names={part: held for part, held in names.items() if 0 < len(held) <= _MOST_NAMES},
    )
