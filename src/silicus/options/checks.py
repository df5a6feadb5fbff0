"""What every option is held to."""

from __future__ import annotations

from silicus.errors import InputError

__all__ = ["at_least"]


def at_least(name: str, found: int, least: int) -> None:
    """Check that an option is large enough."""
    if found < least:
        raise InputError(f"found --{name.replace('_', '-')} {found}, expected {least} or more.")
