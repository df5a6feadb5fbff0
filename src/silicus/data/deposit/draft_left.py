"""What a recipe still holds of a draft: everything that says TODO, told at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from silicus.data.deposit.recipe import Recipe
from silicus.data.readers.codebook import TODO
from silicus.errors import InputError, counted
from silicus.record import read, read_yaml

__all__ = ["read_recipe"]

_SHOWN = 60


def read_recipe(path: Path) -> Recipe:
    """Return the recipe in a file.

    Raises:
        InputError: it breaks a rule, or entries of a draft are left in it; all of them are named.
    """
    left = list(_left(read_yaml(path), ()))
    if left:
        more = f" and {len(left) - _SHOWN:,} more" if len(left) > _SHOWN else ""
        raise InputError(
            f"{path}: {counted(len(left), 'entry says', 'entries say')} {TODO}: {'; '.join(left[:_SHOWN])}{more}. "
            "Write what is missing, or delete the entry."
        )
    return read(path, Recipe)


def _left(value: Any, place: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, str) and value.lstrip().startswith(TODO):
        yield " > ".join(place)
    elif isinstance(value, dict):
        for name, each in cast("dict[Any, Any]", value).items():
            yield from _left(each, (*place, str(name)))
    elif isinstance(value, list):
        for number, each in enumerate(cast("list[Any]", value), start=1):
            name = cast("dict[str, Any]", each).get("id", number) if isinstance(each, dict) else number
            yield from _left(each, (*place, str(name)))
