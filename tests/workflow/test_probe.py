"""`silicus probe`: the model of a run, asked otherwise and asked what it remembers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from silicus.errors import InputError, RunError
from silicus.evaluate import Evaluation, Probes
from silicus.options import EvaluateOptions, ProbeOptions, SimulateOptions
from silicus.record import read
from silicus.workflow import Manifest, evaluate_data, evaluate_run, probe_run, simulate
from tests.data.splitting import SEVEN, dataset, stimulus
from tests.workflow.training.small import save_model, save_survey

TOPICS = ("tea", "trains", "taxes", "trees", "towns")
FEW = ProbeOptions(limit=10)


def five_studies():
    """Return the answers of four people to one question of each of five studies, each of many words."""
    rows = []
    for number, topic in enumerate(TOPICS):
        words = f"This text is about {topic}. " * 6 + f"How much do you care about {topic}?"
        rows += [
            (f"study-{number}", "all", "care", f"{topic}{n}", stimulus(words, scale=SEVEN), 1 + (number + n * n) % 7)
            for n in range(4)
        ]
    who = {f"{topic}{n}": {"age": 20 + n} for topic in TOPICS for n in range(4)}
    return dataset(rows, people=who)


def run(study: Path | str, folder: Path, model: str = "scripted") -> Path:
    return simulate(str(study), SimulateOptions(model=model, respondents="6", out=folder))


@pytest.fixture(scope="module")
def probed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Probes, Evaluation]:
    """Return the run folder of a tiny random model on five studies, and what probing it found."""
    folder = tmp_path_factory.mktemp("probed")
    data, model = save_survey(folder / "data", five_studies(), guarded=False), save_model(folder / "tiny")
    made, _ = evaluate_data(EvaluateOptions(data=data, model=model, out=folder / "run", floors=False))
    about = folder / "about.csv"
    lines = ["study_id,title,year", *(f"study-{n},On {t},2020" for n, t in enumerate(TOPICS))]
    about.write_text("\n".join(lines), encoding="utf-8")
    probes, found = probe_run(made, replace(FEW, about=about))
    assert found is not None
    return made, probes, found


def test_every_probe_is_made_of_a_model_that_reads_texts(probed):
    _, probes, _ = probed
    assert probes.answers_n == 10
    assert None not in (probes.stimulus_removed, probes.persona_swapped, probes.instructed)
    assert (probes.verbatim.texts_n, probes.familiar.texts_n, probes.familiar.studies_n) == (5, 5, 5)
    assert [(each.what, each.studies_n, each.choices) for each in probes.recalled] == [("id", 5, 4), ("title", 5, 4)]


def test_a_random_model_remembers_nothing_and_does_not_do_as_it_is_told(probed):
    _, probes, _ = probed
    assert probes.verbatim.whole == 0
    assert probes.instructed.told.value == pytest.approx(1 / 7, abs=0.1)
    assert all(each.chance > 0.01 for each in probes.recalled)


def test_predictions_are_asked_for_again_as_many_in_every_cell(probed):
    _, probes, _ = probed
    assert (probes.stimulus_removed.cells_n, probes.stimulus_removed.answers_n) == (5, 10)


def test_facts_that_are_the_same_everywhere_are_not_asked_for_and_it_is_said(probed):
    _, probes, _ = probed
    assert probes.left_out == [
        "The year of a study was not asked for: fewer than 4 studies have one of their own, or it stands in their text."
    ]


def test_probes_stand_in_the_evaluation_and_on_its_page_and_stay_there(probed):
    folder, probes, found = probed
    assert found.probes == probes == read(folder / "probes.json", Probes)
    assert evaluate_run(folder).probes == probes
    assert read(folder / "evaluation.json", Evaluation).probes == probes
    assert "Does it read what it is asked, or remember it?" in (folder / "report.html").read_text(encoding="utf-8")


def test_probes_of_other_weights_are_not_those_of_the_run(tmp_path):
    folder = run("asian-disease", tmp_path / "run")
    probes, _ = probe_run(folder, FEW)
    path = folder / "probes.json"
    path.write_text(path.read_text(encoding="utf-8").replace(probes.model, "others"), encoding="utf-8")
    assert evaluate_run(folder).probes is None


def test_the_same_seed_probes_the_same(tmp_path):
    folder = run("asian-disease", tmp_path / "run")
    assert probe_run(folder, FEW)[0] == probe_run(folder, FEW)[0]


def test_a_model_without_probabilities_of_texts_is_asked_otherwise_all_the_same(tmp_path):
    probes, found = probe_run(run("asian-disease", tmp_path / "run"), FEW)
    # A scripted model answers by every word of the prompt, so that all it is asked otherwise moves it.
    assert probes.stimulus_removed.moved.value > 0.05
    assert probes.persona_swapped.moved.value > 0.05
    assert (probes.verbatim, probes.familiar, probes.recalled) == (None, None, [])
    assert probes.left_out == [
        "Texts were not read: 'scripted' gives no probabilities of texts.",
        "The id of a study was not asked for: fewer than 4 studies have one of their own, or it stands in their text.",
    ]
    assert found is not None


def test_no_text_is_read_where_none_is_wanted(tmp_path):
    folder = run("asian-disease", tmp_path / "run", save_model(tmp_path / "tiny"))
    probes, _ = probe_run(folder, replace(FEW, texts=0))
    assert (probes.verbatim, probes.familiar) == (None, None)
    assert probes.left_out[0] == "Texts were not read, as --texts 0 says."


def test_a_study_without_human_answers_can_be_probed(tea, tmp_path):
    folder = run(tea, tmp_path / "run")
    probes, found = probe_run(folder, FEW)
    assert found is None
    assert not (folder / "evaluation.json").exists()
    assert probes.stimulus_removed.moved.value > 0
    assert probes.stimulus_removed.distance.value is None
    assert probes.stimulus_removed.lost.value is None


@pytest.mark.parametrize("model", ["uniform", "pooled"])
def test_what_reads_nothing_is_not_probed(tmp_path, model):
    folder = run("asian-disease", tmp_path / "run", model)
    with pytest.raises(InputError, match=f"'{model}' reads nothing that could be probed"):
        probe_run(folder, FEW)


def test_predictions_made_elsewhere_have_no_model_to_ask(tmp_path):
    data = save_survey(tmp_path / "data", five_studies(), guarded=False)
    made, _ = evaluate_data(EvaluateOptions(data=data, model="scripted", out=tmp_path / "own", floors=False))
    table = tmp_path / "elsewhere.parquet"
    pl.read_parquet(made / "predictions.parquet").write_parquet(table)
    folder, _ = evaluate_data(EvaluateOptions(data=data, predictions=table, out=tmp_path / "run", floors=False))
    with pytest.raises(InputError, match=r"holds predictions made elsewhere .* no model to ask"):
        probe_run(folder, FEW)


def test_another_model_under_the_same_name_is_refused(tmp_path):
    model = save_model(tmp_path / "tiny")
    folder = run("asian-disease", tmp_path / "run", model)
    path = folder / "manifest.json"
    weights = read(path, Manifest).inputs["weights"]
    path.write_text(path.read_text(encoding="utf-8").replace(weights, "0" * len(weights)), encoding="utf-8")
    with pytest.raises(RunError, match="is not the model that was asked"):
        probe_run(folder, FEW)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title\nOn tea\n", "found the columns title, expected 'study' and others"),
        ("study\ntea\n", "found the columns study, expected 'study' and others"),
    ],
)
def test_a_table_that_tells_nothing_of_studies_is_refused(tmp_path, text, said):
    folder = run("asian-disease", tmp_path / "run")
    about = tmp_path / "about.csv"
    about.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        probe_run(folder, replace(FEW, about=about))
