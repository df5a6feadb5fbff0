"""`silicus screen` from its door: what is refused before a model is loaded, and what the command says and prints."""

from __future__ import annotations

import subprocess
import sys

import pytest
import yaml

from silicus.cli import app
from silicus.errors import InputError, SilicusError
from silicus.options import ScreenOptions
from silicus.workflow import screen_study
from tests.workflow.screening.made import LABELLED, NUMBERS, TEXTS, screened, write_study

NOMINAL = {"kind": "nominal", "labels": {1: "Tea", 2: "Coffee", 3: "Milk"}}


def refused(tmp_path, study, **options) -> str:
    """Return why a study is not screened; nothing may have been written."""
    with pytest.raises(SilicusError) as caught:
        screen_study(str(study), ScreenOptions(model="scripted:nowhere.yaml", out=tmp_path / "out", **options))
    assert not (tmp_path / "out").exists()
    return str(caught.value)


def planned(tmp_path, text: str):
    path = tmp_path / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_study_without_a_control_is_refused(tmp_path):
    study = write_study(tmp_path / "s.yaml", conditions=[{"id": "warm", "text": "W."}, {"id": "cold", "text": "C."}])
    assert refused(tmp_path, study) == (
        "the study 'pool' names no control, so that nothing can be compared. Write 'control: true' beside one of its "
        "conditions (warm, cold)."
    )


def test_a_study_of_one_arm_is_refused(tmp_path):
    study = write_study(tmp_path / "s.yaml", conditions=[{"id": "plain", "control": True, "text": "P."}])
    assert refused(tmp_path, study) == (
        "the study 'pool' has no arm beside its control 'plain'. Add the arms to compare."
    )


def test_a_study_of_profiles_is_refused(tmp_path):
    assert refused(tmp_path, "shared-flat") == (
        "the study 'shared-flat' shows profiles, which differ from person to person: there are no arms to choose "
        "among. Simulate it, and estimate what its attributes do (docs/effects.md)."
    )


def test_a_study_without_an_ordered_scale_is_refused(tmp_path):
    study = write_study(tmp_path / "s.yaml", questions=[{"id": "drink", "text": "Which?", "scale": NOMINAL}])
    assert refused(tmp_path, study) == "no question has a scale with an order, so that there is no mean to compare."


def test_questions_without_an_order_are_left_out(world, tmp_path):
    both = [
        {"id": "visit", "text": "How gladly?", "scale": NUMBERS},
        {"id": "drink", "text": "Which?", "scale": NOMINAL},
    ]
    study = write_study(tmp_path / "s.yaml", questions=both)
    found = screened(study, tmp_path / "out", model="uniform", respondents=str(world.people), controls=0)[1]
    assert {arm.question for arm in found.arms} == {"visit"}


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ("outcomes: [visti]", "the plan names the question 'visti', which is not asked. Did you mean 'visit'?"),
        ("better: {visti: lower}", "the plan names the question 'visti', which is not asked. Did you mean 'visit'?"),
        ("outcomes: [drink]", "the answers to 'drink' have no order, so that they have no mean. Leave it out."),
        ("matter: 3", "plan.yaml"),
        ("people: 1", "plan.yaml"),
        ("better: more", "plan.yaml"),
    ],
)
def test_a_plan_that_is_not_as_it_should_be_is_refused(tmp_path, plan, told):
    both = [
        {"id": "visit", "text": "How gladly?", "scale": NUMBERS},
        {"id": "drink", "text": "Which?", "scale": NOMINAL},
    ]
    study = write_study(tmp_path / "s.yaml", questions=both)
    assert told in refused(tmp_path, study, plan=planned(tmp_path, plan))


def test_an_unknown_key_of_the_plan_is_answered_with_the_nearest(tmp_path):
    told = refused(tmp_path, write_study(tmp_path / "s.yaml"), plan=planned(tmp_path, "matter: 3"))
    assert "'matter'" in told
    assert "Did you mean 'matters'?" in told


def test_a_plan_that_is_not_there_is_refused(tmp_path):
    assert "none.yaml" in refused(tmp_path, write_study(tmp_path / "s.yaml"), plan=tmp_path / "none.yaml")


