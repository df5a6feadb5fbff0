"""The scale that a stimulus states in its answer sentence, or why it states none.

A SocSci210 stimulus ends with a sentence "Only return ..., nothing else." Three shapes of it state a scale:

    Only return an integer from 1 to 7, where 1 means Never and 7 means Always.        a range
    Only return 1 if you accept it, up to 4 if you would challenge it.                 a range, by its ends
    Only return 1 for Yes or 2 for No, nothing else.                                   a list of points

Every other shape, and a range that contradicts itself, is unsupported and says why; nothing is guessed from
people's answers. A label stands without its quotes and its last full stop or comma. A point that says "Don't know",
"Refused", "Not applicable" and the like is a refusal, not a point; so is one beside a range, and a last "Not sure".

The kind follows from the points that remain:

    2 points                                                                           binary
    more than 2, every one labelled, in words without degrees                          nominal
    an amount (dollars, percent, hours, steps above 1), or more than 11 points         numeric
    the rest: ranges, and labels that are amounts or degrees of one thing              ordinal

Labels are degrees when all but at most one, which may not stand at an end, are short and hold a word such as
agree, favor, likely, most or often: "Better, Worse, About the same" is no order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from pydantic import ValidationError

from silicus.data.missing import DO_NOT_KNOW, REFUSED, UNSURE
from silicus.study import MAX_POINTS, Scale, ScaleKind

__all__ = [
    "ParsedScale", "answer_sentence_start", "is_degree", "labelled_scale", "parse_scale", "scale_kind", "stated_ends",
]  # fmt: skip

_ORDINAL_POINTS = 11
_DEGREE_WORDS = 6

_START = re.compile(r"\bonly return\b", re.IGNORECASE)
_TAIL = re.compile(r"[ .]*[\"'”’]*$")
_ELSE = re.compile(r"[\s,;]*\b(?:and )?nothing else\b.*", re.IGNORECASE | re.DOTALL)

_NUMBER = r"[-−+]?\$?\d+(?:,\d{3})*(?:\.\d+)?%?"
_LABEL = r"\s*\(([^()]*)\)"
_STEP = re.compile(r"\b(?:multiples?|increments|steps) of (\d+(?:\.\d+)?)", re.IGNORECASE)
# A range needs "from" or "between", or the bare noun before it: "the cost of 2 to 3 meals" is no scale.
_HEAD = (
    r"(?:[^\d,;.]{0,80}?\b(?:from|between|range|scale of)"
    r"|\s*(?:an?|the)?\s*(?:integer|number|value)?[\s,]*)\s*\(?"
)
_RANGE = re.compile(
    rf"({_HEAD})({_NUMBER})(?:{_LABEL})?,?\s*(?:up to|to|and|through|-|–|—)\s*({_NUMBER})",
    re.IGNORECASE,
)
_BARE_LIST = re.compile(
    rf"{_HEAD}({_NUMBER}(?:(?:,\s*or|,|\s+or)\s+{_NUMBER})+)\)?\s*(?:[,.]|$)",
    re.IGNORECASE,
)
_POINT = re.compile(
    # A comma or point between digits belongs to a number: the 5 of "6.5 is" is no point.
    r"(?:^|[;(\"'”’…]|[,.:](?!\d)|(?<!\d)[,.:]|\b(?:and|or|where|with|either|number|integer|up to))"
    rf"\s*[\"'“‘]?({_NUMBER})[\"'”’]?"
    r"(?:\s*[=:(]\s*|\s+(?:for|if|means?|meaning|is|being|equals|represents|indicates|corresponds to)\s+)",
    re.IGNORECASE,
)
_SO_ON = re.compile(r"up to|…|\.\.\.", re.IGNORECASE)

_AMOUNT = re.compile(
    r"[$%]|\b(?:dollars?|cents|percent(?:age)?|minutes|hours|days|weeks|months|years|number of)\b",
    re.IGNORECASE,
)
_AMOUNT_LABEL = re.compile(
    r"(?:(?:less|more|fewer) than|under|over|at least|at most|up to)?\s*"
    r"[-−]?\$?\d[\d,.]*(?!\d|st\b|nd\b|rd\b|th\b)",
    re.IGNORECASE,
)
_DEGREE = re.compile(
    r"\b(?:(?:dis)?agree|favou?r|oppose|support|(?:dis)?approve|(?:un)?likely|(?:un)?willing|"
    r"(?:dis)?satisfied|never|rarely|seldom|sometimes|often|always|once|twice|times|every day|daily|weekly|monthly|"
    r"not at all|slightly|somewhat|moderately|very|extremely|strongly|definitely|probably|increased?|decreased?|"
    r"better|best|worse|worst|more|most|less|least|some|all|none|few|many|a lot|a little|great deal|too|enough|"
    r"about (?:right|half|a (?:quarter|third|half)|three quarters)|every time|maybe|absolutely|"
    r"completely|major|minor|threat|danger|priority|\w*knowledgeable|no knowledge|low|medium|high|excellent|good|fair|"
    r"poor)\b",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    rf"(?:i |you )?(?:{DO_NOT_KNOW}|no answer|{REFUSED}|can(?:['’]?t|not) choose|"
    r"not applicable|n/?a|skipped.*|(?:declined?|prefer not) to \w+)(?: ?/ ?(?:refused|not sure|no answer|na))?",
    re.IGNORECASE,
)
_UNSURE = re.compile(UNSURE, re.IGNORECASE)
"""A midpoint where it stands between points, beside the scale where it comes last."""


@dataclass(frozen=True)
class ParsedScale:
    """What an answer sentence says about the scale.

    Attributes:
        scale: the scale; `None` where it is unsupported.
        provenance: "stated" for a range, "labels" for points given one by one, "unsupported" for neither.
        reason: why it is unsupported, as "no range stated"; `None` where there is a scale.
    """

    scale: Scale | None
    provenance: Literal["stated", "labels", "unsupported"]
    reason: str | None = None


class _UnsupportedError(ValueError):
    """The sentence states no scale; the message says why."""


def parse_scale(stimulus: str) -> ParsedScale:
    """Return the scale of the last answer sentence ("Only return ...") of a stimulus, or why there is none.

    Args:
        stimulus: all that a respondent was shown and asked.

    Examples:
        >>> str(parse_scale("How often? Only return an integer from 1 to 7, nothing else.").scale)
        '1 to 7'
        >>> parse_scale("How much? Only return an integer representing dollars, nothing else.").reason
        'no range stated'
    """
    start = answer_sentence_start(stimulus)
    if start is None:
        return ParsedScale(None, "unsupported", "no answer sentence")
    words = _START.sub("", stimulus[start:], count=1).split()
    sentence = _TAIL.sub("", " ".join(words))
    try:
        stated = _stated_range(sentence)
        if stated is not None:
            return ParsedScale(stated, "stated")
        return ParsedScale(_listed_points(sentence), "labels")
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ").rstrip(".")
        return ParsedScale(None, "unsupported", message)
    except _UnsupportedError as error:
        return ParsedScale(None, "unsupported", str(error))


def answer_sentence_start(stimulus: str) -> int | None:
    """Return the place in `stimulus` where its last answer sentence starts, or `None` where it has none."""
    starts = [match.start() for match in _START.finditer(stimulus)]
    return starts[-1] if starts else None


def stated_ends(stimulus: str) -> tuple[float, float] | None:
    """Return the two ends of the range that the last answer sentence states, whether or not it makes a scale.

    Examples:
        >>> stated_ends("How much? Only return a number from $0 to $25,000, nothing else.")
        (0.0, 25000.0)
    """
    start = answer_sentence_start(stimulus)
    match = None if start is None else _RANGE.match(_START.sub("", " ".join(stimulus[start:].split()), count=1))
    if match is None:
        return None
    low, high = sorted(_number(match[end]) for end in (2, 4))
    return low, high


def _stated_range(sentence: str) -> Scale | None:
    """Return the scale of `an integer from 1 to 7, where ...`, or `None` for another shape."""
    step = _STEP.search(sentence)
    sentence = _STEP.sub("", sentence)
    match = _RANGE.match(sentence)
    if match is None:
        return _range_by_ends(sentence)
    head, low, low_label, high = match.groups()
    rest = sentence[match.end() :]
    # After an end without a label, brackets hold something else: "from 0 to 10 (in dollars)".
    high_label = re.match(_LABEL, rest) if low_label else None
    rest = rest[high_label.end() :] if high_label else rest
    every = _whole(step.group(1)) if step else 1
    values = _values(low, high, every)
    labels = {_whole(low): _clean(low_label), _whole(high): _clean(high_label[1])} if high_label else {}
    labels |= dict(_points(rest))
    amount = every > 1 or bool(_AMOUNT.search(f"{head} {low} {high} {re.split('[,;.]', rest)[0]}"))
    return _scale(values, labels, amount=amount, bounded=True)


def _range_by_ends(sentence: str) -> Scale | None:
    """Return the scale of `1 if ..., up to 4 if ...` or `1 for ...; … 6 for ...`, or `None`."""
    marks = list(_POINT.finditer(sentence))
    if len(marks) < 2 or marks[0].start() != 0 or not any(_SO_ON.match(m.group()) for m in marks):
        return None
    points = _points(sentence)
    if len(points) < 2:
        return None
    values = _values(str(points[0][0]), str(points[-1][0]), 1)
    return _scale(values, dict(points), amount=False, bounded=True)


def _listed_points(sentence: str) -> Scale:
    """Return the scale of `1 for Yes or 2 for No`, or of a bare list such as `1, 2 or 3`.

    Raises:
        _UnsupportedError: the sentence lists no points, or not all of them.
    """
    points = _points(sentence)
    if not points:
        return _bare_list(sentence)
    values = [value for value, _ in points]
    twice = next((v for v in values if values.count(v) > 1), None)
    if twice is not None:
        raise _UnsupportedError(f"the point {twice} stands twice")
    # "an integer, where 0 means None and 100 means All" does not say that there are no other points.
    opens = _POINT.match(sentence) is not None
    if not opens and sorted(values) != list(range(min(values), max(values) + 1)):
        raise _UnsupportedError("no range stated")
    return _scale(values, dict(points), amount=False, bounded=False)


def _bare_list(sentence: str) -> Scale:
    match = _BARE_LIST.match(sentence)
    if match is None:
        raise _UnsupportedError("no range stated")
    values = [_whole(number) for number in re.findall(_NUMBER, match.group(1))]
    if values != list(range(values[0], values[0] + len(values))):
        raise _UnsupportedError(f"the points {', '.join(map(str, values))} have gaps and no labels")
    return _scale(values, {}, amount=False, bounded=True)


def _points(text: str) -> list[tuple[int, str]]:
    """Return the points that a text labels, as (value, label), in its order, less those labelled "…"."""
    marks = list(_POINT.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    labels = [_clean(text[mark.end() : end]) for mark, end in zip(marks, ends, strict=False)]
    return [(_whole(mark.group(1)), label) for mark, label in zip(marks, labels, strict=False) if label]


def _clean(label: str) -> str:
    """Return the label's words, without what closes the sentence and without quotes around them."""
    label = _ELSE.sub("", label).strip(" ,;.…")
    if label[:1] in set("\"'“‘"):
        label = label[1:].rstrip(" ,.;…\"'”’")
    elif label.endswith(")") and "(" not in label:
        label = label[:-1]
    return label.strip()


