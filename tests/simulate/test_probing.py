from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.errors import InputError
from silicus.models import load_model
from silicus.prompts import AnswerStyle, Prompt, answer_words, get_template, render
from silicus.simulate import predict
from silicus.simulate.probing import Pair, reask, recall_prompts, swapped, told, without_stimulus
from silicus.study import KEY, PREDICTIONS, Item, Respondent, Scale

LABELS = {1: "Never", 2: "Rarely", 3: "Often", 4: "Always"}
SCALE = Scale(kind="ordinal", low=1, high=4, labels=LABELS, refusals={9: "Unsure"})
TEA = Item("tea", "praise", "like", "Tea calms.", "How often do you drink tea?", SCALE)
WHOLE = Item("tea", "praise", "like", "", "Tea calms. How often? Only return 1 to 4.", SCALE, verbatim=True)
FROM_PERU = Respondent("p1", {"country": "Peru"}, weight=2.5)
SILICUS = get_template("silicus")
STYLES: list[tuple[str, AnswerStyle]] = [
    ("silicus", "value"),
    ("silicus", "letter"),
    ("silicus", "label"),
    ("socrates", "value"),
    ("cao", "letter"),
    ("subpop", "letter"),
]


def shown(item: Item, template: str, style: AnswerStyle) -> str:
    return render(get_template(template), item, FROM_PERU, style).user


# --- without the stimulus


@pytest.mark.parametrize(("template", "style"), STYLES)
def test_nothing_of_the_stimulus_is_left_and_the_way_of_answering_is(template, style):
    before, after = shown(TEA, template, style), shown(without_stimulus(TEA), template, style)
    assert "tea" in before
    assert "tea" not in after.lower()
    assert "(The question is not shown.)" in after
    assert all(words in after for words in (*answer_words(TEA, style), *LABELS.values(), "Peru"))


@pytest.mark.parametrize("template", ["silicus", "socrates"])
def test_of_a_verbatim_stimulus_the_template_tells_the_way_of_answering(template):
    assert "Rarely" not in shown(WHOLE, template, "value")
    after = shown(without_stimulus(WHOLE), template, "value")
    assert "tea" not in after.lower()
    assert all(words in after for words in LABELS.values())


def test_a_stimulus_without_its_words_keeps_its_cell_and_scale_and_is_another_stimulus():
    after = without_stimulus(TEA)
    assert (after.study, after.condition, after.question, after.scale) == ("tea", "praise", "like", SCALE)
    assert after.item != TEA.item
    assert without_stimulus(replace(TEA, context="Coffee wakes.", text="Coffee?")).item == after.item


# --- told what to answer


@pytest.mark.parametrize(("template", "style"), STYLES)
@pytest.mark.parametrize("answer", [0, 3, 4])
def test_the_answer_told_stands_in_the_prompt_in_the_words_of_the_style(template, style, answer):
    words = answer_words(TEA, style)[answer]
    line = f"Whatever the question and whoever the person: the answer to give here is {words}."
    assert line in shown(told(TEA, answer, style), template, style)
    assert "How often do you drink tea?\n\nWhatever" in shown(told(TEA, answer, style), template, style)


@pytest.mark.parametrize("template", ["silicus", "socrates"])
def test_an_answer_is_told_behind_a_verbatim_stimulus_too(template):
    assert f"{WHOLE.text}\n\nWhatever" in shown(told(WHOLE, 1, "value"), template, "value")
    with pytest.raises(InputError, match="its text asks for a number, found the answer style 'letter'"):
        told(WHOLE, 1, "letter")


@pytest.mark.parametrize("answer", [-1, 5])
def test_an_answer_that_the_scale_lacks_cannot_be_told(answer):
    with pytest.raises(InputError) as caught:
        told(TEA, answer, "value")
    assert str(caught.value) == (
        f"study 'tea', question 'like': found the index {answer} of the answer to be told, expected 0 to 4, a place "
        "among 1, 2, 3, 4 (refusals 9)."
    )


# --- personas swapped


def pairs_of(ages: Sequence[int | None], study: str = "tea", questions: int = 2) -> list[Pair]:
    people = [
        Respondent(f"p{n}", {} if age is None else {"age": age}, weight=n + 1.0) for n, age in enumerate(ages)
    ]  # fmt: skip
    items = [replace(TEA, study=study, question=f"q{n}") for n in range(questions)]
    return [(item, person) for item in items for person in people]


