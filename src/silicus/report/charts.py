"""Charts of an evaluation, as SVG that stands in a page by itself.

Knows nothing of the page. A chart is described in Vega-Lite (https://vega.github.io/vega-lite/docs/) and drawn by
vl-convert, without a browser or a network.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from silicus.evaluate import METRICS, Cell, Evaluation
from silicus.plugins import require
from silicus.record import digest
from silicus.report.cells import Row, cumulative, most_given, shares
from silicus.report.words import effective, number, shorten, systems

__all__ = [
    "COLOURS", "MOST_BARS", "PAGE", "Spec", "distances", "distances_of_studies", "distributions", "draws_lines",
    "known", "quantity", "svg",
]  # fmt: skip

COLOURS = ("#0072B2", "#D55E00", "#8c8c8c", "#56B4E9")
"""People, the system, uniform, pooled: of Okabe and Ito's palette for colour-blind readers, and a grey."""

MOST_BARS = 11
"""A longer scale is drawn as cumulative lines."""

PAGE = 896
"""How wide a chart may be, in pixels."""

_PEOPLE = "people"
Spec = dict[str, object]
"""A chart, or a part of one, in the words of Vega-Lite."""

# The metrics of Arial are built into vl-convert (as Arimo), so that labels take the same room everywhere.
_FONT = "Arial, Helvetica, sans-serif"

_AXIS = "% of answers"
_LEGEND = {"title": None, "orient": "top", "labelLimit": 400}
_CONFIG: Spec = {
    "font": _FONT,
    "background": "white",
    "aria": False,
    "view": {"continuousWidth": 300, "continuousHeight": 300, "stroke": None},
    "axis": {
        "labelColor": "#333",
        "titleColor": "#333",
        "titleFontWeight": "normal",
        "gridColor": "#e6e6e6",
        "domainColor": "#999",
        "tickColor": "#999",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "labelLimit": 260,
    },
    "legend": {"labelFontSize": 13, "symbolSize": 120},
    "header": {"labelColor": "#222", "labelLimit": 360},
}


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
    layer = _lines(evaluation, width) if lines else _bars(evaluation, rows, points, width)
    panels = list(dict.fromkeys(str(row["panel"]) for row in rows))
    header = {"title": None, "labelFontSize": 13, "labelFontWeight": "bold", "labelAnchor": "start"}
    facet = {"field": "panel", "type": "nominal", "sort": panels, "header": header}
    chart: Spec = {"data": {"values": rows}, "facet": facet, "columns": columns, "spacing": 24, "spec": layer}
    kind = "Cumulative shares" if lines else "Shares"
    told = f"{kind} of answers of people and of the predictions, by condition: {'; '.join(panels)}."
    return svg(chart, told)


def _rows(evaluation: Evaluation, cell: Cell, lines: bool) -> list[dict[str, object]]:
    """Return the rows a panel is drawn from, shares in per cent."""
    found = cumulative(cell) if lines else most_given(shares(cell), MOST_BARS)
    panel = f"{shorten(cell.condition, 40)} (n = {cell.answers:,}{effective(cell)})"
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


def _colour(names: Sequence[str], colours: Sequence[str]) -> Spec:
    scale = {"domain": names, "range": colours}
    return {"field": "system", "type": "nominal", "scale": scale, "sort": names, "legend": _LEGEND}


def quantity(field: str, **options: object) -> Spec:
    """Return a number on an axis."""
    return {"field": field, "type": "quantitative", **options}


def known(*fields: str) -> Spec:
    """Return a filter that leaves out the rows where one of the fields is unknown."""
    return {"filter": " && ".join(f"datum.{field} !== null" for field in fields)}


def _bars(evaluation: Evaluation, rows: list[dict[str, object]], points: list[str], width: int) -> Spec:
    names = _names(evaluation)
    bands = {"paddingInner": 0.22, "paddingOuter": 0.1}
    beside = {"domain": names, "paddingInner": 0.08}
    place: Spec = {
        "y": {"field": "point", "type": "nominal", "sort": points, "title": None, "scale": bands},
        "yOffset": {"field": "system", "type": "nominal", "sort": names, "scale": beside},
    }
    top = max([100.0 if len(points) <= 2 else 0.0, *(_top(row) for row in rows)])
    share = quantity("share", title=_AXIS, scale={"domain": [0, top], "nice": True})
    bars = {"mark": {"type": "bar"}, "encoding": {**place, "x": share, "color": _colour(names, COLOURS)}}
    whiskers = {
        "mark": {"type": "errorbar", "color": "#111", "ticks": {"size": 6}},
        "transform": [known("low")],
        "encoding": {**place, "x": quantity("low", title=_AXIS), "x2": {"field": "high"}},
    }
    return {"layer": [bars, whiskers], "width": width, "height": max(60, 48 * len(points))}


def _top(row: dict[str, object]) -> float:
    return max(float(str(row[key] or 0.0)) for key in ("share", "high"))


