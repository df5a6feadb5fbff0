"""A question of a study as Qualtrics writes it: the payload of an `SQ` element of a .qsf file."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

from silicus.study import Scale, StudyQuestion

__all__ = ["MOST_BUTTONS", "description_payload", "limits_of", "question_payload"]

MOST_BUTTONS = 11
"""Points that are shown as buttons; more stand in a list to be pulled down, or are typed."""

_LONGEST_DESCRIPTION = 100


def description_payload(id_: str, tag: str, text: str) -> dict[str, Any]:
    """Return a text that is shown and asks for nothing."""
    return _payload(id_, tag, text, "DB", "TB") | {"ChoiceOrder": []}


def question_payload(id_: str, tag: str, question: StudyQuestion) -> dict[str, Any]:
    """Return a question of any form but profiles.

    Args:
        id_: such as QID3.
        tag: its name in exports.
        question: as the study has it.
    """
    text = question.text.strip()
    if question.form == "matrix" and question.scale is not None:
        return _matrix(id_, tag, question, question.scale)
    if question.form == "several":
        return _several(id_, tag, question)
    if question.form == "ranking":
        return _payload(id_, tag, text, "RO", "DND", "TX") | _choices(question.rank.values()) | _named(question.rank)
    if question.scale is None:
        return _payload(id_, tag, text, "TE", "ML") | _SEARCH
    return _typed(id_, tag, text, question.scale) if _is_typed(question.scale) else _one(id_, tag, text, question.scale)


def limits_of(question: StudyQuestion) -> list[str]:
    """Return what of a question its form at Qualtrics cannot hold, in sentences."""
    found: list[str] = []
    scale = question.scale
    if scale is not None and question.form == "scale" and _is_typed(scale):
        if scale.refusals:
            told = ", ".join(f"“{words}”" for words in scale.refusals.values())
            found.append(f"'{question.id}' is typed as a number: {told} cannot be offered beside it.")
        if scale.step > 1:
            found.append(f"'{question.id}' is typed as a number: that it goes in steps of {scale.step} is not checked.")
    if question.form == "several" and (question.at_least or question.at_most is not None):
        found.append(f"'{question.id}': how many options may be ticked is said in words and not checked.")
    if question.form in {"several", "ranking"}:
        keys = ", ".join(question.ticked if question.form == "several" else question.rank)
        found.append(f"'{question.id}': Qualtrics numbers the options 1, 2, ...; in this order they are {keys}.")
    return found


def _payload(id_: str, tag: str, text: str, kind: str, selector: str, sub: str = "") -> dict[str, Any]:
    return {
        "QuestionText": _html(text),
        "QuestionText_Unsafe": _html(text),
        "DataExportTag": tag,
        "QuestionType": kind,
        "Selector": selector,
        **({"SubSelector": sub} if sub else {}),
        "DataVisibility": {"Private": False, "Hidden": False},
        "Configuration": {"QuestionDescriptionOption": "UseText"},
        "QuestionDescription": " ".join(text.split())[:_LONGEST_DESCRIPTION],
        "Validation": {"Settings": {"ForceResponse": "OFF", "Type": "None"}},
        "DefaultChoices": False,
        "GradingData": [],
        "Language": [],
        "NextChoiceId": 1,
        "NextAnswerId": 1,
        "QuestionID": id_,
    }


def _html(text: str) -> str:
    return html.escape(text, quote=False).replace("\n", "<br>")


def _choices(words: Iterable[str], noun: str = "Choice") -> dict[str, Any]:
    shown = {str(number): {"Display": _html(each)} for number, each in enumerate(words, start=1)}
    return {f"{noun}s": shown, f"{noun}Order": list(shown), f"Next{noun}Id": len(shown) + 1}


def _recoded(scale: Scale) -> dict[str, Any]:
    """Return the codes of points and refusals, and their words, by the number of the choice."""
    codes = {str(number): str(code) for number, code in enumerate(scale.answers, start=1)}
    return {"RecodeValues": codes, "VariableNaming": dict(zip(codes, _words(scale), strict=True))}


def _words(scale: Scale) -> list[str]:
    return [scale.label(code) or scale.shown(code) for code in scale.answers]


def _one(id_: str, tag: str, text: str, scale: Scale) -> dict[str, Any]:
    buttons = len(scale.values) <= MOST_BUTTONS
    shape = _payload(id_, tag, text, "MC", "SAVR", "TX") if buttons else _payload(id_, tag, text, "MC", "DL")
    return shape | _choices(_words(scale)) | _recoded(scale)


def _is_typed(scale: Scale) -> bool:
    """Return whether an answer is a number to be typed: a long range of numbers without words for each."""
    return (
        scale.kind == "numeric"
        and scale.low is not None
        and len(scale.values) > MOST_BUTTONS
        and len(scale.labels) < len(scale.values)
    )


def _typed(id_: str, tag: str, text: str, scale: Scale) -> dict[str, Any]:
    meant = [f"{scale.shown(value)} = {words}" for value, words in sorted(scale.labels.items())]
    limits = f"A whole number from {scale.shown(scale.values[0])} to {scale.shown(scale.values[-1])}"
    asked = f"{text}\n\n{'; '.join([limits, *meant])}."
    number = {"Min": str(scale.values[0]), "Max": str(scale.values[-1]), "NumDecimals": "0"}
    settings = {
        "ForceResponse": "OFF", "ForceResponseType": "ON", "Type": "ContentType", "ContentType": "ValidNumber",
        "ValidNumber": number,
    }  # fmt: skip
    return _payload(id_, tag, asked, "TE", "SL") | _SEARCH | {"Validation": {"Settings": settings}}


_SEARCH: dict[str, Any] = {"SearchSource": {"AllowFreeResponse": "false"}}


def _several(id_: str, tag: str, question: StudyQuestion) -> dict[str, Any]:
    refusals = question.scale.refusals if question.scale else {}
    ticked = [*question.ticked.values(), *refusals.values()]
    limits = [f"at least {question.at_least}"] if question.at_least else []
    limits += [f"at most {question.at_most}"] if question.at_most is not None else []
    told = f"\n\nPlease tick {' and '.join(limits)}." if limits else ""
    found = _payload(id_, tag, question.text.strip() + told, "MC", "MAVR", "TX") | _choices(ticked)
    codes = [*map(str, range(1, len(question.ticked) + 1)), *map(str, refusals)]
    alone = {str(number): {"ExclusiveAnswer": True} for number in range(len(question.ticked) + 1, len(ticked) + 1)}
    choices = {number: {**each, **alone.get(number, {})} for number, each in found["Choices"].items()}
    names = _named([*question.ticked, *refusals.values()])
    return found | {"Choices": choices, "RecodeValues": dict(zip(choices, codes, strict=True))} | names


def _named(keys: Iterable[str]) -> dict[str, Any]:
    """Return the study's keys of options, which have no numbers of their own, as their names in exports."""
    return {"VariableNaming": {str(number): key for number, key in enumerate(keys, start=1)}}


def _matrix(id_: str, tag: str, question: StudyQuestion, scale: Scale) -> dict[str, Any]:
    rows = _choices(row.strip() for row in question.rows.values())
    tags = {number: f"{tag}.{key}" for number, key in zip(rows["Choices"], question.rows, strict=True)}
    shape = _payload(id_, tag, question.text.strip(), "Matrix", "Likert", "SingleAnswer")
    columns = _choices(_words(scale), "Answer") | _recoded(scale)
    return shape | rows | columns | {"ChoiceDataExportTags": tags}
