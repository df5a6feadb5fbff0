"""Weights from a table of respondents to the numbers of an evaluation, and `silicus population`."""

from __future__ import annotations

import csv
import gzip
import io
import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from silicus.errors import InputError
from silicus.options import PopulationOptions, SimulateOptions
from silicus.prompts import get_template, render
from silicus.record import read
from silicus.report import print_raking
from silicus.study import iter_respondents, read_respondents
from silicus.workflow import cite_run, evaluate_run, rake_population, read_run, simulate
from silicus.workflow.population import Population, asked_respondents
from tests.report.test_cite import bibtex

DOCS = Path(__file__).resolve().parents[2] / "docs" / "populations.md"

SCRIPT = """\
rules:
  - {when: {question: like}, probabilities: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]}
  - {when: {party: Left}, probabilities: [0.9, 0.1, 0]}
  - {when: {party: Right}, probabilities: [0.2, 0.8, 0]}
"""
MARGINS = "margins:\n  party:\n    source: Register of voters\n    shares: {Left: 0.25, Right: 0.75}\n"


@pytest.fixture
def options(tmp_path: Path) -> SimulateOptions:
    """Return options that ask a model whose answers depend on the party alone."""
    script = tmp_path / "script.yaml"
    script.write_text(SCRIPT, encoding="utf-8")
    return SimulateOptions(model=f"scripted:{script}", out=tmp_path / "run")


@pytest.fixture
def parties(tmp_path: Path):
    """Return a function that writes a table of a left and a right respondent and returns its name."""

    def write(header: str, left: str, right: str) -> str:
        path = tmp_path / f"{header.replace(',', '-')}.csv"
        path.write_text(f"respondent,party,{header}\nl,Left,{left}\nr,Right,{right}\n", encoding="utf-8")
        return str(path)

    return write


def bought(tea: Path, asked: SimulateOptions) -> list[float]:
    """Return the predicted shares of Yes and No, of an evaluation against people's published counts."""
    counts = "human: {counts: {plain: {buy: {Yes: 30, No: 10}}}}\n"
    if "human" not in tea.read_text():
        tea.write_text(tea.read_text() + counts)
    (cell,) = evaluate_run(simulate(str(tea), asked)).cells
    (model,) = set(cell.predicted) - {"uniform", "pooled", "others"}
    return cell.predicted[model]


@pytest.mark.parametrize(
    ("header", "left", "right", "share"),
    [("weight", "3", "1", 0.75), ("weight", "1", "1", 0.5), ("weight", "0", "2", 0.0), ("n", "900", "100", 0.9),
     ("weight,n", "2,30", "1,40", 0.6)],
)  # fmt: skip
def test_predictions_for_a_cell_are_the_weighted_mean_over_respondents(
    tea, options, parties, header, left, right, share
):
    asked = replace(options, respondents=parties(header, left, right))
    yes = share * 0.9 + (1 - share) * 0.2
    assert bought(tea, asked) == pytest.approx([yes, 1 - yes], abs=1e-6)


def test_the_weight_stands_in_the_predictions_and_is_not_told_to_the_model(tea, options, parties):
    run = read_run(simulate(str(tea), replace(options, respondents=parties("weight,n", "2,30", "1,40"))))
    assert dict(run.predictions.select("respondent", "weight").unique().iter_rows()) == {"l": 60.0, "r": 40.0}
    assert run.respondents.columns == ["respondent", "weight", "party"]
    # The design effect is twice 5,200 over 10,000.
    assert (
        run.manifest.respondents == "2 respondents of weight-n.csv (weighted: design effect 1.04, effective number 2)"
    )


def test_answers_of_the_very_respondents_count_by_their_own_weight(tea, options, parties, tmp_path):
    answers = tmp_path / "answers.csv"
    answers.write_text(
        "condition,question,respondent,response,weight\nplain,buy,l,1,3\nplain,buy,r,2,1\n", encoding="utf-8"
    )
    tea.write_text(tea.read_text() + f"human: {{responses: {answers.name}}}\n")
    found = evaluate_run(simulate(str(tea), replace(options, respondents=parties("weight", "3", "1"))))
    (cell,) = found.cells
    assert found.matched_by_person == 2
    assert cell.human == pytest.approx([0.75, 0.25])
    assert cell.predicted[found.name] == pytest.approx([0.75 * 0.9 + 0.25 * 0.2, 0.75 * 0.1 + 0.25 * 0.8], abs=1e-6)
    assert cell.people_effective == pytest.approx(16 / 10)


