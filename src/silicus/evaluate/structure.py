"""Whether answers of one person to several questions hang together as people's do, or are flattened.

Respondents who are drawn question by question may match every question's distribution and still agree with themselves
less, or more, than people do. Works on arrays of answers; knows no tables.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from silicus.evaluate.bootstrap import estimate, resample_sums
from silicus.evaluate.metrics import FloatArray
from silicus.evaluate.paired import FEWEST
from silicus.evaluate.records import Estimate
from silicus.evaluate.rows import Rows
from silicus.evaluate.together import ENOUGH
from silicus.record import Record

__all__ = ["Structure", "structure"]

Index = npt.NDArray[np.int64]

_PARTS = 20
"""So many parts of the respondents are left out, one at a time."""

_T = 2.093024
"""97.5 % of Student's t with `_PARTS` - 1 degrees of freedom."""

_NUMBERS = ("human", "predicted", "ratio", "agreement")
_LOWEST, _HIGHEST = np.array([0.0, 0.0, 0.0, -1.0]), np.array([1.0, 1.0, np.inf, 1.0])

_ROUNDING = 1e-12
"""Of equal numbers rounding leaves a variance of 1e-17, which would correlate."""


class Structure(Record):
    """Correlations between questions, over the respondents who answered both: people's and those predicted."""

    pairs_n: int
    """Number of pairs of questions that `ENOUGH` respondents of one condition answered."""
    human: Estimate
    """Root mean square of people's correlations, with what chance adds to their squares taken out; unknown where
    nothing is left."""
    predicted: Estimate
    """Root mean square of the predicted ones: of answers drawn for every person from the predictions, question by
    question."""
    ratio: Estimate
    """`predicted` in shares of `human`: below 1, questions hang together less than they do for people."""
    agreement: Estimate
    """Correlation of the two over pairs of questions: whether the right questions hang together. Of few respondents,
    chance in people's correlations makes it smaller."""


def structure(rows: Rows, rng: np.random.Generator, draws: int = 2000) -> Structure | None:
    """Return how correlations between questions are predicted.

    The predicted correlation of two questions is that of answers drawn independently, given the person: the covariance
    of the expected answers over persons, divided by the spread of expected answers and predictions together. Only
    answers whose prediction is for the very respondent count, and every respondent counts as one: survey weights are
    ignored. To the square of a correlation r of n people chance adds about (1 - r^2)^2 / (n - 1).

    Intervals (95 %) of `FEWEST` studies or more draw studies, with all their pairs. Of fewer, studies and questions
    stay, and respondents are left out by the twentieth: a delete-a-group jackknife (doi:10.1023/A:1008800423698) with
    Student's t, because respondents drawn twice would correlate with themselves.

    Returns:
        `None` where no two questions have enough respondents in common.
    """
    kept = np.flatnonzero(rows.by_person & (rows.respondent >= 0) & np.isfinite(rows.answer))
    people = np.unique(rows.respondent[kept])
    part = np.zeros(int(people.max(initial=-1)) + 1, dtype=np.int64)
    part[people] = rng.permutation(len(people)) % _PARTS
    studies = [_of_study(rows, kept[rows.study[kept] == study], part) for study in np.unique(rows.study[kept])]
    # Whole, then less each part: shape (studies, 1 + parts, sums).
    added = np.array([study for study in studies if study[0, 0] > 0])
    if not len(added):
        return None
    whole = _statistics(added[:, 0].sum(axis=0, keepdims=True))[0]
    pairs = int(added[:, 0, 0].sum())
    if len(added) >= FEWEST:
        drawn = _statistics(resample_sums(added[:, 0], np.arange(len(added)), draws, rng))
        found = [estimate(value, own, pairs) for value, own in zip(whole.tolist(), drawn.T, strict=True)]
    else:
        ends = _jackknifed(whole, _statistics(added[:, 1:].sum(axis=0))).tolist()
        found = [Estimate(value=v, low=low, high=high, n=pairs) for v, low, high in zip(whole, *ends, strict=True)]
    return Structure(pairs_n=pairs, **dict(zip(_NUMBERS, found, strict=True)))


