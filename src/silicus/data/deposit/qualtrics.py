"""A survey as Qualtrics exports it (.qsf): its questions, its blocks and the flow between them.

What a survey file does not hold: the pictures it shows (their descriptions alone), and what a web service answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from silicus.data.deposit.qualtrics_flow import BlockStep, Step, every_step, read_flow
from silicus.data.deposit.qualtrics_place import Place, read_place
from silicus.data.deposit.qualtrics_question import SurveyQuestion, read_question
from silicus.data.deposit.qualtrics_text import plain
from silicus.errors import InputError

__all__ = ["Block", "Survey", "read_survey"]

# Placeholders in the order of a block whose questions are shuffled.
_DRAWN = "{~Randomized~}"
_SOME = "{~SubSet~}"


@dataclass(frozen=True)
class Block:
    """A block of questions.

    Attributes:
        id: such as BL_1a2b.
        name: as the researcher calls it.
        questions: ids, in order, without those that are never displayed.
        shuffled: ids of the questions that are shown in random order; all of them are shown.
        drawn: ids of the questions of which each respondent sees `shown` ones.
        shown: how many of `drawn` are shown.
        looped: whether it is shown several times (loop and merge).
    """

    id: str
    name: str
    questions: tuple[str, ...]
    shuffled: tuple[str, ...] = ()
    drawn: tuple[str, ...] = ()
    shown: int = 0
    looped: bool = False


@dataclass(frozen=True)
class Survey:
    """A survey.

    Attributes:
        name: as the researcher calls it.
        questions: id -> question; export tags are no keys, for several questions may share one.
        blocks: id -> block, the trash left out.
        flow: what is shown in which order.
        languages: codes, the survey's own first.
    """

    name: str
    questions: dict[str, SurveyQuestion]
    blocks: dict[str, Block]
    flow: tuple[Step, ...]
    languages: tuple[str, ...]

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The ids of the questions that the flow reaches, in order; others are leftovers that nobody saw."""
        reached = [step.block for step in every_step(self.flow) if isinstance(step, BlockStep)]
        ids = [id_ for block in reached if block in self.blocks for id_ in self.blocks[block].questions]
        return tuple(dict.fromkeys(id_ for id_ in ids if id_ in self.questions))

    def tagged(self, tag: str) -> tuple[SurveyQuestion, ...]:
        """Return the questions of an export tag: those that the flow reaches, else the leftovers."""
        found = [question for question in self.questions.values() if question.tag.strip() == tag.strip()]
        reached = set(self.asked)
        return tuple(question for question in found if question.id in reached) or tuple(found)


def read_survey(path: Path) -> Survey:
    """Return the survey of a .qsf file.

    Raises:
        InputError: it is no .qsf file, or a part of it is not what it should be; the message says where.
    """
    place = read_place(path)
    if not isinstance(place.value, dict) or not isinstance(place.get("SurveyElements").value, list):
        raise InputError(
            f"{path}: found JSON without a list of 'SurveyElements', expected a survey (.qsf) as Qualtrics exports it."
        )
    elements: dict[str, list[Place]] = {}
    for element in place.get("SurveyElements").items():
        elements.setdefault(element.get("Element").text(), []).append(element.get("Payload"))
    if not elements.get("FL") or not elements.get("BL"):
        raise InputError(f"{path}: the survey has no flow or no blocks ('FL' and 'BL' among its SurveyElements).")
    entry = place.get("SurveyEntry")
    return Survey(
        name=plain(entry.get("SurveyName").text()),
        questions=_questions(elements.get("SQ", []), path),
        blocks=_blocks(elements["BL"][0]),
        flow=read_flow(elements["FL"][0]),
        languages=_languages(entry, elements),
    )


def _questions(payloads: list[Place], path: Path) -> dict[str, SurveyQuestion]:
    questions: dict[str, SurveyQuestion] = {}
    for payload in payloads:
        question = read_question(payload)
        if question.id in questions:
            raise InputError(f"{path}: two questions have the id '{question.id}'. Export the survey again.")
        questions[question.id] = question
    return questions


def _blocks(place: Place) -> dict[str, Block]:
    blocks: dict[str, Block] = {}
    for number, entry in enumerate(place.items()):
        id_ = entry.get("ID").text()
        if not id_ and entry.get("Type").text() != "Trash":
            raise entry.get("ID").unexpected("the id of a block, such as BL_1a2b")
        if entry.get("Type").text() != "Trash":
            blocks[id_] = _block(entry.at(f"block {number}: {id_}"), id_)
    return blocks


def _block(place: Place, id_: str) -> Block:
    elements = place.get("BlockElements").items()
    ids = tuple(each.get("QuestionID").text() for each in elements if each.get("Type").text() == "Question")
    options = place.get("Options")
    way = options.get("RandomizeQuestions")
    advanced = options.get("Randomization").get("Advanced")
    shown = advanced.get("TotalRandSubset").whole() or options.get("Randomization").get("TotalRandSubset").whole() or 0
    shuffled, drawn = (), ()
    if way.text() == "Advanced":
        ids = _advanced_order(ids, advanced)
        shuffled, drawn = _ids(advanced.get("RandomizeAll")), _ids(advanced.get("RandomSubSet"))
    elif way.text().lower() not in ("", "false", "none"):
        shuffled, drawn = ((), ids) if 0 < shown < len(ids) else (ids, ())
    return Block(
        id=id_,
        name=plain(place.get("Description").text()),
        questions=ids,
        shuffled=shuffled,
        drawn=drawn,
        shown=min(shown, len(drawn)),
        looped=options.get("Looping").text().lower() not in ("", "none", "false"),
    )


def _advanced_order(ids: tuple[str, ...], advanced: Place) -> tuple[str, ...]:
    """Return the questions in the order of the block's settings, a drawn one in the place of its placeholder."""
    drawn = {_DRAWN: iter(_ids(advanced.get("RandomizeAll"))), _SOME: iter(_ids(advanced.get("RandomSubSet")))}
    inside = set(ids) - set(_ids(advanced.get("Undisplayed")))
    fixed = [next(drawn[slot], "") if slot in drawn else slot for slot in _ids(advanced.get("FixedOrder"))]
    ordered = dict.fromkeys(id_ for id_ in (*fixed, *drawn[_SOME], *ids) if id_ in inside)
    return tuple(ordered)


def _ids(place: Place) -> tuple[str, ...]:
    return tuple(entry.text() for entry in place.items())


def _languages(entry: Place, elements: dict[str, list[Place]]) -> tuple[str, ...]:
    own = entry.get("SurveyLanguage").text()
    offered = [code for payload in elements.get("SO", []) for code in payload.get("AvailableLanguages").mapping()]
    return tuple(dict.fromkeys(filter(None, (own, *offered))))
