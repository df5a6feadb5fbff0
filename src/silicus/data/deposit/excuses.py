"""What in a recipe is a reason rather than a fact: a gate believes it, so somebody has to judge it.

Whatever a recipe explains (its type is `Why`) is one, wherever it stands: a further key of that kind is found without a
word here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin, get_type_hints

from silicus.data.deposit.recipe import Recipe, Why
from silicus.record import Record

__all__ = ["excuses", "reason_keys", "reasons"]

_NO_EXCUSES = ("expected", "exclude", "unmapped")
"""Keys whose reasons free nothing from a gate that looks at what was shown, asked and answered."""


def reasons(recipe: Recipe) -> dict[str, str]:
    """Return everything that a recipe explains, `key > name` -> why; what frees something from a gate comes first."""
    found = sorted(_within(recipe, Recipe, ()), key=lambda each: each[0][0] in _NO_EXCUSES)
    return {" > ".join(place): why for place, why in found}


def excuses(recipe: Recipe) -> dict[str, str]:
    """Return the reasons that free something from a gate, `key > name` -> why."""
    return {name: why for name, why in reasons(recipe).items() if name.split(" > ")[0] not in _NO_EXCUSES}


@cache
def reason_keys() -> frozenset[str]:
    """Return the keys of a recipe that hold nothing but reasons."""
    return frozenset(name for name, kind in _hints(Recipe).items() if _explains(kind))


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _explains(kind: Any) -> bool:
    if isinstance(kind, type) and issubclass(kind, Record):
        return all(map(_explains, _hints_of_fields(kind)))
    return kind == Why or any(map(_explains, _parts(kind)))


def _hints_of_fields(kind: type[Record]) -> list[Any]:
    return [_hints(kind)[name] for name in kind.model_fields]


def _parts(kind: Any) -> tuple[Any, ...]:
    """Return the types that a type is made of, without those of keys."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return parts[:1]
    if origin is dict:
        return parts[1:]
    return tuple(part for part in parts if part is not NoneType) if origin in (Union, UnionType, tuple) else ()


_Found = Iterator[tuple[tuple[str, ...], str]]


def _within(value: Any, kind: Any, place: tuple[str, ...]) -> _Found:
    """Yield every reason in a value, with its keys."""
    if value is None:
        return
    if kind == Why:
        yield place, str(value)
    elif isinstance(value, Record):
        yield from _of_record(value, place)
    elif isinstance(value, dict):
        pairs = [(str(name), each) for name, each in cast("dict[Any, Any]", value).items()]
        places = ((name, each, part) for name, each in pairs for part in _inner(kind))
        yield from (found for name, each, part in places for found in _within(each, part, (*place, name)))
    elif isinstance(value, tuple):
        entries = [(str(getattr(each, "column", "")), each) for each in cast("tuple[Any, ...]", value)]
        yield from (found for name, each in entries for found in _within(each, type(each), (*place, name)))
    else:
        yield from (found for part in _parts(kind) for found in _within(value, part, place))


def _of_record(record: Record, place: tuple[str, ...]) -> _Found:
    for name in type(record).model_fields:
        # Cells are called by themselves, as in the names of fields.
        here = place if name == "values" else (*place, name)
        yield from _within(getattr(record, name), _hints(type(record))[name], here)


def _inner(kind: Any) -> tuple[Any, ...]:
    """Return the types that the values of a mapping may have."""
    return _parts(kind) if get_origin(kind) is dict else tuple(each for part in _parts(kind) for each in _inner(part))
