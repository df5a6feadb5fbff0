"""Means over cells of several systems, and those of resampled clusters; one draw serves all, so they are paired."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from silicus.evaluate.bootstrap import interval
from silicus.evaluate.metrics import FloatArray
from silicus.evaluate.records import Estimate
from silicus.record import Record

__all__ = ["FEWEST", "SHARE_METRICS", "Change", "Drawn", "ShareMetric", "draw"]

ShareMetric = Literal["wasserstein", "total_variation", "js_distance", "nll", "single_nll", "cao_emd_as_coded"]
"""The distances of a cell; of all of them lower is better. `nll` is `cross_entropy`: the negative log likelihood
expected of one person's answer, where all are predicted alike; `single_nll` that of answers each predicted for the
person who gave it. What is as coded stands beside published figures and decides nothing."""

SHARE_METRICS: tuple[ShareMetric, ...] = get_args(ShareMetric)
"""Every metric of a comparison, in the order it is printed."""

FEWEST = 10
"""So many cells, of as many clusters, must have a number for it to decide who is closer: percentiles of fewer clusters
drawn again are too narrow."""

_AS_CODED = {"cao_emd_as_coded"}

# How many resamples are in memory at once.
_BLOCK = 250

# What stands where in a sum over cells.
_TOTAL, _INFINITE, _COUNT = range(3)


class Change(Record):
    """How a system compares with another, on the cells for which both have a number and on the same draws."""

    difference: Estimate
    """Mean over cells of the system minus that of the other: negative is better."""
    percent: Estimate
    """The difference in percent of the other's mean."""


@dataclass(frozen=True)
class Drawn:
    """Means over cells of every metric and system, on all cells for which a second system has a number too.

    Attributes:
        metrics: their names.
        value: shape (metrics, systems, systems): the mean of the first system, where the second has a number.
        resampled: the same of every resample, shape (draws, metrics, systems, systems).
        cells: number of cells behind each mean, shape (metrics, systems, systems).
        clusters: number of clusters these are of, shape (metrics, systems, systems).
    """

    metrics: Sequence[ShareMetric]
    value: FloatArray
    resampled: FloatArray
    cells: npt.NDArray[np.int64]
    clusters: npt.NDArray[np.int64]

    def decisive(self) -> list[ShareMetric]:
        """Return the metrics that a system has in enough cells of enough clusters."""
        most: npt.NDArray[np.int64] = np.minimum(self.cells, self.clusters).max(axis=(1, 2))
        enough: list[ShareMetric] = [metric for place, metric in enumerate(self.metrics) if most[place] >= FEWEST]
        return [metric for metric in enough if metric not in _AS_CODED]

    def means(self, system: int) -> dict[ShareMetric, Estimate]:
        """Return the mean of every metric, and its interval."""
        at = [(metric, system, system) for metric in range(len(self.metrics))]
        found = [self._estimate(place, self.value[place], self.resampled[:, *place]) for place in at]
        return dict(zip(self.metrics, found, strict=True))

    def changes(self, system: int, other: int) -> dict[ShareMetric, Change]:
        """Return how a system compares with another in every metric."""
        at = [((metric, system, other), (metric, other, system)) for metric in range(len(self.metrics))]
        found = [self._change(own, base) for own, base in at]
        return dict(zip(self.metrics, found, strict=True))

    def _change(self, own: tuple[int, int, int], base: tuple[int, int, int]) -> Change:
        before, drawn = self.value[base], self.resampled[:, *base]
        # inf - inf and 0 / 0 are unknown; both come from single cells and are no accident.
        with np.errstate(invalid="ignore", divide="ignore"):
            value, resampled = self.value[own] - before, self.resampled[:, *own] - drawn
            return Change(
                difference=self._estimate(own, value, resampled),
                percent=self._estimate(own, 100 * value / before, 100 * resampled / drawn),
            )

    def _estimate(self, place: tuple[int, int, int], value: float, resampled: FloatArray) -> Estimate:
        # Draws of a single cluster are all alike: they say nothing of other clusters.
        told = self.clusters[place] > 1 and not np.isnan(value)
        low, high = interval(resampled) if told else (np.nan, np.nan)
        return Estimate(value=float(value), low=low, high=high, n=int(self.cells[place]))


def draw(
    values: FloatArray,
    metrics: Sequence[ShareMetric],
    cluster: npt.NDArray[np.int64],
    clusters: int,
    draws: int,
    rng: np.random.Generator,
) -> Drawn:
    """Return the means over cells, and those of `draws` resamples of the clusters.

    Args:
        values: shape (cells, metrics, systems); NaN where a cell has none, +inf is kept.
        metrics: their names.
        cluster: index of a cell's cluster, shape (cells,).
        clusters: number of clusters.
        draws: number of resamples.
        rng: where they come from.
    """
    added = _added(values)
    sums = np.zeros((clusters, *added.shape[1:]))
    np.add.at(sums, cluster, added)
    known = sums[:, _COUNT]
    resampled = [_means(_times(block, clusters, rng), sums) for block in _blocks(draws)]
    whole = _means(np.ones((1, clusters)), sums)[0]
    return Drawn(metrics, whole, np.concatenate(resampled), known.sum(axis=0).astype(np.int64), (known > 0).sum(axis=0))


def _added(values: FloatArray) -> FloatArray:
    """Return what each cell adds to a sum, to a count of infinities and to a count of cells.

    Returns:
        Shape (cells, 3, metrics, systems, systems): of the first system, where the second has a number too.
    """
    known = ~np.isnan(values)
    both = known[..., :, None] & known[..., None, :]
    own = np.broadcast_to(values[..., :, None], both.shape)
    # 0 x inf is NaN: infinities are counted, so that a cell that is not drawn does not count.
    infinite = np.where(both & np.isinf(own), 1.0, 0.0)
    return np.stack([np.where(both & np.isfinite(own), own, 0.0), infinite, np.where(both, 1.0, 0.0)], axis=1)


def _means(times: FloatArray, sums: FloatArray) -> FloatArray:
    """Return the means when every cluster is taken so many times, shape (draws, metrics, systems, systems)."""
    totals = (times @ sums.reshape(len(sums), -1)).reshape(len(times), *sums.shape[1:])
    total, infinite, count = (totals[:, part] for part in (_TOTAL, _INFINITE, _COUNT))
    return np.where(infinite > 0, np.inf, total / np.where(count > 0, count, np.nan))


def _times(draws: int, clusters: int, rng: np.random.Generator) -> FloatArray:
    """Return how often each cluster is drawn, shape (draws, clusters)."""
    chosen = rng.integers(clusters, size=(draws, clusters)) + clusters * np.arange(draws)[:, None]
    return np.bincount(chosen.ravel(), minlength=draws * clusters).reshape(draws, clusters).astype(np.float64)


def _blocks(draws: int) -> Iterator[int]:
    """Yield numbers of draws that sum to `draws`, few enough at once to be kept in memory."""
    for start in range(0, draws, _BLOCK):
        yield min(_BLOCK, draws - start)
