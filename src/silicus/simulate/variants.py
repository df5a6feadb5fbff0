"""The ways in which a pair is put into words, and the mean over them.

How a model answers depends on what should not matter: which option stands first, how the persona is introduced. Asked
in several ways, a pair's prediction is the mean over the ways; what the ways differ by is kept beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from silicus.errors import counted
from silicus.prompts import AnswerStyle, Prompt, Template, render
from silicus.study import (
    PREDICTIONS,
    VARIANTS,
    Item,
    Respondent,
    balanced_orders,
    order_name,
    reorder,
    undo,
    why_fixed,
)

__all__ = ["Answered", "Asking", "Variant", "Ways", "as_it_is", "averaged", "orders_of", "unmoved"]

Order = tuple[int, ...]
Place = tuple[str, str, str, str]
"""Study, condition, question and stimulus."""


@dataclass(frozen=True)
class Variant:
    """One way of putting a pair into words.

    Attributes:
        name: what tells it from the pair's other ways; "" where there are none by design.
        prompt: the words.
        order: answer k of the prompt means the item's answer `order[k]`; `None` where the item's order is kept.
    """

    name: str
    prompt: Prompt
    order: Order | None = None


Ways = Callable[[Item, Respondent], Sequence[Variant]]
"""Returns the ways in which a pair is asked; of all pairs, those at one place differ least."""


@dataclass(frozen=True)
class Answered:
    """What a model answered to a part of the pairs.

    Attributes:
        predictions: a table of schema `PREDICTIONS`, one row a pair.
        variants: schema `VARIANTS`, one row a pair and way; `None` where the ways have no names.
    """

    predictions: pl.DataFrame
    variants: pl.DataFrame | None = None


@dataclass(frozen=True)
class Asking:
    """Asks every pair in each wording and, within each, in each order of its answers: the product of both.

    Attributes:
        templates: name of the wording -> its template.
        style: how the model is to name its answers.
        orders: study, condition, question and stimulus -> order -> the item with its answers in that order, as
            `orders_of` returns them; an item that is not there is asked as it is.
        before: puts into a prompt what is to stand before the question.
    """

    templates: Mapping[str, Template]
    style: AnswerStyle
    orders: Mapping[Place, Mapping[Order, Item]] = field(default_factory=dict[Place, Mapping[Order, Item]])
    before: Callable[[Prompt, Item], Prompt] = lambda prompt, _: prompt

    def __call__(self, item: Item, respondent: Respondent) -> list[Variant]:
        """Return the ways of asking one pair.

        Raises:
            InputError: the item cannot be asked in this style.
            PromptError: an attribute of the respondent is absent from a prompt.
        """
        orders = self.orders.get(_place(item))
        return [
            Variant(", ".join(part for part in (wording, told) if part), self.before(prompt, item), order)
            for wording, template in self.templates.items()
            for order, shown in (orders or {None: item}).items()
            for told in ["" if order is None else order_name(order)]
            for prompt in [render(template, shown, respondent, self.style)]
        ]


def as_it_is(template: Template, style: AnswerStyle) -> Asking:
    """Return the one way of asking a pair in the words of a template."""
    return Asking({"": template}, style)


def orders_of(items: Iterable[Item], count: int, rng: np.random.Generator) -> dict[Place, dict[Order, Item]]:
    """Return study, condition, question and stimulus -> balanced order -> the item in that order, its own first.

    A stimulus has the same orders wherever it is shown, and whatever is asked beside it in which sequence.

    Args:
        items: all that is asked.
        count: how many orders each is asked in, at most; see `balanced_orders`.
        rng: draws the orders.
    """
    every = list(items)
    stimuli = {item.item: item for item in every}
    orders = {name: balanced_orders(stimuli[name], count, rng) for name in sorted(stimuli)}
    return {_place(item): {order: reorder(item, order) for order in orders[item.item]} for item in every}


def unmoved(items: Iterable[Item]) -> Iterator[str]:
    """Yield, in sentences, how many items are asked in their own order alone, and why."""
    reasons: dict[str, list[str]] = {}
    for item in items:
        reason = why_fixed(item)
        if reason:
            reasons.setdefault(reason, []).append(item.question)
    for reason, questions in sorted(reasons.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        asked = counted(len(questions), "question is asked", "questions are asked")
        yield f"{asked} in one order ('{questions[0]}'): {reason}"


def _place(item: Item) -> Place:
    return item.study, item.condition, item.question, item.item


def averaged(
    pairs: Sequence[tuple[Item, Respondent]],
    ways: Sequence[Sequence[Variant]],
    answers: Sequence[Sequence[np.ndarray]],
) -> Answered:
    """Return the mean of each pair's answers over its ways, and the answers themselves.

    Answers are brought back into the item's own order. A way without any answer on the scale is left out of the mean
    of probabilities, one without any answer at all also of that of refusals; a pair of which all are has none.

    Args:
        pairs: who was asked what.
        ways: in which ways, pair for pair.
        answers: log-probabilities of the answers of each way's prompt, shape (answers,).
    """
    means: list[tuple[object, ...]] = []
    apart: list[tuple[object, ...]] = []
    for (item, person), asked, found in zip(pairs, ways, answers, strict=True):
        masses = [_brought_back(variant, each) for variant, each in zip(asked, found, strict=True)]
        key = _place(item)
        means.append((*key, person.id, person.weight, *_mean(masses, len(item.scale.values))))
        apart += [
            (*key, person.id, variant.name, *_mean([mass], len(item.scale.values)))
            for variant, mass in zip(asked, masses, strict=True)
            if variant.name
        ]
    return Answered(
        pl.DataFrame(means, schema=PREDICTIONS, orient="row"),
        pl.DataFrame(apart, schema=VARIANTS, orient="row") if apart else None,
    )


def _brought_back(variant: Variant, log_probabilities: np.ndarray) -> np.ndarray:
    """Return the probability of each of the item's answers, in the item's order."""
    mass = np.exp(log_probabilities)
    return mass if variant.order is None else mass[list(undo(variant.order))]


def _mean(masses: Sequence[np.ndarray], points: int) -> tuple[list[float] | None, float | None, float]:
    """Return the mean over ways: probabilities of the points, share of the refusals, and what was covered."""
    shares = [mass[:points] / mass[:points].sum() for mass in masses if mass[:points].sum() > 0]
    refusals = [float(mass[points:].sum() / mass.sum()) for mass in masses if mass.sum() > 0]
    return (
        np.mean(shares, axis=0).astype(np.float32).tolist() if shares else None,
        float(np.mean(refusals)) if refusals else None,
        float(np.mean([mass.sum() for mass in masses])),
    )
