"""What `silicus probe` found, as it stands on disk (`probes.json`) and in an evaluation."""

from __future__ import annotations

from silicus.evaluate.reasked import Followed, Reasked
from silicus.evaluate.recalled import Recalled
from silicus.evaluate.remembered import Familiar, Verbatim
from silicus.record import Record

__all__ = ["Probes"]


class Probes(Record):
    """What a model predicts when it is asked otherwise, and what it remembers of the studies.

    A probe that could not be made is `None`, and `left_out` says why.
    """

    model: str
    """The weights that were asked: their fingerprint, as in the run's manifest."""
    seed: int
    """What was drawn, and from where."""
    answers_n: int
    """Predictions that were asked for again, drawn from the run's and spread over its cells."""
    stimulus_removed: Reasked | None
    """The same people asked with neither condition nor question: only the way of answering is told."""
    persona_swapped: Reasked | None
    """The same questions put to somebody else of the same study."""
    instructed: Followed | None
    """The same, with the instruction to give one named answer whatever was asked."""
    verbatim: Verbatim | None
    familiar: Familiar | None
    recalled: list[Recalled]
    """A fact of each study, such as its title or its id, picked among those of other studies."""
    left_out: list[str]
    """What could not be looked at, and why, a sentence each."""
