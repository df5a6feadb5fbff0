"""Gates on answers: labels of codebooks and surveys, cells turned into other points, missing codes among answers."""

from __future__ import annotations

from typing import Any

import pytest

from silicus.data.deposit.qualtrics import Block, Survey
from silicus.data.deposit.qualtrics_question import SurveyQuestion
from silicus.study import Scale
from tests.data.deposit.gated import DOCUMENT, failed, made, question

LIE = "Do answers lie on their scales?"
MISSING = "Is no missing code left as an answer?"
LABELS = "Do scales agree with the labels of file, codebook and survey?"
COUNTED = {"source": "counted by hand", "respondents": 4}
BOOK = f"{DOCUMENT}\nwarm: “How warm do you feel?” Codes: Not at all = 1; A little = 2; Very = 3; Refused = 9."
LIKED = {1: "Not at all", 2: "A little", 3: "Very"}
CELLS = {"warm": [1, 2, 3, 3]}


def warm(**changes: Any) -> dict[str, str]:
    """Return what is told of people who were asked how warm they feel, from 1 to 3."""
    scale = changes.pop("scale", {"kind": "ordinal", "labels": LIKED})
    more = {name: changes.pop(name) for name in ("values", "column") if name in changes}
    given = {"cells": CELLS, "document": BOOK, "expected": COUNTED, "missing": {9: "Refused"}}
    return failed(made(**{**given, "questions": question(1, scale=scale, **more), **changes}))


# --- labels of the codebook and the survey


def test_labels_of_the_codebook_are_those_of_the_scale():
    assert not warm()
    turned = warm(scale={"kind": "ordinal", "labels": {1: "Very", 2: "A little", 3: "Not at all"}})
    assert list(turned) == [LABELS]
    assert turned[LABELS].startswith(
        "the question 'warm' calls 1 'Very', and codebook.txt line 1 'Not at all', which is its point 3."
    )
    strange = warm(scale={"kind": "ordinal", "labels": {1: "Banana", 2: "A little", 3: "Kiwi"}})
    assert strange[LABELS].startswith(
        "the question 'warm' calls 1 'Banana', and codebook.txt line 1 'Not at all'. Write"
    )


@pytest.mark.parametrize(
    ("scale", "told"),
    [
        ({"kind": "ordinal", "low": 1, "high": 8, "labels": LIKED}, "has the point 4, and codebook.txt line 1 calls"),
        ({"kind": "ordinal", "low": 1, "high": 3}, "has no words, and codebook.txt line 1 calls 1 'Not at all'."),
    ],
)
def test_a_scale_has_the_points_and_the_words_of_the_codebook(scale, told):
    assert told in warm(scale=scale)[LABELS]
    assert not warm(scale=scale, excused={"recoded": {"warm": "the codebook is that of the first wave"}})


def test_a_label_between_the_labelled_ends_is_told_and_an_end_alone_is_enough():
    book = f"{DOCUMENT}\nwarm: How warm? 1 = Not at all, 3 = Very"
    ends = {1: "Not at all", 3: "Very"}
    assert not warm(document=book, scale={"kind": "ordinal", "low": 1, "high": 3, "labels": ends})
    assert "calls 2 'A little', and codebook.txt line 1 does not" in warm(document=book)[LABELS]


@pytest.mark.parametrize("form", ["{} = {}", "{}. {}", "({}) {}", "{} - {}"])
def test_the_code_before_a_label_is_none_of_its_words(form):
    labels = {"warm": {str(code): form.format(code, words) for code, words in LIKED.items()}}
    assert not warm(labels=labels)


def test_codes_stand_in_one_line_without_marks_or_one_a_line():
    scale = {"kind": "ordinal", "labels": {1: "Very", 2: "A little", 3: "Not at all"}}
    for codes in ("1 = Not at all 2 = A little 3 = Very", "how\n  1 = Not at all\n  2. A little\n  (3) Very"):
        assert LABELS in warm(document=f"{DOCUMENT}\nwarm: {codes}", scale=scale)


def surveyed(labels: dict[int, str]) -> Survey:
    nothing: dict[str, Any] = {"choices": (), "answers": (), "pipes": (), "media": (), "shown_if": None}
    asked = SurveyQuestion(
        id="Q", tag="warm", kind="single choice", selector="MC", text="How warm do you feel?", order="fixed",
        forced=False, scale=Scale(kind="ordinal", labels=labels), **nothing,
    )  # fmt: skip
    return Survey("flyers", {"Q": asked}, {"B": Block("B", "all", ("Q",))}, (), ())


