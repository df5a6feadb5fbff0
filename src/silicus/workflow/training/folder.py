"""The run folder of a training: what was asked, what came of it, and whether it is finished."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from silicus.errors import RunError, counted
from silicus.evaluate import SharesComparison
from silicus.record import Record, digest, read, write
from silicus.train import Recipe
from silicus.workflow.progress import is_first
from silicus.workflow.run import git_revision, machine, versions

__all__ = ["DataUsed", "TrainingManifest", "begin", "find_folder", "finish", "key_of", "new_manifest"]

_MANIFEST = "manifest.json"
_MOST = 5
"""Of two trainings, so many differences are named."""
_WORDS = re.compile(r"title|sources.*|tests.*|parts\[\d+\]\.data")
"""Settings that say no more than the answers themselves."""


class DataUsed(Record):
    """A dataset that was learnt from."""

    name: str
    citation: str
    licence: str
    """Its terms hold for what is made from it."""
    objective: str
    examples: int
    """How many examples there were, after the cap on a cell."""
    taken: int
    """How many examples of it all steps took, each counted as often as it was taken."""
    given: int
    """How many answers its training part holds."""
    answers: str
    """Hash of its answers and their split."""
    split: str
    """What was held out of it, in words."""


class TrainingManifest(Record):
    """Where a model comes from."""

    key: str
    """Hash of recipe, answers and starting weights: two runs with the same key learn the same."""
    recipe: Recipe
    data: list[DataUsed]
    left_out: list[str]
    """What was not learnt from because it is tested on elsewhere."""
    warnings: list[str]
    """What should be known of how it was made, in sentences."""
    weights: str
    """Hash of the weights training started from."""
    tested: list[str]
    """Hashes of the answers of the recipe's further tests."""
    steps: int
    examples: int
    """How many examples all steps together learn from."""
    tokens: int | None = None
    """How many tokens the steps took through the model, once it is finished."""
    versions: dict[str, str]
    machine: str
    git: str | None
    created: str
    finished: str | None = None
    seconds: float | None = None
    """How long training took: its steps and the looks at the validation part, without reading, loading and testing."""
    best_step: int | None = None
    """The step whose weights were kept; `None`: the last."""
    results: dict[str, SharesComparison] = {}
    """Dataset -> how far the model before and after training, and two controls, lie from people in its test part."""


def key_of(recipe: Recipe, data: list[DataUsed], weights: str, tested: list[str]) -> str:
    """Return the hash that two trainings share which learn the same and are tested on the same.

    Data count by what they hold, wherever their folders lie; titles and sources are only words.
    """
    settings = recipe.model_dump_json(
        exclude={"title": True, "sources": True, "tests": True, "parts": {"__all__": {"data"}}}
    )
    return digest(settings, *(used.answers for used in data), weights, *tested)


def find_folder(out: Path | None, manifest: TrainingManifest) -> tuple[Path, TrainingManifest]:
    """Return the run folder and its manifest: this one, or the one that an interrupted or finished run left.

    Nothing is written yet.

    Raises:
        RunError: the folder holds another run, or something that is no run.
    """
    folder = out or Path("runs") / _name(manifest)
    path = folder / _MANIFEST
    if path.is_file():
        old = read(path, TrainingManifest)
        if old.key != manifest.key:
            raise RunError(
                f"{folder}: holds another training ({_difference(old, manifest)}). "
                "Choose another folder with --out, or delete it."
            )
        return folder, old
    if folder.is_file():
        raise RunError(f"{folder}: is a file. Choose a new folder with --out.")
    foreign = sorted(entry.name for entry in folder.iterdir() if not _is_ours(entry)) if folder.is_dir() else []
    if foreign:
        raise RunError(
            f"{folder}: this folder holds something else ({foreign[0]}). Choose an empty or new folder with --out."
        )
    return folder, manifest


def begin(folder: Path, manifest: TrainingManifest) -> None:
    """Write the manifest of a training whose weights could be loaded."""
    if is_first() and not (folder / _MANIFEST).is_file():
        write(folder / _MANIFEST, manifest)


def _is_ours(path: Path) -> bool:
    """Whether a run that was killed while its manifest was written leaves such a file."""
    return path.name.startswith(".") and path.suffix == ".part"


def finish(folder: Path, manifest: TrainingManifest, **found: Any) -> TrainingManifest:
    """Return the manifest with what was found, and write it: the run is finished."""
    done = manifest.model_copy(update={"finished": datetime.now(UTC).isoformat(timespec="seconds"), **found})
    if is_first():
        write(folder / _MANIFEST, done)
    return done


def new_manifest(
    recipe: Recipe, data: list[DataUsed], weights: str, tested: list[str], **more: Any
) -> TrainingManifest:
    """Return the manifest of a training that is about to begin."""
    return TrainingManifest(
        key=key_of(recipe, data, weights, tested),
        recipe=recipe,
        data=data,
        weights=weights,
        tested=tested,
        versions=versions(),
        machine=machine(),
        git=git_revision(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        **more,
    )


def _name(manifest: TrainingManifest) -> str:
    recipe = manifest.recipe
    words = [*(used.name for used in manifest.data), recipe.model.rstrip("/").rpartition("/")[2]]
    named = re.sub(r"[^\w.]+", "-", "-".join(dict.fromkeys(words))).strip("-.")[:80]
    return f"{named}-{manifest.key[:6]}"


def _difference(old: TrainingManifest, new: TrainingManifest) -> str:
    """Return what is different, in words."""
    before, now = dict(_settings(old.recipe.model_dump())), dict(_settings(new.recipe.model_dump()))
    names = [name for name in {**before, **now} if not _WORDS.fullmatch(name) and before.get(name) != now.get(name)]
    if names:
        changed = [f"{name} was {before.get(name, 'absent')}, is {now.get(name, 'absent')}" for name in names[:_MOST]]
        left = f"; and {counted(len(names) - _MOST, 'setting', 'settings')} more" if len(names) > _MOST else ""
        return "; ".join(changed) + left
    return "the starting weights have changed" if old.weights != new.weights else "the answers have changed"


def _settings(of: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every setting with its place in the recipe, such as `parts[0].per_cell`."""
    inner: list[tuple[str, Any]] = []
    if isinstance(of, dict):
        inner = [(f"{name}.{key}" if name else key, value) for key, value in cast("dict[str, Any]", of).items()]
    elif isinstance(of, list):
        inner = [(f"{name}[{place}]", value) for place, value in enumerate(cast("list[Any]", of))]
    if not inner:
        yield name, of
    for key, value in inner:
        yield from _settings(value, key)
