"""From pairs of items and respondents to rows of the predictions table."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import polars as pl

from silicus.errors import ModelError, RunError
from silicus.models import Model
from silicus.prompts import AnswerStyle, Prompt, Template, render
from silicus.study import PREDICTIONS, Item, Respondent

__all__ = ["predict"]

_FEWEST = 25
"""Of fewer prompts a share that failed says little."""


def predict(
    pairs: Iterable[tuple[Item, Respondent]],
    model: Model,
    template: Template,
    style: AnswerStyle = "value",
    advance: Callable[[int], None] = lambda _: None,
    *,
    most_failures: float = 0.0,
) -> pl.DataFrame:
    """Return a table of schema `PREDICTIONS`, one row a pair, in the order of the pairs.

    Args:
        pairs: who is asked what.
        model: whose answers are wanted.
        template: the words of the prompts.
        style: how the model is to name its answers.
        advance: called with the number of prompts answered since the last call.
        most_failures: share of prompts that may come to no answer, as sampled texts may; their rows have no
            probabilities. Scored models always give some.

    Raises:
        PromptError: a persona attribute is absent from a prompt, or a prompt is too long.
        ModelError: the model gave no probability to any answer of a prompt.
        RunError: more prompts than may came to no answer.
    """
    prompts = [render(template, item, respondent, style) for item, respondent in pairs]
    answers: list[np.ndarray | None] = [None] * len(prompts)
    failed = 0
    for done, (index, log_probabilities) in enumerate(model.answer(prompts), start=1):
        answers[index] = log_probabilities
        points = len(prompts[index].item.scale.values)
        failed += not np.exp(log_probabilities[:points]).sum() > 0
        if failed and not most_failures:
            raise _no_answer(prompts[index], model.name)
        if failed > most_failures * max(done, _FEWEST):
            raise RunError(
                f"the model '{model.name}' gave no readable answer to {failed} of {done} prompts, more than the share "
                f"of {most_failures:g} that may fail. Ask it in another way (--template, --answers, --scoring), or "
                "raise --max-failures."
            )
        advance(1)
    rows = [_row(prompt, answer, model.name) for prompt, answer in zip(prompts, answers, strict=True)]
    return pl.DataFrame(rows, schema=PREDICTIONS, orient="row")


def _no_answer(prompt: Prompt, model: str) -> ModelError:
    item = prompt.item
    return ModelError(
        f"the model '{model}' gave no probability to any point of the scale: study '{item.study}', condition "
        f"'{item.condition}', question '{item.question}', respondent '{prompt.respondent.id}'."
    )


def _row(prompt: Prompt, log_probabilities: np.ndarray | None, model: str) -> tuple[object, ...]:
    if log_probabilities is None:
        raise _no_answer(prompt, model)
    item, person, mass = prompt.item, prompt.respondent, np.exp(log_probabilities)
    points = len(item.scale.values)
    on_scale, covered = mass[:points].sum(), mass.sum()
    return (
        item.study, item.condition, item.question, item.item, person.id, person.weight,
        (mass[:points] / on_scale).astype(np.float32).tolist() if on_scale > 0 else None,
        float(mass[points:].sum() / covered) if covered > 0 else None,
        float(covered),
    )  # fmt: skip
