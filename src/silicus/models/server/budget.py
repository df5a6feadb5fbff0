"""What calls may cost, known before each of them is made."""

from __future__ import annotations

from dataclasses import dataclass, field

from silicus.errors import InputError, RunError, counted

__all__ = ["Budget", "Price", "Reserved"]

_MILLION = 1_000_000


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
    """What one call may use at most, until it is known what it used."""

    read: int
    written: int


@dataclass
class Budget:
    """Caps on calls, tokens and money, and what was used of them.

    A call reserves the most that it may use; it is made only where that is left, so that no cap is ever passed. What a
    server does not report, or a call that was lost on its way, counts as all that it had reserved.

    Attributes:
        most_calls: of all calls, those that failed among them; `None` for no cap.
        most_tokens: read and written.
        most_dollars: at `price`.
        price: of the model.
        calls: made so far.
        read: tokens of prompts so far.
        written: tokens of answers so far.
        under_way: calls that are made, and of which it is not known yet what they use.

    Raises:
        InputError: money is capped, and the price is not known.
    """

    most_calls: int | None = None
    most_tokens: int | None = None
    most_dollars: float | None = None
    price: Price | None = None
    calls: int = 0
    read: int = 0
    written: int = 0
    under_way: list[Reserved] = field(default_factory=list[Reserved])

    def __post_init__(self) -> None:
        if self.most_dollars is not None and self.price is None:
            raise InputError(
                "found --max-cost, and the price of this model is not known. Say it, in dollars for a million tokens: "
                "--price-in 0.15 --price-out 0.60"
            )

    @property
    def dollars(self) -> float | None:
        """What was spent, in US dollars; `None` where the price is not known."""
        return None if self.price is None else self.price.of(self.read, self.written)

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
        self.calls += 1
        self.under_way.append(call)

    def settle(self, call: Reserved, read: int | None, written: int | None) -> None:
        """Count what a call used; `None` counts as all that it had reserved."""
        self.under_way.remove(call)
        self.read += call.read if read is None else read
        self.written += call.written if written is None else written

    def _passed(self, call: Reserved) -> str | None:
        """Return the cap that a further call might pass."""
        every = [*self.under_way, call]
        read, written = (sum(getattr(each, name) for each in every) for name in ("read", "written"))
        if self.most_calls is not None and self.calls + 1 > self.most_calls:
            return f"--max-calls {self.most_calls}"
        if self.most_tokens is not None and self.read + self.written + read + written > self.most_tokens:
            return f"--max-tokens {self.most_tokens}"
        dollars = 0.0 if self.price is None else self.price.of(self.read + read, self.written + written)
        if self.most_dollars is not None and dollars > self.most_dollars:
            return f"--max-cost {self.most_dollars:g}"
        return None

    def __str__(self) -> str:
        cost = "" if self.dollars is None else f", ${self.dollars:,.4f}"
        return f"{counted(self.calls, 'call', 'calls')}, {self.read + self.written:,} tokens{cost} used"
