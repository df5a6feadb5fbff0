"""Which arms to field: how probably each is the best, and what a set of them is worth once people have answered.

Works on numbers; knows no studies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt

from silicus.effects.least_squares import FloatArray
from silicus.errors import InputError, counted
from silicus.record import Number, Record

__all__ = ["ArmForecast", "ArmSet", "ArmValue", "Choice", "Drawn", "Fielding", "choose_arms"]

_SETS = 200
"""Sets that stand for all that could be picked at random."""

_UNKNOWN = "what people would do is not known of {}, so that arms cannot be chosen by simulation"


@dataclass(frozen=True)
class ArmForecast:
    """What is expected of people in an arm.

    Attributes:
        arm: its name.
        value: how much higher answers are than in the control, in points; `None` where it is unknown.
        sd: of the error of that; `None` where it is unknown.
    """

    arm: str
    value: float | None
    sd: float | None

    @property
    def known(self) -> bool:
        """Whether anything is known of it."""
        return self.value is not None and self.sd is not None and isfinite(self.value + self.sd)


@dataclass(frozen=True)
class Fielding:
    """What a field experiment is for, and how large it is.

    Attributes:
        people: in every arm that is fielded, and in the control.
        sd: of people's answers within an arm, in points.
        better: whether higher answers are wanted, or lower ones.
        matters: the smallest effect that matters, in points and without its sign.
        keep: how probably the recommended arms are to hold the best.
        draws: of what people might do.
    """

    people: int
    sd: float
    better: Literal["higher", "lower"] = "higher"
    matters: float = 0.0
    keep: float = 0.8
    draws: int = 20_000

    def __post_init__(self) -> None:
        """Check that the numbers are possible ones."""
        if self.people < 1:
            raise InputError(f"found {self.people} people in an arm, expected 1 or more.")
        if not (isfinite(self.sd) and self.sd > 0):
            raise InputError(f"found an SD of answers of {self.sd:g}, expected a number above 0.")
        if not self.matters >= 0:
            raise InputError(f"found {self.matters:g} as the smallest effect that matters, expected 0 or more.")
        if not 0 < self.keep < 1:
            raise InputError(f"found keep {self.keep:g}, expected a probability between 0 and 1, such as 0.8.")
        if self.draws < 1000:
            raise InputError(f"found {counted(self.draws, 'draw', 'draws')}, expected 1,000 or more.")


class Drawn(Record):
    """A number from random draws."""

    value: Number
    error: Number
    """Its standard error from the number of draws alone."""


class ArmValue(Record):
    """What an arm is worth fielding for."""

    arm: str
    expected: Number
    """Its effect, in points."""
    better: Drawn
    """The probability that it is better than the control."""
    matters: Drawn
    """The probability that it is better by the smallest effect that matters, or more."""
    best: Drawn
    """The probability that it is the best of all arms and the control."""
    gain: Drawn
    """How many points better than the control people do on average, where it alone is fielded beside the control, and
    afterwards whichever then is expected to be better is used."""


class ArmSet(Record):
    """Arms that are fielded together, beside the control."""

    arms: list[str]
    people: int
    """In all arms and the control."""
    holds_best: Drawn
    """The probability that the best of all is one of them, or the control."""
    value: Drawn
    """How many points better than the control people do on average, where whatever the answers then show to be best is
    used; sampling error included."""
    all_arms: Drawn
    """The same where as many people are shared by all arms."""
    at_random: Drawn
    """The same where as many arms are picked at random."""


class Choice(Record):
    """Which arms to field."""

    arms: list[ArmValue]
    control_best: Drawn
    """The probability that no arm is better than the control."""
    sets: list[ArmSet]
    """Of 1 arm, of 2, and so on, the ones likeliest to hold the best; empty where it is unknown."""
    recommended: list[str] | None
    """The smallest set that holds the best as probably as is wanted; null where it is unknown."""
    how: str
    """How it was worked out, in words."""
    reason: str | None = None
    """Why nothing is known, or nothing recommended."""


@dataclass(frozen=True)
class _World:
    """What people might do, with effects turned so that higher is better.

    Attributes:
        names: of the arms.
        mean: expected effects, shape (arms,).
        covariance: of their errors, shape (arms, arms).
        fielding: the experiment.
        rng: where draws come from.
    """

    names: list[str]
    mean: FloatArray
    covariance: FloatArray
    fielding: Fielding
    rng: np.random.Generator

    def draws(self, arms: npt.NDArray[np.int64], covariance: FloatArray, draws: int) -> FloatArray:
        """Return normal draws about the expected effects of some arms, shape (draws, arms)."""
        return self.mean[arms] + self.rng.normal(size=(draws, len(arms))) @ _root(covariance).T

    def best_of(self, arms: npt.NDArray[np.int64], people: float, draws: int) -> FloatArray:
        """Return how much better than the control what is chosen is expected to be after fielding, shape (draws,).

        Before it is done, what will be expected of the arms has their expected effects as its mean, and as its
        covariance what of their errors the experiment will have explained; all share the control's sampling error.
        """
        own = self.covariance[np.ix_(arms, arms)]
        sampling = self.fielding.sd**2 / people * (np.eye(len(arms)) + 1)
        explained = own @ np.linalg.solve(own + sampling, own)
        return np.maximum(self.draws(arms, (explained + explained.T) / 2, draws).max(axis=1), 0.0)


def _root(covariance: FloatArray) -> FloatArray:
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0))


def choose_arms(
    forecasts: Sequence[ArmForecast],
    fielding: Fielding,
    rng: np.random.Generator,
    covariance: npt.ArrayLike | None = None,
) -> Choice:
    """Return how probably each arm is the best, what sets are worth once fielded, and the smallest that will do.

    Effects are drawn from a normal distribution about what is expected. The worth of a set is the preposterior
    expectation of its best arm (Raiffa & Schlaifer 1961, Applied Statistical Decision Theory): people's answers are
    weighed against what was expected, arm by arm, and the best is used, or the control.

    Args:
        forecasts: one an arm, in points; two or more are compared, one is weighed against the control.
        fielding: size and aim of the experiment.
        rng: where draws come from.
        covariance: of the errors of the forecasts, shape (arms, arms), with their squared SDs on its diagonal; by
            default the correlation of any two is 0.5, as where the control's error is as large as an arm's own.

    Examples:
        >>> arms = [ArmForecast("letter", 0.30, 0.1), ArmForecast("call", 0.05, 0.1), ArmForecast("mail", -0.2, 0.1)]
        >>> found = choose_arms(arms, Fielding(people=200, sd=1), np.random.default_rng(1))
        >>> found.recommended, round(found.sets[0].holds_best.value, 2)
        (['letter'], 0.99)
    """
    names = [each.arm for each in forecasts]
    _check_names(names)
    unknown = [each.arm for each in forecasts if not each.known]
    if unknown:
        return _nothing(names, _UNKNOWN.format(", ".join(unknown)), fielding)
    sign = 1.0 if fielding.better == "higher" else -1.0
    mean = sign * np.array([each.value for each in forecasts], dtype=np.float64)
    sds = np.array([each.sd for each in forecasts], dtype=np.float64)
    world = _World(names, mean, _covariance(sds, covariance), fielding, rng)
    true = world.draws(np.arange(len(names)), world.covariance, fielding.draws)
    best = np.argmax(np.column_stack([np.zeros(len(true)), true]), axis=1)
    # What is likeliest to be the best comes first; of equals, what is expected to be better.
    order = np.lexsort((-mean, -np.bincount(best, minlength=len(names) + 1)[1:]))
    sets = [_set(world, order[: size + 1], best) for size in range(len(names))]
    recommended = _recommended(sets, best, fielding)
    return Choice(
        arms=[_arm(world, place, true[:, place], best, sign) for place in range(len(names))],
        control_best=_share(best == 0),
        sets=sets,
        recommended=recommended,
        how=_how(fielding, given=covariance is not None),
        reason=None if recommended else "the control alone is as probably the best of all as was asked for",
    )


def _check_names(names: list[str]) -> None:
    if not names:
        raise InputError("found no arms to choose from, expected 1 or more beside the control.")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"the arm '{twice}' stands twice among those to choose from. Keep one of them.")


def _covariance(sds: FloatArray, given: npt.ArrayLike | None) -> FloatArray:
    if np.any(sds < 0):
        raise InputError(f"found SDs of {', '.join(f'{each:g}' for each in sds)}, expected numbers of 0 or more.")
    if given is None:
        return np.outer(sds, sds) * (0.5 + 0.5 * np.eye(len(sds)))
    found = np.asarray(given, dtype=np.float64)
    if found.shape != (len(sds), len(sds)):
        raise InputError(f"found covariances of shape {found.shape}, expected a row and a column for every arm.")
    if not np.allclose(np.diag(found), sds**2, rtol=1e-6):
        raise InputError("the covariances do not have the squared SDs of the forecasts on their diagonal.")
    least = np.linalg.eigvalsh(found)[0]
    if not np.allclose(found, found.T) or least < -1e-9 * max(np.trace(found), 1e-300):
        raise InputError("found covariances that no errors can have: not symmetric, or a variance below 0.")
    return found


def _nothing(names: list[str], reason: str, fielding: Fielding) -> Choice:
    none = Drawn(value=None, error=None)
    arms = [ArmValue(arm=name, expected=None, better=none, matters=none, best=none, gain=none) for name in names]
    return Choice(arms=arms, control_best=none, sets=[], recommended=None, how=_how(fielding), reason=reason)


def _arm(world: _World, place: int, true: FloatArray, best: npt.NDArray[np.int64], sign: float) -> ArmValue:
    fielding = world.fielding
    return ArmValue(
        arm=world.names[place],
        expected=sign * world.mean[place],
        better=_share(true > 0),
        matters=_share((true > 0) & (true >= fielding.matters)),
        best=_share(best == place + 1),
        gain=_mean(world.best_of(np.array([place]), fielding.people, fielding.draws)),
    )


def _set(world: _World, arms: npt.NDArray[np.int64], best: npt.NDArray[np.int64]) -> ArmSet:
    """Return what a set is worth, with the same number of people shared by all arms, and by arms picked at random."""
    fielding, every = world.fielding, len(world.names)
    people = fielding.people * (len(arms) + 1)
    return ArmSet(
        arms=[world.names[place] for place in arms],
        people=people,
        holds_best=_share(np.isin(best, [0, *(arms + 1)])),
        value=_mean(world.best_of(arms, fielding.people, fielding.draws)),
        all_arms=_mean(world.best_of(np.arange(every), people / (every + 1), fielding.draws)),
        at_random=_at_random(world, len(arms)),
    )


def _at_random(world: _World, size: int) -> Drawn:
    fielding, rng = world.fielding, world.rng
    picked = [np.sort(rng.choice(len(world.names), size, replace=False)) for _ in range(_SETS)]
    # The error between means of sets holds both that of the draws and that of the sets.
    return _mean(np.array([world.best_of(arms, fielding.people, fielding.draws // _SETS).mean() for arms in picked]))


def _share(found: npt.NDArray[np.bool_]) -> Drawn:
    share = float(found.mean())
    return Drawn(value=share, error=sqrt(share * (1 - share) / len(found)))


def _mean(found: FloatArray) -> Drawn:
    return Drawn(value=float(found.mean()), error=float(found.std(ddof=1) / sqrt(len(found))))


def _recommended(sets: list[ArmSet], best: npt.NDArray[np.int64], fielding: Fielding) -> list[str]:
    """Return the smallest set that holds the best as probably as is wanted: none where the control alone does."""
    if (best == 0).mean() >= fielding.keep:
        return []
    return next(each.arms for each in sets if (each.holds_best.value or 0.0) >= fielding.keep)


def _how(fielding: Fielding, *, given: bool = False) -> str:
    errors = "covariances of errors as given" if given else "errors of any two arms correlated 0.5, by the control's"
    return (
        f"{fielding.draws:,} normal draws about what is expected; {fielding.better} is better; {errors}; "
        f"{fielding.people:,} people in an arm and in the control, SD of answers {fielding.sd:g}"
    )
