"""A training of a tiny model on planted answers, put together as the verb does it; also run as a program.

`python -m tests.train.material ARGUMENTS` takes trainings as JSON: run folders, recipes, and what is to happen to
them. Programs can be killed, and started as several processes.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import numpy as np
import polars as pl
import torch

from silicus.models.encode import Encoder
from silicus.models.huggingface import HuggingFaceModel
from silicus.models.learner import LowRank, load_learner
from silicus.prompts import get_template
from silicus.study import RESPONSES, Item, Scale
from silicus.train import (
    CHECKPOINTS,
    LOG,
    Asking,
    Batches,
    JsonLines,
    Learnt,
    Looking,
    Part,
    Recipe,
    TreeTrainer,
    held_out,
    last_checkpoint,
    learnt_from,
    mix,
    training_arguments,
)
from tests.models.tiny import byte_level, random_llama

FOUR = Scale(kind="ordinal", low=1, high=4, labels={1: "Never", 4: "Always"}, refusals={9: "Don't know"})
PARTIES = Scale(kind="nominal", labels={1: "Red", 2: "Blue", 3: "Green"})
TEXTS = ("Tea in the morning?", "Tea at night?", "Coffee?", "Water with the meal?")
PEOPLE = pl.DataFrame(
    {"respondent": [f"p{n}" for n in range(40)], "weight": 1.0, "Age": [20 + n for n in range(40)], "Gender": "Female"}
)
MODEL = "model"


def items(scale: Scale = FOUR) -> dict[str, Item]:
    """Return four stimuli on one scale."""
    shown = [Item("s", "a", f"q{n}", "A survey on drinks.", text, scale) for n, text in enumerate(TEXTS)]
    return {item.item: item for item in shown}


def answers(scale: Scale = FOUR, people: int = 40, share: float = 0.7) -> pl.DataFrame:
    """Return everybody's answers: `share` of them give the answer that is planted in the question."""
    rng = np.random.default_rng(0)
    rows = []
    for number, item in enumerate(items(scale).values()):
        for person in range(people):
            other = scale.answers[rng.integers(len(scale.answers))]
            given = scale.answers[number % 3] if person < share * people else other
            why = f"Because {item.text.lower()} suits me."
            rows.append((item.study, "a", item.question, item.item, f"p{person}", given, 1, 1.0, why))
    return pl.DataFrame(rows, schema={**RESPONSES, "rationale": pl.String}, orient="row")


def learnt(objective: str = "distribution", scale: Scale = FOUR, **part: object) -> Learnt:
    """Return a part that is learnt from."""
    made = Part.model_validate({"data": "x", "objective": objective, **part})
    return learnt_from(made, items(scale), answers(scale), PEOPLE, np.random.default_rng(0), groups=False)


def save_model(folder: Path, seed: int = 0) -> str:
    """Return the folder of a tiny random model with its tokenizer."""
    tokenizer = byte_level()
    random_llama(len(tokenizer), tokenizer.eos_token_id, seed).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def recipe(model: str, **settings: object) -> Recipe:
    """Return a recipe for the tiny model: full precision, every example every step, LoRA."""
    small = {"rank": 4, "steps": 4, "batch": 16, "learning_rate": 1e-2, "evaluate": 0, "pack_tokens": 400}
    return Recipe.model_validate({"model": model, "parts": [{"data": "x"}], **small, **settings})


def learner_of(asked: Recipe) -> HuggingFaceModel:
    low_rank = LowRank(asked.rank, asked.alpha, asked.dropout) if asked.adapter == "lora" else None
    return load_learner(
        asked.model, low_rank, "cpu", asked.dtype, asked.pack_tokens, seed=asked.seed, checkpointing=asked.checkpointing
    )


def asking_of(learner: HuggingFaceModel, template: str = "silicus", style: str = "value") -> Asking:
    closed = Encoder(learner.tokenizer, learner.encoder.limit, closed=True)
    return Asking(get_template(template), style, learner.encoder, closed)


def batches_of(parts: list[Learnt], asked: Recipe, asking: Asking) -> Batches:
    steps = mix(
        [part.examples.cells for part in parts], None, asked.batch, asked.together,
        np.random.default_rng([asked.seed, 1]), epochs=asked.epochs, steps=asked.steps,
    )  # fmt: skip
    return Batches(parts, steps, asking, asked.pack_tokens or 1024, asked.seed)


