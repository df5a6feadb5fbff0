"""How far a model's predictions lay from people in past studies, and the intervals that follow for a new one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from silicus.effects.least_squares import FloatArray, Index, quantile
from silicus.effects.past.error_lines import (
    Errors,
    Lines,
    errors_of_effects,
    errors_of_means,
    inside,
    lines,
    widening,
    without_each,
)
from silicus.effects.records import UNKNOWN, Amount, Number
from silicus.errors import InputError, counted
from silicus.record import Record

__all__ = ["FEWEST_STUDIES", "ErrorKind", "Forecast", "HeldOut", "Past", "PastErrors", "forecast", "learn_errors"]

FEWEST_STUDIES = 10
"""Of fewer studies no interval is made."""

ErrorKind = Literal["means", "effects"]
"""Means of cells, or differences of two cells of a question."""

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Past:
    """Cells of past studies that the model had not learnt from; one number a cell.

    Attributes:
        predicted: mean prediction as a share of the scale's range, on [0, 1], shape (cells,).
        observed: mean of people's answers, on [0, 1], shape (cells,).
        variance: what chance adds to it: variance of the answers / effective number of people; NaN where it is unknown.
        question: index of the cell's question, within its study, shape (cells,).
        study: index of the cell's study, shape (cells,).
        predicted_variance: what chance adds to `predicted` where everybody is predicted in the own condition alone, so
            that who happens to be asked moves it: variance of predictions / their effective number; `None`: nothing, as
            where the same people are predicted in all conditions.
        covariance: of both chances: covariance of answers and predictions / their effective number; `None`: none.
    """

    predicted: FloatArray
    observed: FloatArray
    variance: FloatArray
    question: Index
    study: Index
    predicted_variance: FloatArray | None = None
    covariance: FloatArray | None = None

    def known(self) -> Past:
        """Return the cells of which everything is known; studies and questions are numbered from 0, without gaps."""
        numbers = np.column_stack([self.predicted, self.observed, self.chance])
        return self.where(np.asarray(np.isfinite(numbers).all(axis=1)))

    def compared(self) -> Past:
        """Return the cells of which everything is known and whose question has two of them or more."""
        known = self.known()
        return known.where(np.bincount(known.question)[known.question] >= 2)

    def where(self, kept: npt.NDArray[np.bool_]) -> Past:
        """Return the cells that are `kept`, studies and questions numbered from 0, without gaps."""
        both = np.stack([self.study[kept], self.question[kept]])
        question = np.unique(both, axis=1, return_inverse=True)[1].reshape(-1)
        study = np.unique(self.study[kept], return_inverse=True)[1]
        variance, predicted_variance, covariance = self.chance[kept].T
        return Past(
            self.predicted[kept], self.observed[kept], variance, question, study, predicted_variance, covariance
        )

    @property
    def chance(self) -> FloatArray:
        """What chance adds to the squares of observed and predicted means, and to their product, shape (cells, 3)."""
        none = np.zeros(len(self.predicted))
        parts = (self.variance, self.predicted_variance, self.covariance)
        return np.column_stack([none if each is None else each for each in parts])


class HeldOut(Record):
    """How often intervals held what people of a past study answered that nothing was learnt from."""

    coverage: Number
    """Share of quantities inside, averaged over studies. What chance adds to people's answers is added."""
    low: Number
    """Lower end of its interval over studies; null where all studies agree, so that it cannot be told."""
    high: Number
    """Upper end of its interval over studies."""
    studies_n: int
    """Number of studies, each held out once."""
    quantities_n: int
    """Number of means, or of differences within questions."""


class PastErrors(Record):
    """What past studies say about the errors of predictions of a new one; numbers are shares of the scale's range."""

    kind: ErrorKind
    level: float
    """Share of true values that intervals are to hold."""
    studies_n: int
    """Number of past studies."""
    quantities_n: int
    """Number of means, or of differences within questions."""
    intercept: Number
    """The true mean where 0 is predicted; of effects 0."""
    slope: Amount
    """What is true for 1 predicted: below 1 the model exaggerates, and predictions are to be multiplied by it."""
    covariance: tuple[tuple[Number, ...], ...]
    """Of intercept and slope; of effects of the slope alone."""
    tau: Number
    """Standard deviation of the true error of a mean, or of an effect, about the line. Not less than the standard
    error of its square allows: an error that cannot be told from chance is not known to be none."""
    error: Amount
    """The same with what the line's own uncertainty adds to predictions like the past ones; its interval is the
    jackknife's over studies, of its logarithm."""
    without_model: Amount
    """Standard deviation of true effects about 0, or of true means about their mean: the error of whoever knows only
    how large these are in past studies."""
    widening: Number
    """By how much intervals are wider than those of Student's t, so that past studies would have been held."""
    held_out: HeldOut | None
    """How often intervals learnt without a past study held it; null where there are none."""
    note: str | None = None
    """What is to be known about the intervals."""
    reason: str | None = None
    """Why there are no intervals."""


