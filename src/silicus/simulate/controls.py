"""Questions whose answers are known beforehand: what a model is asked before it is believed.

A sentence about the page is added, and ought to change nothing; the labels of the answers change places, and what is
meant ought to stay; the words of an arm are shuffled, and what rests on their meaning ought to go; a question is asked
that no arm can move. Where a model does otherwise, its effects are not those of what the arms say. Nothing is asked
here: the items are, as any others. The same for who is asked is `swapped`, for the words around a question `worded`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from pydantic import Field

from silicus.errors import InputError, did_you_mean
from silicus.record import Record, read
from silicus.simulate.variants import Order, Place, orders_of
from silicus.study import Item, Question, Study

__all__ = ["placebos", "relabelled", "scrambled", "scrambled_name", "unrelated"]

_FILE = Path(__file__).with_suffix(".yaml")

_SENTENCE = re.compile(r"(?:[^.!?\n]|[.!?](?=\S))+")
"""The words of a sentence; the point of 3.5 is within one."""

_FEWEST_WORDS = 4
"""Shorter sentences say much the same in most orders of their words."""


class _Controls(Record):
    """What ought to move nobody."""

    placebos: tuple[str, ...] = Field(min_length=1)
    unrelated: tuple[Question, ...] = Field(min_length=1)


@cache
def _controls() -> _Controls:
    return read(_FILE, _Controls)


def placebos(study: Study, control: str, count: int = 5) -> list[Item]:
    """Return the questions of a study after what its control shows and one more sentence, about the page.

    The conditions are "placebo 1", "placebo 2" and so on. An arm without effect is larger than all of them with a
    chance of 1 in `count` + 1.

    Args:
        study: without profiles.
        control: the condition that arms are compared with.
        count: how many placebos.

    Raises:
        InputError: there is no such condition, there are not so many placebos, or the study shows profiles.
    """
    sentences = _controls().placebos
    if not 1 <= count <= len(sentences):
        raise InputError(f"found {count} placebo arms to be asked, expected 1 to {len(sentences)}.")
    own = _shown_in(study, control)
    name = _apart("placebo", (condition.id for condition in study.conditions))
    return [
        replace(item, condition=f"{name} {number}", context=f"{item.context}\n\n{sentence}".strip())
        for number, sentence in enumerate(sentences[:count], start=1)
        for item in own
    ]


def unrelated(study: Study) -> list[Item]:
    """Return questions that nothing can move, asked after the words of every arm, on scales with an order.

    Their ids begin with "unrelated", and with something longer where one of the study's own does.

    Raises:
        InputError: the study shows profiles.
    """
    shown = {item.condition: item for item in study.items()}
    name = _apart("unrelated", (question.id for question in (*study.questions, *study.asked)))
    return [
        replace(item, question=f"{name} {question.id}", text=question.text, scale=question.scale)
        for item in shown.values()
        for question in _controls().unrelated
    ]


def scrambled(study: Study, control: str, rng: np.random.Generator) -> list[Item]:
    """Return a study's items with the words of every arm in random order within sentences.

    The conditions have the ids of `scrambled_name`. Arms without a sentence of four words are left out; the control
    never is, so that scrambled arms are compared with the scrambled control.

    Args:
        study: without profiles.
        control: the condition that arms are compared with.
        rng: draws the orders, one an arm, whatever is asked.

    Raises:
        InputError: there is no such condition, or the study shows profiles.
    """
    _shown_in(study, control)
    # Scrambled once an arm: its questions follow the same words.
    found = {condition.id: _scrambled(condition.text.strip(), rng) for condition in study.conditions}
    return [
        replace(item, condition=scrambled_name(study, item.condition), context=found[item.condition])
        for item in study.items()
        if item.condition == control or any(map(_long, _SENTENCE.findall(item.context)))
    ]


def scrambled_name(study: Study, condition: str) -> str:
    """Return the id that a condition has where its words are scrambled: none of the study's own."""
    return f"{_apart('scrambled', (each.id for each in study.conditions))} {condition}"


def relabelled(items: Iterable[Item], rng: np.random.Generator) -> tuple[list[Item], dict[Place, dict[Order, Item]]]:
    """Return the items whose answers can change places, and each of them in one other order, in which none may stay.

    Asked with `Asking(templates, style, orders)`, predictions come under the items' own keys and in terms of what is
    meant, so that they and those of the items as they are can be compared row by row. A scale with an order is turned
    round; of one without, every answer that may move does. Why an item is not among those returned: `unmoved`.

    Args:
        items: all that is asked.
        rng: draws the orders.
    """
    every = list(items)
    orders = {place: dict(list(known.items())[1:]) for place, known in orders_of(every, 2, rng).items()}
    moved = {place: known for place, known in orders.items() if known}
    return [item for item in every if (item.study, item.condition, item.question, item.item) in moved], moved


def _shown_in(study: Study, condition: str) -> list[Item]:
    known = [each.id for each in study.conditions]
    if condition not in known:
        raise InputError(f"the study '{study.id}' has no condition '{condition}'.{did_you_mean(condition, known)}")
    return [item for item in study.items() if item.condition == condition]


def _apart(word: str, taken: Iterable[str]) -> str:
    """Return a word with which none of the ids begins, which is the word given where none does."""
    ids = list(taken)
    while any(each.startswith(word) for each in ids):
        word += "'"
    return word


def _long(sentence: str) -> bool:
    return len(sentence.split()) >= _FEWEST_WORDS


def _scrambled(text: str, rng: np.random.Generator) -> str:
    def shuffled(found: re.Match[str]) -> str:
        words: Sequence[str] = found[0].split()
        lead = found[0][: len(found[0]) - len(found[0].lstrip())]
        return lead + " ".join(words[int(place)] for place in rng.permutation(len(words)))

    return _SENTENCE.sub(shuffled, text)
