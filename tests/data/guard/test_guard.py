from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silicus.data.guard.guard import GuardOptions, guard
from silicus.data.guard.leaks import Claims, brief, items_shared, units_shared
from silicus.data.split import SplitPlan, split
from silicus.errors import InputError, LeakError
from tests.data.splitting import dataset, everybody, marked, stimulus

WORDS = ["Do you smoke?", "Are trains punctual here?", "How warm is your bath?", "May the king abdicate?"]


def guarded(rows, parts, options=None, **data):
    return guard(marked(rows, parts, **data), options or GuardOptions())[1]


def message(rows, parts, options=None, **data):
    with pytest.raises(LeakError) as caught:
        guarded(rows, parts, options, **data)
    return str(caught.value)


def row(study="s", condition="0", question="q", respondent="s/1", words=0):
    return (study, condition, question, respondent, stimulus(WORDS[words]), 1)


# --- studies, respondents, items


def test_an_unseen_study_in_train_is_a_leak_and_a_clean_split_is_none():
    rows = [row("s"), row("t", respondent="t/1", words=1), row("s", respondent="s/2", words=2)]
    assert message(rows, ["train", "test study", "test study"]) == (
        "tiny: found 1 leak into what is tested on:\n"
        "- studies: 1 of 2 studies unseen in test also in train: s\n"
        "Mend the data or the split, or let pass by name: --allow studies"
    )
    clean = guarded(rows, ["train", "test study", "train"])
    assert clean.checked[0] == "studies: 1 study unseen in test, against 1 in train"
    assert clean.allowed == []


def test_an_unseen_person_in_train_is_a_leak_and_a_known_person_is_reported():
    rows = [row(), row(question="r", words=1), row(respondent="s/2")]
    assert "- respondents: 1 of 1 respondent unseen in test also in train: s/1" in message(
        rows, ["train", "test respondent", "train"]
    )
    known = guarded(rows, ["train", "test question", "train"])
    assert (
        "respondents: 1 of 1 person whose answers are tested on also answered in train, as is inherent "
        "where they are not held out: no leak, but known people"
    ) in known.checked
    assert not any("known people" in line for line in guarded(rows, ["train", "train", "test respondent"]).checked)


def test_an_unseen_group_in_train_is_a_leak():
    rows = [row(respondent=f"s/{p}") for p in range(3)]
    people = {"s/0": {"country": "DE"}, "s/1": {"country": "FR"}, "s/2": {"country": "FR"}}
    found = message(rows, ["train", "test country", "train"], people=people)
    assert "- respondents: 1 of 1 value of country unseen in test also in train: FR" in found
    clean = guarded(rows, ["test country", "train", "train"], people=people)
    assert "respondents: 1 value of country unseen in test, against 1 in train" in clean.checked


def test_an_unseen_condition_or_question_in_train_is_a_leak():
    rows = [row(), row(respondent="s/2", words=1)]
    for dimension, name in (("condition", "s/0"), ("question", "s/q")):
        found = message(rows, ["train", f"test {dimension}"])
        assert f"- items: 1 of 1 {dimension} unseen in test also in train: {name}" in found


@pytest.mark.parametrize("dimension", ["study", "condition", "question"])
def test_a_stimulus_of_something_unseen_in_train_is_a_leak(dimension):
    other = row("t" if dimension == "study" else "s", "1", "r", "t/1")
    found = message([row(), other], ["train", f"test {dimension}"])
    assert "- items: 1 of 1 stimulus of" in found
    assert f"unseen in test also in train: “{WORDS[0]}”" in found
    clean = guarded([row(), (*other[:4], stimulus(WORDS[1]), 1)], ["train", f"test {dimension}"])
    assert any(line.startswith("items: 1 stimulus of") for line in clean.checked)


def test_everybody_may_be_shown_the_same_where_people_are_held_out():
    assert guarded([row(), row(respondent="s/2")], ["train", "test respondent"]).allowed == []


def test_validation_is_held_apart_from_train_and_from_test():
    rows = [row("s"), row("t", respondent="t/1", words=1), row("u", respondent="u/1", words=2), row("s", words=3)]
    found = message(rows, ["train", "test study", "train", "validation study"])
    assert "- studies: 1 of 1 study unseen in validation also in train: s" in found
    found = message([*rows[:3], row("t", words=3)], ["train", "test study", "train", "validation study"])
    assert "- studies: 1 of 1 study unseen in test also in validation: t" in found


