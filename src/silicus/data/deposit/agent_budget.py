"""What asking a language model may cost, what it has cost so far, and everything that was said, as it is said."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TextIO

from silicus.errors import RunError
from silicus.record import Record

__all__ = ["BudgetSpentError", "Limits", "Meter", "Spent", "Transcript"]

_BYTES_A_TOKEN = 2
"""English has about four; codes and numbers two. What nobody reported is rather counted too high."""
_LONGEST_ANSWER = 16_000
_SHORTEST_ANSWER = 500
"""No recipe fits into fewer tokens, so that a request which leaves no more is not sent."""
_MILLION = 1_000_000
_SECRET = 8
"""A shorter key is a placeholder such as EMPTY, and part of ordinary words."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What asking a model may cost.

    Attributes:
        calls: requests to its server, those that failed among them.
        tokens: sent and received.
        dollars: US dollars; `None` where nobody counts them.
        price_in: US dollars for a million tokens sent.
        price_out: US dollars for a million tokens received.
    """

    calls: int
    tokens: int
    dollars: float | None = None
    price_in: float = 0.0
    price_out: float = 0.0


class Spent(Record):
    """What asking a model has cost."""

    calls: int
    tokens_in: int
    tokens_out: int
    estimated: int
    """Calls whose tokens the server did not report, and that were counted by their length."""
    dollars: float

    @property
    def tokens(self) -> int:
        """Sent and received."""
        return self.tokens_in + self.tokens_out


class BudgetSpentError(Exception):
    """The next request could cost more than is left; the message names what ran out."""


class Meter:
    """Counts what is asked, and lets nothing out that could cost more than is left.

    Args:
        limits: what it may cost.
        tell: is told after every call what was spent.
    """

    def __init__(self, limits: Limits, tell: Callable[[str], None] = lambda _: None) -> None:
        self.limits = limits
        self._tell = tell
        self._calls = self._in = self._out = self._estimated = self._last_in = 0

    @property
    def spent(self) -> Spent:
        """What was spent so far."""
        dollars = (self._in * self.limits.price_in + self._out * self.limits.price_out) / _MILLION
        return Spent(
            calls=self._calls, tokens_in=self._in, tokens_out=self._out, estimated=self._estimated, dollars=dollars
        )

    def start(self, size: int) -> int:
        """Return how many tokens the answer to a request may have; the request is counted from now on.

        Args:
            size: bytes that will be sent.

        Raises:
            BudgetSpentError: the request, or the shortest answer to it, could cost more than is left.
        """
        limits, spent = self.limits, self.spent
        # A request holds all that was said before.
        sent = max(_tokens(size), self._last_in)
        if spent.calls >= limits.calls:
            raise BudgetSpentError(f"all {limits.calls:,} calls were made (--max-calls)")
        left = limits.tokens - spent.tokens - sent
        if left < _SHORTEST_ANSWER:
            raise BudgetSpentError(
                f"{spent.tokens:,} of {limits.tokens:,} tokens were used, and the next call needs about "
                f"{sent + _SHORTEST_ANSWER:,} (--max-tokens)"
            )
        if limits.dollars is not None:
            money = limits.dollars - spent.dollars - sent * limits.price_in / _MILLION
            left = min(left, math.floor(money * _MILLION / limits.price_out)) if limits.price_out else left
            if money < 0 or left < _SHORTEST_ANSWER:
                raise BudgetSpentError(
                    f"${spent.dollars:.4f} of ${limits.dollars:g} were spent, and the next call could cost more than "
                    "is left (--max-cost)"
                )
        self._calls += 1
        return min(left, _LONGEST_ANSWER)

    def finish(self, sent: tuple[int, int], received: tuple[int, int]) -> None:
        """Count a call that came back.

        Args:
            sent: bytes, and the tokens that the server reports; 0 where it reports none.
            received: likewise.
        """
        tokens = [reported if reported > 0 else _tokens(size) for size, reported in (sent, received)]
        self._last_in = max(self._last_in, tokens[0])
        self._in += tokens[0]
        self._out += tokens[1]
        self._estimated += any(size and reported <= 0 for size, reported in (sent, received))
        spent = self.spent
        money = f", ${spent.dollars:.4f}" if self.limits.price_in or self.limits.price_out else ""
        self._tell(f"call {spent.calls:,}: {spent.tokens:,} tokens so far{money}")


def _tokens(size: int) -> int:
    return math.ceil(size / _BYTES_A_TOKEN)


class Transcript:
    """A file of one JSON object a line, each of them on disk as soon as it was said; without the key.

    Args:
        path: the file, which is begun anew.
        key: what must never stand in it.
    """

    def __init__(self, path: Path, key: str | None) -> None:
        self._key = key if key and len(key) >= _SECRET else None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Half a pair of surrogates, which JSON may hold and no file, becomes the escape it was.
            self._file: TextIO = path.open("w", encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise RunError(f"{path}: cannot be written ({error.strerror}). Name another folder with --out.") from None

    def write(self, kind: str, **said: Any) -> None:
        """Write one line: when, of which kind, and what."""
        line = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "kind": kind, **said}
        self._file.write(self.without_key(json.dumps(line, ensure_ascii=False, default=str)) + "\n")
        self._file.flush()

    def without_key(self, text: str) -> str:
        """Return a text in which the key is blotted out."""
        if self._key is None:
            return text
        return text.replace(json.dumps(self._key)[1:-1], "[key]").replace(self._key, "[key]")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
