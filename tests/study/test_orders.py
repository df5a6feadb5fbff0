from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from silicus.errors import InputError
from silicus.study import Item, Scale, draw_order, reorder, undo

PARTIES = Scale(kind="nominal", labels={1: "Left", 2: "Right", 3: "Green", 4: "Other party"}, refusals={9: "No answer"})
AGREE = Scale(kind="ordinal", low=1, high=5, labels={1: "Disagree", 2: "Rather not", 5: "Agree"}, refusals={8: "?"})


def asked(scale: Scale, text: str = "Well?", context: str = "") -> Item:
    return Item("s", "a", "q", context, text, scale)


def drawn(item: Item, times: int = 60) -> set[tuple[int, ...]]:
    """Return the orders that are drawn for an item."""
    rng = np.random.default_rng(0)
    return {draw_order(item, rng) for _ in range(times)}


@st.composite
def items(draw: st.DrawFn) -> Item:
    """Any item with labels that can move."""
    kind = draw(st.sampled_from(["ordinal", "nominal", "binary"]))
    points = 2 if kind == "binary" else draw(st.integers(2, 7))
    bare = draw(st.sets(st.integers(2, max(2, points - 1)))) if kind == "ordinal" and points > 2 else set()
    labels = {v: f"word {v}" for v in range(1, points + 1) if v not in bare}
    refusals = {90 + k: f"refusal {k}" for k in range(draw(st.integers(0, 2)))}
    return asked(Scale(kind=kind, low=1, high=points, labels=labels, refusals=refusals))


@given(items(), st.integers(0, 99))
def test_an_order_that_is_undone_gives_the_item_back(item, seed):
    order = draw_order(item, np.random.default_rng(seed))
    there = reorder(item, order)
    assert there.scale.values == item.scale.values
    back = reorder(there, undo(order))
    assert (back, back.item) == (item, item.item)


@given(items(), st.integers(0, 99))
def test_each_answer_means_what_it_meant_where_it_came_from(item, seed):
    rng = np.random.default_rng(seed)
    order = draw_order(item, rng)
    target = rng.random(len(item.scale.answers))
    before = {item.scale.label(v): t for v, t in zip(item.scale.answers, target, strict=True)}
    new = reorder(item, order).scale
    after = {new.label(v): t for v, t in zip(new.answers, target[list(order)], strict=True)}
    named = set(before) - {None}
    assert {word: before[word] for word in named} == {word: after[word] for word in named}


@given(st.integers(2, 9), st.integers(0, 99))
def test_a_scale_turned_round_keeps_every_distance_between_answers(points, seed):
    rng = np.random.default_rng(seed)
    item = asked(Scale(kind="ordinal", low=0, high=points - 1, labels={0: "no", points - 1: "yes"}))
    turned = next(order for order in iter(lambda: draw_order(item, rng), None) if order[0])
    assert turned == tuple(range(points))[::-1]
    one, two = rng.dirichlet(np.ones(points)), rng.dirichlet(np.ones(points))
    at, new = item.scale.positions, reorder(item, turned).scale.positions
    expected = wasserstein_distance(at, at, one, two)
    assert wasserstein_distance(new, new, one[list(turned)], two[list(turned)]) == pytest.approx(expected)


def test_a_scale_is_turned_round_by_its_labels_and_its_values_stay():
    turned = reorder(asked(AGREE), (4, 3, 2, 1, 0, 5)).scale
    assert turned.labels == {1: "Agree", 4: "Rather not", 5: "Disagree"}
    assert (turned.values, turned.refusals) == (AGREE.values, AGREE.refusals)


def test_ordered_scales_are_turned_round_in_half_the_draws():
    rng = np.random.default_rng(0)
    orders = [draw_order(asked(AGREE), rng) for _ in range(1000)]
    assert set(orders) == {(0, 1, 2, 3, 4, 5), (4, 3, 2, 1, 0, 5)}
    assert abs(orders.count((0, 1, 2, 3, 4, 5)) - 500) < 60
    assert drawn(asked(Scale(kind="binary", labels={1: "Yes", 2: "No"}))) == {(0, 1), (1, 0)}


def test_answers_without_order_are_shuffled_and_the_residual_one_and_refusals_stay():
    orders = drawn(asked(PARTIES), 200)
    assert len(orders) == 6
    assert {order[3:] for order in orders} == {(3, 4)}


@pytest.mark.parametrize(
    "word",
    ["Other", "Other (please specify)", "None", "None of these", "Neither of these", "Something else", "Don't know",
     "I don’t know", "Can't choose", "Do not know", "Not sure", "No opinion", "Prefer not to say"],
)  # fmt: skip
def test_answers_beside_the_others_keep_their_place(word):
    item = asked(Scale(kind="nominal", labels={1: "Tea", 2: word, 3: "Coffee"}))
    assert drawn(item) == {(0, 1, 2), (2, 1, 0)}


@pytest.mark.parametrize("word", ["Another country", "None at all", "Otherwise", "Neither agree nor disagree"])
def test_answers_that_only_sound_alike_move(word):
    assert len(drawn(asked(Scale(kind="nominal", labels={1: "Tea", 2: word, 3: "Coffee"})), 200)) == 6


