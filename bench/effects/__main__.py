"""Prints how sure the intervals of effects are, and how often corrected tests find what is not there.

python -m bench.effects [--datasets N]
"""

from __future__ import annotations

import time

import cyclopts
from rich.console import Console
from rich.table import Table

from bench.effects.coverage import INTERVALS, coverage, plain_clusters
from bench.effects.multiple import false_findings, small_at_bound
from bench.effects.rectify import main as rectified


def main(*, datasets: int = 1000) -> None:
    """Print coverage, false findings and sizes.

    Args:
        datasets: how many are simulated for each.
    """
    console, start = Console(width=120), time.perf_counter()
    table = Table("95 % interval of the", "holds the truth", "of datasets")
    for name, simulation in {**INTERVALS, "12 unequal clusters (CR0, normal)": plain_clusters}.items():
        share, error = coverage(simulation, datasets)
        table.add_row(name, f"{100 * share:.1f} % ± {100 * error:.1f}", f"{datasets:,}")
    console.print(table)
    table = Table("correction of 5 tests, 2 true", "any false finding", "share of false findings", "true ones found")
    for name, found in false_findings(datasets).items():
        table.add_row(name, *(f"{100 * found[key]:.1f} %" for key in ("any", "share", "power")))
    console.print(table)
    console.print(f"effects at their bound called small at 5 %: {100 * small_at_bound(datasets):.1f} %")
    console.print(f"{time.perf_counter() - start:.1f} s")
    rectified(datasets=datasets)


if __name__ == "__main__":
    cyclopts.run(main)
