"""A model that answers in texts, asked like one that gives probabilities.

A protocol says what is asked for in a prompt's place and what a text comes to. The texts are kept in the run folder, so
that a run which was stopped writes none again and counts none twice.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from silicus.models.kept import Kept
from silicus.models.writing import Text, Writer, Writing
from silicus.prompts import Prompt
from silicus.record import digest
from silicus.study import Outcome, Scale, spoken_answer

__all__ = ["TEXTS", "AskingProtocol", "Came", "Understood", "WrittenModel", "declines"]

TEXTS = "texts.sqlite"
"""Where the texts of a run are kept."""
_SENTENCE, _BUT = re.compile(r"[.!?\n]"), re.compile(r",?\s+(?:but|however)\b,?\s*", re.IGNORECASE)

_Shares = npt.NDArray[np.float64]


class Came(StrEnum):
    """What a text comes to; one that was cut off before its answer is unreadable too."""

    ANSWER = "answer"
    DECLINED = "declined"
    UNREADABLE = "unreadable"
    CUT = "cut off"


@dataclass(frozen=True)
class Understood:
    """What was understood of a text.

    Attributes:
        came: what it comes to.
        shares: the share of each of the prompt's answers, shape (answers,); `None` without an answer.
    """

    came: Came
    shares: _Shares | None = None

    @classmethod
    def none(cls, text: Text, *, declined: bool = False) -> Understood:
        """Return that a text has no answer: it declines, was cut off before one, or cannot be read."""
        return cls(Came.DECLINED if declined else Came.CUT if text.cut else Came.UNREADABLE)


class AskingProtocol(Protocol):
    """A way of asking in which a model writes."""

    name: str
    content: str
    """A hash of what else its reading depends on, such as statements in a file; "" for nothing."""
    mean: str
    """What the mean over the texts of a prompt is, in words."""

    def ask(self, prompt: Prompt) -> Prompt:
        """Return what is asked for in a prompt's place.

        Raises:
            InputError: the scale cannot be asked in this way.
        """
        ...

    def read(self, prompt: Prompt, texts: Sequence[Text]) -> list[Understood]:
        """Return what was understood of each text that answers a prompt, by the answers of that prompt."""
        ...


def declines(words: str, scale: Scale) -> bool:
    """Return whether a text declines in its first sentence, and takes nothing back after a "but".

    Examples:
        >>> scale = Scale(kind="binary", labels={1: "Yes", 2: "No"})
        >>> [declines(words, scale) for words in ("Sorry, but I can't answer.", "I don't know much, but I like it.")]
        [True, False]
    """
    clauses = _BUT.split(_SENTENCE.split(words.strip(), maxsplit=1)[0])
    return all(spoken_answer(clause, scale).outcome is Outcome.DECLINED for clause in (clauses[0], clauses[-1]))


class WrittenModel:
    """Answers with the mean of what a model's texts come to.

    Texts that decline or cannot be read count as zeros, which is told as `covered`.

    Args:
        writer: who writes.
        protocol: what is asked for, and how it is read.
        how: how texts are drawn.

    Attributes:
        name: what it is called in tables.
        fingerprint: a hash of all that its answers depend on, apart from the prompt.
    """

    def __init__(self, writer: Writer, protocol: AskingProtocol, how: Writing) -> None:
        self._writer, self._protocol, self._how = writer, protocol, how
        self._drawn = (str(how.draws), str(how.most_tokens), str(how.temperature), str(how.seed))
        self.name = writer.name
        self.fingerprint = digest("written", protocol.name, protocol.content, *self._drawn, writer.fingerprint)
        self._kept = Kept()

    def keep_in(self, folder: Path) -> None:
        """Keep texts in a run folder, so that a run that stops goes on without writing them again."""
        self._kept.close()
        self._kept = Kept(folder / TEXTS)
        keep: Any = getattr(self._writer, "keep_in", None)
        if keep is not None:
            keep(folder)

    def close(self) -> None:
        """Close the file in which texts are kept."""
        self._kept.close()
        close: Any = getattr(self._writer, "close", None)
        if close is not None:
            close()

    def answer(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, np.ndarray]]:
        """Yield a prompt's index and the logarithm of each answer's share; -inf where it never was one.

        Raises:
            InputError: a scale cannot be asked in this way.
            PromptError: a prompt is longer than the model can read.
            ModelError: a server fails.
            RunError: a cap would be passed.
        """
        asked = [self._protocol.ask(prompt) for prompt in prompts]
        keys = [self._key(prompt) for prompt in asked]
        waiting: dict[str, list[int]] = {}
        for index, key in enumerate(keys):
            known = self._kept.get(key)
            if known is None:
                waiting.setdefault(key, []).append(index)
            else:
                yield index, self._shares(prompts[index], key, [Text(*each) for each in known])
        # People who are alike get the same prompt, and it is written to once.
        firsts = [same[0] for same in waiting.values()]
        for number, texts in self._writer.write([asked[index] for index in firsts], self._how):
            key = keys[firsts[number]]
            self._kept.put(key, [[text.words, text.cut] for text in texts])
            for index in waiting[key]:
                yield index, self._shares(prompts[index], key, texts)

    def _key(self, asked: Prompt) -> str:
        return digest(self._protocol.name, asked.system, asked.user, *self._drawn, self._writer.fingerprint)

    def _shares(self, prompt: Prompt, key: str, texts: Sequence[Text]) -> np.ndarray:
        total = np.zeros(len(prompt.answers))
        for draw, found in enumerate(self._protocol.read(prompt, texts)):
            self._kept.note(f"{key} {draw}", found.came)
            if found.shares is not None:
                total += found.shares
        with np.errstate(divide="ignore"):
            return np.log(total / len(texts))

    def came_to(self) -> Counter[str]:
        """Return what texts came to (answer, declined, unreadable, cut off) -> how many."""
        return self._kept.came_to()

    @property
    def spent(self) -> str | None:
        """What was used of a server's budget, in words; `None` of a model on this machine."""
        return getattr(self._writer, "spent", None)

    def notes(self) -> list[str]:
        """Return what is to be known of the numbers, in sentences."""
        how = self._how
        texts = "one text" if how.draws == 1 else f"{how.draws} texts"
        if how.temperature == 0:
            chance = "the likeliest token each time, so without sampling error"
        elif how.draws == 1:
            chance = "a single draw, whose sampling error is not known"
        else:
            chance = f"the standard error of a share is up to {0.5 / math.sqrt(how.draws):.3f}, more where texts fail"
        return [
            f"{self.name} wrote {texts} for each prompt (protocol '{self._protocol.name}', temperature "
            f"{how.temperature:g}, up to {how.most_tokens} tokens); a probability is {self._protocol.mean}; {chance}"
        ]
