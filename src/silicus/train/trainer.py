"""The training itself: a transformers Trainer whose batch is a step of packs over the token tree."""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import DistributedType
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader
from transformers import Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_callback import PrinterCallback

from silicus.errors import RunError
from silicus.models.huggingface import HuggingFaceModel
from silicus.train.batches import Asking, Batches, Pack, Step
from silicus.train.held_out import HeldOut, predict
from silicus.train.loss import pack_loss
from silicus.train.recipe import Recipe

__all__ = [
    "CHECKPOINTS",
    "LOG",
    "JsonLines",
    "Looking",
    "Telling",
    "TreeTrainer",
    "last_checkpoint",
    "tensorboard",
    "training_arguments",
]

CHECKPOINTS = "checkpoints"
LOG = "log.jsonl"
_OPTIMIZERS = {"adamw": "adamw_torch", "adamw_8bit": "adamw_bnb_8bit"}
_SCHEDULES = {"cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"}


@dataclass(frozen=True)
class Looking:
    """What training is looked at with.

    Attributes:
        asking: how examples are put to the model.
        held: dataset -> cells that are not learnt from.
    """

    asking: Asking
    held: Mapping[str, HeldOut]

    def metrics(self, model: HuggingFaceModel, through: Any) -> dict[str, float]:
        """Return loss and Wasserstein distance on each dataset's cells, and their means over datasets."""
        by_name = {name: predict(model, self.asking, held, through).metrics(held) for name, held in self.held.items()}
        found: dict[str, float] = {}
        for metric in ("loss", "wasserstein"):
            values = {name: metrics[metric] for name, metrics in by_name.items() if metric in metrics}
            if values:
                found[metric] = sum(values.values()) / len(values)
            if len(self.held) > 1:
                found |= {f"{name}_{metric}": value for name, value in values.items()}
        return found


