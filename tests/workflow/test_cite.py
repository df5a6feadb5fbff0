"""Whom to cite for a run: of predictions, evaluated or not, and of a training."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from silicus.errors import InputError
from silicus.evaluate import evaluate
from silicus.options import SimulateOptions
from silicus.record import write
from silicus.report.cite import CITED
from silicus.workflow import cite_run, read_run, simulate
from silicus.workflow.cite import _asked_for
from tests.report.test_cite import bibtex
from tests.workflow.training.test_folder import begin, manifest


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return simulate("asian-disease", SimulateOptions(model="scripted", respondents="5", out=tmp_path / "run"))


def keys(folder: Path) -> set[str]:
    return {*bibtex(cite_run(folder))}


def write_evaluation(folder: Path) -> None:
    found = read_run(folder)
    rng = np.random.default_rng(1)
    write(folder / "evaluation.json", evaluate(found.items, found.responses, found.predictions, "scripted", rng, 50))


def test_a_run_is_cited_before_it_is_evaluated_as_after(run):
    before = keys(run)
    assert {"ramdas2017", "gibbs2002", "lin1991", "brier1950", "gneiting2007", "davison1997", "phipson2010",
            "diaconis1991", "tversky1981"} <= before  # fmt: skip
    assert "kish1965" not in before
    write_evaluation(run)
    assert keys(run) == before | {"wilson1927"}


def test_the_source_of_the_answers_says_so(run):
    assert bibtex(cite_run(run))["tversky1981"]["annote"].startswith("Source: Tversky, A., \\& Kahneman, D. (1981).")


def test_answers_ask_for_what_they_have(run):
    path = run / "responses.parquet"
    table = pl.read_parquet(path)
    table.with_columns(weight=1.0 + pl.int_range(pl.len())).filter(condition="gain").write_parquet(path)
    found = keys(run)
    assert "kish1965" in found
    assert "phipson2010" not in found


def test_without_order_nothing_is_asked_that_needs_it(tmp_path):
    study = tmp_path / "study.yaml"
    study.write_text(
        "id: party\nsource: {citation: Me (2020), licence: CC0-1.0}\nconditions: [{id: all}]\nquestions:\n"
        "  - {id: vote, text: Which colour, scale: {kind: nominal, labels: {1: Red, 2: Blue}}}\n"
        "human: {counts: {all: {vote: {1: 3, 2: 4}}}}\n",
        encoding="utf-8",
    )
    folder = simulate(str(study), SimulateOptions(model="scripted", respondents="5", out=tmp_path / "run"))
    found = keys(folder)
    assert {"gibbs2002", "source2020"} <= found
    assert not {"ramdas2017", "bisbee2024", "diaconis1991"} & found


def test_without_answers_of_people_only_the_data_and_the_prompt_are_cited(tea, tmp_path):
    options = SimulateOptions(model="scripted", template="socrates", respondents="5", out=tmp_path / "run")
    found = bibtex(cite_run(simulate(str(tea), options)))
    assert [*found] == ["kolluri2025", "source", "source-2"]
    assert found["kolluri2025"]["annote"] == "template socrates"


def test_predictions_made_elsewhere_have_no_template_of_ours(run):
    path = run / "manifest.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["options"] |= {"template": "subpop"}
    path.write_text(json.dumps(content), encoding="utf-8")
    assert "suh2025" in keys(run)
    content["options"] |= {"predictions": "answers.csv"}
    path.write_text(json.dumps(content), encoding="utf-8")
    assert "suh2025" not in keys(run)


def test_an_evaluation_of_another_version_says_to_evaluate_again(run):
    (run / "evaluation.json").write_text('{"name": "scripted"}', encoding="utf-8")
    with pytest.raises(InputError) as caught:
        cite_run(run)
    assert "the key 'studies_n' is missing." in str(caught.value)
    assert str(caught.value).endswith(f"\nEvaluate the run again with: silicus evaluate {run}")


def test_a_training_is_cited_with_its_recipe_and_its_data(tmp_path):
    dpo = "Rafailov, R., et al. (2023). Direct preference optimization. https://doi.org/10.48550/arXiv.2305.18290"
    parts = [{"data": "runs/poll-data", "objective": "distribution", "ordinal": 0.5}]
    begin(tmp_path, manifest(sources=[dpo], parts=parts, adapter="qlora"))
    found = bibtex(cite_run(tmp_path))
    assert {*found} == {
        "kullback1951", "cao2025", "suh2025", "epstein1969", "hu2022", "dettmers2023", "rafailov2023", "source2026",
    }  # fmt: skip
    assert found["source2026"]["note"] == "A. Author (2026)."


def test_the_results_of_a_training_are_cited_too(tmp_path):
    begin(tmp_path, manifest())
    path = tmp_path / "manifest.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["results"] = {"poll": {"overall": {"trained": {"wasserstein": {}, "single_nll": {}}}}}
    path.write_text(json.dumps(content), encoding="utf-8")
    assert {"ramdas2017", "gneiting2007", "davison1997"} <= keys(tmp_path)


def test_a_folder_that_is_no_run_says_how_to_make_one(tmp_path):
    with pytest.raises(InputError, match=r"no run folder \(no manifest\.json\)\. Make one with: silicus simulate"):
        cite_run(tmp_path)


def test_what_a_run_asks_for_is_known(run):
    assert [use for use in _asked_for(read_run(run)) if use not in CITED] == []


def test_persons_who_are_predicted_one_by_one_ask_for_what_is_known_of_them(run):
    assert "ahn2026" not in keys(run)
    path = run / "responses.parquet"
    pl.read_parquet(path).with_columns(respondent=pl.lit("p1")).write_parquet(path)
    assert "ahn2026" in keys(run)
