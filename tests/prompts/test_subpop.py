"""The published prompt of Suh et al. 2025 (https://doi.org/10.18653/v1/2025.acl-long.1028), byte for byte."""

from __future__ import annotations

import pytest

from silicus.errors import InputError
from silicus.prompts import get_template, render
from silicus.study import Item, Respondent, Scale

SUBPOP, BIO, PORTRAY = (get_template(name) for name in ("subpop", "subpop-bio", "subpop-portray"))
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


def told(template, **attributes: str | int) -> str:
    """Return what stands before the question."""
    user = render(template, ITEM, Respondent("group", attributes), "letter").user
    assert user.endswith(ASKED)
    return user.removesuffix(ASKED)


def test_a_description_and_a_request_are_the_published_ones_byte_for_byte():
    south = Respondent("CREGION: South", {"region": "South"})
    assert render(BIO, ITEM, south, "letter").user == (
        "Below you will be asked to provide a short description of the area you currently reside in and then answer "
        f"some questions.\nDescription: I currently reside in the South.\n\n{ASKED}"
    )
    assert render(PORTRAY, ITEM, south, "letter").user == (
        f"Answer the following question as if you currently resided in the South.\n\n{ASKED}"
    )


@pytest.mark.parametrize(
    ("attribute", "value", "topic", "bio", "portray"),
    [
        ("gender", "Male", "the sex you were assigned at birth", "I identify as Male.",
         "the sex you were assigned at birth were Male"),
        ("age", "65+", "your age group", "I am in the age group 65+.", "you were in the age group of 65+"),
        ("education", "Less than high school", "your current education level",
         "The highest level of education I have completed is Less than high school.",
         "the highest level of education you have completed is Less than high school"),
        ("income", "$100,000 or more", "your current family income",
         "Last year, my total family income from all sources, before taxes was $100,000 or more.",
         "last year, your total family income from all sources, before taxes was $100,000 or more"),
        ("ethnicity", "Black", "your race or ethnicity", "I am Black.", "your race or ethnicity were Black"),
        ("party_id", "Democrat", "your political affiliation", "In politics today, I consider myself a Democrat.",
         "in politics today, you considered yourself a Democrat"),
        ("party_id", "Independent", "your political affiliation",
         "In politics today, I consider myself an Independent.",
         "in politics today, you considered yourself an Independent"),
        ("religion", "Hindu", "your religion", "My religion is Hindu.", "your religion were Hindu"),
        ("ideology", "Liberal", "your ideology", "My ideology is Liberal.", "your ideology were Liberal"),
        ("region", "Nowhere", "your region", "My region is Nowhere.", "your region were Nowhere"),
        ("marital_status", "Married", "your marital status", "My marital status is Married.",
         "your marital status were Married"),
    ],
)  # fmt: skip
def test_every_attribute_is_described_and_asked_for_in_its_words(attribute, value, topic, bio, portray):
    assert told(BIO, **{attribute: value}) == (
        f"Below you will be asked to provide a short description of {topic} and then answer some questions.\n"
        f"Description: {bio}\n\n"
    )
    assert told(PORTRAY, **{attribute: value}) == f"Answer the following question as if {portray}.\n\n"


def test_a_joint_group_is_described_attribute_after_attribute_and_everybody_not_at_all():
    both = {"region": "West", "gender": "Female", "age": "18-29"}
    assert told(BIO, **both) == (
        "Below you will be asked to provide a short description of the sex you were assigned at birth, your age group "
        "and the area you currently reside in and then answer some questions.\n"
        "Description: I identify as Female. I am in the age group 18-29. I currently reside in the West.\n\n"
    )
    assert told(PORTRAY, **both) == (
        "Answer the following question as if the sex you were assigned at birth were Female, you were in the age group "
        "of 18-29 and you currently resided in the West.\n\n"
    )
    assert told(BIO) == told(PORTRAY) == ""


@pytest.mark.parametrize("template", [BIO, PORTRAY], ids=lambda template: template.name)
def test_the_other_forms_ask_for_letters_too(template):
    with pytest.raises(InputError, match=rf"the template '{template.name}' asks for letters, found the answer style"):
        render(template, ITEM, Respondent("g", {"gender": "Male"}), "value")


@pytest.mark.parametrize("style", ["value", "label"])
def test_another_answer_style_is_refused(style):
    with pytest.raises(InputError) as caught:
        render(SUBPOP, ITEM, Respondent("g", {"gender": "Male"}), style)
    assert str(caught.value) == (
        f"the template 'subpop' asks for letters, found the answer style '{style}'. Give --answers letter."
    )
