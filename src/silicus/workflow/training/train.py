"""`silicus train`, step by step."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from silicus.models.encode import Encoder
from silicus.models.huggingface import PACK_TOKENS, HuggingFaceModel
from silicus.models.learner import LowRank, load_learner
from silicus.options import TrainOptions
from silicus.prompts import get_template, render
from silicus.study import iter_respondents, read_table, write_table
from silicus.train import (
    CHECKPOINTS,
    LOG,
    Asking,
    Batches,
    JsonLines,
    Learnt,
    Looking,
    Predicted,
    Recipe,
    Telling,
    TreeTrainer,
    last_checkpoint,
    margins,
    mix,
    predict,
    tensorboard,
    training_arguments,
    with_margins,
)
from silicus.workflow.progress import progress, waiting
from silicus.workflow.training.asked import recipe_asked
from silicus.workflow.training.folder import DataUsed, TrainingManifest, enter_folder, finish, new_manifest
from silicus.workflow.training.material import Material, gather
from silicus.workflow.training.results import compare
from silicus.workflow.training.saving import MODEL, save

__all__ = ["Trained", "train"]

_PAIRS = "pairs-{}.parquet"


@dataclass(frozen=True)
class Trained:
    """What came of a training.

    Attributes:
        folder: the run folder; `model/` in it is the model.
        manifest: what was asked, and how far the model lies from people before and after.
    """

    folder: Path
    manifest: TrainingManifest

    @property
    def model(self) -> Path:
        """The folder of the model."""
        return self.folder / MODEL


def train(recipe_file: Path | None, options: TrainOptions) -> Trained:
    """Return the run folder that holds the fine-tuned model.

    A run that was interrupted goes on from its last checkpoint; a finished run is left as it is.

    Args:
        recipe_file: a recipe (YAML); `None`: what the options say is the recipe.
        options: what is different from the recipe.

    Raises:
        SilicusError: something given is not as it should be; no step is taken then.
        RunError: the loss became no number; the last good checkpoint is kept.
    """
    recipe = recipe_asked(recipe_file, options)
    with waiting("reading what people answered"):
        material = gather(recipe)
    _try_words(recipe, material)
    with waiting(f"loading {recipe.model}"):
        learner = _learner(recipe, options)
    asking = _asking(recipe, learner)
    steps = _steps(recipe, material.learnt)
    folder, manifest = enter_folder(options.out, _manifest(recipe, material, learner, steps))
    if manifest.finished:
        return Trained(folder, manifest)
    before = _answers(learner, asking, material, "before training")
    learnt = [_with_reference(part, n, folder, learner, asking) for n, part in enumerate(material.learnt)]
    material = replace(material, learnt=learnt)
    trainer, seconds = _run(recipe, material, learner, asking, steps, folder)
    after = _answers(learner, asking, material, "after training")
    manifest = finish(
        folder, manifest,
        seconds=seconds, tokens=learner.forwarded, best_step=trainer.state.best_global_step,
        results=compare(material, before, after, np.random.default_rng(recipe.seed)),
    )  # fmt: skip
    save(folder, trainer, learner, manifest)
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    return Trained(folder, manifest)


def _try_words(recipe: Recipe, material: Material) -> None:
    """Render one prompt of every stimulus: what cannot be asked is known before a model is loaded."""
    template = get_template(recipe.template)
    held = [*material.validation.values(), *material.test.values()]
    for examples in [*(learnt.examples for learnt in material.learnt), *(each.examples for each in held)]:
        person = next(iter_respondents(examples.respondents[:1]))
        for item in examples.items:
            render(template, item, person, recipe.answers)


def _learner(recipe: Recipe, options: TrainOptions) -> HuggingFaceModel:
    low_rank = None
    if recipe.adapter != "none":
        low_rank = LowRank(
            recipe.rank, recipe.alpha, recipe.dropout, recipe.modules, four_bit=recipe.adapter == "qlora"
        )
    return load_learner(
        recipe.model, low_rank, options.device, recipe.dtype, recipe.pack_tokens,
        seed=recipe.seed, checkpointing=recipe.checkpointing,
    )  # fmt: skip


def _asking(recipe: Recipe, learner: HuggingFaceModel) -> Asking:
    closed = Encoder(learner.tokenizer, learner.encoder.limit, closed=True)
    return Asking(get_template(recipe.template), recipe.answers, learner.encoder, closed)


def _steps(recipe: Recipe, learnt: list[Learnt]) -> list[Any]:
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


def _manifest(recipe: Recipe, material: Material, learner: HuggingFaceModel, steps: list[Any]) -> TrainingManifest:
    used = [
        DataUsed(
            name=source.data.name, citation=source.data.source.line, licence=source.data.source.licence,
            objective=learnt.part.objective, examples=len(learnt.examples), answers=source.manifest.responses,
            split=source.split_in_words,
        )
        for source, learnt in zip(material.sources, material.learnt, strict=True)
    ]  # fmt: skip
    examples = sum(len(step) for step in steps)
    return new_manifest(recipe, used, learner.weights, left_out=material.left_out, steps=len(steps), examples=examples)


def _answers(learner: HuggingFaceModel, asking: Asking, material: Material, when: str) -> dict[str, Predicted]:
    """Return what the model says of the test cells; nothing where several processes share the model."""
    if _processes() > 1:
        return {}
    found: dict[str, Predicted] = {}
    total = sum(len(held.examples) for held in material.test.values())
    learner.module.eval()
    with progress(f"test cells, {when}", total, "prompts") as bar:
        for name, held in material.test.items():
            found[name] = predict(learner, asking, held, advance=bar.advance)
    return found


def _with_reference(learnt: Learnt, number: int, folder: Path, learner: HuggingFaceModel, asking: Asking) -> Learnt:
    """Return a part whose pairs say what the model preferred before training; they are stored in the run folder."""
    if learnt.pairs is None:
        return learnt
    path = folder / _PAIRS.format(number)
    if path.is_file():
        return with_margins(replace(learnt, pairs=read_table(path, "pairs")))
    with waiting("what the model prefers before training"):
        learnt = with_margins(learnt, lambda examples: margins(learner, asking, learnt.part, examples))
    assert learnt.pairs is not None  # noqa: S101 - they were there above
    write_table(path, learnt.pairs)
    return learnt


def _run(
    recipe: Recipe,
    material: Material,
    learner: HuggingFaceModel,
    asking: Asking,
    steps: list[Any],
    folder: Path,
) -> tuple[TreeTrainer, float]:
    """Return the trainer after its last step, and how many seconds its steps took."""
    looking = Looking(asking, material.validation) if material.validation else None
    limit = recipe.pack_tokens or PACK_TOKENS[learner.device.type]
    trainer = TreeTrainer(
        learner, learner.tokenizer, Batches(material.learnt, steps, asking, limit, recipe.seed), recipe,
        training_arguments(recipe, folder, len(steps), learner.device.type, looks=looking is not None),
        looking,
    )  # fmt: skip
    learner.forwarded = 0
    with progress("training", len(steps), "steps") as bar:
        for callback in (JsonLines(folder / LOG), Telling(bar.reach), *tensorboard(folder)):
            trainer.add_callback(callback)
        checkpoint = last_checkpoint(folder / CHECKPOINTS)
        start = time.monotonic()
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        return trainer, time.monotonic() - start


def _processes() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))
