"""Metrics of published work under its own names: to stand beside its figures, and for nothing else.

`silicus.evaluate.metrics` holds the distances that decide here.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from silicus.evaluate.metrics import FloatArray

__all__ = ["cao_emd_as_coded", "opinionqa_alignment", "simbench_score", "subpop_wd"]


def cao_emd_as_coded(predicted: npt.ArrayLike, human: npt.ArrayLike) -> FloatArray:
    """Return the "EMD" of Cao et al. as their code computes it: for comparison with their figures only (0 to 1).

    The mean gap between the two sorted lists of probabilities (doi:10.18653/v1/2025.naacl-long.162): their code
    hands the probabilities to scipy's `wasserstein_distance` as sample values. It ignores the order of the answers,
    and even which answer has which share, so opposite answers may score 0. `wasserstein` is the distance.

    Args:
        predicted: shape (..., points), sums to 1.
        human: shape (..., points), sums to 1.

    Examples:
        >>> cao_emd_as_coded([[0.9, 0.1], [0.5, 0.5]], [0.1, 0.9])
        array([0. , 0.4])
    """
    p = np.sort(np.asarray(predicted, dtype=np.float64), axis=-1)
    return np.mean(np.abs(p - np.sort(np.asarray(human, dtype=np.float64), axis=-1)), axis=-1)


def subpop_wd(predicted: npt.ArrayLike, human: npt.ArrayLike, ordinals: npt.ArrayLike) -> FloatArray:
    """Return the "WD" of Suh et al. (2025, doi:10.18653/v1/2025.acl-long.1028), 0 to 1.

    The Wasserstein-1 distance on the numbers that the authors gave to the options, in shares of the range of these.
    Options with a negative number (refusals, "other") are left out and the rest is renormalised. On a scale of evenly
    spaced points it is `wasserstein`.

    Args:
        predicted: shape (..., options).
        human: shape (..., options).
        ordinals: the number of every option, in any order, shape (options,); negative: left out.

    Returns:
        Shape (...). NaN where fewer than two options have different numbers: then there is no order.

    Examples:
        >>> subpop_wd([0.0, 1.0, 0.0], [0.5, 0.0, 0.5], [1.0, 2.0, -1.0])
        array(1.)
    """
    return _wasserstein_on(predicted, human, ordinals)[0]


def opinionqa_alignment(predicted: npt.ArrayLike, human: npt.ArrayLike, ordinals: npt.ArrayLike) -> FloatArray:
    """Return the alignment of Santurkar et al. (2023, doi:10.48550/arXiv.2303.17548) on one question, at most 1.

    1 minus the Wasserstein-1 distance on the options' numbers in shares of (options - 1), refusals left out. Their
    alignment of a model with a group is the mean over questions. Higher is better; a uniform prediction scores high.

    Args:
        predicted: shape (..., options).
        human: shape (..., options).
        ordinals: the number of every option, shape (options,); negative: left out.

    Returns:
        Shape (...). NaN where fewer than two options have different numbers.

    Examples:
        >>> opinionqa_alignment([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], [0.0, 1.0, 0.0], [1.0, 2.0, 5.0])
        array([ 0.5, -0.5])
    """
    relative, span, options = _wasserstein_on(predicted, human, ordinals)
    return 1 - relative * span / max(options - 1, 1)


def _wasserstein_on(
    predicted: npt.ArrayLike, human: npt.ArrayLike, ordinals: npt.ArrayLike
) -> tuple[FloatArray, float, int]:
    """Return the Wasserstein-1 distance in shares of the numbers' range, that range, and how many options count."""
    numbers = np.asarray(ordinals, dtype=np.float64)
    kept = np.flatnonzero(numbers >= 0)
    order = kept[np.argsort(numbers[kept], kind="stable")]
    p, q = (_renormalised(np.asarray(each, dtype=np.float64)[..., order]) for each in (predicted, human))
    gaps = np.diff(numbers[order])
    span = float(gaps.sum())
    distance = np.sum(np.abs(np.cumsum(p - q, axis=-1)[..., :-1]) * gaps, axis=-1)
    return np.asarray(distance / (span if span > 0 else np.nan)), span, len(order)


def _renormalised(shares: FloatArray) -> FloatArray:
    total = shares.sum(axis=-1, keepdims=True)
    return shares / np.where(total > 0, total, np.nan)


def simbench_score(total_variation: npt.ArrayLike, uniform: npt.ArrayLike) -> FloatArray:
    """Return the score of SimBench (doi:10.48550/arXiv.2510.17516): 100 is perfect, 0 no better than uniform.

    100 (1 - total variation / the mean total variation of a uniform prediction on the same dataset).

    Args:
        total_variation: of the prediction, shape (...).
        uniform: of a uniform prediction on every question of the dataset, shape (questions,).

    Examples:
        >>> simbench_score([0.1, 0.4], [0.1, 0.3]).round(6)
        array([  50., -100.])
    """
    worst = float(np.nanmean(np.asarray(uniform, dtype=np.float64)))
    return 100 * (1 - np.asarray(total_variation, dtype=np.float64) / (worst if worst > 0 else np.nan))
