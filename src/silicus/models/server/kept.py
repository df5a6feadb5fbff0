"""Calls that were answered, kept in the run folder: none is made twice, and none paid for is lost."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

from silicus.errors import RunError

__all__ = ["Kept"]


class Kept:
    """Answers by the hash of what was asked (server, path and body), and what each prompt came to.

    Args:
        path: the file; `None` keeps them in memory.

    Raises:
        RunError: the file cannot be used.
    """

    def __init__(self, path: Path | None = None) -> None:
        try:
            self._rows = sqlite3.connect(path or ":memory:")
            self._rows.execute("CREATE TABLE IF NOT EXISTS calls (asked TEXT PRIMARY KEY, answered TEXT NOT NULL)")
            self._rows.execute("CREATE TABLE IF NOT EXISTS came_to (asked TEXT PRIMARY KEY, what TEXT NOT NULL)")
            self._rows.commit()
        except sqlite3.Error as error:
            raise RunError(
                f"{path}: cannot be used to keep answers ({error}). Choose another folder with --out."
            ) from None

    def get(self, asked: str) -> dict[str, Any] | None:
        """Return the answer to a call, `None` where it was not answered yet."""
        row = self._rows.execute("SELECT answered FROM calls WHERE asked = ?", (asked,)).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, asked: str, answered: dict[str, Any]) -> None:
        """Keep the answer to a call."""
        self._rows.execute("INSERT OR REPLACE INTO calls VALUES (?, ?)", (asked, json.dumps(answered)))
        self._rows.commit()

    def note(self, asked: str, what: str) -> None:
        """Keep what a sampled answer came to: a call that is read again counts once."""
        self._rows.execute("INSERT OR REPLACE INTO came_to VALUES (?, ?)", (asked, what))
        self._rows.commit()

    def came_to(self) -> Counter[str]:
        """Return what sampled answers came to -> how many."""
        return Counter(dict(self._rows.execute("SELECT what, COUNT(*) FROM came_to GROUP BY what")))

    def __len__(self) -> int:
        return int(self._rows.execute("SELECT COUNT(*) FROM calls").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._rows.close()
