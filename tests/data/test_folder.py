from __future__ import annotations

import json

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from silicus.data.dataset import ROWS, Stimulus, settle
from silicus.data.folder import is_dataset_folder, read_dataset_folder, write_dataset_folder
from silicus.data.reading import read_dataset
from silicus.errors import InputError, RunError
from silicus.study import Item, Scale, Source

SOURCE = Source(citation="Nobody (2026).", licence="CC-BY-NC-4.0", fielded="2017/2022")
YES_NO = Scale(kind="binary", labels={1: "Yes", 2: "No"})


@pytest.fixture
def dataset():
    item = Item("", "", "", context="", text="Would you vote?", scale=YES_NO)
    rows = [
        ("s", "0", "vote", "s/1", 0, 1.0, 1, 1.0, None),
        ("s", "0", "vote", "s/2", 0, None, 1, 1.0, "Not asked"),
        ("s", "0", "vote", "s/3", 0, 7.0, 1, 1.0, None),
    ]
    table = pl.DataFrame(rows, schema=ROWS, orient="row")
    people = table.select("respondent", weight=1.0, age=pl.Series([30, None, 40]))
    return settle("tiny", SOURCE, [Stimulus(item.text, item, "labels")], table, people, fielded={"s": "2018-03"})


def test_a_dataset_folder_gives_back_what_was_written(dataset, tmp_path):
    write_dataset_folder(tmp_path / "d", dataset, made_from="votes.csv")
    again = read_dataset(tmp_path / "d")
    for table in ("responses", "respondents", "shown"):
        assert_frame_equal(getattr(again, table), getattr(dataset, table))
    for field in ("name", "source", "items", "rows_read", "left_out", "unit", "fielded"):
        assert getattr(again, field) == getattr(dataset, field)


def test_the_licence_travels_into_the_manifest(dataset, tmp_path):
    write_dataset_folder(tmp_path / "d", dataset, made_from="votes.csv")
    manifest = json.loads((tmp_path / "d" / "dataset.json").read_text())
    assert manifest["source"]["licence"] == "CC-BY-NC-4.0"
    assert (manifest["made_from"], manifest["left_out"]) == ("votes.csv", {"answer outside the stated scale": 1})


def test_the_hash_of_the_answers_tells_two_splits_apart(dataset, tmp_path):
    plain = write_dataset_folder(tmp_path / "a", dataset, made_from="votes.csv")
    same = write_dataset_folder(tmp_path / "b", dataset, made_from="elsewhere.csv")
    split = dataset.keep(pl.lit(value=True), "")
    object.__setattr__(split, "responses", split.responses.with_columns(split=pl.lit("train")))
    other = write_dataset_folder(tmp_path / "c", split, made_from="votes.csv")
    assert plain.responses == same.responses != other.responses


def test_a_folder_that_holds_something_else_is_left_alone(dataset, tmp_path):
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(RunError, match=r"this folder holds something else \(thesis.docx\)"):
        write_dataset_folder(tmp_path, dataset, made_from="votes.csv")
    assert not is_dataset_folder(tmp_path)


def test_a_dataset_folder_is_written_over_by_the_next(dataset, tmp_path):
    write_dataset_folder(tmp_path / "d", dataset, made_from="votes.csv")
    write_dataset_folder(tmp_path / "d", dataset.keep(pl.col("respondent") == "s/1", "chosen"), made_from="votes.csv")
    assert read_dataset_folder(tmp_path / "d").left_out["chosen"] == 1


def test_a_folder_without_a_manifest_is_no_dataset_folder(tmp_path):
    with pytest.raises(InputError, match=r"no dataset folder .* Make one with: silicus data prepare PATH"):
        read_dataset_folder(tmp_path)


def test_a_half_written_folder_says_which_table_is_missing(dataset, tmp_path):
    write_dataset_folder(tmp_path / "d", dataset, made_from="votes.csv")
    (tmp_path / "d" / "respondents.parquet").unlink()
    with pytest.raises(InputError, match=r"respondents.parquet: no such file"):
        read_dataset_folder(tmp_path / "d")
