"""Attention over a token tree: a token sees its ancestors and itself, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention

from silicus.errors import ModelError
from silicus.models.tree import Pack

__all__ = ["ATTENTION", "TreeState", "register"]

ATTENTION = "silicus_tree"
"""The name under which transformers knows this attention."""


@dataclass
class _Chunk:
    """Consecutive queries of a pack, the keys any of them sees, and which sees which."""

    queries: slice
    keys: torch.Tensor  # (keys,)
    mask: torch.Tensor  # (queries, keys), 0 where seen and -inf where not


@dataclass
class TreeState:
    """What attention has to know of one pack, and the keys and values kept from pack to pack.

    In depth-first order the ancestors of a chunk's tokens are the ancestors of its first token, or lie in the
    chunk. So a chunk needs one contiguous block of queries, one gather of keys, and one small mask.
    """

    chunk: int
    kept: dict[int, tuple[torch.Tensor, torch.Tensor]] = field(default_factory=dict)
    chunks: list[_Chunk] = field(default_factory=list)
    carried: torch.Tensor | None = None

    def enter(self, pack: Pack, device: torch.device, dtype: torch.dtype) -> None:
        """Make ready for the forward pass of `pack`, which follows the pack entered before."""
        first, last = len(pack.carried), len(pack.ends)
        self.carried = torch.from_numpy(pack.carried).to(device) if first else None
        self.chunks = [
            _chunk(pack.ends, start, min(start + self.chunk, last), first, device, dtype)
            for start in range(first, last, self.chunk)
        ]

    def extend(self, layer: int, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the carried keys and values followed by the pack's own, and keep them for the next pack."""
        if self.carried is not None:
            old_key, old_value = self.kept[layer]
            key = torch.cat([old_key[:, :, self.carried], key], dim=2)
            value = torch.cat([old_value[:, :, self.carried], value], dim=2)
        self.kept[layer] = (key, value)
        return key, value


def _chunk(ends: np.ndarray, start: int, stop: int, first: int, device: torch.device, dtype: torch.dtype) -> _Chunk:
    ancestors = np.flatnonzero(ends[:start] > start)
    keys = np.concatenate([ancestors, np.arange(start, stop)])
    queries = np.arange(start, stop)[:, None]
    seen = (keys <= queries) & (queries < ends[keys])
    mask = torch.zeros(seen.shape, dtype=dtype).masked_fill_(torch.from_numpy(~seen), -torch.inf)
    return _Chunk(slice(start - first, stop - first), torch.from_numpy(keys).to(device), mask.to(device))


def tree_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,  # noqa: ARG001 - transformers passes it; `tree` says who sees whom
    scaling: float | None = None,
    *,
    tree: TreeState,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Return attention over the entered pack, shape (1, tokens, heads, width), as transformers expects it.

    Args:
        module: the attention layer; its `layer_idx` names the kept keys and values.
        query: shape (1, heads, tokens, width).
        key: shape (1, groups, tokens, width); `groups` divides `heads` (grouped-query attention).
        value: as `key`.
        attention_mask: not used.
        scaling: factor of the scores.
        tree: who sees whom.
        options: what else an architecture asks for.

    Raises:
        ModelError: the architecture needs a kind of attention that this does not compute.
    """
    _refuse(options)
    key, value = tree.extend(int(module.layer_idx), key, value)  # pyright: ignore[reportArgumentType]
    _, heads, tokens, width = query.shape
    groups = key.shape[1]
    share = heads // groups
    grouped = query.view(1, groups, share, tokens, width)
    output = query.new_empty(1, tokens, heads, width)
    for chunk in tree.chunks:
        length = chunk.queries.stop - chunk.queries.start
        # The queries of all heads of a group lie in one block, so keys are never repeated.
        block = grouped[:, :, :, chunk.queries].reshape(1, groups, share * length, width)
        seen = scaled_dot_product_attention(
            block, key[:, :, chunk.keys], value[:, :, chunk.keys], chunk.mask.repeat(share, 1), scale=scaling
        )
        by_head = seen.view(1, groups, share, length, width).permute(0, 3, 1, 2, 4)
        output[:, chunk.queries] = by_head.reshape(1, length, heads, width)
    return output, None


def _refuse(options: dict[str, Any]) -> None:
    odd = next((name for name in ("softcap", "sliding_window", "s_aux") if options.get(name) is not None), None)
    if odd is not None:
        raise ModelError(f"its attention uses '{odd}', which is not supported yet")


def register() -> None:
    """Tell transformers of this attention, which needs no mask of its own."""
    from transformers import AttentionInterface, AttentionMaskInterface

    AttentionInterface.register(ATTENTION, tree_attention)
    AttentionMaskInterface.register(ATTENTION, lambda *_, **__: None)
