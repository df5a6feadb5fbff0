"""Texts that name the answer: after reasoning, or as numbers of people."""

from __future__ import annotations

import numpy as np
import pytest

from silicus.errors import InputError
from silicus.models.writing import Text
from silicus.prompts import Prompt, ask_for_reasoning, ask_for_shares, get_template, reasoned, render
from silicus.simulate import Distribution, Reason
from silicus.study import Item, Respondent, Scale

SEVEN = Scale(kind="ordinal", low=1, high=7, labels={1: "Not at all", 7: "Very much"}, refusals={9: "Don't know"})
PLACES = (*range(1, 8), 9)


def prompt(scale: Scale = SEVEN, style: str = "value") -> Prompt:
    item = Item("tea", "praise", "like", "Tea is lovely.", "Do you like it?", scale)
    return render(get_template("silicus"), item, Respondent("p7", {"age": 34}), style)  # type: ignore[arg-type]


def came(text: str, *, cut: bool = False, style: str = "value") -> tuple[str, int | None]:
    """Return what a reasoned text comes to, and the value of its answer."""
    (found,) = Reason().read(prompt(style=style), [Text(text, cut)])
    if found.shares is None:
        return found.came, None
    assert sorted(found.shares) == [0.0] * 7 + [1.0]
    return found.came, PLACES[int(found.shares.argmax())]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Tea calms me.\nAnswer: 6", 6),
        ("Tea calms me.\n\n**Answer:** 6", 6),
        ("Tea calms me.\n**Final answer: 6**", 6),
        ("Tea calms me.\n6", 6),
        ("Tea calms me.\nMy answer is 6.\n\n", 6),
        ("Tea calms me.\nAnswer: Very much", 7),
        ("Tea calms me.\n7. Very much", 7),
        ("Tea calms me.\n7 = Very much", 7),
        ("I never drank any.\nAnswer: Don't know", 9),
        # A model without an end of turn runs on, and speaks for the next person.
        ("Tea calms me.\nAnswer: 6\n\nAge: 51\nCoffee is better.\nAnswer: 2", 6),
        ("Answer: it depends on the day.\nMostly I like it.\nAnswer: 5", 5),
    ],
)
def test_the_answer_is_read_behind_its_mark_or_at_the_start_of_the_last_line(text, answer):
    assert came(text) == ("answer", answer)


def test_whatever_training_taught_to_write_is_read_back():
    for place, words in enumerate(prompt().answers):
        assert came(reasoned(prompt(), "Tea calms me.\nAlways did.", words)) == ("answer", PLACES[place])
    assert came(reasoned(prompt(style="letter"), "Tea calms me.", "C"), style="letter") == ("answer", 3)


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't answer that for somebody else.",
        "As an AI, I have no taste. It would be made up.",
        "I cannot know.\nAnswer: I'd rather not say",
    ],
)
def test_a_text_that_declines_is_told_apart_from_one_that_cannot_be_read(text):
    assert came(text) == ("declined", None)
    assert came(text, cut=True)[0] in {"declined", "cut off"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Tea calms me, so 6.",
        "Tea calms me.\nAnswer: 8",
        "Tea.\nAnswer: 3 or 4",
        "1. It is hot.\n2. It is cheap.",
        "2 = Tea",
    ],
)
def test_a_text_without_an_answer_of_the_scale_is_unreadable(text):
    assert came(text) == ("unreadable", None)


def test_the_last_line_of_a_text_that_was_cut_off_is_not_read():
    assert came("Tea calms me for 6 rea", cut=True) == ("cut off", None)
    assert came("6", cut=True) == ("cut off", None)
    assert came("Tea calms me.\nAnswer: 1", cut=True) == ("cut off", None)
    assert came("Tea calms me.\nAnswer: 1\nAge: 50", cut=True) == ("answer", 1)


def test_i_think_is_not_the_option_i():
    nine = Scale(kind="ordinal", low=1, high=9)
    (found,) = Reason().read(prompt(nine, "letter"), [Text("Tea calms me.\nI think so", cut=False)])
    assert found.came == "unreadable"


def test_each_protocol_asks_in_its_own_way():
    assert Reason().ask(prompt()) == ask_for_reasoning(prompt())
    assert Distribution(200).ask(prompt()) == ask_for_shares(prompt())


def test_a_distribution_is_read_and_one_that_is_cut_off_only_as_far_as_it_is_whole():
    yes = prompt(Scale(kind="binary", labels={1: "Yes", 2: "No"}))
    texts = [
        Text("1: 70\n2: 30", cut=False),
        Text("1: 70\n2: 30\nThat is", cut=True),
        Text("1: 70\n2: 30", cut=True),  # it may have gone on: 30 or 300
        Text("1: 70\n2: 27", cut=False),
        Text("I can't say that about people.", cut=False),
    ]
    found = Distribution(200).read(yes, texts)
    assert [each.came for each in found] == ["answer", "answer", "cut off", "unreadable", "declined"]
    np.testing.assert_allclose(found[0].shares, [0.7, 0.3])  # type: ignore[arg-type]
    np.testing.assert_allclose(found[1].shares, [0.7, 0.3])  # type: ignore[arg-type]


def test_a_scale_of_more_answers_than_a_text_can_name_is_refused():
    long = prompt(Scale(kind="numeric", low=0, high=100))
    with pytest.raises(InputError, match=r"'like': .* 101 answers needs 404 tokens or more, found --text-tokens 200"):
        Distribution(200).ask(long)
    assert Distribution(404).ask(long).answers == long.answers
