"""Predictions written part by part, so that a run that stops can go on where it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from silicus.simulate.plan import Plan
from silicus.simulate.variants import Answered
from silicus.study import PREDICTIONS, VARIANTS, write_table

__all__ = ["PART_ROWS", "simulate", "tidy"]

PART_ROWS = 512
"""Pairs of a part. Each part is computed on its own, so that a run which was stopped gives the same bytes."""

_VARIANTS = "variants"
"""The folder, within that of the parts, of the answers in each way."""


def simulate(
    plan: Plan,
    answer: Callable[[Plan, int, int], Answered],
    folder: Path,
    skipped: Callable[[int], None] = lambda _: None,
    part_rows: int = PART_ROWS,
) -> Path:
    """Write `predictions.parquet` into a run folder and return its path; parts already there are kept.

    Where pairs are asked in several ways, `variants.parquet` beside it holds the answers in each.

    Args:
        plan: who is asked what.
        answer: returns what is answered to the plan's pairs from one place up to another.
        folder: the run folder.
        skipped: called with the number of pairs that were there already.
        part_rows: pairs of a part.

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
        found = answer(plan, start, stop)
        if found.variants is not None:
            write_table(parts / _VARIANTS / path.name, found.variants)
        # The predictions come last: a part that has them is whole.
        write_table(path, found.predictions)
    apart = [parts / _VARIANTS / path.name for path in paths]
    if any(path.is_file() for path in apart):
        write_table(folder / "variants.parquet", _joined(apart, VARIANTS))
    product = folder / "predictions.parquet"
    write_table(product, _joined(paths, PREDICTIONS))
    tidy(folder)
    return product


def _joined(paths: Sequence[Path], schema: pl.Schema) -> pl.LazyFrame:
    return pl.concat([pl.scan_parquet(path, schema=schema) for path in paths])


def tidy(folder: Path) -> None:
    """Remove what a finished run needs no more: its parts, and what a killed process left half-written."""
    parts = folder / "parts"
    for each in (parts / _VARIANTS, parts):
        for path in [*folder.glob(".*.part"), *each.glob(".*.part"), *each.glob("*.parquet")]:
            path.unlink(missing_ok=True)
        if each.is_dir():
            each.rmdir()
