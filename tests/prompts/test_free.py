"""Answers in a person's own words: what is asked."""

from __future__ import annotations

import pytest

from silicus.prompts import ask_freely, get_template, render
from silicus.study import Item, Respondent, Scale

REQUEST = (
    "\n\nAnswer in one or two sentences, in this person's own words. Give no number and no letter.\n\n"
    "This person's words:"
)
LIKELY = Scale(kind="ordinal", labels={1: "Unlikely", 2: "Likely"}, refusals={9: "Don't know"})
ENDS = Scale(kind="ordinal", low=1, high=7, labels={1: "Cold", 7: "Warm"})


def user(scale: Scale, style: str = "value", template: str = "silicus", text: str = "Will you buy it?") -> str:
    item = Item("tea", "praise", "buy", "Tea is lovely.", text, scale)
    return ask_freely(render(get_template(template), item, Respondent("p7", {"age": 34}), style)).user  # type: ignore[arg-type]


@pytest.mark.parametrize("scale", [LIKELY, ENDS])
@pytest.mark.parametrize("style", ["value", "letter", "label"])
def test_the_list_of_the_answers_is_taken_out(scale, style):
    if scale is ENDS and style == "label":
        pytest.skip("has no label for every point")
    assert user(scale, style) == (
        f"Tea is lovely.\n\nWill you buy it?\n\nAnswer exactly as this person would:\nAge: 34{REQUEST}"
    )


def test_what_the_study_says_stays_even_where_it_reads_like_an_answer():
    text = "Choose:\nTea\nUnlikely\n\nUnlikely"
    assert user(LIKELY, text=text).startswith(f"Tea is lovely.\n\n{text}\n\nAnswer exactly")


def test_a_template_that_names_the_answers_in_a_sentence_keeps_it():
    asked = user(LIKELY, template="socrates")
    assert "Only return 1 for 'Unlikely'" in asked
    assert asked.endswith(REQUEST)
