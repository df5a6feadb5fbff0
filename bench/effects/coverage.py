"""How often a 95 % interval holds the effect, on simulated people of whom it is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from silicus.effects import Contrast, Rows, by_level, differences

__all__ = ["INTERVALS", "coverage", "plain_clusters"]

Known = tuple[Contrast, float]


def _arm(rng: np.random.Generator, rows: int, arms: int = 2) -> np.ndarray:
    return rng.permutation(np.arange(rows) % arms)


def unequal_variances(rng: np.random.Generator) -> Known:
    """Return an effect among few people, of whom the fewer vary more."""
    arm = np.repeat([0, 1], [36, 12])
    return differences(Rows(0.4 * arm + rng.normal(size=48) * (1 + 2 * arm), arm, arms=2))[0], 0.4


def adjusted(rng: np.random.Generator) -> Known:
    """Return an effect that grows with a skewed covariate, adjusted for it; the truth is that of these people."""
    known, arm = rng.exponential(size=150), _arm(rng, 150, 3)
    own = 0.3 + 0.5 * known
    value = 2 * known + own * (arm == 2) + rng.normal(size=150)
    return differences(Rows(value, arm, 3, known[:, None]))[1], float(own.mean())


def weighted(rng: np.random.Generator) -> Known:
    """Return an effect in a population of which one half, with the larger effect, was reached four times as often."""
    often, arm = rng.random(400) < 0.8, _arm(rng, 400)
    value = np.where(often, 1.0, 0.2) * arm + often + rng.normal(size=400)
    return differences(Rows(value, arm, 2, weight=np.where(often, 0.5 / 0.8, 0.5 / 0.2)))[0], 0.6


def few_clusters(rng: np.random.Generator) -> Known:
    """Return an effect of arms that 12 classes of 4 to 60 pupils were assigned to."""
    return differences(_classes(rng))[0], 0.5


def plain_clusters(rng: np.random.Generator) -> Known:
    """Return the same with the sandwich as it is (CR0) and the normal distribution: what CR2 is there for."""
    rows = _classes(rng)
    arms = [rows.value[rows.arm == arm] for arm in (1, 0)]
    residual = rows.value - np.where(rows.arm == 1, arms[0].mean(), arms[1].mean())
    share = np.where(rows.arm == 1, 1 / len(arms[0]), -1 / len(arms[1]))
    influence = np.bincount(rows.cluster if rows.cluster is not None else [], residual * share)
    return Contrast(arms[0].mean() - arms[1].mean(), float(np.sqrt(influence @ influence)), np.inf, influence), 0.5


def _classes(rng: np.random.Generator, classes: int = 12) -> Rows:
    size = np.rint(np.geomspace(4, 60, classes)).astype(np.int64)
    own, arm = rng.normal(0, 0.5, classes), _arm(rng, classes)
    cluster = np.repeat(np.arange(classes), size)
    return Rows(0.5 * arm[cluster] + own[cluster] + rng.normal(size=len(cluster)), arm[cluster], 2, cluster=cluster)


def within_people(rng: np.random.Generator) -> Known:
    """Return an effect among 25 people who saw both arms three times each and react in their own ways."""
    person, arm = np.repeat(np.arange(25), 6), np.tile(np.arange(6) % 2, 25)
    base, own = rng.normal(size=25), 0.5 + 0.5 * rng.normal(size=25)
    value = base[person] + own[person] * arm + rng.normal(size=150)
    return differences(Rows(value, arm, 2, cluster=person))[0], 0.5


def between_levels(rng: np.random.Generator) -> Known:
    """Return by how much an effect differs between two groups of unequal size."""
    group, arm = (np.arange(160) < 40).astype(np.int64), _arm(rng, 160)
    value = (0.2 + 0.6 * group) * arm + rng.normal(size=160) * (1 + group)
    return by_level(Rows(value, arm, 2), group, levels=2).changes[0][0], 0.6


def everything(rng: np.random.Generator) -> Known:
    """Return the effect of the second of two arms: weighted, adjusted, by people who answered unequally often."""
    people = 80
    often = rng.integers(1, 7, people)
    person = np.repeat(np.arange(people), often)
    known, arm, weight = rng.normal(size=people), _arm(rng, people, 3), rng.uniform(0.5, 2.0, people)
    value = known + 0.5 * (arm == 2) + rng.normal(size=people) * 0.7
    rows = Rows(value[person], arm[person], 3, known[person, None], weight[person], person)
    return differences(replace(rows, value=rows.value + rng.normal(size=len(person))))[1], 0.5


INTERVALS: dict[str, Callable[[np.random.Generator], Known]] = {
    "difference of 48 people, unequal variances (HC2)": unequal_variances,
    "adjusted for a covariate (Lin, HC2)": adjusted,
    "weighted (HC2)": weighted,
    "12 unequal clusters (CR2)": few_clusters,
    "25 people who saw both arms (CR2)": within_people,
    "difference between two groups (HC2)": between_levels,
    "weighted, adjusted, clustered (CR2)": everything,
}
"""What is simulated -> a function that returns an effect and the truth."""


def coverage(simulation: Callable[[np.random.Generator], Known], datasets: int, seed: int = 0) -> tuple[float, float]:
    """Return the share of simulated datasets whose interval holds the truth, and its standard error."""
    held = np.zeros(datasets)
    for place in range(datasets):
        found, truth = simulation(np.random.default_rng([seed, place]))
        low, high = found.interval()
        held[place] = low <= truth <= high
    share = float(held.mean())
    return share, float(np.sqrt(share * (1 - share) / datasets))
