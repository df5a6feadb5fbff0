"""A recipe executed: the table it names, without the rows it excludes and with the columns it makes, as a dataset."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import polars as pl

from silicus.data.dataset import Dataset
from silicus.data.deposit.combine import combine
from silicus.data.deposit.recipe import Recipe
from silicus.data.readers.labelled import LabelledTable
from silicus.data.readers.table import read_answers
from silicus.errors import InputError, did_you_mean

__all__ = ["execute"]


def execute(recipe: Recipe, table: LabelledTable, where: str) -> tuple[LabelledTable, Dataset]:
    """Return the table as the recipe leaves it, excluded rows out and made columns in, and the dataset made of it.

    The same recipe and file give the same dataset, whoever executes it and when.

    Args:
        recipe: what the columns mean.
        table: its data file.
        where: the recipe's file, for messages.

    Raises:
        InputError: the recipe names a column or a cell that the table does not have, or excludes every row.
    """
    kept, why = _kept(recipe, table, where)
    rows = kept.arg_true()
    left = replace(table, cells=table.cells.filter(kept))
    left = combine(recipe, left, where, lambda row: table.place(rows[row]))
    data = read_answers(left, recipe, where, left_out=why)
    return left, replace(data, name=recipe.name)


def _kept(recipe: Recipe, table: LabelledTable, where: str) -> tuple[pl.Series, dict[str, int]]:
    """Return whether each row is kept, and reason -> rows that are not."""
    why: Counter[str] = Counter()
    kept = pl.Series([True]).new_from_index(0, table.cells.height)
    for exclusion in recipe.exclude:
        table.check_column(exclusion.column, where)
        codes = table.codes(exclusion.column)
        for code, reason in exclusion.values.items():
            hit = (codes == code).fill_null(value=False)
            if not hit.any():
                found: list[str] = codes.drop_nulls().unique().sort().to_list()
                raise InputError(
                    f"{where}: excludes the rows whose '{exclusion.column}' is '{code}', which no cell is."
                    f"{did_you_mean(code, found)}"
                )
            why[f"excluded: {reason}"] += int((hit & kept).sum())
            kept &= ~hit
    if not kept.any():
        raise InputError(
            f"{where}: excludes every row of {table.path.name}. Exclude those alone that the authors left out."
        )
    return kept, dict(why)
