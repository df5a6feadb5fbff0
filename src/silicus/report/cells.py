"""A cell in rows: what people answered at each point, beside what every system predicted."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from silicus.evaluate import Cell

__all__ = ["Row", "cumulative", "labels", "mean", "most_answered", "most_given", "shares", "wilson"]

_Z = 1.959963984540054
"""The 97.5 % point of the normal distribution."""


@dataclass(frozen=True)
class Row:
    """One number of people, its 95 % interval, and the same number of every system.

    Attributes:
        label: what the number belongs to: a point of the scale, or "mean".
        value: the point; `None` for a mean.
        people: a share of the answers, or a mean answer.
        low: lower end of the interval.
        high: upper end of the interval.
        predicted: system -> share or mean.
    """

    label: str
    value: int | None
    people: float | None
    low: float | None
    high: float | None
    predicted: dict[str, float | None]


def wilson(share: float, n: float) -> tuple[float, float]:
    """Return the 95 % score interval of a share of `n` answers (Wilson 1927, doi:10.1080/01621459.1927.10502953).

    With weighted answers it is an approximation, and `n` is their effective number (`Cell.people_effective`).

    Examples:
        >>> low, high = wilson(0.5, 100)
        >>> round(low, 3), round(high, 3)
        (0.404, 0.596)
    """
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def labels(cell: Cell) -> list[str]:
    """Return the words of every point; its value too where some points have no words."""
    if all(cell.labels):
        return [str(label) for label in cell.labels]
    pairs = zip(cell.values, cell.labels, strict=True)
    return [f"{value} {label}" if label else str(value) for value, label in pairs]


def shares(cell: Cell) -> list[Row]:
    """Return one row a point, in the order of the scale."""
    words = labels(cell)
    return [_share(cell, words[i], i, cell.human[i], _at(cell, i)) for i in range(len(words))]


def _at(cell: Cell, index: int) -> dict[str, float | None]:
    return {system: p[index] for system, p in cell.predicted.items()}


def _share(cell: Cell, label: str, index: int, people: float | None, predicted: dict[str, float | None]) -> Row:
    n = cell.people_effective
    low, high = (None, None) if people is None or not n else wilson(min(people, 1.0), n)
    return Row(label, cell.values[index], people, low, high, predicted)


def cumulative(cell: Cell) -> list[Row]:
    """Return one row a point: the share of answers at or below it."""
    words = labels(cell)
    people = _sums(cell.human)
    predicted = {system: _sums(p) for system, p in cell.predicted.items()}
    return [
        _share(cell, words[i], i, people[i], {system: p[i] for system, p in predicted.items()})
        for i in range(len(words))
    ]


def _sums(points: Sequence[float | None]) -> list[float | None]:
    known = [p for p in points if p is not None]
    return [*itertools.accumulate(known)] if len(known) == len(points) else [None] * len(points)


def most_given(rows: Sequence[Row], count: int) -> list[Row]:
    """Return the `count` rows with the largest shares of people, in the order they had."""
    ranked = sorted(range(len(rows)), key=lambda i: -(rows[i].people or 0.0))[:count]
    return [rows[i] for i in sorted(ranked)]


def mean(cell: Cell) -> Row:
    """Return the mean answer of people and systems, with a normal 95 % interval for people's.

    The interval counts the effective number of answers; it is unknown where that is not above 1.
    """
    people = _mean(cell, cell.human)
    predicted = {system: _mean(cell, p) for system, p in cell.predicted.items()}
    label = f"mean of {cell.values[0]} to {cell.values[-1]}"
    n = cell.people_effective or 0.0
    # A hair above 1, for weights may leave one answer that counts.
    if people is None or n < 1 + 1e-6:
        return Row(label, None, people, None, None, predicted)
    pairs = zip(cell.values, cell.human, strict=True)
    variance = sum((p or 0.0) * (value - people) ** 2 for value, p in pairs)
    half = _Z * math.sqrt(variance / (n - 1))
    return Row(label, None, people, people - half, people + half, predicted)


def _mean(cell: Cell, points: Sequence[float | None]) -> float | None:
    known = [value * p for value, p in zip(cell.values, points, strict=True) if p is not None]
    return sum(known) if len(known) == len(points) else None


def most_answered(cells: Sequence[Cell], count: int) -> list[Cell]:
    """Return the `count` cells with most answers, in the order they had; none without answers."""
    ranked = sorted((i for i, cell in enumerate(cells) if cell.answers), key=lambda i: -cells[i].answers)
    return [cells[i] for i in sorted(ranked[:count])]
