"""A screening as one page and as a few lines at the prompt."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from silicus.effects import Amount, ArmScreen, ArmValue, CellScreen, Effect, Rectified, Screening
from silicus.errors import counted
from silicus.report.charts import COLOURS, Spec, known, quantity, svg
from silicus.report.page import print_anywhere, write_page
from silicus.report.screening_words import (
    SYNTHETIC,
    VERDICTS,
    arm_rows,
    needed_how,
    needed_rows,
    past_sentences,
    pilot_sentences,
    recommendations,
    rests_sentences,
    with_ends,
    worth_sentences,
)
from silicus.report.words import number, percent

__all__ = ["NEEDED", "print_screening", "write_screening"]

_WIDTH = 110
_GAP = 3
"""Signs between two columns of a table."""
_WORD, _UNBROKEN = re.compile(r"[^ ]+"), re.compile(r"[^ -]+-?|-")
_COLOURS = {
    "simulated": COLOURS[1], "expected of people": "#000000", "pilot alone": COLOURS[0], "rectified": "#009E73"
}  # fmt: skip
"""Of Okabe and Ito's palette for colour-blind readers, and black."""

NEEDED = (
    "question", "arm", "as simulated", "as expected", "cautious", "assured", "found",
    "detectable", "rests on",
)  # fmt: skip
"""Columns of the table of people: see `NEEDED_TOLD`."""

NEEDED_TOLD = {
    "as simulated": "for the simulated effect taken at its word: too few where models inflate effects",
    "as expected": "for the effect that is expected of people",
    "cautious": "for the end nearest 0 of the interval that holds the effect with probability 0.6",
    "assured": "such that the study finds the effect with the wanted probability, whichever of all that is plausible "
    "its size is",
    "found": "the probability that the planned number of people finds the effect in its expected direction",
    "detectable": "the smallest effect, in points, that the planned number of people finds with the wanted power",
}
"""What the columns are."""


def print_screening(screening: Screening, console: Console) -> None:
    """Print a screening in at most 110 columns: verdict, effects, which arms to field, how many people.

    Args:
        screening: what was found.
        console: where it is printed.
    """

    def show(where: Console) -> None:
        width = min(_WIDTH, where.width)
        _print_verdict(where, screening, width)
        for title, heads, rows in _effects(screening):
            _show(where, title, heads, rows, width)
        _say(where, _after_effects(screening), width)
        where.print()
        _say(where, recommendations(screening), width)
        if rows := needed_rows(screening):
            where.print()
            # What they rest on is told below: the table is wide enough.
            _show(where, _needed_title(screening), NEEDED[:-1], [row[:-1] for row in rows], width)
            _say(where, rests_sentences(screening), width)

    print_anywhere(show, console)


def _print_verdict(where: Console, screening: Screening, width: int) -> None:
    where.print(Text(_lines(screening.title, width), style="bold"), highlight=False)
    _say(where, [f"{SYNTHETIC} {screening.respondents:,} simulated respondents."], width)
    where.print()
    verdict = screening.gate.verdict
    where.print(Text(_lines(f"Verdict: {verdict}. {VERDICTS[verdict]}", width), style="bold"), highlight=False)
    _say(where, (f"- {reason}" for reason in screening.gate.reasons), width, "  ")
    where.print()


def _say(where: Console, sentences: Iterable[str], width: int, indent: str = "") -> None:
    for sentence in sentences:
        where.print(Text("\n".join(textwrap.wrap(sentence, width, subsequent_indent=indent))), highlight=False)


def _after_effects(screening: Screening) -> Iterator[str]:
    reasons = dict.fromkeys(arm.reason for arm in screening.arms if arm.reason)
    yield from (f"No prediction interval: {reason}." for reason in reasons)
    yield from past_sentences(screening)
    yield from worth_sentences(screening)
    yield from pilot_sentences(screening)