def test_people_that_the_source_does_not_tell_apart_are_not_checked():
    clean = guarded([row(), row(respondent="s/2")], ["train", "test respondent"], unit="row")
    assert "respondents: not checked: the source does not say who gave which answers" in clean.checked


@settings(max_examples=40, deadline=None)
@given(
    within=st.booleans(),
    dimensions=st.sets(st.sampled_from(["study", "condition", "question", "respondent", "country"]), min_size=1),
    share=st.sampled_from([0.25, 0.5]),
    validation=st.sampled_from([0.0, 0.34]),
    seed=st.integers(0, 10**6),
)
def test_every_split_that_is_drawn_shares_nothing_it_says_is_unseen(within, dimensions, share, validation, seed):
    rng = np.random.default_rng(seed)
    rows = everybody(studies=int(rng.integers(4, 7)))
    if not within:
        arm = {who: str(rng.integers(4)) for *_, who in rows}
        rows = list(dict.fromkeys((s, arm[who], q, who) for s, _, q, who in rows))
    people = {who: {"country": int(rng.integers(4))} for *_, who in rows}
    data = dataset([r for r in rows if rng.random() < 0.8], people)
    try:
        made, record = split(data, SplitPlan(hold_out=dict.fromkeys(dimensions, share), validation=validation), rng)
    except InputError as error:
        assert "holds out none" in str(error) or "would hold no answers" in str(error)  # noqa: PT017
        return
    claims = Claims(made)
    findings = [*units_shared(claims), *items_shared(claims)]
    assert [finding.found for finding in findings if finding.found] == []
    assert len(findings) >= len(dimensions)
    assert set(record.held_out) == dimensions


def test_groups_by_other_attributes_hold_the_same_people_which_is_said():
    groups = {"AGE: 18-29": {"age": "18-29"}, "AGE: 65+": {"age": "65+"}, "SEX: Male": {"sex": "Male"}}
    rows = [row(respondent=name) for name in groups]
    options = {"unit": "group", "people": groups}
    said = (
        "respondents: groups of different attributes hold the same people, as 'AGE: 18-29' in test and 'SEX: Male' in "
        "train (1 of 1 group unseen in test): no leak, but known people"
    )
    found = guarded(rows, ["test respondent", "train", "train"], **options)
    assert said in found.checked
    assert found.allowed == []
    # Nobody is of two ages; and where groups are not held out, the same groups are on both sides anyway.
    asked = [row(question="r", respondent="AGE: 18-29", words=1), *rows[1:]]
    for some, parts in ((rows[:2], ["test respondent", "train"]), (asked, ["test question", "train", "train"])):
        assert not any("hold the same people" in line for line in guarded(some, parts, **options).checked)
    joint = {"a": {"age": "18-29", "sex": "Male"}, "b": {"age": "65+", "sex": None}, "c": {"age": "18-29"}}
    rows = [row(respondent=name) for name in joint]
    clean = guarded(rows[:2], ["test respondent", "train"], unit="group", people=joint)
    assert not any("hold the same people" in line for line in clean.checked)
    both = guarded(rows, ["test respondent", "train", "train"], unit="group", people=joint)
    assert any("as 'a' in test and 'c' in train" in line for line in both.checked)


# --- near-duplicates, derived columns, fieldwork


def test_a_near_duplicate_stops_the_run_below_its_similarity():
    text = "You read about a tax on sugar in soft drinks that many doctors support. Do you agree?"
    rows = [
        ("s", "0", "q", "s/1", stimulus(text), 1),
        ("t", "0", "q", "t/1", stimulus(text.replace("many", "some")), 1),
    ]
    found = message(rows, ["train", "test study"], GuardOptions(similarity=0.7))
    assert "- near-duplicates: 1 of 1 stimulus of studies unseen in test, against 1 in train, says nearly" in found
    assert found.endswith(
        "--allow near-duplicates, or leave these rows out of what is tested on: --drop near-duplicates"
    )
    assert guarded(rows, ["train", "test study"], GuardOptions(similarity=0.99)).allowed == []


