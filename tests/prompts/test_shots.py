from __future__ import annotations

import pytest

from silicus.errors import InputError
from silicus.prompts import Shot, get_template, render, with_shots
from silicus.study import Item, Respondent, Scale

YES = Scale(kind="binary", labels={1: "Yes", 2: "No"})
TEA = Item("tea", "praise", "drink", "", "Do you drink tea?", YES)
COFFEE = Item("coffee", "plain", "drink", "Coffee is hot.", "Do you drink coffee?", YES)
MILK = Item("milk", "plain", "cups", "", "How many cups?", Scale(kind="numeric", low=0, high=9))
ANN, BOB = Respondent("ann", {"age": 34}), Respondent("bob", {"age": 35, "gender": "Male"})


def test_answered_questions_stand_before_the_question_those_of_others_first():
    prompt = render(get_template("silicus"), TEA, ANN)
    shown = with_shots(prompt, [Shot(COFFEE, 1, BOB), Shot(MILK, 3)], "value")
    assert shown.user == (
        "How other people answered similar questions:\n\n"
        "Coffee is hot.\n\nDo you drink coffee?\n\nAnswer with one number only:\n1 = Yes\n2 = No\n\n"
        "Person: Age: 35; Gender: Male\nAnswer: 2\n\n"
        "How this person answered other questions before:\n\n"
        "How many cups?\n\nAnswer with a whole number from 0 to 9 only.\n\nAnswer: 3\n\n"
        f"Now the question to be answered:\n\n{prompt.user}"
    )
    assert (shown.system, shown.answers, shown.item) == (prompt.system, prompt.answers, prompt.item)


@pytest.mark.parametrize(("style", "answer"), [("value", "2"), ("letter", "B"), ("label", "No")])
def test_answers_are_given_as_the_style_says(style, answer):
    shown = with_shots(render(get_template("silicus"), TEA, ANN, style), [Shot(COFFEE, 1, BOB)], style)
    assert f"\nAnswer: {answer}\n" in shown.user


def test_without_answered_questions_the_prompt_is_left_as_it_is():
    prompt = render(get_template("silicus"), TEA, ANN)
    assert with_shots(prompt, [], "value") is prompt


def test_a_person_of_whom_nothing_is_known_is_not_told_of():
    prompt = render(get_template("socrates"), TEA, ANN)
    assert "Person:" not in with_shots(prompt, [Shot(COFFEE, 0, Respondent("x", {}))], "value").user


def test_an_answered_question_that_the_style_does_not_fit_is_named():
    with pytest.raises(InputError, match="study 'milk', question 'cups': the answer style 'label' needs a label"):
        with_shots(render(get_template("silicus"), TEA, ANN, "label"), [Shot(MILK, 1)], "label")
