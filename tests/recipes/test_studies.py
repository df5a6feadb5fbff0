"""The studies in recipes/studies: they can be read, and screened by a model that knows nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from silicus.options import ScreenOptions
from silicus.study import read_study
from silicus.workflow import screen_study

STUDIES = sorted((Path(__file__).resolve().parents[2] / "recipes" / "studies").glob("*.yaml"))


def test_there_are_some():
    assert STUDIES


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_a_study_is_named_after_its_file_and_says_where_it_is_from(path):
    study = read_study(str(path))
    assert study.id == path.stem
    assert study.source.citation
    assert study.control is not None


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_a_study_can_be_screened(path, tmp_path):
    study = read_study(str(path))
    options = ScreenOptions(model="uniform", respondents="5", controls=2, out=tmp_path / "out")
    found = screen_study(str(path), options)[1]
    assert found is not None
    ordered = [question.id for question in study.asked if question.scale.ordered]
    assert {(arm.question, arm.arm) for arm in found.arms} == {
        (question, each.id) for question in ordered for each in study.conditions if not each.control
    }
    # Of a model that knows nothing no arm is recommended.
    assert found.gate.verdict == "do not use"
