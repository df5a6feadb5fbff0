from __future__ import annotations

from silicus.prompts import SYSTEM, get_template, render
from silicus.study import Item, Respondent, Scale

TEMPLATE = get_template("silicus")
PERSON = Respondent("p1", {"age": 34, "hobby": "chess", "gender": "Female", "party_id": "Lean Democrat"})
PERSONA = """\
Answer exactly as this person would:
Gender: Female
Party Id: Lean Democrat
Age: 34
Hobby: chess

This person's answer:"""


def shown(scale: Scale, style: str = "value", context: str = "Tea is lovely.") -> str:
    prompt = render(TEMPLATE, Item("tea", "praise", "drink", context, "Do you drink it?", scale), PERSON, style)
    assert prompt.system == SYSTEM
    assert prompt.user.endswith(f"\n\n{PERSONA}")
    return prompt.user.removesuffix(f"\n\n{PERSONA}")


def test_what_respondents_share_comes_first_and_the_persona_last():
    scale = Scale(kind="ordinal", low=1, high=7, labels={1: "Never", 7: "Always"})
    assert shown(scale) == (
        "Tea is lovely.\n\nDo you drink it?\n\nAnswer with a whole number from 1 to 7 only:\n1 = Never\n7 = Always"
    )


def test_a_condition_that_shows_nothing_leaves_no_gap():
    assert shown(Scale(kind="numeric", low=0, high=100), context="") == (
        "Do you drink it?\n\nAnswer with a whole number from 0 to 100 only."
    )


def test_refusals_are_offered_beside_the_range():
    scale = Scale(kind="numeric", low=0, high=10, refusals={98: "Don't know", 99: "No answer"})
    assert shown(scale).endswith(
        "\n\nAnswer with a whole number from 0 to 10, or with 98 or 99, only:\n98 = Don't know\n99 = No answer"
    )


def test_steps_are_named():
    assert shown(Scale(kind="numeric", low=0, high=100, step=10)).endswith(
        "Answer with a multiple of 10 from 0 to 100 only."
    )
    assert shown(Scale(kind="numeric", low=1, high=7, step=3)).endswith(
        "Answer with a whole number from 1 to 7 in steps of 3 only."
    )


def test_a_scale_with_words_for_every_point_lists_them():
    scale = Scale(kind="binary", labels={1: "Yes", 2: "No"}, refusals={9: "Don't know"})
    assert shown(scale).endswith("\n\nAnswer with one number only:\n1 = Yes\n2 = No\n9 = Don't know")


def test_answers_by_letter_are_listed_with_their_letters():
    scale = Scale(kind="ordinal", low=1, high=3, labels={1: "Low"}, refusals={9: "Don't know"})
    assert shown(scale, "letter").endswith("\n\nAnswer with one letter only:\nA = Low\nB = 2\nC = 3\nD = Don't know")


def test_answers_by_label_are_listed_word_for_word():
    scale = Scale(kind="nominal", labels={1: "Green tea", 2: "Black tea"})
    assert shown(scale, "label").endswith("\n\nAnswer with one of these, word for word:\nGreen tea\nBlack tea")


def test_a_verbatim_stimulus_is_shown_as_it_is():
    words = 'You read "Tea is lovely." and then were asked: "Tea?" Only return 1 for Yes or 2 for No.'
    item = Item("x", "1", "q", "", words, Scale(kind="binary", labels={1: "Yes", 2: "No"}), verbatim=True)
    assert render(TEMPLATE, item, PERSON).user == f"{words}\n\n{PERSONA}"


def test_two_respondents_share_all_but_the_persona():
    item = Item("tea", "praise", "drink", "Tea.", "Do you?", Scale(kind="ordinal", low=1, high=5))
    first, second = (render(TEMPLATE, item, Respondent("p", {"gender": "Male", "age": age})).user for age in (20, 30))
    assert first.replace("Age: 20", "Age: 30") == second
    assert first.index("Age: 20") > first.index("Gender: Male") > first.index("Do you?")