def test_a_pilot_that_is_not_there_is_refused(tmp_path):
    assert "none.csv" in refused(tmp_path, write_study(tmp_path / "s.yaml"), pilot=tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"budget": 100.0}, "found --budget 100 without --price-person, what one person costs."),
        ({"price_person": 0.0}, "found --price-person 0, expected more than 0."),
        ({"price_person": 1.0, "budget": -5.0}, "found --budget -5, expected more than 0."),
        ({"price_person": float("nan")}, "found --price-person nan, expected more than 0."),
        ({"controls": -1}, "found --controls -1"),
        ({"protocol": "reason"}, "found --protocol reason with --controls 30: placebos are compared by exact "
         "probabilities. Give --controls 0 to go without them."),
    ],
)  # fmt: skip
def test_options_that_do_not_go_together_are_refused(options, told):
    with pytest.raises(InputError) as caught:
        ScreenOptions(**options)
    assert told in str(caught.value)


def test_lower_may_be_better_question_by_question(world, tmp_path):
    both = [{"id": name, "text": f"How {name}?", "scale": NUMBERS} for name in ("visit", "afraid")]
    study = write_study(tmp_path / "s.yaml", questions=both)
    plan = planned(tmp_path, "better: {afraid: lower}\npeople: 50\nmatters: 2")
    found = screened(study, tmp_path / "out", model="uniform", respondents=str(world.people), controls=0, plan=plan)[1]
    assert {each.question: each.better for each in found.questions} == {"visit": None, "afraid": "lower"}
    assert found.plan.people == 50


def test_groups_are_compared_where_the_plan_says_so(world, tmp_path):
    found = screened(
        world.study, tmp_path / "out", **{**world.options, "controls": 0}, plan=planned(tmp_path, "moderators: [group]")
    )[1]
    assert {(each.level, each.against is None) for each in found.moderated} >= {("a", True), ("b", True), ("c", True)}
    assert all(each.points.low is None for each in found.moderated)


def test_labelled_answers_keep_their_points(world, tmp_path):
    study = write_study(tmp_path / "s.yaml", questions=[{"id": "warmth", "text": "How warm?", "scale": LABELLED}])
    found = screened(study, tmp_path / "out", model="uniform", respondents=str(world.people), controls=0)[1]
    assert [(cell.predicted, cell.predicted_sd) for cell in found.cells] == [
        (pytest.approx(2.0), pytest.approx((2 / 3) ** 0.5))
    ] * 3


def test_the_command_prints_the_screening_and_says_where_its_files_are(world, tmp_path, capsys):
    out = tmp_path / "out"
    app(["screen", str(world.study), "--model", world.model, "--respondents", str(world.people), "--controls", "0",
         "--out", str(out)], result_action="return_value")  # fmt: skip
    told = capsys.readouterr()
    assert "Verdict: weak." in told.out
    assert "NOT BENCHMARKED" in told.out
    for name in (out / "report.html", out / "exports"):
        assert str(name) in told.out + told.err
        assert name.exists()
    assert "Once people have answered: the same command with --pilot FILE" in told.out + told.err


def test_the_command_that_freezes_says_how_to_go_on(world, tmp_path, capsys):
    app(["screen", str(world.study), "--freeze", "--out", str(tmp_path / "out")], result_action="return_value")
    told = capsys.readouterr()
    assert f"silicus screen {world.study} --out {tmp_path / 'out'} with the same options" in told.out + told.err
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["plan.json"]


def test_help_explains_every_option_of_its_own():
    done = subprocess.run([sys.executable, "-m", "silicus", "screen", "--help"], capture_output=True, text=True,
                          check=True, timeout=60, env={"COLUMNS": "200", "PATH": ""})  # fmt: skip
    text = " ".join(done.stdout.replace("│", " ").split())
    told = {
        "--plan": "and when an effect matters",
        "--past": "from their errors the intervals are made",
        "--pilot": "one row a person",
        "--controls": "about placebos",
        "--price-person": "What one person's answers cost",
        "--budget": "may be spent on people in all",
        "--freeze": "stop before anything is asked",
    }
    for option, words in told.items():
        assert option in text
        assert words in text


def test_a_broken_study_says_where(tmp_path):
    (tmp_path / "s.yaml").write_text(yaml.safe_dump({"id": "x", "conditions": [{"id": "a", "text": TEXTS["warm"]}]}))
    assert "s.yaml" in refused(tmp_path, tmp_path / "s.yaml")
