"""What stands beside a trained model, and what its intervals resample."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from silicus.study import Scale
from silicus.train import HeldOut, Predicted, Recipe
from silicus.workflow.training.material import Material, gather
from silicus.workflow.training.results import compare
from tests.report.test_learnt import joined, printed
from tests.workflow.training.small import AGREE, TOPICS, save_survey, survey

UNLIKE = ("Bicycles?", "Gardens?", "Weather?")


def gathered(path: str, **part: object) -> Material:
    return gather(Recipe.model_validate({"parts": [{"data": path, "objective": "distribution", **part}]}))


def predicted(held: HeldOut, share: float) -> Predicted:
    """Return a model that gives the first point this share, and the others as much of the rest."""
    rows = [np.array([share, *[(1 - share) / (len(human) - 1)] * (len(human) - 1)]) for human in held.human]
    nll = np.full(len(held.examples), 1.0)
    return Predicted(rows, nll, nll)


def compared(material: Material):
    before, after = ({name: predicted(held, p) for name, held in material.test.items()} for p in (0.2, 0.4))
    return compare(material, before, after, np.random.default_rng(0))


def with_unseen(material: Material, unseen: list[str]) -> Material:
    """Return the material with so many copies of its test cell as there are words for what is unseen."""
    held = material.test["poll"]
    many = len(unseen)
    items = [replace(held.items[0], study=f"study {n}", question=f"q{n}", text=UNLIKE[n % 3]) for n in range(many)]
    examples = replace(held.examples, table=pl.concat([held.examples.table[:1]] * many))
    cells = HeldOut(examples, np.arange(many), items, held.human[:1] * many, np.full(many, 50.0), ["x"] * many, unseen)
    return replace(material, test={"poll": cells})


@pytest.fixture
def material(tmp_path: Path) -> Material:
    return gathered(save_survey(tmp_path / "poll-data", survey(scale=AGREE)))


def test_a_cap_on_what_is_learnt_from_moves_no_control(tmp_path):
    path = save_survey(tmp_path / "poll-data", survey(scale=AGREE))
    capped, whole = (compared(gathered(path, objective="individual", per_cell=cap))["poll"] for cap in (1, None))
    for control in ("training mean", "option words"):
        assert capped.overall[control] == whole.overall[control]


def test_the_options_of_the_training_part_are_beside_the_model(material):
    found = compared(material)["poll"]
    assert list(found.overall) == ["tuned", "untuned", "uniform", "training mean", "option words"]
    assert found.overall["option words"] == found.overall["training mean"]
    assert found.reference == "untuned"
    other = Scale(kind="binary", labels={1: "Yes", 2: "No"})
    held = material.test["poll"]
    items = [replace(item, scale=other) for item in held.items]
    again = compared(replace(material, test={"poll": replace(held, items=items)}))["poll"]
    assert again.overall["option words"]["nll"] == again.overall["training mean"]["nll"]


def test_what_is_unseen_in_different_ways_is_compared_apart(material):
    found = compared(with_unseen(material, ["study", "study", "question", "question", "question"]))
    assert list(found) == ["poll, unseen study", "poll, unseen question"]
    assert [(each.cells_n, each.clusters_n, each.unit) for each in found.values()] == [
        (2, 2, "studies"), (3, 3, "questions"),
    ]  # fmt: skip


def test_where_all_is_unseen_in_one_way_the_dataset_is_named_alone(material):
    found = compared(with_unseen(material, ["study"] * 4))
    assert list(found) == ["poll"]
    assert found["poll"].unit == "studies"


def test_questions_that_say_the_same_are_drawn_again_together(material):
    found = compared(with_unseen(material, ["question"] * 6))["poll"]
    assert (found.clusters_n, found.unit) == (3, "batteries")


def test_single_answers_stand_beside_the_means_where_people_are_asked_one_by_one(material):
    found = compared(material)["poll"]
    assert found.overall["tuned"]["single_nll"].value == 1
    assert found.overall["uniform"]["single_nll"].value is None
    assert compared(with_unseen(material, ["question"] * 3))["poll"].overall["tuned"]["single_nll"].n == 0


def test_the_studies_of_a_dataset_nothing_is_learnt_from_are_unseen(tmp_path):
    path = save_survey(tmp_path / "poll-data")
    far = tuple(f"{topic}, as they are in countries far away" for topic in TOPICS)
    other = survey(far)
    rows = other.responses.drop("split", "unseen").with_columns(study=pl.col("study") + pl.col("question"))
    alone = save_survey(tmp_path / "one-data", replace(other, responses=other.responses.drop("split", "unseen")))
    several = save_survey(tmp_path / "six-data", replace(other, responses=rows))
    recipe = Recipe.model_validate({"parts": [{"data": path, "objective": "distribution"}], "tests": [alone, several]})
    test = gather(recipe).test
    assert set(test["one"].unseen) == {""}
    assert set(test["six"].unseen) == {"study"}
    assert set(test["poll"].unseen) == {"question"}


@pytest.mark.parametrize(("objective", "cells"), [("cao_as_coded", 1), ("distribution", 0)])
def test_where_a_loss_is_as_cao_coded_so_is_their_distance(tmp_path, objective, cells):
    data = survey(scale=AGREE)
    path = save_survey(tmp_path / "poll-data", replace(data, responses=data.responses.with_columns(n=pl.lit(50))))
    found = compared(gathered(path, objective=objective))["poll"]
    assert found.overall["tuned"]["cao_emd_as_coded"].n == cells
    assert ("EMD" in joined(printed(found))) == bool(cells)
