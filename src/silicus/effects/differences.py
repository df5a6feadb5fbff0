"""Effects of arms against control as contrasts of one fit: plain, adjusted for covariates, and level by level.

Works on arrays; knows no studies and no tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from silicus.effects.least_squares import Contrast, Fit, FloatArray, Index, fit

__all__ = ["ByLevel", "Rows", "by_level", "differences", "dummies", "slopes", "spread"]


@dataclass(frozen=True)
class Rows:
    """Answers, and to what they are due.

    Attributes:
        value: in scale points, shape (rows,).
        arm: index of the arm, 0 for control, shape (rows,).
        arms: number of arms with the control.
        covariates: known before the arm, shape (rows, covariates); `None`: there are none.
        weight: above 0, shape (rows,); `None`: all alike.
        cluster: index of each row's cluster, from 0 and without gaps, shape (rows,); `None`: rows are independent.
    """

    value: FloatArray
    arm: Index
    arms: int
    covariates: FloatArray | None = None
    weight: FloatArray | None = None
    cluster: Index | None = None

    def fit(self, design: FloatArray) -> Fit:
        """Return the fit of a design to the values."""
        return fit(design, self.value, self.weight, self.cluster)


def differences(rows: Rows) -> list[Contrast]:
    """Return the effect of every arm but the control: the difference in means, adjusted where there are covariates.

    Adjusted as Lin (2013, doi:10.1214/12-AOAS583): covariates less their weighted mean, for every arm with slopes of
    their own. All arms stand in one fit, so that they share its degrees of freedom.

    Examples:
        >>> rows = Rows(np.array([1.0, 3.0, 4.0, 8.0]), np.array([0, 0, 1, 1]), arms=2)
        >>> [(round(effect.estimate, 3), round(effect.standard_error, 3)) for effect in differences(rows)]
        [(4.0, 2.236)]
    """
    found = rows.fit(_design(rows, np.ones(len(rows.value), dtype=np.bool_)))
    return [found.contrast(each) for each in _arm_columns(rows, len(found.kept))]


@dataclass(frozen=True)
class ByLevel:
    """What the arms do within the levels of a moderator.

    Attributes:
        levels: of every level the effect of every arm but the control.
        changes: of every level but the first how much larger the effects are than in the first.
    """

    levels: list[list[Contrast]]
    changes: list[list[Contrast]]


def by_level(rows: Rows, level: npt.ArrayLike, levels: int) -> ByLevel:
    """Return the effects of every level of a moderator, and how they differ from those of the first.

    One fit in which every level has a design of its own: its effects are those of its answers alone, and clusters may
    lie in several levels.

    Args:
        rows: the answers.
        level: index of each row's level, shape (rows,).
        levels: number of levels.

    Examples:
        >>> rows = Rows(np.array([1.0, 3.0, 4.0, 8.0, 0.0, 2.0, 0.0, 4.0]), np.array([0, 0, 1, 1] * 2), arms=2)
        >>> found = by_level(rows, [0, 0, 0, 0, 1, 1, 1, 1], levels=2)
        >>> [round(level[0].estimate, 3) for level in found.levels], round(found.changes[0][0].estimate, 3)
        ([4.0, 1.0], -3.0)
    """
    own = np.asarray(level, dtype=np.int64)
    blocks = [_design(rows, own == each) for each in range(levels)]
    found = rows.fit(np.column_stack(blocks))
    width = blocks[0].shape[1]
    columns = [[np.roll(c, each * width) for c in _arm_columns(rows, len(found.kept))] for each in range(levels)]
    return ByLevel(
        [[found.contrast(c) for c in arms] for arms in columns],
        [[found.contrast(c - first) for c, first in zip(arms, columns[0], strict=True)] for arms in columns[1:]],
    )


def slopes(rows: Rows, moderator: FloatArray) -> list[Contrast]:
    """Return how much larger the effect of every arm is where a numeric moderator is larger by 1.

    Args:
        rows: the answers.
        moderator: shape (rows,).

    Examples:
        >>> rows = Rows(np.array([1.0, 2.0, 3.0, 1.0, 3.0, 5.0]), np.array([0, 0, 0, 1, 1, 1]), arms=2)
        >>> [round(change.estimate, 3) for change in slopes(rows, np.array([0.0, 1.0, 2.0, 0.0, 1.0, 2.0]))]
        [1.0]
    """
    beside = np.zeros((len(rows.value), 0)) if rows.covariates is None else rows.covariates
    whole = Rows(rows.value, rows.arm, rows.arms, np.column_stack([moderator, beside]), rows.weight, rows.cluster)
    found = whole.fit(_design(whole, np.ones(len(rows.value), dtype=np.bool_)))
    # Behind the arms stand the covariates, then the covariates of every arm; the moderator is the first of each.
    width = whole.covariates.shape[1] if whole.covariates is not None else 0
    return [found.contrast(_one(rows.arms + each * width, len(found.kept))) for each in range(1, rows.arms)]


def _design(rows: Rows, own: npt.NDArray[np.bool_]) -> FloatArray:
    """Return 1, the arms, the covariates and their products with the arms; 0 for rows that are not `own`."""
    arms = (rows.arm[:, None] == np.arange(1, rows.arms)).astype(np.float64)
    parts = [np.ones((len(arms), 1)), arms]
    if rows.covariates is not None:
        weight = own.astype(np.float64) if rows.weight is None else np.where(own, rows.weight, 0.0)
        centred = rows.covariates - np.average(rows.covariates, axis=0, weights=weight)
        parts += [centred, *(centred * arm[:, None] for arm in arms.T)]
    return np.column_stack(parts) * own[:, None]


def _arm_columns(rows: Rows, columns: int) -> list[FloatArray]:
    return [_one(arm, columns) for arm in range(1, rows.arms)]


def _one(place: int, columns: int) -> FloatArray:
    return np.eye(columns)[place]


def spread(value: FloatArray, variance: FloatArray, weight: FloatArray | None = None) -> float:
    """Return the standard deviation of answers; of expected answers that of the answers that are predicted.

    The variance of a mixture is that of its means and the mean of its variances. Answers of people have none of the
    latter. With equal weights it is the standard deviation of a sample (divided by its number less 1).

    Args:
        value: answers or expected answers, shape (rows,).
        variance: of each answer about its expectation, 0 for people, shape (rows,).
        weight: shape (rows,); `None`: all alike.

    Examples:
        >>> spread(np.array([1.0, 3.0]), np.zeros(2)), spread(np.array([2.0, 2.0]), np.array([0.25, 0.25]))
        (1.4142135623730951, 0.5)
    """
    if len(value) < 2:
        return float("nan")
    between = np.average((value - np.average(value, weights=weight)) ** 2, weights=weight)
    within = np.average(variance, weights=weight)
    return float(np.sqrt(within + between * len(value) / (len(value) - 1)))


def dummies(cells: Sequence[object], levels: Sequence[object]) -> FloatArray:
    """Return a column of 0 and 1 for every level, shape (rows, levels)."""
    place = {level: number for number, level in enumerate(levels)}
    return np.eye(len(levels))[[place[cell] for cell in cells]]
