"""The two rows of one choice, as in a conjoint experiment: which row is the other of each."""

from __future__ import annotations

import polars as pl

from silicus.data.readers.codebook import Codebook
from silicus.data.readers.labelled import LabelledTable
from silicus.errors import InputError, counted

__all__ = ["partners"]


def partners(table: LabelledTable, codebook: Codebook, where: str) -> pl.Series:
    """Return the place of the other row of each row's pair, counted from 0.

    The two have the same respondent and the same tasks, and differ in the column `pair`. A row with an empty cell
    among these has no partner.

    Args:
        table: people's answers.
        codebook: with a pair.
        where: the codebook's file, for messages.

    Raises:
        InputError: a row has no partner, or several.
    """
    rows = _rows(table, codebook)
    keys = [name for name in rows.columns if name.startswith("key")]
    whole = rows.filter(pl.all_horizontal(pl.all().is_not_null())).with_columns(
        size=pl.len().over(keys),
        different=pl.len().over(keys) - pl.len().over([*keys, "side"]),
        other=pl.col("row").sum().over(keys) - pl.col("row"),
    )
    found = rows.select("row").join(whole.select("row", "size", "different", "other"), on="row", how="left")
    found = found.sort("row")
    alone = (found["different"].fill_null(0) == 0).arg_true()
    several = ((found["different"] > 0) & (found["size"] > 2)).arg_true()
    if len(alone) or len(several):
        raise InputError(f"{where}: {_unpaired(codebook, rows, alone, several)}")
    return found["other"]


def _rows(table: LabelledTable, codebook: Codebook) -> pl.DataFrame:
    """Return `row`, the columns "key ..." that the rows of a choice have in common, and `side`."""
    keys = [table.ids(str(codebook.respondent)), *map(table.codes, codebook.task)]
    return pl.DataFrame(
        [
            pl.int_range(table.cells.height, eager=True).alias("row"),
            *(key.alias(f"key {place}") for place, key in enumerate(keys)),
            table.codes(str(codebook.pair)).alias("side"),
        ]
    )


def _unpaired(codebook: Codebook, rows: pl.DataFrame, alone: pl.Series, several: pl.Series) -> str:
    """Return which rows are without a partner, or with several, in words."""
    columns = [str(codebook.respondent), *codebook.task, str(codebook.pair)]

    def first(places: pl.Series) -> str:
        cells = zip(columns, rows.row(places[0])[1:], strict=True)
        return "the first: " + ", ".join(f"{column} {cell or 'empty'}" for column, cell in cells)

    told: list[str] = []
    if len(alone):
        told.append(f"{counted(len(alone), 'row has', 'rows have')} no partner ({first(alone)})")
    if len(several):
        told.append(f"{counted(len(several), 'row has', 'rows have')} several ({first(several)})")
    return (
        f"{' and '.join(told)}. The two rows of a pair have the same {', '.join(columns[:-1])} and differ in "
        f"'{codebook.pair}'. Name under task every column that numbers choices, and leave out rows that are none of a "
        "choice of two."
    )
