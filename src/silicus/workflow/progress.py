"""Progress on the terminal, so that nobody waits in the dark."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

__all__ = ["Bar", "progress", "waiting"]


class Bar:
    """A progress bar over answers.

    Attributes:
        advance: call with how many answers came in.
    """

    def __init__(self, bars: Progress, task: int) -> None:
        self._bars, self._task = bars, task

    def advance(self, answers: int) -> None:
        """Move the bar on by this many answers."""
        self._bars.advance(self._task, answers)  # pyright: ignore[reportArgumentType]


@contextmanager
def progress(what: str, total: int) -> Generator[Bar]:
    """Yield a bar that counts answers up to `total`, on the error stream."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("answers"),
        TaskProgressColumn(), TimeRemainingColumn(elapsed_when_finished=True),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as bars:
        yield Bar(bars, bars.add_task(what, total=total))


@contextmanager
def waiting(what: str) -> Generator[None]:
    """Show a spinner while something of unknown length goes on."""
    with Console(stderr=True).status(what):
        yield
