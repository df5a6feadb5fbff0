"""The plan is frozen before anything is asked, stays as it is, and is counted."""

from __future__ import annotations

import json
from dataclasses import replace

import polars as pl
import pytest
import yaml

from silicus.effects import ScreenPlan
from silicus.errors import RunError, SilicusError
from silicus.options import ScreenOptions
from silicus.record import write
from silicus.study import read_study
from silicus.workflow import read_run, screen_study
from silicus.workflow.screening.frozen import Frozen, frozen_plan, past_key, tried, tried_sentence
from tests.workflow.screening.made import NUMBERS, TEXTS, pilot_table, screened, write_study


def frozen(world, **changed) -> Frozen:
    """Return a plan of the study, something of which is `changed`."""
    given = {
        "study": read_study(str(world.study)), "plan": ScreenPlan(), "outcomes": ("visit",),
        "options": ScreenOptions(**world.options), "past": ("a", "b"),
    }  # fmt: skip
    return frozen_plan(**{**given, **changed})


def test_the_plan_is_written_before_a_model_is_loaded(world, tmp_path):
    with pytest.raises(SilicusError, match=r"nowhere\.yaml"):
        screen_study(str(world.study), ScreenOptions(model="scripted:nowhere.yaml", out=tmp_path / "out"))
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["plan.json"]
    plan = json.loads((tmp_path / "out" / "plan.json").read_text())
    assert (plan["study"], plan["control"], plan["outcomes"]) == ("pool", "control", ["visit"])


def test_freezing_asks_nothing_and_the_same_command_goes_on(world, tmp_path, capsys):
    options = {**world.options, "controls": 0, "out": tmp_path / "out"}
    folder, nothing = screen_study(str(world.study), ScreenOptions(**options, freeze=True))
    assert nothing is None
    assert [each.name for each in folder.iterdir()] == ["plan.json"]
    before = json.loads((folder / "plan.json").read_text())
    assert f"Plan frozen {before['frozen']}, hash {before['hash']}" in capsys.readouterr().err
    _, found = screen_study(str(world.study), ScreenOptions(**options))
    assert found is not None
    assert (found.plan_hash, found.frozen) == (before["hash"], before["frozen"])
    assert json.loads((folder / "plan.json").read_text()) == before


def test_a_finished_screening_is_gone_through_again_without_asking(world, tmp_path, capsys):
    options = {**world.options, "controls": 0}
    folder, first = screened(world.study, tmp_path / "out", **options)
    asked = (folder / "simulation" / "predictions.parquet").stat().st_mtime_ns
    capsys.readouterr()
    assert screened(world.study, tmp_path / "out", **options)[1] == first
    assert (folder / "simulation" / "predictions.parquet").stat().st_mtime_ns == asked
    assert "answers" not in capsys.readouterr().err


def test_another_plan_in_the_same_folder_is_refused_and_says_what_changed(world, tmp_path):
    freeze = {**world.options, "out": tmp_path / "out", "freeze": True}
    screen_study(str(world.study), ScreenOptions(**freeze))
    plan = tmp_path / "plan.yaml"
    plan.write_text("matters: 3\n")
    with pytest.raises(RunError) as caught:
        screen_study(str(world.study), ScreenOptions(**{**freeze, "seed": 1}, plan=plan))
    assert "another plan was frozen here on " in str(caught.value)
    assert "(changed: plan, options). What has been declared stays: choose another folder with --out" in str(
        caught.value
    )


