"""Models that write: texts drawn after a prompt, in which an answer is looked for later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from silicus.prompts import Prompt
from silicus.record import digest

__all__ = ["Text", "Writer", "Writing", "seed_of"]


@dataclass(frozen=True)
class Writing:
    """How texts are drawn.

    Attributes:
        draws: how many for each prompt.
        most_tokens: how long each may be.
        temperature: 1 is the model's own distribution, 0 its likeliest token each time.
        seed: where chance starts.
    """

    draws: int
    most_tokens: int
    temperature: float
    seed: int


@dataclass(frozen=True)
class Text:
    """A text that a model wrote.

    Attributes:
        words: the text, without what ends it.
        cut: whether it was cut off because it became too long.
    """

    words: str
    cut: bool


@runtime_checkable
class Writer(Protocol):
    """A model that can write, and not only give probabilities."""

    @property
    def name(self) -> str:
        """What the model is called in tables."""
        ...

    @property
    def fingerprint(self) -> str:
        """A hash of all that its texts depend on, apart from the prompt and from how they are drawn."""
        ...

    @property
    def writes(self) -> bool:
        """Whether it has anything to write with: a script may hold no texts."""
        ...

    def write(self, prompts: Sequence[Prompt], how: Writing) -> Iterator[tuple[int, list[Text]]]:
        """Yield, in any order, a prompt's index and all its texts.

        A prompt's texts do not depend on the prompts beside it.
        """
        ...


def seed_of(prompt: Prompt, how: Writing, draw: int) -> int:
    """Return the seed of one text: every prompt has luck of its own, whatever stands beside it."""
    return int(digest(prompt.system, prompt.user, str(how.seed), str(draw)), 16)
