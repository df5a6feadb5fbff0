"""What came of having a model draft a recipe, at the prompt: what it cost, where fields come from, what gates found."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from silicus.data.deposit.agent_budget import Spent
from silicus.data.deposit.gates import Gate
from silicus.errors import counted
from silicus.report.page import print_anywhere

__all__ = ["DraftDone", "print_drafted"]

_WIDTH = 100
_SHOWN = 10
_KINDS = {"document": "quoted from a document", "column": "shown by a column", "nobody": "stated by nobody"}


@dataclass(frozen=True)
class DraftDone:
    """What came of having a model draft a recipe.

    Attributes:
        recipe: the file of the best draft; `None` where there was none.
        ended: why it ended before a draft passed; `None` where one did.
        spent: what it cost.
        sources: kind of source -> how many fields.
        to_check: what a person has to look at.
        gates: what they found.
        problems: what speaks against the best draft.
        excuses: what of it rests on nothing but the model's word -> its reason.
    """

    recipe: Path | None
    ended: str | None
    spent: Spent
    sources: Mapping[str, int]
    to_check: list[str]
    gates: list[Gate]
    problems: list[str]
    excuses: Mapping[str, str]


def print_drafted(done: DraftDone, console: Console) -> None:
    """Print what came of a draft, in at most 100 columns.

    Args:
        done: what came of it.
        console: where it is printed.
    """

    def show(where: Console) -> None:
        for line in _lines(done):
            width = min(_WIDTH, where.width)
            # Text objects, not markup: what is told may quote a stranger's file.
            where.print(Text("\n".join(textwrap.wrap(_plain(line), width, subsequent_indent="    "))), highlight=False)

    print_anywhere(show, console)


def _lines(done: DraftDone) -> Iterator[str]:
    spent = done.spent
    guessed = f" (of {counted(spent.estimated, 'call', 'calls')} estimated)" if spent.estimated else ""
    money = f", ${spent.dollars:.4f}" if spent.dollars else ""
    yield f"Spent: {counted(spent.calls, 'call', 'calls')}, {counted(spent.tokens, 'token', 'tokens')}{guessed}{money}"
    if done.recipe is None:
        yield "No draft came back."
        return
    kinds = ", ".join(f"{done.sources.get(kind, 0):,} {words}" for kind, words in _KINDS.items())
    yield f"Fields: {kinds}"
    passed = sum(gate.passed for gate in done.gates)
    yield f"Gates: {passed} of {len(done.gates)} passed" if done.gates else "Gates: the draft cannot be executed"
    for problem in done.problems[:_SHOWN]:
        yield f"  {problem}"
    if len(done.problems) > _SHOWN:
        yield f"  and {len(done.problems) - _SHOWN:,} more"
    if done.excuses:
        yield f"To judge, for the model says so and nothing else does: {len(done.excuses):,}"
        yield from (f"  {name}: {why}" for name, why in done.excuses.items())
    yield from done.to_check


def _plain(line: str) -> str:
    """Return a line without what would move a cursor."""
    return "".join(letter if letter.isprintable() else " " for letter in line)
