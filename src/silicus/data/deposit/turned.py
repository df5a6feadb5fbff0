"""What became of every cell of a question's column: the point it stands for, or why it is no answer."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from silicus.data.deposit.built import Turned
from silicus.data.deposit.recipe import Recipe
from silicus.data.readers.asked import Asked, asked
from silicus.data.readers.labelled import LabelledTable

__all__ = ["cells_turned"]

_MOST_CELLS = 60
"""Different cells of a question that are listed; the rest are counted together."""


def cells_turned(recipe: Recipe, table: LabelledTable, where: str) -> dict[str, list[Turned]]:
    """Return question -> what became of its cells, those of each column of the file in their order.

    Args:
        recipe: what the columns mean.
        table: the data file, excluded rows left out and combined columns made.
        where: the recipe's file, for messages.
    """
    found: dict[str, list[Turned]] = {}
    for question in recipe.questions:
        meant = asked(table, recipe, question, where)
        meaning = dict(meant.meanings(table.codes(question.cells).alias("code")).select("code", "answer").iter_rows())
        told = {code: _becomes(code, answer, meant) for code, answer in meaning.items()}
        every = [
            each for column, pairs in _sources(recipe, table, question.cells) for each in _each(column, pairs, told)
        ]
        found[question.id] = _shortened(every)
    return found


def _sources(recipe: Recipe, table: LabelledTable, column: str) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield the columns of the file that a column is made of, with their cells (`cell`) and what it holds (`code`)."""
    made = table.codes(column).alias("code")
    combined = recipe.combine.get(column)
    for source in combined.columns if combined else (column,):
        rows = pl.DataFrame([table.codes(source).alias("cell"), made])
        if combined:
            how = combined.columns[source]
            named = how if isinstance(how, dict) else {}
            empty = {*table.missing.get(source, {}), *recipe.missing}.difference(named)
            rows = rows.filter(pl.col("cell").is_not_null() & ~pl.col("cell").is_in(list(empty)))
        yield source, rows


def _each(column: str, rows: pl.DataFrame, told: dict[str, str]) -> Iterator[Turned]:
    counts = rows.group_by("cell", "code").len().sort(pl.col("cell").cast(pl.Float64, strict=False), "cell", "code")
    for cell, code, count in counts.iter_rows():
        becomes = "no answer: the cell is empty" if code is None else told[code]
        yield Turned(column=column, cell="(empty)" if cell is None else cell, becomes=becomes, rows=count)


def _becomes(code: str, answer: float | None, meant: Asked) -> str:
    if code in meant.missing:
        return f"no answer: {meant.missing[code]}"
    if answer is None or answer not in meant.scale.answers:
        return "left out: no point of the scale"
    label = meant.scale.label(int(answer)) or meant.scale.refusals.get(int(answer))
    return f"{int(answer)} ({label})" if label else f"{int(answer)}"


def _shortened(cells: list[Turned]) -> list[Turned]:
    rest = cells[_MOST_CELLS:]
    if not rest:
        return cells
    rows = sum(each.rows for each in rest)
    return [*cells[:_MOST_CELLS], Turned(column="", cell=f"{len(rest):,} more", becomes="not listed", rows=rows)]
