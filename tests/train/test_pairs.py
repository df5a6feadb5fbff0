from __future__ import annotations

from collections import Counter
from typing import Literal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silicus.errors import InputError
from silicus.study import RESPONSES, Item, Scale
from silicus.train.pairs import PAIRS, pair_examples, preference_pairs


def shown(text: str, scale: Scale) -> Item:
    return Item("s", "a", "q", "", text, scale)


YES_NO = shown("Tea?", Scale(kind="binary", labels={1: "Yes", 2: "No"}, refusals={9: "Don't know"}))
NO_YES = shown("Tea (turned)?", Scale(kind="binary", labels={1: "No", 2: "Yes"}))
SHORT = shown("To 3?", Scale(kind="ordinal", low=1, high=3))
LONG = shown("To 5?", Scale(kind="ordinal", low=1, high=5, labels={5: "Very"}))
ITEMS = {item.item: item for item in (YES_NO, NO_YES, SHORT, LONG)}
PEOPLE = pl.DataFrame({"respondent": [f"p{k}" for k in range(700)], "weight": 1.0, "age": 30})


def answers(*rows) -> pl.DataFrame:
    """Return the responses (condition, item, respondent, response, n)."""
    full = [("s", condition, "q", item.item, who, given, n, 1.0) for condition, item, who, given, n in rows]
    return pl.DataFrame(full, schema=RESPONSES, orient="row")


def made(
    *rows, seed: int = 0, per_cell: int | None = None, contrast: Literal["stimulus", "cell"] = "stimulus"
) -> pl.DataFrame:
    return preference_pairs(ITEMS, answers(*rows), PEOPLE, np.random.default_rng(seed), per_cell, contrast)


def told(pairs: pl.DataFrame) -> list[tuple[object, ...]]:
    return pairs.select("respondent", "chosen", "rejected", "other").rows()


def test_each_person_is_paired_with_one_of_the_same_cell_who_answered_otherwise():
    pairs = made(
        ("a", YES_NO, "p1", 1, 1), ("b", YES_NO, "p2", 2, 1), ("a", YES_NO, "p3", 9, 1), ("b", YES_NO, "p4", 1, 1),
        ("c", YES_NO, "p5", 1, 1), ("c", YES_NO, "p6", 1, 1), ("a", YES_NO, "p7", None, 1),
    )  # fmt: skip
    assert pairs.schema == PAIRS
    assert told(pairs) == [("p1", 1, 9, "p3"), ("p2", 2, 1, "p4"), ("p3", 9, 1, "p1"), ("p4", 1, 2, "p2")]
    assert pairs["condition"].to_list() == ["a", "b", "a", "b"]


@settings(max_examples=50)
@given(rows=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([SHORT, LONG]), st.integers(0, 6),
                          st.integers(1, 3)), min_size=1, max_size=25), seed=st.integers(0, 9))  # fmt: skip
@pytest.mark.parametrize("contrast", ["stimulus", "cell"])
def test_pairs_are_those_and_only_those_that_comparing_everybody_finds(contrast, rows, seed):
    rows = [(c, item, f"p{who}", given + 2 * (item is LONG), 1) for c, item, who, given in rows]
    possible = [
        {(other[2], other[3], other[1].item) for other in rows
         if other[0] == one[0] and other[2] != one[2] and other[3] != one[3] and other[3] in one[1].scale.answers
         and (contrast == "cell" or other[1] is one[1])}
        for one in rows
    ]  # fmt: skip
    expected = [(one, others) for one, others in zip(rows, possible, strict=True) if others]
    if not expected:
        with pytest.raises(InputError, match="there are no pairs"):
            made(*rows, seed=seed, contrast=contrast)
        return
    pairs = made(*rows, seed=seed, contrast=contrast)
    assert [(p, v) for p, v, *_ in told(pairs)] == [(one[2], one[3]) for one, _ in expected]
    drawn = pairs.select("other", "rejected", "other_item").rows()
    assert all(pair in others for pair, (_, others) in zip(drawn, expected, strict=True))


def test_the_other_is_drawn_uniformly_from_all_who_answered_otherwise():
    rows = [("a", SHORT, f"p{k}", (1, 1, 1, 1, 3, 3)[k] if k < 6 else 2, 1) for k in range(606)]
    drawn = Counter(other for _, chosen, _, other in told(made(*rows)) if chosen == 2)
    assert set(drawn) == {f"p{k}" for k in range(6)}
    # Five standard errors of a count of 600 draws with chance 1/6.
    assert all(abs(count - 100) < 5 * np.sqrt(600 * 1 / 6 * 5 / 6) for count in drawn.values())


def test_all_others_are_drawn_where_a_person_has_further_answers_in_the_cell():
    rows = [("a", SHORT, "p0", 1, 1), ("a", SHORT, "p0", 3, 1), ("a", SHORT, "p1", 1, 1), ("a", LONG, "p2", 3, 1)]
    drawn = Counter(
        pair
        for seed in range(60)
        for pair in told(made(*rows, *[("a", SHORT, "p0", 2, 1)], seed=seed, contrast="cell"))
    )
    twice = [count for pair, count in drawn.items() if pair[:2] == ("p0", 2)]
    assert len(twice) == 2
    assert min(twice) > 10


def test_people_without_a_name_are_rejected_as_often_as_they_are_many_and_never_chosen():
    named = [("a", SHORT, f"p{k}", 2, 1) for k in range(400)]
    pairs = told(made(*named, ("a", SHORT, None, 1, 30), ("a", SHORT, None, 3, 10), ("a", SHORT, None, 2, 99)))
    assert len(pairs) == 400
    assert {pair[3] for pair in pairs} == {None}
    assert abs(sum(pair[2] == 1 for pair in pairs) - 300) < 5 * np.sqrt(400 * 0.75 * 0.25)


