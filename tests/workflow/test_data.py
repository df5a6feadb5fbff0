"""From a file of people's answers to a dataset folder, and from there to an evaluation."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from silicus.data import Dataset, read_dataset_folder
from silicus.errors import InputError, LeakError, RunError
from silicus.options import EvaluateOptions, InspectOptions, PrepareOptions
from silicus.workflow import evaluate_data, inspect_data, prepare_data

STUDIES = {"s0": "parking", "s1": "libraries", "s2": "vaccines", "s3": "elections", "s4": "farming"}
WORDS = 'You read about {topic} in the {arm} arm of this inquiry and were asked: "Do you support {topic}?" '
SEVEN = "Only return an integer from 1 to 7, nothing else."


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """Return 5 studies x 2 conditions x 20 people in the hub's form."""
    rows = [
        {
            "participant": person,
            "demographic": {"age": 20 + person * 7 % 50, "gender": ("Female", "Male")[person % 2]},
            "stimuli": WORDS.format(topic=topic, arm=("first", "second")[person % 2]) + SEVEN,
            "response": 1 + person * 3 % 7,
            "condition_num": person % 2,
            "task_num": 0,
            "study_id": study,
        }
        for study, topic in STUDIES.items()
        for person in range(20)
    ]
    path = tmp_path / "answers.parquet"
    pl.DataFrame(rows).write_parquet(path)
    return path


def prepared(answers: Path, **options) -> tuple[Path, Dataset]:
    folder, _ = prepare_data(str(answers), PrepareOptions(out=answers.parent / "data", **options))
    return folder, read_dataset_folder(folder)


def test_what_is_held_out_is_a_stored_column(answers):
    folder, data = prepared(answers, hold_out=("study=0.4",))
    by_part = dict(data.responses.group_by("split").agg(pl.col("study").n_unique()).iter_rows())
    assert by_part == {"train": 3, "test": 2}
    assert set(data.responses.filter(pl.col("split") == "test")["unseen"]) == {"study"}
    manifest = json.loads((folder / "dataset.json").read_text())
    assert manifest["split"]["counts"] == {"train": 60, "test": 40}
    assert manifest["split"]["seed"] == 0


def test_the_same_seed_holds_out_the_same_and_another_seed_something_else(answers):
    def held_out(seed: int) -> set[str]:
        data = prepared(answers, hold_out=("study=0.4",), seed=seed)[1]
        return set(data.responses.filter(pl.col("split") == "test")["study"])

    assert held_out(1) == held_out(1)
    assert len({frozenset(held_out(seed)) for seed in range(6)}) > 1


def test_a_mapping_names_what_is_held_out(answers, tmp_path):
    mapping = tmp_path / "participant_mapping.json"
    mapping.write_text(json.dumps({"seen": ["s0", "s1", "s2", "s3"], "unseen": ["s4"]}))
    _, data = prepared(answers, mapping=mapping)
    assert set(data.responses.filter(pl.col("split") == "test")["study"]) == {"s4"}


def test_a_leak_stops_the_run_and_nothing_is_written(answers, tmp_path):
    rows = pl.read_parquet(answers)
    same = rows.filter(pl.col("study_id") == "s0").with_columns(study_id=pl.lit("s5"))
    pl.concat([rows, same]).write_parquet(answers)
    mapping = tmp_path / "split.json"
    mapping.write_text(json.dumps({"seen": ["s0", "s1", "s2", "s3", "s4"], "unseen": ["s5"]}))
    with pytest.raises(LeakError, match="items"):
        prepared(answers, mapping=mapping)
    assert not (answers.parent / "data").exists()
    folder, _ = prepared(answers, mapping=mapping, allow=("items", "near-duplicates"))
    assert any("items" in line for line in json.loads((folder / "dataset.json").read_text())["guard"]["allowed"])


def test_a_condition_that_repeats_the_words_of_another_is_left_out_of_the_test_where_asked(answers):
    rows = pl.read_parquet(answers)
    third = rows.filter(pl.col("condition_num") == 0).with_columns(
        condition_num=pl.lit(2, dtype=pl.Int64), participant=pl.col("participant") + 100
    )
    pl.concat([rows, third]).write_parquet(answers)
    asked = {"hold_out": ("condition=0.4",), "seed": 3}
    with pytest.raises(LeakError, match="--drop items"):
        prepared(answers, **asked)
    folder, data = prepared(answers, **asked, drop=("items",))
    seen = set(data.responses.filter(pl.col("split") == "train")["item"])
    assert not seen & set(data.responses.filter(pl.col("split") == "test")["item"])
    manifest = json.loads((folder / "dataset.json").read_text())
    assert manifest["split"]["counts"]["test"] == len(data.responses.filter(pl.col("split") == "test"))
    assert len(manifest["guard"]["dropped"]) == 1


