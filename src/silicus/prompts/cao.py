"""The published prompt of Cao et al. 2025 (https://doi.org/10.18653/v1/2025.naacl-long.162): a country, not a person.

The words are theirs, "If had to select" included. Their code puts the lead at the start of the model's own turn, the
space before it too; so it is here, after the turn as the model's own chat template writes it. Letters run from A in
the order of the scale; two of their training questions give a code 0 the letter X, which stands last.
"""

from __future__ import annotations

from typing import Literal

from silicus.errors import InputError
from silicus.prompts.prompt import AnswerStyle, lettered
from silicus.study import Item, Respondent

__all__ = ["CaoTemplate"]


class CaoTemplate:
    """User text and lead as published, no system text; the target is a letter."""

    name = "cao"
    system = ""
    lead = " If had to select one of the options, my answer would be ("
    fields = ("country",)
    outer: Literal["item", "respondent"] = "respondent"

    def persona(self, respondent: Respondent) -> dict[str, str]:
        """Return the country in the words that tell it.

        Raises:
            InputError: the respondent is anything but a country.
        """
        found = list(respondent.attributes)
        if found != ["country"]:
            raise InputError(
                f"respondent '{respondent.id}': found the attributes {', '.join(found) or '(none)'}; the template "
                "'cao' is made for countries and tells 'country' alone. Use the template 'silicus' for people."
            )
        return {"country": f"someone from {respondent.attributes['country']}"}

    def user(self, item: Item, respondent: Respondent, style: AnswerStyle) -> str:
        """Return the user text, byte for byte as published."""
        asked = "\n\n".join(part for part in (item.context, item.text) if part)
        options = ", ".join(f"({letter}){words}" for letter, words in lettered(item, self.name, style).items())
        who = self.persona(respondent)["country"]
        return f"How would {who} answer the following question:\n\n{asked} \nHere are the options: \n{options}"
