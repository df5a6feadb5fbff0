"""From pairs of items and respondents to rows of the predictions table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from silicus.errors import ModelError, RunError, counted
from silicus.models import Model
from silicus.prompts import AnswerStyle, Prompt, Template
from silicus.simulate.variants import Answered, Variant, Ways, as_it_is, averaged
from silicus.study import Item, Respondent

__all__ = ["Failing", "predict", "predict_in_ways"]

_FEWEST = 25
"""Of fewer prompts a share that failed says little."""


@dataclass
class Failing:
    """How many prompts of a run came to no answer, over all its parts, and how many may.

    Attributes:
        most: the share that may, as sampled texts may come to none; scored models always give some.
        asked: how many pairs the run asks, at least.
        writes: whether the model writes texts, in which its answers are looked for.
        done: prompts answered so far, those without an answer among them.
        failed: prompts without an answer so far.
    """

    most: float
    asked: int
    done: int = 0
    failed: int = 0
    writes: bool = False

    def count(self, model: str, *, failed: bool) -> None:
        """Count a prompt.

        Raises:
            RunError: more prompts than may came to no answer.
        """
        self.done += 1
        self.failed += failed
        if self.failed > self.most * max(self.done, min(_FEWEST, self.asked)):
            ways = "another --protocol, more --text-tokens" if self.writes else "--template, --answers, --scoring"
            raise RunError(
                f"the model '{model}' gave no readable answer to {self.failed} of "
                f"{counted(self.done, 'prompt', 'prompts')}, more than the share of {self.most:g} that may fail. Ask "
                f"it in another way ({ways}), or raise --max-failures and start the same command again: what was "
                "answered is kept."
            )


def predict(
    pairs: Iterable[tuple[Item, Respondent]],
    model: Model,
    template: Template,
    style: AnswerStyle = "value",
    advance: Callable[[int], None] = lambda _: None,
    *,
    failing: Failing | None = None,
) -> pl.DataFrame:
    """Return a table of schema `PREDICTIONS`, one row a pair, in the order of the pairs, each asked in one way.

    Args:
        pairs: who is asked what.
        model: whose answers are wanted.
        template: the words of the prompts.
        style: how the model is to name its answers.
        advance: called with the number of pairs answered since the last call.
        failing: counts prompts that come to no answer, whose rows have no probabilities; `None` where none may.

    Raises:
        PromptError: a persona attribute is absent from a prompt, or a prompt is too long.
        ModelError: the model gave no probability to any answer of a prompt.
        RunError: more prompts than may came to no answer.
    """
    ways = as_it_is(template, style)
    return predict_in_ways(pairs, model, ways, advance, failing=failing).predictions


def predict_in_ways(
    pairs: Iterable[tuple[Item, Respondent]],
    model: Model,
    ways: Ways,
    advance: Callable[[int], None] = lambda _: None,
    *,
    failing: Failing | None = None,
) -> Answered:
    """Return the mean of a model's answers over all ways of asking each pair, and the answers themselves.

    The model is given the prompts of all ways at once, those of the first way of every pair first.

    Args:
        pairs: who is asked what.
        model: whose answers are wanted.
        ways: how each of them is asked.
        advance: called with the number of pairs answered, in all ways, since the last call.
        failing: counts the prompts of all ways that come to no answer; a pair of which all do has a row without
            probabilities. `None` where none may.

    Raises:
        PromptError: a persona attribute is absent from a prompt, or a prompt is too long.
        ModelError: the model gave no probability to any answer of a prompt, and none may fail.
        RunError: more prompts than may came to no answer.
    """
    asked = list(pairs)
    variants = [list(ways(item, person)) for item, person in asked]
    places = _side_by_side(variants)
    prompts = [variants[pair][way].prompt for pair, way in places]
    answers: list[list[np.ndarray | None]] = [[None] * len(own) for own in variants]
    left = [len(own) for own in variants]
    for index, log_probabilities in model.answer(prompts):
        pair, way = places[index]
        answers[pair][way] = log_probabilities
        points = len(prompts[index].item.scale.values)
        failed = not np.exp(log_probabilities[:points]).sum() > 0
        if failing is not None:
            failing.count(model.name, failed=failed)
        elif failed:
            raise _no_answer(prompts[index], model.name)
        left[pair] -= 1
        if not left[pair]:
            advance(1)
    return averaged(asked, variants, [_all(*each, model.name) for each in zip(variants, answers, strict=True)])


def _side_by_side(variants: Sequence[Sequence[Variant]]) -> list[tuple[int, int]]:
    """Return pair and way of every prompt, all pairs of a way after one another, for they share most of their words."""
    most = max(map(len, variants), default=0)
    return [(pair, way) for way in range(most) for pair, own in enumerate(variants) if way < len(own)]


def _all(variants: Sequence[Variant], answers: Sequence[np.ndarray | None], model: str) -> list[np.ndarray]:
    """Return a pair's answers, once none is missing."""
    found = [answer for answer in answers if answer is not None]
    if len(found) < len(variants):
        forgotten = next(v for v, answer in zip(variants, answers, strict=True) if answer is None)
        raise _no_answer(forgotten.prompt, model)
    return found


def _no_answer(prompt: Prompt, model: str) -> ModelError:
    item = prompt.item
    return ModelError(
        f"the model '{model}' gave no probability to any point of the scale: study '{item.study}', condition "
        f"'{item.condition}', question '{item.question}', respondent '{prompt.respondent.id}'."
    )