@given(
    st.lists(st.none() | st.integers(20, 23), min_size=1, max_size=8),
    st.lists(st.integers(30, 31), max_size=4),
    st.integers(0, 99),
)
def test_everybody_gets_the_attributes_of_somebody_of_the_study_who_differs(ages, others, seed):
    pairs = [*pairs_of(ages), *pairs_of(others, study="coffee")]
    changed, kept = swapped(pairs, np.random.default_rng(seed))
    told_apart = [len(set(ages)) > 1] * 2 * len(ages) + [len(set(others)) > 1] * 2 * len(others)
    assert kept.tolist() == [place for place, apart in enumerate(told_apart) if apart]
    assert kept.dtype == np.int64
    known: dict[str, list[dict[str, str | int]]] = {}
    for item, person in pairs:
        known.setdefault(item.study, []).append(person.attributes)
    once: dict[tuple[str, str], Respondent] = {}
    for (item, person), (same_item, other) in zip([pairs[place] for place in kept], changed, strict=True):
        assert same_item is item
        assert (other.id, other.weight) == (person.id, person.weight)
        assert other.attributes != person.attributes
        assert other.attributes in known[item.study]
        assert once.setdefault((item.study, person.id), other) == other


def test_everybody_else_is_drawn_as_often_as_another():
    pairs = pairs_of([20, 20, 30, 40, 40, 40], questions=1)
    drawn: Counter[tuple[int, int]] = Counter()
    for seed in range(600):
        changed, _ = swapped(pairs, np.random.default_rng(seed))
        drawn.update(
            (own[1].attributes["age"], new[1].attributes["age"]) for own, new in zip(pairs, changed, strict=True)
        )
    # Of 1,200 draws of those of 20, one of four others is 30; of 600 of the one of 30, two of five others are 20.
    assert drawn[20, 30] / 1200 == pytest.approx(1 / 4, abs=0.05)
    assert drawn[30, 20] / 600 == pytest.approx(2 / 5, abs=0.06)
    assert drawn[40, 20] / 1800 == pytest.approx(2 / 3, abs=0.05)


def test_without_pairs_nobody_is_swapped():
    changed, kept = swapped([], np.random.default_rng(0))
    assert (changed, kept.tolist()) == ([], [])


# --- asked again


def test_predictions_of_changed_pairs_stand_under_the_keys_of_the_pairs_as_they_were():
    pairs = pairs_of([20, 30])
    changed = [(without_stimulus(item), replace(person, id="somebody", weight=9.0)) for item, person in pairs]
    counted: list[int] = []
    table = reask(pairs, changed, load_model("scripted"), SILICUS, "value", counted.append)
    assert table.schema == PREDICTIONS
    names = [*KEY, "respondent", "weight"]
    assert table.select(names).equals(predict(pairs, load_model("scripted"), SILICUS).select(names))
    answers = ["probabilities", "refusal", "covered"]
    assert table.select(answers).equals(predict(changed, load_model("scripted"), SILICUS).select(answers))
    assert sum(counted) == len(pairs)


def test_pairs_are_asked_otherwise_one_by_one():
    pairs = pairs_of([20, 30])
    with pytest.raises(InputError, match=r"^found 3 changed pairs for 4 pairs\. Give one for each, in order\.$"):
        reask(pairs, pairs[:3], load_model("uniform"), SILICUS)


def test_a_style_that_the_stimulus_refuses_stays_refused_without_it():
    pairs = [(WHOLE, FROM_PERU)]
    changed = [(without_stimulus(WHOLE), FROM_PERU)]
    assert len(reask(pairs, changed, load_model("uniform"), SILICUS)) == 1
    with pytest.raises(InputError, match="found the answer style 'label', expected 'value'"):
        reask(pairs, changed, load_model("uniform"), SILICUS, "label")


# --- facts recalled

STUDIES = [f"s{n}" for n in range(9)]
TEXTS = {study: f"What people of {study} were shown." for study in STUDIES}
TITLES = {study: f"Title of {study}" for study in STUDIES}


