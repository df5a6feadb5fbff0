"""Our own template: what respondents share first, the persona last, so that most of a prompt is computed once."""

from __future__ import annotations

from typing import Literal

from silicus.prompts.prompt import SYSTEM, AnswerStyle, answer_words, number_range, persona_lines
from silicus.study import Item, Respondent

__all__ = ["SilicusTemplate"]

# Few and unevenly used values first, so that many people share the beginning of their persona; the field
# that tells people apart best comes last. One fixed order, in training and in prediction.
_FIELDS = (
    "internet_access", "metro_status", "phone_service", "housing_ownership", "gender", "ethnicity", "housing_type",
    "marital_status", "employment", "education", "party_id", "ideology", "household_size", "income", "location", "age",
)  # fmt: skip


class SilicusTemplate:
    """Condition, question and answer format, then the persona: the content of the published template."""

    name = "silicus"
    system = SYSTEM
    lead = ""
    fields = _FIELDS
    outer: Literal["item", "respondent"] = "item"

    def persona(self, respondent: Respondent) -> dict[str, str]:
        """Return one line a known attribute, low-entropy fields first, further attributes after them."""
        return persona_lines(respondent, _FIELDS)

    def user(self, item: Item, respondent: Respondent, style: AnswerStyle) -> str:
        """Return the user text."""
        asked = item.text if item.verbatim else "\n\n".join(_parts(item, style))
        persona = "\n".join(self.persona(respondent).values())
        if not persona:
            return f"{asked}\n\nA person's answer:"
        return f"{asked}\n\nAnswer exactly as this person would:\n{persona}\n\nThis person's answer:"


def _parts(item: Item, style: AnswerStyle) -> list[str]:
    return [part for part in (item.context, item.text, _answer_format(item, style)) if part]


def _answer_format(item: Item, style: AnswerStyle) -> str:
    scale, words = item.scale, answer_words(item, style)
    if style == "label":
        return "Answer with one of these, word for word:\n" + "\n".join(words)
    labelled = {word: scale.label(value) for word, value in zip(words, scale.answers, strict=True)}
    lines = [f"{word} = {label}" for word, label in labelled.items() if label]
    if style == "letter" or len(lines) == len(words):
        every = [
            f"{word} = {label or value}" for (word, label), value in zip(labelled.items(), scale.answers, strict=True)
        ]
        kind = "letter" if style == "letter" else "number"
        return f"Answer with one {kind} only:\n" + "\n".join(every)
    apart = f", or with {' or '.join(map(str, scale.refusals))}," if scale.refusals else ""
    line = f"Answer with {number_range(scale, 'a whole number')}{apart} only"
    return f"{line}:\n" + "\n".join(lines) if lines else f"{line}."
