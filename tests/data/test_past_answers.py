from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from silicus.data import Dataset, PastAnswers
from silicus.errors import InputError
from silicus.study import Item, Respondent
from tests.data.splitting import SEVEN, dataset, marked, stimulus

TAXES = stimulus("Should the taxes of rich people rise?")
SAME = stimulus("Should the taxes of rich people rise?!")
WEALTH = stimulus("Should a tax on wealth be paid by rich people?")
SCHOOLS = stimulus("Do schools need more teachers?")
MUSIC = stimulus("How often do you hear music?")
PEOPLE = {
    "ann": {"age": 30, "gender": "Female"},
    "bob": {"age": 70, "gender": "Male"},
    "cat": {"age": 32, "gender": "Female"},
    "dan": {"age": 69, "gender": "Male"},
}
ASKED = Item("new", "a", "q", "", "Should rich people pay more taxes?", SEVEN)
ANN = Respondent("ann", {"age": 30, "gender": "Female"})
DAN = Respondent("new/1", {"age": 68, "gender": "Male"})


def learnt(*rows: tuple, part: str = "train") -> Dataset:
    return marked(list(rows), [part] * len(rows), people=PEOPLE)


def past(data: Dataset, *asked: Item, seed: int = 0) -> PastAnswers:
    return PastAnswers(data, asked or (ASKED,), np.random.default_rng(seed))


ROWS = [
    ("s1", "a", "schools", "ann", SCHOOLS, 1),
    ("s1", "a", "taxes", "ann", TAXES, 2),
    ("s1", "a", "taxes", "bob", TAXES, 6),
    ("s1", "a", "wealth", "cat", WEALTH, 3),
    ("s2", "a", "music", "bob", MUSIC, 7),
]


def test_the_most_similar_questions_come_first_each_with_the_answer_of_whoever_is_nearest():
    found = past(learnt(*ROWS)).of_others(ASKED, DAN, 2)
    assert [(each.item.question, each.person.id, each.item.scale.values[each.answer]) for each in found] == [
        ("taxes", "bob", 6),
        ("wealth", "cat", 3),
    ]
    assert found[0].person == Respondent("bob", PEOPLE["bob"])


def test_nobody_is_shown_an_answer_of_their_own_as_that_of_another():
    found = past(learnt(*ROWS)).of_others(ASKED, ANN, 9)
    assert {each.item.question: each.person.id for each in found} == {"taxes": "bob", "wealth": "cat", "music": "bob"}


def test_a_persons_own_answers_are_found_by_their_name():
    bank = past(learnt(*ROWS))
    own = [(each.item.question, each.item.scale.values[each.answer]) for each in bank.own(ASKED, ANN, 5)]
    assert own == [("taxes", 2), ("schools", 1)]
    assert bank.own(ASKED, ANN, 1)[0].item.question == "taxes"
    assert bank.own(ASKED, DAN, 5) == []


@pytest.mark.parametrize("asked", [TAXES, SAME])
def test_what_says_nearly_the_same_as_what_is_asked_is_never_shown(asked):
    asked = replace(asked, study="new", question="q")
    bank = past(learnt(*ROWS), asked)
    assert "taxes" not in {each.item.question for each in bank.of_others(asked, DAN, 9)}
    assert "taxes" not in {each.item.question for each in bank.own(asked, ANN, 9)}


def test_the_same_question_after_other_words_is_never_shown():
    framed = replace(TAXES, context="A long story about a village that ran out of money and what its people then did.")
    asked = replace(framed, study="new", question="q")
    assert "taxes" not in {each.item.question for each in past(learnt(*ROWS), asked).of_others(asked, DAN, 9)}


def test_nothing_of_the_study_asked_about_is_shown_where_the_split_does_not_say_so():
    asked = replace(ASKED, study="s1")
    assert [each.item.study for each in past(learnt(*ROWS), asked).of_others(asked, DAN, 9)] == ["s2"]


def test_where_questions_are_held_out_other_questions_of_the_study_are_shown():
    rows = [*ROWS, ("s1", "a", "new", "cat", stimulus("Is it fair that rich people pay?"), 4)]
    data = marked(rows, ["train"] * len(ROWS) + ["test question"], people=PEOPLE)
    asked = replace(ASKED, study="s1", question="new")
    assert {each.item.study for each in past(data, asked).of_others(asked, DAN, 9)} == {"s1", "s2"}


def test_the_same_question_of_another_condition_is_never_shown():
    rows = [*ROWS, ("s1", "b", "taxes", "cat", stimulus("Quite another story. Taxes?"), 4)]
    data = marked(rows, ["train"] * len(ROWS) + ["test condition"], people=PEOPLE)
    asked = replace(ASKED, study="s1", question="taxes")
    assert "taxes" not in {each.item.question for each in past(data, asked).of_others(asked, DAN, 9)}


def test_answers_of_other_parts_are_never_shown():
    hidden = stimulus("Should rich people pay many taxes?")
    rows = [
        *ROWS,
        ("s3", "a", "hidden", "dan", hidden, 5),
        ("s4", "a", "late", "dan", stimulus("Rich people, taxes?"), 5),
    ]
    data = marked(rows, ["train"] * len(ROWS) + ["test study", "validation study"], people=PEOPLE)
    shown = past(data).of_others(ASKED, ANN, 9)
    assert {each.item.study for each in shown} == {"s1", "s2"}
    assert past(data).own(ASKED, Respondent("dan", {}), 9) == []


def test_refusals_and_missing_answers_are_no_examples():
    rows = [("s1", "a", "taxes", "ann", TAXES, None), ("s2", "a", "music", "bob", MUSIC, 7)]
    assert [each.item.question for each in past(learnt(*rows)).of_others(ASKED, DAN, 9)] == ["music"]


def test_people_who_are_equally_near_take_turns_and_the_seed_says_how():
    rows = [("s1", "a", "taxes", f"p{n}", TAXES, n % 7 + 1) for n in range(20)]

    def shown(seed: int) -> list[str]:
        bank = past(learnt(*rows), seed=seed)
        people = [Respondent(f"asked {n}", {}) for n in range(12)]
        return [bank.of_others(ASKED, person, 1)[0].person.id for person in people]

    assert shown(1) == shown(1)
    assert shown(1) != shown(2)
    assert len(set(shown(1))) > 4


def test_what_cannot_be_shown_in_a_style_is_passed_over():
    usable = PastAnswers(learnt(*ROWS), [ASKED], np.random.default_rng(0), lambda item: item.question != "taxes")
    assert [each.item.question for each in usable.of_others(ASKED, DAN, 1)] == ["wealth"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (dataset(ROWS), r"^tiny: has not been split, .* Split it with: silicus data prepare$"),
        (replace(learnt(*ROWS), unit="group"), r"^tiny: holds shares of groups, and no person's answer"),
        (learnt(*ROWS, part="test study"), r"^tiny: the training part has no answered question that could be an"),
    ],
)
def test_data_without_answers_to_learn_from_are_refused(data, message):
    with pytest.raises(InputError, match=message):
        past(data)
