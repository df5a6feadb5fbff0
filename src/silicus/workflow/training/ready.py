"""Everything a training needs before a weight is loaded, checked: what it learns from, in which words, at what cost."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from silicus.data import answers_digest, unapproved
from silicus.errors import InputError, counted
from silicus.models.encode import Encoder
from silicus.models.loading import load_words, locate, refuse_adapter, where_to_run
from silicus.options import TrainOptions
from silicus.plugins import require
from silicus.prompts import get_template
from silicus.train import (
    EVERY_ANSWER,
    TRAINING_TOKENS,
    Asking,
    Batches,
    Examples,
    Learnt,
    Memory,
    Part,
    Places,
    Recipe,
    Shape,
    check_memory,
    chooses_step,
    free_memory,
    memory,
    mix,
    model_shape,
)
from silicus.workflow.progress import waiting
from silicus.workflow.training.folder import DataUsed, TrainingManifest, new_manifest
from silicus.workflow.training.material import Material, gather

__all__ = ["Ready", "check_fits", "get_ready", "processes"]

_FEW = 20
"""Validation questions below which a mean over them says little."""


@dataclass(frozen=True)
class Ready:
    """A training that nothing speaks against, but that weights have not been loaded for.

    Attributes:
        recipe: what is asked.
        device: "cpu", "cuda" or "mps".
        pack_tokens: how many tokens of the tree go through the model at once.
        material: what people answered.
        tokenizer: of the model.
        asking: how examples are put to the model.
        steps: which examples each step learns from.
        longest: of each part, the tokens of a prompt with its answer where it has the most words.
        shape: of the model.
        manifest: what the run folder will say.
    """

    recipe: Recipe
    device: str
    pack_tokens: int
    material: Material
    tokenizer: object
    asking: Asking
    steps: list[Places]
    longest: list[int]
    shape: Shape
    manifest: TrainingManifest

    @property
    def memory(self) -> Memory:
        """What training keeps in memory at its peak."""
        return memory(self.shape, self.recipe, self.pack_tokens, self.device)

    def batches(self, learnt: Sequence[Learnt]) -> Batches:
        """Return the steps, with what is learnt from in the state it is in."""
        return Batches(learnt, self.steps, self.asking, self.pack_tokens, self.recipe.seed)


def get_ready(recipe: Recipe, options: TrainOptions) -> Ready:
    """Return what a training needs besides weights, once nothing speaks against it.

    What costs nothing is looked at first: names and libraries, then the model's config, then people's answers.

    Raises:
        InputError: a name is unknown, a dataset does not fit, or an answer is not on its scale.
        LeakError: what is tested on can be learnt from.
        PromptError: the template cannot tell who is asked, or a prompt is longer than the model reads.
        ModelError: the model is not there, has no such layers, or splits an answer that has to be one token.
        MissingExtraError: 4 or 8 bits are asked for, and bitsandbytes is not installed.
    """
    template = get_template(recipe.template)
    _check_libraries(recipe)
    device = where_to_run(options.device)
    pack_tokens = recipe.pack_tokens or TRAINING_TOKENS[device]
    with waiting(f"looking at {recipe.model}"):
        shape = model_shape(recipe.model)
        if recipe.adapter == "none":
            refuse_adapter(recipe.model)
        memory(shape, recipe, pack_tokens, device)  # Names of layers are looked up here.
        words = load_words(recipe.model)
    with waiting("reading what people answered"):
        material = gather(recipe)
    encoders = [Encoder(words.tokenizer, words.limit, closed=closed) for closed in (False, True)]
    asking = Asking(template, recipe.answers, *encoders)
    with waiting("reading the longest prompts"):
        longest = _try_words(asking, material)
    steps = _steps(recipe, material.learnt)
    manifest = _manifest(recipe, material, words.weights, steps)
    return Ready(
        recipe, device, pack_tokens, material, words.tokenizer, asking, steps, longest, shape, manifest
    )  # fmt: skip


def check_fits(ready: Ready) -> None:
    """Check that training fits into memory.

    Raises:
        ModelError: it does not; the message says what takes how much, and what would take less.
    """
    # Several processes may share weights and moments among them, in a way that only their launcher knows.
    if processes() == 1:
        check_memory(ready.memory, free_memory(ready.device), ready.recipe, ready.device)


def processes() -> int:
    """Return how many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def _check_libraries(recipe: Recipe) -> None:
    if processes() > 1 and recipe.adapter != "none" and locate(recipe.model).gguf:
        raise InputError(
            f"{recipe.model}: its adapter is merged into it at the end, which several processes that share its weights "
            "cannot do. Train it with one process, or with --adapter none."
        )
    if recipe.adapter == "qlora" or recipe.optimizer == "adamw_8bit":
        require("bitsandbytes")


