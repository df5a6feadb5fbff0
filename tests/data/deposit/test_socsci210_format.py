from dataclasses import replace

import polars as pl
import pytest

from silicus.data.deposit.socsci210_format import HUB, numbering, to_socsci210, write_socsci210
from silicus.data.readers.codebook import Codebook
from silicus.data.readers.labelled import LabelledTable
from silicus.data.readers.socsci210 import read_derived, read_hub
from silicus.data.readers.table import read_answers
from silicus.errors import InputError
from silicus.prompts.socrates import SocratesTemplate, stimulus
from silicus.record import parse

BOOK = {
    "name": "flyers",
    "source": {"citation": "us", "licence": "CC0"},
    "respondent": "id",
    "weight": "w",
    "condition": {"column": "arm", "values": {"0": {"id": "none"}, "1": {"id": "flyer", "text": "Vote on Tuesday!"}}},
    "attributes": {"age": "age", "gender": "sex", "team": "team"},
    "missing": {"99": "Refused"},
    "questions": [
        {"id": "vote", "text": "Will you vote?", "scale": {"kind": "binary", "labels": {1: "Yes", 2: "No"}}},
        {
            "id": "mayor",
            "text": "How warm do you feel toward the mayor?",
            "scale": {"kind": "ordinal", "low": 1, "high": 7, "labels": {1: "Cold", 7: "Warm"}},
        },
        {"id": "rain", "text": "How likely is rain?", "scale": {"kind": "numeric", "low": 0, "high": 100, "step": 5}},
        {
            "id": "best",
            "text": "Which is best?",
            "scale": {"kind": "nominal", "labels": {1: "Bus", 2: "Tram", 3: "Bike"}, "refusals": {8: "Don't know"}},
        },
    ],
}


def prompt(item, respondent):
    return SocratesTemplate().user(item, respondent, "value")


def flyers(tmp_path, **changes):
    columns = {
        "id": ["p1", "p2", "p3", "p4"],
        "w": [0.5, 2.0, 1.0, 1.0],
        "arm": [1, 0, 1, 0],
        "age": [34, 51, None, 45],
        "sex": ["Female", "Male", "", None],
        "team": ["Reds"] * 4,
        "vote": [1, 2, 1, None],
        "mayor": [4, 7, 99, 1],
        "rain": [0, 100, 35, 5],
        "best": [1, 8, 3, 2],
    }
    table = LabelledTable(tmp_path / "flyers.csv", pl.DataFrame(columns | changes))
    return read_answers(table, parse(BOOK, Codebook, "book"), "book")


def test_a_dataset_becomes_a_row_a_response_in_the_hubs_schema(tmp_path):
    made = to_socsci210(flyers(tmp_path), stimulus, prompt)
    assert made.schema == HUB
    # 4 people x 4 questions, one of them without an answer and one refused.
    assert len(made) == 14
    first = made.row(0, named=True)
    assert (first["study_id"], first["participant"], first["condition_num"], first["task_num"]) == ("flyers", 0, 0, 0)
    assert first["stimuli"] == (
        'You read "Vote on Tuesday!" and then were asked: "Will you vote?" '
        "Only return 1 for 'Yes' or 2 for 'No', nothing else."
    )
    assert first["prompt"].startswith(
        "You are a survey respondent with the following demographic profile:\n- Age: 34\n"
    )
    assert first["prompt"].endswith(first["stimuli"])
    assert (first["response"], first["reasoning"]) == (1, "")
    known = {name: value for name, value in first["demographic"].items() if value is not None}
    assert known == {"age": 34, "gender": "Female"}
    third = made.filter(pl.col("participant") == 2)["demographic"][0]
    assert set(third.values()) == {None}
    assert made["sample_id"].to_list() == list(range(14))
    assert "Reds" not in made["prompt"].str.join().item()


def test_what_the_numbers_stand_for_is_told(tmp_path):
    assert numbering(flyers(tmp_path)) == {
        "flyers": {
            "conditions": {0: "flyer", 1: "none"},
            "questions": {0: "vote", 1: "mayor", 2: "rain", 3: "best"},
        }
    }


