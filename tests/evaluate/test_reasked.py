"""What becomes of predictions asked otherwise: by hand, by property, and of models that read or do not."""

from __future__ import annotations

from math import log

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silicus.errors import InputError
from silicus.evaluate import Followed, Reasked, followed, reasked
from silicus.study import PREDICTIONS, RESPONSES, Item, Scale

THREE = Scale(kind="ordinal", low=1, high=3, refusals={9: "Unsure"})
TWO = Scale(kind="nominal", labels={1: "Tea", 2: "Coffee"})


def item(study: str, question: str = "q", scale: Scale = THREE, text: str = "Well?") -> Item:
    return Item(study, "c", question, "", text, scale)


def by_hash(*items: Item) -> dict[str, Item]:
    return {each.item: each for each in items}


def predictions(*rows: tuple[Item, str | None, list[float] | None] | tuple[Item, str | None, list[float], float]):
    full = [
        (i.study, i.condition, i.question, i.item, person, *(weight or [1.0]), probabilities, 0.0, 1.0)
        for i, person, probabilities, *weight in rows
    ]
    return pl.DataFrame(full, schema=PREDICTIONS, orient="row")


def responses(*rows: tuple[Item, str | None, int | None] | tuple[Item, str | None, int | None, int, float]):
    full = [
        (i.study, i.condition, i.question, i.item, person, response, *(rest or [1, 1.0]))
        for i, person, response, *rest in rows
    ]
    return pl.DataFrame(full, schema=RESPONSES, orient="row")


def compared(asked, otherwise, answers, items, draws: int = 200) -> Reasked:
    found = reasked(asked, otherwise, answers, items, np.random.default_rng(0), draws)
    assert found is not None
    return found


A, B, C = item("one"), item("one", "other", TWO), item("two")
ITEMS = by_hash(A, B, C)
SURE, EVEN, LAST = [0.6, 0.2, 0.2], [0.25, 0.5, 0.25], [0.0, 0.0, 1.0]


# --- predictions asked otherwise


def test_everything_by_hand():
    asked = predictions((A, "p1", SURE), (A, "p2", EVEN, 3.0), (B, "p1", [0.5, 0.5]), (C, "p3", SURE), (A, "p9", LAST))
    otherwise = predictions((A, "p1", EVEN), (A, "p2", LAST, 3.0), (B, "p1", [0.9, 0.1]), (C, "p3", SURE))
    answers = responses(
        (A, "p1", 1), (A, "p2", 2, 1, 0.5), (A, "p4", 3), (A, "p5", 9), (A, "p6", None), (A, "p7", 8),
        (B, "p1", 1), (B, "p4", 2), (C, "p3", 3), (C, "p4", 3),
    )  # fmt: skip
    found = compared(asked, otherwise, answers, ITEMS)
    # Of p2's answer nothing is left but the least probability; p2's prediction counts three times, the answer half.
    lost_a = (log(0.6 / 0.25) + 0.5 * log(0.5 / 1e-6)) / 1.5
    assert found.lost.value == pytest.approx(((lost_a + log(0.5 / 0.9)) / 2 + 0) / 2, rel=1e-5)
    assert found.moved.value == pytest.approx((((0.35 + 3 * 0.75) / 4 + 0.4) / 2 + 0) / 2, rel=1e-5)
    # Three answered: shares .4 .2 .4 (weights 1 .5 1). As asked .3375 .425 .2375, otherwise .0625 .125 .8125.
    near_a, near_c = (0.0625 + 0.1625) / 2, (0.6 + 0.8) / 2
    far_a = (0.3375 + 0.4125) / 2
    assert found.distance.value == pytest.approx((near_a + near_c) / 2, rel=1e-5)
    assert found.distance_otherwise.value == pytest.approx((far_a + near_c) / 2, rel=1e-5)
    assert found.farther.value == pytest.approx((far_a - near_a) / 2, rel=1e-5)
    assert (found.answers_n, found.cells_n, found.studies_n) == (4, 3, 2)
    assert [getattr(found, name).n for name in ("moved", "lost", "distance", "farther")] == [3, 3, 2, 2]


def test_answers_without_a_name_are_compared_with_the_mean_prediction_of_their_stimulus():
    asked = predictions((A, "p1", SURE), (A, "p2", EVEN, 3.0))
    otherwise = predictions((A, "p1", EVEN), (A, "p2", EVEN, 3.0))
    found = compared(asked, otherwise, responses((A, None, 1, 7, 1.0)), ITEMS)
    assert found.lost.value == pytest.approx(log((0.6 + 3 * 0.25) / 4 / 0.25), rel=1e-5)
    assert found.answers_n == 7


