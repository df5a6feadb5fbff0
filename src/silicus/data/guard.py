"""The leak guard."""

from __future__ import annotations

from silicus.record import Record

__all__ = ["Guarded"]


class Guarded(Record):
    """What the guard looked for, and what was allowed all the same."""

    checked: list[str]
    allowed: list[str] = []
