"""What training is looked at with: cells that are not learnt from, and how far predictions lie from people there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import polars as pl
import torch

from silicus.models.huggingface import HuggingFaceModel
from silicus.study import Item, Scale
from silicus.train import objectives
from silicus.train.batches import Asking
from silicus.train.examples import Examples, distribution_examples, individual_examples
from silicus.train.recipe import Part

__all__ = ["HeldOut", "Predicted", "held_out", "margins", "predict"]

_WHOLE = Part(data="", objective="distribution")
"""Prompts are looked at with every answer, as in prediction, whatever is made smaller."""

_RESPONDENTS = 20
"""Of a cell, so many people are asked: predictions for more of them change its mean little."""


@dataclass(frozen=True)
class HeldOut:
    """Cells that are not learnt from.

    Attributes:
        examples: who is asked what, with that person's or group's answers.
        cells: the number of each example's cell, shape (examples,).
        clusters: of each cell, its study and question, as "study/question".
        human: of each cell, the shares of the points of its scale, refusals apart.
        scales: of each cell.
    """

    examples: Examples
    cells: np.ndarray
    clusters: list[str]
    human: list[np.ndarray]
    scales: list[Scale]


@dataclass(frozen=True)
class Predicted:
    """What a model says of held-out cells.

    Attributes:
        shares: of each cell, the mean prediction for its points, refusals apart.
        nll: of each example, the mean negative log-likelihood of its answers among those offered, in nats.
    """

    shares: list[np.ndarray]
    nll: np.ndarray

    def metrics(self, held: HeldOut) -> dict[str, float]:
        """Return `loss`, the mean over cells of the negative log-likelihood, and `wasserstein`, over ordered cells."""
        by_cell = np.bincount(held.cells, self.nll) / np.bincount(held.cells)
        ordered = [place for place, scale in enumerate(held.scales) if scale.ordered]
        found = {"loss": float(by_cell.mean())}
        if ordered:
            distances = [_wasserstein(self.shares[n], held.human[n], held.scales[n].positions) for n in ordered]
            found["wasserstein"] = float(np.mean(distances))
        return found


def _wasserstein(predicted: np.ndarray, human: np.ndarray, positions: np.ndarray) -> float:
    rows = [torch.from_numpy(each)[None] for each in (np.log(np.maximum(predicted, 1e-300)), human, positions)]
    return float(objectives.wasserstein(*rows))


def held_out(
    items: Mapping[str, Item],
    responses: pl.DataFrame,
    respondents: pl.DataFrame,
    *,
    groups: bool,
    cells: int,
    rng: np.random.Generator,
) -> HeldOut:
    """Return at most so many cells of these answers, drawn at random.

    A cell is a stimulus in its study, condition and question; where respondents are groups, each group is one.

    Args:
        items: the hash of a stimulus -> what was shown.
        responses: answers that are not learnt from, schema `RESPONSES`.
        respondents: who gave them.
        groups: whether respondents are groups.
        cells: how many there are at most.
        rng: draws them, and the people who are asked in each.

    Raises:
        InputError: there are no answers, or one is not on its scale.
    """
    whole = distribution_examples(items, responses, respondents, groups=groups)
    drawn = np.sort(rng.permutation(len(whole))[:cells])
    examples = Examples(whole.items, whole.respondents, whole.table[drawn])
    kept = list(examples.take(range(len(examples))))
    points = [len(example.item.scale.values) for example in kept]
    human = [example.target[:count] for example, count in zip(kept, points, strict=True)]
    some = [place for place, counts in enumerate(human) if counts.sum() > 0]
    examples = Examples(whole.items, whole.respondents, examples.table[some])
    cell = np.arange(len(some))
    if not groups and "respondent" in responses.columns and responses["respondent"].null_count() == 0:
        examples, cell = _people_of(examples, items, responses, respondents, rng)
    return HeldOut(
        examples,
        cell,
        [f"{kept[n].item.study}/{kept[n].item.question}" for n in some],
        [human[n] / human[n].sum() for n in some],
        [kept[n].item.scale for n in some],
    )


def _people_of(
    cells: Examples,
    items: Mapping[str, Item],
    responses: pl.DataFrame,
    respondents: pl.DataFrame,
    rng: np.random.Generator,
) -> tuple[Examples, np.ndarray]:
    """Return examples of some people of every cell, and each one's cell."""
    everybody = individual_examples(items, responses, respondents)
    names = [(i.study, i.condition, i.question, i.item) for i in everybody.items]
    place = {name: number for number, name in enumerate(names)}
    wanted = [
        place[i.study, i.condition, i.question, i.item]
        for i in (cells.items[n] for n in cast("list[int]", cells.table["item"].to_list()))
    ]
    number = pl.DataFrame({"item": wanted, "cell": np.arange(len(wanted))}, schema={"item": pl.Int64, "cell": pl.Int64})
    rows = everybody.table.with_columns(pl.Series("draw", rng.permutation(len(everybody))))
    rows = rows.with_columns(pl.col("item").cast(pl.Int64)).join(number, on="item")
    rows = rows.filter(pl.col("draw").rank("ordinal").over("cell") <= _RESPONDENTS).sort("cell", "draw")
    cell = rows["cell"].to_numpy()
    return Examples(everybody.items, everybody.respondents, rows.drop("draw", "cell")), cell


def predict(
    model: HuggingFaceModel,
    asking: Asking,
    held: HeldOut,
    through: Any = None,
    advance: Callable[[int], None] | None = None,
) -> Predicted:
    """Return what a model says of the cells.

    Args:
        model: what is asked.
        asking: in which words.
        held: the cells.
        through: what is called in the place of the model's module (see `HuggingFaceModel.score`).
        advance: called with how many prompts were answered.
    """
    tasks = asking.tasks(_WHOLE, held.examples.take(range(len(held.examples))))
    rows = asking.rows(_WHOLE, tasks)
    nll = np.zeros(len(tasks))
    shares = [np.zeros(len(human)) for human in held.human]
    for place, log_probabilities in model.score(rows, through):
        with np.errstate(invalid="ignore"):  # A model whose weights are broken gives NaN, and training says so.
            log_shares = log_probabilities - np.logaddexp.reduce(log_probabilities)
        target = tasks[place].target
        nll[place] = -float(log_shares[target > 0] @ target[target > 0]) / target.sum()
        own = shares[held.cells[place]]
        points = np.exp(log_shares[: len(own)])
        own += points / points.sum()
        if advance is not None:
            advance(1)
    return Predicted([share / share.sum() for share in shares], nll)


def margins(model: HuggingFaceModel, asking: Asking, part: Part, examples: Examples) -> np.ndarray:
    """Return by how much a model's log-probability of the chosen answer of each pair exceeds the rejected one's.

    Args:
        model: the reference, as it is before training.
        asking: how pairs are put to it.
        part: the part of the mixture that the pairs are.
        examples: the pairs.

    Returns:
        Shape (pairs,).
    """
    tasks = asking.tasks(part, examples.take(range(len(examples))))
    found = np.zeros(len(tasks))
    for place, log_probabilities in model.score(asking.rows(part, tasks)):
        target = tasks[place].target
        found[place] = log_probabilities[target.argmax()] - log_probabilities[target.argmin()]
    return found
