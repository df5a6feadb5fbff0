"""What cheap models find in the training part, and that they read nothing else."""

from __future__ import annotations

import sys

import numpy as np
import polars as pl
import pytest

from silicus.errors import InputError, MissingExtraError
from silicus.evaluate import (
    Learnt,
    demographics_floor,
    embedding_floor,
    option_words_floor,
    training_mean_floor,
)
from silicus.study import PREDICTIONS, RESPONSES, Item, Scale

pytest.importorskip("sklearn")

YES_NO = Scale(kind="binary", labels={1: "Yes", 2: "No"})
AGREE = Scale(kind="binary", labels={1: "Agree", 2: "Disagree"})
THREE = Scale(kind="ordinal", low=1, high=3)
HUNDRED = Scale(kind="numeric", low=0, high=100)


def item(text, scale=YES_NO, context="", verbatim=False):
    return Item("poll", "all", text, context=context, text=text, scale=scale, verbatim=verbatim)


def learnt(answers, items, people, shares=()):
    """Return the training part of answers: (item, respondent, response), then n and weight where they are not 1."""
    rows = [
        ("poll", "all", shown.text, shown.item, who, answer, *(more or (1, 1.0)))
        for shown, who, answer, *more in answers
    ]
    known = [{"respondent": who, "weight": 1.0, **attributes} for who, attributes in people.items()]
    return Learnt(
        {each.item: each for each in items},
        pl.DataFrame(rows, schema=RESPONSES, orient="row"),
        pl.DataFrame(known, infer_schema_length=None),
        list(shares),
    )


def asked(*pairs):
    rows = [("poll", "all", shown.text, shown.item, who) for shown, who in pairs]
    return pl.DataFrame(rows, schema=["study", "condition", "question", "item", "respondent"], orient="row")


def predicted(table):
    """Return the predictions, shape (rows, points), of a table whose schema is as it must be."""
    assert table.schema == PREDICTIONS
    assert table["weight"].null_count() == 0
    assert table["covered"].null_count() == table["refusal"].null_count() == len(table)
    found = np.array(table["probabilities"].to_list())
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-6)
    return found