def _of_study(rows: Rows, own: npt.NDArray[np.intp], part: Index) -> FloatArray:
    """Return the sums over pairs of a study's questions, of all its respondents and without each part of them.

    Args:
        rows: the answers.
        own: places of those of the study.
        part: of the respondents, shape (respondents,).

    Returns:
        Shape (1 + parts, 7), all 0 where no pair has enough respondents.
    """
    cells, column = np.unique(rows.cell[own], return_inverse=True)
    people, row = np.unique(rows.respondent[own], return_inverse=True)
    tables = np.zeros((4, len(people), len(cells)))
    values = (np.ones(len(own)), rows.answer[own], rows.expected[own], rows.spread[own] ** 2)
    for table, column_values in zip(tables, values, strict=True):
        table[row, column] = column_values
    # Small numbers lose less by rounding where their squares are subtracted.
    tables[1:3] -= tables[0] * (tables[1:3].sum(axis=1) / tables[0].sum(axis=0))[:, None]
    whole = _moments(tables)
    pairs = np.triu((whole[0] >= ENOUGH) & np.isfinite(_correlations(whole)).all(axis=0), 1)
    if not pairs.any():
        return np.zeros((1 + _PARTS, 7))
    left = (whole - _moments(tables[:, part[people] == number]) for number in range(_PARTS))
    return np.array([_sums(whole, pairs), *(_sums(moments, pairs) for moments in left)])


def _moments(tables: FloatArray) -> FloatArray:
    """Return sums over the respondents who answered both questions, shape (8, cells, cells).

    Their number; the answers to the first question, their squares, and products of both; the same of what was
    expected; and the variance of its predictions.

    Args:
        tables: 1 where there is an answer, the answer, what was expected, and the variance of the prediction, each 0
            where there is none; shape (4, respondents, cells).
    """
    answered, answer, expected, variance = tables
    firsts = (answered, answer, answer**2, answer, expected, expected**2, expected, variance)
    seconds = (answered, answered, answered, answer, answered, answered, expected, answered)
    return np.array([np.matmul(first.T, second) for first, second in zip(firsts, seconds, strict=True)])


def _correlations(moments: FloatArray) -> FloatArray:
    """Return people's correlations and the predicted ones, NaN where there is no spread, shape (2, cells, cells)."""
    count = np.where(moments[0] > 0, moments[0], np.nan)
    found: list[FloatArray] = []
    for own, added in ((moments[1:4], np.zeros_like(count)), (moments[4:7], moments[7])):
        mean, square, product = own / count
        variance = square - mean**2 + added / count
        known = (variance > _ROUNDING) & (variance.T > _ROUNDING)
        found.append((product - mean * mean.T) / np.sqrt(np.where(known, variance * variance.T, np.nan)))
    return np.array(found)


def _sums(moments: FloatArray, pairs: npt.NDArray[np.bool_]) -> FloatArray:
    """Return sums over pairs, shape (7,).

    Their number; squares of people's correlations less chance; squares of predicted ones; people's, and predicted ones;
    squares of people's; and products of both.
    """
    human, predicted = _correlations(moments)[:, pairs]
    chance = (1 - human**2) ** 2 / np.maximum(moments[0][pairs] - 1, 1)
    one = np.ones_like(human)
    added = np.stack([one, human**2 - chance, predicted**2, human, predicted, human**2, human * predicted])
    return added[:, np.isfinite(human) & np.isfinite(predicted)].sum(axis=1)


def _statistics(sums: FloatArray) -> FloatArray:
    """Return people's size, the predicted one, their ratio and the agreement, shape (draws, 4)."""
    count = np.where(sums[:, 0] > 0, sums[:, 0], np.nan)
    true, pp, h, p, hh, hp = (sums[:, 1:] / count[:, None]).T
    human, predicted = np.sqrt(np.where(true > 0, true, np.nan)), np.sqrt(pp)
    spreads = np.stack([hh - h**2, pp - p**2])
    size = np.where((spreads > _ROUNDING).all(axis=0), spreads.prod(axis=0), np.nan)
    return np.column_stack([human, predicted, predicted / human, (hp - h * p) / np.sqrt(size)])


def _jackknifed(whole: FloatArray, left: FloatArray) -> FloatArray:
    """Return the ends of intervals from numbers of all respondents and without each part, shape (2, numbers)."""
    squares = ((left - left.mean(axis=0)) ** 2).sum(axis=0)
    margin = _T * np.sqrt(squares * (len(left) - 1) / len(left))
    return np.stack([np.maximum(whole - margin, _LOWEST), np.minimum(whole + margin, _HIGHEST)])
