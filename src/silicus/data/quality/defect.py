"""One defect: its kind, how much it matters, and the words in which defects are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from silicus.errors import counted
from silicus.record import Record

__all__ = [
    "KINDS", "Defect", "DefectKind", "Row", "Severity", "answers_in_words", "joined", "named", "one_defect", "percent",
    "some_answers",
]  # fmt: skip

Severity = Literal["serious", "doubtful", "note"]
"""Answers or stimuli are wrong as they stand; they may be; nothing is wrong, but one should know."""

DefectKind = Literal[
    "answers of another scale",
    "answers are codes of the points",
    "shifted or recoded scale",
    "conditions all alike",
    "scale reversed between conditions",
    "no scale",
    "empty stimulus",
    "ranges differ",
    "answers off the scale",
    "code among the answers",
    "one value",
    "one end of the scale",
    "some conditions alike",
    "repeated within a person",
    "observed scale",
    "labels differ",
    "repeated with other stimuli",
    "missing codes",
]

KINDS: dict[DefectKind, Severity] = {
    "answers are codes of the points": "serious",
    "answers of another scale": "serious",
    "shifted or recoded scale": "serious",
    "conditions all alike": "serious",
    "scale reversed between conditions": "serious",
    "no scale": "doubtful",
    "empty stimulus": "doubtful",
    "ranges differ": "doubtful",
    "repeated within a person": "doubtful",
    "some conditions alike": "doubtful",
    "answers off the scale": "doubtful",
    "code among the answers": "doubtful",
    "one value": "doubtful",
    "one end of the scale": "doubtful",
    "observed scale": "note",
    "labels differ": "note",
    "repeated with other stimuli": "note",
    "missing codes": "note",
}
"""How much each kind matters; the worst first."""

_NAMED = 6

Row = dict[str, Any]
"""A row of one of the tables of `Counts`."""


class Defect(Record):
    """One thing that is wrong, or that one should know, in one study."""

    kind: DefectKind
    """What it is."""
    severity: Severity
    """How much it matters."""
    study: str
    """The study it is found in."""
    question: str | None
    """The question; `None` where it concerns several."""
    answers: int
    """How many answers it concerns."""
    found: str
    """The sentence that says what was found, where, and in how many answers."""
    advice: str
    """What to do about it."""


def one_defect(kind: DefectKind, row: Row, answers: int, found: str, advice: str) -> Defect:
    """Return the defect of a row, which names the study and may name the question."""
    question = row.get("question")
    where = f"{row['study']}, {question}" if question else row["study"]
    return Defect(
        kind=kind, severity=KINDS[kind], study=row["study"], question=question, answers=answers,
        found=f"{where}: {found}", advice=advice,
    )  # fmt: skip


def answers_in_words(count: int) -> str:
    """Return a number of answers in words."""
    return counted(count, "answer", "answers")


def percent(share: float) -> str:
    """Return a share in percent; one that is not 0 is not shown as 0."""
    return "under 0.1 %" if share < 0.001 else f"{100 * share:.1f} %"


def some_answers(answers: Sequence[float]) -> str:
    """Return the first answers, with a minus sign that does not break."""
    return named([f"{answer:.10g}".replace("-", "−") for answer in answers], ", ", 12)


def named(names: list[str], between: str, most: int = _NAMED) -> str:
    """Return the first names, and how many more there are."""
    more = len(names) - most
    return between.join(names[:most]) + (f"{between}and {more:,} more" if more > 0 else "")


def joined(names: list[str]) -> str:
    """Return names with "and" before the last."""
    if len(names) > _NAMED or len(names) == 1:
        return named(names, ", ")
    return " and ".join([", ".join(names[:-1]), names[-1]])
