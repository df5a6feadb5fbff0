"""The scale of a question whose options carry letters: their codes, which of them are points, and of what kind.

World Values Survey, wave 7: A to J are the codes 1 to 10 of the survey, X is its code 0. Which questions have no
order, and which codes lie beside the scale, is told here by the questionnaire, not by the words: words alone make
"A great deal, Quite a lot, Not very much, None at all" four unrelated answers.

Any other survey: A is 1, B is 2, and so on; where options are bare numbers ("1.0", "2.0"), every code moves so that
they mean what they say. "DK/Refused" and its kin, and what was volunteered but not offered ("Neither (VOL)"), lie
beside the scale; a total ("Total N=") is no option. Of more than two points, those are ordered whose words are degrees,
all but at most one between them, and rise or fall without turning:

    Too little, About right, Too much                  ordinal
    Better, Worse, About the same                      nominal: up, down, and back
    Fair, Favor Israel, Favor Palestinians             nominal: to favor somebody named is a side, not a degree
    No threat at all, Not a threat at all              no scale: one answer stands twice
"""

from __future__ import annotations

import re

from silicus.data.answer_scale import is_degree, scale_kind
from silicus.data.missing import DO_NOT_KNOW, REFUSED
from silicus.study import Scale, ScaleKind

__all__ = ["OptionsError", "is_total", "scale_of_options", "wave7_code"]

_WAVE7_LETTERS = "XABCDEFGHIJ"

# Q56 offers "better", "worse" and, last, "about the same"; the others list aims, countries or statements.
_WAVE7_NOMINAL = frozenset({42, 56, 91, 92, 93, 111, *range(152, 158), 173})
# Hard to say; not allowed to vote; it is against democracy (spontaneous); not of this nationality.
_WAVE7_BESIDE = {119: 0, 221: 4, 222: 4, 254: 5, **dict.fromkeys(range(241, 250), 0)}

_BESIDE = re.compile(
    rf"(?:{DO_NOT_KNOW}|no answer|{REFUSED})(?:\s*/\s*(?:refused|no answer))?"
    r"|(?:other )?missing;.*|inap:.*|never heard of|i do not know .*|this is not .* responsibility"
    r"|.*\((?:vol\.?|do not read|spontaneous)\)",
    re.IGNORECASE,
)
_BARE = re.compile(r"-?\d+(?:\.0)?")
# Degrees as cross-national surveys word them, at the start of an option, beside those that `is_degree` knows.
_STEPS = re.compile(
    r"(?:an? |the )?(?:(?:great|good) deal|lots?|large|big|major|moderate|small|minor|fair amount|some|only a little|"
    r"quite|fairly|rather|mostly|most|completely|all|few|none|not?|there are not|bad|reduced|"
    r"above average|below average|have done|might do|would never)\b",
    re.IGNORECASE,
)
_LONGEST_STEP = 10
_UP = r"agree|favou?r(?:able)?|support|approve|good|better|more|increased?|positive|satisfied|too (?:much|many)"
_DOWN = (
    r"disagree|unfavou?rable|oppose|disapprove|bad|worse|less|fewer|decreased?|reduced|negative|dissatisfied|"
    r"not enough|too (?:little|few)"
)
_POLES = ((-1, re.compile(rf"\b(?:{_DOWN})\b", re.IGNORECASE)), (1, re.compile(rf"\b(?:{_UP})\b", re.IGNORECASE)))
_NO_POLE = re.compile(r"(?:neither|no|not much)\b", re.IGNORECASE)
_SIDE = re.compile(r"[Ff]avou?rs? (?:the )?[A-Z]")

_TOTAL = re.compile(r"total\s+n\s*=", re.IGNORECASE)
# What two options may differ in and be one: "Good" and "Good thing", "No threat" and "Not a threat".
_IDLE = re.compile(r"\b(?:an?|the|thing)\b|[^\w ]")


class OptionsError(ValueError):
    """The options are no scale; the message says why."""


def wave7_code(letter: str) -> int | None:
    """Return the survey's code of an option's letter, or `None` for a letter that the survey does not use.

    Examples:
        >>> [wave7_code(letter) for letter in "AJXK"]
        [1, 10, 0, None]
    """
    return _WAVE7_LETTERS.index(letter) if letter in _WAVE7_LETTERS else None


