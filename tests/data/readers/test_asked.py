import polars as pl
import pytest

from silicus.data.readers.asked import asked
from silicus.data.readers.codebook import AskedQuestion, Codebook
from silicus.data.readers.labelled import LabelledTable
from silicus.errors import InputError
from silicus.study import Scale, Source

SOURCE = Source(citation="x", licence="CC0")


def question(tmp_path, cells, **said):
    said.setdefault("scale", Scale(kind="ordinal", labels={1: "bad", 2: "good"}))
    book = Codebook(name="s", source=SOURCE, questions=(AskedQuestion(id="q2", column="q", text="Well", **said),))
    table = LabelledTable(tmp_path / "a.csv", pl.DataFrame({"q": pl.Series(cells, dtype=pl.String)}))
    return asked(table, book, book.questions[0], "book.yaml"), table.codes("q")


def meanings(tmp_path, cells, **said):
    made, codes = question(tmp_path, cells, **said)
    return made.meanings(codes)


def notes(tmp_path, cells, **said):
    made, codes = question(tmp_path, cells, **said)
    return made.notes(made.meanings(codes))


def test_every_code_has_its_meaning_and_cells(tmp_path):
    found = meanings(tmp_path, ["bad", "9", "bad", "maybe", None, "2"], missing={"9": "Refused"})
    assert found.rows() == [
        ("bad", 1.0, None, None, 2),
        ("9", None, "Refused", None, 1),
        ("maybe", None, None, "q2: no point of the scale is called 'maybe'", 1),
        ("2", 2.0, None, None, 1),
    ]


def test_a_question_whose_column_is_empty_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"the question 'q2' has no answer: every cell of 'q' is empty. Delete"):
        meanings(tmp_path, [None, " "])


def test_a_misspelt_value_is_refused_with_the_cells_that_match_none(tmp_path):
    said = {"values": {"awful": 1, "grate": 2}}
    with pytest.raises(
        InputError, match=r"values of the question 'q2' name 'grate', .* and cells hold 'great', which is no answer"
    ):
        meanings(tmp_path, ["awful", "great"], **said)
    with pytest.raises(InputError, match=r"cells hold '5', which is no answer"):
        meanings(tmp_path, ["awful", "5"], **said)


def test_a_value_nobody_chose_is_none_of_a_slip(tmp_path):
    said = {"values": {"awful": 1, "great": 2}, "missing": {"none": "No opinion"}}
    # 99 has the form of a missing code, and 2 is a point.
    assert len(meanings(tmp_path, ["awful", "99", "2", "none"], **said)) == 4


def test_lost_words_are_noted_where_they_come_again_or_are_many(tmp_path):
    note = "cells of the question q2 that hold 'maybe', no point of its scale (left out)"
    assert notes(tmp_path, ["bad"] * 100 + ["maybe"] * 2) == {note: 2}
    assert notes(tmp_path, ["bad"] * 18 + ["maybe"]) == {note: 1}
    assert notes(tmp_path, ["bad"] * 19 + ["maybe"]) == {}


def test_missing_codes_that_no_cell_holds_are_noted(tmp_path):
    found = notes(tmp_path, ["bad", "9"], missing={"9": "Refused", "8": "Unsure"})
    assert found == {"missing codes of the question q2 that no cell holds: '8'": 1}
