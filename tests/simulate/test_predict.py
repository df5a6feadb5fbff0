from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.errors import InputError, ModelError
from silicus.models import load_model
from silicus.prompts import Prompt, get_template
from silicus.simulate import PooledModel, predict
from silicus.study import PREDICTIONS, RESPONSES, Item, Respondent, Scale, human_responses, read_study

FOUR = Scale(kind="ordinal", low=1, high=4, refusals={98: "Don't know"})
ITEMS = [Item("tea", arm, "like", arm, "Tea?", FOUR) for arm in ("plain", "praise")]
PEOPLE = [Respondent(f"p{n}", {"age": 20 + n}, weight=n + 0.5) for n in range(3)]
PAIRS = [(item, person) for item in ITEMS for person in PEOPLE]
SILICUS = get_template("silicus")


class Fixed:
    """A model that gives every prompt the same masses, last prompt first."""

    name, fingerprint = "fixed", "fixed"

    def __init__(self, *masses: float) -> None:
        self.masses = masses

    def answer(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, np.ndarray]]:
        with np.errstate(divide="ignore"):
            for index in reversed(range(len(prompts))):
                yield index, np.log(self.masses)


def test_a_pair_is_a_row_in_the_order_of_the_pairs_whatever_order_the_model_answers_in():
    table = predict(PAIRS, load_model("scripted"), SILICUS)
    assert table.schema == PREDICTIONS
    assert table.select("condition", "respondent", "weight").rows() == [(i.condition, p.id, p.weight) for i, p in PAIRS]
    assert table["item"].to_list() == [i.item for i, _ in PAIRS]


def test_refusals_are_kept_apart_and_the_mass_covered_is_kept():
    row = predict(PAIRS[:1], Fixed(0.1, 0.2, 0.1, 0.0, 0.1), SILICUS).row(0, named=True)
    assert row["probabilities"] == pytest.approx([0.25, 0.5, 0.25, 0])
    assert row["refusal"] == pytest.approx(0.2)
    assert row["covered"] == pytest.approx(0.5)


@given(st.lists(st.floats(1e-30, 0.2), min_size=5, max_size=5))
def test_probabilities_over_the_scale_always_sum_to_1(masses):
    row = predict(PAIRS[:1], Fixed(*masses), SILICUS).row(0, named=True)
    assert len(row["probabilities"]) == 4
    assert sum(row["probabilities"]) == pytest.approx(1, abs=1e-6)
    assert 0 <= row["refusal"] <= 1


@pytest.mark.parametrize("masses", [(0, 0, 0, 0, 0), (0, 0, 0, 0, 1), (np.nan, 0, 0, 0, 0)])
def test_a_model_that_gives_no_probability_to_the_scale_is_named_with_the_place(masses):
    with pytest.raises(ModelError) as caught:
        predict(PAIRS[:1], Fixed(*masses), SILICUS)
    assert str(caught.value) == (
        "the model 'fixed' gave no probability to any point of the scale: study 'tea', condition 'plain', "
        "question 'like', respondent 'p0'."
    )


def test_a_model_that_forgets_a_prompt_is_not_taken_for_one_that_answered():
    class Forgetful(Fixed):
        def answer(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, np.ndarray]]:
            return iter(list(super().answer(prompts))[1:])

    with pytest.raises(ModelError, match="respondent 'p2'"):
        predict(PAIRS, Forgetful(0.2, 0.2, 0.2, 0.2, 0.2), SILICUS)


def test_answers_are_counted_as_they_come_in():
    counted: list[int] = []
    predict(PAIRS, load_model("uniform"), SILICUS, advance=counted.append)
    assert sum(counted) == len(PAIRS)


def test_the_answer_style_does_not_change_what_a_uniform_model_says():
    scale = Scale(kind="binary", labels={1: "Yes", 2: "No"})
    pair = (Item("tea", "plain", "like", "", "Tea?", scale), PEOPLE[0])
    rows = [predict([pair], load_model("uniform"), SILICUS, style) for style in ("value", "letter", "label")]
    assert rows[0].equals(rows[1])
    assert rows[0].equals(rows[2])
    assert rows[0]["probabilities"].to_list() == [[0.5, 0.5]]


def test_pooled_answers_with_peoples_answers_whatever_was_shown():
    study = read_study("asian-disease")
    shown = list(study.items())
    model = PooledModel(human_responses(study), {item.item: item for item in shown})
    table = predict([(item, PEOPLE[0]) for item in shown], model, SILICUS)
    assert table["probabilities"].to_list() == [pytest.approx([143 / 307, 164 / 307])] * 2
    assert table["refusal"].to_list() == [0, 0]


def test_pooled_needs_human_answers():
    with pytest.raises(InputError, match=r"^the model 'pooled' needs human answers, and this study has none\.$"):
        PooledModel(pl.DataFrame(schema=RESPONSES), {})


def test_pooled_names_the_question_nobody_answered():
    item = ITEMS[0]
    rows = [("tea", "plain", "like", item.item, None, 1, 5, 1.0)]
    model = PooledModel(pl.DataFrame(rows, schema=RESPONSES, orient="row"), {item.item: item})
    other = Item("tea", "plain", "cups", "", "Cups?", FOUR)
    with pytest.raises(InputError, match=r"^the model 'pooled': nobody answered question 'cups' of 'tea'\.$"):
        predict([(other, PEOPLE[0])], model, SILICUS)
