"""Who is asked what, in an order in which neighbours share most of their prompt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from silicus.prompts import Template
from silicus.study import KEY, Item, Respondent, iter_respondents

__all__ = ["Plan", "plan_all", "plan_answered"]


@dataclass(frozen=True)
class Plan:
    """An ordered list of (item, respondent) pairs, kept as numbers.

    Attributes:
        items: the cells' stimuli.
        respondents: a table as `read_respondents` returns it, in the order in which personas share most.
        pairs: which item each respondent is asked, shape (pairs, 2), or `None` where everybody is asked everything.
        outer: what varies slowest, as the template's text does.
    """

    items: tuple[Item, ...]
    respondents: pl.DataFrame
    pairs: np.ndarray | None
    outer: str

    def __len__(self) -> int:
        return len(self.items) * len(self.respondents) if self.pairs is None else len(self.pairs)

    def between(self, start: int, stop: int) -> Iterator[tuple[Item, Respondent]]:
        """Yield the pairs from place `start` up to `stop`."""
        numbers = np.arange(start, min(stop, len(self)))
        if self.pairs is not None:
            items, people = self.pairs[numbers].T
        elif self.outer == "item":
            items, people = np.divmod(numbers, len(self.respondents))
        else:
            people, items = np.divmod(numbers, len(self.items))
        wanted, where = np.unique(people, return_inverse=True)
        asked = list(iter_respondents(self.respondents[wanted]))
        for item, person in zip(items, where, strict=True):
            yield self.items[item], asked[person]


def plan_all(items: list[Item], respondents: pl.DataFrame, template: Template) -> Plan:
    """Return the plan that asks every respondent every item."""
    return Plan(tuple(items), _sorted(respondents, template), None, template.outer)


def plan_answered(items: list[Item], respondents: pl.DataFrame, responses: pl.DataFrame, template: Template) -> Plan:
    """Return the plan that asks every respondent what that person answered, or what was drawn for that person.

    Args:
        items: one item a study, condition, question and stimulus.
        respondents: the people of `responses`.
        responses: a table with the columns `KEY` and `respondent`.
        template: decides the order.
    """
    people = _sorted(respondents, template)
    numbered = pl.DataFrame(
        {name: [getattr(item, name) for item in items] for name in KEY}, schema=dict.fromkeys(KEY, pl.String)
    ).with_row_index("item_number")
    order = ["item_number", "person"] if template.outer == "item" else ["person", "item_number"]
    pairs = (
        responses.select(*KEY, "respondent")
        .unique(maintain_order=True)
        .join(numbered, on=list(KEY))
        .join(people.select("respondent").with_row_index("person"), on="respondent")
        .sort(order)
        .select("item_number", "person")
    )
    return Plan(tuple(items), people, pairs.to_numpy().astype(np.int64), template.outer)


def _sorted(respondents: pl.DataFrame, template: Template) -> pl.DataFrame:
    """Return the respondents sorted as their personas read, so that neighbours begin alike."""
    order = [field for field in template.fields if field in respondents.columns]
    return respondents.sort([*order, "respondent"], maintain_order=True)
