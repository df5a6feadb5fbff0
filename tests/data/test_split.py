import csv
import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from silicus.data.split import SplitPlan, split
from silicus.errors import InputError
from tests.data.splitting import dataset, everybody


def parts(hold_out, data=None, seed=1, **plan):
    data = dataset(everybody()) if data is None else data
    made, record = split(data, SplitPlan(hold_out=hold_out, **plan), np.random.default_rng(seed))
    return made.responses, record


def units(rows, part, *keys):
    return set(rows.filter(pl.col("split") == part).select(keys).rows())


def test_a_held_out_study_is_in_the_test_part_alone():
    rows, record = parts({"study": 0.5})
    assert len(units(rows, "test", "study")) == 2
    assert units(rows, "test", "study").isdisjoint(units(rows, "train", "study"))
    assert record.counts == {"train": 128, "test": 128}
    assert rows.filter(pl.col("split") == "test")["unseen"].unique().to_list() == ["study"]
    assert rows.filter(pl.col("split") == "train")["unseen"].null_count() == 128


@pytest.mark.parametrize("dimension", ["condition", "question"])
def test_conditions_and_questions_are_held_out_in_every_study_that_has_enough(dimension):
    # s0 has four of each, s1 has one: the floor of half of one is none.
    few = [("s1", "0", "q0", f"s1/{p}") for p in range(4)]
    rows, record = parts({dimension: 0.5}, dataset(everybody(studies=1) + few))
    assert len(units(rows, "test", "study", dimension)) == 2
    assert units(rows, "test", "study") == {("s0",)}
    assert record.held_out[dimension].model_dump(exclude={"names"}) == {"test": 2, "validation": 0, "all": 5}


def test_respondents_are_held_out_within_each_study_and_everywhere():
    rows, _ = parts({"respondent": 0.25})
    test = units(rows, "test", "study", "respondent")
    assert sorted(study for study, _ in test) == ["s0", "s1", "s2", "s3"]
    assert {who for _, who in test}.isdisjoint({who for (who,) in units(rows, "train", "respondent")})


def test_a_person_of_several_studies_is_held_out_in_all_of_them():
    rows = [(f"s{s}", "0", "q", f"p{p}") for s in range(3) for p in range(10)]
    made, record = parts({"respondent": 0.3}, dataset(rows))
    assert record.held_out["respondent"].test == 3
    assert len(made.filter(pl.col("split") == "test")) == 9


def test_a_group_is_held_out_by_the_value_of_an_attribute_and_the_unknown_stays():
    people = {f"s0/{p}": {"country": c} for p, c in enumerate(["DE", "FR", "IT", "PL", None])}
    data = dataset(everybody(studies=1, people=5), people)
    rows, record = parts({"country": 0.25}, data)
    (held,) = record.held_out["country"].names["test"]
    (who,) = [name for name, known in people.items() if known["country"] == held]
    assert units(rows, "test", "respondent") == {(who,)}
    assert record.held_out["country"].all == 4
    assert ("s0/4",) in units(rows, "train", "respondent")


def test_attributes_may_have_the_names_that_are_used_inside():
    people = {f"s{s}/{p}": {"name": p, "within": s, "part": s} for s in range(4) for p in range(4)}
    data = dataset(everybody(), people)
    for attribute in ("name", "within", "part"):
        rows, _ = parts({attribute: 0.5}, data)
        assert len(units(rows, "test", "respondent")) == 8


def test_a_row_is_test_if_any_of_its_units_is_and_says_which_in_fixed_order():
    rows, record = parts({"respondent": 0.25, "condition": 0.25})
    held = record.held_out
    condition = pl.concat_str("study", "condition", separator="/").is_in(held["condition"].names["test"])
    person = pl.col("respondent").is_in(held["respondent"].names["test"])
    expected = pl.concat_str(
        pl.when(condition).then(pl.lit("condition")),
        pl.when(person).then(pl.lit("respondent")),
        separator="+",
        ignore_nulls=True,
    )
    assert rows["unseen"].to_list() == rows.select(pl.when(condition | person).then(expected)).to_series().to_list()
    assert set(rows["unseen"]) == {None, "condition", "respondent", "condition+respondent"}
    assert (rows["unseen"].is_not_null() == (rows["split"] == "test")).all()


