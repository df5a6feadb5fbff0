"""Two models on the same answers, at the prompt: one table, and the sentences that keep it honest."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from silicus.evaluate import METRICS, Estimate, Evaluation, MetricName
from silicus.report.page import print_anywhere
from silicus.report.words import (
    ARROWS,
    deciding,
    few,
    how_many,
    infinite,
    left_out,
    matching,
    measured,
    noise,
    number,
    resampling,
    score,
    studies_compared,
    undecided,
    where,
    with_interval,
)

__all__ = ["Comparison", "Matching", "closer", "print_comparison"]

Matching = Literal["own", "mean", "both"]
"""What answers are compared with: predictions for their own respondents, the mean for the stimulus, or as may be."""

_WIDTH = 100
_BETTER = "*"

_MATCHED: dict[Matching, str] = {
    "own": "the prediction for their own respondent",
    "mean": "the mean prediction for their stimulus",
    "both": "the prediction for their own respondent where there is one, else with the mean for their stimulus",
}


@dataclass(frozen=True)
class Comparison:
    """How two models lie to people, on the answers for which both have a prediction.

    Attributes:
        evaluation: of the first, with the second as a further system.
        other: the second's name.
        matched: what answers are compared with, for the first and for the second.
        differs: setting -> what it was for the first and for the second, where they differ.
    """

    evaluation: Evaluation
    other: str
    matched: tuple[Matching, Matching]
    differs: dict[str, tuple[str, str]]

    @property
    def decisive(self) -> Estimate:
        """The difference in the metric that decides: negative where the first is closer to people."""
        return self.evaluation.differences[self.other][deciding(self.evaluation)]


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Print a comparison in at most 100 columns, as plain text where the console is not a terminal.

    Args:
        comparison: two models on the same answers.
        console: where it is printed.
    """
    print_anywhere(lambda place: _print(comparison, place), console)


def _print(comparison: Comparison, console: Console) -> None:
    evaluation, width = comparison.evaluation, min(_WIDTH, console.width)

    def line(text: str, style: str = "") -> None:
        # Text objects, not markup: a name may hold square brackets.
        filled = "\n".join(textwrap.wrap(text.replace(" %", "\u00a0%"), width)).replace("\u00a0", " ")
        console.print(Text(filled, style=style), width=width, highlight=False)

    line(f"{evaluation.name} and {comparison.other} beside people", "bold")
    line(f"A: {evaluation.name}. B: {comparison.other}. Both on {how_many(evaluation)}.")
    line("")
    console.print(_table(comparison), width=width)
    line(
        f"{_BETTER} the better of the two; where the interval of A − B includes 0, that may be chance. "
        f"{ARROWS['lower']} lower is better, {ARROWS['higher']} higher is better, {ARROWS['near 1']} nearer to 1 is "
        f"better. W: Wasserstein-1. {resampling(evaluation)}",
        "dim",
    )
    line("")
    line(" ".join(_notes(comparison)), "dim")
    first, sentence = closer(comparison)
    line(sentence, "bold yellow" if first is None else "bold green")
    line(noise(evaluation))


def _table(comparison: Comparison) -> Table:
    evaluation, other = comparison.evaluation, comparison.other
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("", overflow="fold")
    for head in ("A ", "B ", "A − B (95 %)", "n"):
        table.add_column(Text(head), justify="right", no_wrap=True)
    for metric, told in METRICS.items():
        better, difference = _better(comparison, metric), evaluation.differences[other][metric]
        values = [
            score(evaluation, system, metric, evaluation.overall[system][metric].value, evaluation.answers_n)
            + (_BETTER if system == better else " ")
            for system in (evaluation.name, other)
        ]
        row = [*values, with_interval(difference, signed=True), f"{difference.n:,}"]
        table.add_row(f"{told.title} {ARROWS[told.better]}", *(Text(cell) for cell in row))
    return table


def _better(comparison: Comparison, metric: MetricName) -> str | None:
    """Return which of the two is better in a metric; `None` where they print alike or one is unknown."""
    evaluation = comparison.evaluation
    values: list[float] = []
    for system in (evaluation.name, comparison.other):
        value = evaluation.overall[system][metric].value
        if value is None:
            value = math.inf if infinite(evaluation, system, metric, evaluation.answers_n) else math.nan
        values.append(value)
    if any(map(math.isnan, values)) or number(values[0]) == number(values[1]):
        return None
    better = METRICS[metric].better
    first, second = (abs(value - 1) if better == "near 1" else value for value in values)
    if first == second:
        return None
    return evaluation.name if (first > second) == (better == "higher") else comparison.other


def closer(comparison: Comparison) -> tuple[str | None, str]:
    """Return which of the two is closer to people, and the sentence that says so.

    One is closer when the whole interval of the paired difference lies on its side of 0.
    """
    evaluation, other, found = comparison.evaluation, comparison.other, comparison.decisive
    name, on = evaluation.name, where(evaluation)
    if found.value is None:
        return None, f"{on} it cannot be said whether {name} or {other} is closer to people."
    told = f"{measured(evaluation, found, ' A − B')}.{_of_these(evaluation)}"
    if why := undecided(evaluation):
        return None, f"{on} it cannot be said whether {name} or {other} is closer to people: {why} ({told})"
    if found.high is not None and found.high < 0:
        return name, f"{on} {name} is closer to people than {other}: {told}"
    if found.low is not None and found.low > 0:
        return other, f"{on} {other} is closer to people than {name}: {told}"
    return None, f"{on} {name} and {other} cannot be told apart: {told}"


def _of_these(evaluation: Evaluation) -> str:
    if not few(evaluation):
        return ""
    if studies_compared(evaluation) <= 1:
        return " That speaks of this study alone."
    return " That speaks of these studies alone: they are fewer than 10."


def _notes(comparison: Comparison) -> Iterator[str]:
    evaluation, other = comparison.evaluation, comparison.other
    if comparison.differs:
        told = "; ".join(f"{name}: {first} and {second}" for name, (first, second) in comparison.differs.items())
        yield f"Beside the model the runs differ in {told}."
    missing = [f"{count} ({reason})" for count, reason in left_out(evaluation)]
    if missing:
        yield f"Left out: {', '.join(missing)}."
    first, second = comparison.matched
    if first == second:
        yield matching(evaluation)
    else:
        yield (
            f"Answers are compared with {_MATCHED[first]} by {evaluation.name}, and with {_MATCHED[second]} by "
            f"{other}: accuracy of a mean is not individual accuracy."
        )
    for system in (evaluation.name, other):
        zero = evaluation.probability_zero[system]
        if zero:
            yield f"{system} gave probability 0 to {zero:,} of the answers: its log likelihood is infinite."
    guess = evaluation.overall["uniform"][evaluation.difference_metric].value
    yield f"{METRICS[evaluation.difference_metric].title} of uniform guessing: {number(guess)}."
