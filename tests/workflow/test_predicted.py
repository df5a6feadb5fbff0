from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from silicus.errors import InputError, RunError
from silicus.options import EvaluateOptions
from silicus.workflow import evaluate_data, evaluate_run, read_run

PAGE = Path(__file__).resolve().parents[2] / "docs" / "your-own-data.md"
ASKED = 'You were asked: "Vote?" Only return 1 for Yes or 2 for No, nothing else.'


@pytest.fixture
def without_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the report, which takes seconds and has tests of its own."""
    module = importlib.import_module("silicus.workflow.evaluate")
    monkeypatch.setattr(module, "write_report", lambda *_: None)


@pytest.fixture
def flyer(tmp_path: Path) -> Path:
    """Write the files of the page about one's own data; return their folder."""
    for name, content in re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL):
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


def options(folder: Path, predictions: str | None = "guesses.csv", **further) -> EvaluateOptions:
    return EvaluateOptions(
        data=str(folder / "answers.csv"),
        predictions=folder / predictions if predictions else None,
        out=folder / "run",
        **further,
    )


_BLOCKED = """
import sys
for library in ("torch", "transformers", "peft", "accelerate"):
    sys.modules[library] = None
from silicus.cli import main
main()
"""


def without_torch(folder: Path, *words: str) -> list[str]:
    """Return the lines that a command prints where no library of models is installed."""
    command = [sys.executable, "-c", _BLOCKED, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_the_example_of_the_page_runs_without_any_library_of_models(flyer):
    page = PAGE.read_text("utf-8")
    (command, told) = re.findall(r"\$ silicus (evaluate .*--predictions .*)\n((?:.+\n)+)```", page)[0]
    printed = without_torch(flyer, *command.split(), "--out", "run")
    assert printed[:3] == told.splitlines()
    assert printed[3] == "colleague beside people"
    again = without_torch(flyer, "evaluate", "run")
    assert again == printed
    assert "predictions made elsewhere" in (flyer / "run" / "report.html").read_text("utf-8")


@pytest.mark.usefixtures("without_report")
def test_predictions_of_a_file_become_a_run_like_any_other(flyer):
    folder, found = evaluate_data(options(flyer, name="colleague"))
    run = read_run(folder)
    assert run.manifest.options["model"] == found.name == "colleague"
    assert run.manifest.options["predictions"] == str(flyer / "guesses.csv")
    assert found.answers_n == 3
    assert found.overall["colleague"]["accuracy_median"].value == 1
    assert (found.covered.mean, found.covered.minimum) == (pytest.approx(3 / 5), 0)
    # A text that could not be read is not replaced by what others are predicted to answer: p6 alone has no prediction.
    assert found.left_out["no prediction for the stimulus"] == 1
    assert found.left_out["no prediction for this respondent"] == 6
    assert evaluate_run(folder) == found


@pytest.mark.usefixtures("without_report")
def test_respondents_whom_the_data_do_not_have_are_told_with_the_form_of_the_datas_own(flyer):
    file = flyer / "guesses.csv"
    file.write_text(file.read_text().replace("flyer/p", "p"))
    folder, found = evaluate_data(options(flyer))
    assert found.matched_by_person == 0
    assert read_run(folder).manifest.notes[-1] == (
        "5 respondents are not in the data ('p1' is the first; those of the data are such as 'flyer/p1'): their "
        "predictions stand for the mean of their stimulus, and for nobody's own answer"
    )


@pytest.mark.usefixtures("without_report")
def test_the_file_gives_its_name_where_none_is_said(flyer):
    assert evaluate_data(options(flyer))[1].name == "guesses"


@pytest.mark.usefixtures("without_report")
def test_changed_predictions_do_not_enter_the_run_of_the_old_ones(flyer):
    evaluate_data(options(flyer))
    file = flyer / "guesses.csv"
    file.write_text(file.read_text().replace("p1,3", "p1,2"))
    with pytest.raises(RunError, match=r"holds another run \(the predictions have changed\)"):
        evaluate_data(options(flyer))


@pytest.mark.usefixtures("without_report")
def test_what_is_predicted_for_other_answers_is_told_and_not_called_malformed(flyer):
    folder, _ = evaluate_data(options(flyer, limit=3, seed=3))
    asked = read_run(folder)
    kept = set(asked.predictions["item"])
    assert kept <= set(asked.responses["item"])
    unused = 5 - len(asked.predictions)
    assert unused == 3
    assert asked.manifest.notes[-1] == f"{unused} predictions not used: for none of the answers evaluated"


def test_predictions_for_none_of_the_answers_are_refused(flyer):
    (flyer / "mayor.csv").write_text("study,condition,question,answer\nflyer,control,mayor,4\n")
    with pytest.raises(InputError, match=r"mayor\.csv: found 1 prediction, but for none of the answers that are eval"):
        evaluate_data(options(flyer, "mayor.csv", limit=1, seed=0))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"model": "uniform"}, "found --predictions and --model, but no model is asked where predictions are th"),
        ({"template": "cao"}, "found --predictions and --template, but no model is asked"),
        ({"predictions": None, "name": "x"}, "found --name x, but no --predictions that it could name. A model"),
        ({"predictions": "gone.csv"}, "gone.csv: no such file. Expected predictions"),
    ],
)
def test_options_that_contradict_each_other_are_told(flyer, given, told):
    with pytest.raises(InputError) as caught:
        evaluate_data(options(flyer, **given))
    assert told in str(caught.value)


