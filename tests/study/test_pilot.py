"""A pilot's table becomes answers and people, and what does not fit is named with its line."""

from pathlib import Path

import polars as pl
import pytest

from silicus.errors import InputError
from silicus.study import Study, read_pilot

LIKING = {1: "No", 2: "A bit", 3: "Yes"}

STUDY = Study.model_validate(
    {
        "id": "tea",
        "source": {"citation": "Own example.", "licence": "CC0-1.0"},
        "conditions": [{"id": "plain", "control": True}, {"id": "praise", "text": "Tea is good."}],
        "questions": [
            {"id": "like", "text": "Do you like tea?", "scale": {"kind": "ordinal", "labels": LIKING}},
            {"id": "cups", "text": "How many cups?", "scale": {"kind": "numeric", "low": 0, "high": 9}},
            {"id": "why", "text": "Why?", "open": True},
            {"id": "with", "text": "With what?", "choose": "any", "options": ["Milk", "Lemon"]},
        ],
    }
)  # fmt: skip


def pilot(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "pilot.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_columns_named_after_questions_are_answers_and_the_others_attributes(tmp_path):
    path = pilot(
        tmp_path,
        "respondent,condition,like,cups,age,weight\nanna,plain,Yes,2,34,1.5\nbo,praise,A bit,,51,0.5\n",
    )
    found = read_pilot(path, STUDY)
    assert found.questions == ["like", "cups"]
    assert found.responses.select("respondent", "condition", "question", "response", "weight").rows() == [
        ("anna", "plain", "like", 3, 1.5),
        ("anna", "plain", "cups", 2, 1.5),
        ("bo", "praise", "like", 2, 0.5),
        ("bo", "praise", "cups", None, 0.5),
    ]
    assert found.respondents.rows(named=True) == [
        {"respondent": "anna", "weight": 1.5, "age": 34},
        {"respondent": "bo", "weight": 0.5, "age": 51},
    ]


def test_answers_belong_to_the_stimulus_of_their_condition(tmp_path):
    found = read_pilot(pilot(tmp_path, "condition,like\nplain,1\npraise,3\n"), STUDY)
    shown = {item.condition: item.item for item in STUDY.items() if item.question == "like"}
    assert dict(zip(found.responses["condition"], found.responses["item"], strict=True)) == shown
    assert found.respondents["respondent"].to_list() == ["pilot 1", "pilot 2"]


def test_columns_that_a_model_must_not_know_are_kept_beside(tmp_path):
    path = pilot(tmp_path, "condition,like,school,age\nplain,1,north,20\npraise,3,south,30\n")
    found = read_pilot(path, STUDY, untold=["school"])
    assert found.respondents.columns == ["respondent", "weight", "age"]
    assert found.beside.rows() == [("pilot 1", "north"), ("pilot 2", "south")]
    assert read_pilot(path, STUDY, attributes=["age"]).respondents.columns == ["respondent", "weight", "age"]


def test_several_ticks_come_to_one_answer_an_option(tmp_path):
    found = read_pilot(pilot(tmp_path, "condition,with\nplain,1;2\npraise,2\n"), STUDY)
    assert found.responses["question"].n_unique() == 2
    assert found.responses["response"].to_list() == [1, 1, 0, 1]


def test_an_open_question_is_no_attribute(tmp_path):
    found = read_pilot(pilot(tmp_path, "condition,like,why\nplain,1,It calms\n"), STUDY)
    assert found.respondents.columns == ["respondent", "weight"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("like\n1\n", "the column 'condition' is missing"),
        ("condition,liek\nplain,1\n", "no column named after a question of 'tea' (like, cups"),
        ("condition,like\nplane,1\n", "line 2: the study 'tea' has no condition 'plane'. Did you mean 'plain'?"),
        ("condition,like\nplain,7\n", "pilot.csv line 2, question 'like': "),
        ("condition,like,weight\nplain,1,-2\n", "pilot.csv line 2: found the weight -2"),
        ("respondent,condition,like\n,plain,1\n", "pilot.csv line 2: found no respondent"),
        ("respondent,condition,like\na,plain,1\na,plain,2\n", "line 3: the respondent 'a' stands a second time in the"),
        ("respondent,condition,like,age\na,plain,1,30\na,praise,2,31\n", "'a' differ in 'age' (30 and 31)"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(tmp_path, text, said):
    with pytest.raises(InputError) as error:
        read_pilot(pilot(tmp_path, text), STUDY)
    assert said in str(error.value)


@pytest.mark.parametrize("given", [{"attributes": ["like"]}, {"untold": ["condition"]}])
def test_an_answer_is_no_attribute(tmp_path, given):
    with pytest.raises(InputError, match="is an answer or the design, not an attribute"):
        read_pilot(pilot(tmp_path, "condition,like\nplain,1\n"), STUDY, **given)


def test_people_are_read_from_parquet_too(tmp_path):
    path = tmp_path / "pilot.parquet"
    pl.DataFrame({"condition": ["plain"], "like": ["Yes"], "age": [40.0]}).write_parquet(path)
    found = read_pilot(path, STUDY)
    assert found.responses["response"].to_list() == [3]
    assert found.respondents["age"].to_list() == [40.0]