def test_answers_of_anybody_are_compared_with_a_prediction_that_is_for_nobody_by_name():
    found = compared(
        predictions((A, None, SURE)), predictions((A, None, EVEN)), responses((A, "p1", 1), (A, "p2", 2)), ITEMS
    )
    assert found.lost.value == pytest.approx((log(0.6 / 0.25) + log(0.2 / 0.5)) / 2, rel=1e-5)
    assert found.answers_n == 2


def test_a_groups_answers_are_compared_with_the_groups_prediction_as_often_as_they_were_given():
    asked, otherwise = (predictions((A, "Peru", own), (A, "Chad", LAST)) for own in (SURE, EVEN))
    found = compared(asked, otherwise, responses((A, "Peru", 1, 3, 1.0), (A, "Peru", 2, 1, 1.0)), ITEMS)
    assert found.lost.value == pytest.approx((3 * log(0.6 / 0.25) + log(0.2 / 0.5)) / 4, rel=1e-5)
    assert found.answers_n == 4


def test_answers_of_those_who_were_not_asked_otherwise_count_in_the_human_distribution_alone():
    asked, otherwise = (predictions((A, "p1", own)) for own in (LAST, SURE))
    few = compared(asked, otherwise, responses((A, "p1", 3)), ITEMS)
    many = compared(asked, otherwise, responses((A, "p1", 3), (A, "p2", 1), (A, "p3", 1), (A, "p4", 1)), ITEMS)
    assert many.lost.value == few.lost.value == pytest.approx(-log(0.2), rel=1e-5)
    assert (many.answers_n, few.distance.value) == (1, None)
    assert many.distance.value == pytest.approx(0.75)


def test_another_stimulus_of_the_cell_belongs_to_its_people():
    shown = item("one", text="Well, then?")
    asked, otherwise = (predictions((A, "p1", own)) for own in (LAST, SURE))
    found = compared(asked, otherwise, responses((A, "p1", 3), (shown, "p2", 1)), by_hash(A, shown))
    assert found.distance.value == pytest.approx(0.5)


def test_a_question_on_two_scales_is_two_cells():
    five = item("one", scale=Scale(kind="ordinal", low=1, high=5))
    asked = predictions((A, "p1", SURE), (five, "p2", [0.2] * 5))
    otherwise = predictions((A, "p1", LAST), (five, "p2", [0.2] * 5))
    found = compared(asked, otherwise, responses((A, "p1", 1), (five, "p2", 5)), by_hash(A, five))
    assert (found.cells_n, found.studies_n) == (2, 1)
    assert found.moved.value == pytest.approx(0.8 / 2)


def test_predictions_that_are_null_or_of_weight_0_are_left_out():
    asked = predictions((A, "p1", SURE), (A, "p2", SURE), (A, "p3", None), (A, "p4", SURE, 0.0))
    otherwise = predictions((A, "p1", EVEN), (A, "p2", None), (A, "p3", EVEN), (A, "p4", EVEN, 0.0))
    answers = responses(*((A, f"p{n}", 1) for n in range(1, 5)))
    assert compared(asked, otherwise, answers, ITEMS).answers_n == 1
    nothing = reasked(asked, otherwise.tail(2), answers, ITEMS, np.random.default_rng(0))
    assert nothing is None


def test_without_answers_there_is_nothing_but_what_moved():
    found = compared(predictions((A, "p1", SURE)), predictions((A, "p1", EVEN)), responses(), ITEMS)
    assert found.moved.value == pytest.approx(0.35)
    assert (found.lost.value, found.distance.value, found.answers_n) == (None, None, 0)


@pytest.mark.parametrize(("studies", "cells", "known"), [(1, 9, False), (1, 10, True), (3, 4, True), (10, 1, True)])
def test_intervals_draw_the_cells_of_few_studies_where_there_are_ten_or_more(studies, cells, known):
    every = [item(f"s{study}", f"q{cell}") for study in range(studies) for cell in range(cells)]
    asked = predictions(*((each, "p1", SURE) for each in every))
    otherwise = predictions(*((each, "p1", EVEN if place % 2 else LAST) for place, each in enumerate(every)))
    found = compared(asked, otherwise, responses((every[0], "p1", 1)), by_hash(*every))
    assert (found.moved.low is not None) == known
    if known:
        assert 0.35 < found.moved.low < found.moved.value < found.moved.high < 0.8
    # One answer is known, of one cell.
    assert (found.lost.low, found.lost.high, found.lost.n) == (None, None, 1)