def _number(written: str) -> float:
    return float(written.replace("−", "-").translate(str.maketrans("", "", "$%,")))


def _whole(number: str) -> int:
    value = _number(number)
    if not value.is_integer():
        raise _UnsupportedError(f"{number} is not a whole number")
    return int(value)


def _values(low_text: str, high_text: str, step: int) -> list[int]:
    """Return the points from low to high, lowest first.

    Raises:
        _UnsupportedError: there are none, too many, or the step does not fit.
    """
    low, high = sorted((_whole(low_text), _whole(high_text)))
    if low == high:
        raise _UnsupportedError("1 point")
    if step < 1 or low % step or high % step:
        raise _UnsupportedError(f"the ends {low} and {high} are not multiples of {step}")
    if (high - low) // step + 1 > MAX_POINTS:
        raise _UnsupportedError(f"more than {MAX_POINTS} points")
    return list(range(low, high + 1, step))


def _scale(values: list[int], labels: dict[int, str], *, amount: bool, bounded: bool) -> Scale:
    """Return the scale of these points.

    Args:
        values: the points, refusals among them.
        labels: the words of some points or of all.
        amount: whether the sentence speaks of dollars, percent, hours or another amount.
        bounded: whether the points are a range, so that some may go without a label.
    """
    beside = {value: label for value, label in labels.items() if value not in values and _is_refusal(label)}
    values, apart = _without_refusals(values, labels, bounded=bounded)
    refusals = dict(sorted({**apart, **beside}.items()))
    labels = {value: label for value, label in labels.items() if value not in refusals}
    if len(values) == 1:
        raise _UnsupportedError("1 point")
    kind = scale_kind(values, labels, amount=amount)
    steps = {b - a for a, b in pairwise(values)}
    if not bounded or len(steps) > 1:
        return Scale(kind=kind, labels=labels, refusals=refusals)
    return Scale(kind=kind, low=values[0], high=values[-1], step=steps.pop(), labels=labels, refusals=refusals)


