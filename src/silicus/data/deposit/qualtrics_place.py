"""A place in a survey file: what stands there, and the words that lead to it when it is not what it should be."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from silicus.errors import InputError, counted

__all__ = ["Place", "read_place"]

_MAX_BYTES = 50 * 1024 * 1024


@dataclass(frozen=True)
class Place:
    """A value of the file, and where it stands.

    Qualtrics writes an empty mapping as a list, a mapping of 0, 1, 2 as a list, numbers as words and words as numbers;
    all of these are taken for what they mean. Anything else that is not expected is refused.

    Attributes:
        value: what stands there, `None` where nothing does.
        where: such as `survey.qsf (QID5 > Choices)`.
    """

    value: Any
    where: str

    def get(self, key: str) -> Place:
        """Return what stands under a key of this mapping."""
        value = self.value
        if isinstance(value, dict):
            return Place(cast("dict[str, Any]", value).get(key), self._inside(key))
        return self.mapping().get(key) or Place(None, self._inside(key))

    def mapping(self) -> dict[str, Place]:
        """Return key -> what stands there; nothing where the value is absent, 0, 1, 2 as keys of a list."""
        value = self.value
        if isinstance(value, dict):
            pairs = cast("dict[str, Any]", value)
        elif isinstance(value, list):
            pairs = {str(key): each for key, each in enumerate(cast("list[Any]", value))}
        elif not value or value == "None" or isinstance(value, bool):
            pairs = dict[str, Any]()
        else:
            raise self.unexpected("a mapping or a list")
        return {key: Place(each, self._inside(key)) for key, each in pairs.items()}

    def items(self) -> list[Place]:
        """Return the entries of this list, or the values of this mapping, in order."""
        return list(self.mapping().values())

    def text(self) -> str:
        """Return these words, or a number in words; "" where nothing stands here."""
        if isinstance(self.value, str):
            # Half a surrogate pair cannot be written as UTF-8 later on.
            return self.value.encode("utf-8", "replace").decode("utf-8")
        if isinstance(self.value, bool) or self.value is None:
            return ""
        if isinstance(self.value, int | float):
            return str(self.value)
        raise self.unexpected("words")

    def whole(self) -> int | None:
        """Return this whole number, `None` where it is none or so long that it counts nothing."""
        words = self.text().strip()
        digits = words.removeprefix("-").removesuffix(".0")
        return int(words.removesuffix(".0")) if len(digits) < 10 and digits.isascii() and digits.isdigit() else None

    def flag(self) -> bool:
        """Return whether this says yes."""
        return self.value is True or self.text().lower() in ("true", "on", "1")

    def unexpected(self, expected: str) -> InputError:
        """Return the error that this is not what it should be."""
        found = "nothing" if self.value is None else repr(self.value)
        found = found if len(found) <= 60 else f"{found[:59]}…"
        return InputError(f"{self.where}: found {found}, expected {expected}. Export the survey again from Qualtrics.")

    def at(self, name: str) -> Place:
        """Return this value under a name that says more than its keys."""
        return Place(self.value, f"{self.where.partition(' (')[0]} ({name})")

    def _inside(self, key: str) -> str:
        key = key if len(key) <= 40 else f"{key[:39]}…"
        return f"{self.where[:-1]} > {key})" if self.where.endswith(")") else f"{self.where} ({key})"


def read_place(path: Path) -> Place:
    """Return what a JSON file holds.

    Raises:
        InputError: it is absent, no plain file, too large, no UTF-8 text or no JSON.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    size = path.stat().st_size
    if size > _MAX_BYTES:
        raise InputError(
            f"{path}: found {counted(size, 'byte', 'bytes')}, expected a survey of at most {_MAX_BYTES:,}. "
            "Surveys are far smaller; is it another file?"
        )
    try:
        return Place(json.loads(path.read_bytes().decode("utf-8-sig")), str(path))
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is no UTF-8 text ({error.reason} at byte {error.start}), expected JSON.") from None
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path} line {error.lineno}: not valid JSON: {error.msg}. Expected a .qsf file as Qualtrics exports it."
        ) from None
    except RecursionError:
        raise InputError(f"{path}: lists or mappings are nested too deep for a survey.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({str(error).partition(';')[0]}).") from None
