from __future__ import annotations

import importlib
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from silicus.errors import InputError, ModelError, PromptError, RunError, SilicusError
from silicus.models.scripted import ScriptedModel
from silicus.options import SimulateOptions
from silicus.prompts.silicus import SilicusTemplate
from silicus.study import PREDICTIONS
from silicus.workflow import read_run, simulate


@pytest.fixture
def options(tmp_path: Path) -> SimulateOptions:
    """Return options that ask ten people of the scripted model."""
    return SimulateOptions(model="scripted", respondents="10", out=tmp_path / "run")


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


RUN_FILES = ["items.parquet", "manifest.json", "predictions.parquet", "respondents.parquet", "responses.parquet"]


def test_a_run_leaves_its_questions_answers_manifest_and_predictions(tea, options):
    folder = simulate(str(tea), options)
    assert folder == options.out
    assert names(folder) == RUN_FILES
    run = read_run(folder)
    assert run.predictions.schema == PREDICTIONS
    assert len(run.predictions) == 2 * 2 * 10
    assert set(run.predictions["item"]) == set(run.items)
    assert run.responses.is_empty()


def test_the_manifest_says_where_the_numbers_come_from(tea, options):
    manifest = read_run(simulate(str(tea), options)).manifest
    assert manifest.options["model"] == "scripted"
    assert manifest.options["seed"] == 0
    assert set(manifest.inputs) == {"items", "respondents", "weights", "prompts"}
    assert {"silicus", "python", "numpy", "polars"} <= set(manifest.versions)
    assert manifest.respondents == "10 bundled US adult profiles, drawn with seed 0"
    assert manifest.sources[0] == "A. Author (licence: CC0-1.0)"
    assert manifest.licences == ["CC0-1.0"]


def test_same_seed_same_bytes_other_seed_other_people(tea, options, tmp_path):
    first, again, other = (
        simulate(str(tea), replace(options, out=tmp_path / name, seed=seed)) / "predictions.parquet"
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first.read_bytes() == again.read_bytes()
    assert not pl.read_parquet(first)["respondent"].equals(pl.read_parquet(other)["respondent"])


def test_a_finished_run_is_not_run_again(tea, options, monkeypatch):
    folder = simulate(str(tea), options)
    before = (folder / "predictions.parquet").stat().st_mtime_ns
    monkeypatch.setattr(ScriptedModel, "answer", None)
    assert simulate(str(tea), options) == folder
    assert (folder / "predictions.parquet").stat().st_mtime_ns == before


def test_without_out_the_folder_is_named_after_study_model_and_options(tea, options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    unnamed = replace(options, out=None)
    folder, other = (simulate(str(tea), o) for o in (unnamed, replace(unnamed, template="socrates")))
    assert folder.parent == Path("runs")
    assert folder.name.startswith("tea-scripted-")
    assert other != folder


def test_a_study_whose_id_is_a_path_does_not_leave_the_runs_folder(tea, options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tea.write_text(tea.read_text().replace("id: tea", "id: ../../tea/cup", 1))
    assert simulate(str(tea), replace(options, out=None)).name.startswith("tea-cup-scripted-")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"seed": 3}, "seed was 0, is 3"),
        ({"template": "socrates"}, "template was silicus, is socrates"),
        ({"respondents": "11"}, "respondents was 10, is 11"),
        ({"model": "uniform"}, "model was scripted, is uniform"),
    ],
)
def test_another_run_in_the_same_folder_is_refused_with_what_changed(tea, options, changed, told):
    simulate(str(tea), options)
    with pytest.raises(RunError) as caught:
        simulate(str(tea), replace(options, **changed))
    message = str(caught.value)
    assert message.startswith(f"{options.out}: holds another run (")
    assert told in message
    assert message.endswith("Choose another folder with --out, or delete it.")


def test_a_study_that_was_edited_is_another_run(tea, options):
    simulate(str(tea), options)
    tea.write_text(tea.read_text().replace("lovely", "awful"))
    with pytest.raises(RunError, match=r"holds another run \(the items have changed\)\. Choose another"):
        simulate(str(tea), options)


