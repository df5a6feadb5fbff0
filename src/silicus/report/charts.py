"""Charts of an evaluation, as SVG that stands in a page by itself.

Knows nothing of the page. altair describes a chart, vl-convert draws it, both without a browser or a network.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Sequence
from typing import Any

from silicus.evaluate import METRICS, Cell, Evaluation
from silicus.plugins import require
from silicus.record import digest
from silicus.report.cells import Row, cumulative, most_given, shares
from silicus.report.words import main_metric, number, shorten, systems

__all__ = ["COLOURS", "MOST_BARS", "PAGE", "distances", "distances_of_studies", "distributions", "draws_lines"]

COLOURS = ("#0072B2", "#D55E00", "#8c8c8c", "#56B4E9")
"""People, the system, uniform, pooled: of Okabe and Ito's palette for colour-blind readers, and a grey."""

MOST_BARS = 11
"""A longer scale is drawn as cumulative lines."""

PAGE = 896
"""How wide a chart may be, in pixels."""

_PEOPLE = "people"
# The metrics of Arial are built into vl-convert (as Arimo), so that labels take the same room everywhere.
_FONT = "Arial, Helvetica, sans-serif"


def draws_lines(cell: Cell) -> bool:
    """Return whether a cell is drawn as cumulative lines instead of bars."""
    return cell.ordered and len(cell.values) > MOST_BARS


