"""The leak guard: a run stops where what is tested on has been seen in training."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import get_args

from silicus.data.cutoffs import days_of, documented_cutoff
from silicus.data.dataset import Dataset
from silicus.data.derived import derived_columns
from silicus.data.leaks import Claims, Finding, Leak, items_shared, known_people, units_shared
from silicus.data.near_duplicates import stimuli_alike
from silicus.data.split import attributes_of
from silicus.errors import InputError, LeakError, did_you_mean
from silicus.record import Record

__all__ = ["GuardOptions", "Guarded", "guard"]

_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class GuardOptions:
    """How the guard looks, and what it lets pass.

    Attributes:
        similarity: from which cosine similarity two stimuli count as near-duplicates.
        allow: leaks that do not stop the run, by their names; they are looked for all the same.
        model: the model to be tested, whose documented cut-off is compared with when people answered.
        model_cutoff: that cut-off, where it is not documented or known better.
    """

    similarity: float = 0.9
    allow: tuple[str, ...] = ()
    model: str | None = None
    model_cutoff: date | None = None


class Guarded(Record):
    """What the guard looked for, and what was allowed all the same."""

    checked: list[str]
    """What was looked for, on how many; and what could not be looked for, and why."""
    allowed: list[str] = []
    """The leaks that were found and let pass, with their numbers."""


def guard(data: Dataset, options: GuardOptions) -> Guarded:
    """Return what was checked, once no leak was found that is not allowed.

    Looked for are units that a part says are unseen in it and that an earlier part holds ("studies",
    "respondents", "items"), stimuli that say nearly the same ("near-duplicates"), attributes of the respondents
    that give their answers away ("derived-columns"), and studies whose answers a model may have read ("fieldwork").

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
        *known_people(claims),
        *stimuli_alike(claims, options.similarity),
        _derived(data),
        *_fieldwork(claims, options),
    ]
    leaks = [f for f in findings if f.found and f.leak not in options.allow]
    if leaks:
        raise LeakError(_message(data, leaks))
    allowed = [f"{f.leak}: {f.found}" for f in findings if f.found]
    return Guarded(checked=list(dict.fromkeys(f.checked for f in findings)), allowed=allowed)


def _check_options(options: GuardOptions) -> None:
    if not 0 < options.similarity <= 1:
        raise InputError(f"found the similarity {options.similarity}, expected one above 0 and at most 1.")
    for name in options.allow:
        if name not in get_args(Leak):
            raise InputError(f"cannot allow the leak '{name}'.{did_you_mean(name, get_args(Leak))}")


def _message(data: Dataset, leaks: list[Finding]) -> str:
    lines = [f"- {leak.leak}: {leak.found}" for leak in leaks]
    names = dict.fromkeys(leak.leak for leak in leaks)
    ways = " ".join(f"--allow {name}" for name in names)
    found = f"found {len(lines)} {'leak' if len(lines) == 1 else 'leaks'} into what is tested on:"
    return "\n".join([f"{data.name}: {found}", *lines, f"Mend the data or the split, or let pass by name: {ways}"])


def _derived(data: Dataset) -> Finding:
    if data.unit == "group":
        return Finding(
            "derived-columns", "derived-columns: not checked: respondents are groups, which their columns name"
        )
    found = derived_columns(data)
    columns = attributes_of(data)
    checked = f"derived-columns: {len(columns)} attributes, against {len(data.answered):,} answers"
    return Finding(
        "derived-columns", checked, f"{len(found)} of {len(columns)} attributes: {'; '.join(found)}" if found else None
    )


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
    checked = f"fieldwork: {judged:,} of {len(studies):,} tested studies, against the cut-off {cutoff}"
    found = f"{len(over):,} of {len(studies):,} tested studies were over by the model's cut-off {cutoff}: "
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
