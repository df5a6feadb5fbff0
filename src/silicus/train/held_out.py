"""What training is looked at with: cells that are not learnt from, and how far predictions lie from people there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import polars as pl
import torch

from silicus.models.huggingface import HuggingFaceModel
from silicus.study import KEY, Item, Scale
from silicus.train import objectives
from silicus.train.batches import Asking
from silicus.train.examples import Example, Examples, distribution_examples, individual_examples
from silicus.train.recipe import EVERY_ANSWER, Part

__all__ = ["HeldOut", "Predicted", "held_out", "margins", "predict"]

_RESPONDENTS = 20
"""Of a cell, so many people are asked: predictions for more of them change its mean little."""


_STIMULUS = ("study", "question", "condition")
"""What can be unseen of a stimulus, the widest first."""


@dataclass(frozen=True)
class HeldOut:
    """Cells that are not learnt from.

    Attributes:
        examples: who is asked what, with that person's or group's answers.
        cells: the number of each example's cell, shape (examples,).
        items: of each cell, what was shown.
        human: of each cell, the shares of the points of its scale, refusals apart.
        people: of each cell, how many people's equal answers its shares are worth, (sum w)^2 / sum w^2 (Kish 1965,
            Survey Sampling, section 11.7), refusals apart; NaN where nobody says. Shape (cells,).
        pools: of each cell, a name that it has in common with the other stimuli of its study, condition and question
            whose scale has the same points (and, where groups were asked, that the same group was shown).
        unseen: of each cell, what training does not see of it: "study", "question", "condition" or else what the
            column `unseen` says; "" where there is none.
    """

    examples: Examples
    cells: np.ndarray
    items: list[Item]
    human: list[np.ndarray]
    people: np.ndarray
    pools: list[str]
    unseen: list[str]

    @property
    def clusters(self) -> list[str]:
        """Of each cell, its study and question, as "study/question"."""
        return [f"{item.study}/{item.question}" for item in self.items]

    @property
    def scales(self) -> list[Scale]:
        """Of each cell, its scale."""
        return [item.scale for item in self.items]


@dataclass(frozen=True)
class Predicted:
    """What a model says of held-out cells.

    Attributes:
        shares: of each cell, the mean prediction for its points, refusals apart.
        nll: of each example, the mean negative log-likelihood of its answers among those offered, in nats.
        points_nll: the same of its answers on the scale among the points, refusals apart; NaN where it has none.
    """

    shares: list[np.ndarray]
    nll: np.ndarray
    points_nll: np.ndarray

    def single(self, held: HeldOut) -> np.ndarray:
        """Return the mean of `points_nll` over the examples of every cell, shape (cells,); NaN where it has none."""
        known = ~np.isnan(self.points_nll)
        total = np.bincount(held.cells[known], self.points_nll[known], minlength=len(held.human))
        count = np.bincount(held.cells[known], minlength=len(held.human))
        return total / np.where(count > 0, count, np.nan)

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
        responses: answers that are not learnt from, schema `RESPONSES`; a column `unseen` is carried along.
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
    points = [example.target[: len(example.item.scale.values)] for example in kept]
    some = [place for place, shares in enumerate(points) if shares.sum() > 0]
    examples, kept = Examples(whole.items, whole.respondents, examples.table[some]), [kept[n] for n in some]
    people, unseen = _worth(kept, responses, groups=groups)
    cell = np.arange(len(some))
    if not groups and "respondent" in responses.columns and responses["respondent"].null_count() == 0:
        examples, cell = _people_of(examples, items, responses, respondents, rng)
    human = [points[n] / points[n].sum() for n in some]
    return HeldOut(examples, cell, [e.item for e in kept], human, people, [_pool(e) for e in kept], unseen)


def _pool(example: Example) -> str:
    item = example.item
    points = " ".join(f"{value} {item.scale.label(value) or ''}" for value in item.scale.values)
    return "\n".join([item.study, item.condition, item.question, example.respondent.id, item.scale.kind, points])


def _worth(cells: list[Example], responses: pl.DataFrame, *, groups: bool) -> tuple[np.ndarray, list[str]]:
    """Return how many people's equal answers each cell is worth, and what training does not see of it."""
    by = [*KEY, "respondent"] if groups else list(KEY)
    weight = pl.col("n") * pl.col("weight")
    kish = pl.when(pl.col("n").null_count() == 0).then(weight.sum() ** 2 / (weight * pl.col("weight")).sum())
    unseen = pl.col("unseen").fill_null("") if "unseen" in responses.columns else pl.lit("")
    keys = [(e.item.study, e.item.condition, e.item.question, e.item.item, e.respondent.id)[: len(by)] for e in cells]
    told = _on_scale(cells, responses).with_columns(unseen=unseen).group_by(by)
    table = pl.DataFrame(keys, schema=dict.fromkeys(by, pl.String), orient="row")
    found = table.join(told.agg(kish.alias("people"), pl.first("unseen")), on=by, how="left", maintain_order="left")
    return found["people"].cast(pl.Float64).fill_null(np.nan).to_numpy(), [_widest(said) for said in found["unseen"]]


def _on_scale(cells: list[Example], responses: pl.DataFrame) -> pl.DataFrame:
    """Return the responses that are points of the scales of these cells."""
    points = sorted({(e.item.item, value) for e in cells for value in e.item.scale.values})
    schema = {"item": pl.String, "response": responses.schema["response"]}
    table = pl.DataFrame(points, schema=schema, orient="row")
    return responses.join(table, on=["item", "response"], how="semi")


def _widest(unseen: str) -> str:
    """Return what is unseen of a stimulus, the widest first: who else is unseen differs within a cell."""
    said = unseen.split("+")
    return next((dimension for dimension in _STIMULUS if dimension in said), unseen)


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
    tasks = asking.tasks(EVERY_ANSWER, held.examples.take(range(len(held.examples))))
    rows = asking.rows(EVERY_ANSWER, tasks)
    nll, points_nll = np.zeros(len(tasks)), np.full(len(tasks), np.nan)
    shares = [np.zeros(len(human)) for human in held.human]
    for place, log_probabilities in model.score(rows, through):
        with np.errstate(invalid="ignore"):  # A model whose weights are broken gives NaN, and training says so.
            log_shares = log_probabilities - np.logaddexp.reduce(log_probabilities)
        target = tasks[place].target
        nll[place] = _surprise(log_shares, target)
        own = shares[held.cells[place]]
        points = np.exp(log_shares[: len(own)])
        own += points / points.sum()
        if target[: len(own)].sum() > 0:
            points_nll[place] = _surprise(log_shares[: len(own)] - np.log(points.sum()), target[: len(own)])
        if advance is not None:
            advance(1)
    return Predicted([share / share.sum() for share in shares], nll, points_nll)


def _surprise(log_shares: np.ndarray, target: np.ndarray) -> float:
    """Return the mean negative log-likelihood of the answers counted in `target`, in nats."""
    given = target > 0
    return -float(log_shares[given] @ target[given]) / target.sum()


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
