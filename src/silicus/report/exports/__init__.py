"""What a screening hands to the tools of social scientists: labelled tables, a survey, scripts, a disclosure sheet."""

from silicus.report.exports.disclosure import (
    Asking,
    Computed,
    Disclosure,
    Instrument,
    ModelUsed,
    People,
    Simulated,
    Trust,
    write_disclosure,
)
from silicus.report.exports.qsf import qsf_limits, study_to_qsf, write_qsf
from silicus.report.exports.scripts import ScriptForecast, ScriptPilot, ScriptRectified, ScriptRow, write_scripts
from silicus.report.exports.tables import write_labelled

__all__ = [
    "Asking",
    "Computed",
    "Disclosure",
    "Instrument",
    "ModelUsed",
    "People",
    "ScriptForecast",
    "ScriptPilot",
    "ScriptRectified",
    "ScriptRow",
    "Simulated",
    "Trust",
    "qsf_limits",
    "study_to_qsf",
    "write_disclosure",
    "write_labelled",
    "write_qsf",
    "write_scripts",
]
