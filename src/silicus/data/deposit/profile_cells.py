"""The cells of a table as numbers, made once a column, for whoever compares columns with one another."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from silicus.data.deposit.profile_columns import MOST_CELLS, ColumnProfile
from silicus.data.readers.labelled import LabelledTable

__all__ = ["Cells", "Places"]

Places = NDArray[np.int64]
"""The place of each row's cell among the distinct ones, from 1; 0 for an empty cell."""
_QUARTERS = (0.25, 0.5, 0.75)


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of a table.

    Attributes:
        table: the table.
    """

    table: LabelledTable
    _places: dict[str, Places] = field(default_factory=dict[str, Places])
    _groups: dict[str, Places | None] = field(default_factory=dict[str, Places | None])

    def places(self, column: str) -> Places:
        """Return which rows have the same cell; missing codes are cells."""
        if column not in self._places:
            self._places[column] = _ranks(self.table.codes(column))
        return self._places[column]

    def people(self, column: str) -> Places:
        """Return which rows are of the same person."""
        return _ranks(self.table.ids(column))

    def groups(self, column: ColumnProfile) -> Places | None:
        """Return which rows belong to the same group, 0 for a missing code; `None` for words that make no groups.

        Args:
            column: of few values, or of numbers, which are cut into quarters.
        """
        if column.name not in self._groups:
            self._groups[column.name] = self._grouped(column)
        return self._groups[column.name]

    def _grouped(self, column: ColumnProfile) -> Places | None:
        codes = self.table.codes(column.name)
        known = pl.select(pl.when(~codes.is_in(list(column.missing))).then(codes)).to_series()
        if column.distinct <= MOST_CELLS:
            return _ranks(known)
        if not column.numeric:
            return None
        numbers = known.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
        cuts = np.nanquantile(numbers, _QUARTERS)
        return np.where(np.isnan(numbers), 0, 1 + np.searchsorted(cuts, numbers))


def _ranks(codes: pl.Series) -> Places:
    return codes.rank("dense").cast(pl.Int64).fill_null(0).to_numpy()
