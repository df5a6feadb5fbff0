import importlib
import json
import math
from itertools import pairwise

import pytest

from silicus.data.guard.leaks import Claims
from silicus.data.guard.near_duplicates import near_duplicates, stimuli_alike
from silicus.study import Item, Scale
from tests.data.splitting import marked, stimulus

FOX = "The quick brown fox jumps over the lazy dog and runs into the dark forest"
VOTE = 'You read "A tax on sugar." You were then asked: "Would you vote for this tax in an election?" {}'
SEVEN = "Only return an integer from 1 to 7, nothing else."
TEN = "Only return an integer from 0 to 10, where 0 means Never and 10 means Always, nothing else."


def cosine(first, second, every):
    """Return the cosine of tf-idf vectors, written out: (1 + log tf) x (1 + log((1 + n) / (1 + df)))."""

    def terms(text):
        words = text.lower().split()
        pairs = [f"{a} {b}" for a, b in pairwise(words)]
        return [*words, *pairs]

    def vector(text):
        found = terms(text)
        count = {term: sum(term in terms(other) for other in every) for term in found}
        idf = {term: 1 + math.log((1 + len(every)) / (1 + count[term])) for term in found}
        return {term: (1 + math.log(found.count(term))) * idf[term] for term in found}

    a, b = vector(first), vector(second)
    product = sum(a[term] * b.get(term, 0) for term in a)
    return product / math.sqrt(sum(x * x for x in a.values()) * sum(x * x for x in b.values()))


def test_the_similarity_is_the_cosine_of_words_and_pairs_weighted_by_rarity():
    test, train = ["the cat sat on the mat"], ["a cat sat on a mat", "dogs bark"]
    ((place, best, similarity),) = near_duplicates(test, train, 0.1)
    assert (place, best) == (0, 0)
    assert similarity == pytest.approx(cosine(test[0], train[0], test + train), abs=1e-5)


def test_the_same_words_are_found_whatever_their_case_and_punctuation():
    assert near_duplicates([f"“{FOX.upper()}!”"], ["other words", FOX], 1.0) == [(0, 1, 1.0)]


def test_one_changed_word_of_many_is_found_and_another_text_is_not():
    changed = FOX.replace("lazy", "tired")
    found = near_duplicates([changed, "Something else entirely"], [FOX], 0.7)
    assert [(test, train) for test, train, _ in found] == [(0, 0)]
    assert near_duplicates([changed], [FOX], 0.99) == []


def test_of_several_similar_texts_the_most_similar_is_named():
    ((_, place, similarity),) = near_duplicates([FOX], [FOX + " at night", FOX, "nothing"], 0.5)
    assert (place, similarity) == (1, 1.0)


def test_every_block_of_texts_is_compared(monkeypatch):
    monkeypatch.setattr(importlib.import_module("silicus.data.guard.near_duplicates"), "_BLOCK", 6)
    texts = [f"text number {n}" for n in range(7)]
    assert near_duplicates(texts, texts[:3], 1.0) == [(0, 0, 1.0), (1, 1, 1.0), (2, 2, 1.0)]


def test_texts_without_words_and_empty_lists_resemble_nothing():
    assert near_duplicates(["?!", ""], ["..."], 0.5) == []
    assert near_duplicates([], [FOX], 0.5) == []
    assert near_duplicates([FOX], [], 0.5) == []
    assert near_duplicates(["?!"], [FOX], 0.5) == []


# --- the stimuli that are compared


def alike(train, test, claim, conditions=("0", "1"), questions=("q", "r")):
    rows = [
        ("s", conditions[0], questions[0], "s/1", train, 1),
        ("t" if claim == "study" else "s", conditions[1], questions[1], "s/2", test, 1),
    ]
    (found,) = stimuli_alike(Claims(marked(rows, ["train", f"test {claim}"])), 0.9)
    return found


def test_stimuli_of_an_unseen_study_are_compared_without_their_answer_sentence():
    train, test = (stimulus(VOTE.format(end), verbatim=True) for end in (SEVEN, TEN))
    found = alike(train, test, "study")
    assert found.found is not None
    assert found.found.startswith(
        "1 of 1 stimulus of studies unseen in test, against 1 in train, says nearly the same as one there "
        "(cosine of 0.9 or more): “you read "
    )
    assert found.found.endswith("(1.00)")


