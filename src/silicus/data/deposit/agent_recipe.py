"""A recipe as a model gave it, written as people write one: YAML, with where every field comes from behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from silicus.data.yaml_words import comment, key, scalar

__all__ = ["field_name", "recipe_yaml"]

_LISTS_OF = {"questions": "id", "condition": "column", "exclude": "column"}
"""Key of a recipe that holds a list -> what its entries are called by."""
_Place = tuple[str, ...]


def field_name(*place: str) -> str:
    """Return what a field of a recipe is called: its keys, entries of lists by their names.

    Examples:
        >>> field_name("questions", "q2", "text")
        'questions > q2 > text'
    """
    return " > ".join(place)


def recipe_yaml(data: dict[str, Any], origins: dict[str, str], head: list[str]) -> str:
    """Return a recipe as YAML.

    Args:
        data: its keys, as JSON has them.
        origins: field -> where it comes from, told behind it.
        head: lines of words that begin it.
    """
    left = dict(origins)
    lines = [f"# {comment(line, 400)}" for line in head]
    return "\n".join([*lines, *_mapping(data, (), left)]) + "\n"


def _mapping(data: dict[str, Any], place: _Place, origins: dict[str, str]) -> Iterator[str]:
    indent = "  " * len(place)
    for name, value in data.items():
        here = (*place, name)
        start = f"{indent}{key(name)}:"
        yield from _entry(start, value, here, origins)


def _entry(start: str, value: Any, here: _Place, origins: dict[str, str]) -> Iterator[str]:
    # What is said of cells is called by the cells, which stand under `values`.
    by_cell = here[0] in {"condition", "exclude"} and here[2:3] == ("values",)
    told = origins.pop(field_name(*here[:2], *here[3:]) if by_cell else field_name(*here), None)
    said = f"  # {comment(told)}" if told else ""
    if isinstance(value, dict) and value:
        yield f"{start}{said}"
        yield from _mapping(cast("dict[str, Any]", value), here, origins)
    elif isinstance(value, list) and value:
        yield f"{start}{said}"
        yield from _sequence(cast("list[Any]", value), here, origins)
    else:
        yield f"{start} {_plain(value)}{said}"


def _sequence(values: list[Any], place: _Place, origins: dict[str, str]) -> Iterator[str]:
    indent = "  " * len(place)
    called = _LISTS_OF.get(place[-1]) if len(place) == 1 else None
    for number, value in enumerate(values):
        pairs = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
        if not pairs:
            yield from _entry(f"{indent}-", value, (*place, str(cast("object", value))), origins)
            continue
        lines = _mapping(pairs, (*place, str(pairs.get(called or "", number))), origins)
        first = next(lines)
        yield f"{indent}- {first[len(indent) + 2 :]}"
        yield from lines


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return scalar(value)
    return "null" if value is None else json.dumps(value)
