"""What stands beside an evaluation, and what it may have read."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from silicus.data import Dataset
from silicus.errors import MissingExtraError
from silicus.evaluate import evaluate
from silicus.study import PREDICTIONS
from silicus.workflow import floors as room
from silicus.workflow.floors import floors
from tests.data.splitting import dataset, marked, stimulus

pytest.importorskip("sklearn")

NAMES = ["training mean", "option words", "demographics", "embedding"]


@pytest.fixture(autouse=True)
def embedder(monkeypatch):
    """Put an embedder of letters in the place of the real one."""

    def embed(texts):
        return np.array([[text.count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts], float)

    monkeypatch.setattr(room, "load_embedder", lambda: embed)


def survey(people=60, **options) -> Dataset:
    """Return the answers of people to six questions, of which one is tested on and one validated on."""
    chance = np.random.default_rng(0)
    rows = [
        ("poll", "all", f"q{q}", f"p{n}", stimulus(f"Do you care about {'abcdef'[q] * 3}?"), int(chance.integers(1, 8)))
        for q in range(6)
        for n in range(people)
    ]
    parts = [
        ("train", "train", "train", "train", "validation question", "test question")[n // people]
        for n in range(6 * people)
    ]
    who = {f"p{n}": {"gender": ("Female", "Male")[n % 2]} for n in range(people)}
    return marked(rows, parts, people=who, **options)


def asked(data: Dataset) -> pl.DataFrame:
    return data.responses.filter(pl.col("split") == "test")


def test_every_floor_predicts_what_is_asked():
    data = survey()
    found, left_out = floors(data, asked(data), seed=0)
    assert list(found) == NAMES
    assert left_out == []
    assert {name: len(table) for name, table in found.items()} == dict(zip(NAMES, [1, 1, 60, 60], strict=True))
    for name, table in found.items():
        assert table.schema == PREDICTIONS
        scored = evaluate(data.items, asked(data), table, name, np.random.default_rng(0), draws=10)
        assert scored.answers_n == 60
        assert scored.overall[name]["nll"].value > 0


def test_the_training_mean_is_that_of_the_training_part():
    data = survey()
    found, _ = floors(data, asked(data), seed=0, embed=False)
    train = data.responses.filter(pl.col("split") == "train")["response"].to_numpy()
    shares = np.bincount(train - 1, minlength=7) / len(train)
    np.testing.assert_allclose(found["training mean"]["probabilities"][0], shares, rtol=1e-6)


def test_answers_of_other_parts_move_no_floor():
    data = survey()
    held = pl.col("split") != "train"
    others = data.responses.with_columns(
        response=pl.when(held).then(8 - pl.col("response")).otherwise("response"),
        n=pl.when(held).then(50).otherwise("n"),
        weight=pl.when(held).then(3.0).otherwise("weight"),
    )
    before, after = (floors(each, asked(each), seed=1)[0] for each in (data, replace(data, responses=others)))
    assert list(before) == NAMES
    for name in NAMES:
        assert before[name].equals(after[name]), name


def test_answers_of_the_training_part_move_every_floor():
    data = survey()
    others = data.responses.with_columns(
        response=pl.when(pl.col("split") == "train").then(8 - pl.col("response")).otherwise("response")
    )
    before, after = (floors(each, asked(each), seed=1)[0] for each in (data, replace(data, responses=others)))
    for name in NAMES:
        assert not before[name].equals(after[name]), name


def test_leaving_a_floor_out_moves_no_other():
    data = survey()
    whole, fewer = (floors(data, asked(data), seed=1, embed=embed)[0] for embed in (True, False))
    assert list(fewer) == NAMES[:3]
    assert all(fewer[name].equals(whole[name]) for name in fewer)


def test_of_groups_every_one_has_a_prediction_of_its_own():
    data = survey(unit="group")
    found, _ = floors(data, asked(data), seed=0, embed=False)
    for name in ("training mean", "option words"):
        assert found[name].schema == PREDICTIONS
        assert found[name]["respondent"].to_list() == asked(data)["respondent"].to_list()
        assert found[name]["probabilities"].n_unique() == 1


def test_data_that_were_not_split_have_no_floor():
    data = dataset([("poll", "all", "q", "p")])
    assert floors(data, data.responses, seed=0) == (
        {},
        ["floors: the data have not been split, so there is no training part. Split with: silicus data prepare"],
    )


def test_a_training_part_without_answers_has_no_floor():
    data = marked([("poll", "all", "q", "p", None, 3)], ["test question"])
    assert floors(data, asked(data), seed=0) == ({}, ["floors: the training part has no answers."])


def test_without_attributes_there_are_no_demographics():
    data = survey()
    data = replace(data, respondents=data.respondents.drop("gender"))
    found, left_out = floors(data, asked(data), seed=0)
    assert list(found) == ["training mean", "option words", "embedding"]
    assert left_out == ["demographics: nothing is known of the 60 respondents."]


def test_without_scikit_learn_two_floors_remain_and_the_extra_is_named(monkeypatch):
    data = survey()
    for module in ("sklearn", "sklearn.ensemble", "sklearn.linear_model", "sklearn.model_selection"):
        monkeypatch.setitem(sys.modules, module, None)
    found, left_out = floors(data, asked(data), seed=0)
    assert list(found) == NAMES[:2]
    needs = "this needs the library 'sklearn', which is not installed. Install it with: pip install 'silicus[data]'"
    assert left_out == [f"demographics: {needs}", f"embedding: {needs}"]


def test_without_the_embedder_the_others_remain(monkeypatch):
    def missing():
        raise MissingExtraError("no embedder. Install it.")

    monkeypatch.setattr(room, "load_embedder", missing)
    found, left_out = floors(survey(), asked(survey()), seed=0)
    assert list(found) == NAMES[:3]
    assert left_out == ["embedding: no embedder. Install it."]