def _show(where: Console, title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> None:
    """Print a table; where it is too wide, one for each question, named above it instead of in the first column."""
    where.print(Text(_lines(title, width), style="bold"), highlight=False)
    if sum(_longest([heads, *rows], _WORD)) + _GAP * (len(heads) - 1) <= width:
        where.print(_table(_wrapped([heads, *rows], width)))
        return
    for question in dict.fromkeys(row[0] for row in rows):
        own = [row[1:] for row in rows if row[0] == question]
        where.print(Text(question), highlight=False)
        where.print(_table(_wrapped([heads[1:], *own], width)))


def _longest(rows: Sequence[Sequence[str]], part: re.Pattern[str]) -> list[int]:
    """Return the length of every column's longest part."""
    return [max(len(found) for cell in column for found in part.findall(cell)) for column in zip(*rows, strict=True)]


def _wrapped(rows: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    """Return cells with line breaks between words, or at hyphens, so that the table is as wide as may be."""
    widths = _longest(rows, _UNBROKEN)
    spare = max(0, width - sum(widths) - _GAP * (len(widths) - 1))
    # Names come first: a table is looked up by them.
    for place, column in enumerate(zip(*rows, strict=True)):
        more = min(spare, max(map(len, column)) - widths[place])
        widths[place] += more
        spare -= more
    return [[_lines(cell, most) for cell, most in zip(row, widths, strict=True)] for row in rows]


def _lines(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(text, width, break_long_words=False))


def _table(rows: Sequence[Sequence[str]]) -> Table:
    """Return a table of cells that are wrapped already; the first row is its head."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1), header_style="bold")
    for head in rows[0]:
        table.add_column(Text(head), justify="left" if head in {"question", "arm"} else "right", no_wrap=True)
    for row in rows[1:]:
        table.add_row(*map(Text, row))
    return table


def _columns(screening: Screening) -> list[tuple[str, str]]:
    """Return the columns of the table of effects that say something: head, and field of `ArmRow`."""
    found = [("simulated", "simulated"), ("% of range", "percent"), ("expected of people", "expected")]
    if screening.pilot_people is not None:
        found += [("pilot alone", "alone"), ("rectified", "rectified"), ("adjusted", "adjusted")]
        found.append(("adjusted without a model", "attributes"))
    return found


def _effects(screening: Screening) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Yield title, heads and rows of the tables of effects: as simulated, and with the pilot."""
    control = screening.arms[0].control if screening.arms else ""
    unsure = screening.state
    columns = _columns(screening)
    brackets = f"in brackets {percent(1 - screening.plan.alpha)} intervals"
    told = f"Effects against '{control}' in scale points, {brackets}{f': {unsure}' if unsure else ''}"
    parts = {told: columns[:3]}
    if columns[3:]:
        parts[f"With the pilot of {counted(screening.pilot_people or 0, 'person', 'people')}"] = columns[3:]
    for title, part in parts.items():
        names = ["question", "arm", *(field for _, field in part)]
        rows = [[str(getattr(row, name)) for name in names] for row in arm_rows(screening)]
        yield title, ["question", "arm", *(head for head, _ in part)], rows


def _needed_title(screening: Screening) -> str:
    plan = screening.plan
    return f"People needed in each arm for power {percent(plan.power)}; found and detectable are for {plan.people:,}"


def write_screening(path: Path, screening: Screening) -> None:
    """Write a screening as one HTML page that needs nothing else.

    Raises:
        MissingExtraError: a library of the extra `report` is not installed.
        RunError: the file cannot be written.
    """
    columns = _columns(screening)
    rows, recommended = arm_rows(screening), list(recommendations(screening))
    write_page(
        path,
        "screening.html.j2",
        screening=screening,
        meaning=VERDICTS[screening.gate.verdict],
        synthetic=SYNTHETIC,
        unproven=screening.state,
        recommended=recommended,
        charts=[(question.question, _forest(screening, question.question)) for question in screening.questions],
        heads=[head for head, _ in columns],
        level=percent(1 - screening.plan.alpha),
        rows=[(row.question, row.arm, *(getattr(row, field) for _, field in columns)) for row in rows],
        after=list(_after_effects(screening)),
        needed_title=_needed_title(screening),
        needed_heads=NEEDED,
        needed_told=NEEDED_TOLD,
        needed=needed_rows(screening),
        choices=[(each, _choice(each.choice.arms)) for each in screening.questions if each.choice is not None],
        chosen=not recommended[0].startswith("No arm") if recommended else False,
        needed_how=needed_how(screening),
        more=list(_more(screening)),
        splits=[(q.question, q.split) for q in screening.questions if q.split is not None],
        cells=[_cell(cell) for cell in screening.cells],
        moderated=[_moderated(each) for each in screening.moderated],
        number=number,
    )


def _choice(arms: Sequence[ArmValue]) -> list[list[str]]:
    return [
        [
            arm.arm, number(arm.expected, 2, signed=True), percent(arm.better.value), percent(arm.matters.value),
            percent(arm.best.value), number(arm.gain.value, 3, signed=True),
        ]
        for arm in arms
    ]  # fmt: skip


def _more(screening: Screening) -> Iterator[list[str]]:
    for arm in screening.arms:
        for row in arm.pilot.more if arm.pilot else []:
            yield [
                arm.question, arm.arm, f"{row.more:,}", number(row.cost, 0), f"±{number(row.half_width, 2)}",
                f"±{number(row.half_width_alone, 2)}", number(row.saved, 0),
            ]  # fmt: skip


def _cell(cell: CellScreen) -> list[str]:
    return [
        cell.question, cell.condition, number(cell.predicted, 2), number(cell.predicted_sd, 2), percent(cell.refusal),
        with_ends(cell.expected).replace("+", ""),
    ]  # fmt: skip


def _moderated(effect: Effect) -> list[str]:
    among = f"{effect.moderator}: {effect.level}" + (f" against {effect.against}" if effect.against else "")
    return [effect.question, effect.arm, among, number(effect.points.value, 2, signed=True)]


def _forest(screening: Screening, question: str) -> str:
    """Return a chart of a question's effects: simulated, expected, and what the pilot says."""
    arms = [arm for arm in screening.arms if arm.question == question]
    rows = [row for arm in arms for row in _points(arm)]
    kinds = list(dict.fromkeys(str(row["kind"]) for row in rows))
    names = [arm.arm for arm in arms]
    height = max(90, 22 * len(kinds) * len(arms))
    y: Spec = {"field": "arm", "type": "nominal", "sort": names, "title": None}
    offset: Spec = {"field": "kind", "type": "nominal", "sort": kinds}
    colour: Spec = {
        "field": "kind", "type": "nominal", "sort": kinds, "legend": {"title": None, "orient": "top"},
        "scale": {"domain": kinds, "range": [_COLOURS[kind] for kind in kinds]},
    }  # fmt: skip
    title = f"difference from {arms[0].control}, scale points"
    layers: list[Spec] = [
        {
            "data": {"values": [{"x": 0}]},
            "mark": {"type": "rule", "color": "#999", "strokeDash": [4, 4]},
            "encoding": {"x": quantity("x")},
        },
        {
            "mark": {"type": "rule", "strokeWidth": 2},
            "transform": [known("low", "high")],
            "encoding": {
                "y": y, "yOffset": offset, "x": quantity("low"), "x2": {"field": "high"}, "color": colour,
            },
        },
        {
            "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1},
            "encoding": {
                "y": y, "yOffset": offset, "x": quantity("value", title=title, scale=_axis(rows, arms[0].span)),
                "color": colour,
            },
        },
    ]  # fmt: skip
    told = "; ".join(f"{row['arm']}, {row['kind']}: {row['text']}" for row in rows)
    chart: Spec = {"data": {"values": rows}, "layer": layers, "width": 620, "height": height}
    return svg(chart, f"Effects on {question} against {arms[0].control}, in scale points. {told}.")


def _axis(rows: Sequence[dict[str, object]], span: float) -> Spec:
    """Return an axis on which differences below a hundredth of the scale's range do not fill the chart."""
    known = [end for row in rows for name in ("value", "low", "high") if isinstance(end := row[name], float)]
    least = span / 100
    return {"domain": [min([*known, -least]), max([*known, least])], "nice": True}


def _points(arm: ArmScreen) -> Iterator[dict[str, object]]:
    """Yield what is known of an effect, as points with whiskers."""
    yield _point(arm.arm, "simulated", arm.predicted.points)
    if arm.expected.value is not None:
        yield _point(arm.arm, "expected of people", arm.expected)
    if arm.pilot is None:
        return
    yield _point(arm.arm, "pilot alone", arm.pilot.alone.points)
    if arm.pilot.rectified is not None:
        yield _point(arm.arm, "rectified", arm.pilot.rectified)


def _point(arm: str, kind: str, found: Amount | Rectified) -> dict[str, object]:
    value = found.value if isinstance(found, Amount) else found.estimate
    text = number(value, 2, signed=True)
    return {"arm": arm, "kind": kind, "value": value, "low": found.low, "high": found.high, "text": text}
