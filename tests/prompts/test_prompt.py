from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.errors import InputError, PromptError
from silicus.prompts import answer_words, get_template, render
from silicus.prompts.silicus import SilicusTemplate
from silicus.study import Item, Respondent, Scale

FIVE = Item("tea", "plain", "like", "", "Tea?", Scale(kind="ordinal", low=1, high=5, refusals={9: "Don't know"}))


class Forgetful(SilicusTemplate):
    """A template that leaves out where a person lives."""

    name = "forgetful"

    def persona(self, respondent: Respondent) -> dict[str, str]:
        return {name: line for name, line in super().persona(respondent).items() if name != "location"}


class Silent(SilicusTemplate):
    """A template that knows where a person lives, and does not say so."""

    name = "silent"

    def user(self, item: Item, respondent: Respondent, style: str) -> str:
        return super().user(item, respondent, style).replace("Location: Utah\n", "")


@pytest.mark.parametrize("template", [Forgetful(), Silent()])
def test_a_template_that_drops_an_attribute_fails_and_is_named(template):
    with pytest.raises(PromptError) as caught:
        render(template, FIVE, Respondent("p7", {"location": "Utah", "age": 34}))
    assert str(caught.value) == (
        f"template '{template.name}', respondent 'p7': the attribute 'location' (Utah) is absent from the rendered "
        "prompt. Every attribute must stand in a persona line, and every line in the text."
    )


def test_an_attribute_is_not_taken_for_present_because_its_value_stands_elsewhere():
    with pytest.raises(PromptError, match="the attribute 'location' \\(3\\) is absent"):
        render(Forgetful(), FIVE, Respondent("p7", {"location": 3, "age": 34, "household_size": 3}))


@given(
    st.dictionaries(
        st.sampled_from(["age", "party_id", "location", "my_own", "x"]),
        st.one_of(st.integers(0, 99), st.text(alphabet="abc -'/+", min_size=1, max_size=20)),
        min_size=1,
    ),
    st.sampled_from(["silicus", "socrates"]),
)
def test_every_attribute_stands_in_the_prompt(attributes, template):
    prompt = render(get_template(template), FIVE, Respondent("p", attributes))
    assert all(str(value) in prompt.user for value in attributes.values())


def test_an_unknown_template_is_answered_with_the_nearest():
    with pytest.raises(InputError) as caught:
        get_template("sokrates")
    assert str(caught.value) == "unknown template 'sokrates'. Did you mean 'socrates'?"


def test_refusals_may_be_answered_too():
    assert answer_words(FIVE, "value") == ("1", "2", "3", "4", "5", "9")
    assert answer_words(FIVE, "letter") == ("A", "B", "C", "D", "E", "F")


def test_labels_are_answers_where_every_point_has_one():
    scale = Scale(kind="binary", labels={1: "Yes", 2: "No"}, refusals={9: "Don't know"})
    assert answer_words(Item("s", "c", "q", "", "Q?", scale), "label") == ("Yes", "No", "Don't know")


def test_a_point_without_label_cannot_be_answered_by_label():
    with pytest.raises(InputError) as caught:
        answer_words(FIVE, "label")
    assert str(caught.value) == (
        "study 'tea', question 'like': the answer style 'label' needs a label for every point; 1 has none."
    )


def test_more_answers_than_letters_are_refused():
    item = Item("tea", "plain", "cups", "", "Cups?", Scale(kind="numeric", low=0, high=26))
    with pytest.raises(InputError) as caught:
        answer_words(item, "letter")
    assert str(caught.value) == (
        "study 'tea', question 'cups': the answer style 'letter' has 26 letters, the scale 27 answers."
    )


@pytest.mark.parametrize("style", ["letter", "label"])
def test_a_stimulus_that_says_how_to_answer_is_answered_by_value(style):
    item = Item("x", "1", "q", "", "Only return 1 or 2.", Scale(kind="ordinal", low=1, high=2), verbatim=True)
    with pytest.raises(
        InputError, match=rf"its text asks for a number, found the answer style '{style}', expected 'value'"
    ):
        answer_words(item, style)
