"""`silicus data`: people's answers in, a report or a dataset folder out."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from silicus.data import (
    Dataset,
    DatasetManifest,
    GuardOptions,
    Quality,
    ReadOptions,
    SplitPlan,
    check_free,
    days_of,
    guard,
    inspect,
    part_counts,
    read_dataset,
    split,
    write_dataset_folder,
)
from silicus.errors import InputError, RunError
from silicus.options import InspectOptions, PrepareOptions, ReadingOptions
from silicus.report import write_quality
from silicus.workflow.progress import waiting

__all__ = ["inspect_data", "prepare_data", "read"]

_OF_A_SPLIT = ("validation", "similarity", "model", "model_cutoff", "allow", "drop")
"""Options that only mean something where something is held out."""


def read(path: str, options: ReadingOptions, *, rationale: bool = False) -> Dataset:
    """Return the dataset at a path or on the hub, read as the options say.

    Raises:
        InputError: nothing is there, or it cannot be read.
    """
    asked = ReadOptions(published=options.published, codebook=options.codebook, rationale=rationale)
    with waiting(f"reading {path}"):
        return read_dataset(path, options.reader, asked)


def inspect_data(path: str, options: InspectOptions) -> tuple[Path, Quality]:
    """Return the page it wrote and the quality of the data at a path or on the hub.

    Raises:
        InputError: nothing is there, or it cannot be read.
    """
    found = inspect(read(path, options))
    page = options.out or Path("runs") / f"{found.name}-quality.html"
    write_quality(page, found)
    return page, found


def prepare_data(path: str, options: PrepareOptions) -> tuple[Path, DatasetManifest]:
    """Return the dataset folder it wrote, and its manifest.

    Raises:
        InputError: nothing is there, it cannot be read, or nothing can be held out.
        LeakError: what is tested on leaks into what is learnt from.
    """
    plan, guard_options = _plan(options), _guard_options(options)
    _check_out(path, options.out)
    data = read(path, options, rationale=options.rationale)
    folder = options.out or Path("runs") / f"{data.name}-data"
    if plan is None:
        return folder, write_dataset_folder(folder, data, made_from=path)
    with waiting("splitting"):
        data, made = split(data, plan, np.random.default_rng(options.seed))
    with waiting("looking for leaks"):
        data, guarded = guard(data, guard_options)
    made = made.model_copy(update={"seed": options.seed if plan.hold_out else None, "counts": part_counts(data)})
    return folder, write_dataset_folder(folder, data, made_from=path, split=made, guard=guarded)


def _check_out(path: str, out: Path | None) -> None:
    if out is None:
        return
    check_free(out)
    if out.resolve() == Path(path).resolve():
        raise RunError(f"{out}: is what is read, and would be written over. Choose another folder with --out.")


def _plan(options: PrepareOptions) -> SplitPlan | None:
    """Return what is to be held out, `None` for nothing.

    Raises:
        InputError: a part is not of the form `study=0.2`.
    """
    if not options.hold_out and options.mapping is None:
        idle = [name for name in _OF_A_SPLIT if getattr(options, name) != getattr(PrepareOptions(), name)]
        if idle:
            words = ", ".join(f"--{name.replace('_', '-')}" for name in idle)
            raise InputError(f"found {words}, but nothing is held out. Say what shall be unseen: --hold-out study=0.2")
        return None
    hold_out: dict[str, float] = {}
    for part in options.hold_out:
        name, _, share = part.partition("=")
        if name.strip() in hold_out:
            raise InputError(f"found --hold-out {name.strip()} twice. Keep one of them.")
        try:
            hold_out[name.strip()] = float(share)
        except ValueError:
            raise InputError(f"found --hold-out {part}, expected a kind and a share of it, as study=0.2.") from None
    return SplitPlan(hold_out=hold_out, validation=options.validation, mapping=options.mapping)


def _guard_options(options: PrepareOptions) -> GuardOptions:
    cutoff = None if options.model_cutoff is None else days_of(options.model_cutoff)[1]
    return GuardOptions(
        similarity=options.similarity, allow=options.allow, drop=options.drop, model=options.model, model_cutoff=cutoff
    )
