"""Several ways of predicting the same answers: a table, nearest first, and a specification curve.

A specification curve (Simonsohn, Simmons & Nelson, 2020, https://doi.org/10.1038/s41562-020-0912-z) shows every result
that a reasonable choice would have given, in order, with the choices below.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from silicus.evaluate import METRICS, Estimate, Evaluation
from silicus.report.charts import COLOURS, Spec, known, quantity, svg
from silicus.report.page import print_anywhere, write_page
from silicus.report.words import ARROWS, deciding, how_many, left_out, number, resampling, undecided, with_interval

__all__ = ["Way", "Ways", "print_ways", "write_ways"]

_WIDTH = 120


@dataclass(frozen=True)
class Way:
    """One run among several.

    Attributes:
        name: of the run.
        settings: option -> what it was, of those in which the runs differ.
    """

    name: str
    settings: dict[str, str]


@dataclass(frozen=True)
class Ways:
    """How several runs lie to people, on the answers for which all have a prediction.

    Attributes:
        evaluation: of the first, with the others as further systems.
        ways: every run, in the order given.
    """

    evaluation: Evaluation
    ways: list[Way]

    def nearest_first(self) -> list[tuple[Way, Estimate]]:
        """Return the runs and their mean distance from people, the nearest first; without a distance last."""
        metric = deciding(self.evaluation)
        found = [(way, self.evaluation.overall[way.name][metric]) for way in self.ways]
        return sorted(found, key=lambda pair: math.inf if pair[1].value is None else pair[1].value)

    def against_first(self, way: Way) -> Estimate | None:
        """Return the paired difference of a run from the first: negative where it is nearer to people."""
        found = self.evaluation.differences.get(way.name)
        if found is None:
            return None
        own = found[deciding(self.evaluation)]
        # It is kept as the first less the other.
        low, high = (None if end is None else -end for end in (own.high, own.low))
        return own.model_copy(update={"value": None if own.value is None else -own.value, "low": low, "high": high})


def print_ways(ways: Ways, console: Console) -> None:
    """Print a table of ways, nearest first, in at most 120 columns.

    Args:
        ways: several runs on the same answers.
        console: where it is printed.
    """
    evaluation = ways.evaluation

    def show(where: Console) -> None:
        width = min(_WIDTH, where.width)
        where.print(Text(f"{len(ways.ways)} ways beside people", style="bold"), highlight=False)
        where.print(Text(f"All on {how_many(evaluation)}.\n"), highlight=False)
        where.print(_table(ways), width=width)
        for sentence in _sentences(ways):
            where.print(Text("\n".join(textwrap.wrap(sentence, width)), style="dim"), highlight=False)

    print_anywhere(show, console)


def _table(ways: Ways) -> Table:
    metric = METRICS[deciding(ways.evaluation)]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("run", overflow="fold")
    options = list(ways.ways[0].settings)
    for option in options:
        table.add_column(Text(option.replace("_", "-")), overflow="fold")
    for head in (f"{metric.title} {ARROWS[metric.better]} (95 %)", f"less that of {ways.ways[0].name} (95 %)"):
        table.add_column(Text(head), justify="right")
    for way, found in ways.nearest_first():
        row = [way.name, *(way.settings[option] for option in options), with_interval(found), _against(ways, way)]
        table.add_row(*(Text(cell) for cell in row))
    return table


def _sentences(ways: Ways) -> Iterator[str]:
    evaluation, metric = ways.evaluation, deciding(ways.evaluation)
    values = sorted(found.value for _, found in ways.nearest_first() if found.value is not None)
    if values:
        guess = evaluation.overall["uniform"][metric].value
        yield (
            f"{METRICS[metric].title} over the {len(values)} ways: {number(values[0])} to {number(values[-1])}, median "
            f"{number(median(values))}; uniform guessing {number(guess)}. The best of {len(values)} ways looks better "
            "here than it will on other people: choose on one part of the data, and report on another."
        )
    if why := undecided(evaluation):
        yield f"Which is closer to people cannot be said: {why}."
    missing = [f"{count} ({reason})" for count, reason in left_out(evaluation)]
    if missing:
        yield f"Left out: {', '.join(missing)}."
    yield resampling(evaluation)


def write_ways(path: Path, ways: Ways) -> None:
    """Write a page with the specification curve and the table.

    Raises:
        MissingExtraError: a library of the extra `report` is not installed.
        RunError: the file cannot be written.
    """
    metric = METRICS[deciding(ways.evaluation)]
    rows = [
        (way.name, list(way.settings.values()), with_interval(found), _against(ways, way))
        for way, found in ways.nearest_first()
    ]
    write_page(
        path, "ways.html.j2", many=how_many(ways.evaluation), curve=_curve(ways), rows=rows, metric=metric,
        options=[option.replace("_", "-") for option in ways.ways[0].settings], first=ways.ways[0].name,
        sentences=list(_sentences(ways)), count=len(ways.ways),
    )  # fmt: skip


def _against(ways: Ways, way: Way) -> str:
    found = ways.against_first(way)
    return "–" if found is None else with_interval(found, signed=True)


def _curve(ways: Ways) -> str:
    """Return the specification curve: the distances in order, and below them which choices were made."""
    metric = METRICS[deciding(ways.evaluation)]
    found = [(way, e) for way, e in ways.nearest_first() if e.value is not None]
    guess = ways.evaluation.overall["uniform"][deciding(ways.evaluation)].value
    points = [
        {"place": place, "run": way.name, "w": e.value, "low": e.low, "high": e.high}
        for place, (way, e) in enumerate(found, start=1)
    ]
    choices = [
        {"place": place, "choice": f"{option.replace('_', '-')}: {value}"}
        for place, (way, _) in enumerate(found, start=1)
        for option, value in way.settings.items()
    ]
    x: Spec = {"field": "place", "type": "ordinal", "title": None, "axis": None}
    whiskers: Spec = {
        "mark": {"type": "rule", "strokeWidth": 2, "color": COLOURS[1]},
        "transform": [known("low", "high")],
        "encoding": {"x": x, "y": quantity("low"), "y2": {"field": "high"}},
    }
    dots: Spec = {
        "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1, "color": COLOURS[1]},
        "encoding": {"x": x, "y": quantity("w", title=metric.title, scale={"zero": True})},
    }
    line: Spec = {
        "data": {"values": [{"w": guess}]},
        "mark": {"type": "rule", "strokeDash": [5, 4], "color": COLOURS[2]},
        "encoding": {"y": quantity("w")},
    }
    axis = {"labelLimit": 320, "domain": False, "ticks": False, "grid": True}
    width = max(240, min(26 * len(points), 620))
    top: Spec = {"data": {"values": points}, "layer": [line, whiskers, dots], "width": width, "height": 220}
    order = list(dict.fromkeys(str(row["choice"]) for row in sorted(choices, key=lambda row: str(row["choice"]))))
    below: Spec = {
        "data": {"values": choices},
        "mark": {"type": "square", "filled": True, "size": 70, "opacity": 1, "color": "#333"},
        "encoding": {"x": x, "y": {"field": "choice", "type": "nominal", "sort": order, "title": None, "axis": axis}},
        "width": width,
        "height": {"step": 20},
    }
    told = "; ".join(f"{row['run']} {number(e.value)}" for row, (_, e) in zip(points, found, strict=True))
    return svg({"vconcat": [top, below]}, f"Specification curve, {metric.title}, nearest first: {told}.")
