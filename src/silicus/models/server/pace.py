"""How often calls may begin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

__all__ = ["Pace"]


@dataclass
class Pace:
    """Spreads calls evenly over each minute, over all parts of a run.

    Attributes:
        per_minute: how many may begin; `None` for as many as there are.
        clock: tells seconds.
        earliest: when the next may begin.
    """

    per_minute: int | None = None
    clock: Callable[[], float] = monotonic
    earliest: float = 0.0

    def wait_seconds(self) -> float:
        """Return how long a call still has to wait."""
        return 0.0 if self.per_minute is None else max(self.earliest - self.clock(), 0.0)

    def begin(self) -> None:
        """Count a call that begins now."""
        if self.per_minute is not None:
            self.earliest = self.clock() + 60 / self.per_minute