def test_human_answers_added_later_reach_a_finished_run_whose_predictions_stay(tea, options):
    folder = simulate(str(tea), options)
    before = (folder / "predictions.parquet").read_bytes()
    tea.write_text(tea.read_text() + "human: {counts: {plain: {buy: {Yes: 3, No: 1}}}}\n")
    assert simulate(str(tea), options) == folder
    assert read_run(folder).responses["n"].sum() == 4
    assert (folder / "predictions.parquet").read_bytes() == before


def test_an_unfinished_run_is_not_finished_with_other_versions(tea, options):
    folder = simulate(str(tea), options)
    (folder / "predictions.parquet").unlink()
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"silicus": "', '"silicus": "0.0.'))
    with pytest.raises(RunError, match=r"was begun with other versions \(silicus was 0\.0\."):
        simulate(str(tea), options)


def test_a_template_with_other_words_makes_another_run(tea, options, monkeypatch):
    simulate(str(tea), options)
    monkeypatch.setattr(SilicusTemplate, "system", "You are somebody else.")
    with pytest.raises(RunError, match="the prompts have changed"):
        simulate(str(tea), options)


def test_a_template_with_another_lead_makes_another_run(tea, options, monkeypatch):
    simulate(str(tea), options)
    monkeypatch.setattr(SilicusTemplate, "lead", "I would say ")
    with pytest.raises(RunError, match="the prompts have changed"):
        simulate(str(tea), options)


def test_words_that_are_not_asked_for_are_recorded_as_what_they_came_to(tea, options):
    manifest = read_run(simulate(str(tea), options)).manifest
    assert (manifest.options["template"], manifest.options["answers"]) == ("silicus", "value")
    # Naming the default is the same run, as it was before it could be left out.
    named = replace(options, template="silicus", answers="value")
    assert read_run(simulate(str(tea), named)).manifest.key == manifest.key


def test_the_manifest_names_design_control_and_whose_answers_they_are(options):
    manifest = read_run(simulate("asian-disease", options)).manifest
    assert manifest.design == "between respondents, control 'gain'"
    assert manifest.people.startswith("students at Stanford University")


def test_people_that_were_edited_are_another_run(tea, options, crowd):
    table = crowd(5)
    asked = replace(options, respondents=str(table))
    simulate(str(tea), asked)
    table.write_text(table.read_text().replace("Female", "Male"))
    with pytest.raises(RunError, match=r"holds another run \(the respondents have changed\)"):
        simulate(str(tea), asked)


def test_a_folder_with_other_files_is_refused_and_left_as_it_was(tea, options):
    options.out.mkdir()
    (options.out / "thesis.docx").write_text("mine")
    with pytest.raises(RunError) as caught:
        simulate(str(tea), options)
    assert str(caught.value) == (
        f"{options.out}: this folder holds something else (thesis.docx). Choose an empty or new folder with --out."
    )
    assert names(options.out) == ["thesis.docx"]


def test_a_run_killed_before_its_manifest_was_written_starts_again(tea, options, tmp_path):
    whole = simulate(str(tea), replace(options, out=tmp_path / "whole"))
    options.out.mkdir()
    (options.out / ".items.parquet.1.part").write_bytes(b"half")
    (options.out / "responses.parquet").write_bytes(b"")
    folder = simulate(str(tea), options)
    assert names(folder) == RUN_FILES
    assert (folder / "predictions.parquet").read_bytes() == (whole / "predictions.parquet").read_bytes()


def test_a_run_killed_while_tidying_up_is_tidied(tea, options):
    folder = simulate(str(tea), options)
    (folder / "parts").mkdir()
    (folder / "parts" / "000000.parquet").write_bytes(b"")
    (folder / ".report.html.1.part").write_bytes(b"")
    simulate(str(tea), options)
    assert names(folder) == RUN_FILES


