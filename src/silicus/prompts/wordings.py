"""Fifteen ways of saying what stands around a question: who is spoken to, who answers, how the answer is asked for.

Which of them is used should not matter, and does. Hewitt, Ashokkumar, Ghezae & Willer (2024, Predicting results of
social science experiments using large language models) took the mean over several wordings. Ours are our own.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from silicus.errors import InputError
from silicus.record import Record, parse, read_yaml

__all__ = ["Wording", "get_wordings"]

_FILE = Path(__file__).with_suffix(".yaml")


class Wording(Record):
    """What stands around a question."""

    system: str
    """Who is spoken to."""
    one: str = Field(pattern=r"\{kind\}.*:")
    """Comes before a list of all answers; `{kind}` is number or letter."""
    listed: str = Field(pattern=r":")
    """Comes before a list of answers that are words."""
    range: str = Field(pattern=r"with \{range\} \w")
    """Asks for one number of many."""
    persona: str = Field(pattern=r":$")
    """Comes before the attributes of the person."""
    end: str = Field(pattern=r"answer:$")
    """Invites the answer."""
    nobody: str = Field(pattern=r"answer:$")
    """Invites it where no attribute is known."""


_WORDINGS = [parse(entry, Wording, f"{_FILE.name}, wording {n}") for n, entry in enumerate(read_yaml(_FILE), start=1)]


def get_wordings(count: int) -> list[Wording]:
    """Return the first so many wordings; the first is the template `silicus` as it is used alone.

    Raises:
        InputError: there are not so many.
    """
    if not 1 <= count <= len(_WORDINGS):
        raise InputError(f"found --wordings {count}, expected 1 to {len(_WORDINGS)}.")
    return _WORDINGS[:count]
