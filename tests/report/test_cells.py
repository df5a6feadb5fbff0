from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.evaluate import METRICS, Cell
from silicus.report.cells import cumulative, labels, mean, most_answered, most_given, shares, wilson
from silicus.report.words import effective

SYSTEMS = ("smollm2", "uniform", "pooled")


def cell(**changes) -> Cell:
    nothing = dict.fromkeys(SYSTEMS)
    scores = dict.fromkeys((metric for metric in METRICS if metric != "nll_per_answer"), nothing)
    plain = {
        "study": "s", "condition": "c", "question": "q", "answers": 10, "people": 10, "values": [1, 2, 3],
        "labels": ["low", None, "high"], "ordered": True, "human": [0.5, 0.0, 0.5],
        "predicted": {system: [0.2, 0.3, 0.5] for system in SYSTEMS}, "refusal_human": 0.0, "refusal_predicted": 0.0,
    }  # fmt: skip
    found = plain | scores | changes
    return Cell(**({"people_effective": found["answers"] or None} | found))


def test_the_interval_of_a_share_by_hand():
    # Newcombe (1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E), table I: 81 of 263.
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0.0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


@given(st.integers(1, 5000), st.floats(0, 1))
def test_the_interval_of_a_share_holds_it_and_stays_inside_0_and_1(n, share):
    low, high = wilson(share, n)
    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1


def test_a_point_without_words_is_named_by_its_value():
    assert labels(cell()) == ["1 low", "2", "3 high"]
    assert labels(cell(labels=["a", "b", "c"])) == ["a", "b", "c"]


def test_shares_and_their_sums_stand_beside_the_predictions():
    assert [row.people for row in shares(cell())] == [0.5, 0.0, 0.5]
    assert [row.people for row in cumulative(cell())] == [0.5, 0.5, 1.0]
    assert [row.predicted["smollm2"] for row in cumulative(cell())] == pytest.approx([0.2, 0.5, 1.0])


def test_the_mean_answer_and_its_interval_by_hand():
    row = mean(cell())
    assert (row.label, row.people, row.predicted["uniform"]) == ("mean of 1 to 3", 2.0, pytest.approx(2.3))
    # Five people at 1 and five at 3: the variance is 10 / 9.
    assert row.high - row.people == pytest.approx(1.96 * (10 / 9 / 10) ** 0.5, abs=1e-4)
    assert mean(cell(answers=1)).low is None


def test_intervals_count_the_effective_number_of_answers_where_weights_differ():
    plain, weighted = cell(answers=5), cell(answers=10, people_effective=5.0)
    assert [(r.low, r.high) for r in shares(weighted)] == [(r.low, r.high) for r in shares(plain)]
    assert (mean(weighted).low, mean(weighted).high) == (mean(plain).low, mean(plain).high)
    assert mean(cell(answers=2, people_effective=1.0)).low is None


def test_the_effective_number_of_answers_is_told_where_it_differs():
    assert effective(cell(people_effective=7.26)) == ", effective 7.3"
    assert effective(cell()) == effective(cell(answers=0)) == ""


def test_a_cell_without_answers_has_unknown_shares():
    empty = cell(answers=0, human=[None] * 3, predicted=dict.fromkeys(SYSTEMS, [None] * 3))
    assert {row.people for row in (*shares(empty), *cumulative(empty), mean(empty))} == {None}
    assert {row.low for row in (*shares(empty), mean(empty))} == {None}


def test_the_largest_keep_their_order():
    assert [row.label for row in most_given(shares(cell()), 2)] == ["1 low", "3 high"]
    cells = [cell(condition=str(n), answers=n) for n in (3, 0, 9, 5)]
    assert [c.condition for c in most_answered(cells, 2)] == ["9", "5"]
    assert [c.condition for c in most_answered(cells, 9)] == ["3", "9", "5"]