def by_letters(texts):
    """Return how often each letter stands in a text."""
    return np.array([[text.lower().count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts], float)


def told(floor, data, pairs):
    """Return the predictions of the floor of that name."""
    if floor == "demographics":
        return demographics_floor(data, pairs, rng())
    return embedding_floor(data, pairs, by_letters, rng())


def rng():
    return np.random.default_rng(0)


def gendered(count=1500, scale=YES_NO, high=0.8, low=0.3):
    """Return the training part in which women say the first thing with probability .8, men with .3."""
    chance = np.random.default_rng(5)
    shown = [item(f"Question {number}?", scale) for number in range(3)]
    people = {f"p{n}": {"gender": ("Female", "Male")[n % 2], "age": (20, 20, 50, 50)[n % 4]} for n in range(count)}
    answers = [
        (shown[n % 3], who, scale.values[int(chance.random() > (high, low)[n % 2])]) for n, who in enumerate(people)
    ]
    return learnt(answers, shown, people), shown


def test_the_training_mean_is_told_once_a_stimulus():
    short, long = item("Tea?"), item("How much?", THREE)
    data = learnt([], [short, long], {"p": {}}, [(AGREE, [0.9, 0.1]), (YES_NO, [0.5, 0.5])])
    found = training_mean_floor(data, asked((short, "p"), (short, "q"), (long, "p")))
    np.testing.assert_allclose(found["probabilities"][0], [0.7, 0.3], rtol=1e-6)
    np.testing.assert_allclose(found["probabilities"][1], [1 / 3] * 3, rtol=1e-6)
    assert found["item"].to_list() == [short.item, long.item]
    assert found["respondent"].null_count() == 2


def test_the_words_of_the_options_are_told_apart():
    tea, said = item("Tea?"), item("Tea is good.", AGREE)
    data = learnt([], [tea, said], {"p": {}}, [(AGREE, [0.9, 0.1]), (YES_NO, [0.5, 0.5])])
    found = option_words_floor(data, asked((said, "p"), (tea, "p")))
    np.testing.assert_allclose(predicted(found), [[0.9, 0.1], [0.5, 0.5]], rtol=1e-6)


def test_demographics_find_what_gender_tells_and_say_it_of_unseen_people_and_questions():
    data, shown = gendered()
    new = item("Something else?")
    everybody = pl.concat(
        [data.respondents, pl.DataFrame({"respondent": ["her"], "weight": [2.0], "gender": ["Female"], "age": [33]})]
    )
    data = Learnt({**data.items, new.item: new}, data.rows, everybody, data.shares)
    found = demographics_floor(data, asked((new, "her"), (shown[0], "p0"), (shown[0], "p1")), rng())
    np.testing.assert_allclose(predicted(found)[:, 0], [0.8, 0.8, 0.3], atol=0.05)
    assert found["respondent"].to_list() == ["her", "p0", "p1"]
    assert found["weight"].to_list() == [2.0, 1.0, 1.0]


def test_a_table_of_nobody_who_is_known_gets_what_is_known_of_nobody():
    data, shown = gendered()
    found = predicted(demographics_floor(data, asked((shown[0], "stranger"), (shown[1], None)), rng()))
    assert ((found > 0.2) & (found < 0.9)).all()


def test_ages_are_numbers_although_they_are_written_as_words():
    chance = np.random.default_rng(6)
    people = {f"p{n}": {"age": str(18 + n % 70)} for n in range(1400)}
    shown = item("Do you remember the seventies?")
    answers = [(shown, who, 1 if (int(of["age"]) > 60) == (chance.random() < 0.9) else 2) for who, of in people.items()]
    # Nobody of 88 answered: as a category that age would say nothing, as a number it is above 60.
    data = learnt(answers, [shown], {**people, "old": {"age": "88"}, "unsaid": {"age": None}})
    old, unsaid = predicted(demographics_floor(data, asked((shown, "old"), (shown, "unsaid")), rng()))
    assert old[0] > 0.8 > unsaid[0]


def test_an_attribute_of_many_values_is_learnt_by_its_commonest():
    chance = np.random.default_rng(7)
    towns = ["Paris" if n % 3 else f"village {n}" for n in range(3000)]
    people = {f"p{n}": {"town": town} for n, town in enumerate(towns)}
    shown = item("Do you own a car?")
    answers = [
        (shown, who, 1 if chance.random() < (0.2 if of["town"] == "Paris" else 0.7) else 2)
        for who, of in people.items()
    ]
    found = predicted(
        demographics_floor(learnt(answers, [shown], people), asked((shown, "p1"), (shown, "p2997")), rng())
    )
    np.testing.assert_allclose(found[:, 0], [0.2, 0.7], atol=0.1)


def test_people_of_whom_nothing_is_known_are_told():
    data = learnt([], [item("Tea?")], {"p": {"age": None}, "q": {"age": None}})
    with pytest.raises(InputError, match=r"^nothing is known of the 2 respondents\.$"):
        demographics_floor(data, asked((item("Tea?"), "p")), rng())


def test_groups_count_as_often_as_people_answered():
    tea = item("Tea?")
    people = {"g0": {"country": "Aland"}, "g1": {"country": "Borduria"}}
    counts = [("g0", 1, 90), ("g0", 2, 10), ("g1", 1, 20), ("g1", 2, 80)]
    data = learnt([(tea, who, answer, n, 1.0) for who, answer, n in counts * 100], [tea], people)
    found = predicted(demographics_floor(data, asked((tea, "g0"), (tea, "g1")), rng()))
    np.testing.assert_allclose(found[:, 0], [0.9, 0.2], atol=0.03)


def test_shares_without_numbers_of_people_enter_as_weights():
    tea = item("Tea?")
    answers = [row for _ in range(60) for row in [(tea, "g0", 1, None, 0.9), (tea, "g0", 2, None, 0.1)]]
    data = learnt(answers, [tea], {"g0": {"country": "Aland"}})
    for found in (
        demographics_floor(data, asked((tea, "g0")), rng()),
        embedding_floor(data, asked((tea, "g0")), by_letters, rng()),
    ):
        np.testing.assert_allclose(predicted(found)[0], [0.9, 0.1], atol=0.02)


@pytest.mark.parametrize("floor", ["demographics", "embedding"])
def test_of_few_answers_the_training_mean_is_told_with_one_answer_more_for_every_point(floor):
    tea, much = item("Tea?"), item("How much tea?", THREE)
    answers = [(tea, "p", 1)] * 8
    data = learnt(answers, [tea, much], {"p": {"age": 20}}, [(YES_NO, [1.0, 0.0])])
    pairs = asked((tea, "p"), (much, "p"))
    found = told(floor, data, pairs)
    assert found["probabilities"].to_list()[0] == pytest.approx([9 / 10, 1 / 10])
    assert found["probabilities"].to_list()[1] == pytest.approx([1 / 3] * 3)


def test_answers_that_all_agree_are_told_as_such():
    tea = item("Tea?")
    data = learnt([(tea, "p", 1)] * 198, [tea], {"p": {"age": 20}}, [(YES_NO, [1.0, 0.0])])
    assert predicted(demographics_floor(data, asked((tea, "p")), rng()))[0] == pytest.approx([199 / 200, 1 / 200])


def test_an_answer_that_nobody_gave_has_one_share_of_the_answers_and_points():
    data, _ = gendered(count=300, scale=THREE)
    much = next(iter(data.items.values()))
    assert predicted(demographics_floor(data, asked((much, "p0")), rng()))[0, 2] == pytest.approx(1 / 303)


def test_a_long_scale_is_learnt_in_stretches():
    chance = np.random.default_rng(8)
    warm = item("How warm do you feel?", HUNDRED)
    people = {f"p{n}": {"gender": ("Female", "Male")[n % 2]} for n in range(2000)}
    answers = [(warm, who, int(np.clip(chance.normal((70, 30)[n % 2], 10), 0, 100))) for n, who in enumerate(people)]
    found = predicted(demographics_floor(learnt(answers, [warm], people), asked((warm, "p0"), (warm, "p1")), rng()))
    means = found @ np.arange(101)
    np.testing.assert_allclose(means, [70, 30], atol=5)


def worded(words=("apple", "stone", "river", "cloud", "horse"), liked="zzz", people=60):
    """Return the training part in which questions with the word that is liked get a yes, with others a no."""
    chance = np.random.default_rng(9)
    shown = [item(f"{word}{' ' + liked if number % 2 else ''} {extra}?") for extra in words for number, word in
             enumerate(words)]  # fmt: skip
    crowd = {f"p{n}": {"gender": ("Female", "Male")[n % 2]} for n in range(people)}
    answers = [
        (each, who, 1 if chance.random() < (0.9 if liked in each.text else 0.2) else 2)
        for each in shown
        for who in crowd
    ]
    return learnt(answers, shown, crowd)


def test_embeddings_find_the_word_that_people_like_and_know_it_in_unseen_questions():
    data = worded()
    new = [item("forest zzz table?"), item("forest table?")]
    data = Learnt({**data.items, **{each.item: each for each in new}}, data.rows, data.respondents, data.shares)
    found = embedding_floor(data, asked(*((each, "p0") for each in new)), by_letters, rng())
    np.testing.assert_allclose(predicted(found)[:, 0], [0.9, 0.2], atol=0.1)


def test_embeddings_find_what_a_persona_tells():
    data, shown = gendered()
    found = predicted(embedding_floor(data, asked((shown[0], "p0"), (shown[0], "p1")), by_letters, rng()))
    np.testing.assert_allclose(found[:, 0], [0.8, 0.3], atol=0.08)


def test_every_distinct_text_is_embedded_once_with_its_options_and_the_persona_in_words():
    given: list[str] = []

    def embed(texts):
        given.extend(texts)
        return by_letters(texts)

    data = worded()
    whole = item("Scale: 1 to 2. How do you feel?", verbatim=True, context="You won.")
    plain = item("How much tea?", Scale(kind="binary", low=0, high=1))
    data = Learnt({**data.items, whole.item: whole, plain.item: plain}, data.rows, data.respondents, data.shares)
    embedding_floor(data, asked((whole, "p0"), (plain, "p1"), (plain, None)), embed, rng())
    assert len(given) == len(set(given)) == 25 + 2 + 2 + 1
    assert {"apple apple?\nYes, No", "gender: Female", "gender: Male", ""} <= set(given)
    assert "You won.\nScale: 1 to 2. How do you feel?" in given
    assert "How much tea?\n0, 1" in given


def test_so_many_answers_are_drawn_from_all_questions_alike(monkeypatch):
    monkeypatch.setattr("silicus.evaluate.floors._MOST_DRAWN", 200)
    often, seldom = item("aaa?"), item("bbb?")
    chance = np.random.default_rng(10)
    answers = [(often, "p", 1 + int(chance.random() < 0.1)) for _ in range(5000)]
    answers += [(seldom, "p", 1 + int(chance.random() < 0.9)) for _ in range(100)]
    data = learnt(answers, [often, seldom], {"p": {"age": 20}})
    found = predicted(embedding_floor(data, asked((often, "p"), (seldom, "p")), by_letters, rng()))
    # A draw from all answers would hold four of the second question.
    assert np.abs(found.mean(axis=0) - 0.5).max() < 0.1


@pytest.mark.parametrize("floor", ["demographics", "embedding"])
def test_the_same_seed_gives_the_same_floor(floor):
    data, shown = gendered(count=400)
    pairs = asked((shown[0], "p0"), (shown[1], "p1"))
    first, again = (told(floor, data, pairs) for _ in range(2))
    assert first.equals(again)


def test_nothing_asked_is_an_empty_table():
    data, _ = gendered(count=120)
    assert demographics_floor(data, asked().cast(pl.String), rng()).equals(pl.DataFrame(schema=PREDICTIONS))


def test_what_is_asked_names_its_columns():
    data, shown = gendered(count=120)
    pairs = asked((shown[0], "p0")).rename({"respondent": "respondant"})
    with pytest.raises(InputError) as caught:
        demographics_floor(data, pairs, rng())
    assert str(caught.value) == (
        "the table of what is asked: the column 'respondent' is missing. Did you mean 'respondant'?"
    )


def test_a_stimulus_that_is_not_among_the_items_is_named():
    data, shown = gendered(count=120)
    stray = item("Stray?")
    with pytest.raises(InputError) as caught:
        training_mean_floor(data, asked((shown[0], "p0"), (stray, "p0")))
    assert str(caught.value) == (
        f"what is asked names the stimulus '{stray.item}', which is not among the 3 items. Take both from one dataset."
    )
    fewer = Learnt({shown[0].item: shown[0]}, data.rows, data.respondents, data.shares)
    with pytest.raises(InputError, match=r"^the training part names the stimulus .* among the 1 item\. Take both"):
        demographics_floor(fewer, asked((shown[0], "p0")), rng())


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    data, shown = gendered(count=120)
    for module in ("sklearn", "sklearn.ensemble", "sklearn.linear_model"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"the library 'sklearn', .* pip install 'silicus\[data\]'"):
        demographics_floor(data, asked((shown[0], "p0")), rng())
