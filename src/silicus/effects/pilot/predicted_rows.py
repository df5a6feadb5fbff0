"""Rows of a regression for which a model has predicted an answer, of people or simulated people; and their checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from silicus.effects.least_squares import FloatArray, Index
from silicus.errors import InputError, counted

__all__ = ["PredictedRows", "check"]


@dataclass(frozen=True)
class PredictedRows:
    """What is asked, what the model says, and what people answered.

    Attributes:
        design: columns of the regression, shape (rows, columns).
        predicted: by the model, in scale points, shape (rows,).
        answers: of people, in scale points, shape (rows,); `None`: nobody was asked, these are simulated people.
        weight: above 0, shape (rows,); `None`: all alike.
        cluster: name or number of what a row's answer hangs together by, shape (rows,); `None`: its respondent, where
            anybody has several rows, and else nothing.
        stratum: name of each row's stratum, shape (rows,); `None`: there are none.
        respondent: name of each row's respondent, shape (rows,); `None`: nobody has several rows, or `cluster` says so.
    """

    design: FloatArray
    predicted: FloatArray
    answers: FloatArray | None = None
    weight: FloatArray | None = None
    cluster: npt.ArrayLike | None = None
    stratum: Sequence[str] | None = None
    respondent: Sequence[str] | None = None

    @cached_property
    def units(self) -> Index | None:
        """The index of each row's cluster, from 0 and without gaps; `None` where rows are independent."""
        if self.cluster is not None:
            return np.unique(np.asarray(self.cluster), return_inverse=True)[1]
        names, place = np.unique(np.asarray(self.respondent or [], dtype=str), return_inverse=True)
        return place if len(names) < len(place) else None

    @property
    def known_answers(self) -> FloatArray:
        """The answers of people; empty where there are none."""
        return np.zeros(0) if self.answers is None else self.answers

    def where(self, stratum: str) -> PredictedRows:
        """Return the rows of a stratum."""
        own = self.of(stratum)
        # As clusters are told by the whole: somebody may have several rows, and one of them here.
        cluster = None if self.units is None else self.units[own]
        answers = None if self.answers is None else self.answers[own]
        return PredictedRows(
            self.design[own], self.predicted[own], answers, None if self.weight is None else self.weight[own], cluster
        )

    def of(self, stratum: str) -> npt.NDArray[np.bool_]:
        """Return whether a row is in the stratum, shape (rows,)."""
        return np.asarray(self.stratum, dtype=str) == stratum


def check(pilot: PredictedRows, pool: PredictedRows, contrast: FloatArray, shares: Mapping[str, float] | None) -> None:
    """Raise an error where rows of people and of simulated people cannot be brought together.

    Raises:
        InputError: saying what is wrong, where, and what to do.
    """
    if pilot.answers is None:
        raise InputError("pilot: found no answers of people. Give `answers`, one for every row.")
    _check_rows(pilot, "pilot", len(contrast))
    _check_rows(pool, "pool", len(contrast))
    both = sorted(set(pilot.respondent or ()) & set(pool.respondent or ()))
    if both:
        raise InputError(
            f"{counted(len(both), 'respondent is', 'respondents are')} in the pilot and in the pool "
            f"({', '.join(both[:3])}). Leave them out of the pool: what rectifies must not depend on what is rectified."
        )
    for rows, what in ((pilot, "pilot"), (pool, "pool")):
        _check_strata(rows, what, shares)


def _check_rows(rows: PredictedRows, what: str, columns: int) -> None:
    count = len(rows.predicted)
    if count == 0 or rows.design.shape != (count, columns):
        raise InputError(
            f"{what}: found a design of shape {rows.design.shape} for {counted(count, 'prediction', 'predictions')} "
            f"and a contrast of {counted(columns, 'column', 'columns')}. Give one row a prediction, with these columns."
        )
    parts = {name: getattr(rows, name) for name in ("answers", "weight", "cluster", "stratum", "respondent")}
    for name, part in parts.items():
        if part is not None and len(part) != count:
            raise InputError(
                f"{what}: found {len(part)} of `{name}` for {counted(count, 'row', 'rows')}. Give as many."
            )
    for name in ("design", "predicted", "answers"):
        part = getattr(rows, name)
        if part is not None and not np.all(np.isfinite(part)):
            raise InputError(f"{what}: found a value in `{name}` that is no number. Leave out rows without an answer.")
    if rows.weight is not None and not (np.all(rows.weight > 0) and np.all(np.isfinite(rows.weight))):
        raise InputError(f"{what}: found a weight that is not above 0. Leave out rows that do not count.")


def _check_strata(rows: PredictedRows, what: str, shares: Mapping[str, float] | None) -> None:
    if (rows.stratum is None) != (shares is None):
        there, missing = ("population shares", "strata") if rows.stratum is None else ("strata", "population shares")
        raise InputError(f"{what}: found {there} without {missing}. Give both, or neither.")
    if rows.stratum is None or shares is None:
        return
    found = set(rows.stratum)
    stray, absent = sorted(found - set(shares)), sorted(set(shares) - found)
    if stray:
        raise InputError(f"{what}: stratum '{stray[0]}' has no population share. Known: {', '.join(shares)}.")
    if absent:
        raise InputError(
            f"{what}: nobody is in stratum '{absent[0]}'. Ask people there, or merge it with another stratum."
        )
    if rows.units is not None:
        pairs = set(zip(rows.units.tolist(), rows.stratum, strict=True))
        if len(pairs) > len(set(rows.units.tolist())):
            raise InputError(f"{what}: a cluster lies in two strata. Choose strata that hold whole clusters.")
