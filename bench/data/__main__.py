"""Prints how long reading, parsing, splitting and guarding take per million rows, and how much memory.

    python -m bench.data [--rows N] [--json PATH]

Everything is measured at a quarter, a half and all of the rows, each in a process of its own: the cost has to grow
with the rows and no faster.
"""

from __future__ import annotations

import json as json_library
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import cyclopts
import numpy as np
from rich.console import Console
from rich.table import Table

from bench.data.synthetic import ROWS, Shape, write_hub

PARTS = (0.25, 0.5, 1.0)
MOST_GIB = 4.0
MOST_GROWTH = 1.3


def main(*, rows: int = ROWS, seed: int = 0, json: Path | None = None) -> None:
    """Print what each stage takes, and whether memory and growth keep their bounds.

    Args:
        rows: answers at full size.
        seed: where chance starts.
        json: where the numbers are written as JSON too.
    """
    runs: list[dict[str, Any]] = []
    status = Console(stderr=True).status("")
    with tempfile.TemporaryDirectory() as folder, status:
        for part in PARTS:
            count = round(rows * part)
            status.update(f"writing {count:,} rows")
            shape = write_hub(Path(folder) / f"{count}", count, np.random.default_rng(seed))
            status.update(f"reading, splitting and guarding {count:,} rows")
            runs.append(_measured(Path(folder) / f"{count}", shape))
    _show(runs)
    if json is not None:
        json.write_text(json_library.dumps(runs, indent=1) + "\n", encoding="utf-8")


def _measured(folder: Path, shape: Shape) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "bench.data.stages", str(folder), str(Path(out) / "dataset")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    size = sum(path.stat().st_size for path in folder.iterdir()) / 2**30
    return {**vars(shape), "gib_on_disk": size, **json_library.loads(done.stdout)}


def growth(runs: list[dict[str, Any]]) -> float:
    """Return how much longer a row takes at full size than at the smallest, over all stages: 1 is linear."""
    small, large = (_seconds(run) / run["rows"] for run in (runs[0], runs[-1]))
    return large / small


def _seconds(run: dict[str, Any]) -> float:
    return sum(stage["seconds"] for stage in run["stages"] if not stage["stage"].startswith("of which"))


def _show(runs: list[dict[str, Any]]) -> None:
    console = Console(width=None if Console().is_terminal else 140)
    full = runs[-1]
    console.print(
        f"Invented answers: {full['rows']:,} rows, {full['studies']} studies, {full['people']:,} people, "
        f"{full['stimuli']:,} stimuli of {full['characters']:.0f} characters in the mean, "
        f"{full['gib_on_disk']:.2f} GiB in 17 shards",
        highlight=False,
    )
    table = Table(title="Seconds, seconds per million rows, peak memory so far", title_justify="left")
    table.add_column("stage")
    for run in runs:
        table.add_column(f"{run['rows']:,} rows", justify="right")
    for place, stage in enumerate(full["stages"]):
        here = [(run["stages"][place], run["rows"] / 1e6) for run in runs]
        cells = [f"{s['seconds']:.1f} s, {s['seconds'] / m:.1f} s/M, {s['peak_gib']:.2f} GiB" for s, m in here]
        table.add_row(stage["stage"], *cells)
    console.print(table)
    console.print(f"All stages together: {_seconds(full):.0f} s at full size", highlight=False)
    peak, grown = max(stage["peak_gib"] for stage in full["stages"]), growth(runs)
    console.print(f"Peak memory {peak:.2f} GiB, goal below {MOST_GIB:g}: {_met(peak < MOST_GIB)}", highlight=False)
    console.print(
        f"Time per row at full size / at {PARTS[0]:.0%} of it: {grown:.2f}, goal at most {MOST_GROWTH:g}: "
        f"{_met(grown <= MOST_GROWTH)}",
        highlight=False,
    )  # fmt: skip


def _met(reached: bool) -> str:
    return "met" if reached else "not met"


if __name__ == "__main__":
    cyclopts.run(main)
