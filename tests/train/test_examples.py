from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from silicus.errors import InputError
from silicus.study import RESPONSES, Item, Scale
from silicus.train.examples import distribution_examples, individual_examples

YES_NO = Scale(kind="binary", labels={1: "Yes", 2: "No"}, refusals={9: "Don't know"})
VOTE = Item("s", "a", "vote", "", "Would you vote?", YES_NO)
ITEMS = {VOTE.item: VOTE}
PEOPLE = pl.DataFrame({"respondent": ["p1", "p2", "p3"], "weight": 1.0, "age": [30, 40, None]})


def answers(*rows) -> pl.DataFrame:
    """Return the responses (condition, respondent, response, n, weight) to one stimulus."""
    full = [("s", condition, "vote", VOTE.item, who, given, n, w) for condition, who, given, n, w in rows]
    return pl.DataFrame(full, schema=RESPONSES, orient="row")


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_every_answer_of_a_person_is_an_example_with_that_person():
    made = individual_examples(ITEMS, answers(("a", "p1", 2, 1, 1.0), ("b", "p3", 9, 1, 1.0)), PEOPLE)
    first, second = made.take([0, 1])
    assert (first.item.condition, first.respondent.attributes, first.target.tolist()) == ("a", {"age": 30}, [0, 1, 0])
    assert (second.item.condition, second.respondent.attributes, second.target.tolist()) == ("b", {}, [0, 0, 1])
    assert first.item.item == second.item.item == VOTE.item


def test_examples_are_taken_in_the_order_asked_for_and_more_than_once():
    made = individual_examples(ITEMS, answers(("a", "p1", 1, 1, 1.0), ("a", "p2", 2, 1, 1.0)), PEOPLE)
    assert [example.respondent.id for example in made.take([1, 0, 1])] == ["p2", "p1", "p2"]


def test_a_cell_gives_at_most_so_many_rows_drawn_by_chance():
    many = pl.DataFrame({"respondent": [f"p{n}" for n in range(60)], "weight": 1.0})
    rows = [(("a", "b")[n < 10], f"p{n}", 1, 1, 1.0) for n in range(60)]
    everything = individual_examples(ITEMS, answers(*rows), many)
    made = everything.capped(12, rng())
    counts = {item.condition: (made.table["item"] == place).sum() for place, item in enumerate(made.items)}
    assert counts == {"a": 12, "b": 10}
    assert made.table.equals(everything.capped(12, rng()).table)
    assert not made.table.equals(everything.capped(12, np.random.default_rng(1)).table)
    assert everything.capped(None, rng()) is everything


def test_the_answers_to_a_stimulus_are_one_example_of_nobody_in_particular():
    rows = [("a", "p1", 1, 1, 2.0), ("a", "p2", 2, 1, 1.0), ("a", "p3", 1, 1, 0.5), ("b", "p1", 1, 1, 1.0)]
    made = distribution_examples(ITEMS, answers(*rows), PEOPLE, groups=False)
    assert [(e.item.condition, e.target.tolist(), e.respondent.attributes) for e in made.take(range(len(made)))] == [
        ("a", [2.5, 1.0, 0.0], {}),
        ("b", [1.0, 0.0, 0.0], {}),
    ]


def test_each_group_has_a_distribution_of_its_own_of_counts_or_shares():
    rows = [("a", "p1", 1, 30, 1.0), ("a", "p1", 9, 10, 1.0), ("a", "p2", 1, None, 0.25), ("a", "p2", 2, None, 0.75)]
    made = distribution_examples(ITEMS, answers(*rows), PEOPLE, groups=True)
    assert [(e.respondent.id, e.target.tolist()) for e in made.take([0, 1])] == [
        ("p1", [30.0, 0.0, 10.0]),
        ("p2", [0.25, 0.75, 0.0]),
    ]


def test_missing_answers_are_not_learnt_from():
    made = individual_examples(ITEMS, answers(("a", "p1", None, 1, 1.0), ("a", "p2", 1, 1, 1.0)), PEOPLE)
    assert [example.respondent.id for example in made.take(range(len(made)))] == ["p2"]
    with pytest.raises(InputError, match="there are no answers to learn from"):
        individual_examples(ITEMS, answers(("a", "p1", None, 1, 1.0)), PEOPLE)


def test_a_rationale_comes_along_where_there_is_one():
    rows = answers(("a", "p1", 1, 1, 1.0), ("a", "p2", 2, 1, 1.0))
    made = individual_examples(ITEMS, rows.with_columns(rationale=pl.Series(["I trust them.", None])), PEOPLE)
    assert [example.rationale for example in made.take([0, 1])] == ["I trust them.", None]
    assert next(individual_examples(ITEMS, rows, PEOPLE).take([0])).rationale is None


def test_what_does_not_fit_is_named():
    with pytest.raises(InputError, match=r"the answer 7 is not on the scale 1, 2 .* read the data without them"):
        individual_examples(ITEMS, answers(("a", "p1", 7, 1, 1.0)), PEOPLE)
    with pytest.raises(InputError, match="which is not among the items"):
        individual_examples({}, answers(("a", "p1", 1, 1, 1.0)), PEOPLE)
    with pytest.raises(InputError, match="name the respondent 'p9', who is not in the table"):
        distribution_examples(ITEMS, answers(("a", "p9", 1, 1, 1.0)), PEOPLE, groups=True)