def test_an_attribute_made_from_the_answers_stops_the_run():
    rows = [("s", "0", "q", f"s/{p}", None, p % 4 + 1) for p in range(80)]
    parts = ["train"] * 60 + ["test respondent"] * 20
    people = {f"s/{p}": {"coded": "abcd"[p % 4], "age": p % 7} for p in range(80)}
    found = message(rows, parts, people=people)
    assert "- derived-columns: 1 of 2 attributes: 'coded' and the answers to 1 question determine each other" in found
    clean = guarded(rows, parts, people={who: {"age": known["age"]} for who, known in people.items()})
    assert "derived-columns: 1 attribute, against 80 answers" in clean.checked


def test_the_columns_of_groups_are_not_checked():
    rows = [row(respondent="DE"), row(question="r", respondent="DE", words=1)]
    clean = guarded(rows, ["train", "test question"], unit="group", people={"DE": {"answer": "DE"}})
    assert "derived-columns: not checked: respondents are groups, which their columns name" in clean.checked


TWO = [row("s"), row("t", respondent="t/1", words=1)]


def fieldwork(options, **data):
    return [line for line in guarded(TWO, ["train", "test study"], options, **data).checked if "fieldwork" in line]


def test_a_study_that_was_over_by_the_cutoff_stops_the_run():
    options = GuardOptions(model="meta-llama/Llama-3.1-8B-Instruct")
    found = message(TWO, ["train", "test study"], options, fielded={"t": "2019-05/2023-12-31"})
    assert "- fieldwork: 1 of 1 tested study was over by the model's cut-off 2023-12-31: t" in found
    message(TWO, ["train", "test study"], options, when="2022")


def test_a_study_that_began_after_the_cutoff_is_clean():
    options = GuardOptions(model="meta-llama/Llama-3.1-8B-Instruct")
    # The training study is older: what is learnt from may have been read.
    assert fieldwork(options, fielded={"s": "2019", "t": "2024-01"}) == [
        "fieldwork: 1 of 1 tested study, against the cut-off 2023-12-31"
    ]


def test_a_cutoff_that_is_given_goes_before_a_documented_one():
    options = GuardOptions(model="meta-llama/Llama-3.1-8B-Instruct", model_cutoff=date(2018, 6, 30))
    assert fieldwork(options, when="2019") == ["fieldwork: 1 of 1 tested study, against the cut-off 2018-06-30"]
    assert "cut-off 2018-06-30: t" in message(TWO, ["train", "test study"], options, when="2018-06")


def test_what_cannot_be_judged_of_the_fieldwork_is_said():
    assert fieldwork(GuardOptions()) == ["fieldwork: not checked: no model named"]
    assert fieldwork(GuardOptions(model="Qwen/Qwen2.5-7B")) == [
        "fieldwork: not checked: the maker of 'Qwen/Qwen2.5-7B' documents no cut-off that is known here"
    ]
    options = GuardOptions(model_cutoff=date(2020, 1, 1))
    assert fieldwork(options) == [
        "fieldwork: 0 of 1 tested study, against the cut-off 2020-01-01",
        "fieldwork: not checked: not known when people answered in t",
    ]
    assert fieldwork(options, when="2003/2024") == [
        "fieldwork: 0 of 1 tested study, against the cut-off 2020-01-01",
        "fieldwork: not checked: people answered before and after the cut-off 2020-01-01 in t",
    ]


# --- allowing, and what is refused at the door


