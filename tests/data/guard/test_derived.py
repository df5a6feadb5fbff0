import math
from collections import Counter

import numpy as np
import polars as pl
import pytest

from silicus.data.guard.derived import derived_columns, determination
from tests.data.splitting import dataset

PEOPLE = 200


def people_who(answer, attribute, count=PEOPLE, name="attribute"):
    """Return the dataset of people whose answer and attribute are functions of their number."""
    rows = [("s", "0", "q", f"s/{p}", None, answer(p)) for p in range(count)]
    return dataset(rows, {f"s/{p}": {name: attribute(p)} for p in range(count)})


def entropy(values):
    counts = Counter(values).values()
    return -sum(n / len(values) * math.log(n / len(values)) for n in counts)


def test_determination_is_the_share_of_entropy_that_is_gone():
    rng = np.random.default_rng(3)
    rows = [
        (q, p, int(a), int((a + e) % 4)) for q in (1, 2) for p, (a, e) in enumerate(rng.integers(0, 4, (60, 2)) // q)
    ]
    table = pl.DataFrame(rows, schema=["asked", "person", "attribute", "response"], orient="row")
    found = determination(table).sort("asked")
    for place, question in enumerate((1, 2)):
        a, r = zip(*[row[2:] for row in rows if row[0] == question], strict=True)
        joint = entropy(list(zip(a, r, strict=True)))
        assert found["determines"][place] == pytest.approx(1 - (joint - entropy(a)) / entropy(r))
        assert found["determined"][place] == pytest.approx(1 - (joint - entropy(r)) / entropy(a))
        most = Counter(r).most_common(1)[0][1], Counter(a).most_common(1)[0][1]
        assert found.select("people", "values", "points", "others", "alike").row(place) == (
            60, len(set(a)), len(set(r)), 60 - most[0], most[1] / 60,
        )  # fmt: skip


def test_an_attribute_that_determines_the_answers_is_named_with_the_question():
    (found,) = derived_columns(people_who(lambda p: p % 7 + 1, lambda p: "abcdefg"[p % 7]))
    assert found == "'attribute' and the answers to 1 question determine each other: s · q (1.00 of 200 people)"


def test_a_coarser_attribute_that_the_answers_determine_is_named():
    (found,) = derived_columns(people_who(lambda p: p % 7 + 1, lambda p: p % 7 >= 3))
    assert found.startswith("'attribute' and the answers")


def test_a_finer_attribute_that_determines_the_answers_is_named():
    (found,) = derived_columns(people_who(lambda p: p % 2 + 1, lambda p: p % 20 / 2))
    assert found.startswith("'attribute' and the answers")


def test_attributes_unrelated_or_merely_related_to_the_answers_are_not():
    rng = np.random.default_rng(1)
    noise = rng.random(PEOPLE) < 0.15
    assert derived_columns(people_who(lambda p: p % 7 + 1, lambda p: p % 5)) == []
    assert derived_columns(people_who(lambda p: p % 2 + 1, lambda p: int(p % 2 == 0) ^ int(noise[p]))) == []


@pytest.mark.parametrize(
    ("answer", "attribute", "count"),
    [
        (lambda p: p % 7 + 1, lambda p: p % 7, 49),  # too few people
        (lambda p: p % 7 + 1, lambda p: f"{p % 7} {p // 28}", 200),  # too few people a value of words
        (lambda p: int(p < 9), lambda p: int(p < 9), 200),  # too few answers beside the most common
        (lambda p: p % 7 + 1, lambda p: int(p == 0), 200),  # an attribute that hardly varies
        (lambda p: 4, lambda p: p % 5, 200),  # answers that do not vary
        (lambda p: p % 7 + 1, lambda p: "same", 200),
        (lambda p: p % 7 + 1, lambda p: None, 200),
    ],
)
def test_small_samples_and_what_does_not_vary_prove_nothing(answer, attribute, count):
    assert derived_columns(people_who(answer, attribute, count)) == []


def long_copies():
    """Return 400 answers on 0 to 100 of which each tenth or so is 50, and what can be made of them."""
    rng = np.random.default_rng(7)
    long = np.where(rng.random(400) < 0.1, 50, rng.integers(0, 101, 400))
    short = rng.integers(1, 8, 400)
    skewed = (rng.random(400) < 0.2) + 1
    noise = rng.normal(0, 0.001, 400)
    return [
        (short, short + noise), (short, short * 1000 + rng.integers(0, 999, 400)), (short, noise - 2 * short),
        (skewed, skewed + noise), (short[:60], short[:60] + noise[:60]),
        (long, long), (long, long * 1000 + rng.integers(0, 999, 400)), (long, 100 - long), (long, long + noise),
        (long[:60], long[:60]), (long, long >= 37), (long, np.where(long < 20, "low", "high")),
        (long, np.array([f"{x:.4f}" for x in long * 3 + noise])),
        (short, np.array([f" {x:.4f}" for x in short + noise])),
    ]  # fmt: skip


@pytest.mark.parametrize("case", range(14))
def test_answers_are_known_again_behind_noise_stretched_turned_round_and_cut_in_two(case):
    answers, attribute = long_copies()[case]
    data = people_who(lambda p: int(answers[p]), lambda p: attribute[p].item(), len(answers))
    (found,) = derived_columns(data)
    assert f"of {len(answers)} people" in found


@pytest.mark.parametrize("count", [50, 100, 400])
def test_numbers_that_have_nothing_or_little_to_do_with_the_answers_are_noise(count):
    rng = np.random.default_rng(count)
    for points in (2, 7, 20, 101):
        answers = rng.integers(0, points, count)
        loose = answers + rng.normal(0, points / 4, count)
        for attribute in (rng.normal(0, 1, count), rng.integers(18, 90, count), rng.permutation(count), loose):
            data = people_who(lambda p: int(answers[p]), lambda p: attribute[p].item(), count)  # noqa: B023
            assert derived_columns(data) == []


def test_people_are_counted_and_not_their_answers():
    # Everybody answers five times the same: 40 people, each with a postcode of their own.
    rows = [("s", str(c), "q", f"s/{p}", None, p % 2 + 1) for p in range(40) for c in range(5)]
    assert derived_columns(dataset(rows, {f"s/{p}": {"postcode": p} for p in range(40)})) == []


def test_only_the_people_whose_attribute_is_known_and_the_answers_that_were_given_count():
    rows = [("s", "0", "q", f"s/{p}", None, p % 2 + 1 if p < 150 else None) for p in range(300)]
    people = {f"s/{p}": {"coded": p % 2 if p >= 50 else None} for p in range(300)}
    (found,) = derived_columns(dataset(rows, people))
    assert "of 100 people" in found


@pytest.mark.parametrize("name", ["reasoning", "Rationale", "gpt4_explanation", "model output", "prompt", "Responses"])
def test_attributes_are_suspected_by_their_names(name):
    (found,) = derived_columns(people_who(lambda p: p % 7 + 1, lambda p: p % 3, name=name))
    assert found == f"'{name}' has the name of something that is written from the answers or with them"


@pytest.mark.parametrize(
    "name",
    ["age", "response_time", "prompted_by", "answering_machine", "income", "education_label", "target_group", "labels"],
)
def test_other_names_are_not_suspected(name):
    assert derived_columns(people_who(lambda p: p % 7 + 1, lambda p: p % 3, name=name)) == []


def test_long_texts_of_nearly_every_persons_own_are_suspected():
    (found,) = derived_columns(people_who(lambda p: p % 7 + 1, lambda p: f"Person {p} " + "thinks so " * 20))
    assert found.startswith("'attribute' holds long texts (2")
    assert found.endswith("on average), 100% of them different")


def test_short_texts_of_their_own_and_long_ones_that_many_share_are_not():
    assert derived_columns(people_who(lambda p: p % 7 + 1, lambda p: f"Person {p}")) == []
    assert derived_columns(people_who(lambda p: p % 7 + 1, lambda p: f"Income band {p % 3} " + "or so " * 30)) == []
