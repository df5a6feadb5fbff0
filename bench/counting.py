"""Counts that do not depend on the machine: tokens forwarded, distinct tree nodes, and how they grow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bench.workloads import SEVEN, Sizes, Survey
from silicus.models.encode import Encoder
from silicus.models.huggingface import PACK_TOKENS
from silicus.models.tree import Row, pack_rows
from silicus.study import Scale

__all__ = ["PACK_TOKENS", "Count", "count", "forwarded", "growth", "nodes"]


@dataclass(frozen=True)
class Count:
    """The tokens of a workload.

    Attributes:
        rows: prompts.
        flat: tokens of all prompts, each on its own, without answers.
        forwarded: tokens that silicus puts through the model.
        nodes: distinct beginnings of all prompts and of their answers: the least that any engine must compute.
    """

    rows: int
    flat: int
    forwarded: int
    nodes: int


def count(rows: Sequence[Row], pack_tokens: int = PACK_TOKENS["cpu"]) -> Count:
    """Return the counts of these rows."""
    return Count(len(rows), sum(len(row.context) for row in rows), forwarded(rows, pack_tokens), nodes(rows))


def forwarded(rows: Iterable[Row], pack_tokens: int = PACK_TOKENS["cpu"]) -> int:
    """Return how many tokens silicus puts through the model."""
    return sum(len(pack.tokens) for pack in pack_rows(rows, pack_tokens))


def nodes(rows: Iterable[Row]) -> int:
    """Return how many distinct beginnings there are, counted without the engine's own code."""
    children: dict[tuple[int, int], int] = {}
    for row in rows:
        node = -1
        for token in row.context.tolist():
            node = children.setdefault((node, token), len(children))
        _count_answers(row, node, children)
    return len(children)


def _count_answers(row: Row, leaf: int, children: dict[tuple[int, int], int]) -> None:
    """Add the beginnings of answers that are read after a prompt."""
    path = [leaf]
    for token, depth in zip(row.trie.tokens.tolist(), row.trie.depths.tolist(), strict=True):
        del path[depth:]
        path.append(children.setdefault((path[-1], token), len(children)))


def growth(sizes: Sizes, encoder: Encoder) -> Iterator[tuple[str, int, int, int]]:
    """Yield what grows, how far, and the tokens forwarded in our template and in the published order without sharing.

    Personas grow in one cell; arms and outcomes with 24 personas; points of the scale in one cell of 24 personas.
    """
    series = [
        *(("personas", n, replace(sizes, personas=n, arms=1, outcomes=1)) for n in (4, 16, 64, 160)),
        *(("arms", n, replace(sizes, personas=24, arms=n, outcomes=1)) for n in (1, 2, 4, 8)),
        *(("outcomes", n, replace(sizes, personas=24, arms=1, outcomes=n)) for n in (1, 3, 10)),
    ]
    for what, number, grown in series:
        yield what, number, *_tokens(Survey(grown, encoder), SEVEN)
    survey = Survey(replace(sizes, personas=24, arms=1, outcomes=1), encoder)
    for points in (2, 5, 10, 11, 101):
        yield "points", points, *_tokens(survey, Scale(kind="numeric", low=0, high=points - 1))


def _tokens(survey: Survey, scale: Scale) -> tuple[int, int]:
    items = survey.items(scale)
    flat = sum(len(row.context) for row in survey.rows("socrates", items))
    return forwarded(survey.rows("silicus", items)), flat
