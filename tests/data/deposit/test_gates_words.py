"""Gates on what people were shown: words that prove nothing, arms in one another's place, another question's column."""

from __future__ import annotations

from typing import Any

import pytest

from silicus.data.deposit.qualtrics import Block, Survey
from silicus.data.deposit.qualtrics_question import SurveyQuestion
from tests.data.deposit.gated import DOCUMENT, failed, made, question, recipe

DIFFER = "Do conditions show different words?"
CALLED = "Do conditions agree with what their cells are called?"
STAND = "Do the words shown stand in the documents?"
COLUMN = "Are answers read from the column of their question?"
COUNTED = {"source": "counted by hand", "respondents": 4}
BARE = {"column": "arm", "values": {0: {"id": "control"}, 1: {"id": "flyer"}}}


# --- conditions that differ by what is no part of them


@pytest.mark.parametrize(
    "shown",
    [
        {"show": "{id} applies.", "document": f"{DOCUMENT} Somebody applies."},
        {"cells": {"vote": [1, 0, 0, 1], "warm": [None, 1, None, 4]}},
        {"show": "{job} applies.", "fields": {"job": "w"}, "document": f"{DOCUMENT} Somebody applies."},
    ],
    ids=["a column of ids in braces", "a question that one arm was not asked", "a field of the row"],
)
def test_conditions_without_words_do_not_differ_by_what_differs_from_row_to_row(shown):
    found = failed(made(condition=BARE, weight=None, expected=COUNTED, **shown))
    assert list(found) == [DIFFER]
    assert found[DIFFER].startswith("the conditions 'control' and 'flyer' show the same words.")


def test_conditions_differ_by_a_field_that_belongs_to_them():
    fields = {"gift": {"column": "arm", "values": {0: "nothing", 1: "a flyer"}}}
    shown: dict[str, Any] = {"show": "You get {gift}.", "document": f"{DOCUMENT} You get something."}
    assert not failed(made(condition=BARE, fields=fields, **shown))


def test_of_three_conditions_with_the_same_words_one_excuse_frees_one():
    three = {"column": "arm", "values": {n: {"id": name, "text": "You get a flyer."} for n, name in enumerate("abc")}}
    cells = {"arm": [0, 1, 2, 0]}
    one = failed(made(cells, condition=three, same_words={"a": "everybody got the flyer"}, expected=COUNTED))
    assert one[DIFFER].startswith("the conditions 'b' and 'c' show the same words.")
    both = {"a": "everybody got the flyer", "b": "everybody got the flyer"}
    assert not failed(made(cells, condition=three, same_words=both, expected=COUNTED))


# --- arms and what their cells are called

SWAPPED = {
    "column": "arm",
    "values": {0: {"id": "flyer", "text": "You get a flyer."}, 1: {"id": "control", "control": True}},
}


def test_swapped_arms_are_told_by_the_labels_of_the_file():
    labels = {"arm": {"0": "Control group", "1": "Flyer"}}
    assert not failed(made(labels=labels))
    found = failed(made(labels=labels, condition=SWAPPED))
    assert list(found) == [CALLED]
    assert found[CALLED].startswith(
        "the file calls the cells 0 of 'arm' 'Control group', which is more like the condition 'control' than 'flyer'. "
        "Exchange them, or say why they are right under excused > arms: {flyer: ...}."
    )
    why = dict.fromkeys(("flyer", "control"), "the labels are those of another wave")
    assert not failed(made(labels=labels, condition=SWAPPED, excused={"arms": why}))


def test_swapped_arms_are_told_by_the_codebook_and_by_cells_that_are_words():
    book = f"{DOCUMENT}\narm: what was sent. Codes: 0 = control, 1 = flyer"
    assert list(failed(made(document=book, condition=SWAPPED))) == [CALLED]
    words = {"column": "arm", "values": {"Flyer": SWAPPED["values"][1], "Control": SWAPPED["values"][0]}}
    found = failed(made({"arm": ["Flyer", "Control"] * 2}, condition=words, expected=COUNTED))
    assert "the file calls the cells Control of 'arm' 'Control'" in found[CALLED]


def test_texts_in_one_anothers_place_are_told_though_the_ids_are_right():
    texts = {"Ask": "You are told the share.", "Tell": "You are asked to guess the share."}
    arms = {cell: {"id": cell.lower(), "text": text} for cell, text in texts.items()}
    given: dict[str, Any] = {
        "cells": {"arm": ["Ask", "Tell"] * 2},
        "document": f"{DOCUMENT} {' '.join(texts.values())}",
    }
    found = failed(made(condition={"column": "arm", "values": arms}, expected=COUNTED, **given))
    assert list(found) == [CALLED]


