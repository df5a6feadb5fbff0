from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from silicus.data.guard.guard import GuardOptions, guard
from silicus.data.guard.leaks import Claims
from silicus.data.guard.twins import twins_shared
from silicus.errors import LeakError
from tests.data.splitting import marked


def people(count, rng, questions=8, points=7, levels=9):
    """Return people by their names: attributes and answers, each drawn at random."""
    return {
        f"s/{place}": (
            {name: int(rng.integers(levels)) for name in ("age", "income", "party")},
            rng.integers(1, points + 1, questions).tolist(),
        )
        for place in range(count)
    }


def compared(test, train, claim="respondent", **options):
    """Return the split dataset of people unseen in the test part, and of others in training."""
    everybody = [(name, f"test {claim}", *known) for name, known in test.items()]
    everybody += [(name, "train", *known) for name, known in train.items()]
    rows = [("s", "0", f"q{n}", who, None, a) for who, _, _, answers in everybody for n, a in enumerate(answers)]
    parts = [part for _, part, _, answers in everybody for _ in answers]
    return marked(rows, parts, people={who: known for who, _, known, _ in everybody}, **options)


def found(data):
    (finding,) = twins_shared(Claims(data))
    return finding


def renamed(some):
    return {f"again/{name[2:]}": known for name, known in some.items()}


def test_people_under_another_name_in_train_stop_the_run():
    rng = np.random.default_rng(1)
    train = people(300, rng)
    twins = dict(list(train.items())[:20])
    test = renamed(twins) | {f"new/{name}": known for name, known in people(30, rng).items()}
    with pytest.raises(LeakError) as caught:
        guard(compared(test, train), GuardOptions())
    assert (
        "- respondents: 20 of 50 people unseen in test have a twin in train: the same attributes and the same answers "
        "to all 8 questions: again/0 = s/0, again/1 = s/1, again/10 = s/10, …"
    ) in str(caught.value)
    _, passed = guard(compared(test, train), GuardOptions(allow=("respondents",)))
    assert passed.allowed[0].startswith("respondents: 20 of 50 people unseen in test have a twin")


def test_people_of_their_own_are_no_twins():
    rng = np.random.default_rng(2)
    data = compared(renamed(people(50, rng)), people(300, rng))
    assert found(data).found is None
    assert found(data).checked == "respondents: twins of 50 people unseen in test in train, by attributes and answers"
    assert found(data).checked in guard(data, GuardOptions())[1].checked


def test_order_of_rows_and_questions_of_one_part_alone_hide_no_twin():
    rng = np.random.default_rng(3)
    train = people(60, rng, questions=9)
    # The ninth question was asked in training alone.
    test = {name: (known, answers[:8]) for name, (known, answers) in renamed(train).items()}
    assert "60 of 60 people unseen in test" in (found(compared(dict(reversed(test.items())), train)).found or "")


def with_one_thing_changed():
    """Return pairs of what people have in common, and why that is no twin."""
    return {
        "another attribute": (lambda known, answers: ({**known, "age": 10}, answers), 8),
        "another answer": (lambda known, answers: (known, [*answers[:-1], answers[-1] % 7 + 1]), 8),
        "two attributes known": (lambda known, answers: (known, answers), 8),
        "four answers": (lambda known, answers: (known, answers), 4),
        "answers that hardly vary": (lambda known, answers: (known, answers), 8),
    }


@pytest.mark.parametrize("why", with_one_thing_changed())
def test_people_who_have_less_in_common_are_no_twins(why):
    rng = np.random.default_rng(4)
    change, questions = with_one_thing_changed()[why]
    train = people(60, rng, questions=questions)
    if why == "two attributes known":
        train = {name: ({**known, "age": None}, answers) for name, (known, answers) in train.items()}
    if why == "answers that hardly vary":
        train = {name: (known, [*answers[:1], *[4] * 7]) for name, (known, answers) in train.items()}
    test = {name: change(*both) for name, both in renamed(train).items()}
    assert found(compared(test, train)).found is None


@pytest.mark.parametrize("seed", range(3))
def test_pairs_that_chance_makes_on_short_scales_do_not_stop_the_run(seed):
    rng = np.random.default_rng(seed)
    few = {"questions": 6, "points": 2, "levels": 2}
    test, train = renamed(people(60, rng, **few)), people(120, rng, **few)
    finding = found(compared(test, train))
    assert finding.found is None
    assert "as chance may have it (" in finding.checked
    # Every pair of one of each, compared one by one.
    pairs = [
        sum(x != y for x, y in zip(a, b, strict=True))
        for known, a in test.values()
        for other, b in train.values()
        if known == other and all(min(answers.count(1), answers.count(2)) >= 2 for answers in (a, b))
    ]
    assert f"({pairs.count(1):,} pairs differ in one answer alone): no leak" in finding.checked


def test_a_pair_or_two_may_be_chance():
    train = people(60, np.random.default_rng(5))
    test = renamed(dict(list(train.items())[:1]))
    finding = found(compared(test, train))
    assert finding.found is None
    assert finding.checked == (
        "respondents: 1 of 1 person unseen in test has a twin in train: the same attributes and the same answers to "
        "all 8 questions, as chance may have it (0 pairs differ in one answer alone): no leak"
    )


def test_what_several_people_of_a_part_have_in_common_tells_nobody():
    train = people(60, np.random.default_rng(6))
    twice = {f"{name}/2": known for name, known in train.items()}
    assert found(compared(renamed(train), train | twice)).found is None


def test_people_of_unknown_names_groups_and_questions_that_are_held_out_are_not_compared():
    train = people(20, np.random.default_rng(7))
    for unit in ("row", "group"):
        assert twins_shared(Claims(compared(renamed(train), train, unit=unit))) == []
    assert twins_shared(Claims(compared(renamed(train), train, claim="question"))) == []
    assert found(compared(renamed(train), train, claim="question+respondent")).found is not None


def test_validation_is_compared_with_both():
    train = people(20, np.random.default_rng(8))
    data = compared(renamed(train), train)
    first = pl.col("respondent").is_in([f"s/{n}" for n in range(10)])
    split = pl.when(first).then(pl.lit("validation")).otherwise("split").alias("split")
    unseen = pl.when(first).then(pl.lit("respondent")).otherwise("unseen").alias("unseen")
    findings = twins_shared(Claims(replace(data, responses=data.responses.with_columns(split, unseen))))
    told = [finding.found and finding.found.partition(":")[0] for finding in findings]
    assert told == [
        "10 of 20 people unseen in test have a twin in train",
        "10 of 20 people unseen in test have a twin in validation",
        None,
    ]
