"""What training came to, at the prompt: every system beside people's shares, and a sentence on who is closer."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from enum import StrEnum

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from silicus.errors import counted
from silicus.evaluate import ENOUGH, FEWEST, SHARE_METRICS, Estimate, ShareMetric, SharesComparison
from silicus.report.page import print_anywhere
from silicus.report.words import ARROWS, DASH, interval, number, shorten

__all__ = ["print_learnt"]

_WIDTH = 100
_SIDE_BY_SIDE = 3
_UNITS = {
    "questions": ("question", "questions"),
    "batteries": ("battery of questions", "batteries of questions"),
    "studies": ("study", "studies"),
}
_TITLES: dict[ShareMetric, str] = {
    "wasserstein": "Wasserstein-1",
    "total_variation": "Total variation",
    "js_distance": "Jensen-Shannon distance",
    "nll": "Negative log likelihood",
    "single_nll": "Negative log likelihood, single answers",
    "cao_emd_as_coded": "“EMD” of Cao et al., as coded",
}
_APART: set[ShareMetric] = {"single_nll", "cao_emd_as_coded"}


class _Outcome(StrEnum):
    """How a system stands to another in one metric."""

    CLOSER = "closer to people"
    ALIKE = "not told apart"
    FARTHER = "farther from people"
    UNKNOWN = "unknown"


def print_learnt(found: SharesComparison, title: str, console: Console) -> None:
    """Print how far each system lies from people, and whether the one in question is closer than each other.

    The system in question is the first that is not the reference; it is compared with the reference first.

    Args:
        found: the systems beside people's shares.
        title: a heading, such as the name of the model and the part it was tested on.
        console: where it is printed, in at most 100 columns.
    """
    print_anywhere(lambda where: _print(found, title, where), console)


def _print(found: SharesComparison, title: str, console: Console) -> None:
    width = min(_WIDTH, console.width)

    def line(text: str, style: str = "") -> None:
        # Text objects, not markup: a name may hold square brackets. A number is never parted from its `%`.
        lines = textwrap.wrap(text.replace(" %", "\u00a0%"), width)
        console.print(Text("\n".join(lines).replace("\u00a0", " "), style=style), width=width, highlight=False)

    own, others = _order(found)
    line(title, "bold")
    line(_how_many(found))
    for sentence in _large(found):
        line(sentence)
    line("")
    console.print(_overall(found, [*others[:1], own, *others[1:]], width), width=width)
    line(f"{ARROWS['lower']} lower is better; 0 is perfect, but for the log likelihood. {_resampling(found)}", "dim")
    for sentence in _infinite(found):
        line(sentence, "dim")
    if others:
        line("")
        console.print(_changes(found, own, others, width), width=width)
        line("An interval that holds 0: not told apart.", "dim")
        line("")
    for other in others:
        outcome, sentence = _verdict(found, own, other)
        line(sentence, "bold green" if outcome is _Outcome.CLOSER else "bold yellow")


def _order(found: SharesComparison) -> tuple[str, list[str]]:
    """Return the system in question, and the others, the reference first."""
    systems = list(found.overall)
    own = next((system for system in systems if system != found.reference), systems[0])
    others = [system for system in systems if system != own]
    return own, sorted(others, key=lambda system: system != found.reference)


def _how_many(found: SharesComparison) -> str:
    told = f"Means over {_cells(found.cells_n)} of {counted(found.clusters_n, *_UNITS[found.unit])}"
    if found.people_per_cell is None:
        return f"{told}{_apart(found)}."
    people = f"{found.people_per_cell:,.10g} {'answer' if found.people_per_cell == 1 else 'answers'}"
    return f"{told}; a cell has {people} in the median."


def _large(found: SharesComparison) -> Iterator[str]:
    """Yield what distances are taken from, where cells are of known numbers of people."""
    if found.people_per_cell is not None:
        large = "Distances are taken where shares are of {} answers or more, small cells of a question together: {}{}."
        yield large.format(ENOUGH, _cells(found.large_cells_n), _apart(found))
    if found.perfect_wasserstein is not None:
        yield (
            "A perfect prediction of people's distribution would still score "
            f"W = {number(found.perfect_wasserstein)} there."
        )
    if found.decisive[:1] == ["nll"]:
        yield (
            f"Fewer than {FEWEST} cells or {FEWEST} {_UNITS[found.unit][1]} have a distance: the log likelihood "
            "decides who is closer. The shares of a few people seem nearest to whoever is surest."
        )


def _cells(count: int) -> str:
    return counted(count, "cell", "cells")


def _apart(found: SharesComparison) -> str:
    unordered = found.large_cells_n - found.ordered_cells_n
    return f", {unordered:,} of them without order and so without a Wasserstein" if unordered else ""


def _resampling(found: SharesComparison) -> str:
    """Return what the intervals resample, and what they therefore cannot say."""
    one, many = _UNITS[found.unit]
    if found.clusters_n < 2:
        return f"One {one} says nothing of others: there are no intervals."
    few = f"; only {found.clusters_n}: too few to speak of others" if found.clusters_n < FEWEST else ""
    return (
        f"95 % intervals resample whole {many}, each with all its cells ({found.draws:,} draws){few}. Each is a 95 % "
        "interval on its own, and of the one model that was trained: how another training would differ is not in it."
    )


def _infinite(found: SharesComparison) -> Iterator[str]:
    for system, cells in found.zero_cells.items():
        if cells:
            where = counted(cells, "cell", "cells")
            yield f"{system} gave probability 0 to answers people gave, in {where}: its log likelihood is infinite."


def _table(width: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    table.padding = (0, 1) if width >= _WIDTH else (0, 0)
    return table


def _overall(found: SharesComparison, systems: list[str], width: int) -> Table:
    table = _table(width)
    table.add_column("")
    for system in systems:
        table.add_column(Text(shorten(system, 20)), justify="right", no_wrap=True)
    # Value and interval stand side by side where there is room.
    gap = " " if width >= _WIDTH and len(systems) <= _SIDE_BY_SIDE else "\n"
    for metric in _told(found):
        values = [_mean(found, system, metric, gap) for system in systems]
        table.add_row(f"{_TITLES[metric]} {ARROWS['lower']}", *values)
    return table


def _told(found: SharesComparison) -> list[ShareMetric]:
    """Return the metrics to print: not single answers where none are predicted one by one, nor what was not asked."""
    known = {metric for own in found.overall.values() for metric, estimate in own.items() if estimate.n}
    return [metric for metric in SHARE_METRICS if metric not in _APART or metric in known]


def _mean(found: SharesComparison, system: str, metric: ShareMetric, gap: str) -> Text:
    text, span = Text(_value(found, system, metric)), interval(found.overall[system][metric])
    return text.append(f"{gap}{span}", style="dim") if span else text


def _value(found: SharesComparison, system: str, metric: ShareMetric) -> str:
    infinite = metric == "nll" and found.zero_cells[system] > 0
    return "∞" if infinite else number(found.overall[system][metric].value)


def _changes(found: SharesComparison, own: str, others: list[str], width: int) -> Table:
    """Return the table of relative changes, one line a metric."""
    table = _table(width)
    table.add_column(Text(f"{shorten(own, 20)} against"))
    for other in others:
        table.add_column(Text(shorten(other, 20)), justify="right", no_wrap=True)
    gap = " " if width >= _WIDTH and len(others) <= _SIDE_BY_SIDE else "\n"
    for metric in _told(found):
        table.add_row(_TITLES[metric], *(_change(found, own, other, metric, gap) for other in others))
    return table


def _change(found: SharesComparison, own: str, other: str, metric: ShareMetric, gap: str) -> Text:
    closer = _outcome(found, own, other, metric) is _Outcome.CLOSER
    told = _percent(found.changes[own][other][metric].percent).replace(" (", f"{gap}(")
    return Text(told, style="green" if closer else "")


def _percent(change: Estimate, level: str = "") -> str:
    """Return a change in percent with its interval, small ones with one digit more."""
    if change.value is None:
        return DASH
    digits = 0 if abs(change.value) >= 10 else 1
    low, high = (number(end, digits, signed=True) for end in (change.low, change.high))
    span = "" if DASH in {low, high} else f" ({level}{low} to {high})"
    return f"{number(change.value, digits, signed=True)} %{span}"


def _outcome(found: SharesComparison, own: str, other: str, metric: ShareMetric) -> _Outcome:
    """Return how a system stands to another: told apart where the interval of the difference holds no 0.

    Of too few cells or clusters nothing is said, whatever the interval.
    """
    if metric not in found.decisive:
        return _Outcome.UNKNOWN
    difference = found.changes[own][other][metric].difference
    if difference.low is None or difference.high is None:
        return _Outcome.UNKNOWN
    if difference.high < 0:
        return _Outcome.CLOSER
    return _Outcome.FARTHER if difference.low > 0 else _Outcome.ALIKE


def _verdict(found: SharesComparison, own: str, other: str) -> tuple[_Outcome, str]:
    """Return whether a system is closer to people than another, and the sentence that says so.

    It is told by the first metric that enough cells have; metrics that say otherwise are named.
    """
    main = _main(found)
    outcome = _outcome(found, own, other, main)
    told = {
        _Outcome.CLOSER: f"{own} is closer to people than {other}",
        _Outcome.ALIKE: f"{own} is not told apart from {other}",
        _Outcome.FARTHER: f"{own} is not better than {other}, but farther from people",
        _Outcome.UNKNOWN: f"It cannot be said whether {own} is closer to people than {other}{_why(found)}",
    }
    values = f"{_value(found, own, main)} against {_value(found, other, main)}"
    change = _percent(found.changes[own][other][main].percent, "95 % ")
    measured = f"{_TITLES[main]} {values}" + ("" if change == DASH else f", {change}")
    return outcome, f"{told[outcome]}: {measured}.{_otherwise(found, own, other, main)}"


def _main(found: SharesComparison) -> ShareMetric:
    """Return the metric that decides, or by which the systems are told where nothing does."""
    if found.decisive:
        return found.decisive[0]
    return "wasserstein" if found.ordered_cells_n else "total_variation" if found.large_cells_n else "nll"


def _why(found: SharesComparison) -> str:
    if found.decisive:
        return ""
    return f", from fewer than {FEWEST} {_UNITS[found.unit][1]}"


def _otherwise(found: SharesComparison, own: str, other: str, main: ShareMetric) -> str:
    """Return which metrics say something else than the main one; nothing where they agree or are unknown."""
    expected = _outcome(found, own, other, main)
    apart: list[str] = []
    for metric in SHARE_METRICS:
        outcome = _outcome(found, own, other, metric)
        if outcome not in {expected, _Outcome.UNKNOWN}:
            apart.append(f"{outcome.value} by {_TITLES[metric]}")
    return f" It is {', '.join(apart)}." if apart else ""
