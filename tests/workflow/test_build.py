"""`silicus build`: from a deposit and its recipe to a dataset that passed every gate, and who approved it."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from silicus.data import ReadOptions, read_dataset, read_dataset_folder
from silicus.errors import InputError, RunError
from silicus.options import BuildOptions
from silicus.workflow import approve_build, build_deposit

RECIPES = Path(__file__).parents[2] / "recipes" / "deposits"
RECIPE = """
name: flyers
source: {citation: Somebody (2020), licence: CC0}
file: answers.csv
documents: [codebook.txt]
respondent: id
condition:
  column: arm
  values:
    0: {id: control, control: true}
    1: {id: flyer, text: You get a flyer.}
attributes: {gender: {column: sex, values: {1: Male, 2: Female}}}
unmapped: {UNMAPPED}
questions:
  - id: vote
    text: Will you vote?
    scale: {kind: binary, labels: {1: 'Yes', 0: 'No'}}
expected: {source: counted by hand, respondents: 4, conditions: {control: 2, flyer: 2}, answers: {vote: 4}}
"""
OTHERS = (
    "age", "ethnicity", "education", "employment", "marital_status", "housing_ownership", "housing_type", "location",
    "metro_status", "income", "internet_access", "household_size", "party_id", "ideology", "phone_service",
)  # fmt: skip
ANSWERS = "id,arm,sex,vote\na,0,1,1\nb,1,2,0\nc,0,1,0\nd,1,2,1\n"


@pytest.fixture
def deposit(tmp_path: Path) -> Path:
    """Return the folder of a small deposit, its recipe beside it as recipe.yaml."""
    folder = tmp_path / "deposit"
    folder.mkdir()
    (folder / "answers.csv").write_text(ANSWERS, encoding="utf-8")
    (folder / "codebook.txt").write_text("Arm 1: You get a flyer.\nvote: Will you vote? 1 = Yes, 0 = No\n", "utf-8")
    unmapped = ", ".join(f"{name}: not in the deposit" for name in OTHERS)
    (tmp_path / "recipe.yaml").write_text(RECIPE.replace("{UNMAPPED}", f"{{{unmapped}}}"), encoding="utf-8")
    return folder


def options(deposit: Path, **changes: object) -> BuildOptions:
    return BuildOptions(recipe=deposit.parent / "recipe.yaml", out=deposit.parent / "build", **changes)


def test_a_deposit_becomes_a_dataset_once_every_gate_is_passed(deposit):
    folder, build = build_deposit(deposit, options(deposit))
    assert build.passed
    data = read_dataset_folder(folder / "dataset")
    assert data.responses.select("condition", "respondent", "response").rows() == [
        ("control", "flyers/a", 1), ("flyer", "flyers/b", 0), ("control", "flyers/c", 0), ("flyer", "flyers/d", 1)
    ]  # fmt: skip
    assert {name: str(span) for name, span in build.found.items()} == {
        "flyer": "codebook.txt line 1",
        "vote": "codebook.txt line 2",
    }
    assert set(build.inputs) == {"recipe.yaml", "answers.csv", "codebook.txt"}


def test_the_page_shows_words_source_scale_and_answers_side_by_side(deposit):
    folder, _ = build_deposit(deposit, options(deposit))
    page = (folder / "review.html").read_text(encoding="utf-8")
    for words in ("You get a flyer.", "codebook.txt line 1", "Will you vote?", "vote · flyer: 2 answers", "Nobody has"):
        assert words in page


def test_a_gate_that_is_not_passed_leaves_a_page_and_no_dataset(deposit):
    (deposit / "codebook.txt").write_text("Arm 1: You get a letter. Will you vote?", encoding="utf-8")
    folder, build = build_deposit(deposit, options(deposit))
    assert [gate.name for gate in build.gates if not gate.passed] == ["Do the words shown stand in the documents?"]
    assert not (folder / "dataset").exists()
    assert "the nearest are at codebook.txt line 1" in (folder / "review.html").read_text(encoding="utf-8")
    with pytest.raises(InputError, match="1 of 11 gates are not passed, so there is no dataset"):
        approve_build(folder, "A. Reviewer")


def test_a_build_that_is_mended_replaces_the_one_that_was_stopped_and_the_other_way_round(deposit):
    right = (deposit / "codebook.txt").read_text(encoding="utf-8")
    (deposit / "codebook.txt").write_text("nothing of the kind", encoding="utf-8")
    build_deposit(deposit, options(deposit))
    (deposit / "codebook.txt").write_text(right, encoding="utf-8")
    folder, build = build_deposit(deposit, options(deposit))
    assert build.passed
    assert (folder / "dataset" / "dataset.json").is_file()
    (deposit / "codebook.txt").write_text("nothing of the kind", encoding="utf-8")
    build_deposit(deposit, options(deposit))
    assert not (folder / "dataset").exists()


def test_a_zip_archive_is_a_deposit_too(deposit):
    archive = Path(shutil.make_archive(str(deposit.parent / "packed"), "zip", deposit))
    assert (
        build_deposit(archive, options(deposit))[1].responses == build_deposit(deposit, options(deposit))[1].responses
    )


def test_who_approved_a_build_and_when_is_kept_and_shown(deposit):
    folder, _ = build_deposit(deposit, options(deposit))
    approved = approve_build(folder, " A. Reviewer ")
    assert approved.approval.by == "A. Reviewer"
    assert json.loads((folder / "build.json").read_text())["approval"]["responses"] == approved.responses
    assert "Approved by A. Reviewer on " in (folder / "review.html").read_text(encoding="utf-8")


def test_a_dataset_that_nobody_approved_says_so_wherever_it_is_read(deposit):
    folder, _ = build_deposit(deposit, options(deposit))
    note = "answers of a build that nobody has approved (silicus build approve)"
    assert read_dataset(str(folder / "dataset"), None, ReadOptions()).notes[note] == 4
    approve_build(folder, "A. Reviewer")
    assert note not in read_dataset(str(folder / "dataset"), None, ReadOptions()).notes


def test_answers_that_were_changed_after_the_build_are_not_approved(deposit):
    folder, _ = build_deposit(deposit, options(deposit))
    path = folder / "dataset" / "responses.parquet"
    pl.read_parquet(path).with_columns(response=1 - pl.col("response")).write_parquet(path)
    with pytest.raises(InputError, match="its answers are not those that were built"):
        approve_build(folder, "A. Reviewer")


def test_what_cannot_be_approved_is_said(deposit, tmp_path):
    with pytest.raises(InputError, match=r"no build \(no build.json\)"):
        approve_build(tmp_path, "A. Reviewer")
    folder, _ = build_deposit(deposit, options(deposit))
    with pytest.raises(InputError, match="found --by without a name"):
        approve_build(folder, " ")


def test_a_folder_that_holds_something_else_is_left_alone(deposit):
    other = deposit.parent / "build"
    other.mkdir()
    (other / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(RunError, match=r"this folder holds something else \(thesis.txt\)"):
        build_deposit(deposit, options(deposit))


def test_the_same_deposit_and_recipe_give_the_same_answers(deposit):
    first = build_deposit(deposit, options(deposit))[1]
    assert build_deposit(deposit, options(deposit))[1] == first


def test_a_further_form_is_written_beside_the_dataset(deposit):
    folder, _ = build_deposit(deposit, options(deposit, format="socsci210"))
    table = pl.read_parquet(folder / "socsci210.parquet")
    assert (len(table), table["study_id"].unique().to_list()) == (4, ["flyers"])
    assert "You get a flyer." in table["prompt"][1]
    assert table["prompt"][1].endswith("Only return 0 for 'No' or 1 for 'Yes', nothing else.")


# --- a deposit whose answer is known


def test_ryan_and_aziz_give_exactly_the_answers_of_their_raw_file(shared_data, tmp_path):
    raw = shared_data / "deposits" / "ryan_aziz"
    with (raw / "rawdata_tess.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    valid = {column: sum(row[column] in set("12345") for row in rows) for column in ("Q2", "Q3", "Q4")}
    assert sum(valid.values()) == 6107
    folder, build = build_deposit(raw, BuildOptions(recipe=RECIPES / "ryan-aziz.yaml", out=tmp_path / "build"))
    assert build.passed
    data = read_dataset_folder(folder / "dataset")
    answers = dict(data.answered.group_by("question").len().iter_rows())
    assert answers == {name.lower(): count for name, count in valid.items()}
    assert len(data.respondents) == len(rows) == 2056
    # The second story names the other party, although its column repeats the code of the first.
    second = [item for item in data.cells() if item.question == "q3"]
    assert {item.condition: "a Republican prosecutor" in item.text for item in second} == {
        "democrats-in-ohio": True,
        "republicans-in-ohio": False,
    }
