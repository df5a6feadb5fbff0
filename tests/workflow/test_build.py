"""`silicus build`: from a deposit and its recipe to a dataset that passed every gate, and who approved it."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from pathlib import Path

import polars as pl
import pytest

from silicus.cli import main
from silicus.data import ReadOptions, read_dataset, read_dataset_folder, unapproved
from silicus.data.deposit.gates import GATES
from silicus.errors import InputError, RunError
from silicus.options import BuildOptions, PrepareOptions
from silicus.workflow import approve_build, build_deposit, prepare_data

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
    text: Will you vote on Sunday?
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
    (folder / "codebook.txt").write_text(
        "Arm 1: You get a flyer.\nvote: Will you vote on Sunday? 1 = Yes, 0 = No\n", "utf-8"
    )
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
    for words in (
        "You get a flyer.",
        "codebook.txt line 1",
        "Will you vote on Sunday?",
        "vote · flyer: 2 answers",
        "Nobody has",
    ):
        assert words in page


def test_a_gate_that_is_not_passed_leaves_a_page_and_no_dataset(deposit):
    (deposit / "codebook.txt").write_text("Arm 1: You get a letter. Will you vote on Sunday?", encoding="utf-8")
    folder, build = build_deposit(deposit, options(deposit))
    assert [gate.name for gate in build.gates if not gate.passed] == ["Do the words shown stand in the documents?"]
    assert not (folder / "dataset").exists()
    assert "the nearest are at codebook.txt line 1" in (folder / "review.html").read_text(encoding="utf-8")
    with pytest.raises(InputError, match=f"1 of {len(GATES)} gates are not passed, so there is no dataset"):
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
    assert build_deposit(archive, options(deposit))[1].content == build_deposit(deposit, options(deposit))[1].content


def test_who_approved_a_build_and_when_is_kept_and_shown(deposit):
    folder, _ = build_deposit(deposit, options(deposit))
    approved = approve_build(folder, " A. Reviewer ")
    assert approved.approval.by == "A. Reviewer"
    assert json.loads((folder / "build.json").read_text())["approval"]["content"] == approved.content
    assert "Approved by A. Reviewer on " in (folder / "review.html").read_text(encoding="utf-8")


def test_a_dataset_that_nobody_approved_says_so_wherever_it_is_read(deposit):
    folder, _ = build_deposit(deposit, options(deposit))
    note = "answers of a build that nobody has approved (silicus build approve)"
    assert read_dataset(str(folder / "dataset"), None, ReadOptions()).notes[note] == 4
    approve_build(folder, "A. Reviewer")
    assert note not in read_dataset(str(folder / "dataset"), None, ReadOptions()).notes


def test_answers_that_nobody_approved_say_so_where_they_are_prepared_evaluated_and_learnt_from(
    deposit, tmp_path, monkeypatch, capsys
):
    folder, _ = build_deposit(deposit, options(deposit))
    said = "4 answers of a build that nobody has approved (silicus build approve)"
    run_folder, prepared = tmp_path / "run", tmp_path / "prepared"
    words = ("--model", "uniform", "--data", str(folder / "dataset"), "--out", str(run_folder))
    monkeypatch.setattr(sys, "argv", ["silicus", "evaluate", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert said in " ".join(capsys.readouterr().out.split())
    assert f"{said}." in json.loads((run_folder / "manifest.json").read_text())["notes"]
    assert said in (run_folder / "report.html").read_text(encoding="utf-8")
    asked = PrepareOptions(out=prepared, hold_out=("respondent=0.5",))
    assert said.removeprefix("4 ") in prepare_data(str(folder / "dataset"), asked)[1].notes
    assert unapproved(read_dataset_folder(prepared)) == [said]


@pytest.mark.parametrize(
    ("table", "change"),
    [("responses", pl.lit(1).alias("response")), ("respondents", pl.lit("Male").alias("gender")),
     ("shown", pl.lit("other words").alias("stimulus"))],
)  # fmt: skip
def test_what_was_changed_after_the_build_is_not_approved(deposit, table, change):
    folder, _ = build_deposit(deposit, options(deposit))
    path = folder / "dataset" / f"{table}.parquet"
    pl.read_parquet(path).with_columns(change).write_parquet(path)
    with pytest.raises(InputError, match=r"is not what was built\. Build it again before approving"):
        approve_build(folder, "A. Reviewer")
    assert json.loads((folder / "build.json").read_text())["approval"] is None
    assert json.loads((folder / "dataset" / "dataset.json").read_text())["approved"] is False


def test_other_words_of_a_stimulus_are_not_approved(deposit):
    folder, _ = build_deposit(deposit, options(deposit))
    path = folder / "dataset" / "items.parquet"
    pl.read_parquet(path).with_columns(pl.col("text").str.replace("vote", "sing")).write_parquet(path)
    with pytest.raises(InputError, match=r"items.parquet: 4 answers are to a stimulus that is not in it"):
        approve_build(folder, "A. Reviewer")
    assert json.loads((folder / "build.json").read_text())["approval"] is None
    assert json.loads((folder / "dataset" / "dataset.json").read_text())["approved"] is False
    assert "Nobody has approved it" in (folder / "review.html").read_text(encoding="utf-8")


def test_what_was_changed_after_it_was_approved_counts_as_not_approved(deposit):
    folder, _ = build_deposit(deposit, options(deposit))
    approve_build(folder, "A. Reviewer")
    path = folder / "dataset" / "respondents.parquet"
    pl.read_parquet(path).with_columns(gender=pl.lit("Male")).write_parquet(path)
    assert unapproved(read_dataset_folder(folder / "dataset")) == [
        "4 answers of a build that was changed after it was approved: as it is now, nobody has approved it"
    ]


def test_the_flag_of_an_approval_comes_last(deposit, monkeypatch):
    folder, _ = build_deposit(deposit, options(deposit))

    def fails(*_: object) -> None:
        raise RunError("the disk is full")

    monkeypatch.setattr("silicus.workflow.build.write_review", fails)
    with pytest.raises(RunError, match="the disk is full"):
        approve_build(folder, "A. Reviewer")
    assert json.loads((folder / "dataset" / "dataset.json").read_text())["approved"] is False


def test_an_approved_dataset_is_not_replaced_by_a_build_that_a_gate_stops(deposit):
    folder, _ = build_deposit(deposit, options(deposit))
    approve_build(folder, "A. Reviewer")
    (deposit / "codebook.txt").write_text("nothing of the kind", encoding="utf-8")
    with pytest.raises(RunError, match=r"holds a dataset that A. Reviewer approved on .* stopped by a gate: Do the w"):
        build_deposit(deposit, options(deposit))
    assert unapproved(read_dataset_folder(folder / "dataset")) == []


def test_the_same_dataset_built_again_stays_approved_and_another_does_not(deposit):
    folder, _ = build_deposit(deposit, options(deposit))
    approve_build(folder, "A. Reviewer")
    assert build_deposit(deposit, options(deposit))[1].approval.by == "A. Reviewer"
    assert unapproved(read_dataset_folder(folder / "dataset")) == []
    (deposit / "answers.csv").write_text(ANSWERS.replace("d,1,2,1", "d,1,2,0"), encoding="utf-8")
    assert build_deposit(deposit, options(deposit))[1].approval is None
    assert len(unapproved(read_dataset_folder(folder / "dataset"))) == 1


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


# --- what the page shows

PARTY = """
name: parties
source: {citation: Somebody (2020), licence: CC0}
file: answers.csv
documents: [codebook.txt]
respondent: id
weight: w
condition: {column: arm, values: {0: {id: left}, 1: {id: right, text: You live in a far country.}}}
fields: {party: {column: arm, values: {0: Red, 1: Blue}}}
exclude: [{column: ok, values: {0: they failed the check of attention}}]
not_in_documents: {right: the authors have lost the sheet}
unmapped: {UNMAPPED}
questions:
  - id: trust
    column: t
    text: How far do you trust the {party} party?
    missing: {9: Refused}
    scale: {kind: ordinal, labels: {1: Not at all, 2: Somewhat, 3: Wholly}}
