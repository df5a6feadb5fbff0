"""Studies, people and models of our own make, whose effects are known before they are screened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml
from scipy.stats import binom

from silicus.effects import Screening
from silicus.options import ScreenOptions
from silicus.workflow import screen_study

__all__ = [
    "ARMS", "BASE", "EFFECT", "LABELLED", "NUMBERS", "TEXTS", "TRUE", "binomial", "pilot_table", "rules_of", "screened",
    "write_script", "write_study",
]  # fmt: skip

BASE = {"a": 4.0, "b": 5.0, "c": 6.0}
"""Group of people -> the mean answer that is predicted in the control, from 0 to 10."""

EFFECT = {"control": 0.0, "warm": 1.0, "cold": -0.5}
"""Arm -> the effect that is predicted, in points."""

TRUE = {"control": 0.0, "warm": 0.5, "cold": -0.2}
"""Arm -> the effect among people."""

ARMS = tuple(EFFECT)

NUMBERS = {"kind": "numeric", "low": 0, "high": 10}
LABELLED = {"kind": "ordinal", "low": 1, "high": 3, "labels": {1: "Not at all", 2: "A little", 3: "Very much"}}
TEXTS = {
    "control": "The town has a swimming pool, and its doors open early in the morning.",
    "warm": "The town has a swimming pool, and from this week on its water is well heated.",
    "cold": "The town has a swimming pool, and from this week on its water is not heated.",
}
UNRELATED = {"writing hand": 3, "birthday": 2, "first name": 3}


def binomial(mean: float, points: int = 11) -> list[float]:
    """Return probabilities of the points from 0 with a mean in points."""
    return [float(each) for each in binom.pmf(range(points), points - 1, mean / (points - 1))]


def write_study(path: Path, study: str = "pool", **changed: Any) -> Path:
    """Return the file of a study with a control and two arms, and one question with the answers 0 to 10."""
    told: dict[str, Any] = {
        "id": study,
        "source": {"citation": "Nobody (2026). The pool.", "licence": "CC0-1.0"},
        "conditions": [{"id": arm, "text": TEXTS[arm], "control": arm == "control"} for arm in ARMS],
        "questions": [{"id": "visit", "text": "How gladly would you go there?", "better": "higher", "scale": NUMBERS}],
        **changed,
    }  # fmt: skip
    path.write_text(yaml.safe_dump({name: each for name, each in told.items() if each is not None}), encoding="utf-8")
    return path


def rules_of(study: str, effects: dict[str, float], question: str = "visit") -> list[dict[str, Any]]:
    """Return what is answered in each arm of a study, group by group; where no arm is named, as in the control."""
    return [
        {
            "when": {"study": study, "question": question, "group": group}
            | ({"condition": arm} if arm != "control" else {}),
            "probabilities": binomial(base + effect),
        }
        for arm, effect in sorted(effects.items(), key=lambda each: each[0] == "control")
        for group, base in BASE.items()
    ]


def write_script(path: Path, *rules: dict[str, Any]) -> str:
    """Return the name of a model that follows the rules, and then answers unrelated questions by chance."""
    chance = [
        {"when": {"question": f"unrelated {name}"}, "probabilities": [1 / points] * points}
        for name, points in UNRELATED.items()
    ]
    path.write_text(yaml.safe_dump({"rules": [*rules, *chance]}), encoding="utf-8")
    return f"scripted:{path}"


def pilot_table(count: int = 60, seed: int = 0, arms: Sequence[str] = ARMS) -> pl.DataFrame:
    """Return people of a pilot, arm by arm in turn, who answer as their group does and the true effects have it."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"person {number}", arms[number % len(arms)], "abc"[number // 3 % 3], f"school {number % 10}")
        for number in range(count)
    ]
    answers = [int(rng.binomial(10, (BASE[group] + TRUE[arm]) / 10)) for _, arm, group, _ in rows]
    table = pl.DataFrame(rows, schema=["respondent", "condition", "group", "school"], orient="row")
    return table.with_columns(visit=pl.Series(answers), weight=pl.Series(1 + np.arange(count) % 4 / 2))


def screened(study: Path, folder: Path, **options: Any) -> tuple[Path, Screening]:
    """Return the folder and the screening of a study."""
    out, found = screen_study(str(study), ScreenOptions(out=folder, **options))
    assert found is not None
    return out, found
