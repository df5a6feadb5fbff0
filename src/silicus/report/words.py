"""An evaluation in words: its numbers as text, its verdict, and the sentences both faces print.

Knows nothing of terminals and pages.
"""

from __future__ import annotations

import math

from silicus.errors import counted
from silicus.evaluate import FEWEST, LEFT_OUT, METRICS, Cell, Estimate, Evaluation, MetricName

__all__ = [
    "ARROWS",
    "COUNTS",
    "DASH",
    "answer",
    "baselines",
    "coverage",
    "deciding",
    "effective",
    "few",
    "how_many",
    "infinite",
    "interval",
    "left_out",
    "matching",
    "meaning",
    "measured",
    "noise",
    "number",
    "percent",
    "resampling",
    "score",
    "shorten",
    "studies_compared",
    "systems",
    "undecided",
    "verdict",
    "where",
    "with_interval",
]

DASH = "–"
"""What stands where a number is unknown."""

ARROWS = {"lower": "↓", "higher": "↑", "near 1": "→ 1"}
"""Which direction is better."""

_SIGNS: dict[MetricName, str] = {
    "wasserstein": "W", "total_variation": "total variation", "nll": "negative log likelihood, nats an answer,"
}  # fmt: skip

_FEW_ANSWERS = 30
"""With fewer in all, nobody is said to be closer."""
_SMALL_CELL = 10
"""With fewer answers a cell in the median, distances favour predictions that are too sure; the likelihood does not."""
_UNPREDICTED = 0.2
"""With a larger share of answers without a prediction, those that have one may be of other people."""
_NO_PREDICTION = ("no prediction for this respondent", "no prediction for the stimulus")

_MEANINGS: dict[MetricName, str] = {
    "wasserstein": "How far predicted answers must be moved along the scale to become people's answers.",
    "wasserstein_observed": "The same, measured in the range of answers that people really gave.",
    "total_variation": "The share of predicted answers that must be changed to become people's answers.",
    "js_distance": "How well one answer would tell whether it comes from people or from the prediction.",
    "entropy_ratio": "How undecided the prediction is beside people; below 1 it is too sure.",
    "sd_ratio": "How widely predicted answers are spread along the scale beside people's; below 1 too narrowly.",
    "accuracy_draw": "How near an answer drawn from the prediction comes to the person's, on average.",
    "accuracy_median": "How near the predicted median comes to the person's answer, on average.",
    "brier": "How far the prediction is from each answer given, in squared probability.",
    "nll": "How surprised the prediction is by each answer given; every cell counts alike.",
    "nll_per_answer": "How surprised the prediction is by each answer given; every answer counts alike.",
}

_MEANINGS_OF_GROUPS: dict[MetricName, str] = {
    "accuracy_draw": "How near the group's predicted answers come to each answer given; not individual accuracy.",
    "accuracy_median": "How near the group's predicted median comes to each answer given; not individual accuracy.",
}
"""The same where no answer is compared with a prediction for its own respondent."""

COUNTS = {"answers": ("answer", "answers"), "cells": ("cell", "cells")}


def systems(evaluation: Evaluation) -> tuple[str, str, str]:
    """Return the names of the evaluated system and its two baselines, in the order they are shown."""
    return evaluation.name, "uniform", "pooled"


def number(value: float | None, digits: int = 3, signed: bool = False) -> str:
    """Return a number with a fixed number of digits, a dash where it is unknown.

    Examples:
        >>> number(0.12345), number(-0.5, 1), number(float("nan")), number(0.04, signed=True)
        ('0.123', '−0.5', '–', '+0.040')
    """
    if value is None or not math.isfinite(value):
        return DASH
    text = f"{value:{'+' if signed else ''}.{digits}f}"
    # A rounded zero has no sign.
    return text.lstrip("+-") if float(text) == 0 else text.replace("-", "−")


def percent(share: float | None, digits: int = 0) -> str:
    """Return a share as a percentage, a dash where it is unknown.

    Examples:
        >>> percent(0.717), percent(None)
        ('72 %', '–')
    """
    text = number(None if share is None else 100 * share, digits)
    return text if text == DASH else f"{text} %"


def interval(estimate: Estimate, digits: int = 3) -> str:
    """Return `"low to high"`, or nothing where the interval is unknown."""
    low, high = number(estimate.low, digits), number(estimate.high, digits)
    return "" if DASH in {low, high} else f"{low} to {high}"


def with_interval(estimate: Estimate, digits: int = 3, signed: bool = False) -> str:
    """Return a number with its interval in brackets, as far as both are known.

    Examples:
        >>> with_interval(Estimate(value=0.5, low=0.25, high=0.75, n=9), digits=2)
        '0.50 (0.25 to 0.75)'
    """
    span = interval(estimate, digits)
    return number(estimate.value, digits, signed=signed) + (f" ({span})" if span else "")


