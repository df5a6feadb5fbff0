"""What OpinionQA and SubPOP share: lines that say how a group of people answered a question of a survey.

A respondent is a group, such as "AGE: 18-29", the same in every survey, so that a group held out is held out
everywhere. The groups of one attribute share no people, those of two attributes do: a person counts once in each.

The scale of a question follows from its options and the place that the source gives each of them:

    places 1, 2, 3, 4                    ordinal (binary for 2 options): values 1 to 4, in the order of the places
    places 1, 2, 1.5                     the third option lies between the others: values 1, 3 and 2
    places 1, 2, 3, 4, 2.5               ranks all the same: 1, 2, 4, 5 and 3, though the source's steps differ
    the same place twice                 no order: nominal (binary for 2 options), values in the order of the options
    no place, or one below 0             beside the scale: a refusal ("Not sure"), as "Refused" is, whose code is 99
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import polars as pl
from pydantic import ValidationError

from silicus.data.dataset import ROWS, Dataset, Stimulus, settle
from silicus.errors import InputError
from silicus.study import Item, Scale, ScaleKind, Source

__all__ = ["GroupAnswers", "check_places", "gather"]

# The names of SocSci210 where both mean the same; the values stay the source's, such as "$100,000 or more". CREGION
# (four regions) is not its `location`, a state.
_ATTRIBUTES = {
    "CREGION": "region",
    "MARITAL": "marital_status",
    "POLIDEOLOGY": "ideology",
    "POLPARTY": "party_id",
    "RACE": "ethnicity",
    "RELIG": "religion",
    "RELIGATTEND": "religious_attendance",
    "SEX": "gender",
}
_EVERYBODY = "Overall"

# Days are Pew's own, from the methodology or topline of a report on the wave. The months of W29, W36 and W43 are
# bounds: from press, from W32 and the report's release, from the waves before and after.
_FIELDED = {
    "W26": "2017-04-04/2017-04-18",
    "W27": "2017-05-01/2017-05-15",
    "W29": "2017-08/2017-09",
    "W32": "2018-02-26/2018-03-11",
    "W36": "2018-03/2018-09",
    "W42": "2019-01-07/2019-01-21",
    "W43": "2019-01/2019-03",
    "W45": "2019-02-19/2019-03-04",
    "W50": "2019-06-25/2019-07-08",
    "W54": "2019-09-16/2019-09-29",
    "W82": "2021-02-01/2021-02-07",
    "W92": "2021-07-08/2021-07-18",
    "GSS2022": "2022",
}

_REFUSED = 99


@dataclass(frozen=True)
class GroupAnswers:
    """What one group of people answered to one question.

    Attributes:
        where: file and line, for messages.
        study: the survey, such as "W26".
        question: its name.
        group: pairs of an attribute and its value; more than one for a joint group.
        text: the words of the question.
        options: the words of the answers offered, without the refusal.
        places: where the options lie on the scale, in their order; may be shorter than `options`.
        refusal: the words for no answer.
        parts: how many people, or which share of them, gave each option and, last, none.
    """

    where: str
    study: str
    question: str
    group: tuple[tuple[str, str], ...]
    text: str
    options: tuple[str, ...]
    places: tuple[float | None, ...]
    refusal: str
    parts: tuple[float, ...]

    @property
    def respondent(self) -> str:
        """The name of the group."""
        return ", ".join(f"{attribute}: {value}" for attribute, value in self.group)

    @property
    def attributes(self) -> dict[str, str]:
        """What is known of its people; nothing of everybody."""
        return {_ATTRIBUTES.get(a, a.lower()): value for a, value in self.group if a != _EVERYBODY}


@dataclass
class _Shown:
    """The stimuli met so far, and the codes of their options."""

    stimuli: list[Stimulus] = field(default_factory=list[Stimulus])
    known: dict[tuple[object, ...], tuple[int, tuple[int, ...]]] = field(
        default_factory=dict[tuple[object, ...], tuple[int, tuple[int, ...]]]
    )

    def place(self, answers: GroupAnswers) -> tuple[int, tuple[int, ...]]:
        key = (answers.text, answers.options, answers.places, answers.refusal)
        if key not in self.known:
            stimulus, codes = _stimulus(answers)
            self.known[key] = (len(self.stimuli), codes)
            self.stimuli.append(stimulus)
        return self.known[key]


def gather(
    name: str, source: Source, every: Iterable[GroupAnswers], *, counted: bool, left_out: dict[str, int] | None = None
) -> Dataset:
    """Return the dataset of groups' answers; an option nobody chose has no row.

    Args:
        name: what the dataset is called.
        source: whom to cite, and under which terms.
        every: one of them a group and question.
        counted: whether parts are numbers of people; else they are shares.
        left_out: reason -> lines of the source that are not among them.

    Raises:
        InputError: two lines speak of the same group and question.
    """
    shown = _Shown()
    rows: list[tuple[object, ...]] = []
    people: dict[str, dict[str, str]] = {}
    seen: dict[tuple[str, str, str], str] = {}
    for answers in every:
        key = (answers.study, answers.question, answers.respondent)
        if key in seen:
            raise InputError(
                f"{answers.where}: found '{answers.respondent}' and the question '{answers.question}' of "
                f"{answers.study} again, after {seen[key]}. Keep one of them."
            )
        seen[key] = answers.where
        people.setdefault(answers.respondent, answers.attributes)
        place, codes = shown.place(answers)
        start = (answers.study, "all", answers.question, answers.respondent, place)
        for code, part in zip(codes, answers.parts, strict=True):
            if part:
                rows.append((*start, float(code), *((part, 1.0) if counted else (None, part)), None))
    table = pl.DataFrame(rows, schema=ROWS, orient="row")
    fielded = {study: _FIELDED[study] for study in table["study"].unique().sort() if study in _FIELDED}
    return settle(name, source, shown.stimuli, table, _people(people), unit="group", fielded=fielded, left_out=left_out)


def _people(people: dict[str, dict[str, str]]) -> pl.DataFrame:
    names = dict.fromkeys(name for attributes in people.values() for name in attributes)
    rows = [{"respondent": name, "weight": 1.0, **attributes} for name, attributes in people.items()]
    return pl.DataFrame(rows, schema={"respondent": pl.String, "weight": pl.Float64, **dict.fromkeys(names, pl.String)})


def _stimulus(answers: GroupAnswers) -> tuple[Stimulus, tuple[int, ...]]:
    """Return what was shown, and the codes of its options and of the refusal, by the rule at the top of this file."""
    missing = len(answers.options) - len(answers.places)
    places = [*answers.places, *[None] * missing]
    placed = {at: place for at, place in enumerate(places) if place is not None and place >= 0}
    in_order = len(set(placed.values())) == len(placed)
    ranked = sorted(placed, key=placed.__getitem__) if in_order else list(placed)
    beside = [at for at in range(len(places)) if at not in placed]
    code_of = {at: code for code, at in enumerate(ranked, start=1)}
    code_of |= {at: _REFUSED - len(beside) + n for n, at in enumerate(beside)}
    codes = (*(code_of[at] for at in range(len(places))), _REFUSED)
    kind: ScaleKind = "binary" if len(ranked) == 2 else "ordinal" if in_order else "nominal"
    try:
        scale = Scale(
            kind=kind,
            labels={code_of[at]: answers.options[at] for at in ranked},
            refusals={code_of[at]: answers.options[at] for at in beside} | {_REFUSED: answers.refusal},
        )
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        return Stimulus(answers.text, None, "unsupported", reason.removesuffix(".")), codes
    item = Item("", "", "", context="", text=answers.text, scale=scale)
    reason = _unequal([placed[at] for at in ranked]) if in_order else None
    return Stimulus(answers.text, item, "labels", reason), codes


def _unequal(places: list[float]) -> str | None:
    """Return that the source's steps differ, where they do: the scale's do not."""
    steps = [b - a for a, b in pairwise(places)]
    if all(math.isclose(step, steps[0]) for step in steps):
        return None
    return f"ranks of the source's places {', '.join(f'{place:g}' for place in places)}"


def check_places(places: list[Any], options: int, where: str) -> None:
    """Do nothing where there are no more places than options, and every one is a number or `None`.

    Raises:
        InputError: naming the first that is neither, or how many there are.
    """
    if len(places) > options:
        raise InputError(f"{where}: found {len(places)} ordinal values, expected no more than the {options} options.")
    for place in places:
        if place is not None and (isinstance(place, bool) or not isinstance(place, int | float)):
            raise InputError(f"{where}: found the ordinal value {place!r}, expected a number, or null for no place.")
