"""The verbs at the prompt, called as a user calls them."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from silicus import __version__
from silicus.cli import main
from tests.workflow.training.small import save_model, save_survey


@pytest.fixture
def silicus(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """Return a function that runs a command line in an empty folder and returns exit code, output and error."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["silicus", *words])
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        else:
            code = 0
        return code, *capsys.readouterr()

    return run


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("simulte asian-disease", 'Unknown command "simulte". Did you mean "simulate"?'),
        ("simulate asian-disease --respondens 5", "Unknown option: --respondens. Did you mean --respondents?"),
        ("simulate asian-disease --answers vlue", 'Did you mean "value"?'),
        ("simulate asian-disease --seed x", 'Invalid value for --seed: unable to convert "x" into int.'),
        ("simulate asian-disease --seed -1", "found --seed -1, expected 0 or more."),
        ("simulate", 'parameter STUDY requires an argument.'),
        ("simulate asian-diseas", "neither a study file nor a bundled study. Did you mean 'asian-disease'?"),
        ("simulate gone.yaml", "gone.yaml: no such file."),
        ("simulate asian-disease --model unifrm", "unknown model 'unifrm'. Did you mean 'uniform'?"),
        ("simulate asian-disease --model poold", "unknown model 'poold'. Did you mean 'pooled'?"),
        ("simulate asian-disease --template sokrates", "unknown template 'sokrates'. Did you mean 'socrates'?"),
        ("simulate asian-disease --respondents gone.csv", "gone.csv: no such file. Expected a table of respondents"),
        ("population gone.csv --margins us.yaml", "gone.csv: no such file. Expected a table of respondents"),
        ("population 20 --margins gone.yaml", "gone.yaml: no such file."),
        ("population 20", "requires an argument."),
        ("evaluate", "found neither a run folder nor --data, expected one of them."),
        ("evaluate here --data there.jsonl", "found both a run folder (here) and --data (there.jsonl), expected one"),
        ("evaluate here", "here: no run folder (no manifest.json). Make one with: silicus simulate STUDY"),
        ("evaluate --data x.jsonl --limit 0", "found --limit 0, expected 1 or more."),
        ("evaluate --data gone.jsonl", "gone.jsonl"),
        ("compare here", "parameter RUN_B requires an argument."),
        ("compare here there", "here: no run folder (no manifest.json). Make one with: silicus simulate STUDY"),
        ("compare here there --out there.txt", "found --out there.txt, expected the name of a .json file."),
        ("cite here", "here: no run folder (no manifest.json). Make one with: silicus simulate STUDY"),
        ("demo --respondents 0", "found --respondents 0, expected 1 to 4000"),
        ("data inspct x.jsonl", 'Did you mean "inspect"?'),
        ("data inspect gone.jsonl", "gone.jsonl: no such file or folder."),
        ("data inspect gone.jsonl --reader socsci", "unknown reader 'socsci'. Did you mean 'socsci210'?"),
        ("data prepare gone.jsonl --hold-out study", "found --hold-out study, expected a kind and a share of it"),
        ("data prepare gone.jsonl --hold-out study=0.2 --model-cutoff soon", "found the date 'soon', expected a year"),
        ("train", "found neither a recipe nor --data, expected one of them. Recipes are in recipes/."),
        ("train gone.yaml", "gone.yaml: no such recipe. Expected a YAML file; recipes of published results are in"),
        ("train --dta x", "Unknown option: --dta. Did you mean --data?"),
        ("train --data x --objective distribtion", 'Did you mean "distribution"?'),
        ("train --data x --model smolm2", "smolm2: no model that can learn. Expected smollm2, a folder, or a hub id"),
        ("train --data x --batch 0", "batch"),
        ("data list foo", "found 'foo' too many. See: silicus --help"),
        ("data codebook gone.csv", "gone.csv: no such file"),
    ],
)  # fmt: skip
def test_what_a_user_can_mend_is_told_in_a_sentence_with_exit_code_2(silicus, words, told):
    code, output, error = silicus(*words.split())
    assert code == 2
    assert error.startswith("silicus: ")
    assert told in error
    assert "Traceback" not in output + error


def test_a_study_file_with_a_mistake_is_told_on_one_line_with_file_and_place(silicus):
    Path("tea.yaml").write_text("id: tea\nsorce: {}\n")
    code, _, error = silicus("simulate", "tea.yaml")
    assert code == 2
    assert "tea.yaml line 2 (sorce): unknown key 'sorce'. Did you mean 'source'?" in error.splitlines()[-1]


def test_the_version_is_the_packages(silicus):
    assert silicus("--version") == (0, f"{__version__}\n", "")


def test_help_names_every_verb_and_every_option_in_words(silicus):
    code, output, _ = silicus("--help")
    assert code == 0
    assert all(verb in output for verb in ("demo", "simulate", "evaluate"))
    _, output, _ = silicus("simulate", "--help")
    for option in ("--model", "--template", "--answers", "--seed", "--device", "--dtype", "--out", "--respondents"):
        assert option in output
    assert "the same seed gives the same bytes" in " ".join(output.replace("│", " ").split())