def infinite(evaluation: Evaluation, system: str, metric: MetricName, answers: int) -> bool:
    """Return whether a log likelihood that is null is so because it is infinite.

    A mean over at least one answer is known, unless an answer in it had been given probability 0.
    """
    return metric.startswith("nll") and evaluation.probability_zero.get(system, 0) > 0 and answers > 0


def score(evaluation: Evaluation, system: str, metric: MetricName, value: float | None, answers: int) -> str:
    """Return the number of a metric as text; `∞` for a log likelihood that is infinite."""
    text = number(value)
    return "∞" if text == DASH and infinite(evaluation, system, metric, answers) else text


def shorten(text: str, width: int) -> str:
    """Return the text on one line, its end replaced by `…` where it is longer than `width`.

    Examples:
        >>> shorten("a model of long name", 8)
        'a model…'
    """
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1].rstrip() + "…"


def how_many(evaluation: Evaluation) -> str:
    """Return on how many studies, cells, answers and people the numbers rest."""
    nominal = f" ({evaluation.nominal_cells_n:,} nominal)" if evaluation.nominal_cells_n else ""
    people = f", {counted(evaluation.people_n, 'person', 'people')}"
    return (
        f"{counted(evaluation.studies_n, 'study', 'studies')}, "
        f"{counted(evaluation.cells_n, *COUNTS['cells'])}{nominal}, "
        f"{counted(evaluation.answers_n, *COUNTS['answers'])}"
        f"{people if evaluation.people_known else ' (people not identified)'}"
    )


def effective(cell: Cell) -> str:
    """Return the effective number of a cell's answers, to follow their number; nothing where they are the same."""
    n = cell.people_effective
    return "" if n is None or abs(n - cell.answers) < 0.05 else f", effective {n:,.1f}"


def baselines(evaluation: Evaluation) -> str:
    """Return what the two baselines know, and where the pooled one is no test at all."""
    told = (
        "Uniform knows nothing; pooled knows these very answers and ignores the condition: a control, not a competitor."
    )
    count = evaluation.one_condition_cells_n
    if not count:
        return told
    of = counted(evaluation.cells_n, *COUNTS["cells"])
    return f"{told} In {count:,} of {of} the question was asked in one condition only, so pooled is the answer itself."


def meaning(evaluation: Evaluation, metric: MetricName) -> str:
    """Return what a metric tells, in plain words."""
    own = _MEANINGS[metric]
    return own if evaluation.matched_by_person else _MEANINGS_OF_GROUPS.get(metric, own)


def matching(evaluation: Evaluation) -> str:
    """Return what the answers are compared with, and what accuracy therefore is."""
    person, mean = evaluation.matched_by_person, evaluation.matched_by_mean
    if not mean:
        return "Every answer is compared with the prediction for its own respondent."
    if person:
        return (
            f"{counted(person, *COUNTS['answers'])} compared with the prediction for their own respondent, {mean:,} "
            "with the mean prediction for the stimulus."
        )
    return (
        "Every answer is compared with the mean prediction for its stimulus: accuracy is how near the group's "
        "predicted answers come to each answer, not individual accuracy."
    )


def noise(evaluation: Evaluation) -> str:
    """Return how many answers a cell has, and what chance alone makes of a perfect prediction."""
    median = evaluation.answers_per_cell
    told = f"Cells have {median:,.10g} {'answer' if median == 1 else 'answers'} in the median"
    if evaluation.perfect_wasserstein is None:
        return f"{told}."
    perfect = number(evaluation.perfect_wasserstein)
    return (
        f"{told}: a perfect prediction of people's distribution would still score W = {perfect} at these numbers of "
        "answers."
    )


def resampling(evaluation: Evaluation) -> str:
    """Return what the intervals resample, and what they therefore cannot say."""
    draws = f"({evaluation.draws:,} draws)"
    if evaluation.resampled == "studies and cells":
        return f"95 % intervals resample studies, and cells within them {draws}."
    how = (
        f"respondents with all their answers {draws}"
        if evaluation.resampled == "respondents"
        else f"people within cells {draws} as if every answer came from another person (too narrow where people "
        "answered more than once)"
    )
    return (
        f"95 % intervals resample {how}, and are centred on the estimate; predictions and pooled are held fixed. They "
        "speak of these questions, not of other studies."
    )


def deciding(evaluation: Evaluation) -> MetricName:
    """Return the metric by which systems are compared: of small cells the likelihood, which the truth makes best."""
    return "nll" if evaluation.answers_per_cell < _SMALL_CELL else evaluation.difference_metric


