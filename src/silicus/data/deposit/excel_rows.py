"""The rows of a workbook, written as JSON: a script that `silicus.data.deposit.excel` runs in a process of its own.

A few bytes of a workbook can ask for more memory than there is (two cells in its far corners do), whereupon the library
that reads it ends the process it is in. So this process has its own limits, and imports nothing of silicus.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any

__all__: list[str] = []

_MEMORY = 4 * 2**30
_MOST_CELLS = 10_000_000
_MOST_CHARACTERS = 200_000_000
_HEADER_ROWS = 20
"""Cells merged further down are none of a header."""


def _limit_memory() -> None:
    # Windows has no such limits.
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer(path: str, name: str | None) -> dict[str, Any]:
    """Return the rows of a sheet, or the names of those that hold cells where none is named and there are several."""
    import python_calamine as calamine

    problems = (calamine.CalamineError, calamine.PasswordError, calamine.XmlError, calamine.ZipError)
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a script that starts quickly
            workbook = calamine.CalamineWorkbook.from_filelike(file)
            names = [each.name for each in workbook.sheets_metadata if each.typ == calamine.SheetTypeEnum.WorkSheet]
            if name is not None and name not in names:
                return {"sheets": names}
            sheets = [workbook.get_sheet_by_name(each) for each in ([name] if name is not None else names)]
            filled = [sheet for sheet in sheets if sheet.start is not None]
            if len(filled) != 1:
                return {"sheets": [sheet.name for sheet in filled]}
            return _cells(filled[0])
    except calamine.PasswordError:
        return {"problem": "it is locked with a password"}
    except (*problems, OSError, ValueError) as error:
        return {"problem": str(error)}


def _cells(sheet: Any) -> dict[str, Any]:
    """Return the rows of the used range, where it begins, and the merged ranges on top of it.

    A merged range is its first row and column, then its last; all are counted from 0 in the sheet.
    """
    if sheet.width * sheet.height > _MOST_CELLS:
        return {"problem": f"its range has more than {_MOST_CELLS:,} cells"}
    rows: list[list[Any]] = []
    characters = 0
    for row in sheet.to_python(skip_empty_area=True):
        rows.append([_plain(cell) for cell in row])
        characters += sum(len(cell) for cell in rows[-1] if isinstance(cell, str))
        if characters > _MOST_CHARACTERS:
            return {"problem": f"its cells hold more than {_MOST_CHARACTERS:,} characters"}
    merged: Iterable[tuple[tuple[int, int], tuple[int, int]]] = sheet.merged_cell_ranges or ()
    above = sheet.start[0] + _HEADER_ROWS
    on_top = [(*first, *last) for first, last in merged if first[0] < above]
    return {"rows": rows, "start": sheet.start, "merged": on_top}


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return cell if isinstance(cell, str | bool | int | float) else str(cell)


if __name__ == "__main__":
    _limit_memory()
    sys.stdout.write(json.dumps(_answer(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)))