def test_validation_takes_its_share_of_what_is_left():
    rows, record = parts({"study": 0.25}, dataset(everybody(studies=8)), validation=0.5)
    # A quarter of 8 are 2; half of the 6 left are 3.
    assert record.held_out["study"].model_dump(exclude={"names"}) == {"test": 2, "validation": 3, "all": 8}
    assert [len(units(rows, part, "study")) for part in ("train", "validation", "test")] == [3, 3, 2]
    assert rows.filter(pl.col("split") == "validation")["unseen"].unique().to_list() == ["study"]


def test_a_share_of_a_hundred_is_not_lost_to_rounding():
    # In floating point 0.29 x 100 is 28.999999999999996.
    rows = [(f"s{s:03}", "0", "q", f"s{s}/0") for s in range(100)]
    assert parts({"study": 0.29}, dataset(rows))[1].held_out["study"].test == 29


def test_what_is_drawn_does_not_depend_on_the_order_of_rows_or_of_the_plan():
    data = dataset(everybody())
    shuffled = replace(
        data,
        responses=data.responses.sample(fraction=1, shuffle=True, seed=3),
        respondents=data.respondents.reverse(),
    )
    keys = ["study", "condition", "question", "respondent"]
    first, _ = parts({"study": 0.25, "respondent": 0.5}, data)
    second, _ = parts({"respondent": 0.5, "study": 0.25}, shuffled)
    assert first.sort(keys).equals(second.sort(keys))
    assert not first.equals(parts({"study": 0.25, "respondent": 0.5}, data, seed=2)[0])


def test_rows_keep_their_order_and_columns_and_a_second_split_replaces_the_first():
    data = dataset(everybody())
    made, _ = split(data, SplitPlan(hold_out={"study": 0.5}), np.random.default_rng(1))
    assert made.responses.drop("split", "unseen").equals(data.responses)
    again, _ = split(made, SplitPlan(hold_out={"question": 0.5}), np.random.default_rng(1))
    assert again.responses.columns == made.responses.columns
    assert set(again.responses["unseen"]) == {None, "question"}


def test_only_answers_are_counted_and_few_units_named():
    rows = [(f"s{s:03}", "0", "q", f"s{s}/0", None, None if s % 2 else 1) for s in range(402)]
    _, record = parts({"study": 0.5}, dataset(rows), validation=0.1)
    assert sum(record.counts.values()) == 201
    assert record.held_out["study"].model_dump(exclude={"names"}) == {"test": 201, "validation": 20, "all": 402}
    assert {part: len(names) for part, names in record.held_out["study"].names.items()} == {"validation": 20}


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"hold_out": {}}, "found nothing to hold out. Name what shall be unseen, one of: study, condition"),
        ({"hold_out": {"studies": 0.5}}, "tiny: cannot hold out 'studies'. Did you mean 'study'?"),
        ({"hold_out": {"contry": 0.5}}, "tiny: cannot hold out 'contry'. Did you mean 'country'?"),
        ({"hold_out": {"a+b": 0.5}}, "tiny: cannot hold out 'a+b': '+' joins names. Rename the attribute."),
        ({"hold_out": {"study": 1.0}}, "found the share 1.0 of 'study' to hold out, expected one between 0 and 1."),
        ({"hold_out": {"study": float("nan")}}, "found the share nan of 'study'"),
        ({"hold_out": {"study": 0.5}, "validation": 1.0}, "found the share 1.0 for validation, expected one from 0"),
        (
            {"hold_out": {"study": 0.1}},
            "a share of 0.1 of the studies holds out none: the data have 4 studies. Ask for a share of at least 0.25.",
        ),
        (
            {"hold_out": {"condition": 0.2}},
            "a share of 0.2 of the conditions holds out none: the data have 16 conditions, at most 4 in a study, "
            "where they are drawn. Ask for a share of at least 0.25.",
        ),
        ({"hold_out": {"country": 0.5}}, "the data have 1 value of country. Hold out something else."),
        (
            {"hold_out": {"study": 0.25}, "validation": 0.1},
            "a share of 0.1 for validation holds out none: beside the test part the data have 3 studies. Raise "
            "--validation to at least 0.334.",
        ),
        (
            {"hold_out": {"study": 0.25, "condition": 0.5}, "validation": 0.25},
            "the data have 3 studies and 8 conditions (at most 2 in a study, where they are drawn). Raise --validation "
            "to at least 0.334.",
        ),
        (
            {"hold_out": {"study": 0.75}, "validation": 0.5},
            "beside the test part the data have 1 study. Hold out less for the test part.",
        ),
    ],
)
def test_a_plan_that_cannot_be_followed_says_why(plan, message):
    data = dataset(everybody(), {f"s{s}/{p}": {"country": "DE", "a+b": 1} for s in range(4) for p in range(4)})
    with pytest.raises(InputError) as caught:
        split(data, SplitPlan(**plan), np.random.default_rng(1))
    assert message in str(caught.value)