@pytest.mark.parametrize("word", ["None", "None of them", "None of these", "Nothing"])
def test_none_is_the_least_of_an_ordered_scale_and_moves(word):
    labels = {1: "All", 2: "Most", 3: "Only some", 4: word}
    item = asked(Scale(kind="ordinal", labels=labels, refusals={9: "?"}))
    assert drawn(item) == {(0, 1, 2, 3, 4), (3, 2, 1, 0, 4)}
    assert reorder(item, (3, 2, 1, 0, 4)).scale.labels == {1: word, 2: "Only some", 3: "Most", 4: "All"}


@given(
    st.lists(st.sampled_from(["Don't know", "Other", "None of the above", "None of them", "a", "b", "c", "d"]),
             min_size=2, max_size=6, unique=True),
    st.sampled_from([1, 2]), st.integers(0, 9),
)  # fmt: skip
def test_no_order_that_is_drawn_brings_points_nearer_to_each_other(words, gap, seed):
    labels = {1 + place * (gap if place == len(words) - 1 else 1): word for place, word in enumerate(words)}
    item = asked(Scale(kind="ordinal", labels=labels))
    at = item.scale.positions
    moved = at[list(draw_order(item, np.random.default_rng(seed)))]
    assert np.abs(moved[:, None] - moved) == pytest.approx(np.abs(at[:, None] - at))


def test_an_answer_beside_the_others_in_the_middle_lets_them_turn_round_it():
    item = asked(Scale(kind="ordinal", labels={1: "Agree", 2: "Don't know", 3: "Disagree"}))
    assert drawn(item) == {(0, 1, 2), (2, 1, 0)}


FIXED = [
    (replace(asked(AGREE), verbatim=True), "its words already say how to answer"),
    (asked(Scale(kind="numeric", low=0, high=4, labels={0: "none", 4: "four"})), "its points are numbers"),
    (asked(Scale(kind="ordinal", low=1, high=5)), "have no label that could move"),
    (asked(Scale(kind="ordinal", low=1, high=5, labels={5: "Agree"})), "have no label that could move"),
    (asked(Scale(kind="ordinal", labels={1: "a", 2: "b", 5: "c"})), "not evenly spaced"),
    (asked(AGREE, "Is 1 bad, and 5 good?"), "its words name the answers 1 and 5"),
    (asked(AGREE, context="Use a scale from 1 to 5."), "its words name the answers 1 and 5"),
    (asked(AGREE, "How satisfied are you, where 5 means completely?"), "its words name the answer 5"),
    (asked(AGREE, "One means not at all and five completely."), "its words name the answers 1 and 5"),
    (asked(AGREE, "Answer, where one means not at all."), "its words name the answer 1"),
    (asked(Scale(kind="binary", labels={0: "Left", 1: "Right"}), "Is zero left?"), "its words name the answer 0"),
    (asked(Scale(kind="ordinal", labels={1: "1 - Never", 2: "Now and then"})), "its words name the answer 1"),
    (asked(AGREE, "Give it from one to five points."), "its words name the answer 5"),
    (asked(AGREE, "Higher numbers mean more satisfied."), "which way the numbers run: “Higher numbers”"),
    (asked(AGREE, "The lower the score, the worse."), "which way the numbers run: “lower the score”"),
    (
        asked(Scale(kind="ordinal", labels={1: "All", 2: "Some", 3: "Don't know"})),
        "'Don't know' stands beside its points",
    ),
]


@pytest.mark.parametrize(("item", "reason"), FIXED)
def test_an_item_whose_labels_cannot_move_keeps_its_order(item, reason):
    points = len(item.scale.values)
    kept = tuple(range(len(item.scale.answers)))
    assert drawn(item, 20) == {kept}
    assert reorder(item, kept) is item
    with pytest.raises(InputError, match=rf"the question 'q' of the study 's' cannot be asked .*{reason}"):
        reorder(item, (*kept[:points][::-1], *kept[points:]))


def test_numbers_that_are_no_answers_do_not_hold_an_order():
    assert len(drawn(asked(AGREE, "In 2015, 1.5 or 5% of 15 people?"))) == 2
    assert len(drawn(asked(AGREE, "For each one, would no one of the three agree with higher prices?"))) == 2
    assert (
        len(drawn(asked(AGREE, "Five programmes cost five-sixths of what they did. Which of the five reasons?"))) == 2
    )


@pytest.mark.parametrize(
    ("scale", "order", "reason"),
    [
        (PARTIES, (1, 1, 2, 3, 4), "it is no permutation of its 5 answers, 0 to 4"),
        (PARTIES, (1, 0), "it is no permutation of its 5 answers"),
        (PARTIES, (4, 1, 2, 3, 0), "refusals stay at the end"),
        (AGREE, (1, 0, 2, 3, 4, 5), "a scale with an order can only be turned round"),
    ],
)
def test_an_order_that_does_not_fit_its_scale_is_named(scale, order, reason):
    with pytest.raises(InputError, match=reason):
        reorder(asked(scale), order)
