from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from silicus.options import SimulateOptions
from silicus.study import KEY, StudyQuestion, ranked_places, read_study
from silicus.study.kinds import told_once
from silicus.workflow import evaluate_run, read_run, simulate

DOCS = Path(__file__).parents[2] / "docs" / "studies.md"
HEAD = "source: {citation: A. Author, licence: CC0-1.0}\n"

STUDY = """\
id: canteen
source: {citation: A. Author, licence: CC0-1.0}
questions:
  - id: agree
    text: How far do you agree?
    rows: {taste: It tastes good., cheap: It is cheap.}
    scale: {kind: ordinal, low: 1, high: 3}
  - {id: brings, text: 'What would bring you?', choose: any, options: [Prices, Greens]}
  - {id: first, text: 'What comes first?', rank: {p: Prices, g: Greens, t: Terrace}}
  - {id: why, text: 'Why?', open: true}
human: {responses: people.csv}
"""
RULES = """\
rules:
  - {when: {question: agree.taste}, probabilities: [0, 0, 1]}
  - {when: {question: agree.cheap}, probabilities: [1, 0, 0]}
  - {when: {question: brings.1}, probabilities: [0.25, 0.75]}
"""
ORDERS = ["p>g>t", "p>t>g", "g>p>t", "p>g>t"]


