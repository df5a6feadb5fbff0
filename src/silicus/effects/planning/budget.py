"""How to split a budget between people and simulated answers that make more of theirs.

Works on numbers; knows no studies.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, isfinite, nan, sqrt

import numpy as np
import numpy.typing as npt

from silicus.effects.least_squares import FloatArray
from silicus.errors import InputError, counted
from silicus.record import Number, Record

__all__ = ["Budget", "Split", "SplitPoint", "split_budget"]

_SHOWN = 12
"""Points of the curve that are shown."""

_UNKNOWN = "how answers within arms go along with predictions is not known, so that their worth is not: ask a pilot"
_USELESS = "simulated answers are not worth their price here"


@dataclass(frozen=True)
class Budget:
    """What answers cost, and how many there may be.

    Attributes:
        money: in any currency.
        person: price of a person's answers.
        simulated: price of a simulated respondent's answers; 0 where they are simulated on the own machine.
        least_people: in every arm: fewer say too little of how predictions go along with answers.
        most_simulated: in every arm.
        arms: that share the money equally, the control among them; 1: a mean is estimated.
    """

    money: float
    person: float
    simulated: float = 0.0
    least_people: int = 20
    most_simulated: int = 10_000
    arms: int = 2

    def __post_init__(self) -> None:
        """Check that the numbers are possible ones, and that the money buys the people who are needed at least."""
        if not (isfinite(self.money) and isfinite(self.person) and self.money > 0 and self.person > 0):
            raise InputError(
                f"found a budget of {self.money:g} and {self.person:g} as price of a person, expected more than 0."
            )
        if not (isfinite(self.simulated) and self.simulated >= 0):
            raise InputError(
                f"found {self.simulated:g} as price of a simulated respondent, expected 0 or more. "
                "Where they cost nothing say 0."
            )
        if min(self.least_people, self.arms) < 1 or self.most_simulated < 0:
            raise InputError(
                f"found {counted(self.arms, 'arm', 'arms')}, {self.least_people} people at least and "
                f"{self.most_simulated} simulated at most, expected 1 or more arms and people, and 0 or more simulated."
            )
        if self.most_people < self.least_people:
            raise InputError(
                f"a budget of {self.money:g} buys {counted(self.most_people, 'person', 'people')} in each of "
                f"{counted(self.arms, 'arm', 'arms')}, and {self.least_people} are needed at least. Raise the budget, "
                "or field fewer arms."
            )

    @property
    def most_people(self) -> int:
        """How many people in each arm all the money buys."""
        return _whole(self.money / (self.arms * self.person))

    def simulated_beside(self, people: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the simulated respondents in each arm that the rest of the money buys.

        The answers of the people themselves have to be predicted, too; where money is short for that, there are none.
        """
        rest = self.money / self.arms - people * (self.person + self.simulated)
        with np.errstate(over="ignore"):
            bought = np.where(rest >= -1e-9, np.inf, 0.0) if self.simulated == 0 else rest / self.simulated
        return np.floor(np.clip(bought + 1e-9, 0, self.most_simulated)).astype(np.int64)


def _whole(number: float) -> int:
    # 0.3 / 0.1 is 3, not the 2.999... of binary fractions.
    return floor(number + 1e-9)


class SplitPoint(Record):
    """A way to spend the budget."""

    people: int
    """In each arm."""
    simulated: int
    """Simulated respondents in each arm, beside the predictions of the people's own answers."""
    standard_error: Number
    """Of the effect, in points; of the mean where there is one arm."""


class Split(Record):
    """The way to spend a budget with which the standard error is smallest."""

    people: int | None
    """In each arm; null where it is unknown."""
    simulated: int | None
    """Simulated respondents in each arm."""
    mean_error: Number
    """The standard error of the mean of an arm, in points."""
    effect_error: Number
    """The standard error of the difference of two arms; null where there is one arm."""
    people_alone: int
    """People in each arm, where all the money is spent on them."""
    mean_error_alone: Number
    """The standard error of the mean of an arm with these."""
    effect_error_alone: Number
    """The standard error of the difference of two arms with these."""
    gain: Number
    """How many percent smaller the standard error is with the split than with people alone."""
    curve: list[SplitPoint]
    """Ways to spend the budget, from the fewest people to the most; empty where it is unknown."""
    how: str
    """How it was worked out, in words."""
    reason: str | None = None
    """Why it is unknown, or why nothing is to be simulated."""


