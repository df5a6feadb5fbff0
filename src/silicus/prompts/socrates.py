"""The published template of Socrates (Kolluri et al. 2025, arXiv 2509.05830): the persona first."""

from __future__ import annotations

from typing import Literal

from silicus.errors import InputError
from silicus.prompts.prompt import SYSTEM, AnswerStyle, number_range, persona_lines
from silicus.study import Item, Respondent, Scale

__all__ = ["SocratesTemplate", "stimulus"]

_FIELDS = (
    "age", "gender", "ethnicity", "education", "employment", "marital_status", "housing_ownership", "housing_type",
    "location", "metro_status", "income", "internet_access", "household_size", "party_id", "ideology",
    "phone_service",
)  # fmt: skip
"""The published order. Where `ethnicity` stands is not documented; null there, it is put after `gender`."""


class SocratesTemplate:
    """System and user text, field order and null omission as published; the target is the bare integer."""

    name = "socrates"
    system = SYSTEM
    lead = ""
    fields = _FIELDS
    outer: Literal["item", "respondent"] = "respondent"

    def persona(self, respondent: Respondent) -> dict[str, str]:
        """Return one line a known attribute, in the published order, further attributes after them."""
        return persona_lines(respondent, _FIELDS, start="- ")

    def user(self, item: Item, respondent: Respondent, style: AnswerStyle) -> str:
        """Return the user text, byte for byte as published."""
        if style != "value":
            raise InputError(f"the template 'socrates' asks for bare integers, found the answer style '{style}'.")
        persona = "\n".join(self.persona(respondent).values())
        return (
            f"You are a survey respondent with the following demographic profile:\n{persona}\n\n"
            "Read the question below and answer exactly as this person would. "
            f"Follow the response instructions precisely.\n\n{stimulus(item)}"
        )


def stimulus(item: Item) -> str:
    """Return the item in the words of SocSci210: vignette, question, and how to answer.

    A stimulus that comes from SocSci210 is returned as it is.
    """
    if item.verbatim:
        return item.text
    asked = f'asked: "{item.text}" {answer_sentence(item.scale)}'
    return f'You read "{item.context}" and then were {asked}' if item.context else f"You were {asked}"


def answer_sentence(scale: Scale) -> str:
    """Return the sentence that says which integers may be returned.

    Examples:
        >>> answer_sentence(Scale(kind="ordinal", low=1, high=7, labels={1: "Cold", 7: "Warm"}))
        'Only return an integer from 1 to 7, where 1 means Cold and 7 means Warm, nothing else.'
        >>> answer_sentence(Scale(kind="binary", labels={1: "Yes", 2: "No"}))
        "Only return 1 for 'Yes' or 2 for 'No', nothing else."
    """
    apart = "".join(f", or {value} for '{label}'" for value, label in scale.refusals.items())
    one_by_one = scale.low is None and not scale.points
    if one_by_one or not scale.ordered or scale.kind == "binary":
        choices = [f"{v} for '{scale.labels[v]}'" if v in scale.labels else str(v) for v in scale.values]
        listed = f"{'; '.join(choices[:-1])} or {choices[-1]}" if len(choices) > 2 else " or ".join(choices)
        return f"Only return {listed}{apart}, nothing else."
    means = [f"{v} means {scale.labels[v]}" for v in scale.values if v in scale.labels]
    where = f", where {_listed(means)}" if means else ""
    return f"Only return {number_range(scale, 'an integer')}{where}{apart}, nothing else."


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
