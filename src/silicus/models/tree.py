"""The token tree: prompts in sorted order, every common beginning computed once.

Each token of a pack carries one integer, its `end`: token `q` may see token `k` if and only if
`k <= q < end[k]`. That is all the attention needs to know (see `attention`), for any template.

A pack is what one forward pass computes. The path from the root to the next prompt is *carried* from one
pack to the next as keys and values, so that cutting the tree into packs computes nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from silicus.models.trie import AnswerTrie

__all__ = ["Pack", "Row", "common_start", "pack_rows"]


@dataclass(frozen=True)
class Row:
    """One prompt as tokens: its context, shape (tokens,), and the answers that may follow."""

    index: int
    context: np.ndarray
    trie: AnswerTrie


@dataclass(frozen=True)
class Pack:
    """A stretch of the tree, computed in one forward pass.

    Places count the carried tokens first, then the pack's own.

    Attributes:
        carried: places in the previous pack of the keys and values that this pack goes on from.
        tokens: the pack's own tokens, shape (tokens,).
        depths: how many tokens stand before each of them in its prompt, shape (tokens,).
        ends: one past the last place that may see a place, shape (carried + tokens,).
        rows: the prompts that end here.
        reads: index into `tokens` of the nodes of each row's trie, one array a row.
    """

    carried: np.ndarray
    tokens: np.ndarray
    depths: np.ndarray
    ends: np.ndarray
    rows: list[Row]
    reads: list[np.ndarray]


def pack_rows(rows: Iterable[Row], limit: int) -> Iterator[Pack]:
    """Yield packs that hold all rows, sorted by their tokens, each distinct beginning once.

    Args:
        rows: the prompts.
        limit: a pack is closed when it holds this many tokens; a longer prompt is never cut.
    """
    # Big-endian bytes sort as the token sequences do, at the speed of memcmp.
    ordered = sorted(rows, key=lambda row: row.context.astype(">u4").tobytes())
    open_pack = _OpenPack(carried=np.empty(0, dtype=np.int64), path=np.empty(0, dtype=np.int64))
    for row in ordered:
        open_pack.add(row)
        if len(open_pack.tokens) >= limit:
            yield open_pack.close()
            open_pack = _OpenPack(carried=np.array(open_pack.places), path=open_pack.path)
    if open_pack.rows:
        yield open_pack.close()


class _OpenPack:
    """A pack that still takes rows. `path` holds the tokens from the root to the last row's end, `places` where."""

    def __init__(self, carried: np.ndarray, path: np.ndarray) -> None:
        self.carried, self.path = carried, path
        self.places = list(range(len(path)))
        self.ends = [0] * len(path)
        self.tokens: list[int] = []
        self.depths: list[int] = []
        self.rows: list[Row] = []
        self.reads: list[np.ndarray] = []

    def add(self, row: Row) -> None:
        shared = common_start(self.path, row.context)
        if self.rows and shared == len(row.context) == len(self.path) and self.rows[-1].trie is row.trie:
            self.rows.append(row)  # The same prompt again: read what the last one reads.
            self.reads.append(self.reads[-1])
            return
        if shared == len(row.context) and self.places[shared - 1] < len(self.carried):
            shared -= 1  # What follows the prompt is read at its last token, which must lie in this pack.
        self._leave(shared)
        fresh = row.context[shared:].tolist()
        self.places.extend(range(len(self.ends), len(self.ends) + len(fresh)))
        self._append(fresh, range(shared, len(row.context)), [0] * len(fresh))
        self.path = row.context
        first = len(self.ends)
        trie = row.trie
        self._append(trie.tokens.tolist(), trie.depths + (len(row.context) - 1), (trie.ends + first).tolist())
        nodes = np.concatenate([[self.places[-1]], np.arange(first, len(self.ends))])
        self.rows.append(row)
        self.reads.append(nodes - len(self.carried))

    def _leave(self, depth: int) -> None:
        """Close the nodes of the path below `depth`: nothing that comes later may see them."""
        for place in self.places[depth:]:
            self.ends[place] = len(self.ends)
        del self.places[depth:]

    def _append(self, tokens: list[int], depths: Iterable[int], ends: list[int]) -> None:
        self.tokens.extend(tokens)
        self.depths.extend(depths)
        self.ends.extend(ends)

    def close(self) -> Pack:
        for place in self.places:
            self.ends[place] = len(self.ends)
        return Pack(
            carried=self.carried,
            tokens=np.array(self.tokens, dtype=np.int64),
            depths=np.array(self.depths, dtype=np.int64),
            ends=np.array(self.ends, dtype=np.int64),
            rows=self.rows,
            reads=self.reads,
        )


def common_start(path: np.ndarray, context: np.ndarray) -> int:
    """Return how many tokens two sequences share from the start."""
    length = min(len(path), len(context))
    differing = np.flatnonzero(path[:length] != context[:length])
    return int(differing[0]) if len(differing) else length