def split_budget(budget: Budget, sd: float, r2: float | None) -> Split:
    """Return the numbers of people and simulated respondents with which the standard error is smallest.

    The variance of a mean that is rectified by prediction-powered inference with power tuning is
    sd² / n (1 - r² N / (n + N)), for n people and N simulated respondents: what follows from the best weight of the
    predictions (Angelopoulos, Duchi & Zrnic 2023, arXiv:2311.01453). That weight is taken as known; with few people,
    learning it costs some of the gain, and with r² below 1 / (n - 2) all of it (Mani et al. 2025, arXiv:2505.20178), so
    that simulated answers then count as worth nothing.

    Args:
        budget: money, prices and limits.
        sd: of people's answers within an arm, in points.
        r2: squared correlation, within arms, of people's answers and their predictions, 0 to 1, from a pilot or past
            studies; `None` where it is unknown.

    Examples:
        >>> found = split_budget(Budget(money=1000, person=5), sd=1.0, r2=0.36)
        >>> found.people, found.simulated, round(found.effect_error, 3), round(found.gain)
        (100, 10000, 0.113, 20)
    """
    if not (isfinite(sd) and sd > 0):
        raise InputError(f"found an SD of answers of {sd:g}, expected a number above 0.")
    if r2 is not None and not 0 <= r2 <= 1:
        raise InputError(f"found a squared correlation of {r2:g}, expected 0 to 1.")
    every = np.arange(budget.least_people, budget.most_people + 1, dtype=np.int64)
    simulated = budget.simulated_beside(every)
    errors = sd * np.sqrt(_variance(every, simulated, nan if r2 is None else r2))
    alone = sd / sqrt(budget.most_people)
    best = int(np.argmin(errors)) if r2 is not None and errors.min() < alone else None
    return _told(budget, (every, simulated, errors), best, alone, unknown=r2 is None)


def _variance(people: npt.NDArray[np.int64], simulated: npt.NDArray[np.int64], r2: float) -> FloatArray:
    """Return the variance of a rectified mean of answers of variance 1."""
    worth = np.where(r2 * (people - 2) > 1, r2, 0.0 * r2)
    return (1 - worth * simulated / (people + simulated)) / people


def _told(
    budget: Budget,
    ways: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], FloatArray],
    best: int | None,
    alone: float,
    *,
    unknown: bool,
) -> Split:
    # The error of a difference of two arms of equal size, or of the mean where there is one.
    two = sqrt(2) if budget.arms > 1 else nan
    people, simulated, errors = ways
    error = nan if unknown else alone if best is None else float(errors[best])
    points = sorted({int(each) for each in np.linspace(0, len(people) - 1, _SHOWN).round()} | {best or 0})
    factor = two if budget.arms > 1 else 1.0
    curve = [
        SplitPoint(people=int(people[each]), simulated=int(simulated[each]), standard_error=factor * errors[each])
        for each in points
    ]
    return Split(
        people=None if unknown else budget.most_people if best is None else int(people[best]),
        simulated=None if unknown else 0 if best is None else int(simulated[best]),
        mean_error=error,
        effect_error=two * error,
        people_alone=budget.most_people,
        mean_error_alone=alone,
        effect_error_alone=two * alone,
        gain=100 * (1 - error / alone),
        curve=[] if unknown else curve,
        how=_how(budget),
        reason=_UNKNOWN if unknown else _USELESS if best is None else None,
    )


def _how(budget: Budget) -> str:
    return (
        f"{budget.money:g} shared by {counted(budget.arms, 'arm', 'arms')}, {budget.person:g} a person, "
        f"{budget.simulated:g} a simulated respondent; mean rectified by prediction-powered inference with the best "
        "weight of the predictions, taken as known"
    )
