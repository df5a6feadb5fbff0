"""A small deposit on flyers and voting that passes every gate, to be made wrong in one place at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import yaml

from silicus.data.dataset import Dataset
from silicus.data.deposit.demographics import FIELDS
from silicus.data.deposit.documents import Document
from silicus.data.deposit.execute import execute
from silicus.data.deposit.gates import Made, pass_gates
from silicus.data.deposit.recipe import Expected, Recipe
from silicus.data.readers.labelled import LabelledTable

DOCUMENT = "Arm 1: You get a flyer. Item 1: Will you go to vote? Item 2: How warm do you feel?"
RECIPE = """
name: flyers
source: {citation: Somebody (2020), licence: CC0}
file: answers.csv
documents: [codebook.txt]
respondent: id
weight: w
condition:
  column: arm
  values:
    0: {id: control, control: true}
    1: {id: flyer, text: You get a flyer.}
attributes:
  gender: {column: sex, values: {1: Male, 2: Female}}
missing: {99: Refused}
questions:
  - id: vote
    text: Will you go to vote?
    scale: {kind: binary, labels: {1: 'Yes', 0: 'No'}}
  - id: warm
    text: How warm do you feel?
    scale: {kind: ordinal, low: 1, high: 7}
expected:
  source: counted by hand
  respondents: 4
  conditions: {control: 2, flyer: 2}
  answers: {vote: 4, warm: 3}
"""
CELLS = {
    "id": ["a", "b", "c", "d"],
    "arm": [0, 1, 0, 1],
    "w": [0.5, 1.0, 1.5, 1.0],
    "sex": [1, 2, 1, 2],
    "vote": [1, 0, 0, 1],
    "warm": [7, 1, 99, 4],
}


def recipe(**changes: Any) -> Recipe:
    """Return the recipe of the flyers with other entries; `None` leaves one out."""
    unmapped = {name: "not asked for here" for name in FIELDS if name != "gender"}
    content = {**yaml.safe_load(RECIPE), "unmapped": unmapped, **changes}
    return Recipe.model_validate({name: value for name, value in content.items() if value is not None})


def made(cells: dict[str, list[Any]] | None = None, document: str = DOCUMENT, **changes: Any) -> Made:
    """Return what a recipe makes of the cells; counts that it does not expect are those that are found."""
    about = {name: changes.pop(name, {}) for name in ("labels", "titles", "missing_labels")}
    table = LabelledTable(
        Path("answers.csv"),
        pl.DataFrame({**CELLS, **(cells or {})}),
        labels=about["labels"],
        missing=about["missing_labels"],
        titles=about["titles"],
    )
    survey = changes.pop("survey", None)
    asked = recipe(**changes)
    left, data = execute(asked, table, "flyers.yaml")
    if asked.expected is not None:
        asked = asked.model_copy(update={"expected": _counted(asked.expected, data)})
    return Made(asked, left, data, (Document("codebook.txt", document, ((0, "line 1"),)),), survey)


def _counted(expected: Expected, data: Dataset) -> Expected:
    people = data.responses.group_by("condition").agg(pl.col("respondent").n_unique())
    return Expected(
        source=expected.source,
        respondents=len(data.respondents) if expected.respondents is None else expected.respondents,
        conditions={**dict(people.iter_rows()), **expected.conditions},
        answers={**dict(data.answered.group_by("question").len().iter_rows()), **expected.answers},
    )


def failed(which: Made) -> dict[str, str]:
    """Return gate -> its problems, of the gates that are not passed."""
    return {gate.name: " ".join(gate.problems) for gate in pass_gates(which) if not gate.passed}


def question(place: int, **changes: Any) -> list[dict[str, Any]]:
    questions = yaml.safe_load(RECIPE)["questions"]
    questions[place] |= changes
    return questions