def test_respondents_are_drawn_by_their_weights_and_asked_once_each(tea, options, parties):
    asked = replace(options, respondents=parties("weight", "9", "1"), draw=1000, seed=4)
    run = read_run(simulate(str(tea), asked))
    weights = dict(run.respondents.select("respondent", "weight").iter_rows())
    assert sum(weights.values()) == 1000
    assert 870 < weights["l"] < 930
    assert len(run.predictions) == 2 * 2 * 2
    assert run.manifest.respondents == (
        "1,000 drawn by weight, with replacement and seed 4, from 2 respondents of weight.csv (weighted: design effect "
        "1.64, effective number 1); 2 differ"
    )
    assert run.manifest.options["draw"] == 1000
    share = weights["l"] / 1000
    assert bought(tea, asked)[0] == pytest.approx(share * 0.9 + (1 - share) * 0.2, abs=1e-6)


def test_a_run_that_draws_nobody_has_the_key_it_always_had(options):
    assert "draw" not in options.recorded()


@pytest.mark.parametrize(
    ("changed", "told"),
    [({"draw": 0}, "found --draw 0, expected 1 or more."), ({"draw": 5}, "found --draw 5, which is for a table of")],
)
def test_a_draw_that_means_nothing_is_refused(changed, told):
    with pytest.raises(InputError) as caught:
        SimulateOptions(**changed)
    assert told in str(caught.value)


@pytest.fixture
def raked(tmp_path: Path, parties):
    """Return the table that raking a left and a right respondent leaves, and what is known of it."""
    margins = tmp_path / "margins.yaml"
    margins.write_text(MARGINS, encoding="utf-8")
    options = PopulationOptions(margins=margins, out=tmp_path / "adults.parquet")
    return rake_population(parties("weight", "1", "1"), options)


def test_a_raked_table_moves_the_answer_and_is_cited(tea, options, raked):
    out, record = raked
    asked = replace(options, respondents=str(out))
    assert bought(tea, asked)[0] == pytest.approx(0.25 * 0.9 + 0.75 * 0.2, abs=1e-6)
    manifest = read_run(options.out).manifest
    assert manifest.respondents == (
        "2 respondents of adults.parquet (weights raked to party: design effect 1.25, effective number 2)"
    )
    assert manifest.sources[1:] == [*record.sources, record.method]
    assert record.sources == ["party: Register of voters"]
    assert bibtex(cite_run(options.out))["deming1940"]["doi"] == "10.1214/aoms/1177731829"
    assert cite_run(options.out).count("10.1214/aoms/") == 2, "the entry and why it is cited"


def test_what_raking_did_is_kept_beside_the_table(raked):
    out, record = raked
    beside = read(out.with_name("adults.raking.json"), Population)
    assert beside.raking == record
    assert beside.respondents == "2 respondents of weight.csv"
    assert read_respondents(out)["weight"].to_list() == pytest.approx([0.5, 1.5])


def test_a_raked_table_that_was_edited_is_no_longer_called_raked(raked):
    out, _ = raked
    assert asked_respondents(str(out), None, 0)[2] == ["party: Register of voters", raked[1].method]
    read_respondents(out).with_columns(weight=pl.lit(1.0)).write_parquet(out)
    assert asked_respondents(str(out), None, 0)[1:] == ("2 respondents of adults.parquet", [])


def test_a_table_that_is_raked_again_names_the_method_once(raked, tmp_path):
    margins = PopulationOptions(margins=tmp_path / "margins.yaml", out=tmp_path / "again.parquet")
    _, record = rake_population(str(raked[0]), margins)
    assert record.method not in record.sources
    assert asked_respondents(str(tmp_path / "again.parquet"), None, 0)[2].count(record.method) == 1


def test_who_was_not_raked_is_not_cited_so(tea, options, parties):
    simulate(str(tea), replace(options, respondents=parties("weight", "3", "1")))
    assert "deming1940" not in bibtex(cite_run(options.out))


