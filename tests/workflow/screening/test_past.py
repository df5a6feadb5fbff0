"""What is told with and without a past: intervals come from a model's errors on past studies, and from nothing else."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml
from rich.console import Console

from silicus.effects import Past, forecast, learn_errors
from silicus.errors import InputError
from silicus.options import SimulateOptions
from silicus.report import print_screening
from silicus.workflow import read_run, simulate
from silicus.workflow.screening.independence import Learnt
from silicus.workflow.screening.past import check_weights_alike, past_cells, past_texts, read_past
from tests.workflow.screening.made import EFFECT, binomial, rules_of, screened, write_script, write_study

NOTHING = Learnt({}, [])


def intervals(found: object) -> list[tuple[object, object]]:
    """Return the ends of every interval that stands anywhere in a record."""
    if isinstance(found, dict):
        own = [(found["low"], found["high"])] if {"low", "high"} <= {*found} else []
        return own + [pair for each in found.values() for pair in intervals(each)]
    return [pair for each in found for pair in intervals(each)] if isinstance(found, list) else []


def printed(found) -> str:
    text = io.StringIO()
    print_screening(found, Console(file=text, width=110))
    return text.getvalue()


def on_disk(folder) -> dict:
    return json.loads((folder / "screening.json").read_text(encoding="utf-8"))


def by_hand(world, *, effects: bool):
    """Return what past studies say, from the tables of their runs and the counts of their files."""
    rows = []
    for study, folder in enumerate(world.past):
        predictions = pl.read_parquet(folder / "predictions.parquet")
        counts = yaml.safe_load((world.folder / f"{folder.name}.yaml").read_text())["human"]["counts"]
        for arm, told in counts.items():
            own = predictions.filter(condition=arm)
            mean = np.average(np.stack(own["probabilities"].to_list()) @ np.arange(11), weights=own["weight"]) / 10
            answers = np.repeat(np.array(list(told["visit"])) / 10, list(told["visit"].values()))
            rows.append((mean, answers.mean(), answers.var() / (len(answers) - 1), study))
    predicted, observed, variance, study = (np.array(each) for each in zip(*rows, strict=True))
    return learn_errors(Past(predicted, observed, variance, study, study), "effects" if effects else "means")


def test_without_a_past_there_is_no_interval_anywhere(alone):
    folder, found = alone
    told = on_disk(folder)
    assert set(intervals([told["arms"], told["cells"], told["questions"]])) == {(None, None)}
    assert {arm.reason for arm in found.arms} == {cell.reason for cell in found.cells}
    page = (folder / "report.html").read_text(encoding="utf-8")
    for text in (page, printed(found)):
        assert "no past studies were given" in " ".join(text.split())
        assert not any(sign in text for sign in ("[+", "[−", "[0", "[1"))


def test_without_people_a_result_is_not_benchmarked_wherever_it_is_read(alone, with_past):
    for folder, found in (alone, with_past):
        assert found.state == "NOT BENCHMARKED"
        assert on_disk(folder)["gate"]["benchmarked"] is False
        assert any("NOT BENCHMARKED" in reason for reason in on_disk(folder)["gate"]["reasons"])
        assert "NOT BENCHMARKED" in (folder / "report.html").read_text(encoding="utf-8")
        assert "NOT BENCHMARKED" in printed(found)
        assert found.gate.verdict == "weak"


def test_without_a_past_no_arm_is_recommended_and_nothing_is_believed(alone):
    question = alone[1].questions[0]
    assert question.choice.recommended is None
    assert question.worth is None
    assert question.split is None
    for arm in alone[1].arms:
        assert (arm.basis, arm.size.naive.arm is None, arm.size.shrunken.arm) == (None, False, None)
    assert "which arm to field cannot be told" in printed(alone[1])


def test_what_is_expected_is_the_slope_times_what_is_simulated(world, with_past):
    errors = by_hand(world, effects=True)
    assert errors.slope.value is not None
    assert 0.3 < errors.slope.value < 0.7
    assert with_past[1].past_effects.slope.value == pytest.approx(errors.slope.value, abs=1e-6)
    for arm in with_past[1].arms:
        assert arm.predicted.points.value == pytest.approx(EFFECT[arm.arm], abs=1e-6)
        assert arm.expected.value == pytest.approx(errors.slope.value * EFFECT[arm.arm], abs=1e-5)
        told = forecast(errors, EFFECT[arm.arm] / 10)
        assert (arm.expected.low, arm.expected.high) == pytest.approx((10 * told.low, 10 * told.high), abs=1e-5)
        assert arm.reason is None


def test_cells_have_intervals_from_the_errors_of_means(world, with_past):
    errors = by_hand(world, effects=False)
    assert len(with_past[1].cells) == 3
    for cell in with_past[1].cells:
        # The simulated weigh 1, 2, 1, 2 ... and have the groups a, b, c, a, ...: each group weighs the same.
        assert cell.predicted == pytest.approx(5 + EFFECT[cell.condition], abs=1e-6)
        told = forecast(errors, (5 + EFFECT[cell.condition]) / 10)
        assert (cell.expected.low, cell.expected.value, cell.expected.high) == pytest.approx(
            (10 * told.low, 10 * told.value, 10 * told.high), abs=1e-5
        )


def test_with_a_past_it_is_told_how_often_intervals_held_and_what_a_simulation_is_worth(with_past):
    found, text = with_past[1], " ".join(printed(with_past[1]).split())
    held = found.past_effects.held_out
    assert held.studies_n == 12
    assert f"intervals for effects meant to hold 95 % held {100 * held.coverage:.0f} %" in text
    worth = found.questions[0].worth.respondents
    assert f"visit: a simulated effect is worth about {worth.value:.0f} [{worth.low:.0f}, {worth.high:.0f}]" in text
    assert "field warm beside the control" in text


def test_arms_and_sizes_rest_on_what_is_expected(with_past):
    found = with_past[1]
    assert found.questions[0].choice.recommended == ["warm"]
    for arm in found.arms:
        assert arm.basis == "past errors"
        # Half the effect needs four times as many people.
        assert arm.size.shrunken.arm / arm.size.naive.arm == pytest.approx(found.past_effects.slope.value**-2, rel=0.05)
        assert arm.size.assured.arm > arm.size.shrunken.arm


def test_where_held_out_intervals_always_held_it_is_not_called_unknown(with_past):
    check = next(each for each in with_past[1].gate.checks if each.name == "past record")
    assert with_past[1].past_effects.held_out.low is None
    # 12 of 12: the exact interval of a share begins at .025 to the power of a twelfth.
    assert "100 % [74, 100] of held-out effects lay in intervals meant to hold 95 %" in check.found
    assert check.status == "passed"


def test_past_studies_are_named_as_people_named_them(with_past):
    assert with_past[1].support is not None
    assert "most like those of past-" in next(c.found for c in with_past[1].gate.checks if c.name == "support")


def test_a_past_study_given_twice_counts_once(world):
    options = _options(world)
    once, twice = (
        read_past(paths, _study(world), options, NOTHING) for paths in (world.past, (*world.past, *world.past))
    )
    first, second = (learn_errors(past_cells(each, conditions=True), "effects") for each in (once, twice))
    assert second.studies_n == first.studies_n == 12
    assert second.slope.value == pytest.approx(first.slope.value)
    assert set(past_texts(twice)) == {f"past-{n}" for n in range(12)}


def _options(world):
    from silicus.options import ScreenOptions

    return ScreenOptions(**world.options, template="silicus", answers="value")


def _study(world):
    from silicus.study import read_study

    return read_study(str(world.study))


def refused(world, tmp_path, *past, **options) -> str:
    with pytest.raises(InputError) as caught:
        screened(world.study, tmp_path / "out", **{**world.options, **options}, past=past)
    return str(caught.value)


def test_a_run_that_was_not_evaluated_is_refused(world, tmp_path):
    options = SimulateOptions(model=world.model, respondents=str(world.people), out=tmp_path / "run")
    run = simulate(str(world.folder / "past-0.yaml"), options)
    assert refused(world, tmp_path, run) == (
        f"{run}: has not been compared with people. Do so with: silicus evaluate {run}"
    )
    assert not (tmp_path / "out").exists()


def test_a_run_asked_otherwise_is_refused(world, tmp_path):
    assert refused(world, tmp_path, world.past[0], template="socrates") == (
        f"{world.past[0]}: was asked with template silicus, this study with socrates. Errors of one way of asking say "
        "nothing of another: ask alike."
    )


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"orders": 2}, "orders as by default, this study with 2"),
        ({"wordings": 3}, "wordings as by default, this study with 3"),
        ({"answers": "label"}, "answers value, this study with label"),
        ({"shots": 2, "examples": Path("past")}, "shots as by default, this study with 2"),
        ({"own_answers": 1, "examples": Path("past")}, "own_answers as by default, this study with 1"),
        ({"protocol": "reason", "controls": 0}, "protocol as by default, this study with reason"),
        ({"server": "http://localhost:1/v1"}, "server as by default, this study with http://localhost:1/v1"),
    ],
    ids=str,
)
def test_whatever_was_asked_otherwise_is_named(world, changed, told):
    with pytest.raises(InputError) as caught:
        read_past(world.past[:1], _study(world), replace(_options(world), **changed), NOTHING)
    assert str(caught.value) == (
        f"{world.past[0]}: was asked with {told}. Errors of one way of asking say nothing of another: ask alike."
    )


@pytest.mark.parametrize("changed", [{"samples": 9}, {"temperature": 0.5}], ids=str)
def test_how_texts_are_drawn_has_to_be_alike_too(world, tmp_path, changed):
    options = replace(_options(world), protocol="reason", controls=0)
    folder = _changed(world, tmp_path, options=options.recorded())
    assert len(read_past([folder], _study(world), options, NOTHING)) == 1
    with pytest.raises(InputError, match=f"was asked with {next(iter(changed))} "):
        read_past([folder], _study(world), replace(options, **changed), NOTHING)


def test_a_run_of_another_model_is_refused(world, tmp_path):
    other = write_script(tmp_path / "other.yaml", *rules_of("pool", EFFECT))
    found = refused(world, tmp_path, world.past[0], model=other)
    assert found.startswith(f"{world.past[0]}: is of another model (weights ")
    assert found.endswith("The errors of one model say nothing of another's: evaluate this one on past studies.")
    simulation = read_run(tmp_path / "out" / "simulation")
    assert simulation.manifest.inputs["weights"] in found


def test_a_run_of_the_same_model_is_not_refused(world):
    runs = read_past(world.past[:1], _study(world), _options(world), NOTHING)
    check_weights_alike(runs, runs[0].run)


def test_predictions_that_were_made_elsewhere_have_no_known_model(world, tmp_path):
    folder = _changed(world, tmp_path, inputs={"predictions": "abc"})
    assert refused(world, tmp_path, folder) == (
        f"{folder}: its predictions were made elsewhere, so that nobody knows by which model."
    )


def test_a_run_that_holds_the_study_itself_is_refused(world, tmp_path):
    study = write_study(tmp_path / "past-3.yaml", "past-3")
    with pytest.raises(InputError, match="holds the study 'past-3' itself") as caught:
        screened(study, tmp_path / "out", **world.options, past=world.past)
    assert str(caught.value).startswith(f"{world.past[3]}: ")


def test_a_run_that_holds_the_same_words_under_another_name_is_refused(world, tmp_path):
    own = yaml.safe_load((world.folder / "past-3.yaml").read_text())
    study = write_study(tmp_path / "new.yaml", "new", conditions=own["conditions"], questions=own["questions"])
    with pytest.raises(InputError, match="holds the study 'new' itself"):
        screened(study, tmp_path / "out", **world.options, past=world.past)


def test_groups_of_people_have_means_and_no_effects(world):
    runs = read_past(world.past, _study(world), _options(world), NOTHING)
    groups = [
        replace(each, run=replace(each.run, manifest=each.run.manifest.model_copy(update={"unit": "group"})))
        for each in runs
    ]
    assert len(past_cells(groups, conditions=False).study) == 24
    assert len(past_cells(groups, conditions=True).study) == 0
    errors = learn_errors(past_cells(groups, conditions=True), "effects")
    assert errors.reason == (
        "no past study has questions of 2 known cells with people's answers, so that nothing is known of how the "
        "model errs"
    )


def test_of_few_past_studies_there_is_no_interval_and_the_reason_is_told(world, tmp_path):
    _, found = screened(world.study, tmp_path / "out", **{**world.options, "controls": 0}, past=world.past[:4])
    assert {arm.reason for arm in found.arms} == {"past errors of 4 studies say too little of another; 10 are needed"}
    assert {arm.expected.low for arm in found.arms} == {None}
    assert "Of effects there are no prediction intervals" in printed(found)


def _changed(world, tmp_path, **changes):
    """Return a copy of a past run whose manifest says something else."""
    import shutil

    folder = tmp_path / "changed"
    shutil.copytree(world.past[0], folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, **changes}))
    return folder


def test_binomial_answers_have_the_mean_they_are_made_for():
    assert np.dot(binomial(4.5), range(11)) == pytest.approx(4.5)
