"""A distribution in words: the prompt that asks how many of 100 people give each answer, and the lines that say it.

Meister, Guestrin & Hashimoto (2025, arXiv 2411.05403) call this a verbalised distribution and find that models without
training for it come nearer to people in this way than by their probabilities. The words are our own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from silicus.errors import InputError
from silicus.prompts.prompt import Prompt
from silicus.prompts.reasoning import without_invitation

__all__ = ["ask_for_shares", "fewest_tokens", "read_stated", "stated"]

_SYSTEM = "You estimate how groups of people answer surveys. Answer with numbers, in the form asked for."
_REQUEST = (
    "Now think of 100 such people. How many of the 100 give each answer? Write these lines, each with its number of "
    "people after the colon, and nothing else; the numbers add up to 100:\n{lines}\n\nThe lines:"
)
_PEOPLE, _ROUNDING = 100, 1
"""What the numbers add up to, and by how much rounding may change that."""
_TOKENS_A_LINE = 4
"""An answer, a colon, a number and the end of the line."""

_LINE = re.compile(r"(?P<name>.*\S)\s*[:=]\s*(?P<number>-?[0-9]+(?:\.[0-9]+)?)\s*(?:%|people|percent)?\s*[.,;]?\s*\Z")
_BULLET = re.compile(r"\A\s*(?:[-*•]\s+)?")
_BETWEEN = re.compile(r"[^\w-]+|-(?!\d)")

_Shares = npt.NDArray[np.float64]


def ask_for_shares(prompt: Prompt) -> Prompt:
    """Return the prompt that asks how many of 100 such people give each answer, one line an answer."""
    lines = "\n".join(f"{answer}:" for answer in prompt.answers)
    user = f"{without_invitation(prompt.user)}\n\n{_REQUEST.format(lines=lines)}"
    return replace(prompt, system=_SYSTEM, user=user, lead="")


def fewest_tokens(prompt: Prompt) -> int:
    """Return how many tokens a text needs that states a number for every answer."""
    return _TOKENS_A_LINE * len(prompt.answers)


def stated(prompt: Prompt, people: Sequence[int]) -> str:
    """Return the words that state a distribution: one line an answer.

    Args:
        prompt: the prompt, as it is with or without the request.
        people: how many of 100 give each of `prompt.answers`.

    Raises:
        InputError: there is not one number for every answer, or they do not add up to 100.
    """
    if len(people) != len(prompt.answers) or sum(people) != _PEOPLE or min(people) < 0:
        raise InputError(
            f"study '{prompt.item.study}', question '{prompt.item.question}': found the numbers {list(people)}, "
            f"expected {len(prompt.answers)} of 0 or more that add up to {_PEOPLE}."
        )
    return "\n".join(f"{answer}: {number}" for answer, number in zip(prompt.answers, people, strict=True))


def read_stated(prompt: Prompt, text: str) -> _Shares | None:
    r"""Return the share of each answer that a text states, shape (answers,), or `None` where it states none.

    An object of JSON is read, in a fence or bare, or lines of an answer and a number. Every answer has a number, once;
    together they make 99 to 101, which is taken as 1. Lines of something else are passed over, and what stands after
    the last answer is not read: models without an end of turn run on.

    Examples:
        >>> from silicus.study import Item, Respondent, Scale
        >>> tea = Item("tea", "plain", "like", "", "Do you like tea?", Scale(kind="binary", labels={1: "Yes", 2: "No"}))
        >>> prompt = Prompt(tea, Respondent("a", {}), "", "", ("1", "2"))
        >>> read_stated(prompt, "1: 80\n2: 20\n\nMost people like tea.")
        array([0.8, 0.2])
        >>> read_stated(prompt, "1: 80\n2: 40") is None
        True
    """
    names = _names(prompt)
    found: dict[int, float] = {}
    for name, number in _in_json(text) or _in_lines(text):
        answer = names.get(_plain(name))
        if answer is None:
            continue
        if answer in found or number < 0:
            return None
        found[answer] = number
        if len(found) == len(prompt.answers):
            break
    numbers = np.array([found.get(answer, np.nan) for answer in range(len(prompt.answers))])
    if not abs(numbers.sum() - _PEOPLE) <= _ROUNDING:
        return None
    return numbers / numbers.sum()


def _names(prompt: Prompt) -> dict[str, int]:
    """Return what an answer may be called -> its place; the words asked for come before labels."""
    scale, names = prompt.item.scale, {_plain(word): place for place, word in enumerate(prompt.answers)}
    for place, (word, value) in enumerate(zip(prompt.answers, scale.answers, strict=True)):
        label = scale.label(value)
        if label:
            names.setdefault(_plain(f"{word} {label}"), place)
            names.setdefault(_plain(label), place)
    return names


def _plain(name: str) -> str:
    """Return a name without what sets it off: quotes, brackets, stops and capitals."""
    return " ".join(_BETWEEN.sub(" ", name).split()).casefold()


def _in_lines(text: str) -> Iterator[tuple[str, float]]:
    for line in text.splitlines():
        found = _LINE.match(_BULLET.sub("", line.replace("*", "").replace("`", "")))
        if found:
            yield found["name"], float(found["number"])


def _in_json(text: str) -> list[tuple[str, float]]:
    """Return the names and numbers of the first object of JSON; empty where there is none."""
    start = text.find("{")
    if start < 0:
        return []
    try:
        # As pairs: an object that names an answer twice would hide it.
        found, _ = json.JSONDecoder(object_pairs_hook=list[Any], parse_constant=_no_number).raw_decode(text[start:])
    except (ValueError, RecursionError):
        return []
    pairs = cast("list[tuple[str, Any]]", found)
    return [(name, float(number)) for name, number in pairs if _is_number(number)]


def _is_number(found: object) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool) and abs(found) < 1e9


def _no_number(word: str) -> None:
    raise ValueError(word)
