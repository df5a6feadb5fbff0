"""How far a perfect prediction would seem to lie from people, were they as few as they are.

Knows nothing of cells and studies.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from silicus.evaluate.metrics import FloatArray, wasserstein

__all__ = ["perfect_wasserstein", "sampled_wasserstein", "split_half_wasserstein", "weighted_split_half"]

# With more answers the distance is below 0.0005 and of no interest; factorials are kept up to here.
_MOST = 1_000_000


def perfect_wasserstein(truth: npt.ArrayLike, answers: npt.ArrayLike, positions: npt.ArrayLike) -> FloatArray:
    """Return the expected Wasserstein-1 distance between a distribution and that of answers drawn from it (0 to 1).

    The distance is a sum over the gaps of the scale, and the number of answers below a gap is binomial: its mean
    absolute deviation is De Moivre's (Diaconis and Zabell, 1991, Statistical Science 6, 284-302). Exact, so nothing is
    drawn.

    Args:
        truth: shape (..., points), sums to 1.
        answers: number of independent answers, rounded to 1 or more, shape (...).
        positions: the points on [0, 1], ascending, shape (points,). NaN where the points have no order; the
            distance is then NaN.

    Examples:
        >>> perfect_wasserstein([0.5, 0.5], [2, 200], [0.0, 1.0]).round(3)
        array([0.25 , 0.028])
    """
    below = np.cumsum(np.asarray(truth, dtype=np.float64), axis=-1)[..., :-1]
    n = np.nan_to_num(np.asarray(answers, dtype=np.float64), nan=1.0)
    deviation = _mean_deviation(below, np.clip(np.rint(n), 1, _MOST).astype(np.int64)[..., None])
    return np.sum(deviation * np.diff(np.asarray(positions, dtype=np.float64)), axis=-1)


def _mean_deviation(probability: FloatArray, n: npt.NDArray[np.int64]) -> FloatArray:
    """Return E|X / n - p| for a binomial X; NaN where `probability` is."""
    inside = (probability > 0) & (probability < 1)
    p = np.where(inside, probability, 0.5)
    k = np.minimum(np.floor(n * p).astype(np.int64), n - 1)
    logs = np.cumsum(np.log(np.maximum(np.arange(int(n.max()) + 1, dtype=np.float64), 1.0)))
    # 2 n! / (k! (n - k - 1)!) p^(k + 1) (1 - p)^(n - k), where k is the whole part of n p.
    found = logs[n] - logs[k] - logs[n - k - 1] + (k + 1) * np.log(p) + (n - k) * np.log1p(-p)
    return np.where(np.isnan(probability), np.nan, np.where(inside, 2 * np.exp(found) / n, 0.0))


def split_half_wasserstein(
    counts: npt.ArrayLike, positions: npt.ArrayLike, rng: np.random.Generator, splits: int = 50
) -> FloatArray:
    """Return the mean Wasserstein-1 distance between two random halves of the people of a cell (0 to 1).

    What people themselves score who are asked to predict people, from half of the answers: it holds the chance of both
    halves, and shrinks with their number. Of an odd number of people one is left out at random.

    Args:
        counts: number of people an answer, whole numbers, shape (cells, points).
        positions: the points on [0, 1], ascending, shape (points,).
        rng: where splits come from.
        splits: number of random splits.

    Returns:
        Shape (cells,). NaN of fewer than 4 people, or without order.

    Examples:
        >>> split_half_wasserstein([[200, 0], [1, 1]], [0.0, 1.0], np.random.default_rng(1))
        array([ 0., nan])
    """
    people = np.asarray(counts, dtype=np.int64)
    found = np.full(len(people), np.nan)
    for cell, own in enumerate(people):
        half = int(own.sum()) // 2
        if half >= 2:
            both = rng.multivariate_hypergeometric(own, 2 * half, size=splits)
            first = np.array([rng.multivariate_hypergeometric(each, half) for each in both])
            found[cell] = wasserstein(first / half, (both - first) / half, positions).mean()
    return found


def weighted_split_half(
    people: npt.ArrayLike,
    weight: npt.ArrayLike,
    answer: npt.ArrayLike,
    positions: npt.ArrayLike,
    rng: np.random.Generator,
    splits: int = 50,
) -> float:
    """Return what `split_half_wasserstein` returns, for one cell in which people's survey weights differ.

    People are halved, whatever they weigh; the shares of each half are weighted.

    Args:
        people: how many gave an answer, whole numbers, shape (rows,).
        weight: of one of them, above 0, shape (rows,).
        answer: index of the point they chose, shape (rows,).
        positions: the points on [0, 1], ascending, shape (points,).
        rng: where splits come from.
        splits: number of random splits.

    Returns:
        NaN of fewer than 4 people, or without order.

    Examples:
        >>> weighted_split_half([2, 2], [1.0, 3.0], [0, 0], [0.0, 1.0], np.random.default_rng(1))
        0.0
    """
    own, each = np.asarray(people, dtype=np.int64), np.asarray(weight, dtype=np.float64)
    half = int(own.sum()) // 2
    if half < 2:
        return float("nan")
    chosen = np.eye(np.size(positions))[np.asarray(answer, dtype=np.int64)] * each[:, None]
    both = rng.multivariate_hypergeometric(own, 2 * half, size=splits)
    first = np.array([rng.multivariate_hypergeometric(drawn, half) for drawn in both])
    one, other = first @ chosen, (both - first) @ chosen
    distances = wasserstein(one / one.sum(axis=1)[:, None], other / other.sum(axis=1)[:, None], positions)
    return float(distances.mean())


def sampled_wasserstein(
    predicted: npt.ArrayLike,
    human: npt.ArrayLike,
    k: int,
    positions: npt.ArrayLike,
    rng: np.random.Generator,
    draws: int = 100,
) -> FloatArray:
    """Return the mean Wasserstein-1 distance from people of k answers drawn from a prediction (0 to 1).

    Args:
        predicted: shape (cells, points), sums to 1; NaN where there is none.
        human: shape (cells, points), sums to 1.
        k: number of answers drawn.
        positions: the points on [0, 1], ascending, shape (points,).
        rng: where answers come from.
        draws: how often k answers are drawn.

    Returns:
        Shape (cells,). NaN where a cell has no prediction, or no order.

    Examples:
        >>> sampled_wasserstein([[0.5, 0.5]], [[0.5, 0.5]], 1, [0.0, 1.0], np.random.default_rng(1))
        array([0.5])
    """
    p = np.asarray(predicted, dtype=np.float64)
    known = ~np.isnan(p).any(axis=-1)
    found = np.full(len(p), np.nan)
    exact = p[known] / p[known].sum(axis=-1, keepdims=True)
    drawn = rng.multinomial(k, exact, size=(draws, int(known.sum()))) / k
    found[known] = wasserstein(drawn, np.asarray(human, dtype=np.float64)[known], positions).mean(axis=0)
    return found
