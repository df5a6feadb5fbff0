"""What a screening leaves for other tools: every synthetic row says so, and scripts reproduce the table."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest

from tests.workflow.screening.made import ARMS, pilot_table, screened

needs_r = pytest.mark.skipif(shutil.which("Rscript") is None, reason="R (Rscript) is not installed")
FILES = {"synthetic-predictions.csv", "synthetic-predictions.sav", "synthetic-predictions.dta", "screening.R",
         "screening.do", "pool.qsf", "disclosure.md"}  # fmt: skip
PILOT = {"pilot.csv", "pilot.sav", "pilot.dta"}


def names(folder: Path) -> set[str]:
    return {each.name for each in (folder / "exports").iterdir()}


def table(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(folder / "exports" / name, infer_schema_length=None, schema_overrides={"respondent": pl.String})


def run_r(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["Rscript", "screening.R"], cwd=folder / "exports", capture_output=True, text=True,
                          check=False, timeout=120)  # fmt: skip


def sheet(folder: Path) -> str:
    return (folder / "exports" / "disclosure.md").read_text(encoding="utf-8")


def test_everything_is_there(alone, with_pilot):
    assert names(alone[0]) == FILES
    assert names(with_pilot[0]) == FILES | PILOT


def test_every_row_says_whether_a_person_answered(alone, with_pilot):
    import pyreadstat

    for folder, people in ((alone[0], 0), (with_pilot[0], 60)):
        rows = 12 * 3 + people * 3
        assert table(folder, "synthetic-predictions.csv")["synthetic"].to_list() == [1] * rows
        for name, read in (("sav", pyreadstat.read_sav), ("dta", pyreadstat.read_dta)):
            # Columns as they are, without pandas.
            columns, _ = read(folder / "exports" / f"synthetic-predictions.{name}", output_format="dict")
            assert list(columns["synthetic"]) == [1] * rows
    assert table(with_pilot[0], "pilot.csv")["synthetic"].to_list() == [0] * 60


@needs_r
def test_r_reproduces_the_table_without_and_with_a_past(alone, with_past):
    for folder, _ in (alone, with_past):
        done = run_r(folder)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Every number is reproduced." in done.stdout
    assert done.stdout.count("forecast, lower end") == 2


@needs_r
def test_r_reproduces_the_table_with_a_pilot(with_pilot):
    done = run_r(with_pilot[0])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("rectified, standard error") == 2


@needs_r
def test_r_reproduces_the_table_of_people_who_answered_in_every_arm(world, tmp_path):
    once = pilot_table(20).drop("school")
    answers = [pilot_table(20, seed)["visit"] for seed in range(3)]
    both = pl.concat([once.with_columns(condition=pl.lit(a), visit=v) for a, v in zip(ARMS, answers, strict=True)])
    both.write_csv(tmp_path / "pilot.csv")
    folder, _ = screened(
        world.study, tmp_path / "out", **{**world.options, "controls": 0}, pilot=tmp_path / "pilot.csv"
    )
    done = run_r(folder)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_r
def test_bundled_profiles_are_told_apart_from_people_with_the_same_numbers(world, tmp_path):
    table_of = pilot_table(30).drop("school", "group").with_columns(respondent=pl.int_range(1, 31))
    table_of.write_csv(tmp_path / "pilot.csv")
    options = {"model": "uniform", "respondents": "30", "controls": 0, "pilot": tmp_path / "pilot.csv"}
    folder, found = screened(world.study, tmp_path / "out", **options)
    ids = table(folder, "synthetic-predictions.csv")["respondent"].unique()
    assert len(ids) == 60
    assert sum(each.startswith("simulated ") for each in ids) == 30
    assert found.arms[0].pilot is not None
    done = run_r(folder)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_survey_for_people_holds_the_arms_and_the_question(alone):
    told = json.loads((alone[0] / "exports" / "pool.qsf").read_text(encoding="utf-8"))
    text = json.dumps(told)
    assert "How gladly would you go there?" in text
    assert "its water is well heated" in text
    assert told["SurveyEntry"]["SurveyName"]


def test_the_disclosure_sheet_names_plan_seeds_failures_and_tries(with_pilot):
    folder, found = with_pilot
    told = sheet(folder)
    for line in (
        f"- Hash of the plan: {found.plan_hash}",
        f"- When the plan was frozen: {found.frozen}",
        "- Seeds: seed 0",
        "- Configurations that were tried: 1",
        "- Answers that failed or could not be read: 0",
        "- People in the pilot (0: no pilot): 60",
        "- Number of simulated respondents: 12",
        "- Whether anything of the model was tuned on them: nothing was tuned here on anybody's answers",
        "- Past studies it was fine-tuned on: none",
    ):
        assert line in told.splitlines()
    assert "past-11 (1 study, 300 answers, run key " in told
    assert found.gate.verdict in told


def test_without_a_past_the_sheet_says_that_nothing_was_compared(alone):
    assert "- What it was compared with: nothing: NOT BENCHMARKED" in sheet(alone[0]).splitlines()
    assert "- People in the pilot (0: no pilot): 0" in sheet(alone[0]).splitlines()


def test_simulated_people_come_from_where_they_are_said_to(world, alone, tmp_path):
    folder, _ = screened(world.study, tmp_path / "out", model="uniform", respondents="5", controls=0)
    assert "- Where their attributes come from: Respondents: profiles of US adults" in sheet(folder)
    # Where a table of one's own comes from, nobody has said.
    assert "- Where their attributes come from: **not known to the program: fill in by hand**" in sheet(alone[0])
