"""What chance does to the groups of a table: their sizes, and what they have to do with who somebody is.

Pearson's chi-square (https://doi.org/10.1080/14786440009463897) decides all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, exp, lgamma, log, sqrt

import numpy as np
from numpy.typing import NDArray

__all__ = ["Association", "are_equal", "are_in_ratio", "association", "dispersion", "is_by_chance", "p_value"]

_REJECTED = 0.01
_NEARLY = 0.1
"""In large tables a draw that is a little uneven is no longer by chance, and still of nearly equal groups."""
_LARGEST_RATIO = 3
_FEWEST = 5
_STRONG = 0.15
_STRONG_P = 0.001
_BY_CHANCE = (0.5, 1.3)

_Counts = NDArray[np.float64]


@dataclass(frozen=True)
class Association:
    """What two columns have to do with one another.

    Attributes:
        p_value: how likely chance alone gives as much.
        cramers_v: 0 for nothing, 1 for everything.
    """

    p_value: float
    cramers_v: float

    @property
    def strong(self) -> bool:
        """Whether it is neither by chance nor weak."""
        return self.p_value < _STRONG_P and self.cramers_v >= _STRONG


def are_equal(counts: list[int]) -> bool:
    """Return whether groups are of nearly equal size: within a tenth of their mean, or as chance makes them.

    Examples:
        >>> are_equal([249, 251]), are_equal([320, 180])
        (True, False)
    """
    sizes = np.array(counts, dtype=float)
    if len(sizes) < 2 or sizes.min() < _FEWEST:
        return False
    mean = float(sizes.mean())
    apart = float(np.abs(sizes / mean - 1).max())
    return apart <= _NEARLY or _of_sizes(sizes, np.full(len(sizes), mean)) >= _REJECTED


def are_in_ratio(counts: list[int]) -> bool:
    """Return whether groups are not equal, but each one, two or three times the smallest, as far as chance lets them.

    Examples:
        >>> are_in_ratio([68, 197]), are_in_ratio([100, 205, 98]), are_in_ratio([100, 150])
        (True, True, False)
    """
    sizes = np.array(counts, dtype=float)
    if len(sizes) < 2 or sizes.min() < _FEWEST:
        return False
    times = np.array([round(count / min(counts)) for count in counts], dtype=float)
    if not 1 < times.max() <= _LARGEST_RATIO:
        return False
    return _of_sizes(sizes, times * (sizes.sum() / times.sum())) >= 5 * _REJECTED


def association(one: NDArray[np.int64], other: NDArray[np.int64]) -> Association | None:
    """Return what two columns have to do with one another; `None` where one of them has no two groups.

    Args:
        one: the group of each row, from 1; 0 for none. Shape (rows,).
        other: likewise.
    """
    observed = _crossed(one, other)
    if min(observed.shape) < 2:
        return None
    expected = observed.sum(1, keepdims=True) * observed.sum(0, keepdims=True) / observed.sum()
    chi_square = float(((observed - expected) ** 2 / expected).sum())
    strength = sqrt(chi_square / float(observed.sum()) / (min(observed.shape) - 1))
    return Association(p_value(chi_square, (observed.shape[0] - 1) * (observed.shape[1] - 1)), strength)


def dispersion(people: NDArray[np.int64], values: NDArray[np.int64]) -> float | None:
    """Return how much people with several rows differ in the values they have, 1 for as much as by chance.

    It is chi-square to its degrees of freedom in the table of people and values: 0 where everybody has each value
    equally often, large where a person's values are alike.

    Args:
        people: the person of each row, from 1; 0 for none. Shape (rows,).
        values: the value of each row, likewise.
    """
    known = (people > 0) & (values > 0)
    people, values = people[known], values[known]
    if not len(people):
        return None
    of_person, of_value = np.bincount(people), np.bincount(values)
    pairs, rows = np.unique(people * len(of_value) + values, return_counts=True)
    expected = of_person[pairs // len(of_value)] * of_value[pairs % len(of_value)] / len(people)
    # Pairs of a person and a value that never occur are not there, so the sum is taken in its shorter form.
    chi_square = float((rows**2 / expected).sum()) - len(people)
    freedom = (int((of_person > 0).sum()) - 1) * (int((of_value > 0).sum()) - 1)
    return chi_square / freedom if freedom else None


def is_by_chance(dispersed: float | None) -> bool:
    """Return whether values differ between people as by chance: answers come back, numbers of tasks never differ."""
    return dispersed is not None and _BY_CHANCE[0] <= dispersed <= _BY_CHANCE[1]


def p_value(chi_square: float, freedom: int) -> float:
    """Return how likely chance alone gives a chi-square as large.

    It is built up from one or two degrees of freedom, two at a time.

    Examples:
        >>> round(p_value(3.841, 1), 3), round(p_value(16.919, 9), 3)
        (0.05, 0.05)
    """
    if chi_square <= 0:
        return 1.0
    half = chi_square / 2
    start = 2 - freedom % 2
    found = exp(-half) if start == 2 else erfc(sqrt(half))
    return found + sum(exp(each / 2 * log(half) - half - lgamma(each / 2 + 1)) for each in range(start, freedom, 2))


def _of_sizes(observed: _Counts, expected: _Counts) -> float:
    return p_value(float(((observed - expected) ** 2 / expected).sum()), len(observed) - 1)


def _crossed(one: NDArray[np.int64], other: NDArray[np.int64]) -> _Counts:
    """Return how often the groups of two columns meet, without groups that meet none."""
    known = (one > 0) & (other > 0)
    width = int(other.max(initial=0)) + 1
    height = int(one.max(initial=0)) + 1
    counts = np.bincount(one[known] * width + other[known], minlength=height * width).reshape(height, width)
    return counts[counts.sum(1) > 0][:, counts.sum(0) > 0].astype(float)