def test_rows_that_cannot_be_laid_side_by_side_are_named():
    one = predictions((A, "p1", SURE))
    rng = np.random.default_rng(0)
    with pytest.raises(InputError) as caught:
        reasked(one, predictions((A, "p2", SURE)), responses(), ITEMS, rng)
    assert str(caught.value) == (
        "the prediction asked otherwise for 'one', 'c', 'q', respondent p2 has no prediction as asked. "
        "Make both from the same pairs."
    )
    twice = pl.concat([one, one])
    for asked, otherwise, what in ((twice, one, "predictions"), (one, twice, "predictions asked otherwise")):
        with pytest.raises(InputError) as caught:
            reasked(asked, otherwise, responses(), ITEMS, rng)
        assert str(caught.value) == (
            f"the table of {what} holds the respondent p1 twice for one stimulus of 'one', 'c', 'q'. "
            "Keep one row for each."
        )


def test_tables_that_do_not_fit_the_stimuli_are_named():
    one, short = predictions((A, "p1", SURE)), predictions((A, "p1", [0.5, 0.5]))
    rng = np.random.default_rng(0)
    with pytest.raises(InputError) as caught:
        reasked(one, short, responses(), ITEMS, rng)
    assert str(caught.value) == (
        "the prediction for 'one', 'c', 'q', respondent p1: found 2 probabilities, expected 3, one a point of the "
        "scale."
    )
    with pytest.raises(InputError) as caught:
        reasked(one, one, responses(), by_hash(B), rng)
    assert str(caught.value) == (
        f"the predictions name the stimulus '{A.item}', which is not among the 1 items. Take the items from the "
        "run the predictions come from."
    )
    with pytest.raises(InputError, match="the table of responses: the column 'response' is missing"):
        reasked(one, one, responses().drop("response"), ITEMS, rng)


SHARES = st.lists(st.floats(0, 1), min_size=3, max_size=3).filter(lambda p: sum(p) > 0.1)


@settings(max_examples=30)
@given(st.lists(st.tuples(SHARES, SHARES, st.integers(1, 3)), min_size=1, max_size=6))
def test_what_moves_is_a_share_and_turned_round_what_is_lost_is_won(rows):
    def table(place: int) -> pl.DataFrame:
        shares = [np.array(row[place]) / sum(row[place]) for row in rows]
        return predictions(*((item(f"s{n % 2}"), f"p{n}", each.tolist()) for n, each in enumerate(shares)))

    items = by_hash(item("s0"), item("s1"))
    answers = responses(*((item(f"s{n % 2}"), f"p{n}", row[2]) for n, row in enumerate(rows)))
    found = compared(table(0), table(1), answers, items, draws=20)
    back = compared(table(1), table(0), answers, items, draws=20)
    assert 0 <= found.moved.value <= 1 + 1e-9
    assert back.moved.value == pytest.approx(found.moved.value, abs=1e-9)
    assert back.lost.value == pytest.approx(-found.lost.value, abs=1e-9)
    if found.farther.value is not None:
        assert back.farther.value == pytest.approx(-found.farther.value, abs=1e-9)
        assert found.distance_otherwise.value == pytest.approx(found.distance.value + found.farther.value, abs=1e-9)
    same = compared(table(0), table(0), answers, items, draws=20)
    assert (same.moved.value, same.lost.value) == (0, 0)
    assert (same.moved.high, same.lost.low) in {(0, 0), (None, None)}
    assert same.farther.value in {0, None}


def many(seed: int, studies: int = 12) -> tuple[list[Item], np.ndarray, pl.DataFrame]:
    """Return cells, the true shares of their answers, and twenty people's answers to each."""
    rng = np.random.default_rng(seed)
    cells = [item(f"s{n}", f"q{m}") for n in range(studies) for m in range(3)]
    truth = rng.dirichlet([1.0, 1.0, 1.0], size=len(cells))
    given = [
        (cell, f"p{n}", int(rng.choice(3, p=own)) + 1)
        for cell, own in zip(cells, truth, strict=True)
        for n in range(20)
    ]
    return cells, truth, responses(*given)


def of_all(cells: list[Item], shares: np.ndarray) -> pl.DataFrame:
    return predictions(
        *((cell, f"p{n}", own.tolist()) for cell, own in zip(cells, shares, strict=True) for n in range(5))
    )


def test_a_model_that_reads_the_stimulus_loses_it_and_one_that_guesses_from_the_scale_does_not():
    cells, truth, answers = many(seed=1)
    blind = np.tile(truth.mean(axis=0), (len(cells), 1))
    reader = compared(of_all(cells, 0.8 * truth + 0.2 * blind), of_all(cells, blind), answers, by_hash(*cells))
    assert min(reader.moved.low, reader.lost.low, reader.farther.low) > 0.05
    # What changes at random when the stimulus is gone is movement, but nothing that told of people.
    rng = np.random.default_rng(2)
    first, second = (0.8 * blind + 0.2 * rng.dirichlet([1.0, 1.0, 1.0], size=len(cells)) for _ in range(2))
    guesser = compared(of_all(cells, first), of_all(cells, second), answers, by_hash(*cells))
    assert guesser.moved.low > 0.02
    assert guesser.lost.low < 0 < guesser.lost.high
    assert guesser.farther.low < 0 < guesser.farther.high


