"""The pooled control as a model: what people answered, whatever they were shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from silicus.errors import InputError
from silicus.prompts import Prompt
from silicus.record import digest
from silicus.study import Item, pooled

__all__ = ["PooledModel"]


class PooledModel:
    """Answers every condition of a question with people's answers over all its conditions.

    It knows the human answers and ignores the condition and the persona: a control, not a competitor.

    Args:
        responses: people's answers, schema `RESPONSES`.
        items: the stimuli by their hash.

    Raises:
        InputError: there are no human answers to pool.
    """

    name = "pooled"

    def __init__(self, responses: pl.DataFrame, items: Mapping[str, Item]) -> None:
        if responses.is_empty():
            raise InputError("the model 'pooled' needs human answers, and this study has none.")
        self._pools = pooled(responses, items)

    @property
    def fingerprint(self) -> str:
        """A hash of the pooled distributions."""
        return digest(*(f"{key}{values.tolist()}" for key, values in sorted(self._pools.items())))

    def answer(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the pooled log-probabilities; refusals, which are kept apart from distributions, get none.

        Raises:
            InputError: nobody answered the question of a prompt.
        """
        for index, prompt in enumerate(prompts):
            item = prompt.item
            key = (item.study, item.question)
            found = self._pools.get(key, self._pools.get((*key, item.item)))
            if found is None:
                raise InputError(f"the model 'pooled': nobody answered question '{item.question}' of '{item.study}'.")
            mass = np.concatenate([found, np.zeros(len(prompt.answers) - len(found))])
            with np.errstate(divide="ignore"):
                yield index, np.log(mass)
