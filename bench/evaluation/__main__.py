"""Prints how sure the intervals of an evaluation are, and how long one takes.

python -m bench.evaluation [--datasets N] [--cells C] [--people P]
"""

from __future__ import annotations

import cyclopts
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.evaluation.coverage import SIMULATIONS, coverage
from bench.evaluation.speed import take


def main(*, datasets: int = 1000, cells: int = 800, people: int = 600, draws: int = 1000) -> None:
    """Print the coverage of intervals and the cost of an evaluation.

    Args:
        datasets: how many are simulated for each coverage.
        cells: of the evaluation that is timed.
        people: who answer each cell.
        draws: resamples of that evaluation.
    """
    console = Console(width=120)
    table = Table("95 % interval of the", "holds the truth", "of datasets")
    for name in track(SIMULATIONS, "simulating", console=Console(stderr=True)):
        share, error = coverage(name, datasets)
        table.add_row(name, f"{100 * share:.1f} % ± {100 * error:.1f}", f"{datasets:,}")
    console.print(table)
    for studies in (40, 1):
        seconds, memory = take(cells, people, studies, draws)
        console.print(
            f"{cells:,} cells x {people:,} respondents, {studies} {'study' if studies == 1 else 'studies'}, "
            f"{draws:,} draws: {seconds:.1f} s, peak of the process {memory:.2f} GiB"
        )


if __name__ == "__main__":
    cyclopts.run(main)
