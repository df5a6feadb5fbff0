"""Which questions are one battery."""

from __future__ import annotations

from silicus.data import batteries
from silicus.study import Item, Scale

AGREE = Scale(kind="binary", labels={1: "Agree", 2: "Disagree"})


def asked(*questions: str, study: str = "s") -> list[Item]:
    return [Item(study, "a", f"q{n}", "", text, AGREE) for n, text in enumerate(questions)]


def test_questions_that_differ_in_a_word_are_one_battery_and_others_are_not():
    found = batteries(asked(
        "How much confidence do you have in the following institution: the press?",
        "Do you own a bicycle?",
        "How much confidence do you have in the following institution: the church?",
    ))  # fmt: skip
    assert found[0] == found[2] != found[1]


def test_what_lies_between_two_questions_joins_them():
    first, between, last = "apples pears plums", "apples pears plums grapes figs dates", "grapes figs dates"
    assert len(set(batteries(asked(first, last)))) == 2
    assert len(set(batteries(asked(first, last, between)))) == 1


def test_the_stimuli_of_a_question_are_one_battery_whatever_they_say():
    one, other = asked("Apples?")[0], Item("s", "b", "q0", "", "Bicycles?", AGREE)
    assert batteries([one, other]) == [0, 0]
    assert len(set(batteries([one, Item("elsewhere", "b", "q0", "", "Bicycles?", AGREE)]))) == 2


def test_the_same_words_in_two_studies_are_one_battery():
    assert len(set(batteries([*asked("Apples?"), *asked("Apples?", study="t")]))) == 1


def test_stimuli_without_words_are_told_by_their_questions():
    assert batteries(asked("?", "!")) in ([0, 1], [1, 0])


def test_the_threshold_can_be_chosen():
    near = asked("apples pears plums", "apples pears plums grapes figs dates")
    assert len(set(batteries(near, 0.99))) == 2