def trainer_of(folder: Path, asked: Recipe, parts: list[Learnt] | None = None) -> TreeTrainer:
    """Return what trains a recipe's model in a run folder, with its log."""
    learner = learner_of(asked)
    asking = asking_of(learner)
    batches = batches_of(parts or [learnt()], asked, asking)
    looking = None
    if asked.evaluate:
        looked = answers(share=0.5)
        held = held_out(items(), looked, PEOPLE, groups=False, cells=3, rng=np.random.default_rng(2))
        looking = Looking(asking, {"drinks": held})
    arguments = training_arguments(asked, folder, len(batches), "cpu", looks=looking is not None)
    trainer = TreeTrainer(learner, learner.tokenizer, batches, asked, arguments, looking)
    trainer.add_callback(JsonLines(folder / LOG))
    return trainer


def run(folder: Path, asked: Recipe, parts: list[Learnt] | None = None) -> TreeTrainer:
    """Return the trainer after its last step; it goes on from the last checkpoint."""
    trainer = trainer_of(folder, asked, parts)
    checkpoint = last_checkpoint(folder / CHECKPOINTS)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    return trainer


def log_of(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / LOG).read_text(encoding="utf-8").splitlines()]


def losses_of(folder: Path) -> dict[int, float]:
    """Return the loss of every step that is logged."""
    return {int(line["step"]): line["loss"] for line in log_of(folder) if "loss" in line}


def learnt_weights(folder: Path) -> dict[str, torch.Tensor]:
    """Return the weights or adapters of a saved model."""
    from safetensors.torch import load_file

    (path,) = folder.glob("*.safetensors")
    return load_file(path)


def _kill(when: str, step: int) -> None:
    """Make this process kill itself: after a step, before a checkpoint is written, or in the middle of that."""
    names = {"step": "training_step", "save": "_save_checkpoint", "half": "_save_rng_state"}
    own = getattr(TreeTrainer, names[when])

    def die(trainer: TreeTrainer, *args: object, **kwargs: object) -> object:
        if trainer.state.global_step >= step:
            os.kill(os.getpid(), signal.SIGKILL)
        return own(trainer, *args, **kwargs)

    setattr(TreeTrainer, names[when], die)


def _shard_on_cpu() -> None:
    """Have accelerate shard models on a CPU too: it leaves out CPUs, and nothing else stands against them."""
    from accelerate.state import AcceleratorState, PartialState
    from accelerate.utils import DistributedType

    own = AcceleratorState.__init__

    def begin(state: AcceleratorState, *args: object, fsdp_plugin: object = None, **kwargs: object) -> None:
        own(state, *args, fsdp_plugin=fsdp_plugin, **kwargs)
        if fsdp_plugin is not None:
            state.fsdp_plugin, state.distributed_type = fsdp_plugin, DistributedType.FSDP
            PartialState._shared_state["distributed_type"] = DistributedType.FSDP

    AcceleratorState.__init__ = begin


def train_as_told(told: dict) -> None:
    """Take one training and save its model."""
    folder = Path(told["folder"])
    parts = [learnt(**part) for part in told.get("parts", [{}])]
    if "kill" in told:
        _kill(*told["kill"])
    trainer = run(folder, recipe(**told["recipe"]), parts)
    (folder / f"kind-{trainer.args.process_index}").write_text(str(trainer.accelerator.distributed_type))
    trainer.save_model(str(folder / MODEL))


def train_with_the_verb(told: dict) -> None:
    """Take one training from the options at the prompt."""
    from silicus.options import TrainOptions
    from silicus.workflow.training import train

    train(None, TrainOptions(**{**told["verb"], "data": tuple(told["verb"]["data"]), "out": Path(told["folder"])}))


def main(many: list[dict]) -> None:
    torch.set_num_threads(1)
    if os.environ.get("ACCELERATE_USE_FSDP"):
        _shard_on_cpu()
    for told in many:
        train_with_the_verb(told) if "verb" in told else train_as_told(told)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