def test_labels_of_the_survey_are_those_of_the_scale():
    assert not warm(document=DOCUMENT, survey=surveyed({1: "1 = Not at all", 2: "A little", 3: "3 = Very"}))
    found = warm(document=DOCUMENT, survey=surveyed({1: "Very", 2: "A little", 3: "Not at all"}))
    assert "calls 1 'Not at all', and the survey (Q) 'Very', which is its point 3" in found[LABELS]


def test_a_label_in_another_words_place_is_excused_by_its_cell_alone():
    scale = {"kind": "ordinal", "labels": {1: "Very", 2: "A little", 3: "Not at all"}}
    assert LABELS in warm(scale=scale, excused={"recoded": {"warm": "the codebook has it wrong"}})
    cells = dict.fromkeys((1, 3), "the codebook has it wrong, see the article")
    assert not warm(scale=scale, excused={"recoded": {"warm": cells}})


# --- cells that become other points


def test_values_do_not_turn_a_cell_into_the_point_that_another_is_called():
    assert LABELS in warm(values={1: 3, 2: 2, 3: 1})
    assert LABELS in warm(values={1: 3, 2: 2, 3: 1}, excused={"recoded": {"warm": "it was turned round"}})
    words = {"cells": {"warm": ["Very", "A little", "Not at all", "Very"]}, "document": DOCUMENT}
    assert not warm(values={"Not at all": 1, "A little": 2, "Very": 3}, **words)
    found = warm(values={"Not at all": 3, "A little": 2, "Very": 1}, **words)
    assert "calls Not at all 'Very', and the file 'Not at all', which is its point 1" in found[LABELS]


def test_other_words_than_those_of_the_cell_need_a_reason():
    scale = {"kind": "binary", "labels": {0: "Cold", 1: "Warm"}}
    found = warm(scale=scale, values={1: 0, 2: 1, 3: 1})
    assert found[LABELS].startswith(
        "the question 'warm' makes 0 'Cold' of 1 of 'warm', which codebook.txt line 1 calls 'Not at all'. Say why that "
        "is the same under excused > recoded: {warm: ...}."
    )
    why = {"recoded": {"warm": "only those who feel nothing are cold, as in the article"}}
    assert not warm(scale=scale, values={1: 0, 2: 1, 3: 1}, excused=why)


def test_a_column_made_by_combine_is_compared_cell_by_cell():
    labels = {
        "one": {"1": "Stay with Twon", "2": "Switch to GreenGrid"},
        "two": {"1": "Stay with GreenGrid", "2": "Go"},
    }
    cells = {"one": [1, 2, None, None], "two": [None, None, 1, 1]}
    scale = {"kind": "binary", "labels": {0: "Twon", 1: "GreenGrid"}}
    right = {"made": {"columns": {"one": {1: 0, 2: 1}, "two": {1: 1}}}}
    about: dict[str, Any] = {"labels": labels, "cells": cells, "document": DOCUMENT, "scale": scale, "column": "made"}
    assert not warm(combine=right, **about)
    wrong = {"made": {"columns": {"one": {1: 1, 2: 0}, "two": {1: 1}}}}
    found = warm(combine=wrong, **about)
    assert "calls 1 'GreenGrid', and the file 'Stay with Twon', which is its point 0" in found[LABELS]


def test_numbers_that_nothing_calls_by_name_keep_their_order():
    about: dict[str, Any] = {"cells": {"warm": [0.0, 0.5, 1.0, 1.0]}, "document": DOCUMENT}
    scale = {"kind": "ordinal", "low": 1, "high": 3}
    assert not warm(scale=scale, values={0: 1, 0.5: 2, 1: 3}, **about)
    found = warm(scale=scale, values={0: 3, 0.5: 2, 1: 1}, **about)
    assert "become points of 'warm' in another order than theirs" in found[LABELS]
    why = {"recoded": {"warm": "the index is one less the answer"}}
    assert not warm(scale=scale, values={0: 3, 0.5: 2, 1: 1}, excused=why, **about)


