from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from silicus.errors import InputError
from silicus.train import Part, learnt_from, with_margins
from tests.train.material import PEOPLE, answers, items, learnt


def test_a_part_of_single_answers_has_at_most_so_many_of_a_question():
    made = learnt("individual", per_cell=5)
    assert np.bincount(made.examples.cells).tolist() == [5, 5, 5, 5]
    assert made.weights.tolist() == [1.0] * 20
    assert made.pairs is None
    assert len(learnt("individual", per_cell=None).examples) == 160


def test_a_part_of_distributions_has_one_example_a_question_with_everybody_in_it():
    made = learnt("distribution")
    assert [example.target.sum() for example in made.examples.take(range(4))] == [40.0] * 4


@pytest.mark.parametrize(("weights", "expected"), [("equal", [1, 1]), ("people", [1.6, 0.4]), ("root", [4 / 3, 2 / 3])])
def test_a_distribution_counts_alike_or_by_its_people_and_one_in_the_mean(weights, expected):
    rows = answers()
    first, second = rows["item"].unique(maintain_order=True)[:2]
    few = rows.filter(pl.col("item") == second)[:10]
    made = learn(pl.concat([rows.filter(pl.col("item") == first), few]), objective="distribution", weights=weights)
    assert made.weights.tolist() == pytest.approx(expected)


def learn(rows, **part):
    part = Part.model_validate({"data": "x", **part})
    return learnt_from(part, items(), rows, PEOPLE, np.random.default_rng(0), groups=False)


def test_pairs_are_drawn_within_a_stimulus_or_within_a_question():
    rows = answers().with_columns(question=pl.lit("q"))
    narrow, wide = (learn(rows, objective="preference", contrast=c, per_cell=None) for c in ("stimulus", "cell"))
    for made, several in ((narrow, False), (wide, True)):
        assert made.pairs is not None
        assert (made.pairs["item"] != made.pairs["other_item"]).any() == several


@pytest.mark.parametrize("objective", ["individual", "rationale"])
@pytest.mark.parametrize("n", [7, None])
def test_counts_and_shares_of_people_are_no_single_answers(objective, n):
    first = pl.int_range(pl.len()) == 0
    rows = answers().with_columns(n=pl.when(first).then(pl.lit(n, dtype=pl.Int64)).otherwise("n"))
    with pytest.raises(InputError, match=r"x: 1 answer is not of one person but .* study 's', .* objective 'distrib"):
        learn(rows, objective=objective)


@pytest.mark.parametrize("weights", ["people", "root"])
def test_shares_of_an_unknown_number_of_people_cannot_count_by_it(weights):
    rows = answers().with_columns(n=pl.lit(None, dtype=pl.Int64), weight=pl.lit(0.1))
    with pytest.raises(InputError, match=rf"x: 'weights: {weights}' counts people, .* the study 's' only shares"):
        learn(rows, objective="distribution", weights=weights)
    assert learn(rows, objective="distribution").weights.tolist() == [1.0] * 4


def test_as_suh_et_al_coded_nothing_is_learnt_where_all_refused():
    rows = answers()
    first = rows["item"][0]
    refused = rows.with_columns(response=pl.when(pl.col("item") == first).then(9).otherwise("response"))
    made = learn(refused, objective="subpop_as_coded")
    assert {example.item.item for example in made.examples.take(range(len(made.examples)))} == {*rows["item"]} - {first}
    assert len(made.weights) == 3
    assert len(learn(refused, objective="distribution").examples) == 4
    with pytest.raises(InputError, match="x: all its training answers are refusals, which 'subpop_as_coded' cannot"):
        learn(rows.with_columns(response=9), objective="subpop_as_coded")


@pytest.mark.parametrize("objective", ["preference", "rationale", "subpop_as_coded"])
def test_options_keep_their_order_where_another_one_would_be_asked_than_was_compared(objective):
    with pytest.raises(ValidationError, match=f"'reorder' cannot apply to the objective '{objective}'"):
        learnt(objective, reorder=True)


def test_only_pairs_contrast_answers():
    with pytest.raises(ValidationError, match="'contrast' is for pairs, found the objective 'distribution'"):
        learnt("distribution", contrast="cell")


def test_rationales_are_learnt_from_where_there_are_any():
    rows = answers().with_columns(
        rationale=pl.when(pl.int_range(pl.len()) < 3).then(pl.lit("Tea calms me.")).otherwise(pl.lit(" "))
    )
    made = learn(rows, objective="rationale")
    assert [example.rationale for example in made.examples.take([0, 1, 2])] == ["Tea calms me."] * 3
    assert len(made.examples) == 3
    with pytest.raises(InputError, match="x: none of its training answers has a rationale"):
        learn(rows.with_columns(rationale=pl.lit(None, dtype=pl.String)), objective="rationale")


def test_pairs_say_what_the_reference_prefers_and_say_it_again_when_they_are_read():
    made = learnt("preference", per_cell=2)
    assert {example.margin for example in made.examples.take(range(8))} == {0.0}
    told = np.arange(8) / 8
    asked = with_margins(made, lambda examples: told[: len(examples)])
    assert [example.margin for example in asked.examples.take(range(8))] == told.tolist()
    assert asked.pairs is not None
    assert asked.pairs["reference_margin"].to_list() == told.tolist()
    assert [e.margin for e in with_margins(asked).examples.take(range(8))] == told.tolist()
