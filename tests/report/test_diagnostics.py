"""Charts of calibration, of differences between conditions and of groups hold the numbers that they are said to."""

from __future__ import annotations

import html
import re

import pytest

from silicus.report.diagnostics import calibration, conditions, groups
from tests.report.test_findings import survey


@pytest.fixture(scope="module")
def found():
    return survey()


def label(chart: str) -> str:
    return html.unescape(re.search(r'aria-label="([^"]*)"', chart)[1])


def test_calibration_tells_predicted_and_actual_shares_of_every_class(found):
    told = label(calibration(found))
    classes = re.findall(r"predicted (\d+) %, people (\d+) % \(n = (\d+)\)", told)
    assert sum(int(n) for *_, n in classes) == 5 * found.cells_n
    pairs = [pair for cell in found.cells for pair in zip(cell.predicted["m"], cell.human, strict=True)]
    by_hand = [(p, h) for p, h in pairs if 0.1 <= p < 0.2]
    mean = 100 * sum(h for _, h in by_hand) / len(by_hand)
    assert f"people {mean:.0f} % (n = {len(by_hand)})" in told


def test_every_cell_of_a_question_in_several_conditions_is_a_point(found):
    chart = conditions(found)
    assert label(chart).startswith("Means of 12 cells less the mean of their question")
    assert conditions(survey(studies=1).model_copy(update={"cells": found.cells[:1]})) == ""


def test_every_group_is_a_row_with_its_number_of_people_and_answers(found):
    chart = groups(found)
    assert label(chart).startswith("Accuracy of 2 groups less everybody's")
    assert label(chart).endswith("with intervals from respondents drawn again.")
    # 40 people in each of 3 studies, in each of which they answer 4 times.
    assert "party: Blue (120 people, 480 answers)" in chart
    audit = found.groups[0]
    once = audit.groups[0].model_copy(update={"answers": 120})
    alone = audit.model_copy(update={"groups": [once], "resampled": "studies and cells"})
    chart = groups(found.model_copy(update={"groups": [alone]}))
    assert "party: Blue (120 people)" in chart
    assert label(chart).endswith("with intervals from studies drawn again.")
    assert groups(found.model_copy(update={"groups": []})) == ""
