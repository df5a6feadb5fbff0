"""`silicus train`, step by step."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from silicus.models.huggingface import HuggingFaceModel
from silicus.models.learner import LowRank, load_learner
from silicus.options import TrainOptions
from silicus.report import PartLearnt, TrainingDone
from silicus.study import read_table, write_table
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
    predict,
    tensorboard,
    training_arguments,
    with_margins,
)
from silicus.workflow.progress import is_first, progress, waiting
from silicus.workflow.training.asked import recipe_asked
from silicus.workflow.training.folder import TrainingManifest, begin, find_folder, finish
from silicus.workflow.training.material import Material, chance
from silicus.workflow.training.ready import Ready, check_fits, get_ready, processes
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

    def done(self) -> TrainingDone:
        """Return what came of it, as it is told at the prompt."""
        said = self.manifest
        return TrainingDone(
            model=said.recipe.model, folder=str(self.folder),
            parts=[PartLearnt(used.name, used.objective, used.examples, used.given) for used in said.data],
            steps=said.steps, best_step=said.best_step, seconds=said.seconds or 0.0, tokens=said.tokens or 0,
            results=said.results, left_out=said.left_out, warnings=said.warnings,
        )  # fmt: skip


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
    ready = get_ready(recipe_asked(recipe_file, options), options)
    folder, manifest = find_folder(options.out, ready.manifest)
    if manifest.finished:
        return Trained(folder, manifest)
    check_fits(ready)
    recipe, asking, material = ready.recipe, ready.asking, ready.material
    with waiting(f"loading {recipe.model}"):
        learner = _learner(recipe, options)
    begin(folder, manifest)
    before = _answers(learner, asking, material, "before training")
    learnt = [_with_reference(part, n, folder, learner, asking) for n, part in enumerate(material.learnt)]
    trainer, seconds = _run(ready, ready.batches(learnt), learner, folder)
    after = _answers(learner, asking, material, "after training")
    found: dict[str, Any] = {
        "seconds": seconds,
        "tokens": learner.forwarded,
        "best_step": trainer.state.best_global_step,
        "results": compare(material, before, after, chance("intervals")),
    }
    # A run is finished once its model is on disk, and not before.
    save(folder, trainer, learner, asking, manifest.model_copy(update=found))
    manifest = finish(folder, manifest, **found)
    if is_first():
        shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    return Trained(folder, manifest)


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


def _answers(learner: HuggingFaceModel, asking: Asking, material: Material, when: str) -> dict[str, Predicted]:
    """Return what the model says of the test cells; nothing where several processes share the model."""
    if processes() > 1:
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
    if is_first():
        write_table(path, learnt.pairs)
    return learnt


def _run(ready: Ready, batches: Batches, learner: HuggingFaceModel, folder: Path) -> tuple[TreeTrainer, float]:
    """Return the trainer after its last step, and how many seconds its steps took."""
    validation = ready.material.validation
    looking = Looking(ready.asking, validation) if validation else None
    arguments = training_arguments(ready.recipe, folder, len(batches), ready.device, looks=looking is not None)
    trainer = TreeTrainer(learner, learner.tokenizer, batches, ready.recipe, arguments, looking)
    learner.forwarded = 0
    with progress("training", len(batches), "steps") as bar:
        for callback in (JsonLines(folder / LOG), Telling(bar.reach), *tensorboard(folder)):
            trainer.add_callback(callback)
        checkpoint = last_checkpoint(folder / CHECKPOINTS)
        start = time.monotonic()
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)  # pyright: ignore[reportUnknownMemberType]
        seconds = time.monotonic() - start
    trainer.leave()
    return trainer, seconds
