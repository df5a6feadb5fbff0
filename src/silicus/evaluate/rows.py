"""Every scored answer in one table: what was answered, what was expected of whom, and in which cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from silicus.evaluate.cells import Answers
from silicus.evaluate.matching import Block
from silicus.evaluate.metrics import FloatArray, mean_position, standard_deviation

__all__ = ["Rows", "rows_of"]

Index = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Every answer that is scored, refusals apart; a row of several people stands once and counts as many.

    Attributes:
        answer: on [0, 1], NaN without order, shape (rows,).
        expected: the mean of the prediction, on [0, 1], NaN without order, shape (rows,).
        spread: the standard deviation of the prediction, on [0, 1], NaN without order, shape (rows,).
        accuracy: of a random draw from the prediction, shape (rows,).
        weight: people x survey weight, shape (rows,).
        by_person: whether it is one person's answer, and the prediction for that person, shape (rows,).
        cell: index of the cell among all cells, shape (rows,).
        stimulus: index of what was shown, shape (rows,).
        question: index of the (study, question), shape (rows,).
        respondent: index of the (study, respondent), -1 where nameless, shape (rows,).
        study: index of the study, shape (rows,).
        people: study and respondent of every index in `respondent`, in order.
    """

    answer: FloatArray
    expected: FloatArray
    spread: FloatArray
    accuracy: FloatArray
    weight: FloatArray
    by_person: npt.NDArray[np.bool_]
    cell: Index
    stimulus: Index
    question: Index
    respondent: Index
    study: Index
    people: pl.DataFrame


def rows_of(blocks: list[Block], by_block: list[tuple[Answers, Index]], system: str) -> Rows:
    """Return the answers of every block in one table.

    Args:
        blocks: the matched answers, a block a scale.
        by_block: of every block its answers without refusals, and the places of its cells among all.
        system: whose predictions.
    """
    kept = pl.concat([block.rows.filter(pl.Series(block.answer >= 0)) for block in blocks])
    people = kept.select("study", "respondent").drop_nulls().unique(maintain_order=True).with_row_index("place")
    who = ["study", "respondent"]
    places = kept.select(who).join(people, on=who, how="left", maintain_order="left")
    numbers = [_numbers(answers, system) for answers, _ in by_block]
    return Rows(
        *(np.concatenate([own[place] for own in numbers]) for place in range(4)),
        weight=np.concatenate([answers.people * answers.weight for answers, _ in by_block]),
        by_person=np.concatenate([answers.by_person & (answers.people == 1) for answers, _ in by_block]),
        cell=np.concatenate([cells[answers.cell] for answers, cells in by_block]),
        stimulus=_dense(kept, "study", "condition", "question", "item"),
        question=_dense(kept, "study", "question"),
        respondent=places["place"].cast(pl.Int64).fill_null(-1).to_numpy(),
        study=_dense(kept, "study"),
        people=people.drop("place"),
    )


def _numbers(answers: Answers, system: str) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return of every answer of a block its position, the mean and spread of its prediction, and the accuracy."""
    predicted, positions = answers.predicted[system], answers.positions
    return (
        positions[answers.answer],
        mean_position(predicted, positions),
        standard_deviation(predicted, positions),
        answers.by_answer[system][:, 0],
    )


def _dense(rows: pl.DataFrame, *columns: str) -> Index:
    """Return an index of the distinct values of some columns, from 0."""
    return (rows.select(pl.struct(columns).rank("dense"))[:, 0].cast(pl.Int64) - 1).to_numpy()