def test_fields_and_attributes_keep_the_words_of_their_cells():
    labels = {"sex": {"1": "Male", "2": "Female"}}
    swapped = {"gender": {"column": "sex", "values": {1: "Female", 2: "Male"}}}
    found = failed(made(labels=labels, attributes=swapped))
    assert found[LABELS].startswith(
        "'gender' calls 1 of 'sex' 'Female', and the file 'Male': the words of another cell."
    )
    why = {"recoded": {"gender": dict.fromkeys((1, 2), "the labels of the file are the wrong way round")}}
    assert not failed(made(labels=labels, attributes=swapped, excused=why))
    party = {"arm": {"0": "Democrat", "1": "Republican"}}
    shown: dict[str, Any] = {"labels": party, "show": "The {party}.", "document": f"{DOCUMENT} The Party."}
    assert not failed(made(fields={"party": {"column": "arm", "values": {0: "Democratic", 1: "Republican"}}}, **shown))
    found = failed(made(fields={"party": {"column": "arm", "values": {0: "Martian", 1: "Republican"}}}, **shown))
    assert "'party' calls 0 of 'arm' 'Martian', and the file 'Democrat': with which it has no word" in found[LABELS]


def test_an_x_in_a_name_of_the_codebook_stands_for_numbers():
    book = f"{DOCUMENT} The Party.\nQX_INSERT: what is inserted. Codes: Democratic = 0; Republican = 1"
    cells = {"Q2_INSERT": [0, 1, 0, 1]}
    fields = {"party": {"column": "Q2_INSERT", "values": {0: "Republican", 1: "Democratic"}}}
    assert LABELS in failed(made(cells, document=book, show="The {party}.", fields=fields))


# --- no answers among answers


@pytest.mark.parametrize(
    "label",
    [
        "Don’t know", "Not applicable", "N/A", "NA", "Skip", "Web skip", "Skipped on web", "Declined to answer",
        "Not stated", "Can't choose", "Not administered", "Question not seen", "Prefer to not say", "Rather not say",
        "Refused/DK", "No opinion", "Unsure", "Not asked",
    ],
)  # fmt: skip
def test_a_point_that_is_no_answer_is_told_and_may_be_one_by_a_reason(label):
    given: dict[str, Any] = {
        "scale": {"kind": "nominal", "labels": {**LIKED, 4: label}},
        "cells": {"warm": [1, 2, 4, 3]},
        "document": DOCUMENT,
        "labels": {"warm": {"1": "Not at all", "2": "A little", "3": "Very", "4": label}},
    }
    found = warm(**given)
    assert list(found) == [MISSING]
    assert found[MISSING].startswith(f"the question 'warm' counts 4 as an answer, which the file calls '{label}'.")
    assert not warm(**given, excused={"answers": {"warm": {4: "people could tick it"}}})


@pytest.mark.parametrize(
    "label", ["Refused the offer", "Prefer not to hire him", "Missing person report", "Would have skipped class"]
)
def test_answers_that_begin_like_none_are_answers(label):
    scale = {"kind": "nominal", "labels": {**LIKED, 4: label}}
    assert not warm(scale=scale, cells={"warm": [1, 2, 4, 3]}, document=DOCUMENT)


def test_no_opinion_between_the_points_is_an_answer():
    scale = {"kind": "ordinal", "labels": {1: "Cold", 2: "No opinion", 3: "Warm"}}
    assert not warm(scale=scale, document=DOCUMENT)


def test_a_code_that_only_the_codebook_calls_refused_is_no_answer():
    scale = {"kind": "nominal", "labels": {**LIKED, 9: "Nine"}}
    found = warm(scale=scale, cells={"warm": [1, 2, 9, 3]}, missing={})
    assert "counts 9 as an answer, which codebook.txt line 1 calls 'Refused'" in found[MISSING]
    slider = {"kind": "numeric", "low": 0, "high": 100}
    found = warm(scale=slider, cells={"warm": [1, 2, 99, 3]}, document=f"{DOCUMENT}\n99 = Refused", missing={})
    assert "counts 99 as an answer, which codebook.txt line 1 calls 'Refused'" in found[MISSING]


def test_a_code_that_nobody_named_stops_the_dataset_though_it_looks_like_a_missing_one():
    given: dict[str, Any] = {"cells": {"warm": [1, 2, 98, 3]}, "document": DOCUMENT}
    found = warm(**given)
    assert list(found) == [LIE]
    assert found[LIE] == (
        "'warm' is 98 in 1 cell, which looks like a code for no answer, and nobody says so. Name it under missing: "
        "{98: ...}, or mend the scale of 'warm'."
    )
    assert not warm(**given, missing={98: "Skipped on web"})


def test_an_empty_cell_among_the_words_shown_is_not_to_be_named_missing():
    told = failed(made({"job": ["cook", None, "nurse", "cook"]}, show="A {job}.", document=f"{DOCUMENT} A cook.",
                       expected=COUNTED))  # fmt: skip
    assert (
        "an empty cell among the words shown. Give the cell its words under fields, or leave the rows out." in told[LIE]
    )
