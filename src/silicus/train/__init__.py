"""From what people answered to a better predictor: what training makes smaller, and how."""

from silicus.train.batches import Asking, Batches, Step
from silicus.train.examples import Example, Examples
from silicus.train.held_out import HeldOut, Predicted, held_out, margins, predict
from silicus.train.learnt import Learnt, learnt_from, with_margins
from silicus.train.mixture import mix
from silicus.train.recipe import Part, Recipe, read_recipe
from silicus.train.trainer import (
    CHECKPOINTS,
    LOG,
    JsonLines,
    Looking,
    Telling,
    TreeTrainer,
    last_checkpoint,
    tensorboard,
    training_arguments,
)

__all__ = [
    "CHECKPOINTS",
    "LOG",
    "Asking",
    "Batches",
    "Example",
    "Examples",
    "HeldOut",
    "JsonLines",
    "Learnt",
    "Looking",
    "Part",
    "Predicted",
    "Recipe",
    "Step",
    "Telling",
    "TreeTrainer",
    "held_out",
    "last_checkpoint",
    "learnt_from",
    "margins",
    "mix",
    "predict",
    "read_recipe",
    "tensorboard",
    "training_arguments",
    "with_margins",
]
