"""The leak guard: a run stops where what is tested on has been seen in training."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import get_args

import polars as pl

from silicus.data.dataset import Dataset
from silicus.data.guard.cutoffs import days_of, documented_cutoff
from silicus.data.guard.derived import FEWEST_PEOPLE, derived_columns
from silicus.data.guard.leaks import (
    Claims,
    Finding,
    Leak,
    groups_sharing_people,
    items_shared,
    known_people,
    units_shared,
)
from silicus.data.guard.near_duplicates import stimuli_alike
from silicus.data.guard.twins import twins_shared
from silicus.data.split import attributes_of
from silicus.errors import InputError, LeakError, counted, did_you_mean
from silicus.record import Record

__all__ = ["GuardOptions", "Guarded", "guard"]

_SHOWN = 3
_DROPPED: tuple[Leak, ...] = ("items", "near-duplicates")


@dataclass(frozen=True, kw_only=True)
class GuardOptions:
    """How the guard looks, and what it lets pass.

    Attributes:
        similarity: from which cosine similarity two stimuli count as near-duplicates.
        allow: leaks that do not stop the run, by their names; they are looked for all the same.
        drop: leaks whose rows are left out of the part that is tested on, by their names: "items",
            "near-duplicates".
        model: the model to be tested, whose documented cut-off is compared with when people answered.
        model_cutoff: that cut-off, where it is not documented or known better.
    """

    similarity: float = 0.9
    allow: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    model: str | None = None
    model_cutoff: date | None = None


class Guarded(Record):
    """What the guard looked for, and what was allowed all the same."""

    checked: list[str]
    """What was looked for, on how many; and what could not be looked for, and why."""
    allowed: list[str] = []
    """The leaks that were found and let pass, with their numbers."""
    dropped: list[str] = []
    """The leaks whose rows were left out of what is tested on, with their numbers."""


def guard(data: Dataset, options: GuardOptions) -> tuple[Dataset, Guarded]:
    """Return the dataset and what was checked, once no leak was found that is neither allowed nor dropped.

    Looked for are units that a part says are unseen in it and that an earlier part holds ("studies", "respondents",
    under another name as well, "items"), stimuli that say nearly the same ("near-duplicates"), attributes of the
    respondents that give their answers away ("derived-columns"), and studies whose answers a model may have read
    ("fieldwork").

    Args:
        data: a dataset with the columns `split` and `unseen`.
        options: how to look, and what to let pass.

    Raises:
        LeakError: naming every leak that is not allowed.
        InputError: the dataset is not split, or an option is wrong.
    """
    _check_options(options)
    claims = Claims(data)
    findings = [
        *units_shared(claims),
        *items_shared(claims),
        *twins_shared(claims),
        *known_people(claims),
        *groups_sharing_people(claims),
        *stimuli_alike(claims, options.similarity),
        _derived(data),
        *_fieldwork(claims, options),
    ]
    dropped = [f for f in findings if f.found and f.items and f.leak in options.drop]
    leaks = [f for f in findings if f.found and f not in dropped]
    stopping = [f for f in leaks if f.leak not in options.allow]
    if stopping:
        raise LeakError(_message(data, stopping))
    for finding in dropped:
        data = _without(data, finding)
    return data, Guarded(
        checked=list(dict.fromkeys(f.checked for f in findings)),
        allowed=[f"{f.leak}: {f.found}" for f in leaks],
        dropped=[f"{f.leak}: {f.found}" for f in dropped],
    )


def _without(data: Dataset, finding: Finding) -> Dataset:
    """Return the dataset without the rows that leak; a stimulus stays where the row claims something else.

    Raises:
        InputError: nothing would be left to test on.
    """
    claimed = pl.any_horizontal(pl.col("unseen").str.split("+").list.contains(d) for d in finding.dimensions)
    leaking = (pl.col("split") == finding.part) & pl.col("item").is_in(list(finding.items)) & claimed
    left = data.keep(~leaking.fill_null(value=False), f"leaks into the part '{finding.part}' ({finding.leak})")
    if left.answered.filter(pl.col("split") == finding.part).is_empty():
        raise InputError(
            f"{data.name}: nothing is left of the part '{finding.part}' without {finding.leak}. Hold out other shares."
        )
    return left


def _check_options(options: GuardOptions) -> None:
    if not 0 < options.similarity <= 1:
        raise InputError(f"found the similarity {options.similarity}, expected one above 0 and at most 1.")
    for name in options.allow:
        if name not in get_args(Leak):
            raise InputError(f"cannot allow the leak '{name}'.{did_you_mean(name, get_args(Leak))}")
    for name in options.drop:
        if name not in _DROPPED:
            raise InputError(f"cannot drop the leak '{name}'.{did_you_mean(name, _DROPPED)}")


def _message(data: Dataset, leaks: list[Finding]) -> str:
    lines = [f"- {leak.leak}: {leak.found}" for leak in leaks]
    names = dict.fromkeys(leak.leak for leak in leaks)
    ways = " ".join(f"--allow {name}" for name in names)
    drops = " ".join(f"--drop {name}" for name in names if name in _DROPPED)
    drops = f", or leave these rows out of what is tested on: {drops}" if drops else ""
    found = f"found {len(lines)} {'leak' if len(lines) == 1 else 'leaks'} into what is tested on:"
    return "\n".join(
        [f"{data.name}: {found}", *lines, f"Mend the data or the split, or let pass by name: {ways}{drops}"]
    )


def _derived(data: Dataset) -> Finding:
    if data.unit == "group":
        return Finding(
            "derived-columns", "derived-columns: not checked: respondents are groups, which their columns name"
        )
    found = derived_columns(data)
    columns = attributes_of(data)
    asked = data.answered.group_by("study", "question").len()["len"]
    if not found and max(asked, default=0) < FEWEST_PEOPLE:
        return Finding(
            "derived-columns", f"derived-columns: not checked: no question has the {FEWEST_PEOPLE} answers it takes"
        )
    attributes = counted(len(columns), "attribute", "attributes")
    checked = f"derived-columns: {attributes}, against {counted(len(data.answered), 'answer', 'answers')}"
    return Finding("derived-columns", checked, f"{len(found)} of {attributes}: {'; '.join(found)}" if found else None)


def _fieldwork(claims: Claims, options: GuardOptions) -> list[Finding]:
    """Return which tested studies were over before the model's cut-off, and which cannot be judged."""
    cutoff = options.model_cutoff
    if cutoff is None and options.model is None:
        return [_unchecked("no model named")]
    if cutoff is None:
        documented = documented_cutoff(options.model or "")
        if documented is None:
            return [_unchecked(f"the maker of '{options.model}' documents no cut-off that is known here")]
        cutoff = documented.last_day
    data = claims.data
    studies = sorted(claims.parts["test"]["study"].unique())
    when = {study: data.fielded.get(study, data.source.fielded) for study in studies}
    days = {study: days_of(dates) for study, dates in when.items() if dates}
    over = [study for study, (_, last) in days.items() if last <= cutoff]
    across = [study for study, (first, last) in days.items() if first <= cutoff < last]
    undated = [study for study in studies if study not in days]
    judged = len(days) - len(across)
    tested = counted(len(studies), "tested study", "tested studies")
    checked = f"fieldwork: {judged:,} of {tested}, against the cut-off {cutoff}"
    were = "was" if len(over) == 1 else "were"
    found = f"{len(over):,} of {tested} {were} over by the model's cut-off {cutoff}: "
    findings = [Finding("fieldwork", checked, found + _some(over) if over else None)]
    if undated:
        findings.append(_unchecked(f"not known when people answered in {_some(undated)}"))
    if across:
        findings.append(_unchecked(f"people answered before and after the cut-off {cutoff} in {_some(across)}"))
    return findings


def _unchecked(reason: str) -> Finding:
    return Finding("fieldwork", f"fieldwork: not checked: {reason}")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
