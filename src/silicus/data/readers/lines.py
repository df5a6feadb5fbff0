"""Files of JSON objects: one a line, plain or gzipped, or all of them in one list."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from silicus.errors import InputError, did_you_mean
from silicus.record import read_yaml

__all__ = ["check_keys", "first_line", "forms_in", "json_lines", "json_list"]

_KINDS: dict[type, str] = {str: "text", list: "a list", float: "a number", int: "a whole number"}
_LONGEST_LINE = 100_000


def first_line(path: Path) -> str:
    """Return the first line of a text file, which may be gzipped; an empty text where it cannot be read."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            return file.readline(_LONGEST_LINE)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        return ""


def forms_in(path: Path, has_form: Callable[[Path], bool]) -> list[Path]:
    """Return the files of a form: the path itself, or those directly in a folder, by name; never raises."""
    try:
        return [file for file in (sorted(path.iterdir()) if path.is_dir() else [path]) if has_form(file)]
    except OSError:
        return []


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a JSON-lines file with their line, counted from 1; empty lines are passed over.

    Raises:
        InputError: the file cannot be read, or a line is no JSON object.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, _json_object(line, f"{path} line {number}")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text ({error}).") from None


def json_list(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSON file that holds a list of them.

    Raises:
        InputError: the file cannot be read, or holds something else.
    """
    data: Any = read_yaml(path)
    if not isinstance(data, list) or not data:
        raise InputError(f"{path}: found {str(cast('object', data))[:60]}, expected a list of JSON objects.")
    entries = cast("list[Any]", data)
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict):
            raise InputError(f"{path} row {number}: found {str(entry)[:60]}, expected a JSON object.")
    return entries


def _json_object(line: str, where: str) -> dict[str, Any]:
    try:
        data = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(f"{where}: not valid JSON: {error.msg} at column {error.colno}.") from None
    if not isinstance(data, dict):
        raise InputError(f"{where}: found {line.strip()[:60]}, expected a JSON object.")
    return cast("dict[str, Any]", data)


def check_keys(data: dict[str, Any], keys: dict[str, type], where: str) -> None:
    """Do nothing where every key is there, with a value of its type (a whole number is a number).

    Raises:
        InputError: naming the first that is not.
    """
    for key, kind in keys.items():
        if key not in data:
            raise InputError(f"{where}: the key '{key}' is missing.{did_you_mean(key, data)}")
        value, kinds = data[key], (int, float) if kind is float else (kind,)
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise InputError(f"{where}: found {key} {value!r}, expected {_KINDS[kind]}.")
