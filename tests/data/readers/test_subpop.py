import csv
import json
import math
from pathlib import Path

import polars as pl
import pytest

from silicus.data import ReadOptions, read_dataset
from silicus.data.readers.subpop import READER
from silicus.errors import InputError


def line(**changes):
    row = {
        "qkey": "SAFE_a_W96",
        "attribute": "SEX",
        "group": "Female",
        "responses": [0.25, 0.75],
        "refusal_rate": 0.2,
        "ordinal": [1.0, 1.0],
        "question": "Are you safe?",
        "options": ["Yes", "No ", "Refused"],
    }
    return {key: value for key, value in (row | changes).items() if value != "absent"}


def write(folder: Path, *rows, name: str = "subpop_train.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_table(folder: Path, *rows) -> Path:
    """Write a table whose lists are texts, as pandas writes `str(list)`."""
    path = folder / "subpop-train.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, line())
        table.writeheader()
        table.writerows({key: str(value) for key, value in row.items()} for row in rows)
    return path


def read(folder: Path, *rows):
    return READER.read(write(folder, *rows), ReadOptions())


def test_the_refusal_is_an_answer_and_all_shares_sum_to_1(tmp_path):
    made = read(tmp_path, line())
    rows = made.responses.select("study", "condition", "question", "respondent", "response", "n", "weight").rows()
    start = ("W96", "all", "SAFE_a_W96", "SEX: Female")
    # 0.25 and 0.75 of the 80 % who answered; the published target would sum to 1.2.
    assert [row[:6] for row in rows] == [(*start, code, None) for code in (1, 2, 99)]
    assert [row[6] for row in rows] == pytest.approx([0.2, 0.6, 0.2])
    assert (made.unit, made.source.fielded) == ("group", "2020/2023")
    assert made.respondents.to_dicts() == [{"respondent": "SEX: Female", "weight": 1.0, "gender": "Female"}]


def test_a_refusal_rate_of_0_has_no_row(tmp_path):
    assert read(tmp_path, line(refusal_rate=0)).responses["weight"].to_list() == [0.25, 0.75]


def test_shares_of_every_group_and_question_sum_to_1(tmp_path):
    rows = [line(group=g, responses=[p, 1 - p], refusal_rate=r) for g, p, r in [("A", 1 / 3, 0.07), ("B", 0.9, 0.5)]]
    made = read(tmp_path, *rows)
    sums = made.responses.group_by("respondent").agg(pl.col("weight").sum())["weight"]
    assert sums.to_list() == pytest.approx([1, 1])


def test_a_question_without_a_wave_is_of_the_general_social_survey(tmp_path):
    made = read(tmp_path, line(qkey="abany"), line())
    assert made.responses["study"].unique(maintain_order=True).to_list() == ["GSS2022", "W96"]
    assert made.fielded == {"GSS2022": "2022"}


def test_one_place_for_all_is_no_order_and_places_of_the_eval_part_are_one(tmp_path):
    words = {"responses": [0.5, 0.3, 0.2], "options": ["a", "b", "c", "No answer"]}
    train = read(tmp_path, line(**words, ordinal=[1.0] * 3))
    evaluation = read(tmp_path, line(**words, ordinal=[2.0, 1.0, -1.0]))
    assert [item.scale.kind for item in train.items.values()] == ["nominal"]
    (item,) = evaluation.items.values()
    assert item.scale.labels == {1: "b", 2: "a"}
    assert item.scale.refusals == {98: "c", 99: "No answer"}


def test_everybody_is_a_respondent_without_attributes(tmp_path):
    made = read(tmp_path, line(attribute="Overall", group="Overall"), line())
    assert made.respondents.rows() == [("Overall: Overall", 1.0, None), ("SEX: Female", 1.0, "Female")]


def test_a_joint_group_has_the_attributes_of_both(tmp_path):
    made = read(tmp_path, line(attribute="['POLPARTY', 'SEX']", group="['Democrat', 'Male']"))
    assert made.respondents.to_dicts() == [
        {"respondent": "POLPARTY: Democrat, SEX: Male", "weight": 1.0, "party_id": "Democrat", "gender": "Male"}
    ]


def test_a_group_in_which_nobody_answered_is_left_out_and_counted(tmp_path):
    made = read(tmp_path, line(), line(group="Male", responses=[math.nan, math.nan], refusal_rate=None))
    assert made.left_out == {"no shares: nobody of the group answered": 1}
    assert made.rows_read == len(made.responses) + 1
    assert made.respondents["respondent"].to_list() == ["SEX: Female"]


def test_the_table_of_the_authors_code_is_read_alike(tmp_path):
    rows = [line(), line(group="Male", responses=[0.1, 0.9], options=["Yes", "No, don't", "Refused"])]
    lines, table = read(tmp_path, *rows), READER.read(write_table(tmp_path, *rows), ReadOptions())
    assert table.responses.equals(lines.responses)
    assert table.items == lines.items
    assert (lines.name, table.name) == ("subpop_train", "subpop-train")


def test_the_table_may_say_that_shares_are_not_known(tmp_path):
    path = write_table(tmp_path, line(), line(group="Male", responses=[math.nan, math.nan], refusal_rate=""))
    assert READER.read(path, ReadOptions()).left_out == {"no shares: nobody of the group answered": 1}


def test_a_folder_as_the_hub_gives_it_is_read_whole(tmp_path):
    write(tmp_path, line())
    write(tmp_path, line(qkey="abany"), name="subpop_eval.jsonl")
    (tmp_path / "README.md").write_text("SubPOP")
    made = read_dataset(tmp_path)
    assert made.responses["question"].unique().sort().to_list() == ["SAFE_a_W96", "abany"]
    assert (made.name, READER.hub) == (tmp_path.name.partition(".")[0], "jjssuh/subpop")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (line(responses=[0.5, 0.7]), "line 2: responses sum to 1.2000, expected 1 (the refusal is apart)."),
        (line(responses=[-0.1, 1]), "line 2: found the share -0.1, expected a number from 0 to 1."),
        (line(refusal_rate=20), "line 2: found the share 20, expected a number from 0 to 1."),
        (
            line(responses=[0.5, 0.3, 0.2]),
            "line 2: found 3 responses for 3 options, expected one for each but the last, the refusal.",
        ),
        (line(ordinal=[1] * 3), "line 2: found 3 ordinal values, expected no more than the 2 options."),
        (line(responses="half"), "line 2: found responses 'half', expected a list such as [0.25, 0.75]."),
        (line(refusal_rate="0.2"), "line 2: found refusal_rate '0.2', expected a number."),
        (
            line(attribute="['SEX', 'AGE']", group="['Male']"),
            "line 2: found 2 attributes and 1 groups, expected pairs.",
        ),
        (line(qkey="absent", key="a"), "line 2: the key 'qkey' is missing. Did you mean 'key'?"),
    ],
)
def test_a_wrong_line_is_named_with_what_was_found_and_expected(tmp_path, row, message):
    path = write(tmp_path, line(group="Male"), row)
    with pytest.raises(InputError) as caught:
        READER.read(path, ReadOptions())
    assert str(caught.value) == f"{path} {message}"


def test_a_table_without_a_column_names_it(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("qkey,responses,refusal_rate,attribute,group,question,options\na,b,0,c,d,e,f\n")
    assert READER.recognises(path)
    with pytest.raises(InputError, match=r"a.csv: the column 'ordinal' is missing."):
        READER.read(path, ReadOptions())


def test_files_of_other_forms_are_not_recognised(tmp_path, shared_data):
    assert not READER.recognises(shared_data / "opinionqa")
    assert not READER.recognises(shared_data / "socsci210" / "sample_20_studies.jsonl")
    (tmp_path / "empty.jsonl").write_text("")
    assert not READER.recognises(tmp_path)
    with pytest.raises(InputError, match="found no line of shares, expected JSON lines or a CSV table"):
        READER.read(tmp_path / "empty.jsonl", ReadOptions())
