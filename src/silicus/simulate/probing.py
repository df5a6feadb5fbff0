"""The same people asked otherwise: without the stimulus, as somebody else, told what to answer, or about the study.

A model may come near to people for reasons that are none: it knows what such scales get, ignores the person, or has
read the study. Each function here changes one thing of what is asked; `reask` puts the predictions under the keys of
the pairs as they were, so that both can be compared row by row. A stimulus removed and an instruction in its way are
after Liu & Ding (2026, doi:10.1360/nso/20250053), the persona of another after Ahn, Mao & Lee (2026,
doi:10.48550/arXiv.2608.29455). The words are our own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from string import ascii_uppercase

import numpy as np
import numpy.typing as npt
import polars as pl

from silicus.errors import InputError
from silicus.models import Model
from silicus.prompts import AnswerStyle, Prompt, Template, answer_words
from silicus.simulate.predict import predict
from silicus.study import KEY, PREDICTIONS, Item, Respondent, Scale

__all__ = ["Pair", "reask", "recall_prompts", "swapped", "told", "without_stimulus"]

Pair = tuple[Item, Respondent]
"""What is asked, and whom."""

_HIDDEN = "(The question is not shown.)"
_TOLD = "\n\nWhatever the question and whoever the person: the answer to give here is {word}."
_RECALL = (
    "The following text was shown to people in a published study.\n\n{text}\n\n"
    "Which is the {what} of that study?\n{options}\n\nAnswer with one letter only."
)
_SHOWN = 600
"""How many characters of a study's text are shown where its facts are asked for."""


def without_stimulus(item: Item) -> Item:
    """Return the item with nothing left of condition and question; the scale stays, as the way of answering.

    A verbatim stimulus, which says itself how to answer, becomes one for which the template says it.

    Examples:
        >>> scale = Scale(kind="ordinal", low=1, high=4)
        >>> without_stimulus(Item("tea", "praise", "like", "Tea is good.", "Do you like tea?", scale)).text
        '(The question is not shown.)'
    """
    return replace(item, context="", text=_HIDDEN, verbatim=False)


def told(item: Item, answer: int, style: AnswerStyle) -> Item:
    """Return the item whose text ends in the instruction to give one named answer, whatever was asked.

    Args:
        item: the item as it is asked.
        answer: index of the answer to give, among `item.scale.answers`.
        style: how the model is to name it.

    Raises:
        InputError: the scale has no such answer, or cannot be answered in this style.
    """
    words = answer_words(item, style)
    if not 0 <= answer < len(words):
        raise InputError(
            f"study '{item.study}', question '{item.question}': found the index {answer} of the answer to be told, "
            f"expected 0 to {len(words) - 1}, a place among {item.scale}."
        )
    return replace(item, text=item.text + _TOLD.format(word=words[answer]))


def swapped(pairs: Sequence[Pair], rng: np.random.Generator) -> tuple[list[Pair], npt.NDArray[np.int64]]:
    """Return the pairs in which everybody has the attributes of somebody else, and which of the pairs they are.

    Whose attributes is drawn for each respondent of a study, once for all its pairs, among the study's respondents
    whose attributes differ. Id and weight stay.

    Args:
        pairs: who is asked what; a respondent is known by study and id.
        rng: where the draws come from.

    Returns:
        The changed pairs, and their indices in `pairs`, ascending. Pairs of a respondent from whom nobody in the study
        differs are left out.
    """
    people: dict[str, dict[str, Respondent]] = {}
    for item, person in pairs:
        people.setdefault(item.study, {}).setdefault(person.id, person)
    partners = {study: _partners(list(known.values()), rng) for study, known in people.items()}
    found = [partners[item.study].get(person.id) for item, person in pairs]
    kept = [place for place, partner in enumerate(found) if partner is not None]
    changed = [
        (item, replace(person, attributes=partner.attributes))
        for (item, person), partner in zip(pairs, found, strict=True)
        if partner is not None
    ]
    return changed, np.array(kept, dtype=np.int64)


