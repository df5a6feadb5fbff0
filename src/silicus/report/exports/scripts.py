"""Scripts for R and Stata that work out the numbers of the screening table from the exported files, and check them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from silicus.record import write_text
from silicus.report.page import templates

__all__ = ["ScriptForecast", "ScriptPilot", "ScriptRectified", "ScriptRow", "write_scripts"]

_NAMES = {"scripts.R.j2": "screening.R", "scripts.do.j2": "screening.do"}


@dataclass(frozen=True)
class ScriptForecast:
    """The effect that is to be expected of people, in points: slope x predicted effect ± multiplier x sd.

    Attributes:
        slope: what is true for 1 predicted.
        sd: standard deviation of the error.
        multiplier: of the sd, half the width of the interval.
        estimate: as the table has it.
        low: lower end.
        high: upper end.
    """

    slope: float
    sd: float
    multiplier: float
    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class ScriptPilot:
    """The effect among the people of the pilot, in points; `None` where a number is unknown."""

    estimate: float | None
    standard_error: float | None


@dataclass(frozen=True)
class ScriptRectified:
    """The effect by people and predictions together, in points, without strata; `None` where a number is unknown.

    Attributes:
        power: how much the predictions count.
        spent: degrees of freedom that learning the power has cost, 1 where it was tuned and is not 0, else 0.
        estimate: as the table has it.
        standard_error: as the table has it.
    """

    power: float
    spent: int
    estimate: float | None
    standard_error: float | None


@dataclass(frozen=True)
class ScriptRow:
    """A row of the screening table: the effect of an arm on the answers to a question.

    Attributes:
        question: its id.
        arm: id of the condition.
        control: id of the condition it is compared with.
        span: of the scale, highest less lowest point.
        points: predicted effect in points; `None` where it is unknown, as in the next two.
        percent: in percent of the scale's range.
        control_sds: in standard deviations of the predicted answers in the control.
        forecast: what is to be expected of people; `None` where nothing is known of past errors.
        pilot: among people; `None` without a pilot.
        rectified: by both; `None` without a pilot.
    """

    question: str
    arm: str
    control: str
    span: float
    points: float | None
    percent: float | None
    control_sds: float | None
    forecast: ScriptForecast | None = None
    pilot: ScriptPilot | None = None
    rectified: ScriptRectified | None = None

    @property
    def title(self) -> str:
        """What the row is about."""
        return f"{self.question}: {self.arm} against {self.control}"


def write_scripts(folder: Path, study: str, rows: Sequence[ScriptRow], *, weights: bool) -> list[Path]:
    """Write a script for R and one for Stata that reproduce the rows, and return the files.

    They read `synthetic-predictions.csv` and `pilot.csv` as `write_labelled` writes them, print each number beside that
    of the table, and stop where the two differ. Simulated respondents are those of the predictions who are not in the
    pilot; what is predicted for the people of the pilot stands in the same file under their names.

    Args:
        folder: where the files are.
        study: its id.
        rows: effects without covariates.
        weights: whether answers count by their weight, predictions also by the probability that they are no refusal.

    Raises:
        MissingExtraError: a library of the extra `report` is not installed.
        RunError: a file cannot be written.
    """
    environment = templates(Path(__file__).parent, autoescape=False, keep_trailing_newline=True)
    environment.filters |= {"word": _r_word, "number": _r_number, "stata": _stata_word, "dot": _stata_number}
    environment.filters["one_line"] = _one_line
    content: dict[str, Any] = {"study": study, "rows": rows, "weights": weights}
    content["people"] = any(row.pilot or row.rectified for row in rows)
    files = {folder / name: environment.get_template(template) for template, name in _NAMES.items()}
    for path, template in files.items():
        write_text(path, template.render(**content))
    return list(files)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _r_word(text: str) -> str:
    """Return a text in R; signs beyond ASCII by their number, for R reads scripts in the encoding of the machine."""
    return '"' + "".join(sign if _is_plain(sign) else f"\\U{{{ord(sign):x}}}" for sign in text) + '"'


def _is_plain(sign: str) -> bool:
    return " " <= sign <= "~" and sign not in '"\\'


def _r_number(value: float | None) -> str:
    return "NA_real_" if value is None or not math.isfinite(value) else repr(float(value))


def _stata_word(text: str) -> str:
    """Return a text in Stata, in which no macro is expanded."""
    return '`"' + text.replace("`", "\\`").replace("$", "\\$") + "\"'"


def _stata_number(value: float | None) -> str:
    return "." if value is None or not math.isfinite(value) else repr(float(value))
