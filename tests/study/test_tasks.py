from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl
import pytest

from silicus.errors import InputError
from silicus.study import KEY, Drawn, Study, draw_tasks, read_study

KETTLES = {
    "attributes": "{price: [$10, $20, $30], origin: [local, imported], colour: [red, blue]}",
    "text": "'Kettle {n}: {price}, {origin}, {colour}'",
}
CHOICE = "{id: chosen, text: Which?}"
RATING = "{id: fair, text: 'Is the price of kettle {n} fair?', scale: {kind: ordinal, low: 1, high: 5}}"


@pytest.fixture
def kettles(study_file):
    """Return a function that reads a study with profiles, with some of their keys changed."""

    def read(*questions: str, conditions: str | None = None, **changed: str) -> Study:
        lines = "\n".join(f"  {key}: {value}" for key, value in {**KETTLES, **changed}.items())
        asked = "\n".join(f"  - {question}" for question in questions or (CHOICE.replace("Which?", "'Which?'"),))
        path = study_file(conditions=conditions, questions=f"questions:\n{asked}", profiles=f"profiles:\n{lines}")
        return read_study(path)

    return read


def drawn(study: Study, people: int = 20, seed: int = 0) -> Drawn:
    return draw_tasks(study, [f"p{n}" for n in range(people)], np.random.default_rng(seed))


def refused(kettles, *questions: str, **changed: str) -> str:
    with pytest.raises(InputError) as caught:
        drawn(kettles(*questions, **changed))
    return str(caught.value)


def test_a_choice_shows_both_profiles_and_its_answers_are_their_names(kettles):
    found = drawn(kettles(name="Kettle {n}"), 1)
    (item,) = found.items
    one, two = found.profiles.rows(named=True)
    for row, other in ((one, two), (two, one)):
        words = f"Kettle {row['profile']}: {row['shown.price']}, {row['shown.origin']}, {row['shown.colour']}"
        assert words in item.context.split("\n\n")
        assert (row["point"], row["other.price"]) == (row["profile"], other["shown.price"])
        assert tuple(row[name] for name in KEY) == ("tea", "all", "chosen", item.item)
    assert (item.text, item.scale.kind, item.scale.labels) == ("Which?", "binary", {1: "Kettle 1", 2: "Kettle 2"})


def test_a_rating_is_asked_of_every_profile_and_says_which(kettles):
    found = drawn(kettles(RATING), 1)
    assert [(item.question, item.text) for item in found.items] == [
        ("fair.1", "Is the price of kettle 1 fair?"), ("fair.2", "Is the price of kettle 2 fair?"),
    ]  # fmt: skip
    assert found.profiles.select("question", "profile", "point").rows() == [("fair.1", 1, None), ("fair.2", 2, None)]


def test_words_without_a_number_get_the_name_of_the_profile(kettles):
    found = drawn(kettles("{id: q, text: Good., scale: {kind: ordinal, low: 1, high: 5}}"), 1)
    assert [item.text for item in found.items] == ["Profile 1: Good.", "Profile 2: Good."]


def test_a_vignette_is_one_profile_and_its_questions_keep_their_ids(kettles):
    found = drawn(kettles("{id: q, text: Good., scale: {kind: ordinal, low: 1, high: 5}}", count="1", name="It"), 1)
    assert [(item.question, item.text) for item in found.items] == [("q", "Good.")]
    assert [name for name in found.profiles.columns if name.startswith("other.")] == []


def test_three_profiles_are_a_nominal_choice(kettles):
    found = drawn(kettles(count="3"), 5)
    assert {item.scale.kind for item in found.items} == {"nominal"}
    assert found.profiles["point"].to_list() == [1, 2, 3] * 5


def test_a_respondent_has_the_same_tasks_in_every_condition(kettles):
    found = drawn(kettles(conditions="conditions: [{id: a}, {id: b, text: Hello.}]", tasks="3"), 4).profiles
    shown = [name for name in found.columns if "." in name]
    one, other = (found.filter(condition=c).select("respondent", "task", "profile", *shown) for c in "ab")
    assert one.equals(other)
    assert len(one) == 4 * 3 * 2


