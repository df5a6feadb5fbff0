from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from silicus.data import Dataset, read_dataset
from silicus.data.predicted_rows import predicted_rows
from silicus.errors import InputError

CELL = {"study": "s", "condition": "c", "question": "q"}
WAYS = "one of 'probabilities' (or p_1, p_2, …), 'answer' and 'text'"


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    """Return any dataset: only files with answers and texts side by side are looked up in it."""
    path = tmp_path / "data.jsonl"
    asked = "You were asked: Vote? Only return 1 for Yes or 2 for No."
    row = {"input": f"Demographics: Age: 7\n\nScenario: {asked}", "output": "1", "study_id": "s", "condition_num": 0}
    path.write_text(json.dumps(row) + "\n")
    return read_dataset(path)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".jsonl", ".json"])
def test_every_form_holds_the_same_rows(tmp_path, data, suffix):
    path = tmp_path / f"p{suffix}"
    rows = [{**CELL, "text": "3\nand on, and on"}, {**CELL, "text": 'He said "3"'}]
    table = pl.DataFrame(rows)
    match suffix:
        case ".csv" | ".tsv":
            table.write_csv(path, separator="," if suffix == ".csv" else "\t")
        case ".parquet":
            table.write_parquet(path)
        case ".jsonl":
            table.write_ndjson(path)
        case _:
            path.write_text(json.dumps(rows))
    found = predicted_rows(path, data)
    assert (found.kind, found.wide, found.count, list(found.rows)) == ("texts", {}, 2, rows)


def test_wide_columns_are_found_by_their_value(tmp_path, data):
    path = tmp_path / "p.csv"
    path.write_text("study,condition,question,p_0,p_-1,p_value\ns,c,q,0.5,0.5,0.03\n")
    found = predicted_rows(path, data)
    assert (found.kind, found.wide) == ("probabilities", {0: "p_0", -1: "p_-1"})


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("study,condition,question", f"found the columns of the key alone, expected {WAYS}."),
        ("study,condition,question,w,anser", f"found the columns w, anser, expected {WAYS}. Did you mean 'answer'?"),
        ("study,condition,question,guess", f"found the columns guess, expected {WAYS}."),
        (
            "study,condition,question,answer,text",
            f"found the columns 'answer' and 'text', expected {WAYS}. Keep one of them.",
        ),
        (
            "study,condition,question,probabilities,p_1,p_2",
            f"found the columns 'probabilities' and 'p_1', expected {WAYS}. Keep one of them.",
        ),
        ("study,condition,qestion,answer", "the column 'question' is missing. Did you mean 'qestion'?"),
        ("study,condition,question,answer,answer", "the column 'answer' stands twice. Keep one of them."),
    ],
)
def test_a_file_predicts_in_one_way_and_names_its_cells(tmp_path, data, header, told):
    path = tmp_path / "p.csv"
    path.write_text(f"{header}\n{','.join('1' for _ in header.split(','))}\n")
    with pytest.raises(InputError) as caught:
        predicted_rows(path, data)
    assert str(caught.value) == f"{path}: {told}"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("p.xlsx", "", ": found a '.xlsx' file, expected predictions as .csv, .tsv, .parquet, .jsonl or .json."),
        ("p.jsonl", "", ": found no row, expected predictions."),
        ("p.csv", "study,condition,question,answer\n", ": found no row, expected predictions."),
        ("p.json", '{"study": 1}', ": found {'study': 1}, expected a list of JSON objects."),
        ("p.json", "[]", ": found [], expected a list of JSON objects."),
        ("p.json", '[{"study": 1}, 2]', " row 2: found 2, expected a JSON object."),
        ("p.json", "[\n1,", " line 2: not valid JSON: Expecting value."),
    ],
)
def test_a_file_that_is_no_list_of_predictions_says_what_it_is(tmp_path, data, name, content, told):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        predicted_rows(path, data)
    assert str(caught.value) == f"{path}{told}"


def test_a_file_that_is_not_there_is_named(tmp_path, data):
    with pytest.raises(InputError, match=r"gone\.csv: no such file\. Expected predictions \(\.csv, "):
        predicted_rows(tmp_path / "gone.csv", data)
