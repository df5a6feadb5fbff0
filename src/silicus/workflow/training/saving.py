"""The model of a training on disk: a plain transformers or PEFT folder, and what it says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from silicus.models.huggingface import HuggingFaceModel
from silicus.models.loading import locate
from silicus.train import TreeTrainer
from silicus.workflow.training.folder import TrainingManifest

__all__ = ["MODEL", "save"]

MODEL = "model"


def save(folder: Path, trainer: TreeTrainer, learner: HuggingFaceModel, manifest: TrainingManifest) -> Path:
    """Return the folder of the model: its weights or adapter, its tokenizer, its card and its prompts.

    An adapter on the embedded model is merged into it: the folder then needs no base.
    """
    target = folder / MODEL
    module: Any = learner.module
    if manifest.recipe.adapter != "none" and locate(manifest.recipe.model).gguf:
        module.merge_and_unload().save_pretrained(target)
        learner.tokenizer.save_pretrained(target)
    else:
        trainer.save_model(str(target))
        (target / "training_args.bin").unlink(missing_ok=True)
    return target
