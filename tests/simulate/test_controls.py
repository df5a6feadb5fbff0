from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest

from silicus.errors import InputError
from silicus.prompts import Prompt, get_template, render
from silicus.record import parse
from silicus.simulate import Asking, predict, predict_in_ways
from silicus.simulate.controls import placebos, relabelled, scrambled, scrambled_name, unrelated
from silicus.study import KEY, Item, Respondent, Study, why_fixed

AGREE: dict[str, Any] = {"kind": "ordinal", "labels": {1: "Agree", 2: "Neither", 3: "Disagree"}}
PRAISE = "Tea calms the mind at night. Try 3.5 cups of green tea!\n\nIt is cheap."
PERSON = Respondent("p1", {"age": 40})


def study(arms: dict[str, str] | None = None, questions: list[dict[str, Any]] | None = None, **more: Any) -> Study:
    shown = {"plain": "", "praise": PRAISE} if arms is None else arms
    asked = questions or [
        {"id": "good", "text": "Tea is good.", "scale": AGREE},
        {"id": "cups", "text": "How many cups?", "scale": {"kind": "numeric", "low": 0, "high": 5}},
        {"id": "party", "text": "Which?", "scale": {"kind": "nominal", "labels": {1: "Left", 2: "Right", 3: "Green"}}},
    ]
    conditions = [{"id": name, "text": text, "control": name == "plain"} for name, text in shown.items()]
    source = {"citation": "None.", "licence": "CC0-1.0"}
    made = {"id": "tea", "source": source, "conditions": conditions, "questions": asked, **more}
    return parse(made, Study, "test")


def ids(items: list[Item], name: str) -> list[str]:
    return list(dict.fromkeys(getattr(item, name) for item in items))


# --- placebos


def test_placebo_arms_show_the_control_and_one_sentence_more_each():
    found = placebos(study({"plain": "Welcome.", "praise": PRAISE}), "plain", 3)
    assert ids(found, "condition") == ["placebo 1", "placebo 2", "placebo 3"]
    assert [item.question for item in found[:3]] == ["good", "cups", "party"]
    assert len(found) == 9
    contexts = ids(found, "context")
    assert len(set(contexts)) == 3
    assert all(re.fullmatch(r"Welcome\.\n\n[A-Z][^.]+\.", context) for context in contexts)


def test_where_the_control_shows_nothing_a_placebo_is_the_sentence_alone():
    found = placebos(study(), "plain", 1)
    assert re.fullmatch(r"[A-Z][^.\n]+\.", found[0].context)


def test_no_placebo_sentence_fixes_the_order_of_answers_or_is_there_twice():
    found = [item for item in placebos(study(), "plain", 9) if item.question == "good"]
    assert len({item.context for item in found}) == 9
    assert [why_fixed(item) for item in found] == [None] * 9


def test_placebos_of_an_unknown_control_are_refused():
    with pytest.raises(InputError, match=r"the study 'tea' has no condition 'plan'\. Did you mean 'plain'\?"):
        placebos(study(), "plan")


@pytest.mark.parametrize("count", [0, 10])
def test_more_placebos_than_there_are_are_refused(count):
    with pytest.raises(InputError, match=rf"found {count} placebo arms to be asked, expected 1 to 9\."):
        placebos(study(), "plain", count)


# --- names


def test_no_control_has_the_name_of_something_of_the_study():
    own = study(
        {"plain": "", "placebo 1": PRAISE, "placebo": PRAISE, "scrambled plain": PRAISE, "scrambled' plain": PRAISE},
        [{"id": "unrelated birthday", "text": "Tea?", "scale": AGREE}],
    )
    conditions, questions = {each.id for each in own.conditions}, {each.id for each in own.questions}
    shuffled = scrambled(own, "plain", np.random.default_rng(0))
    assert not {item.condition for item in placebos(own, "plain")} & conditions
    assert not {item.condition for item in shuffled} & conditions
    assert len({item.condition for item in shuffled}) == 5
    assert not {item.question for item in unrelated(own)} & questions
    assert {item.study for item in (*placebos(own, "plain"), *shuffled, *unrelated(own))} == {"tea"}


# --- unrelated outcomes


def test_unrelated_questions_follow_every_arm_and_have_scales_with_an_order():
    found = unrelated(study())
    assert [(item.condition, item.question) for item in found] == [
        (arm, f"unrelated {name}") for arm in ("plain", "praise") for name in ("writing hand", "birthday", "first name")
    ]
    assert {item.context for item in found if item.condition == "praise"} == {PRAISE}
    assert all(item.scale.ordered and len(item.scale.values) >= 2 for item in found)
    assert not any("tea" in item.text.lower() for item in found)


def test_a_study_of_open_questions_alone_has_no_arms_to_ask_unrelated_ones_after():
    assert unrelated(study(questions=[{"id": "why", "text": "Why?", "open": True}])) == []


