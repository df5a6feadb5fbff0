"""Weighted least squares with standard errors that ask for no equal variances, of people or of clusters of answers.

Everything of the room is a contrast of such a fit. Works on arrays; knows no studies and no tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from silicus import plugins

__all__ = ["Contrast", "Fit", "FloatArray", "Index", "fit", "p_value", "quantile"]

FloatArray = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

# A column counts as a sum of columns before it where no more than this share of it is left (as in R's `lm`).
_ALIASED = 1e-7
# An eigenvalue below this is 0: what a cluster alone determines has no residual.
_ZERO = 1e-10


@dataclass(frozen=True)
class Contrast:
    """A sum of coefficients, and how sure it is.

    Attributes:
        estimate: NaN where it cannot be estimated.
        standard_error: HC2, or CR2 where answers come in clusters.
        df: degrees of freedom of Student's t; NaN where clusters leave nothing to vary.
        influence: what each person or cluster adds to the error of the estimate, shape (units,): the sum of its squares
            is the squared standard error.
    """

    estimate: float
    standard_error: float
    df: float
    influence: FloatArray

    @property
    def p(self) -> float:
        """The two-sided p-value of no effect; NaN where the standard error is unknown or 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return 2 * p_value(-abs(np.float64(self.estimate) / self.standard_error), self.df)

    def interval(self, alpha: float = 0.05) -> tuple[float, float]:
        """Return the two-sided interval at level 1 - `alpha`."""
        half = quantile(1 - alpha / 2, self.df) * self.standard_error
        return self.estimate - half, self.estimate + half


def p_value(t: float, df: float) -> float:
    """Return the probability that Student's t is at most `t`."""
    special = plugins.require("scipy.special")
    return float(special.stdtr(df, t))


def quantile(probability: float, df: float) -> float:
    """Return the value that Student's t does not pass with that probability."""
    special = plugins.require("scipy.special")
    return float(special.stdtrit(df, probability))


@dataclass(frozen=True)
class Fit:
    """Coefficients, and what their errors are made of.

    Attributes:
        coefficients: shape (columns,); NaN where a column is a sum of columns before it, which is left out.
        kept: whether a column is in, shape (columns,).
        columns: what is in, turned so that its weighted products are the identity, shape (rows, kept).
        turn: turned columns -> coefficients, shape (kept, kept).
        weight: shape (rows,).
        adjusted: what multiplies the residuals, adjusted for leverage, shape (rows, kept).
        influence: what each unit adds to the errors of the turned coefficients, shape (units, kept).
        unit: index of each row's cluster, ascending; `None` where every row stands alone, shape (rows,).
    """

    coefficients: FloatArray
    kept: npt.NDArray[np.bool_]
    columns: FloatArray
    turn: FloatArray
    weight: FloatArray
    adjusted: FloatArray
    influence: FloatArray
    unit: Index | None

    def contrast(self, weights: npt.ArrayLike) -> Contrast:
        """Return the sum of the coefficients, each times its weight.

        Args:
            weights: shape (columns,).
        """
        every = np.asarray(weights, dtype=np.float64)
        if np.any(every[~self.kept]):
            return Contrast(np.nan, np.nan, np.nan, np.full(len(self.influence), np.nan))
        turned = self.turn.T @ every[self.kept]
        influence = self.influence @ turned
        estimate = float(every[self.kept] @ self.coefficients[self.kept])
        return Contrast(estimate, float(np.sqrt(influence @ influence)), self._df(turned), influence)

    @cached_property
    def _small(self) -> FloatArray:
        return _small(self.columns, self.weight)

    def _df(self, turned: FloatArray) -> float:
        """Return rows less columns, or Satterthwaite's degrees of freedom of a contrast where there are clusters.

        Those of Bell & McCaffrey (2002, Survey Methodology 28(2), 169-181): twice the squared mean over the variance of
        the estimated variance, were answers independent and equally variable.
        """
        if self.unit is None:
            return float(len(self.columns) - len(self.turn))
        own = self.adjusted @ turned
        parts = (self.columns, self.columns * self.weight[:, None])
        alone = np.bincount(self.unit, own**2)
        joint = np.column_stack([_sums(part * own[:, None], self.unit) for part in parts])
        # The covariances of the clusters' errors are diag(alone) + joint @ small @ joint.T, which need not be made.
        products = self._small @ (joint.T @ joint)
        total = alone.sum() + np.trace(products)
        diagonal = np.sum((joint @ self._small) * joint, axis=1)
        squares = alone @ alone + 2 * alone @ diagonal + np.sum(products * products.T)
        # In turned columns the variance of independent answers of variance 1 would be turned @ turned.
        return float(total**2 / squares) if total > _ZERO * (turned @ turned) else float("nan")