def distributions(evaluation: Evaluation, cells: Sequence[Cell], room: int = PAGE) -> str:
    """Return a chart of people's answers beside the predictions, one panel a cell.

    Args:
        evaluation: names the systems.
        cells: cells of one question whose scales have the same points.
        room: how wide the chart may be, in pixels.
    """
    lines = draws_lines(cells[0])
    rows = [row for cell in cells for row in _rows(evaluation, cell, lines)]
    points = list(dict.fromkeys(str(row["point"]) for row in rows))
    margin = 60 if lines else 24 + min(230, 7 * max(len(point) for point in points))
    columns = min(3, len(cells))
    width = min(400, (room - margin) // columns - 24)
    layer = _lines(evaluation, rows, width) if lines else _bars(evaluation, rows, points, width)
    alt = require("altair")
    panels = list(dict.fromkeys(str(row["panel"]) for row in rows))
    header = alt.Header(title=None, labelFontSize=13, labelFontWeight="bold", labelAnchor="start")
    panel = alt.Facet("panel:N", sort=panels, header=header)
    kind = "Cumulative shares" if lines else "Shares"
    told = f"{kind} of answers of people and of the predictions, by condition: {'; '.join(panels)}."
    return _svg(layer.facet(facet=panel, columns=columns, spacing=24), told)


def _rows(evaluation: Evaluation, cell: Cell, lines: bool) -> list[dict[str, object]]:
    """Return the rows a panel is drawn from, shares in per cent."""
    found = cumulative(cell) if lines else most_given(shares(cell), MOST_BARS)
    panel = f"{shorten(cell.condition, 40)} (n = {cell.answers:,})"
    return [
        {
            "panel": panel,
            "point": shorten(row.label, 34),
            "value": row.value,
            "system": system,
            "share": _hundred(share),
            "low": _hundred(row.low) if system == _PEOPLE else None,
            "high": _hundred(row.high) if system == _PEOPLE else None,
        }
        for row in found
        for system, share in _side_by_side(evaluation, row)
    ]


def _side_by_side(evaluation: Evaluation, row: Row) -> list[tuple[str, float | None]]:
    return [(_PEOPLE, row.people), *((system, row.predicted[system]) for system in systems(evaluation))]


def _hundred(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _names(evaluation: Evaluation) -> list[str]:
    return [_PEOPLE, *systems(evaluation)]


def _colour(names: Sequence[str], colours: Sequence[str]) -> Any:
    alt = require("altair")
    legend = alt.Legend(title=None, orient="top", labelLimit=400)
    return alt.Color("system:N", scale=alt.Scale(domain=names, range=colours), sort=names, legend=legend)


def _bars(evaluation: Evaluation, rows: list[dict[str, object]], points: list[str], width: int) -> Any:
    alt = require("altair")
    names = _names(evaluation)
    y = alt.Y("point:N", sort=points, title=None, scale=alt.Scale(paddingInner=0.22, paddingOuter=0.1))
    beside = alt.YOffset("system:N", sort=names, scale=alt.Scale(domain=names, paddingInner=0.08))
    top = max([100.0 if len(points) <= 2 else 0.0, *(_top(row) for row in rows)])
    x = alt.X("share:Q", title="% of answers", scale=alt.Scale(domain=[0, top], nice=True))
    bars = alt.Chart().mark_bar().encode(y=y, yOffset=beside, x=x, color=_colour(names, COLOURS))
    whisker = alt.Chart().mark_errorbar(color="#111", ticks=alt.MarkConfig(size=6))
    whisker = whisker.transform_filter("datum.low !== null")
    whisker = whisker.encode(y=y, yOffset=beside, x=alt.X("low:Q", title="% of answers"), x2="high:Q")
    layer = alt.layer(bars, whisker, data=alt.InlineData(values=rows))
    return layer.properties(width=width, height=max(60, 48 * len(points)))


def _top(row: dict[str, object]) -> float:
    return max(float(str(row[key] or 0.0)) for key in ("share", "high"))


def _lines(evaluation: Evaluation, rows: list[dict[str, object]], width: int) -> Any:
    alt = require("altair")
    names = _names(evaluation)
    x = alt.X("value:Q", title="answer", scale=alt.Scale(nice=False))
    y = alt.Y("share:Q", title="% at or below", scale=alt.Scale(domain=[0, 100]), axis=alt.Axis(tickCount=5))
    dashes = alt.StrokeDash(
        "system:N", sort=names, scale=alt.Scale(domain=names, range=[[1, 0], [1, 0], [2, 3], [6, 3]]), legend=None
    )
    lines = alt.Chart().mark_line(interpolate="step-after", strokeWidth=2)
    lines = lines.encode(x=x, y=y, color=_colour(names, COLOURS), strokeDash=dashes)
    band = alt.Chart().mark_area(interpolate="step-after", color=COLOURS[0], opacity=0.18)
    band = band.transform_filter("datum.low !== null").encode(x=x, y="low:Q", y2="high:Q")
    layer = alt.layer(band, lines, data=alt.InlineData(values=rows))
    return layer.properties(width=width, height=200)


def distances(evaluation: Evaluation) -> str:
    """Return a chart of the mean distance of every system from people, with its interval."""
    alt = require("altair")
    names = list(systems(evaluation))
    metric = main_metric(evaluation)
    found = [evaluation.overall[name][metric] for name in names]
    rows = [
        {"system": name, "w": e.value, "low": e.low, "high": e.high, "text": number(e.value)}
        for name, e in zip(names, found, strict=True)
    ]
    y = alt.Y("system:N", sort=names, title=None, axis=alt.Axis(domain=False, ticks=False, labelFontSize=13))
    base = alt.Chart(alt.InlineData(values=rows)).transform_filter("datum.w !== null")
    title = f"{METRICS[metric].title} (0: the same answers)"
    x = alt.X("w:Q", title=title, scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=7))
    colour = _colour(names, COLOURS[1:])
    colour.legend = None
    whisker = base.transform_filter("datum.low !== null && datum.high !== null")
    whisker = whisker.mark_rule(strokeWidth=2).encode(y=y, x="low:Q", x2="high:Q", color=colour)
    dots = base.mark_point(filled=True, size=110, opacity=1).encode(y=y, x=x, color=colour)
    words = base.mark_text(dy=-13, fontSize=12, color="#222").encode(y=y, x="w:Q", text="text:N")
    told = "; ".join(f"{row['system']} {row['text']}" for row in rows)
    chart = alt.layer(whisker, dots, words).properties(width=740, height=46 * len(names))
    return _svg(chart, f"{METRICS[metric].title}: mean distance from people by system, with 95 % intervals: {told}.")


def distances_of_studies(evaluation: Evaluation, most: int = 60) -> str:
    """Return a chart of the distance of every system from people in every study, the nearest study first.

    Args:
        evaluation: of several studies.
        most: with more studies, those with most answers are drawn.
    """
    alt = require("altair")
    names = list(systems(evaluation))
    metric = main_metric(evaluation)
    kept = sorted(evaluation.studies, key=lambda study: -study.answers)[:most]
    nearest = sorted(kept, key=lambda study: _or_last(study.metrics[names[0]][metric]))
    rows = [
        {"study": shorten(study.study, 36), "system": name, "w": study.metrics[name][metric]}
        for study in nearest
        for name in reversed(names)  # What comes last is drawn on top.
    ]
    order = list(dict.fromkeys(row["study"] for row in rows))
    y = alt.Y("study:N", sort=order, title=None, axis=alt.Axis(grid=True, domain=False, ticks=False))
    base = alt.Chart(alt.InlineData(values=rows)).transform_filter("datum.w !== null")
    legend = alt.Legend(title=None, orient="top", labelLimit=400)
    shape = alt.Shape(
        "system:N", sort=names, scale=alt.Scale(domain=names, range=["circle", "square", "diamond"]), legend=legend
    )
    x = alt.X("w:Q", title=METRICS[metric].title, scale=alt.Scale(zero=True))
    dots = base.mark_point(filled=True, size=70, opacity=1)
    dots = dots.encode(y=y, x=x, color=_colour(names, COLOURS[1:]), shape=shape)
    told = f"{METRICS[metric].title} between people and every system in {len(kept)} studies; the table has the numbers."
    return _svg(dots.properties(width=700, height=alt.Step(19)), told)


def _or_last(value: float | None) -> float:
    return float("inf") if value is None else value


def _svg(chart: Any, told: str) -> str:
    """Return a chart as an SVG element to stand inside a page, `told` to readers who do not see it."""
    styled = (
        chart.configure(font=_FONT, background="white", aria=False)
        .configure_axis(
            labelColor="#333",
            titleColor="#333",
            titleFontWeight="normal",
            gridColor="#e6e6e6",
            domainColor="#999",
            tickColor="#999",
            labelFontSize=12,
            titleFontSize=12,
            labelLimit=260,
        )
        .configure_view(stroke=None)
        .configure_legend(labelFontSize=13, symbolSize=120)
        .configure_header(labelColor="#222", labelLimit=360)
    )
    require("vl_convert")
    drawn = io.StringIO()
    styled.save(drawn, format="svg")
    # Inside a page an SVG needs no name space, and its ids must not meet those of its neighbours.
    svg = re.sub(r'\sxmlns(:xlink)?="[^"]*"', "", drawn.getvalue())
    svg = re.sub(r'(id="|url\(#)(?=[a-z])', rf"\g<1>c{digest(svg)}-", svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{html.escape(told)}"', 1)
