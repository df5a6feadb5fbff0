"""A scale: the answers a question allows."""

from __future__ import annotations

import itertools
import re
from functools import cached_property
from typing import Any, Literal, Self, cast

import numpy as np
from pydantic import Field, SerializerFunctionWrapHandler, field_validator, model_serializer, model_validator

from silicus.errors import did_you_mean
from silicus.record import Record
from silicus.study.dates import as_labelled, dated
from silicus.study.units import amount, plain_amount

__all__ = ["MAX_POINTS", "Scale", "ScaleKind"]

ScaleKind = Literal["binary", "nominal", "ordinal", "numeric"]

MAX_POINTS = 3001
"""A longer scale is refused: every point is scored, and a question with more points is an open number."""

_SINCE = ("points", "unit")
"""Fields left out where they are empty, so that what was shown keeps the name it had before there were such fields."""


class Scale(Record):
    """The answers a question allows, in order, and the refusals kept apart from them.

    `binary`: two points. `nominal`: points without order, each with a label. `ordinal`: ordered points such
    as 1 to 7. `numeric`: a count, a percentage or an amount, as 0 to 100.

    In a file a scale may also be of the kind `date`: `low` and `high` are then months (2024-03) or years (2024), and it
    becomes a numeric scale with a point every `step` of them, months labelled as "March 2024".

    Examples:
        >>> Scale(kind="ordinal", low=1, high=7, labels={1: "Very unlikely", 7: "Very likely"}).values
        (1, 2, 3, 4, 5, 6, 7)
        >>> Scale(kind="binary", labels={1: "Yes", 2: "No"}, refusals={9: "Don't know"}).answers
        (1, 2, 9)
        >>> Scale(kind="numeric", points=(0, 10, 50), unit="$").positions
        array([0. , 0.2, 1. ])
    """

    kind: ScaleKind
    """binary, nominal, ordinal or numeric."""
    low: int | None = None
    """The lowest value; left out when every point has a label."""
    high: int | None = None
    """The highest value."""
    step: int = Field(default=1, ge=1)
    """The distance between neighbouring values."""
    labels: dict[int, str] = {}
    """What a value means, for some points or for all."""
    refusals: dict[int, str] = {}
    """Answers offered beside the scale, such as `98: Don't know`: never averaged, kept as a rate."""
    points: tuple[int, ...] = ()
    """The values one by one, lowest first, where they are not evenly spaced: instead of low, high and step."""
    unit: str = ""
    """What is counted: a currency sign stands before the number, anything else after it ($, %, minutes)."""

    @model_validator(mode="before")
    @classmethod
    def _dates(cls, given: Any) -> Any:
        """Turn months and years into numbers."""
        return dated(cast("dict[str, Any]", given)) if isinstance(given, dict) else given

    @model_serializer(mode="wrap")
    def _without_empty(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in write(self).items() if value or name not in _SINCE}

    @field_validator("labels", "refusals", mode="before")
    @classmethod
    def _words(cls, labels: Any) -> Any:
        """Take numbers as words: a point may be labelled 100."""
        if not isinstance(labels, dict):
            return labels
        pairs = cast("dict[Any, Any]", labels).items()
        return {value: _word(label) for value, label in pairs}

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError("a scale has both 'low' and 'high', or neither and a label for every point.")
        self._check_points()
        if self.low is not None and self.high is not None:
            self._check_range(self.low, self.high)
        if not 2 <= len(self.values) <= MAX_POINTS:
            more = " Give a 'step', or list the 'points'." if len(self.values) > MAX_POINTS else ""
            raise ValueError(f"found a scale of {_points(len(self.values))}, expected 2 to {MAX_POINTS}.{more}")
        if self.kind == "binary" and len(self.values) != 2:
            raise ValueError(f"found a binary scale of {_points(len(self.values))}, expected 2.")
        self._check_labels()
        return self

    def _check_points(self) -> None:
        if self.points and (self.low is not None or self.step != 1):
            raise ValueError("a scale has either 'points', or 'low', 'high' and 'step'.")
        if any(later <= earlier for earlier, later in itertools.pairwise(self.points)):
            raise ValueError(
                f"found the points {', '.join(map(str, self.points))}, expected each above the one before."
            )
        if self.unit != self.unit.strip():
            raise ValueError(f"found the unit {self.unit!r}, expected it without spaces around it.")

    def _check_range(self, low: int, high: int) -> None:
        if high <= low:
            raise ValueError(f"found a scale from {low} to {high}, expected 'high' above 'low'.")
        if (high - low) % self.step:
            raise ValueError(f"found steps of {self.step} from {low}, which never reach {high}.")

    def _check_labels(self) -> None:
        stray = sorted(set(self.labels) - set(self.values))
        if stray:
            raise ValueError(f"the label of {stray[0]} ('{self.labels[stray[0]]}') lies outside the scale.")
        bare = [v for v in self.values if v not in self.labels]
        if self.kind == "nominal" and bare:
            raise ValueError(f"a nominal scale needs a label for every point; {bare[0]} has none.")
        words = [*self.labels.values(), *self.refusals.values()]
        blank = next((v for v, w in {**self.labels, **self.refusals}.items() if not w.strip()), None)
        if blank is not None:
            raise ValueError(f"the label of {blank} is empty. Give it words, or leave it out.")
        twice = next((w for w in words if words.count(w) > 1), None)
        if twice is not None:
            raise ValueError(f"the label '{twice}' stands twice. Give every point its own words.")
        inside = sorted(set(self.refusals) & set(self.values))
        if inside:
            raise ValueError(f"the refusal {inside[0]} is also a point of the scale. Give it another code.")

    @cached_property
    def values(self) -> tuple[int, ...]:
        """The values of the points, lowest first; for a scale given by labels alone, in the order given."""
        if self.points:
            return self.points
        if self.low is None or self.high is None:
            return tuple(self.labels) if self.kind == "nominal" else tuple(sorted(self.labels))
        return tuple(range(self.low, self.high + 1, self.step))

    @property
    def answers(self) -> tuple[int, ...]:
        """The values of everything one may answer: the points, then the refusals."""
        return (*self.values, *self.refusals)

    @property
    def ordered(self) -> bool:
        """Whether distances between points mean anything (not on a nominal scale)."""
        return self.kind != "nominal"

    @property
    def positions(self) -> np.ndarray:
        """The points on [0, 1], shape (points,): lowest 0, highest 1. NaN where there is no order."""
        values = np.asarray(self.values, dtype=float)
        if not self.ordered:
            return np.full(values.shape, np.nan)
        return (values - values[0]) / (values[-1] - values[0])

    def label(self, value: int) -> str | None:
        """Return the words of a point or refusal, or `None` where it has none."""
        return self.labels.get(value) or self.refusals.get(value)

    def shown(self, value: int) -> str:
        """Return a value as it is shown, with its unit.

        Examples:
            >>> scale = Scale(kind="numeric", low=0, high=2000, step=100, unit="$")
            >>> scale.shown(1000), scale.plain("$1,000 or so")
            ('$1000', '1000 or so')
        """
        return amount(value, self.unit)

    def plain(self, text: str) -> str:
        """Return a text with the amount at its start as a bare number; on a scale without a unit, the text itself."""
        return plain_amount(text, self.unit)

    def index(self, answer: int | float | str) -> int:
        """Return the place of an answer, given as a value or as a label, among `answers`.

        Raises:
            ValueError: the answer is not on the scale; the message says what is.
        """
        value = self._value(answer)
        if value not in self.answers:
            raise ValueError(f"the answer {answer!r} is not on the scale {self}.")
        return self.answers.index(value)

    def _value(self, answer: int | float | str) -> int | None:
        if isinstance(answer, str):
            by_label = {label: value for value, label in {**self.labels, **self.refusals}.items()}
            for words in (answer, as_labelled(answer)):
                if words in by_label:
                    return by_label[words]
            number = re.fullmatch(r"\s*(-?[0-9]+)(?:\.0+)?\s*", self.plain(answer))
            if number:
                return int(number[1])
            raise ValueError(f"the answer '{answer}' is not on the scale {self}.{self._nearest(answer)}")
        return int(answer) if float(answer).is_integer() else None

    def _nearest(self, answer: str) -> str:
        words = [*self.labels.values(), *self.refusals.values()]
        hint = did_you_mean(answer, words) if words else ""
        return hint if hint.startswith(" Did") else ""

    def __str__(self) -> str:
        every = self.values
        shown = f"{every[0]} to {every[-1]}" if len(every) > 5 else ", ".join(map(str, every))
        apart = f" (refusals {', '.join(map(str, self.refusals))})" if self.refusals else ""
        return shown + apart


def _word(label: Any) -> Any:
    if isinstance(label, bool):
        return str(label).lower()
    return str(label) if isinstance(label, int | float) else label


def _points(count: int) -> str:
    return "1 point" if count == 1 else f"{count} points"
