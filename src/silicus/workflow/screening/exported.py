"""What a screening leaves for other tools: labelled tables, scripts, the survey for people, the disclosure sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from silicus.effects import ArmScreen, Effect, PastErrors, Screening, quantile
from silicus.report.exports import (
    Disclosure,
    ScriptForecast,
    ScriptPilot,
    ScriptRectified,
    ScriptRow,
    write_disclosure,
    write_labelled,
    write_qsf,
    write_scripts,
)
from silicus.study import Item, Pilot, Study
from silicus.workflow.run import Run

__all__ = ["EXPORTS", "Exported", "export"]

EXPORTS = "exports"


@dataclass(frozen=True)
class Exported:
    """What is exported.

    Attributes:
        screening: what was found.
        study: what was screened.
        run: the simulation.
        pilot: people's answers, where there are some.
        people: the pilot's people as they are predicted.
        simulated_apart: whether ids of the simulated cannot be those of people, and are told apart from them.
    """

    screening: Screening
    study: Study
    run: Run
    pilot: Pilot | None
    people: Run | None
    simulated_apart: bool


def export(folder: Path, told: Exported, disclosure: Disclosure) -> list[Path]:
    """Write everything that other tools read, and return the files."""
    out = folder / EXPORTS
    out.mkdir(parents=True, exist_ok=True)
    files = write_labelled(out, *_predicted(told))
    if told.pilot is not None:
        files += write_labelled(out, told.pilot.responses, told.run.items, told.pilot.respondents)
    rows = [_script_row(arm, told.screening) for arm in told.screening.arms]
    files += write_scripts(out, told.study.id, rows, weights=told.screening.plan.weights)
    write_qsf(out / f"{told.study.id}.qsf", told.study)
    write_disclosure(out / "disclosure.md", disclosure)
    return [*files, out / f"{told.study.id}.qsf", out / "disclosure.md"]


def _predicted(told: Exported) -> tuple[pl.DataFrame, dict[str, Item], pl.DataFrame]:
    """Return predictions, of the simulated and of the pilot's people, with the items and all their attributes."""
    run, people = told.run, told.people
    if people is None or told.pilot is None:
        return run.predictions, run.items, run.respondents
    name = pl.format("simulated {}", "respondent") if told.simulated_apart else pl.col("respondent")
    predictions = pl.concat([run.predictions.with_columns(respondent=name), people.predictions])
    tables = [run.respondents.with_columns(respondent=name), told.pilot.respondents]
    return predictions, run.items, _together(tables)


def _together(tables: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return tables of respondents as one; what is a number in one and a word in another is a word."""
    names = list(dict.fromkeys(name for table in tables for name in table.columns))
    mixed = {
        name for name in names if len({table[name].dtype.is_numeric() for table in tables if name in table.columns}) > 1
    }
    words = [
        table.with_columns(pl.col(name).cast(pl.String) for name in table.columns if name in mixed) for table in tables
    ]
    return pl.concat(words, how="diagonal_relaxed")


def _script_row(arm: ArmScreen, screening: Screening) -> ScriptRow:
    effect = arm.predicted
    declared = screening.plan
    # Covariates, clusters by name and strata are beyond what the scripts work out.
    plain = not declared.covariates and declared.clusters in {None, "respondent"}
    pilot = arm.pilot if plain else None
    found = pilot.rectified if pilot is not None and not declared.strata else None
    return ScriptRow(
        question=arm.question,
        arm=arm.arm,
        control=arm.control,
        span=arm.span,
        points=effect.points.value,
        percent=effect.percent.value,
        control_sds=effect.control_sds.value,
        forecast=_script_forecast(arm, screening.past_effects),
        pilot=None if pilot is None else _script_pilot(pilot.alone),
        rectified=None
        if found is None or found.power is None
        else ScriptRectified(found.power, int(found.power != 0), found.estimate, found.standard_error),
    )


def _script_pilot(alone: Effect) -> ScriptPilot:
    return ScriptPilot(alone.points.value, alone.points.standard_error)


def _script_forecast(arm: ArmScreen, errors: PastErrors | None) -> ScriptForecast | None:
    value, sd = arm.expected.value, arm.expected.standard_error
    low, high = arm.expected.low, arm.expected.high
    if errors is None or errors.slope.value is None or None in {value, sd, low, high}:
        return None
    multiplier = quantile((1 + errors.level) / 2, errors.studies_n - 1)
    ends = np.array([value, low, high], dtype=np.float64)
    middle, half = float(ends[0]), multiplier * float(sd or 0)
    if not np.allclose(ends, [middle, middle - half, middle + half]):
        # Cut at the ends of the scale.
        return None
    return ScriptForecast(errors.slope.value, float(sd or 0), multiplier, middle, middle - half, middle + half)
