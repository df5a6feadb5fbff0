"""From pairs of items and respondents to rows of the predictions table."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import polars as pl

from silicus.errors import ModelError
from silicus.models import Model
from silicus.prompts import AnswerStyle, Prompt, Template, render
from silicus.study import PREDICTIONS, Item, Respondent

__all__ = ["predict"]


def predict(
    pairs: Iterable[tuple[Item, Respondent]],
    model: Model,
    template: Template,
    style: AnswerStyle = "value",
    advance: Callable[[int], None] = lambda _: None,
) -> pl.DataFrame:
    """Return a table of schema `PREDICTIONS`, one row a pair, in the order of the pairs.

    Args:
        pairs: who is asked what.
        model: whose answers are wanted.
        template: the words of the prompts.
        style: how the model is to name its answers.
        advance: called with the number of prompts answered since the last call.

    Raises:
        PromptError: a persona attribute is absent from a prompt, or a prompt is too long.
        ModelError: the model gave no probability to any answer of a prompt.
    """
    prompts = [render(template, item, respondent, style) for item, respondent in pairs]
    answers: list[np.ndarray | None] = [None] * len(prompts)
    for index, log_probabilities in model.answer(prompts):
        answers[index] = log_probabilities
        advance(1)
    rows = [_row(prompt, answer, model.name) for prompt, answer in zip(prompts, answers, strict=True)]
    return pl.DataFrame(rows, schema=PREDICTIONS, orient="row")


def _row(prompt: Prompt, log_probabilities: np.ndarray | None, model: str) -> tuple[object, ...]:
    item, person = prompt.item, prompt.respondent
    mass = np.zeros(0) if log_probabilities is None else np.exp(log_probabilities)
    points = len(item.scale.values)
    on_scale = mass[:points].sum()
    if not on_scale > 0:
        raise ModelError(
            f"the model '{model}' gave no probability to any point of the scale: study '{item.study}', condition "
            f"'{item.condition}', question '{item.question}', respondent '{person.id}'."
        )
    probabilities = (mass[:points] / on_scale).astype(np.float32).tolist()
    covered = mass.sum()
    refusal = float(mass[points:].sum() / covered)
    return (
        item.study, item.condition, item.question, item.item, person.id, person.weight,
        probabilities, refusal, float(covered),
    )  # fmt: skip
