"""Which cells of few people are taken together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.evaluate import ENOUGH
from silicus.evaluate.together import taken_together, together

NAN = float("nan")


def grouped(people, pools=None) -> list[list[int]]:
    return [cells.tolist() for cells in together(np.asarray(people, dtype=float), pools)]


def test_small_cells_of_one_name_are_taken_together_and_large_ones_stand_alone():
    assert grouped([29, 30, 1, NAN, 29], ["a", "a", "a", "a", "b"]) == [[0, 2], [1], [3]]


def test_without_names_only_large_cells_are_left():
    assert grouped([29, 30, NAN]) == [[1], [2]]


def test_a_cell_nobody_answered_joins_no_other():
    assert grouped([0, 15, 15], ["a", "a", "a"]) == [[1, 2]]


def test_in_a_mean_a_cell_counts_its_people():
    rows = [np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.array([0.5, 0.5])]
    found = taken_together(rows, [np.array([0, 1]), np.array([2])], np.array([10.0, 30.0, NAN]))
    assert found[0] == pytest.approx([0.25, 0.75])
    assert found[1] == pytest.approx([0.5, 0.5])


@given(st.lists(st.tuples(st.one_of(st.integers(0, 40), st.just(NAN)), st.sampled_from("abc")), max_size=20))
def test_no_cell_stands_twice_and_every_group_is_large(cells):
    people = np.array([count for count, _ in cells], dtype=float)
    found = together(people, [name for _, name in cells])
    every = [int(cell) for group in found for cell in group]
    assert len(every) == len(set(every))
    for group in found:
        assert np.isnan(people[group]).any() or people[group].sum() >= ENOUGH
    assert {cell for cell, (count, _) in enumerate(cells) if not count < ENOUGH} <= set(every)