def undecided(evaluation: Evaluation) -> str:
    """Return why nobody is said to be closer, "" where nothing speaks against it."""
    if evaluation.answers_n < _FEW_ANSWERS:
        return f"{counted(evaluation.answers_n, *COUNTS['answers'])} are too few to tell"
    missing = sum(evaluation.left_out.get(reason, 0) for reason in _NO_PREDICTION)
    share = missing / (missing + evaluation.answers_n)
    if share > _UNPREDICTED:
        return f"{percent(share)} of the answers have no prediction, and their people may differ from the others"
    return ""


def studies_compared(evaluation: Evaluation) -> int:
    """Return how many studies have the metric by which systems are compared."""
    metric = deciding(evaluation)
    return sum(study.metrics[evaluation.name][metric] is not None for study in evaluation.studies)


def few(evaluation: Evaluation) -> bool:
    """Return whether there are too few studies to speak of others."""
    return studies_compared(evaluation) < FEWEST


def left_out(evaluation: Evaluation) -> list[tuple[str, str]]:
    """Return what was left out as (count in words, reason), the largest count first."""
    ranked = sorted(evaluation.left_out.items(), key=lambda pair: -pair[1])
    return [(counted(n, *COUNTS[LEFT_OUT.get(reason, "answers")]), reason) for reason, n in ranked]


def coverage(evaluation: Evaluation) -> list[str]:
    """Return the sentences on the probability the system gave to the answers offered."""
    covered = evaluation.covered
    mean, minimum = number(covered.mean), number(covered.minimum)
    told = f"Probability mass covered by the answers offered: mean {mean}, minimum {minimum}"
    lines = [] if covered.mean is None else [f"{told}; what is scored is how it is divided among them."]
    for system in systems(evaluation):
        zero = evaluation.probability_zero.get(system, 0)
        if zero:
            count = counted(zero, *COUNTS["answers"])
            lines.append(f"{system} gave probability 0 to {count}: its log likelihood is infinite.")
    return lines


def verdict(evaluation: Evaluation) -> tuple[bool, str]:
    """Return whether the system is better than uniform guessing, and the sentence that says so.

    It is better when the whole interval of the paired difference lies below 0, in the metric that decides.
    """
    name, on, why = evaluation.name, where(evaluation), undecided(evaluation)
    found = evaluation.differences["uniform"][deciding(evaluation)]
    if found.value is None:
        return False, f"{on} it cannot be said whether {name} is better than uniform guessing."
    told = measured(evaluation, found)
    if why:
        return False, f"{on} it cannot be said whether {name} is better than uniform guessing: {why} ({told})."
    if found.high is not None and found.high < 0:
        return True, f"{on} {name} is closer to people than uniform guessing: {told}."
    if found.low is not None and found.low > 0:
        return False, f"{on} {name} is not better than uniform guessing, but worse: {told}."
    return False, f"{on} {name} is not better than uniform guessing: {told}."


def where(evaluation: Evaluation) -> str:
    """Return of what the verdict speaks: of few studies, of these alone."""
    studies = studies_compared(evaluation)
    if studies <= 1:
        return "On this study"
    return f"On these {studies} studies" if few(evaluation) else "On these data"


def measured(evaluation: Evaluation, found: Estimate, of: str = "") -> str:
    """Return a paired difference in the metric that decides, with what it is `of`, and how sure it is."""
    value, span = number(found.value, signed=True), interval(found)
    told = f"the difference{of} in {_SIGNS[deciding(evaluation)]} is {value}"
    if not span:
        return f"{told}, and there is no interval to tell that from chance"
    if number(found.low) == number(found.high) == number(found.value):
        return f"{told} in every resample" + (" of people" if evaluation.resampled != "studies and cells" else "")
    crosses = (found.low or 0) <= 0 <= (found.high or 0)
    return f"{told} (95 % {span})" + (", an interval that includes 0" if crosses else "")


def answer(evaluation: Evaluation) -> list[str]:
    """Return the paragraph and the verdict that answer "How close is the model to people?"."""
    metric = evaluation.difference_metric
    own, uniform, pooled = (_missed(evaluation, system, metric) for system in systems(evaluation))
    told = (
        ("of the scale's range", "0: the same answers; 1: people all at one end, predictions all at the other")
        if metric == "wasserstein"
        else ("of the answers", "0: the same answers; 1: no answer in common")
    )
    return [
        f"On average the predictions of {evaluation.name} lie {own} {told[0]} away from what people answered "
        f"({told[1]}). Guessing uniformly lies {uniform} away; the pooled control, which knows these very "
        f"answers and ignores the condition, {pooled}. In brackets: 95 % intervals. The measure is {_measure(metric)}.",
        verdict(evaluation)[1],
    ]


def _measure(metric: MetricName) -> str:
    return METRICS[metric].title + (" (W)" if metric == "wasserstein" else "")


def _missed(evaluation: Evaluation, system: str, metric: MetricName) -> str:
    estimate = evaluation.overall[system][metric]
    span = interval(estimate)
    return number(estimate.value) + (f" ({span})" if span else "")
