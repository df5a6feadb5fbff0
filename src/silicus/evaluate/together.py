"""Cells of few people taken together, so that a distance from their shares says something.

The distance from the shares of few people rewards over-confidence: of a single answer, the median of the scale lies
nearer in the mean than the distribution the answer was drawn from.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from silicus.evaluate.metrics import FloatArray

__all__ = ["ENOUGH", "Cells", "taken_together", "together"]

Cells = npt.NDArray[np.intp]
"""Places of cells."""

ENOUGH = 30
"""So many people's answers have shares that a distance may be taken from."""


def together(people: FloatArray, pools: Sequence[str] | None) -> list[Cells]:
    """Return the cells that are taken together, where they are of `ENOUGH` people: larger ones stand alone.

    Args:
        people: how many people answered, shape (cells,); NaN where it is unknown, which counts as enough.
        pools: cells of one name may be taken together; `None`: every cell stands alone.

    Returns:
        Places of cells; each cell stands in one of them, or in none.

    Examples:
        >>> [cells.tolist() for cells in together(np.array([40, 20, 15, 29]), ["a", "a", "a", "b"])]
        [[0], [1, 2]]
    """
    found: dict[str | int, list[int]] = {}
    for cell, count in enumerate(people.tolist()):
        small = pools is not None and count < ENOUGH
        # A cell that nobody answered adds nothing.
        if not small or count > 0:
            found.setdefault(pools[cell] if pools is not None and small else cell, []).append(cell)
    groups = [np.array(cells, dtype=np.intp) for cells in found.values()]
    return [cells for cells in groups if not people[cells].sum() < ENOUGH]


def taken_together(rows: Sequence[FloatArray], groups: list[Cells], people: FloatArray) -> list[FloatArray]:
    """Return the means of rows over the cells that are taken together, in which a cell counts its people.

    Args:
        rows: of each cell, shape (points,).
        groups: places of cells, as `together` returns them.
        people: how many people answered, shape (cells,).
    """
    return [_mean([rows[int(cell)] for cell in cells], people[cells]) for cells in groups]


def _mean(rows: list[FloatArray], people: FloatArray) -> FloatArray:
    # One cell may be of an unknown number of people.
    return np.asarray(rows[0], dtype=np.float64) if len(rows) == 1 else np.average(rows, axis=0, weights=people)