@pytest.fixture
def canteen(tmp_path: Path) -> Path:
    """Return the study of every kind of question, answered by four people."""
    lines = ["respondent,condition,question,response"]
    for n, order in enumerate(ORDERS):
        lines += [f"{n},all,agree.taste,3", f"{n},all,agree.cheap,{1 + (n > 1)}", f"{n},all,first,{order}"]
        lines += [f"{n},all,brings,{'1;2' if n else 'none'}", f"{n},all,why,Because"]
    (tmp_path / "people.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "canteen.yaml").write_text(STUDY, encoding="utf-8")
    pairs = [q.id for q in read_study(tmp_path / "canteen.yaml").asked if q.id.startswith("first")]
    rules = [f"  - {{when: {{question: '{pair}'}}, probabilities: [0.5, 0.5]}}" for pair in pairs]
    rest = "  - {probabilities: [0.5, 0.5]}"
    (tmp_path / "script.yaml").write_text(RULES + "\n".join([*rules, rest]) + "\n", encoding="utf-8")
    return tmp_path / "canteen.yaml"


def test_a_matrix_several_options_and_a_ranking_are_simulated_and_compared_with_people(canteen):
    options = SimulateOptions(
        model=f"scripted:{canteen.with_name('script.yaml')}", respondents="3", out=canteen.with_name("run")
    )
    folder = simulate(str(canteen), options)
    run = read_run(folder)
    assert len(run.predictions) == 3 * (2 + 2 + 3)
    assert run.manifest.notes == ["1 open question was not asked; ask it with --open"]
    cells = {cell.question: cell for cell in evaluate_run(folder).cells}
    model = options.model
    assert cells["agree.taste"].human == cells["agree.taste"].predicted[model] == [0, 0, 1]
    assert cells["agree.cheap"].human == [0.5, 0.5, 0]
    assert cells["brings.1"].human == [0.25, 0.75]
    np.testing.assert_allclose(cells["brings.1"].predicted[model], [0.25, 0.75])
    pairs = {question: cell for question, cell in cells.items() if question.startswith("first")}
    assert {cell.people for cell in pairs.values()} == {4}
    first = StudyQuestion.model_validate({"id": "first", "text": "T", "rank": {"p": "P", "g": "G", "t": "T"}})
    people = ranked_places(first, {question: cell.human[0] for question, cell in pairs.items()})
    means = {key: np.mean([order.split(">").index(key) + 1 for order in ORDERS]) for key in "pgt"}
    assert {key: place.mean for key, place in people.items()} == pytest.approx(means)
    even = ranked_places(first, {question: cell.predicted[model][0] for question, cell in pairs.items()})
    assert {key: place.mean for key, place in even.items()} == pytest.approx(dict.fromkeys("pgt", 2.0))


def test_answers_of_one_person_to_several_options_are_drawn_together(canteen):
    folder = simulate(str(canteen), SimulateOptions(model="uniform", respondents="3", out=canteen.with_name("run")))
    assert evaluate_run(folder).resampled == "respondents"


def test_profiles_are_drawn_for_each_respondent_and_kept_beside_the_predictions(tmp_path):
    options = SimulateOptions(model="scripted", respondents="5", out=tmp_path / "run", seed=3)
    folder = simulate("shared-flat", options)
    run, profiles = read_run(folder), pl.read_parquet(folder / "profiles.parquet")
    key = [*KEY, "respondent"]
    # A choice and two ratings, three times.
    assert len(run.predictions) == 5 * 3 * 3
    assert run.predictions.select(key).sort(key).equals(profiles.select(key).unique().sort(key))
    assert run.manifest.design == "between respondents, 3 tasks a respondent, each of 2 profiles drawn at random"
    for row in profiles.iter_rows(named=True):
        assert f"Rent: {row['shown.rent']}" in run.items[row["item"]].context


def test_the_same_seed_gives_the_same_profiles_and_other_respondents_tasks_of_their_own(tmp_path):
    first, again, other = (
        (simulate("shared-flat", SimulateOptions(model="uniform", respondents="4", seed=seed, out=tmp_path / name)))
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    read = [(folder / "profiles.parquet").read_bytes() for folder in (first, again, other)]
    assert read[0] == read[1] != read[2]
    tasks = pl.read_parquet(first / "profiles.parquet").filter(question="chosen", profile=1)
    assert tasks["item"].n_unique() > 4


@pytest.mark.parametrize("name", ["city-trips", "shared-flat"])
def test_a_bundled_illustration_holds_no_answers_of_people_and_says_so(name):
    study = read_study(name)
    assert study.human is None
    assert study.source.citation.startswith("Made up")


# --- the page


def blocks(kind: str) -> list[str]:
    found = re.findall(rf"<!-- {kind} -->\n```\w+\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found


def test_every_study_of_the_page_is_simulated(tmp_path):
    for number, text in enumerate(blocks("study")):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text, encoding="utf-8")
        folder = simulate(str(path), SimulateOptions(model="scripted", respondents="2", out=tmp_path / f"run-{number}"))
        assert len(read_run(folder).predictions)


@pytest.fixture
def lunch(tmp_path: Path):
    """Return a function that writes the questions of the page with people's answers, and returns the file."""

    def write(human: str) -> Path:
        path = tmp_path / "lunch.yaml"
        asked = "".join(blocks("questions"))
        path.write_text(f"id: lunch\n{HEAD}questions:\n{asked}human:\n{human}", encoding="utf-8")
        return path

    return write


def answers(path: Path, folder: str) -> pl.DataFrame:
    run = simulate(str(path), SimulateOptions(model="uniform", respondents="2", out=path.with_name(folder)))
    evaluate_run(run)
    assert json.loads((run / "evaluation.json").read_text())["cells"]
    return read_run(run).responses


def test_the_counts_of_the_page_are_read(lunch):
    indented = "".join(f"  {line}\n" for line in blocks("human")[0].splitlines())
    found = answers(lunch(indented), "counts")
    ticked = found.filter(question="brings.1").select("response", "n").rows()
    assert sorted(ticked) == [(0, 4), (1, 8)]


def test_the_table_of_the_page_is_read(lunch):
    path = lunch("  responses: answers.csv\n")
    path.with_name("answers.csv").write_text(blocks("file: answers.csv")[0], encoding="utf-8")
    found = answers(path, "table")
    study = read_study(path)
    first = next(question for question in study.questions if question.id == "first")
    told = dict(found.filter(respondent="p2").filter(pl.col("question").str.starts_with("first")).select(
        "question", "response").iter_rows())  # fmt: skip
    assert told == told_once(first, "greens>prices>terrace")
