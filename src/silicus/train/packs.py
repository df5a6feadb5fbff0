"""Which rows share a step: a few of one cell together, so that their stimulus is computed once, and the rest by chance.

More rows of one cell in a step save tokens and make its gradient noisier: by about the design effect 1 + (G - 1) rho
for G rows of a cell whose gradients correlate by rho (Kish, 1965).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from silicus.models.tree import Row, common_start

__all__ = ["distinct_tokens", "pack_at_random"]


def pack_at_random(
    rows: Sequence[Row], cells: Sequence[Hashable], together: int, limit: int, rng: np.random.Generator
) -> list[list[int]]:
    """Return the places of the rows of each pack; every row is in one pack, and packs come in random order.

    Args:
        rows: the prompts, with their answers.
        cells: which cell each row belongs to; rows of one cell begin alike.
        together: how many rows of a cell come into a pack together, at most.
        limit: how many distinct tokens a pack holds; a group of rows that holds more has a pack of its own.
        rng: decides which rows of a cell come together, and what is packed with what.
    """
    groups = _groups(cells, together, rng)
    packs: list[list[int]] = []
    room = 0
    for group in groups:
        tokens = distinct_tokens([rows[place] for place in group])
        if not packs or tokens > room:
            packs.append([])
            room = limit
        packs[-1] += group
        room -= tokens
    return packs


def _groups(cells: Sequence[Hashable], together: int, rng: np.random.Generator) -> list[list[int]]:
    """Return groups of at most `together` rows of one cell, in random order."""
    members: dict[Hashable, list[int]] = {}
    for place in rng.permutation(len(cells)).tolist():
        members.setdefault(cells[place], []).append(place)
    groups = [
        places[start : start + together] for places in members.values() for start in range(0, len(places), together)
    ]
    return [groups[number] for number in rng.permutation(len(groups))]


def distinct_tokens(rows: Sequence[Row]) -> int:
    """Return how many tokens go through the model for these rows together: every common beginning once."""
    ordered = sorted(rows, key=lambda row: row.context.astype(">u4").tobytes())
    last, total = np.empty(0, dtype=np.int64), 0
    for row in ordered:
        shared = common_start(last, row.context)
        same = shared == len(row.context) == len(last)
        total += 0 if same else len(row.context) - shared + len(row.trie.tokens)
        last = row.context
    return total
