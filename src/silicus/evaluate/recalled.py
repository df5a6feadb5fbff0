"""Whether a model that is shown a study's text picks the study's own facts: one that read it before can."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from silicus.evaluate.bootstrap import estimate, resample_sums
from silicus.evaluate.records import Estimate, Number
from silicus.record import Record

__all__ = ["Recalled", "recalled"]

_TOLERANCE = 1e-12


class Recalled(Record):
    """Whether a model picks a study's own facts among those of other studies."""

    what: str
    """The fact asked for."""
    studies_n: int
    choices: int
    """Number of facts to choose from: 1 of them by chance."""
    right: Number
    """Share of studies whose fact is the most probable; where several are, an equal share."""
    probability: Estimate
    """Mean probability of the fact; the interval draws studies. `n` is the number of studies."""
    chance: Number
    """How often facts drawn at random among those to choose from have as much probability in the mean: the p-value."""
    shuffles: int
    """Number of such draws behind it."""


def recalled(
    what: str,
    probabilities: npt.ArrayLike,
    truth: npt.ArrayLike,
    rng: np.random.Generator,
    draws: int = 2000,
    shuffles: int = 2000,
) -> Recalled:
    """Return whether a model picks studies' own facts among those of other studies.

    Args:
        what: the fact asked for, in words.
        probabilities: of the facts to choose from, shape (studies, choices), each row summing to 1.
        truth: index of the study's own, shape (studies,).
        rng: where resamples and shuffles come from.
        draws: number of resamples.
        shuffles: number of times facts are drawn at random instead of the truth. The p-value counts the truth among
            them (Phipson & Smyth, 2010, doi:10.2202/1544-6115.1585).

    Returns:
        NaN throughout where there are no studies; no interval where there is one.

    Examples:
        >>> found = recalled("year", [[0.7, 0.3], [0.6, 0.4]], [0, 1], np.random.default_rng(1))
        >>> found.right, found.probability.value
        (0.5, 0.55)
    """
    chosen = np.asarray(probabilities, dtype=np.float64)
    studies, choices = chosen.shape[0], chosen.shape[1]
    if not studies:
        unknown = estimate(float("nan"), np.zeros(0), 0)
        return Recalled(
            what=what, studies_n=0, choices=choices, right=float("nan"), probability=unknown, chance=float("nan"),
            shuffles=shuffles,
        )  # fmt: skip
    every = np.arange(studies, dtype=np.int64)
    place = np.asarray(truth, dtype=np.int64)
    own = chosen[every, place]
    modal = chosen >= chosen.max(axis=1, keepdims=True) - _TOLERANCE
    right = (modal[every, place] / modal.sum(axis=1)).mean()
    drawn = resample_sums(own[:, None], every, draws, rng)[:, 0] / studies
    others = chosen[every, rng.integers(choices, size=(shuffles, studies))].mean(axis=1)
    as_much = (others >= own.mean() - _TOLERANCE).sum()
    return Recalled(
        what=what,
        studies_n=studies,
        choices=choices,
        right=float(right),
        probability=estimate(float(own.mean()), drawn, studies),
        chance=float((1 + as_much) / (1 + shuffles)),
        shuffles=shuffles,
    )
