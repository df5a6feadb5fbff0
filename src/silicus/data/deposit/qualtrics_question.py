"""A question of a Qualtrics survey: its words, its answers, what the export holds for each, and its scale."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pydantic import ValidationError

from silicus.data.answer_scale import labelled_scale, scale_kind
from silicus.data.deposit.qualtrics_logic import Logic, read_logic
from silicus.data.deposit.qualtrics_place import Place
from silicus.data.deposit.qualtrics_text import media_in, pipes_in, plain
from silicus.study import Scale

__all__ = ["Choice", "Order", "QuestionKind", "SurveyQuestion", "read_question"]

QuestionKind = Literal[
    "single choice", "multiple choice", "matrix", "slider", "text entry", "descriptive text", "rank order",
    "constant sum", "timing", "browser", "captcha", "other",
]  # fmt: skip
Order = Literal["fixed", "random", "random in part"]

_KINDS: dict[str, QuestionKind] = {
    "MC": "single choice", "Matrix": "matrix", "Slider": "slider", "TE": "text entry", "DB": "descriptive text",
    "RO": "rank order", "CS": "constant sum", "Timing": "timing", "Meta": "browser", "Captcha": "captcha",
}  # fmt: skip
_SEVERAL = ("MAVR", "MAHR", "MACOL", "MSB")
_MATRIX_OF_ONE = ("Likert", "Bipolar")
_ORDERS: dict[str, Order] = {"": "fixed", "None": "fixed", "All": "random"}
_BARE = re.compile(r"-?[0-9]+")


@dataclass(frozen=True)
class Choice:
    """An answer offered, or a sub-question of a matrix.

    Attributes:
        id: the number by which the survey knows it.
        text: its words.
        code: what a numeric export holds where it is chosen.
        tag: the export tag of its own, where it has one.
        written: whether words can be written beside it.
    """

    id: str
    text: str
    code: str
    tag: str | None = None
    written: bool = False


@dataclass(frozen=True)
class SurveyQuestion:
    """A question.

    Attributes:
        id: such as QID12; no two questions share it.
        tag: its name in exports; several questions may share one.
        kind: what is asked for.
        selector: type, selector and sub-selector as Qualtrics names them, such as `MC/SAVR/TX`.
        text: what is asked, without HTML.
        choices: the answers offered, of a matrix or a slider its sub-questions, in order.
        answers: the points of a matrix, in order.
        order: whether the choices are shown in random order.
        forced: whether it cannot be left out.
        scale: of the answers, for each sub-question; `None` where it cannot be told.
        pipes: places in its words and choices in which Qualtrics puts other words.
        media: pictures, sounds and films: the words that describe each, else its address.
        shown_if: when it is shown; `None` for always.
    """

    id: str
    tag: str
    kind: QuestionKind
    selector: str
    text: str
    choices: tuple[Choice, ...]
    answers: tuple[Choice, ...]
    order: Order
    forced: bool
    scale: Scale | None
    pipes: tuple[str, ...]
    media: tuple[str, ...]
    shown_if: Logic | None

    @property
    def asks(self) -> bool:
        """Whether people answer it (not a text, a timer or what the browser tells)."""
        return self.kind not in ("descriptive text", "timing", "browser", "captcha")


def read_question(place: Place) -> SurveyQuestion:
    """Return the question that the payload of an `SQ` element describes.

    Raises:
        InputError: a part of it is not what it should be; the message says where.
    """
    id_ = place.get("QuestionID").text()
    if not id_:
        raise place.get("QuestionID").unexpected("the id of a question, such as QID1")
    place = place.at(id_)
    kind = _kind(place)
    matrix = kind == "matrix"
    choices = _choices(place, "Choice", recoded=not matrix)
    answers = _choices(place, "Answer", recoded=matrix) if matrix else ()
    text = place.get("QuestionText").text()
    words = plain(text)
    return SurveyQuestion(
        id=id_,
        tag=place.get("DataExportTag").text() or id_,
        kind=kind,
        selector="/".join(filter(None, (place.get(key).text() for key in ("QuestionType", "Selector", "SubSelector")))),
        text=words,
        choices=choices,
        answers=answers,
        order=_ORDERS.get(place.get("Randomization").get("Type").text(), "random in part"),
        forced=place.get("Validation").get("Settings").get("ForceResponse").text() == "ON",
        scale=_scale(place, kind, choices, answers),
        pipes=pipes_in((words, *(choice.text for choice in (*choices, *answers)))),
        media=_media(place, text),
        shown_if=read_logic(place.get("DisplayLogic")) if place.get("DisplayLogic").mapping() else None,
    )


def _kind(place: Place) -> QuestionKind:
    kind = _KINDS.get(place.get("QuestionType").text(), "other")
    several = kind == "single choice" and place.get("Selector").text() in _SEVERAL
    return "multiple choice" if several else kind


def _choices(place: Place, noun: Literal["Choice", "Answer"], *, recoded: bool) -> tuple[Choice, ...]:
    """Return the choices or answers in the order in which they are written down."""
    given = place.get(f"{noun}s").mapping()
    order = [entry.text() for entry in place.get(f"{noun}Order").items()]
    codes = place.get("RecodeValues").mapping() if recoded else {}
    tags = place.get("ChoiceDataExportTags").mapping() if noun == "Choice" else {}
    ids = [id_ for id_ in dict.fromkeys(order) if id_ in given] or list(given)
    return tuple(
        Choice(
            id=id_,
            text=plain(given[id_].get("Display").text()),
            code=(codes[id_].text() if id_ in codes else "") or id_,
            tag=(tags[id_].text() if id_ in tags else "") or None,
            written=given[id_].get("TextEntry").flag(),
        )
        for id_ in ids
    )


def _media(place: Place, text: str) -> tuple[str, ...]:
    graphic = place.get("GraphicsDescription").text() or place.get("Graphics").text()
    texts = [text, *(entry.get("Display").text() for entry in place.get("Choices").items())]
    shown = [graphic, *(each for words in texts for each in media_in(words))]
    return tuple(dict.fromkeys(filter(None, shown)))


def _scale(place: Place, kind: QuestionKind, choices: tuple[Choice, ...], answers: tuple[Choice, ...]) -> Scale | None:
    """Return the scale of a question, `None` where its points cannot be told."""
    try:
        if kind == "single choice":
            return _of_choices(choices)
        if kind == "matrix" and place.get("Selector").text() in _MATRIX_OF_ONE:
            return None if place.get("SubSelector").text() == "MultipleAnswer" else _of_choices(answers)
        return _of_slider(place.get("Configuration")) if kind == "slider" else None
    except ValidationError:
        return None


def _of_choices(choices: tuple[Choice, ...]) -> Scale | None:
    """Return the scale of labelled codes; a label that repeats its code, as "4" for 4, says nothing."""
    codes = [choice.code for choice in choices]
    short = all(_BARE.fullmatch(code) and len(code) < 10 for code in codes)
    if not short or len({int(code) for code in codes}) < max(2, len(codes)):
        return None
    labels = {int(choice.code): choice.text for choice in choices}
    if any("${" in text for text in labels.values()):
        return None
    said = {code: text for code, text in labels.items() if text not in ("", str(code))}
    if len(said) == len(labels):
        return labelled_scale(labels)
    low, high = min(labels), max(labels)
    if high - low != len(labels) - 1:
        return None
    return Scale(kind=scale_kind(sorted(labels), said), low=low, high=high, labels=dict(sorted(said.items())))


def _of_slider(place: Place) -> Scale | None:
    low, high, lines = (place.get(key).whole() for key in ("CSSliderMin", "CSSliderMax", "GridLines"))
    if low is None or high is None or place.get("NumDecimals").text() not in ("", "0"):
        return None
    snaps = place.get("SnapToGrid").flag() and lines and (high - low) % lines == 0
    return Scale(kind="numeric", low=low, high=high, step=(high - low) // lines if snaps and lines else 1)