def fit(
    design: npt.ArrayLike,
    values: npt.ArrayLike,
    weight: npt.ArrayLike | None = None,
    cluster: npt.ArrayLike | None = None,
) -> Fit:
    """Return the weighted least squares fit, with HC2 standard errors, or CR2 where answers come in clusters.

    HC2 (MacKinnon & White 1985, doi:10.1016/0304-4076(85)90158-7): squared residuals over 1 - leverage. CR2: residuals
    of a cluster times the inverse square root of what their covariance would be, were answers independent and equally
    variable (Bell & McCaffrey 2002; Pustejovsky & Tipton 2018, doi:10.1080/07350015.2016.1247004). With weights both
    are those of `lm_robust` in R's estimatr: unbiased where variances are inverse to the weights (HC2), or equal (CR2).

    Args:
        design: shape (rows, columns).
        values: what is explained, shape (rows,).
        weight: above 0, shape (rows,); `None`: all alike. Its size has no effect.
        cluster: index of each row's cluster, from 0 and without gaps, shape (rows,); `None`: rows are independent.

    Examples:
        >>> found = fit([[1, 0], [1, 0], [1, 1], [1, 1]], [1.0, 3.0, 4.0, 8.0]).contrast([0, 1])
        >>> round(found.estimate, 3), round(found.standard_error, 3), found.df
        (4.0, 2.236, 2.0)
    """
    x, y = np.asarray(design, dtype=np.float64), np.asarray(values, dtype=np.float64)
    w = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
    w = w / w.mean()
    unit = None if cluster is None else np.asarray(cluster, dtype=np.int64)
    if unit is not None:
        # The rows of a cluster side by side: their sums are then read off.
        order = np.argsort(unit, kind="stable")
        x, y, w, unit = x[order], y[order], w[order], unit[order]
    kept = _independent(x * np.sqrt(w)[:, None])
    basis, triangle = np.linalg.qr(x[:, kept] * np.sqrt(w)[:, None])
    turn = np.linalg.inv(triangle)
    columns = basis / np.sqrt(w)[:, None]
    turned = basis.T @ (np.sqrt(w) * y)
    adjusted = _by_row(basis, columns, w) if unit is None else _by_cluster(columns, w, unit)
    errors = adjusted * (y - columns @ turned)[:, None]
    coefficients = np.full(x.shape[1], np.nan)
    coefficients[kept] = turn @ turned
    influence = errors if unit is None else _sums(errors, unit)
    return Fit(coefficients, kept, columns, turn, w, adjusted, influence, unit)


def _independent(x: FloatArray) -> npt.NDArray[np.bool_]:
    """Return which columns are no sums of columns before them, shape (columns,)."""
    basis = np.empty(x.shape, order="F")
    kept: list[bool] = []
    for column in x.T:
        before = basis[:, : sum(kept)]
        rest = column - before @ (before.T @ column)
        rest -= before @ (before.T @ rest)  # once more: the first time leaves rounding behind
        size = float(np.linalg.norm(rest))
        kept.append(size > _ALIASED * float(np.linalg.norm(column)))
        if kept[-1]:
            basis[:, sum(kept) - 1] = rest / size
    return np.array(kept)


def _by_row(basis: FloatArray, columns: FloatArray, weight: FloatArray) -> FloatArray:
    left = 1 - np.sum(basis**2, axis=1)
    factor = np.where(left > _ZERO, 1 / np.sqrt(np.where(left > _ZERO, left, 1.0)), 0.0)
    return columns * (weight * factor)[:, None]


def _by_cluster(columns: FloatArray, weight: FloatArray, unit: Index) -> FloatArray:
    """Return the weighted columns times the adjustment matrix of their cluster, shape (rows, kept).

    With X the turned columns and W the weights, the residuals of cluster g have the covariance
    B = 1 - X W' - W X' + X (sum of W' W) X', which is 1 + U S U' with U = [X, WX]: its root is taken in the few
    dimensions of U, so that a large cluster costs no more than its rows.
    """
    small = _small(columns, weight)
    found = np.empty_like(columns)
    for rows in _of_one_size(unit):
        own = columns[rows]
        bent = own * weight[rows][..., None]
        basis, triangle = np.linalg.qr(np.concatenate([own, bent], axis=-1))
        values, vectors = np.linalg.eigh(triangle @ small @ triangle.swapaxes(-1, -2))
        left = 1 + values
        root = np.where(left > _ZERO, 1 / np.sqrt(np.where(left > _ZERO, left, 1.0)), 0.0)
        axes = basis @ vectors
        found[rows] = bent + axes @ ((root - 1)[..., None] * (axes.swapaxes(-1, -2) @ bent))
    return found


def _of_one_size(unit: Index) -> Iterator[Index]:
    """Yield the rows of all clusters of one size, shape (clusters, size), size by size."""
    size = np.bincount(unit)
    start = np.cumsum(size) - size
    for each in np.unique(size):
        yield start[size == each][:, None] + np.arange(each)


def _small(columns: FloatArray, weight: FloatArray) -> FloatArray:
    one = np.eye(columns.shape[1])
    return np.block([[(columns.T * weight**2) @ columns, -one], [-one, np.zeros_like(one)]])


def _sums(rows: FloatArray, unit: Index) -> FloatArray:
    """Return the sum of the rows of every cluster, shape (clusters, columns)."""
    size = np.bincount(unit)
    return np.add.reduceat(rows, np.cumsum(size) - size, axis=0)
