"""How many people an arm and its control need, by what is taken for the effect.

A simulated effect taken for people's makes samples too small twice over: models inflate effects, and a smaller effect
than expected costs more power than a larger one gains. Works on numbers; knows no studies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from silicus.effects.least_squares import quantile
from silicus.effects.planning.power import (
    Belief,
    TwoArms,
    assurance,
    assurance_limit,
    check_goal,
    direction,
    people_needed,
    people_needed_assured,
    power,
    smallest_detectable,
)
from silicus.errors import InputError
from silicus.record import Number, Record

__all__ = ["People", "SampleSize", "Span", "Spread", "sample_size"]

_SAFEGUARD = 0.6
"""Level of the interval whose end is planned for (Perugini, Gallucci & Costantini 2014)."""

_OUT_OF_REACH = "no number of people that could be fielded reaches the goal"
_NOT_SIMULATED = "no effect was simulated"
_NOT_KNOWN = "nothing is known of the effect among people"


@dataclass(frozen=True)
class Spread:
    """How far people's answers spread, in times of the SDs that stand in the design, as in past studies.

    Attributes:
        value: expected.
        low: the lower end of what is plausible.
        high: the upper end.
    """

    value: float
    low: float
    high: float

    def __post_init__(self) -> None:
        """Check the order."""
        if not 0 < self.low <= self.value <= self.high < inf:
            raise InputError(
                f"found SDs of {self.low:g} to {self.high:g} times those of the design, {self.value:g} expected; "
                "the lower end has to be above 0 and come first."
            )


class Span(Record):
    """A number, and what it is where people's answers spread less or more."""

    value: Number
    low: Number = None
    """Where answers spread as little as is plausible; null where their SD is taken as known."""
    high: Number = None
    """Where answers spread as much as is plausible; null where their SD is taken as known."""


class People(Record):
    """How many people are needed."""

    effect: Number = None
    """For which effect, in points; null where it is for all that are plausible, or unknown."""
    arm: int | None = None
    """In the arm; null where it is unknown or out of reach."""
    control: int | None = None
    low: int | None = None
    """In the arm, where answers spread as little as is plausible; null where their SD is taken as known."""
    high: int | None = None
    """In the arm, where answers spread as much as is plausible; null where their SD is taken as known."""
    reason: str | None = None
    """Why something is unknown."""


class SampleSize(Record):
    """How many people an arm and its control need, by what is taken for the effect."""

    goal: float
    """The power, or assurance, that is wanted."""
    level: float
    """Of one test, after the correction for their number."""
    naive: People
    """For the effect as simulated: what is needed if the model is right. Too few where it inflates effects."""
    shrunken: People
    """For the effect that past errors of the model lead to expect; with that number the test finds it with the wanted
    power if it is just that large."""
    safeguard: People
    """For the end nearest 0 of the interval that holds the effect with probability 0.6 (Perugini et al. 2014)."""
    assured: People
    """For which the assurance is the goal: the test finds the effect in its expected direction, with all that is
    plausible about its size taken together."""
    limit: Number
    """The assurance that no number of people passes: how probable the expected direction is."""
    n_arm: int | None
    """The people in the arm that the numbers below are for; null where none were given."""
    n_control: int | None
    power_naive: Number
    """The power for the effect as simulated."""
    power_shrunken: Number
    """The power for the expected effect."""
    assurance: Number
    """The probability that the test finds the effect in its expected direction, and it has that direction."""
    detectable: Span
    """The smallest effect for which the power is the goal, in points, without its sign."""
    how: str
    """How it was worked out, in words."""
    reason: str | None = None
    """Why nothing is expected of people."""


@dataclass(frozen=True)
class _Asked:
    """What all numbers have in common: the design, the goal, and how far answers spread."""

    design: TwoArms
    goal: float
    spread: Spread | None

    def span(self, of: Callable[[TwoArms], float]) -> Span:
        """Return a number for answers that spread as expected, less, and more."""
        if self.spread is None:
            return Span(value=of(self.design))
        value, low, high = (of(self.design.times(each)) for each in self._factors())
        return Span(value=value, low=low, high=high)

    def _factors(self) -> tuple[float, ...]:
        return (1.0,) if self.spread is None else (self.spread.value, self.spread.low, self.spread.high)

    @property
    def expected(self) -> TwoArms:
        """The design with answers that spread as expected."""
        return self.design.times(self._factors()[0])

    def people(self, effect: float | None, of: Callable[[TwoArms], int | None]) -> People:
        """Return how many people are needed, where answers spread as expected, less, and more."""
        found = [of(self.design.times(each)) for each in self._factors()]
        arm, low, high = found if self.spread else (*found, None, None)
        control = None if arm is None else self.design.people(arm)[1]
        beyond = next((each for each in found if each is None), 0) is None
        return People(
            effect=effect, arm=arm, control=control, low=low, high=high, reason=_OUT_OF_REACH if beyond else None
        )

    def people_for(self, effect: float) -> People:
        """Return how many people are needed for an effect that is known."""
        if direction(effect, self.design) * effect < 0:
            return People(effect=effect, reason=f"the effect is not {self.design.alternative}, as was declared")
        return self.people(effect, lambda design: people_needed(effect, design, self.goal))


