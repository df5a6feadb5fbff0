"""A dataset folder: the two tables of a dataset, what was shown, and where it comes from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from silicus.data.dataset import SHOWN, Dataset, Unit
from silicus.data.guard import Guarded
from silicus.data.split import Split
from silicus.errors import InputError, RunError, counted
from silicus.record import Record, digest, read, write
from silicus.study import Source, read_items, read_table, write_items, write_table

__all__ = [
    "DatasetManifest",
    "answers_digest",
    "check_free",
    "content_digest",
    "is_dataset_folder",
    "read_dataset_folder",
    "read_dataset_manifest",
    "set_approved",
    "unapproved",
    "write_dataset_folder",
]

_MANIFEST = "dataset.json"
_NOT_APPROVED = "answers of a build that nobody has approved (silicus build approve)"
_CHANGED = "answers of a build that was changed after it was approved: as it is now, nobody has approved it"


class DatasetManifest(Record):
    """What a dataset folder holds, and under which terms."""

    name: str
    source: Source
    """Whom to cite, and the licence, which goes into everything made from it."""
    unit: Unit
    rows_read: int
    left_out: dict[str, int]
    fielded: dict[str, str] = {}
    notes: dict[str, int] = {}
    """What else is to be known of the source -> how many."""
    split: Split | None = None
    guard: Guarded | None = None
    approved: bool | None = None
    """Whether somebody has approved the build that the answers come from; null where no deposit was built."""
    content: str | None = None
    """Hash of all that was approved; null where nobody has approved it."""
    made_from: str
    """The file, folder or hub id that was read."""
    responses: str
    """Hash of the answers and their split."""
    silicus: str
    created: str


def is_dataset_folder(path: Path) -> bool:
    """Return whether a path is a folder that `write_dataset_folder` made."""
    return (path / _MANIFEST).is_file()


def check_free(folder: Path) -> None:
    """Do nothing where a dataset may be written to a folder: it is new or empty, or holds a dataset.

    Raises:
        RunError: it holds something else, or is no folder.
    """
    above = next(path for path in (folder, *folder.parents) if path.exists())
    if not above.is_dir():
        raise RunError(f"{folder}: {above} is a file. Choose a new folder with --out.")
    foreign = sorted(p.name for p in folder.iterdir()) if folder.is_dir() and not is_dataset_folder(folder) else []
    if foreign:
        raise RunError(
            f"{folder}: this folder holds something else ({foreign[0]}). Choose an empty or new folder with --out."
        )


def write_dataset_folder(
    folder: Path, data: Dataset, made_from: str, split: Split | None = None, guard: Guarded | None = None
) -> DatasetManifest:
    """Write a dataset to a folder, and return its manifest.

    Raises:
        RunError: the folder holds something else, or cannot be written.
    """
    from silicus import __version__

    check_free(folder)
    (folder / _MANIFEST).unlink(missing_ok=True)
    write_items(folder / "items.parquet", list(data.items.values()))
    write_table(folder / "responses.parquet", data.responses)
    write_table(folder / "respondents.parquet", data.respondents)
    write_table(folder / "shown.parquet", data.shown)
    manifest = DatasetManifest(
        name=data.name,
        source=data.source,
        unit=data.unit,
        rows_read=data.rows_read,
        left_out=data.left_out,
        fielded=data.fielded,
        notes=data.notes,
        split=split,
        guard=guard,
        made_from=made_from,
        responses=answers_digest(data),
        silicus=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    # The manifest comes last: a folder that has one is whole.
    write(folder / _MANIFEST, manifest)
    return manifest


def answers_digest(data: Dataset) -> str:
    """Return a hash of a dataset's answers and their split."""
    return digest(data.responses.hash_rows(seed=0).to_numpy().tobytes())


def content_digest(data: Dataset) -> str:
    """Return a hash of all that a dataset holds: answers, what was shown, and who answered.

    It is made of the cells as they are written out, so that it stays the same from one version of a library to the
    next.
    """
    tables = (data.responses, data.respondents, data.shown)
    return digest(*sorted(data.items), *(table.write_ndjson() for table in tables))


def unapproved(data: Dataset) -> list[str]:
    """Return what is to be said wherever answers are used that nobody has approved; nothing of others."""
    return [f"{data.notes[note]:,} {note}" for note in (_NOT_APPROVED, _CHANGED) if note in data.notes]


def read_dataset_manifest(folder: Path) -> DatasetManifest:
    """Return what a folder that `write_dataset_folder` made holds.

    Raises:
        InputError: it is no such folder.
    """
    if not is_dataset_folder(folder):
        raise InputError(f"{folder}: no dataset folder (no {_MANIFEST}). Make one with: silicus data prepare PATH")
    return read(folder / _MANIFEST, DatasetManifest)


def read_dataset_folder(folder: Path) -> Dataset:
    """Return the dataset of a folder that `write_dataset_folder` made.

    Raises:
        InputError: it is no such folder, or a table is missing, broken, or no longer that of the others.
    """
    manifest = read_dataset_manifest(folder)
    shown = read_table(folder / "shown.parquet", "what was shown", may_be_empty=True)
    data = Dataset(
        name=manifest.name,
        source=manifest.source,
        items=read_items(folder / "items.parquet"),
        responses=read_table(folder / "responses.parquet", "responses", may_be_empty=True),
        respondents=read_table(folder / "respondents.parquet", "respondents", may_be_empty=True),
        shown=shown if not shown.is_empty() else pl.DataFrame(schema=SHOWN),
        rows_read=manifest.rows_read,
        left_out=manifest.left_out,
        unit=manifest.unit,
        fielded=manifest.fielded,
        notes=manifest.notes,
    )
    _check_items(folder, data)
    note = _standing(manifest, data)
    return replace(data, notes={**data.notes, note: len(data.responses)}) if note else data


def _check_items(folder: Path, data: Dataset) -> None:
    """Refuse answers to what is not there: an item is known by the hash of its words, and goes with a change of them.

    Raises:
        InputError: an answer is to such an item.
    """
    lost = data.responses.filter(~pl.col("item").is_in(list(data.items)))
    if len(lost):
        raise InputError(
            f"{folder / 'items.parquet'}: {counted(len(lost), 'answer is', 'answers are')} to a stimulus that is not "
            f"in it (the first is {lost['item'][0]}), so it is not what was written with the answers. Make the "
            "dataset again."
        )


def _standing(manifest: DatasetManifest, data: Dataset) -> str | None:
    """Return what is to be said of a built dataset that is not as somebody approved it; `None` where it is."""
    if manifest.approved is None:
        return None
    if not manifest.approved:
        return _NOT_APPROVED
    return None if manifest.content == content_digest(data) else _CHANGED


def set_approved(folder: Path, content: str | None) -> None:
    """Write into a dataset folder whether somebody has approved the build it comes from.

    Args:
        folder: the dataset.
        content: hash of all that was approved; `None` where nobody has.
    """
    update = {"approved": content is not None, "content": content}
    write(folder / _MANIFEST, read_dataset_manifest(folder).model_copy(update=update))
