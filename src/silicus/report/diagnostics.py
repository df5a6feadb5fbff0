"""Charts of what an evaluation found beside distances: calibration, differences between conditions, groups."""

from __future__ import annotations

from collections.abc import Iterator

from silicus.errors import counted
from silicus.evaluate import Cell, Evaluation, GroupAudit
from silicus.report.charts import COLOURS, Spec, known, quantity, svg
from silicus.report.words import number, shorten

__all__ = ["calibration", "conditions", "groups"]

_BINS = 10
_MOST_GROUPS = 40
_GREY = "#8c8c8c"


def calibration(evaluation: Evaluation) -> str:
    """Return a chart of predicted shares against people's: how often what is given so much probability is answered.

    Answers of all cells are put into ten classes by the share predicted for them.
    """
    pairs = [pair for cell in evaluation.cells for pair in _pairs(cell, evaluation.name)]
    rows: list[dict[str, object]] = []
    for place in range(_BINS):
        own = [(p, h) for p, h in pairs if min(int(p * _BINS), _BINS - 1) == place]
        if own:
            means = [100 * sum(values) / len(own) for values in zip(*own, strict=True)]
            rows.append({"predicted": means[0], "people": means[1], "n": len(own)})
    dots: Spec = {
        "data": {"values": rows},
        "mark": {"type": "point", "filled": True, "opacity": 1, "color": COLOURS[1]},
        "encoding": {
            **_axes("predicted", "people", "% predicted", "% of people", [0, 100]),
            "size": quantity("n", title="answers of cells", scale={"range": [40, 400]}, legend={"orient": "right"}),
        },
    }
    told = "; ".join(f"predicted {number(float(str(row['predicted'])), 0)} %, people {_percent(row)}" for row in rows)
    return svg(
        {"layer": [_identity(0, 100), dots], "width": 360, "height": 360}, f"Predicted shares and people's: {told}."
    )


def _percent(row: dict[str, object]) -> str:
    return f"{number(float(str(row['people'])), 0)} % (n = {row['n']})"


def _pairs(cell: Cell, system: str) -> Iterator[tuple[float, float]]:
    for predicted, human in zip(cell.predicted[system], cell.human, strict=True):
        if predicted is not None and human is not None:
            yield predicted, human


def conditions(evaluation: Evaluation) -> str:
    """Return a chart of cell means less their question's: people's against those predicted, nothing without any."""
    by_question: dict[tuple[object, ...], list[tuple[Cell, float, float]]] = {}
    for cell in evaluation.cells:
        means = [_mean(cell, shares) for shares in (cell.predicted[evaluation.name], cell.human)]
        if cell.ordered and means[0] is not None and means[1] is not None:
            key = (cell.study, cell.question, tuple(cell.values))
            by_question.setdefault(key, []).append((cell, means[0], means[1]))
    rows = [row for cells in by_question.values() if len(cells) > 1 for row in _centred(cells)]
    if not rows:
        return ""
    end = 1.05 * max(abs(float(str(row[name]))) for row in rows for name in ("predicted", "people"))
    titles = ("predicted, % of the scale", "people, % of the scale")
    dots: Spec = {
        "data": {"values": rows},
        "mark": {"type": "point", "filled": True, "opacity": 0.7, "size": 50, "color": COLOURS[1]},
        "encoding": _axes("predicted", "people", *titles, [-end, end]),
    }
    lines = [_identity(-end, end), _cross({"y": 0}, "y"), _cross({"x": 0}, "x")]
    told = f"Means of {len(rows)} cells less the mean of their question: people's against those predicted."
    return svg({"layer": [*lines, dots], "width": 360, "height": 360}, told)


def _mean(cell: Cell, shares: list[float | None]) -> float | None:
    """Return the mean answer in percent of the scale."""
    low, high = cell.values[0], cell.values[-1]
    known_shares = [share for share in shares if share is not None]
    if len(known_shares) < len(shares):
        return None
    return sum(100 * (value - low) / (high - low) * p for value, p in zip(cell.values, known_shares, strict=True))


def _centred(cells: list[tuple[Cell, float, float]]) -> Iterator[dict[str, object]]:
    predicted = sum(own for _, own, _ in cells) / len(cells)
    people = sum(theirs for _, _, theirs in cells) / len(cells)
    for cell, own, theirs in cells:
        yield {"predicted": own - predicted, "people": theirs - people, "cell": shorten(cell.condition, 30)}


def groups(evaluation: Evaluation) -> str:
    """Return a chart of the accuracy of every group less everybody's in the same cells; nothing without groups."""
    rows = [
        {
            "group": f"{audit.attribute}: {shorten(group.group, 30)} ({_many(group)})",
            "value": _hundred(group.accuracy.value),
            "low": _hundred(group.accuracy.low),
            "high": _hundred(group.accuracy.high),
        }
        for audit in evaluation.groups
        for group in audit.groups
    ][:_MOST_GROUPS]
    if not rows:
        return ""
    order = [row["group"] for row in rows]
    axis = {"domain": False, "ticks": False, "labelLimit": 320}
    y: Spec = {"field": "group", "type": "nominal", "sort": order, "title": None, "axis": axis}
    x = quantity("value", title="accuracy less everybody's, percentage points")
    whiskers: Spec = {
        "mark": {"type": "rule", "strokeWidth": 2, "color": COLOURS[1]},
        "transform": [known("low", "high")],
        "encoding": {"y": y, "x": quantity("low"), "x2": {"field": "high"}},
    }
    dots: Spec = {
        "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1, "color": COLOURS[1]},
        "transform": [known("value")],
        "encoding": {"y": y, "x": x},
    }
    zero = _cross({"x": 0}, "x")
    chart: Spec = {"data": {"values": rows}, "layer": [zero, whiskers, dots], "width": 480, "height": {"step": 22}}
    drawn = {"respondents" if audit.resampled == "respondents" else "studies" for audit in evaluation.groups}
    told = (
        f"Accuracy of {len(rows)} groups less everybody's in the same cells, in percentage points, with intervals from "
        f"{' or '.join(sorted(drawn))} drawn again."
    )
    return svg(chart, told)


def _many(group: GroupAudit) -> str:
    people, answers = counted(group.people, "person", "people"), counted(group.answers, "answer", "answers")
    return people if group.people == group.answers else f"{people}, {answers}"


def _hundred(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _axes(x: str, y: str, across: str, up: str, ends: list[float]) -> Spec:
    scale = {"domain": ends, "nice": False}
    return {"x": quantity(x, title=across, scale=scale), "y": quantity(y, title=up, scale=scale)}


def _identity(low: float, high: float) -> Spec:
    line = {"type": "line", "color": _GREY, "strokeDash": [4, 3]}
    ends = [{"x": end, "y": end} for end in (low, high)]
    return {"data": {"values": ends}, "mark": line, "encoding": {"x": quantity("x"), "y": quantity("y")}}


def _cross(at: dict[str, float], axis: str) -> Spec:
    line = {"type": "rule", "color": _GREY, "opacity": 0.6}
    return {"data": {"values": [at]}, "mark": line, "encoding": {axis: quantity(axis)}}