def test_an_answer_sentence_alone_makes_no_two_stimuli_alike():
    train, test = (stimulus(f"{words} {TEN}", verbatim=True) for words in ("Do you smoke?", "Are trains punctual?"))
    found = alike(train, test, "study")
    assert (found.found, found.checked) == (
        None,
        "near-duplicates: 1 stimulus of studies unseen in test, against 1 in train",
    )


def test_what_an_arm_saw_before_the_question_belongs_to_a_stimulus():
    question = "How much do you trust them?"
    train, test = stimulus(question, context=FOX), stimulus(question, context="Politicians have changed their minds")
    assert alike(train, test, "study").found is None
    assert alike(train, stimulus(question, context=FOX + "."), "study").found is not None


def test_questions_are_compared_by_their_words_and_not_by_what_was_read_before():
    train = stimulus(f'You read "{FOX}". You were asked: "Would you vote for this tax?" {SEVEN}', verbatim=True)
    test = stimulus(f'You were asked: “Would you vote for this tax?” {TEN}', verbatim=True)  # fmt: skip
    assert "1 of 1 question unseen in test" in (alike(train, test, "question").found or "")
    other = stimulus(f'You read "{FOX}". You were asked: "Is it raining in Spain?" {SEVEN}', verbatim=True)
    assert alike(train, other, "question").found is None


def asked(text, question="q", labels=(), **options):
    kind = "nominal" if labels else "ordinal"
    ends = {} if labels else {"low": 1, "high": 7}
    scale = Scale(kind=kind, labels=dict(enumerate(labels, start=1)), **ends)
    return Item("s", "0", question, context="", text=text, scale=scale, **options)


def of_questions(*items, parts):
    rows = [("s", "0", item.question, f"s/{place}", item, 1) for place, item in enumerate(items)]
    (found,) = stimuli_alike(Claims(marked(rows, parts)), 0.9)
    return found.found


CLOSEST = "Which of these statements comes closest to your own view?"


def test_questions_whose_content_is_in_their_options_are_told_apart_by_them():
    taxes = ["Taxes should be raised for the rich", "Taxes are fair as they are", "Nobody should pay any taxes"]
    animals = ["Whales may be hunted by anybody", "Only fishermen may catch them", "All hunting is wrong"]
    train, test = asked(CLOSEST, labels=taxes), asked(CLOSEST, "r", animals)
    assert of_questions(train, test, parts=["train", "test question"]) is None
    again = asked(f"{CLOSEST} ", "r", [*taxes[1:], taxes[0] + "!"])
    assert "1 of 1 question unseen in test" in (of_questions(train, again, parts=["train", "test question"]) or "")


def test_long_options_in_common_make_no_two_questions_alike():
    long = [f"{FOX} in the {season} and then sleeps for a while" for season in ("spring", "summer", "autumn")]
    train, test = asked("Do you smoke?", labels=long), asked("Are trains punctual?", "r", long)
    assert of_questions(train, test, parts=["train", "test question"]) is None


def test_degrees_and_amounts_are_no_content():
    train = asked("Would you vote for this tax?", verbatim=False)
    graded = Scale(kind="ordinal", labels={1: "Very likely", 2: "Somewhat likely", 3: "Not at all likely"})
    test = Item("s", "0", "r", context="", text="Would you vote for this tax?", scale=graded)
    assert "1 of 1 question" in (of_questions(train, test, parts=["train", "test question"]) or "")


def test_a_last_sentence_that_questions_of_a_study_share_is_compared_with_the_one_before_it():
    end = f"How much do you agree with this statement? {SEVEN}"
    topics = ["Whales may be hunted.", "Trains are punctual here.", "The king should abdicate."]
    items = [asked(f"You read this. {topic} {end}", f"q{n}", verbatim=True) for n, topic in enumerate(topics)]
    assert of_questions(*items, parts=["train", "train", "test question"]) is None
    again = asked(f"Now read on. {topics[0]} {end}", "q3", verbatim=True)
    found = of_questions(*items, again, parts=["train", "train", "train", "test question"]) or ""
    assert found.startswith("1 of 1 question unseen in test")
    assert "“whales may be hunted. how much do you agree with this statement?” ~ " in found


