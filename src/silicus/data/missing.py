"""Numbers that stand for no answer (77, 98, 99, 999, -5 and their kin), and words that do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

__all__ = ["DO_NOT_KNOW", "REFUSED", "UNSURE", "code_label", "is_code", "says_no_answer", "split_codes"]

# 77, 88, 99, 97 and 98, 999, 998, 99999, ... as NORC, Pew and the GSS write them; -1 to -9, -99, -97 as ANES
# and WVS do.
_CODE = re.compile(r"-?(?:7{2,}|8{2,}|9{2,}|9+[78])|-[1-9]")


DO_NOT_KNOW = r"(?:don['’‘ʼ`´]?t know|do not know|dk)"
REFUSED = r"(?:refused?(?: to (?:answer|say))?)"
UNSURE = r"(?:(?:i['’]?m |i am )?(?:not sure|unsure|undecided))"
"""Words for no answer that every rule shares, each as a pattern in small letters; what else counts is the rule's own.

"Not sure" is a midpoint where it stands between points, and no answer where it comes last or apart.
"""
_NO_ANSWER = re.compile(
    r"\W*(?:"
    rf"(?:i |you )?{DO_NOT_KNOW}|{REFUSED}|refusal|(?:declined?|decline) (?:to )?(?:answer|state|say|respond)"
    r"|(?:i['’]?d |i would |would )?(?:prefer|rather) (?:not|to not)(?: to)?"
    r"(?: (?:say|answer|disclose|respond|state|tell))?"
    r"|no (?:answer|response)(?: given)?|non-?response|not (?:answered|asked|stated|administered|ascertained|reported)"
    r"|(?:question )?not (?:seen|shown)|not applicable|n\.?/?a\.?|inapplicable|inap|iap"
    r"|(?:web |legitimate |valid )?skip(?:ped)?(?: on (?:the )?(?:web|phone))?"
    r"|(?:system |user )?missing(?: data| value)?"
    r"|can(?:['’]?t|not) (?:choose|say)|unknown"
    r")(?:\W*$|\s*[/,;:(\[|]|\s+[-–—]|\s+or\s)",
    re.IGNORECASE,
)
_APART = re.compile(rf"\W*(?:{UNSURE}|no opinion)(?:\W*$|\s*[/,;:(\[|])", re.IGNORECASE)


def says_no_answer(words: str, *, apart: bool = False) -> bool:
    """Return whether a label says that there is no answer: as a whole or with its first words.

    Args:
        words: the label.
        apart: whether its point comes last or lies apart from the others, where "Not sure" is no answer either.

    Examples:
        >>> [says_no_answer(words) for words in ("Don’t know", "Skipped on web", "Refused/NA", "Refused the offer")]
        [True, True, True, False]
        >>> says_no_answer("Unsure"), says_no_answer("Unsure", apart=True)
        (False, True)
    """
    return _NO_ANSWER.match(words) is not None or (apart and _APART.match(words) is not None)


def is_code(answer: float) -> bool:
    """Return whether a number has the form of a missing code; on a scale that holds it, it is an answer.

    Examples:
        >>> [is_code(x) for x in (98, 999, -5, 7, 61)]
        [True, True, True, False, False]
    """
    return float(answer).is_integer() and _CODE.fullmatch(str(int(answer))) is not None


def code_label(answer: float) -> str:
    """Return how a missing code is called where no codebook names it."""
    return f"code {int(answer)}"


def split_codes(answers: Iterable[float]) -> tuple[list[float], list[float]]:
    """Return the answers to a question without a stated scale, and the missing codes among them.

    A number is a missing code where it has the form of one (`is_code`) and lies beyond all other answers by a gap
    wider than any between them: 77, 98 and 99 are codes beside 1 to 7, and answers beside 0 to 100. Where no other
    answer is below 0, a negative code is one whatever the gap, unless the answers are as many below 0 as above.

    Args:
        answers: the distinct numbers people gave.

    Examples:
        >>> split_codes([1, 2, 3, 5, 77, 98, 99])
        ([1, 2, 3, 5], [77, 98, 99])
        >>> split_codes([0, 10, 25, 50, 80, 98, 99])
        ([0, 10, 25, 50, 80, 98, 99], [])
    """
    every = sorted(set(answers))
    core = [answer for answer in every if not is_code(answer)]
    if not core:
        return every, []
    widest = max((b - a for a, b in pairwise(core)), default=1)
    kept = set(core)
    for answer in [*(a for a in every if a > core[-1]), *(a for a in reversed(every) if a < core[0])]:
        if min(abs(answer - other) for other in kept) <= widest:
            kept.add(answer)
    kept |= {answer for answer in every if core[0] < answer < core[-1]}
    below = [answer for answer in every if answer < 0]
    if core[0] >= 0 and below != [-answer for answer in reversed(core) if answer > 0]:
        kept -= set(below)
    return [a for a in every if a in kept], [a for a in every if a not in kept]
