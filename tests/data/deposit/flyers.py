"""A small deposit, the recipe of its study, and the sources of its fields, as a model would give them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

__all__ = ["CODEBOOK", "recipe", "sources", "write_deposit"]

CODEBOOK = """\
Flyers and turnout. A. Author (2020). Licence: CC0
All 1,204 people of the village were asked; 6 of them are in this file, 3 of whom got the flyer.
arm: 0 = nothing was shown; 1 = You get a flyer that asks you to vote.
sex: 1 = Male, 2 = Female
vote: Will you vote on Sunday? 1 = Yes, 0 = No, 9 = no answer
"""
ANSWERS = "id,arm,sex,vote\na,0,1,1\nb,1,2,0\nc,0,1,0\nd,1,2,1\ne,0,2,1\nf,1,1,9\n"
OTHERS = (
    "age", "ethnicity", "education", "employment", "marital_status", "housing_ownership", "housing_type", "location",
    "metro_status", "income", "internet_access", "household_size", "party_id", "ideology", "phone_service",
)  # fmt: skip

_RECIPE: dict[str, Any] = {
    "name": "flyers",
    "source": {"citation": "A. Author (2020). Flyers and turnout.", "licence": "CC0"},
    "file": "answers.csv",
    "documents": ["codebook.txt"],
    "respondent": "id",
    "condition": [
        {
            "column": "arm",
            "values": {
                "0": {"id": "control", "control": True},
                "1": {"id": "flyer", "text": "You get a flyer that asks you to vote."},
            },
        }
    ],
    "attributes": {"gender": {"column": "sex", "values": {"1": "Male", "2": "Female"}}},
    "unmapped": dict.fromkeys(OTHERS, "not in the deposit"),
    "missing": {"9": "no answer"},
    "questions": [
        {
            "id": "vote",
            "text": "Will you vote on Sunday?",
            "scale": {"kind": "binary", "labels": {"1": "Yes", "0": "No"}},
        }
    ],
}
_VOTE = "vote: Will you vote on Sunday? 1 = Yes, 0 = No, 9 = no answer"
_SOURCES: list[dict[str, Any]] = [
    {
        "fields": ["source > citation", "source > licence"],
        "document": "codebook.txt",
        "quote": "Flyers and turnout. A. Author (2020). Licence: CC0",
    },
    {"fields": ["respondent"], "column": "id", "of": "name"},
    {
        "fields": ["condition > arm > column", "condition > arm > 0", "condition > arm > 1"],
        "document": "codebook.txt",
        "quote": "arm: 0 = nothing was shown; 1 = You get a flyer that asks you to vote.",
    },
    {"fields": ["condition > arm > 0 > control"], "nobody": "it is the arm that was shown nothing"},
    {"fields": ["attributes > gender"], "document": "codebook.txt", "quote": "sex: 1 = Male, 2 = Female"},
    {
        "fields": ["questions > vote > text", "questions > vote > column", "questions > vote > scale", "missing > 9"],
        "document": "codebook.txt",
        "quote": _VOTE,
    },
]


def write_deposit(folder: Path, codebook: str = CODEBOOK) -> Path:
    """Return a folder with the data file and the codebook."""
    folder.mkdir()
    (folder / "answers.csv").write_text(ANSWERS, encoding="utf-8")
    (folder / "codebook.txt").write_text(codebook, encoding="utf-8")
    return folder


def recipe(**changes: Any) -> dict[str, Any]:
    """Return the recipe, in which a key that is given stands instead."""
    return copy.deepcopy(_RECIPE) | changes


def sources(*more: dict[str, Any], without: str = "") -> list[dict[str, Any]]:
    """Return the sources of its fields, and further ones; those of one field can be left out."""
    return [*(copy.deepcopy(each) for each in _SOURCES if without not in each["fields"]), *more]
