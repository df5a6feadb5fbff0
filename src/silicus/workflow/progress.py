"""Progress on the terminal, so that nobody waits in the dark."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

__all__ = ["Bar", "is_first", "progress", "waiting"]


class Bar:
    """A progress bar over answers, prompts or steps."""

    def __init__(self, bars: Progress, task: int) -> None:
        self._bars, self._task = bars, task

    def advance(self, done: int) -> None:
        """Move the bar on by so many."""
        self._bars.advance(self._task, done)  # pyright: ignore[reportArgumentType]

    def reach(self, done: int, said: str = "") -> None:
        """Move the bar to where so many are done, and say something behind it."""
        self._bars.update(self._task, completed=done, **({"said": said} if said else {}))  # pyright: ignore[reportArgumentType]


@contextmanager
def progress(what: str, total: int, unit: str = "answers") -> Generator[Bar]:
    """Yield a bar that counts up to `total`, on the error stream; only the first of several processes shows it."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit),
        TaskProgressColumn(), TimeRemainingColumn(elapsed_when_finished=True), TextColumn("{task.fields[said]}"),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), disable=not is_first()) as bars:
        yield Bar(bars, bars.add_task(what, total=total, said=""))


@contextmanager
def waiting(what: str) -> Generator[None]:
    """Show a spinner while something of unknown length goes on; only the first of several processes shows it."""
    with Console(stderr=True, quiet=not is_first()).status(what):
        yield


def is_first() -> bool:
    """Return whether this is the only process of a run, or the first of several."""
    return os.environ.get("RANK", "0") == "0"
