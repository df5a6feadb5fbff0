"""The frozen plan of a screening: what was declared, when, and how many other ways were tried before."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from silicus.effects import ScreenPlan
from silicus.errors import RunError, counted
from silicus.options import ScreenOptions
from silicus.record import Record, digest, read, write
from silicus.study import Study

__all__ = ["PLAN", "Frozen", "folder_of", "freeze", "frozen_plan", "tried"]

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
    past: tuple[str, ...]
    """Keys of the runs from whose errors intervals are made."""
    hash: str
    """SHA-256 of all of the above, its first 16 digits."""
    frozen: str
    """When, in UTC."""


def frozen_plan(
    study: Study, plan: ScreenPlan, outcomes: tuple[str, ...], options: ScreenOptions, past: tuple[str, ...]
) -> Frozen:
    """Return the plan with its hash; people's answers have no part in it."""
    shown = digest(*(f"{item.condition}\n{item.question}\n{item.item}" for item in study.items()))
    control = study.control.id if study.control else ""
    recorded = options.recorded()
    whole = digest(
        study.id, shown, control, *outcomes, plan.model_dump_json(), str(sorted(recorded.items())), "past", *past
    )
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Frozen(
        study=study.id, study_hash=shown, control=control, outcomes=outcomes, plan=plan, options=recorded, past=past,
        hash=whole, frozen=now,
    )  # fmt: skip


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
    names = ("study", "study_hash", "control", "outcomes", "plan", "options", "past")
    changed = [name.replace("_", " ") for name in names if getattr(old, name) != getattr(plan, name)]
    raise RunError(
        f"{folder}: another plan was frozen here on {old.frozen} (changed: {', '.join(changed)}). What has been "
        "declared stays: choose another folder with --out, and both are counted as tried."
    )


def tried(folder: Path, plan: Frozen) -> list[Frozen]:
    """Return the plans of the same study in the folders beside this one, this one included, earliest first.

    A study is the same by its id, however its words were changed, and by its words, whatever it is called.
    """
    beside = [read(path, Frozen) for path in sorted(folder.resolve().parent.glob(f"*/{PLAN}"))]
    found = {each.hash: each for each in beside if each.study == plan.study or each.study_hash == plan.study_hash}
    return sorted({**found, plan.hash: plan}.values(), key=lambda each: each.frozen)


def tried_sentence(plans: list[Frozen]) -> str:
    """Return how many ways of screening a study were tried, in a sentence."""
    if len(plans) == 1:
        return "This is the only plan for this study in its folder."
    return (
        f"{counted(len(plans), 'plan', 'plans')} for this study stand side by side, the first of {plans[0].frozen}: "
        "the best of several looks better than it is."
    )
