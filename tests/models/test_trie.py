from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.errors import ModelError
from silicus.models.trie import END, build_trie

ANSWERS = st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=4).map(tuple), min_size=2, max_size=12, unique=True)


def test_one_and_ten_share_their_first_token_and_one_ends_there() -> None:
    trie = build_trie([(1,), (2,), (1, 0)])
    assert trie.tokens.tolist() == [1]
    read = {(node, token) for node, token in zip(trie.edge_nodes.tolist(), trie.edge_tokens.tolist(), strict=True)}
    assert read == {(0, 1), (0, 2), (1, 0), (1, END)}


def test_zero_to_a_hundred_in_digits_needs_ten_nodes_beside_the_prompt() -> None:
    assert build_trie([tuple(map(int, str(n))) for n in range(101)]).nodes == 11


def test_single_token_answers_need_no_node_beside_the_prompt() -> None:
    assert build_trie([(n,) for n in range(7)]).nodes == 1


@given(ANSWERS)
def test_every_answer_is_the_sum_of_the_log_probabilities_along_its_path(answers: list[tuple[int, ...]]) -> None:
    trie = build_trie(answers)
    edges = np.random.default_rng(0).normal(size=len(trie.edge_nodes))
    found = trie.log_probabilities(edges)
    prefix_of = {a for a in answers for b in answers if a != b and b[: len(a)] == a}
    of_edge = {}
    for edge, (node, token) in enumerate(zip(trie.edge_nodes.tolist(), trie.edge_tokens.tolist(), strict=True)):
        of_edge[node, token] = edges[edge]
    node_of = {(): 0}
    for node, (token, depth) in enumerate(zip(trie.tokens.tolist(), trie.depths.tolist(), strict=True), start=1):
        parent = next(p for p in reversed(list(node_of)) if len(p) == depth - 1)
        node_of[(*parent, token)] = node
    for answer, value in zip(answers, found, strict=True):
        steps = [(node_of[answer[:d]], t) for d, t in enumerate(answer)]
        steps += [(node_of[answer], END)] if answer in prefix_of else []
        assert value == pytest.approx(sum(of_edge[step] for step in steps))


@given(ANSWERS)
def test_nodes_lie_in_depth_first_order_with_descendants_up_to_their_end(answers: list[tuple[int, ...]]) -> None:
    trie = build_trie(answers)
    for node, end in enumerate(trie.ends.tolist()):
        inside = trie.depths[node + 1 : end]
        assert (inside > trie.depths[node]).all()
        assert end == len(trie.depths) or trie.depths[end] <= trie.depths[node]


@given(ANSWERS, st.booleans())
def test_nodes_are_the_beginnings_of_answers_in_sorted_order(answers: list[tuple[int, ...]], closed: bool) -> None:
    trie = build_trie(answers, closed=closed)
    beginnings = sorted({answer[:depth] for answer in answers for depth in range(1, len(answer) + closed)})
    assert trie.tokens.tolist() == [beginning[-1] for beginning in beginnings]
    assert trie.depths.tolist() == [len(beginning) for beginning in beginnings]
    inside = [[b[: len(a)] == a for b in beginnings] for a in beginnings]
    assert trie.ends.tolist() == [max(np.flatnonzero(row)) + 1 for row in inside]


def test_a_long_answer_is_as_quick_as_it_is_long() -> None:
    start = time.perf_counter()
    trie = build_trie([tuple(range(1000))], closed=True)
    assert time.perf_counter() - start < 0.2
    assert trie.paths.tolist() == [list(range(1001))]
    assert trie.ends.tolist() == [1000] * 1000


@pytest.mark.parametrize("answers", [[(1,), (1,)], [(1,), ()]])
def test_answers_that_the_tokenizer_cannot_tell_apart_are_refused(answers: list[tuple[int, ...]]) -> None:
    with pytest.raises(ModelError, match="cannot tell the answers apart"):
        build_trie(answers)
