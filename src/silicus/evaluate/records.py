"""What an evaluation holds on disk, and what each of its numbers means."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from silicus.record import Record

__all__ = [
    "LEFT_OUT",
    "METRICS",
    "Cell",
    "Covered",
    "DistanceName",
    "Estimate",
    "Evaluation",
    "Metric",
    "MetricName",
    "Number",
    "Resampled",
    "StudyScores",
]

MetricName = Literal[
    "wasserstein",
    "wasserstein_observed",
    "total_variation",
    "accuracy_draw",
    "accuracy_median",
    "nll",
    "nll_per_answer",
]

DistanceName = Literal["wasserstein", "total_variation"]

Resampled = Literal["studies and cells", "respondents", "people"]
"""What the intervals resample: studies and cells within them; in a single study respondents with all their answers,
or, where they are not known or answer once each, people within cells as if every answer came from another person."""


@dataclass(frozen=True)
class Metric:
    """What a printed number is.

    Attributes:
        title: its name in words.
        unit: what 1 of it means.
        better: which direction is better.
        aggregation: how many numbers became one; a sentence.
    """

    title: str
    unit: str
    better: Literal["lower", "higher"]
    aggregation: str


_CELLS = "Mean over the cells of a study, then over studies."
_ANSWERS = "Weighted mean over the answers of a cell, then the mean over the cells of a study, then over studies."

METRICS: dict[MetricName, Metric] = {
    "wasserstein": Metric(
        "Wasserstein-1, stated scale", "share of the scale's range, 0 to 1", "lower",
        _CELLS + " Cells without order, or with fewer than 2 answers, have none.",
    ),
    "wasserstein_observed": Metric(
        "Wasserstein-1, observed range", "share of the range people used in the cell, 0 to 1", "lower",
        _CELLS + " Cells without order, with fewer than 2 answers, or in which all answer alike, have none.",
    ),
    "total_variation": Metric(
        "Total variation", "share of answers, 0 to 1", "lower",
        _CELLS + " Cells with fewer than 2 answers have none.",
    ),
    "accuracy_draw": Metric(
        "Accuracy of a random draw", "1 - |drawn - given| / range, 0 to 1", "higher", _ANSWERS
    ),
    "accuracy_median": Metric(
        "Accuracy of the median answer", "1 - |median - given| / range, 0 to 1", "higher", _ANSWERS
    ),
    "nll": Metric("Negative log likelihood", "nats an answer", "lower", _ANSWERS),
    "nll_per_answer": Metric(
        "Negative log likelihood, all answers alike", "nats an answer", "lower",
        "Weighted mean over all answers, whatever their cell and study.",
    ),
}  # fmt: skip
"""Every metric an evaluation prints, in the order it prints them."""

LEFT_OUT: dict[str, Literal["answers", "cells"]] = {
    "weight 0": "answers",
    "no answer given": "answers",
    "not an answer on the scale": "answers",
    "no prediction for the stimulus": "answers",
    "no prediction for this respondent, who is predicted elsewhere": "answers",
    "refusal": "answers",
    "fewer than 2 answers in the cell": "cells",
    "no order on the scale, so no Wasserstein": "cells",
    "one answer given by all, so no observed range": "cells",
}
"""Why something is left out -> what is counted. Cells so counted keep their other metrics."""


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(_known)]
"""A number; null where it is unknown, or infinite (see `Evaluation.probability_zero`)."""


class Estimate(Record):
    """A value and its interval."""

    value: Number
    low: Number
    """The lower end of the 95 % interval."""
    high: Number
    """The upper end of the 95 % interval."""
    n: int
    """How many cells (for `nll_per_answer`: answers) the value is a mean over."""


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
    accuracy_draw: dict[str, Number]
    accuracy_median: dict[str, Number]
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


class Evaluation(Record):
    """How far a system's predictions lie from people's answers, beside two baselines on the same rows."""

    name: str
    """The system that is evaluated, as it is keyed below; the baselines are `uniform` and `pooled`."""
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
    difference: Estimate
    """Mean `difference_metric` of the system minus that of `uniform`, on the same resamples: negative is better."""
    difference_metric: DistanceName
    """`wasserstein`, or `total_variation` where no cell has a Wasserstein."""
    probability_zero: dict[str, int]
    """system -> number of answers it had given probability 0; its log likelihoods are then infinite."""
    covered: Covered
    studies: list[StudyScores]
    cells: list[Cell]