class TreeTrainer(Trainer):
    """Trains over the token tree: every step's loss is the mean over its examples, however they are packed.

    Processes share the packs of a step, so that the same step is taken on one as on many.

    Args:
        learner: the model.
        tokenizer: saved beside every checkpoint.
        batches: the steps.
        recipe: the settings.
        arguments: the same in the words of transformers (`training_arguments`).
        looking: what training is looked at with; `None`: nothing.
    """

    def __init__(
        self,
        learner: HuggingFaceModel,
        tokenizer: Any,
        batches: Batches,
        recipe: Recipe,
        arguments: TrainingArguments,
        looking: Looking | None,
    ) -> None:
        self._learner, self._batches, self._recipe, self._looking = learner, batches, recipe, looking
        super().__init__(
            model=learner.module,
            args=arguments,
            train_dataset=batches,
            eval_dataset=[None] if looking else None,
            processing_class=tokenizer,
        )
        self.remove_callback(PrinterCallback)

    def get_train_dataloader(self) -> DataLoader:
        """Return the steps in their order; every process sees all of them and computes its own packs."""
        return DataLoader(self._batches, batch_size=1, shuffle=False, collate_fn=_only)

    def training_step(self, model: Any, inputs: dict[str, Step], num_items_in_batch: Any = None) -> Tensor:  # noqa: ARG002
        """Return the loss of a step, its gradients added up over the packs.

        Raises:
            RunError: the loss is no number.
        """
        model.train()
        step = inputs["step"]
        packs = self._own(step.packs)
        total = torch.zeros((), device=self.args.device)
        for pack in packs:
            with self._gathering(model, last=pack is packs[-1]):
                with self.compute_loss_context_manager():
                    read = self._learner.log_probabilities(pack.rows, through=model)
                    each = pack_loss(read, pack, [learnt.part for learnt in self._batches.parts], self._recipe.beta)
                    # Gradients are averaged over processes, and each row belongs to one of them.
                    loss = (each * pack.weight.to(each.device)).sum() * self.args.world_size / step.examples
                self.accelerator.backward(loss)
            total += loss.detach()
        if not math.isfinite(float(self.accelerator.reduce(total, "mean"))):
            raise RunError(self._broken("the loss"))
        return total

    def _own(self, packs: list[Pack]) -> list[Pack]:
        """Return the packs of this process: as many as every other has, for they wait for each other."""
        world = self.args.world_size
        company = [packs[0].silent()] * (-len(packs) % world)
        return [*packs, *company][self.args.process_index :: world]

    def _gathering(self, model: Any, *, last: bool) -> Any:
        """Return the context in which gradients are added up, and exchanged between processes with the last pack."""
        kind = self.accelerator.distributed_type
        if kind == DistributedType.DEEPSPEED:
            self.accelerator.gradient_state._set_sync_gradients(last)  # noqa: SLF001 - as transformers itself does
        return self.accelerator.no_sync(model) if kind == DistributedType.MULTI_CPU and not last else nullcontext()

    def _clip_grad_norm(self, model: Any) -> Any:
        norm = super()._clip_grad_norm(model)
        if norm is not None and not math.isfinite(float(norm)):
            raise RunError(self._broken("the gradient"))
        return norm

    def _broken(self, what: str) -> str:
        kept = last_checkpoint(Path(self.args.output_dir))
        where = f"The last good checkpoint is kept: {kept}." if kept else "There is no checkpoint yet."
        return (
            f"{what} of step {self.state.global_step + 1} of {self.state.max_steps} is no finite number. {where} "
            "Try a smaller --learning-rate, or --dtype float32."
        )

    def evaluate(self, *_: Any, metric_key_prefix: str = "eval", **__: Any) -> dict[str, float]:
        """Return the loss and the Wasserstein distance on the held-out cells."""
        assert self._looking is not None  # noqa: S101 - transformers asks only where something is held out
        through = self.model_wrapped
        through.eval()
        with self.compute_loss_context_manager():
            found = self._looking.metrics(self._learner, through)
        metrics = {f"{metric_key_prefix}_{name}": value for name, value in found.items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """Return the schedule of the learning rate."""
        if self._recipe.schedule != "epoch_decay":
            return super().create_scheduler(num_training_steps, optimizer)
        steps, factor = num_training_steps / self._recipe.epochs, self._recipe.epoch_factor
        self.lr_scheduler = LambdaLR(optimizer or self.optimizer, lambda step: factor ** int(step / steps))
        self._created_lr_scheduler = True
        return self.lr_scheduler

    def floating_point_ops(self, inputs: Any) -> int:  # noqa: ARG002
        """Return 0: transformers counts padded tokens, of which there are none."""
        return 0


class JsonLines(TrainerCallback):
    """Writes every number that is logged as a line of JSON.

    Args:
        path: the file; lines of steps that are taken again are replaced.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """Drop the lines of steps that will be taken again."""
        if self._path.is_file():
            lines = self._path.read_text(encoding="utf-8").splitlines(keepends=True)
            self._path.write_text("".join(ln for ln in lines if json.loads(ln)["step"] <= state.global_step), "utf-8")

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:  # noqa: ARG002
        """Write one line."""
        if state.is_world_process_zero and logs:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": state.global_step, **logs}) + "\n")


class Telling(TrainerCallback):
    """Calls a function with the number of steps taken and the last losses in words.

    Args:
        tell: what is called.
    """

    def __init__(self, tell: Callable[[int, str], None]) -> None:
        self._tell = tell
        self._last: dict[str, float] = {}

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """Tell of a step."""
        self._tell(state.global_step, "")

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:  # noqa: ARG002
        """Tell of the losses."""
        words = {"loss": "loss", "eval_loss": "held out", "eval_wasserstein": "W held out"}
        self._last |= {words[name]: value for name, value in (logs or {}).items() if name in words}
        self._tell(state.global_step, ", ".join(f"{name} {value:.3f}" for name, value in self._last.items()))


def tensorboard(folder: Path) -> list[TrainerCallback]:
    """Return what writes the numbers for TensorBoard into a run folder; nothing where it is not installed."""
    if importlib.util.find_spec("tensorboard") is None:
        return []
    from torch.utils.tensorboard import SummaryWriter
    from transformers.integrations import TensorBoardCallback

    return [TensorBoardCallback(SummaryWriter(str(folder / "tensorboard")))]


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
    every = max(1, math.ceil(steps / (recipe.evaluate or 10)))
    return TrainingArguments(
        output_dir=str(folder / CHECKPOINTS),
        max_steps=steps,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=_SCHEDULES.get(recipe.schedule, "constant"),
        warmup_steps=math.ceil(recipe.warmup * steps),
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.clip,
        optim=_OPTIMIZERS[recipe.optimizer],
        bf16=recipe.dtype == "bfloat16" or (recipe.dtype == "auto" and device == "cuda"),
        seed=recipe.seed,
        use_cpu=device == "cpu",
        per_device_train_batch_size=1,
        eval_strategy="steps" if looking else "no",
        eval_steps=every if looking else None,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=2,
        load_best_model_at_end=looking,
        metric_for_best_model="eval_loss" if looking else None,
        greater_is_better=False if looking else None,
        logging_steps=1 if steps <= 100 else 10,
        logging_nan_inf_filter=False,
        disable_tqdm=True,
        report_to="none",
        log_level="error",
        remove_unused_columns=False,
        dataloader_pin_memory=False,
    )


def last_checkpoint(folder: Path) -> Path | None:
    """Return the last checkpoint in a folder that is whole, or `None`.

    Transformers writes the trainer's state last: a checkpoint that has it was not cut off.
    """
    found = [path for path in folder.glob("checkpoint-*") if (path / "trainer_state.json").is_file()]
    return max(found, key=lambda path: int(path.name.partition("-")[2]), default=None)


def _only(steps: list[Step]) -> dict[str, Step]:
    return {"step": steps[0]}
