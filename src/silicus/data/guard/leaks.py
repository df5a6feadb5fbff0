"""What the parts of a split share that one of them says is unseen: studies, people, stimuli."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import polars as pl

from silicus.data.dataset import Dataset
from silicus.data.split import PARTS, UNIT_KEYS, attributes_of, plural, units_in_words
from silicus.errors import InputError, counted, did_you_mean
from silicus.study import need_columns

__all__ = [
    "PAIRS",
    "Claims",
    "Finding",
    "Leak",
    "brief",
    "groups_sharing_people",
    "items_shared",
    "known_people",
    "units_shared",
]

Leak = Literal["studies", "respondents", "items", "near-duplicates", "derived-columns", "fieldwork"]
"""The names of what the guard looks for."""

PAIRS = (("test", "train"), ("test", "validation"), ("validation", "train"))
"""Which part must not have seen its unseen units in which: what validation chooses, it has seen."""

_LEAK_OF: dict[str, Leak] = {"study": "studies", "condition": "items", "question": "items"}
_STIMULUS = ("study", "condition", "question")
_SHOWN = 3
_WORDS = 40


@dataclass(frozen=True)
class Finding:
    """What was looked at, and what was found.

    Attributes:
        leak: what was looked for.
        checked: on how many it was looked for, or why it was not, in a sentence.
        found: how much there is of it, with examples; `None` where there is nothing.
        part: the part whose rows it is about, where these can be left out.
        dimensions: what these rows say is unseen.
        items: their stimuli.
    """

    leak: Leak
    checked: str
    found: str | None = None
    part: str = ""
    dimensions: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class Claims:
    """A split dataset, by what its parts say is unseen in them.

    Raises:
        InputError: the dataset has not been split, or its columns do not say what is unseen.
    """

    data: Dataset

    def __post_init__(self) -> None:
        where = f"{self.data.name}: not split yet"
        need_columns(self.data.responses, ("split", "unseen"), where)
        for part in self.data.responses["split"].unique().to_list():
            if part not in PARTS:
                raise InputError(f"{self.data.name}: found the part {part!r}.{did_you_mean(str(part), PARTS)}")
        for part in ("test", "validation"):
            silent = self.parts[part]["unseen"].null_count()
            if silent:
                rows = "1 row of the {} part does" if silent == 1 else f"{silent:,} rows of the {{}} part do"
                raise InputError(
                    f"{self.data.name}: {rows.format(part)} not say what is unseen in "
                    f"{'it' if silent == 1 else 'them'}. "
                    "Fill the column 'unseen', as study or condition+respondent."
                )
        known = [*UNIT_KEYS, *attributes_of(self.data)]
        for dimension in self.dimensions:
            if dimension not in known:
                raise InputError(f"{self.data.name}: found '{dimension}' unseen.{did_you_mean(dimension, known)}")

    @cached_property
    def parts(self) -> dict[str, pl.DataFrame]:
        """Part -> its rows: what units of it are known by, and the answer."""
        rows = self.data.responses.select(*_STIMULUS, "item", "respondent", "response", "split", "unseen")
        return {part: rows.filter(pl.col("split") == part) for part in PARTS}

    @cached_property
    def dimensions(self) -> list[str]:
        """What is unseen in any row."""
        names = {name for part in ("test", "validation") for name in self._unseen(part)}
        each = {dimension for name in names for dimension in name.split("+")}
        return [d for d in UNIT_KEYS if d in each] + sorted(each - set(UNIT_KEYS))

    def claimed(self, part: str, dimensions: Iterable[str]) -> pl.DataFrame:
        """Return the rows of a part that say one of the dimensions is unseen in them."""
        asked = set(dimensions)
        names = [name for name in self._unseen(part) if asked & set(name.split("+"))]
        return self.parts[part].filter(pl.col("unseen").is_in(names))

    def keys(self, rows: pl.DataFrame, dimension: str) -> pl.DataFrame:
        """Return the units of a dimension in these rows."""
        if dimension in UNIT_KEYS:
            return rows.select(UNIT_KEYS[dimension]).drop_nulls().unique()
        values = self.data.respondents.select("respondent", value=pl.col(dimension)).drop_nulls()
        return values.join(rows, on="respondent", how="semi").select("value").unique()

    def _unseen(self, part: str) -> list[str]:
        return self.parts[part]["unseen"].drop_nulls().unique().to_list()


def units_shared(claims: Claims) -> list[Finding]:
    """Return, for each dimension and pair of parts, which units are unseen in the one and there in the other."""
    found: list[Finding] = []
    for dimension in claims.dimensions:
        leak = _LEAK_OF.get(dimension, "respondents")
        for part, other in PAIRS:
            units = claims.keys(claims.claimed(part, [dimension]), dimension)
            if units.is_empty() or claims.parts[other].is_empty():
                continue
            if dimension == "respondent" and not claims.data.people_known and claims.data.unit == "row":
                found.append(Finding(leak, "respondents: not checked: the source does not say who gave which answers"))
                break
            others = claims.keys(claims.parts[other], dimension)
            keys = units.columns
            shared = units.join(others, on=keys, how="semi").sort(keys)
            names = ["/".join(map(str, row)) for row in shared.head(_SHOWN).iter_rows()]
            unseen = f"{units_in_words(len(units), dimension)} unseen in {part}"
            found.append(
                Finding(
                    leak,
                    f"{leak}: {unseen}, against {len(others):,} in {other}",
                    _shared(len(shared), unseen, other, names),
                )
            )
    return found


def items_shared(claims: Claims) -> list[Finding]:
    """Return, for each pair of parts, which stimuli of unseen studies, conditions or questions the other holds."""
    found: list[Finding] = []
    for part, other in PAIRS:
        items = claims.claimed(part, _LEAK_OF)["item"].unique()
        others = claims.parts[other]["item"].unique()
        if items.is_empty() or others.is_empty():
            continue
        shared = sorted(set(items) & set(others))
        what = f"{counted(len(items), 'stimulus', 'stimuli')} of {_claims_of(claims)} unseen in {part}"
        texts = [_words(claims.data, item) for item in shared[:_SHOWN]]
        found.append(
            Finding(
                "items",
                f"items: {what}, against {len(others):,} in {other}",
                _shared(len(shared), what, other, texts),
                part,
                tuple(_LEAK_OF),
                tuple(shared),
            )
        )
    return found


def known_people(claims: Claims) -> list[Finding]:
    """Return how many people of the test part are in training, where no row of theirs says that they are unseen."""
    if claims.data.unit != "person":
        return []
    test, train = claims.parts["test"], claims.parts["train"]
    unseen = claims.claimed("test", ["respondent"])
    people = test.join(unseen, on="respondent", how="anti")["respondent"].drop_nulls().unique()
    both = people.is_in(train["respondent"].unique().implode()).sum()
    if not both:
        return []
    whose = f"{counted(len(people), 'person', 'people')} whose answers are tested on"
    sentence = f"{both:,} of {whose} also answered in train, as is inherent where they are not held out"
    return [Finding("respondents", f"respondents: {sentence}: no leak, but known people")]


def groups_sharing_people(claims: Claims) -> list[Finding]:
    """Return how many groups unseen in the test part hold people of another group in training, by other attributes."""
    names = attributes_of(claims.data)
    if claims.data.unit != "group" or len(names) < 2:
        return []
    unseen = claims.claimed("test", [d for d in claims.dimensions if d not in _STIMULUS])
    groups = claims.data.respondents.select("respondent", *names).sort("respondent")
    tested, learnt = (groups.join(rows, on="respondent", how="semi") for rows in (unseen, claims.parts["train"]))
    pairs = tested.join(learnt, how="cross", suffix=" of train", maintain_order="left_right")
    both = [(pl.col(name), pl.col(f"{name} of train")) for name in names]
    # People are of one age and of one sex, but not of two ages.
    elsewhere = pl.any_horizontal(one.is_null() != other.is_null() for one, other in both)
    apart = pl.any_horizontal((one != other).fill_null(value=False) for one, other in both)
    pairs = pairs.filter(elsewhere & ~apart)
    if pairs.is_empty():
        return []
    one, other = pairs.select("respondent", "respondent of train").row(0)
    count = f"{pairs['respondent'].n_unique():,} of {counted(len(tested), 'group', 'groups')} unseen in test"
    sentence = f"groups of different attributes hold the same people, as '{one}' in test and '{other}' in train"
    return [Finding("respondents", f"respondents: {sentence} ({count}): no leak, but known people")]


def brief(text: str) -> str:
    """Return a text in quotes; of a long one its beginning and its end, where items of one battery differ.

    Examples:
        >>> brief("Do you agree?")
        '“Do you agree?”'
    """
    words = " ".join(text.split())
    return f"“{words}”" if len(words) <= 2 * _WORDS else f"“{words[:_WORDS].rstrip()} … {words[-_WORDS:].lstrip()}”"


def _words(data: Dataset, item: str) -> str:
    shown = data.items.get(item)
    return item if shown is None else brief(f"{shown.context} {shown.text}")


def _claims_of(claims: Claims) -> str:
    return " or ".join(plural(dimension) for dimension in claims.dimensions if dimension in _LEAK_OF)


def _shared(count: int, of: str, other: str, examples: list[str]) -> str | None:
    if not count:
        return None
    more = ", …" if count > len(examples) else ""
    return f"{count:,} of {of} also in {other}: {', '.join(examples)}{more}"
