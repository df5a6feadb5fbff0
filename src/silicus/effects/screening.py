"""A screening as it stands on disk (`screening.json`): what is to be expected of people, and how far to trust that."""

from __future__ import annotations

from typing import Literal

from silicus.effects.past.past_errors import PastErrors
from silicus.effects.past.worth import Worth
from silicus.effects.pilot.rectified import MoreAnswers, Rectified
from silicus.effects.planning.budget import Split
from silicus.effects.planning.design import Choice
from silicus.effects.planning.sample_size import SampleSize
from silicus.effects.records import UNKNOWN, Amount, Effect, Number
from silicus.effects.screen_plan import Direction, ScreenPlan
from silicus.effects.trust.gate import NOT_BENCHMARKED, Gate
from silicus.effects.trust.support import Support
from silicus.record import Record

__all__ = ["ArmScreen", "Basis", "CellScreen", "PilotScreen", "QuestionScreen", "Screening"]


Basis = Literal[
    "past errors", "rectified pilot", "pilot alone", "past errors and rectified pilot", "past errors and pilot alone"
]
"""What a belief about an effect among people rests on."""


class CellScreen(Record):
    """The mean answer to a question in a condition."""

    question: str
    condition: str
    predicted: Number
    """The predicted mean, in scale points."""
    predicted_sd: Number
    """Standard deviation of predicted answers, in points: between and within respondents."""
    refusal: Number
    """The predicted share of refusals."""
    expected: Amount
    """What past errors lead to expect of people's mean, in points, with the prediction interval."""
    reason: str | None = None
    """Why there is no interval."""


class PilotScreen(Record):
    """What the pilot adds to an effect; in scale points."""

    alone: Effect
    """The pilot alone: HC2, or CR2 where answers come in clusters."""
    rectified: Rectified | None
    """Prediction-powered: the simulation corrected by its errors on the pilot; null where it could not be had."""
    adjusted: Amount
    """The pilot's effect adjusted for what was predicted of each person in every arm (Lin)."""
    attributes: Amount
    """The pilot's effect adjusted for what the model is told of each person, without any model (Lin): what the model
    adds is what it does better than this. Unknown where these are too many for so few people."""
    explained: Number
    """Share of the variance of answers within arms that predictions of the right sign explain, less what chance would
    explain (adjusted squared correlation)."""
    sd: Number
    """Standard deviation of people's answers within arms, in points."""
    design_effect: Number
    """By how much weights and clusters raise the variance of the effect, or covariates lower it."""
    differs: str | None = None
    """Why the simulated people are not those of the pilot as far as this effect goes; null where nothing says so."""
    more: list[MoreAnswers]
    """What further people would bring; empty where no price was given."""
    reason: str | None = None
    """Why something could not be had."""


class ArmScreen(Record):
    """The effect of an arm on a question, against the control."""

    question: str
    arm: str
    control: str
    span: float
    """The scale's range, in points."""
    predicted: Effect
    """As the model has it: no interval, for the number of simulated respondents is chosen at will."""
    expected: Amount
    """What past errors lead to expect of people, in points, with the prediction interval; shrunken where past effects
    were smaller than predicted."""
    pilot: PilotScreen | None = None
    basis: Basis | None = None
    """What is believed of the effect where people and arms are chosen; null where nothing is."""
    belief: Amount = UNKNOWN
    """What is believed of the effect among people, in points, with its standard deviation."""
    size: SampleSize | None = None
    """How many people the study needs; null where predicted answers do not differ at all."""
    reason: str | None = None
    """Why there is no interval."""


class QuestionScreen(Record):
    """What a question's arms come to."""

    question: str
    better: Direction | None
    """Which answers an arm is to bring about; null where nobody said."""
    people_sd: Number
    """Standard deviation of people's answers within an arm, in points: of the pilot, else as expected."""
    choice: Choice | None
    """Which arms to field; null where nobody said which answers are better."""
    worth: Worth | None
    """To how many people in each arm a predicted effect is equal; null where nobody's answers differ."""
    split: Split | None = None
    """How to split the budget; null where none was given."""


class Screening(Record):
    """What a simulation says about a study that is still to be fielded, and how far to trust it."""

    version: Literal[1] = 1
    study: str
    title: str
    source: Literal["synthetic"] = "synthetic"
    """No person has answered, but for the pilot."""
    plan: ScreenPlan
    plan_hash: str
    frozen: str
    """When the plan was frozen, in UTC."""
    tried: int
    """How many plans for this study stand side by side, this one included."""
    respondents: int
    """Number of simulated respondents."""
    pilot_people: int | None
    """Number of people in the pilot; null without one."""
    gate: Gate
    support: Support | None
    past_means: PastErrors | None
    """Errors of past means; null where no past was given."""
    past_effects: PastErrors | None
    """Errors of past effects."""
    cells: list[CellScreen]
    arms: list[ArmScreen]
    moderated: list[Effect]
    """Predicted effects within the levels of declared moderators, without intervals."""
    questions: list[QuestionScreen]
    notes: list[str]
    """What else has to be known, in sentences."""
    facts: dict[str, str]
    """How it was made: what -> its value."""
    sources: list[str]
    licences: list[str]

    @property
    def state(self) -> str:
        """`NOT BENCHMARKED` until effects were compared with people's; else nothing."""
        return "" if self.gate.benchmarked else NOT_BENCHMARKED
