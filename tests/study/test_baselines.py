from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.errors import InputError
from silicus.study import RESPONSES, Item, Scale, option_words_mean, pooled, training_mean, uniform

FIVE = Scale(kind="ordinal", low=1, high=5, refusals={9: "Don't know"})
FOUR = Scale(kind="ordinal", low=1, high=4)
SHOWN = [
    Item("s", "a", "q", "one", "Q?", FIVE),
    Item("s", "b", "q", "two", "Q?", FIVE),
    Item("s", "c", "q", "three", "Q?", FOUR),
]
ITEMS = {item.item: item for item in SHOWN}


def answers(*rows: tuple[int, int, int, float]) -> pl.DataFrame:
    """Rows of (place in SHOWN, response, n, weight)."""
    full = [
        (i.study, i.condition, i.question, i.item, None, response, n, weight)
        for place, response, n, weight in rows
        for i in [SHOWN[place]]
    ]
    return pl.DataFrame(full, schema=RESPONSES, orient="row")


def test_uniform_gives_every_point_the_same_probability():
    assert uniform(FIVE).tolist() == [0.2] * 5


def test_pooled_takes_all_conditions_together_and_weights_them():
    found = pooled(answers((0, 1, 3, 1.0), (1, 1, 1, 1.0), (1, 5, 2, 2.0)), ITEMS)
    assert list(found) == [("s", "q")]
    np.testing.assert_allclose(found["s", "q"], [0.5, 0, 0, 0, 0.5])


def test_pooled_leaves_out_refusals_and_answers_that_are_not_on_the_scale():
    found = pooled(answers((0, 1, 1, 1.0), (0, 9, 5, 1.0), (0, 77, 5, 1.0)), ITEMS)
    assert found["s", "q"].tolist() == [1, 0, 0, 0, 0]


def test_pooled_keeps_stimuli_apart_whose_scales_have_other_points():
    found = pooled(answers((0, 1, 1, 1.0), (1, 2, 1, 1.0), (2, 4, 1, 1.0)), ITEMS)
    assert set(found) == {("s", "q", item.item) for item in SHOWN}
    assert found["s", "q", SHOWN[0].item].tolist() == [0.5, 0.5, 0, 0, 0]
    assert found["s", "q", SHOWN[1].item].tolist() == [0.5, 0.5, 0, 0, 0]
    assert found["s", "q", SHOWN[2].item].tolist() == [0, 0, 0, 1]


def test_pooled_has_no_distribution_for_a_question_everybody_refused():
    assert pooled(answers((0, 9, 5, 1.0)), ITEMS) == {}


def test_pooled_names_a_stimulus_that_is_not_among_the_items():
    with pytest.raises(InputError, match=r"which is not among the 0 items. Take the items from the study"):
        pooled(answers((0, 1, 1, 1.0)), {})


def test_pooled_names_a_missing_column():
    with pytest.raises(InputError, match="the table of responses: the column 'n' is missing"):
        pooled(answers((0, 1, 1, 1.0)).drop("n"), ITEMS)


def test_the_training_mean_is_taken_over_cells_by_length_of_scale():
    predict = training_mean([np.array([1, 0, 0, 0]), np.array([0.5, 0.5, 0, 0]), np.array([0.2] * 5)])
    np.testing.assert_allclose(predict(FOUR), [0.75, 0.25, 0, 0])
    np.testing.assert_allclose(predict(FIVE), [0.2] * 5)


def test_the_training_mean_of_a_length_it_never_met_is_uniform():
    assert training_mean([np.array([1.0, 0.0])])(FOUR).tolist() == [0.25] * 4


def test_the_training_mean_leaves_out_cells_everybody_refused():
    predict = training_mean([np.full(4, np.nan), np.array([0.0, 0.0, 0.0, 1.0])])
    assert predict(FOUR).tolist() == [0, 0, 0, 1]


