"""Predictions written part by part, so that a run that stops can go on where it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from silicus.record import atomic
from silicus.simulate.plan import Plan
from silicus.study import PREDICTIONS

__all__ = ["PART_ROWS", "simulate"]

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
        with atomic(path) as temporary:
            table.write_parquet(temporary)
    product = folder / "predictions.parquet"
    with atomic(product) as temporary:
        _join(paths, temporary)
    for path in paths:
        path.unlink()
    for leftover in parts.glob(".*.part"):
        leftover.unlink()
    if parts.is_dir():
        parts.rmdir()
    return product


def _join(paths: list[Path], target: Path) -> None:
    """Write all parts into one file, never holding more than a few of them."""
    tables = [pl.scan_parquet(path, schema=PREDICTIONS) for path in paths]
    pl.concat(tables).sink_parquet(target, maintain_order=True, row_group_size=65_536, statistics=False)
