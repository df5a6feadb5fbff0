from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from silicus.errors import InputError
from silicus.evaluate import OrderEffect, order_effect
from silicus.study import PREDICTIONS, VARIANTS, Item, Scale

AGREE = Item("s", "c", "agree", "", "Good?", Scale(kind="binary", labels={1: "Yes", 2: "No"}))
PARTY = Item("s", "c", "party", "", "Which?", Scale(kind="nominal", labels={1: "Left", 2: "Right", 3: "Green"}))
ITEMS = {item.item: item for item in (AGREE, PARTY)}
Row = tuple[str, Item, str, str, list[float] | None]


def tables(rows: list[Row], weights: dict[str, float] | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return variants and predictions of (study, item, respondent, variant, probabilities)."""
    variants = [
        (study, item.condition, item.question, item.item, person, variant, shares, 0.0, 1.0)
        for study, item, person, variant, shares in rows
    ]
    pairs = {(study, item.condition, item.question, item.item, person) for study, item, person, _, _ in rows}
    predictions = [(*pair, (weights or {}).get(pair[-1], 1.0), [1.0], 0.0, 1.0) for pair in sorted(pairs)]
    return (
        pl.DataFrame(variants, schema=VARIANTS, orient="row"),
        pl.DataFrame(predictions, schema=PREDICTIONS, orient="row"),
    )


def found(rows: list[Row], weights: dict[str, float] | None = None) -> OrderEffect:
    effect = order_effect(*tables(rows, weights), ITEMS, np.random.default_rng(0), draws=400)
    assert effect is not None
    return effect


def turned(person: str, given: float, other: float, study: str = "s") -> list[Row]:
    return [
        (study, AGREE, person, "order 1 2", [1 - given, given]),
        (study, AGREE, person, "order 2 1", [1 - other, other]),
    ]


def test_the_effect_on_an_ordered_scale_is_the_mean_as_given_less_that_turned_round_weighted_by_respondents():
    effect = found([*turned("a", 0.2, 0.6), *turned("b", 0.5, 0.4)], {"a": 3.0, "b": 1.0})
    assert effect.ordered.value == pytest.approx((3 * -0.4 + 0.1) / 4)
    assert effect.ordered.n == effect.pairs_n == 2
    assert effect.nominal is None


def test_the_effect_without_an_order_is_the_mean_total_variation_to_every_other_order():
    effect = found(
        [
            ("s", PARTY, "a", "order 1 2 3", [0.5, 0.3, 0.2]),
            ("s", PARTY, "a", "order 2 3 1", [0.2, 0.6, 0.2]),
            ("s", PARTY, "a", "order 3 1 2", [0.4, 0.3, 0.3]),
        ]
    )
    assert effect.nominal.value == pytest.approx((0.3 + 0.1) / 2)
    assert (effect.ordered, effect.questions_n) == (None, 1)


def test_orders_are_compared_within_their_wording():
    rows = [
        ("s", AGREE, "a", "wording 1, order 1 2", [0.9, 0.1]),
        ("s", AGREE, "a", "wording 1, order 2 1", [0.8, 0.2]),
        ("s", AGREE, "a", "wording 2, order 1 2", [0.1, 0.9]),
        ("s", AGREE, "a", "wording 2, order 2 1", [0.4, 0.6]),
    ]
    assert found(rows).ordered.value == pytest.approx((-0.1 + 0.3) / 2)


def test_what_was_asked_in_one_order_is_counted_and_compared_with_nothing():
    effect = found([*turned("a", 0.2, 0.6), ("s", PARTY, "a", "order 1 2 3", [1.0, 0.0, 0.0])])
    assert (effect.questions_n, effect.one_order_n) == (1, 1)
    rows = tables([("s", PARTY, "a", "order 1 2 3", [1.0, 0.0, 0.0])])
    assert order_effect(*rows, ITEMS, np.random.default_rng(0)) is None


def test_an_order_without_an_answer_is_left_out():
    rows: list[Row] = [*turned("a", 0.2, 0.6), ("s", AGREE, "b", "order 1 2", [0.5, 0.5])]
    effect = found([*rows, ("s", AGREE, "b", "order 2 1", None)])
    assert effect.pairs_n == 1


def test_of_one_study_respondents_are_drawn_and_of_few_there_is_no_interval():
    rng = np.random.default_rng(1)
    shifts = rng.normal(-0.1, 0.1, 60)
    effect = found([row for n, shift in enumerate(shifts) for row in turned(f"p{n}", 0.5 + shift, 0.5)])
    error = shifts.std(ddof=1) / np.sqrt(60)
    assert effect.ordered.high - effect.ordered.low == pytest.approx(2 * 1.96 * error, rel=0.25)
    few = found([row for n in range(9) for row in turned(f"p{n}", 0.4, 0.5)])
    assert (few.ordered.low, few.ordered.high) == (None, None)


def test_of_ten_studies_studies_are_drawn():
    # Respondents of a study agree, studies do not: drawing respondents would say that all is known.
    rows = [
        row
        for s in range(10)
        for n in range(12)
        for row in turned(f"p{n}", 0.5 + (0.2 if s % 2 else -0.2), 0.5, f"s{s}")
    ]
    effect = found(rows)
    assert effect.ordered.value == pytest.approx(0, abs=1e-6)
    assert effect.ordered.low < -0.08
    assert effect.ordered.high > 0.08
    alone = found([row for row in rows if row[0] in {"s1", "s2"}])
    assert alone.ordered.high - alone.ordered.low == pytest.approx(0, abs=1e-6)


def test_studies_count_alike_however_many_respondents_they_have():
    rows = [row for n in range(30) for row in turned(f"p{n}", 0.4, 0.5, "large")]
    effect = found([*rows, *turned("p0", 0.8, 0.5, "small")])
    assert effect.ordered.value == pytest.approx((-0.1 + 0.3) / 2)


def test_intervals_hold_the_truth_as_often_as_they_say():
    rng, held = np.random.default_rng(7), 0
    for _ in range(100):
        shifts = rng.normal(-0.1, 0.15, 25)
        rows = tables([row for n, shift in enumerate(shifts) for row in turned(f"p{n}", 0.5 + shift, 0.5)])
        effect = order_effect(*rows, ITEMS, rng, draws=200)
        held += effect is not None and effect.ordered.low <= -0.1 <= effect.ordered.high
    assert held >= 88


def test_a_stimulus_that_is_not_among_the_items_is_named():
    rows = tables(turned("a", 0.2, 0.6))
    with pytest.raises(InputError, match=rf"^the variants name the stimulus '{AGREE.item}', which is not among the 1"):
        order_effect(*rows, {PARTY.item: PARTY}, np.random.default_rng(0))