def test_a_run_that_is_killed_goes_on_and_gives_the_same_bytes(tea, crowd, tmp_path):
    killed, table = tmp_path / "killed", str(crowd(2000))
    command = [sys.executable, "-m", "silicus", "simulate", str(tea), "--model", "scripted"]
    command += ["--respondents", table, "--out", str(killed)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(list(killed.glob("parts/*.parquet"))) < 3:
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    kept = sorted(killed.glob("parts/*.parquet"))
    assert not (killed / "predictions.parquet").exists()
    assert all(len(pl.read_parquet(path)) == 512 for path in kept)
    made = kept[0].stat().st_mtime_ns
    with pytest.raises(
        InputError, match=rf"the run is not finished \({len(kept)} parts are there\)\. Start the command that made it"
    ):
        read_run(killed)

    asked = SimulateOptions(model="scripted", respondents=table, out=killed)
    whole = simulate(str(tea), replace(asked, out=tmp_path / "whole")) / "predictions.parquet"
    assert kept[0].stat().st_mtime_ns == made
    assert (simulate(str(tea), asked) / "predictions.parquet").read_bytes() == whole.read_bytes()
    assert names(killed) == RUN_FILES
    assert len(pl.read_parquet(whole)) == 8000


def test_a_model_that_fails_in_mid_run_leaves_what_was_finished(tea, options, crowd, tmp_path, monkeypatch):
    asked = replace(options, respondents=str(crowd(300)))
    whole = simulate(str(tea), replace(asked, out=tmp_path / "whole")) / "predictions.parquet"
    real = ScriptedModel.answer

    def breaks(self, prompts):
        if any(p.item.question == "buy" for p in prompts):
            raise ModelError("the power went out.")
        return real(self, prompts)

    with monkeypatch.context() as patch:
        patch.setattr(ScriptedModel, "answer", breaks)
        with pytest.raises(ModelError, match=r"the power went out\."):
            simulate(str(tea), asked)
    assert simulate(str(tea), asked).joinpath("predictions.parquet").read_bytes() == whole.read_bytes()


class Forgetful:
    """A template that says nothing of the persona."""

    name, outer, fields = "forgetful", "item", ()

    def persona(self, respondent) -> dict[str, str]:
        return {}

    def user(self, item, respondent, style) -> str:
        return item.text


def test_what_cannot_be_asked_is_known_before_a_model_is_loaded(tea, options, monkeypatch):
    module = importlib.import_module("silicus.workflow.simulate")  # the door shows the function of that name
    monkeypatch.setattr(module, "get_template", lambda _: Forgetful())
    with pytest.raises(
        PromptError, match=r"template 'forgetful', respondent 'us-\d+': the attribute '\w+' .* is absent"
    ):
        simulate(str(tea), replace(options, model="./no-such-model"))
    assert not options.out.exists()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"respondents": "people"}, "found --respondents people, expected a number or a table (.csv, .tsv, .parquet)."),
        (
            {"respondents": "0"},
            "found --respondents 0, expected 1 to 4000 (the bundled profiles), or a table of your own.",
        ),
        ({"template": "sokrates"}, "unknown template 'sokrates'. Did you mean 'socrates'?"),
        ({"model": "pooled"}, "the model 'pooled' needs human answers, and this study has none."),
        (
            {"answers": "label"},
            "study 'tea', question 'like': the answer style 'label' needs a label for every point; 0 has none.",
        ),
    ],
)
def test_an_option_that_does_not_fit_is_refused_and_nothing_is_written(tea, options, changed, message):
    with pytest.raises(SilicusError) as caught:
        simulate(str(tea), replace(options, **changed))
    assert str(caught.value) == message
    assert not options.out.exists()


def test_a_manifest_that_was_edited_by_hand_is_checked(tea, options):
    folder = simulate(str(tea), options)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "optoins": {}}))
    with pytest.raises(InputError, match=r"manifest\.json .*: unknown key 'optoins'\. Did you mean 'options'\?"):
        read_run(folder)
