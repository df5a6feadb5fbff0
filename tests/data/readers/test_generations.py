from __future__ import annotations

import json
from pathlib import Path

import pytest

from silicus.data import holds_generations, read_dataset, read_predictions
from silicus.data.readers.socsci210 import read_derived
from silicus.errors import InputError

ASKED = 'You were asked: "Vote?" Only return 1 for Yes or 2 for No, nothing else.'


def row(**changes):
    made = {
        "study_id": "kryns",
        "condition_num": 2,
        "input": f"Demographics: Age: 76; Gender: Male\n\nScenario: {ASKED}",
        "true_response": "1",
        "predicted_response": "2\n\n### Input:\nAge: 40",
        "true_numeric": 1.0,
        "pred_numeric": 1.0,
    }
    return {key: value for key, value in (made | changes).items() if value is not None}


def generations(folder: Path, *rows, name: str = "raw.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return path


def test_people_are_read_as_from_the_derived_form(tmp_path):
    rows = [row(), row(true_response="2"), row(true_response="7")]
    made = read_dataset(generations(tmp_path, *rows))
    lines = tmp_path / "raw.jsonl"
    lines.write_text("".join(json.dumps({**each, "output": each["true_response"]}) + "\n" for each in rows))
    same = read_derived(lines)
    assert made.responses.equals(same.responses)
    assert made.respondents.equals(same.respondents)
    assert (made.items, made.left_out, made.unit) == (same.items, {"answer outside the stated scale": 1}, "row")


def test_the_text_is_the_prediction_for_its_very_row_and_what_others_read_is_not_used(tmp_path):
    rows = [row(), row(predicted_response="Response: 1", pred_numeric=2.0), row(true_response="7")]
    path = generations(tmp_path, *rows)
    found = read_predictions(path, read_dataset(path))
    assert found.kind == "texts"
    assert dict(found.table.select("respondent", "probabilities").iter_rows()) == {
        "kryns/row 00001": [0, 1],
        "kryns/row 00002": [1, 0],
    }
    assert found.malformed == {"a study, condition and question without an answer in the data that could be read": 1}


def test_texts_for_other_rows_are_refused(tmp_path):
    path = generations(tmp_path, row())
    other = generations(tmp_path, row(input=f"Demographics: \n\nScenario: Think. {ASKED}"), name="other.json")
    with pytest.raises(InputError) as caught:
        read_predictions(path, read_dataset(other))
    assert str(caught.value) == (
        f"{path} row 1: predicts an answer to other words than the data's respondent 'kryns/row 00001' was shown. Such "
        "a file holds predictions for its own rows alone: give it as --data too."
    )


def test_a_form_is_known_by_most_of_its_keys_and_a_missing_one_is_named(tmp_path):
    path = generations(tmp_path, row(study_id=None))
    assert holds_generations(path)
    with pytest.raises(InputError, match=r"raw\.json row 1: the key 'study_id' is missing\."):
        read_dataset(path)
    path = generations(tmp_path, row(predicted_response=3))
    with pytest.raises(InputError, match=r"raw\.json row 1: found predicted_response 3, expected text\."):
        read_predictions(path, read_dataset(path))


def test_other_files_are_not_taken_for_it(tmp_path):
    listed = tmp_path / "p.json"
    listed.write_text('[{"study": "s", "text": "3"}]')
    bytes_ = tmp_path / "b.json"
    bytes_.write_bytes(b"\xff\xfe")
    assert not any(map(holds_generations, [listed, bytes_, tmp_path / "gone.json", tmp_path]))


def test_a_real_file_is_read_whole(shared_data):
    path = shared_data / "socsci210" / "raw_generations_100.json"
    data = read_dataset(path)
    found = read_predictions(path, data)
    assert len(data.responses) + sum(data.left_out.values()) == found.rows == 100
    assert found.table["probabilities"].count() == 89
    # "Response: 4 or 5, likely closer to 5": others read 4.
    assert found.malformed["a number that goes on, or one of several"] == 1
    assert sum(found.malformed.values()) == 11
