from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.data import Dataset, Samples, read_dataset, read_predictions
from silicus.errors import InputError
from silicus.study import KEY, PREDICTIONS

ANSWERS = "id,arm,like,buy\np1,01,1,Yes\np2,01,3,No\np3,02,2,Don't know\np4,02,2,Yes\n"
CODEBOOK = """\
name: tea
source: {citation: A. Author, licence: CC0}
respondent: id
condition: {column: arm, values: {"01": {id: "01"}, "02": {id: "02", text: Tea is lovely.}}}
questions:
  - {id: like, text: Do you like tea, scale: {kind: ordinal, low: 1, high: 3}}
  - id: buy
    text: Will you buy tea
    scale: {kind: binary, labels: {1: "Yes", 2: "No"}, refusals: {9: Don't know}}
"""
UNKNOWN = "a study, condition and question without an answer in the data that could be read"
LIKE = {"study": "tea", "condition": "01", "question": "like"}
BUY = {"study": "tea", "condition": "02", "question": "buy"}


@pytest.fixture(scope="module")
def tea(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Return 8 answers to two questions in two conditions."""
    folder = tmp_path_factory.mktemp("tea")
    (folder / "tea.csv").write_text(ANSWERS, encoding="utf-8")
    (folder / "tea.csv.codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    return read_dataset(folder / "tea.csv")


@pytest.fixture
def predict(tea: Dataset, tmp_path: Path):
    """Return a function that reads predictions from rows written as JSON lines."""

    def read(*rows: dict[str, object]):
        path = tmp_path / "guesses.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return read_predictions(path, tea)

    return read


# --- probabilities


def test_probabilities_stand_in_the_order_of_the_points_and_hold_for_everybody(predict, tea):
    found = predict({**LIKE, "probabilities": [0.2, 0.3, 0.5]})
    assert (found.kind, found.rows, found.malformed, found.samples_per_prediction) == ("probabilities", 1, {}, None)
    assert found.table.schema == PREDICTIONS
    row = found.table.row(0, named=True)
    assert row["probabilities"] == pytest.approx([0.2, 0.3, 0.5])
    assert (row["respondent"], row["weight"], row["refusal"], row["covered"]) == (None, 1.0, None, None)
    assert tuple(row[name] for name in KEY) in set(tea.responses.select(KEY).rows())


def test_what_silicus_wrote_is_read_back(predict, tea, tmp_path):
    told = {"refusal": 0.1, "covered": 0.9, "respondent": "x", "weight": 2}
    found = predict({**BUY, "probabilities": [0.25, 0.75], **told})
    found.table.write_parquet(tmp_path / "predictions.parquet")
    assert read_predictions(tmp_path / "predictions.parquet", tea).table.equals(found.table)
    assert found.table.row(0)[4:6] == ("x", 2.0)


def test_wide_columns_are_null_where_the_scale_has_no_such_point(predict):
    wide = {"p_1": 0.2, "p_2": 0.3, "p_3": 0.5}
    found = predict({**LIKE, **wide}, {**BUY, "p_1": 0.4, "p_2": 0.4, "p_3": None, "p_9": 0.2})
    like, buy = found.table.iter_rows(named=True)
    assert like["probabilities"] == pytest.approx([0.2, 0.3, 0.5])
    assert buy["probabilities"] == pytest.approx([0.5, 0.5])
    assert buy["refusal"] == pytest.approx(0.2)
    assert like["refusal"] is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"probabilities": [0.5, -0.5, 1]}, "a probability that is negative or no number"),
        ({"probabilities": [0.5, "x", 0.5]}, "a probability that is negative or no number"),
        ({"probabilities": [0.5, None, 0.5]}, "a probability that is negative or no number"),
        ({"probabilities": [0.5, float("nan"), 0.5]}, "a probability that is negative or no number"),
        ({"probabilities": [0.5, True, 0.5]}, "a probability that is negative or no number"),
        ({"probabilities": [0.5, 0.5]}, "another number of probabilities than the scale has points"),
        ({"probabilities": [20, 30, 50]}, "probabilities that do not sum to 1"),
        ({"probabilities": [0.2, 0.3, 0.498]}, "probabilities that do not sum to 1"),
        ({"probabilities": 0.5}, "probabilities that are no list of numbers"),
        ({"probabilities": "0.5;0.5"}, "probabilities that are no list of numbers"),
        ({"refusal": 2}, "a value of 'refusal' that is no share from 0 to 1"),
        ({"covered": "all"}, "a value of 'covered' that is no share from 0 to 1"),
        ({"weight": -1}, "a weight that is no number of 0 or more"),
        ({"item": "0000"}, "an item that its study, condition and question do not have in the data"),
        ({"condition": "1"}, UNKNOWN),
        ({"study": None}, UNKNOWN),
    ],
)
def test_a_malformed_row_is_left_out_and_counted_by_its_reason(predict, change, reason):
    good = {**LIKE, "probabilities": [0.2, 0.3, 0.5], "respondent": "p1"}
    found = predict(good, {**good, "respondent": "p2", **change}, {**good, "respondent": "p3", **change})
    assert found.malformed == {reason: 2}
    assert found.rows == 3
    assert found.table["probabilities"].count() == 1


@pytest.mark.parametrize(
    ("wide", "reason"),
    [
        ({"p_1": 0.5, "p_2": 0.5}, "another number of probabilities than the scale has points"),
        ({"p_1": 0.5, "p_2": 0.5, "p_3": 0, "p_4": 0}, "a probability for a value that is not on the scale"),
        ({"p_1": 0.5, "p_2": 0.4, "p_3": 0}, "probabilities that do not sum to 1"),
    ],
)
def test_wide_probabilities_have_to_fit_the_scale(predict, wide, reason):
    found = predict({**BUY, "p_1": 1, "p_2": 0}, {**LIKE, **wide})
    assert found.malformed == {reason: 1}


def test_a_prediction_that_stands_twice_is_not_chosen_from(predict):
    row = {**LIKE, "probabilities": [0.2, 0.3, 0.5], "respondent": "p1"}
    found = predict(row, {**row, "probabilities": [1, 0, 0]}, {**row, "respondent": "p2"})
    assert found.malformed == {"a prediction that stands twice": 2}
    assert dict(found.table.select("respondent", pl.col("probabilities").is_null()).iter_rows()) == {
        "p1": True,
        "p2": False,
    }


def test_an_unusable_prediction_stays_as_a_failed_one_so_that_no_mean_takes_its_place(predict):
    found = predict(
        {**LIKE, "respondent": "p1", "text": "3"},
        {**LIKE, "respondent": "p2", "text": "who knows"},
    )
    row = found.table.filter(pl.col("respondent") == "p2").row(0, named=True)
    assert (row["probabilities"], row["refusal"], row["covered"]) == (None, None, 0.0)


# --- draws and texts


def test_draws_of_one_key_are_one_prediction_of_their_shares(predict):
    answers = ["Yes", 1, "2", 9, "Don't know"]
    found = predict(*({**BUY, "answer": answer} for answer in answers), {**LIKE, "answer": 3.0})
    buy, like = found.table.iter_rows(named=True)
    assert buy["probabilities"] == pytest.approx([2 / 3, 1 / 3])
    assert buy["refusal"] == pytest.approx(2 / 5)
    assert buy["covered"] == 1
    assert like["probabilities"] == [0, 0, 1]
    assert (found.kind, found.samples_per_prediction) == ("samples", Samples(median=3, fewest=1))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(4, "an answer off the scale"), (1.5, "an answer off the scale"), (True, "an answer off the scale"),
     ("often", "an answer off the scale"), ([1], "an answer off the scale"), (1e400, "an answer off the scale"),
     (None, "no answer"), ("", "no answer")],
)  # fmt: skip
def test_a_draw_off_the_scale_lowers_what_is_covered(predict, answer, reason):
    found = predict({**LIKE, "answer": 1}, {**LIKE, "answer": answer})
    assert found.malformed == {reason: 1}
    assert found.table.row(0, named=True)["covered"] == 0.5
    assert found.table.row(0, named=True)["probabilities"] == [1, 0, 0]


def test_only_refusals_make_a_refusal_and_no_distribution(predict):
    found = predict({**BUY, "answer": 9}, {**LIKE, "answer": 1})
    row = found.table.row(0, named=True)
    assert (row["probabilities"], row["refusal"], row["covered"]) == (None, 1.0, 1.0)


def test_draws_of_one_prediction_have_one_weight(predict):
    found = predict(*({**LIKE, "answer": 1, "weight": weight} for weight in (2, 2.0, 3)))
    assert found.malformed == {"another weight than the first draw of the same prediction": 1}
    assert found.table["weight"].to_list() == [2.0]


def test_texts_are_read_by_the_scale_and_the_rest_is_counted(predict):
    texts = ["2\n\n### Input:\n3", "Response: 3", "2-3", "I cannot answer that", "7", None, 1]
    found = predict(*({**LIKE, "text": text} for text in texts))
    assert found.kind == "texts"
    assert found.table.row(0, named=True)["probabilities"] == pytest.approx([1 / 3, 1 / 3, 1 / 3])
    assert found.table.row(0, named=True)["covered"] == pytest.approx(3 / 7)
    assert found.malformed == {
        "a number that goes on, or one of several": 1,
        "a refusal that is no option": 1,
        "a number off the scale": 1,
        "an empty text": 1,
    }
    assert found.samples_per_prediction == Samples(median=3, fewest=3)


# --- the key


def two_stimuli(folder: Path) -> Dataset:
    stimuli = [f'You met {who} and were asked: "Vote?" Only return 1 for Yes or 2 for No.' for who in ("Ann", "Bob")]
    rows = [
        {"study_id": "s", "participant": n, "demographic": {"age": 1}, "stimuli": words, "response": 1,
         "condition_num": 0, "task_num": 0}
        for n, words in enumerate(stimuli)
    ]  # fmt: skip
    pl.DataFrame(rows).write_parquet(folder / "hub.parquet")
    return read_dataset(folder / "hub.parquet")


def test_a_cell_of_several_stimuli_needs_the_item(tmp_path):
    data = two_stimuli(tmp_path)
    (item, other) = data.responses["item"]
    row = "s,0,task 0"
    path = tmp_path / "p.csv"
    path.write_text(f"study,condition,question,item,answer\n{row},{item},1\n{row},{other},2\n")
    found = read_predictions(path, data).table
    assert dict(found.select("item", "probabilities").iter_rows()) == {item: [1, 0], other: [0, 1]}
    path.write_text(f"study,condition,question,answer\n{row},1\n")
    with pytest.raises(InputError) as caught:
        read_predictions(path, data)
    assert str(caught.value) == (
        f"{path} row 1: names no item, and people were shown 2 stimuli under study 's', condition '0', question "
        "'task 0'. Add a column 'item' with the one that is meant, as in the responses.parquet of the dataset (silicus "
        "data prepare)."
    )


def test_names_of_text_tables_stay_text(tea, tmp_path):
    path = tmp_path / "p.tsv"
    path.write_text('study\tcondition\tquestion\trespondent\tprobabilities\ntea\t01\tlike\t007\t"[0.2, 0.3, 0.5]"\n')
    row = read_predictions(path, tea).table.row(0, named=True)
    assert (row["condition"], row["respondent"]) == ("01", "007")
    assert row["probabilities"] == pytest.approx([0.2, 0.3, 0.5])


def test_where_nothing_is_left_the_counts_are_told(predict):
    row = {**LIKE, "answer": 9}
    with pytest.raises(InputError) as caught:
        predict(row, row, {**row, "study": "te"})
    assert str(caught.value).endswith(
        f"guesses.jsonl: no row can be used (2 rows: an answer off the scale; 1 row: {UNKNOWN}). The data hold, for "
        "example, study 'tea', condition '01', question 'like'."
    )


@given(st.lists(st.sampled_from([1, 2, 3, 9, "x", None]), min_size=1, max_size=12))
def test_every_row_is_used_or_counted(tea, tmp_path_factory, answers):
    path = tmp_path_factory.getbasetemp() / "guesses.json"
    path.write_text(json.dumps([{**BUY, "answer": answer} for answer in answers] + [{**LIKE, "answer": 1}]))
    found = read_predictions(path, tea)
    used = sum(answer in {1, 2, 9} for answer in answers)
    assert used + sum(found.malformed.values()) == len(answers) == found.rows - 1
    buy = found.table.row(0, named=True)
    assert buy["covered"] == pytest.approx(used / len(answers))
