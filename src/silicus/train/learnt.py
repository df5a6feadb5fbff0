"""A part of the mixture, ready to be learnt from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from silicus.errors import InputError
from silicus.study import Item
from silicus.train.examples import Examples, distribution_examples, individual_examples
from silicus.train.pairs import pair_examples, preference_pairs
from silicus.train.recipe import Part

__all__ = ["Learnt", "learnt_from", "with_margins"]


@dataclass(frozen=True)
class Learnt:
    """A part of the mixture.

    Attributes:
        part: what is made smaller on it.
        examples: what is learnt from.
        weights: what each of them counts, 1 in the mean, shape (examples,).
        pairs: where preferences are learnt, which answers are contrasted, schema `PAIRS`.
    """

    part: Part
    examples: Examples
    weights: np.ndarray
    pairs: pl.DataFrame | None = None


def learnt_from(
    part: Part,
    items: Mapping[str, Item],
    responses: pl.DataFrame,
    respondents: pl.DataFrame,
    rng: np.random.Generator,
    *,
    groups: bool,
) -> Learnt:
    """Return what a part learns from.

    Args:
        part: what is made smaller, and on how much of a cell.
        items: the hash of a stimulus -> what was shown.
        responses: the answers that may be learnt from.
        respondents: who gave them.
        rng: draws the rows that stay where a cell has more than the part takes, and the pairs.
        groups: whether respondents are groups.

    Raises:
        InputError: the answers do not fit what is made smaller.
    """
    if part.objective == "preference":
        pairs = preference_pairs(items, responses, respondents, rng, part.per_cell)
        examples = pair_examples(items, pairs, respondents)
        return Learnt(part, examples, np.ones(len(examples)), pairs)
    if part.objective == "rationale":
        responses = responses.filter(pl.col("rationale").str.strip_chars() != "")
        if responses.is_empty():
            raise InputError(f"{part.data}: none of its training answers has a rationale.")
    if part.objective in {"individual", "rationale"}:
        examples = individual_examples(items, responses, respondents).capped(part.per_cell, rng)
    else:
        examples = distribution_examples(items, responses, respondents, groups=groups).capped(part.per_cell, rng)
    return Learnt(part, examples, _weights(part, examples))


def _weights(part: Part, examples: Examples) -> np.ndarray:
    people = examples.table.select(pl.col("people").list.sum()).to_series().to_numpy()
    weights = {"equal": np.ones(len(people)), "root": np.sqrt(people), "people": people}[part.weights]
    return weights / weights.mean()


def with_margins(learnt: Learnt, margins: Callable[[Examples], np.ndarray] | None = None) -> Learnt:
    """Return pairs together with what the reference model prefers the chosen answer by.

    Args:
        learnt: a part of pairs.
        margins: gives the reference model's log-probability of the chosen less that of the rejected answer of every
            pair, shape (pairs,); `None`: the pairs say it already.
    """
    assert learnt.pairs is not None  # noqa: S101 - only a part of pairs has any
    pairs = learnt.pairs
    if margins is not None:
        pairs = pairs.with_columns(reference_margin=pl.Series(margins(learnt.examples)))
    items = {item.item: item for item in learnt.examples.items}
    return replace(learnt, pairs=pairs, examples=pair_examples(items, pairs, learnt.examples.respondents))
