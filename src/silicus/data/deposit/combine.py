"""Columns made out of several of the file: an arm, or a question, that has a column for each group of people.

A cell is filled where it holds an answer or a word. A code that the file or the recipe calls missing fills nothing, for
it mostly says that the other arm was asked; a mapping that names the code says that it is an answer, and so it fills.
Where cells stay as they are, a row that fills no column keeps its missing code, if it holds no other and all columns
call it missing in the same words. What only one calls missing may be an answer in another, and leaves an empty cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import polars as pl

from silicus.data.deposit.recipe import Combined, Recipe
from silicus.data.readers.labelled import LabelledTable
from silicus.errors import InputError, counted, did_you_mean

__all__ = ["combine"]


def combine(recipe: Recipe, table: LabelledTable, where: str, place: Callable[[int], str]) -> LabelledTable:
    """Return the table with the columns that a recipe makes out of the file's.

    Args:
        recipe: which columns are made, and of what.
        table: the data file, excluded rows left out.
        where: the recipe's file, for messages.
        place: returns where a row of the table stands in the file.

    Raises:
        InputError: a row fills several of the columns, a cell has no code, or a column is not there or already is.
    """
    made = table
    for name, combined in recipe.combine.items():
        if name in table.cells.columns:
            raise InputError(f"{where}: combine makes the column '{name}', which {table.path.name} has. Rename it.")
        for column in combined.columns:
            table.check_column(column, f"{where}: combine > {name}")
        made = _with(made, _Making(name, combined, table, recipe.missing, where, place))
    return made


@dataclass(frozen=True)
class _Making:
    """A column that is made."""

    name: str
    combined: Combined
    table: LabelledTable
    missing: dict[str, str]
    where: str
    place: Callable[[int], str]

    @property
    def columns(self) -> list[str]:
        return list(self.combined.columns)

    @property
    def as_they_are(self) -> bool:
        """Whether the cells of all columns stay as they are."""
        return all(how is None for how in self.combined.columns.values())

    def filled(self, column: str) -> pl.Series:
        """Return the codes of a column, null where it is not filled."""
        how = self.combined.columns[column]
        none = {*self.table.missing.get(column, {}), *self.missing}.difference(how if isinstance(how, dict) else ())
        codes = self.table.codes(column)
        return pl.select(pl.when(~codes.is_in(list(none))).then(codes).alias(column)).to_series()


def _with(table: LabelledTable, making: _Making) -> LabelledTable:
    """Return the table with one column more, and what the file says of it."""
    filled = pl.DataFrame([making.filled(column) for column in making.columns])
    _check_once(filled, making)
    cells = filled.select(pl.coalesce(_becomes(filled[column], making) for column in making.columns)).to_series()
    if not making.as_they_are:
        return replace(table, cells=table.cells.with_columns(cells.alias(making.name)))
    labels, missing = _labels(making), _missing(making)
    left = _left_missing(making, [*missing, *making.missing])
    titles = {making.table.titles.get(column) for column in making.columns}
    numbers = all(making.table.is_number(column) for column in making.columns)
    return replace(
        table,
        cells=table.cells.with_columns(cells.fill_null(left).alias(making.name)),
        labels={**table.labels, making.name: labels} if labels else table.labels,
        missing={**table.missing, making.name: missing} if missing else table.missing,
        titles={**table.titles, making.name: title} if len(titles) == 1 and (title := titles.pop()) else table.titles,
        lettered=table.lettered | ({making.name} if numbers else frozenset()),
    )


def _check_once(filled: pl.DataFrame, making: _Making) -> None:
    several = filled.select(pl.sum_horizontal(pl.all().is_not_null()) > 1).to_series().arg_true()
    if len(several):
        found = [(column, code) for column, code in filled.row(several[0], named=True).items() if code is not None]
        (one, its), (other, others) = found[:2]
        raise InputError(
            f"{making.place(several[0])}: '{one}' holds '{its}' and '{other}' holds '{others}', and '{making.name}' is "
            f"made of whichever is filled ({counted(len(several), 'such row', 'such rows')}). Name under missing the "
            "code that is no answer, exclude these rows, or do not combine the columns."
        )


def _becomes(codes: pl.Series, making: _Making) -> pl.Series:
    """Return what the cells of a column become, null where it is not filled."""
    how = making.combined.columns[codes.name]
    if isinstance(how, dict):
        _check_cells(codes, how, making)
        return codes.replace_strict(how, default=None, return_dtype=pl.String)
    words = making.table.ids(codes.name) if how is None else pl.lit(how)
    return pl.select(pl.when(codes.is_not_null()).then(words).alias(codes.name)).to_series()


def _check_cells(codes: pl.Series, how: dict[str, str], making: _Making) -> None:
    found: list[str] = codes.drop_nulls().unique().sort().to_list()
    told = f"{making.where}: combine > {making.name}: '{codes.name}'"
    absent = next((cell for cell in how if cell not in found), None)
    if absent is not None:
        hint = did_you_mean(absent, found) if found else " It is never filled: leave it out."
        raise InputError(f"{told} never holds the value '{absent}'.{hint}")
    bare = next((cell for cell in found if cell not in how), None)
    if bare is not None:
        rows = int((codes == bare).sum())
        raise InputError(
            f"{told} holds the value '{bare}' in {counted(rows, 'row', 'rows')}, and has no code for it. Add it: "
            f"{{{bare}: {bare}}}, or name it under missing."
        )


# --- what the file says of columns whose cells stay as they are


def _labels(making: _Making) -> dict[str, str]:
    """Return the labels of all columns, without those of codes that only some of them call missing.

    Raises:
        InputError: a code has other words in one column than in another, and so does not mean the same.
    """
    table, shared = making.table, _missing(making)
    found: dict[str, tuple[str, str]] = {}
    for column in making.columns:
        own = set(table.missing.get(column, {})).difference(shared)
        for code, words in table.labels.get(column, {}).items():
            first, its = found.setdefault(code, (column, words)) if code not in own else (column, words)
            if _plain(its) != _plain(words):
                raise InputError(
                    f"{making.where}: combine > {making.name}: the file calls {code} of '{first}' '{its}' and of "
                    f"'{column}' '{words}'. Say what the cells of each become: columns: {{{column}: {{{code}: ...}}}}"
                )
    return {code: words for code, (_, words) in found.items()}


def _plain(words: str) -> str:
    return re.sub(r"\W+", " ", words).strip().lower()


def _missing(making: _Making) -> dict[str, str]:
    """Return the codes that every column calls missing, in the same words."""
    first, *others = (making.table.missing.get(column, {}) for column in making.columns)
    return {code: why for code, why in first.items() if all(other.get(code) == why for other in others)}


def _left_missing(making: _Making, missing: list[str]) -> pl.Series:
    """Return the one missing code that the columns of a row hold, null where they hold none or several."""
    held = pl.DataFrame([making.table.codes(column).alias(column) for column in making.columns])
    codes = pl.concat_list(pl.when(pl.col(column).is_in(missing)).then(pl.col(column)) for column in making.columns)
    distinct = codes.list.drop_nulls().list.unique()
    return held.select(pl.when(distinct.list.len() == 1).then(distinct.list.first()).alias("left")).to_series()
