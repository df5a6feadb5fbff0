"""Our own template: what respondents share first, the persona last, so that most of a prompt is computed once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from silicus.errors import InputError
from silicus.prompts.prompt import AnswerStyle, Template, answer_words, number_range, persona_lines
from silicus.prompts.wordings import Wording, get_wordings
from silicus.study import Item, Respondent

__all__ = ["SilicusTemplate", "asked_words", "worded"]

# Few and unevenly used values first, so that many people share the beginning of their persona; the field
# that tells people apart best comes last. One fixed order, in training and in prediction.
_FIELDS = (
    "internet_access", "metro_status", "phone_service", "housing_ownership", "gender", "ethnicity", "housing_type",
    "marital_status", "employment", "education", "party_id", "ideology", "household_size", "income", "location", "age",
)  # fmt: skip

_FIRST = get_wordings(1)[0]


class SilicusTemplate:
    """Condition, question and answer format, then the persona: the content of the published template.

    Args:
        wording: what stands around the question, where it is another than the first.
    """

    name = "silicus"
    system = _FIRST.system
    lead = ""
    fields: tuple[str, ...] = _FIELDS
    outer: Literal["item", "respondent"] = "item"

    def __init__(self, wording: Wording = _FIRST) -> None:
        self._wording = wording
        if wording != _FIRST:
            self.system = wording.system

    def persona(self, respondent: Respondent) -> dict[str, str]:
        """Return one line a known attribute, low-entropy fields first, further attributes after them."""
        return persona_lines(respondent, _FIELDS)

    def user(self, item: Item, respondent: Respondent, style: AnswerStyle) -> str:
        """Return the user text."""
        asked = asked_words(item, style, self._wording)
        persona = "\n".join(self.persona(respondent).values())
        if not persona:
            return f"{asked}\n\n{self._wording.nobody}"
        return f"{asked}\n\n{self._wording.persona}\n{persona}\n\n{self._wording.end}"


def worded(template: Template, count: int) -> Mapping[str, Template]:
    """Return name -> template of the first so many wordings; the template itself, under no name, where it is one.

    Raises:
        InputError: there are not so many, or the template is another than `silicus`.
    """
    if count == 1:
        return {"": template}
    if template.name != SilicusTemplate.name:
        raise InputError(
            f"found --wordings {count} with the template '{template.name}', whose words are as published. "
            f"Give --template {SilicusTemplate.name}."
        )
    return {f"wording {n}": SilicusTemplate(each) for n, each in enumerate(get_wordings(count), start=1)}


def asked_words(item: Item, style: AnswerStyle, wording: Wording = _FIRST) -> str:
    """Return condition, question and how to answer; a verbatim stimulus, which says that itself, as it is."""
    if item.verbatim:
        return item.text
    return "\n\n".join(part for part in (item.context, item.text, _answer_format(item, style, wording)) if part)


def _answer_format(item: Item, style: AnswerStyle, wording: Wording) -> str:
    scale, words = item.scale, answer_words(item, style)
    if style == "label":
        return f"{wording.listed}\n" + "\n".join(words)
    labelled = {word: scale.label(value) for word, value in zip(words, scale.answers, strict=True)}
    lines = [f"{word} = {label}" for word, label in labelled.items() if label]
    if style == "letter" or len(lines) == len(words):
        every = [
            f"{word} = {label or value}" for (word, label), value in zip(labelled.items(), scale.answers, strict=True)
        ]
        kind = "letter" if style == "letter" else "number"
        return f"{wording.one.format(kind=kind)}\n" + "\n".join(every)
    apart = f", or with {' or '.join(map(str, scale.refusals))}," if scale.refusals else ""
    line = wording.range.format(range=f"{number_range(scale, 'a whole number')}{apart}")
    return f"{line}:\n" + "\n".join(lines) if lines else f"{line}."
