"""Calls that were answered and texts that were written, kept in the run folder: none is made twice, none is lost."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from silicus.errors import RunError

__all__ = ["Kept", "Spent"]

_TABLES = (
    "calls (asked TEXT PRIMARY KEY, answered TEXT NOT NULL)",
    "came_to (asked TEXT PRIMARY KEY, what TEXT NOT NULL)",
    "attempts (number INTEGER PRIMARY KEY, read INTEGER NOT NULL, written INTEGER NOT NULL)",
)


@dataclass(frozen=True)
class Spent:
    """What calls used.

    Attributes:
        calls: how many were made, those that failed among them.
        read: tokens of prompts.
        written: tokens of answers.
    """

    calls: int = 0
    read: int = 0
    written: int = 0


class Kept:
    """What was read of answers, by the hash of what was asked (server, path and body); and every attempt, with its use.

    A process that is killed leaves all that it kept; an attempt that it had under way counts as all that it reserved.

    Args:
        path: the file; `None` keeps them in memory.

    Raises:
        RunError: the file cannot be used.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        try:
            # Each statement is a transaction of its own. In a notebook a server is asked in another thread, while this
            # one waits: there is never more than one at a time.
            self._rows = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise self._unusable(error) from None
        # A log beside the file takes no wait for the disk at every call; that one process alone has it, no network
        # disk needs to share memory for it.
        self._do("PRAGMA locking_mode = EXCLUSIVE")
        self._do("PRAGMA journal_mode = WAL")
        self._do("PRAGMA synchronous = NORMAL")
        for table in _TABLES:
            self._do(f"CREATE TABLE IF NOT EXISTS {table}")

    def get(self, asked: str) -> Any:
        """Return what was read of the answer to a call, `None` where it was not answered yet."""
        row = self._do("SELECT answered FROM calls WHERE asked = ?", (asked,)).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, asked: str, answered: Any) -> None:
        """Keep what was read of the answer to a call."""
        self._do("INSERT OR REPLACE INTO calls VALUES (?, ?)", (asked, json.dumps(answered)))

    def note(self, asked: str, what: str) -> None:
        """Keep what a sampled answer came to: a call that is read again counts once."""
        self._do("INSERT OR REPLACE INTO came_to VALUES (?, ?)", (asked, what))

    def came_to(self) -> Counter[str]:
        """Return what sampled answers came to -> how many."""
        return Counter(dict(self._do("SELECT what, COUNT(*) FROM came_to GROUP BY what").fetchall()))

    def attempt(self, read: int, written: int) -> int:
        """Keep that a call is made which may use so much, and return its number."""
        return int(self._do("INSERT INTO attempts (read, written) VALUES (?, ?)", (read, written)).lastrowid or 0)

    def used(self, number: int, read: int, written: int) -> None:
        """Keep what an attempt used."""
        self._do("UPDATE attempts SET read = ?, written = ? WHERE number = ?", (read, written, number))

    def spent(self) -> Spent:
        """Return what all attempts used."""
        sums = "SELECT COUNT(*), COALESCE(SUM(read), 0), COALESCE(SUM(written), 0) FROM attempts"
        return Spent(*self._do(sums).fetchone())

    def __len__(self) -> int:
        return int(self._do("SELECT COUNT(*) FROM calls").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._rows.close()

    def _do(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        try:
            return self._rows.execute(statement, values)
        except sqlite3.Error as error:
            raise self._unusable(error) from None

    def _unusable(self, error: sqlite3.Error) -> RunError:
        return RunError(
            f"{self._path or 'memory'}: cannot be used to keep answers ({error}). What was kept stays; mend that, or "
            "choose another folder with --out."
        )
