"""Protocols whose texts name the answer: reasoning that ends in it, or a distribution over all of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from silicus.errors import InputError
from silicus.models.spoken import read_text
from silicus.models.writing import Text
from silicus.prompts import Prompt, ask_for_reasoning, ask_for_shares, fewest_tokens, read_stated
from silicus.simulate.written import Came, Understood, declines
from silicus.study import Outcome, Scale

__all__ = ["Distribution", "Reason"]

_MARKED = re.compile(r"[\s*_#>`-]*(?:final )?answer[*_` ]*:[*_` ]*(?P<words>.*)", re.IGNORECASE)
_ENTRY = re.compile(r"\s*(?P<number>\d{1,4})(?:[.)]|\s*=)\s+(?P<words>\w.*)")


class Reason:
    """The model says what leads a person to the answer, then gives it on a line of its own.

    The answer is looked for behind "Answer:" at the start of a line, the first where one can be read; else at the start
    of the last line, by the rules of `spoken_answer`, unless that line is an entry of a numbered list. Of a text that
    was cut off the last line is not read.
    """

    name = "reason"
    content = ""
    mean = "an answer's share of the texts"

    def ask(self, prompt: Prompt) -> Prompt:
        """Return the prompt that asks for reasoning first."""
        return ask_for_reasoning(prompt)

    def read(self, prompt: Prompt, texts: Sequence[Text]) -> list[Understood]:
        """Return the answer that each text comes to, if it does."""
        return [_answer_of(prompt, text) for text in texts]


def _answer_of(prompt: Prompt, text: Text) -> Understood:
    lines = text.words.split("\n")[:-1] if text.cut else text.words.rstrip().split("\n")
    marked = [found["words"] for line in lines if (found := _MARKED.match(line))]
    # What was cut off has no last line.
    last = [] if text.cut or _is_entry(lines[-1], prompt.item.scale) else lines[-1:]
    read = [read_text(prompt, words) for words in [*marked, *last]]
    place = next((place for place, _ in read if place is not None), None)
    if place is not None:
        return Understood(Came.ANSWER, np.eye(len(prompt.answers))[place])
    # A text that declines says so at its start, or where the answer is expected.
    declined = any(outcome is Outcome.DECLINED for _, outcome in read)
    return Understood.none(text, declined=declined or declines(text.words, prompt.item.scale))


def _is_entry(line: str, scale: Scale) -> bool:
    """Return whether a line is an entry of a numbered list, and not a point with its own label."""
    entry = _ENTRY.match(line)
    label = scale.label(int(entry["number"])) if entry else None
    return entry is not None and not (label and entry["words"].casefold().startswith(label.casefold()))


class Distribution:
    """The model says how many of 100 such people give each answer.

    Args:
        most_tokens: how long a text may be.
    """

    name = "distribution"
    content = ""
    mean = "an answer's stated share, averaged over the texts"

    def __init__(self, most_tokens: int) -> None:
        self._most_tokens = most_tokens

    def ask(self, prompt: Prompt) -> Prompt:
        """Return the prompt that asks for numbers of people.

        Raises:
            InputError: a text that may be no longer cannot name every answer.
        """
        needed = fewest_tokens(prompt)
        if needed > self._most_tokens:
            raise InputError(
                f"study '{prompt.item.study}', question '{prompt.item.question}': a text that states numbers for "
                f"{len(prompt.answers)} answers needs {needed} tokens or more, found --text-tokens "
                f"{self._most_tokens}. Raise it, or take another --protocol."
            )
        return ask_for_shares(prompt)

    def read(self, prompt: Prompt, texts: Sequence[Text]) -> list[Understood]:
        """Return the distribution that each text states, if it does."""
        return [_distribution_of(prompt, text) for text in texts]


def _distribution_of(prompt: Prompt, text: Text) -> Understood:
    # The last number of a text that was cut off may go on.
    words = text.words.rpartition("\n")[0] if text.cut else text.words
    shares = read_stated(prompt, words)
    if shares is not None:
        return Understood(Came.ANSWER, shares)
    return Understood.none(text, declined=declines(text.words, prompt.item.scale))