def test_predictions_without_people_are_told():
    with pytest.raises(InputError, match=r"^found --predictions p\.csv without people's answers\. Name them"):
        evaluate_data(EvaluateOptions(predictions=Path("p.csv")))


def test_data_of_which_no_answer_is_left_say_why(tmp_path):
    file = tmp_path / "raw.json"
    file.write_text(json.dumps([generated() | {"true_response": "7"}]))
    with pytest.raises(InputError) as caught:
        evaluate_data(EvaluateOptions(data=str(file), out=tmp_path / "run"))
    assert str(caught.value) == "raw: no answer is left to compare with (1 row: answer outside the stated scale)."


def generated(**changes):
    made = {
        "study_id": "s", "condition_num": 0, "input": f"Demographics: Age: 7\n\nScenario: {ASKED}",
        "true_response": "1", "predicted_response": "2\nand on",
    }  # fmt: skip
    return made | changes


@pytest.mark.usefixtures("without_report")
def test_generated_texts_beside_the_answers_are_evaluated_alone_unless_a_model_is_named(tmp_path):
    file = tmp_path / "raw.json"
    file.write_text(json.dumps([generated(), generated(predicted_response="1")]))
    _, found = evaluate_data(EvaluateOptions(data=str(file), name="theirs", out=tmp_path / "theirs"))
    assert (found.name, found.answers_n, found.matched_by_person) == ("theirs", 2, 2)
    assert found.overall["theirs"]["accuracy_draw"].value == pytest.approx(0.5)
    _, found = evaluate_data(EvaluateOptions(data=str(file), model="uniform", out=tmp_path / "uniform"))
    assert found.name == "uniform (as model)"


def test_runs_of_a_model_keep_the_key_they_had():
    recorded = EvaluateOptions(data="x", name="y").recorded()
    assert recorded.keys() & {"name", "predictions"} == set()
    assert recorded["data"] == "x"


@pytest.mark.usefixtures("without_report")
def test_what_a_run_predicted_scores_the_same_as_a_file(flyer, tmp_path):
    folder, found = evaluate_data(options(flyer, None, model="scripted"))
    (tmp_path / "taken.parquet").write_bytes((folder / "predictions.parquet").read_bytes())
    made = EvaluateOptions(data=str(flyer / "answers.csv"), predictions=tmp_path / "taken.parquet", out=tmp_path / "b")
    taken = evaluate_data(made)[1]
    assert taken.overall["taken"] == found.overall["scripted"]
    assert pl.read_parquet(tmp_path / "b" / "predictions.parquet").equals(pl.read_parquet(tmp_path / "taken.parquet"))
