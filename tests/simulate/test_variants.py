from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silicus.evaluate import order_effect
from silicus.models import load_model
from silicus.prompts import Prompt, get_template, worded
from silicus.simulate import (
    Answered,
    Asking,
    Failing,
    Plan,
    Variant,
    as_it_is,
    orders_of,
    plan_all,
    predict,
    predict_in_ways,
    simulate,
    unmoved,
)
from silicus.study import VARIANTS, Item, Respondent, Scale, iter_respondents, order_name

SILICUS = get_template("silicus")
AGREE = Scale(
    kind="ordinal", low=1, high=3, labels={1: "Agree", 2: "Neither", 3: "Disagree"}, refusals={9: "No answer"}
)
PARTIES = Scale(kind="nominal", labels={1: "Left", 2: "Right", 3: "Green", 4: "Other party"}, refusals={9: "No answer"})
COUNT = Scale(kind="numeric", low=0, high=2)
ITEMS = [
    Item("tea", "plain", "agree", "", "Is tea good?", AGREE),
    Item("tea", "plain", "party", "", "Which party?", PARTIES),
    Item("tea", "plain", "cups", "", "How many cups?", COUNT),
]
PEOPLE = pl.DataFrame({"respondent": [f"p{n}" for n in range(12)], "weight": [1.0] * 12, "age": range(20, 32)})
PERSONS = list(iter_respondents(PEOPLE))


class Positional:
    """A model that prefers answers by where they stand, whatever they say; the last prompt is answered first."""

    name, fingerprint = "positional", "positional"

    def answer(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, np.ndarray]]:
        for index in reversed(range(len(prompts))):
            points = len(prompts[index].item.scale.values)
            mass = np.append(np.arange(points, 0, -1.0), np.zeros(len(prompts[index].answers) - points))
            with np.errstate(divide="ignore"):
                yield index, np.log(mass / mass.sum() * 0.8)


class Reading:
    """A model that gives each answer what its words deserve, wherever they stand."""

    name, fingerprint = "reading", "reading"

    def answer(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, np.ndarray]]:
        for index, prompt in enumerate(prompts):
            words = [prompt.item.scale.label(value) or str(value) for value in prompt.item.scale.answers]
            mass = np.array([len(word) for word in words], dtype=float)
            yield index, np.log(mass / mass.sum())


def asking(orders: int, wordings: int = 1, seed: int = 0) -> Asking:
    made = orders_of(ITEMS, orders, np.random.default_rng(seed)) if orders > 1 else {}
    return Asking(worded(SILICUS, wordings), "value", made)


def pairs(*items: Item) -> list[tuple[Item, Respondent]]:
    return [(item, person) for item in items for person in PERSONS]


# --- orders


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 6), st.integers(1, 30), st.integers(0, 99))
def test_over_whole_squares_every_option_stands_equally_often_in_every_place(points, count, seed):
    scale = Scale(kind="nominal", labels={**dict(enumerate("abcdef"[:points])), 90: "Other"}, refusals={99: "?"})
    item = Item("s", "a", "q", "", "Well?", scale)
    made = [variant.order for variant in _variants(item, count, seed)]
    assert made[0] == tuple(range(points + 2))
    assert len(set(made)) == len(made) == min(count, _factorial(points))
    assert {order[points:] for order in made} == {(points, points + 1)}
    stands = np.array(made)[:, :points]
    times = [[int((stands[:, place] == option).sum()) for option in range(points)] for place in range(points)]
    most, least = max(map(max, times)), min(map(min, times))
    assert most - least <= (len(made) % points != 0)


def _variants(item: Item, count: int, seed: int) -> list[Variant]:
    made = orders_of([item], count, np.random.default_rng(seed))
    return Asking({"": SILICUS}, "value", made)(item, PERSONS[0])


def _factorial(points: int) -> int:
    return int(np.prod(np.arange(1, points + 1)))


def test_a_scale_with_an_order_is_asked_as_it_is_and_turned_round_however_many_orders_are_wanted():
    assert [variant.name for variant in asking(5)(ITEMS[0], PERSONS[0])] == ["order 1 2 3 4", "order 3 2 1 4"]
    turned = asking(5)(ITEMS[0], PERSONS[0])[1].prompt.user
    assert "1 = Disagree\n2 = Neither\n3 = Agree\n9 = No answer" in turned


def test_an_item_that_cannot_be_reordered_is_asked_once_and_counted_with_the_reason():
    assert [variant.name for variant in asking(4)(ITEMS[2], PERSONS[0])] == [order_name(range(3))]
    assert list(unmoved(ITEMS)) == [
        "1 question is asked in one order ('cups'): its points are numbers, which have one order"
    ]