def _without_refusals(values: list[int], labels: dict[int, str], *, bounded: bool) -> tuple[list[int], dict[int, str]]:
    """Return the points, and the labels of those that are refusals; two points always stay.

    A refusal between the points of a range stays among them unless all have labels: the range would be cut.
    """
    left = list(values)
    while len(left) > 2 and (_is_refusal(labels.get(left[-1], "")) or _UNSURE.fullmatch(labels.get(left[-1], ""))):
        left.pop()
    while len(left) > 2 and _is_refusal(labels.get(left[0], "")):
        left.pop(0)
    inner = [value for value in left if _is_refusal(labels.get(value, ""))]
    if len(left) - len(inner) >= 2 and (not bounded or all(value in labels for value in left)):
        left = [value for value in left if value not in inner]
    return left, {value: labels[value] for value in values if value not in left}


def _is_refusal(label: str) -> bool:
    return _REFUSAL.fullmatch(label) is not None


def scale_kind(values: list[int], labels: dict[int, str], *, amount: bool = False) -> ScaleKind:
    """Return the kind of a scale by the rule at the top of this file.

    Args:
        values: the points, without refusals.
        labels: the words of some points or of all.
        amount: whether the points are dollars, percent, hours or another amount.
    """
    if len(values) == 2:
        return "binary"
    if all(value in labels for value in values) and not _graded(list(labels.values())):
        return "nominal"
    return "numeric" if amount or len(values) > _ORDINAL_POINTS else "ordinal"


def _graded(labels: list[str]) -> bool:
    """Return whether labels are amounts, or degrees of one thing; one between them, a midpoint, may be neither."""
    degrees = [is_degree(label) for label in labels]
    return degrees[0] and degrees[-1] and sum(degrees) >= len(degrees) - 1


def is_degree(label: str) -> bool:
    """Return whether a label is an amount, or short and with a word of degree.

    Examples:
        >>> [is_degree(label) for label in ("Somewhat likely", "$100 or more", "Brazil")]
        [True, True, False]
    """
    short = len(label.split()) <= _DEGREE_WORDS
    return short and bool(_AMOUNT_LABEL.match(label) or _DEGREE.search(label))


def labelled_scale(labels: dict[int, str]) -> Scale:
    """Return the scale of points that all have a label, by the rules at the top of this file.

    Raises:
        ValueError: they are no scale; the message says why.

    Examples:
        >>> labelled_scale({1: "Never", 2: "Sometimes", 3: "Often", 9: "Don't know"}).refusals
        {9: "Don't know"}
    """
    return _scale(sorted(labels), dict(sorted(labels.items())), amount=False, bounded=False)
