"""Means and differences of arms from a pilot and a simulation: the designs of what is rectified, or adjusted for.

Works on arrays; knows no studies and no tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from silicus.effects.differences import Rows, differences
from silicus.effects.least_squares import Contrast, FloatArray, Index
from silicus.effects.pilot.predicted_rows import PredictedRows
from silicus.effects.pilot.rectified import Rectified, RectifyPlan
from silicus.effects.pilot.rectify import rectify
from silicus.errors import InputError, counted

__all__ = ["Predicted", "adjusted_difference", "rectified_difference", "rectified_mean"]

# Predictions of which the largest and smallest differ by no more than this share of their size are all alike.
_ALIKE = 1e-9


@dataclass(frozen=True)
class Predicted:
    """People, or simulated people, and what the model says they answer in every arm.

    Attributes:
        predicted: in scale points, shape (people, arms), or (people,) where there is one arm.
        answers: of people, shape (people,); `None`: these are simulated people.
        arm: index of the arm that people were in, 0 for control, shape (people,); `None`: there is one arm, or these
            are simulated people, who are asked in all.
        weight: above 0, shape (people,); `None`: all alike.
        cluster: name or number of what answers hang together by, shape (people,); `None`: as `PredictedRows` has it.
        stratum: name of each one's stratum, shape (people,); `None`: there are none.
        respondent: name of each one, shape (people,); `None`: nobody occurs twice, nor in the pilot and the pool.
    """

    predicted: FloatArray
    answers: FloatArray | None = None
    arm: Index | None = None
    weight: FloatArray | None = None
    cluster: npt.ArrayLike | None = None
    stratum: Sequence[str] | None = None
    respondent: Sequence[str] | None = None

    def rows(self, arms: int) -> PredictedRows:
        """Return a row for the arm each one was in, or one for every arm; the columns are 1 and the arms but the first.

        Args:
            arms: number of arms with the control.
        """
        every = np.asarray(self.predicted, dtype=np.float64).reshape(len(self.predicted), -1)
        if every.shape[1] != arms:
            raise InputError(
                f"found predictions in {counted(every.shape[1], 'arm', 'arms')}, expected {arms}. "
                "Give one column an arm, with the control as the first."
            )
        people = np.arange(len(every)) if self.arm is not None else np.tile(np.arange(len(every)), arms)
        arm = np.asarray(self.arm) if self.arm is not None else np.repeat(np.arange(arms), len(every))
        design = np.column_stack([np.ones(len(people)), arm[:, None] == np.arange(1, arms)])
        cluster = self.cluster
        if cluster is None and self.respondent is None and len(people) > len(every):
            # Several rows of each, who have no name: everybody is a cluster.
            cluster = np.arange(len(every))
        return PredictedRows(
            design,
            every[people, arm],
            None if self.answers is None else np.asarray(self.answers, dtype=np.float64)[people],
            None if self.weight is None else np.asarray(self.weight, dtype=np.float64)[people],
            None if cluster is None else np.asarray(cluster)[people],
            None if self.stratum is None else [self.stratum[place] for place in people.tolist()],
            None if self.respondent is None else [self.respondent[place] for place in people.tolist()],
        )


def rectified_mean(pilot: Predicted, pool: Predicted, plan: RectifyPlan | None = None) -> Rectified:
    """Return the mean answer: the model's, corrected by the people of the pilot (see `rectify`).

    Args:
        pilot: people, their answers and what the model predicted for them.
        pool: simulated people.
        plan: how; `None`: as `RectifyPlan` has it by default.

    Examples:
        >>> pilot = Predicted(np.array([1.0, 2.0, 3.0, 4.0]), answers=np.array([2.0, 3.5, 3.5, 5.0]))
        >>> pool = Predicted(np.arange(100) % 5.0)
        >>> round(rectified_mean(pilot, pool, RectifyPlan(power=1.0)).estimate, 3)
        3.0
    """
    return rectify(pilot.rows(1), pool.rows(1), [1.0], plan)


def rectified_difference(pilot: Predicted, pool: Predicted, plan: RectifyPlan | None = None) -> list[Rectified]:
    """Return the effect of every arm but the control: the model's, corrected by the people of the pilot.

    All arms stand in one fit, as in `differences`.

    Args:
        pilot: people, their arms and answers, and what the model predicted for them.
        pool: simulated people, each of whom was asked in every arm.
        plan: how; `None`: as `RectifyPlan` has it by default.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> arm, people = np.arange(60) % 2, rng.normal(size=(60, 1))
        >>> answers = 0.5 * arm + people[:, 0] + 0.3 * rng.normal(size=60)
        >>> pool = Predicted(rng.normal(size=(900, 1)) + [0.0, 2.0])
        >>> [found] = rectified_difference(Predicted(people + [0.0, 2.0], answers, arm), pool)
        >>> round(found.raw, 1), round(found.estimate, 1), found.standard_error < found.alone.standard_error / 2
        (2.0, 0.5, True)
    """
    arms = np.atleast_2d(pilot.predicted).shape[1]
    first, second = pilot.rows(arms), pool.rows(arms)
    return [rectify(first, second, np.eye(arms)[arm], plan) for arm in range(1, arms)]


def adjusted_difference(
    answers: npt.ArrayLike,
    arm: npt.ArrayLike,
    predicted: npt.ArrayLike,
    weight: npt.ArrayLike | None = None,
    cluster: npt.ArrayLike | None = None,
) -> list[Contrast]:
    """Return the effect of every arm but the control in the pilot, adjusted for what the model says of each person.

    As `differences` (Lin 2013, doi:10.1214/12-AOAS583), which needs no pool. The covariates are what each person is
    predicted to answer in every arm: the prediction in one's own arm alone knows the arm, and would take the effect
    away. Arms in which all are predicted to answer alike, or as in another arm, add nothing and are left out.

    Args:
        answers: shape (people,).
        arm: index of the arm, 0 for control, shape (people,).
        predicted: in every arm, shape (people, arms).
        weight: above 0, shape (people,); `None`: all alike.
        cluster: name or number of what answers hang together by, shape (people,); `None`: nothing.

    Examples:
        >>> known = np.array([1.0, 2.0, 3.0, 1.5, 2.5, 3.5])
        >>> arm = np.array([0, 0, 0, 1, 1, 1])
        >>> [found] = adjusted_difference(known + arm, arm, np.column_stack([known, known]))
        >>> round(found.estimate, 3)
        1.0
    """
    own, every = np.asarray(arm, dtype=np.int64), np.asarray(predicted, dtype=np.float64)
    if every.ndim != 2 or every.shape[1] < 2:
        raise InputError(
            f"found predictions of shape {every.shape}, expected (people, arms) with 2 arms or more. "
            "Predict each person's answer in every arm."
        )
    varied = every[:, np.ptp(every, axis=0) > _ALIKE * np.max(np.abs(every), axis=0)]
    units = None if cluster is None else np.unique(np.asarray(cluster), return_inverse=True)[1]
    weights = None if weight is None else np.asarray(weight, dtype=np.float64)
    covariates = np.unique(varied, axis=1) if varied.size else None
    return differences(Rows(np.asarray(answers, dtype=np.float64), own, every.shape[1], covariates, weights, units))
