"""Whether a simulated study is to be believed: what a check is, what each expects, and the verdict they come to.

The thresholds are conventions, chosen before any study was screened and told with every check. None of them can show
that effects are right, only that there is a reason to think they are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from silicus import plugins
from silicus.effects.past import FEWEST_STUDIES
from silicus.errors import counted
from silicus.record import Record

__all__ = [
    "COVERED",
    "ESSENTIAL",
    "FAILED_DOUBTFUL",
    "FAILED_MOST",
    "FEWEST_WORDINGS",
    "KEYWORDS",
    "LEAST_MOVED",
    "MOST_MOVED",
    "NEGLIGIBLE",
    "NOT_BENCHMARKED",
    "NO_GAIN",
    "PERSONA_READ",
    "SIGN_KEPT",
    "SIGN_LOST",
    "UNRELATED",
    "Answered",
    "Check",
    "CheckName",
    "Failures",
    "Gate",
    "PastRecord",
    "Status",
    "check_failures",
    "check_past_record",
    "check_pilot",
    "checked",
    "verdict",
]

Status = Literal["passed", "doubtful", "failed", "not done"]
"""What a check came to."""

CheckName = Literal[
    "past record",
    "support",
    "placebo",
    "labels",
    "keywords",
    "unrelated outcome",
    "persona",
    "wordings",
    "failures",
    "pilot",
]

ESSENTIAL: tuple[CheckName, ...] = ("past record", "support", "placebo", "labels", "failures")
"""Checks without which no result is called supported: they ask for nothing that a study may lack by design."""

NOT_BENCHMARKED = "NOT BENCHMARKED"
"""What every result carries until it has been compared with people."""

NEGLIGIBLE = 0.1
"""Percent of the range: to see a smaller effect, a million people an arm would be needed."""

SIGN_KEPT = 0.8
"""By chance, a sign is kept as often by at least 12 of 15 wordings in 4 % of cases."""

SIGN_LOST = 0.6
"""Not much more than the half that a coin would keep."""

MOST_MOVED = 0.2
"""One answer of five depends on the label rather than on what it means."""

LEAST_MOVED = 0.1
"""Where answers hardly move, it cannot be told whether they stay with the meaning or with the place."""

KEYWORDS = 0.5
"""More than half of an effect needs no sentence."""

UNRELATED = 0.5
"""Half of an effect is then one that the arm has on anything."""

PERSONA_READ = 0.01
"""One answer of a hundred: to see such a difference, tens of thousands of people a group would be needed."""

FEWEST_WORDINGS = 3
"""Two that disagree have no majority."""

FAILED_DOUBTFUL = 0.05
"""So many missing answers change any share by five points at most."""

FAILED_MOST = 0.2
"""The share at which simulations stop of themselves."""

NO_GAIN = 0.95
"""Errors that large leave a tenth of the variance of true effects explained: hardly worth asking the model."""

COVERED = 0.5
"""Below it, most of what the model would have said is none of the answers offered."""


class Check(Record):
    """What one check of a model came to."""

    name: CheckName
    status: Status
    found: str
    """What was found, and on how much it rests."""
    threshold: str
    """What would have been passed."""
    meaning: str
    """What the check tells."""
    arms: list[str] = []
    """The arms that it speaks against; empty where it speaks against none, or tells nothing of single arms."""
    essential: bool
    """Whether nothing is called supported where it was not done."""


class Gate(Record):
    """How far a simulated study is to be believed, and why."""

    verdict: Literal["supported", "weak", "do not use"]
    reasons: list[str]
    checks: list[Check]
    benchmarked: bool
    """Whether its effects have been compared with those of people; where not, the results are NOT BENCHMARKED."""


_TOLD: dict[CheckName, tuple[str, str]] = {
    "past record": (
        f"{FEWEST_STUDIES} past studies or more, a slope of people's effects on predicted ones whose interval lies "
        "above 0, and held-out intervals that do not hold the truth too rarely",
        "whether predicted effects told anything of people's in studies the model had not seen",
    ),
    "support": (
        "words no farther from past studies than 95 % of these are from each other, no stimulus that is among them or "
        "was learnt from, and at least half of the scales known",
        "whether errors of the past say anything about this study",
    ),
    "placebo": (
        f"every arm's mean effect over questions is above {NEGLIGIBLE:g} % of the range and any placebo's",
        "whether effects are larger than those of words that ought to do nothing",
    ),
    "labels": (
        f"at least {100 * SIGN_KEPT:.0f} % of effects keep their sign in terms of what is meant, answers move by "
        f"{100 * MOST_MOVED:.0f} % at most, and follow the meaning rather than the place",
        "whether the model answers by meaning, or by place, number or letter",
    ),
    "keywords": (
        f"no arm keeps more than {100 * KEYWORDS:.0f} % of its effects when its words are in random order",
        "whether effects come from what sentences say, or from single words in them",
    ),
    "unrelated outcome": (
        f"no arm moves questions that nothing can move by more than {100 * UNRELATED:.0f} % of what it moves its own",
        "whether arms change what they are about, or every answer alike",
    ),
    "persona": (
        f"at least {100 * PERSONA_READ:.0f} % of the answers change when a person gets another's attributes",
        "whether the model reads who answers; where not, it cannot tell groups or populations apart",
    ),
    "wordings": (
        f"the sign of every effect is the same in at least {100 * SIGN_KEPT:.0f} % of the wordings",
        "whether effects depend on how the questions are put to the model",
    ),
    "pilot": (
        "no effect of the pilot lies outside what was expected, and most are known at least as exactly as that",
        "whether people of this very study answered as was expected of them",
    ),
    "failures": (
        f"at most {100 * FAILED_DOUBTFUL:.0f} % of the prompts unanswered, and at least {100 * COVERED:.0f} % "
        "of the model's probability on the answers offered",
        "whether the model answers what is asked at all",
    ),
}


def checked(name: CheckName, status: Status, found: str, arms: Iterable[str] = (), *, spared: bool = False) -> Check:
    """Return a check with what it expects and what it tells.

    Args:
        name: of the check.
        status: what it came to.
        found: in a sentence, with numbers.
        arms: those it speaks against.
        spared: whether it cannot be done with this study, so that the verdict does not wait for it.
    """
    threshold, meaning = _TOLD[name]
    return Check(
        name=name,
        status=status,
        found=found,
        threshold=threshold,
        meaning=meaning,
        arms=sorted(set(arms)),
        essential=name in ESSENTIAL and not spared,
    )


def verdict(checks: Sequence[Check], benchmarked: bool) -> Gate:
    """Return how far a study is to be believed, and why.

    `do not use` where a check failed. Else `weak` where one is doubtful, where an essential one was not done, or where
    the study has not been compared with people. Else `supported`.

    Args:
        checks: those done, and those that were not.
        benchmarked: whether the effects have been compared with people's.

    Examples:
        >>> found = verdict([checked("placebo", "failed", "no effect is larger than a placebo's.")], benchmarked=True)
        >>> found.verdict, found.reasons[0]
        ('do not use', "placebo failed: no effect is larger than a placebo's.")
    """
    told = {status: [each for each in checks if each.status == status] for status in ("failed", "doubtful")}
    absent = [each for each in checks if each.status == "not done" and each.essential]
    missing = [name for name in ESSENTIAL if name not in {each.name for each in checks}]
    reasons = [f"{each.name} {each.status}: {each.found}" for each in (*told["failed"], *told["doubtful"], *absent)]
    reasons += [f"{name} not done: no such check was made." for name in missing]
    weak = bool(reasons) or not benchmarked
    if not benchmarked:
        reasons.insert(0, f"{NOT_BENCHMARKED}: these effects have not been compared with those of people.")
    if not weak:
        passed = sum(each.status == "passed" for each in checks)
        reasons = [
            f"compared with people, and {counted(passed, 'check', 'checks')} of {len(checks)} passed, none in doubt."
        ]
    return Gate(
        verdict="do not use" if told["failed"] else "weak" if weak else "supported",
        reasons=reasons,
        checks=list(checks),
        benchmarked=benchmarked,
    )


# --- what is known without asking otherwise


@dataclass(frozen=True)
class PastRecord:
    """How predicted effects did in past studies; NaN where unknown.

    Attributes:
        studies: their number.
        slope: of people's effects on predicted ones.
        slope_low: the lower end of its interval.
        slope_high: the upper end.
        coverage: share of held-out effects inside their intervals.
        coverage_low: the lower end of its interval.
        coverage_high: the upper end.
        level: the share meant to be inside.
        left: standard deviation of the errors, in shares of that of true effects: at 1 it does no better than knowing
            that effects are about 0.
    """

    studies: int
    slope: float
    slope_low: float
    slope_high: float
    coverage: float = np.nan
    coverage_low: float = np.nan
    coverage_high: float = np.nan
    level: float = 0.95
    left: float = np.nan


def check_past_record(past: PastRecord | None) -> Check:
    """Return whether predicted effects told anything of people's in the past.

    Failed where the interval of the slope holds 0 or lies below it. Doubtful where errors are nearly as large as those
    of knowing no more than that effects are small, and where the interval of the coverage lies below its level, or is
    unknown. Not done of fewer than ten studies.

    Examples:
        >>> check_past_record(PastRecord(40, 0.5, -0.1, 1.1)).status
        'failed'
    """
    if past is None or past.studies < FEWEST_STUDIES or np.isnan(past.slope_low):
        known = "none are known" if past is None else f"there are {past.studies}"
        why = f"of past studies {known}, and {FEWEST_STUDIES} are needed."
        if past is not None and past.studies >= FEWEST_STUDIES:
            why = f"the slope is unknown, although there are {past.studies} past studies."
        return checked("past record", "not done", why)
    interval = f"{past.slope:.2f} [{past.slope_low:.2f}, {past.slope_high:.2f}]"
    found = f"over {past.studies} past studies, people's effects were {interval} of those predicted"
    if past.slope_low <= 0:
        return checked("past record", "failed", f"{found}: in the past its effects said nothing of people's.")
    if past.left > NO_GAIN:
        told = f"errors were {100 * past.left:.0f} % as large as without any model"
        return checked("past record", "doubtful", f"{found}; {told}.")
    if np.isnan(past.coverage_high):
        return checked("past record", "doubtful", f"{found}; how often its intervals held the truth is unknown.")
    held = f"{100 * past.coverage:.0f} % [{100 * past.coverage_low:.0f}, {100 * past.coverage_high:.0f}]"
    found += f"; {held} of held-out effects lay in intervals meant to hold {100 * past.level:g} %"
    short = past.coverage_high < past.level
    return checked("past record", "doubtful" if short else "passed", f"{found}.")


@dataclass(frozen=True)
class Failures:
    """How the asking went.

    Attributes:
        prompts: how many were asked.
        unread: of how many no answer could be read.
        covered: mean share of the model's probability on the answers offered; NaN where answers were written.
    """

    prompts: int
    unread: int
    covered: float


def check_failures(failures: Failures) -> Check:
    """Return whether the model answers what is asked.

    Doubtful where more than 5 % of the prompts came to no answer, or the answers offered got less than half of the
    probability; failed where it is more than 20 %. No prompt is ever cut: one that is too long ends the run.

    Examples:
        >>> check_failures(Failures(200, 4, 0.97)).status
        'passed'
    """
    if not failures.prompts:
        return checked("failures", "not done", "nothing was asked.")
    share = failures.unread / failures.prompts
    found = f"of {counted(failures.prompts, 'prompt', 'prompts')}, {failures.unread:,} unanswered"
    if not np.isnan(failures.covered):
        found += f"; {100 * failures.covered:.0f} % of the probability on the answers offered"
    if share > FAILED_MOST:
        return checked("failures", "failed", f"{found}.")
    doubtful = share > FAILED_DOUBTFUL or failures.covered < COVERED
    return checked("failures", "doubtful" if doubtful else "passed", f"{found}.")


@dataclass(frozen=True)
class Answered:
    """What was expected of an effect, and what the people of a pilot did; in points of the scale.

    Attributes:
        name: of question and arm.
        expected: the effect.
        sd: standard deviation of its error.
        found: the pilot's effect.
        standard_error: of it.
    """

    name: str
    expected: float
    sd: float
    found: float
    standard_error: float


def check_pilot(effects: Sequence[Answered], level: float = 0.95) -> Check:
    """Return whether the pilot's people did what was expected of them.

    Failed where an effect lies farther from what was expected than both errors together allow (normal, two-sided, the
    level corrected for the number of effects). Doubtful where all lie within, and the pilot is less exact than what was
    expected for most: then it could hardly have spoken against it.

    Args:
        effects: of which something was expected and which the pilot knows with an error.
        level: of the test.

    Examples:
        >>> check_pilot([Answered("trust, letter", 0.4, 0.1, -0.6, 0.2)]).status
        'failed'
    """
    if not effects:
        return checked("pilot", "not done", "nothing was expected of people that a pilot has answered.")
    special: Any = plugins.require("scipy.special")
    reach = float(special.ndtri(1 - (1 - level) / (2 * len(effects))))
    outside = [
        each.name
        for each in effects
        if abs(each.found - each.expected) > reach * np.hypot(each.sd, each.standard_error)
    ]
    coarse = sum(each.standard_error > each.sd for each in effects)
    found = f"{len(effects) - len(outside)} of {counted(len(effects), 'effect lies', 'effects lie')} where expected"
    if outside:
        return checked("pilot", "failed", f"{found}; elsewhere: {', '.join(outside)}.")
    if 2 * coarse > len(effects):
        return checked("pilot", "doubtful", f"{found}, but {coarse} are less exact in the pilot than as expected.")
    return checked("pilot", "passed", f"{found}.")
