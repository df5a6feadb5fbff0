"""Whether answers of one person to several questions hang together as people's do, or are flattened.

Respondents who are drawn question by question may match every question's distribution and still agree with themselves
less, or more, than people do. Works on arrays of answers; knows no tables.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from silicus.evaluate.bootstrap import estimate
from silicus.evaluate.metrics import FloatArray
from silicus.evaluate.records import Estimate
from silicus.evaluate.rows import Rows
from silicus.evaluate.together import ENOUGH
from silicus.record import Record

__all__ = ["Structure", "structure"]

_FEWEST_PAIRS = 2


class Structure(Record):
    """Correlations between questions, over the respondents who answered both: people's and those predicted."""

    pairs_n: int
    """Number of pairs of questions that `ENOUGH` respondents of one condition answered."""
    human: Estimate
    """Mean size (absolute value) of people's correlations."""
    predicted: Estimate
    """Mean size of the predicted ones: of answers drawn for every person from the predictions, question by question."""
    ratio: Estimate
    """`predicted` in shares of `human`: below 1, questions hang together less than they do for people. Of few
    respondents, chance makes people's correlations larger and so the ratio smaller."""
    agreement: Estimate
    """Correlation of the two over pairs of questions: whether the right questions hang together."""


def structure(rows: Rows, rng: np.random.Generator, draws: int = 2000) -> Structure | None:
    """Return how correlations between questions are predicted.

    The predicted correlation of two questions is that of answers drawn independently, given the person: the covariance
    of the expected answers over persons, divided by the spread of expected answers and predictions together. Only
    answers whose prediction is for the very respondent count. Intervals draw questions, with all their pairs (95 %).

    Returns:
        `None` where no two questions have enough respondents in common.
    """
    found = _pairs(rows)
    if not len(found):
        return None
    questions, numbers = found[:, :2].astype(np.int64), found[:, 2:]
    whole = _statistics(numbers, np.ones(len(numbers)))
    names, index = np.unique(questions, return_inverse=True)
    first, second = index.reshape(questions.shape).T
    resampled = np.empty((draws, len(whole)))
    for draw in range(draws):
        times = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names))
        resampled[draw] = _statistics(numbers, (times[first] * times[second]).astype(np.float64))
    if len(names) <= _FEWEST_PAIRS:
        resampled[:] = np.nan
    human, predicted, ratio, agreement = (
        estimate(float(value), draws_of, len(found)) for value, draws_of in zip(whole, resampled.T, strict=True)
    )
    return Structure(pairs_n=len(found), human=human, predicted=predicted, ratio=ratio, agreement=agreement)


def _pairs(rows: Rows) -> FloatArray:
    """Return the pairs of cells of enough common respondents and both correlations, shape (pairs, 4)."""
    kept = np.flatnonzero(rows.by_person & (rows.respondent >= 0) & np.isfinite(rows.answer))
    found = [_of_study(rows, kept[rows.study[kept] == study]) for study in np.unique(rows.study[kept])]
    return np.concatenate([np.zeros((0, 4)), *found])


def _of_study(rows: Rows, own: npt.NDArray[np.intp]) -> FloatArray:
    cells, column = np.unique(rows.cell[own], return_inverse=True)
    people, row = np.unique(rows.respondent[own], return_inverse=True)
    tables = np.zeros((4, len(people), len(cells)))
    values = (np.ones(len(own)), rows.answer[own], rows.expected[own], rows.spread[own] ** 2)
    for table, column_values in zip(tables, values, strict=True):
        table[row, column] = column_values
    answered, answers, expected, variance = tables
    human, model = _correlations(answers, answered), _correlations(expected, answered, variance)
    enough = np.triu((answered.T @ answered >= ENOUGH) & np.isfinite(human) & np.isfinite(model), 1)
    first, second = np.nonzero(enough)
    cells = cells.astype(np.float64)
    return np.column_stack([cells[first], cells[second], human[enough], model[enough]])


def _correlations(values: FloatArray, answered: FloatArray, variance: FloatArray | None = None) -> FloatArray:
    """Return the correlations of columns over the rows that both have, shape (columns, columns).

    Args:
        values: shape (rows, columns); 0 where there is none.
        answered: 1 where there is one, shape (rows, columns).
        variance: of each value, which adds to that of its column, shape (rows, columns); 0 where there is no value.
    """
    shared: FloatArray = np.matmul(answered.T, answered)
    both = np.where(shared > 0, shared, np.nan)
    mean: FloatArray = np.matmul(values.T, answered) / both
    squares: FloatArray = np.matmul((values**2).T, answered) / both - mean**2
    added: FloatArray = np.zeros_like(both) if variance is None else np.matmul(variance.T, answered) / both
    own = np.maximum(squares, 0) + added
    size = own * own.T
    # Of equal numbers rounding leaves a variance of 1e-17.
    covariance: FloatArray = np.matmul(values.T, values) / both - mean * mean.T
    return covariance / np.where(size > 1e-24, np.sqrt(size), np.nan)


def _statistics(numbers: FloatArray, times: FloatArray) -> FloatArray:
    """Return mean sizes, their ratio and the agreement, where pairs count so often, shape (4,)."""
    total = times.sum()
    if total == 0:
        return np.full(4, np.nan)
    human, predicted = times @ np.abs(numbers) / total
    centred = numbers - times @ numbers / total
    product = times @ (centred[:, 0] * centred[:, 1])
    size = np.sqrt((times @ centred**2).prod())
    ratio = predicted / human if human > 0 else np.nan
    return np.array([human, predicted, ratio, product / size if size > 0 else np.nan])
