"""Which questions say so nearly the same that they are no evidence apart: "How much do you trust ...?", ten times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from silicus.data.guard.near_duplicates import asked_words, whole_words, word_vectors
from silicus.plugins import require
from silicus.study import Item

__all__ = ["batteries"]


def batteries(items: Sequence[Item], similarity: float = 0.5) -> list[int]:
    """Return the number of each stimulus' battery, from 0.

    Two stimuli are of one battery where they are of one question of a study, where they ask nearly the same, or where
    others lie between them that do: the connected components. The similarity is that of `near_duplicates`.

    Args:
        items: what was shown.
        similarity: from which cosine similarity of what is asked two stimuli are joined.
    """
    texts = [asked_words(item) or whole_words(item) for item in items]
    distinct, text = np.unique(texts, return_inverse=True)
    questions, question = np.unique([f"{item.study}/{item.question}" for item in items], return_inverse=True)
    alike = _alike(distinct.tolist(), similarity)
    # Texts are the first nodes, questions the others; a stimulus joins its text with its question.
    edges = np.concatenate([alike, np.stack([text, question + len(distinct)], axis=1)])
    nodes = len(distinct) + len(questions)
    sparse: Any = require("scipy.sparse")
    graph = sparse.coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(nodes, nodes))
    _, component = require("scipy.sparse.csgraph").connected_components(graph.tocsr(), directed=False)
    return np.unique(component[text], return_inverse=True)[1].tolist()


def _alike(texts: list[str], similarity: float) -> np.ndarray:
    """Return the places of two texts that are alike, shape (pairs, 2)."""
    vectors = word_vectors(texts)
    if vectors is None:
        return np.empty((0, 2), dtype=np.int64)
    products = (vectors @ vectors.T).tocoo()
    # Single precision: the cosine of a vector with itself may be 0.9999998.
    return np.stack([products.row, products.col], axis=1)[np.round(products.data, 5) >= similarity]
