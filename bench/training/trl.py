"""TRL itself, where it is installed: `SFTTrainer` at its default loss, on the same batches.

It needs packages beside those of silicus: pip install "trl>=1.16" datasets. Its fused vocabulary head takes labelled
positions only where Triton runs; on a CPU it scores every position, so there "answers only" is the stronger peer.
"""

from __future__ import annotations

import copy
import importlib
import importlib.util
import tempfile
from collections.abc import Sequence
from typing import Any

from bench.systems import stand_in_tokenizer
from bench.training.systems import BATCH, Done, label_count
from bench.training.workload import Example
from silicus.models.huggingface import HuggingFaceModel

__all__ = ["available", "trl_trainer"]

_trainers: dict[int, Any] = {}


def available() -> bool:
    """Return whether TRL and what it needs are installed."""
    return all(importlib.util.find_spec(name) for name in ("trl", "datasets"))


def trl_trainer(engine: HuggingFaceModel, model: Any, examples: Sequence[Example], limit: int) -> Done:
    """Train on padded batches with the training step of TRL, its collator and its default loss."""
    del engine, limit
    model.set_attn_implementation("sdpa")
    if id(model) not in _trainers:
        _trainers[id(model)] = _make(model, _features(examples))
    trainer, total = _trainers[id(model)], label_count(examples)
    loss, forwarded = 0.0, 0
    features = _features(examples)
    for start in range(0, len(features), BATCH):
        batch = trainer.data_collator(features[start : start + BATCH])
        forwarded += batch["input_ids"].numel()
        loss += float(trainer.training_step(trainer.model, batch, num_items_in_batch=total))
    return Done(loss, forwarded, total if model.device.type == "cuda" else forwarded)


def _features(examples: Sequence[Example]) -> list[dict[str, Any]]:
    return [
        {
            "input_ids": [*example.context.tolist(), *example.reply],
            "labels": [-100] * len(example.context) + example.reply,
        }
        for example in examples
    ]


def _make(model: Any, features: list[dict[str, Any]]) -> Any:
    """Return a trainer around a twin of the model that shares its weights: TRL exchanges the model's forward."""
    # No part of any environment of silicus, so named where types are not checked.
    trl, datasets, table = map(importlib.import_module, ("trl", "datasets", "datasets.table"))

    twin = copy.copy(model)
    options = trl.SFTConfig(
        output_dir=tempfile.mkdtemp(), use_cpu=model.device.type == "cpu", report_to=[], bf16=False,
        gradient_checkpointing=False, per_device_train_batch_size=BATCH,
        dataset_kwargs={"skip_prepare_dataset": True},
    )  # fmt: skip
    columns = {name: [row[name] for row in features] for name in features[0]}
    # Named, not hashed: hashing a table fails where dill does not know a type of the newest pyarrow.
    data = datasets.Dataset(table.InMemoryTable.from_pydict(columns), fingerprint="rows")
    tokenizer = stand_in_tokenizer()
    tokenizer.pad_token = tokenizer.eos_token
    return trl.SFTTrainer(twin, args=options, train_dataset=data, processing_class=tokenizer)
