"""The settings of a recipe in the words of transformers, and the checkpoints that it leaves."""

from __future__ import annotations

import json
import math
from pathlib import Path

from transformers import TrainingArguments

from silicus.train.recipe import Recipe

__all__ = ["CHECKPOINTS", "chooses_step", "last_checkpoint", "training_arguments"]

CHECKPOINTS = "checkpoints"
_EVERY_STEP = 1000
"""Up to so many steps each one's loss is written, then the mean of ten."""
_OPTIMIZERS = {"adamw": "adamw_torch", "adamw_8bit": "adamw_bnb_8bit"}
_SCHEDULES = {"cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"}


def chooses_step(recipe: Recipe) -> bool:
    """Return whether the loss of the answers on the validation part chooses the step that is kept.

    What preferences make smaller is the loss of one answer against another, at whose least the loss of all answers
    may be larger than before training.
    """
    return recipe.evaluate > 0 and all(part.objective != "preference" for part in recipe.parts)


def training_arguments(recipe: Recipe, folder: Path, steps: int, device: str, *, looks: bool) -> TrainingArguments:
    """Return the settings of a recipe in the words of transformers.

    Args:
        recipe: the settings.
        folder: the run folder.
        steps: how many steps there are.
        device: "cpu", "cuda" or "mps".
        looks: whether something is held out.
    """
    looking = looks and recipe.evaluate > 0
    fresh = last_checkpoint(folder / CHECKPOINTS) is None
    choosing = looks and chooses_step(recipe)
    every = max(1, math.ceil(steps / (recipe.evaluate or 10)))
    return TrainingArguments(
        output_dir=str(folder / CHECKPOINTS),
        max_steps=steps,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=_SCHEDULES.get(recipe.schedule, "constant"),
        warmup_steps=int(recipe.warmup * steps),
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.clip or 0.0,  # 0: transformers leaves gradients as they are
        optim=_OPTIMIZERS[recipe.optimizer],
        bf16=recipe.dtype == "bfloat16" or (recipe.dtype == "auto" and device == "cuda"),
        seed=recipe.seed,
        use_cpu=device == "cpu",
        per_device_train_batch_size=1,
        eval_strategy="steps" if looking else "no",
        eval_steps=every if looking else None,
        eval_on_start=looking and fresh,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=2,
        load_best_model_at_end=choosing,
        metric_for_best_model="eval_loss" if choosing else None,
        greater_is_better=False if choosing else None,
        # Checkpoints stand where a mean was just written: a run that goes on from one writes the same means.
        logging_steps=1 if steps <= _EVERY_STEP else math.gcd(every, 10),
        logging_nan_inf_filter=False,
        disable_tqdm=True,
        report_to="none",
        log_level="error",
        remove_unused_columns=False,
        # Every weight that learns takes part in every pack: processes need not look for others.
        ddp_find_unused_parameters=False,
        dataloader_pin_memory=False,
    )


def last_checkpoint(folder: Path, before: int | None = None) -> Path | None:
    """Return the last checkpoint in a folder that is whole, or `None`.

    Args:
        folder: where checkpoints are.
        before: the step that it must come before; `None`: any.
    """
    found = {int(path.name.partition("-")[2]): path for path in folder.glob("checkpoint-*") if _is_whole(path)}
    steps = [step for step in found if before is None or step < before]
    return found[max(steps)] if steps else None


def _is_whole(checkpoint: Path) -> bool:
    """Whether a checkpoint was not cut off: transformers writes the trainer's state last."""
    try:
        json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True
