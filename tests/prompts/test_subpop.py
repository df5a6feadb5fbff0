"""The published prompt of Suh et al. 2025 (https://doi.org/10.18653/v1/2025.acl-long.1028), byte for byte."""

from __future__ import annotations

import pytest

from silicus.errors import InputError
from silicus.prompts import get_template, render
from silicus.study import Item, Respondent, Scale

SUBPOP = get_template("subpop")
GUNS = Scale(kind="nominal", labels={1: "Major reason", 2: "Minor reason", 3: "Not a reason"}, refusals={99: "Refused"})
ITEM = Item("W26", "all", "REASONGUND_W26", "", "Is it a reason why you own a gun? As part of a gun collection", GUNS)
ASKED = """\
Question: Is it a reason why you own a gun? As part of a gun collection
A. Major reason
B. Minor reason
C. Not a reason
D. Refused
Answer as a choice between A.,B.,C.,D.

Answer:"""


def shown(**attributes: str | int) -> str:
    return render(SUBPOP, ITEM, Respondent("group", attributes), "letter").user


def test_the_prompt_of_a_group_is_the_published_one_byte_for_byte():
    prompt = render(SUBPOP, ITEM, Respondent("POLIDEOLOGY: Liberal", {"ideology": "Liberal"}), "letter")
    assert prompt.user == (
        "Question: In general, would you describe your political views as\n"
        "A. Very conservative\nB. Conservative\nC. Moderate\nD. Liberal\nE. Very liberal\n\n"
        "Answer: D. Liberal\n\n"
        f"Answer the following question keeping in mind your previous answers.\n{ASKED}"
    )
    assert (prompt.system, prompt.lead, prompt.answers) == ("", "", ("A", "B", "C", "D"))


@pytest.mark.parametrize(
    ("attribute", "value", "told"),
    [
        ("gender", "Male", "What is the sex that you were assigned at birth?\nA. Male\nB. Female\n\nAnswer: A. Male"),
        ("age", "65+", "How old are you?\nA. 18-29\nB. 30-49\nC. 50-64\nD. 65+\n\nAnswer: D. 65+"),
        (
            "income",
            "$100,000 or more",
            "Last year, what was your total family income from all sources, before taxes?\nA. Less than $30,000\n"
            "B. $30,000-$50,000\nC. $50,000-$75,000\nD. $75,000-$100,000\nE. $100,000 or more\n\n"
            "Answer: E. $100,000 or more",
        ),
        (
            "education",
            "Less than high school",
            "What is the highest level of schooling or degree that you have completed?\nA. Less than high school\n"
            "B. High school graduate\nC. Some college, no degree\nD. Associate's degree\n"
            "E. College graduate/some postgrad\nF. Postgraduate\n\nAnswer: A. Less than high school",
        ),
        (
            "ethnicity",
            "Black",
            "Which race or ethnicity do you identify with?\nA. White\nB. Black\nC. Asian\nD. Hispanic\nE. Other\n\n"
            "Answer: B. Black",
        ),
        (
            "party_id",
            "Democrat",
            "In politics today, do you consider yourself a\nA. Republican\nB. Democrat\nC. Independent\nD. Other\n\n"
            "Answer: B. Democrat",
        ),
        (
            "region",
            "South",
            "Which part of the United States do you currently live in?\nA. Northeast\nB. Midwest\nC. South\nD. West\n\n"
            "Answer: C. South",
        ),
        (
            "religion",
            "Hindu",
            "What is your present religion, if any?\nA. Protestant\nB. Roman Catholic\nC. Mormon\nD. Orthodox\n"
            "E. Jewish\nF. Muslim\nG. Buddhist\nH. Hindu\nI. Atheist\nJ. Agnostic\nK. Other\n"
            "L. Nothing in particular\n\nAnswer: H. Hindu",
        ),
    ],
)
def test_every_attribute_with_known_words_is_asked_for_in_them(attribute, value, told):
    assert shown(**{attribute: value}).startswith(f"Question: {told}\n\nAnswer the following question")


def test_a_value_that_is_no_published_option_is_asked_for_plainly_whatever_the_attribute():
    for name in SUBPOP.fields:
        lines = SUBPOP.persona(Respondent("g", {name: "Nobody"}))[name].splitlines()
        assert lines == [f"Question: What is your {name.replace('_', ' ')}?", "A. Nobody", "", "Answer: A. Nobody"]


@pytest.mark.parametrize(("attribute", "value"), [("marital_status", "Married"), ("ethnicity", "Mixed Race")])
def test_an_attribute_or_value_without_published_words_is_asked_for_plainly(attribute, value):
    words = attribute.replace("_", " ")
    assert shown(**{attribute: value}).startswith(
        f"Question: What is your {words}?\nA. {value}\n\nAnswer: A. {value}\n\nAnswer the following question"
    )


def test_a_joint_group_answers_one_question_an_attribute_and_everybody_none():
    both = shown(children=2, ideology="Moderate", gender="Female")
    assert both.index("B. Female\n\nQuestion: In general") < both.index(
        "C. Moderate\n\nQuestion: What is your children?"
    )
    assert both.count("keeping in mind your previous answers") == 1
    assert shown() == ASKED


def test_a_context_stands_before_its_question():
    item = Item("s", "c", "q", "Tea is lovely.", "Do you drink it?", GUNS)
    user = render(SUBPOP, item, Respondent("g", {}), "letter").user
    assert user.startswith("Question: Tea is lovely.\n\nDo you drink it?\nA. Major reason\n")


@pytest.mark.parametrize("style", ["value", "label"])
def test_another_answer_style_is_refused(style):
    with pytest.raises(InputError) as caught:
        render(SUBPOP, ITEM, Respondent("g", {"gender": "Male"}), style)
    assert str(caught.value) == (
        f"the template 'subpop' asks for letters, found the answer style '{style}'. Give --answers letter."
    )
