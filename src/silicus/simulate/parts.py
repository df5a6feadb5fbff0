"""Predictions written part by part, so that a run that stops can go on where it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from silicus.simulate.plan import Plan
from silicus.study import PREDICTIONS, write_table

__all__ = ["PART_ROWS", "simulate", "tidy"]

PART_ROWS = 512
"""Rows of a part. Each part is computed on its own, so that a run which was stopped gives the same bytes."""


def simulate(
    plan: Plan,
    answer: Callable[[Plan, int, int], pl.DataFrame],
    folder: Path,
    skipped: Callable[[int], None] = lambda _: None,
    part_rows: int = PART_ROWS,
) -> Path:
    """Write `predictions.parquet` into a run folder and return its path; parts already there are kept.

    Args:
        plan: who is asked what.
        answer: returns the predictions of the plan's pairs from one place up to another.
        folder: the run folder.
        skipped: called with the number of rows that were there already.
        part_rows: rows of a part.

    Raises:
        RunError: the folder cannot be written, or the disk is full.
    """
    parts = folder / "parts"
    paths: list[Path] = []
    for number, start in enumerate(range(0, len(plan), part_rows)):
        path, stop = parts / f"{number:06d}.parquet", min(start + part_rows, len(plan))
        paths.append(path)
        if path.is_file():
            skipped(stop - start)
            continue
        table = answer(plan, start, stop)
        write_table(path, table)
    product = folder / "predictions.parquet"
    write_table(product, pl.concat([pl.scan_parquet(path, schema=PREDICTIONS) for path in paths]))
    tidy(folder)
    return product


def tidy(folder: Path) -> None:
    """Remove what a finished run needs no more: its parts, and what a killed process left half-written."""
    parts = folder / "parts"
    for path in [*folder.glob(".*.part"), *parts.glob(".*.part"), *parts.glob("*.parquet")]:
        path.unlink(missing_ok=True)
    if parts.is_dir():
        parts.rmdir()
