"""Recipes drafted by rules: what is found says where, and what is not says TODO."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from rich.console import Console

from silicus.data.deposit import Recipe, execute, open_deposit, read_recipe
from silicus.data.deposit.documents import read_document
from silicus.data.deposit.draft_recipe import draft_recipe
from silicus.data.deposit.entries import entries
from silicus.data.deposit.material import gather, of_another_file
from silicus.errors import InputError
from silicus.record import read
from silicus.report import print_profile
from silicus.workflow.build_inspect import inspect_deposit
from tests.data.deposit.qualtrics_files import block, question, randomises, sets, shows, survey_file, words

HEADER = ["caseid", "cond", "gender", "q1", "q2", "mood"]
CODEBOOK = """Codebook of a study about flyers

* cond: What people were handed. Codes: nothing = 0; a flyer, folded = 1.
* GENDER: Of the person. Codes: Male = 1; Female = 2.
* q1: "Will you vote?" Codes: Surely not = 1; Perhaps = 2; Surely = 3; Skipped = 98.
q20: "Another question"
"""


def rows(count: int = 60) -> list[list[object]]:
    return [
        [f"p{place}", place % 2, 1 + place // 2 % 2, (1, 2, 3, 98)[place % 4], place % 7 + 1, (0, 0.5, 1)[place % 3]]
        for place in range(count)
    ]


def deposit(folder: Path, header: list[str] = HEADER, cells: list[list[object]] | None = None, **files: str) -> Path:
    with (folder / "answers.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *(rows() if cells is None else cells)])
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def drafted(folder: Path) -> str:
    return draft_recipe(gather(open_deposit(folder)))


def filled(text: str, folder: Path) -> Recipe:
    path = folder / "recipe.yaml"
    path.write_text(re.sub("TODO.*", "words of somebody", re.sub(": TODO$", ": 1", text, flags=re.MULTILINE)))
    return read(path, Recipe)


def test_a_draft_is_refused_until_its_todos_are_filled(tmp_path: Path):
    text = drafted(deposit(tmp_path, codebook__txt=CODEBOOK))
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match="TODO"):
        read(path, Recipe)
    recipe = filled(text, tmp_path)
    assert (recipe.file, recipe.documents, recipe.respondent) == ("answers.csv", ("codebook.txt",), "caseid")
    assert recipe.condition_ids == ["nothing", "a flyer, folded"]
    assert set(recipe.attributes) == {"gender"}
    assert recipe.attributes["gender"].values == {"1": "Male", "2": "Female"}
    assert "age" in recipe.unmapped
    assert "gender" not in recipe.unmapped


def test_every_entry_says_where_it_comes_from(tmp_path: Path):
    text = drafted(deposit(tmp_path, codebook__txt=CODEBOOK))
    assert "# codebook.txt line 5; check that people were shown these words" in text
    assert "98: Skipped  # codebook.txt line 5" in text
    assert "# codebook.txt line 3: What people were handed." in text
    assert "from the cells; check the kind" in text


def test_a_finished_draft_is_executed(tmp_path: Path):
    material = gather(open_deposit(deposit(tmp_path, codebook__txt=CODEBOOK)))
    recipe = filled(draft_recipe(material), tmp_path)
    _, data = execute(recipe, material.table, "recipe.yaml")
    answers = data.responses.filter(question="q1")
    assert answers["response"].count() == 45
    assert set(answers["missing"].drop_nulls()) == {"Skipped"}


def test_points_between_whole_numbers_are_numbered(tmp_path: Path):
    mood = next(each for each in filled(drafted(deposit(tmp_path)), tmp_path).questions if each.id == "mood")
    assert mood.values == {"0": 1, "0.5": 2, "1": 3}


def test_the_largest_table_is_taken_and_the_others_are_named(tmp_path: Path):
    small = "a,b\n1,2\n"
    text = drafted(deposit(tmp_path, small__csv=small, broken__tsv="a\tb\n1\n"))
    assert "file: answers.csv" in text
    assert "# Passed over: small.csv: a smaller table of 1 row and 2 columns" in text
    assert "# Passed over: broken.tsv: " in text


def test_the_encoding_of_the_data_file_is_guessed(tmp_path: Path):
    folder = deposit(tmp_path, cells=[[*row[:-1], "Décidé"] for row in rows()])
    path = folder / "answers.csv"
    path.write_bytes(path.read_text().encode("cp1252"))
    assert "encoding: cp1252  # guessed from its bytes" in drafted(folder)


def test_a_deposit_without_a_table_says_so(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("no data here")
    with pytest.raises(InputError, match=r"holds no data file, expected one of \.sav"):
        drafted(tmp_path)


def test_a_deposit_whose_tables_are_broken_says_why(tmp_path: Path):
    (tmp_path / "answers.sav").write_bytes(b"$FL2 and nothing more")
    with pytest.raises(InputError, match=r"none of its data files can be read. .*answers.sav"):
        drafted(tmp_path)


def test_the_survey_gives_arms_their_words_and_questions_their_scales(tmp_path: Path):
    survey_file(
        tmp_path,
        [
            question(
                "QID1",
                "q1",
                QuestionText="Hello ${e://Field/colour}. Will you vote?",
                Choices=words("No", "Yes", "{Maybe}"),
            ),
            question("QID2", "intro", "DB", "TB", QuestionText="This flyer is ${e://Field/colour}."),
        ],
        [block("BL_1", "Intro", "QID2"), block("BL_2", "Main", "QID1")],
        [
            randomises("FL_2", 1, sets("FL_3", colour="red"), sets("FL_4", colour="blue")),
            shows("FL_5", "BL_1"),
            shows("FL_6", "BL_2"),
        ],
    )
    cells: list[list[object]] = [[f"p{place}", ("red", "blue")[place % 2], place % 3 + 1] for place in range(60)]
    recipe = filled(drafted(deposit(tmp_path, ["caseid", "colour", "q1"], cells)), tmp_path)
    [factor] = recipe.condition
    assert "This flyer is red." in factor.conditions["red"].text
    [asked] = recipe.questions
    assert asked.scale is not None
    assert asked.scale.labels[1] == "No"


def test_a_survey_of_another_study_is_passed_over(tmp_path: Path):
    survey_file(
        tmp_path,
        [question("QID1", "other", Choices=words("a", "b"))],
        [block("BL_1", "x", "QID1")],
        [shows("FL_2", "BL_1")],
    )
    text = drafted(deposit(tmp_path))
    assert "a survey that knows fewer columns of the data file" in text


def test_a_conjoint_experiment_is_drafted_with_its_properties_in_braces(tmp_path: Path):
    chance = np.random.default_rng(1)
    cells: list[list[object]] = [
        [place // 6, place % 3, chance.choice(["Nurse", "Cook"]), chance.choice(["Mexico", "India", "Iraq"]), place % 2]
        for place in range(600)
    ]
    recipe = filled(drafted(deposit(tmp_path, ["user_id", "task", "job", "origin", "chosen"], cells)), tmp_path)
    assert recipe.design == "within"
    assert recipe.task == ("task",)
    assert set(recipe.fields) == {"job", "origin"}
    assert "chosen" in [each.id for each in recipe.questions]


def test_words_of_a_hostile_deposit_stay_words(tmp_path: Path):
    header = ["caseid", 'cond: "x"\nname: evil', "q1"]
    cells: list[list[object]] = [
        [f"p{place}", ("a: {b}\nquestions: []", "!!python/object")[place % 2], place % 3] for place in range(60)
    ]
    book = 'q1: ask\u2028name: evil {braces} "quoted" \\u0041\n'
    text = drafted(deposit(tmp_path, header, cells, codebook__txt=book))
    recipe = filled(text, tmp_path)
    assert recipe.name == "answers"
    assert list(yaml.safe_load(text)).count("name") == 1
    assert recipe.condition[0].column == header[1]


def test_a_file_without_anything_to_ask_says_so(tmp_path: Path):
    text = drafted(deposit(tmp_path, ["note"], [[f"some words {place}"] for place in range(20)]))
    assert "questions: []  # TODO: no column looks like a question" in text
    assert "# condition: no column tells it" in text


ABOUT = """Codebook
cond: What people were handed. Codes: nothing = 0; a flyer = 1.
gender: Of the person. Values: 1 and 2.
q1: Whether the person will vote. Codes: Surely not = 1; Perhaps = 2; Surely = 3.
q2: Trust in the mayor. Codes: None = 1; Some = 4; Much = 7; Skipped on web = 98.
mood: Of the person. Codes: Low = 0; High = 1; Never seen this year = 98.
"""


def test_what_a_codebook_says_a_column_is_about_is_no_question(tmp_path: Path):
    text = drafted(deposit(tmp_path, codebook__txt=ABOUT))
    said = "TODO the words of the question; codebook.txt line 4 says what it is about: Whether the person will vote."
    assert said in text
    assert 'text: "Whether' not in text
    assert "text: Whether" not in text


def test_a_missing_code_has_the_words_of_another_entry_of_the_codebook(tmp_path: Path):
    text = drafted(deposit(tmp_path, codebook__txt=ABOUT))
    assert text.count('98: "Skipped on web"  # codebook.txt line 5') == 1
    assert "TODO why this is no answer" not in text


def test_a_codebook_of_another_file_is_said_to_be_one(tmp_path: Path):
    names = ("income", "region", "voted", "trust", "warm", "age")
    book = "".join(f"{name}: Something that was asked. Codes: 1 = No; 2 = Yes\n" for name in names)
    said = "book.txt may be the codebook of another file: of 7 names that begin its lines, 1 is a column of answers.csv"
    text = drafted(deposit(tmp_path, book__txt=f"{book}Q1: One of them\n"))
    assert f"# {said}" in text
    assert said in " ".join(inspect_deposit(tmp_path).doubts)
    console = Console(width=100)
    with console.capture() as captured:
        print_profile(inspect_deposit(tmp_path), console)
    assert said in " ".join(captured.get().split())


def test_a_codebook_of_this_file_is_not_said_to_be_of_another(tmp_path: Path):
    assert of_another_file(gather(open_deposit(deposit(tmp_path, codebook__txt=ABOUT)))) == []


def test_all_that_is_to_be_written_is_told_at_once(tmp_path: Path):
    path = tmp_path / "recipe.yaml"
    path.write_text(drafted(deposit(tmp_path, codebook__txt=ABOUT)))
    with pytest.raises(InputError) as caught:
        read_recipe(path)
    left = str(caught.value)
    assert re.search(r"recipe.yaml: \d+ entries say TODO: source > citation; source > licence; condition > ", left)
    for entry in (
        "condition > values > 0 > text", "unmapped > gender", "questions > q1 > text", "expected > source",
        "expected > respondents", "expected > conditions > nothing", "expected > conditions > a flyer",
        "expected > answers > q1",
    ):  # fmt: skip
        assert f"; {entry}" in left, entry
    assert left.endswith("Write what is missing, or delete the entry.")


def test_a_demographic_of_bare_codes_is_asked_for_and_not_mapped(tmp_path: Path):
    text = drafted(deposit(tmp_path, codebook__txt=ABOUT))
    assert "  # gender: gender  # codebook.txt line 3: Of the person.; its codes have no words: see unmapped" in text
    assert "    TODO what gender means by" in text
    assert filled(text, tmp_path).attributes == {}


# --- what documents say of variables


def test_an_entry_begins_with_the_name_of_a_variable_and_a_colon_or_a_gap(tmp_path: Path):
    path = tmp_path / "book.txt"
    path.write_text("q1 is a column\n  - Q1: First. Values: 1 = Low, 2 = High\nq2      Second\nq1: Later\n")
    found = entries([read_document(path, "book.txt")], ["q1", "q2", "q3"])
    assert {name: (each.where, each.words) for name, each in found.items()} == {
        "q1": ("book.txt line 2", "First."),
        "q2": ("book.txt line 3", "Second"),
    }
    assert found["q1"].codes == {"1": "Low", "2": "High"}


# --- real deposits


@pytest.mark.parametrize(
    ("name", "questions"),
    [
        ("deposits/ryan_aziz", {"Q2", "Q3", "Q4"}),
        ("deposits/parties", {"sd_neighbor", "sd_work"}),
        ("deposits/covid_yougov", {"q115_family", "q60_1"}),
        ("deposits/megastudy/privacy", {"Q11_1"}),
        ("deposits/megastudy/accuracy_nudges", {"Fake1_3", "Real8_3"}),
        ("deposits/megastudy/default_eric", {"OPTIN_Green", "OPTOUT_Organ"}),
        ("deposits/megastudy/junk_fees", {"Hotel.Fair", "CC.Fair"}),
        ("conjoint/HainmuellerHopkins.dta", {"Chosen_Immigrant"}),
        ("framing/framing.csv", {"immigr"}),
        ("framing/patriot_act.csv", {"PA_support"}),
    ],
)
def test_drafts_of_real_deposits_are_executed_once_filled(
    shared_data: Path, tmp_path: Path, name: str, questions: set[str]
):
    path = shared_data / name
    if path.is_file():
        (tmp_path / "alone").mkdir()
        path = Path(shutil.copy(path, tmp_path / "alone")).parent
    material = gather(open_deposit(path))
    recipe = filled(draft_recipe(material), tmp_path)
    _, data = execute(recipe, material.table, "recipe.yaml")
    assert questions <= set(data.responses["question"])


def test_the_draft_of_the_deposit_behind_ejms3_has_its_answers_and_its_people(shared_data: Path, tmp_path: Path):
    folder = shared_data / "deposits" / "ryan_aziz"
    material = gather(open_deposit(folder))
    recipe = filled(draft_recipe(material), tmp_path)
    _, data = execute(recipe, material.table, "recipe.yaml")
    with (folder / "rawdata_tess.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    valid = sum(row[column] in set("12345") for row in table for column in ("Q2", "Q3", "Q4"))
    answers = data.responses.filter(data.responses["question"].is_in(["Q2", "Q3", "Q4"]))
    assert answers["response"].count() == valid == 6107
    assert list(recipe.unmapped) == ["gender", "marital_status"]
