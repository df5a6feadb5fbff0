"""Scales of months and years, written as dates in a file and kept as numbers."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["as_labelled", "dated"]

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_DAY = re.compile(r"([0-9]{4}-[0-9]{2})(?:-[0-9]{2})?")
_YEAR = re.compile(r"[0-9]{4}")
_EXPECTED = "expected two months (2024-03) or two years (2024), the later one as 'high'"


def dated(scale: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of a scale of the kind `date` as those of a numeric one; any other scale as it is.

    Years are their own numbers. Months are numbered from 1, which is `low`, and have labels.

    Raises:
        ValueError: `low` and `high` are not both months or both years, in order, or labels or points are given.

    Examples:
        >>> dated({"kind": "date", "low": "2023-12", "high": "2024-02"})
        {'kind': 'numeric', 'low': 1, 'high': 3, 'labels': {1: 'December 2023', 2: 'January 2024', 3: 'February 2024'}}
    """
    if scale.get("kind") != "date":
        return scale
    extra = [name for name in ("labels", "points", "unit") if name in scale]
    if extra:
        raise ValueError(f"a scale of dates has no '{extra[0]}': 'low', 'high' and 'step' say all of it.")
    given = scale.get("low"), scale.get("high")
    low, high = (str(date) for date in given)
    if _YEAR.fullmatch(low) and _YEAR.fullmatch(high):
        return {**scale, "kind": "numeric", "low": int(low), "high": int(high)}
    first, last = _months(low), _months(high)
    if first is None or last is None or last <= first:
        raise ValueError(f"found a scale of dates from {given[0]} to {given[1]}, {_EXPECTED}.")
    step = scale.get("step", 1)
    if not isinstance(step, int) or step < 1 or (last - first) % step:
        raise ValueError(f"found steps of {step} months from {low}, which never reach {high}.")
    labels = {place: _words(month) for place, month in enumerate(range(first, last + 1, step), start=1)}
    kept = {name: value for name, value in scale.items() if name != "step"}
    return {**kept, "kind": "numeric", "low": 1, "high": len(labels), "labels": labels}


def as_labelled(answer: str) -> str:
    """Return a month or a day in the words of a scale of months; any other text as it is.

    Examples:
        >>> as_labelled("2024-03"), as_labelled("2024-03-31"), as_labelled("soon")
        ('March 2024', 'March 2024', 'soon')
    """
    day = _DAY.fullmatch(answer.strip())
    month = _months(day[1]) if day else None
    return answer if month is None else _words(month)


def _months(date: str) -> int | None:
    """Return a month as the number of months since the year 0, `None` where it is none."""
    found = _MONTH.fullmatch(date)
    return int(found[1]) * 12 + int(found[2]) - 1 if found else None


def _words(month: int) -> str:
    return f"{_MONTHS[month % 12]} {month // 12}"
