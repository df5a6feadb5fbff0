"""What a data file holds, at the prompt."""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl
from rich.console import Console

from silicus.data.deposit.profile import profile
from silicus.data.readers.labelled import LabelledTable
from silicus.report.profile import print_profile


def printed(width: int = 100, **columns: list[str]) -> str:
    table = LabelledTable(Path("answers.csv"), pl.DataFrame(columns), labels={"q1": {"1": "[red]No", "2": "Yes"}})
    console = Console(file=io.StringIO(), width=width)
    print_profile(profile(table), console)
    return console.file.getvalue()


COLUMNS = {
    "caseid": [f"p{place}" for place in range(40)],
    "cond": ["a", "b"] * 20,
    "gender": ["m", "m", "f", "f"] * 10,
    "q1": ["1", "2"] * 5 + ["2", "1"] * 15,
}


def test_candidates_come_with_their_scores_and_reasons():
    text = printed(**COLUMNS)
    assert "answers.csv: 40 rows, 4 columns" in text
    assert "Assigned, the likeliest first:\n  4  cond: its name says it; its groups are of nearly equal size;" in text
    assert "Answered: 1 column looks like it\n  2  q1" in text
    assert "People: caseid" in text
    assert "Demographics: gender (gender)" in text


def test_every_column_has_a_line_in_which_brackets_are_words():
    text = printed(**COLUMNS)
    assert "1 [red]No (20), 2 Yes (20)" in " ".join(text.split())
    assert "constant" not in text


def test_no_line_is_wider_than_the_page():
    text = printed(60, **COLUMNS, **{"x" * 90: ["1", "2"] * 20})
    assert max(map(len, text.splitlines())) <= 60


def test_a_file_without_candidates_says_so_and_control_characters_are_not_printed():
    text = printed(**{"no\x1b[2Jte": [f"words {place}" for place in range(20)]})
    assert "Assigned: no column looks like it" in text
    assert "Answered: 0 columns look like it" in text
    assert "\x1b" not in text
