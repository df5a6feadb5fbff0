"""How often a rectified 95 % interval holds the truth, on simulated people of whom it is known.

The predictions are good, useless, harmful (who answers high is predicted to answer low), or good within an arm and
biased by it. Pilots are small: 20 people, or 20 an arm.

python -m bench.effects.rectify [--datasets N]
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import cyclopts
import numpy as np
from rich.console import Console
from rich.table import Table

from silicus.effects.pilot.arms import Predicted, rectified_difference, rectified_mean
from silicus.effects.pilot.predicted_rows import PredictedRows
from silicus.effects.pilot.rectified import Alone, Rectified, RectifyPlan
from silicus.effects.pilot.rectify import rectify

__all__ = ["ESTIMANDS", "PREDICTIONS", "VARIANTS", "Coverage", "coverage"]

ESTIMANDS = ("mean", "difference", "slope")
PREDICTIONS = ("good", "useless", "harmful", "biased by arm")
VARIANTS = ("plain", "weights", "clusters", "strata", "one-sided", "fixed power", "small pool")

_TRUTH = {"mean": 0.3, "difference": 0.6, "slope": 0.5}
_PLANS = {
    "strata": RectifyPlan(shares={"few": 0.5, "many": 0.5}),
    "one-sided": RectifyPlan(alternative="larger"),
    "fixed power": RectifyPlan(power=0.5),
}


@dataclass(frozen=True)
class _People:
    """Simulated people of whom everything is known.

    Attributes:
        many: whether they are of the half that is easy to reach, shape (people,).
        known: a covariate, shape (people,).
        answers: in control and arm, shape (people, 2).
        predicted: the same by the model.
        cluster: shape (people,).
    """

    many: np.ndarray
    known: np.ndarray
    answers: np.ndarray
    predicted: np.ndarray
    cluster: np.ndarray


def _people(rng: np.random.Generator, many: np.ndarray, kind: str, cluster: np.ndarray | None = None) -> _People:
    """Return people; the half that is easy to reach answers higher by .6, and by .8 instead of .4 in the arm."""
    count = len(many)
    together = np.zeros(count) if cluster is None else 0.5 * rng.normal(size=cluster.max() + 1)[cluster]
    mood, known = rng.normal(size=count) + together, rng.normal(size=count)
    own = mood + 0.5 * known + 0.6 * many
    effect = np.column_stack([np.zeros(count), 0.4 + 0.4 * many])
    answers = own[:, None] + effect + 0.6 * rng.normal(size=(count, 2)) * [1.0, 1.5]
    seen = {"useless": rng.normal(size=count), "harmful": -own}.get(kind, 0.8 * own + 0.3 * rng.normal(size=count))
    # Biased predictions also exaggerate in the control, and see little of the people in the arm.
    times, bias = ([1.6, 0.4], [1.0, 3.0]) if kind == "biased by arm" else ([1.0, 1.0], [0.3, 0.6])
    own_cluster = np.arange(count) if cluster is None else cluster
    return _People(many, known, answers, seen[:, None] * times + bias, own_cluster)


def _pilot(rng: np.random.Generator, estimand: str, variant: str, kind: str) -> _People:
    arms = 1 if estimand == "mean" else 2
    if variant == "clusters":
        size = rng.integers(2, 10, 8 * arms)
        cluster = np.repeat(np.arange(len(size)), size)
        return _people(rng, rng.random(len(cluster)) < 0.5, kind, cluster)
    if variant == "weights":
        return _people(rng, rng.random(60 * arms) < 0.8, kind)
    if variant == "strata":
        return _people(rng, np.repeat([True, False], [20 * arms, 10 * arms]), kind)
    return _people(rng, rng.random(20 * arms) < 0.5, kind)


def _found(rng: np.random.Generator, estimand: str, variant: str, kind: str) -> Rectified:
    """Return what is estimated in one simulated study."""
    pilot = _pilot(rng, estimand, variant, kind)
    pool = _people(rng, rng.random(15 if variant == "small pool" else 150) < 0.5, kind)
    arm = _assigned(rng, pilot) if estimand == "difference" else np.zeros(len(pilot.many), dtype=np.int64)
    answers, plan = pilot.answers[np.arange(len(arm)), arm], _PLANS.get(variant)
    weight = np.where(pilot.many, 0.5 / 0.8, 0.5 / 0.2) if variant == "weights" else None
    cluster = pilot.cluster if variant == "clusters" else None
    strata = [["many" if many else "few" for many in each.many] for each in (pilot, pool)]
    own, theirs = strata if variant == "strata" else (None, None)
    if estimand == "slope":
        designs = [np.column_stack([np.ones(len(each.known)), each.known]) for each in (pilot, pool)]
        rows = PredictedRows(designs[0], pilot.predicted[:, 0], answers, weight, cluster, own)
        return rectify(rows, PredictedRows(designs[1], pool.predicted[:, 0], stratum=theirs), [0.0, 1.0], plan)
    if estimand == "mean":
        people = Predicted(pilot.predicted[:, 0], answers, None, weight, cluster, own)
        return rectified_mean(people, Predicted(pool.predicted[:, 0], stratum=theirs), plan)
    people = Predicted(pilot.predicted, answers, arm, weight, cluster, own)
    return rectified_difference(people, Predicted(pool.predicted, stratum=theirs), plan)[0]


def _assigned(rng: np.random.Generator, people: _People) -> np.ndarray:
    """Return arms drawn by chance: half of the clusters, or half of the people of each kind."""
    if len(np.unique(people.cluster)) < len(people.cluster):
        return rng.permutation(np.arange(people.cluster.max() + 1) % 2)[people.cluster]
    arm = np.zeros(len(people.many), dtype=np.int64)
    for many in (True, False):
        own = np.flatnonzero(people.many == many)
        arm[own] = rng.permutation(np.arange(len(own)) % 2)
    return arm


@dataclass(frozen=True)
class Coverage:
    """Of many simulated studies.

    Attributes:
        share: of the intervals that hold the truth.
        error: standard error of the share.
        alone: share of the intervals of the pilot alone that do.
        width: median standard error, as a share of that of the pilot alone.
    """

    share: float
    error: float
    alone: float
    width: float


def coverage(estimand: str, variant: str, kind: str, datasets: int, seed: int = 0) -> Coverage:
    """Return how often the interval holds the truth."""
    held, alone, width = np.zeros(datasets), np.zeros(datasets), np.zeros(datasets)
    for place in range(datasets):
        found = _found(np.random.default_rng([seed, place]), estimand, variant, kind)
        held[place] = _holds(found, _TRUTH[estimand])
        alone[place] = _holds(found.alone, _TRUTH[estimand])
        width[place] = (found.standard_error or np.nan) / (found.alone.standard_error or np.nan)
    share = float(held.mean())
    return Coverage(share, float(np.sqrt(share * (1 - share) / datasets)), float(alone.mean()), float(np.median(width)))


def _holds(found: Rectified | Alone, truth: float) -> bool:
    return (found.low is None or found.low <= truth) and (found.high is None or truth <= found.high)


def main(*, datasets: int = 1000) -> None:
    """Print coverage, and the width of intervals as a share of those of the pilot alone.

    Args:
        datasets: how many are simulated for each.
    """
    console, start = Console(width=140), time.perf_counter()
    table = Table("rectified 95 % interval of the", "", "pilot alone", *(f"{kind} predictions" for kind in PREDICTIONS))
    for estimand in ESTIMANDS:
        for variant in VARIANTS:
            cells = [coverage(estimand, variant, kind, datasets) for kind in PREDICTIONS]
            told = [f"{100 * c.share:.1f} % ± {100 * c.error:.1f}, x {c.width:.2f}" for c in cells]
            table.add_row(estimand, variant, f"{100 * cells[0].alone:.1f} %", *told)
    console.print(table)
    console.print(f"{datasets:,} simulated datasets each; {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    cyclopts.run(main)