@dataclass(frozen=True)
class Forecast:
    """What is to be expected of people, and how sure it is, in shares of the scale's range.

    Attributes:
        value: the prediction on the line that past studies lie on, in the shape of the predictions; NaN where unknown.
        sd: standard deviation of its error, not widened; NaN where unknown.
        low: lower end of the interval; NaN where unknown.
        high: upper end of the interval; NaN where unknown.
        level: share of true values that the interval is to hold.
        reason: why something is unknown.
    """

    value: FloatArray
    sd: FloatArray
    low: FloatArray
    high: FloatArray
    level: float
    reason: str | None


def learn_errors(past: Past, kind: ErrorKind, alpha: float = 0.05) -> PastErrors:
    """Return what the errors of past predictions say about those of a new study's.

    The truth is taken to lie about a line: `means` about a + b x predicted; `effects`, differences within a question,
    about b x predicted, for predicted effects are often too large (Hewitt et al. 2026,
    doi:10.1038/s41586-026-10742-x, multiply by .56). Every study weighs the same. The noise in people's answers does
    not attenuate the slope; where predictions hold chance too (`Past.predicted_variance`) it is taken out.

    Args:
        past: cells of past studies. Studies that the model learnt from make intervals too narrow.
        kind: what intervals are to be about.
        alpha: intervals are to hold 1 - `alpha` of true values.

    Raises:
        InputError: arrays are of different length, means lie off [0, 1], or a variance is negative.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> predicted = rng.uniform(0.2, 0.8, 40)
        >>> observed = 0.25 + 0.5 * predicted + rng.normal(0, 0.05, 40)
        >>> past = Past(predicted, observed, np.zeros(40), np.zeros(40, dtype=np.int64), np.arange(40))
        >>> found = learn_errors(past, "means")
        >>> round(found.slope.value, 2), round(found.tau, 3)
        (0.44, 0.036)
    """
    _check(past, alpha)
    kept = past.known() if kind == "means" else past.compared()
    if not len(kept.study):
        return _nothing(kind, alpha)
    columns = (kept.predicted, kept.observed, kept.chance, kept.study)
    return _learnt(errors_of_means(*columns) if kind == "means" else errors_of_effects(*columns, kept.question), alpha)


def _check(past: Past, alpha: float) -> None:
    """Raise where the past cannot be what it is said to be."""
    columns = (past.predicted, past.observed, past.variance, past.question, past.study)
    lengths = [len(each) for each in columns]
    if len(set(lengths)) > 1:
        told = ", ".join(map(str, lengths))
        raise InputError(
            f"found {told} numbers of predicted, observed, variance, question and study; expected as many."
        )
    for name, values in (("predicted", past.predicted), ("observed", past.observed)):
        off = values[(values < -_ROUNDING) | (values > 1 + _ROUNDING)]
        if off.size:
            raise InputError(
                f"found {off[0]:g} among the {name} means, expected shares of the scale's range, 0 to 1. Subtract the "
                "scale's lowest point and divide by its range."
            )
    if np.any(past.variance < 0):
        raise InputError(f"found a variance of {np.nanmin(past.variance):g}, expected 0 or more, or NaN if unknown.")
    if not 0 < alpha < 0.5:
        raise InputError(f"found alpha {alpha:g}, expected a share between 0 and 0.5 such as 0.05.")


def _learnt(errors: Errors, alpha: float) -> PastErrors:
    """Return what studies, of which there is one or more, say."""
    line, studies, cells = lines(errors.sums), len(errors.sums), errors.quantities.cells
    wide, few = widening(errors, alpha) if studies >= FEWEST_STUDIES else (float("nan"), False)
    reason = _reason(line, studies, wide, cells)
    reach = float("nan") if reason else quantile(1 - alpha / 2, studies - 1)
    slope, standard_error = float(line.coefficients[-1]), float(np.sqrt(line.covariance[-1, -1]))
    return PastErrors(
        kind="means" if cells == 1 else "effects",
        level=1 - alpha,
        studies_n=studies,
        quantities_n=len(errors.quantities.study),
        intercept=float(line.coefficients[0]) if cells == 1 else 0.0,
        slope=_amount(slope, standard_error, slope - reach * standard_error, slope + reach * standard_error),
        covariance=tuple(tuple(row) for row in line.covariance.tolist()),
        tau=float(np.sqrt(cells * line.tau2)),
        error=_size(errors.sums, cells, reach),
        without_model=_size(errors.bare, cells, reach),
        widening=wide,
        held_out=None if reason else _held_out(errors, alpha),
        note=_note(studies, alpha) if few and not reason else None,
        reason=reason,
    )


def _reason(line: Lines, studies: int, wide: float, cells: int) -> str | None:
    """Return why there are no intervals; `None` where there are."""
    if np.isnan(line.coefficients[-1]):
        where = "" if cells == 1 else "within questions "
        return (
            f"{where}the model's predictions for past cells differ by hardly more than who was asked, so that "
            "nothing is known of how it errs"
        )
    if studies < FEWEST_STUDIES:
        told = counted(studies, "study", "studies")
        return f"past errors of {told} say too little of another; {FEWEST_STUDIES} are needed"
    if np.isnan(wide):
        return "predictions differ in too few past studies to tell what another would bring"
    return None


