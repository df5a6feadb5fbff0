"""From what people answered to a better predictor: what training makes smaller, and how."""

from silicus.train.arguments import CHECKPOINTS, chooses_step, last_checkpoint, training_arguments
from silicus.train.batches import Asking, Batches, Pack, Step, Task
from silicus.train.estimate import (
    Memory,
    Shape,
    check_memory,
    free_memory,
    matmul_rate,
    memory,
    model_shape,
    training_seconds,
)
from silicus.train.examples import Example, Examples
from silicus.train.held_out import HeldOut, Predicted, held_out, margins, predict
from silicus.train.learnt import Learnt, learnt_from, with_margins
from silicus.train.logs import LOG, JsonLines, Telling, tensorboard
from silicus.train.looking import Looking
from silicus.train.mixture import Places, mix
from silicus.train.packs import TRAINING_TOKENS, distinct_tokens
from silicus.train.recipe import EVERY_ANSWER, Part, Recipe, read_recipe
from silicus.train.stopping import Stopping
from silicus.train.trainer import TreeTrainer

__all__ = [
    "CHECKPOINTS",
    "EVERY_ANSWER",
    "LOG",
    "TRAINING_TOKENS",
    "Asking",
    "Batches",
    "Example",
    "Examples",
    "HeldOut",
    "JsonLines",
    "Learnt",
    "Looking",
    "Memory",
    "Pack",
    "Part",
    "Places",
    "Predicted",
    "Recipe",
    "Shape",
    "Step",
    "Stopping",
    "Task",
    "Telling",
    "TreeTrainer",
    "check_memory",
    "chooses_step",
    "distinct_tokens",
    "free_memory",
    "held_out",
    "last_checkpoint",
    "learnt_from",
    "margins",
    "matmul_rate",
    "memory",
    "mix",
    "model_shape",
    "predict",
    "read_recipe",
    "tensorboard",
    "training_arguments",
    "training_seconds",
    "with_margins",
]
