"""A part of the mixture, ready to be learnt from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from silicus.errors import InputError, counted
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
    _check_counts(part, responses)
    if part.objective == "preference":
        pairs = preference_pairs(items, responses, respondents, rng, part.per_cell, part.contrast)
        examples = pair_examples(items, pairs, respondents)
        return Learnt(part, examples, np.ones(len(examples)), pairs)
    if part.objective == "rationale":
        responses = responses.filter(pl.col("rationale").str.strip_chars() != "")
        if responses.is_empty():
            raise InputError(f"{part.data}: none of its training answers has a rationale.")
    if part.objective in {"individual", "rationale"}:
        examples = individual_examples(items, responses, respondents)
    else:
        examples = distribution_examples(items, responses, respondents, groups=groups)
    if part.objective == "subpop_as_coded":
        examples = _with_points(part, examples)
    examples = examples.capped(part.per_cell, rng)
    return Learnt(part, examples, _weights(part, examples))


def _check_counts(part: Part, responses: pl.DataFrame) -> None:
    """Fail where the numbers of people that answers stand for do not fit what is made smaller.

    Raises:
        InputError: one person's answers are learnt from, and there are those of several; or distributions count by
            their people, and nobody knows how many these are.
    """
    given = responses.filter(pl.col("response").is_not_null())
    if part.objective in {"individual", "rationale"}:
        many = given.filter(pl.col("n").is_null() | (pl.col("n") != 1))
        if not many.is_empty():
            raise InputError(
                f"{part.data}: {counted(len(many), 'answer is', 'answers are')} not of one person but counts or shares "
                f"of several, as in the study '{many['study'][0]}', and '{part.objective}' learns from single answers. "
                "Take the objective 'distribution'."
            )
    unknown = given.filter(pl.col("n").is_null())
    if part.weights != "equal" and not unknown.is_empty():
        raise InputError(
            f"{part.data}: 'weights: {part.weights}' counts people, and of the study '{unknown['study'][0]}' only "
            "shares are known. Take 'weights: equal'."
        )


def _with_points(part: Part, examples: Examples) -> Examples:
    """Return the examples in which somebody gave a point of the scale: among refusals alone there are no shares.

    Raises:
        InputError: there are none.
    """
    points = np.array([len(item.scale.values) for item in examples.items])
    # Refusals come after the points.
    first = examples.table["answers"].list.min().to_numpy()
    kept = examples.table.filter(pl.Series(first < points[examples.table["item"].to_numpy()]))
    if kept.is_empty():
        raise InputError(f"{part.data}: all its training answers are refusals, which '{part.objective}' cannot learn.")
    return replace(examples, table=kept)


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