def _note(studies: int, alpha: float) -> str:
    least = (1 - alpha) * studies / (studies + 1)
    return (
        f"of {studies} studies it is known only roughly how often intervals hold: "
        f"{100 * (1 - alpha):g} % are meant, about {100 * least:.0f} % are sure"
    )


def _nothing(kind: ErrorKind, alpha: float) -> PastErrors:
    what = "cells" if kind == "means" else "questions of 2 known cells"
    return PastErrors(
        kind=kind,
        level=1 - alpha,
        studies_n=0,
        quantities_n=0,
        intercept=None,
        slope=UNKNOWN,
        covariance=(),
        tau=None,
        error=UNKNOWN,
        without_model=UNKNOWN,
        widening=None,
        held_out=None,
        reason=f"no past study has {what} with people's answers, so that nothing is known of how the model errs",
    )


def _size(sums: FloatArray, cells: int, reach: float) -> Amount:
    """Return the standard deviation of errors about a line, and an interval of its logarithm's jackknife."""
    value = float(np.sqrt(cells * lines(sums).typical))
    if np.isnan(reach) or not value > 0:
        return _amount(value)
    studies, left = len(sums), np.log(lines(without_each(sums)).typical) / 2
    error = float(np.sqrt((studies - 1) * np.var(left)))
    return _amount(value, value * error, value * np.exp(-reach * error), value * np.exp(reach * error))


def _amount(value: float, standard_error: float = np.nan, low: float = np.nan, high: float = np.nan) -> Amount:
    return Amount(value=value, standard_error=standard_error, low=float(low), high=float(high))


def _held_out(errors: Errors, alpha: float) -> HeldOut:
    share = inside(errors, alpha)
    studies, mean = len(share), float(share.mean())
    half = quantile(1 - alpha / 2, studies - 1) * float(np.std(share, ddof=1)) / studies**0.5
    known = half > 0
    return HeldOut(
        coverage=mean,
        low=max(mean - half, 0.0) if known else None,
        high=min(mean + half, 1.0) if known else None,
        studies_n=studies,
        quantities_n=len(errors.quantities.study),
    )


def forecast(errors: PastErrors, predicted: npt.ArrayLike, *, sampling: npt.ArrayLike = 0.0) -> Forecast:
    """Return what is to be expected of people in a new study, with intervals for the truth.

    An interval is for the true mean, or effect, in the population: Student's t, with a degree of freedom less than
    there are past studies, times the widening, times the standard deviation of the error of a new study. It holds so
    far as the new study is one like the past ones. Nothing lies off the scale: means are cut to [0, 1], effects to
    [-1, 1].

    Args:
        errors: what was learnt from the past.
        predicted: means, or effects, as shares of the scale's range, any shape.
        sampling: what chance will add, where an interval is for what so many people answer and not for the truth: of a
            mean the variance of answers / their number, of an effect the sum of both arms'.

    Raises:
        InputError: `sampling` is negative.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> predicted = rng.uniform(0.2, 0.8, 40)
        >>> observed = 0.25 + 0.5 * predicted + rng.normal(0, 0.05, 40)
        >>> past = Past(predicted, observed, np.zeros(40), np.zeros(40, dtype=np.int64), np.arange(40))
        >>> found = forecast(learn_errors(past, "means"), 0.8)
        >>> round(float(found.value), 2), round(float(found.low), 2), round(float(found.high), 2)
        (0.63, 0.55, 0.7)
    """
    x, chance = np.asarray(predicted, dtype=np.float64), np.asarray(sampling, dtype=np.float64)
    if np.any(chance < 0):
        raise InputError(f"found a sampling variance of {np.min(chance):g}, expected 0 or more.")
    of_means = errors.kind == "means"
    terms = np.stack([np.ones_like(x), x], axis=-1) if of_means else x[..., None]
    # Null becomes NaN.
    line = np.array([errors.intercept, errors.slope.value] if of_means else [errors.slope.value], dtype=np.float64)
    lowest = 0.0 if of_means else -1.0
    value = terms @ line
    if errors.reason is not None:
        unknown = np.full_like(value, np.nan)
        return Forecast(np.clip(value, lowest, 1.0), unknown, unknown, unknown, errors.level, errors.reason)
    tau, wide = (np.array(each, dtype=np.float64) for each in (errors.tau, errors.widening))
    covariance = np.array(errors.covariance, dtype=np.float64)
    sd = np.sqrt(tau**2 + np.einsum("...i,ij,...j->...", terms, covariance, terms) + chance)
    half = quantile((1 + errors.level) / 2, errors.studies_n - 1) * wide * sd
    low, middle, high = (np.clip(each, lowest, 1.0) for each in (value - half, value, value + half))
    return Forecast(middle, sd, low, high, errors.level, None)