class Wellread:
    """A model that has read the studies: it knows the title of the one whose text it is shown."""

    name, fingerprint = "wellread", "wellread"

    def answer(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, np.ndarray]]:
        for index, prompt in enumerate(prompts):
            study = next(study for study in STUDIES if f"people of {study} " in prompt.user)
            lines = dict(line.split(" = ") for line in prompt.user.splitlines() if " = " in line)
            yield index, np.log([0.7 if lines[letter] == TITLES[study] else 0.1 for letter in prompt.answers])


def test_every_study_is_asked_for_its_own_fact_among_those_of_others():
    asked = recall_prompts(TEXTS, TITLES, "title", np.random.default_rng(3))
    assert [study for study, _, _ in asked] == STUDIES
    for study, prompt, truth in asked:
        scale = prompt.item.scale
        assert (prompt.answers, prompt.system, prompt.lead) == (("A", "B", "C", "D"), "", "")
        assert len(scale.answers) == 4
        assert scale.label(scale.answers[truth]) == TITLES[study]
        options = "\n".join(
            f"{letter} = {scale.labels[value]}" for letter, value in zip("ABCD", scale.values, strict=True)
        )
        assert prompt.user == (
            f"The following text was shown to people in a published study.\n\n{TEXTS[study]}\n\n"
            f"Which is the title of that study?\n{options}\n\nAnswer with one letter only."
        )


def test_a_model_that_has_read_the_studies_is_right_everywhere():
    asked = recall_prompts(TEXTS, TITLES, "title", np.random.default_rng(3))
    found = dict(Wellread().answer([prompt for _, prompt, _ in asked]))
    assert [int(np.argmax(found[n])) for n in range(len(asked))] == [truth for _, _, truth in asked]


@given(st.lists(st.sampled_from("abcdefghijkl"), min_size=9, max_size=9), st.integers(2, 6), st.integers(0, 99))
def test_only_facts_that_one_study_alone_has_are_asked_for_and_offered(letters, choices, seed):
    facts = dict(zip(STUDIES, (f"fact {letter}" for letter in letters), strict=True))
    own = {study: fact for study, fact in facts.items() if list(facts.values()).count(fact) == 1}
    asked = recall_prompts(TEXTS, facts, "topic", np.random.default_rng(seed), choices)
    assert [study for study, _, _ in asked] == (list(own) if len(own) >= choices else [])
    for study, prompt, truth in asked:
        labels = list(prompt.item.scale.labels.values())
        assert len(set(labels)) == len(labels) == choices
        assert set(labels) <= set(own.values())
        assert labels[truth] == facts[study]


def test_a_fact_that_stands_in_the_text_is_read_and_so_not_asked_for():
    texts = {**TEXTS, "s0": "This is the title of S0, as people saw it.", "s1": "The title of s10 is no title of ours."}
    asked = recall_prompts(texts, TITLES, "title", np.random.default_rng(3))
    assert [study for study, _, _ in asked] == STUDIES[1:]


def test_the_truth_stands_at_every_place_and_every_other_study_beside_it():
    places: Counter[int] = Counter()
    beside: Counter[str] = Counter()
    for seed in range(100):
        study, prompt, truth = recall_prompts(TEXTS, TITLES, "title", np.random.default_rng(seed))[0]
        places[truth] += 1
        beside.update(label for label in prompt.item.scale.labels.values() if label != TITLES[study])
    assert set(places) == {0, 1, 2, 3}
    assert min(places.values()) > 10
    assert set(beside) == set(TITLES.values()) - {TITLES["s0"]}


def test_only_the_beginning_of_a_long_text_is_shown():
    texts = {**TEXTS, "s0": "x" * 600 + "y" * 600}
    prompt = recall_prompts(texts, TITLES, "title", np.random.default_rng(3))[0][1]
    assert f"\n{'x' * 600}\n" in prompt.user
    assert "yy" not in prompt.user


def test_studies_without_text_or_fact_are_not_asked_and_their_facts_are_still_offered():
    texts = {"s0": TEXTS["s0"], "s1": "  ", "unknown": "Well."}
    asked = recall_prompts(texts, {**TITLES, "s8": " "}, "title", np.random.default_rng(3))
    assert [study for study, _, _ in asked] == ["s0"]
    assert recall_prompts(texts, {"s0": "one", "s1": "two", "s2": "two"}, "title", np.random.default_rng(3), 3) == []
