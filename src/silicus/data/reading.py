"""The door of the room: a dataset from a file or folder, whichever of the known forms it has."""

from __future__ import annotations

from pathlib import Path

from silicus.data.dataset import Dataset
from silicus.data.socsci210 import read_derived, read_hub
from silicus.errors import InputError, did_you_mean

__all__ = ["read_dataset"]

_EXPECTED = (
    "Expected SocSci210 as JSON lines (.jsonl, keys instruction, input, output, study_id, condition_num), "
    "as parquet (.parquet, the columns of its hub), or a folder of such parquet files."
)


def read_dataset(path: Path) -> Dataset:
    """Return the dataset in a file or folder, recognised by its suffix and its keys or columns.

    Raises:
        InputError: nothing is there, or it has none of the known forms; the message says what was found.
    """
    if path.is_dir():
        return _read_folder(path)
    if not path.is_file():
        near = did_you_mean(path.name, _names(path.parent)) if path.parent.is_dir() else ""
        raise InputError(f"{path}: no such file.{near if near.startswith(' Did') else ''} {_EXPECTED}")
    if path.suffix == ".jsonl":
        return read_derived(path)
    if path.suffix == ".parquet":
        return read_hub([path])
    raise InputError(f"{path}: found a '{path.suffix}' file. {_EXPECTED}")


def _read_folder(path: Path) -> Dataset:
    shards = sorted(path.rglob("*.parquet"))
    if not shards:
        found = ", ".join(_names(path)[:5]) or "nothing"
        raise InputError(f"{path}: found no parquet file in this folder, but {found}. {_EXPECTED}")
    return read_hub(shards, name=path.name)


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())
