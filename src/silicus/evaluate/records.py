"""What the numbers of an evaluation are: metrics by name, estimates with intervals, and why something is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from silicus.record import Number, Record

__all__ = [
    "LEFT_OUT",
    "METRICS",
    "DistanceName",
    "Estimate",
    "Metric",
    "MetricName",
    "Number",
    "Resampled",
]

MetricName = Literal[
    "wasserstein",
    "wasserstein_observed",
    "total_variation",
    "js_distance",
    "entropy_ratio",
    "sd_ratio",
    "accuracy_draw",
    "accuracy_median",
    "brier",
    "nll",
    "nll_per_answer",
]

DistanceName = Literal["wasserstein", "total_variation"]

Resampled = Literal["studies and cells", "respondents", "people"]
"""What the intervals resample: studies and cells within them; of fewer than ten studies, which stay, respondents with
all their answers, or, where they are not known or answer once each, people within cells as if every answer came from
another person."""


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
    better: Literal["lower", "higher", "near 1"]
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
    "js_distance": Metric(
        "Jensen-Shannon distance", "square root of nats, 0 to 0.833", "lower",
        _CELLS + " Cells with fewer than 2 answers have none.",
    ),
    "entropy_ratio": Metric(
        "Entropy, prediction / people", "1: as undecided as people", "near 1",
        _CELLS + " Cells with fewer than 30 answers, or in which all answer alike, have none: few look too decided.",
    ),
    "sd_ratio": Metric(
        "Standard deviation, prediction / people", "1: as spread as people", "near 1",
        _CELLS + " Cells without order, with fewer than 30 answers, or in which all answer alike, have none.",
    ),
    "accuracy_draw": Metric(
        "Accuracy of a random draw", "1 - |drawn - given| / range, 0 to 1", "higher", _ANSWERS
    ),
    "accuracy_median": Metric(
        "Accuracy of the median answer", "1 - |median - given| / range, 0 to 1", "higher", _ANSWERS
    ),
    "brier": Metric("Brier score", "squared probability, 0 to 2", "lower", _ANSWERS),
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
    "no prediction for this respondent": "answers",
    "refusal": "answers",
    "fewer than 2 answers in the cell": "cells",
    "no order on the scale, so no Wasserstein": "cells",
    "one answer given by all, so no observed range": "cells",
}
"""Why something is left out -> what is counted. Cells so counted keep their other metrics."""


class Estimate(Record):
    """A value and its interval."""

    value: Number
    low: Number
    """The lower end of the 95 % interval."""
    high: Number
    """The upper end of the 95 % interval."""
    n: int
    """How many cells (for `nll_per_answer`: answers) the value is a mean over."""