def test_simulate_says_where_predictions_lie_and_what_comes_next(silicus):
    code, output, _ = silicus(
        "simulate", "asian-disease", "--model", "scripted", "--respondents", "3", "--out", "run"
    )  # fmt: skip
    assert code == 0
    assert output.splitlines() == [
        f"Predictions: {Path('run/predictions.parquet')}",
        "Compare them with people: silicus evaluate run",
    ]
    code, output, _ = silicus("evaluate", "run")
    assert code == 0
    assert output.splitlines()[0] == "scripted beside people"
    assert output.splitlines()[-1] == f"Report: {Path('run/report.html')}"


def test_the_demo_compares_with_people_in_one_command(silicus):
    code, output, _ = silicus("demo", "--model", "uniform", "--respondents", "4")
    assert code == 0
    assert "307 people" in output
    assert Path("runs/demo/report.html").is_file()


def test_evaluate_prints_every_study_of_real_data(silicus, shared_data):
    lines = (shared_data / "socsci210" / "sample_20_studies.jsonl").read_text(encoding="utf-8").splitlines()
    Path("few.jsonl").write_text("\n".join(lines[::20]), encoding="utf-8")
    code, output, _ = silicus("evaluate", "--data", "few.jsonl", "--model", "uniform", "--out", "run")
    assert code == 0
    assert "uniform (as model) beside people" in output
    assert all(study in output for study in ("kryns", "hjn6m", "w7mnc"))
    assert "Left out: " in output


def test_ctrl_c_is_answered_with_how_to_go_on(silicus, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(importlib.import_module("silicus.workflow"), "simulate", interrupted)
    code, _, error = silicus("simulate", "asian-disease")
    assert (code, error) == (
        2,
        "silicus: stopped. What was finished is kept; start the same command again to go on.\n",
    )


def test_a_reader_that_went_away_is_no_error(tmp_path):
    # As in `silicus --help | head -1`, where the pipe is closed before all is written.
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-m", "silicus", "--help"], stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert "Traceback" not in done.stderr


def test_python_m_silicus_is_silicus(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "silicus", "simulate", "asian-diseas"], capture_output=True, text=True, cwd=tmp_path
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.strip() == (
        "silicus: asian-diseas: neither a study file nor a bundled study. Did you mean 'asian-disease'?"
    )
    assert done.stdout == ""


def test_options_that_cannot_apply_to_a_run_folder_are_refused_by_name(silicus):
    silicus("simulate", "asian-disease", "--model", "uniform", "--respondents", "3", "--out", "run")
    code, _, error = silicus("evaluate", "run", "--model", "pooled", "--limit", "3")
    assert code == 2
    assert "run already holds its answers, so --model, --limit cannot apply" in error


ROWS = [
    {
        "input": f"Demographics: Age: {20 + n}\n\nScenario: You read about {topic} and were asked: "
        f'"Is {topic} good?" Only return an integer from 1 to 7, nothing else.',
        "output": str(1 + n % 7),
        "study_id": study,
        "condition_num": 0,
    }
    for study, topic in {"s1": "parking fees", "s2": "public libraries", "s3": "school meals"}.items()
    for n in range(12)
]


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "answers.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in ROWS), encoding="utf-8")
    return path


def test_every_form_of_data_is_listed_with_its_licence(silicus):
    code, output, _ = silicus("data", "list")
    assert code == 0
    for name in ("socsci210", "wvs", "opinionqa", "subpop", "table"):
        assert f"{name}  " in output
    assert output.count("licence") >= 5


def test_data_are_inspected_prepared_and_evaluated_on_what_was_held_out(silicus, answers):
    code, output, _ = silicus("data", "inspect", "answers.jsonl", "--out", "quality.html")
    assert code == 0
    assert "36 rows read" in output
    assert "Report: quality.html" in output
    code, output, _ = silicus("data", "prepare", "answers.jsonl", "--hold-out", "study=0.34", "--out", "data")
    assert code == 0
    assert "train: 24 answers" in output
    assert "test: 12 answers" in output
    assert "No leak was found in what could be checked." in output
    code, output, _ = silicus("evaluate", "--data", "data", "--model", "uniform", "--out", "run")
    assert code == 0
    assert "12 answers" in output


def test_a_leak_stops_prepare_with_exit_code_2_and_names_the_way_out(silicus, answers):
    same = [{**row, "study_id": "s4"} for row in ROWS if row["study_id"] == "s1"]
    answers.write_text("\n".join(json.dumps(row) for row in [*ROWS, *same]), encoding="utf-8")
    codes = set()
    for seed in range(4):
        asked = ["--hold-out", "study=0.25", "--seed", str(seed), "--out", f"data{seed}"]
        code, _, error = silicus("data", "prepare", "answers.jsonl", *asked)
        codes.add(code)
        assert code == 0 or "--allow items" in error
    assert 2 in codes


def test_a_model_is_trained_told_of_and_told_of_again(silicus, tmp_path):
    save_model(tmp_path / "tiny")
    save_survey(tmp_path / "poll-data")
    asked = ("train", "--data", "poll-data", "--model", "tiny", "--steps", "2", "--batch", "4", "--rank", "2")
    code, output, _ = silicus(*asked, "--dry-run")
    assert code == 0
    assert "Example 10 of 10" not in output  # Two steps of four hold eight examples.
    assert "Example 8 of 8: poll, study 'poll', condition 'all'" in output
    assert "No step was taken." in output
    assert not Path("runs").exists()
    code, output, _ = silicus(*asked, "--out", "run")
    assert code == 0
    lines = output.splitlines()
    assert lines[:2] == ["tiny has learnt from", "  tiny: 8 examples, drawn from 48 made of 48 answers (individual)"]
    assert "tiny on the test part of poll" in lines
    assert lines[-4:] == [
        "Run: run",
        f"Model: {Path('run/model')}",
        f"Ask it: silicus simulate STUDY --model {Path('run/model')}",
        f"Compare it with people: silicus evaluate --data poll-data --model {Path('run/model')}",
    ]
    again = silicus(*asked, "--out", "run")
    told = again[1].splitlines()
    assert re.fullmatch(r"This training was finished on \S+; nothing was done again\.", told[0])
    assert (again[0], told[2:]) == (0, lines)
    assert "training" not in again[2]


def test_of_several_processes_the_first_alone_tells_of_a_training(silicus, tmp_path, monkeypatch):
    save_model(tmp_path / "tiny")
    save_survey(tmp_path / "poll-data")
    asked = ("train", "--data", "poll-data", "--model", "tiny", "--steps", "1", "--batch", "4", "--out", "run")
    assert silicus(*asked)[1] != ""
    monkeypatch.setenv("RANK", "1")
    assert silicus(*asked)[:2] == (0, "")


def test_training_without_torch_names_the_extra_that_brings_it(tmp_path):
    without = "import sys; sys.modules['torch'] = None; sys.argv = ['silicus', 'train', '--data', 'x']"
    code = f"{without}; from silicus.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr.strip()) == (
        2,
        "silicus: this needs the library 'torch', which is not installed. "
        "Install it with: pip install 'silicus[local]'",
    )


