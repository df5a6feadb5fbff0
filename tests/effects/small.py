"""A small study whose people are simulated, as tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from silicus.effects import Effect, EffectsPlan, effects
from silicus.study import PREDICTIONS, RESPONSES, Item, Scale

SCALE = Scale(kind="ordinal", low=1, high=5, refusals={9: "No answer"})
ARMS = ("none", "letter", "call")


def item(condition: str, question: str = "trust", scale: Scale = SCALE) -> Item:
    return Item("mail", condition, question, condition, f"{question}?", scale)


def items(*questions: str) -> dict[str, Item]:
    return {each.item: each for each in (item(arm, name) for arm in ARMS for name in questions or ("trust", "warm"))}


def people(count: int = 90, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "respondent": [f"p{number}" for number in range(count)],
            "weight": 1.0,
            "age": rng.integers(18, 80, count),
            "party": rng.choice(["left", "right"], count),
            "school": [f"s{number // 6}" for number in range(count)],
        }
    )


def responses(count: int = 90, questions: tuple[str, ...] = ("trust", "warm"), seed: int = 0) -> pl.DataFrame:
    """Return answers: the third of the people in each arm answered every question once."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[Any, ...]] = []
    for number in range(count):
        arm = number % 3
        for name in questions:
            answer = int(np.clip(np.rint(2.5 + 0.6 * arm + rng.normal()), 1, 5))
            rows.append(("mail", ARMS[arm], name, item(ARMS[arm], name).item, f"p{number}", answer, 1, 1.0))
    return pl.DataFrame(rows, schema=RESPONSES, orient="row")


def certain(answers: pl.DataFrame, scale: Scale = SCALE) -> pl.DataFrame:
    """Return predictions that give everybody's own answer the probability 1, or refuse as they did."""
    given = answers["response"].to_list()
    p = [[float(each == value) if each in scale.values else 1 / 5 for value in scale.values] for each in given]
    return answers.with_columns(
        probabilities=pl.Series(p, dtype=pl.List(pl.Float32)),
        refusal=pl.Series([float(each in scale.refusals) for each in given], dtype=pl.Float32),
        covered=pl.lit(1.0, pl.Float32),
    ).select(PREDICTIONS.names())


def found(answers: pl.DataFrame, who: pl.DataFrame | None = None, seed: int = 0, **plan: Any) -> list[Effect]:
    declared = EffectsPlan(**({"control": "none"} | plan))
    return effects(answers, items(), who, declared, np.random.default_rng(seed))