@settings(deadline=None, max_examples=10)
@given(st.integers(2, 24), st.integers(0, 99))
def test_answers_are_brought_back_whatever_the_order_asked(orders, seed):
    # Whoever goes by the words alone gives the same answers in all orders.
    asked = [(item, PERSONS[0]) for item in ITEMS]
    found = predict_in_ways(asked, Reading(), asking(orders, seed=seed))
    plain = predict(asked, Reading(), SILICUS)
    for own, one in zip(found.predictions.iter_rows(named=True), plain.iter_rows(named=True), strict=True):
        assert own["probabilities"] == pytest.approx(one["probabilities"])
        assert own["refusal"] == pytest.approx(one["refusal"])


@pytest.mark.parametrize("style", ["value", "letter", "label"])
def test_in_every_style_it_is_the_labels_that_move(style):
    ways = Asking({"": SILICUS}, style, orders_of(ITEMS[:1], 2, np.random.default_rng(0)))
    first, turned = (variant.prompt for variant in ways(ITEMS[0], PERSONS[0]))
    if style == "label":
        assert turned.answers == ("Disagree", "Neither", "Agree", "No answer")
    else:
        assert turned.answers == first.answers
        assert turned.user.index("Disagree") < turned.user.index("= Agree")
    found = predict_in_ways([(ITEMS[0], PERSONS[0])], Reading(), ways).variants
    assert found["probabilities"][0].to_list() == pytest.approx(found["probabilities"][1].to_list())


def test_the_same_seed_gives_the_same_orders_and_another_other_ones():
    made = [[variant.name for variant in asking(3, seed=seed)(ITEMS[1], PERSONS[0])] for seed in (1, 1, 2, 3)]
    assert made[0] == made[1]
    assert made[0] != made[2] or made[0] != made[3]


def test_orders_do_not_depend_on_the_sequence_in_which_questions_are_asked():
    one, other = (orders_of(items, 3, np.random.default_rng(0)) for items in (ITEMS, ITEMS[::-1]))
    assert one == other


# --- means


def test_a_model_that_prefers_what_stands_first_shows_an_order_effect_that_averages_away():
    found = predict_in_ways(pairs(*ITEMS), Positional(), asking(3))
    table = found.predictions
    assert found.variants is not None
    # 3, 2 and 1 of 6 as given, turned round the other way: the mean knows no place. Of the parties the last stays.
    assert table.filter(question="agree")["probabilities"][0].to_list() == pytest.approx([1 / 3] * 3)
    assert table.filter(question="party")["probabilities"][0].to_list() == pytest.approx([0.3, 0.3, 0.3, 0.1])
    assert table.filter(question="cups")["probabilities"][0].to_list() == pytest.approx([3 / 6, 2 / 6, 1 / 6])
    assert table["covered"].to_list() == pytest.approx([0.8] * len(table))
    effect = order_effect(found.variants, table, {item.item: item for item in ITEMS}, np.random.default_rng(0))
    assert effect is not None
    assert (effect.pairs_n, effect.questions_n, effect.one_order_n) == (24, 2, 1)
    # As given the mean is (0 x 3 + 0.5 x 2 + 1 x 1) / 6, turned round one less that.
    assert effect.ordered.value == pytest.approx(1 / 3 - 2 / 3)
    # 4, 3, 2 of 10 in another row: a cycle of three moves 2 of 10, whichever way round.
    assert effect.nominal.value == pytest.approx(0.2)
    assert (effect.ordered.low, effect.ordered.high) == pytest.approx((-1 / 3, -1 / 3))


def test_the_mean_is_over_all_ways_and_each_is_kept():
    class Counting:
        """Gives the first answer a share that differs from prompt to prompt."""

        name, fingerprint = "counting", "counting"

        def answer(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, np.ndarray]]:
            for index in range(len(prompts)):
                yield index, np.log([[0.1, 0.3], [0.2, 0.2], [0.4, 0.1]][index])

    item = Item("s", "a", "q", "", "Well?", Scale(kind="binary", labels={1: "Yes", 2: "No"}))
    ways = Asking(worded(SILICUS, 3), "value")
    found = predict_in_ways([(item, PERSONS[0])], Counting(), ways)
    row = found.predictions.row(0, named=True)
    assert row["probabilities"] == pytest.approx([(0.25 + 0.5 + 0.8) / 3, (0.75 + 0.5 + 0.2) / 3])
    assert row["covered"] == pytest.approx((0.4 + 0.4 + 0.5) / 3)
    assert found.variants.schema == VARIANTS
    assert found.variants["variant"].to_list() == ["wording 1", "wording 2", "wording 3"]
    assert [share[0] for share in found.variants["probabilities"].to_list()] == pytest.approx([0.25, 0.5, 0.8])


