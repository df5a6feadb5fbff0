"""Whether two pieces of words say the same: a label and a cell, the words of an arm and those of its code."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["best_held", "content", "holds", "plain_words", "same_sense"]

_IDLE = frozenset((
    "a", "an", "and", "are", "as", "at", "be", "been", "but", "by", "for", "from", "had", "has", "have", "he", "her",
    "his", "i", "if", "in", "into", "is", "it", "its", "my", "of", "on", "or", "our", "she", "so", "than", "that",
    "the", "their", "them", "there", "these", "they", "this", "those", "to", "was", "we", "were", "what", "when",
    "which", "who", "will", "with", "would", "you", "your",
))  # fmt: skip
_NOT = frozenset(("not", "no", "never", "without", "non", "nor", "none", "nothing", "t"))
"""Words that turn others round; the last is what is left of "don't"."""
_ENDING = re.compile(r"(?<=\w{3})(?:ing|ed|es|(?<!s)s|ic)$")


def plain_words(words: str) -> str:
    """Return words in small letters, without what stands between them."""
    return re.sub(r"\W+", " ", words).strip().lower()


def content(words: str) -> frozenset[str]:
    """Return the words that say something, without their endings.

    Examples:
        >>> sorted(content("You are asked to guess the Democrats")) == sorted(content("asking Democratic guesses"))
        True
    """
    return frozenset(_ENDING.sub("", word) for word in plain_words(words).split() if word not in _IDLE)


def same_sense(one: str, other: str) -> bool:
    """Return whether two texts say the same, but for endings, order and idle words."""
    if plain_words(one) == plain_words(other):
        return True
    return bool(content(one)) and content(one) == content(other)


def holds(text: str, label: str) -> bool:
    """Return whether a text says what a label says, and perhaps more: as "Stay with Twon" says "Twon".

    Examples:
        >>> [holds("I do not want to be a donor", label) for label in ("Donor", "Not a donor")]
        [False, True]
    """
    inside, own = content(label), content(text)
    return bool(inside) and inside <= own and _NOT & inside == _NOT & own


def best_held(text: str, labels: Iterable[str]) -> list[str]:
    """Return the labels that a text says most of; none where it says none of them."""
    held = [label for label in labels if holds(text, label)]
    most = max((len(content(label)) for label in held), default=0)
    return [label for label in held if len(content(label)) == most]