def test_a_group_is_no_person_even_where_one_of_its_people_stands_alone():
    pairs = made(("a", SHORT, "women", 1, 1), ("a", SHORT, "women", 2, 7), ("a", SHORT, "p0", 3, 1))
    assert [(who, other) for who, _, _, other in told(pairs)] == [("p0", None)]


def test_an_answer_to_another_stimulus_of_the_cell_is_rejected_only_where_that_is_asked_for():
    rows = [("a", SHORT, "p0", 1, 1), ("a", SHORT, "p1", 2, 1), *(("a", LONG, f"p{k}", 3, 1) for k in range(2, 40))]
    assert told(made(*rows)) == [("p0", 1, 2, "p1"), ("p1", 2, 1, "p0")]
    assert set(made(*rows)["other_item"]) == {SHORT.item}
    wider = made(*rows, contrast="cell")
    assert len(wider) == 40
    assert wider.filter(respondent="p0")["other_item"].to_list() == [LONG.item]


def test_a_person_s_own_answer_to_another_stimulus_is_not_rejected():
    rows = [*(("a", LONG, "p0", value, 1) for value in (1, 2, 3, 4)), ("a", SHORT, "p1", 1, 1)]
    pairs = told(made(*rows, contrast="cell"))
    assert pairs[:3] == [("p0", 2, 1, "p1"), ("p0", 3, 1, "p1"), ("p0", 4, 1, "p1")]
    assert [pair[0] for pair in pairs[3:]] == ["p1"]
    with pytest.raises(InputError, match="there are no pairs"):
        made(*rows[:4], contrast="cell")


def test_a_rejected_answer_could_have_been_given_to_what_the_person_was_shown():
    rows = [("a", SHORT, "p0", 1, 1), ("a", LONG, "p1", 5, 1), ("a", LONG, "p2", 2, 1)]
    for seed in range(20):
        assert told(made(*rows, seed=seed, contrast="cell"))[0] == ("p0", 1, 2, "p2")
    # Both say yes; the numbers differ only because the second was shown the answers turned round.
    with pytest.raises(InputError, match="there are no pairs"):
        made(("a", YES_NO, "p0", 1, 1), ("a", NO_YES, "p1", 2, 1), contrast="cell")


def test_every_cell_gives_as_many_pairs_as_it_may_or_can_drawn_by_chance():
    wide = [("a", SHORT, f"p{k}", 1 + (k % 10 == 0), 1) for k in range(100)]
    narrow = [("b", YES_NO, "p0", 1, 1), ("b", YES_NO, "p1", 2, 1)]
    pairs = made(*wide, *narrow, per_cell=12)
    assert dict(pairs["condition"].value_counts().rows()) == {"a": 12, "b": 2}
    assert pairs.equals(made(*wide, *narrow, per_cell=12))
    assert not pairs.equals(made(*wide, *narrow, per_cell=12, seed=1))
    assert len(made(*wide, *narrow)) == 102


def test_the_cap_counts_only_answers_that_have_a_pair():
    # 5 was not offered to the first five, who answered alike.
    rows = [*(("a", SHORT, f"p{k}", 1, 1) for k in range(5)), *(("a", LONG, f"p{k}", 5, 1) for k in range(5, 8))]
    for seed in range(5):
        assert [pair[:3] for pair in told(made(*rows, per_cell=3, seed=seed, contrast="cell"))] == [
            (f"p{k}", 5, 1) for k in (5, 6, 7)
        ]


def test_a_pair_is_an_example_with_the_person_its_two_answers_and_the_margin():
    pairs = made(
        ("a", YES_NO, "p1", 9, 1), ("b", YES_NO, "p2", 2, 1), ("a", YES_NO, "p3", 1, 1), ("b", SHORT, "p4", 1, 1)
    )
    pairs = pairs.with_columns(reference_margin=pl.int_range(pl.len()).cast(pl.Float64))
    first, second = pair_examples(ITEMS, pairs, PEOPLE).take([0, 1])
    assert (first.respondent.id, first.respondent.attributes, first.item.condition) == ("p1", {"age": 30}, "a")
    assert (first.target.tolist(), first.margin) == ([-1, 0, 1], 0.0)
    assert (second.respondent.id, second.target.tolist(), second.margin) == ("p3", [1, 0, -1], 1.0)
    assert pair_examples(ITEMS, pairs.drop("reference_margin"), PEOPLE).table.columns == [
        "item", "person", "answers", "people"
    ]  # fmt: skip


def test_what_gives_no_pairs_is_named():
    with pytest.raises(InputError, match=r"tells only which share gave each\. Learn from shares with the objective"):
        made(("a", SHORT, None, 1, None), ("a", SHORT, "p1", 2, 1))
    with pytest.raises(InputError, match="none of 2 answers is that of one named person"):
        made(("a", SHORT, None, 1, 30), ("a", SHORT, None, 2, 1))
    alike = ("a", SHORT, "p1", 1, 1), ("a", LONG, "p2", 1, 1), ("b", SHORT, "p1", 2, 1)
    with pytest.raises(
        InputError, match=r"to each of 3 stimuli all people gave the same answer.* 'contrast: cell' takes"
    ):
        made(*alike)
    with pytest.raises(InputError, match=r"to each of 2 questions all people gave the same .* two answers\.$"):
        made(*alike, contrast="cell")
    with pytest.raises(InputError, match="name the respondent 'x', who is not in the table"):
        made(("a", SHORT, "x", 1, 1), ("a", SHORT, "p1", 2, 1))
    with pytest.raises(InputError, match="the answer 4 is not on the scale 1, 2, 3"):
        made(("a", SHORT, "p1", 4, 1))
