"""The scripts: R reproduces every number of the table from the exported files, and stops where it does not."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from silicus.effects import EffectsPlan, effects
from silicus.effects.pilot.predicted_rows import PredictedRows
from silicus.effects.pilot.rectified import RectifyPlan
from silicus.effects.pilot.rectify import rectify
from silicus.report.exports.scripts import ScriptForecast, ScriptPilot, ScriptRectified, ScriptRow, write_scripts
from silicus.report.exports.tables import write_labelled
from silicus.study import PREDICTIONS, RESPONSES, Item, Scale

SCALE = Scale(kind="ordinal", low=1, high=5, refusals={9: "Don't know"})
ARMS = ("plain", 'a "loss", größer $5', "gain")
ITEMS = [Item("own", arm, "agree", arm, "Do you agree?", SCALE) for arm in ARMS]
BY_HASH = {item.item: item for item in ITEMS}

needs_r = pytest.mark.skipif(shutil.which("Rscript") is None, reason="R (Rscript) is not installed")


def simulated(names: list[str], rng: np.random.Generator) -> pl.DataFrame:
    """Return predictions of everybody in every arm."""
    rows: list[tuple[object, ...]] = []
    for name in names:
        own = rng.normal(0, 0.5, 5)
        weight = float(rng.uniform(0.5, 2))
        for place, item in enumerate(ITEMS):
            share = np.exp(own + 0.3 * place * np.arange(5))
            refusal = float(rng.uniform(0, 0.2))
            rows.append(("own", item.condition, "agree", item.item, name, weight, share / share.sum(), refusal, 0.9))
    return pl.DataFrame(rows, schema=PREDICTIONS, orient="row")


def answered(names: list[str], rng: np.random.Generator, times: int = 1) -> pl.DataFrame:
    rows: list[tuple[object, ...]] = []
    for number, name in enumerate(names):
        weight = float(rng.uniform(0.5, 2))
        for time in range(times):
            item = ITEMS[(number + time) % 3]
            answer = 9 if number == 4 else int(rng.integers(1, 6))
            rows.append(("own", item.condition, "agree", item.item, name, answer, 1, weight))
    return pl.DataFrame(rows, schema=RESPONSES, orient="row")


def number(value: float | None) -> float:
    assert value is not None
    return value


def table_of(
    predictions: pl.DataFrame, people: pl.DataFrame | None, *, weights: bool, power: float | None = None
) -> list[ScriptRow]:
    """Return the table by the room of effects."""
    plan = EffectsPlan(control="plain", weights=weights, correction="none")
    rng = np.random.default_rng(1)
    known = [] if people is None else people["respondent"].to_list()
    pool = predictions.filter(~pl.col("respondent").is_in(known))
    rows = [
        ScriptRow("agree", e.arm, e.control, 4.0, e.points.value, e.percent.value, e.control_sds.value)
        for e in effects(pool, BY_HASH, None, plan, rng)
    ]
    if people is None:
        return rows
    alone = {e.arm: e.points for e in effects(people, BY_HASH, None, plan, rng)}
    both = rectified(predictions, pool, people, weights=weights, power=power)
    return [
        replace(
            row,
            pilot=ScriptPilot(alone[row.arm].value, alone[row.arm].standard_error),
            rectified=both[row.arm],
        )
        for row in rows
    ]


def _arrays(rows: pl.DataFrame, weights: bool) -> dict[str, object]:
    design = np.column_stack([np.ones(len(rows)), *(rows["condition"].to_numpy() == arm for arm in ARMS[1:])])
    p = np.array(rows["probabilities"].to_list(), dtype=np.float64)
    predicted = p @ np.arange(1, 6) / p.sum(axis=1)
    return {
        "design": design.astype(float),
        "predicted": predicted,
        "weight": rows["used"].to_numpy() if weights else None,
        "respondent": rows["respondent"].to_list(),
    }


def rectified(
    predictions: pl.DataFrame, pool: pl.DataFrame, people: pl.DataFrame, *, weights: bool, power: float | None
) -> dict[str, ScriptRectified]:
    own = people.filter(pl.col("response") <= 5).with_columns(used="weight")
    own = own.join(predictions.select("condition", "respondent", "probabilities"), on=["condition", "respondent"])
    pilot = PredictedRows(**_arrays(own, weights), answers=own["response"].to_numpy().astype(float))  # type: ignore[arg-type]
    used = pool.with_columns(used=pl.col("weight") * (1 - pl.col("refusal").cast(pl.Float64)))
    plan = RectifyPlan() if power is None else RectifyPlan(power=power)
    simulated_rows = PredictedRows(**_arrays(used, weights))  # type: ignore[arg-type]
    found: dict[str, ScriptRectified] = {}
    for place, arm in enumerate(ARMS[1:], start=1):
        each = rectify(pilot, simulated_rows, np.eye(3)[place], plan)
        learnt = number(each.power)
        spent = int(power is None and learnt != 0)
        found[arm] = ScriptRectified(learnt, spent, each.estimate, each.standard_error)
    return found


def exported(folder: Path, predictions: pl.DataFrame, people: pl.DataFrame | None) -> None:
    write_labelled(folder, predictions, BY_HASH, None)
    if people is not None:
        write_labelled(folder, people, BY_HASH, None)


def run_r(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["Rscript", "screening.R"], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )


@needs_r
@pytest.mark.parametrize(
    ("weights", "times", "power"), [(True, 1, 0.4), (False, 1, None), (True, 3, None), (False, 2, 0.7)]
)
def test_r_reproduces_every_number(tmp_path: Path, weights: bool, times: int, power: float | None) -> None:
    rng = np.random.default_rng(3)
    names = [f"p{number}" for number in range(24)]
    people = answered(names, rng, times)
    predictions = pl.concat([simulated(names, rng), simulated([f"s{number}" for number in range(30)], rng)])
    exported(tmp_path, predictions, people)
    rows = table_of(predictions, people, weights=weights, power=power)
    write_scripts(tmp_path, "own", rows, weights=weights)
    done = run_r(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("points") == 3 * 2
    assert "Every number is reproduced." in done.stdout


@needs_r
def test_r_reproduces_the_forecast_of_a_simulation_without_people(tmp_path: Path) -> None:
    predictions = simulated([f"s{number}" for number in range(30)], np.random.default_rng(5))
    exported(tmp_path, predictions, None)
    [first, second] = table_of(predictions, None, weights=True)
    middle = 0.56 * number(first.points)
    shrunk = ScriptForecast(0.56, 0.3, 2.1, middle, middle - 2.1 * 0.3, middle + 2.1 * 0.3)
    write_scripts(tmp_path, "own", [replace(first, forecast=shrunk), second], weights=True)
    done = run_r(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "forecast, upper end" in done.stdout


@needs_r
def test_r_stops_where_a_number_is_not_reproduced(tmp_path: Path) -> None:
    predictions = simulated([f"s{number}" for number in range(30)], np.random.default_rng(5))
    exported(tmp_path, predictions, None)
    row = table_of(predictions, None, weights=True)[0]
    wrong = replace(row, control_sds=number(row.control_sds) + 1e-5)
    write_scripts(tmp_path, "own", [wrong], weights=True)
    done = run_r(tmp_path)
    assert done.returncode != 0
    assert "tolerance" in done.stderr
    assert "Every number" not in done.stdout


@needs_r
def test_r_refuses_files_whose_flag_was_changed(tmp_path: Path) -> None:
    predictions = simulated(["s1", "s2", "s3"], np.random.default_rng(5))
    exported(tmp_path, predictions, None)
    write_scripts(tmp_path, "own", table_of(predictions, None, weights=True), weights=True)
    file = tmp_path / "synthetic-predictions.csv"
    pl.read_csv(file).with_columns(synthetic=0).write_csv(file)
    assert "synthetic == 1" in run_r(tmp_path).stderr


def test_numbers_that_are_unknown_are_written_as_such(tmp_path: Path) -> None:
    row = ScriptRow("agree", "gain", "plain", 4.0, 0.5, 12.5, None, pilot=ScriptPilot(float("nan"), None))
    r, stata = write_scripts(tmp_path, "own", [row], weights=False)
    assert r.read_text("utf-8").count("NA_real_") == 3
    assert 'check "pilot alone, standard error" found_error .\n' in stata.read_text("utf-8")


def test_both_scripts_hold_every_number_of_every_row(tmp_path: Path) -> None:
    row = ScriptRow(
        "agree", "gain", "plain", 4.0, 0.501, 12.502, 0.503,
        ScriptForecast(0.504, 0.505, 2.506, 0.507, -0.508, 0.509),
        ScriptPilot(0.51, 0.511),
        ScriptRectified(0.512, 1, 0.513, 0.514),
    )  # fmt: skip
    for path in write_scripts(tmp_path, "own", [row], weights=True):
        text = path.read_text("utf-8")
        numbers = ("0.501", "12.502", "0.503", "0.504", "0.505", "2.506", "0.507", "-0.508", "0.509", "0.51", "0.511",
                   "0.512", "0.513", "0.514")  # fmt: skip
        assert [each for each in numbers if each not in text] == [], path.name
    assert {path.name for path in tmp_path.iterdir()} == {"screening.R", "screening.do"}


def test_names_are_words_in_either_language(tmp_path: Path) -> None:
    row = ScriptRow('say "hi"', "`x' $5\n", "größer\\", 4.0, 0.5, 12.5, 0.1)
    r, stata = (path.read_text("utf-8") for path in write_scripts(tmp_path, "own\nstudy", [row], weights=True))
    assert 'question <- "say \\U{22}hi\\U{22}"' in r
    assert 'control <- "gr\\U{f6}\\U{df}er\\U{5c}"' in r
    assert 'question == `"say "hi""\'' in stata
    assert "\\`x' \\$5" in stata
    assert "study own study" in r.splitlines()[0]
