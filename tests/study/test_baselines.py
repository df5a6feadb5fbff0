from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from silicus.errors import InputError
from silicus.study import RESPONSES, Item, Scale, pooled, uniform

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
