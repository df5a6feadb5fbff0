"""Timing side by side: repeat by repeat, one system after the other, so that a busy minute hits all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

__all__ = ["Ratio", "Run", "Task", "Work", "compare", "interleave"]


@dataclass(frozen=True)
class Work:
    """What one timed call did.

    Attributes:
        seconds: how long it took.
        cpu_seconds: how long processors worked on it; on a quiet machine and with one thread the same.
        rows: prompts answered.
        tokens: tokens put through the model, padding included.
        answers: index of a row -> log-probabilities of its answers, where the system gives them.
        row_seconds: seconds a row in each batch, where the system works in batches.
    """

    seconds: float
    cpu_seconds: float
    rows: int
    tokens: int
    answers: dict[int, np.ndarray] | None = None
    row_seconds: Sequence[float] = ()


@dataclass(frozen=True)
class Task:
    """A system at work on a workload.

    Attributes:
        group: tasks of one group take turns.
        workload: the name of the workload.
        system: the name of the system.
        run: does the work; called with the number of the repeat.
        repeats: how often.
        tokens: about how many tokens one repeat takes, for the progress bar.
    """

    group: str
    workload: str
    system: str
    run: Callable[[int], Work]
    repeats: int
    tokens: int


@dataclass(frozen=True)
class Run:
    """One timed call, and when and in which repeat it was made."""

    workload: str
    system: str
    repeat: int
    started: float
    work: Work

    @property
    def row_seconds(self) -> float:
        """Seconds a row."""
        return self.work.seconds / self.work.rows


@dataclass(frozen=True)
class Ratio:
    """The median of a ratio over repeats, its lowest and its highest value."""

    median: float
    low: float
    high: float


def interleave(tasks: Sequence[Task]) -> list[Run]:
    """Return the runs of all tasks, each repeat of a group taking its tasks one after the other."""
    runs: list[Run] = []
    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=1) as bars:
        bar = bars.add_task("warming up", total=sum(task.tokens * task.repeats for task in tasks))
        for group in dict.fromkeys(task.group for task in tasks):
            here = [task for task in tasks if task.group == group]
            most = max(task.repeats for task in here)
            for repeat in range(most):
                for task in (task for task in here if repeat in _turns(task.repeats, most)):
                    bars.update(bar, description=f"{task.workload}, {task.system}, repeat {repeat + 1}")
                    started = time.monotonic()
                    runs.append(Run(task.workload, task.system, repeat, started, task.run(repeat)))
                    bars.advance(bar, task.tokens)
    return runs


def _turns(repeats: int, most: int) -> set[int]:
    """Return in which of `most` rounds a system runs that runs `repeats` times: first, last, and evenly between."""
    return {round(place) for place in np.linspace(0, most - 1, repeats)}


def compare(slow: Sequence[Run], fast: Sequence[Run]) -> Ratio:
    """Return how many times longer a row takes in `slow` than in `fast`, each run beside the nearest in time."""
    more, fewer = (slow, fast) if len(slow) >= len(fast) else (fast, slow)
    ratios = []
    for run in more:
        near = min(fewer, key=lambda other: abs(_middle(other) - _middle(run)))
        top, bottom = (run, near) if more is slow else (near, run)
        ratios.append(top.row_seconds / bottom.row_seconds)
    return Ratio(float(np.median(ratios)), min(ratios), max(ratios))


def _middle(run: Run) -> float:
    return run.started + run.work.seconds / 2
