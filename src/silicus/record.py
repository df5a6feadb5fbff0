"""What is written to disk: small strict records, and files that are whole or absent."""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import re
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast, get_args

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from silicus.errors import InputError, RunError, did_you_mean

__all__ = ["Number", "Record", "atomic", "digest", "parse", "read", "read_yaml", "write", "write_text", "yaml_value"]

T = TypeVar("T", bound="Record")


class Record(BaseModel):
    """A small, frozen thing kept on disk; an unknown key is an error, not an accident."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(_known)]
"""A number; null where it is unknown, or infinite, for JSON has neither."""


class _Loader(yaml.SafeLoader):
    """YAML in which only JSON's numbers and `true`, `false` are no words, and a repeated key is an error."""


# YAML 1.1 turns an answer labelled `No` into False and `12:30` into 750; people's answers are words.
_NOT_WORDS = {
    "bool": (r"^(?:true|false)$", "tf"),
    "int": (r"^-?(?:0|[1-9][0-9]*)$", "-0123456789"),
    "float": (r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$", "-0123456789"),
    "null": (r"^(?:null|Null|NULL|~|)$", ["n", "N", "~", ""]),
    "merge": (r"^(?:<<)$", "<"),
}
_Loader.yaml_implicit_resolvers = {}
for _kind, (_pattern, _first) in _NOT_WORDS.items():
    _Loader.add_implicit_resolver(  # pyright: ignore[reportUnknownMemberType]
        f"tag:yaml.org,2002:{_kind}", re.compile(_pattern), list(_first)
    )


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        line = key_node.start_mark.line + 1
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        if not isinstance(key_node, yaml.ScalarNode):
            raise InputError(
                f"{loader.name} line {line}: found a list or a mapping as a key, expected a word or number."
            )
        key = loader.construct_object(key_node)  # pyright: ignore[reportUnknownMemberType]
        if key in seen:
            raise InputError(f"{loader.name} line {line}: the key '{key}' stands twice. Keep one of them.")
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_yaml(path: Path) -> Any:
    """Return the content of a YAML file.

    Raises:
        InputError: the file is absent, is not YAML, or a key stands twice.
    """
    return _load(path, _text(path))


def yaml_value(text: str, where: str) -> Any:
    """Return the value that a text has in a YAML file.

    Args:
        text: such as `0.1` or `[a, b]`.
        where: where it was found, for the message.

    Raises:
        InputError: it is not YAML.
    """
    return _load(Path(where), text)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = did_you_mean(path.name, siblings) if siblings else ""
        raise InputError(f"{path}: no such file.{hint if hint.startswith(' Did') else ''}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text ({error}).") from None


def _load(path: Path, text: str) -> Any:
    if path.suffix == ".json":
        return _load_json(path, text)
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise InputError(
            f"{path} line {line}: found the character U+{error.character:04X}, which YAML forbids. Remove it."
        ) from None
    loader.name = str(path)
    try:
        return loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InputError(f"{path} line {line}: not valid YAML: {error.problem}.") from None
    finally:
        loader.dispose()


def _load_json(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{path} line {error.lineno}: not valid JSON: {error.msg}.") from None


def read(path: Path, kind: type[T]) -> T:
    """Return the record of type `kind` that a YAML or JSON file holds.

    Raises:
        InputError: naming the file, the line, what was found and what was expected.
    """
    text = _text(path)
    return parse(_load(path, text), kind, where=str(path), text=text)


def parse(data: Any, kind: type[T], where: str, text: str | None = None) -> T:
    """Return `data` as a record of type `kind`.

    Args:
        data: nested mappings and lists.
        kind: the record's class.
        where: the file's name, for the message.
        text: the YAML text that `data` came from; errors then name its line.

    Raises:
        InputError: naming the place, what was found and what was expected.
    """
    if not isinstance(data, dict):
        raise InputError(f"{where}: found {_brief(data)}, expected the keys of a {kind.__name__.lower()}.")
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        errors: list[dict[str, Any]] = [dict(e) for e in error.errors()]
        # A list whose entries failed is also reported as too short: only the innermost place helps.
        places: list[tuple[str | int, ...]] = [e["loc"] for e in errors]
        inner = [e for e in errors if not any(_inside(place, e["loc"]) for place in places)]
        problems = [_explain(e, kind, where, text) for e in inner]
        raise InputError("\n".join(dict.fromkeys(problems))) from None


def _inside(deep: tuple[str | int, ...], shallow: tuple[str | int, ...]) -> bool:
    return len(deep) > len(shallow) and deep[: len(shallow)] == shallow


def _explain(error: dict[str, Any], kind: type[BaseModel], where: str, text: str | None) -> str:
    loc = cast("tuple[str | int, ...]", error["loc"])
    line = _line_of(text, loc) if text is not None else None
    place = where + (f" line {line}" if line else "") + (f" ({' > '.join(map(str, loc))})" if loc else "")
    if error["type"] == "extra_forbidden":
        known = _keys_at(kind, loc[:-1])
        return f"{place}: unknown key '{loc[-1]}'.{did_you_mean(str(loc[-1]), known)}"
    if error["type"] == "missing":
        return f"{place}: the key '{loc[-1]}' is missing."
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "value_error":
        return f"{place}: {message}"
    return f"{place}: found {_brief(error.get('input'))}, expected: {message[:1].lower()}{message[1:]}."


def _keys_at(kind: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """Return the keys a record may have at the place `loc` inside `kind`."""
    fields = kind.model_fields
    for part in loc:
        if isinstance(part, str) and part in fields:
            inner = _record_in(fields[part].annotation)
            if inner is not None:
                fields = inner.model_fields
    return [field.alias or name for name, field in fields.items()]


def _record_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_record_in(a) for a in get_args(annotation))
    return next((kind for kind in found if kind is not None), None)


def _line_of(text: str, loc: tuple[str | int, ...]) -> int | None:
    """Return the 1-based line at which the deepest existing part of `loc` starts."""
    node: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    line = node.start_mark.line + 1 if node else None
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == str(part)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1 if node else line
    return line


def _brief(value: Any, width: int = 60) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= width else text[: width - 1] + "…"


def write(path: Path, record: Record | dict[str, Any]) -> None:
    """Write a record as JSON, whole or not at all."""
    data = record.model_dump(mode="json", by_alias=True) if isinstance(record, Record) else record
    write_text(path, json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file, whole or not at all."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextmanager
def atomic(path: Path) -> Generator[Path]:
    """Yield a temporary path that becomes `path` when the block ends well, and vanishes when it does not.

    Raises:
        RunError: the disk is full or the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise _disk_error(path, error) from error
    finally:
        with suppress(OSError):  # the folder itself may not be one
            temporary.unlink()


def _disk_error(path: Path, error: OSError) -> RunError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return RunError(
            f"{path}: no space left on the device. What was finished is kept; free some space and start "
            "the same command again to go on."
        )
    return RunError(f"{path}: cannot be written ({error.strerror or error}).")


def digest(*parts: str | bytes) -> str:
    """Return a 16-character name for the content of `parts` (SHA-256, truncated).

    Examples:
        >>> digest("a", "b") == digest("ab")
        False
    """
    sha = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        sha.update(len(data).to_bytes(8, "little"))
        sha.update(data)
    return sha.hexdigest()[:16]
