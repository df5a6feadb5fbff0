import json
import re
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from silicus.data import ReadOptions, read_dataset
from silicus.data.readers.socsci210 import read_derived, read_hub
from silicus.errors import InputError

ASKED = 'You were asked: "Vote?" Only return 1 for Yes or 2 for No, nothing else.'


def line(**changes):
    row = {
        "instruction": "Predict.",
        "input": f"Demographics: Age: 76; Gender: Male\n\nScenario: {ASKED}",
        "output": "Response: 1",
        "study_id": "kryns",
        "condition_num": 2,
    }
    return {key: value for key, value in (row | changes).items() if value is not None}


def derived(folder: Path, *rows) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")
    return path


def hub(**changes):
    row = {
        "sample_id": 0,
        "participant": 17,
        "demographic": {"age": 34, "gender": "Female", "ideology": None, "location": ""},
        "stimuli": ASKED,
        "prompt": "p",
        "reasoning": "r",
        "response": 2,
        "condition_num": 3,
        "task_num": 5,
        "study_id": "kryns",
    }
    return row | changes


def parquet(path: Path, *rows) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows).write_parquet(path)
    return path


# --- the derived form


def test_each_line_is_a_respondent_of_its_own(tmp_path):
    made = read_derived(derived(tmp_path, line(), line()))
    assert made.responses["respondent"].to_list() == ["kryns/row 00001", "kryns/row 00002"]
    row = made.responses.row(0, named=True)
    assert (row["study"], row["condition"], row["response"]) == ("kryns", "2", 1)
    assert row["question"].startswith("Vote? · ")
    assert made.items[row["item"]].text == ASKED


def test_demographics_are_attributes_named_as_the_hub_names_them(tmp_path):
    text = "Age: 76; Political affiliation: Don't Lean/Independent/None; Favourite team: Reds; or none; Region:"
    made = read_derived(
        derived(tmp_path, line(input=f"Demographics: {text}\n\nScenario: {ASKED}"), line(), line(output="?"))
    )
    assert made.respondents.columns == [
        "respondent",
        "weight",
        "age",
        "party_id",
        "favourite_team",
        "region",
        "gender",
    ]
    assert made.respondents.row(0) == (
        "kryns/row 00001", 1.0, 76, "Don't Lean/Independent/None", "Reds; or none", None, None,
    )  # fmt: skip
    assert made.respondents.schema["age"] == pl.Int64
    assert len(made.respondents) == 2


def test_an_attribute_that_is_not_always_a_number_stays_text(tmp_path):
    rows = [line(input=f"Demographics: Age: {age}\n\nScenario: {ASKED}") for age in ("30", "65+")]
    assert read_derived(derived(tmp_path, *rows)).respondents["age"].to_list() == ["30", "65+"]


def test_people_without_demographics_are_kept(tmp_path):
    made = read_derived(derived(tmp_path, line(input=f"Demographics:\n\nScenario: {ASKED}")))
    assert made.respondents.columns == ["respondent", "weight"]


def test_answers_that_cannot_be_used_are_counted(tmp_path):
    rows = [
        line(),
        line(output="Response: 3"),
        line(output="Response: yes"),
        line(input="Demographics: Age: 1\n\nScenario: "),
    ]
    assert read_derived(derived(tmp_path, *rows)).left_out == {
        "answer is not a number": 1,
        "answer outside the stated scale": 1,
        "empty stimulus": 1,
    }


def test_empty_lines_are_passed_over_and_numbers_count_them(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("\n" + json.dumps(line()) + "\n\n", encoding="utf-8")
    assert read_derived(path).responses["respondent"].to_list() == ["kryns/row 00002"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (line(study_id=None, study="kryns"), "line 2: the key 'study_id' is missing. Did you mean 'study'?"),
        (line(condition_num="two"), "line 2: found condition_num 'two', expected a whole number."),
        (line(condition_num=True), "line 2: found condition_num True, expected a whole number."),
        (line(output=3), "line 2: found output 3, expected text."),
        (
            line(input="Age: 3"),
            "line 2: found the input 'Age: 3', expected 'Demographics: ... Scenario: ...'.",
        ),
        (
            line(input="Demographics: old\n\nScenario: x"),
            "line 2: found 'old' among the demographics, expected 'Name: value'.",
        ),
        (
            line(input="Demographics: Weight: 80\n\nScenario: x"),
            "line 2: the attribute 'weight' has the name of a column of the respondents. Rename it.",
        ),
        (["a"], 'line 2: found ["a"], expected a JSON object.'),
    ],
)
def test_a_wrong_line_is_named_with_what_was_found_and_expected(tmp_path, row, message):
    path = derived(tmp_path, line(), row)
    with pytest.raises(InputError) as caught:
        read_derived(path)
    assert str(caught.value) == f"{path} {message}"


