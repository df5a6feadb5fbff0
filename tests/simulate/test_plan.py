from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from silicus.prompts import get_template
from silicus.simulate import Plan, plan_all, plan_answered
from silicus.study import RESPONSES, Item, Scale, iter_respondents

FIVE = Scale(kind="ordinal", low=1, high=5)
TEMPLATES = st.sampled_from(["silicus", "socrates"])


def items(count: int) -> list[Item]:
    return [Item("s", f"arm {n}", "q", f"Story {n}.", "Well?", FIVE) for n in range(count)]


def people(*ages: int | None) -> pl.DataFrame:
    ids = [f"p{n}" for n in range(len(ages))]
    return pl.DataFrame(
        {"respondent": ids, "weight": [1.0] * len(ages), "age": ages},
        schema_overrides={"age": pl.Int64, "respondent": pl.String},
    )


def pairs(plan: Plan, step: int = 1000) -> list[tuple[str, str]]:
    places = range(0, len(plan), step)
    return [(i.condition, p.id) for start in places for i, p in plan.between(start, start + step)]


def test_what_stands_first_in_the_prompt_varies_slowest():
    table = people(60, 20, 40)
    assert pairs(plan_all(items(2), table, get_template("silicus"))) == [
        ("arm 0", "p1"), ("arm 0", "p2"), ("arm 0", "p0"), ("arm 1", "p1"), ("arm 1", "p2"), ("arm 1", "p0"),
    ]  # fmt: skip
    assert pairs(plan_all(items(2), table, get_template("socrates"))) == [
        ("arm 0", "p1"), ("arm 1", "p1"), ("arm 0", "p2"), ("arm 1", "p2"), ("arm 0", "p0"), ("arm 1", "p0"),
    ]  # fmt: skip


def test_respondents_are_sorted_as_their_personas_read():
    table = pl.DataFrame(
        {
            "respondent": ["a", "b", "c"],
            "weight": [1.0] * 3,
            "age": [30, 20, 20],
            "gender": ["Female", "Male", "Female"],
        }
    )
    by_gender = plan_all(items(1), table, get_template("silicus")).respondents["respondent"].to_list()
    by_age = plan_all(items(1), table, get_template("socrates")).respondents["respondent"].to_list()
    assert (by_gender, by_age) == (["c", "a", "b"], ["c", "b", "a"])


@given(
    st.integers(1, 5), st.lists(st.none() | st.integers(18, 90), min_size=1, max_size=12), TEMPLATES, st.integers(1, 9)
)
def test_everybody_is_asked_everything_exactly_once_however_the_plan_is_cut(count, ages, template, step):
    plan = plan_all(items(count), people(*ages), get_template(template))
    found = pairs(plan, step)
    assert len(found) == len(plan) == count * len(ages)
    assert set(found) == {(f"arm {i}", f"p{p}") for i in range(count) for p in range(len(ages))}
    assert found == pairs(plan)


@given(st.data(), TEMPLATES, st.integers(1, 9))
def test_people_are_asked_exactly_what_they_answered(data, template, step):
    shown, table = items(3), people(30, 20, None, 40)
    given = data.draw(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=1, max_size=20))
    rows = [
        (i.study, i.condition, i.question, i.item, f"p{person}", 3, 1, 1.0) for n, person in given for i in [shown[n]]
    ]
    responses = pl.DataFrame(rows, schema=RESPONSES, orient="row")
    plan = plan_answered(shown, table, responses, get_template(template))
    found = pairs(plan, step)
    assert sorted(found) == sorted({(f"arm {n}", f"p{person}") for n, person in given})
    assert len(found) == len(plan)


def test_a_person_is_asked_with_all_that_is_known_of_that_person():
    table = people(60, None)
    plan = plan_all(items(1), table, get_template("silicus"))
    assert {p.id: p for _, p in plan.between(0, 2)} == {p.id: p for p in iter_respondents(table)}