def test_every_leak_is_named_at_once_and_an_allowed_one_is_recorded_with_its_number():
    rows = [row("s"), row("t", respondent="t/1")]
    options = GuardOptions(model_cutoff=date(2020, 1, 1))
    found = message(rows, ["train", "test study"], options, when="2010")
    assert found.startswith("tiny: found 2 leaks into what is tested on:\n- items: ")
    assert "--allow items --allow fieldwork, or leave these rows out of what is tested on: --drop items" in found
    some = GuardOptions(model_cutoff=date(2020, 1, 1), allow=("items",))
    assert "items" not in message(rows, ["train", "test study"], some, when="2010")
    every = GuardOptions(model_cutoff=date(2020, 1, 1), allow=("items", "fieldwork"))
    passed = guarded(rows, ["train", "test study"], every, when="2010")
    assert passed.allowed == [
        f"items: 1 of 1 stimulus of studies unseen in test also in train: “{WORDS[0]}”",
        "fieldwork: 1 of 1 tested study was over by the model's cut-off 2020-01-01: t",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (GuardOptions(allow=("study",)), "cannot allow the leak 'study'. Did you mean 'studies'?"),
        (GuardOptions(similarity=0), "found the similarity 0, expected one above 0 and at most 1."),
        (GuardOptions(similarity=1.5), "found the similarity 1.5, expected one above 0 and at most 1."),
    ],
)
def test_a_wrong_option_is_refused(options, message):
    with pytest.raises(InputError) as caught:
        guarded(TWO, ["train", "test study"], options)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (["train", "tset study"], "tiny: found the part 'tset'. Did you mean 'test'?"),
        (["train", "test"], "tiny: 1 row of the test part does not say what is unseen in it. Fill the column"),
        (["train", "test studie"], "tiny: found 'studie' unseen. Did you mean 'study'?"),
    ],
)
def test_columns_that_do_not_say_what_is_unseen_are_refused(parts, message):
    with pytest.raises(InputError) as caught:
        guarded(TWO, parts)
    assert str(caught.value).startswith(message)


def test_a_dataset_that_is_not_split_is_refused():
    with pytest.raises(InputError, match="tiny: not split yet: the column 'split' is missing"):
        guard(dataset(TWO), GuardOptions())


def test_a_long_stimulus_is_shown_by_its_two_ends():
    assert brief("a" * 100 + " b" * 50) == f"“{'a' * 40} … {'b ' * 19}b”"


# --- dropping what leaks


def test_rows_whose_stimuli_leak_are_left_out_of_what_is_tested_where_asked():
    rows = [row("s"), row("t", respondent="t/1"), row("t", question="r", respondent="t/1", words=1)]
    data = marked(rows, ["train", "test study", "test study"])
    with pytest.raises(LeakError, match="--allow items, or leave these rows out of what is tested on: --drop items"):
        guard(data, GuardOptions())
    left, found = guard(data, GuardOptions(drop=("items",)))
    assert left.responses.select("study", "question", "split").rows() == [("s", "q", "train"), ("t", "r", "test")]
    assert left.left_out["leaks into the part 'test' (items)"] == 1
    assert [line.partition(":")[0] for line in found.dropped] == ["items"]
    assert found.allowed == []


def test_a_row_that_claims_something_else_stays_though_its_stimulus_is_known():
    rows = [row("s"), row("t", respondent="t/1"), row("s", respondent="s/2"), row("t", question="r", words=1)]
    left, _ = guard(
        marked(rows, ["train", "test study", "test respondent", "test study"]), GuardOptions(drop=("items",))
    )
    assert left.responses["respondent"].to_list() == ["s/1", "s/2", "s/1"]


def test_near_duplicates_are_dropped_by_their_words():
    texts = ["Do you smoke at home, today?", "Do you smoke at home - today?", "Was it wet?"]
    cells = [("s", "q"), ("t", "q"), ("t", "r")]
    rows = [(s, "0", q, f"{s}/1", stimulus(text), 1) for (s, q), text in zip(cells, texts, strict=True)]
    left, found = guard(marked(rows, ["train", "test study", "test study"]), GuardOptions(drop=("near-duplicates",)))
    assert left.responses["question"].to_list() == ["q", "r"]
    assert found.dropped[0].startswith("near-duplicates: 1 of 2 stimuli of studies unseen in test")


def test_dropping_everything_that_is_tested_is_refused():
    rows = [row("s"), row("t", respondent="t/1")]
    with pytest.raises(InputError, match=r"nothing is left of the part 'test' without items. Hold out other shares."):
        guard(marked(rows, ["train", "test study"]), GuardOptions(drop=("items",)))


def test_only_leaks_of_stimuli_can_be_dropped():
    with pytest.raises(InputError, match="cannot drop the leak 'studies'"):
        guarded([row(), row("t", words=1)], ["train", "test study"], GuardOptions(drop=("studies",)))


def test_too_few_answers_to_look_for_derived_columns_are_said():
    rows = [row(respondent=f"s/{p}") for p in range(3)]
    people = {f"s/{p}": {"age": p} for p in range(3)}
    found = guarded(rows, ["train", "train", "test respondent"], people=people)
    assert "derived-columns: not checked: no question has the 50 answers it takes" in found.checked
