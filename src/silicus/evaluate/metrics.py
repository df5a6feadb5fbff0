"""How far a predicted distribution lies from people's answers: functions on arrays, in NumPy alone.

Axes: the last axis of a distribution is *points* (the answers of a scale, in order); the axes before it are
whatever the caller compares (cells, respondents, draws) and broadcast. What is unknown is NaN and stays NaN.
These functions do not know studies, tables or weights.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = [
    "FloatArray",
    "accuracy_draw",
    "accuracy_median",
    "brier",
    "cross_entropy",
    "entropy",
    "entropy_ratio",
    "js_distance",
    "js_divergence",
    "kl_divergence",
    "mean_position",
    "negative_log_likelihood",
    "sd_ratio",
    "standard_deviation",
    "total_variation",
    "wasserstein",
    "wasserstein_observed",
]

FloatArray = npt.NDArray[np.float64]

# Probabilities are stored as float32: a sum that should be 1/2 may fall short of it by this much.
_TOLERANCE = 1e-6


def wasserstein(predicted: npt.ArrayLike, human: npt.ArrayLike, positions: npt.ArrayLike) -> FloatArray:
    """Return the Wasserstein-1 distance of two distributions, in shares of the scale's range (0 to 1).

    The sum over neighbouring points of |difference of the two cumulative distributions| x gap
    (doi:10.3390/e19020047).

    Args:
        predicted: shape (..., points), sums to 1.
        human: shape (..., points), sums to 1.
        positions: the points on [0, 1], ascending, shape (points,) or (..., points). NaN where the points
            have no order; the distance is then NaN.

    Examples:
        >>> wasserstein([[0.5, 0.0, 0.5], [0.0, 1.0, 0.0]], [0.0, 1.0, 0.0], [0.0, 0.5, 1.0])
        array([0.5, 0. ])
    """
    gaps = np.diff(np.asarray(positions, dtype=np.float64))
    return np.sum(np.abs(_cumulative_difference(predicted, human)) * gaps, axis=-1)


def _cumulative_difference(predicted: npt.ArrayLike, human: npt.ArrayLike) -> FloatArray:
    """Return predicted minus human cumulative probability at every point but the last."""
    difference = np.asarray(predicted, dtype=np.float64) - np.asarray(human, dtype=np.float64)
    return np.cumsum(difference, axis=-1)[..., :-1]


def wasserstein_observed(predicted: npt.ArrayLike, human_counts: npt.ArrayLike, values: npt.ArrayLike) -> FloatArray:
    """Return the Wasserstein-1 distance in shares of the range that people used (0 to 1).

    The convention that reproduces the published figures of Kolluri et al. (2025,
    doi:10.48550/arXiv.2509.05830): answers are scaled by the lowest and highest human answer of the cell, and
    what the model gives outside that range is moved to its nearer end. A reconstruction: their code is not
    public. It depends on who happened to answer; `wasserstein` does not.

    Args:
        predicted: shape (..., points), sums to 1.
        human_counts: number of people an answer, shape (..., points).
        values: the points as they stand on the scale, ascending, shape (points,) or (..., points). NaN where
            the points have no order; the distance is then NaN.

    Returns:
        Shape (...). NaN where fewer than 2 people answered or all of them gave one answer.

    Examples:
        >>> wasserstein_observed([0.2, 0.2, 0.2, 0.2, 0.2], [0, 2, 0, 2, 0], [1, 2, 3, 4, 5])
        array(0.1)
    """
    counts = np.asarray(human_counts, dtype=np.float64)
    points = np.asarray(values, dtype=np.float64)
    total = counts.sum(axis=-1)
    low = np.min(np.where(counts > 0, points, np.inf), axis=-1)
    high = np.max(np.where(counts > 0, points, -np.inf), axis=-1)
    known = (total >= 2 - _TOLERANCE) & (high > low)
    human = counts / np.where(known, total, np.nan)[..., None]
    # Mass moved to the ends of the range changes no cumulative probability inside it and leaves none outside.
    inside = (points[..., :-1] >= low[..., None]) & (points[..., :-1] < high[..., None])
    distance = np.sum(np.abs(_cumulative_difference(predicted, human)) * np.diff(points) * inside, axis=-1)
    return np.asarray(distance / np.where(known, high - low, np.nan))


def total_variation(predicted: npt.ArrayLike, human: npt.ArrayLike) -> FloatArray:
    """Return the total variation distance: the share of answers that would have to change (0 to 1).

    Half the sum of |difference of probabilities| (doi:10.1111/j.1751-5823.2002.tb00178.x). It needs no order.

    Args:
        predicted: shape (..., points), sums to 1.
        human: shape (..., points), sums to 1.

    Examples:
        >>> total_variation([[0.5, 0.5], [0.3, 0.7]], [0.3, 0.7])
        array([0.2, 0. ])
    """
    difference = np.asarray(predicted, dtype=np.float64) - np.asarray(human, dtype=np.float64)
    return np.abs(difference).sum(axis=-1) / 2


def kl_divergence(human: npt.ArrayLike, predicted: npt.ArrayLike) -> FloatArray:
    """Return the Kullback-Leibler divergence of the prediction from people's answers, in nats (0 to infinity).

    The sum of human x log(human / predicted) (doi:10.1214/aoms/1177729694): what the prediction loses on an
    answer beside one who knows the shares. It is no distance: exchanged arguments give another number. A predicted
    probability of 0 where people answered gives +inf: nothing is clipped.

    Args:
        human: shape (..., points), sums to 1.
        predicted: shape (..., points), sums to 1.

    Examples:
        >>> kl_divergence([[0.5, 0.5], [1.0, 0.0]], [0.5, 0.5]).round(4)
        array([0.    , 0.6931])
    """
    return np.sum(_surprise(human, predicted) - _surprise(human, human), axis=-1)


def js_divergence(predicted: npt.ArrayLike, human: npt.ArrayLike) -> FloatArray:
    """Return the Jensen-Shannon divergence of two distributions, in nats (0 to log 2 = 0.693).

    The mean of their Kullback-Leibler divergences from the distribution halfway between them (natural logarithm,
    doi:10.1109/18.61115). It needs no order.

    Args:
        predicted: shape (..., points), sums to 1.
        human: shape (..., points), sums to 1.

    Examples:
        >>> js_divergence([[1.0, 0.0], [0.0, 1.0]], [0.0, 1.0]).round(4)
        array([0.6931, 0.    ])
    """
    p, q = np.asarray(human, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    halfway = (p + q) / 2
    divergence = (kl_divergence(p, halfway) + kl_divergence(q, halfway)) / 2
    # Of nearly equal distributions rounding makes -1e-17, which has no square root.
    return np.maximum(divergence, 0.0)


def js_distance(predicted: npt.ArrayLike, human: npt.ArrayLike) -> FloatArray:
    """Return the Jensen-Shannon distance: the square root of `js_divergence` (0 to 0.833).

    A metric, as the divergence is not (doi:10.1109/TIT.2003.813506). With the natural logarithm, as scipy's
    `jensenshannon`; 1 minus it is the "1-JSD" of Cao et al. (2025, doi:10.18653/v1/2025.naacl-long.162).

    Args:
        predicted: shape (..., points), sums to 1.
        human: shape (..., points), sums to 1.

    Examples:
        >>> js_distance([[1.0, 0.0], [0.0, 1.0]], [0.0, 1.0]).round(4)
        array([0.8326, 0.    ])
    """
    return np.sqrt(js_divergence(predicted, human))


def cross_entropy(predicted: npt.ArrayLike, human: npt.ArrayLike) -> FloatArray:
    """Return the expected negative log likelihood of one person's answer, in nats (0 to infinity).

    The sum of human x -log(predicted): `negative_log_likelihood` in the mean over people
    (doi:10.1198/016214506000001437). Knowing the shares scores their entropy, not 0. A predicted probability of 0
    where people answered gives +inf: nothing is clipped.

    Args:
        predicted: shape (..., points), sums to 1.
        human: shape (..., points), sums to 1.

    Examples:
        >>> cross_entropy([[0.5, 0.5], [1.0, 0.0]], [0.75, 0.25]).round(4)
        array([0.6931,    inf])
    """
    return np.sum(_surprise(human, predicted), axis=-1)


def _surprise(human: npt.ArrayLike, predicted: npt.ArrayLike) -> FloatArray:
    """Return human x -log(predicted) at every point; 0 where nobody answered and the prediction is known."""
    p, q = np.asarray(human, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    nobody = (p == 0) & ~np.isnan(q)
    with np.errstate(divide="ignore"):
        return p * (0.0 - np.log(np.where(nobody, 1.0, q)))


def negative_log_likelihood(predicted: npt.ArrayLike, answer: npt.ArrayLike) -> FloatArray:
    """Return -log(probability of the answer given), an answer, in nats (0 to infinity).

    The logarithmic score (doi:10.1198/016214506000001437). An answer of probability 0 scores +inf: nothing
    is clipped.

    Args:
        predicted: shape (..., points), sums to 1.
        answer: index of the point chosen, shape (...); a negative one means no answer and scores NaN.

    Examples:
        >>> negative_log_likelihood([[0.5, 0.5], [1.0, 0.0]], [0, 1]).round(4)
        array([0.6931,    inf])
    """
    probability = _at(np.asarray(predicted, dtype=np.float64), np.asarray(answer))
    with np.errstate(divide="ignore"):
        return 0.0 - np.log(probability)


def brier(predicted: npt.ArrayLike, answer: npt.ArrayLike) -> FloatArray:
    """Return the Brier score of a prediction, an answer: its squared distance from the answer given (0 to 2).

    The sum over points of (probability - 1 where it is the answer given, - 0 elsewhere) squared, as Brier (1950,
    doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2) has it; half of it is the score often given for two points.
    Like the log likelihood it is least, in the mean, for the true shares; unlike it, it stays finite.

    Args:
        predicted: shape (..., points), sums to 1.
        answer: index of the point chosen, shape (...); a negative one means no answer and scores NaN.

    Examples:
        >>> brier([[0.5, 0.5], [1.0, 0.0]], [0, 1])
        array([0.5, 2. ])
    """
    probabilities = np.asarray(predicted, dtype=np.float64)
    squares = np.sum(probabilities**2, axis=-1)
    return squares - 2 * _at(probabilities, np.asarray(answer)) + 1


def entropy(shares: npt.ArrayLike) -> FloatArray:
    """Return the entropy of a distribution, in nats (0 where all answer alike, at most log of the points).

    Args:
        shares: shape (..., points), sums to 1.

    Examples:
        >>> entropy([[0.5, 0.5], [1.0, 0.0]]).round(4)
        array([0.6931, 0.    ])
    """
    return np.sum(_surprise(shares, shares), axis=-1)


def entropy_ratio(predicted: npt.ArrayLike, human: npt.ArrayLike) -> FloatArray:
    """Return the entropy of the prediction in shares of people's: below 1 the prediction is too sure (0 to infinity).

    Args:
        predicted: shape (..., points), sums to 1.
        human: shape (..., points), sums to 1.

    Returns:
        Shape (...). NaN where all people gave one answer. The shares of few people have less entropy than those of
        many: of n answers about (points - 1) / 2n less (Miller, 1955).

    Examples:
        >>> entropy_ratio([[1.0, 0.0], [0.5, 0.5]], [0.5, 0.5])
        array([0., 1.])
    """
    people = entropy(human)
    # Of shares that are 1 but for rounding, the entropy is no number to divide by.
    return entropy(predicted) / np.where(people > _TOLERANCE, people, np.nan)


def mean_position(shares: npt.ArrayLike, positions: npt.ArrayLike) -> FloatArray:
    """Return the mean of a distribution on [0, 1], shape (...); NaN where the points have no order.

    Examples:
        >>> mean_position([[0.5, 0.0, 0.5], [0.0, 0.5, 0.5]], [0.0, 0.5, 1.0])
        array([0.5 , 0.75])
    """
    return np.sum(np.asarray(shares, dtype=np.float64) * np.asarray(positions, dtype=np.float64), axis=-1)


def standard_deviation(shares: npt.ArrayLike, positions: npt.ArrayLike) -> FloatArray:
    """Return the standard deviation of a distribution, in shares of the scale's range (0 to 0.5); NaN without order.

    Args:
        shares: shape (..., points), sums to 1.
        positions: the points on [0, 1], shape (points,) or (..., points).

    Examples:
        >>> standard_deviation([[0.5, 0.0, 0.5], [0.0, 1.0, 0.0]], [0.0, 0.5, 1.0])
        array([0.5, 0. ])
    """
    places = np.asarray(positions, dtype=np.float64)
    from_mean = places - mean_position(shares, places)[..., None]
    return np.sqrt(mean_position(shares, from_mean**2))


def sd_ratio(predicted: npt.ArrayLike, human: npt.ArrayLike, positions: npt.ArrayLike) -> FloatArray:
    """Return the standard deviation of the prediction in shares of people's: below 1 it is too narrow (0 to infinity).

    What Bisbee et al. (2024, doi:10.1017/pan.2024.5) found of simulated survey answers.

    Args:
        predicted: shape (..., points), sums to 1.
        human: shape (..., points), sums to 1.
        positions: the points on [0, 1], shape (points,) or (..., points).

    Returns:
        Shape (...). NaN where the points have no order, or all people gave one answer.

    Examples:
        >>> sd_ratio([[0.0, 1.0, 0.0], [0.5, 0.0, 0.5]], [0.5, 0.0, 0.5], [0.0, 0.5, 1.0])
        array([0., 1.])
    """
    people = standard_deviation(human, positions)
    return standard_deviation(predicted, positions) / np.where(people > _TOLERANCE, people, np.nan)


def accuracy_draw(predicted: npt.ArrayLike, answer: npt.ArrayLike, positions: npt.ArrayLike) -> FloatArray:
    """Return the expected accuracy of one answer drawn from the prediction (0 to 1).

    Accuracy is 1 - |drawn - given| / range, as in Kolluri et al. (2025, doi:10.48550/arXiv.2509.05830), here
    as the exact expectation over the draw. Where the points have no order, it is the probability of the
    answer given.

    Args:
        predicted: shape (..., points), sums to 1.
        answer: index of the point chosen, shape (...); a negative one means no answer and scores NaN.
        positions: the points on [0, 1], ascending, shape (points,); NaN where they have no order.

    Examples:
        >>> accuracy_draw([0.5, 0.25, 0.25], [0, 2], [0.0, 0.5, 1.0])
        array([0.625, 0.375])
    """
    probabilities, chosen = np.asarray(predicted, dtype=np.float64), np.asarray(answer)
    places = np.asarray(positions, dtype=np.float64)
    if np.isnan(places).any():
        return _at(probabilities, chosen)
    distance = np.abs(places - _at(places, chosen)[..., None])
    return 1.0 - np.sum(probabilities * distance, axis=-1)


def accuracy_median(predicted: npt.ArrayLike, answer: npt.ArrayLike, positions: npt.ArrayLike) -> FloatArray:
    """Return the accuracy of the prediction's median point (0 to 1).

    Accuracy is 1 - |median - given| / range; the median is the first point at which the cumulative
    probability reaches one half. Where the points have no order, the most probable point stands for it: 1
    where it is the answer given, else 0, and an equal share where several are the most probable.

    Args:
        predicted: shape (..., points), sums to 1.
        answer: index of the point chosen, shape (...); a negative one means no answer and scores NaN.
        positions: the points on [0, 1], ascending, shape (points,); NaN where they have no order.

    Examples:
        >>> accuracy_median([0.5, 0.25, 0.25], [0, 2], [0.0, 0.5, 1.0])
        array([1., 0.])
        >>> accuracy_median([0.2, 0.5, 0.3], [0, 1], [float("nan")] * 3)
        array([0., 1.])
    """
    probabilities, chosen = np.asarray(predicted, dtype=np.float64), np.asarray(answer)
    places = np.asarray(positions, dtype=np.float64)
    if np.isnan(places).any():
        modal = probabilities >= np.max(probabilities, axis=-1, keepdims=True) - _TOLERANCE
        share = modal / np.maximum(modal.sum(axis=-1, keepdims=True), 1)
        accuracy = _at(share, chosen)
    else:
        median = np.argmax(np.cumsum(probabilities, axis=-1) >= 0.5 - _TOLERANCE, axis=-1)
        accuracy = 1.0 - np.abs(places[median] - _at(places, chosen))
    return np.where(np.isnan(probabilities).any(axis=-1), np.nan, accuracy)


def _at(points: FloatArray, answer: npt.NDArray[np.integer]) -> FloatArray:
    """Return what stands at the index `answer` of the last axis, NaN where the index is negative."""
    shape = np.broadcast_shapes(points.shape[:-1], answer.shape)
    # NumPy reads a negative index from the end; here it means that there is no answer.
    index = np.broadcast_to(np.maximum(answer, 0), shape)[..., None]
    picked = np.take_along_axis(np.broadcast_to(points, (*shape, points.shape[-1])), index, axis=-1)[..., 0]
    return np.where(answer < 0, np.nan, picked)
