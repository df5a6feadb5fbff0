"""What a data file holds, at the prompt: what may be assigned and answered, and every column on a line."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from silicus.data.deposit.profile import Profile
from silicus.data.deposit.profile_columns import ColumnProfile
from silicus.errors import counted
from silicus.report.page import print_anywhere
from silicus.report.words import shorten

__all__ = ["print_profile"]

_WIDTH = 100
_NAME = 24
_CELLS = 4
_CELL = 18


def print_profile(profile: Profile, console: Console) -> None:
    """Print what a data file holds, in at most 100 columns.

    Args:
        profile: what its columns hold, and what each may be.
        console: where it is printed.
    """

    def show(where: Console) -> None:
        width = min(_WIDTH, where.width)
        for line in _lines(profile):
            # Text objects, not markup: a name may hold square brackets.
            where.print(Text("\n".join(textwrap.wrap(line, width, subsequent_indent="    "))), highlight=False)
        where.print(_columns(profile, width), width=width)

    print_anywhere(show, console)


def _lines(profile: Profile) -> Iterator[str]:
    yield f"{_plain(profile.file)}: {profile.rows:,} rows, {counted(len(profile.columns), 'column', 'columns')}"
    yield ""
    yield "Assigned, the likeliest first:" if profile.assignments else "Assigned: no column looks like it"
    for each in profile.assignments:
        several = "whichever is filled of " if len(each.columns) > 1 else ""
        same = f" (the same: {', '.join(each.same)})" if each.same else ""
        parts = f" (parts: {', '.join(each.parts)})" if each.parts else ""
        reasons = "; ".join(each.reasons)
        yield f"  {each.score:g}  {several}{_plain(', '.join(each.columns) + same + parts)}: {_plain(reasons)}"
    yield ""
    yield f"Answered: {counted(len(profile.outcomes), 'column looks', 'columns look')} like it"
    for score in sorted({each.score for each in profile.outcomes}, reverse=True):
        names = [each.column for each in profile.outcomes if each.score == score]
        yield f"  {score}  {_plain(', '.join(names))}"
    yield ""
    known = [f"{name} ({what})" for name, what in profile.demographics.items()]
    for title, names in (
        ("People", profile.people),
        ("Tasks", profile.tasks),
        ("Weights", profile.weights),
        ("Demographics", known),
        ("Noted by the program", profile.noted),
    ):
        if names:
            yield f"{title}: {_plain(', '.join(names))}"
    yield from map(_plain, profile.doubts)
    for name, why in profile.unusable.items():
        yield f"Cannot be used: {_plain(repr(name))}, {_plain(why)}"
    yield ""


def _plain(text: str) -> str:
    """Return words without what would move a cursor or break a line."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _columns(profile: Profile, width: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("column", max_width=_NAME, overflow="fold")
    table.add_column("kind", no_wrap=True)
    for name in ("values", "empty", "missing"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("title, and the cells most given", overflow="fold", max_width=width)
    for column in profile.columns.values():
        missing = ", ".join(column.missing)
        table.add_row(
            Text(shorten(_plain(column.name), _NAME)),
            column.kind,
            f"{column.distinct:,}",
            f"{column.empty:,}",
            Text(shorten(_plain(missing), _CELL)),
            Text(_said(column)),
        )
    return table


def _said(column: ColumnProfile) -> str:
    given = list(column.counts.items())[:_CELLS]
    cells = [f"{shorten(_plain(_with_label(column, code)), _CELL)} ({rows:,})" for code, rows in given]
    more = ", …" if column.distinct > len(given) else ""
    title = f"{shorten(_plain(column.title), 60)}: " if column.title else ""
    return f"{title}{', '.join(cells)}{more}"


def _with_label(column: ColumnProfile, code: str) -> str:
    return f"{code} {column.labels[code]}" if code in column.labels else code
