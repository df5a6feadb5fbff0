"""What came of many deposits: the ledger, its table at the prompt, and its page."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from silicus.errors import counted
from silicus.record import Record
from silicus.report.page import print_anywhere, write_page
from silicus.report.words import DASH, shorten

__all__ = ["Entry", "Ledger", "Outcome", "Told", "closing", "print_ledger", "write_ledger"]

_WIDTH = 100
_NAME = 24
_ALL = 40
"""Of more deposits than these, those that were built are not listed at the prompt."""
_WHY = 240


class Outcome(StrEnum):
    """What may come of a deposit."""

    BUILT = "built"
    HELD = "held"
    FAILED = "failed"


class Told(Record):
    """What came of a deposit, and why."""

    outcome: Outcome
    why: str = ""
    """What stopped it; empty where it was built."""
    gates: int | None = None
    """How many gates it came to; null where it came to none."""
    stopped: int | None = None
    """How many of them stopped it."""
    people: int | None = None
    """Who were asked."""
    answers: int | None = None
    own_count: bool = False
    """Whether what is expected was counted in the data file alone."""


class Entry(Told):
    """The line of a deposit in the ledger."""

    name: str
    """The folder of its build, inside that of the ledger."""
    recipe: str | None = None
    """The file it was built with; null where that lies in the deposit, or where there is none."""
    key: str = ""
    """Hash of its files, its recipe, the options and the version; empty where it could not be read."""
    draft: str | None = None
    """Hash of the recipe that was drafted for it."""
    approved: str | None = None
    """Who has approved it, and when."""
    stale: bool = False
    """Whether the dataset that is there is of an earlier build, which stays."""
    seconds: float = 0.0


class Ledger(Record):
    """What came of every deposit of a folder (`ledger.json`)."""

    version: Literal[1] = 1
    folder: str
    """The name of the folder of the deposits."""
    silicus: str
    entries: dict[str, Entry] = {}
    """Deposit, as its folder or archive is called -> what came of it."""
    notes: list[str] = []
    """What was passed over, and what is gone."""

    @property
    def failed(self) -> int:
        """How many deposits failed."""
        return _count(self, Outcome.FAILED)


def closing(ledger: Ledger) -> str:
    """Return how many deposits came to which end, in a line."""
    built, held, failed = (_count(ledger, outcome) for outcome in Outcome)
    total = counted(len(ledger.entries), "deposit", "deposits")
    return f"{total}: {built:,} built, {held:,} held for review, {failed:,} failed"


def print_ledger(ledger: Ledger, console: Console) -> None:
    """Print what came of every deposit, in at most 100 columns; of very many, of those that were not built.

    Args:
        ledger: what came of them.
        console: where it is printed.
    """

    def show(where: Console) -> None:
        width = min(_WIDTH, where.width)
        few = len(ledger.entries) <= _ALL
        shown = {name: each for name, each in ledger.entries.items() if few or each.outcome != Outcome.BUILT}
        if shown:
            where.print(_table(shown), width=width)
        for note in ledger.notes:
            # Text objects, not markup: a name may hold square brackets.
            where.print(Text(note, style="dim"), highlight=False, soft_wrap=True)
        where.print(Text(closing(ledger), style="bold"), highlight=False, soft_wrap=True)

    print_anywhere(show, console)


def write_ledger(path: Path, ledger: Ledger) -> None:
    """Write the ledger as one HTML file, whole or not at all.

    Raises:
        MissingExtraError: a library of the extra `report` is not installed.
        RunError: the file cannot be written.
    """
    rows = [(name, each, _link(each), _row(each)) for name, each in _in_order(ledger.entries)]
    write_page(path, "ledger.html.j2", ledger=ledger, rows=rows, closing=closing(ledger))


def _count(ledger: Ledger, outcome: Outcome) -> int:
    return sum(each.outcome == outcome for each in ledger.entries.values())


def _in_order(entries: dict[str, Entry]) -> Iterator[tuple[str, Entry]]:
    """Yield deposits by name, those that want somebody first."""
    order = [Outcome.FAILED, Outcome.HELD, Outcome.BUILT]
    yield from sorted(entries.items(), key=lambda pair: (order.index(pair[1].outcome), pair[0]))


def _table(entries: dict[str, Entry]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("deposit", max_width=_NAME, overflow="fold")
    table.add_column("outcome", no_wrap=True)
    for name in ("people", "answers", "gates"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("why", overflow="fold")
    for name, each in _in_order(entries):
        people, answers, gates, why = _row(each)
        lines = why.splitlines() or [""]
        more = f" (and {counted(len(lines) - 1, 'line', 'lines')} more)" if len(lines) > 1 else ""
        said = Text(shorten(lines[0], _WHY) + more)
        table.add_row(Text(shorten(name, _NAME)), each.outcome, people, answers, gates, said)
    return table


def _row(entry: Entry) -> tuple[str, str, str, str]:
    """Return people, answers, gates that were passed, and why, in words."""
    gates = DASH if entry.gates is None else f"{entry.gates - (entry.stopped or 0)} of {entry.gates}"
    approved = f"approved by {entry.approved}" if entry.approved else "not yet approved"
    if entry.outcome == Outcome.BUILT:
        why = f"{approved}; own count" if entry.own_count else approved
    else:
        why = f"stale: an earlier build stays, {approved}. {entry.why}" if entry.stale else entry.why
    return _number(entry.people), _number(entry.answers), gates, why


def _number(count: int | None) -> str:
    return DASH if count is None else f"{count:,}"


def _link(entry: Entry) -> str:
    """Return the page or the draft that a deposit left, as an address beside the ledger."""
    if entry.gates is not None:
        return quote(f"{entry.name}/held/review.html" if entry.stale else f"{entry.name}/review.html")
    return quote(f"{entry.name}/recipe.draft.yaml") if entry.draft else ""
