"""The scores of cells: from matched answers to one row of numbers a cell and system."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from silicus.evaluate.matching import Block, sums
from silicus.evaluate.metrics import (
    FloatArray,
    accuracy_draw,
    accuracy_median,
    brier,
    entropy_ratio,
    js_distance,
    negative_log_likelihood,
    sd_ratio,
    total_variation,
    wasserstein,
    wasserstein_observed,
)
from silicus.evaluate.noise import perfect_wasserstein
from silicus.evaluate.together import ENOUGH

__all__ = ["COLUMNS", "Answers", "Scores", "resample_people", "score"]

COLUMNS = (
    "wasserstein",
    "wasserstein_observed",
    "total_variation",
    "js_distance",
    "entropy_ratio",
    "sd_ratio",
    "accuracy_draw",
    "accuracy_median",
    "brier",
    "nll",
)
"""The metrics of a cell, in the order of the last axis of `Scores.metrics`."""


@dataclass(frozen=True)
class Answers:
    """The answers of a block without its refusals, and how each system predicted every one of them.

    Attributes:
        cell: index of the cell, shape (rows,).
        answer: index of the point chosen, shape (rows,).
        people: number of people who gave it, shape (rows,).
        weight: survey weight of one of them, shape (rows,).
        respondent: index of who gave it, -1 where nameless, shape (rows,).
        by_person: whether it is compared with the prediction for its very respondent, shape (rows,).
        predicted: system -> probabilities, shape (rows, points).
        by_answer: system -> accuracy of a draw and of the median, Brier score and log likelihood, shape (rows, 4).
        positions: the points on [0, 1], NaN without order, shape (points,).
        values: the points as they stand on the scale, NaN without order, shape (points,).
    """

    cell: npt.NDArray[np.int64]
    answer: npt.NDArray[np.int64]
    people: npt.NDArray[np.int64]
    weight: FloatArray
    respondent: npt.NDArray[np.int64]
    by_person: npt.NDArray[np.bool_]
    predicted: dict[str, FloatArray]
    by_answer: dict[str, FloatArray]
    positions: FloatArray
    values: FloatArray

    @classmethod
    def of(cls, block: Block) -> Answers:
        """Return the answers of a block."""
        kept = block.answer >= 0
        answer, positions = block.answer[kept], block.scale.positions
        predicted = {system: rows[kept] for system, rows in block.predicted.items()}
        by_answer = {system: _by_answer(p, answer, positions) for system, p in predicted.items()}
        values = np.where(np.isnan(positions), np.nan, np.asarray(block.scale.values, dtype=np.float64))
        return cls(
            block.cell[kept],
            answer,
            block.people[kept],
            block.weight[kept],
            block.respondent[kept],
            block.by_person[kept],
            predicted,
            by_answer,
            positions,
            values,
        )


def _by_answer(predicted: FloatArray, answer: npt.NDArray[np.int64], positions: FloatArray) -> FloatArray:
    accuracies = [metric(predicted, answer, positions) for metric in (accuracy_draw, accuracy_median)]
    return np.stack([*accuracies, brier(predicted, answer), negative_log_likelihood(predicted, answer)], axis=-1)


@dataclass(frozen=True)
class Scores:
    """The scores of a block's cells.

    Attributes:
        human: shares of the answers, shape (cells, points); NaN without answers.
        predicted: system -> mean prediction for these answers, shape (cells, points).
        answers: number of answers, shape (cells,).
        weight: sum of their weights, shape (cells,).
        effective: Kish's effective number of answers, NaN without answers, shape (cells,).
        metrics: system -> shape (cells, len(COLUMNS)).
        perfect: the Wasserstein expected of a perfect prediction, NaN where a cell has none, shape (cells,).
        probability_zero: system -> number of answers it had given probability 0.
    """

    human: FloatArray
    predicted: dict[str, FloatArray]
    answers: FloatArray
    weight: FloatArray
    effective: FloatArray
    metrics: dict[str, FloatArray]
    perfect: FloatArray
    probability_zero: dict[str, int]


def score(answers: Answers, cells: int) -> Scores:
    """Return the scores of every cell of a block, where every answer counts people x weight."""
    cell, points = answers.cell, len(answers.positions)
    weight = answers.people * answers.weight
    total = sums(weight, cell, cells)
    share = weight / total[cell]
    counts = sums(weight, cell * points + answers.answer, cells * points).reshape(cells, points)
    human = _shares(counts, total)
    people = sums(answers.people.astype(np.float64), cell, cells)
    predicted: dict[str, FloatArray] = {}
    metrics: dict[str, FloatArray] = {}
    for system, rows in answers.predicted.items():
        mean = sums(rows * share[:, None], cell, cells)
        predicted[system] = np.where(total[:, None] > 0, mean, np.nan)
        by_answer = sums(answers.by_answer[system] * share[:, None], cell, cells)
        metrics[system] = _metrics(human, predicted[system], by_answer, people, answers)
    zero = {s: int(answers.people[np.isinf(rows[:, -1])].sum()) for s, rows in answers.by_answer.items()}
    squares = sums(weight * answers.weight, cell, cells)
    effective = total**2 / np.where(squares > 0, squares, np.nan)
    perfect = perfect_wasserstein(predicted["pooled"], effective, answers.positions)
    perfect = np.where(people >= 2, perfect, np.nan)
    return Scores(human, predicted, people, total, effective, metrics, perfect, zero)


def _shares(counts: FloatArray, total: FloatArray) -> FloatArray:
    """Return `counts` as shares of `total`, NaN where there is nothing to share."""
    return counts / np.where(total > 0, total, np.nan)[..., None]


def _metrics(
    human: FloatArray, predicted: FloatArray, by_answer: FloatArray, people: FloatArray, answers: Answers
) -> FloatArray:
    """Return the metrics of cells (or of draws of one cell), shape (cells, len(COLUMNS))."""
    many = np.where(people >= 2, 1.0, np.nan)
    # Of few people the spread and the entropy are too small, whatever the truth.
    enough = np.where(people >= ENOUGH, 1.0, np.nan)
    distances = [
        wasserstein(predicted, human, answers.positions) * many,
        # Weighted counts are brought to the number of people, by which the function tells 2 answers from 1.
        wasserstein_observed(predicted, np.nan_to_num(human) * people[..., None], answers.values) * many,
        total_variation(predicted, human) * many,
        js_distance(predicted, human) * many,
        entropy_ratio(predicted, human) * enough,
        sd_ratio(predicted, human, answers.positions) * enough,
    ]
    some = np.where(people[..., None] > 0, by_answer, np.nan)
    return np.concatenate([np.stack(distances, axis=-1), some], axis=-1)


def resample_people(
    answers: Answers, cells: int, draws: int, rng: np.random.Generator, times: npt.NDArray[np.integer] | None = None
) -> Iterator[tuple[int, dict[str, FloatArray]]]:
    """Yield every cell with its metrics when its people are drawn again, with replacement.

    A multinomial draw over the answers of the cell: whoever is drawn brings the answer, the weight and the
    prediction. People in different cells are taken for different people, unless `times` says who is drawn.

    Args:
        answers: the answers of a block.
        cells: number of cells in the block.
        draws: number of draws.
        rng: where the draws come from.
        times: how often each respondent is drawn with all answers, shape (draws, respondents).

    Yields:
        Index of the cell, and system -> shape (draws, len(COLUMNS)). Cells without answers are passed over.
    """
    for cell in range(cells):
        rows = np.flatnonzero(answers.cell == cell)
        if rows.size:
            people = answers.people[rows]
            if times is None:
                drawn = rng.multinomial(people.sum(), people / people.sum(), size=draws)
            else:
                drawn = times[:, answers.respondent[rows]]
            yield cell, _resample(answers, rows, drawn)


def _resample(answers: Answers, rows: npt.NDArray[np.intp], drawn: npt.NDArray[np.integer]) -> dict[str, FloatArray]:
    """Return the metrics of one cell whose answers are `drawn` so often, shape (draws, rows)."""
    weight = drawn * answers.weight[rows]
    total = weight.sum(axis=1, keepdims=True)
    # A draw without any answer has shares of 0, and below no metrics.
    share = weight / np.where(total > 0, total, 1.0)
    chosen = np.eye(len(answers.positions))[answers.answer[rows]]
    # One product for all systems: what is weighed stands side by side.
    parts = [chosen, *(part for system in answers.predicted for part in _weighed(answers, rows, system))]
    ends = np.cumsum([part.shape[1] for part in parts])[:-1]
    human, *means = np.split(share @ np.concatenate(parts, axis=1), ends, axis=1)
    size = drawn.sum(axis=1, dtype=np.float64)
    found: dict[str, FloatArray] = {}
    for system, mean, infinite, mixture in zip(answers.predicted, means[::3], means[1::3], means[2::3], strict=True):
        # 0 x inf is NaN: an answer that is not drawn must not count.
        by_answer = np.where(infinite > 0, np.inf, mean)
        predicted = mixture if mixture.shape[1] else np.broadcast_to(answers.predicted[system][rows[0]], human.shape)
        found[system] = _metrics(human, predicted, by_answer, size, answers)
    return found


def _weighed(answers: Answers, rows: npt.NDArray[np.intp], system: str) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return what of a system is averaged over the answers of a cell: its scores, which are infinite, its predictions.

    A control predicts alike for all: its predictions need no mean, and on a scale of 1,201 points they are most of the
    work.
    """
    by_answer, predicted = answers.by_answer[system][rows], answers.predicted[system][rows]
    infinite = np.isinf(by_answer)
    alike = bool((predicted == predicted[0]).all())
    return np.where(infinite, 0.0, by_answer), infinite.astype(np.float64), predicted[:, :0] if alike else predicted
