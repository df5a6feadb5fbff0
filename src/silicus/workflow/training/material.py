"""What a recipe learns from and is tested on: datasets read, checked, and made into examples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from silicus.data import (
    Dataset,
    DatasetManifest,
    GuardOptions,
    answers_digest,
    guard,
    read_dataset_folder,
    read_dataset_manifest,
    stimuli_across,
    taught,
    tested,
)
from silicus.errors import InputError, LeakError, counted
from silicus.record import digest
from silicus.train import HeldOut, Learnt, Part, Recipe, held_out, learnt_from

__all__ = ["Material", "Source", "chance", "gather"]


@dataclass(frozen=True)
class Source:
    """A dataset that is learnt from or tested on.

    Attributes:
        path: its folder.
        data: what people answered.
        manifest: whose it is, and how it was split.
        answers: hash of its answers and their split, before anything is left out.
    """

    path: Path
    data: Dataset
    manifest: DatasetManifest
    answers: str

    @property
    def groups(self) -> bool:
        """Whether its respondents are groups."""
        return self.data.unit == "group"

    @property
    def split_in_words(self) -> str:
        """What was held out of it."""
        made = self.manifest.split
        if made is None:
            return "as its column 'split' says"
        unseen = ", ".join(f"{held.test} of {held.all} of '{what}'" for what, held in made.held_out.items())
        return f"unseen in the test part: {unseen} (seed {made.seed})"

    @property
    def allowed(self) -> list[str]:
        """The leaks that were let pass when it was prepared."""
        return self.manifest.guard.allowed if self.manifest.guard else []

    def part(self, name: str) -> pl.DataFrame:
        """Return the answers of a part."""
        return self.data.answered.filter(pl.col("split") == name)


@dataclass(frozen=True)
class Material:
    """All that a training needs of people's answers.

    Attributes:
        sources: the datasets learnt from, one a part of the recipe.
        learnt: what is learnt from, one a part.
        validation: dataset -> cells looked at in training.
        test: dataset -> cells predicted before and after training.
        left_out: stimuli that were left out because they are tested on elsewhere.
        further: the datasets of which nothing is learnt.
    """

    sources: list[Source]
    learnt: list[Learnt]
    validation: dict[str, HeldOut]
    test: dict[str, HeldOut]
    left_out: list[str]
    further: list[Source]


def gather(recipe: Recipe) -> Material:
    """Return what a recipe learns from and is tested on, once nothing speaks against it.

    Raises:
        InputError: a dataset is no prepared folder, has not been split, or does not fit its objective.
        LeakError: what is tested on can be learnt from.
    """
    sources = [_source(Path(part.data)) for part in recipe.parts]
    tests = [_read(Path(path)) for path in recipe.tests]
    for part, source in zip(recipe.parts, sources, strict=True):
        _check_fits(part, source)
    sources, left_out = _without_leaks(sources, tests, recipe)
    learnt = [
        learnt_from(
            part, source.data.items, source.part("train"), source.data.respondents,
            chance("part", recipe.seed, number), groups=source.groups,
        )
        for number, (part, source) in enumerate(zip(recipe.parts, sources, strict=True))
    ]  # fmt: skip
    apart = list({source.path: source for source in sources}.values())
    everything = [*apart, *(test for test in tests if test.path not in {source.path for source in sources})]
    names = _names([source.path for source in everything])
    validation = {
        names[source.path]: _cells(
            source, source.part("validation"), recipe.evaluate_cells, chance("validation", source.answers)
        )
        for source in apart
        if recipe.evaluate and len(source.part("validation"))
    }
    test = {
        names[source.path]: _cells(source, _tested_rows(source), recipe.test_cells, chance("test", source.answers))
        for source in everything
        if recipe.test_cells and len(_tested_rows(source))
    }
    return Material(sources, learnt, validation, test, left_out, tests)


def chance(purpose: str, *of: object) -> np.random.Generator:
    """Return the generator of one purpose, which nothing else that a recipe asks for moves.

    Which cells are tested must not depend on the recipe: two trainings could not be compared.
    """
    return np.random.default_rng(int(digest(purpose, *map(str, of)), 16))


def _names(paths: list[Path]) -> dict[Path, str]:
    """Return what datasets are called: the names of their folders, or their whole paths where names are alike."""
    short = {path: path.name.removesuffix("-data") for path in paths}
    return {path: name if list(short.values()).count(name) == 1 else str(path) for path, name in short.items()}


def _tested_rows(source: Source) -> pl.DataFrame:
    return source.part("test") if "split" in source.data.responses.columns else source.data.answered


def _cells(source: Source, rows: pl.DataFrame, cells: int, rng: np.random.Generator) -> HeldOut:
    data = source.data
    if "unseen" not in rows.columns and rows["study"].n_unique() > 1:
        # Nothing of these studies is learnt from.
        rows = rows.with_columns(unseen=pl.lit("study"))
    return held_out(data.items, rows, data.respondents, groups=source.groups, cells=cells, rng=rng)


def _read(path: Path) -> Source:
    data = read_dataset_folder(path)
    return Source(path, data, read_dataset_manifest(path), answers_digest(data))


def _source(path: Path) -> Source:
    """Return a dataset that is learnt from.

    Raises:
        InputError: it has not been split, or nothing of it is to be learnt from.
        LeakError: its answers were changed since it was prepared, and now leak.
    """
    source = _read(path)
    if "split" not in source.data.responses.columns:
        raise InputError(
            f"{path}: has not been split, so there is nothing to say what training may see. "
            f"Split it with: silicus data prepare {source.manifest.made_from} --hold-out question=0.2 --out {path}"
        )
    if source.part("train").is_empty():
        raise InputError(f"{path}: its training part holds no answers.")
    if source.manifest.guard is None or source.manifest.responses != source.answers:
        data, _ = guard(source.data, GuardOptions())
        return replace(source, data=data)
    return source


def _check_fits(part: Part, source: Source) -> None:
    if part.single and source.groups:
        raise InputError(
            f"{source.path}: holds answers of groups of people, and '{part.objective}' learns from single answers. "
            "Take the objective 'distribution'."
        )
    if part.objective == "rationale" and "rationale" not in source.data.responses.columns:
        raise InputError(
            f"{source.path}: holds no rationales to learn. Keep them with: silicus data prepare "
            f"{source.manifest.made_from} --rationale"
        )
    if part.objective == "subpop_as_coded":
        _check_ten_letters(source)


def _check_ten_letters(source: Source) -> None:
    """Fail where a question learnt from does not fit ten letters, of which one is for all who refuse.

    Raises:
        InputError: it has more than one refusal, or more than ten answers.
    """
    shown = source.part("train").select("study", "question", "item").unique(maintain_order=True)
    for study, question, item in shown.iter_rows():
        scale = source.data.items[item].scale
        answers, refusals = len(scale.answers), len(scale.refusals)
        if refusals > 1 or answers > 10:
            found = f"{refusals} refusals" if refusals > 1 else f"{answers} answers"
            raise InputError(
                f"{source.path}: the question '{question}' of the study '{study}' has {found}, and "
                "'subpop_as_coded' has ten letters, one of them for a refusal. Take the objective 'distribution'."
            )


def _without_leaks(sources: list[Source], tests: list[Source], recipe: Recipe) -> tuple[list[Source], list[str]]:
    """Return the sources, without the training stimuli that another dataset tests on where the recipe drops them.

    Raises:
        LeakError: there are some, and the recipe does not drop them.
    """
    clean: list[Source] = []
    said: list[str] = []
    for source in sources:
        others = {o.path: o for o in [*sources, *tests] if o.path.resolve() != source.path.resolve()}
        pairs = [
            (mine, theirs, other.path) for other in others.values()
            for mine, theirs, _ in stimuli_across(taught(source.data), tested(other.data), recipe.similarity)
        ]  # fmt: skip
        found = {mine.item: (mine, theirs, path) for mine, theirs, path in pairs}
        if not found:
            clean.append(source)
            continue
        mine, theirs, path = next(iter(found.values()))
        sentence = (
            f"{source.path}: {counted(len(found), 'stimulus that is', 'stimuli that are')} learnt from "
            f"{'is' if len(found) == 1 else 'are'} tested on in another dataset, as “{mine.text[:80]}” and "
            f"“{theirs.text[:80]}” of {path}"
        )
        if recipe.leaks == "stop":
            raise LeakError(f"{sentence}. Leave them out of what is learnt from with 'leaks: drop' in the recipe.")
        said.append(sentence)
        learning = (pl.col("split") == "train") & pl.col("item").is_in(list(found))
        clean.append(replace(source, data=source.data.keep(~learning, "tested on in another dataset")))
    return clean, said