def _lines(evaluation: Evaluation, width: int) -> Spec:
    names = _names(evaluation)
    x = quantity("value", title="answer", scale={"nice": False})
    y = quantity("share", title="% at or below", scale={"domain": [0, 100]}, axis={"tickCount": 5})
    scale = {"domain": names, "range": [[1, 0], [1, 0], [2, 3], [6, 3]]}
    dashes = {"field": "system", "type": "nominal", "sort": names, "scale": scale, "legend": None}
    lines = {
        "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2},
        "encoding": {"x": x, "y": y, "color": _colour(names, COLOURS), "strokeDash": dashes},
    }
    band = {
        "mark": {"type": "area", "interpolate": "step-after", "color": COLOURS[0], "opacity": 0.18},
        "transform": [known("low")],
        "encoding": {"x": x, "y": quantity("low"), "y2": {"field": "high"}},
    }
    return {"layer": [band, lines], "width": width, "height": 200}


def distances(evaluation: Evaluation) -> str:
    """Return a chart of the mean distance of every system from people, with its interval."""
    names = list(systems(evaluation))
    metric = evaluation.difference_metric
    found = [evaluation.overall[name][metric] for name in names]
    rows = [
        {"system": name, "w": e.value, "low": e.low, "high": e.high, "text": number(e.value)}
        for name, e in zip(names, found, strict=True)
    ]
    axis = {"domain": False, "ticks": False, "labelFontSize": 13}
    y = {"field": "system", "type": "nominal", "sort": names, "title": None, "axis": axis}
    title = f"{METRICS[metric].title} (0: the same answers)"
    x = quantity("w", title=title, scale={"zero": True}, axis={"tickCount": 7})
    colour = {**_colour(names, COLOURS[1:]), "legend": None}
    whiskers = {
        "mark": {"type": "rule", "strokeWidth": 2},
        "transform": [known("w"), known("low", "high")],
        "encoding": {"y": y, "x": quantity("low"), "x2": {"field": "high"}, "color": colour},
    }
    dots = {
        "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
        "transform": [known("w")],
        "encoding": {"y": y, "x": x, "color": colour},
    }
    words = {
        "mark": {"type": "text", "dy": -13, "fontSize": 12, "color": "#222"},
        "transform": [known("w")],
        "encoding": {"y": y, "x": quantity("w"), "text": {"field": "text", "type": "nominal"}},
    }
    layers = [whiskers, dots, words]
    chart: Spec = {"data": {"values": rows}, "layer": layers, "width": 740, "height": 46 * len(names)}
    told = "; ".join(f"{row['system']} {row['text']}" for row in rows)
    return svg(chart, f"{METRICS[metric].title}: mean distance from people by system, with 95 % intervals: {told}.")


def distances_of_studies(evaluation: Evaluation, most: int = 60) -> str:
    """Return a chart of the distance of every system from people in every study, the nearest study first.

    Args:
        evaluation: of several studies.
        most: with more studies, those with most answers are drawn.
    """
    names = list(systems(evaluation))
    metric = evaluation.difference_metric
    kept = sorted(evaluation.studies, key=lambda study: -study.answers)[:most]
    nearest = sorted(kept, key=lambda study: _or_last(study.metrics[names[0]][metric]))
    rows = [
        {"study": shorten(study.study, 36), "system": name, "w": study.metrics[name][metric]}
        for study in nearest
        for name in reversed(names)  # What comes last is drawn on top.
    ]
    order = list(dict.fromkeys(row["study"] for row in rows))
    axis = {"grid": True, "domain": False, "ticks": False}
    shapes = {"domain": names, "range": ["circle", "square", "diamond"]}
    chart: Spec = {
        "data": {"values": rows},
        "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
        "transform": [known("w")],
        "encoding": {
            "y": {"field": "study", "type": "nominal", "sort": order, "title": None, "axis": axis},
            "x": quantity("w", title=METRICS[metric].title, scale={"zero": True}),
            "color": _colour(names, COLOURS[1:]),
            "shape": {"field": "system", "type": "nominal", "sort": names, "scale": shapes, "legend": _LEGEND},
        },
        "width": 700,
        "height": {"step": 19},
    }
    told = f"{METRICS[metric].title} between people and every system in {len(kept)} studies; the table has the numbers."
    return svg(chart, told)


def _or_last(value: float | None) -> float:
    return float("inf") if value is None else value


def svg(chart: Spec, told: str) -> str:
    """Return a chart as an SVG element to stand inside a page, `told` to readers who do not see it."""
    drawn = str(require("vl_convert").vegalite_to_svg({"config": _CONFIG, **chart}))
    # Inside a page an SVG needs no name space, and its ids must not meet those of its neighbours.
    svg = re.sub(r'\sxmlns(:xlink)?="[^"]*"', "", drawn)
    svg = re.sub(r'(id="|url\(#)(?=[a-z])', rf"\g<1>c{digest(svg)}-", svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{html.escape(told)}"', 1)