def test_a_folder_that_holds_something_else_is_left_alone(world, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.docx").write_text("")
    with pytest.raises(RunError, match=r"holds something else \(thesis\.docx\)"):
        screened(world.study, tmp_path / "out", **world.options)


def test_without_a_folder_the_screening_is_named_after_study_and_plan(world, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder, _ = screen_study(str(world.study), ScreenOptions(**world.options, freeze=True))
    plan = json.loads((folder / "plan.json").read_text())
    assert str(folder) == f"runs/screen-pool-{plan['hash'][:6]}"


def test_a_pilot_is_no_part_of_the_plan(world, pilot, tmp_path):
    freeze = {**world.options, "out": tmp_path / "out", "freeze": True}
    screen_study(str(world.study), ScreenOptions(**freeze))
    before = (tmp_path / "out" / "plan.json").read_bytes()
    screen_study(str(world.study), ScreenOptions(**freeze, pilot=pilot, price_person=3.0, budget=100.0))
    assert (tmp_path / "out" / "plan.json").read_bytes() == before


@pytest.mark.parametrize(
    "changed",
    [
        {"plan": ScreenPlan(matters=2)},
        {"plan": ScreenPlan(people=99)},
        {"plan": ScreenPlan(better="lower")},
        {"plan": ScreenPlan(correction="none")},
        {"outcomes": ("visit", "stay")},
        {"past": ("a",)},
        {"past": ()},
    ],
    ids=str,
)
def test_the_hash_changes_with_all_that_is_declared(world, changed):
    assert frozen(world, **changed).hash != frozen(world).hash


@pytest.mark.parametrize(
    "changed", [{"seed": 1}, {"respondents": "9"}, {"controls": 0}, {"template": "socrates"}], ids=str
)
def test_the_hash_changes_with_how_the_model_is_asked(world, changed):
    other = ScreenOptions(**{**world.options, **changed})
    assert frozen(world, options=other).hash != frozen(world).hash


def test_the_hash_changes_with_what_is_shown_and_with_the_control(world, tmp_path):
    told = [{"id": arm, "text": text} for arm, text in TEXTS.items()]
    own = read_study(str(write_study(tmp_path / "own.yaml", conditions=[{**told[0], "control": True}, *told[1:]])))
    assert frozen(world, study=own).hash == frozen(world).hash
    turned = read_study(str(write_study(tmp_path / "t.yaml", conditions=[*told[:2], {**told[2], "control": True}])))
    text = [{**told[0], "control": True}, told[1], {**told[2], "text": "It is cold."}]
    shown = read_study(str(write_study(tmp_path / "s.yaml", conditions=text)))
    assert len({frozen(world, study=each).hash for each in (own, turned, shown)}) == 3


def test_what_is_tried_are_plans_of_the_same_study_side_by_side(world, tmp_path):
    first, second = frozen(world), frozen(world, plan=ScreenPlan(matters=1))
    words = [{"id": "control", "control": True, "text": "Come on Monday."}, {"id": "warm", "text": "Come on Friday."}]
    studies = {
        "other": write_study(tmp_path / "other.yaml", "other", conditions=words),
        "renamed": write_study(tmp_path / "renamed.yaml", "renamed"),
        "reworded": write_study(tmp_path / "reworded.yaml", conditions=words),
    }
    changed = {name: frozen(world, study=read_study(str(path))) for name, path in studies.items()}
    for name, plan in {"one": first, "again": first, "two": second, **changed}.items():
        write(tmp_path / name / "plan.json", plan)
    write(tmp_path / "below" / "deep" / "plan.json", frozen(world, plan=ScreenPlan(matters=9)))
    same = {first.hash, second.hash, changed["renamed"].hash, changed["reworded"].hash}
    assert {each.hash for each in tried(tmp_path / "one", first)} == same
    assert tried_sentence([first]) == "This is the only plan for this study in its folder."
    assert tried_sentence([first, second]) == (
        f"2 plans for this study stand side by side, the first of {first.frozen}: the best of several looks better "
        "than it is."
    )


def test_a_second_plan_is_counted_in_the_screening(world, tmp_path):
    options = {**world.options, "controls": 0}
    assert screened(world.study, tmp_path / "one", **options)[1].tried == 1
    found = screened(world.study, tmp_path / "two", **options, seed=1)[1]
    assert found.tried == 2
    assert any(note.startswith("2 plans for this study stand side by side") for note in found.notes)


def test_a_plan_that_nobody_can_read_is_not_counted_and_stops_nothing(world, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "plan.json").write_text(yaml.safe_dump({"not": "a plan"}))
    assert screened(world.study, tmp_path / "out", **{**world.options, "controls": 0})[1].tried == 1


def test_the_hash_changes_with_which_answers_the_study_wants(world, tmp_path):
    question = {"id": "visit", "text": "How gladly would you go there?", "scale": NUMBERS}
    wanted = [question, {**question, "better": "higher"}, {**question, "better": "lower"}]
    studies = [
        read_study(str(write_study(tmp_path / f"{number}.yaml", questions=[each])))
        for number, each in enumerate(wanted)
    ]
    assert len({frozen(world, study=study).hash for study in studies}) == 3


def test_the_hash_changes_with_people_of_the_same_name(world, tmp_path):
    people = tmp_path / "people.csv"
    text = world.people.read_text(encoding="utf-8")
    options = ScreenOptions(**{**world.options, "respondents": str(people)})
    people.write_text(text, encoding="utf-8")
    before = frozen(world, options=options)
    assert frozen(world, options=options).hash == before.hash
    people.write_text(text.replace("simulated person 3,a", "simulated person 3,b"), encoding="utf-8")
    after = frozen(world, options=options)
    assert after.hash != before.hash
    assert after.options == before.options


def test_other_people_of_the_same_name_are_another_plan(world, tmp_path):
    people = tmp_path / "people.csv"
    people.write_text(world.people.read_text(encoding="utf-8"), encoding="utf-8")
    options = ScreenOptions(**{**world.options, "respondents": str(people)}, out=tmp_path / "out", freeze=True)
    screen_study(str(world.study), options)
    people.write_text("respondent,group\nsomebody,a\n", encoding="utf-8")
    with pytest.raises(RunError, match=r"another plan was frozen here on .* \(changed: respondents\)"):
        screen_study(str(world.study), options)


def test_the_key_of_a_past_changes_with_answers_and_with_predictions(world):
    run = read_run(world.past[0])
    answers = run.responses.with_columns(n=pl.col("n") + 1)
    predictions = run.predictions.with_columns(probabilities=pl.col("probabilities").list.reverse())
    runs = (run, replace(run, responses=answers), replace(run, predictions=predictions))
    keys = [past_key(each) for each in runs]
    assert len(set(keys)) == 3
    assert {key.split()[0] for key in keys} == {run.manifest.key}
    assert past_key(read_run(world.past[0])) == keys[0]
    assert len({frozen(world, past=(key,)).hash for key in keys}) == 3


def test_other_pilots_of_the_same_screening_are_counted_and_the_same_is_not(world, screen, tmp_path):
    table = pilot_table().drop("school")

    def notes(given: pl.DataFrame) -> list[str]:
        return [note for note in screen(given)[1].notes if "pilots" in note]

    assert notes(table) == []
    assert notes(table) == []
    changed = table.with_columns(visit=10 - pl.col("visit"))
    [note] = notes(changed)
    seen = json.loads((tmp_path / "out" / "pilots.json").read_text())["seen"]
    assert note == (
        "2 pilots with different answers have been given to this screening, the first on " + min(seen.values())
    )
    assert notes(table) == [note]
