"""Columns made out of several of the file: what their cells become, what fills them, and what the file says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from silicus.data.deposit.combine import combine
from silicus.data.deposit.execute import execute
from silicus.data.deposit.gates import Made, pass_gates
from silicus.data.deposit.recipe import Recipe
from silicus.data.readers.labelled import LabelledTable, read_labelled
from silicus.errors import InputError
from silicus.record import parse

RECIPE = """
name: lists
source: {citation: Somebody (2020), licence: CC0}
file: answers.csv
respondent: id
combine:
  arm: {columns: {ask_in: opt-in, ask_out: opt-out}}
  joins: {columns: {ask_in: {1: 0, 2: 1}, ask_out: {1: 1, 2: 0}}}
condition:
  column: arm
  values:
    opt-in: {id: in, text: Nobody is a donor who does not say so.}
    opt-out: {id: out, text: Everybody is a donor who does not say no.}
questions:
  - {id: joins, text: 'Are you one?', scale: {kind: binary, labels: {0: 'No', 1: 'Yes'}}}
"""
CELLS = {"id": ["a", "b", "c", "d"], "ask_in": [1, 2, None, None], "ask_out": [None, None, 1, 2]}


def recipe(**changes: Any) -> Recipe:
    return parse({**yaml.safe_load(RECIPE), **changes}, Recipe, "lists.yaml")


def table(cells: dict[str, list[Any]], **more: Any) -> LabelledTable:
    return LabelledTable(Path("answers.sav"), pl.DataFrame(cells), **more)


def made(
    cells: dict[str, list[Any]], columns: Any, recipe_missing: dict[Any, str] | None = None, **more: Any
) -> LabelledTable:
    """Return a table with the column `made` out of some of its columns."""
    asked = recipe(combine={"made": {"columns": columns}}, missing=recipe_missing or {})
    return combine(asked, table(cells, **more), "lists.yaml", lambda row: f"answers.sav row {row + 1}")


def codes(found: LabelledTable) -> list[str | None]:
    return found.codes("made").to_list()


# --- what cells become


def test_of_columns_in_a_list_a_row_keeps_the_cell_of_the_one_that_is_filled():
    found = made({"one": ["3", " ", None], "two": [None, "01", ""]}, ["one", "two"])
    assert codes(found) == ["3", "01", None]


def test_a_column_may_become_one_code_wherever_it_is_filled():
    assert codes(made(CELLS, {"ask_in": "opt-in", "ask_out": 1})) == ["opt-in", "opt-in", "1", "1"]


def test_the_cells_of_a_column_may_each_become_a_code():
    assert codes(made(CELLS, {"ask_in": {1: 0, 2.0: 1}, "ask_out": {"1": 1, "2": 0}})) == ["0", "1", "1", "0"]


def test_columns_of_one_recipe_may_differ_in_what_becomes_of_them():
    assert codes(made(CELLS, {"ask_in": None, "ask_out": {1: 7, 2: 8}})) == ["1", "2", "7", "8"]


def test_an_arm_and_its_answer_are_made_of_the_same_columns_and_used_like_columns_of_the_file():
    left, data = execute(recipe(attributes={"default": "arm"}), table(CELLS), "lists.yaml")
    assert left.cells["arm"].to_list() == ["opt-in", "opt-in", "opt-out", "opt-out"]
    rows = data.answered.select("condition", "respondent", "response").rows()
    assert rows == [
        ("in", "lists/a", 0.0), ("in", "lists/b", 1.0), ("out", "lists/c", 1.0), ("out", "lists/d", 0.0)
    ]  # fmt: skip
    assert data.respondents["default"].to_list() == ["opt-in", "opt-in", "opt-out", "opt-out"]


def test_a_made_column_may_stand_in_the_words_shown():
    words = [{"id": "joins", "text": "{arm}: are you one?", "scale": {"kind": "binary", "labels": {0: "No", 1: "Yes"}}}]
    _, data = execute(recipe(questions=words), table(CELLS), "lists.yaml")
    assert {item.text for item in data.cells()} == {"opt-in: are you one?", "opt-out: are you one?"}


# --- what fills


def test_a_code_that_the_file_or_the_recipe_calls_missing_fills_nothing():
    cells = {"one": [1, 9, 9, -1], "two": [8, 2, 8, 3]}
    found = made(cells, ["one", "two"], {-1: "skipped"}, missing={"one": {"9": "not asked"}, "two": {"8": "not asked"}})
    assert codes(found) == ["1", "2", None, "3"]


def test_a_missing_code_that_all_columns_share_stays_where_a_row_holds_no_other():
    missing = {name: {"8": "skipped", "9": "not asked"} for name in ("one", "two")}
    found = made({"one": [9, 9, 8, 1], "two": [9, 8, None, 9]}, ["one", "two"], missing=missing)
    assert codes(found) == ["9", None, "8", "1"]
    assert found.missing["made"] == missing["one"]


def test_a_missing_code_of_the_recipe_stays_too_and_becomes_the_reason():
    cells = {**CELLS, "ask_in": [1, 2, -1, None], "ask_out": [None, -1, None, 2], "arm": ["x"] * 4}
    asked = recipe(
        combine={"made": {"columns": ["ask_in", "ask_out"]}},
        condition=(),
        missing={-1: "skipped"},
        questions=[{"id": "made", "text": "Which?", "scale": {"kind": "binary", "labels": {1: "A", 2: "B"}}}],
    )
    _, data = execute(asked, table(cells), "lists.yaml")
    assert data.responses.select("response", "missing").rows() == [(1, None), (2, None), (None, "skipped"), (2, None)]


def test_what_one_column_calls_missing_does_not_hide_the_answer_of_another():
    labels = {"one": {"9": "not asked"}, "two": {"9": "very much"}}
    found = made({"one": [9, 1], "two": [9, None]}, ["one", "two"], missing={"one": {"9": "not asked"}}, labels=labels)
    assert codes(found) == ["9", "1"]
    assert "made" not in found.missing
    assert found.labels["made"] == {"9": "very much"}


def test_a_mapping_that_names_a_missing_code_says_that_it_is_an_answer():
    columns = {"one": {1: "A", 8: "A"}, "two": {1: "B"}}
    cells = {"one": [1, 8, 9], "two": [9, 9, 1]}
    missing = {name: {"8": "refused", "9": "not asked"} for name in ("one", "two")}
    assert codes(made(cells, columns, missing=missing)) == ["A", "A", "B"]


def test_a_row_that_fills_two_columns_is_refused_by_its_line_and_cells(tmp_path):
    file = tmp_path / "answers.csv"
    file.write_text("id,ask_in,ask_out,test\na,1,,1\nb,2,,0\n\nc,2,1,0\nd,1,2,0\n")
    asked = recipe(exclude=[{"column": "test", "values": {1: "a trial run"}}])
    with pytest.raises(InputError) as error:
        execute(asked, read_labelled(file), "lists.yaml")
    assert str(error.value) == (
        f"{file} line 5: 'ask_in' holds '2' and 'ask_out' holds '1', and 'arm' is made of whichever is filled (2 such "
        "rows). Name under missing the code that is no answer, exclude these rows, or do not combine the columns."
    )


# --- what is refused


def test_a_cell_without_a_code_is_named_with_its_count():
    with pytest.raises(InputError) as error:
        made({"one": [1, 3, 3]}, {"one": {1: 0}})
    assert str(error.value) == (
        "lists.yaml: combine > made: 'one' holds the value '3' in 2 rows, and has no code for it. Add it: {3: 3}, or "
        "name it under missing."
    )


def test_a_code_for_a_cell_that_never_occurs_is_refused():
    with pytest.raises(InputError, match=r"^lists.yaml: combine > made: 'one' never holds the value 'yess'. Did you "):
        made({"one": ["yes", "no"]}, {"one": {"yess": 1, "no": 0}})
    with pytest.raises(InputError, match=r"'one' never holds the value '1'. It is never filled: leave it out.$"):
        made({"one": [None, " "], "two": ["1", "2"]}, {"one": {1: 1}, "two": "2"})


def test_a_name_that_is_a_column_already_is_refused():
    with pytest.raises(InputError, match=r"^lists.yaml: combine makes the column 'made', which answers.sav has."):
        made({"one": [1], "made": [2]}, ["one"])


def test_a_column_that_is_not_there_is_refused_also_where_it_is_made_itself():
    with pytest.raises(InputError, match=r"^lists.yaml: combine > made: names the column 'ask_on', .*'ask_i?"):
        made(CELLS, ["ask_in", "ask_on"])
    asked = recipe(combine={"arm": {"columns": ["ask_in"]}, "again": {"columns": ["arm"]}})
    with pytest.raises(InputError, match="combine > again: names the column 'arm'"):
        execute(asked, table(CELLS), "lists.yaml")


def test_a_recipe_says_where_its_columns_are_wrong():
    with pytest.raises(InputError, match=r"combine > made > columns\): the column one stands twice. Keep one of them."):
        made({}, ["one", "one"])
    with pytest.raises(InputError, match=r"combine > made > columns"):
        made({}, [])
    with pytest.raises(InputError, match="the value 1 stands twice"):
        made({}, {"one": {1: 0, "1.0": 1}})
    with pytest.raises(InputError, match="at least 1 character"):
        made({}, {"one": ""})
    with pytest.raises(InputError, match=r"unknown key 'column'. Did you mean 'columns'"):
        recipe(combine={"made": {"columns": ["one"], "column": "two"}})


# --- what the file says


def test_labels_and_titles_are_those_of_all_columns_where_these_agree():
    labels = {"one": {"1": "Yes", "2": "No"}, "two": {"1": "yes.", "3": "Perhaps"}}
    titles = {"one": "Will you?", "two": "Will you?"}
    found = made({"one": [1, None], "two": [None, 3]}, ["one", "two"], labels=labels, titles=titles)
    assert found.labels["made"] == {"1": "Yes", "2": "No", "3": "Perhaps"}
    assert found.titles["made"] == "Will you?"
    assert "made" not in made({"one": [1], "two": [None]}, ["one", "two"], titles={"one": "Will you?"}).titles


def test_a_code_with_other_words_in_another_column_is_refused_for_it_does_not_mean_the_same():
    labels = {"one": {"1": "Stay out"}, "two": {"1": "Stay in"}}
    with pytest.raises(InputError) as error:
        made({"one": [1, None], "two": [None, 1]}, ["one", "two"], labels=labels)
    assert str(error.value) == (
        "lists.yaml: combine > made: the file calls 1 of 'one' 'Stay out' and of 'two' 'Stay in'. Say what the cells "
        "of each become: columns: {two: {1: ...}}"
    )
    found = made({"one": [1, None], "two": [None, 1]}, {"one": {1: 0}, "two": {1: 1}}, labels=labels)
    assert (codes(found), "made" in found.labels) == (["0", "1"], False)


def test_numbers_stay_numbers_so_that_none_is_the_words_of_another_point():
    assert made({"one": [1.0, None], "two": [None, 2.0]}, ["one", "two"]).is_number("made")
    assert not made({"one": ["1", None], "two": [None, "2"]}, ["one", "two"]).is_number("made")


def test_the_gates_see_what_the_file_says_of_a_made_column():
    labels = {name: {"1": "Yes", "2": "No", "7": "Refused"} for name in ("ask_in", "ask_out")}
    scale = {"kind": "ordinal", "low": 1, "high": 7, "labels": {1: "No", 7: "Often"}}
    asked = recipe(
        combine={
            "arm": {"columns": {"ask_in": "opt-in", "ask_out": "opt-out"}},
            "joins": {"columns": ["ask_in", "ask_out"]},
        },
        questions=[{"id": "joins", "text": "Are you one?", "scale": scale}],
    )
    cells = {**CELLS, "ask_out": [None, None, 1, 7]}
    left, data = execute(asked, table(cells, labels=labels), "lists.yaml")
    told = {gate.name: gate.problems for gate in pass_gates(Made(asked, left, data))}
    assert [each[:58] for each in told["Is no missing code left as an answer?"]] == [
        "the question 'joins' counts 7 as an answer, which the file"
    ]
    assert "the question 'joins' calls 1 'No', and the file 'Yes'" in told[
        "Do scales agree with the labels of file, codebook and survey?"
    ][0]  # fmt: skip
