"""Which answers a model may learn from and which it is tested on: a stored column."""

from __future__ import annotations

from typing import Literal

from silicus.record import Record

__all__ = ["Dimension", "Split"]

Dimension = Literal["study", "condition", "question", "respondent"]


class Split(Record):
    """How a dataset was divided."""

    hold_out: dict[Dimension, float] = {}
    """What is unseen in the test part -> the share of it that is held out."""
    validation: float = 0.0
    seed: int | None = None
    mapping: str | None = None
    """The file that names what is held out, where it was not drawn."""
    counts: dict[str, int] = {}
    """Part -> number of answers."""
