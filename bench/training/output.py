"""What is printed and written: goals, and what each system took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.training.measure import Pass

__all__ = ["GOALS", "Goal", "as_json", "ratio", "show"]

_NAMES = {
    "padded": "padded batches, logits everywhere (transformers, LLaMA-Factory)",
    "answers only": "padded batches, logits at answers only (as TRL computes by default)",
    "packed": "packed without padding, logits at answers only",
    "silicus": "silicus, answers given",
    "silicus, whole scale": "silicus, every answer on offer read",
    "TRL": "TRL itself (SFTTrainer)",
}


@dataclass(frozen=True)
class Goal:
    """How many times longer a system is to take than silicus, at a length of the stimulus."""

    stimulus: str
    system: str
    at_least: float


GOALS = (
    Goal("115", "padded", 3.5), Goal("115", "answers only", 2.0), Goal("115", "packed", 1.7),
    Goal("275", "padded", 7.0), Goal("275", "answers only", 3.5), Goal("275", "packed", 2.2),
)  # fmt: skip


def ratio(passes: Sequence[Pass], stimulus: str, system: str) -> tuple[float, float, float] | None:
    """Return how many times longer a system takes than silicus on the same rows: median, lowest, highest."""
    seconds = {(p.system, p.repeat): p.seconds for p in passes if p.stimulus == stimulus}
    repeats = [repeat for name, repeat in seconds if name == system]
    found = [seconds[system, repeat] / seconds["silicus", repeat] for repeat in repeats]
    return (float(np.median(found)), min(found), max(found)) if found else None


def show(facts: dict[str, Any], passes: Sequence[Pass], peaks: dict[tuple[str, str], float | None]) -> None:
    """Print the machine, the goals, and each system's times, memory and tokens."""
    console = Console(width=None if Console().is_terminal else 180)
    console.print(", ".join(f"{name} {value}" for name, value in facts.items() if value is not None), highlight=False)
    console.print(_goals(passes))
    console.print(_systems(passes, peaks))
    loss, gradient = (max(getattr(p, name) for p in passes) for name in ("loss_gap", "gradient_gap"))
    console.print(f"Largest distance from padded batches: loss {loss:.1e}, gradient {gradient:.1e}", highlight=False)


def _goals(passes: Sequence[Pass]) -> Table:
    table = Table(title="Goals: time of forward and backward / that of silicus, same rows", title_justify="left")
    for name in ("stimulus", "what", "goal", "median", "min to max", "in words"):
        table.add_column(name, justify="left" if name in ("what", "in words") else "right")
    for goal in GOALS:
        found = ratio(passes, goal.stimulus, goal.system)
        median, spread, words = "-", "-", "not measured"
        if found is not None:
            median, spread = f"{found[0]:.2f}x", f"{found[1]:.2f} to {found[2]:.2f}"
            words = "met" if found[0] >= goal.at_least else "not met"
        table.add_row(goal.stimulus, _NAMES[goal.system], f">= {goal.at_least:g}x", median, spread, words)
    return table


def _systems(passes: Sequence[Pass], peaks: dict[tuple[str, str], float | None]) -> Table:
    table = Table(title="Medians over repeats; tokens forwarded, padding included", title_justify="left")
    headings = ("CPU seconds", "ratio", "tokens", "ms per token", "tokens per token learnt", "GiB beyond the model")
    for name in ("stimulus", "system", *headings):
        table.add_column(name, justify="left" if name == "system" else "right")
    for line in _lines(passes, peaks):
        peak = "-" if line["peak_gib"] is None else f"{line['peak_gib']:.2f}"
        table.add_row(
            line["stimulus"], _NAMES[line["system"]], f"{line['seconds']:.2f}", f"{line['ratio']:.2f}x",
            f"{line['forwarded']:,}", f"{1000 * line['seconds'] / line['forwarded']:.2f}",
            f"{line['forwarded'] / line['learnt']:.0f}", peak,
        )  # fmt: skip
    return table


def _lines(passes: Sequence[Pass], peaks: dict[tuple[str, str], float | None]) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for stimulus, system in dict.fromkeys((p.stimulus, p.system) for p in passes):
        here = [p for p in passes if (p.stimulus, p.system) == (stimulus, system)]
        found = ratio(passes, stimulus, system)
        lines.append({
            "stimulus": stimulus,
            "system": system,
            "seconds": float(np.median([p.seconds for p in here])),
            "ratio": found and found[0],
            "forwarded": int(np.median([p.forwarded for p in here])),
            "learnt": int(np.median([p.learnt for p in here])),
            "peak_gib": peaks.get((stimulus, system)),
        })  # fmt: skip
    return lines


def as_json(
    facts: dict[str, Any], passes: Sequence[Pass], peaks: dict[tuple[str, str], float | None]
) -> dict[str, Any]:  # fmt: skip
    """Return all of it as it stands in the file."""
    goals = []
    for goal in GOALS:
        found = ratio(passes, goal.stimulus, goal.system)
        goals.append({**asdict(goal), "median": found and found[0], "met": found and found[0] >= goal.at_least})
    return {
        "machine": facts, "goals": goals, "systems": _lines(passes, peaks), "passes": [asdict(p) for p in passes],
    }  # fmt: skip
