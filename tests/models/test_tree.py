from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silicus.models.tree import Pack, Row, pack_rows
from silicus.models.trie import AnswerTrie, build_trie

LETTERS = build_trie([(1,), (2,), (3,)])
DIGITS = build_trie([(1,), (2,), (1, 0), (1, 0, 0)])
CONTEXTS = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=9), min_size=1, max_size=30)


def rows_of(contexts: list[list[int]], trie: AnswerTrie) -> list[Row]:
    return [Row(index, np.array(context), trie) for index, context in enumerate(contexts)]


def seen_by(packs: list[Pack], number: int, query: int) -> list[int]:
    """The tokens that a place of a pack may see, carried ones traced back to the pack they were computed in."""
    pack = packs[number]
    first = len(pack.carried)
    seen = [k for k in range(query + 1) if query < pack.ends[k]]
    return [token_at(packs, number, k) for k in seen] if first else [int(pack.tokens[k]) for k in seen]


def token_at(packs: list[Pack], number: int, place: int) -> int:
    pack = packs[number]
    if place >= len(pack.carried):
        return int(pack.tokens[place - len(pack.carried)])
    return token_at(packs, number - 1, int(pack.carried[place]))


@given(CONTEXTS, st.sampled_from([1, 4, 1000]), st.sampled_from([LETTERS, DIGITS]))
@settings(deadline=None)
def test_where_a_row_is_read_exactly_its_own_tokens_are_seen(
    contexts: list[list[int]], limit: int, trie: AnswerTrie
) -> None:
    packs = list(pack_rows(rows_of(contexts, trie), limit))
    found = {}
    for number, pack in enumerate(packs):
        for row, reads in zip(pack.rows, pack.reads, strict=True):
            found[row.index] = [seen_by(packs, number, int(node) + len(pack.carried)) for node in reads]
            assert pack.depths[reads[0]] == len(contexts[row.index]) - 1
    assert sorted(found) == list(range(len(contexts)))
    prefixes = [[]] if trie is LETTERS else [[], [1], [1, 0]]
    for index, context in enumerate(contexts):
        assert found[index] == [context + prefix for prefix in prefixes]


@given(CONTEXTS)
def test_in_one_pack_every_distinct_beginning_is_computed_once(contexts: list[list[int]]) -> None:
    distinct = {tuple(context[:depth]) for context in contexts for depth in range(1, len(context) + 1)}
    (pack,) = pack_rows(rows_of(contexts, LETTERS), limit=10_000)
    assert len(pack.tokens) == len(distinct)


@pytest.mark.parametrize("limit", [16, 64, 256])
def test_cutting_the_tree_into_packs_computes_nothing_twice(limit: int) -> None:
    rng = np.random.default_rng(0)
    contexts = [[9, 9, 9, *rng.integers(0, 3, size=20).tolist()] for _ in range(200)]
    distinct = {tuple(context[:depth]) for context in contexts for depth in range(1, len(context) + 1)}
    packs = list(pack_rows(rows_of(contexts, LETTERS), limit))
    assert len(packs) > 3
    assert sum(len(pack.tokens) for pack in packs) == len(distinct)


def test_the_same_prompt_again_costs_nothing() -> None:
    once = list(pack_rows(rows_of([[1, 2, 3]], DIGITS), 100))
    thrice = list(pack_rows(rows_of([[1, 2, 3]] * 3, DIGITS), 100))
    assert len(thrice[0].tokens) == len(once[0].tokens)
    assert len(thrice[0].rows) == 3
