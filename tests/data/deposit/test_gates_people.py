"""Gates on people: copies under new ids, pairs of which both are chosen, weights that are none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.data.deposit.gated import failed, made, question

ONCE = "Is every question answered once?"
OWN = "Are people's rows their own?"
PAIR = "Is one of each pair chosen?"
DESIGN = "Is every person in the conditions of the design?"
WEIGHTS = "Are the weights weights?"
COUNTED = {"source": "counted by hand"}


def many(people: int, **cells: Any) -> dict[str, list[Any]]:
    """Return the cells of so many people, all of them in both arms and of both sexes by turns."""
    rows = range(people)
    return {
        "id": [f"p{n}" for n in rows],
        "arm": [n % 2 for n in rows],
        "w": [0.5 + n % 7 / 6 for n in rows],
        "sex": [1 + n % 2 for n in rows],
        "vote": [n % 2 for n in rows],
        "warm": [1 + n % 7 for n in rows],
        **cells,
    }


def test_rows_without_a_column_of_people_need_a_reason():
    given: dict[str, Any] = {"respondent": None, "expected": COUNTED | {"respondents": 4}}
    assert failed(made(**given)) == {
        ONCE: "no column tells people apart, so that every row is taken for another person. Name it under respondent, "
        "or say why every row is one under excused > no_respondent."
    }
    assert not failed(made(**given, excused={"no_respondent": "the file has a row a person"}))


def copied(columns: int) -> dict[str, Any]:
    """Return thirty people with answers of their own in further columns, and all of them again under other ids."""
    own = {f"c{place}": [(n * (place + 3) + n * n) % 11 for n in range(30)] for place in range(columns)}
    cells = {name: [*column, *column] for name, column in many(30, **own).items()}
    return {"cells": cells | {"id": [f"p{n}" for n in range(60)]}, "expected": COUNTED | {"respondents": 60}}


def test_people_whose_rows_are_copies_under_other_ids_are_told():
    found = failed(made(**copied(8)))
    assert list(found) == [OWN]
    assert found[OWN].startswith("60 of 60 rows are the same as another person's in all 13 columns")
    assert not failed(made(**copied(8), excused={"alike": "the file was made by a simulation"}))
    assert OWN in failed(made(**copied(8), respondent=None))


def test_few_columns_are_alike_by_chance():
    assert not failed(made(**copied(2)))


def test_people_who_differ_are_no_copies():
    own = {f"c{place}": [(n * (place + 3) + n * n) % 11 for n in range(30)] for place in range(8)}
    assert not failed(made(many(30, **own), expected=COUNTED | {"respondents": 30}))


def test_of_a_pair_exactly_one_is_chosen():
    pairs = many(8, id=[f"p{n // 2}" for n in range(8)], arm=[n // 2 % 2 for n in range(8)], side=[1, 2] * 4)
    pairs |= {"sex": [1 + n // 2 % 2 for n in range(8)], "w": [1.0, 1.0, 1.5, 1.5] * 2}
    given: dict[str, Any] = {"pair": "side", "expected": COUNTED | {"respondents": 4}}
    assert not failed(made(pairs | {"vote": [0, 1, 1, 0, 1, 0, 0, 1]}, **given))
    found = failed(made(pairs | {"vote": [1, 1, 1, 0, 0, 0, 0, 1]}, **given))
    assert found == {
        PAIR: "in 2 of 4 pairs (50%) not exactly one is 1 to 'vote'. Find out whose choice it is, or say why under "
        "excused > pairs."
    }
    both = {"pairs": "people could choose both, or none"}
    assert not failed(made(pairs | {"vote": [1, 1, 1, 0, 0, 0, 0, 1]}, **given, excused=both))


def test_a_pair_may_be_chosen_in_words():
    pairs = many(
        4, id=["a", "a", "b", "b"], arm=[0, 0, 1, 1], side=[1, 2] * 2, sex=[1, 1, 2, 2], w=[1.0, 1.0, 1.5, 1.5]
    )
    words = question(0, values={"took it": 1, "left it": 0})
    given: dict[str, Any] = {"pair": "side", "expected": COUNTED | {"respondents": 2}, "questions": words}
    excused = {"recoded": {"vote": "taking it is voting for it"}}
    assert not failed(made(pairs | {"vote": ["took it", "left it"] * 2}, **given, excused=excused))
    assert PAIR in failed(made(pairs | {"vote": ["took it"] * 4}, **given, excused=excused))


def test_a_design_within_has_somebody_in_two_conditions():
    assert failed(made(design="within")) == {
        DESIGN: "the design is within, and nobody is in two conditions. Say design: between."
    }


@pytest.mark.parametrize(
    ("cells", "weight", "told"),
    [
        ({}, "sex", "the weight 'sex' is the attribute 'gender' too."),
        ({}, "arm", "the weight 'arm' is the column of the conditions too."),
        ({"code": [1, 2] * 20}, "code", "the weight 'code' has 2 values, whole numbers all: that looks like codes."),
        ({"w": [8.0, *[0.8] * 39]}, "w", "one person has 20% of all weight in 'w'. Is it a weight?"),
        ({"w": [20.0, 18.0, *[0.05] * 38]}, "w", "by 'w' 40 people count as 2.2 of equal weight. Is it a weight?"),
    ],
)
def test_what_is_no_weight_is_told_and_may_be_one_by_a_reason(cells, weight, told):
    given: dict[str, Any] = {"cells": many(40, **cells), "weight": weight, "expected": COUNTED | {"respondents": 40}}
    found = failed(made(**given))
    assert list(found) == [WEIGHTS]
    assert told in found[WEIGHTS]
    assert not failed(made(**given, excused={"weights": "so the authors weighted it"}))
