"""The frozen plan of a screening: what was declared, when, and how many other ways were tried before."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from silicus.effects import ScreenPlan
from silicus.errors import InputError, RunError, counted
from silicus.options import ScreenOptions
from silicus.record import Record, digest, read, write
from silicus.study import Pilot, Study
from silicus.workflow.population import asked_respondents
from silicus.workflow.run import Run

__all__ = ["PLAN", "Frozen", "folder_of", "freeze", "frozen_plan", "past_key", "pilots_seen", "tried"]

_PILOTS = "pilots.json"
PLAN = "plan.json"
"""The frozen plan in the folder of a screening."""


class Frozen(Record):
    """A plan, and what it is a plan of, as it was before anything was asked."""

    study: str
    """The study's id."""
    study_hash: str
    """Hash of all that the study shows and asks."""
    control: str
    outcomes: tuple[str, ...]
    plan: ScreenPlan
    options: dict[str, Any]
    """How the model is asked."""
    respondents: str
    """Hash of who is simulated."""
    past: tuple[str, ...]
    """Keys of the runs from whose errors intervals are made, each with a hash of its answers and predictions."""
    hash: str
    """SHA-256 of all of the above, its first 16 digits."""
    frozen: str
    """When, in UTC."""


def frozen_plan(
    study: Study, plan: ScreenPlan, outcomes: tuple[str, ...], options: ScreenOptions, past: tuple[str, ...]
) -> Frozen:
    """Return the plan with its hash; people's answers to the study have no part in it.

    Args:
        study: what is screened.
        plan: what was declared.
        outcomes: the questions that are compared.
        options: how the model is asked.
        past: the runs on past studies, as `past_key` names them.
    """
    shown = digest(*(f"{item.condition}\n{item.question}\n{item.item}" for item in study.items()))
    control = study.control.id if study.control else ""
    recorded = options.recorded()
    people = digest(asked_respondents(options.respondents, options.draw, options.seed)[0].write_csv())
    better = str(sorted(study.better.items()))
    parts = (plan.model_dump_json(), better, str(sorted(recorded.items())), people, "past", *past)
    whole = digest(study.id, shown, control, *outcomes, *parts)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Frozen(
        study=study.id, study_hash=shown, control=control, outcomes=outcomes, plan=plan, options=recorded,
        respondents=people, past=past, hash=whole, frozen=now,
    )  # fmt: skip


def past_key(run: Run) -> str:
    """Return the key of a run on past studies, and a hash of what people answered there and what was predicted."""
    predicted = run.predictions.with_columns(pl.col("probabilities").cast(pl.List(pl.String)).list.join(" "))
    return f"{run.manifest.key} {digest(run.responses.write_csv(), predicted.write_csv())}"


def folder_of(frozen: Frozen, out: Path | None) -> Path:
    """Return the folder of a screening."""
    return out or Path("runs") / f"screen-{frozen.study}-{frozen.hash[:6]}"


def freeze(folder: Path, plan: Frozen) -> Frozen:
    """Return the plan that stands in a folder, after writing it there where none did.

    Raises:
        RunError: another plan stands there, or the folder holds something else.
    """
    path = folder / PLAN
    if not path.is_file():
        foreign = sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []
        if foreign:
            raise RunError(f"{folder}: this folder holds something else ({foreign[0]}). Choose another with --out.")
        write(path, plan)
        return plan
    old = read(path, Frozen)
    if old.hash == plan.hash:
        return old
    names = ("study", "study_hash", "control", "outcomes", "plan", "options", "respondents", "past")
    changed = [name.replace("_", " ") for name in names if getattr(old, name) != getattr(plan, name)]
    raise RunError(
        f"{folder}: another plan was frozen here on {old.frozen} (changed: {', '.join(changed)}). What has been "
        "declared stays: choose another folder with --out, and both are counted as tried."
    )


class Pilots(Record):
    """The pilots that a screening has been given, earliest first."""

    seen: dict[str, str] = {}
    """Hash of the answers -> when, in UTC."""


def pilots_seen(folder: Path, pilot: Pilot) -> list[str]:
    """Return, in sentences, that other answers were given before, after keeping a hash of these."""
    path = folder / _PILOTS
    known = read(path, Pilots).seen if path.is_file() else {}
    own = digest(pilot.responses.write_csv(), pilot.respondents.write_csv())
    if own not in known:
        known = {**known, own: datetime.now(UTC).isoformat(timespec="seconds")}
        write(path, Pilots(seen=known))
    if len(known) == 1:
        return []
    first = min(known.values())
    return [f"{len(known)} pilots with different answers have been given to this screening, the first on {first}"]


def tried(folder: Path, plan: Frozen) -> list[Frozen]:
    """Return the plans of the same study in the folders beside this one, this one included, earliest first.

    A study is the same by its id, however its words were changed, and by its words, whatever it is called.
    """
    beside = [each for path in sorted(folder.resolve().parent.glob(f"*/{PLAN}")) if (each := _plan(path)) is not None]
    found = {each.hash: each for each in beside if each.study == plan.study or each.study_hash == plan.study_hash}
    return sorted({**found, plan.hash: plan}.values(), key=lambda each: each.frozen)


def _plan(path: Path) -> Frozen | None:
    """Return the plan of a folder; `None` of one that another version wrote, or nobody can read."""
    try:
        return read(path, Frozen)
    except InputError:
        return None


def tried_sentence(plans: list[Frozen]) -> str:
    """Return how many ways of screening a study were tried, in a sentence."""
    if len(plans) == 1:
        return "This is the only plan for this study in its folder."
    return (
        f"{counted(len(plans), 'plan', 'plans')} for this study stand side by side, the first of {plans[0].frozen}: "
        "the best of several looks better than it is."
    )
