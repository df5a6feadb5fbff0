"""The training itself: a transformers Trainer whose batch is a step of packs over the token tree."""

from __future__ import annotations

import math
import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import torch
from accelerate.utils import DistributedType
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader
from transformers import Trainer, TrainingArguments
from transformers.trainer_callback import PrinterCallback
from transformers.utils import logging

from silicus.errors import RunError
from silicus.models.huggingface import HuggingFaceModel
from silicus.models.trained_as import TRAINED_AS, TrainedAs
from silicus.record import write
from silicus.train.arguments import last_checkpoint
from silicus.train.batches import Batches, Pack, Step
from silicus.train.looking import Looking
from silicus.train.loss import pack_loss
from silicus.train.recipe import Recipe

__all__ = ["TreeTrainer"]


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
        said: what checkpoints say of their training, in `silicus.json`; `None`: nothing.
    """

    def __init__(
        self,
        learner: HuggingFaceModel,
        tokenizer: Any,
        batches: Batches,
        recipe: Recipe,
        arguments: TrainingArguments,
        looking: Looking | None,
        said: TrainedAs | None = None,
    ) -> None:
        self._learner, self._batches, self._recipe, self._looking = learner, batches, recipe, looking
        self._said = said
        super().__init__(
            model=learner.module,
            args=arguments,
            train_dataset=batches,
            eval_dataset=[None] if looking else None,
            processing_class=tokenizer,
        )
        self.remove_callback(PrinterCallback)
        sharding = self.accelerator.state.fsdp_plugin if self.is_fsdp_enabled else None
        if sharding is not None:
            # Weights saved in shards are no model folder: nothing could load a checkpoint or the result.
            sharding.set_state_dict_type("FULL_STATE_DICT")

    def get_train_dataloader(self) -> DataLoader:
        """Return the steps in their order; every process sees all of them and computes its own packs."""
        return DataLoader(self._batches, batch_size=1, shuffle=False, collate_fn=_only)

    def training_step(self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None) -> Tensor:  # noqa: ARG002
        """Return the loss of a step, its gradients added up over the packs.

        Raises:
            RunError: the loss is no number.
        """
        model.train()
        step: Step = inputs["step"]
        packs, forwarded = self._own(step.packs), self._learner.forwarded
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
        tokens = torch.full_like(total, self._learner.forwarded - forwarded)
        whole, every = cast("Tensor", self.accelerator.reduce(torch.stack([total, tokens]), "sum")).tolist()
        self.state.num_input_tokens_seen += int(every)
        if not math.isfinite(whole):
            # The weights that the step before left are those that gave this loss.
            raise RunError(self._broken(f"the loss of step {self._next}", before=self.state.global_step))
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
        # Shards are exchanged with every pack: gradients kept whole until the last would undo the sharding.
        alone = last or kind in {DistributedType.FSDP, DistributedType.DEEPSPEED}
        return nullcontext() if alone else self.accelerator.no_sync(model)

    def _get_grad_norm(self, model: Any, grad_norm: Any = None) -> Any:
        norm = super()._get_grad_norm(model, grad_norm=grad_norm)
        if norm is not None and not math.isfinite(float(norm)):
            raise RunError(self._broken(f"the gradient of step {self._next}"))
        return norm

    def _broken(self, what: str, before: int | None = None) -> str:
        kept = last_checkpoint(Path(str(self.args.output_dir)), before)
        where = f"The last good checkpoint is kept: {kept}." if kept else "There is no good checkpoint yet."
        mend = "Train with a smaller --learning-rate, or --dtype float32, and another --out."
        return f"{what} is no finite number. {where} {mend}"

    @property
    def _next(self) -> str:
        return f"{self.state.global_step + 1} of {self.state.max_steps}"

    def evaluate(self, *_: Any, metric_key_prefix: str = "eval", **__: Any) -> dict[str, float]:
        """Return what the model is looked at with on the held-out cells (`Looking.metrics`).

        Raises:
            RunError: the loss is no number; no checkpoint is written then.
        """
        assert self._looking is not None  # noqa: S101 - transformers asks only where something is held out
        through: Any = self.model_wrapped
        through.eval()
        with self.compute_loss_context_manager():
            found = self._looking.metrics(self._learner, through)
        if not math.isfinite(found["loss"]):
            raise RunError(self._broken(f"the held-out loss after step {self.state.global_step}"))
        metrics = {f"{metric_key_prefix}_{name}": value for name, value in found.items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """Return the schedule of the learning rate."""
        if self._recipe.schedule != "epoch_decay":
            return super().create_scheduler(num_training_steps, optimizer)
        examples, factor = sum(len(part.examples) for part in self._batches.parts), self._recipe.epoch_factor

        def share(step: int) -> float:
            rise = min(1.0, step / self.args.warmup_steps) if self.args.warmup_steps else 1.0
            return rise * factor ** int(step * self._recipe.batch / examples)

        learning: Any = optimizer or self.optimizer
        self.lr_scheduler = LambdaLR(learning, share)
        self._created_lr_scheduler = True
        return self.lr_scheduler

    def _load_best_model(self) -> None:
        super()._load_best_model()
        # Checkpoints are removed when training is over: not before every process has read the best one.
        self.accelerator.wait_for_everyone()

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Write the model folder and how it was trained, without a progress bar in the middle of ours."""
        shown = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()
        try:
            with warnings.catch_warnings():
                # Beside weights in a GGUF file lies no config.json, by which PEFT would tell a changed vocabulary.
                warnings.filterwarnings("ignore", message="Could not find a config file")
                super().save_model(output_dir, _internal_call)
        finally:
            if shown:
                logging.enable_progress_bar()
        if self._said is not None and self.is_world_process_zero():
            write(Path(output_dir or str(self.args.output_dir)) / TRAINED_AS, self._said)

    def leave(self) -> None:
        """Take the precision of training off the model: what follows is computed as what came before it."""
        self.accelerator.unwrap_model(self._learner.module, keep_fp32_wrapper=False)

    def floating_point_ops(self, inputs: Any) -> int:  # noqa: ARG002
        """Return 0: transformers counts padded tokens, of which there are none."""
        return 0


def _only(steps: list[Step]) -> dict[str, Step]:
    return {"step": steps[0]}