def _try_words(asking: Asking, material: Material) -> list[int]:
    """Return, for each part learnt from, the tokens of a prompt with its answer where it has the most words.

    Every stimulus is read with the person who is told in the most words, and one person of every set of known
    attributes is put into words: what cannot be asked is known before a model is loaded.
    """
    for held in [*material.validation.values(), *material.test.values()]:
        _longest_row(asking, EVERY_ANSWER, held.examples)
    return [_longest_row(asking, learnt.part, learnt.examples) for learnt in material.learnt]


def _longest_row(asking: Asking, part: Part, examples: Examples) -> int:
    told = _told(examples)
    asking.tasks(part, examples.take(told.unique("known", keep="first", maintain_order=True)["place"].to_numpy()))
    wordiest = told.sort("words", descending=True, maintain_order=True).unique("item", keep="first")
    rows = asking.rows(part, asking.tasks(part, examples.take(wordiest["place"].sort().to_numpy())))
    return max(len(row.context) + int(max(row.trie.depths, default=0)) for row in rows)


def _told(examples: Examples) -> pl.DataFrame:
    """Return of every example its `place` and `item`, how many characters tell who is asked, and what is `known`."""
    attributes = pl.all().exclude("respondent", "weight").cast(pl.String)
    people = examples.respondents.select(
        # Literals stand where there are no attributes.
        words=pl.sum_horizontal(pl.lit(0, pl.UInt32), attributes.str.len_chars().fill_null(0)),
        known=pl.concat_str(pl.lit("1"), (attributes.fill_null("") != "").cast(pl.Int8)),
        number=pl.int_range(pl.len()),
    )
    rows = examples.table.with_row_index("place").with_columns(number=pl.col("person").cast(pl.Int64))
    rows = rows.join(people, on="number", how="left", maintain_order="left")
    if "rationale" in rows.columns:
        rows = rows.with_columns(words=pl.col("words") + pl.col("rationale").str.len_chars().fill_null(0))
    return rows.select("place", "item", "words", "known")


def _steps(recipe: Recipe, learnt: list[Learnt]) -> list[Places]:
    shares = [part.part.share for part in learnt]
    return mix(
        [part.examples.cells for part in learnt],
        None if shares[0] is None else [share or 0.0 for share in shares],
        recipe.batch,
        recipe.together,
        np.random.default_rng([recipe.seed, 1]),
        epochs=recipe.epochs,
        steps=recipe.steps,
    )


def _manifest(recipe: Recipe, material: Material, weights: str, steps: list[Places]) -> TrainingManifest:
    parts = np.concatenate(steps)[:, 0]
    used = [
        DataUsed(
            name=source.data.name, citation=source.data.source.line, licence=source.data.source.licence,
            objective=learnt.part.objective, examples=len(learnt.examples), taken=int((parts == number).sum()),
            given=len(source.part("train")),
            answers=answers_digest(source.data), split=source.split_in_words,
        )
        for number, (source, learnt) in enumerate(zip(material.sources, material.learnt, strict=True))
    ]  # fmt: skip
    tested = [test.answers for test in material.further]
    return new_manifest(
        recipe, used, weights, tested, left_out=material.left_out, warnings=list(_warnings(recipe, material)),
        steps=len(steps), examples=len(parts),
    )  # fmt: skip


def _warnings(recipe: Recipe, material: Material) -> Iterator[str]:
    """Yield what should be known of a training, whatever comes of it."""
    questions = sum(len(set(held.clusters)) for held in material.validation.values())
    if not questions:
        yield "No validation part is looked at: the last step is kept, nothing chooses it."
    elif not chooses_step(recipe):
        yield (
            "The last step is kept, nothing chooses it: learning preferences may make the loss of all answers on the "
            "validation part larger, so that loss is told and chooses nothing."
        )
    elif questions < _FEW:
        yield (
            f"The validation part looked at holds {counted(questions, 'question', 'questions')}: with fewer than "
            f"{_FEW}, which step is kept is largely chance."
        )
    yield from dict.fromkeys(
        f"{source.path}: holds {said}."
        for source in (*material.sources, *material.further)
        for said in unapproved(source.data)
    )
    yield from dict.fromkeys(
        f"{source.path}: holds a leak that was let pass when it was prepared (--allow): {leak.strip()}."
        for source in material.sources
        for leak in source.allowed
    )