def scale_of_options(options: dict[int, str], wave7: int | None = None) -> tuple[Scale, int]:
    """Return the scale of a question, and what its values are above the codes (0 but for moved codes).

    Args:
        options: code -> words, in the order of the codes.
        wave7: the number of the question in wave 7 of the World Values Survey; `None` for any other survey.

    Raises:
        OptionsError: they were cut where a comma stood, one stands twice, or their bare numbers are out of order.
        pydantic.ValidationError: they are no scale for another reason.

    Examples:
        >>> scale, _ = scale_of_options({1: "Not at all", 2: "2", 3: "A lot", 4: "DK/Refused"})
        >>> scale.labels, scale.refusals
        ({1: 'Not at all', 3: 'A lot'}, {4: 'DK/Refused'})
    """
    _check_whole(list(options.values()))
    move = _move(options)
    words = {code + move: text for code, text in options.items() if not is_total(text)}
    beside = {code: text for code, text in words.items() if _is_beside(code, text, wave7)}
    values = [code for code in words if code not in beside]
    labels = {code: words[code] for code in values if not _BARE.fullmatch(words[code])}
    _check_distinct(list(labels.values()))
    kind = _wave7_kind(values, wave7) if wave7 is not None else _worded_kind(values, labels)
    if len(labels) == len(values):
        return Scale(kind=kind, labels=labels, refusals=beside), move
    return Scale(kind=kind, low=values[0], high=values[-1], labels=labels, refusals=beside), move


def is_total(words: str) -> bool:
    """Return whether the words of an option are those of a total over all of them."""
    return _TOTAL.fullmatch(words.strip()) is not None


def _check_distinct(words: list[str]) -> None:
    """Refuse two wordings of one answer, of which every country was offered one only."""
    plain = [" ".join(re.sub(r"^not?\b", "not", _IDLE.sub(" ", each.lower()).strip()).split()) for each in words]
    if len(set(plain)) < len(plain):
        raise OptionsError("one answer stands twice among the options, in other words")


def _check_whole(words: list[str]) -> None:
    """Refuse "Have not done", "but might do": shares then belong to other options than their letters say."""
    cut = next((word for word in words[1:] if word[:1].islower()), None)
    if cut is not None and words[0].lstrip("(")[:1].isupper():
        raise OptionsError("options cut at a comma, so that their shares are another option's")


def _move(options: dict[int, str]) -> int:
    moves = {int(float(text)) - code for code, text in options.items() if _BARE.fullmatch(text)}
    if len(moves) > 1:
        raise OptionsError("the numbers among the options are out of order")
    return moves.pop() if moves else 0


def _is_beside(code: int, words: str, wave7: int | None) -> bool:
    if wave7 is not None and _WAVE7_BESIDE.get(wave7) == code:
        return True
    return _BESIDE.fullmatch(words.strip().strip('"')) is not None


def _wave7_kind(values: list[int], question: int) -> ScaleKind:
    if len(values) == 2:
        return "binary"
    return "nominal" if question in _WAVE7_NOMINAL else "ordinal"


def _worded_kind(values: list[int], labels: dict[int, str]) -> ScaleKind:
    if len(values) == 2 or len(labels) < len(values):
        return scale_kind(values, labels)
    return "ordinal" if _in_order(list(labels.values())) else "nominal"


def _in_order(words: list[str]) -> bool:
    degrees = [_is_step(each) for each in words]
    poles = [_pole(each) for each in words]
    turns = {-1, 1} <= set(poles) and poles not in (sorted(poles), sorted(poles, reverse=True))
    return degrees[0] and degrees[-1] and sum(degrees) >= len(degrees) - 1 and not turns


def _is_step(words: str) -> bool:
    if _SIDE.match(words):
        return False
    return is_degree(words) or (len(words.split()) <= _LONGEST_STEP and _STEPS.match(words) is not None)


def _pole(words: str) -> int:
    """Return 1 for more or better, -1 for less or worse, 0 for neither."""
    if _NO_POLE.match(words):
        return 0
    return next((pole for pole, form in _POLES if form.search(words)), 0)
