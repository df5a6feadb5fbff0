"""What may be concluded: effects of arms and attributes, from people's answers or a model's, and how sure they are."""

from silicus.effects.conjoint import conjoint
from silicus.effects.differences import ByLevel, Rows, by_level, differences, slopes, spread
from silicus.effects.effects import effects
from silicus.effects.least_squares import Contrast, Fit, fit
from silicus.effects.multiplicity import benjamini_hochberg, holm, romano_wolf, two_one_sided
from silicus.effects.records import (
    FROM_PREDICTIONS,
    NOT_ALONE,
    TOO_FEW,
    Amount,
    Bounds,
    Conjoint,
    ConjointPlan,
    Correction,
    Effect,
    EffectsPlan,
    Equivalence,
    MarginalMean,
    Plan,
    Source,
    Unit,
)

__all__ = [
    "FROM_PREDICTIONS",
    "NOT_ALONE",
    "TOO_FEW",
    "Amount",
    "Bounds",
    "ByLevel",
    "Conjoint",
    "ConjointPlan",
    "Contrast",
    "Correction",
    "Effect",
    "EffectsPlan",
    "Equivalence",
    "Fit",
    "MarginalMean",
    "Plan",
    "Rows",
    "Source",
    "Unit",
    "benjamini_hochberg",
    "by_level",
    "conjoint",
    "differences",
    "effects",
    "fit",
    "holm",
    "romano_wolf",
    "slopes",
    "spread",
    "two_one_sided",
]
