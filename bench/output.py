"""What is printed and written: the machine, the table of goals, the raw medians, and how tokens grow."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.goals import Result, as_json
from bench.measure import Run
from bench.tasks import Bench

__all__ = ["load", "machine", "raw_medians", "show", "write"]

_WIDTH = 180

Growth = list[tuple[str, int, int, int]]


def load() -> float | None:
    """Return how many processes want to run, averaged over a minute, where the system tells."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def machine(threads: int, vllm: str | None) -> dict[str, Any]:
    """Return what the times depend on."""
    import torch
    import transformers

    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "threads": threads,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "vllm": vllm,
    }


def _cpu() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.is_file() else []
    found = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return found or platform.processor() or platform.machine()


def raw_medians(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return the medians over repeats of each system on each workload: what the ratios are made of."""
    table = []
    for workload, system in dict.fromkeys((run.workload, run.system) for run in runs):
        here = [run.work for run in runs if (run.workload, run.system) == (workload, system)]
        seconds = [work.seconds for work in here]
        table.append({
            "workload": workload,
            "system": system,
            "repeats": len(here),
            "rows": int(np.median([work.rows for work in here])),
            "tokens": int(np.median([work.tokens for work in here])),
            "seconds": float(np.median(seconds)),
            "seconds_low": min(seconds),
            "seconds_high": max(seconds),
            "cpu_seconds": float(np.median([work.cpu_seconds for work in here])),
            "ms_per_row": float(np.median([1000 * work.seconds / work.rows for work in here])),
            "ms_per_token": float(np.median([1000 * work.seconds / work.tokens for work in here])),
        })  # fmt: skip
    return table


def show(facts: dict[str, Any], results: Sequence[Result], raw: Sequence[dict[str, Any]], growth: Growth) -> None:
    """Print all of it."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)  # In a file nothing is gained by wrapping.
    console.print(", ".join(f"{name} {value}" for name, value in facts.items() if value is not None), highlight=False)
    console.print(_goals(results))
    for result in results:
        console.print(f"{result.goal.id}: {result.note}", highlight=False)
    if raw:
        console.print(_raw(raw))
        console.print(*_busy(facts, raw))
    if growth:
        console.print(_growth(growth))


def _goals(results: Sequence[Result]) -> Table:
    table = Table(title="Goals (ratios of time, where not said otherwise)", title_justify="left")
    for name in ("row", "what", "goal", "median", "min to max", "in words"):
        table.add_column(name, justify="right" if name in ("goal", "median", "min to max") else "left")
    for result in results:
        ratio, shown = result.ratio, _small if result.goal.bound < 0.01 else _times
        spread = "-" if ratio is None else f"{shown(ratio.low)} to {shown(ratio.high)}"
        median = "-" if ratio is None else shown(ratio.median)
        table.add_row(result.goal.id, result.goal.name, result.goal.words, median, spread, result.words)
    return table


def _times(value: float) -> str:
    return f"{value:.2f}x"


def _small(value: float) -> str:
    return f"{value:.1e}"


def _raw(raw: Sequence[dict[str, Any]]) -> Table:
    table = Table(title="Medians over repeats; tokens as computed, padding included", title_justify="left")
    for name in ("workload", "system"):
        table.add_column(name)
    for name in ("repeats", "rows", "tokens", "seconds", "min to max", "CPU seconds", "ms per row", "ms per token"):
        table.add_column(name, justify="right")
    for line in raw:
        table.add_row(
            line["workload"], line["system"], str(line["repeats"]), f"{line['rows']:,}", f"{line['tokens']:,}",
            f"{line['seconds']:.2f}", f"{line['seconds_low']:.2f} to {line['seconds_high']:.2f}",
            f"{line['cpu_seconds']:.2f}", f"{line['ms_per_row']:.1f}", f"{line['ms_per_token']:.2f}",
        )  # fmt: skip
    return table


def _busy(facts: dict[str, Any], raw: Sequence[dict[str, Any]]) -> list[str]:
    """Return a warning where something else kept the processors from the work."""
    waited = max(line["seconds"] / line["cpu_seconds"] for line in raw) - 1
    if facts["threads"] > 1 or waited < 0.1:
        return []
    return [
        f"The machine was busy: a system waited {waited:.0%} longer than it worked. Measure again when it is quiet."
    ]


def _growth(growth: Growth) -> Table:
    table = Table(title="G, how tokens grow (counted, not timed)", title_justify="left")
    for name in ("number of", "", "silicus forwards", "published order, nothing shared"):
        table.add_column(name, justify="left" if name == "number of" else "right")
    for what, number, ours, flat in growth:
        table.add_row(what, str(number), f"{ours:,}", f"{flat:,}")
    return table


def write(
    path: Path, facts: dict[str, Any], bench: Bench, results: Sequence[Result], raw: Sequence[dict[str, Any]],
    growth: Growth,
) -> None:  # fmt: skip
    """Write all of it as JSON."""
    names = ("of", "number", "tokens_forwarded", "tokens_flat_published_order")
    content = {
        "machine": facts,
        "sizes": asdict(bench.sizes),
        "rows": [as_json(result) for result in results],
        "systems": list(raw),
        "counts": {name: asdict(counted) for name, counted in bench.counts.items()},
        "growth": [dict(zip(names, line, strict=True)) for line in growth],
    }
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