def test_what_is_written_is_read_with_the_same_answers_people_and_scales(tmp_path):
    data = flyers(tmp_path)
    write_socsci210(tmp_path / "hub.parquet", data, stimulus, prompt)
    found = read_hub([tmp_path / "hub.parquet"])
    names = numbering(data)["flyers"]
    told = found.responses.select(
        pl.col("condition").cast(pl.Int64).replace_strict(names["conditions"], return_dtype=pl.String),
        pl.col("question").str.strip_prefix("task ").cast(pl.Int64).replace_strict(names["questions"]),
        "response",
        person=pl.col("respondent").str.strip_prefix("flyers/").cast(pl.Int64) + 1,
    )
    given = data.responses.drop_nulls("response").select("condition", "question", "response", "respondent")
    assert [(c, q, r, f"flyers/p{p}") for c, q, r, p in told.rows()] == given.rows()
    assert found.left_out == {}
    scales = {i.question: i.scale for i in data.items.values()}
    for item in found.items.values():
        before = scales[names["questions"][int(item.question.removeprefix("task "))]]
        assert sorted(item.scale.answers) == sorted(before.answers)
        assert {v: item.scale.label(v) for v in before.labels} == before.labels
    assert found.respondents.sort("respondent").select("age", "gender").rows() == [
        (34, "Female"), (51, "Male"), (None, None), (45, None),
    ]  # fmt: skip


def test_a_rationale_is_the_reasoning(tmp_path):
    data = flyers(tmp_path)
    data = replace(data, responses=data.responses.with_columns(rationale=pl.lit("because")))
    assert set(to_socsci210(data, stimulus, prompt)["reasoning"]) == {"because"}


def test_ages_written_as_decimals_are_whole_and_bands_are_left_empty(tmp_path):
    made = to_socsci210(flyers(tmp_path, age=[34.0, float("nan"), None, 45.0]), stimulus, prompt)
    assert made["demographic"].struct.field("age").drop_nulls().unique().sort().to_list() == [34, 45]
    made = to_socsci210(flyers(tmp_path, age=["34", "18-29", "", None]), stimulus, prompt)
    assert made["demographic"].struct.field("age").drop_nulls().unique().to_list() == [34]


def test_people_are_told_in_the_words_of_the_hub_in_both_columns(tmp_path):
    made = to_socsci210(flyers(tmp_path, sex=["female", "MALE", "Neither", None]), stimulus, prompt)
    told = made.group_by("participant", maintain_order=True).first()
    assert told["demographic"].struct.field("gender").to_list() == ["Female", "Male", None, None]
    assert ["Gender: " in words for words in told["prompt"]] == [True, True, False, False]


def test_answers_of_groups_are_refused(tmp_path):
    data = flyers(tmp_path)
    crowd = replace(data, responses=data.responses.with_columns(n=pl.lit(5, dtype=pl.Int64)))
    with pytest.raises(InputError, match=r"flyers: 14 answers are of several people .* Write it as a dataset folder"):
        to_socsci210(crowd, stimulus, prompt)


def test_the_real_hub_rows_come_back_byte_for_byte(shared_data):
    path = shared_data / "socsci210" / "9nphm_hub_schema.parquet"
    if not path.is_file():
        pytest.skip(f"the rows are not at {path}")
    real = pl.read_parquet(path)
    assert dict(real.schema) == dict(HUB)
    made = to_socsci210(read_hub([path], rationale=True), stimulus, prompt)
    # The rows are a part of their study, so theirs are not numbered without gaps.
    assert made.drop("sample_id").equals(real.drop("sample_id"))
    assert made["sample_id"].to_list() == list(range(36))


def test_the_real_sample_comes_back_with_the_same_answers(shared_data, tmp_path):
    path = shared_data / "socsci210" / "sample_20_studies.jsonl"
    if not path.is_file():
        pytest.skip(f"the sample is not at {path}")
    data = read_derived(path)
    write_socsci210(tmp_path / "hub.parquet", data, stimulus, prompt)
    found = read_hub([tmp_path / "hub.parquet"])
    key = ["study", "condition", "item", "response"]
    assert found.responses.select(key).rows() == data.responses.drop_nulls("response").select(key).rows()
    assert len(found.responses) > 2500
    assert found.responses["respondent"].n_unique() == len(found.responses)
    told = found.respondents.join(found.responses.with_row_index(), on="respondent").sort("index")
    known = data.respondents.join(data.responses.drop_nulls("response").with_row_index(), on="respondent").sort("index")
    for name in ("age", "gender", "education", "income", "employment", "party_id", "ideology"):
        assert told[name].to_list() == known[name].to_list()
