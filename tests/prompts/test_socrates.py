"""The published prompt (Kolluri et al. 2025, arXiv 2509.05830), byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.data import parse_scale
from silicus.errors import InputError
from silicus.prompts import SYSTEM, get_template, render
from silicus.prompts.socrates import answer_sentence, stimulus
from silicus.study import Item, Respondent, Scale

PUBLISHED_SYSTEM = (
    "You are simulating a survey respondent. Answer exactly as instructed, following the specified response format "
    "without additional commentary."
)
PUBLISHED_USER = """\
You are a survey respondent with the following demographic profile:
- Age: 34
- Gender: Female
- Education: Bachelor's degree
- Employment: Retired
- Marital Status: Married
- Housing Ownership: Owned
- Housing Type: A mobile home or trailer
- Location: Utah
- Metro Status: Metro Area
- Income: 5-9K
- Internet Access: Yes
- Household Size: 3
- Party Id: Lean Democrat
- Ideology: Moderate
- Phone Service: Cellphone only

Read the question below and answer exactly as this person would. Follow the response instructions precisely.

You read "Tea is lovely." and then were asked: "How likely are you to drink it?" Only return an integer from 1 to 7, \
where 1 means Extremely unlikely and 7 means Extremely likely, nothing else."""

PERSON = Respondent(
    "p1",
    {
        "phone_service": "Cellphone only", "ideology": "Moderate", "party_id": "Lean Democrat", "household_size": 3,
        "internet_access": "Yes", "income": "5-9K", "metro_status": "Metro Area", "location": "Utah",
        "housing_type": "A mobile home or trailer", "housing_ownership": "Owned", "marital_status": "Married",
        "employment": "Retired", "education": "Bachelor's degree", "gender": "Female", "age": 34,
    },
)  # fmt: skip
LIKELY = Scale(kind="ordinal", low=1, high=7, labels={1: "Extremely unlikely", 7: "Extremely likely"})
ITEM = Item("tea", "praise", "drink", "Tea is lovely.", "How likely are you to drink it?", LIKELY)
SOCRATES = get_template("socrates")


def test_system_and_user_text_are_the_published_ones_byte_for_byte():
    prompt = render(SOCRATES, ITEM, PERSON)
    assert prompt.system == SYSTEM == PUBLISHED_SYSTEM
    assert prompt.user == PUBLISHED_USER


def test_the_target_is_the_bare_integer():
    assert render(SOCRATES, ITEM, PERSON).answers == ("1", "2", "3", "4", "5", "6", "7")


def test_unknown_fields_leave_no_line_behind():
    user = render(SOCRATES, ITEM, Respondent("p2", {"ideology": "Moderate", "age": 34})).user
    assert "profile:\n- Age: 34\n- Ideology: Moderate\n\nRead the question" in user


def test_ethnicity_stands_after_gender_and_fields_of_ones_own_at_the_end():
    person = Respondent("p2", {"favourite_tea": "Assam", "education": "None", "ethnicity": "Black", "gender": "Male"})
    assert list(SOCRATES.persona(person)) == ["gender", "ethnicity", "education", "favourite_tea"]
    assert "\n- Education: None\n- Favourite Tea: Assam\n\n" in render(SOCRATES, ITEM, person).user


def test_a_stimulus_of_the_published_data_is_shown_as_it_is():
    words = 'You viewed a picture. Only return 1 for "yes" or 2 for "no".'
    verbatim = Item("x", "1", "q", "", words, LIKELY, verbatim=True)
    assert render(SOCRATES, verbatim, PERSON).user.endswith(f"precisely.\n\n{words}")


def test_a_question_without_context_is_only_asked():
    assert stimulus(Item("s", "c", "q", "", "Tea?", LIKELY)).startswith('You were asked: "Tea?" Only return an integer')


@pytest.mark.parametrize(
    ("scale", "sentence"),
    [
        (Scale(kind="ordinal", low=0, high=10), "Only return an integer from 0 to 10, nothing else."),
        (Scale(kind="numeric", low=0, high=100, step=10), "Only return a multiple of 10 from 0 to 100, nothing else."),
        (
            Scale(kind="numeric", low=1, high=10, step=3),
            "Only return an integer from 1 to 10 in steps of 3, nothing else.",
        ),
        (
            Scale(kind="nominal", labels={1: "Red", 2: "Blue", 3: "Green"}),
            "Only return 1 for 'Red'; 2 for 'Blue' or 3 for 'Green', nothing else.",
        ),
        (
            Scale(kind="ordinal", low=1, high=3, labels={2: "Half"}, refusals={98: "Don't know"}),
            "Only return an integer from 1 to 3, where 2 means Half, or 98 for 'Don't know', nothing else.",
        ),
    ],
)
def test_the_answer_sentence_says_which_integers_may_be_returned(scale, sentence):
    assert answer_sentence(scale) == sentence


WORDS = st.text(alphabet="abcdefgh", min_size=3, max_size=8)


@given(
    low=st.integers(0, 1), points=st.integers(3, 11), words=st.lists(WORDS, min_size=2, max_size=2, unique=True)
)  # fmt: skip
def test_the_answer_sentence_is_read_back_as_the_scale_it_was_written_from(low, points, words):
    high = low + points - 1
    scale = Scale(kind="ordinal", low=low, high=high, labels={low: words[0], high: words[1]})
    read = parse_scale(stimulus(Item("s", "c", "q", "A story.", "Well?", scale))).scale
    assert (read.values, read.labels) == (scale.values, scale.labels)


@pytest.mark.parametrize("style", ["letter", "label"])
def test_another_answer_style_is_refused(style):
    yes = Item("s", "c", "q", "", "Tea?", Scale(kind="binary", labels={1: "Yes", 2: "No"}))
    with pytest.raises(InputError) as caught:
        render(SOCRATES, yes, PERSON, style)
    assert str(caught.value) == f"the template 'socrates' asks for bare integers, found the answer style '{style}'."
