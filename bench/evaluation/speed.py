"""How long an evaluation takes, and how much memory, by numbers of cells and respondents."""

from __future__ import annotations

import resource
import time

import numpy as np
import polars as pl

from silicus.evaluate import Beside, evaluate
from silicus.study import PREDICTIONS, RESPONSES, Item, Scale

__all__ = ["survey", "take"]

_SCALE = Scale(kind="ordinal", low=1, high=7)


def survey(
    cells: int, people: int, studies: int, rng: np.random.Generator
) -> tuple[dict[str, Item], pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return items, responses, predictions and respondents: every cell is answered by so many people of its study."""
    items: dict[str, Item] = {}
    answers: list[pl.DataFrame] = []
    model: list[pl.DataFrame] = []
    for cell in range(cells):
        study, place = cell % studies, cell // studies
        item = Item(f"s{study}", f"arm {place % 2}", f"q{place // 2}", f"{place}", "How much?", _SCALE)
        items[item.item] = item
        key = {"study": item.study, "condition": item.condition, "question": item.question, "item": item.item}
        who = pl.Series("respondent", [f"p{study}-{n}" for n in range(people)])
        p = rng.dirichlet(np.ones(7), size=people)
        keys = [pl.lit(value).alias(name) for name, value in key.items()]
        answers.append(pl.DataFrame({"respondent": who, "response": rng.integers(1, 8, people)}).with_columns(keys))
        model.append(pl.DataFrame({"respondent": who, "probabilities": list(p)}).with_columns(keys))
    responses = pl.concat(answers).with_columns(n=pl.lit(1, pl.Int64), weight=pl.lit(1.0))
    predictions = pl.concat(model).with_columns(weight=pl.lit(1.0), refusal=pl.lit(0.0), covered=pl.lit(1.0))
    ids = responses["respondent"].unique(maintain_order=True)
    respondents = pl.DataFrame({"respondent": ids, "party": rng.choice(["a", "b", "c"], len(ids))})
    return items, responses.select(RESPONSES.names()), predictions.select(PREDICTIONS.names()), respondents


def take(cells: int, people: int, studies: int, draws: int) -> tuple[float, float]:
    """Return the seconds an evaluation takes, and the peak memory of this process in GiB."""
    rng = np.random.default_rng(0)
    items, responses, predictions, respondents = survey(cells, people, studies, rng)
    start = time.perf_counter()
    evaluate(items, responses, predictions, "m", rng, draws, Beside(respondents=respondents))
    return time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