def test_a_prediction_of_the_training_mean_that_is_changed_changes_no_other():
    predict = training_mean([np.array([1.0, 0.0, 0.0, 0.0])])
    predict(FOUR)[:] = 9
    assert predict(FOUR).tolist() == [1, 0, 0, 0]


@given(st.lists(st.lists(st.integers(1, 9), min_size=4, max_size=4), min_size=1, max_size=6))
def test_the_training_mean_is_a_distribution_and_no_matter_of_order(counts):
    shares = [np.array(row) / sum(row) for row in counts]
    found = training_mean(shares)(FOUR)
    assert found.sum() == pytest.approx(1)
    np.testing.assert_allclose(found, training_mean(shares[::-1])(FOUR))
    # No other distribution has less squared error over the training part.
    errors = [sum(((s - guess) ** 2).sum() for s in shares) for guess in (found, *shares)]
    assert errors[0] <= min(errors) + 1e-12


def test_the_training_mean_comes_to_what_cells_are_drawn_from():
    truth = np.array([0.1, 0.2, 0.3, 0.4])
    cells = np.random.default_rng(1).dirichlet(8 * truth, size=4000)
    np.testing.assert_allclose(training_mean(cells)(FOUR), truth, atol=0.01)


YES = Scale(kind="binary", labels={1: "Yes", 2: "No"}, refusals={9: "Don't know"})
CAPITALS = Scale(kind="binary", labels={0: "YES", 1: "NO"})
TURNED = Scale(kind="binary", labels={1: "No", 2: "Yes"})


def test_the_mean_by_option_words_is_taken_over_questions_with_these_words_in_this_order():
    predict = option_words_mean([(YES, [0.8, 0.2]), (CAPITALS, [0.6, 0.4]), (TURNED, [0.1, 0.9])])
    np.testing.assert_allclose(predict(YES), [0.7, 0.3])
    np.testing.assert_allclose(predict(TURNED), [0.1, 0.9])


def test_options_the_training_part_never_offered_get_the_mean_by_length():
    predict = option_words_mean([(YES, [0.8, 0.2]), (TURNED, [0.2, 0.8]), (FOUR, [0.1, 0.2, 0.3, 0.4])])
    np.testing.assert_allclose(predict(Scale(kind="binary", labels={1: "True", 2: "False"})), [0.5, 0.5])
    np.testing.assert_allclose(predict(FIVE), [0.2] * 5)


def test_points_without_words_are_told_by_their_numbers():
    shifted = Scale(kind="ordinal", low=0, high=3)
    predict = option_words_mean([(FOUR, [1, 0, 0, 0]), (shifted, [0, 0, 0, 1])])
    assert predict(FOUR).tolist() == [1, 0, 0, 0]
    assert predict(shifted).tolist() == [0, 0, 0, 1]


@given(st.lists(st.tuples(st.sampled_from([YES, CAPITALS, TURNED]), st.floats(0, 1)), min_size=1, max_size=8))
def test_the_mean_by_option_words_is_nowhere_farther_from_what_it_was_made_of_than_the_mean_by_length(cells):
    shares = [(scale, np.array([share, 1 - share])) for scale, share in cells]
    own, plain = option_words_mean(shares), training_mean(share for _, share in shares)
    errors = [sum(((predict(scale) - share) ** 2).sum() for scale, share in shares) for predict in (own, plain)]
    assert errors[0] <= errors[1] + 1e-12
    assert own(YES).sum() == pytest.approx(1)


def test_the_mean_by_option_words_comes_to_what_cells_are_drawn_from():
    rng, truth = np.random.default_rng(2), [(YES, [0.7, 0.3]), (TURNED, [0.4, 0.6])]
    cells = [(scale, row) for scale, mean in truth for row in rng.dirichlet(8 * np.array(mean), size=2000)]
    predict = option_words_mean(cells)
    for scale, mean in truth:
        np.testing.assert_allclose(predict(scale), mean, atol=0.02)
