"""The run folder: what was asked of whom, by which model, and what came of it."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import polars as pl

from silicus.data import Unit
from silicus.errors import InputError, RunError
from silicus.options import AnswerOptions
from silicus.record import Record, digest, read, write
from silicus.study import Item, read_items, read_table, write_items, write_table

__all__ = ["About", "Manifest", "Run", "add_notes", "enter_run", "git_revision", "machine", "read_run", "versions"]

_TABLES = {"items.parquet", "respondents.parquet", "responses.parquet"}
_LIBRARIES = ("numpy", "polars", "torch", "transformers", "peft", "gguf")


class About(Record):
    """What a run is about."""

    name: str
    """What was asked: a study's id or a dataset's name."""
    title: str
    respondents: str
    """Who was asked, in words."""
    sources: list[str] = []
    """What to cite for the human answers and the population."""
    licences: list[str] = []
    """The terms of the data that went in; they hold for what is made from them."""
    left_out: dict[str, int] = {}
    """Reason -> rows of the data that were not asked."""
    people: str = "not stated"
    """Whose answers the predictions are compared with."""
    unit: Unit = "person"
    """What a respondent is: a person, one answer of an unidentified person, or a group of people."""
    design: str = "not stated"
    """Between or within, and the control condition."""
    notes: list[str] = []
    """What else has to be known of the numbers, such as that the model is asked otherwise than it was trained."""


class Manifest(About):
    """Where a run's numbers come from."""

    key: str
    """Hash of options and inputs: two runs with the same key give the same predictions."""
    options: dict[str, Any]
    inputs: dict[str, str]
    """What went in -> its hash: the items, the prompts' words, the respondents, the model's weights."""
    versions: dict[str, str]
    machine: str
    git: str | None
    created: str


@dataclass(frozen=True)
class Run:
    """A run folder that has been read back.

    Attributes:
        items: the stimuli by their hash.
        respondents: who was asked: `respondent` and attributes; empty where a run of an older version kept nobody.
        responses: people's answers, schema `RESPONSES`; empty where there are none.
        predictions: the model's answers, schema `PREDICTIONS`.
    """

    folder: Path
    manifest: Manifest
    items: dict[str, Item]
    respondents: pl.DataFrame
    responses: pl.DataFrame
    predictions: pl.DataFrame


def enter_run(
    options: AnswerOptions,
    about: About,
    items: list[Item],
    respondents: pl.DataFrame,
    responses: pl.DataFrame,
    inputs: dict[str, str],
) -> Path:
    """Make the run folder, or enter the one that an interrupted run left, and return it.

    Args:
        options: how answers are asked for; `out` names the folder.
        about: what the run is about.
        items: everything that is asked.
        respondents: who is asked.
        responses: people's answers to it.
        inputs: name -> hash of the prompts' words, the respondents and the model.

    Raises:
        RunError: the folder holds another run, or something that is no run.
    """
    recorded = options.recorded()
    inputs = {"items": digest(*(f"{i.study}{i.condition}{i.question}{i.item}" for i in items)), **inputs}
    manifest = Manifest(
        **about.model_dump(),
        key=digest(str(sorted(recorded.items())), str(sorted(inputs.items()))),
        options=recorded,
        inputs=inputs,
        versions=versions(),
        machine=machine(),
        git=git_revision(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    folder = options.out or Path("runs") / _folder_name(manifest)
    if (folder / "manifest.json").is_file():
        old = read(folder / "manifest.json", Manifest)
        _check_same(folder, old, manifest)
        # Predictions do not depend on what people answered: that may have been added or corrected since.
        write_table(folder / "responses.parquet", responses)
        write(folder / "manifest.json", old.model_copy(update=about.model_dump()))
        return folder
    foreign = sorted(path.name for path in folder.iterdir() if not _is_ours(path)) if folder.is_dir() else []
    if foreign:
        raise RunError(
            f"{folder}: this folder holds something else ({foreign[0]}). Choose an empty or new folder with --out."
        )
    write_items(folder / "items.parquet", items)
    write_table(folder / "respondents.parquet", respondents)
    write_table(folder / "responses.parquet", responses)
    # The manifest comes last: a folder that has one is complete but for its predictions.
    write(folder / "manifest.json", manifest)
    return folder


def add_notes(folder: Path, notes: list[str]) -> None:
    """Add to a run's manifest what is known of its numbers once they are there."""
    manifest = read(folder / "manifest.json", Manifest)
    new = [note for note in notes if note not in manifest.notes]
    write(folder / "manifest.json", manifest.model_copy(update={"notes": [*manifest.notes, *new]}))


def _is_ours(path: Path) -> bool:
    """Whether a run that was killed before its manifest was written leaves such a file."""
    return path.name in _TABLES or (path.name.startswith(".") and path.suffix == ".part")


def _folder_name(manifest: Manifest) -> str:
    name, model = (
        re.sub(r"[^\w.]+", "-", text).strip("-.") for text in (manifest.name, str(manifest.options["model"]))
    )
    return f"{name}-{model}-{manifest.key[:6]}"


def _check_same(folder: Path, old: Manifest, new: Manifest) -> None:
    """Refuse a folder of another run, and to finish a run with other versions than it was begun with."""
    if old.key == new.key and ((folder / "predictions.parquet").is_file() or old.versions == new.versions):
        return
    if old.key == new.key:
        changed = [
            f"{k} was {old.versions.get(k)}, is {v}" for k, v in new.versions.items() if old.versions.get(k) != v
        ]
        raise RunError(
            f"{folder}: was begun with other versions ({'; '.join(changed)}), so the rest might not fit. "
            "Choose another folder with --out, or delete it."
        )
    before, now = old.options, new.options
    changed = [f"{k} was {before.get(k)}, is {now.get(k)}" for k in now if before.get(k) != now.get(k)]
    # Other items or people also make other prompts: the first difference says it.
    changed = changed or [f"the {k} have changed" for k in new.inputs if old.inputs.get(k) != new.inputs[k]][:1]
    raise RunError(
        f"{folder}: holds another run ({'; '.join(changed)}). Choose another folder with --out, or delete it."
    )


def read_run(folder: Path) -> Run:
    """Return the run that a folder holds.

    Raises:
        InputError: it is no run folder, or the run is not finished.
    """
    if not (folder / "manifest.json").is_file():
        raise InputError(f"{folder}: no run folder (no manifest.json). Make one with: silicus simulate STUDY")
    manifest = read(folder / "manifest.json", Manifest)
    predictions, who = folder / "predictions.parquet", folder / "respondents.parquet"
    if not predictions.is_file():
        done = len(list((folder / "parts").glob("*.parquet")))
        raise InputError(
            f"{folder}: the run is not finished ({done} parts are there). "
            "Start the command that made it again to go on."
        )
    return Run(
        folder=folder,
        manifest=manifest,
        items=read_items(folder / "items.parquet"),
        respondents=read_table(who, "respondents", may_be_empty=True) if who.is_file() else pl.DataFrame(),
        responses=read_table(folder / "responses.parquet", "responses", may_be_empty=True),
        predictions=read_table(predictions, "predictions"),
    )


def versions() -> dict[str, str]:
    """Return the versions of what computes."""
    from silicus import __version__

    found = {"silicus": __version__, "python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def machine() -> str:
    """Return what computes, in words."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"


def git_revision() -> str | None:
    """Return the revision of the project the user works in, or `None` outside a repository."""
    try:
        done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)  # noqa: S607
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
