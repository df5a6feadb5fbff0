"""What is learnt from and what is tested on: read, checked, and kept apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from silicus.errors import InputError, LeakError
from silicus.train import Recipe
from silicus.workflow.training.material import gather, shares_learnt
from tests.workflow.training.small import AGREE, TOPICS, changed, save_survey, survey, without_split

ELSEWHERE = tuple(f"{topic}, as they are in countries far away" for topic in TOPICS)


def recipe(*data: str, tests: tuple[str, ...] = (), **settings: object) -> Recipe:
    objective = settings.pop("objective", "distribution")
    parts = [{"data": each, "objective": objective} for each in data]
    return Recipe.model_validate({"parts": parts, "tests": tests, **settings})


@pytest.fixture
def poll(tmp_path: Path) -> str:
    return save_survey(tmp_path / "poll-data")


def questions(examples) -> set[str]:
    return {item.question for item in examples.items}


def test_each_part_of_a_split_goes_where_it_belongs(poll):
    found = gather(recipe(poll))
    assert questions(found.learnt[0].examples) == {"q0", "q1", "q2", "q3"}
    assert questions(found.validation["poll"].examples) == {"q4"}
    assert questions(found.test["poll"].examples) == {"q5"}
    assert found.left_out == []
    assert found.sources[0].split_in_words == "as its column 'split' says"


def test_a_dataset_that_is_only_tested_on_is_taken_whole_where_it_was_not_split(poll, tmp_path):
    other = save_survey(tmp_path / "abroad-data", without_split(survey(ELSEWHERE)))
    found = gather(recipe(poll, tests=(other,)))
    assert list(found.test) == ["poll", "abroad"]
    assert questions(found.test["abroad"].examples) == {f"q{n}" for n in range(6)}
    assert list(found.validation) == ["poll"]


def test_datasets_in_folders_of_one_name_are_told_apart(poll, tmp_path):
    other = save_survey(tmp_path / "second" / "poll-data", survey(ELSEWHERE))
    found = gather(recipe(poll, other))
    assert list(found.test) == list(found.validation) == [poll, other]


def test_a_dataset_that_two_parts_learn_from_is_tested_once(poll):
    found = gather(recipe(poll, poll))
    assert len(found.learnt) == 2
    assert list(found.test) == ["poll"]


def test_nothing_is_tested_or_looked_at_where_the_recipe_says_so(poll):
    found = gather(recipe(poll, evaluate=0, test_cells=0))
    assert (found.validation, found.test) == ({}, {})


def test_a_dataset_without_validation_or_test_part_is_learnt_from_all_the_same(tmp_path):
    path = save_survey(tmp_path / "all-data", survey(parts=("train",) * 6))
    found = gather(recipe(path))
    assert (found.validation, found.test) == ({}, {})
    assert len(questions(found.learnt[0].examples)) == 6


def test_the_same_seed_draws_the_same_rows_and_cells(poll):
    def drawn(seed: int):
        found = gather(recipe(poll, seed=seed, objective="preference"))
        return found.learnt[0].examples.table

    assert drawn(1).equals(drawn(1))
    assert not drawn(1).equals(drawn(2))


# --- what speaks against it


def test_a_dataset_that_was_not_split_is_refused_with_how_to_split_it(tmp_path):
    path = save_survey(tmp_path / "whole-data", without_split(survey()))
    with pytest.raises(InputError) as caught:
        gather(recipe(path))
    assert str(caught.value) == (
        f"{path}: has not been split, so there is nothing to say what training may see. Split it with: "
        f"silicus data prepare poll.csv --hold-out question=0.2 --out {path}"
    )


def test_a_training_part_without_answers_is_refused(tmp_path):
    path = save_survey(tmp_path / "poll-data", survey(parts=("test question",) * 6))
    with pytest.raises(InputError, match="its training part holds no answers"):
        gather(recipe(path))


def test_groups_are_no_single_answers(tmp_path):
    path = save_survey(tmp_path / "poll-data", survey(unit="group"), guarded=False)
    with pytest.raises(InputError, match=r"answers of groups of people, and 'individual' learns from single answers"):
        gather(recipe(path, objective="individual"))


def test_rationales_are_only_learnt_where_there_are_any(poll):
    with pytest.raises(InputError, match=r"holds no rationales to learn. Keep them with: silicus data prepare"):
        gather(recipe(poll, objective="rationale"))


def test_an_answer_that_is_not_on_its_scale_is_refused(tmp_path, poll):
    changed(Path(poll), response=pl.when(pl.col("question") == "q0").then(8).otherwise("response"))
    with pytest.raises(InputError, match="Answers off their scale cannot be learnt from"):
        gather(recipe(poll))


def test_a_folder_that_is_no_dataset_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no dataset folder \(no dataset.json\). Make one with: silicus data prepare"):
        gather(recipe(str(tmp_path)))


# --- leaks


def test_a_leak_in_a_dataset_that_was_never_guarded_stops(tmp_path):
    same = survey((*TOPICS[:5], TOPICS[0]))
    path = save_survey(tmp_path / "poll-data", same, guarded=False)
    with pytest.raises(LeakError, match="items"):
        gather(recipe(path))


def test_answers_that_were_changed_since_they_were_guarded_are_guarded_again(poll):
    gather(recipe(poll))
    first = pl.read_parquet(Path(poll) / "responses.parquet")["item"][0]
    changed(Path(poll), item=pl.when(pl.col("question") == "q5").then(pl.lit(first)).otherwise("item"))
    with pytest.raises(LeakError, match="items"):
        gather(recipe(poll))


def test_what_another_dataset_tests_on_stops_the_training_and_both_stimuli_are_shown(poll, tmp_path):
    other = save_survey(tmp_path / "other-data", without_split(survey((TOPICS[1], *ELSEWHERE[1:]))))
    with pytest.raises(LeakError) as caught:
        gather(recipe(poll, tests=(other,)))
    assert str(caught.value) == (
        f"{poll}: 1 stimulus that is learnt from is tested on in another dataset, as “How much do you care about "
        f"public libraries?” and “How much do you care about public libraries?” of {other}. Leave them out of what is "
        "learnt from with 'leaks: drop' in the recipe."
    )


def test_a_second_part_that_tests_on_what_the_first_learns_stops_too(poll, tmp_path):
    turned = survey((*ELSEWHERE[:5], TOPICS[0]))
    other = save_survey(tmp_path / "other-data", turned)
    with pytest.raises(LeakError, match="tested on in another dataset"):
        gather(recipe(poll, other))


def test_where_the_recipe_drops_leaks_they_are_not_learnt_from_and_are_told(poll, tmp_path):
    other = save_survey(tmp_path / "other-data", without_split(survey((TOPICS[1], *ELSEWHERE[1:]))))
    found = gather(recipe(poll, tests=(other,), leaks="drop"))
    assert questions(found.learnt[0].examples) == {"q0", "q2", "q3"}
    assert questions(found.test["poll"].examples) == {"q5"}
    assert len(found.left_out) == 1
    assert found.left_out[0].startswith(f"{poll}: 1 stimulus that is learnt from is tested on in another dataset")


def test_what_two_parts_learn_from_alike_is_no_leak(poll, tmp_path):
    other = save_survey(tmp_path / "other-data", survey((*TOPICS[:4], *ELSEWHERE[4:])))
    assert len(gather(recipe(poll, other)).learnt) == 2


# --- the training mean


def test_shares_learnt_are_those_of_the_points_of_every_cell(tmp_path):
    path = save_survey(tmp_path / "agree-data", survey(scale=AGREE))
    found = shares_learnt(gather(recipe(path)).learnt)
    rows = pl.read_parquet(Path(path) / "responses.parquet").filter(pl.col("split") == "train", pl.col("response") < 9)
    by_hand = [float((own["response"] == 1).mean()) for _, own in rows.group_by("question", maintain_order=True)]
    assert sorted(float(share[0]) for share in found) == pytest.approx(sorted(by_hand))
    np.testing.assert_allclose([share.sum() for share in found], 1.0)
    assert {len(share) for share in found} == {2}