expected:
  source: counted by hand in the file
  respondents: 6
  conditions: {left: 3, right: 3}
  answers: {trust: 5}
"""


@pytest.fixture
def party(tmp_path: Path) -> str:
    """Return the page of a small deposit whose arms differ by a field."""
    folder = tmp_path / "deposit"
    folder.mkdir()
    rows = "id,arm,ok,t,w\na,0,1,1,1\nb,0,1,3,1\nc,0,1,2,1\nd,1,1,1,1\ne,1,1,2,1\nf,1,1,9,1.5\ng,1,0,3,1\n"
    (folder / "answers.csv").write_text(rows, encoding="utf-8")
    book = (
        "First come some remarks.\nt: How far do you trust the (Red/Blue) party? Codes: 1 = Not at all; 2 = Somewhat; "
        "3 = Wholly; 9 = Refused\nLast come other remarks.\n"
    )
    (folder / "codebook.txt").write_text(book, encoding="utf-8")
    unmapped = ", ".join(f"{name}: not in the deposit" for name in ("gender", *OTHERS))
    (tmp_path / "recipe.yaml").write_text(PARTY.replace("{UNMAPPED}", f"{{{unmapped}}}"), encoding="utf-8")
    built, build = build_deposit(folder, BuildOptions(recipe=tmp_path / "recipe.yaml", out=tmp_path / "build"))
    assert {gate.name: gate.problems for gate in build.gates if gate.problems} == {}
    return " ".join((built / "review.html").read_text(encoding="utf-8").split())


def test_the_page_has_the_sources_of_question_condition_and_field_with_what_stands_around_them(party):
    around = '<span class="around">'
    assert "trust: codebook.txt line 2" in party
    assert (
        f"{around}First come some remarks. t: </span>How far do you trust the (Red/Blue) party?{around} Codes: 1 ="
        in party
    )
    assert "party: Red: codebook.txt line 2" in party
    assert "party: Blue: codebook.txt line 2" in party
    assert '<p class="nowhere">right: these words stand in no document.</p>' in party


def test_the_page_has_a_line_for_every_cell(party):
    for cell, becomes, rows in (
        ("1", "1 (Not at all)", 2), ("2", "2 (Somewhat)", 2), ("3", "3 (Wholly)", 1), ("9", "no answer: Refused", 1),
    ):  # fmt: skip
        assert f"<tr><td>t</td><td>{cell}</td><td>{becomes}</td><td>{rows}</td></tr>" in party


def test_the_page_lists_what_a_person_has_to_judge(party):
    for name, why in (
        ("not_in_documents &gt; right", "the authors have lost the sheet"),
        ("exclude &gt; ok &gt; 0", "they failed the check of attention"),
        ("unmapped &gt; age", "not in the deposit"),
        ("expected &gt; source", "counted by hand in the file"),
    ):
        assert f'<li class="stopped">{name}<p>{why}</p></li>' in party
    assert "Own count: what is expected was counted in the data file alone" in party


def test_the_page_has_means_with_their_errors_and_weights_with_what_they_tell(party):
    # 1, 3, 2: mean 2, standard deviation 1; 1, 2: mean 1.5, standard deviation 0.7071.
    assert "<td>left</td><td>3</td><td>3</td><td>2.000</td><td>0.577</td>" in party
    assert "<td>right</td><td>2</td><td>2</td><td>1.500</td><td>0.500</td>" in party
    # (6.5 / 6)² / ((5 + 1.5²) / 6) * 6
    assert "Weights from 1 to 1.5; they tell as much as 6 of 6 people of equal weight." in party


def test_the_cells_of_a_combined_column_are_told_by_the_column_they_stand_in(shared_data, tmp_path):
    raw = shared_data / "deposits" / "megastudy" / "default_eric"
    _, build = build_deposit(raw, BuildOptions(recipe=RECIPES / "default-eric.yaml", out=tmp_path / "build"))
    with (raw / "response.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    turned = {(each.column, each.cell): (each.becomes[0], each.rows) for each in build.cells["green"]}
    for column, points in (("OPTIN_Green", {"1": "0", "2": "1"}), ("OPTOUT_Green", {"1": "1", "2": "0"})):
        for cell, point in points.items():
            assert turned[column, cell] == (point, sum(row[column] == cell for row in rows))


def test_the_words_of_a_field_that_is_made_of_columns_are_looked_up_and_its_codes_are_not(shared_data, tmp_path):
    raw = shared_data / "deposits" / "megastudy" / "default_eric"
    folder, build = build_deposit(raw, BuildOptions(recipe=RECIPES / "default-eric.yaml", out=tmp_path / "build"))
    # Who is offered what by default is all that the arms differ in.
    assert str(build.found["default: Twon"]) == "survey.qsf question OPTOUT_Green (QID554)"
    assert "default: opt-in" not in build.found
    page = (folder / "review.html").read_text(encoding="utf-8")
    assert "law: to be an organ donor unless they choose not to be: survey.qsf question OPTOUT_Organ (QID616)" in page


# --- fields of SocSci210


def test_bare_codes_of_a_field_are_refused_and_words_without_a_place_are_listed(deposit):
    recipe = deposit.parent / "recipe.yaml"
    text = recipe.read_text(encoding="utf-8")
    recipe.write_text(text.replace("{gender: {column: sex, values: {1: Male, 2: Female}}}", "{gender: sex}"), "utf-8")
    _, build = build_deposit(deposit, options(deposit))
    assert [gate.problems for gate in build.gates if gate.problems] == [
        ["the attribute 'gender' holds bare codes (1, 2), and nobody says what they mean. Give them words (values), or "
         "say under unmapped that no document does."]
    ]  # fmt: skip
    recipe.write_text(text.replace("2: Female", "2: Neither"), encoding="utf-8")
    folder, build = build_deposit(deposit, options(deposit))
    assert build.passed
    assert build.unplaced == {"gender": ["Neither"]}
    assert "gender: SocSci210 has no word for Neither" in (folder / "review.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("key", ["respondents: 4, ", "control: 2, ", "vote: 4"])
def test_every_count_has_to_be_expected(deposit, key):
    recipe = deposit.parent / "recipe.yaml"
    recipe.write_text(recipe.read_text(encoding="utf-8").replace(key, ""), encoding="utf-8")
    _, build = build_deposit(deposit, options(deposit))
    [problem] = [problem for gate in build.gates for problem in gate.problems]
    name = key.partition(":")[0]
    told = {"respondents": name, "control": f"conditions > {name}", "vote": f"answers > {name}"}[name]
    assert problem == f"expected leaves out {told}. Count them in another way, and add them."


def test_all_fields_of_ryan_and_aziz_are_in_the_words_of_the_hub(shared_data, tmp_path):
    raw, hub = shared_data / "deposits" / "ryan_aziz", shared_data / "socsci210" / "9nphm_hub_schema.parquet"
    asked = BuildOptions(recipe=RECIPES / "ryan-aziz.yaml", out=tmp_path / "build", format="socsci210")
    folder, build = build_deposit(raw, asked)
    assert build.unplaced == {}
    made = pl.read_parquet(folder / "socsci210.parquet")["demographic"].struct.unnest()
    real = pl.read_parquet(hub)["demographic"].struct.unnest()
    known = [name for name in made.columns if made[name].null_count() < len(made)]
    assert set(made.columns).difference(known) == {"marital_status"}
    assert len(known) == 15
    for name in known:
        words = set(made[name].drop_nulls().unique())
        if made[name].dtype == pl.String and name != "ethnicity":
            # The 36 rows of the hub hold some of its words: those that both have are written alike.
            folded = {word.casefold(): word for word in real[name].drop_nulls().unique()}
            assert {folded.get(word.casefold(), word) for word in words} == words
            assert len(words & set(folded.values())) >= 2
    with (raw / "rawdata_tess.csv").open(encoding="utf-8") as file:
        rows = {row["CaseId"]: row for row in csv.DictReader(file)}
    people = read_dataset_folder(folder / "dataset").respondents
    assert people.height == len(rows)
    states = {"CA": "California", "OH": "Ohio"}
    for column, code, name, word in (
        ("METRO", "1", "metro_status", "Metro Area"), ("INCOME", "18", "income", "200K+"),
        ("INCOME", "5", "income", "20-29K"), ("RACETHNICITY", "6", "ethnicity", "Other"),
        ("EDUC", "12", "education", "Bachelor's degree"), ("PartyID7", "4", "party_id", "Don't Lean/Independent/None"),
        *(("STATE", short, "location", whole) for short, whole in states.items()),
    ):  # fmt: skip
        asked_people = pl.read_parquet(folder / "socsci210.parquet").filter(
            pl.col("demographic").struct.field(name) == word, task_num=0
        )
        holding = sum(row[column] == code and row["Q2"] in set("12345") for row in rows.values())
        assert asked_people["participant"].n_unique() >= holding > 0


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