def test_labels_that_are_mere_codes_tell_nothing_of_the_arms():
    labels = {"arm": {"0": "Group A", "1": "Group B"}}
    assert not failed(made(labels=labels, condition=SWAPPED))


# --- words that stand anywhere


def test_a_question_of_fewer_than_four_words_is_told_with_where_it_stands():
    found = failed(made(questions=question(0, text="you")))
    assert found[STAND].startswith("'vote': its text ('you') is 1 word, found at codebook.txt line 1: ")
    why = {"passages": {"vote": "the line of a list, and no more"}}
    assert not failed(made(questions=question(0, text="you"), excused=why))


@pytest.mark.parametrize("text", ["go to vote? Item 2", "you go to vote?", "How warm do you"])
def test_a_piece_of_a_sentence_is_told_with_what_stands_around_it(text):
    found = failed(made(questions=question(0, text=text)))
    assert list(found) == [STAND]
    assert found[STAND].startswith(f"'vote': its text ('{text}') begins or ends in mid-sentence at codebook.txt line 1")
    assert "Item 1: Will you go to vote? Item 2: How warm do you feel?" in found[STAND]
    assert not failed(made(questions=question(0, text=text), excused={"passages": {"vote": "people saw this alone"}}))


def test_a_question_that_stands_whole_at_a_second_place_is_whole():
    assert not failed(made(document=f"Asked: the item Will you go to vote? and others. {DOCUMENT}"))


def test_words_that_combine_puts_into_a_field_are_looked_up():
    stimulus = {"stimulus": {"columns": {"arm": {0: "a reptile in a suit of armour", 1: "two"}}}}
    shown: dict[str, Any] = {"combine": stimulus, "show": "It shows {what}.", "document": f"{DOCUMENT} It shows one."}
    told = "its words ('a reptile in a suit of armour') stand in no document"
    assert f"'what': {told}" in failed(made(fields={"what": "stimulus"}, **shown))[STAND]
    shown["show"] = "It shows {stimulus}."
    assert f"'stimulus': {told}" in failed(made(**shown))[STAND]
    assert not failed(made(**shown, not_in_documents={"stimulus": "a picture, in words of ours"}))


def test_a_condition_and_a_question_have_ids_of_their_own():
    with pytest.raises(ValueError, match="a condition and a question have the id 'flyer': one reason"):
        recipe(questions=question(0, id="flyer", column="vote"), expected=None)


# --- the column of the answers

BOOK = f"{DOCUMENT}\nvote: “Will you go to vote?” 1 = Yes, 0 = No\nwarm: “How warm do you feel?”"


def test_answers_read_from_another_questions_column_are_told():
    assert not failed(made(document=BOOK))
    turned = question(0, column="warm")
    turned[1]["column"] = "vote"
    turned[0]["scale"], turned[1]["scale"] = turned[1]["scale"], {"kind": "ordinal", "low": 0, "high": 1}
    turned[1]["scale"]["labels"] = {0: "No", 1: "Yes"}
    found = failed(made(document=BOOK, questions=turned, expected=COUNTED))
    assert list(found) == [COLUMN]
    assert found[COLUMN].startswith(
        "'vote' asks 'Will you go to vote?', which is said of 'vote', and its answers are read from 'warm', of which "
        "is said '“How warm do you feel?”'. Name the column of its answers, or say why it is this one under excused > "
        "columns: {vote: ...}."
    )
    why = dict.fromkeys(("vote", "warm"), "the codebook has the two the wrong way round")
    assert not failed(made(document=BOOK, questions=turned, expected=COUNTED, excused={"columns": why}))


def asked(id_: str, text: str) -> SurveyQuestion:
    nothing: dict[str, Any] = {"choices": (), "answers": (), "scale": None, "pipes": (), "media": (), "shown_if": None}
    return SurveyQuestion(
        id=id_, tag=id_.lower(), kind="text entry", selector="TE", text=text, order="fixed", forced=False, **nothing
    )


def test_a_survey_says_what_a_column_asks_as_a_codebook_does():
    texts = {"vote": "How warm do you feel?", "warm": "Will you go to vote?"}
    questions = {name.upper(): asked(name.upper(), text) for name, text in texts.items()}
    survey = Survey("flyers", questions, {"B": Block("B", "all", tuple(questions))}, (), ())
    assert COLUMN in failed(made(survey=survey))
