"""Small invented files in the forms, and of the names, that the commands in the recipes read."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import numpy as np
import polars as pl

STUDIES = ("aa111", "bb222", "cc333", "dd444", "ee555", "ff666", "gg777", "hh888", "ii999", "jj000", "kk111", "ll222")
COUNTRIES = ("Andorra", "Chile", "Japan")
GROUPS = (("SEX", "Female"), ("SEX", "Male"), ("POLPARTY", "Democrat"))
STUDY = """\
id: water
source: {citation: A. Author, licence: CC0-1.0}
conditions: [{id: all}]
questions:
  - id: clean
    text: How clean is the water of your river?
    scale: {kind: ordinal, labels: {1: Clean, 2: Neither, 3: Dirty}}
"""
_PEOPLE, _QUESTIONS = 8, 22
_WAVES, _QUESTIONS_OF_A_WAVE = 10, 12


def deposit(folder: Path) -> None:
    """Write all files into a folder: answers of people, groups and countries that chance gave."""
    rng = np.random.default_rng(0)
    _socsci210(folder, rng)
    _wvs(folder / "wvs", rng)
    _opinionqa(folder / "opinionqa", rng)
    _subpop(folder / "subpop", rng)
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    (folder / "countries.csv").write_text("\n".join(["country", *COUNTRIES]) + "\n", encoding="utf-8")


def _words(rng: np.random.Generator, count: int = 8) -> str:
    """Return invented words: no two questions are nearly the same."""
    syllables = np.array(["ba", "ce", "di", "fo", "gu", "ha", "ke", "li", "mo", "nu", "pa", "re", "si", "to", "vu"])
    return " ".join("".join(rng.choice(syllables, size=3)) for _ in range(count))


def _socsci210(folder: Path, rng: np.random.Generator) -> None:
    hub: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    for study in STUDIES:
        topic = _words(rng)
        for person in range(_PEOPLE):
            stimulus = (
                f'You read "{topic} {_words(np.random.default_rng(person % 2), 2)}" and then were asked: '
                f'"Is {topic} good?" Only return an integer from 1 to 7, nothing else.'
            )
            age, gender, response = int(rng.integers(18, 90)), ("Female", "Male")[person // 2 % 2], rng.integers(1, 8)
            hub.append(
                {
                    "participant": person, "demographic": {"age": age, "gender": gender}, "stimuli": stimulus,
                    "response": int(response), "condition_num": person % 2, "task_num": 0, "study_id": study,
                }
            )  # fmt: skip
            lines.append(
                {
                    "instruction": "Predict the answer.", "study_id": study, "condition_num": person % 2,
                    "input": f"Demographics: Age: {age}; Gender: {gender}\n\nScenario: {stimulus}",
                    "output": f"Response: {response}",
                }
            )  # fmt: skip
    (folder / "socratesft" / "SocSci210").mkdir(parents=True)
    pl.DataFrame(hub).write_parquet(folder / "socratesft" / "SocSci210" / "rows.parquet")
    _write_lines(folder / "sample_20_studies.jsonl", lines)
    (folder / "metadata").mkdir()
    sides = {"seen": STUDIES[:-1], "unseen": STUDIES[-1:]}
    (folder / "metadata" / "participant_mapping.json").write_text(json.dumps(sides), encoding="utf-8")


def _wvs(folder: Path, rng: np.random.Generator) -> None:
    folder.mkdir()
    for name, first, whole in (("train", 1, 100.0), ("valid", 164, 100.0), ("pew_dev", 1500, 1.0)):
        entries = [
            entry for number in range(first, first + _QUESTIONS) for entry in _countries(number, whole, rng)
        ]  # fmt: skip
        (folder / f"{name}.json").write_text(json.dumps(entries), encoding="utf-8")


def _countries(number: int, whole: float, rng: np.random.Generator) -> list[dict[str, Any]]:
    question, options = _words(rng), ("Very important", "Rather important", "Not very important")
    return [
        {
            "id": str(number),
            "instruction": f"How would someone from {country} answer the following question:\n\n",
            "input": f"How important is {question}? \nHere are the options: \n",
            "options": [f"({letter}){words}" for letter, words in zip(ascii_uppercase, options, strict=False)],
            "options_dist": dict(zip(ascii_uppercase, (whole * rng.dirichlet([2, 2, 2])).tolist(), strict=False)),
        }
        for country in COUNTRIES
    ]


def _opinionqa(folder: Path, rng: np.random.Generator) -> None:
    folder.mkdir()
    lines: list[dict[str, Any]] = []
    for number in range(_WAVES * _QUESTIONS_OF_A_WAVE):
        wave = 26 + number // _QUESTIONS_OF_A_WAVE
        asked = f"How safe is {_words(rng)}?"
        for attribute, group in GROUPS:
            counts, refused = rng.integers(1, 40, size=3).tolist(), int(rng.integers(1, 5))
            lines.append(
                {
                    "wave": f"W{wave}", "qkey": f"SAFE{number}_W{wave}", "attribute": attribute, "group": group,
                    "question": asked, "options": ["Very safe", "Not too safe", "Not at all safe"],
                    "ordinal": [1.0, 2.0, 3.0], "n": sum(counts) + refused, "refused": refused, "counts": counts,
                }
            )  # fmt: skip
    with gzip.open(folder / "group_distributions.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


def _subpop(folder: Path, rng: np.random.Generator) -> None:
    folder.mkdir()
    for name, end in (("train", "_W96"), ("eval", "")):
        lines: list[dict[str, Any]] = []
        for number in range(_QUESTIONS):
            asked = f"Do you trust {_words(rng)}?"
            lines += [
                {
                    "qkey": f"trust{number}{end}", "attribute": attribute, "group": group,
                    "responses": rng.dirichlet([2, 2, 2]).tolist(), "refusal_rate": 0.1, "ordinal": [1.0, 1.0, 1.0],
                    "question": asked, "options": ["A great deal", "Some", "None", "Refused"],
                }
                for attribute, group in GROUPS
            ]  # fmt: skip
        _write_lines(folder / f"subpop_{name}.jsonl", lines)


def _write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
