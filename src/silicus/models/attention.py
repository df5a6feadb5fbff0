"""Attention over a token tree: a token sees its ancestors and itself, and nothing else."""

from __future__ import annotations

import itertools
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
class _Chunks:
    """Runs of consecutive queries of a pack, the keys that any query of a run sees, and which sees which.

    Attributes:
        lengths: queries of each run.
        key_lengths: keys of each run.
        keys: places of the keys of all runs, one run after the other.
        masks: one a run, shape (queries, keys), 0 where seen and -inf where not.
    """

    lengths: list[int]
    key_lengths: list[int]
    keys: torch.Tensor
    masks: list[torch.Tensor]


@dataclass
class TreeState:
    """What attention has to know of one pack, and the keys and values kept from pack to pack.

    In depth-first order the ancestors of a chunk's tokens are the ancestors of its first token, or lie in the
    chunk. So a chunk needs one contiguous block of queries, a few keys, and one small mask.

    Attributes:
        chunk: queries of a run, at most.
        keep: whether keys and values are kept for a pack that follows. Where none does, keeping them would hold the
            memory that recomputed activations are to save.
    """

    chunk: int
    keep: bool = True
    kept: dict[int, tuple[torch.Tensor, torch.Tensor]] = field(default_factory=dict)
    carried: torch.Tensor | None = None
    _chunks: _Chunks | None = None
    _masks: dict[tuple[int, torch.dtype], list[torch.Tensor]] = field(default_factory=dict)

    def enter(self, pack: Pack, device: torch.device, dtype: torch.dtype) -> None:
        """Make ready for the forward pass of `pack`, which follows the pack entered before."""
        first, last = len(pack.carried), len(pack.ends)
        self.carried = torch.from_numpy(pack.carried).to(device) if first else None
        bounds = [*range(first, last, self.chunk), last]
        runs = list(itertools.pairwise(bounds))
        keys = [_keys(pack.ends, start, stop) for start, stop in runs]
        self._chunks = _Chunks(
            lengths=[stop - start for start, stop in runs],
            key_lengths=[len(own) for own in keys],
            keys=torch.from_numpy(np.concatenate(keys)).to(device),
            masks=[
                _mask(pack.ends, start, stop, own).to(device, dtype)
                for (start, stop), own in zip(runs, keys, strict=True)
            ],
        )
        self._masks = {}

    @property
    def chunks(self) -> _Chunks:
        """The runs of the entered pack."""
        if self._chunks is None:
            raise ModelError("attention over the token tree was asked for before a pack was entered")
        return self._chunks

    def masks(self, share: int, dtype: torch.dtype) -> list[torch.Tensor]:
        """Return the masks for `share` heads laid end to end, made once a pack and not once a layer."""
        if (share, dtype) not in self._masks:
            self._masks[share, dtype] = [mask.to(dtype).repeat(share, 1) for mask in self.chunks.masks]
        return self._masks[share, dtype]

    def extend(self, layer: int, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the carried keys and values followed by the pack's own, and keep them for the next pack."""
        if self.carried is not None:
            old_key, old_value = self.kept[layer]
            key = torch.cat([old_key[:, :, self.carried], key], dim=2)
            value = torch.cat([old_value[:, :, self.carried], value], dim=2)
        if self.keep:
            self.kept[layer] = (key, value)
        return key, value


def _keys(ends: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Return the places that any token from `start` to `stop` sees."""
    ancestors = np.flatnonzero(ends[:start] > start)
    return np.concatenate([ancestors, np.arange(start, stop)])


def _mask(ends: np.ndarray, start: int, stop: int, keys: np.ndarray) -> torch.Tensor:
    """Return 0 where a token sees a key and -inf where it does not, shape (stop - start, keys)."""
    queries = np.arange(start, stop)[:, None]
    unseen = torch.from_numpy((keys > queries) | (queries >= ends[keys]))
    return torch.zeros(unseen.shape).masked_fill_(unseen, -torch.inf)


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
    _, heads, _, width = query.shape
    groups = key.shape[1]
    share = heads // groups
    chunks = tree.chunks
    # One gather and one split a layer: a slice a chunk would fill a whole tensor with zeros for each, going back.
    runs = zip(
        query.split(chunks.lengths, dim=2),
        key[:, :, chunks.keys].split(chunks.key_lengths, dim=2),
        value[:, :, chunks.keys].split(chunks.key_lengths, dim=2),
        tree.masks(share, query.dtype),
        strict=True,
    )
    seen = [
        # The queries of all heads of a group lie in one block, so keys are never repeated.
        scaled_dot_product_attention(block.reshape(1, groups, -1, width), own, values, mask, scale=scaling)
        .view(1, heads, -1, width)
        .transpose(1, 2)
        for block, own, values, mask in runs
    ]
    return torch.cat(seen, dim=1), None


def _refuse(options: dict[str, Any]) -> None:
    odd = next((name for name in ("softcap", "sliding_window", "s_aux") if options.get(name) is not None), None)
    if odd is not None:
        raise ModelError(f"its attention uses '{odd}', which is not supported yet")


def register() -> None:
    """Tell transformers of this attention, which needs no mask of its own."""
    from transformers import AttentionInterface, AttentionMaskInterface

    AttentionInterface.register(ATTENTION, tree_attention)
    AttentionMaskInterface.register(ATTENTION, lambda *_, **__: None)
