"""The answer trie: every way to answer, sharing the tokens that answers begin with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from silicus.errors import ModelError

__all__ = ["END", "AnswerTrie", "build_trie"]

END = -1
"""Stands for the end of the answer, where one answer is the beginning of another ("1" and "10")."""

_LEAF = -1
"""Stands in the place of a node where an answer ends and no other goes on."""

Tokens = tuple[int, ...]


@dataclass(frozen=True)
class AnswerTrie:
    """All answers of a scale as paths from the prompt's end.

    A *node* is a beginning shared by answers, and a place where the next token must be known. Node 0 is the
    prompt's end; nodes 1, 2, ... are in depth-first order, parents first. An *edge* is a token (or `END`)
    read at a node. The probability of an answer is the product of its edges.

    Attributes:
        tokens: token that leads to each node but node 0, shape (nodes - 1,).
        depths: how many tokens lie between the prompt's end and the node, shape (nodes - 1,).
        ends: one past the last descendant, counted in nodes 1, 2, ..., shape (nodes - 1,).
        edge_nodes: node at which each edge is read, shape (edges,).
        edge_tokens: token of each edge, or `END`, shape (edges,).
        paths: edges of each answer, padded with the number of edges, shape (answers, longest).
    """

    tokens: np.ndarray
    depths: np.ndarray
    ends: np.ndarray
    edge_nodes: np.ndarray
    edge_tokens: np.ndarray
    paths: np.ndarray

    @property
    def nodes(self) -> int:
        """How many nodes there are, the prompt's end among them."""
        return len(self.tokens) + 1

    def log_probabilities(self, edge_log_probabilities: np.ndarray) -> np.ndarray:
        """Return the log-probability of each answer, shape (answers,), from that of each edge, shape (edges,)."""
        return np.append(edge_log_probabilities, 0.0)[self.paths].sum(axis=1)


def build_trie(answers: Sequence[Tokens], *, closed: bool = False) -> AnswerTrie:
    """Return the trie of answers given as token sequences.

    Args:
        answers: the tokens of each answer.
        closed: whether the end of the turn belongs to every answer, as in supervised fine-tuning, and not only to
            those that another goes on from.

    Raises:
        ModelError: an answer has no tokens, or two answers have the same.
    """
    if any(not answer for answer in answers) or len(set(answers)) < len(answers):
        raise ModelError(f"the tokenizer cannot tell the answers apart: {list(answers)}.")
    nodes = _nodes(answers, closed)
    edges: dict[tuple[int, int], int] = {}
    paths = [_edges_of(answer, nodes.children, edges) for answer in answers]
    longest = max(map(len, paths))
    return AnswerTrie(
        tokens=np.array(nodes.tokens[1:], dtype=np.int64),
        depths=np.array(nodes.depths[1:], dtype=np.int64),
        ends=np.array(nodes.last[1:], dtype=np.int64),
        edge_nodes=np.array([node for node, _ in edges], dtype=np.int64),
        edge_tokens=np.array([token for _, token in edges], dtype=np.int64),
        paths=np.array([path + [len(edges)] * (longest - len(path)) for path in paths], dtype=np.int64),
    )


@dataclass
class _Nodes:
    """The nodes in depth-first order; node 0 is the prompt's end.

    Attributes:
        children: (node, token) -> the node that the token leads to.
        tokens: token that leads to each node.
        depths: how many tokens lie before each node.
        last: its last descendant, or itself.
    """

    children: dict[tuple[int, int], int]
    tokens: list[int]
    depths: list[int]
    last: list[int]


def _nodes(answers: Sequence[Tokens], closed: bool) -> _Nodes:
    nodes = _Nodes({}, [END], [0], [0])
    # In sorted order, nodes are met for the first time in depth-first order.
    for answer in sorted(answers):
        node, path = 0, [0]
        for depth, token in enumerate(answer[: len(answer) - 1 + closed], start=1):
            node = nodes.children.setdefault((node, token), len(nodes.tokens))
            path.append(node)
            if node == len(nodes.tokens):
                nodes.tokens.append(token)
                nodes.depths.append(depth)
                nodes.last.append(node)
        for above in path:
            nodes.last[above] = max(nodes.last[above], node)
    return nodes


def _edges_of(answer: Tokens, children: dict[tuple[int, int], int], edges: dict[tuple[int, int], int]) -> list[int]:
    """Return the edges along one answer, numbering those not met before."""
    steps: list[tuple[int, int]] = []
    node = 0
    for token in answer:
        steps.append((node, token))
        node = children.get((node, token), _LEAF)
    if node != _LEAF:
        steps.append((node, END))
    return [edges.setdefault(step, len(edges)) for step in steps]
