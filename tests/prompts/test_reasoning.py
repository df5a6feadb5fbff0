"""Reasoning first: what is asked, what is written, and what is read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.errors import InputError
from silicus.prompts import SYSTEM, Prompt, ask_for_reasoning, get_template, read_reasoned, reasoned, render
from silicus.study import Item, Respondent, Scale

SEVEN = Scale(kind="ordinal", low=1, high=7)
ITEM = Item("tea", "praise", "like", "Tea is lovely.", "Do you like it?", SEVEN)
PERSON = Respondent("p7", {"age": 34})


def prompt(template: str = "silicus") -> Prompt:
    if template == "cao":
        return render(get_template("cao"), ITEM, Respondent("KEN", {"country": "Kenya"}), "letter")
    return render(get_template(template), ITEM, PERSON, "letter" if template == "subpop" else "value")


REQUEST = """\


Before the answer, say in a few sentences what leads this person to it. Then end with one line that holds "Answer:" \
and the answer in the form asked for, and nothing else.

This person's reasoning:"""


def test_the_reasoning_is_asked_for_in_the_place_of_the_answer():
    asked = ask_for_reasoning(prompt())
    assert asked.user == (
        "Tea is lovely.\n\nDo you like it?\n\nAnswer with a whole number from 1 to 7 only.\n\n"
        f"Answer exactly as this person would:\nAge: 34{REQUEST}"
    )
    assert asked.system == (
        "You speak for a person who takes part in a survey. First think as this person thinks, then give the answer "
        "that this person gives."
    )


@pytest.mark.parametrize("template", ["silicus", "socrates", "cao", "subpop"])
def test_every_template_can_be_asked_for_reasoning(template):
    plain, asked = prompt(template), ask_for_reasoning(prompt(template))
    assert plain.user.startswith(asked.user.removesuffix(REQUEST))
    assert asked.user.endswith(REQUEST)
    assert (asked.lead, asked.answers) == ("", plain.answers)
    assert asked.system not in ("", SYSTEM)


def test_only_an_invitation_at_the_end_is_taken_away():
    asked = ask_for_reasoning(prompt("subpop"))
    assert "Answer: A. 34" in asked.user
    assert "Answer as a choice between A.,B.,C.,D.,E.,F.,G." + REQUEST in asked.user


def test_the_target_is_the_rationale_and_a_last_line_with_the_answer():
    assert reasoned(prompt(), " Tea calms me.\n", "3") == "Tea calms me.\nAnswer: 3"


@given(st.text().filter(str.strip), st.sampled_from(prompt().answers))
def test_what_was_written_is_read_back(rationale, answer):
    assert read_reasoned(reasoned(prompt(), rationale, answer)) == (rationale.strip(), answer)


@given(st.text())
def test_what_was_read_is_written_again_as_it_stood(text):
    found = read_reasoned(f"{text}\nAnswer: 3")
    assert found is not None
    assert found == (text.strip(), "3")


def test_a_rationale_may_hold_lines_that_look_like_answers():
    assert read_reasoned("Answer: 2\nno, more\nAnswer: 3 \n") == ("Answer: 2\nno, more", "3")


def test_an_answer_without_a_rationale_is_read_as_one():
    assert read_reasoned("Answer: 3") == ("", "3")


@pytest.mark.parametrize("text", ["", "Tea calms me, so 3.", "Answer: 3\nor so", "Tea.\nAnswer:", "Tea. Answer: 3"])
def test_a_last_line_that_is_no_answer_is_not_read_as_one(text):
    assert read_reasoned(text) is None


PLACE = "study 'tea', question 'like', respondent 'p7': "


def test_an_answer_that_is_not_offered_is_refused():
    with pytest.raises(InputError) as caught:
        reasoned(prompt(), "Tea calms me.", "9")
    assert str(caught.value) == f"{PLACE}found the answer '9', expected one of the 7 offered, such as '1'."


def test_an_empty_rationale_is_refused():
    with pytest.raises(InputError) as caught:
        reasoned(prompt(), " \n", "3")
    assert str(caught.value) == f"{PLACE}found an empty rationale. Leave the row out, or learn from answers alone."
