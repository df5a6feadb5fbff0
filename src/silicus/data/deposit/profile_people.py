"""Which columns tell of a person what was so before the study: demographics, and what is made of them."""

from __future__ import annotations

import numpy as np

from silicus.data.deposit.demographics import guess_field
from silicus.data.deposit.profile_cells import Cells, Places
from silicus.data.deposit.profile_columns import MOST_SCALE, ColumnProfile
from silicus.data.readers.by_labels import attribute_name

__all__ = ["depends", "find_demographics", "is_common", "varying"]

_ROWS_A_VALUE = 5
"""With fewer rows a value, one column follows from another by chance."""
_LEAST = 0.05
"""A column whose second value is rarer follows from another by chance."""


def find_demographics(columns: list[ColumnProfile], cells: Cells, within: set[str]) -> dict[str, str]:
    """Return column -> the field it seems to hold, or the column it is made of.

    A column named or titled as a field is one, and so is a column that follows from one, such as ages in bands. What
    differs between the rows of a person is none: it is a profile that was shown.

    Args:
        columns: what each column holds.
        cells: of the table.
        within: the columns that differ within a person.
    """
    found: dict[str, str] = {}
    for column in columns:
        named = guess_field(column.name, column.title, column.words) or attribute_name(column.name)
        if named and column.name not in within and column.distinct > 1 and column.kind != "id":
            found[column.name] = named
    fields = [column for column in columns if column.name in found and column.distinct <= MOST_SCALE]
    for column in columns:
        finer = (each for each in fields if each.name != column.name and each.distinct > column.distinct)
        if column.name not in found and column.name not in within and is_common(column):
            made_of = next((each.name for each in finer if _is_banded(cells, each, column)), None)
            found |= {column.name: f"made of {made_of}"} if made_of else {}
    return found


def is_common(column: ColumnProfile) -> bool:
    """Return whether at least two values of a column are frequent, so that it follows from another not by chance."""
    frequent = sorted(column.counts.values(), reverse=True)[1:2]
    return bool(frequent) and frequent[0] >= _LEAST * (column.rows + column.empty)


def _is_banded(cells: Cells, finer: ColumnProfile, column: ColumnProfile) -> bool:
    return finer.rows >= _ROWS_A_VALUE * finer.distinct and depends(cells, column.name, finer.name)


def depends(cells: Cells, column: str, on: str) -> bool:
    """Return whether a column has one cell, or none, for every cell of another."""
    return _is_constant(cells.places(on), cells.places(column))


def varying(cells: Cells, person: str | None, columns: list[str]) -> set[str]:
    """Return the columns that differ between rows of the same person; none where a person has one row.

    Args:
        cells: of the table.
        person: the column that names people.
        columns: where to look.
    """
    if person is None:
        return set()
    ids = cells.table.ids(person)
    if not ids.drop_nulls().is_duplicated().any():
        return set()
    # Rows without a name are of nobody, and tell nothing.
    people = cells.people(person)
    return {name for name in columns if not _is_constant(people[people > 0], cells.places(name)[people > 0])}


def _is_constant(people: Places, values: Places) -> bool:
    """Return whether there is one value a person."""
    return len(np.unique(people * (int(values.max(initial=0)) + 1) + values)) == len(np.unique(people))
