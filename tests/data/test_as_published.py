"""Scales as the authors of SocSci210 had them."""

from __future__ import annotations

import polars as pl
import pytest

from silicus.data.answer_scale import parse_scale
from silicus.data.as_published import as_published, nearest_point
from silicus.data.dataset import ROWS, Dataset, Stimulus
from silicus.data.stimuli import assemble
from silicus.study import Scale, Source

BRANDS = "Which? Only return 1 for Coke, 2 for Pepsi or 3 for Fanta, nothing else."
DOLLARS = "How much? Only return an integer representing dollars, nothing else."
PRICE = "What price? Only return a number from $0 to $25,000, nothing else."


def dataset(answers: dict[str, list[float]], *, published: bool = True) -> Dataset:
    """Return the dataset of one study whose people answered stimuli, each a task of its own."""
    texts = list(answers)
    rows = [
        ("s", "0", f"task {place}", f"s/{place}-{number}", place, answer, 1, 1.0, None)
        for place, text in enumerate(texts)
        for number, answer in enumerate(answers[text])
    ]
    table = pl.DataFrame(rows, schema=ROWS, orient="row")
    people = table.select("respondent", pl.lit(1.0).alias("weight"))
    return assemble("s", Source(citation="c", licence="l"), texts, table, people, published=published)


def scale_of(data: Dataset) -> Scale:
    return next(iter(data.cells())).scale


def test_options_without_order_are_numbers():
    assert not scale_of(dataset({BRANDS: [1, 3]}, published=False)).ordered
    found = scale_of(dataset({BRANDS: [1, 3]}))
    assert (found.ordered, found.values, found.label(3)) == (True, (1, 2, 3), "Fanta")


def test_a_question_without_a_scale_has_the_range_of_its_answers():
    assert not dataset({DOLLARS: [4, 9]}, published=False).items
    assert scale_of(dataset({DOLLARS: [4, 9]})).values == (4, 5, 6, 7, 8, 9)


def test_the_range_is_that_of_the_task_and_of_no_cell():
    rows = [("s", str(arm), "task", f"s/{arm}", arm, answer, 1, 1.0, None) for arm, answer in ((0, 2.0), (1, 8.0))]
    stimuli = [Stimulus(text, None, "unsupported", "no range stated") for text in ("a", "b")]
    _, found = as_published(pl.DataFrame(rows, schema=ROWS, orient="row"), stimuli)
    assert [each.item and (each.item.scale.low, each.item.scale.high) for each in found] == [(2, 8), (2, 8)]


def test_a_long_stated_range_is_thinned_and_answers_move_to_the_nearest_point():
    assert parse_scale(PRICE).scale is None
    data = dataset({PRICE: [0, 13, 22_222, 25_000]})
    scale = scale_of(data)
    assert (len(scale.values), scale.low, scale.high, scale.step) == (2779, 0, 25_002, 9)
    assert data.responses["response"].to_list() == [0, 9, 22_221, 25_002]


def test_a_question_whose_answers_are_all_the_same_has_no_range():
    assert not dataset({DOLLARS: [5, 5]}).items


@pytest.mark.parametrize(("said", "point"), [(99, 7), (-3, 1), (4.4, 4)])
def test_a_number_off_the_scale_counts_as_the_nearest_point(said, point):
    assert nearest_point(said, Scale(kind="ordinal", low=1, high=7)) == point