def test_a_last_sentence_of_one_question_alone_is_what_is_asked():
    items = [
        asked(f"{before} Would you vote for this tax? {SEVEN}", "q", verbatim=True)
        for before in ("The sun shone.", "It rained.")
    ]
    other = Item("t", "0", "q", context="", text=items[0].text, scale=items[0].scale, verbatim=True)
    rows = [("s", "0", "q", "s/1", items[1], 1), ("t", "0", "q", "t/1", other, 1)]
    (found,) = stimuli_alike(Claims(marked(rows, ["train", "test question"])), 0.9)
    assert "1 of 1 question unseen in test" in (found.found or "")


def test_arms_of_an_experiment_may_be_nearly_but_not_exactly_the_same():
    train = stimulus(f"{FOX}. Do you agree? {SEVEN}", verbatim=True)
    nearly = stimulus(f"{FOX} again. Do you agree? {SEVEN}", verbatim=True)
    assert alike(train, nearly, "condition").found is None
    same = stimulus(f"{FOX.upper()}.   Do you agree? {SEVEN}", verbatim=True)
    assert "1 of 1 stimulus of conditions unseen in test, against 1 in train, says the same" in (
        alike(train, same, "condition").found or ""
    )


@pytest.mark.parametrize("changed", ["{}”", "“{}", "{} .", "{} ...", "  {}\n", "{};"])
def test_arms_that_differ_in_punctuation_alone_are_the_same(changed):
    # The words of the arm change; those of the answer sentence stay.
    train = stimulus(f"{FOX} {SEVEN}", verbatim=True)
    test = stimulus(f"{changed.format(FOX)} {SEVEN}", verbatim=True)
    assert "1 of 1 stimulus of conditions" in (alike(train, test, "condition").found or "")


@pytest.mark.parametrize(
    ("first", "second"),
    [("a tax of 5%", "a tax of $5"), ("a change by -5", "a change by 5"), ("+2 points", "2 points")],
)
def test_arms_that_differ_in_the_sign_of_a_number_are_not_the_same(first, second):
    assert alike(stimulus(f"{first}. {FOX}"), stimulus(f"{second}. {FOX}"), "condition").found is None


def test_arms_that_differ_in_their_scale_alone_are_not_the_same():
    other = stimulus(FOX, scale=Scale(kind="ordinal", low=1, high=5))
    assert alike(stimulus(FOX), other, "condition").found is None


def test_stimuli_that_are_in_both_parts_unchanged_are_left_to_the_items():
    assert alike(stimulus(FOX), stimulus(FOX), "question").checked.startswith("near-duplicates: not checked")


def test_stimuli_of_a_split_of_people_are_shared_by_design():
    found = alike(stimulus(FOX), stimulus(FOX + "!"), "respondent")
    assert found.found is None
    assert found.checked == (
        "near-duplicates: not checked: people are held out, and stimuli are shared by design"
    )  # fmt: skip


def test_stimuli_unseen_in_validation_are_compared_with_training_alone():
    rows = [("s", "0", "q", "s/1", stimulus(FOX), 1), ("t", "0", "q", "t/1", stimulus(FOX + "."), 1)]
    rows.append(("u", "0", "q", "u/1", stimulus(FOX + "!"), 1))
    claims = Claims(marked(rows, ["train", "validation study", "test study"]))
    tested, validated = stimuli_alike(claims, 0.9)
    assert "1 of 1 stimulus of studies unseen in test, against 2 in train and validation" in (tested.found or "")
    assert "1 of 1 stimulus of studies unseen in validation, against 1 in train" in (validated.found or "")


def test_a_real_study_resembles_none_of_the_19_others_and_itself(shared_data):
    texts: dict[str, set[str]] = {}
    with (shared_data / "socsci210" / "sample_20_studies.jsonl").open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            texts.setdefault(row["study_id"], set()).add(row["input"].partition("Scenario:")[2].strip())
    study = min(texts)
    test = sorted(texts[study])
    train = sorted(text for other, shown in texts.items() if other != study for text in shown)
    assert near_duplicates(test, train, 0.9) == []
    assert len(near_duplicates(test, [*train, *test], 0.9)) == len(test)