# --- scrambled


def test_scrambled_arms_keep_the_words_of_each_sentence_and_lose_their_order():
    found = scrambled(study(), "plain", np.random.default_rng(1))
    assert ids(found, "condition") == ["scrambled plain", "scrambled praise"]
    shown = {item.context for item in found if item.condition == "scrambled praise"}
    assert len(shown) == 1
    text = shown.pop()
    assert text != PRAISE
    first, second = text.split(". ", 1)
    assert sorted(first.split()) == sorted(["Tea", "calms", "the", "mind", "at", "night"])
    assert sorted(second.split("!")[0].split()) == sorted(["Try", "3.5", "cups", "of", "green", "tea"])
    assert text.count("\n\n") == 1
    assert text.endswith(".")


def test_an_arm_of_few_words_is_not_scrambled_and_the_control_stays():
    found = scrambled(
        study({"plain": "", "short": "Tea is good.", "praise": PRAISE}), "plain", np.random.default_rng(1)
    )
    assert ids(found, "condition") == ["scrambled plain", "scrambled praise"]
    assert scrambled_name(study(), "praise") == "scrambled praise"


def test_the_same_draws_scramble_alike():
    one, other = (scrambled(study(), "plain", np.random.default_rng(5)) for _ in range(2))
    assert [item.context for item in one] == [item.context for item in other]


@pytest.mark.parametrize(
    "control",
    [
        lambda own: placebos(own, "all"),
        lambda own: scrambled(own, "all", np.random.default_rng(0)),
        unrelated,
    ],
)
def test_a_study_with_profiles_has_no_controls(control):
    rows = [{"id": "good", "text": "Which one?"}]
    profiles = {"text": "A tea: {attributes}", "attributes": {"colour": ["green", "black"], "price": ["low", "high"]}}
    made = study({"all": ""}, rows, profiles=profiles)
    with pytest.raises(InputError, match="the study 'tea' shows profiles"):
        control(made)


# --- other labels


class Placed:
    """A model that prefers answers by where they stand, whatever they say."""

    name, fingerprint = "placed", "placed"

    def answer(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, np.ndarray]]:
        for index, prompt in enumerate(prompts):
            mass = np.arange(len(prompt.answers), 0, -1.0)
            yield index, np.log(mass / mass.sum())


class Reading:
    """A model that gives each answer what its words deserve, wherever they stand."""

    name, fingerprint = "reading", "reading"

    def answer(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, np.ndarray]]:
        for index, prompt in enumerate(prompts):
            mass = np.array([len(prompt.item.scale.label(value) or "") for value in prompt.item.scale.answers], float)
            yield index, np.log(mass / mass.sum())


def both(model: Placed | Reading) -> tuple[pl.DataFrame, pl.DataFrame]:
    asked, orders = relabelled(study().items(), np.random.default_rng(0))
    pairs = [(item, PERSON) for item in asked]
    silicus = get_template("silicus")
    ways = Asking({"": silicus}, "value", orders)
    return predict(pairs, model, silicus), predict_in_ways(pairs, model, ways).predictions


def test_items_whose_answers_can_move_are_asked_in_one_other_order_and_the_rest_is_left_out():
    asked, orders = relabelled(study().items(), np.random.default_rng(0))
    assert [(item.condition, item.question) for item in asked] == [
        (arm, question) for arm in ("plain", "praise") for question in ("good", "party")
    ]
    for item in asked:
        [(order, shown)] = orders[item.study, item.condition, item.question, item.item].items()
        moved = [item.scale.labels[value] != shown.scale.labels[value] for value in item.scale.values]
        assert moved == ([True, False, True] if item.question == "good" else [True] * 3)
        assert sorted(order) == [0, 1, 2]
        assert render(get_template("silicus"), shown, PERSON, "value").user.count("Left") == (item.question == "party")


def test_who_reads_answers_alike_with_other_labels_and_who_looks_at_places_does_not():
    asked, moved = both(Reading())
    assert asked.select(KEY).equals(moved.select(KEY))
    for one, other in zip(asked["probabilities"], moved["probabilities"], strict=True):
        assert one.to_list() == pytest.approx(other.to_list())
    asked, moved = both(Placed())
    assert asked["probabilities"][0].to_list() == pytest.approx([3 / 6, 2 / 6, 1 / 6])
    assert moved["probabilities"][0].to_list() == pytest.approx([1 / 6, 2 / 6, 3 / 6])


def test_where_no_answers_can_move_nothing_is_asked():
    questions = [{"id": "cups", "text": "How many cups?", "scale": {"kind": "numeric", "low": 0, "high": 5}}]
    assert relabelled(study(questions=questions).items(), np.random.default_rng(0)) == ([], {})
