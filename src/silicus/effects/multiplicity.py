"""p-values of several tests at once, and tests that an effect is small. Works on arrays; knows no studies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from silicus.effects.least_squares import FloatArray, p_value

__all__ = ["benjamini_hochberg", "holm", "romano_wolf", "two_one_sided"]

# How many numbers of resamples are in memory at once.
_BLOCK = 10_000_000


def holm(p: npt.ArrayLike) -> FloatArray:
    """Return p-values such that the chance of any false finding is at most the level (Holm 1979, doi:10.2307/4615733).

    Args:
        p: shape (tests,); NaN where there was no test, and stays so.

    Examples:
        >>> holm([0.01, 0.04, float("nan"), 0.03])
        array([0.03, 0.06,  nan, 0.06])
    """
    found, known, order = _ordered(p)
    steps = np.arange(len(order), 0, -1)
    found[known[order]] = np.minimum(np.maximum.accumulate(steps * found[known[order]]), 1.0)
    return found


def benjamini_hochberg(p: npt.ArrayLike) -> FloatArray:
    """Return p-values such that the expected share of false findings is at most the level.

    Benjamini & Hochberg (1995, doi:10.1111/j.2517-6161.1995.tb02031.x).

    Args:
        p: shape (tests,); NaN where there was no test, and stays so.

    Examples:
        >>> benjamini_hochberg([0.01, 0.04, float("nan"), 0.03])
        array([0.03, 0.04,  nan, 0.04])
    """
    found, known, order = _ordered(p)
    scaled = len(order) / np.arange(1, len(order) + 1) * found[known[order]]
    found[known[order]] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return found


def _ordered(p: npt.ArrayLike) -> tuple[FloatArray, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the p-values, the places of those that are known, and their ascending order."""
    found = np.array(p, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(found))
    return found, known, np.argsort(found[known], kind="stable")


def romano_wolf(
    estimates: npt.ArrayLike, influence: npt.ArrayLike, rng: np.random.Generator, draws: int = 2000
) -> FloatArray:
    """Return p-values such that the chance of any false finding is at most the level, for tests that hang together.

    The stepdown of Romano & Wolf (2005, doi:10.1111/j.1468-0262.2005.00615.x; p-values as in 2016,
    doi:10.1016/j.spl.2016.02.012): a test is compared with the largest statistic among those not yet decided, in
    samples in which nothing has an effect. These are people or clusters drawn again, with what they add to the errors
    of all estimates (a score bootstrap, Kline & Santos 2012, doi:10.1515/2156-6674.1006), each sum over its own
    resampled standard error.

    Args:
        estimates: shape (tests,); NaN where there is none, and stays so.
        influence: what each unit adds to the error of each estimate, shape (units, tests); 0 where it has no part.
        rng: where resamples come from.
        draws: number of resamples.

    Examples:
        >>> same = np.random.default_rng(1).normal(size=(200, 1)) @ np.ones((1, 3))
        >>> romano_wolf(np.full(3, 35.0), same, np.random.default_rng(2)).round(2)
        array([0.01, 0.01, 0.01])
    """
    value, errors = np.asarray(estimates, dtype=np.float64), np.asarray(influence, dtype=np.float64)
    size = np.sqrt(np.sum(errors**2, axis=0))
    known = np.flatnonzero(np.isfinite(value) & (size > 0))
    found = np.full(len(value), np.nan)
    if not known.size:
        return found
    observed = np.abs(value[known]) / size[known]
    resampled = _resampled(errors[:, known], rng, draws)
    order = np.argsort(-observed, kind="stable")
    # The largest of the statistic and of all that are smaller.
    largest = np.maximum.accumulate(resampled[:, order[::-1]], axis=1)[:, ::-1]
    share = (1 + np.sum(largest >= observed[order], axis=0)) / (1 + draws)
    found[known[order]] = np.maximum.accumulate(share)
    return found


def _resampled(errors: FloatArray, rng: np.random.Generator, draws: int) -> FloatArray:
    """Return the absolute statistics of samples in which nothing has an effect, shape (draws, tests)."""
    units = len(errors)
    part = (errors != 0).astype(np.float64)
    centred = errors - part * (errors.sum(axis=0) / part.sum(axis=0))
    found: list[FloatArray] = []
    for start in range(0, draws, max(_BLOCK // units, 1)):
        block = min(max(_BLOCK // units, 1), draws - start)
        times = rng.multinomial(units, np.full(units, 1 / units), size=block).astype(np.float64)
        total = times @ centred
        variance = times @ centred**2 - total**2 / np.maximum(times @ part, 1.0)
        found.append(np.abs(total) / np.sqrt(np.maximum(variance, np.finfo(np.float64).tiny)))
    return np.concatenate(found)


def two_one_sided(estimate: float, standard_error: float, df: float, low: float, high: float) -> float:
    """Return the p-value of an effect that lies outside its bounds: below the level it lies inside.

    Two one-sided tests (Schuirmann 1987, doi:10.1007/BF01068419): the larger of their p-values. It is below the level
    where the interval at 1 - 2 x level lies within the bounds.

    Args:
        estimate: in any unit.
        standard_error: in the same unit.
        df: degrees of freedom of Student's t.
        low: the lower bound.
        high: the upper bound.

    Examples:
        >>> round(two_one_sided(0.1, 0.1, 100, -0.5, 0.5), 5)
        6e-05
    """
    if not standard_error > 0:
        return float("nan")
    return max(p_value(-(estimate - low) / standard_error, df), p_value((estimate - high) / standard_error, df))