def test_broken_json_is_named_with_its_line(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(line()) + '\n{"input": \n', encoding="utf-8")
    with pytest.raises(InputError, match=r"rows.jsonl line 2: not valid JSON: .* at column"):
        read_derived(path)


def test_a_file_that_is_not_utf8_or_is_empty_is_refused(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="cannot be read as UTF-8 text"):
        read_derived(path)
    path.write_bytes(b"\n")
    with pytest.raises(InputError, match="found no line, expected one JSON object a line"):
        read_derived(path)


# --- the hub's form


def test_a_participant_is_a_person_within_a_study_only(tmp_path):
    made = read_hub([parquet(tmp_path / "a.parquet", hub(), hub(task_num=6), hub(study_id="other"))])
    assert made.respondents["respondent"].to_list() == ["kryns/17", "other/17"]
    assert made.responses["respondent"].to_list() == ["kryns/17", "kryns/17", "other/17"]
    assert made.responses["question"].to_list() == ["task 5", "task 6", "task 5"]
    assert made.responses["condition"].to_list() == ["3", "3", "3"]


def test_hub_attributes_keep_their_names_and_empty_ones_are_unknown(tmp_path):
    made = read_hub([parquet(tmp_path / "a.parquet", hub())])
    assert made.respondents.to_dicts() == [
        {
            "respondent": "kryns/17",
            "weight": 1.0,
            "age": 34,
            "gender": "Female",
            "ideology": None,
            "location": None,
        }
    ]


def test_reasoning_and_prompt_are_never_read(tmp_path):
    rows = [{k: v for k, v in hub().items() if k not in {"reasoning", "prompt", "sample_id"}}]
    without = read_hub([parquet(tmp_path / "a.parquet", *rows)])
    with_them = read_hub([parquet(tmp_path / "b.parquet", hub(reasoning="the answer is 2", prompt="17"))])
    assert without.responses.equals(with_them.responses)
    assert without.respondents.equals(with_them.respondents)


def test_a_study_may_span_the_shards_of_a_folder(tmp_path):
    parquet(tmp_path / "hub" / "data" / "0.parquet", hub())
    parquet(tmp_path / "hub" / "data" / "1.parquet", hub(task_num=6), hub(participant=18))
    made = read_dataset(tmp_path / "hub")
    assert (made.name, made.rows_read, len(made.respondents)) == ("hub", 3, 2)


def test_empty_answers_and_stimuli_of_the_hub_are_counted(tmp_path):
    made = read_hub([parquet(tmp_path / "a.parquet", hub(), hub(response=None), hub(stimuli=None))])
    assert made.left_out == {"answer is not a number": 1, "empty stimulus": 1}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"stimuli": 1}, ": the column 'stimuli' holds Int64, expected text."),
        ({"response": "2"}, ": the column 'response' holds String, expected whole numbers."),
        ({"demographic": "x"}, ": the column 'demographic' holds String, expected a struct of attributes."),
    ],
)
def test_a_column_of_the_wrong_type_is_named(tmp_path, row, message):
    path = parquet(tmp_path / "a.parquet", hub(**row))
    with pytest.raises(InputError) as caught:
        read_hub([path])
    assert str(caught.value) == f"{path}{message}"


def test_a_missing_column_is_named_with_the_nearest_one(tmp_path):
    row = hub()
    row["stimulus"] = row.pop("stimuli")
    with pytest.raises(InputError, match=r"the column 'stimuli' is missing. Did you mean 'stimulus'\?"):
        read_hub([parquet(tmp_path / "a.parquet", row)])


def test_a_row_without_a_participant_is_named(tmp_path):
    path = parquet(tmp_path / "a.parquet", hub(), hub(participant=None))
    with pytest.raises(InputError, match="row 2: the column 'participant' is empty"):
        read_hub([path])


def test_a_parquet_file_without_rows_or_that_is_none_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    pl.DataFrame([hub()]).clear().write_parquet(path)
    with pytest.raises(InputError, match="has no rows"):
        read_hub([path])
    path.write_text("no parquet")
    with pytest.raises(InputError, match="cannot be read as a parquet table"):
        read_hub([path])


