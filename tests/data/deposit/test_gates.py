"""Gates that stop a wrong dataset: a deposit that passes them all, and one fault for each of them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from silicus.data.deposit.demographics import FIELDS
from silicus.data.deposit.gates import GATES, pass_gates
from silicus.errors import InputError
from tests.data.deposit.gated import CELLS, DOCUMENT, RECIPE, failed, made, question, recipe


def test_a_right_recipe_passes_every_gate():
    found = pass_gates(made())
    assert [gate.name for gate in found] == list(GATES)
    assert all(gate.passed for gate in found)


LABELLED = {"vote": {"1": "Yes", "0": "No"}}
FAULTS: list[tuple[str, dict[str, Any], str]] = [
    (
        "Do conditions show different words?",
        {"condition": {"column": "arm", "values": {0: {"id": "control"}, 1: {"id": "flyer"}}}},
        "the conditions 'control' and 'flyer' show the same words. Write what each of them saw, or say why they do "
        "under same_words: {flyer: ...}.",
    ),
    (
        "Do the words shown stand in the documents?",
        {"document": DOCUMENT.replace("a flyer", "a letter")},
        "'flyer': its words ('You get a flyer.') stand in no document, the nearest are at codebook.txt line 1: 'You "
        "get a'. Copy them as they were shown, or say why they are in none under not_in_documents: {flyer: ...}.",
    ),
    (
        "Do answers lie on their scales?",
        {"cells": {"warm": [8, 1, 99, 4]}, "expected": {"source": "counted by hand", "answers": {"warm": 2}}},
        "1 answer was left out: answer outside the stated scale.",
    ),
    (
        "Do answers lie on their scales?",
        {
            "cells": {"warm": ["7", "1", "$4", "4"]},
            "expected": {"source": "counted by hand", "answers": {"warm": 3}},
        },
        "1 answer was left out: warm: no point of the scale is called '$4'. Name the cells under missing or values, or "
        "mend the scale; a number with a comma or a unit has to be brought to a number first.",
    ),
    (
        "Is no missing code left as an answer?",
        {
            "labels": {"warm": {"7": "Don't know"}},
            "questions": question(1, scale={"kind": "ordinal", "low": 1, "high": 7, "labels": {7: "Don't know"}}),
        },
        "the question 'warm' counts 7 as an answer, which the file calls 'Don't know'. Name it under missing",
    ),
    (
        "Do scales agree with the labels of file, codebook and survey?",
        {"labels": {"vote": {"1": "No", "0": "No"}}},
        "the question 'vote' calls 1 'Yes', and the file 'No', which is its point 0. Give the cell its own point, or "
        "say why not under excused > recoded: {vote: {1: ...}}.",
    ),
    (
        "Do scales agree with the labels of file, codebook and survey?",
        {"labels": {"vote": {**LABELLED["vote"], "2": "Maybe"}}},
        "the file calls 2 of 'vote' 'Maybe', which is no point of the scale of 'vote'",
    ),
    (
        "Are there as many people and answers as expected?",
        {"expected": None},
        "no count is expected. Count people and answers in another way, and write them under expected.",
    ),
    (
        "Are there as many people and answers as expected?",
        {
            "expected": {
                "source": "counted by hand",
                "respondents": 5,
                "answers": {"warm": 4},
                "conditions": {"flyer": 3},
            }
        },
        "found 4 people, expected 5. Find out which of the two is wrong. found 2 people of 'flyer', expected 3. Find "
        "out which of the two is wrong. found 3 answers of 'warm', expected 4. Find out which of the two is wrong.",
    ),
    (
        "Is every question answered once?",
        {"cells": {"id": ["a", "b", "a", "d"]}, "expected": {"source": "counted by hand", "respondents": 3}},
        "4 answers are of one person to one question twice. Leave the repetitions out, or name under task the columns "
        "that number the rows.",
    ),
    (
        "Is every person in the conditions of the design?",
        {
            "cells": {"id": ["a", "a", "c", "d"], "sex": [1, 1, 1, 2]},
            "expected": {"source": "counted by hand", "respondents": 3},
        },
        "1 person is in several conditions ('flyers/a'), and the design is between. Say design: within, or name the "
        "column that parts them.",
    ),
    (
        "Does every condition have answers?",
        {
            "cells": {"vote": [1, None, 0, None], "warm": [7, None, 99, None]},
            "expected": {"source": "counted by hand", "respondents": 2, "conditions": {"flyer": 0}},
        },
        "nobody answered in the condition 'flyer'. Leave its rows out (null), or find its answers.",
    ),
    (
        "Are the fields of SocSci210 mapped, or said not to be?",
        {"unmapped": {name: "not asked for here" for name in FIELDS if name not in {"gender", "age"}}},
        "nothing is said of age. Name their columns under attributes, or say under unmapped why the deposit cannot",
    ),
    (
        "Are the fields of SocSci210 mapped, or said not to be?",
        {"attributes": {"gender": {"column": "sex", "values": {1: "Male"}}}},
        "the attribute 'gender' has words for some cells of 'sex', and none for '2'.",
    ),
    (
        "Are the weights weights?",
        {"cells": {"w": [1200.0, 900.0, 1000.0, 900.0]}},
        "the weights of 4 people have the mean 1e+03, expected about 1. Is 'w' a weight, and not a count",
    ),
    (
        "Are the weights weights?",
        {"cells": {"w": [0.0, 0.0, 0.0, 4.0]}},
        "75% of the people have the weight 0. Is 'w' the weight of this sample?",
    ),
]


@pytest.mark.parametrize(("gate", "fault", "said"), FAULTS)
def test_each_fault_is_stopped_by_its_own_gate_and_by_no_other(gate, fault, said):
    found = failed(made(**fault))
    assert list(found) == [gate]
    assert said in found[gate]


def test_the_words_shown_before_every_question_stand_in_a_document_too():
    said = "A card for {sex} people."
    found = failed(made(show=said))
    assert list(found) == ["Do the words shown stand in the documents?"]
    assert found["Do the words shown stand in the documents?"].startswith(
        "'show': its words ('A card for {sex} people.') stand in no document, and nothing like them."
    )
    assert found["Do the words shown stand in the documents?"].endswith("under not_in_documents: {show: ...}.")
    assert not failed(made(show=said, document=f"{DOCUMENT} {said}"))
    assert not failed(made(show=said, not_in_documents={"show": "taken from the article"}))


def test_words_that_a_field_puts_in_the_place_of_a_cell_stand_in_a_document_unless_they_are_a_name():
    said = "{what} is for you."
    fields = {"what": {"column": "sex", "values": {1: "A letter of three pages", 2: "Two flyers"}}}
    shown: dict[str, Any] = {"show": said, "document": f"{DOCUMENT} {said}", "fields": fields}
    (problem,) = failed(made(**shown)).values()
    assert "'what': its words ('A letter of three pages') stand in no document" in problem
    assert "Two flyers" not in problem
    assert not failed(made(**shown, not_in_documents={"what": "taken from the article"}))


CROSSED = [
    {"column": "arm", "values": {0: {"id": "control"}, 1: {"id": "flyer", "text": "You get a flyer."}}},
    {"column": "sex", "values": {1: {"id": "his"}, 2: {"id": "hers"}}},
]
FULL = {"id": list("abcd"), "arm": [0, 1, 0, 1], "sex": [1, 1, 2, 2]}
SAME = {"control × hers": "a picture of it", "flyer × hers": "a picture of it"}
COUNTS = {"source": "counted by hand", "respondents": 4}


def crossed(sexes: list[int], same: dict[str, str] = SAME, **counts: Any) -> dict[str, str]:
    """Return gate -> its problems, where an arm is crossed with a picture of him or her."""
    expected = {**COUNTS, **counts}
    cells = {**FULL, "sex": sexes}
    about: dict[str, Any] = {"weight": None, "attributes": {"gender": "w"}}
    return failed(made(cells, condition=CROSSED, same_words=same, expected=expected, **about))


def test_crossed_conditions_that_show_the_same_words_are_excused_by_their_joined_names():
    assert crossed([1, 1, 2, 2]) == {}
    found = crossed([1, 1, 2, 2], {"control × hers": "a picture of it"})
    assert list(found.values()) == [
        "the conditions 'flyer × his' and 'flyer × hers' show the same words. Write what each of them saw, or say why "
        "they do under same_words: {flyer × hers: ...}."
    ]


def test_a_crossed_condition_that_nobody_was_in_is_told_unless_the_recipe_expects_none():
    found = crossed([1, 1, 2, 1])
    assert found["Does every condition have answers?"] == (
        "nobody answered in the condition 'flyer × hers'. Say so (expected > conditions: {flyer × hers: 0}), or find "
        "its answers."
    )
    assert crossed([1, 1, 2, 1], conditions={"flyer × hers": 0}) == {}
    assert list(crossed([1, 1, 2, 2], conditions={"flyer × hers": 0})) == [
        "Are there as many people and answers as expected?"
    ]


def test_people_are_counted_by_crossed_condition():
    assert crossed([1, 1, 2, 2], conditions={"control × his": 1, "flyer × hers": 1}) == {}
    found = crossed([1, 1, 2, 2], conditions={"control × his": 2})
    assert "found 1 people of 'control × his', expected 2" in " ".join(found.values())


def test_two_rows_of_a_pair_answer_a_task_once():
    cells = {"id": list("aabb"), "arm": [0, 0, 1, 1], "sex": [1, 1, 2, 2], "side": [1, 2, 1, 2]}
    counts = {"source": "counted by hand", "respondents": 2}
    assert not failed(made(cells, expected=counts, pair="side"))
    more = {name: [*column, *column] for name, column in {**CELLS, **cells}.items()}
    more["choice"] = [1] * 4 + [2] * 4
    counted_twice = {"source": "counted by hand", "respondents": 2, "answers": {"vote": 8}}
    assert not failed(made(more, expected=counted_twice, pair="side", task=["choice"]))


def test_people_whose_ids_differ_in_their_ending_are_two():
    cells = {"id": ["1.1", "1.10", "2", "3"], "task": [1, 1, 1, 1]}
    assert not failed(made(cells, task=["task"]))


def test_what_is_said_in_the_recipe_is_not_asked_again():
    same = {"column": "arm", "values": {0: {"id": "control"}, 1: {"id": "flyer"}}}
    assert not failed(made(condition=same, same_words={"flyer": "the flyer is a picture"}))
    gone = {"not_in_documents": {"flyer": "taken from the article, page 3"}}
    assert not failed(made(document=DOCUMENT.replace("a flyer", "a letter"), **gone))


def test_rows_of_one_person_are_told_apart_by_their_tasks():
    cells = {"id": ["a", "a", "c", "c"], "arm": [0, 0, 1, 1], "sex": [1, 1, 2, 2], "task": [1, 2, 1, 2]}
    counts = {"source": "counted by hand", "respondents": 2}
    assert "Is every question answered once?" in failed(made(cells, expected=counts))
    assert not failed(made(cells, expected=counts, task=["task"]))
    twice = failed(made({**cells, "task": [1, 1, 1, 2]}, expected=counts, task=["task"]))
    assert twice == {
        "Is every question answered once?": "2 rows have the same id, task. Leave the repetitions out, or name under "
        "task the columns that number the rows."
    }


# --- excluded rows, and names that a recipe does not have


def test_excluded_rows_are_counted_by_reason_and_nothing_else_goes():
    kept = made(exclude=[{"column": "id", "values": {"d": "failed the attention check"}}])
    assert kept.data.left_out == {"excluded: failed the attention check": 1}
    assert kept.data.respondents["respondent"].to_list() == ["flyers/a", "flyers/b", "flyers/c"]
    assert kept.table.cells.height == 3


def test_a_cell_that_is_excluded_and_nowhere_found_is_answered_with_the_nearest():
    with pytest.raises(
        InputError, match=r"excludes the rows whose 'id' is 'dd', which no cell is\. Did you mean 'd'\?"
    ):
        made(exclude=[{"column": "id", "values": {"dd": "failed the attention check"}}])


def test_no_row_left_is_an_error():
    everybody = dict.fromkeys("abcd", "failed the attention check")
    with pytest.raises(InputError, match=r"flyers.yaml: excludes every row of answers.csv\."):
        made(exclude=[{"column": "id", "values": everybody}])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"same_words": {"flier": "a picture of it"}}, r"same_words names 'flier'\. Did you mean 'flyer'\?"),
        (
            {"not_in_documents": {"votes": "from the article"}},
            r"not_in_documents names 'votes'\. Did you mean 'vote'\?",
        ),
        ({"expected": {"source": "counted by hand", "answers": {"worm": 3}}}, "expected > answers names 'worm'"),
        (
            {"expected": {"source": "counted by hand", "conditions": {"flier": 2}}},
            r"expected > conditions names 'flier'\. Did you mean 'flyer'\?",
        ),
        (
            {"condition": CROSSED, "expected": {"source": "counted by hand", "conditions": {"flyer × her": 2}}},
            r"expected > conditions names 'flyer × her'\. Did you mean 'flyer × hers'\?",
        ),
        (
            {"condition": CROSSED, "same_words": {"control": "a picture of it"}},
            r"same_words names 'control'\. Did you mean 'control × his'\?",
        ),
        ({"not_in_documents": {"show": "from the article"}}, r"not_in_documents names 'show'\."),
        (
            {
                "show": "A card.",
                "questions": [{**yaml.safe_load(RECIPE)["questions"][0], "id": "show"}],
                "expected": None,
            },
            "a condition or question has the id 'show', as the words under show have",
        ),
        ({"expected": {"source": "counted by hand"}}, "says no count. Give respondents, conditions or answers"),
    ],
)
def test_names_in_a_recipe_are_those_of_its_conditions_and_questions(changes, said):
    with pytest.raises(ValueError, match=said):
        recipe(**changes)
