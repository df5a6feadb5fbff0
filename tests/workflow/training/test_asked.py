"""What is said at the prompt stands in the place of what the recipe says."""

from __future__ import annotations

from pathlib import Path

import pytest

from silicus.errors import InputError
from silicus.options import TrainOptions
from silicus.workflow.training.asked import recipe_asked

RECIPE = """\
title: Two surveys
model: some/base
parts:
  - {data: one, objective: distribution, share: 2, weights: root}
  - {data: two, objective: individual, share: 1, per_cell: 5}
tests: [three]
steps: 7
learning_rate: 0.001
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "two.yaml"
    path.write_text(RECIPE, encoding="utf-8")
    return path


def test_a_recipe_alone_is_taken_as_it_is(recipe):
    asked = recipe_asked(recipe, TrainOptions())
    assert (asked.model, asked.steps, asked.learning_rate, asked.tests) == ("some/base", 7, 0.001, ["three"])
    assert [(part.data, part.objective, part.share) for part in asked.parts] == [
        ("one", "distribution", 2),
        ("two", "individual", 1),
    ]


def test_what_is_said_at_the_prompt_replaces_the_recipes_and_nothing_else(recipe):
    asked = recipe_asked(recipe, TrainOptions(model="other", learning_rate=0.5, per_cell=3, tests=("four", "five")))
    assert (asked.model, asked.learning_rate, asked.tests, asked.steps) == ("other", 0.5, ["four", "five"], 7)
    assert [(part.per_cell, part.weights) for part in asked.parts] == [(3, "root"), (3, "equal")]


def test_false_and_zero_are_said_too(recipe):
    recipe.write_text(RECIPE + "checkpointing: true\nevaluate: 3\nseed: 4\n", encoding="utf-8")
    asked = recipe_asked(recipe, TrainOptions(checkpointing=False, evaluate=0, seed=0))
    assert (asked.checkpointing, asked.evaluate, asked.seed) == (False, 0, 0)


def test_epochs_at_the_prompt_replace_the_steps_of_the_recipe(recipe):
    asked = recipe_asked(recipe, TrainOptions(epochs=2))
    assert (asked.epochs, asked.steps) == (2, None)


def test_without_a_recipe_the_options_are_one_with_a_part_for_each_dataset():
    asked = recipe_asked(None, TrainOptions(data=("a", "b"), objective="preference", rank=8))
    assert [(part.data, part.objective) for part in asked.parts] == [("a", "preference"), ("b", "preference")]
    assert (asked.rank, asked.model, asked.epochs) == (8, "smollm2", 1)


def test_other_data_are_one_for_each_part_or_one_for_all(recipe):
    def data(*named: str) -> list[str]:
        return [part.data for part in recipe_asked(recipe, TrainOptions(data=named)).parts]

    assert data("x", "y") == ["x", "y"]
    assert data("x") == ["x", "x"]
    with pytest.raises(InputError) as caught:
        data("x", "y", "z")
    assert str(caught.value) == f"{recipe}: has 2 parts, found --data 3 times. Give one for each, or one."


def test_neither_recipe_nor_data_is_refused():
    with pytest.raises(InputError) as caught:
        recipe_asked(None, TrainOptions(model="smollm2"))
    assert str(caught.value) == "found neither a recipe nor --data, expected one of them. Recipes are in recipes/."


@pytest.mark.parametrize(
    ("added", "told"),
    [
        ("lerning_rate: 0.1\n", "two.yaml line 9 (lerning_rate): unknown key 'lerning_rate'. Did you mean"),
        ("schedule: cosin\n", "schedule"),
        ("rank: 0\n", "rank"),
    ],
)
def test_a_mistake_in_a_recipe_is_told_with_its_place(recipe, added, told):
    recipe.write_text(RECIPE + added, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        recipe_asked(recipe, TrainOptions())
    assert told in str(caught.value)


def test_an_objective_that_does_not_fit_the_rest_of_its_part_is_told(recipe):
    with pytest.raises(InputError, match="'weights' are for distributions, found the objective 'individual'"):
        recipe_asked(recipe, TrainOptions(objective="individual"))


def test_a_setting_out_of_its_range_at_the_prompt_is_told():
    with pytest.raises(InputError, match="batch"):
        recipe_asked(None, TrainOptions(data=("a",), batch=0))


def test_a_recipe_that_is_not_there_is_told():
    with pytest.raises(InputError, match=r"gone.yaml: no such recipe. Expected a YAML file"):
        recipe_asked(Path("gone.yaml"), TrainOptions())


def test_any_setting_of_a_recipe_or_of_its_parts_can_be_said_at_the_prompt():
    asked = TrainOptions(data=("a", "b"), objective="distribution", set=("warmup=0.2", "ordinal=0.5", "clip=null"))
    found = recipe_asked(None, asked)
    assert (found.warmup, found.clip) == (0.2, None)
    assert [part.ordinal for part in found.parts] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (TrainOptions(data=("a",), set=("warmup",)), "found --set warmup, expected a setting and its value"),
        (TrainOptions(data=("a",), set=("warmpu=1",)), "unknown setting 'warmpu'. Did you mean 'warmup'"),
        (TrainOptions(data=("a",), set=("warmup=much",)), "warmup"),
        (TrainOptions(data=("a",), steps=2, epochs=1.0), "found both --steps and --epochs"),
    ],
)
def test_a_setting_that_cannot_be_is_named(options, message):
    with pytest.raises(InputError, match=message):
        recipe_asked(None, options)


def test_a_folder_in_the_place_of_a_recipe_is_told_where_it_belongs(tmp_path):
    with pytest.raises(InputError, match=r"is a folder, expected a recipe .* Give a dataset folder with --data"):
        recipe_asked(tmp_path, TrainOptions())