def test_bundled_profiles_are_raked_with_their_own_source(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    margins = tmp_path / "old.yaml"
    margins.write_text("margins: {age: {source: Invented, shares: {18-39: 0.2, 40+: 0.8}}}\n", encoding="utf-8")
    out, record = rake_population("300", PopulationOptions(margins=margins, seed=3))
    assert out == Path("runs/us-adults-300-raked.parquet")
    table = read_respondents(out)
    assert table.filter(pl.col("age") < 40)["weight"].sum() == pytest.approx(60, abs=1e-3)
    assert record.table == "300 bundled US adult profiles, drawn with seed 3"
    assert record.sources[0].startswith("Respondents: profiles of US adults")
    assert record.sources[1] == "age: Invented"


def test_a_name_that_cannot_be_written_is_refused(tmp_path, raked):
    margins = tmp_path / "margins.yaml"
    with pytest.raises(InputError, match=r"found --out x\.csv, expected the name of a \.parquet file"):
        rake_population("10", PopulationOptions(margins=margins, out=Path("x.csv")))
    with pytest.raises(InputError, match="is what is read, and would be written over"):
        rake_population(str(raked[0]), PopulationOptions(margins=margins, out=raked[0]))
    with pytest.raises(InputError, match=r"found people, expected a table \(\.csv, \.tsv, \.parquet\), or a number of"):
        rake_population("people", PopulationOptions(margins=margins))


def test_the_example_of_the_docs_prints_what_they_say(shared_data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    degrees = {"Bachelor deg": "Bachelor's degree", "Graduate deg": "Graduate degree"}
    with gzip.open(shared_data / "gss" / "poliscidata_gss.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with Path("people.csv").open("w", newline="", encoding="utf-8") as file:
        people = csv.writer(file)
        people.writerow(["respondent", "weight", "gender", "age", "education"])
        for row in rows:
            degree = degrees.get(row["degree"], "No bachelor's degree")
            people.writerow([row["id"].removesuffix(".0"), row["wtss"], row["sex"], row["age"], degree])
    text = DOCS.read_text(encoding="utf-8")
    margins, printed = (
        re.search(rf"<!-- {mark} -->\n```\w+\n(.*?)```", text, re.DOTALL).group(1)
        for mark in ("file: us-2022.yaml", "printed")
    )
    Path("us-2022.yaml").write_text(margins, encoding="utf-8")
    _, record = rake_population("people.csv", PopulationOptions(margins=Path("us-2022.yaml"), out=Path("a.parquet")))
    console = Console(file=io.StringIO(), width=80)
    print_raking(record, console)
    assert console.file.getvalue().startswith(printed)
    women = sum(float(row["wtss"]) for row in rows if row["sex"] == "Female" and row["age"])
    everybody = sum(float(row["wtss"]) for row in rows if row["age"])
    assert record.margins[0].categories[0].before == pytest.approx(women / everybody)


GROUPS = {
    "silicus": "\nCountry: Kenya\n",
    "socrates": "\n- Country: Kenya\n",
    "cao": "How would someone from Kenya answer",
    "subpop": "Question: What is your country?\nA. Kenya\n\nAnswer: A. Kenya\n",
    "subpop-bio": "\nDescription: My country is Kenya.\n",
    "subpop-portray": "Answer the following question as if your country were Kenya.\n",
}


@pytest.mark.parametrize("template", GROUPS)
def test_every_template_asks_a_group_and_its_people_are_its_weight(tea, tmp_path, template):
    table = tmp_path / "countries.csv"
    table.write_text("respondent,n,country\nKEN,1266,Kenya\nPER,1400,Peru\n", encoding="utf-8")
    # A scale of 11 points, and one with a refusal: letters for those that ask for them.
    answers = "value" if template in {"silicus", "socrates"} else "letter"
    options = SimulateOptions(
        model="scripted", respondents=str(table), template=template, answers=answers, out=tmp_path / "run"
    )
    run = read_run(simulate(str(tea), options))
    assert dict(run.predictions.select("respondent", "weight").unique().iter_rows()) == {"KEN": 1266, "PER": 1400}
    item, (group, _) = next(iter(run.items.values())), iter_respondents(run.respondents)
    assert GROUPS[template] in render(get_template(template), item, group, answers).user
