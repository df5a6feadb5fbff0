"""What is learnt from and what is tested on: read, checked, and kept apart."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from silicus.errors import InputError, LeakError
from silicus.study import Scale
from silicus.train import Recipe
from silicus.workflow.training.material import gather
from tests.data.splitting import SEVEN, marked, stimulus
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


def cells_of(recipe: Recipe) -> dict[str, list[tuple[str, str]]]:
    found = gather(recipe)
    held = {f"{kind} {name}": each for kind in ("test", "validation") for name, each in getattr(found, kind).items()}
    return {
        name: [
            (each.examples.items[example["item"]].item, example["person"]) for example in each.examples.table.to_dicts()
        ]
        for name, each in held.items()
    }


def test_what_is_tested_and_looked_at_does_not_depend_on_the_recipe(poll, tmp_path):
    away = without_split(survey(ELSEWHERE))
    other, third = (save_survey(tmp_path / name, away) for name in ("abroad-data", "third-data"))
    plain = cells_of(recipe(poll, tests=(other,), test_cells=3))
    assert len({item for item, _ in plain["test abroad"]}) == 3
    for changed_recipe in (
        recipe(poll, tests=(other,), test_cells=3, seed=7),
        recipe(poll, tests=(other,), test_cells=3, objective="preference", leaks="drop"),
        recipe(poll, poll, tests=(other,), test_cells=3),
        recipe(poll, tests=(other,), test_cells=3, evaluate_cells=1),
    ):
        assert cells_of(changed_recipe) == plain
    # Nor on which other datasets are tested on.
    assert cells_of(recipe(poll, tests=(third, other), test_cells=3))["test abroad"] == plain["test abroad"]
    assert set(cells_of(recipe(poll, tests=(other,), test_cells=2))["test abroad"]) < set(plain["test abroad"])


def test_each_part_draws_on_its_own(poll):
    def drawn(*objectives: str) -> list[pl.DataFrame]:
        parts = [{"data": poll, "objective": each, "per_cell": 3} for each in objectives]
        return [part.examples.table for part in gather(Recipe.model_validate({"parts": parts})).learnt]

    first, second = drawn("individual", "individual")
    assert not first.equals(second)
    assert drawn("individual")[0].equals(first)
    assert drawn("preference", "individual")[1].equals(second)


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


def test_the_recipe_says_from_which_similarity_stimuli_of_two_datasets_count_as_the_same(poll, tmp_path):
    other = save_survey(tmp_path / "other-data", without_split(survey(("all public libraries", *ELSEWHERE[1:]))))
    assert Recipe.model_fields["similarity"].default == 0.85
    assert len(gather(recipe(poll, tests=(other,))).learnt) == 1
    with pytest.raises(LeakError, match="public libraries"):
        gather(recipe(poll, tests=(other,), similarity=0.5))


def test_the_same_words_under_two_scales_are_both_left_out(tmp_path):
    rows = [
        ("poll", "all", f"q{number}", f"p{person}", stimulus(text, scale=scale), 1)
        for number, (text, scale) in enumerate([("Tea?", SEVEN), ("Tea?", AGREE), ("A fast car?", SEVEN)])
        for person in range(3)
    ]
    poll = save_survey(tmp_path / "poll-data", marked(rows, ["train"] * 9))
    other = save_survey(tmp_path / "other-data", without_split(marked(rows[:3], ["train"] * 3)))
    found = gather(recipe(poll, tests=(other,), leaks="drop"))
    assert questions(found.learnt[0].examples) == {"q2"}
    assert "2 stimuli that are learnt from are tested on" in found.left_out[0]


def test_what_two_parts_learn_from_alike_is_no_leak(poll, tmp_path):
    other = save_survey(tmp_path / "other-data", survey((*TOPICS[:4], *ELSEWHERE[4:])))
    assert len(gather(recipe(poll, other)).learnt) == 2


TEN = Scale(kind="ordinal", labels={n: f"Point {n}" for n in range(1, 11)}, refusals={99: "Refused"})
TWICE = Scale(kind="binary", labels={1: "Agree", 2: "Disagree"}, refusals={8: "Don't know", 9: "Refused"})


@pytest.mark.parametrize(("scale", "found"), [(TEN, "11 answers"), (TWICE, "2 refusals")])
def test_what_does_not_fit_ten_letters_is_refused_where_they_are_learnt(tmp_path, scale, found):
    path = save_survey(tmp_path / "poll-data", survey(scale=scale))
    with pytest.raises(InputError, match=rf"poll-data: the question 'q0' of the study 'poll' has {found}, and 'subpop"):
        gather(recipe(path, objective="subpop_as_coded"))
    gather(recipe(path, objective="cao_as_coded"))