def sample_size(
    simulated: float | None,
    belief: Belief,
    design: TwoArms,
    n_arm: int | None = None,
    *,
    goal: float = 0.8,
    spread: Spread | None = None,
) -> SampleSize:
    """Return how many people are needed for the simulated effect, the expected one, and for what is plausible of it.

    Args:
        simulated: the effect as the model has it, in points; `None` where there is none.
        belief: what past errors of the model lead to expect of people, in points.
        design: spread of the answers, people in the control for each in the arm, correction and alternative.
        n_arm: people in the arm for whom power, assurance and the detectable effect are told.
        goal: the power or assurance that is wanted.
        spread: how far people's answers spread, in times of the SDs in the design; `None`: as these say.

    Examples:
        >>> found = sample_size(0.5, Belief(value=0.28, sd=0.15), TwoArms(sd_arm=1, sd_control=1), n_arm=64)
        >>> found.naive.arm, found.shrunken.arm, found.safeguard.arm, found.assured.arm
        (64, 202, 665, 393)
        >>> found.power_naive > 0.8 > found.assurance
        True
    """
    check_goal(goal)
    asked = _Asked(design, goal, spread)
    expected, known = asked.expected, belief.known
    n_control = None if n_arm is None else design.people(n_arm)[1]
    reason = None if known else belief.reason or _NOT_KNOWN
    return SampleSize(
        goal=goal,
        level=design.level,
        naive=People(reason=_NOT_SIMULATED) if simulated is None else asked.people_for(simulated),
        shrunken=asked.people_for(known[0]) if known else People(reason=reason),
        safeguard=_safeguard(belief, asked, reason),
        assured=_assured(belief, asked, reason),
        limit=assurance_limit(belief, design),
        n_arm=n_arm,
        n_control=n_control,
        power_naive=None if simulated is None or n_arm is None else power(simulated, expected, n_arm),
        power_shrunken=power(known[0], expected, n_arm) if known and n_arm is not None else None,
        assurance=None if n_arm is None else assurance(belief, expected, n_arm),
        detectable=Span(value=None)
        if n_arm is None
        else asked.span(lambda each: smallest_detectable(each, n_arm, goal=goal)),
        how=_how(asked),
        reason=reason,
    )


def _safeguard(belief: Belief, asked: _Asked, reason: str | None) -> People:
    """Return the people for the end nearest 0 of the interval at 0.6.

    Perugini, Gallucci & Costantini (2014, doi:10.1177/1745691614528519).
    """
    if belief.known is None:
        return People(reason=reason)
    value, sd = belief.known
    sign = direction(value, asked.design)
    end = sign * value - quantile((1 + _SAFEGUARD) / 2, belief.freedom) * sd
    if end <= 0:
        return People(reason="effects of 0, or in the other direction, are well among what is plausible")
    return asked.people_for(sign * end)


def _assured(belief: Belief, asked: _Asked, reason: str | None) -> People:
    limit = assurance_limit(belief, asked.design)
    if limit is None:
        return People(reason=reason)
    if limit <= asked.goal:
        told = f"the effect has the expected direction with probability {limit:.2f}"
        return People(reason=f"{told}: with more people the assurance comes near that, and not above")
    return asked.people(None, lambda design: people_needed_assured(belief, design, asked.goal))


def _how(asked: _Asked) -> str:
    design = asked.design
    told = [f"t-test of two means, unequal variances, {design.alternative}, level {design.level:.3g}"]
    if design.tests > 1:
        told.append(f"which is {design.alpha:g} / {design.tests} tests (Bonferroni, first step of Holm)")
    if design.ratio != 1:
        told.append(f"{design.ratio:g} people in the control for each in the arm")
    if design.design_effect != 1:
        told.append(f"variances times a design effect of {design.design_effect:.2f}")
    if asked.spread is not None:
        ends = f"{asked.spread.low:.2f} to {asked.spread.high:.2f}"
        told.append(f"SDs times {asked.spread.value:.2f} ({ends}), as people's in past studies")
    return "; ".join(told)
