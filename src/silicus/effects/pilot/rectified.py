"""What is declared before a simulation is rectified by a pilot, what comes of it, and what more answers are worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, FiniteFloat, model_validator

from silicus.effects.least_squares import quantile
from silicus.errors import InputError
from silicus.record import Number, Record

__all__ = ["Alone", "Alternative", "Harm", "Kind", "MoreAnswers", "Rectified", "RectifyPlan", "more_answers", "tail"]

Alternative = Literal["two-sided", "larger", "smaller"]
"""What is tested against no effect: any other value, one above 0, or one below 0."""


Kind = Literal["wider than the pilot alone", "population differs"]
"""What harm predictions can do."""


class RectifyPlan(Record):
    """How people's answers and a model's are brought together: declared before answers are seen."""

    power: FiniteFloat | Literal["tuned"] = "tuned"
    """How much the predictions count: 0 is the pilot alone, 1 is classic prediction-powered inference; `tuned`: such
    that the standard error is smallest."""
    bounds: tuple[FiniteFloat, FiniteFloat] = (0.0, 1.0)
    """Between which the power lies."""
    shares: dict[str, float] | None = None
    """Stratum -> its share of the population; null where there are no strata."""
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    """The level of tests; intervals are at 1 - alpha."""
    alternative: Alternative = "two-sided"

    @model_validator(mode="after")
    def _possible(self) -> Self:
        low, high = self.bounds
        if not low < high:
            raise ValueError(f"found bounds of the power from {low:g} to {high:g}, expected the lower one first.")
        if self.power != "tuned" and not low <= self.power <= high:
            raise ValueError(f"found the power {self.power:g}, expected 'tuned' or one from {low:g} to {high:g}.")
        return self

    @model_validator(mode="after")
    def _whole(self) -> Self:
        every = [1.0] if self.shares is None else list(self.shares.values())
        if not all(share > 0 for share in every) or not math.isclose(sum(every), 1, abs_tol=1e-6):
            raise ValueError(f"found population shares that add up to {sum(every):g}, expected shares above 0 and 1.")
        return self


class Alone(Record):
    """What the answers of the pilot say without any prediction."""

    estimate: Number
    standard_error: Number
    """HC2, or CR2 where answers come in clusters."""
    low: Number
    high: Number
    """Ends of the interval, one-sided where the rectified one is."""


class Harm(Record):
    """Whether the predictions do harm."""

    kinds: tuple[Kind, ...] = ()
    """Empty: none was found."""
    sentences: tuple[str, ...] = ()
    """What each kind means, in words."""
    advised: Literal["rectified", "pilot alone"] | None
    """The one with the smaller standard error; `pilot alone` where only its own is known, null where neither is."""
    shift: Number
    """By how much the pilot's people are predicted to answer higher than the pool's in the same arm, in standard
    deviations of the pool's predictions; null where these do not vary."""
    shift_p: Number
    """Of no such difference, two-sided."""


class Rectified(Record):
    """A contrast estimated from a model's answers, corrected by those of people."""

    estimate: Number
    standard_error: Number
    """Null where it is unknown: see `reason`."""
    low: Number
    """The lower end of the interval; null too where the alternative is `smaller`: then there is no lower end."""
    high: Number
    """The upper end of the interval; null too where the alternative is `larger`: then there is no upper end."""
    df: Number
    """Degrees of freedom of Student's t."""
    p: Number
    """Of no effect, against the alternative."""
    level: float
    alternative: Alternative
    power: Number
    """How much the predictions count; null where strata have powers of their own."""
    powers: dict[str, float] | None = None
    """Stratum -> how much its predictions count; null where there are no strata."""
    pilot_n: int
    """Answers of people."""
    pool_n: int
    """Predicted answers of simulated people."""
    clusters_n: int | None
    """Number of clusters that the pilot's answers hang together by; null where they are independent."""
    pilot_error: Number
    """What the pilot adds to the standard error; its square falls as answers are added."""
    pool_error: Number
    """What the pool adds: the squares of both add up to that of `standard_error`."""
    alone: Alone
    """The pilot's answers without the predictions."""
    raw: Number
    """The pool's estimate without the pilot. It has no interval: how predictions scatter says nothing about people."""
    effective_n: Number
    """So many answers would give the pilot alone the same standard error."""
    gained: Number
    """`effective_n` less `pilot_n`; below 0 where the predictions cost precision."""
    harm: Harm
    reason: str | None = None
    """Why something is unknown."""


