"""Cells of past studies: means as an evaluation has them, and what chance adds to these, worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from silicus.data import Unit
from silicus.effects import check_past_record, learn_errors
from silicus.evaluate import Evaluation, evaluate
from silicus.record import read
from silicus.study import PREDICTIONS, RESPONSES, Item, read_study
from silicus.workflow import read_run
from silicus.workflow.run import Manifest, Run
from silicus.workflow.screening.past import PastRun, past_cells
from silicus.workflow.screening.past_cells import cells_of
from silicus.workflow.screening.trust import past_record
from tests.workflow.screening.made import write_study

Person = tuple[str, str, int, float, float]
"""Condition, respondent, answer, weight, and the answer that is predicted, as a share of the range."""


@pytest.fixture(scope="module")
def items(tmp_path_factory) -> dict[str, Item]:
    """Return condition -> its stimulus, on a scale from 0 to 10."""
    study = read_study(str(write_study(tmp_path_factory.mktemp("cells") / "pool.yaml")))
    return {item.condition: item for item in study.items()}


@pytest.fixture(scope="module")
def manifest(world) -> Manifest:
    return read_run(world.past[0]).manifest


def ends(share: float) -> list[float]:
    """Return probabilities of 0 and 10 whose mean is a share of the range."""
    return [1 - share, *[0.0] * 9, share]


def answers(items: Sequence[Item], people: Sequence[Person]) -> pl.DataFrame:
    rows = [
        (item.study, item.condition, item.question, item.item, name, answer, 1, weight)
        for item, (_, name, answer, weight, _) in zip(items, people, strict=True)
    ]
    return pl.DataFrame(rows, schema=RESPONSES, orient="row")


def predictions(items: Sequence[Item], people: Sequence[Person]) -> pl.DataFrame:
    rows = [
        (item.study, item.condition, item.question, item.item, name, weight, ends(said), 0.0, 1.0)
        for item, (_, name, _, weight, said) in zip(items, people, strict=True)
    ]
    return pl.DataFrame(rows, schema=PREDICTIONS, orient="row")


def run_of(manifest: Manifest, items: Sequence[Item], people: Sequence[Person], unit: Unit = "person") -> Run:
    """Return a run in which everybody is predicted in the own condition alone."""
    return Run(
        folder=Path("nowhere"), manifest=manifest.model_copy(update={"unit": unit}),
        items={item.item: item for item in items}, respondents=pl.DataFrame(),
        responses=answers(items, people), predictions=predictions(items, people),
    )  # fmt: skip


PEOPLE: list[Person] = [
    ("control", "ann", 2, 1.0, 0.3),
    ("control", "bob", 6, 2.0, 0.5),
    ("control", "cem", 4, 1.0, 0.6),
    ("warm", "dee", 9, 1.0, 0.7),
    ("warm", "eve", 5, 3.0, 0.4),
]


@pytest.fixture
def small(items, manifest) -> Run:
    return run_of(manifest, [items[condition] for condition, *_ in PEOPLE], PEOPLE)


def by_hand(people: Sequence[Person]) -> tuple[float, ...]:
    """Return means, and variances and the covariance of means, over the effective number of people less one."""
    _, _, answer, weight, said = (np.array(each) for each in zip(*people, strict=True))
    answer = answer / 10
    left = weight.sum() ** 2 / (weight**2).sum() - 1
    own, told = answer - np.average(answer, weights=weight), said - np.average(said, weights=weight)
    parts = (own**2, told**2, own * told)
    means = (np.average(said, weights=weight), np.average(answer, weights=weight))
    return (*means, *(np.average(each, weights=weight) / left for each in parts))


NUMBERS = ("predicted", "observed", "variance", "predicted_variance", "covariance")


def numbers(cells: pl.DataFrame, condition: str) -> tuple[float, ...]:
    [row] = cells.filter(condition=condition).select(NUMBERS).iter_rows()
    return row


@pytest.mark.parametrize("condition", ["control", "warm"])
def test_means_variances_and_covariances_are_those_of_the_people(small, condition):
    hand = by_hand([each for each in PEOPLE if each[0] == condition])
    assert numbers(cells_of(small), condition) == pytest.approx(hand, rel=1e-6)


def test_weights_of_another_size_change_nothing(small):
    larger = replace(small, responses=small.responses.with_columns(pl.col("weight") * 7))
    assert cells_of(larger).select(NUMBERS).to_numpy() == pytest.approx(cells_of(small).select(NUMBERS).to_numpy())


def test_means_are_those_of_an_evaluation(world, items, manifest):
    first = items["control"]
    shown = [first, replace(first, context="Another page about the pool."), first, items["warm"], items["warm"]]
    # Two stimuli in a cell, each seen by others.
    persons = run_of(manifest, shown, PEOPLE)
    for run in (persons, read_run(world.past[0])):
        evaluation = evaluate(run.items, run.responses, run.predictions, "model", np.random.default_rng(0))
        cells = cells_of(run)
        assert len(evaluation.cells) == len(cells) == 2
        for cell in evaluation.cells:
            shares = (np.dot(each, cell.values) / 10 for each in (cell.predicted["model"], cell.human))
            assert numbers(cells, cell.condition)[:2] == pytest.approx(tuple(shares), abs=1e-6)


def test_who_saw_two_stimuli_of_a_cell_counts_once(items, manifest):
    first = items["control"]
    second = replace(first, context="Another page about the pool.")
    people = [("control", "ann", 2, 1.0, 0.3), ("control", "ann", 4, 1.0, 0.5), ("control", "bob", 8, 1.0, 0.6)]
    [cell] = cells_of(run_of(manifest, [first, second, first], people)).select(NUMBERS).iter_rows()
    once: list[Person] = [("control", "ann", 3, 1.0, 0.4), ("control", "bob", 8, 1.0, 0.6)]
    assert cell == pytest.approx(by_hand(once), rel=1e-6)


def test_published_counts_say_nothing_of_chance_in_predictions(world):
    # Everybody simulated is predicted in both conditions: their mean is the same for all who answered.
    run = read_run(world.past[0])
    assert run.responses["respondent"].null_count() == len(run.responses)
    cells = cells_of(run)
    assert cells["predicted_variance"].to_list() == pytest.approx([0, 0], abs=1e-12)
    assert cells["covariance"].to_list() == pytest.approx([0, 0], abs=1e-12)
    assert min(cells["variance"]) > 0


def test_groups_are_conditions_of_their_own(items, manifest):
    people = [("control", "young", 2, 1.0, 0.3), ("control", "old", 6, 1.0, 0.5)]
    own = [items["control"]] * 2
    run = run_of(manifest, own, people, unit="group")
    # Counts of groups: many people an answer.
    run = replace(run, responses=run.responses.with_columns(n=pl.lit(40, pl.Int64)))
    cells = cells_of(run)
    assert cells.select("condition", "predicted", "observed").rows() == [
        ("control · old", pytest.approx(0.5), pytest.approx(0.6)),
        ("control · young", pytest.approx(0.3), pytest.approx(0.2)),
    ]
    assert cells["repeated"].to_list() == [False, False]


def test_refusals_and_failed_predictions_are_left_out(items, manifest, small):
    plain = numbers(cells_of(small), "control")
    people = [*PEOPLE, ("control", "who refuses", 99, 1.0, 0.9), ("control", "who is not read", 10, 5.0, 0.9)]
    run = run_of(manifest, [items[condition] for condition, *_ in people], people)
    unread = pl.when(pl.col("respondent") == "who is not read").then(pl.lit([float("nan")] * 11)).otherwise(
        "probabilities"
    )  # fmt: skip
    run = replace(run, predictions=run.predictions.with_columns(probabilities=unread.cast(pl.List(pl.Float32))))
    assert numbers(cells_of(run), "control") == pytest.approx(plain, rel=1e-6)


def test_who_was_not_asked_is_taken_for_the_mean_of_those_who_were(small):
    others = replace(small, predictions=small.predictions.filter(pl.col("respondent") != "cem"))
    mean = np.average([0.3, 0.5], weights=[1, 2])
    hand = by_hand([*PEOPLE[:2], ("control", "cem", 4, 1.0, mean)])
    assert numbers(cells_of(others), "control") == pytest.approx(hand, rel=1e-6)


def test_without_any_prediction_there_is_no_cell(small):
    nothing = replace(small, predictions=small.predictions.filter(condition="warm"))
    assert cells_of(nothing)["condition"].to_list() == ["warm"]


def test_answers_without_an_order_have_no_cell(small, items):
    scale = items["warm"].scale.model_copy(update={"kind": "nominal"})
    names = {item.item: replace(item, scale=scale) if item.condition == "warm" else item for item in items.values()}
    assert cells_of(replace(small, items=names))["condition"].to_list() == ["control"]


def test_a_question_that_somebody_answered_in_several_conditions_is_marked(items, manifest):
    people = [*PEOPLE, ("warm", "ann", 5, 1.0, 0.5)]
    run = run_of(manifest, [items[condition] for condition, *_ in people], people)
    assert cells_of(run)["repeated"].to_list() == [True, True]
    assert cells_of(replace(run, responses=run.responses.head(5)))["repeated"].to_list() == [False, False]


def as_past(run: Run, world) -> PastRun:
    return PastRun(run, read(world.past[0] / "evaluation.json", Evaluation))


def test_conditions_are_not_compared_where_somebody_answered_in_several(items, manifest, small, world):
    people = [*PEOPLE, ("warm", "ann", 5, 1.0, 0.5)]
    run = as_past(run_of(manifest, [items[condition] for condition, *_ in people], people), world)
    assert len(past_cells([run], conditions=True).study) == 0
    assert len(past_cells([run], conditions=False).study) == 2
    assert len(past_cells([as_past(small, world)], conditions=True).study) == 2


# --- a model that knows persons and nothing of conditions


def pasts(world, items, manifest, rng: np.random.Generator, moved: float) -> list[PastRun]:
    """Return forty studies of 30 people, each predicted in the own condition alone.

    Args:
        world: whose evaluation stands beside the runs.
        items: condition -> stimulus.
        manifest: of the runs.
        rng: where people come from.
        moved: how much of a condition's effect among people is predicted.
    """
    found = []
    for study in range(40):
        effect = rng.normal(0, 0.08)
        people = []
        for number in range(30):
            arm, taste = ("control", "warm")[number % 2], rng.uniform(0.25, 0.75)
            truth = taste + effect * (arm == "warm")
            answer = int(rng.binomial(10, np.clip(truth, 0, 1)))
            said = float(np.clip(taste + moved * effect * (arm == "warm"), 0, 1))
            people.append((arm, f"person {number}", answer, 1.0, said))
        own = [replace(items[arm], study=f"study {study}") for arm, *_ in people]
        found.append(as_past(run_of(manifest, own, people), world))
    return found


def test_a_model_that_knows_persons_and_no_effects_does_not_pass_the_past_record(world, items, manifest):
    runs = pasts(world, items, manifest, np.random.default_rng(3), moved=0.0)
    past = past_cells(runs, conditions=True)
    check = check_past_record(past_record(learn_errors(past, "effects")))
    assert check.status != "passed"
    # Chance alone makes predicted effects and people's go along: without a record of it the model would be believed.
    naive = learn_errors(replace(past, predicted_variance=None, covariance=None), "effects")
    assert naive.slope.low is not None
    assert naive.slope.low > 0.3


def test_a_model_that_knows_effects_passes_it(world, items, manifest):
    runs = pasts(world, items, manifest, np.random.default_rng(3), moved=1.0)
    errors = learn_errors(past_cells(runs, conditions=True), "effects")
    assert check_past_record(past_record(errors)).status == "passed"
    assert errors.slope.low < 1 < errors.slope.high
