from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silicus.models.tree import Row, pack_rows
from silicus.models.trie import build_trie
from silicus.train.packs import distinct_tokens, pack_step

TRIE = build_trie([(1,), (2, 3)])


def rows_of(cells: list[int], persona: int = 5) -> list[Row]:
    """Return one row a cell number: 20 tokens of the cell, then a persona of its own."""
    return [
        Row(n, np.concatenate([np.arange(20) + 100 * cell, np.arange(persona) + 10_000 + 100 * n]), TRIE)
        for n, cell in enumerate(cells)
    ]


@settings(max_examples=50)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), st.integers(10, 300))
def test_every_row_is_in_one_pack_and_no_pack_holds_more_than_its_tokens(cells, limit):
    rows = rows_of(cells)
    packs = pack_step(rows, limit)
    assert sorted(place for pack in packs for place in pack) == list(range(len(rows)))
    for pack in packs:
        assert distinct_tokens([rows[place] for place in pack]) <= limit or len(pack) == 1


def test_rows_that_begin_alike_share_a_pack():
    cells = [0, 1] * 4
    # Room for one stimulus of 20 tokens and four personas of 5 with one inner node each.
    packs = pack_step(rows_of(cells), limit=20 + 4 * (5 + 1))
    assert [{cells[place] for place in pack} for pack in packs] == [{0}, {1}]


def test_a_step_is_packed_in_the_same_way_whatever_the_order_of_its_rows():
    rows = rows_of([n % 4 for n in range(40)])
    turned = rows[::-1]
    packs = [{rows[place].index for place in pack} for pack in pack_step(rows, 90)]
    assert packs == [{turned[place].index for place in pack} for pack in pack_step(turned, 90)]


@pytest.mark.parametrize("persona", [0, 1, 5])
def test_distinct_tokens_are_those_of_the_pack_that_is_computed(persona):
    rows = rows_of([0, 0, 1, 1, 1, 2], persona)
    (pack,) = pack_rows(rows, limit=sys.maxsize)
    assert distinct_tokens(rows) == len(pack.tokens)
