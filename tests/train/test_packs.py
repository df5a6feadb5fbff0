from __future__ import annotations

import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silicus.models.tree import Row, pack_rows
from silicus.models.trie import build_trie
from silicus.train.packs import distinct_tokens, pack_at_random

TRIE = build_trie([(1,), (2, 3)])


def rows_of(cells: list[int], persona: int = 5) -> list[Row]:
    """Return one row a cell number: 20 tokens of the cell, then a persona of its own."""
    return [
        Row(n, np.concatenate([np.arange(20) + 100 * cell, np.arange(persona) + 10_000 + 100 * n]), TRIE)
        for n, cell in enumerate(cells)
    ]


@settings(max_examples=50)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), st.integers(1, 8), st.integers(10, 300), st.integers(0, 9))
def test_every_row_is_in_one_pack_and_no_pack_holds_more_than_its_tokens(cells, together, limit, seed):
    rows = rows_of(cells)
    packs = pack_at_random(rows, cells, together, limit, np.random.default_rng(seed))
    assert sorted(place for pack in packs for place in pack) == list(range(len(rows)))
    for pack in packs:
        tokens = distinct_tokens([rows[place] for place in pack])
        alone = len({cells[place] for place in pack}) == 1 and len(pack) <= together
        assert tokens <= limit or alone


def test_at_most_so_many_rows_of_a_cell_come_together():
    cells = [0] * 30 + [1] * 30
    # Each pack has room for one group of rows and no more.
    packs = pack_at_random(rows_of(cells), cells, together=4, limit=1, rng=np.random.default_rng(0))
    assert Counter(map(len, packs)) == {4: 14, 2: 2}
    assert all(len({cells[place] for place in pack}) == 1 for pack in packs)


def test_the_same_seed_packs_alike_and_another_otherwise():
    cells = [n % 4 for n in range(40)]
    first, again, other = (
        pack_at_random(rows_of(cells), cells, 4, 200, np.random.default_rng(seed)) for seed in (0, 0, 1)
    )
    assert first == again != other


def test_neighbouring_packs_do_not_run_through_the_cells_in_their_order():
    cells = [n // 10 for n in range(200)]
    packs = pack_at_random(rows_of(cells), cells, 5, 1, np.random.default_rng(0))
    order = [cells[pack[0]] for pack in packs]
    assert order != sorted(order)
    assert len(set(order[:10])) > 5


@pytest.mark.parametrize("persona", [0, 1, 5])
def test_distinct_tokens_are_those_of_the_pack_that_is_computed(persona):
    rows = rows_of([0, 0, 1, 1, 1, 2], persona)
    (pack,) = pack_rows(rows, limit=sys.maxsize)
    assert distinct_tokens(rows) == len(pack.tokens)