# --- files that say what is held out


def mapping(folder, content, name="participant_mapping.json"):
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_a_mapping_of_studies_holds_out_those_it_calls_unseen(tmp_path):
    path = mapping(tmp_path, {"seen": ["s0", "s2", "s3", "elsewhere"], "unseen": ["s1"]})
    rows, record = parts({}, mapping=path)
    assert units(rows, "test", "study") == {("s1",)}
    assert set(rows["unseen"]) == {None, "study"}
    assert (record.mapping, record.held_out["study"].all) == ("participant_mapping.json", 4)


def test_validation_is_drawn_from_what_a_mapping_leaves(tmp_path):
    path = mapping(tmp_path, {"seen": ["s0", "s2", "s3"], "unseen": ["s1"]})
    rows, _ = parts({}, mapping=path, validation=0.4)
    assert units(rows, "test", "study") == {("s1",)}
    assert len(units(rows, "validation", "study")) == 1


def test_respondents_may_be_drawn_beside_a_mapping_of_studies(tmp_path):
    path = mapping(tmp_path, {"seen": ["s0", "s2", "s3"], "unseen": ["s1"]})
    rows, _ = parts({"respondent": 0.25}, mapping=path)
    assert set(rows["unseen"]) == {None, "study", "respondent", "study+respondent"}


def test_a_mapping_of_conditions_and_one_of_tasks_are_told_apart_by_their_names(tmp_path):
    sides = {f"s{s}": {"seen": [0, 1, 2], "unseen": [3]} for s in range(2)}
    rows, _ = parts({}, dataset(everybody(2)), mapping=mapping(tmp_path, sides, "condition_mapping.json"))
    assert units(rows, "test", "study", "condition") == {("s0", "3"), ("s1", "3")}
    tasks = [(s, c, q.replace("q", "task "), p) for s, c, q, p in everybody(2)]
    rows, _ = parts({}, dataset(tasks), mapping=mapping(tmp_path, sides, "task_mapping.json"))
    assert units(rows, "test", "study", "question") == {("s0", "task 3"), ("s1", "task 3")}


def test_a_validation_part_whose_units_nobody_answered_is_refused():
    # Each of the two studies is drawn for one of the parts, and only the first of them was answered.
    rows = [(f"s{s}", "0", "q", f"s{s}/0", None, 1 if s < 2 else None) for s in range(3)]
    plan = SplitPlan(hold_out={"study": 0.34}, validation=0.5)
    messages = []
    for seed in range(12):
        try:
            split(dataset(rows), plan, np.random.default_rng(seed))
        except InputError as error:
            messages.append(str(error))
    assert (
        "the validation part would hold no answers: train 1, validation 0, test 1. Hold out other shares." in messages
    )


