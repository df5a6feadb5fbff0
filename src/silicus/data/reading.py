"""The door of the room: a dataset from a file, a folder or the hub, by the reader of its name or of its form."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from silicus.data.dataset import Dataset
from silicus.data.folder import is_dataset_folder, read_dataset_folder
from silicus.data.hub import fetch, is_hub_id
from silicus.data.reader import Reader, ReadOptions
from silicus.data.readers import READERS
from silicus.errors import InputError, did_you_mean

__all__ = ["every_reader", "read_dataset"]

_TABLES = {".csv", ".tsv", ".gz", ".parquet"}


def every_reader() -> list[Reader]:
    """Return every reader there is, our own first."""
    return [READERS.get(name) for name in READERS.names()]


def read_dataset(path: Path | str, reader: str | None = None, options: ReadOptions | None = None) -> Dataset:
    """Return the dataset in a file or folder, or on the hub.

    Args:
        path: a file, a folder, a dataset folder that silicus wrote, or an id on the Hugging Face hub.
        reader: the name of the reader; found by the form of the data where it is left out.
        options: what every reader may be asked.

    Raises:
        InputError: nothing is there, or it has none of the known forms; the message says what was found.
    """
    options = options or ReadOptions()
    chosen: Reader | None = READERS.get(reader) if reader else None
    if is_hub_id(str(path)):
        chosen = chosen or _of_hub(str(path))
        _check_codebook(path, chosen, options)
        data = chosen.read(fetch(str(path), chosen.hub_files), options)
        return replace(data, name=str(path).rpartition("/")[2])
    path = Path(path)
    _check_there(path)
    if is_dataset_folder(path):
        if chosen is not None or options != ReadOptions():
            raise InputError(
                f"{path}: is a dataset that has been read already, so a reader, a codebook or other ways of reading "
                "cannot apply. Leave them out, or prepare it again from its source."
            )
        return read_dataset_folder(path)
    chosen = chosen or _of_form(path, options)
    _check_codebook(path, chosen, options)
    return chosen.read(path, options)


def _check_codebook(path: Path | str, reader: Reader, options: ReadOptions) -> None:
    if options.codebook is not None and not reader.codebook:
        raise InputError(
            f"{path}: the reader '{reader.name}' needs no codebook, and would not look at {options.codebook}. "
            "Leave it out, or name another reader with --reader."
        )


def _of_hub(repository: str) -> Reader:
    readers = every_reader()
    for reader in readers:
        if reader.hub == repository:
            return reader
    known = [reader.hub for reader in readers if reader.hub]
    raise InputError(
        f"{repository}: neither a file or folder, nor a dataset of the hub that a reader knows."
        f"{did_you_mean(repository, known)} For a copy under another name, say which reader reads it: --reader NAME."
    )


def _of_form(path: Path, options: ReadOptions) -> Reader:
    for reader in every_reader():
        if reader.recognises(path):
            return reader
    if options.codebook is not None:
        return READERS.get("table")
    if path.suffix in _TABLES:
        raise InputError(
            f"{path}: no reader knows a table with these columns. Describe it in a codebook: "
            f"silicus data codebook {path} > {path}.codebook.yaml"
        )
    found = f"a '{path.suffix}' file" if path.is_file() else ", ".join(_names(path)[:5]) or "nothing"
    known = ", ".join(READERS.names())
    raise InputError(
        f"{path}: found {found}, which no reader knows by its form. The readers are {known}; what each reads says: "
        "silicus data list. Name one with --reader, or turn the data into a table and describe it in a codebook: "
        "silicus data codebook FILE"
    )


def _check_there(path: Path) -> None:
    if not path.exists():
        near = did_you_mean(path.name, _names(path.parent)) if path.parent.is_dir() else ""
        raise InputError(
            f"{path}: no such file or folder.{near if near.startswith(' Did') else ''} "
            "Expected a file or folder of people's answers (silicus data list names the forms)."
        )


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())
