"""An evaluation as it stands on disk (`evaluation.json`)."""

from __future__ import annotations

from typing import Literal

from silicus.evaluate.audit import AttributeAudit
from silicus.evaluate.individual import IndividualSkill
from silicus.evaluate.movement import Movement
from silicus.evaluate.order_effect import OrderEffect
from silicus.evaluate.probes import Probes
from silicus.evaluate.records import DistanceName, Estimate, MetricName, Number, Resampled
from silicus.evaluate.structure import Structure
from silicus.record import Record

__all__ = ["Ceiling", "Cell", "Covered", "Evaluation", "StudyScores"]


class Cell(Record):
    """One question in one condition: people's answers beside every system's prediction.

    Where stimuli of one question and condition have scales of different points, each scale makes a cell.
    """

    study: str
    condition: str
    question: str
    answers: int
    """Number of answers scored, refusals not among them."""
    people: int
    """Distinct respondents who were asked; for published counts, the sum of the counts."""
    people_effective: Number
    """Kish's effective number of the answers scored, (sum of weights)^2 / (sum of squared weights), from Kish (1965),
    Survey Sampling: `answers` where all weigh alike, fewer where weights differ. Unknown without answers."""
    values: list[int]
    """The points of the scale."""
    labels: list[str | None]
    """The words of each point, of the first stimulus where stimuli differ."""
    ordered: bool
    """Whether distances between points mean anything."""
    human: list[Number]
    """Shares of the answers, weighted."""
    predicted: dict[str, list[Number]]
    """system -> probabilities: the weighted mean over the predictions of this cell's answers."""
    refusal_human: Number
    """Weighted share of refusals among the people asked."""
    refusal_predicted: Number
    """The model's probability of a refusal, the weighted mean over the people asked."""
    wasserstein: dict[str, Number]
    wasserstein_observed: dict[str, Number]
    total_variation: dict[str, Number]
    js_distance: dict[str, Number]
    entropy_ratio: dict[str, Number]
    sd_ratio: dict[str, Number]
    accuracy_draw: dict[str, Number]
    accuracy_median: dict[str, Number]
    brier: dict[str, Number]
    nll: dict[str, Number]


class StudyScores(Record):
    """What the cells of one study come to."""

    study: str
    cells: int
    answers: int
    metrics: dict[str, dict[MetricName, Number]]
    """system -> metric -> mean over the study's cells (`nll_per_answer`: over its answers)."""


class Covered(Record):
    """The probability the model gave to all answers offered, before renormalising."""

    mean: Number
    minimum: Number


class Ceiling(Record):
    """How near a prediction could come to people at all, and what drawing answers from it would cost."""

    split_half: Number
    """Mean `wasserstein` between two random halves of the people of each cell, over cells and studies: what people
    themselves score as predictors of people, from half as many answers. The shares of each half are weighted."""
    split_half_n: Number
    """The median number of answers in such a half."""
    sampling: dict[int, Number]
    """k -> by how much the mean `wasserstein` of the system would grow if each cell's prediction were k answers drawn
    from it, instead of probabilities."""


class Evaluation(Record):
    """How far a system's predictions lie from people's answers, beside controls and other systems on the same rows."""

    version: Literal[2] = 2
    """Of this format: a reader of another one has to look again."""
    name: str
    """The system that is evaluated, as it is keyed below; the controls are `uniform`, `pooled` and `others`."""
    studies_n: int
    cells_n: int
    nominal_cells_n: int
    """Number of cells without order: they have a total variation and no Wasserstein."""
    one_condition_cells_n: int
    """Number of cells whose question was asked in that condition only: `pooled` is their answer itself."""
    answers_n: int
    """Number of answers scored, refusals not among them."""
    answers_per_cell: float
    """The median number of answers of a cell."""
    matched_by_person: int
    """Number of answers compared with the prediction for the very respondent."""
    matched_by_mean: int
    """Number of answers compared with the mean prediction for their stimulus; with `matched_by_person`, all."""
    people_n: int
    """Distinct respondents where ids are known; for published counts, the answers to the question with the
    most answers, summed over conditions (a person who saw two conditions then counts twice). It means
    nothing where people are not known."""
    people_known: bool
    """Whether an id stands for a person. Where it does not, as where every row is a respondent of its own,
    nobody can tell how many people answered."""
    left_out: dict[str, int]
    """reason -> number of answers or cells; `LEFT_OUT` says which."""
    resampled: Resampled
    draws: int
    """Number of resamples behind each interval."""
    overall: dict[str, dict[MetricName, Estimate]]
    """system -> metric -> estimate over all studies."""
    perfect_wasserstein: Number
    """The mean `wasserstein` that a perfect prediction of people's distribution is expected to score at these
    numbers of answers, over the cells that have one: chance alone, for few answers seldom look like what
    they are drawn from. Takes the pooled distribution of a cell's question for the truth, and answers for
    drawn from it independently, as many as are effective (`Cell.people_effective`). Where a question has few
    answers in all, the pool has less spread than people, and the number is too low."""
    differences: dict[str, dict[MetricName, Estimate]]
    """another system -> metric -> mean of this system minus the other's, on the same resamples."""
    difference_metric: DistanceName
    """`wasserstein`, or `total_variation` where no cell has a Wasserstein."""
    reached: dict[str, Estimate]
    """system -> share of the way from `uniform` (0) to a perfect prediction at these numbers of answers (1), in
    `wasserstein`; below 0 it is farther from people than guessing."""
    ceiling: Ceiling
    conditions: Movement | None
    """Whether predictions move from condition to condition as people do; `None` where no question was asked in two."""
    individuals: IndividualSkill | None
    """What is known of persons beside the question; `None` where no prediction is for a person."""
    structure: Structure | None
    """Whether questions hang together as for people; `None` where no two have enough respondents in common."""
    groups: list[AttributeAudit]
    """For whom predictions fail, attribute by attribute; empty where nothing is known of respondents."""
    probes: Probes | None = None
    """What `silicus probe` found; `None` where it was not called."""
    orders: OrderEffect | None = None
    """How much answers depend on the order of the options; `None` where everything was asked in one."""
    probability_zero: dict[str, int]
    """system -> number of answers it had given probability 0; its log likelihoods are then infinite."""
    covered: Covered
    studies: list[StudyScores]
    cells: list[Cell]

    @property
    def difference(self) -> Estimate:
        """The difference from `uniform` in `difference_metric`: negative is better."""
        return self.differences["uniform"][self.difference_metric]