def test_a_training_part_without_answers_is_refused(tmp_path):
    rows = [("s", c, "q", p, None, 1 if c == "a" else None) for c in "ab" for p in "xy"]
    path = mapping(tmp_path, {"s": {"seen": ["b"], "unseen": ["a"]}}, "condition_mapping.json")
    with pytest.raises(
        InputError, match=r"the train part would hold no answers: train 0, test 2\. Hold out other shares"
    ):
        parts({}, dataset(rows), mapping=path)


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("[1]", "m.json", "found [1]. Expected {"),
        ("{", "m.json", " line 1: not valid JSON: Expecting property name"),
        ({"seen": ["s0"]}, "m.json", "found an object with the keys 'seen'. Expected {"),
        ({"seen": [1, 2], "unseen": [3]}, "m.json", "found 1 in a list, expected ids of studies."),
        ({"seen": [[1]], "unseen": []}, "m.json", "found [1] in a list."),
        ({"seen": ["s0"], "unseen": ["s0"]}, "m.json", '"s0" is both seen and unseen. Leave it in one of the lists.'),
        (
            {"seen": ["s0", "s1"], "unseen": ["s2"]},
            "m.json",
            "does not say whether these are seen (study): s3. Add them to one of the lists",
        ),
        (
            {"seen": ["a"], "unseen": ["b"]},
            "m.json",
            "(study): s0, s1, s2, s3. None of the data is in it: is it of other data?",
        ),
        ({"seen": ["s0", "s1", "s2", "s3"], "unseen": []}, "m.json", "holds out none of these data: the data have"),
        ({"s0": {"seen": [0], "unseen": [1]}}, "m.json", "its name does not say whether they hold"),
        ({"s0": [0]}, "condition_mapping.json", "(s0): found [0]. Expected {"),
        (
            {f"s{s}": {"seen": [0, 1], "unseen": [2]} for s in range(4)},
            "condition_mapping.json",
            "does not say whether these are seen (condition): s0/3, s1/3, s2/3, s3/3.",
        ),
    ],
)  # fmt: skip
def test_a_mapping_of_another_form_says_what_was_found(tmp_path, content, name, message):
    path = mapping(tmp_path, content, name)
    with pytest.raises(InputError) as caught:
        parts({}, mapping=path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_a_mapping_that_cannot_be_read_or_names_what_is_drawn_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no.json: no such file. Expected a JSON file"):
        parts({}, mapping=tmp_path / "no.json")
    (tmp_path / "latin.json").write_bytes(b"\xff")
    with pytest.raises(InputError, match=r"latin.json: cannot be read as UTF-8 text"):
        parts({}, mapping=tmp_path / "latin.json")
    path = mapping(tmp_path, {"seen": ["s0", "s2", "s3"], "unseen": ["s1"]})
    with pytest.raises(InputError, match=r"names what is held out of 'study', and a share of it is to be drawn"):
        parts({"study": 0.5}, mapping=path)


def test_the_official_mapping_holds_out_482642_rows_of_the_210_studies(shared_data):
    folder = shared_data / "socsci210"
    # One row a study, in place of the 2.9 million: their numbers are in the table of studies.
    with (folder / "studies.csv").open(encoding="utf-8", newline="") as file:
        studies = list(csv.DictReader(file))
    data = dataset([(row["study_id"], "0", "task 0", f"{row['study_id']}/1") for row in studies])
    rows, record = parts({}, data, mapping=folder / "participant_mapping.json")
    assert record.counts == {"train": 170, "test": 40}
    part = dict(rows.select("study", "split").iter_rows())
    held = [row for row in studies if part[row["study_id"]] == "test"]
    assert {row["paper_split"] for row in held} == {"unseen"}
    assert sum(int(row["n_rows"]) for row in held) == 482_642
    assert sum(int(row["n_rows"]) for row in studies) == 2_901_390
