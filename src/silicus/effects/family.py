"""From contrasts to effects: units, intervals, equivalence, and p-values corrected for their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from silicus.effects.least_squares import Contrast, FloatArray
from silicus.effects.multiplicity import benjamini_hochberg, holm, romano_wolf, two_one_sided
from silicus.effects.records import (
    FROM_PREDICTIONS,
    NOT_ALONE,
    TOO_FEW,
    UNKNOWN,
    Amount,
    Bounds,
    Effect,
    Equivalence,
    Plan,
    Unit,
)
from silicus.effects.sample import Clusters, Sample
from silicus.errors import counted

__all__ = ["Comparison", "Found", "Mask", "corrected"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Found:
    """An effect whose p-value is not corrected yet.

    Attributes:
        effect: as estimated.
        influence: what each unit adds to its error, shape (units,).
        names: of the units.
    """

    effect: Effect
    influence: FloatArray
    names: list[str]


@dataclass(frozen=True)
class Comparison:
    """What contrasts of one question have in common.

    Attributes:
        sample: the answers.
        plan: what was declared.
        clusters: what answers hang together by.
        what: what a contrast is, in words.
        control_sd: the standard deviation of the answers in the control.
        bounds: within which an effect is too small to matter; `None`: none were declared.
    """

    sample: Sample
    plan: Plan
    clusters: Clusters
    what: str
    control_sd: float = 1.0
    bounds: Bounds | None = None

    def found(self, contrast: Contrast, groups: Sequence[Mask], **keys: str | None) -> Found:
        """Return an effect.

        Args:
            contrast: its estimate.
            groups: whether answers are in the arm, in the control, and in the arm and the control of those with whom
                the effect is compared; shape (rows,) each.
            keys: what it is the effect of, among whom.
        """
        sample, scale, reason = self.sample, self.sample.scale, self.unknown(contrast, groups)
        size: dict[Unit, float] = {
            "points": 1.0,
            "percent": (scale.values[-1] - scale.values[0]) / 100,
            "control_sds": self.control_sd,
        }
        effect = Effect.model_validate(
            {
                "source": sample.source,
                "study": sample.study,
                "question": sample.question,
                **keys,
                **{unit: self.amount(contrast, reason, one) for unit, one in size.items()},
                "df": None if reason else contrast.df,
                "p": None if reason else contrast.p,
                "p_adjusted": None,
                "n_arm": int(groups[0].sum()),
                "n_control": int(groups[1].sum()),
                "clusters_n": None if self.clusters.index is None else self._units(groups[0] | groups[1]),
                "equivalence": self._equivalence(contrast, reason, size),
                "left_out": sample.left_out,
                "how": self.how,
                "reason": reason,
            }
        )
        return Found(effect, contrast.influence, self.clusters.names)

    def _units(self, own: Mask) -> int:
        return int(own.sum()) if self.clusters.index is None else len(np.unique(self.clusters.index[own]))

    def unknown(self, contrast: Contrast, groups: Sequence[Mask]) -> str | None:
        """Return why there is no interval; `None` where there is one."""
        if self.sample.source == "predictions":
            return FROM_PREDICTIONS
        if not np.isfinite(contrast.estimate):
            return NOT_ALONE
        return None if min(map(self._units, groups)) > 1 and contrast.df > 0 else TOO_FEW

    def amount(self, contrast: Contrast, reason: str | None, size: float = 1.0) -> Amount:
        """Return an estimate in a unit of that size, in scale points; what is not known for a reason is left empty."""
        if not size > 0:
            return UNKNOWN
        value, error = contrast.estimate / size, contrast.standard_error / size
        if reason:
            return Amount(value=value, standard_error=None, low=None, high=None)
        low, high = contrast.interval(self.plan.alpha)
        return Amount(value=value, standard_error=error, low=low / size, high=high / size)

    def _equivalence(self, contrast: Contrast, reason: str | None, size: dict[Unit, float]) -> Equivalence | None:
        if self.bounds is None:
            return None
        low, high = (each * size[self.bounds.unit] for each in (self.bounds.low, self.bounds.high))
        p = two_one_sided(contrast.estimate, contrast.standard_error, contrast.df, low, high)
        if reason or not np.isfinite(p):
            return Equivalence(low=low, high=high, p=None, equivalent=None)
        return Equivalence(low=low, high=high, p=p, equivalent=p < self.plan.alpha)

    @property
    def how(self) -> str:
        """How contrasts are estimated, in words."""
        weighted = "" if self.sample.weight is None else ", survey weights"
        if self.sample.source == "predictions":
            return f"{self.what} of expected answers{weighted}"
        if self.clusters.index is None:
            return f"{self.what}{weighted}; HC2 standard errors"
        return f"{self.what}{weighted}; CR2 standard errors by {self.clusters.by}, Satterthwaite degrees of freedom"


def corrected(family: Sequence[Found], plan: Plan, rng: np.random.Generator) -> list[Effect]:
    """Return the effects of a family with p-values corrected for their number."""
    plain = np.array([np.nan if each.effect.p is None else each.effect.p for each in family])
    tests = int(np.count_nonzero(~np.isnan(plain)))
    if plan.correction == "none" or not tests:
        return [each.effect.model_copy(update={"p_adjusted": each.effect.p}) for each in family]
    if plan.correction == "romano-wolf":
        adjusted = _romano_wolf(family, plan, rng)
    else:
        adjusted = holm(plain) if plan.correction == "holm" else benjamini_hochberg(plain)
    told = f"; p corrected by {plan.correction} for {counted(tests, 'test', 'tests')}"
    return [
        each.effect.model_copy(update={"p_adjusted": float(p), "how": each.effect.how + told})
        if np.isfinite(p)
        else each.effect
        for each, p in zip(family, adjusted, strict=True)
    ]


def _romano_wolf(family: Sequence[Found], plan: Plan, rng: np.random.Generator) -> FloatArray:
    """Return p-values from people or clusters drawn again, with all that they add to any of the effects."""
    place = {name: number for number, name in enumerate(dict.fromkeys(n for each in family for n in each.names))}
    influence = np.zeros((len(place), len(family)))
    estimates = np.full(len(family), np.nan)
    for column, each in enumerate(family):
        if each.effect.p is not None and each.effect.points.value is not None:
            influence[[place[name] for name in each.names], column] = each.influence
            estimates[column] = each.effect.points.value
    return romano_wolf(estimates, influence, rng, plan.draws)
