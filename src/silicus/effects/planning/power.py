"""The power of comparing two arms, where the effect is known and where it is only expected.

Works on numbers; knows no studies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil, inf, isfinite, sqrt
from typing import Any, Literal

import numpy as np

from silicus import plugins
from silicus.effects.least_squares import FloatArray, p_value, quantile
from silicus.errors import InputError

__all__ = [
    "Alternative",
    "Belief",
    "TwoArms",
    "assurance",
    "assurance_limit",
    "check_goal",
    "direction",
    "people_needed",
    "people_needed_assured",
    "power",
    "smallest_detectable",
]

Alternative = Literal["two-sided", "higher", "lower"]
"""What a test looks for: any effect, or one in the direction that was declared."""

_MOST = 10_000_000
"""People in an arm; where more are needed nobody can field it."""

_POINTS = 500
"""Equally probable effects that stand for all plausible ones: assurance is then exact to 0.001."""


@dataclass(frozen=True)
class TwoArms:
    """An arm and a control whose means are compared.

    Attributes:
        sd_arm: of people's answers in the arm, in points.
        sd_control: of those in the control.
        ratio: people in the control for each in the arm.
        design_effect: by how much weights and clusters raise the variance of a mean; below 1 where covariates lower it.
        alpha: the level of the tests together.
        tests: how many there are. Each is at alpha / tests, as Bonferroni's correction has it and Holm's at its first
            step; at later steps Holm's power is higher.
        alternative: what the test looks for.
    """

    sd_arm: float
    sd_control: float
    ratio: float = 1.0
    design_effect: float = 1.0
    alpha: float = 0.05
    tests: int = 1
    alternative: Alternative = "two-sided"

    def __post_init__(self) -> None:
        """Check that the numbers are possible ones."""
        for name in ("sd_arm", "sd_control", "ratio", "design_effect"):
            value = getattr(self, name)
            if not (isfinite(value) and value > 0):
                raise InputError(f"found {name} {value:g}, expected a number above 0.")
        if not 0 < self.alpha < 0.5:
            raise InputError(f"found alpha {self.alpha:g}, expected a level above 0 and below 0.5, such as 0.05.")
        if self.tests < 1:
            raise InputError(f"found {self.tests} tests, expected 1 or more.")

    @property
    def level(self) -> float:
        """The level of one test."""
        return self.alpha / self.tests

    def people(self, n_arm: int) -> tuple[int, int]:
        """Return the people in the arm and in the control."""
        # Less a trifle: 10 people times 1.1 are 11 in the control, not the 12 that binary fractions make of it.
        return n_arm, max(2, ceil(self.ratio * n_arm - 1e-9))

    def times(self, factor: float) -> TwoArms:
        """Return the same arms with answers that spread wider by a factor."""
        return replace(self, sd_arm=self.sd_arm * factor, sd_control=self.sd_control * factor)


@dataclass(frozen=True)
class Belief:
    """What is believed of an effect among people: Student's t about a value.

    Attributes:
        value: expected, in points; `None` where nothing is known.
        sd: the scale of the error about it; `None` where nothing is known.
        df: degrees of freedom; `None`: a normal distribution.
        reason: why nothing is known.
    """

    value: float | None
    sd: float | None
    df: float | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        """Check that errors have a size."""
        if self.sd is not None and self.sd < 0:
            raise InputError(f"found {self.sd:g} as SD of what is believed of an effect, expected 0 or more.")

    @property
    def known(self) -> tuple[float, float] | None:
        """The value and the scale of its error; `None` where either is unknown."""
        value, sd = self.value, self.sd
        return None if value is None or sd is None or not isfinite(value + sd) else (value, sd)

    @property
    def freedom(self) -> float:
        """Degrees of freedom; infinite for a normal distribution."""
        return inf if self.df is None else self.df


# --- an effect that is known


def power(effect: float, design: TwoArms, n_arm: int, n_control: int | None = None) -> float:
    """Return the probability that the difference of two means is significant.

    By the noncentral t, with the standard error of unequal variances and people less 2 degrees of freedom, which is how
    `effects` tests without clusters. Where weights or clusters raise the variance, the degrees are those of the
    effective numbers.

    Args:
        effect: among people, in points.
        design: spread, correction and alternative.
        n_arm: people in the arm, 2 or more.
        n_control: people in the control; by default as the design's ratio has it.

    Examples:
        >>> round(power(0.5, TwoArms(sd_arm=1, sd_control=1), n_arm=64), 3)
        0.801
    """
    people = _people(design, n_arm, n_control)
    up, down = (float(_found(np.asarray([sign * effect]), design, people)[0]) for sign in (1, -1))
    return {"two-sided": up + down, "higher": up, "lower": down}[design.alternative]


def _people(design: TwoArms, n_arm: int, n_control: int | None) -> tuple[int, int]:
    people = design.people(n_arm) if n_control is None else (n_arm, n_control)
    if min(people) < 2:
        raise InputError(f"found {people[0]} people in the arm and {people[1]} in the control, expected 2 or more.")
    return people


def _found(effect: FloatArray, design: TwoArms, people: tuple[int, int]) -> FloatArray:
    """Return the probabilities that effects are found significantly above 0."""
    special: Any = plugins.require("scipy.special")
    arm, control = people
    error = sqrt(design.design_effect * (design.sd_arm**2 / arm + design.sd_control**2 / control))
    df = max((arm + control) / max(design.design_effect, 1.0) - 2, 1.0)
    tail = design.level / 2 if design.alternative == "two-sided" else design.level
    below = special.nctdtr(df, effect / error, quantile(1 - tail, df))
    # SciPy returns NaN where this cannot be told from 0, for effects far above the error, or from 1, far below.
    return 1 - np.where(np.isnan(below), effect < 0, below)


def people_needed(effect: float, design: TwoArms, goal: float = 0.8) -> int | None:
    """Return the smallest number of people in the arm with which the power is the goal; `None` where none reaches it.

    Args:
        effect: among people, in points.
        design: spread, people in the control for each in the arm, correction and alternative.
        goal: the power that is wanted.

    Examples:
        >>> people_needed(0.5, TwoArms(sd_arm=1, sd_control=1))
        64
        >>> people_needed(0.0, TwoArms(sd_arm=1, sd_control=1)) is None
        True
    """
    check_goal(goal)
    return _smallest(lambda n: power(effect, design, n) >= goal)


def check_goal(goal: float) -> None:
    """Raise an error where a power cannot be wanted."""
    if not 0.5 <= goal < 1:
        raise InputError(f"found a power of {goal:g} as goal, expected 0.5 or more and below 1, such as 0.8.")


def _smallest(enough: Callable[[int], bool]) -> int | None:
    """Return the smallest number of people that is enough; `None` where it is above what can be fielded."""
    high = 2
    while not enough(high):
        if high == _MOST:
            return None
        high = min(2 * high, _MOST)
    low = high // 2
    while high - low > 1 and high > 2:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def smallest_detectable(design: TwoArms, n_arm: int, n_control: int | None = None, goal: float = 0.8) -> float:
    """Return the smallest effect for which the power is the goal, in points and without its sign.

    Args:
        design: spread, correction and alternative.
        n_arm: people in the arm, 2 or more.
        n_control: people in the control; by default as the design's ratio has it.
        goal: the power that is wanted.

    Examples:
        >>> round(smallest_detectable(TwoArms(sd_arm=1, sd_control=1), n_arm=64), 2)
        0.5
    """
    check_goal(goal)
    optimize: Any = plugins.require("scipy.optimize")
    sign = -1 if design.alternative == "lower" else 1
    high = max(design.sd_arm, design.sd_control)
    while power(sign * high, design, n_arm, n_control) < goal:
        high *= 2

    def missing(size: float) -> float:
        return power(sign * size, design, n_arm, n_control) - goal

    return float(optimize.brentq(missing, 0.0, high))


# --- an effect that is expected


def assurance(belief: Belief, design: TwoArms, n_arm: int, n_control: int | None = None) -> float | None:
    """Return the probability that the test finds the effect in its expected direction, and it has that direction.

    Power, averaged over what is believed of the effect (O'Hagan, Stevens & Campbell 2005, doi:10.1002/pst.175). The
    expected direction is the declared one, or that of the expected value. Significant results in the other direction do
    not count, nor do those of effects that truly go the other way.

    Args:
        belief: of the effect among people; nothing known gives `None`.
        design: spread, correction and alternative.
        n_arm: people in the arm, 2 or more.
        n_control: people in the control; by default as the design's ratio has it.

    Examples:
        >>> round(assurance(Belief(value=0.5, sd=0.25), TwoArms(sd_arm=1, sd_control=1), n_arm=64), 3)
        0.688
    """
    effects = _plausible(belief, design)
    people = _people(design, n_arm, n_control)
    limit = assurance_limit(belief, design)
    return None if effects is None or limit is None else limit * float(_found(effects, design, people).mean())


def assurance_limit(belief: Belief, design: TwoArms) -> float | None:
    """Return the assurance that no number of people passes: how probable the expected direction is.

    With ever more people every effect in that direction is found, and none in the other counts.

    Args:
        belief: of the effect among people; nothing known gives `None`.
        design: says which direction, where one was declared.

    Examples:
        >>> round(assurance_limit(Belief(value=1.0, sd=1.0), TwoArms(sd_arm=1, sd_control=1)), 3)
        0.841
    """
    if belief.known is None:
        return None
    value, sd = belief.known
    towards = direction(value, design) * value
    return p_value(towards / sd, belief.freedom) if sd > 0 else float(towards > 0)


def direction(value: float, design: TwoArms) -> int:
    """Return 1 where an effect is expected above 0, else -1: as declared, or by the expected value."""
    return {"two-sided": 1 if value >= 0 else -1, "higher": 1, "lower": -1}[design.alternative]


def _plausible(belief: Belief, design: TwoArms) -> FloatArray | None:
    """Return equally probable sizes of the effect, given that it has the expected direction."""
    limit = assurance_limit(belief, design)
    if belief.known is None or limit is None:
        return None
    special: Any = plugins.require("scipy.special")
    value, sd = belief.known
    # Above 0, where the quantile is not finite: of a direction that is impossible there are no sizes.
    places = np.maximum(limit * (np.arange(_POINTS) + 0.5) / _POINTS, 1e-300)
    return direction(value, design) * value - sd * special.stdtrit(belief.freedom, places)


def people_needed_assured(belief: Belief, design: TwoArms, goal: float = 0.8) -> int | None:
    """Return the smallest number of people in the arm with which the assurance is the goal; `None` where none is.

    Args:
        belief: of the effect among people; nothing known gives `None`.
        design: spread, people in the control for each in the arm, correction and alternative.
        goal: the assurance that is wanted.

    Examples:
        >>> people_needed_assured(Belief(value=0.5, sd=0.25), TwoArms(sd_arm=1, sd_control=1))
        114
    """
    check_goal(goal)
    limit = assurance_limit(belief, design)
    if limit is None or limit <= goal:
        return None
    return _smallest(lambda n: (assurance(belief, design, n) or 0.0) >= goal)
