"""`silicus train`, step by step."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from silicus.errors import RunError
from silicus.models.huggingface import HuggingFaceModel
from silicus.models.learner import LowRank, load_learner
from silicus.models.trained_as import TrainedAs
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
    Stopping,
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
from silicus.workflow.training.saving import MODEL, how_trained, save

__all__ = ["Trained", "train"]

_PAIRS = "pairs-{}.parquet"


@dataclass(frozen=True)
class Trained:
    """What came of a training.

    Attributes:
        folder: the run folder; `model/` in it is the model.
        manifest: what was asked, and how far the model lies from people before and after.
        earlier: whether it had been finished before, so that nothing was done.
    """

    folder: Path
    manifest: TrainingManifest
    earlier: bool = False

    @property
    def model(self) -> Path:
        """The folder of the model."""
        return self.folder / MODEL

    def done(self) -> TrainingDone:
        """Return what came of it, as it is told at the prompt."""
        said = self.manifest
        return TrainingDone(
            model=said.recipe.model, folder=str(self.folder),
            parts=[PartLearnt(used.name, used.objective, used.taken, used.examples, used.given) for used in said.data],
            steps=said.steps, best_step=said.best_step, seconds=said.seconds or 0.0, tokens=said.tokens or 0,
            results=said.results, left_out=said.left_out, warnings=said.warnings,
            earlier=said.finished if self.earlier else None,
        )  # fmt: skip


def train(recipe_file: Path | None, options: TrainOptions) -> Trained:
    """Return the run folder that holds the fine-tuned model.

    A run that was interrupted goes on from its last checkpoint; a finished run is left as it is.

    Args:
        recipe_file: a recipe (YAML); `None`: what the options say is the recipe.
        options: what is different from the recipe.

    Raises:
        SilicusError: something given is not as it should be; no step is taken then.
        RunError: the loss became no number, or it was asked to stop; the last good checkpoint is kept.
    """
    ready = get_ready(recipe_asked(recipe_file, options), options)
    folder, manifest = find_folder(options.out, ready.manifest)
    if manifest.finished:
        return _earlier(Trained(folder, manifest, earlier=True))
    check_fits(ready)
    recipe, asking, material = ready.recipe, ready.asking, ready.material
    with waiting(f"loading {recipe.model}"):
        learner = _learner(recipe, options)
    begin(folder, manifest)
    before = _answers(learner, asking, material, "before training")
    learnt = [_with_reference(part, n, folder, learner, asking) for n, part in enumerate(material.learnt)]
    said = how_trained(learner, asking, manifest)
    trainer, seconds = _run(ready, ready.batches(learnt), learner, folder, said)
    after = _answers(learner, asking, material, "after training")
    found: dict[str, Any] = {
        "seconds": seconds,
        "tokens": trainer.state.num_input_tokens_seen,
        "best_step": trainer.state.best_global_step,
        "warnings": [*manifest.warnings, *_no_better(trainer)],
        "results": compare(material, before, after, chance("intervals")),
    }
    # A run is finished once its model is on disk, and not before.
    save(folder, trainer, learner, asking, manifest.model_copy(update=found), said)
    manifest = finish(folder, manifest, **found)
    if is_first():
        shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    return Trained(folder, manifest)


def _earlier(trained: Trained) -> Trained:
    """Return a training that was finished before, if its model is still there."""
    if not trained.model.is_dir():
        raise RunError(
            f"{trained.folder}: this training was finished on {trained.manifest.finished}, and its model is no longer "
            "there. Delete the folder to train again, or choose another with --out."
        )
    return trained


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


def _run(
    ready: Ready, batches: Batches, learner: HuggingFaceModel, folder: Path, said: TrainedAs
) -> tuple[TreeTrainer, float]:
    """Return the trainer after its last step, and how many seconds it took to get there.

    Raises:
        RunError: it was asked to stop before its last step; a checkpoint is kept.
    """
    validation = ready.material.validation
    looking = Looking(ready.asking, validation) if validation else None
    arguments = training_arguments(ready.recipe, folder, len(batches), ready.device, looks=looking is not None)
    trainer = TreeTrainer(learner, learner.tokenizer, batches, ready.recipe, arguments, looking, said)
    lines = JsonLines(folder / LOG)
    with progress("training", len(batches), "steps") as bar:
        stopping = Stopping(lambda said: bar.reach(trainer.state.global_step, said))
        for callback in (lines, Telling(bar.reach), stopping, *tensorboard(folder)):
            trainer.add_callback(callback)
        checkpoint = last_checkpoint(folder / CHECKPOINTS)
        with stopping.listening() if processes() == 1 else nullcontext():
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)  # pyright: ignore[reportUnknownMemberType]
    step = trainer.state.global_step
    if step < len(batches):
        raise RunError(
            f"{folder}: stopped after step {step:,} of {len(batches):,}, and kept there. Start the same command again "
            "to go on."
        )
    trainer.leave()
    return trainer, lines.seconds


def _no_better(trainer: TreeTrainer) -> Iterator[str]:
    """Yield a warning where the model before training had the least loss on the validation part."""
    looked = [line for line in trainer.state.log_history if "eval_loss" in line]
    if trainer.state.best_metric is not None and looked and looked[0]["step"] == 0:
        before, best = looked[0]["eval_loss"], trainer.state.best_metric
        if best >= before:
            yield (
                f"No step did better on the validation part than the model before training (loss {best:.3f}, before "
                f"{before:.3f}): what it learnt does not carry over. Use the model it started from."
            )
