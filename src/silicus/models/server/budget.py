"""What calls may cost, known before each of them is made."""

from __future__ import annotations

from dataclasses import dataclass, field

from silicus.errors import InputError, RunError, counted
from silicus.models.kept import Spent

__all__ = ["Budget", "Price", "Reserved"]

_MILLION = 1_000_000
_MOST_BELIEVED = 1 << 40
"""More tokens than any call uses; sums of them are still whole numbers of a file."""


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens.

    Attributes:
        read: of the prompt.
        written: of the answer.
    """

    read: float
    written: float

    def of(self, read: int, written: int) -> float:
        """Return the price of so many tokens, in US dollars."""
        return (read * self.read + written * self.written) / _MILLION


@dataclass(frozen=True)
class Reserved:
    """What one call may use, until it is known what it used.

    Attributes:
        read: the most tokens that it may read.
        written: the most tokens that it may write.
        least: the fewest tokens that it can have read, whatever a server reports.
    """

    read: int
    written: int
    least: int = 1

    def counted(self, read: int | None, written: int | None) -> tuple[int, int]:
        """Return the tokens read and written that count, of those that a server reports.

        A report of more than was reserved is believed. What is not reported, or is less than the call must have used,
        counts as all that was reserved.

        Examples:
            >>> call = Reserved(100, 16, least=10)
            >>> call.counted(40, 2), call.counted(3, 2), call.counted(None, -1)
            ((40, 2), (100, 2), (100, 16))
        """
        return (
            self.read if read is None or read < self.least else min(read, _MOST_BELIEVED),
            self.written if written is None or written < 1 else min(written, _MOST_BELIEVED),
        )


@dataclass
class Budget:
    """Caps on calls, tokens and money, and what was used of them.

    A call reserves the most that it may use; it is made only where that is left, so that no cap is ever passed. A call
    that was lost on its way counts as all that it had reserved. Should a server read more than was reserved, as a chat
    template with many words of its own may, every later call reserves so much more.

    Attributes:
        most_calls: of all calls, those that failed among them; `None` for no cap.
        most_tokens: read and written.
        most_dollars: at `price`.
        price: of the model.
        spent: what was used so far.
        under_way: calls that are made, and of which it is not known yet what they use.
        beyond: by how much reports passed what was reserved, at most.

    Raises:
        InputError: money is capped, and the price is not known.
    """

    most_calls: int | None = None
    most_tokens: int | None = None
    most_dollars: float | None = None
    price: Price | None = None
    spent: Spent = field(default_factory=Spent)
    under_way: list[Reserved] = field(default_factory=list[Reserved])
    beyond: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        if self.most_dollars is not None and self.price is None:
            raise InputError(
                "found --max-cost, and the price of this model is not known. Say it, in dollars for a million tokens: "
                "--price-in 0.15 --price-out 0.60"
            )

    @property
    def dollars(self) -> float | None:
        """What was spent, in US dollars; `None` where the price is not known."""
        return None if self.price is None else self.price.of(self.spent.read, self.spent.written)

    def fits(self, call: Reserved) -> bool:
        """Whether a further call of this size passes no cap, whatever those under way turn out to use."""
        return self._passed(call) is None

    def reserve(self, call: Reserved) -> None:
        """Count a call as made and under way.

        Raises:
            RunError: a cap would be passed.
        """
        passed = self._passed(call)
        if passed is not None:
            raise RunError(
                f"stopped before a call that might pass {passed}: {self}. What was answered is kept; raise the cap and "
                "start the same command again to go on."
            )
        self.spent = Spent(self.spent.calls + 1, self.spent.read, self.spent.written)
        self.under_way.append(call)

    def settle(self, call: Reserved, read: int, written: int) -> None:
        """Count what a call used."""
        self.under_way.remove(call)
        self.spent = Spent(self.spent.calls, self.spent.read + read, self.spent.written + written)
        self.beyond = (max(self.beyond[0], read - call.read), max(self.beyond[1], written - call.written))

    def _passed(self, call: Reserved) -> str | None:
        """Return the cap that a further call might pass."""
        every = [*self.under_way, call]
        read = self.spent.read + sum(each.read + self.beyond[0] for each in every)
        written = self.spent.written + sum(each.written + self.beyond[1] for each in every)
        if self.most_calls is not None and self.spent.calls + 1 > self.most_calls:
            return f"--max-calls {self.most_calls}"
        if self.most_tokens is not None and read + written > self.most_tokens:
            return f"--max-tokens {self.most_tokens}"
        dollars = 0.0 if self.price is None else self.price.of(read, written)
        if self.most_dollars is not None and dollars > self.most_dollars:
            return f"--max-cost {self.most_dollars:g}"
        return None

    def __str__(self) -> str:
        cost = "" if self.dollars is None else f", ${self.dollars:,.4f}"
        tokens = self.spent.read + self.spent.written
        return f"{counted(self.spent.calls, 'call', 'calls')}, {tokens:,} tokens{cost} used"
