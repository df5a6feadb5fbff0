"""What a Qualtrics survey randomises by itself, what each arm sees, and the columns of the export that tell it.

    kind              the survey ...                                                   what tells it
    one               shows one of several children of a randomiser                    embedded data, display order
    some              shows a few of several                                           display order
    last              shows all, each sets the same embedded data: the last one stays  embedded data
    order             shows all, in random order                                       display order
    drawn questions   shows some questions of a block                                  display order of the block
    question order    shows the questions of a block in random order                   display order of the block
    random number     sets embedded data to a random number                            embedded data

A web service, a link or a panel may assign as well; their embedded data have no value in the survey.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

from silicus.data.deposit.qualtrics import Block, Survey
from silicus.data.deposit.qualtrics_flow import (
    BlockStep,
    Branch,
    EmbeddedData,
    Group,
    Randomiser,
    Step,
    children_of,
    every_step,
)
from silicus.data.deposit.qualtrics_seen import Chosen, Shown, part_of, seen
from silicus.data.deposit.qualtrics_text import MOST_FILLED
from silicus.errors import InputError, counted

__all__ = ["Arm", "Assignment", "AssignmentKind", "assignments", "display_name"]

AssignmentKind = Literal["one", "some", "last", "order", "drawn questions", "question order", "random number"]

_RANDOM = re.compile(r"\$\{rand://int/([0-9]{1,9}):([0-9]{1,9})\}")
_MAX_NUMBERS = 100
_MAX_WORK = 1_000_000


@dataclass(frozen=True)
class Arm:
    """One thing that a survey may assign.

    Attributes:
        id: the id of the child or question, or the number drawn.
        name: as the researcher calls it: its block, its group, its embedded data.
        values: embedded data that the arm sets.
        shown: what is shown in this arm and not, or not so, in every other one.
        column: the display-order column of the arm; "" where there is none.
    """

    id: str
    name: str
    values: dict[str, str]
    shown: tuple[Shown, ...]
    column: str


@dataclass(frozen=True)
class Assignment:
    """Something that a survey randomises.

    Attributes:
        kind: see the top of the file.
        id: of the randomiser, the block or the step that sets the embedded data.
        where: what it lies in, from the outside in, in words.
        shown: how many of the arms a respondent sees.
        evenly: whether Qualtrics keeps the arms equally frequent.
        arms: what is assigned.
        columns: columns of the export that tell the arm, the surest first.
        same_as: ids of other assignments with the same arms, on other ways through the survey.
    """

    kind: AssignmentKind
    id: str
    where: tuple[str, ...]
    shown: int
    evenly: bool
    arms: tuple[Arm, ...]
    columns: tuple[str, ...]
    same_as: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Way:
    """The steps on the way to a step, each with the number of the child that leads on."""

    steps: tuple[tuple[Step, int], ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(words for step, _ in self.steps if (words := _words(step)))

    def chosen(self) -> Chosen:
        forks = [(step, child) for step, child in self.steps if isinstance(step, Randomiser)]
        return Chosen(
            children={step.id: step.children[child].id for step, child in forks},
            taken=frozenset(step.id for step, _ in self.steps if isinstance(step, Branch)),
        )

    def parts(self, other: _Way) -> Step | None:
        """Return the step at which another way takes another child, `None` where that is the flow itself."""
        pairs = zip(self.steps, other.steps, strict=False)
        return next((mine for (mine, child), (theirs, their) in pairs if mine is theirs and child != their), None)


@dataclass(frozen=True)
class _Setting:
    """A step that gives embedded data a value: its place in the flow, its id and the way to it."""

    place: int
    id: str
    way: _Way

    def spares(self, place: int, way: _Way) -> bool:
        """Return whether it leaves alone what a step at this place has set."""
        parts = self.way.parts(way)
        return parts.shown == 1 if isinstance(parts, Randomiser) else self.place < place


def assignments(survey: Survey) -> list[Assignment]:
    """Return everything that a survey randomises, in the order of its flow.

    Raises:
        InputError: it has so many steps and arms that they cannot be listed.
    """
    _check_work(survey)
    found: list[Assignment] = []
    ways = list(_ways(survey.flow, _Way()))
    settings: dict[str, list[_Setting]] = {}
    for place, (step, way) in enumerate(ways):
        for name, value in step.values.items() if isinstance(step, EmbeddedData) else ():
            if value is not None:
                settings.setdefault(name, []).append(_Setting(place, step.id, way))
    for place, (step, way) in enumerate(ways):
        if isinstance(step, Randomiser) and len(step.children) > 1 and step.shown:
            inside = {each.id for each in every_step(step.children)}
            kept = {
                name
                for name, each in settings.items()
                if all(other.id in inside or other.spares(place, way) for other in each)
            }
            found.append(_of_randomiser(survey, step, way, kept))
        elif isinstance(step, EmbeddedData):
            found += _of_numbers(survey, step, way)
        elif isinstance(step, BlockStep) and step.block in survey.blocks:
            found += _of_block(survey, survey.blocks[step.block], way)
    return _with_twins(found)


def display_name(name: str) -> str:
    """Return the name of a block as it stands in the columns of display orders."""
    return "".join(name.split())


def _ways(steps: tuple[Step, ...], way: _Way) -> Iterator[tuple[Step, _Way]]:
    for step in steps:
        yield step, way
        for number, child in enumerate(children_of(step)):
            yield from _ways((child,), _Way((*way.steps, (step, number))))


def _check_work(survey: Survey) -> None:
    steps = list(every_step(survey.flow))
    shown = sum(_size(survey, step) for step in steps)
    blocks = [
        survey.blocks[step.block] for step in steps if isinstance(step, BlockStep) and step.block in survey.blocks
    ]
    arms = sum(len(step.children) for step in steps if isinstance(step, Randomiser))
    arms += sum(len(block.drawn) for block in blocks)
    arms += sum(len(numbers) for step in steps if isinstance(step, EmbeddedData) for numbers in _numbers(step).values())
    if shown * arms > _MAX_WORK:
        raise InputError(
            f"the survey '{survey.name[:60]}' has {counted(len(steps), 'step', 'steps')} and randomises {arms:,} arms, "
            "with more to show than can be listed. Describe its arms in a recipe by hand."
        )


def _size(survey: Survey, step: Step) -> int:
    """Return about how many thousand characters a step may show, at least 1 for each question or value."""
    if isinstance(step, EmbeddedData):
        return 1 + len(step.values)
    block = survey.blocks.get(step.block) if isinstance(step, BlockStep) else None
    size = 1
    for question in (survey.questions[id_] for id_ in (block.questions if block else ()) if id_ in survey.questions):
        characters = len(question.text) + sum(20 + len(choice.text) for choice in question.choices)
        size += 1 + (characters + (MOST_FILLED if question.pipes else 0)) // 1000
    return size


def _words(step: Step) -> str:
    if isinstance(step, Randomiser):
        return part_of(step.shown, len(step.children), step.id)
    if isinstance(step, Group):
        return step.name
    return step.logic.words if isinstance(step, Branch) else ""


def _of_randomiser(survey: Survey, step: Randomiser, way: _Way, kept: set[str]) -> Assignment:
    """Return what a randomiser assigns.

    Args:
        survey: the survey.
        step: the randomiser.
        way: the way to it.
        kept: the embedded data that no step outside it sets anew.
    """
    kind = _kind(step)
    base = way.chosen()
    shown: list[tuple[Shown, ...]] = []
    if kind != "order":
        note = part_of(step.shown - 1, len(step.children) - 1, step.id)
        picks = [replace(base, children={**base.children, step.id: child.id}) for child in step.children]
        shown = _told_apart([tuple(s for s in seen(survey, pick) if note not in s.when) for pick in picks])
    arms = tuple(
        Arm(
            id=child.id,
            name=_name(survey, child),
            values=_values(child),
            shown=shown[number] if shown else (),
            column=f"{step.id}_DO_{_display_id(survey, child)}",
        )
        for number, child in enumerate(step.children)
    )
    fields = [name for name in _telling(arms) if name in kept] if kind in ("one", "last") else []
    order = [] if kind == "last" else [arm.column for arm in arms]
    return Assignment(kind, step.id, way.words, step.shown, step.evenly, arms, (*fields, *order))


def _kind(step: Randomiser) -> AssignmentKind:
    if step.shown == 1:
        return "one"
    if step.shown < len(step.children):
        return "some"
    values = [_values(child) for child in step.children]
    common = set[str].intersection(*(set(each) for each in values))
    return "last" if any(len({each[name] for each in values}) == len(values) for name in common) else "order"


def _told_apart(ways: list[tuple[Shown, ...]]) -> list[tuple[Shown, ...]]:
    """Return what each arm shows that not every arm shows in the same words and in the same order."""
    named = [_once(way) for way in ways]
    common = set(named[0]).intersection(*named[1:])
    places = {name: place for place, name in enumerate(named[0])}
    for way in named[1:]:
        common = _in_order([name for name in way if name in common], places)
    return [tuple(shown for name, shown in way.items() if name not in common) for way in named]


def _once(way: tuple[Shown, ...]) -> dict[tuple[Shown, int], Shown]:
    """Return what is shown by its words, whichever step shows it; the same words a second time are another entry."""
    counts: Counter[Shown] = Counter()
    named: dict[tuple[Shown, int], Shown] = {}
    for shown in way:
        words = replace(shown, step="")
        counts[words] += 1
        named[words, counts[words]] = shown
    return named


def _in_order(names: list[tuple[Shown, int]], places: dict[tuple[Shown, int], int]) -> set[tuple[Shown, int]]:
    """Return the most names that stand in the order of their places: the rest has been moved."""
    ends: list[int] = []
    last: list[tuple[Shown, int]] = []
    before: dict[tuple[Shown, int], tuple[Shown, int] | None] = {}
    for name in names:
        length = bisect_left(ends, places[name])
        before[name] = last[length - 1] if length else None
        ends[length : length + 1], last[length : length + 1] = [places[name]], [name]
    kept: set[tuple[Shown, int]] = set()
    at = last[-1] if last else None
    while at is not None:
        kept.add(at)
        at = before[at]
    return kept


def _values(child: Step) -> dict[str, str]:
    """Return the embedded data that an arm sets for everybody in it."""
    inside: list[Step] = [child]
    values: dict[str, str] = {}
    for step in inside:
        if isinstance(step, EmbeddedData):
            values |= {name: value for name, value in step.values.items() if value is not None}
        elif isinstance(step, Group):
            inside += step.children
    return values


def _telling(arms: tuple[Arm, ...]) -> list[str]:
    """Return the embedded data that differ between any two arms."""
    names = dict.fromkeys(name for arm in arms for name in arm.values)
    return [name for name in names if len({arm.values.get(name) for arm in arms}) == len(arms)]


def _name(survey: Survey, child: Step) -> str:
    if isinstance(child, BlockStep):
        return survey.blocks[child.block].name if child.block in survey.blocks else child.block
    if isinstance(child, EmbeddedData):
        return ", ".join(f"{name} = {value}" for name, value in child.values.items() if value is not None)
    return _words(child) or child.id


def _display_id(survey: Survey, child: Step) -> str:
    block = survey.blocks.get(child.block) if isinstance(child, BlockStep) else None
    return display_name(block.name) if block else child.id


def _of_block(survey: Survey, block: Block, way: _Way) -> list[Assignment]:
    if not block.drawn and len(block.shuffled) < 2:
        return []
    ids = [id_ for id_ in block.drawn or block.shuffled if id_ in survey.questions]
    shown: list[tuple[Shown, ...]] = []
    if block.drawn:
        ways = [seen(survey, replace(way.chosen(), drawn={block.id: id_})) for id_ in ids]
        shown = [tuple(s for s in each if s.question == id_) for id_, each in zip(ids, ways, strict=True)]
    arms = tuple(
        Arm(
            id=id_,
            name=survey.questions[id_].tag,
            values={},
            shown=shown[number] if shown else (),
            column=f"{display_name(block.name)}_DO_{survey.questions[id_].tag}",
        )
        for number, id_ in enumerate(ids)
    )
    kind: AssignmentKind = "drawn questions" if block.drawn else "question order"
    count = block.shown if block.drawn else len(ids)
    return [Assignment(kind, block.id, way.words, count, False, arms, tuple(arm.column for arm in arms))]


def _numbers(step: EmbeddedData) -> dict[str, range]:
    """Return name -> the numbers of which one is drawn, for the embedded data that are random and tell arms apart."""
    drawn = {name: _RANDOM.fullmatch((value or "").strip()) for name, value in step.values.items()}
    numbers = {name: range(int(match[1]), int(match[2]) + 1) for name, match in drawn.items() if match}
    return {name: each for name, each in numbers.items() if 2 <= len(each) <= _MAX_NUMBERS}


def _of_numbers(survey: Survey, step: EmbeddedData, way: _Way) -> list[Assignment]:
    found: list[Assignment] = []
    for name, numbers in _numbers(step).items():
        base = way.chosen()
        values = [{name: str(number)} for number in numbers]
        shown = _told_apart([seen(survey, replace(base, values=each)) for each in values])
        arms = tuple(
            Arm(id=each[name], name=f"{name} = {each[name]}", values=each, shown=arm, column="")
            for each, arm in zip(values, shown, strict=True)
        )
        found.append(Assignment("random number", step.id, way.words, 1, False, arms, (name,)))
    return found


def _with_twins(found: list[Assignment]) -> list[Assignment]:
    """Return the assignments, those with the same arms pointing at one another; a block shown twice counts once."""
    once = list({(each.kind, each.id, each.columns): each for each in reversed(found)}.values())[::-1]
    arms = {id(each): frozenset((arm.name, *arm.values.items()) for arm in each.arms) for each in once}
    twins: dict[int, list[str]] = {}
    for one, other in combinations(once, 2):
        if one.kind == other.kind and arms[id(one)] == arms[id(other)]:
            twins.setdefault(id(one), []).append(other.id)
            twins.setdefault(id(other), []).append(one.id)
    return [replace(each, same_as=tuple(twins.get(id(each), ()))) for each in once]
