"""An evaluation at the prompt: two compact tables, and the sentences that keep them honest."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from silicus.evaluate import METRICS, Cell, Evaluation, MetricName, StudyScores
from silicus.report.cells import Row, mean, most_given, shares
from silicus.report.findings import findings
from silicus.report.page import print_anywhere
from silicus.report.words import (
    ARROWS,
    DASH,
    baselines,
    coverage,
    effective,
    how_many,
    interval,
    left_out,
    matching,
    noise,
    number,
    percent,
    resampling,
    score,
    shorten,
    systems,
    verdict,
)

__all__ = ["print_evaluation"]

_WIDTH = 100
_CELLS = 12
_POINTS = 5
_STUDIES = 40
_NOMINAL = "* total variation: no order, so no W."

_OF_STUDY: tuple[tuple[str, MetricName], ...] = (
    ("W\nstated", "wasserstein"),
    ("W\nobs.", "wasserstein_observed"),
    ("\nTV", "total_variation"),
    ("acc.\ndraw", "accuracy_draw"),
    ("acc.\nmedian", "accuracy_median"),
    ("NLL per\nanswer", "nll_per_answer"),
)


def print_evaluation(evaluation: Evaluation, console: Console) -> None:
    """Print an evaluation in at most 100 columns, as plain text where the console is not a terminal.

    Args:
        evaluation: how far a system's predictions lie from people's answers.
        console: where it is printed.
    """
    print_anywhere(lambda where: _print(evaluation, where), console)


def _print(evaluation: Evaluation, console: Console) -> None:
    width = min(_WIDTH, console.width)

    def line(text: str, style: str = "") -> None:
        # Text objects, not markup: a label may hold square brackets.
        console.print(Text(_fill(text, width), style=style), width=width, highlight=False)

    line(f"{evaluation.name} beside people", "bold")
    line(f"On {how_many(evaluation)}.")
    line("")
    console.print(_overall(evaluation, width), width=width)
    arrows = f"{ARROWS['lower']} lower is better, {ARROWS['higher']} higher is better. W: Wasserstein-1."
    line(f"{arrows} {resampling(evaluation)}", "dim")
    line("")
    if evaluation.studies_n > 1:
        console.print(_studies(evaluation), width=width)
        line("")
    elif evaluation.cells_n <= _CELLS:
        console.print(_cells(evaluation), width=width)
        line("")
    line(" ".join(_notes(evaluation)), "dim")
    better, sentence = verdict(evaluation)
    line(sentence, "bold green" if better else "bold yellow")
    line(noise(evaluation))
    for finding in findings(evaluation):
        line("")
        line(finding.title, "bold")
        for sentence in finding.sentences:
            line(sentence)


def _fill(text: str, width: int) -> str:
    """Return the text in lines of at most `width`, a number never parted from its `%` or `=`."""
    lines = textwrap.wrap(text.replace(" %", "\u00a0%").replace(" = ", "\u00a0=\u00a0"), width)
    return "\n".join(lines).replace("\u00a0", " ")


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1), header_style="bold")


def _name(system: str) -> Text:
    return Text(shorten(system, 20))


def _overall(evaluation: Evaluation, width: int) -> Table:
    table = _table()
    table.add_column("")
    for system in systems(evaluation):
        table.add_column(_name(system), justify="right", no_wrap=True)
    # Value and interval stand side by side where there is room.
    gap = " " if width >= _WIDTH else "\n"
    for metric, told in METRICS.items():
        values = [_estimate(evaluation, system, metric, gap) for system in systems(evaluation)]
        table.add_row(f"{told.title} {ARROWS[told.better]}", *values)
    return table


def _estimate(evaluation: Evaluation, system: str, metric: MetricName, gap: str) -> Text:
    estimate = evaluation.overall[system][metric]
    text = Text(score(evaluation, system, metric, estimate.value, evaluation.answers_n))
    span = interval(estimate)
    return text.append(f"{gap}{span}", style="dim") if span else text


def _studies(evaluation: Evaluation) -> Table:
    """Return the table of studies; beyond 40, those with most answers."""
    table = _table()
    table.padding = (0, 0)
    table.add_column(Text("\nstudy"), overflow="fold")
    sign = "W" if evaluation.difference_metric == "wasserstein" else "TV"
    heads = [*(head for head, _ in _OF_STUDY), f"{sign}\nuniform", f"{sign}\npooled"]
    for head in ("\ncells", "\nanswers", *heads):
        table.add_column(Text(head), justify="right", no_wrap=True)
    ranked = sorted(evaluation.studies, key=lambda study: -study.answers)
    shown = {study.study for study in ranked[:_STUDIES]}
    for study in evaluation.studies:
        if study.study in shown:
            table.add_row(*_study(evaluation, study))
    captions = [_NOMINAL] if any(_beside(evaluation, study)[0].endswith("*") for study in ranked) else []
    if len(ranked) > len(shown):
        captions.append(f"The {len(shown)} studies with most answers, of {len(ranked)}.")
    table.caption = "\n".join(captions) or None
    return table


def _study(evaluation: Evaluation, study: StudyScores) -> list[Text]:
    own = evaluation.name
    metrics = study.metrics[own]
    values = [score(evaluation, own, metric, metrics[metric], study.answers) for _, metric in _OF_STUDY]
    counts = [f"{study.cells:,}", f"{study.answers:,}"]
    return [Text(shorten(study.study, 60)), *(Text(text) for text in (*counts, *values, *_beside(evaluation, study)))]


def _beside(evaluation: Evaluation, study: StudyScores) -> list[str]:
    """Return the distance of the baselines; their total variation, starred, where a study has no other."""
    controls = [study.metrics[system] for system in systems(evaluation)[1:]]
    main = evaluation.difference_metric
    if main == "wasserstein" and all(metrics[main] is None for metrics in controls):
        found = [number(metrics["total_variation"]) for metrics in controls]
        return [text if text == DASH else f"{text}*" for text in found]
    return [number(metrics[main]) for metrics in controls]


def _cells(evaluation: Evaluation) -> Table:
    table = _table()
    table.add_column("answer", overflow="fold")
    table.add_column("people (95 %)", justify="right", no_wrap=True)
    for system in systems(evaluation):
        table.add_column(_name(system), justify="right", no_wrap=True)
    for place, cell in enumerate(evaluation.cells):
        if place:
            table.add_row("")
        table.add_row(Text(_heading(cell), style="bold"))
        for row in _rows(evaluation, cell):
            table.add_row(*row)
    return table


def _heading(cell: Cell) -> str:
    heading = f"{shorten(cell.condition, 24)} · {shorten(cell.question, 24)}, n = {cell.answers:,}{effective(cell)}"
    apart = (cell.refusal_human, cell.refusal_predicted)
    return heading + (f" (refusals {percent(apart[0])}, model {percent(apart[1])})" if any(apart) else "")


def _rows(evaluation: Evaluation, cell: Cell) -> Iterator[list[Text]]:
    """Yield one row a point, or the mean of a longer scale, or the answers most given where none is a mean."""
    if len(cell.values) > _POINTS and cell.ordered:
        row = mean(cell)
        span = f"({number(row.low, 2)} to {number(row.high, 2)})"
        yield _row(evaluation, row, number(row.people, 2), span, lambda value: number(value, 2))
        return
    every = shares(cell)
    for row in most_given(every, _POINTS):
        span = f"({percent(row.low).removesuffix(' %')} to {percent(row.high).removesuffix(' %')})"
        yield _row(evaluation, row, percent(row.people), span, percent)
    if len(every) > _POINTS:
        yield [Text(f"  and {len(every) - _POINTS} answers given less", style="dim")]


def _row(evaluation: Evaluation, row: Row, people: str, span: str, shown: Callable[[float | None], str]) -> list[Text]:
    own = Text(people)
    if DASH not in span:
        own.append(f" {span}", style="dim")
    values = [Text(shown(row.predicted[system])) for system in systems(evaluation)]
    return [Text(f"  {shorten(row.label, 60)}"), own, *values]


def _notes(evaluation: Evaluation) -> Iterator[str]:
    if evaluation.studies_n == 1 and evaluation.cells_n > _CELLS:
        yield f"The {evaluation.cells_n:,} cells are too many to show here; they are kept in the evaluation."
    missing = [f"{count} ({reason})" for count, reason in left_out(evaluation)]
    if missing:
        yield f"Left out: {', '.join(missing)}."
    yield from coverage(evaluation)
    yield matching(evaluation)
    yield baselines(evaluation)
