from __future__ import annotations

import importlib
import json
from pathlib import Path

import polars as pl
import pytest

from silicus.errors import InputError
from silicus.evaluate import Evaluation
from silicus.options import EvaluateOptions, SimulateOptions
from silicus.record import read
from silicus.workflow import evaluate_data, evaluate_run, read_run, simulate


@pytest.fixture
def sample(shared_data: Path) -> Path:
    """Return 2,780 real answers of 20 studies."""
    return shared_data / "socsci210" / "sample_20_studies.jsonl"


@pytest.fixture
def without_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the report, which takes seconds and has tests of its own."""
    module = importlib.import_module("silicus.workflow.evaluate")
    monkeypatch.setattr(module, "write_report", lambda *_: None)


def run(study: Path | str, folder: Path, model: str = "scripted") -> Path:
    return simulate(str(study), SimulateOptions(model=model, respondents="5", out=folder))


def test_a_run_is_compared_with_people_and_both_records_lie_beside_it(tmp_path):
    folder = run("asian-disease", tmp_path / "run")
    found = evaluate_run(folder)
    assert read(folder / "evaluation.json", Evaluation) == found
    assert "Tversky" in (folder / "report.html").read_text(encoding="utf-8")
    assert (found.name, found.answers_n, found.cells_n) == ("scripted", 307, 2)
    assert set(found.overall) == {"scripted", "uniform", "pooled", "others"}


@pytest.mark.usefixtures("without_report")
def test_evaluating_twice_gives_the_same_bytes(tmp_path):
    folder = run("asian-disease", tmp_path / "run")
    evaluate_run(folder)
    first = (folder / "evaluation.json").read_bytes()
    evaluate_run(folder)
    assert (folder / "evaluation.json").read_bytes() == first


@pytest.mark.usefixtures("without_report")
def test_the_baselines_run_as_models_score_as_the_built_in_ones(tmp_path):
    for model in ("uniform", "pooled"):
        found = evaluate_run(run("asian-disease", tmp_path / model, model))
        for metric, built_in in found.overall[model].items():
            # Predictions are kept in 32 bits.
            assert found.overall[f"{model} (as model)"][metric].value == pytest.approx(built_in.value, abs=1e-6)


def test_a_study_without_human_answers_is_not_benchmarked(tea, tmp_path):
    folder = run(tea, tmp_path / "run")
    with pytest.raises(InputError) as caught:
        evaluate_run(folder)
    assert str(caught.value) == (
        f"{folder}: 'tea' has no human answers to compare with. Give them in the study file under 'human', or look at "
        "predictions.parquet as they are: NOT BENCHMARKED."
    )
    assert not (folder / "evaluation.json").exists()


def test_an_unfinished_run_says_so(tmp_path):
    folder = run("asian-disease", tmp_path / "run")
    (folder / "predictions.parquet").unlink()
    with pytest.raises(
        InputError, match=r"the run is not finished \(0 parts are there\)\. Start the command that made it"
    ):
        evaluate_run(folder)


def test_a_folder_that_is_no_run_says_how_to_make_one(tmp_path):
    with pytest.raises(InputError) as caught:
        evaluate_run(tmp_path)
    assert str(caught.value) == (f"{tmp_path}: no run folder (no manifest.json). Make one with: silicus simulate STUDY")


def test_a_run_folder_that_lost_a_table_says_which(tmp_path):
    folder = run("asian-disease", tmp_path / "run")
    (folder / "responses.parquet").unlink()
    with pytest.raises(InputError, match=r"responses\.parquet: no such file"):
        evaluate_run(folder)


@pytest.mark.usefixtures("without_report")
def test_real_answers_of_past_studies_are_evaluated_and_what_is_left_out_is_counted(sample, tmp_path):
    folder, found = evaluate_data(EvaluateOptions(data=sample, model="uniform", out=tmp_path / "run"))
    rows = len(sample.read_text(encoding="utf-8").splitlines())
    not_asked = read_run(folder).manifest.left_out
    assert rows == 2780
    assert found.answers_n + sum(not_asked.values()) == rows
    assert found.answers_n >= 0.98 * rows
    assert not_asked.items() <= found.left_out.items()
    assert all(reason.startswith("no scale: ") for reason in not_asked)
    assert len(found.studies) == found.studies_n >= 19

    uniform, pooled = found.overall["uniform"], found.overall["pooled"]
    assert found.overall["uniform (as model)"] == uniform
    assert 0.20 < uniform["wasserstein"].value < 0.24
    assert 0.5 < uniform["total_variation"].value < 0.65
    assert 0.55 < uniform["accuracy_draw"].value < 0.65
    assert 2.0 < uniform["nll"].value < 2.6
    assert pooled["wasserstein"].value < uniform["wasserstein"].value


@pytest.fixture
def few(sample: Path, tmp_path: Path) -> Path:
    """Return every 20th of the real answers."""
    path = tmp_path / "few.jsonl"
    path.write_text("".join(sample.read_text(encoding="utf-8").splitlines(keepends=True)[::20]), encoding="utf-8")
    return path


@pytest.mark.usefixtures("without_report")
def test_of_the_data_a_limit_draws_a_random_part_with_the_seed(few, tmp_path):
    def people(name: str, seed: int, template: str = "silicus") -> set[str]:
        options = EvaluateOptions(
            data=few, model="uniform", limit=30, seed=seed, template=template, out=tmp_path / name
        )  # fmt: skip
        folder, found = evaluate_data(options)
        asked = pl.read_parquet(folder / "predictions.parquet")["respondent"]
        assert found.answers_n == len(asked) == 30
        assert sum(read_run(folder).manifest.left_out.values()) == 139 - 30
        return set(asked)

    first, again, other = people("a", 1), people("b", 1, "socrates"), people("c", 2)
    assert first == again != other


def test_data_that_are_not_there_are_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.jsonl"):
        evaluate_data(EvaluateOptions(data=tmp_path / "gone.jsonl", out=tmp_path / "run"))


def test_neither_a_run_nor_data_is_told():
    with pytest.raises(InputError, match=r"^found neither a run folder nor --data, expected one of them\.$"):
        evaluate_data(EvaluateOptions())


def test_data_of_which_nothing_can_be_asked_says_why(tmp_path):
    data = tmp_path / "rows.jsonl"
    row = {"instruction": "", "input": "Demographics: Age: 40\n\nScenario: Say something.", "output": "Response: 1"}
    data.write_text(json.dumps({**row, "study_id": "abcde", "condition_num": 0}) + "\n")
    with pytest.raises(InputError, match=r"rows: nothing is left to ask \(1 rows: no scale"):
        evaluate_data(EvaluateOptions(data=data, model="uniform", out=tmp_path / "run"))


@pytest.mark.usefixtures("without_report")
def test_rows_without_person_numbers_are_not_called_people(sample, tmp_path):
    _, found = evaluate_data(EvaluateOptions(data=sample, model="uniform", limit=40, out=tmp_path / "run"))
    assert not found.people_known
