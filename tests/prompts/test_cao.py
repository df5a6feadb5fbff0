"""The published prompt of Cao et al. 2025 (https://doi.org/10.18653/v1/2025.naacl-long.162), byte for byte."""

from __future__ import annotations

import pytest

from silicus.errors import InputError
from silicus.prompts import get_template, render
from silicus.study import Item, Respondent, Scale

CAO = get_template("cao")
KENYA = Respondent("KEN", {"country": "Kenya"})
HAPPY = Scale(kind="ordinal", labels={1: "Very happy", 2: "Quite happy", 3: "Not very happy", 4: "Not at all happy"})
ITEM = Item("wvs7", "all", "Q46", "", "Taking all things together, would you say you are?", HAPPY)


def test_user_text_and_lead_are_the_published_ones_byte_for_byte():
    prompt = render(CAO, ITEM, KENYA, "letter")
    assert prompt.user == (
        "How would someone from Kenya answer the following question:\n\n"
        "Taking all things together, would you say you are? \n"
        "Here are the options: \n"
        "(A)Very happy, (B)Quite happy, (C)Not very happy, (D)Not at all happy"
    )
    assert prompt.lead == " If had to select one of the options, my answer would be ("
    assert (prompt.system, prompt.answers) == ("", ("A", "B", "C", "D"))


def test_points_without_words_are_offered_by_their_number_and_refusals_last():
    scale = Scale(kind="ordinal", low=1, high=3, labels={1: "Not at all", 3: "Very"}, refusals={98: "Hard to say"})
    prompt = render(CAO, Item("wvs7", "all", "Q164", "Think of God.", "How important?", scale), KENYA, "letter")
    assert prompt.user.endswith(
        ":\n\nThink of God.\n\nHow important? \nHere are the options: \n(A)Not at all, (B)2, (C)Very, (D)Hard to say"
    )
    assert prompt.answers == ("A", "B", "C", "D")


@pytest.mark.parametrize("style", ["value", "label"])
def test_another_answer_style_is_refused(style):
    with pytest.raises(InputError) as caught:
        render(CAO, ITEM, KENYA, style)
    assert str(caught.value) == (
        f"the template 'cao' asks for letters, found the answer style '{style}'. Give --answers letter."
    )


@pytest.mark.parametrize(
    ("attributes", "found"),
    [({"country": "Kenya", "age": 34}, "country, age"), ({"gender": "Female"}, "gender"), ({}, "(none)")],
)
def test_a_respondent_that_is_more_or_less_than_a_country_is_refused(attributes, found):
    with pytest.raises(InputError) as caught:
        render(CAO, ITEM, Respondent("p7", attributes), "letter")
    assert str(caught.value) == (
        f"respondent 'p7': found the attributes {found}; the template 'cao' is made for countries and tells 'country' "
        "alone. Use the template 'silicus' for people."
    )
