"""The systems: each takes the same rows through forward and backward, and leaves their gradient in the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, scaled_dot_product_attention

from bench.training.workload import Example, to_rows
from silicus.models import attention
from silicus.models.huggingface import HuggingFaceModel
from silicus.train.objectives import individual
from silicus.train.packs import pack_step

__all__ = ["BATCH", "SYSTEMS", "Done", "System", "answers_only", "collate", "label_count", "packed", "padded", "tree",
           "tree_whole_scale"]  # fmt: skip

BATCH = 8
_IGNORED = -100
_SEGMENTS = "bench_segments"


@dataclass(frozen=True)
class Done:
    """What one pass over the rows did.

    Attributes:
        loss: mean negative log-probability of the tokens learnt.
        forwarded: tokens put through the model, padding included.
        reads: positions at which the vocabulary was looked up.
    """

    loss: float
    forwarded: int
    reads: int


System = Callable[[HuggingFaceModel, Any, Sequence[Example], int], Done]
"""Called with silicus's model, the transformers model it is made of, the rows, and how many tokens a pack holds."""


def label_count(examples: Sequence[Example]) -> int:
    """Return how many tokens are learnt: all that a forward pass is made for."""
    return sum(len(example.reply) for example in examples)


def padded(engine: HuggingFaceModel, model: Any, examples: Sequence[Example], limit: int) -> Done:
    """Train on padded batches with the model's own loss: what Trainer of transformers and LLaMA-Factory do."""
    del engine, limit
    model.set_attn_implementation("sdpa")
    total, loss, forwarded = label_count(examples), 0.0, 0
    for batch in _batches(examples):
        inputs = collate(batch, model.device)
        found = model(**inputs, use_cache=False, num_items_in_batch=total).loss
        found.backward()
        loss, forwarded = loss + float(found.detach()), forwarded + inputs["input_ids"].numel()
    return Done(loss, forwarded, forwarded)


def answers_only(engine: HuggingFaceModel, model: Any, examples: Sequence[Example], limit: int) -> Done:
    """Train on padded batches with logits at the tokens learnt only: what TRL computes by default on a GPU."""
    del engine, limit
    model.set_attn_implementation("sdpa")
    total, loss, forwarded = label_count(examples), 0.0, 0
    for batch in _batches(examples):
        inputs = collate(batch, model.device)
        labels = inputs.pop("labels")[:, 1:]
        hidden = model.model(**inputs, use_cache=False).last_hidden_state[:, :-1]
        found = _loss(model, hidden[labels != _IGNORED], labels[labels != _IGNORED]) / total
        found.backward()
        loss, forwarded = loss + float(found.detach()), forwarded + inputs["input_ids"].numel()
    return Done(loss, forwarded, total)


def packed(engine: HuggingFaceModel, model: Any, examples: Sequence[Example], limit: int) -> Done:
    """Train on rows laid end to end without padding, each seeing itself only, with logits at the tokens learnt."""
    del engine
    from transformers import AttentionInterface, AttentionMaskInterface

    AttentionInterface.register(_SEGMENTS, _segment_attention)
    AttentionMaskInterface.register(_SEGMENTS, lambda *_, **__: None)
    model.set_attn_implementation(_SEGMENTS)
    total, loss, forwarded = label_count(examples), 0.0, 0
    for batch in _filled(examples, limit):
        tokens = [[*example.context.tolist(), *example.reply] for example in batch]
        lengths = [len(row) for row in tokens]
        ids = torch.tensor([token for row in tokens for token in row], device=model.device)
        positions = torch.cat([torch.arange(length) for length in lengths]).to(model.device)
        hidden = model.model(
            input_ids=ids[None], position_ids=positions[None], use_cache=False, segments=lengths
        ).last_hidden_state[0]
        ends = torch.tensor(lengths).cumsum(0).tolist()
        learnt = [place for end, row in zip(ends, batch, strict=True) for place in range(end - len(row.reply), end)]
        where = torch.tensor(learnt, device=model.device)
        found = _loss(model, hidden[where - 1], ids[where]) / total
        found.backward()
        loss, forwarded = loss + float(found.detach()), forwarded + len(ids)
    return Done(loss, forwarded, total)


def tree(engine: HuggingFaceModel, model: Any, examples: Sequence[Example], limit: int) -> Done:
    """Train over the token tree on the answers given: silicus."""
    return _tree(engine, model, examples, limit, whole_scale=False)


def tree_whole_scale(engine: HuggingFaceModel, model: Any, examples: Sequence[Example], limit: int) -> Done:
    """Train over the token tree with every answer on offer read: silicus, where the loss is on distributions."""
    return _tree(engine, model, examples, limit, whole_scale=True)


def _tree(
    engine: HuggingFaceModel, model: Any, examples: Sequence[Example], limit: int, *, whole_scale: bool
) -> Done:  # fmt: skip
    model.set_attn_implementation(attention.ATTENTION)
    rows, target = to_rows(examples, whole_scale=whole_scale)
    total, loss, before = label_count(examples), 0.0, engine.forwarded
    for places in pack_step(rows, limit):
        given = torch.from_numpy(target[places]).to(model.device)
        log_probabilities = engine.log_probabilities([rows[place] for place in places])
        found = individual(log_probabilities, given[:, : log_probabilities.shape[1]]).sum() / total
        found.backward()
        loss += float(found.detach())
    return Done(loss, engine.forwarded - before, sum(row.trie.nodes for row in rows))


SYSTEMS: dict[str, System] = {
    "padded": padded,
    "answers only": answers_only,
    "packed": packed,
    "silicus": tree,
    "silicus, whole scale": tree_whole_scale,
}


def _batches(examples: Sequence[Example]) -> Iterator[Sequence[Example]]:
    for start in range(0, len(examples), BATCH):
        yield examples[start : start + BATCH]


def _filled(examples: Sequence[Example], limit: int) -> list[list[Example]]:
    """Return packs of rows that hold `limit` tokens at most, filled in the order of the rows."""
    packs: list[list[Example]] = []
    room = 0
    for example in examples:
        length = len(example.context) + len(example.reply)
        if not packs or length > room:
            packs.append([])
            room = limit
        packs[-1].append(example)
        room -= length
    return packs


def collate(batch: Sequence[Example], device: torch.device | str = "cpu") -> dict[str, Tensor]:
    """Return a batch padded on the right, with labels at the tokens learnt."""
    rows = [[*example.context.tolist(), *example.reply] for example in batch]
    width = max(map(len, rows))
    ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    labels = torch.full_like(ids, _IGNORED)
    for place, (row, example) in enumerate(zip(rows, batch, strict=True)):
        labels[place, len(example.context) : len(row)] = torch.tensor(example.reply)
    return {"input_ids": ids.to(device), "attention_mask": mask.to(device), "labels": labels.to(device)}


def _loss(model: Any, hidden: Tensor, labels: Tensor) -> Tensor:
    return cross_entropy(model.lm_head(hidden).float(), labels, reduction="sum")


def _segment_attention(
    module: torch.nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None,
    scaling: float | None = None, *, segments: list[int], **options: Any,
) -> tuple[Tensor, None]:  # fmt: skip
    """Return causal attention of each row to itself, shape (1, tokens, heads, width)."""
    del module, attention_mask, options
    share = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(share, dim=1), value.repeat_interleave(share, dim=1)
    parts = zip(*(tensor.split(segments, dim=2) for tensor in (query, key, value)), strict=True)
    seen = [scaled_dot_product_attention(q, k, v, is_causal=True, scale=scaling) for q, k, v in parts]
    return torch.cat(seen, dim=2).transpose(1, 2), None
