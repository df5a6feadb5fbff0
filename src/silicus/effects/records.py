"""What is declared before effects are estimated, and what an effect is."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from silicus.record import Number, Record

__all__ = [
    "FROM_PREDICTIONS",
    "NOT_ALONE",
    "TOO_FEW",
    "UNKNOWN",
    "Amount",
    "Bounds",
    "Conjoint",
    "ConjointPlan",
    "Correction",
    "Effect",
    "EffectsPlan",
    "Equivalence",
    "MarginalMean",
    "Number",
    "Plan",
    "Source",
    "Unit",
]

Source = Literal["people", "predictions"]
"""Whose answers: people's, or a model's."""

Unit = Literal["points", "percent", "control_sds"]
"""Points of the scale, percent of its range, or standard deviations of the control group's answers."""

Correction = Literal["none", "holm", "benjamini-hochberg", "romano-wolf"]
"""How p-values of one family are corrected for their number."""

FROM_PREDICTIONS = (
    "answers are predicted: their number is chosen at will, so how they scatter says nothing about people"
)
"""Why an effect has no interval that was estimated from predictions."""

TOO_FEW = "fewer than 2 people, or clusters, in the arm or the control"
"""Why an effect has no interval where chance cannot be told from the answers."""

NOT_ALONE = "nothing is left to estimate it from beside the other columns of the regression"
"""Why there is no effect where no answers, or none that differ in it alone, are left."""


class Bounds(Record):
    """Between which an effect is too small to matter, as declared beforehand."""

    low: float
    high: float
    unit: Unit = "points"

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"found bounds from {self.low:g} to {self.high:g}, expected the lower one first.")
        return self


class Plan(Record):
    """What every plan declares."""

    study: str | None = None
    """Which study of the table; may be left out where it holds one."""
    clusters: str | None = None
    """What answers hang together by: `respondent`, or an attribute such as a school. By default the respondent, where
    anybody answered a question more than once, and else nothing."""
    weights: bool = True
    """Whether answers count by their survey weight."""
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    """The level of tests; intervals are at 1 - alpha, and uncorrected."""
    correction: Correction = "holm"
    """How p-values are corrected for their number, within a family: average effects of all arms and questions; effects
    within levels of moderators; differences between levels."""
    draws: int = Field(default=2000, ge=100)
    """Number of resamples, for `romano-wolf`."""
    moderators: tuple[str, ...] = ()
    """Attributes by which effects may differ."""


class EffectsPlan(Plan):
    """Which effects of arms are estimated, and how: declared before answers are seen."""

    control: str = Field(min_length=1)
    """The condition that the others are compared with."""
    outcomes: tuple[str, ...] = ()
    """The questions; by default all whose scale has an order."""
    covariates: tuple[str, ...] = ()
    """Attributes for which effects are adjusted: numbers as they are, words as levels."""
    equivalence: Bounds | None = None
    """Bounds within which an effect is too small to matter."""


class ConjointPlan(Plan):
    """Which effects of attributes of profiles are estimated, and how: declared before answers are seen."""

    outcome: str = Field(min_length=1)
    """The question that was asked about every profile."""
    attributes: tuple[str, ...] = Field(min_length=1)
    """Attributes of the profiles, as in the columns `shown.NAME`; all that were drawn by chance."""
    baselines: dict[str, str] = {}
    """Attribute -> the level that the others are compared with; by default the first in the alphabet."""
    restricted: tuple[tuple[str, str], ...] = ()
    """Pairs of attributes of which some levels were never shown together, by design."""

    @model_validator(mode="after")
    def _known(self) -> Self:
        every = [name for pair in self.restricted for name in pair]
        stray = next((name for name in (*self.baselines, *every) if name not in self.attributes), None)
        if stray is not None:
            raise ValueError(f"'{stray}' is not among the attributes ({', '.join(self.attributes)}).")
        twice = next((name for name in every if every.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"'{twice}' stands in two restrictions. An attribute may be restricted by one other.")
        return self


class Amount(Record):
    """A number and how sure it is, in one unit."""

    value: Number
    standard_error: Number
    """Null where it is unknown: see `reason`."""
    low: Number
    """The lower end of the interval."""
    high: Number
    """The upper end of the interval."""


UNKNOWN = Amount(value=None, standard_error=None, low=None, high=None)
"""An amount of which nothing is known."""


class Equivalence(Record):
    """Whether an effect is too small to matter."""

    low: Number
    """The lower bound, in scale points."""
    high: Number
    """The upper bound, in scale points."""
    p: Number
    """The larger p-value of two one-sided tests; uncorrected."""
    equivalent: bool | None
    """Whether it is below alpha; null where it is unknown."""


class Effect(Record):
    """How much higher answers are in an arm than in the control."""

    source: Source
    study: str
    question: str
    attribute: str | None = None
    """The attribute of profiles whose levels are `arm` and `control`; null where these are conditions."""
    arm: str
    control: str
    moderator: str | None = None
    """The attribute of respondents by which effects may differ; null for the effect among all."""
    level: str | None = None
    """Among whom the effect is; `+1`: a difference for 1 more of a numeric moderator."""
    against: str | None = None
    """The level with whose effect this one is compared: the numbers are then of the difference of both effects."""
    points: Amount
    """In scale points."""
    percent: Amount
    """In percent of the scale's range."""
    control_sds: Amount
    """In standard deviations of all answers in the control; these are taken as known."""
    df: Number
    """Degrees of freedom of Student's t."""
    p: Number
    """Of no effect, two-sided, uncorrected."""
    p_adjusted: Number
    """Corrected within its family, as `how` says."""
    n_arm: int
    """Answers in the arm; of predictions, predicted ones."""
    n_control: int
    clusters_n: int | None
    """Number of clusters that these answers hang together by; null where they are independent."""
    equivalence: Equivalence | None = None
    left_out: dict[str, int] = {}
    """Answers to the question that were not used, in all arms -> how many."""
    how: str
    """How it was estimated, in words."""
    reason: str | None = None
    """Why something is unknown."""


class MarginalMean(Record):
    """The mean answer to profiles with a level of an attribute, whatever else they show."""

    source: Source
    study: str
    question: str
    attribute: str
    level: str
    moderator: str | None = None
    group: str | None = None
    """Whose answers; null for everybody's."""
    against: str | None = None
    """The group with whose mean this one is compared: the numbers are then of the difference."""
    points: Amount
    df: Number
    n: int
    how: str
    reason: str | None = None


class Conjoint(Record):
    """What the attributes of profiles do."""

    effects: list[Effect]
    """Average marginal component effects."""
    means: list[MarginalMean]
    never_together: list[tuple[str, str]]
    """Pairs of attributes of which levels were never shown together although chance would have done so, and which are
    not declared `restricted`: their effects rest on the assumption that attributes do not work together."""
