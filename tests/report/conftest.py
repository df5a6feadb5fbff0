"""Small evaluations, made by the same function that users call."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import pytest

from silicus.evaluate import Beside, Evaluation, evaluate
from silicus.study import PREDICTIONS, RESPONSES, Item, Scale, human_responses, read_study

SCALES = (
    Scale(kind="ordinal", low=1, high=7, labels={1: "Strongly disagree", 7: "Strongly agree"}),
    Scale(kind="nominal", labels={1: "The company", 2: "The state"}, refusals={9: "Don't know"}),
    Scale(kind="numeric", low=0, high=100),
)


def _people(share: float, count: int, values: Sequence[int]) -> list[int]:
    """Answers that rise with `share`, the same at every call."""
    places = np.linspace(0, 1, count) ** (1 / share) * (len(values) - 1)
    return [values[int(place)] for place in places]


def _wave(points: int, peak: float) -> list[float]:
    wave = np.exp(-(((np.linspace(0, 1, points) - peak) / 0.3) ** 2))
    return (wave / wave.sum()).tolist()


@pytest.fixture(scope="session")
def asian_disease() -> Callable[..., Evaluation]:
    """Return a function of P(programme A) in the two conditions, for 20 respondents."""

    def make(gain: float, loss: float, name: str = "smollm2") -> Evaluation:
        study = read_study("asian-disease")
        items = {item.item: item for item in study.items()}
        share = {"gain": gain, "loss": loss}
        rows = [
            (study.id, i.condition, "choice", i.item, str(person), 1.0, [p, 1 - p], 0.0, 0.9)
            for i in items.values()
            for person in range(20)
            for p in [share[i.condition]]
        ]
        predictions = pl.DataFrame(rows, schema=PREDICTIONS, orient="row")
        return evaluate(items, human_responses(study), predictions, name, np.random.default_rng(1), 200)

    return make


@pytest.fixture(scope="session")
def of_studies() -> Callable[..., Evaluation]:
    """Return a function that evaluates made-up studies, their scales taken in turn."""

    def make(
        studies: int,
        conditions: Sequence[str] = ("control", "treated"),
        zero: bool = False,
        first: int = 0,
        every: int = 1,
        weights: Sequence[float] = (1.0,),
        **options: bool,
    ) -> Evaluation:
        items, people, model = {}, [], []
        for number in range(first, first + every * studies, every):
            scale = SCALES[number % 3]
            for place, condition in enumerate(conditions):
                item = Item(f"study-{number}", condition, "attitude", f"{place}", "How much?", scale)
                items[item.item] = item
                key = (item.study, condition, "attitude", item.item)
                answers = _people(0.6 + 0.3 * place, 30 + number, scale.values)
                refused = [*scale.refusals][:1]
                people += [
                    (*key, f"{number}-{place}-{i}", v, 1, weights[i % len(weights)])
                    for i, v in enumerate([*answers, *refused])
                ]
                p = _wave(len(scale.values), 0.8)
                p = [0.0, *(v / sum(p[1:]) for v in p[1:])] if zero else p
                model.append((*key, None, 1.0, p, 0.1 if refused else 0.0, 0.8))
        responses = pl.DataFrame(people, schema=RESPONSES, orient="row")
        predictions = pl.DataFrame(model, schema=PREDICTIONS, orient="row")
        return evaluate(items, responses, predictions, "smollm2", np.random.default_rng(1), 100, Beside(**options))

    return make