def test_people_who_answered_before_a_models_cutoff_stop_the_run(answers):
    with pytest.raises(LeakError, match="fieldwork"):
        prepared(answers, hold_out=("study=0.4",), model_cutoff="2025")


def test_without_anything_held_out_the_data_are_written_whole(answers):
    _, data = prepared(answers)
    assert "split" not in data.responses.columns
    assert len(data.responses) == 100


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"hold_out": ("study",)}, "found --hold-out study, expected a kind and a share of it, as study=0.2."),
        (
            {"allow": ("items",), "validation": 0.1},
            "found --validation, --allow, but nothing is held out. Say what shall be unseen: --hold-out study=0.2",
        ),
        ({"hold_out": ("study=0.1", "study=0.5")}, "found --hold-out study twice. Keep one of them."),
        ({"hold_out": ("study=a",)}, "found --hold-out study=a, expected a kind and a share of it, as study=0.2."),
        (
            {"hold_out": ("study=0.4",), "model_cutoff": "soon"},
            "found the date 'soon', expected a year, month or day (2017, 2017-03, 2017-03-14), "
            "or two of them with a slash between.",
        ),
    ],
)
def test_an_option_that_cannot_be_read_is_told_before_anything_is_read(answers, options, told):
    with pytest.raises(InputError) as caught:
        prepare_data("gone.parquet", PrepareOptions(**options))
    assert str(caught.value) == told


def test_a_place_that_cannot_be_written_is_told_before_anything_is_read(answers):
    for out in (answers, answers / "below"):
        with pytest.raises(RunError, match=r"is a file. Choose a new folder with --out"):
            prepare_data("gone.parquet", PrepareOptions(out=out))
    folder, _ = prepared(answers)
    with pytest.raises(RunError, match="is what is read, and would be written over"):
        prepare_data(str(folder), PrepareOptions(out=folder))


def test_ways_of_reading_do_not_apply_to_a_dataset_that_has_been_read(answers):
    folder, _ = prepared(answers)
    with pytest.raises(InputError, match="is a dataset that has been read already"):
        inspect_data(str(folder), InspectOptions(published=True))
    with pytest.raises(InputError, match=r"the reader 'socsci210' needs no codebook, and would not look at book.yaml"):
        inspect_data(str(answers), InspectOptions(codebook=Path("book.yaml")))


def test_a_prepared_dataset_is_evaluated_on_what_was_held_out(answers, tmp_path):
    folder, data = prepared(answers, hold_out=("study=0.4",))
    held_out = set(data.responses.filter(pl.col("split") == "test")["study"])
    run, found = evaluate_data(EvaluateOptions(data=str(folder), model="uniform", out=tmp_path / "run"))
    assert {cell.study for cell in found.cells} == held_out
    assert found.answers_n == 40
    assert found.left_out["not in the part 'test'"] == 60
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["licences"] == [data.source.licence]
    assert data.source.citation in manifest["sources"][0]


def test_another_part_is_evaluated_where_it_is_asked_for(answers, tmp_path):
    folder, _ = prepared(answers, hold_out=("study=0.4",))
    asked = EvaluateOptions(data=str(folder), model="uniform", part="train", out=tmp_path / "run")
    assert evaluate_data(asked)[1].answers_n == 60


def test_a_part_of_data_that_were_not_split_is_refused(answers):
    with pytest.raises(InputError, match=r"has not been split, so there is no part 'test'. Split it with: silicus"):
        evaluate_data(EvaluateOptions(data=str(answers), model="uniform", part="test"))


def test_the_groups_of_a_survey_are_evaluated_each_on_its_own(shared_data, tmp_path):
    source = shared_data / "opinionqa" / "group_distributions.jsonl.gz"
    folder, _ = prepare_data(str(source), PrepareOptions(out=tmp_path / "data"))
    data = read_dataset_folder(folder)
    one = data.responses["question"][0]
    few = data.keep(pl.col("question") == one, "other questions")
    from silicus.data import write_dataset_folder

    write_dataset_folder(tmp_path / "few", few, made_from="opinionqa")
    _, found = evaluate_data(EvaluateOptions(data=str(tmp_path / "few"), model="uniform", out=tmp_path / "run"))
    assert len(found.cells) == few.responses["respondent"].n_unique()


def test_shares_without_numbers_of_people_are_refused_for_evaluation(shared_data):
    with pytest.raises(InputError, match="publishes shares without saying of how many people"):
        evaluate_data(EvaluateOptions(data=str(shared_data / "wvs" / "valid.json"), model="uniform"))


def test_the_quality_of_data_is_told_on_a_page(answers, tmp_path):
    page, found = inspect_data(str(answers), InspectOptions(out=tmp_path / "quality.html"))
    assert page == tmp_path / "quality.html"
    assert "s0" in page.read_text(encoding="utf-8")
    assert found.rows_read == 100
