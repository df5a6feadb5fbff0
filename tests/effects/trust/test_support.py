"""How near a study is to past ones: by hand, with studies like and unlike, copied, wordless, few and none."""

from __future__ import annotations

import json
import math
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from silicus.effects.trust.support import PastStudies, Support, check_support, support_of
from silicus.study import Scale

FIVE = Scale(kind="ordinal", low=1, high=5)
SEVEN = Scale(kind="ordinal", low=1, high=7)
YES = Scale(kind="binary", labels={1: "Yes", 2: "No"})
THINGS = ("tea", "tax", "rain", "bread", "roads", "music", "sheep", "ships", "stars", "salt", "wool", "glass")
# Any two of these have the frame in common, and what they ask about apart.
PAST = {thing: [f"Do you think that {thing} should be valued more by people?"] for thing in THINGS}


def cosine(one: str, other: str, every: list[str]) -> float:
    """Return the similarity as its definition has it: words and pairs, 1 + log counts, smoothed rarity."""

    def terms(text: str) -> Counter[str]:
        words = text.split()
        return Counter([*words, *(f"{a} {b}" for a, b in pairwise(words))])

    often = Counter(term for text in every for term in terms(text))
    held = {term: sum(term in terms(text) for text in every) for term in often}

    def vector(text: str) -> dict[str, float]:
        rarity = {term: math.log((1 + len(every)) / (1 + held[term])) + 1 for term in held}
        return {term: (1 + math.log(count)) * rarity[term] for term, count in terms(text).items()}

    a, b = vector(one), vector(other)
    return sum(a[term] * b.get(term, 0) for term in a) / math.hypot(*a.values()) / math.hypot(*b.values())


def support(*texts: str, past: dict[str, list[str]] = PAST, learnt: list[str] | None = None) -> Support:
    return support_of(texts, [FIVE], PastStudies(past, [FIVE]), learnt)


def test_the_similarity_is_the_mean_over_stimuli_of_the_highest_cosine():
    past = {"tea": ["do you like tea", "is tea cheap"], "tax": ["should taxes rise"]}
    own = ["do you like green tea", "should you rise"]
    every = [*own, *past["tea"], *past["tax"]]
    of_tea = [max(cosine(text, there, every) for there in past["tea"]) for text in own]
    of_tax = [cosine(text, past["tax"][0], every) for text in own]
    found = support_of(own, [FIVE], PastStudies(past, [FIVE]))
    assert (sum(of_tea) > sum(of_tax), found.nearest) == (True, "tea")
    assert found.similarity == pytest.approx(sum(of_tea) / 2, abs=1e-5)
    assert (found.past_n, found.stimuli_n, found.among_past_n, found.learnt_n) == (2, 2, 0, None)


def test_the_place_among_past_studies_is_by_their_own_nearest():
    past = {"a": ["red green blue"], "b": ["red green blue"], "c": ["red green sky"], "d": ["salt"]}
    found = support("red green blue sky", past=past)
    # a and b are each other's copies; c has two words of them, d has none of anybody's.
    assert found.farther == 0.5
    assert support("pepper", past=past).farther == 0.25


def test_a_study_like_the_past_ones_is_passed():
    found = support("Do you think that cheese should be valued more by people?")
    check = check_support(found)
    assert check.status == "passed"
    assert check.found.startswith("its words are most like those of ")
    assert check.found.endswith("100 % of its scales are known from them.")


def test_a_study_in_other_words_is_unlike_what_errors_were_measured_on():
    check = check_support(support("Quarterly dividends outperform municipal bonds."))
    assert check.status == "doubtful"
    assert check.found.startswith("nothing is like it among the studies on which errors were measured; its words are")
    assert "of 12 past studies 0 % are as far from their own nearest, or farther" in check.found


@pytest.mark.parametrize(("farther", "status"), [(0.05, "passed"), (0.049, "doubtful")])
def test_one_past_study_of_twenty_is_to_be_farther(farther, status):
    near = support("Do you think that cheese should be valued more by people?")
    assert check_support(near.model_copy(update={"farther": farther})).status == status


def test_case_spaces_and_punctuation_make_no_other_stimulus():
    found = support("do you  think that TEA should be valued more by people", "Is it?")
    assert (found.stimuli_n, found.among_past_n) == (2, 1)
    check = check_support(found)
    assert check.status == "doubtful"
    assert "1 stimulus is, nearly word for word, in a study on which errors were measured" in check.found
    assert "may be answered from memory" in check.found


