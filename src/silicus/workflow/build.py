"""`silicus build`: a deposit and its recipe in; a dataset that passed every gate out, and a page for its reviewer."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from silicus import __version__
from silicus.data import content_digest, read_dataset_folder, read_dataset_manifest, set_approved, write_dataset_folder
from silicus.data.deposit import (
    Approval,
    Build,
    Deposit,
    Document,
    Made,
    Recipe,
    cells_turned,
    check_demographics,
    execute,
    is_own_count,
    labels_document,
    open_deposit,
    pass_gates,
    passages,
    read_document,
    read_recipe,
    reasons,
    write_socsci210,
)
from silicus.data.deposit.qualtrics import read_survey
from silicus.data.readers.labelled import read_labelled
from silicus.errors import InputError, RunError
from silicus.options import BuildOptions
from silicus.prompts.socrates import SocratesTemplate, stimulus
from silicus.record import digest, read, write
from silicus.report import write_review
from silicus.study import Item, Respondent
from silicus.workflow.progress import waiting

__all__ = ["approval_of", "approve_build", "build_deposit", "carry_approval", "mark_stale"]

_BUILD, _REVIEW, _DATASET, _SOCSCI210 = "build.json", "review.html", "dataset", "socsci210.parquet"


def build_deposit(path: Path, options: BuildOptions) -> tuple[Path, Build]:
    """Return the folder of a build, and what its gates found.

    The folder always gets `build.json` and `review.html`; the dataset only where every gate is passed.

    Args:
        path: the deposit: a folder or a .zip archive.
        options: the recipe, and where the build goes.

    Raises:
        InputError: the deposit or the recipe cannot be used.
        RunError: the folder holds something else.
    """
    recipe = read_recipe(options.recipe)
    folder = options.out or Path("runs") / f"{recipe.name}-build"
    _check_free(folder)
    with waiting(f"reading {path}"):
        deposit = open_deposit(path)
        made, documents = _made(recipe, deposit, str(options.recipe))
    build = _build(made, documents, path.name, options.recipe.name)
    build = build.model_copy(update={"inputs": _inputs(recipe, deposit, options.recipe)})
    before = approval_of(folder)
    if before is not None and build.content is None:
        stopped = next(gate for gate in build.gates if not gate.passed)
        raise RunError(
            f"{folder}: holds a dataset that {before.by} approved on {before.on}, and this build is stopped by a gate: "
            f"{stopped.name} {stopped.problems[0]} Choose another folder with --out to look at it."
        )
    _write(folder, build, made, options)
    carry_approval(before, folder)
    return folder, read(folder / _BUILD, Build)


def _build(made: Made, documents: list[Document], deposit: str, file: str) -> Build:
    recipe, gates = made.recipe, pass_gates(made)
    passed = all(gate.passed for gate in gates)
    fields = check_demographics(made.data.respondents)
    return Build(
        name=recipe.name,
        deposit=deposit,
        recipe=file,
        inputs={},
        gates=gates,
        found=passages(recipe, documents),
        cells=cells_turned(recipe, made.table, file),
        to_judge=reasons(recipe),
        unplaced={each.field: list(each.unmapped) for each in fields if each.unmapped},
        own_count=is_own_count(recipe),
        content=content_digest(made.data) if passed else None,
        silicus=__version__,
    )


def _write(folder: Path, build: Build, made: Made, options: BuildOptions) -> None:
    """Write what a build leaves; what an earlier build left and this one does not make is removed."""
    if build.content is not None:
        write_dataset_folder(folder / _DATASET, made.data, made_from=f"{build.deposit} with {build.recipe}")
        set_approved(folder / _DATASET, None)
    else:
        shutil.rmtree(folder / _DATASET, ignore_errors=True)
    (folder / _SOCSCI210).unlink(missing_ok=True)
    if build.content is not None and options.format == "socsci210":
        write_socsci210(folder / _SOCSCI210, made.data, stimulus, _prompt)
    write(folder / _BUILD, build)
    write_review(folder / _REVIEW, build, made.data)


def approve_build(folder: Path, by: str) -> Build:
    """Return a build once somebody has approved it, and keep who and when beside it.

    Raises:
        InputError: the folder holds no build whose dataset is there as it was built, or nobody is named.
    """
    if not (folder / _BUILD).is_file():
        raise InputError(f"{folder}: no build (no {_BUILD}). Make one with: silicus build DEPOSIT --recipe RECIPE")
    build = read(folder / _BUILD, Build)
    if not by.strip():
        raise InputError("found --by without a name, expected who has looked at the page and found it right.")
    if build.content is None:
        open_gates = sum(not gate.passed for gate in build.gates)
        raise InputError(f"{folder}: {open_gates} of {len(build.gates)} gates are not passed, so there is no dataset.")
    if content_digest(read_dataset_folder(folder / _DATASET)) != build.content:
        raise InputError(
            f"{folder}: what it holds (answers, stimuli or people) is not what was built. Build it again before "
            "approving."
        )
    today = datetime.now(UTC).date().isoformat()
    return _with_approval(folder, build, Approval(by=by.strip(), on=today, content=build.content))


def _with_approval(folder: Path, build: Build, approval: Approval) -> Build:
    """Return a build with its approval, which is written into its folder: into the dataset last, once all else is."""
    approved = build.model_copy(update={"approval": approval})
    write_review(folder / _REVIEW, approved, read_dataset_folder(folder / _DATASET))
    write(folder / _BUILD, approved)
    set_approved(folder / _DATASET, approval.content)
    return approved


def carry_approval(approval: Approval | None, folder: Path) -> None:
    """Approve a build where somebody has approved one that gave the same answers, stimuli and people.

    Args:
        approval: of an earlier build; `None` where there is none.
        folder: the new build.
    """
    build = read(folder / _BUILD, Build)
    if approval is not None and approval.content == build.content:
        _with_approval(folder, build, approval)


def approval_of(folder: Path) -> Approval | None:
    """Return the approval of what a folder holds; `None` where nobody has approved it as it is."""
    try:
        approval = read(folder / _BUILD, Build).approval
        if approval is None or not read_dataset_manifest(folder / _DATASET).approved:
            return None
        return approval if approval.content == content_digest(read_dataset_folder(folder / _DATASET)) else None
    except InputError:
        return None


def mark_stale(folder: Path, why: str) -> str | None:
    """Return who approved a build whose deposit no longer gives it, once its page says so; "" where nobody has.

    Args:
        folder: the build.
        why: what came of building it again.
    """
    try:
        build = read(folder / _BUILD, Build).model_copy(update={"stale": why})
        data = read_dataset_folder(folder / _DATASET)
    except InputError:
        return None
    write(folder / _BUILD, build)
    write_review(folder / _REVIEW, build, data)
    return f"{build.approval.by} on {build.approval.on}" if build.approval else ""


def _check_free(folder: Path) -> None:
    foreign = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if foreign and _BUILD not in foreign:
        raise RunError(
            f"{folder}: this folder holds something else ({foreign[0]}). Choose an empty or new folder with --out."
        )


def _made(recipe: Recipe, deposit: Deposit, where: str) -> tuple[Made, list[Document]]:
    table = read_labelled(deposit.file(recipe.file), recipe.encoding, recipe.sheet)
    left, data = execute(recipe, table, where)
    labels = labels_document(table)
    documents = [read_document(deposit.file(name), name) for name in recipe.documents]
    documents += [labels] if labels else []
    surveys = [read_survey(deposit.file(name)) for name in recipe.documents if name.lower().endswith(".qsf")]
    return Made(recipe, left, data, tuple(documents), surveys[0] if surveys else None), documents


def _inputs(recipe: Recipe, deposit: Deposit, path: Path) -> dict[str, str]:
    files = {name: digest(deposit.file(name).read_bytes()) for name in (recipe.file, *recipe.documents)}
    return {path.name: digest(path.read_bytes()), **files}


def _prompt(item: Item, person: Respondent) -> str:
    return SocratesTemplate().user(item, person, "value")
