"""Two rows of one choice: each is shown with the other's words, and rows without a partner stop the reading."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from silicus.data.readers.codebook import Codebook
from silicus.data.readers.labelled import LabelledTable
from silicus.data.readers.table import read_answers
from silicus.errors import InputError

# Rows of a choice need not stand beside one another, and ids that differ in their ending are two people.
CELLS = {
    "id": ["1.1", "1.1", "1.10", "1.1", "1.10", "1.1"],
    "task": [1, 2, 1, 1, 1, 2],
    "side": ["left", "right", "right", "right", "left", "left"],
    "job": [1, 2, 3, 2, 1, 1],
    "pay": ["10", "20", None, "30", "40", "50"],
    "chosen": [1, 0, 1, 0, 0, 1],
}
BOOK = """
name: jobs
source: {citation: Somebody (2020), licence: CC0}
respondent: id
task: [task]
pair: side
show: "A {job} for {pay}, or a {other.job}."
fields:
  job: {column: job, values: {1: nurse, 2: cook, 3: driver}}
  pay: pay
questions:
  - id: chosen
    text: Would you take the {side} one, not the one for {other.pay}?
    scale: {kind: binary, labels: {0: 'No', 1: 'Yes'}}
"""


def book(**changes: Any) -> Codebook:
    """Return the codebook of the jobs with other entries; `None` leaves one out."""
    content = {**yaml.safe_load(BOOK), **changes}
    return Codebook.model_validate({name: value for name, value in content.items() if value is not None})


def read_jobs(cells: dict[str, list[Any]] | None = None, **changes: Any):
    table = LabelledTable(Path("jobs.csv"), pl.DataFrame({**CELLS, **(cells or {})}))
    return read_answers(table, book(**changes), "jobs.yaml")


def test_each_row_of_a_pair_is_shown_with_the_words_of_the_other():
    whole = {"pay": ["10", "20", "25", "30", "40", "50"]}
    made = read_jobs(whole)
    shown = [(made.items[item].context, made.items[item].text) for item in made.responses["item"]]
    assert shown == [
        ("A nurse for 10, or a cook.", "Would you take the left one, not the one for 30?"),
        ("A cook for 20, or a nurse.", "Would you take the right one, not the one for 50?"),
        ("A driver for 25, or a nurse.", "Would you take the right one, not the one for 40?"),
        ("A cook for 30, or a nurse.", "Would you take the right one, not the one for 10?"),
        ("A nurse for 40, or a driver.", "Would you take the left one, not the one for 25?"),
        ("A nurse for 50, or a cook.", "Would you take the left one, not the one for 20?"),
    ]
    assert made.responses["respondent"].to_list() == [f"jobs/{each}" for each in CELLS["id"]]


def test_answers_carry_their_own_fields_and_those_of_the_other():
    made = read_jobs(show="A {job}", questions=[{**yaml.safe_load(BOOK)["questions"][0], "text": "This one?"}])
    assert made.responses.select("shown.job", "other.job", "shown.pay", "other.pay", "response").rows() == [
        ("nurse", "cook", "10", "30", 1),
        ("cook", "nurse", "20", "50", 0),
        ("driver", "nurse", None, "40", 1),
        ("cook", "nurse", "30", "10", 0),
        ("nurse", "driver", "40", None, 0),
        ("nurse", "cook", "50", "20", 1),
    ]


def test_a_row_whose_other_lacks_a_word_that_is_shown_is_left_out():
    assert read_jobs().left_out == {"an empty cell among the words shown": 2}


def test_rows_without_a_partner_and_with_several_are_counted_and_the_first_of_them_named():
    cells = {"id": ["a", "b", "c", "c", "c", "d"], "task": [1] * 6, "side": ["l", "l", "l", "r", "m", "l"]}
    with pytest.raises(
        InputError,
        match=r"^jobs.yaml: 3 rows have no partner \(the first: id a, task 1, side l\) and 3 rows have several \(the "
        r"first: id c, task 1, side l\)\. The two rows of a pair have the same id, task and differ in 'side'\. Name "
        r"under task every column that numbers choices, and leave out rows",
    ):
        read_jobs(cells)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"side": ["left", "right", "right", "left", "left", "left"]}, "2 rows have no partner (the first: id 1.1, "),
        ({"side": ["left", "right", None, "right", "left", "left"]}, "2 rows have no partner (the first: id 1.10, "
         "task 1, side empty)"),
        ({"task": [1, 2, None, 1, None, 2]}, "2 rows have no partner (the first: id 1.10, task empty, side right)"),
        ({"task": [1, 1, 1, 1, 1, 1]}, "4 rows have several (the first: id 1.1, task 1, side left)"),
        ({"task": [1, 2, 1, 1, 1, 3]}, "2 rows have no partner (the first: id 1.1, task 2, side right)"),
    ],
)  # fmt: skip
def test_a_pair_is_two_rows_that_differ_with_no_empty_cell(cells, told):
    with pytest.raises(InputError) as error:
        read_jobs(cells)
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"show": "A {other.jop}"},
            r"found \{other.jop\}, and no field 'jop': only .* Did you mean 'job'\?",
        ),
        ({"show": "A {other.side}"}, r"no field 'side': only fields have another row\. Known: job, pay\."),
        (
            {"pair": None},
            r"found \{other.job\}, which stands for the other row of a pair, and no pair\.",
        ),
        ({"respondent": None}, r"'side' tells two rows of one choice apart, and no respondent says whose they are"),
        ({"task": ["task", "side"]}, r"the column 'side' is the pair and a task, .* Take it out of task"),
        ({"fields": {"other.job": "job"}}, r"the field 'other.job' is named like .* Rename it: other_job: job"),
    ],
)
def test_a_codebook_whose_pair_cannot_be_right_is_refused(changes, told):
    with pytest.raises(ValueError, match=told):
        book(**changes)


def test_a_pair_and_a_task_are_columns_of_the_table():
    with pytest.raises(InputError, match=r"names the column 'sides', .* Did you mean 'side'\?"):
        read_jobs(pair="sides")
    with pytest.raises(InputError, match=r"names the column 'tusk', .* Did you mean 'task'\?"):
        read_jobs(task=["tusk"])
