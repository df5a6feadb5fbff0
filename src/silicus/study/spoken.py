r"""What a generated text answers: an option of a scale, nothing because it declines, or nothing that can be read.

The rules are few, and none guesses:

1. White space at the start is dropped, then one lead-in: "Response", "Answer", "My answer is", "My response is", in any
   case, with or without a colon.
2. A number at the start is an answer where the scale has it. It is written with digits and perhaps a sign; "3.0" is 3,
   and in "3/7" and "3 out of 7" the 3 counts.
3. So are the words of a point or refusal at the start, in any case.
4. Both end where no letter or digit follows. A number that goes on is none: "3.5", "1,000", "1 000", "5k"; nor is one
   of several: "3-4", "3 to 4", "3 or 4".
5. Where several readings fit, the longest holds: "No opinion" is not "No". Where the number and the words of another
   point are equally long, nothing is read.
6. What stands after the answer is not read: models without an end of turn run on.
7. On a scale with a unit, an amount at the start is its number: "$1,000" is 1000, "30 minutes" is 30.

A text declines where one of a short list of phrases stands at its start ("I cannot answer", "As an AI"), unless they
are the words of an option.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from silicus.study.scale import Scale

__all__ = ["Outcome", "Spoken", "spoken_answer"]

_LEAD_IN = re.compile(r"(?:my (?:answer|response) is|answer|response)\b\s*:?\s*", re.IGNORECASE)
_END = (
    r"(?!\w)(?![^\w\s/]+\d)"
    r"(?!(?<=\d)%?[ \t]*(?:[-–—~]|(?:to|or|and)\b)[ \t]*[-+]?\d)"
    r"(?!(?<=\d)[ \u00a0\u2009\u202f]\d{3}(?!\d))"
)
_NUMBER = re.compile(rf"([-+]?[0-9]+)(?:\.0+)?{_END}", re.IGNORECASE)
_STARTS_AS_NUMBER = re.compile(r"[-+]?[0-9]")
# No scale reaches so far, and Python refuses to read thousands of digits.
_MOST_DIGITS = 18

_UNABLE = r"(?:cannot|can't|can not|am (?:unable|not able) to|'m (?:unable|not able) to|decline to|refuse to)"
_ANSWERING = r"(?:answer|respond|provide|give|choose|select|predict|determine|say|help|assist|comply|participate)"
_DECLINES = re.compile(
    rf"(?:i ?{_UNABLE} {_ANSWERING}"
    r"|i(?:'d| would)? (?:rather|prefer) not(?: to)? (?:answer|say)|prefer not to (?:answer|say)"
    r"|(?:i'm |i am )?sorry|as an ai|refused|no (?:answer|opinion|comment)|(?:i )?(?:don't|do not) know)\b",
    re.IGNORECASE,
)
_PLAIN = str.maketrans("‘’“”−", "''\"\"-")


class Outcome(StrEnum):
    """What a text comes to."""

    ANSWER = "answer"
    DECLINED = "declined"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Spoken:
    """What was read in a text.

    Attributes:
        outcome: whether there is an answer, a refusal that is no option, or neither.
        answer: a point or a refusal of the scale; `None` without an answer.
        why: what was found, in words that can be counted.
        off: the number that was read where the scale does not have it, otherwise `None`.
    """

    outcome: Outcome
    answer: int | None
    why: str
    off: int | None = None


def spoken_answer(text: str, scale: Scale) -> Spoken:
    r"""Return what a generated text answers, by the rules at the top of this file.

    Args:
        text: what was generated, with anything after the answer.
        scale: the answers that were offered.

    Examples:
        >>> scale = Scale(kind="ordinal", low=1, high=5, labels={1: "Disagree", 5: "Agree"})
        >>> [spoken_answer(text, scale).answer for text in ("3\n\n### Input:\nAge: 40", "Answer: agree.", "4-5")]
        [3, 5, None]
        >>> spoken_answer("7", scale).why
        'a number off the scale'
    """
    plain = text.translate(_PLAIN).lstrip()
    if not plain:
        return _unreadable("an empty text")
    # The words of an option may begin as a lead-in does.
    found = _read(plain, scale)
    lead_in = _LEAD_IN.match(plain)
    if found.outcome is Outcome.UNREADABLE and lead_in:
        return _read(plain[lead_in.end() :], scale)
    return found


def _read(text: str, scale: Scale) -> Spoken:
    words, spelled = _words(text, scale)
    text = text if words is not None else scale.plain(text)
    number = _NUMBER.match(text)
    long = number.end() if number else 0
    declines = _DECLINES.match(text)
    if declines and declines.end() > max(long, spelled):
        return Spoken(Outcome.DECLINED, None, "a refusal that is no option")
    if words is not None and spelled > long:
        return Spoken(Outcome.ANSWER, words, "the words of an option")
    if number is None:
        goes_on = _STARTS_AS_NUMBER.match(text)
        return _unreadable("a number that goes on, or one of several" if goes_on else "no answer at its start")
    value = int(number[1]) if len(number[1]) <= _MOST_DIGITS else None
    if words is not None and spelled == long and words != value:
        return _unreadable("a number that is also the words of another point")
    if value not in scale.answers:
        return Spoken(Outcome.UNREADABLE, None, "a number off the scale", off=value)
    return Spoken(Outcome.ANSWER, value, "a number")


def _words(text: str, scale: Scale) -> tuple[int | None, int]:
    """Return the option whose words stand at the start, the longest of them, and how long they are."""
    labels = {label.translate(_PLAIN).strip(): value for value, label in {**scale.labels, **scale.refusals}.items()}
    for label in sorted(labels, key=len, reverse=True):
        if re.match(rf"{re.escape(label)}{_END}", text, re.IGNORECASE):
            return labels[label], len(label)
    return None, 0


def _unreadable(why: str) -> Spoken:
    return Spoken(Outcome.UNREADABLE, None, why)
