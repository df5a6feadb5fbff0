"""The key of a server: it comes from the environment, and goes nowhere but to that server."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TypeVar

from silicus.errors import InputError

__all__ = ["Secret"]

T = TypeVar("T")

_NONE = "none"
"""Servers of one's own want no key, and the library insists on one."""
_TELLING = 8
"""So many characters of a key, one after the other, would tell something of it."""


@dataclass(frozen=True)
class Secret:
    """A key.

    Attributes:
        sent: what is sent to the server.
    """

    sent: str = field(repr=False)

    @classmethod
    def of(cls, variable: str) -> Secret:
        """Return the key that an environment variable holds; it may be unset where the server wants none.

        Raises:
            InputError: it holds characters that no key has.
        """
        key = os.environ.get(variable, "").strip()
        if not (key.isascii() and key.isprintable()) or " " in key:
            # The library would show it in its own error.
            raise InputError(f"the variable {variable} holds characters that no key has. Put the key alone into it.")
        return cls(key or _NONE)

    def told(self, words: str) -> str:
        """Return a server's words where they may be shown."""
        return "(its words repeat the key)" if self._in(words) else words

    def left_out(self, answered: T) -> T:
        """Return what was read of an answer, as JSON can hold it, without the key where that repeats it."""
        text = json.dumps(answered, ensure_ascii=False)
        # As JSON writes it: a key may hold quotes.
        parts = [json.dumps(part)[1:-1] for part in (self.sent, *self._parts())]
        if self.sent == _NONE or not any(part in text for part in parts):
            return answered
        for part in parts:
            text = text.replace(part, "…")
        return json.loads(text)

    def _in(self, words: str) -> bool:
        return self.sent != _NONE and any(part in words for part in self._parts())

    def _parts(self) -> list[str]:
        return [self.sent[start : start + _TELLING] for start in range(max(len(self.sent) - _TELLING, 0) + 1)]