class MoreAnswers(Record):
    """What it costs and brings to ask more people."""

    more: int
    """Answers to be added to the pilot's."""
    cost: float
    """Of these."""
    half_width: Number
    """Expected distance of the estimate from the ends of its interval; null where it is unknown."""
    half_width_alone: Number
    """The same without predictions."""
    alone_needed: Number
    """Answers in all that would give the pilot alone the same standard error."""
    saved: Number
    """The price of those that need not be asked; below 0 where the predictions cost precision."""


def tail(plan: RectifyPlan) -> float:
    """Return the share of chance beyond one end of the interval."""
    return plan.alpha / 2 if plan.alternative == "two-sided" else plan.alpha


def more_answers(
    found: Rectified, price: float, steps: Sequence[int] = (0, 50, 100, 200, 500, 1000)
) -> list[MoreAnswers]:
    """Return what more human answers would cost and bring, were they like those of the pilot.

    The pilot's part of the variance falls with the number of answers, the pool's part stays. The power is held as it
    is, so that a small pool sets a limit that a power tuned anew would not.

    Args:
        found: what the pilot has brought.
        price: of one human answer, in any currency.
        steps: how many answers are added.

    Raises:
        InputError: a price or a number of answers is below 0.

    Examples:
        >>> alone = Alone(estimate=1.0, standard_error=2.0, low=-3.0, high=5.0)
        >>> harm = Harm(advised="rectified", shift=0.0, shift_p=1.0)
        >>> found = Rectified(
        ...     estimate=1.0, standard_error=1.0, low=-1.0, high=3.0, df=98, p=0.3, level=0.95, alternative="two-sided",
        ...     power=1.0, pilot_n=100, pool_n=5000, clusters_n=None, pilot_error=1.0, pool_error=0.0, alone=alone,
        ...     raw=4.0, effective_n=400.0, gained=300.0, harm=harm,
        ... )
        >>> rows = more_answers(found, price=2.0, steps=(0, 100))
        >>> [(row.cost, round(row.alone_needed), round(row.saved)) for row in rows]
        [(0.0, 400, 600), (200.0, 800, 1200)]
    """
    if not 0 <= price < math.inf or min(steps, default=0) < 0:
        raise InputError(
            f"found the price {price:g} and {min(steps, default=0)} more answers, expected neither below 0."
        )
    return [_row(found, price, more) for more in steps]


def _row(found: Rectified, price: float, more: int) -> MoreAnswers:
    known = (found.pilot_error, found.pool_error, found.alone.standard_error, found.df)
    total = found.pilot_n + more
    if None in known:
        empty = {"half_width": None, "half_width_alone": None, "alone_needed": None, "saved": None}
        return MoreAnswers(more=more, cost=more * price, **empty)
    pilot, pool, alone, df = (float(each or 0.0) for each in known)
    times = total / found.pilot_n
    error, error_alone = math.sqrt(pilot**2 / times + pool**2), alone / math.sqrt(times)
    beyond = (1 - found.level) / (2 if found.alternative == "two-sided" else 1)
    # Degrees of freedom grow with the answers, or with the clusters that these come in.
    reach = quantile(1 - beyond, df * times)
    needed = total * (error_alone / error) ** 2
    return MoreAnswers(
        more=more,
        cost=more * price,
        half_width=reach * error,
        half_width_alone=reach * error_alone,
        alone_needed=needed,
        saved=(needed - total) * price,
    )
