"""Distributions in words: what is asked, what is stated, and what is read back."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.errors import InputError
from silicus.prompts import Prompt, ask_for_shares, fewest_tokens, get_template, read_stated, render, stated
from silicus.study import Item, Respondent, Scale

LIKELY = Scale(
    kind="ordinal", labels={1: "Very unlikely", 2: "Can't say", 3: "Very likely"}, refusals={9: "Prefer not to say"}
)


def prompt(scale: Scale = LIKELY, style: str = "value", template: str = "silicus") -> Prompt:
    item = Item("tea", "praise", "buy", "Tea is lovely.", "Will you buy it?", scale)
    return render(get_template(template), item, Respondent("p7", {"age": 34}), style)  # type: ignore[arg-type]


def test_numbers_of_people_are_asked_for_in_the_place_of_the_answer():
    asked = ask_for_shares(prompt())
    assert asked.user == (
        "Tea is lovely.\n\nWill you buy it?\n\n"
        "Answer with one number only:\n1 = Very unlikely\n2 = Can't say\n3 = Very likely\n9 = Prefer not to say\n\n"
        "Answer exactly as this person would:\nAge: 34\n\n"
        "Now think of 100 such people. How many of the 100 give each answer? Write these lines, each with its number "
        "of people after the colon, and nothing else; the numbers add up to 100:\n1:\n2:\n3:\n9:\n\nThe lines:"
    )
    assert "numbers" in asked.system
    assert (asked.lead, asked.answers) == ("", ("1", "2", "3", "9"))


@pytest.mark.parametrize("style", ["value", "letter", "label"])
@given(cuts=st.lists(st.integers(0, 100), min_size=3, max_size=3))
def test_what_is_stated_is_read_back(style, cuts):
    people = np.diff([0, *sorted(cuts), 100]).tolist()
    read = read_stated(prompt(style=style), stated(prompt(style=style), people))
    assert read is not None
    np.testing.assert_allclose(read, np.array(people) / 100)


@pytest.mark.parametrize("people", [[50, 50], [20, 20, 20, 20], [110, -10, 0, 0]])
def test_only_numbers_of_all_answers_that_add_up_are_stated(people):
    with pytest.raises(InputError, match=r"study 'tea', question 'buy': found the numbers .* that add up to 100"):
        stated(prompt(), people)


@pytest.mark.parametrize(
    "text",
    [
        "1: 10\n2: 20\n3: 60\n9: 10",
        "Of 100 such people:\n\n- 1: 10\n- 2: 20 people\n- 3: 60%\n- 9: 10.\n",
        "**1**: 10\n**2**: 20\n**3**: 60\n**9**: 10",
        "1 = Very unlikely: 10\n2 (can't say): 20\n3. Very likely: 60\n9 - Prefer not to say = 10",
        "Very unlikely: 10\nCan't say: 20\nVery likely: 60\nPrefer not to say: 10",
        "3: 60\n9: 10\n2: 20\n1: 10",
        "1: 10.0\n2: 20.0\n3: 60.0\n9: 10.0\nTotal: 100",
        "1: 10\n2: 20\n3: 60\n9: 10\n\nUser: and of another group?\n1: 90\n2: 10",
        '```json\n{"1": 10, "2": 20, "3": 60, "9": 10}\n```',
        'Here it is: {"Very unlikely": 10, "Can\'t say": 20, "Very likely": 60, "Prefer not to say": 10}.',
    ],
)
def test_lines_and_json_are_read_in_the_forms_in_which_models_write_them(text):
    read = read_stated(prompt(), text)
    assert read is not None
    np.testing.assert_allclose(read, [0.1, 0.2, 0.6, 0.1])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Most would buy it.",
        "1: 10\n2: 20\n3: 70",  # one answer has no number
        "1: 10\n2: 20\n3: 57\n9: 10",  # 97 together
        "1: 10\n2: 20\n3: 62\n9: 10",  # 102 together
        "1: 0.1\n2: 0.2\n3: 0.6\n9: 0.1",
        "1: 10\n1: 20\n2: 20\n3: 40\n9: 10",  # one answer twice
        "1: -10\n2: 40\n3: 60\n9: 10",
        "1: 10 to 20\n2: 20\n3: 60\n9: 10",
        "1: 10, 2: 20, 3: 60, 9: 10",
        '{"1": 10, "1": 10, "2": 20, "3": 50, "9": 10}',
        '{"1": NaN, "2": 20, "3": 60, "9": 10}',
        '{"1": "ten", "2": 20, "3": 60, "9": 10}',
        '{"1": true, "2": 29, "3": 60, "9": 10}',
        '{"1": 1e400, "2": 20, "3": 60, "9": 10}',
        '["1", 10]',
        "{" * 5000,
    ],
)
def test_anything_else_is_not_read(text):
    assert read_stated(prompt(), text) is None


@pytest.mark.parametrize(("last", "shares"), [(69, [69 / 99, 30 / 99]), (71, [71 / 101, 30 / 101]), (70, [0.7, 0.3])])
def test_a_sum_that_rounding_moved_by_one_is_taken_as_100(last, shares):
    read = read_stated(prompt(Scale(kind="binary", labels={1: "Yes", 2: "No"})), f"1: {last}\n2: 30")
    np.testing.assert_allclose(read, shares)  # type: ignore[arg-type]


def test_negative_values_keep_their_sign_and_a_dash_before_them_is_a_bullet():
    read = read_stated(prompt(Scale(kind="ordinal", low=-1, high=1)), "- -1: 10\n- 0: 20\n- 1: 70")
    np.testing.assert_allclose(read, [0.1, 0.2, 0.7])  # type: ignore[arg-type]


def test_the_words_asked_for_come_before_a_label_that_reads_the_same():
    swapped = Scale(kind="nominal", labels={1: "2", 2: "1"})
    np.testing.assert_allclose(read_stated(prompt(swapped), "1: 90\n2: 10"), [0.9, 0.1])  # type: ignore[arg-type]


def test_a_text_needs_some_tokens_for_every_answer():
    assert fewest_tokens(prompt()) == 16
    assert fewest_tokens(prompt(Scale(kind="numeric", low=0, high=100))) == 404


@given(text=st.text(max_size=200) | st.dictionaries(st.sampled_from("1239x"), st.floats()).map(json.dumps))
def test_no_text_breaks_the_reading(text):
    read = read_stated(prompt(), text)
    assert read is None or abs(read.sum() - 1) < 1e-9
