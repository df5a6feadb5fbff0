"""Whether predictions move as people move: by hand, by property, and on people whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.errors import InputError
from silicus.evaluate import Movement, Moving, centred_correlation, movement

NONE = np.zeros(0)


def moving(human, predicted, variance=0.0, question=None, cluster=None, condition=None, effective=None) -> Moving:
    """Return cells of which, if nothing is said, every question of two has a study and two conditions of its own."""
    count = len(human)
    question = np.arange(count) // 2 if question is None else np.asarray(question)
    return Moving(
        np.asarray(human, dtype=float), np.asarray(predicted, dtype=float),
        np.broadcast_to(np.asarray(variance, dtype=float), count), question,
        question if cluster is None else np.asarray(cluster),
        np.arange(count) if condition is None else np.asarray(condition),
        None if effective is None else np.asarray(effective, dtype=float),
    )  # fmt: skip


def moved(cells: Moving, draws: int = 200, shuffles: int = 400, seed: int = 0) -> Movement:
    found = movement(cells, np.random.default_rng(seed), draws, shuffles)
    assert found is not None
    return found


def test_everything_by_hand():
    # Centred: people -.1 .1, -.2 .2, -.05 .05; the model -.2 .2, -.1 .1, .1 -.1.
    found = moved(moving([0.4, 0.6, 0.1, 0.5, 0.3, 0.4], [0.3, 0.7, 0.5, 0.7, 0.9, 0.7], variance=0.005))
    product, people, model = 2 * (0.02 + 0.02 - 0.005), 2 * (0.01 + 0.04 + 0.0025), 2 * (0.04 + 0.01 + 0.01)
    assert found.correlation.value == pytest.approx(product / np.sqrt(people * model))
    assert found.slope.value == pytest.approx(product / model)
    assert found.spread_ratio.value == pytest.approx(np.sqrt(model / people))
    # Each question of two cells holds half of .01 by chance.
    assert found.spread_ratio_true.value == pytest.approx(np.sqrt(model / (people - 0.015)))
    assert found.ceiling == pytest.approx(np.sqrt((people - 0.015) / people))
    assert (found.signs.value, found.signs.n) == (pytest.approx(2 / 3), 3)
    # 1.96 standard errors are .196: only .2 and .4 are larger.
    assert (found.signs_told_apart.value, found.signs_told_apart.n) == (1, 2)
    assert (found.cells_n, found.questions_n) == (6, 3)


def test_a_difference_that_is_not_predicted_is_half_right_and_one_that_people_lack_is_no_pair():
    found = moved(moving([0.1, 0.2, 0.5, 0.5], [0.3, 0.3, 0.2, 0.9]))
    assert (found.signs.value, found.signs.n) == (0.5, 1)


def test_three_conditions_make_three_pairs():
    found = moved(moving([0.1, 0.2, 0.4], [0.1, 0.3, 0.2], question=[0, 0, 0]))
    assert (found.signs.value, found.signs.n) == (pytest.approx(2 / 3), 3)


@given(st.floats(0.1, 5), st.floats(-0.3, 0.3))
def test_size_and_level_of_predictions_change_slope_and_spread_alone(size, level):
    rng = np.random.default_rng(3)
    human, predicted, question = rng.random(12), rng.random(12), np.arange(12) // 3
    plain = moved(moving(human, predicted, 0.001, question), draws=20, shuffles=20)
    other = moved(moving(human, level + size * predicted + question, 0.001, question), draws=20, shuffles=20)
    assert other.correlation.value == pytest.approx(plain.correlation.value)
    assert other.slope.value == pytest.approx(plain.slope.value / size)
    assert other.spread_ratio.value == pytest.approx(plain.spread_ratio.value * size)
    assert other.signs == plain.signs


def test_cells_without_a_mean_and_questions_of_one_cell_are_left_out():
    cells = moving([0.1, 0.2, np.nan, 0.4, 0.5], [0.1, 0.2, 0.3, 0.4, 0.1], question=[0, 0, 1, 1, 7])
    assert (moved(cells).cells_n, moved(cells).questions_n) == (2, 1)
    alone = moving([0.1, 0.4], [0.2, 0.1], question=[0, 1])
    assert movement(alone, np.random.default_rng(0)) is None
    assert movement(moving(NONE, NONE), np.random.default_rng(0)) is None


def test_nine_studies_have_no_interval_and_ten_have_one():
    rng = np.random.default_rng(5)
    human, predicted = rng.random((2, 40))
    nine, ten = (moved(moving(human, predicted, cluster=np.arange(40) // 2 % studies)) for studies in (9, 10))
    assert (nine.correlation.low, nine.slope.high, nine.signs.low) == (None, None, None)
    assert nine.correlation.value == ten.correlation.value
    assert ten.correlation.low <= ten.correlation.value <= ten.correlation.high


def test_a_question_of_a_cell_of_unknown_variance_is_left_out_of_what_chance_is_taken_out_of():
    human, predicted = [0.4, 0.6, 0.1, 0.5, 0.3, 0.4], [0.3, 0.7, 0.5, 0.7, 0.9, 0.7]
    whole = moved(moving(human, predicted, [0.005, 0.005, np.nan, 0.005, 0.005, 0.005]))
    without = moved(moving(human[:2] + human[4:], predicted[:2] + predicted[4:], 0.005))
    assert whole.spread_ratio_true == without.spread_ratio_true
    assert whole.ceiling == without.ceiling is not None
    assert (whole.spread_ratio_true.n, whole.cells_n) == (4, 6)
    assert whole.correlation.value == moved(moving(human, predicted, 0.005)).correlation.value
    # The difference of .4, which is the largest, is told apart from nothing.
    assert (whole.signs.n, whole.signs_told_apart.n) == (3, 1)


def test_where_no_variance_is_known_no_spread_is_true():
    found = moved(moving([0.1, 0.4], [0.1, 0.3], variance=np.nan))
    assert (found.spread_ratio_true.value, found.spread_ratio_true.n, found.ceiling) == (None, 0, None)
    assert (found.correlation.value, found.signs_told_apart.n) == (pytest.approx(1), 0)


def test_equal_predictions_differ_by_rounding_alone_and_are_half_right():
    share = np.array([0.1, 0.2, 0.7])
    one, other = share @ [0.0, 0.5, 1.0], 0.1 * 0.0 + (0.2 * 0.5 + 0.7)
    found = moved(moving([0.1, 0.2, 0.2, 0.1], [one, other + 1e-16, other, one + 1e-16]))
    assert (found.signs.value, found.signs.n) == (0.5, 2)


def test_means_of_few_or_equal_answers_are_told_apart_from_nothing():
    human, model = [0.1, 0.9] * 3, [0.1, 0.2] * 3
    found = moved(moving(human, model, [0.001, 0.001, 0.001, 0.0, 0.001, 0.001], effective=[10, 10, 30, 30, 30, 9.9]))
    assert (found.signs.n, found.signs_told_apart.n) == (3, 1)


def test_a_model_that_never_moves_has_no_correlation_and_no_p_value():
    found = moved(moving([0.1, 0.2, 0.3, 0.5], [0.5] * 4))
    assert (found.correlation.value, found.slope.value, found.chance) == (None, None, None)
    assert (found.spread_ratio.value, found.signs.value) == (0, 0.5)


def test_people_who_differ_no_more_than_by_chance_leave_no_true_spread():
    found = moved(moving([0.1, 0.2, 0.3, 0.4], [0.1, 0.3, 0.3, 0.2], variance=0.5))
    assert (found.spread_ratio_true.value, found.ceiling) == (None, None)


def test_shuffles_of_every_order_give_the_p_value_of_the_permutation_test():
    # Of the 4! x 2! orders within the questions only the one that is there correlates as well.
    means = [0.1, 0.2, 0.6, 0.7, 0.3, 0.8]
    cells = moving(means, means, question=[0, 0, 0, 0, 1, 1])
    assert moved(cells, shuffles=20_000).chance == pytest.approx(1 / 48, abs=0.005)


def test_conditions_change_places_in_all_questions_of_a_study_alike():
    # Of 4! orders of the conditions, not (4!) ** 3; whatever the order of cells, and where a question lacks conditions.
    means = np.array([0.1, 0.2, 0.6, 0.7])
    human, question, condition = np.tile(means, 3), np.repeat(np.arange(3), 4), np.tile(np.arange(4), 3)
    mixed = np.random.default_rng(0).permutation(12)[:11]
    for kept in (np.arange(12), mixed):
        cells = moving(human[kept], human[kept], 0, question[kept], np.zeros(len(kept)), condition[kept])
        assert moved(cells, shuffles=20_000).chance == pytest.approx(1 / 24, abs=0.006)


def test_conditions_of_fewer_than_twenty_orders_have_no_p_value():
    human = np.tile([0.1, 0.2, 0.6], 5)
    question, condition = np.repeat(np.arange(5), 3), np.tile(np.arange(3), 5)
    one = moved(moving(human, human, 0, question, np.zeros(15), condition))
    five = moved(moving(human, human, 0, question, question, condition))
    assert one.chance is None
    assert one.correlation.value == five.correlation.value == pytest.approx(1)
    assert five.chance == pytest.approx(1 / 401, abs=0.005)


def recurring(rng: np.random.Generator, known: float = 0.0) -> Moving:
    """Return a study of 4 conditions and 10 questions; half of what a condition does, and is said to do, recurs."""
    own, said = rng.standard_normal((2, 4))
    said = np.sqrt(known) * own + np.sqrt(1 - known) * said
    human, predicted = (0.5 + 0.05 * (each + rng.standard_normal((10, 4))).ravel() / np.sqrt(2) for each in (own, said))
    return moving(human, predicted, 1e-4, np.arange(40) // 4, np.zeros(40), np.arange(40) % 4)


def test_what_a_condition_does_in_every_question_is_no_evidence_from_each():
    rng = np.random.default_rng(21)
    chance = np.array([moved(recurring(rng), draws=2, shuffles=200).chance for _ in range(400)])
    assert np.mean(chance <= 0.05) == pytest.approx(0.04, abs=0.04)
    told = np.array([moved(recurring(rng, known=1.0), draws=2, shuffles=200).chance for _ in range(60)])
    # Of one study of four conditions only the best of 24 orders is below .05.
    assert np.mean(told <= 0.05) > 0.25


def test_the_p_value_of_a_model_that_knows_nothing_is_uniform():
    rng = np.random.default_rng(8)
    values = [
        moved(moving(rng.random(30), rng.random(30), question=np.arange(30) // 3), draws=2, shuffles=99, seed=n).chance
        for n in range(300)
    ]
    assert np.mean(np.array(values) <= 0.05) == pytest.approx(0.05, abs=0.035)
    assert np.mean(values) == pytest.approx(0.5, abs=0.06)


def people_of(truth: np.ndarray, answers: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return means of so many answers of yes or no, and their sampling variances."""
    share = rng.binomial(answers, truth) / answers
    return share, share * (1 - share) / (answers - 1)


def test_chance_is_taken_out_of_peoples_spread_and_the_ceiling_is_what_the_truth_itself_reaches():
    rng = np.random.default_rng(2)
    question = np.arange(2000) // 4
    truth = np.clip(0.5 + 0.05 * rng.standard_normal(2000), 0, 1)
    human, variance = people_of(truth, 100, rng)
    found = moved(moving(human, truth, variance, question))
    assert found.spread_ratio_true.value == pytest.approx(1, abs=0.04)
    assert found.spread_ratio.value < 0.8
    assert found.correlation.value == pytest.approx(found.ceiling, abs=0.03)
    assert found.slope.value == pytest.approx(1, abs=0.06)


def test_a_correlation_over_scales_of_different_length_is_refused():
    with pytest.raises(InputError, match=r"Bring every scale to \[0, 1\] first"):
        centred_correlation([1, 2], [1, 2], [0, 0], [4, 100])
    assert np.isnan(centred_correlation([1, 2], [3, 3], [0, 0], [4, 4]))