def test_a_way_without_an_answer_is_left_out_of_the_mean_and_a_pair_without_any_has_none():
    class Unreadable:
        name, fingerprint = "failing", "failing"

        def answer(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, np.ndarray]]:
            answers = [[0.5, 0.5, 0.0, 0.0], [0.0] * 4, [0.0] * 4, [0.0, 0.0, 0.0, 1.0]]
            with np.errstate(divide="ignore"):
                for index in range(len(prompts)):
                    yield index, np.log(answers[index])

    # Prompts come way by way: both people in wording 1, then both in wording 2.
    ways = Asking(worded(SILICUS, 2), "value")
    both = [(ITEMS[0], person) for person in PERSONS[:2]]
    found = predict_in_ways(both, Unreadable(), ways, failing=Failing(1.0, 2)).predictions
    assert found["probabilities"].to_list() == [[0.5, 0.5, 0.0], None]
    assert found["refusal"].to_list() == [0.0, 1.0]
    assert found["covered"].to_list() == pytest.approx([0.5, 0.5])


def test_prompts_of_one_way_stand_after_one_another():
    seen: list[str] = []

    class Watching(Reading):
        def answer(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, np.ndarray]]:
            seen.extend(prompt.system for prompt in prompts)
            return super().answer(prompts)

    predict_in_ways(pairs(ITEMS[2]), Watching(), Asking(worded(SILICUS, 5), "value"))
    assert len(seen) == 5 * len(PERSONS)
    assert sum(one != other for one, other in itertools.pairwise(seen)) == len(set(seen)) - 1


def test_progress_counts_a_pair_once_it_is_answered_in_all_ways():
    counted: list[int] = []
    predict_in_ways(pairs(*ITEMS), Reading(), asking(3, wordings=2), counted.append)
    assert sum(counted) == len(ITEMS) * len(PERSONS)


def test_one_way_gives_what_was_always_given_and_keeps_nothing_beside_it():
    model = load_model("scripted")
    found = predict_in_ways(pairs(*ITEMS), model, as_it_is(SILICUS, "value"))
    assert found.predictions.equals(predict(pairs(*ITEMS), model, SILICUS))
    assert found.variants is None


# --- part by part


PLAN = plan_all(ITEMS, PEOPLE, SILICUS)


def _answer(plan: Plan, start: int, stop: int) -> Answered:
    return predict_in_ways(plan.between(start, stop), load_model("scripted"), asking(3, wordings=2))


def test_answers_in_each_way_are_written_beside_the_predictions(tmp_path):
    simulate(PLAN, _answer, tmp_path, part_rows=8)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == [
        "predictions.parquet",
        "variants.parquet",
    ]
    whole = _answer(PLAN, 0, len(PLAN))
    assert pl.read_parquet(tmp_path / "predictions.parquet").equals(whole.predictions)
    # A part's ways stand together, so that the rows come in another order.
    keys = ["question", "respondent", "variant"]
    assert pl.read_parquet(tmp_path / "variants.parquet").sort(keys).equals(whole.variants.sort(keys))
    assert len(whole.variants) == 12 * 2 * (2 + 3 + 1)


@pytest.mark.parametrize("place", [8, 24])
def test_a_run_in_several_ways_that_stopped_goes_on_and_gives_the_same_bytes(tmp_path, place):
    names = ("predictions.parquet", "variants.parquet")
    simulate(PLAN, _answer, tmp_path / "whole", part_rows=8)

    def stops(plan: Plan, start: int, stop: int) -> Answered:
        if start >= place:
            raise KeyboardInterrupt
        return _answer(plan, start, stop)

    with pytest.raises(KeyboardInterrupt):
        simulate(PLAN, stops, tmp_path / "run", part_rows=8)
    assert len(list((tmp_path / "run" / "parts").glob("*.parquet"))) == place // 8
    asked: list[int] = []

    def watched(plan: Plan, start: int, stop: int) -> Answered:
        asked.append(start)
        return _answer(plan, start, stop)

    simulate(PLAN, watched, tmp_path / "run", part_rows=8)
    assert asked == list(range(place, len(PLAN), 8))
    assert [(tmp_path / "run" / n).read_bytes() for n in names] == [
        (tmp_path / "whole" / n).read_bytes() for n in names
    ]
    assert not (tmp_path / "run" / "parts").exists()


def test_a_part_whose_predictions_were_not_written_is_answered_again(tmp_path):
    whole = simulate(PLAN, _answer, tmp_path / "whole", part_rows=8).read_bytes()
    half: Path = tmp_path / "run" / "parts" / "variants"
    half.mkdir(parents=True)
    (half / "000000.parquet").write_bytes(b"of a process that was killed")
    assert simulate(PLAN, _answer, tmp_path / "run", part_rows=8).read_bytes() == whole