def _partners(people: Sequence[Respondent], rng: np.random.Generator) -> dict[str, Respondent]:
    """Return id -> another person of other attributes, drawn; ids from whom nobody differs are absent."""
    alike: dict[tuple[tuple[str, str | int], ...], list[Respondent]] = {}
    for person in people:
        alike.setdefault(tuple(sorted(person.attributes.items())), []).append(person)
    side_by_side = [person for group in alike.values() for person in group]
    partners: dict[str, Respondent] = {}
    start = 0
    for group in alike.values():
        others = len(people) - len(group)
        for person in group if others else ():
            place = int(rng.integers(others))
            # Those alike stand together: whoever is drawn from behind them stands so much further on.
            partners[person.id] = side_by_side[place if place < start else place + len(group)]
        start += len(group)
    return partners


def reask(
    pairs: Sequence[Pair],
    changed: Sequence[Pair],
    model: Model,
    template: Template,
    style: AnswerStyle = "value",
    advance: Callable[[int], None] = lambda _: None,
) -> pl.DataFrame:
    """Return what the model answers to the changed pairs, under the keys of the pairs as they were.

    Args:
        pairs: who was asked what.
        changed: the same asked otherwise, pair for pair, on the same scales.
        model: whose answers are wanted.
        template: the words of the prompts.
        style: how the model is to name its answers.
        advance: called with the number of prompts answered since the last call.

    Returns:
        A table of schema `PREDICTIONS`, in the order of the pairs.

    Raises:
        InputError: the two are not of one length, or an item of `pairs` cannot be asked in this style itself.
        PromptError: a persona attribute is absent from a prompt, or a prompt is too long.
        ModelError: the model gave no probability to any answer of a prompt.
    """
    if len(pairs) != len(changed):
        raise InputError(f"found {len(changed)} changed pairs for {len(pairs)} pairs. Give one for each, in order.")
    for item, _ in pairs:
        answer_words(item, style)
    keys = [(*(getattr(item, name) for name in KEY), person.id, person.weight) for item, person in pairs]
    names = (*KEY, "respondent", "weight")
    own = pl.DataFrame(keys, schema={name: PREDICTIONS[name] for name in names}, orient="row")
    return predict(changed, model, template, style, advance).with_columns(own.get_columns())


def recall_prompts(
    texts: Mapping[str, str], facts: Mapping[str, str], what: str, rng: np.random.Generator, choices: int = 4
) -> list[tuple[str, Prompt, int]]:
    """Return a question for every study: which of several facts is its own, the others being those of other studies.

    Only who has read more of a study than is shown here can know: facts of several studies, such as a year, are not
    asked for, since whoever names the frequent ones is right too often, nor is one that stands in the text shown.

    Args:
        texts: study -> what its people were shown; the first 600 characters are shown.
        facts: study -> the fact asked for. Others' come from all of them, with a text or without.
        what: the fact in words ("title").
        rng: draws the other studies, and the place of the truth.
        choices: number of facts to choose from, 2 to 26.

    Returns:
        Study, prompt and index of the truth among the prompt's answers, in the order of `texts`; nothing where fewer
        than `choices` studies have a fact of their own.
    """
    times = Counter(fact.strip() for fact in facts.values())
    known = {study: fact.strip() for study, fact in facts.items() if fact.strip() and times[fact.strip()] == 1}
    if len(known) < choices:
        return []
    asked = {study: text.strip()[:_SHOWN] for study, text in texts.items() if text.strip() and study in known}
    found: list[tuple[str, Prompt, int]] = []
    for study, text in asked.items():
        own = known[study]
        if re.search(rf"(?<!\w){re.escape(own)}(?!\w)", text, re.IGNORECASE):
            continue
        others = [fact for fact in known.values() if fact != own]
        options = [others[int(place)] for place in rng.choice(len(others), choices - 1, replace=False)]
        truth = int(rng.integers(choices))
        options.insert(truth, own)
        found.append((study, _recall_prompt(study, text, what, options), truth))
    return found


def _recall_prompt(study: str, text: str, what: str, options: Sequence[str]) -> Prompt:
    lines = "\n".join(f"{letter} = {option}" for letter, option in zip(ascii_uppercase, options, strict=False))
    user = _RECALL.format(text=text, what=what, options=lines)
    scale = Scale(kind="nominal", labels=dict(enumerate(options, start=1)))
    item = Item(study, "", what, "", user, scale)
    return Prompt(item, Respondent("nobody", {}), "", user, answer_words(item, "letter"))