def test_intervals_cover_what_the_stimulus_is_worth():
    # In the mean a uniform prediction loses log 3 less the entropy: for shares drawn evenly, log 3 - (1/2 + 1/3).
    covered, worth = 0, log(3) - 5 / 6
    for seed in range(60):
        cells, truth, answers = many(seed, studies=25)
        even = np.full_like(truth, 1 / 3)
        found = compared(of_all(cells, truth), of_all(cells, even), answers, by_hash(*cells))
        covered += found.lost.low <= worth <= found.lost.high
    assert covered / 60 == pytest.approx(0.95, abs=0.06)


# --- answers told


def heeded(asked: pl.DataFrame, told: pl.DataFrame, answer: list[int]) -> Followed:
    found = followed(asked, told, answer, np.random.default_rng(0), draws=200)
    assert found is not None
    return found


def test_what_is_followed_by_hand():
    asked = predictions((A, "p1", SURE), (A, "p2", EVEN, 3.0), (C, "p3", SURE), (C, "p8", SURE))
    told = predictions((A, "p1", [0.1, 0.1, 0.8]), (A, "p2", [0.9, 0.1, 0.0], 3.0), (C, "p3", EVEN))
    found = heeded(asked, told, [2, 0, 1])
    now, before = ((0.8 + 3 * 0.9) / 4 + 0.5) / 2, ((0.2 + 3 * 0.25) / 4 + 0.2) / 2
    assert found.told.value == pytest.approx(now)
    assert found.before.value == pytest.approx(before)
    assert found.still.value == pytest.approx((now - before) / (1 - before))
    assert (found.answers_n, found.studies_n, found.told.n) == (3, 2, 2)


def test_the_same_person_may_be_told_every_answer():
    asked, told = predictions((A, "p1", SURE)), predictions((A, "p1", LAST), (A, "p1", [1.0, 0.0, 0.0]))
    found = heeded(asked, told, [2, 0])
    assert (found.told.value, found.before.value, found.answers_n) == (1, pytest.approx(0.4), 2)
    assert found.still.value == 1


@settings(max_examples=30)
@given(st.lists(st.tuples(SHARES, st.integers(0, 2)), min_size=2, max_size=6), st.floats(0, 1))
def test_the_share_of_the_mass_that_moves_to_the_answer_told_is_what_is_followed(rows, share):
    shares = [np.array(row[0]) / sum(row[0]) for row in rows]
    moved = [(1 - share) * each + share * np.eye(3)[row[1]] for each, row in zip(shares, rows, strict=True)]
    tables = [
        predictions(*((item(f"s{n}"), "p", each.tolist()) for n, each in enumerate(own))) for own in (shares, moved)
    ]
    found = heeded(*tables, [row[1] for row in rows])
    if found.before.value < 0.99:
        assert found.still.value == pytest.approx(share, abs=1e-4)


def test_who_gives_the_answer_anyhow_says_nothing_of_following():
    found = heeded(predictions((A, "p1", LAST)), predictions((A, "p1", LAST)), [2])
    assert (found.told.value, found.before.value, found.still.value) == (1, 1, None)


def test_intervals_cover_the_share_that_is_followed():
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(60):
        cells = [item(f"s{n}") for n in range(25)]
        before = rng.dirichlet([1.0, 1.0, 1.0], size=len(cells))
        answer = rng.integers(3, size=len(cells))
        # Of ten cells four are followed, by half.
        share = np.where(rng.random(len(cells)) < 0.4, 0.5, 0.0)[:, None]
        tables = [of_all(cells, each) for each in (before, (1 - share) * before + share * np.eye(3)[answer])]
        found = heeded(*tables, np.repeat(answer, 5).tolist())
        covered += found.still.low <= 0.2 <= found.still.high
    assert covered / 60 == pytest.approx(0.95, abs=0.06)


def test_nothing_told_is_nothing_followed():
    asked, told = predictions((A, "p1", SURE)), predictions((A, "p1", None))
    assert followed(asked, told, [0], np.random.default_rng(0)) is None


@pytest.mark.parametrize("answer", [-1, 3])
def test_an_answer_told_that_is_no_point_of_the_scale_is_named(answer):
    one = predictions((A, "p1", SURE))
    with pytest.raises(InputError) as caught:
        followed(one, one, [answer], np.random.default_rng(0))
    assert str(caught.value) == (
        f"the answer told for 'one', 'c', 'q', respondent p1: found the index {answer}, expected 0 to 2, a point "
        "of the scale."
    )