def test_a_codebook_is_drafted_on_the_standard_output(silicus, tmp_path):
    (tmp_path / "votes.csv").write_text("person,arm,vote\n1,a,3\n2,b,5\n3,a,4\n", encoding="utf-8")
    code, output, _ = silicus("data", "codebook", "votes.csv")
    assert code == 0
    assert "questions:" in output


def test_a_deposit_is_looked_at_drafted_built_and_approved_at_the_prompt(silicus, tmp_path):
    deposit = tmp_path / "deposit"
    deposit.mkdir()
    lines = [f"p{n},{n % 2},{1 + n % 5}" for n in range(40)]
    (deposit / "answers.csv").write_text("\n".join(["id,treat,warm", *lines]), encoding="utf-8")
    code, output, _ = silicus("build", "inspect", "deposit")
    assert code == 0
    assert "treat" in output[output.index("Assigned") : output.index("Answered")]
    code, output, _ = silicus("build", "draft", "deposit")
    assert code == 0
    assert "column: treat" in output
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "name: warmth\nsource: {citation: Somebody (2020), licence: CC0}\nfile: answers.csv\nrespondent: id\n"
        "condition: {column: treat, values: {0: {id: none}, 1: {id: flyer, text: You get a flyer.}}}\n"
        "questions: [{id: warm, text: 'How warm?', scale: {kind: ordinal, low: 1, high: 5}}]\n",
        encoding="utf-8",
    )
    code, output, error = silicus("build", "deposit", "--recipe", "recipe.yaml", "--out", "made")
    assert code == 2
    assert "STOPPED  Do the words shown stand in the documents?" in output
    assert "a gate stopped the dataset. Mend the recipe as the gates say, and build again." in error
    assert silicus("build", "approve", "made", "--by", "A. Reviewer")[0] == 2


def test_two_runs_are_compared_and_cited_at_the_prompt(silicus):
    for model in ("scripted", "uniform"):
        silicus("simulate", "asian-disease", "--model", model, "--respondents", "5", "--out", model)
    code, output, _ = silicus("compare", "scripted", "uniform", "--out", "found.json")
    assert code == 0
    assert output.startswith("scripted and uniform (as model) beside people")
    assert output.endswith("Comparison: found.json\n")
    assert json.loads(Path("found.json").read_text(encoding="utf-8"))["name"] == "scripted"
    code, output, error = silicus("cite", "scripted")
    assert (code, error) == (0, "")
    assert output.startswith("@article{ramdas2017,\n")
    assert output.endswith("}\n")