def test_reasoning_is_read_only_as_a_target_and_only_where_asked_for(tmp_path):
    path = parquet(tmp_path / "a.parquet", hub(reasoning="the answer is 2"))
    assert "rationale" not in read_dataset(path).responses.columns
    asked = read_dataset(path, options=ReadOptions(rationale=True))
    assert asked.responses["rationale"].to_list() == ["the answer is 2"]
    assert "reasoning" not in asked.respondents.columns
    assert all("the answer" not in item.text for item in asked.items.values())


def test_a_person_whose_rows_lie_in_two_shards_is_one_person(tmp_path):
    first = parquet(tmp_path / "hub" / "0.parquet", hub(), hub(participant=18))
    second = parquet(tmp_path / "hub" / "1.parquet", hub(task_num=6), hub(participant=18, task_num=6))
    made = read_hub([first, second])
    assert made.respondents["respondent"].to_list() == ["kryns/17", "kryns/18"]
    assert len(made.items) == 1


def test_people_whose_demographics_differ_between_their_rows_are_counted(tmp_path):
    older = {"age": 70, "gender": "Female", "ideology": None, "location": ""}
    first = parquet(tmp_path / "0.parquet", hub(), hub(task_num=6, demographic=older), hub(participant=18))
    second = parquet(tmp_path / "1.parquet", hub(participant=18, task_num=6, demographic=older), hub(participant=19))
    made = read_hub([first, second])
    assert list(made.notes.values()) == [2]
    assert "two people under one number" in next(iter(made.notes))
    assert made.respondents["age"].to_list() == [34, 34, 34]
    assert read_hub([parquet(tmp_path / "2.parquet", hub(), hub(task_num=6))]).notes == {}


def test_answers_off_the_scale_stay_only_as_published(tmp_path):
    path = parquet(tmp_path / "a.parquet", hub(), hub(response=12), hub(response=98))
    assert read_dataset(path).left_out == {"answer outside the stated scale": 1}
    assert read_dataset(path).responses["missing"].to_list() == [None, "code 98"]
    published = read_dataset(path, options=ReadOptions(published=True))
    assert published.responses["response"].to_list() == [2, 12, 98]
    assert published.left_out == {}


# --- real rows


def lines(shared_data):
    """Return the real rows, read without silicus."""
    path = shared_data / "socsci210" / "sample_20_studies.jsonl"
    return [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines()]


def test_the_real_rows_are_counted_as_plain_json_counts_them(shared_data):
    made = read_dataset(shared_data / "socsci210" / "sample_20_studies.jsonl")
    rows = lines(shared_data)
    # What follows the last "Only return": a digit states points, no digit states none.
    tails = [row["input"].rpartition("Only return")[2] for row in rows]
    stated = [row for row, tail in zip(rows, tails, strict=True) if re.search(r"\d", tail)]
    assert made.rows_read == len(rows) == 2780
    assert len(made.responses) == len(made.respondents) == len(stated) == 2762
    told = Counter((row["study_id"], str(row["condition_num"])) for row in stated)
    assert dict(told) == {(s, c): n for s, c, n in made.responses.group_by("study", "condition").len().iter_rows()}
    assert made.responses["response"].sum() == sum(int(row["output"].removeprefix("Response: ")) for row in stated)
    shown = {(row["study_id"], row["condition_num"], row["input"].partition("Scenario: ")[2]) for row in rows}
    assert len(made.shown) == len(shown) == 1543


def test_the_real_rows_left_out_are_these(shared_data):
    made = read_dataset(shared_data / "socsci210" / "sample_20_studies.jsonl")
    assert made.left_out == {"no scale: no range stated, and fewer than 30 answers to see one": 18}
    assert made.respondents.columns[2:] == [
        "age", "gender", "education", "income", "employment", "party_id", "ideology",
    ]  # fmt: skip
    assert made.respondents["age"].dtype == pl.Int64


def test_the_real_hub_file_is_read_whole(shared_data):
    path = shared_data / "socsci210" / "9nphm_hub_schema.parquet"
    made = read_dataset(path)
    assert (made.rows_read, len(made.responses), made.left_out) == (36, 36, {})
    assert len(made.respondents.columns) == 2 + 16
    assert set(made.responses["question"]) == {"task 0", "task 1"}
    assert {str(item.scale) for item in made.items.values()} == {"1 to 7"}
    raw = pl.read_parquet(path)
    assert len(made.respondents) == raw["participant"].n_unique()
    assert len(made.items) == raw["stimuli"].n_unique()
    assert made.responses["response"].sum() == raw["response"].sum()
