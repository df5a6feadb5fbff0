"""In which ways a run's questions are asked: what the options say, made ready before a model is loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from rich.console import Console

from silicus.data import PastAnswers, answers_digest, read_dataset_folder
from silicus.errors import InputError, counted
from silicus.evaluate import OrderEffect, order_effect
from silicus.options import AnswerOptions
from silicus.prompts import AnswerStyle, Prompt, Shot, Template, answer_words, with_shots, worded
from silicus.record import read, write
from silicus.report import order_sentence
from silicus.simulate import Asking, Plan, orders_of, unmoved
from silicus.study import Item, Respondent, read_items, read_table
from silicus.workflow.progress import waiting
from silicus.workflow.run import About

__all__ = ["HowAsked", "asking_of", "order_effect_of", "write_order_effect"]

_ORDERS = "orders.json"


@dataclass(frozen=True)
class HowAsked:
    """How every question of a run is asked.

    Attributes:
        ways: the ways of asking a pair.
        notes: what is to be known of them, in sentences.
        inputs: what else went in -> its hash.
        sources: what else is to be cited.
        licences: the terms of what else went in.
    """

    ways: Asking
    notes: list[str] = field(default_factory=list[str])
    inputs: dict[str, str] = field(default_factory=dict[str, str])
    sources: list[str] = field(default_factory=list[str])
    licences: list[str] = field(default_factory=list[str])

    def cited(self, about: About) -> About:
        """Return what a run is about, with what is to be cited, and under which terms, of all that went in."""
        return about.model_copy(
            update={"sources": [*about.sources, *self.sources], "licences": [*about.licences, *self.licences]}
        )


def asking_of(plan: Plan, template: Template, options: AnswerOptions) -> HowAsked:
    """Return how the questions of a plan are asked.

    Args:
        plan: who is asked what.
        template: the words of the prompts.
        options: how answers are asked for, as `settled` returns them.

    Raises:
        InputError: an option does not fit the model, the template or the data it names.
    """
    style = options.answers or "value"
    # One chance for each, so that one option moves nothing of another.
    orders, people = np.random.default_rng(options.seed).spawn(2)
    ways = Asking(worded(template, options.wordings), style)
    notes: list[str] = []
    if options.orders > 1:
        if options.model == "pooled":
            raise InputError("found --orders with the model 'pooled', which reads no options. Leave it out.")
        ways = replace(ways, orders=orders_of(plan.items, options.orders, orders))
        notes += [_several(options.orders, "order"), *unmoved(plan.items)]
    if options.wordings > 1:
        notes.append(_several(options.wordings, "wording"))
    if options.examples is None:
        return HowAsked(ways, notes)
    data = read_dataset_folder(options.examples)
    with waiting(f"looking for similar questions in {options.examples}"):
        known = PastAnswers(data, plan.items, people, lambda item: _can_be_shown(item, style))
        notes += _example_notes(plan, known, options)
    ways = replace(ways, before=_before(known, options))
    source = [data.source.line], [data.source.licence]
    return HowAsked(ways, notes, {"examples": answers_digest(data)}, *source)


def _several(count: int, what: str) -> str:
    return f"predictions are means over up to {counted(count, what, f'{what}s')} of each question"


def _can_be_shown(item: Item, style: AnswerStyle) -> bool:
    """Return whether the answers to an item have names in a style."""
    try:
        answer_words(item, style)
    except InputError:
        return False
    return True


def _before(known: PastAnswers, options: AnswerOptions) -> Callable[[Prompt, Item], Prompt]:
    """Return what puts answered questions before a prompt, the most similar nearest to the question."""
    style: AnswerStyle = options.answers or "value"

    def before(prompt: Prompt, item: Item) -> Prompt:
        person = prompt.respondent
        others = known.of_others(item, person, options.shots) if options.shots else []
        own = known.own(item, person, options.own_answers) if options.own_answers else []
        shots = [Shot(each.item, each.answer, each.person) for each in reversed(others)]
        shots += [Shot(each.item, each.answer) for each in reversed(own)]
        return with_shots(prompt, shots, style)

    return before


def _example_notes(plan: Plan, known: PastAnswers, options: AnswerOptions) -> Iterator[str]:
    """Yield what stands before the questions, and how often there is less of it than was asked for.

    Raises:
        InputError: there is nothing to stand before any question.
    """
    if options.shots:
        # Which questions are similar does not depend on who is asked.
        nobody = Respondent("", {})
        found = [len(known.of_others(item, nobody, options.shots)) for item in plan.items]
        what = "answered questions of other people"
        yield _found(found, options.shots, what, ("question has", "questions have"), options)
    if options.own_answers:
        pairs = plan.between(0, len(plan))
        found = [len(known.own(item, person, options.own_answers)) for item, person in pairs]
        yield _found(
            found, options.own_answers, "answers of the respondent's own", ("prompt has", "prompts have"), options
        )


def _found(found: list[int], count: int, what: str, nouns: tuple[str, str], options: AnswerOptions) -> str:
    """Return what stands before questions, in a sentence.

    Args:
        found: how much stands before each.
        count: how much should.
        what: its name.
        nouns: what `found` counts, one and several.
        options: for the place where it was looked for.
    """
    if not any(found):
        raise InputError(
            f"{options.examples}: the training part has no {what} that could stand before any of the questions asked. "
            "Such answers are to other questions, and own answers of people with the same ids."
        )
    short = {"fewer": sum(0 < number < count for number in found), "none": found.count(0)}
    told = [f"; {number:,} of {counted(len(found), *nouns)} {how}" for how, number in short.items() if number]
    return f"up to {count} {what} stand before each question (from {options.examples}){''.join(told)}"


def write_order_effect(folder: Path, seed: int, *, aloud: bool = True) -> None:
    """Write, and say, how much the answers of a finished run depend on the order of options, where that is known.

    Args:
        folder: of the run.
        seed: where resamples come from.
        aloud: whether it is said.
    """
    if (folder / _ORDERS).is_file() or not (folder / "variants.parquet").is_file():
        return
    found = order_effect(
        read_table(folder / "variants.parquet", "variants"),
        read_table(folder / "predictions.parquet", "predictions"),
        read_items(folder / "items.parquet"),
        np.random.default_rng(seed),
    )
    if found is not None:
        write(folder / _ORDERS, found)
    if found is not None and aloud:
        Console(stderr=True).print(order_sentence(found), soft_wrap=True, highlight=False, markup=False)


def order_effect_of(folder: Path) -> OrderEffect | None:
    """Return how much the answers of a run depend on the order of options; `None` where it was asked in one."""
    path = folder / _ORDERS
    return read(path, OrderEffect) if path.is_file() else None
