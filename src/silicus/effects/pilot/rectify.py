"""A simulation rectified by a human pilot (prediction-powered inference), for any contrast of a linear regression.

The model's errors are measured on the people of the pilot and taken from what it says of the pool. Works on arrays;
knows no studies and no tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from silicus.effects.least_squares import Contrast, Fit, FloatArray, Index, fit, p_value, quantile
from silicus.effects.pilot.harm import harm
from silicus.effects.pilot.predicted_rows import PredictedRows, check
from silicus.effects.pilot.rectified import Alone, Rectified, RectifyPlan, tail
from silicus.effects.records import NOT_ALONE
from silicus.errors import InputError

__all__ = ["rectify"]

# A leverage, or a share of a contrast, that differs from its limit by no more than this does not differ.
_ZERO = 1e-9

DECIDED_BY_ONE = "one person, or cluster, alone decides a part of it, so that chance cannot be told from the answers"
NO_SPREAD = "the answers do not differ from each other, so that chance cannot be told from them"


def rectify(
    pilot: PredictedRows, pool: PredictedRows, contrast: npt.ArrayLike, plan: RectifyPlan | None = None
) -> Rectified:
    """Return a contrast of a regression: the pool's by predictions, less the model's error as the pilot shows it.

    With b the coefficients of a fit, y the answers, f the predictions, c the contrast and L the power,

        estimate = c'b(pilot, y) - L (c'b(pilot, f) - c'b(pool, f)),

    prediction-powered inference (Angelopoulos et al. 2023, doi:10.1126/science.adi6000) with the power of PPI++
    (Angelopoulos, Duchi & Zrnic 2023, arXiv:2311.01453); strata have powers of their own and count by their share of
    the population (Fisch et al. 2024, arXiv:2406.04291). As the fit is linear in what it explains, errors are
    those of its influences (HC2 or CR2): the variance is that of the pilot's fit to y - L f, plus L squared times that
    of the pool's fit. A tuned power is one more coefficient learned from the pilot: it costs a degree of freedom, by
    which the pilot's part of the variance is enlarged too (without that, intervals from few clusters are too short;
    powers learnt from the other people, fold by fold, hold the truth as often, and depend on how folds are drawn).
    Where it is tuned to 0 the result is the pilot alone. Degrees of freedom are those of the pilot, of a tuned power of
    the people who decide, less that one; a small pool lowers them (Welch-Satterthwaite), a large one adds none.

    Args:
        pilot: rows of people with their answers, and what the model predicted for the same rows.
        pool: rows of simulated people, each asked in every arm, drawn from the population that the pilot is drawn from.
        contrast: weights of the coefficients, shape (columns,).
        plan: how; `None`: as `RectifyPlan` has it by default.

    Raises:
        InputError: rows do not fit together, somebody is in both, or a stratum is too small.

    Examples:
        >>> one = np.ones((4, 1))
        >>> pilot = PredictedRows(one, np.array([1.0, 2.0, 3.0, 4.0]), answers=np.array([2.0, 3.5, 3.5, 5.0]))
        >>> pool = PredictedRows(np.ones((100, 1)), np.arange(100) % 5.0)
        >>> found = rectify(pilot, pool, [1.0], RectifyPlan(power=1.0))
        >>> round(found.estimate, 3), round(found.standard_error, 3), round(found.alone.standard_error, 3)
        (3.0, 0.249, 0.612)
    """
    plan = plan or RectifyPlan()
    weights = np.asarray(contrast, dtype=np.float64)
    check(pilot, pool, weights, plan.shares)
    whole = _whole(pilot, pool, weights, plan) if plan.shares is None else _strata(pilot, pool, weights, plan)
    return _result(whole, pilot, pool, plan)


@dataclass(frozen=True)
class _Estimate:
    """An estimate of a stratum, or of all.

    Attributes:
        estimate: rectified.
        alone: of the pilot.
        raw: of the pool.
        variance: of the pilot's part, of the pool's part.
        alone_variance: of the pilot alone; NaN where it is unknown.
        df: of the rectified estimate, of the pilot alone.
        powers: by stratum.
        reason: why the variance is unknown; `None`: it is known.
    """

    estimate: float
    alone: float
    raw: float
    variance: tuple[float, float]
    alone_variance: float
    df: tuple[float, float]
    powers: dict[str, float]
    reason: str | None = None


def _whole(pilot: PredictedRows, pool: PredictedRows, weights: FloatArray, plan: RectifyPlan) -> _Estimate:
    """Return the estimate of rows that share one power."""
    people = fit(pilot.design, pilot.known_answers, pilot.weight, pilot.units)
    simulated = fit(pool.design, pool.predicted, pool.weight, pool.units)
    answers, predicted = people.contrast(weights), simulated.contrast(weights)
    errors = fit(pilot.design, pilot.predicted, pilot.weight, pilot.units).contrast(weights)
    decided = _unknown(people, weights, "people of the pilot")
    reason = decided or _unknown(simulated, weights, "simulated people of the pool")
    smallest = _ZERO * float(np.max(np.abs(np.r_[pilot.predicted, pool.predicted])))
    deciding = np.nan if reason else _deciding(people, weights, answers.df)
    if plan.power == "tuned":
        # Of two degrees of freedom there is none to spare.
        power = _tuned(answers, errors, predicted, plan, smallest) if deciding > 2 else 0.0
    else:
        power = plan.power
    spent = plan.power == "tuned" and power != 0
    left = deciding - 1 if spent else answers.df
    influence = answers.influence - power * errors.influence
    # What was spent on the power is missing among the squares.
    variance = float(influence @ influence) * (deciding / left if spent else 1.0)
    pool_variance = power**2 * predicted.standard_error**2
    estimate = answers.estimate - power * (errors.estimate - predicted.estimate)
    return _Estimate(
        # How much the predictions are to count is unknown with the errors: only what people answered is left.
        answers.estimate if reason else estimate,
        answers.estimate,
        predicted.estimate,
        (variance, pool_variance),
        np.nan if decided else answers.standard_error**2,
        (min(left, _welch([variance, pool_variance], [left, predicted.df])), answers.df),
        {"": power},
        reason,
    )


def _tuned(answers: Contrast, errors: Contrast, pool: Contrast, plan: RectifyPlan, smallest: float) -> float:
    """Return how much predictions are to count; 0 where they scatter by no more than `smallest`: they tell nothing."""
    below = float(errors.influence @ errors.influence) + pool.standard_error**2
    if below <= smallest**2:
        return 0.0
    return float(np.clip(answers.influence @ errors.influence / below, *plan.bounds))


def _deciding(found: Fit, weights: FloatArray, df: float) -> float:
    """Return the degrees of freedom that a power is learnt from.

    Those of clusters (Satterthwaite) know how much rests on each. Rows count by how much of the contrast rests on them:
    where it is a few people with extreme values of a covariate, or in a small arm, they are few.
    """
    if found.unit is not None:
        return df
    own = (found.weight * (found.columns @ (found.turn.T @ weights[found.kept]))) ** 2
    return min(df, float(own.sum() ** 2 / (own @ own)) - 1)


def _strata(pilot: PredictedRows, pool: PredictedRows, weights: FloatArray, plan: RectifyPlan) -> _Estimate:
    """Return the estimates of the strata, each with its own power, added up by their shares of the population."""
    shares = plan.shares or {}
    found = [_whole(pilot.where(name), pool.where(name), weights, plan) for name in shares]
    for name, each in zip(shares, found, strict=True):
        if each.reason is not None:
            raise InputError(
                f"Stratum '{name}': {each.reason}. Ask more people there, or merge it with another stratum."
            )
    share = np.array(list(shares.values()))
    variance = share[:, None] ** 2 * np.array([each.variance for each in found])
    alone = share**2 * np.array([each.alone_variance for each in found])
    values = share @ np.array([(each.estimate, each.alone, each.raw) for each in found])
    return _Estimate(
        *(float(value) for value in values),
        variance=(float(variance[:, 0].sum()), float(variance[:, 1].sum())),
        alone_variance=float(alone.sum()),
        df=(_welch(variance.sum(axis=1), [each.df[0] for each in found]), _welch(alone, [e.df[1] for e in found])),
        powers={name: each.powers[""] for name, each in zip(shares, found, strict=True)},
    )


def _welch(variances: Sequence[float] | FloatArray, dfs: Sequence[float]) -> float:
    """Return the degrees of freedom of a sum of variances; NaN where there is nothing to vary."""
    parts = [(float(variance), df) for variance, df in zip(variances, dfs, strict=True) if variance > 0]
    below = sum(variance**2 / df for variance, df in parts)
    return sum(variance for variance, _ in parts) ** 2 / below if below > 0 else float("nan")


def _unknown(found: Fit, weights: FloatArray, who: str) -> str | None:
    """Return why the contrast or its standard error is unknown; `None` where both are known."""
    if np.any(weights[~found.kept]):
        return f"among the {who} {NOT_ALONE}"
    return f"among the {who} {DECIDED_BY_ONE}" if _decided_by_one(found, weights) else None


def _decided_by_one(found: Fit, weights: FloatArray) -> bool:
    """Return whether there is a unit without which the contrast cannot be estimated."""
    turned = found.turn.T @ weights[found.kept]
    basis = found.columns * np.sqrt(found.weight)[:, None]
    unit: Index = np.arange(len(basis)) if found.unit is None else found.unit
    # The leverages of a unit add up to 1 or more where it alone decides anything; no more units than columns can.
    for each in np.flatnonzero(np.bincount(unit, np.sum(basis**2, axis=1)) > 1 - _ZERO):
        own = basis[unit == each]
        values, vectors = np.linalg.eigh(own.T @ own)
        lost = vectors[:, values > 1 - _ZERO].T @ turned
        if float(np.linalg.norm(lost)) > _ZERO * float(np.linalg.norm(turned)):
            return True
    return False


def _result(found: _Estimate, pilot: PredictedRows, pool: PredictedRows, plan: RectifyPlan) -> Rectified:
    """Return the record of an estimate."""
    smallest = _ZERO * float(np.max(np.abs(np.r_[pilot.known_answers, pilot.predicted])))
    reason = found.reason or (NO_SPREAD if min(sum(found.variance), found.alone_variance) <= smallest**2 else None)
    if reason:
        found = replace(found, variance=(np.nan, np.nan), df=(np.nan, found.df[1]))
    error = float(np.sqrt(sum(found.variance)))
    alone = float(np.sqrt(found.alone_variance)) if found.alone_variance > smallest**2 else float("nan")
    low, high = _interval(found.estimate, error, found.df[0], plan)
    low_alone, high_alone = _interval(found.alone, alone, found.df[1], plan)
    units, powers = pilot.units, None if reason else found.powers
    effective = len(pilot.predicted) * (alone / error) ** 2
    return Rectified(
        estimate=found.estimate,
        standard_error=error,
        low=low,
        high=high,
        df=found.df[0],
        p=_p(found.estimate, error, found.df[0], plan),
        level=1 - plan.alpha,
        alternative=plan.alternative,
        power=powers[""] if powers and plan.shares is None else None,
        powers=None if plan.shares is None else powers,
        pilot_n=len(pilot.predicted),
        pool_n=len(pool.predicted),
        clusters_n=None if units is None else int(units.max()) + 1,
        pilot_error=float(np.sqrt(found.variance[0])),
        pool_error=float(np.sqrt(found.variance[1])),
        alone=Alone(estimate=found.alone, standard_error=alone, low=low_alone, high=high_alone),
        raw=found.raw,
        effective_n=effective,
        gained=effective - len(pilot.predicted),
        harm=harm(pilot, pool, error, alone, used=any(found.powers.values())),
        reason=reason,
    )


def _interval(estimate: float, error: float, df: float, plan: RectifyPlan) -> tuple[float, float]:
    """Return the ends of the interval; infinite on the side that a one-sided alternative leaves open."""
    half = quantile(1 - tail(plan), df) * error
    low = -np.inf if plan.alternative == "smaller" else estimate - half
    high = np.inf if plan.alternative == "larger" else estimate + half
    return low, high


def _p(estimate: float, error: float, df: float, plan: RectifyPlan) -> float:
    t = estimate / error
    if plan.alternative == "two-sided":
        return 2 * p_value(-abs(t), df)
    return p_value(-t if plan.alternative == "larger" else t, df)
