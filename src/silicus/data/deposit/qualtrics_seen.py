"""What a respondent sees of a Qualtrics survey, for one outcome of its randomisers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from silicus.data.deposit.qualtrics import Block, Survey
from silicus.data.deposit.qualtrics_flow import (
    BlockStep,
    Branch,
    EmbeddedData,
    End,
    Randomiser,
    Step,
    every_step,
)
from silicus.data.deposit.qualtrics_question import SurveyQuestion
from silicus.data.deposit.qualtrics_text import filled

__all__ = ["Chosen", "Shown", "fields_in", "part_of", "seen"]

_UNSEEN = ("timing", "browser", "captcha")


@dataclass(frozen=True)
class Shown:
    """A question or text that is shown.

    Attributes:
        step: the id of the step of the flow that shows it.
        block: the id of its block.
        question: its id.
        text: its words, with the embedded data that are known in their places.
        choices: the words of its choices, likewise.
        when: what else has to be so, in words; none where everybody sees it.
    """

    step: str
    block: str
    question: str
    text: str
    choices: tuple[str, ...]
    when: tuple[str, ...]


@dataclass(frozen=True)
class Chosen:
    """One outcome of the randomisers of a survey, as far as it is laid down.

    Attributes:
        children: id of a randomiser -> id of the child it chose; where it shows several, the one it shows last.
        drawn: id of a block of which some questions are drawn -> the question that was.
        taken: ids of branches that are taken.
        values: embedded data, wherever the survey sets them.
    """

    children: Mapping[str, str] = field(default_factory=dict[str, str])
    drawn: Mapping[str, str] = field(default_factory=dict[str, str])
    taken: frozenset[str] = frozenset()
    values: Mapping[str, str] = field(default_factory=dict[str, str])


def seen(survey: Survey, chosen: Chosen | None = None) -> tuple[Shown, ...]:
    """Return everything that is shown for an outcome of the randomisers, in the order of the flow."""
    walk = _Walk(survey, chosen or Chosen())
    walk.steps(survey.flow, {}, ())
    return tuple(walk.shown)


def part_of(shown: int, children: int, name: str) -> str:
    """Return the words that a respondent sees only some of what a randomiser shows."""
    return f"{shown} of {children} of {name}"


def fields_in(steps: Iterable[Step]) -> set[str]:
    """Return the names of the embedded data that are set in these steps or inside them."""
    inside = every_step(tuple(steps))
    return {name for step in inside if isinstance(step, EmbeddedData) for name in step.values}


class _Walk:
    """A way through the flow; embedded data that may be one or the other on it are unknown behind it."""

    def __init__(self, survey: Survey, chosen: Chosen) -> None:
        self.survey = survey
        self.chosen = chosen
        self.shown: list[Shown] = []
        self.ended = False

    def steps(self, steps: Iterable[Step], values: dict[str, str], when: tuple[str, ...]) -> None:
        for step in steps:
            if self.ended:
                return
            if isinstance(step, BlockStep):
                self.block(step, values, when)
            elif isinstance(step, EmbeddedData):
                self.embedded(step, values)
            elif isinstance(step, Randomiser):
                self.randomiser(step, values, when)
            elif isinstance(step, Branch):
                self.branch(step, values, when)
            elif isinstance(step, End):
                self.ended = not when
            else:
                self.steps(step.children, values, when)

    def block(self, step: BlockStep, values: dict[str, str], when: tuple[str, ...]) -> None:
        block = self.survey.blocks.get(step.block)
        among = set(block.drawn if block else ())
        for id_ in block.questions if block else ():
            question = self.survey.questions.get(id_)
            if block and question and question.kind not in _UNSEEN:
                inner = self._drawn(block, id_, when) if id_ in among else when
                if inner is not None:
                    self.question(step, question, values, inner)

    def _drawn(self, block: Block, id_: str, when: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return when a question that may be drawn is shown, `None` where another one was drawn in its stead."""
        drawn = self.chosen.drawn.get(block.id)
        if drawn == id_:
            return when
        if drawn is None:
            return (*when, part_of(block.shown, len(block.drawn), block.name))
        return (*when, part_of(block.shown - 1, len(block.drawn) - 1, block.name)) if block.shown > 1 else None

    def question(
        self, step: BlockStep, question: SurveyQuestion, values: dict[str, str], when: tuple[str, ...]
    ) -> None:
        holds = question.shown_if.holds(values) if question.shown_if else True
        if question.shown_if and holds is None:
            when = (*when, question.shown_if.words)
        if holds is not False:
            choices = tuple(filled(choice.text, values) for choice in question.choices)
            self.shown.append(Shown(step.id, step.block, question.id, filled(question.text, values), choices, when))

    def embedded(self, step: EmbeddedData, values: dict[str, str]) -> None:
        for name, value in step.values.items():
            if name in self.chosen.values:
                values[name] = self.chosen.values[name]
            elif value is not None:
                values[name] = filled(value, values)

    def branch(self, step: Branch, values: dict[str, str], when: tuple[str, ...]) -> None:
        if step.id in self.chosen.taken:
            values.update(step.logic.implied())
            self.steps(step.children, values, when)
            return
        holds = step.logic.holds(values)
        if holds:
            self.steps(step.children, values, when)
        elif holds is None:
            self.steps(step.children, dict(values), (*when, step.logic.words))
            for name in fields_in(step.children):
                values.pop(name, None)

    def randomiser(self, step: Randomiser, values: dict[str, str], when: tuple[str, ...]) -> None:
        pick = next((child for child in step.children if child.id == self.chosen.children.get(step.id)), None)
        others = () if pick and step.shown == 1 else tuple(child for child in step.children if child is not pick)
        free = step.shown - (pick is not None)
        unsure = free < len(others)
        after: dict[str, list[str | None]] = {}
        for child in others:
            fork = dict(values)
            note = (part_of(free, len(others), step.id),) if unsure else ()
            self.steps([child], fork, (*when, *note))
            for name in fields_in([child]):
                after.setdefault(name, []).append(fork.get(name))
        for name, found in after.items():
            alone = len(set(found)) == 1 and not unsure and len(found) in (1, len(others))
            _note(values, name, found[0] if alone else None)
        if pick:
            self.steps([pick], values, when)


def _note(values: dict[str, str], name: str, value: str | None) -> None:
    if value is None:
        values.pop(name, None)
    else:
        values[name] = value