def test_the_same_seed_draws_the_same_and_another_seed_others(kettles):
    study = kettles(tasks="2")
    first, again, other = (drawn(study, seed=seed).profiles for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_every_level_is_drawn_with_the_same_chance_and_attributes_are_independent(kettles):
    table = drawn(kettles(tasks="4"), 1000).profiles
    counts = Counter(table.select("shown.price", "shown.origin", "shown.colour").iter_rows())
    expected = len(table) / 12
    chi_square = sum((n - expected) ** 2 / expected for n in counts.values())
    # 11 degrees of freedom: 31.3 is passed once in a thousand draws.
    assert len(counts) == 12
    assert chi_square < 31.3


def test_forbidden_combinations_are_never_drawn_and_the_rest_alike(kettles):
    forbidden = "[{origin: imported, price: $10}, {colour: red, price: $30, origin: local}]"
    table = drawn(kettles(tasks="4", restrict=forbidden), 600).profiles
    counts = Counter(table.select("shown.price", "shown.origin", "shown.colour").iter_rows())
    assert len(counts) == 12 - 2 - 1
    assert not any(price == "$10" and origin == "imported" for price, origin, _ in counts)
    assert ("$30", "local", "red") not in counts
    expected = len(table) / 9
    # 8 degrees of freedom: 26.1 is passed once in a thousand draws.
    assert sum((n - expected) ** 2 / expected for n in counts.values()) < 26.1


def test_a_respondent_is_not_shown_the_same_task_twice(kettles):
    small = {"attributes": "{price: [$10, $20]}", "text": "'{n}: {price}'"}
    table = drawn(kettles(tasks="4", **small), 30).profiles
    tasks = table.filter(profile=1).group_by("respondent").agg(pl.struct("shown.price", "other.price").n_unique())
    assert set(tasks["shown.price"]) == {4}
    assert "found 4 different tasks, expected 5 for each respondent. Ask fewer 'tasks'" in refused(
        kettles, tasks="5", **small
    )


def test_lines_of_attributes_stand_in_an_order_of_each_respondent_which_is_recorded(kettles):
    found = drawn(kettles(text='"{n}\\n{attributes}"', order="shuffled", tasks="2"), 50)
    orders = found.profiles.group_by("respondent").agg(pl.col("order").n_unique())
    assert set(orders["order"]) == {1}
    assert len(set(found.profiles["order"])) == 6
    context = {item.item: item.context for item in found.items}
    for item, order in found.profiles.select("item", "order").iter_rows():
        lines = context[item].split("\n\n")[0].split("\n")[1:]
        assert [line.split(":")[0].lower() for line in lines] == order.split(", ")


def test_items_of_a_study_with_profiles_are_not_known_before_they_are_drawn(kettles):
    with pytest.raises(InputError, match="the study 'tea' shows profiles: what is asked depends on what is drawn"):
        list(kettles().items())


def test_nothing_is_drawn_for_a_study_without_profiles(study_file):
    with pytest.raises(InputError, match="the study 'tea' has no profiles to draw"):
        drawn(read_study(study_file()))


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"restrict": "[{pric: $10}]"}, "'restrict' names 'pric'. Did you mean 'price'?"),
        ({"restrict": "[{price: $11}]"}, "'restrict' names the price '$11'. Did you mean '$10'?"),
        ({"restrict": "[{}]"}, "found an empty combination under 'restrict', which would forbid every profile."),
        ({"restrict": "[{price: $10}, {price: $20}, {price: $30}]"},
         "of 10,000 profiles drawn in a row, each was forbidden. Take combinations out of 'restrict'."),
        ({"text": "'{n}: {price}, {origin}'"},
         "the text of a profile does not say its colour: write {colour} or {attributes}."),
        ({"text": "'{n}: {prize}'"}, "the text of a profile names {prize}. Did you mean 'price'?"),
        ({"text": "'{n}: {price'"},
         "'{n}: {price': expected '}' before end of string. A brace that is no name is written twice."),
        ({"order": "shuffled"}, "attributes are shuffled only in the lines of {attributes}; the text names others."),
        ({"name": "Kettle"}, "found the name 'Kettle', expected one with {n} alone in braces."),
        ({"attributes": "{price: [$10]}", "text": "'{price}'"},
         "the attribute 'price' needs two levels or more, none empty and none twice."),
        ({"attributes": "{the price: [1, 2]}", "text": "'{the price}'"},
         "found the attribute 'the price', expected a name of letters and _, such as price."),
        ({"count": "1", "name": "It"},
         "the question 'chosen' has no scale. Give it one, or 'choose: any', 'rank' or 'open: true'."),
    ],
)  # fmt: skip
def test_profiles_that_cannot_be_are_refused(kettles, changed, complaint):
    assert refused(kettles, **changed).endswith(complaint)


def test_peoples_answers_to_profiles_of_their_own_do_not_belong_into_the_study_file(study_file):
    lines = "\n".join(f"  {key}: {value}" for key, value in KETTLES.items())
    path = study_file(profiles=f"profiles:\n{lines}", human="human: {responses: a.csv}")
    with pytest.raises(InputError, match="found people's answers beside profiles, which are drawn anew"):
        read_study(path)
