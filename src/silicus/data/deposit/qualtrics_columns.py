"""What the columns of a Qualtrics export are about: questions, display orders, embedded data, what Qualtrics notes.

The row of ImportIds, where the export has one, settles it: export tags are shared by several questions, and a
researcher may have renamed the columns. Without it the names are read as Qualtrics makes them:

    Q5  Q5_2  Q5_TEXT  Q5_2_TEXT  2_Q5    a question, a part of it, what was written, the second time round a loop
    Q5_DO_3  Q5_DO                        the place of choice 3, all places
    FL_12_DO_Name  BlockName_DO_Q5        the place of a child of a randomiser, of a question in its block
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from silicus.data.deposit.qualtrics import Survey
from silicus.data.deposit.qualtrics_assignments import display_name
from silicus.data.deposit.qualtrics_flow import BlockStep, EmbeddedData, Randomiser, children_of, every_step
from silicus.data.deposit.qualtrics_question import SurveyQuestion

__all__ = ["ColumnKind", "ColumnMeaning", "columns"]

ColumnKind = Literal[
    "answer", "written", "choice order", "question order", "flow order", "embedded data", "timing", "browser",
    "metadata", "unknown",
]  # fmt: skip

_METADATA = frozenset(
    (
        "startdate", "enddate", "status", "ipaddress", "progress", "duration", "durationinseconds", "finished",
        "recordeddate", "responseid", "recordid", "responseset", "recipientlastname", "recipientfirstname",
        "recipientemail", "externalreference", "externaldatareference", "locationlatitude", "locationlongitude",
        "locationaccuracy", "distributionchannel", "userlanguage",
    )
)  # fmt: skip
_NOTED = re.compile(r"Q_[A-Z][A-Za-z]*")
_TIMES = ("first click", "last click", "page submit", "click count")
_BROWSER = ("browser", "version", "operating system", "os", "resolution", "flash", "java", "user agent", "ua")
_LOOP = re.compile(r"([0-9]{1,4})_(.+)", re.DOTALL)
_PART = re.compile(r"(?:[#_]?[0-9x]{1,8}(?:_[0-9]{1,8}){0,3})?")
_ID = re.compile("QID[0-9]+")
_LONGEST = 1000
_AGAIN = re.compile(r"(.+)\.[0-9]{1,3}", re.DOTALL)


@dataclass(frozen=True)
class ColumnMeaning:
    """What a column is about.

    Attributes:
        kind: what its cells hold.
        question: the id of the question.
        part: the id of a choice or sub-question, of a step of the flow, or of the question in a block's order.
        source: the id of the randomiser or block, or the name of the embedded data.
        loop: which repetition of a looped block.
        text: what is asked, the sub-question below it.
        also: ids of other questions that the name could mean just as well.
    """

    kind: ColumnKind
    question: str | None = None
    part: str | None = None
    source: str | None = None
    loop: str | None = None
    text: str = ""
    also: tuple[str, ...] = ()


def columns(survey: Survey, header: Sequence[str], import_ids: Sequence[str] = ()) -> dict[str, ColumnMeaning]:
    """Return what each column of an export is about; of several columns of one name, the first.

    Args:
        survey: the survey that was exported.
        header: the names of the columns.
        import_ids: the cells of the row that says `{"ImportId": ...}`, where the export has it.
    """
    names = _Names(survey)
    meanings: dict[str, ColumnMeaning] = {}
    for place, column in enumerate(header):
        if column not in meanings:
            told = names.of_import_id(import_ids[place]) if place < len(import_ids) else None
            meanings[column] = told or names.of_column(column)
    return meanings


class _Names:
    """Everything of a survey that a column can be named after."""

    def __init__(self, survey: Survey) -> None:
        self.survey = survey
        steps = list(every_step(survey.flow))
        self.tags: dict[str, list[SurveyQuestion]] = {}
        self.parts: dict[str, ColumnMeaning] = {}
        reached = set(survey.asked)
        for question in sorted(survey.questions.values(), key=lambda each: each.id not in reached):
            held = self.tags.get(question.tag.strip(), [])
            leftover = bool(held) and held[0].id in reached and question.id not in reached
            if not leftover and question.kind != "descriptive text":
                self.tags.setdefault(question.tag.strip(), []).append(question)
            for choice in question.choices:
                meaning = ColumnMeaning("answer", question.id, choice.id, text=_text(question, choice.id))
                self.parts.setdefault((choice.tag or "").strip(), meaning)
        self.parts.pop("", None)
        self.fields = {name for step in steps if isinstance(step, EmbeddedData) for name in step.values}
        self.steps = {step.id: step for step in steps}
        self.blocks = {display_name(block.name): id_ for id_, block in survey.blocks.items()}
        self.longest = max(map(len, self.tags), default=0)

    def of_import_id(self, cell: str) -> ColumnMeaning | None:
        """Return what an ImportId says, `None` where it says nothing that the survey knows."""
        id_, choice = _import_id(cell)
        if not id_:
            return None
        loop = _LOOP.fullmatch(id_)
        if loop and loop[2].startswith("QID"):
            told = self.of_import_id(json.dumps({"ImportId": loop[2], "choiceId": choice}))
            return replace(told, loop=loop[1]) if told else None
        if id_.endswith("_DO"):
            return self._order(id_.removesuffix("_DO"), choice)
        match = _ID.match(id_)
        question = self.survey.questions.get(match[0]) if match else None
        return self._of_question(question, id_.removeprefix(question.id)) if question else self._noted(id_)

    def of_column(self, column: str) -> ColumnMeaning:
        """Return what a column is about by its name."""
        name = column.strip()[:_LONGEST]
        told = self._tagged(name) or self._named_order(name) or self._noted(name)
        loop, again = _LOOP.fullmatch(name), _AGAIN.fullmatch(name)
        if told is None and loop:
            told = self._tagged(loop[2])
            told = replace(told, loop=loop[1]) if told else None
        if told is None and again:
            told = self._tagged(again[1])
        return told or ColumnMeaning("unknown")

    def _tagged(self, name: str) -> ColumnMeaning | None:
        """Return the meaning of a name that begins with an export tag, the longest tag first."""
        for end in range(min(len(name), self.longest), 0, -1):
            questions = self.tags.get(name[:end].strip(), [])
            told = self._of_question(questions[0], name[end:]) if questions else None
            if told:
                return self._named_part(questions[0], replace(told, also=tuple(each.id for each in questions[1:])))
        return self.parts.get(name)

    def _of_question(self, question: SurveyQuestion, rest: str) -> ColumnMeaning | None:
        """Return the meaning of what follows a question's tag or id, `None` where it cannot follow one."""
        words = rest.strip("_ ").replace("_", " ").lower()
        if words in _TIMES or (question.kind == "browser" and words in _BROWSER):
            return ColumnMeaning("timing" if words in _TIMES else "browser", question.id, words, text=question.text)
        order = re.fullmatch(r"_DO(?:_(.+))?", rest, re.DOTALL)
        if order:
            return ColumnMeaning("choice order", question.id, order[1], text=_text(question, order[1]))
        bare = rest.removesuffix("_TEXT")
        if not _PART.fullmatch(bare) or (bare and bare[0] not in "_#"):
            return None
        part = bare.lstrip("_#") or None
        kind: ColumnKind = "written" if rest.endswith("_TEXT") or question.kind == "text entry" else "answer"
        return ColumnMeaning(kind, question.id, part, text=_text(question, part))

    def _named_part(self, question: SurveyQuestion, told: ColumnMeaning) -> ColumnMeaning:
        """Return a meaning with the id of the choice that a name means: its place in a matrix, else its code or id."""
        number = told.part or ""
        if told.kind not in ("answer", "written") or not number.isdigit():
            return told
        ids = [choice.id for choice in question.choices]
        by_place = ids[int(number) - 1 : int(number)] if question.kind == "matrix" and int(number) else []
        by_code = [choice.id for choice in question.choices if number in (choice.code, choice.id)]
        part = next(iter((*by_place, *by_code)), number)
        return replace(told, part=part, text=_text(question, part))

    def _named_order(self, name: str) -> ColumnMeaning | None:
        for cut in re.finditer("_DO(?:_|$)", name):
            told = self._order(name[: cut.start()], name[cut.end() :])
            if told:
                return told
        return None

    def _order(self, source: str, part: str) -> ColumnMeaning | None:
        """Return the meaning of the place of a part in the order that a randomiser, block or question has drawn."""
        step = self.steps.get(source)
        if isinstance(step, Randomiser):
            children = children_of(step)
            named = {display_name(self.survey.blocks[each.block].name): each.id for each in children
                     if isinstance(each, BlockStep) and each.block in self.survey.blocks}  # fmt: skip
            named |= {each.id: each.id for each in children}
            return ColumnMeaning("flow order", part=named.get(display_name(part), part) or None, source=source)
        block = self.survey.blocks.get(source) or self.survey.blocks.get(self.blocks.get(display_name(source), ""))
        if block:
            inside = [each for each in self.tags.get(part.strip(), []) if each.id in block.questions]
            return ColumnMeaning("question order", inside[0].id if inside else None, part or None, source=block.id)
        question = self.survey.questions.get(source)
        return self._of_question(question, f"_DO_{part}" if part else "_DO") if question else None

    def _noted(self, name: str) -> ColumnMeaning | None:
        if name in self.fields:
            return ColumnMeaning("embedded data", source=name)
        plain = re.sub(r"[^a-z]", "", name.lower())
        return ColumnMeaning("metadata", source=name) if plain in _METADATA or _NOTED.fullmatch(name) else None


def _import_id(cell: str) -> tuple[str, str]:
    """Return the ImportId and the choice of a cell such as `{"ImportId":"QID5_DO","choiceId":"2"}`; "" where none."""
    try:
        data: Any = json.loads(cell) if cell.lstrip().startswith("{") and len(cell) < 10_000 else None
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(data, dict):
        return "", ""
    said = cast("dict[str, Any]", data)
    return str(said.get("ImportId") or ""), str(said.get("choiceId") or "")


def _text(question: SurveyQuestion, part: str | None) -> str:
    below = next((choice.text for choice in question.choices if choice.id == part), "")
    return f"{question.text}\n{below}" if below else question.text
