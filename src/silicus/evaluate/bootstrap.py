"""From cells to one number, and its interval by resampling.

Everything here works on a table of cells: `values` of shape (cells, columns), where a column is one metric of
one system. It is either a mean over cells, then over studies, or a mean over all answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from silicus.evaluate.metrics import FloatArray
from silicus.evaluate.records import Estimate

__all__ = [
    "CellTable", "centred_draws", "estimate", "expanded", "interval", "mean_of_draws", "overall", "resample_studies",
    "resample_sums", "within_studies",
]  # fmt: skip


@dataclass(frozen=True)
class CellTable:
    """The numbers to be averaged.

    Attributes:
        values: shape (cells, columns); NaN where a cell has none, +inf is kept.
        weights: shape (cells,); what a cell counts in a mean over all answers.
        study: index of a cell's study, shape (cells,).
        equal: whether a column is a mean over cells, then over studies; shape (columns,).
    """

    values: FloatArray
    weights: FloatArray
    study: npt.NDArray[np.int64]
    equal: npt.NDArray[np.bool_]

    @property
    def studies(self) -> int:
        """Number of studies."""
        return int(self.study.max()) + 1


def _totals(
    counts: FloatArray, values: FloatArray, weights: FloatArray, equal: npt.NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray]:
    """Return what one study adds to the numerator and to the denominator of a mean over studies.

    Args:
        counts: how often each cell was drawn, shape (draws, cells).
        values: shape (cells, columns).
        weights: shape (cells,).
        equal: shape (columns,).

    Returns:
        Twice shape (draws, columns). A study whose drawn cells have no value adds 0 to both.
    """
    counted = np.where(np.isnan(values), 0.0, np.where(equal, 1.0, weights[:, None]))
    numerator = counts @ (np.where(np.isfinite(values), values, 0.0) * counted)
    denominator = counts @ counted
    # 0 x inf is NaN: a cell that is not drawn must not count.
    numerator[counts @ (np.isinf(values) * counted) > 0] = np.inf
    some = np.where(equal & (denominator > 0), denominator, 1.0)
    return numerator / some, denominator / some


def _mean(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    return numerator / np.where(denominator > 0, denominator, np.nan)


def within_studies(table: CellTable) -> FloatArray:
    """Return the mean of every column within every study, shape (studies, columns)."""
    return _mean(*_study_totals(table))


def overall(table: CellTable) -> FloatArray:
    """Return the mean of every column over studies, shape (columns,)."""
    numerator, denominator = _study_totals(table)
    return _mean(numerator.sum(axis=0), denominator.sum(axis=0))


def _study_totals(table: CellTable) -> tuple[FloatArray, FloatArray]:
    parts: list[tuple[FloatArray, FloatArray]] = []
    for study in range(table.studies):
        cells = table.study == study
        once = np.ones((1, int(cells.sum())))
        parts.append(_totals(once, table.values[cells], table.weights[cells], table.equal))
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def resample_studies(table: CellTable, draws: int, rng: np.random.Generator, *, stay: bool = False) -> FloatArray:
    """Return `overall` of resampled studies and, within each, resampled cells; shape (draws, columns).

    Two stages, both with replacement, as many studies and cells as there are (doi:10.1017/CBO9780511802843,
    section 3.8). A study drawn twice has its cells drawn twice. Studies that `stay` are all in every draw, once, and
    their cells alone are drawn.
    """
    every = np.broadcast_to(np.arange(table.studies), (draws, table.studies))
    chosen = every if stay else rng.integers(table.studies, size=every.shape)
    numerator = np.zeros((draws, table.values.shape[1]))
    denominator = np.zeros_like(numerator)
    for study in range(table.studies):
        draw = np.nonzero(chosen == study)[0]
        cells = np.flatnonzero(table.study == study)
        counts = rng.multinomial(cells.size, np.full(cells.size, 1.0 / cells.size), size=draw.size)
        added = _totals(counts.astype(np.float64), table.values[cells], table.weights[cells], table.equal)
        np.add.at(numerator, draw, added[0])
        np.add.at(denominator, draw, added[1])
    return _mean(numerator, denominator)


def resample_sums(sums: FloatArray, cluster: npt.NDArray[np.int64], draws: int, rng: np.random.Generator) -> FloatArray:
    """Return the sums over units of resampled clusters and, within each, resampled units; shape (draws, columns).

    Two stages, as in `resample_studies`: for what is a ratio of sums, such as a correlation.

    Args:
        sums: what each unit adds, shape (units, columns).
        cluster: index of each unit's cluster, shape (units,).
        draws: number of resamples.
        rng: where they come from.

    Returns:
        NaN where there is one cluster: it says nothing of others.
    """
    number = np.unique(cluster, return_inverse=True)[1]
    clusters = int(number.max()) + 1
    if clusters < 2:
        return np.full((draws, sums.shape[1]), np.nan)
    if clusters == len(sums):
        # Clusters of one unit each: the second stage draws nothing.
        return rng.multinomial(clusters, np.full(clusters, 1.0 / clusters), size=draws) @ sums
    chosen = rng.integers(clusters, size=(draws, clusters))
    found = np.zeros((draws, sums.shape[1]))
    for own in range(clusters):
        draw = np.nonzero(chosen == own)[0]
        units = np.flatnonzero(number == own)
        counts = rng.multinomial(units.size, np.full(units.size, 1.0 / units.size), size=draw.size)
        np.add.at(found, draw, counts @ sums[units])
    return found


def mean_of_draws(table: CellTable, draws: int, resampled: Iterable[tuple[int, FloatArray]]) -> FloatArray:
    """Return `overall` of studies that stay, in which every cell's values were drawn again.

    Args:
        table: the cells; its weights hold in every draw.
        draws: number of draws.
        resampled: index of a cell in `table`, and its values, shape (draws, columns).

    Returns:
        Shape (draws, columns).
    """
    numerator = np.zeros((table.studies, draws, table.values.shape[1]))
    denominator = np.zeros_like(numerator)
    for cell, values in resampled:
        counted = np.where(np.isnan(values), 0.0, np.where(table.equal, 1.0, table.weights[cell]))
        numerator[table.study[cell]] += np.where(np.isnan(values), 0.0, values) * np.where(counted > 0, counted, 1.0)
        denominator[table.study[cell]] += counted
    some = np.where(table.equal & (denominator > 0), denominator, 1.0)
    return _mean((numerator / some).sum(axis=0), (denominator / some).sum(axis=0))


def centred_draws(draws: FloatArray, value: FloatArray) -> FloatArray:
    """Return draws moved so that their median is the value, column by column; where either is not finite they stay.

    People drawn again lie farther from any prediction than people do, for a draw adds its own chance: percentiles as
    they stand would leave out a small distance itself. The bias of the median is what Efron's bias-corrected
    percentiles take off too (1981, doi:10.2307/3314608).

    Args:
        draws: shape (draws, columns); NaN where a draw has no value.
        value: of the data themselves, shape (columns,).
    """
    some = ~np.isnan(draws).all(axis=0)
    middle = np.full(draws.shape[1], np.nan)
    middle[some] = np.nanmedian(draws[:, some], axis=0)
    with np.errstate(invalid="ignore"):
        shift = value - middle
    return draws + np.where(np.isfinite(shift), shift, 0.0)


def estimate(value: float, draws: FloatArray, n: int, level: float = 0.95) -> Estimate:
    """Return a value with the percentile interval of its draws.

    Args:
        value: of the data themselves.
        draws: of resamples, shape (draws,).
        n: how many cells, pairs or answers it is of.
        level: share of the draws inside.
    """
    low, high = interval(draws, level)
    return Estimate(value=value, low=low, high=high, n=n)


def expanded(clusters: int) -> float:
    """Return the share of draws of so many clusters, 10 or more, whose percentiles hold the truth in 95 %.

    Clusters drawn again vary less than clusters do, and their variance is an estimate too: the expanded percentile
    interval (Hesterberg, 2015, doi:10.1080/00031305.2015.1089789). Student's t is taken from the expansion of
    Abramowitz & Stegun (1964, 26.7.5), to four digits.

    Examples:
        >>> [round(expanded(clusters), 3) for clusters in (10, 40, 1000)]
        [0.983, 0.959, 0.95]
    """
    normal = NormalDist()
    z, freedom = normal.inv_cdf(0.975), clusters - 1
    t = (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )
    return 2 * normal.cdf(t * (clusters / freedom) ** 0.5) - 1


def interval(draws: FloatArray, level: float = 0.95) -> tuple[float, float]:
    """Return the percentile interval of one column's draws; NaN where no draw has a value.

    No interpolation between neighbours, so that an infinite draw leaves the finite ones as they are. The
    ends are the draws just outside the level.

    Args:
        draws: shape (draws,).
        level: share of the draws inside.

    Examples:
        >>> interval(np.arange(101.0), level=0.9)
        (5.0, 95.0)
    """
    known = np.sort(draws[~np.isnan(draws)])
    if not known.size:
        return float("nan"), float("nan")
    tail = (1 - level) / 2 * (known.size - 1)
    # A hair's breadth against 5.000000000000004 becoming 6.
    low, high = int(np.floor(tail + 1e-9)), int(np.ceil(known.size - 1 - tail - 1e-9))
    return float(known[low]), float(known[high])
