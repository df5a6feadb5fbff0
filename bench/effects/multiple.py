"""How often tests find what is not there, several at once, and how often an effect at its bound is called small."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from silicus.effects import Contrast, Rows, benjamini_hochberg, differences, holm, romano_wolf, two_one_sided

__all__ = ["CORRECTIONS", "false_findings", "small_at_bound"]

_OUTCOMES, _PEOPLE = 5, 120
_TRUE = 2
"""So many of the outcomes have an effect, of .6 standard deviations."""

Correct = Callable[[list[Contrast], np.random.Generator], np.ndarray]


def _p(found: list[Contrast]) -> np.ndarray:
    return np.array([each.p for each in found])


def _resampled(found: list[Contrast], rng: np.random.Generator) -> np.ndarray:
    influence = np.column_stack([each.influence for each in found])
    return romano_wolf([each.estimate for each in found], influence, rng, draws=400)


CORRECTIONS: dict[str, Correct] = {
    "none": lambda found, _: _p(found),
    "holm": lambda found, _: holm(_p(found)),
    "benjamini-hochberg": lambda found, _: benjamini_hochberg(_p(found)),
    "romano-wolf": _resampled,
}


def _outcomes(rng: np.random.Generator) -> list[Contrast]:
    """Return the effects on outcomes of the same people that hang together (r = .8), the first of which are true."""
    arm = rng.permutation(np.arange(_PEOPLE) % 2)
    together = rng.normal(size=(_PEOPLE, 1))
    value = np.sqrt(0.8) * together + np.sqrt(0.2) * rng.normal(size=(_PEOPLE, _OUTCOMES))
    value[:, :_TRUE] += 0.6 * arm[:, None]
    return [differences(Rows(own, arm, arms=2))[0] for own in value.T]


def false_findings(datasets: int, seed: int = 0) -> dict[str, dict[str, float]]:
    """Return by correction how often any finding is false, the mean share of false ones, and how many are right.

    At 5 % all hold the first but `none` and `benjamini-hochberg`, which holds the second.
    """
    found = {name: np.zeros((datasets, 3)) for name in CORRECTIONS}
    for place in range(datasets):
        rng = np.random.default_rng([seed, place])
        contrasts = _outcomes(rng)
        for name, correct in CORRECTIONS.items():
            hit = correct(contrasts, rng) < 0.05
            false = hit[_TRUE:].sum()
            found[name][place] = false > 0, false / max(hit.sum(), 1), hit[:_TRUE].mean()
    return {name: dict(zip(("any", "share", "power"), each.mean(axis=0), strict=True)) for name, each in found.items()}


def small_at_bound(datasets: int, seed: int = 0) -> float:
    """Return how often an effect that lies on its upper bound is called small: 5 % at most."""
    called = 0
    for place in range(datasets):
        rng = np.random.default_rng([seed, place])
        arm = rng.permutation(np.arange(200) % 2)
        found = differences(Rows(0.5 * arm + rng.normal(size=200), arm, arms=2))[0]
        called += two_one_sided(found.estimate, found.standard_error, found.df, -0.5, 0.5) < 0.05
    return called / datasets