def test_what_was_learnt_from_is_named_even_where_no_past_study_is_known():
    text = "Quarterly dividends outperform municipal bonds."
    found = support(text, text.upper(), past={}, learnt=[text, "Something else."])
    assert (found.stimuli_n, found.learnt_n, found.among_past_n, found.similarity) == (1, 1, None, None)
    check = check_support(found)
    assert check.status == "doubtful"
    assert check.found == (
        "1 stimulus is, nearly word for word, in what the model learnt from, so that it may be answered from memory."
    )
    assert support(text, learnt=["Something else."]).learnt_n == 0


def test_scales_are_known_by_kind_and_number_of_points():
    past = PastStudies(PAST, [FIVE, Scale(kind="numeric", low=0, high=1)])
    asked = "Do you think that cheese should be valued more by people?"
    assert support_of([asked], [FIVE, SEVEN, YES, FIVE], past).scales == 0.5
    assert check_support(support_of([asked], [FIVE, SEVEN], past)).status == "passed"
    check = check_support(support_of([asked], [FIVE, SEVEN, YES], past))
    assert check.status == "doubtful"
    assert "most of its scales are none on which errors were measured" in check.found
    assert "33 % of its scales are known from them" in check.found


@pytest.mark.parametrize("scales", [([], [FIVE]), ([FIVE], [])])
def test_without_scales_on_both_sides_nothing_is_said_of_them(scales):
    own, past = scales
    found = support_of(["Do you think that cheese should be valued more by people?"], own, PastStudies(PAST, past))
    assert found.scales is None
    assert "scales" not in check_support(found).found


def test_beside_few_past_studies_nothing_is_said():
    few = support("Is tea good?", past={thing: PAST[thing] for thing in THINGS[:9]})
    check = check_support(few)
    assert (check.status, check.found) == ("not done", "there are 9 past studies with words, and 10 are needed.")
    one = support("Is tea good?", past={"tea": PAST["tea"], "wordless": ["", " – "]})
    assert (one.past_n, one.nearest, one.farther) == (1, "tea", None)
    assert check_support(one).found == "there is 1 past study with words, and 10 are needed."


def test_where_nothing_is_known_the_reason_is_told():
    nothing = support("Is tea good?", past={})
    assert (nothing.nearest, nothing.similarity, nothing.farther) == (None, None, None)
    assert nothing.reason == "the words of no past study are known"
    wordless = support("", " ? ")
    assert (wordless.stimuli_n, wordless.similarity, wordless.among_past_n) == (0, None, None)
    assert check_support(wordless).found == "the study shows no words to compare."
    assert support("", learnt=["Something else."]).learnt_n == 0
    assert support(past={}).reason == "the study shows no words to compare"


def test_of_long_studies_evenly_spaced_stimuli_are_compared_and_all_are_looked_through_for_copies():
    own = [f"green tea number{place}" for place in range(58)]
    past = PAST | {"own": own[1:2]}
    found = support(*own, past=past)
    # Of places 0, 3, 6, ... 57 the second text is none.
    every = [*own, *(text.lower().replace("?", "") for words in PAST.values() for text in words), own[1]]
    expected = sum(cosine(own[place], own[1], every) for place in range(0, 58, 3)) / 20
    assert found.similarity == pytest.approx(expected, abs=1e-4)
    assert (found.stimuli_n, found.among_past_n) == (58, 1)


def test_a_real_study_is_found_again_among_real_ones(shared_data: Path):
    texts: dict[str, set[str]] = {}
    with (shared_data / "socsci210" / "sample_20_studies.jsonl").open(encoding="utf-8") as file:
        for row in map(json.loads, file):
            texts.setdefault(row["study_id"], set()).add(row["input"].partition("Scenario: ")[2])
    name = min(texts, key=lambda study: (len(texts[study]), study))
    every = PastStudies({study: sorted(found) for study, found in texts.items()}, [FIVE])
    others = PastStudies({study: found for study, found in every.texts.items() if study != name}, [FIVE])
    own = sorted(texts[name])
    again, new = support_of(own, [FIVE], every), support_of(own, [FIVE], others, own)
    assert (again.nearest, again.similarity, again.among_past_n) == (name, 1.0, len(own))
    assert (new.past_n, new.among_past_n, new.learnt_n) == (len(texts) - 1, 0, len(own))
    assert new.similarity is not None
    assert new.similarity < 0.5
