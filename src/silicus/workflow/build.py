"""`silicus build`: a deposit and its recipe in; a dataset that passed every gate out, and a page for its reviewer."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from silicus import __version__
from silicus.data import answers_digest, read_dataset_folder, set_approved, write_dataset_folder
from silicus.data.deposit import (
    Approval,
    Build,
    Deposit,
    Document,
    Made,
    Recipe,
    Span,
    execute,
    find,
    labels_document,
    nearest,
    open_deposit,
    pass_gates,
    read_document,
    words_of,
    write_socsci210,
)
from silicus.data.readers.labelled import read_labelled
from silicus.errors import InputError, RunError
from silicus.options import BuildOptions
from silicus.prompts.socrates import SocratesTemplate, stimulus
from silicus.record import digest, read, write
from silicus.report import write_review
from silicus.study import Item, Respondent
from silicus.workflow.progress import waiting

__all__ = ["approve_build", "build_deposit"]

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
    recipe = read(options.recipe, Recipe)
    folder = options.out or Path("runs") / f"{recipe.name}-build"
    _check_free(folder)
    with waiting(f"reading {path}"):
        deposit = open_deposit(path)
        made, documents = _made(recipe, deposit, str(options.recipe))
    found = {name: find(documents, words) for name, words in words_of(recipe) if words.strip()}
    gates = pass_gates(made)
    passed = all(gate.passed for gate in gates)
    build = Build(
        name=recipe.name,
        deposit=path.name,
        recipe=options.recipe.name,
        inputs=_inputs(recipe, deposit, options.recipe),
        gates=gates,
        found=found,
        responses=answers_digest(made.data) if passed else None,
        silicus=__version__,
    )
    if passed:
        write_dataset_folder(folder / _DATASET, made.data, made_from=f"{path.name} with {options.recipe.name}")
        set_approved(folder / _DATASET, approved=False)
    else:
        # What an earlier build left is not what this recipe makes.
        shutil.rmtree(folder / _DATASET, ignore_errors=True)
        (folder / _SOCSCI210).unlink(missing_ok=True)
    if passed and options.format == "socsci210":
        write_socsci210(folder / _SOCSCI210, made.data, stimulus, _prompt)
    write(folder / _BUILD, build)
    write_review(folder / _REVIEW, build, made.data)
    return folder, build


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
    if build.responses is None:
        open_gates = sum(not gate.passed for gate in build.gates)
        raise InputError(f"{folder}: {open_gates} of {len(build.gates)} gates are not passed, so there is no dataset.")
    if answers_digest(read_dataset_folder(folder / _DATASET)) != build.responses:
        raise InputError(f"{folder}: its answers are not those that were built. Build them again before approving.")
    today = datetime.now(UTC).date().isoformat()
    approved = build.model_copy(update={"approval": Approval(by=by.strip(), on=today, responses=build.responses)})
    set_approved(folder / _DATASET, approved=True)
    write(folder / _BUILD, approved)
    write_review(folder / _REVIEW, approved, read_dataset_folder(folder / _DATASET))
    return approved


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
    return Made(
        recipe, left, data, lambda words: _told(find(documents, words)), lambda words: _near(nearest(documents, words))
    ), documents


def _told(span: Span | None) -> str | None:
    return None if span is None else str(span)


def _near(span: Span | None) -> str | None:
    return None if span is None else f"{span}: {span.quote[:80]!r}"


def _inputs(recipe: Recipe, deposit: Deposit, path: Path) -> dict[str, str]:
    files = {name: digest(deposit.file(name).read_bytes()) for name in (recipe.file, *recipe.documents)}
    return {path.name: digest(path.read_bytes()), **files}


def _prompt(item: Item, person: Respondent) -> str:
    return SocratesTemplate().user(item, person, "value")
