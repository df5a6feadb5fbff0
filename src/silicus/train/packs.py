"""How the rows of a step go through the model: in packs of so many tokens, neighbours in the tree together."""

from __future__ import annotations

from collections.abc import Sequence

from silicus.models.tree import Row, common_start

__all__ = ["TRAINING_TOKENS", "distinct_tokens", "pack_step"]

TRAINING_TOKENS = {"cpu": 2048, "cuda": 8192, "mps": 2048}
"""How many tokens go through a model at once in training: fewer repeat more beginnings, more need more memory."""


def pack_step(rows: Sequence[Row], limit: int) -> list[list[int]]:
    """Return the places of the rows of each pack of one step; every row is in one pack.

    Rows are packed in the order of their tokens, so that those which begin alike share a pack. All of them belong
    to one step: their order changes no gradient.

    Args:
        rows: the prompts, with their answers.
        limit: how many distinct tokens a pack holds; a row that holds more has a pack of its own.
    """
    packs: list[list[int]] = []
    room, last = 0, None
    for place in _sorted(rows):
        added = _added(last, rows[place])
        if not packs or added > room:
            packs.append([])
            room, added = limit, _added(None, rows[place])
        packs[-1].append(place)
        room, last = room - added, rows[place]
    return packs


def distinct_tokens(rows: Sequence[Row]) -> int:
    """Return how many tokens go through the model for these rows together: every common beginning once."""
    last, total = None, 0
    for place in _sorted(rows):
        total += _added(last, rows[place])
        last = rows[place]
    return total


def _sorted(rows: Sequence[Row]) -> list[int]:
    return sorted(range(len(rows)), key=lambda place: rows[place].context.astype(">u4").tobytes())


def _added(last: Row | None, row: Row) -> int:
    """Return how many tokens a row adds to a pack after another."""
    if last is None:
        return len(row.context) + len(row.trie.tokens)
    shared = common_start(last.context, row.context)
    same = shared == len(row.context) == len(last.context) and row.trie is last.trie
    return 0 if same else len(row.context) - shared + len(row.trie.tokens)
