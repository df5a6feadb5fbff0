"""Whether predictions do harm where they are to help: a wider interval, or another population than the pilot's."""

from __future__ import annotations

import numpy as np

from silicus.effects.least_squares import Contrast, FloatArray, fit
from silicus.effects.pilot.predicted_rows import PredictedRows
from silicus.effects.pilot.rectified import Harm, Kind

__all__ = ["harm", "shift"]

# A difference that passes this level, and this many standard deviations, counts as another population.
_LEVEL, _SIZE = 0.05, 0.1

# A standard error that is this many times as large is said to be one.
_LOSS = 1.02

# Predictions that scatter by no more than this share of their size are all alike.
_ALIKE = 1e-9

_WIDER = "The rectified standard error is {times:.2f} times that of the pilot alone: the predictions cost precision."
_DIFFERS = (
    "The pilot's people are predicted to answer {size:.2f} standard deviations {way} than the pool's in the same arm: "
    "the rectified estimate is about the pool's population, the pilot alone about the pilot's."
)


def harm(pilot: PredictedRows, pool: PredictedRows, error: float, alone: float, *, used: bool) -> Harm:
    """Return whether the predictions do harm.

    Args:
        pilot: rows of people.
        pool: rows of simulated people.
        error: the rectified standard error; NaN where it is unknown.
        alone: that of the pilot alone; NaN where it is unknown.
        used: whether the predictions count at all.
    """
    difference, spread = shift(pilot, pool)
    size = difference.estimate / spread if spread > 0 else float("nan")
    found: list[tuple[Kind, str]] = []
    # One digit of a standard error is no loss.
    if error > _LOSS * alone:
        found.append(("wider than the pilot alone", _WIDER.format(times=error / alone)))
    if used and abs(size) > _SIZE and difference.p < _LEVEL:
        found.append(("population differs", _DIFFERS.format(size=abs(size), way="higher" if size > 0 else "lower")))
    advised = "rectified" if error <= alone else "pilot alone"
    return Harm(
        kinds=tuple(kind for kind, _ in found),
        sentences=tuple(sentence for _, sentence in found),
        advised=None if np.isnan(alone) else advised,
        shift=size,
        shift_p=difference.p if spread > 0 else None,
    )


def shift(pilot: PredictedRows, pool: PredictedRows) -> tuple[Contrast, float]:
    """Return how much higher the predictions of the pilot are than the pool's, and the pool's standard deviation.

    Both within the same columns of the design: of arms, within the arm; and within strata.
    """
    strata = sorted(set(pool.stratum or ()))
    own = [[rows.of(name) for name in strata] or [np.ones(len(rows.predicted), bool)] for rows in (pilot, pool)]
    parts = [
        np.column_stack([rows.design * mask[:, None] for mask in masks])
        for rows, masks in zip((pilot, pool), own, strict=True)
    ]
    beside = np.repeat([1.0, 0.0], [len(pilot.predicted), len(pool.predicted)])
    design, predicted = np.column_stack([np.vstack(parts), beside]), np.r_[pilot.predicted, pool.predicted]
    weight = np.r_[_weight(pilot), _weight(pool)]
    found = fit(design, predicted, weight, _units(pilot, pool)).contrast(np.eye(design.shape[1])[-1])
    simulated = fit(parts[1], pool.predicted, pool.weight)
    left = pool.predicted - parts[1] @ np.nan_to_num(simulated.coefficients)
    spread = float(np.sqrt(np.average(left**2, weights=pool.weight)))
    return found, spread if spread > _ALIKE * float(np.max(np.abs(pool.predicted))) else 0.0


def _weight(rows: PredictedRows) -> FloatArray:
    """Return weights of mean 1: those of the pilot and of the pool may have been counted differently."""
    weight = np.ones(len(rows.predicted)) if rows.weight is None else rows.weight
    return weight / weight.mean()


def _units(pilot: PredictedRows, pool: PredictedRows) -> np.ndarray | None:
    """Return the clusters of both, none of which are shared; `None` where all rows are independent."""
    if pilot.units is None and pool.units is None:
        return None
    first, second = (np.arange(len(r.predicted)) if r.units is None else r.units for r in (pilot, pool))
    return np.r_[first, second + first.max() + 1]
