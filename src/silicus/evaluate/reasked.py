"""What becomes of predictions when the same people are asked otherwise: what is read, and what is followed.

A fit to people says nothing of why. With the stimulus removed, or an instruction put in its way, a model fine-tuned on
human choices kept much of its fit (Liu & Ding, 2026, doi:10.1360/nso/20250053); with personas dealt out anew, most of
the accuracy for persons is that of the question (Ahn, Mao & Lee, 2026, doi:10.48550/arXiv.2608.29455). A model that
reads what was changed moves, and moves away from people; one that follows gives the answer it is told.

Intervals are percentiles of a bootstrap that draws studies and, within each, cells (95 %); of fewer than ten studies,
which stay, it draws cells alone, each as a cluster of its people, and of fewer than ten cells there is no interval.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from silicus.errors import InputError
from silicus.evaluate.bootstrap import CellTable, estimate, overall, resample_studies
from silicus.evaluate.matching import places, sums
from silicus.evaluate.metrics import FloatArray, total_variation, wasserstein
from silicus.evaluate.paired import FEWEST
from silicus.evaluate.records import Estimate
from silicus.record import Record
from silicus.study import KEY, PREDICTIONS, RESPONSES, Item, Scale, need_columns

__all__ = ["Followed", "Reasked", "followed", "reasked"]

_CELL = ("study", "condition", "question")
_PERSON = (*KEY, "respondent")

_LEAST = 1e-6
"""What a smaller probability counts as where its logarithm is taken: one answer of probability 0 would be infinite."""

_TOLERANCE = 1e-12


class Reasked(Record):
    """How predictions change when the same people are asked otherwise."""

    predictions_n: int
    """Number of predictions asked for otherwise."""
    answers_n: int
    """Number of answers of those whose prediction was asked for otherwise; they make `lost`."""
    cells_n: int
    studies_n: int
    moved: Estimate
    """Mean total variation between a prediction and the one asked otherwise: 0, what was changed is not read."""
    lost: Estimate
    """Log likelihood of the answers given, as asked less otherwise, nats an answer: above 0, what was changed told
    something of people. A probability below 1e-6 counts as 1e-6 in both."""
    distance: Estimate
    """Wasserstein of cells, stated scale, as asked: from the answers of all people of the cell to the mean prediction
    for those asked otherwise. Cells without order, or with fewer than 2 answers, have none."""
    distance_otherwise: Estimate
    """The same of the predictions asked otherwise."""
    farther: Estimate
    """`distance_otherwise` less `distance`, cell by cell."""


class Followed(Record):
    """Whether a model gives the answer it is told to give."""

    answers_n: int
    """Number of predictions in which an answer was told."""
    studies_n: int
    told: Estimate
    """Mean probability of the answer told, among the points of the scale."""
    before: Estimate
    """Of the same answers, as asked."""
    still: Estimate
    """Told less before, in shares of 1 less before: 1, the instruction is followed wholly; 0, not at all; below 0, it
    does the contrary. A ratio of means."""


# --- predictions asked otherwise


def reasked(
    asked: pl.DataFrame,
    otherwise: pl.DataFrame,
    responses: pl.DataFrame,
    items: Mapping[str, Item],
    rng: np.random.Generator,
    draws: int = 2000,
) -> Reasked | None:
    """Return how predictions change when the same people are asked otherwise.

    Every number is a mean over the rows of a cell, then over the cells of a study, then over studies. A cell is a
    study, condition and question on one scale. Predictions count with their weight, answers with people x weight;
    predictions that are null in one of the tables, or of weight 0, are left out.

    Which answers make `lost`: those of the respondents predicted, each with the prediction for that very respondent (or
    group). An answer that bears no name, or to a stimulus that is predicted for nobody by name, is compared with the
    mean prediction of its stimulus. Answers of others count in the human distribution of `distance` alone. Refusals,
    and answers that are not on the scale, are left out.

    Args:
        asked: predictions, schema `PREDICTIONS`.
        otherwise: the same asked otherwise, under the keys of `asked`; perhaps of some rows alone.
        responses: what people answered, schema `RESPONSES`.
        items: the stimuli as they were asked, by their hash.
        rng: where resamples come from.
        draws: number of resamples.

    Returns:
        `None` where no prediction stands in both tables.

    Raises:
        InputError: a column is missing, a row stands twice or has none beside it in `asked`, an item is unknown, or the
            probabilities are not those of its scale.

    Examples:
        >>> shown = Item("s", "c", "q", "", "Tea?", Scale(kind="binary", labels={1: "Yes", 2: "No"}))
        >>> names = ("study", "condition", "question", "item", "respondent", "weight")
        >>> key = dict(zip(names, ("s", "c", "q", shown.item, "p", 1.0)))
        >>> asked = pl.DataFrame([{**key, "probabilities": [0.8, 0.2], "refusal": 0.0, "covered": 1.0}])
        >>> otherwise = pl.DataFrame([{**key, "probabilities": [0.4, 0.6], "refusal": 0.0, "covered": 1.0}])
        >>> given = pl.DataFrame([{**key, "response": 1, "n": 1}])
        >>> found = reasked(asked, otherwise, given, {shown.item: shown}, np.random.default_rng(1))
        >>> round(found.moved.value, 3), round(found.lost.value, 3)
        (0.4, 0.693)
    """
    need_columns(responses, tuple(RESPONSES), "the table of responses")
    _check_twins(otherwise, "predictions asked otherwise")
    both = _aligned(asked, otherwise)
    if both.is_empty():
        return None
    people = responses.filter(pl.col("n") * pl.col("weight") > 0)
    people = people.join(both.select(_CELL).unique(), on=_CELL, how="semi", maintain_order="left")
    parts = [_of_scale(rows, people, stimuli, scale) for scale, stimuli, rows in _by_scale(both, items)]
    table = _cell_table([name for names, _, _ in parts for name in names], [values for _, values, _ in parts])
    resampled = resample_studies(table, draws, rng, stay=table.studies < FEWEST)
    names = ("moved", "lost", "distance", "distance_otherwise", "farther")
    whole = overall(table)
    found = {
        name: _estimate(whole[place], resampled[:, place], table.values[:, place]) for place, name in enumerate(names)
    }
    answers = sum(count for _, _, count in parts)
    return Reasked(
        predictions_n=len(both), answers_n=answers, cells_n=len(table.values), studies_n=table.studies, **found
    )


def _check_twins(predictions: pl.DataFrame, what: str) -> None:
    need_columns(predictions, tuple(PREDICTIONS), f"the table of {what}")
    twins = predictions.filter(pl.struct(_PERSON).is_duplicated())
    if not twins.is_empty():
        study, condition, question, _, respondent = twins.select(_PERSON).row(0)
        raise InputError(
            f"the table of {what} holds the respondent {respondent} twice for one stimulus of '{study}', "
            f"'{condition}', '{question}'. Keep one row for each."
        )


def _aligned(asked: pl.DataFrame, otherwise: pl.DataFrame, *further: str) -> pl.DataFrame:
    """Return the rows of `otherwise` that have both predictions, in columns `asked` and `otherwise`."""
    _check_twins(asked, "predictions")
    need_columns(otherwise, tuple(PREDICTIONS), "the table of predictions asked otherwise")
    probabilities = pl.col("probabilities").cast(pl.List(pl.Float64))
    own = otherwise.select(*_PERSON, "weight", probabilities.alias("otherwise"), *further)
    beside = asked.select(*_PERSON, probabilities.alias("asked"), known=pl.lit(value=True))
    both = own.join(beside, on=_PERSON, how="left", nulls_equal=True, maintain_order="left")
    alone = both.filter(pl.col("known").is_null())
    if not alone.is_empty():
        study, condition, question, _, respondent = alone.select(_PERSON).row(0)
        raise InputError(
            f"the prediction asked otherwise for '{study}', '{condition}', '{question}', respondent {respondent} has "
            "no prediction as asked. Make both from the same pairs."
        )
    there = pl.col("asked").is_not_null() & pl.col("otherwise").is_not_null()
    return both.filter(there & (pl.col("weight") > 0)).drop("known")


def _by_scale(rows: pl.DataFrame, items: Mapping[str, Item]) -> Iterator[tuple[Scale, list[str], pl.DataFrame]]:
    """Yield every set of points, all stimuli on it, and the predictions for them."""
    unknown = next((item for item in rows["item"].unique(maintain_order=True) if item not in items), None)
    if unknown is not None:
        raise InputError(
            f"the predictions name the stimulus '{unknown}', which is not among the {len(items)} items. Take the items "
            "from the run the predictions come from."
        )
    stimuli: dict[tuple[tuple[int, ...], bool], list[str]] = {}
    for item, shown in items.items():
        stimuli.setdefault((shown.scale.values, shown.scale.ordered), []).append(item)
    for alike in stimuli.values():
        own = rows.filter(pl.col("item").is_in(alike))
        if not own.is_empty():
            yield items[alike[0]].scale, alike, own


def _of_scale(
    rows: pl.DataFrame, people: pl.DataFrame, stimuli: Sequence[str], scale: Scale
) -> tuple[list[str], FloatArray, int]:
    """Return the study of every cell, its numbers, and how many answers make them lost, on one scale.

    Returns:
        Studies of the cells; numbers in the order of `Reasked`, shape (cells, 5); number of answers.
    """
    cells = rows.select(_CELL).unique(maintain_order=True)
    cell, weight = places(rows, cells), rows["weight"].to_numpy()
    asked, otherwise = (_points(rows, column, len(scale.values)) for column in ("asked", "otherwise"))
    codes = pl.DataFrame({"response": scale.values, "answer": range(len(scale.values))}, schema_overrides=_CODES)
    answers = people.filter(pl.col("item").is_in(stimuli)).join(codes, on="response", maintain_order="left")
    human = _human(answers, cells, len(scale.values))
    near, far = (
        wasserstein(_mean(each, weight, cell, len(cells)), human, scale.positions) for each in (asked, otherwise)
    )
    lost, count = _lost(rows, answers, cells, (asked, otherwise))
    moved = _mean(total_variation(asked, otherwise), weight, cell, len(cells))
    return cells["study"].to_list(), np.column_stack([moved, lost, near, far, far - near]), count


_CODES = {"response": RESPONSES["response"], "answer": pl.Int64}


def _points(rows: pl.DataFrame, column: str, points: int) -> FloatArray:
    """Return the probabilities of a column, shape (rows, points), each row summing to 1."""
    wrong = (rows[column].list.len() != points).arg_true()
    if len(wrong):
        study, condition, question = rows.select(_CELL).row(wrong[0])
        raise InputError(
            f"the prediction for '{study}', '{condition}', '{question}', respondent {rows['respondent'][wrong[0]]}: "
            f"found {len(rows[column][wrong[0]])} probabilities, expected {points}, one a point of the scale."
        )
    probabilities = rows[column].explode().to_numpy().reshape(len(rows), points)
    return probabilities / probabilities.sum(axis=1, keepdims=True)


def _human(answers: pl.DataFrame, cells: pl.DataFrame, points: int) -> FloatArray:
    """Return people's shares in every cell, shape (cells, points); NaN where fewer than 2 answered."""
    people, weight = answers["n"].to_numpy(), answers["weight"].to_numpy()
    cell, count = places(answers, cells), len(cells)
    shares = sums(people * weight, cell * points + answers["answer"].to_numpy(), count * points).reshape(count, points)
    enough = sums(people.astype(np.float64), cell, count) >= 2
    return shares / np.where(enough, shares.sum(axis=1), np.nan)[:, None]


def _lost(
    rows: pl.DataFrame, answers: pl.DataFrame, cells: pl.DataFrame, predicted: tuple[FloatArray, FloatArray]
) -> tuple[FloatArray, int]:
    """Return the log likelihood lost in every cell, and the number of answers it is of.

    Args:
        rows: the predictions.
        answers: what people answered, the index of the point in a column `answer`.
        cells: study, condition and question of every cell.
        predicted: the probabilities as asked and otherwise, both of shape (rows, points).
    """
    stimuli = rows.group_by(KEY, maintain_order=True).agg(nameless=pl.col("respondent").is_null().any())
    stimulus, weight = places(rows, stimuli.select(KEY)), rows["weight"].to_numpy()
    found = answers.join(rows.select(_PERSON).with_row_index("own"), on=_PERSON, how="left", maintain_order="left")
    found = found.join(stimuli.with_row_index("mean", offset=len(rows)), on=KEY, how="left", maintain_order="left")
    mean = pl.when(pl.col("respondent").is_null() | pl.col("nameless")).then("mean")
    found = found.with_columns(source=pl.coalesce("own", mean)).filter(pl.col("source").is_not_null())
    at = found["source"].to_numpy(), found["answer"].to_numpy()
    asked, otherwise = (
        np.log(np.maximum(np.concatenate([each, _mean(each, weight, stimulus, len(stimuli))])[at], _LEAST))
        for each in predicted
    )
    counted = (found["n"] * found["weight"]).to_numpy()
    return _mean(asked - otherwise, counted, places(found, cells), len(cells)), int(found["n"].sum())


# --- answers told


def followed(
    asked: pl.DataFrame, told: pl.DataFrame, answer: npt.ArrayLike, rng: np.random.Generator, draws: int = 2000
) -> Followed | None:
    """Return whether a model gives the answer it is told to give.

    Every number is a mean over the rows of a cell (study, condition, question; by weight), then over the cells of a
    study, then over studies. Predictions that are null in one of the tables, or of weight 0, are left out.

    Args:
        asked: predictions, schema `PREDICTIONS`.
        told: the same with an answer told, under the keys of `asked`; a row may stand there once for every answer told.
        answer: index of the point told in every row of `told`, shape (rows,).
        rng: where resamples come from.
        draws: number of resamples.

    Returns:
        `None` where no prediction stands in both tables.

    Raises:
        InputError: a column is missing, a row of `told` has none beside it in `asked`, or an answer is not a point.

    Examples:
        >>> row = {"study": "s", "condition": "c", "question": "q", "item": "i", "respondent": "p", "weight": 1.0}
        >>> asked = pl.DataFrame([{**row, "probabilities": [0.8, 0.2], "refusal": 0.0, "covered": 1.0}])
        >>> told = pl.DataFrame([{**row, "probabilities": [0.2, 0.8], "refusal": 0.0, "covered": 1.0}])
        >>> found = followed(asked, told, [1], np.random.default_rng(1))
        >>> round(found.still.value, 3)
        0.75
    """
    named = told.with_columns(pl.Series("answer", np.asarray(answer), dtype=pl.Int64))
    rows = _aligned(asked, named, "answer")
    if rows.is_empty():
        return None
    _check_told(rows)
    means = rows.select(pl.col(each).list.get(pl.col("answer")) / pl.col(each).list.sum() for each in _BOTH)
    cells = rows.select(_CELL).unique(maintain_order=True)
    values = _mean(means.to_numpy(), rows["weight"].to_numpy(), places(rows, cells), len(cells))
    table = _cell_table(cells["study"].to_list(), [values])
    whole, resampled = (
        _with_share(each)
        for each in (overall(table)[None], resample_studies(table, draws, rng, stay=table.studies < FEWEST))
    )
    told_now, before, still = (_estimate(whole[0, n], resampled[:, n], values[:, 0]) for n in range(3))
    return Followed(answers_n=len(rows), studies_n=table.studies, told=told_now, before=before, still=still)


_BOTH = ("otherwise", "asked")


def _check_told(rows: pl.DataFrame) -> None:
    points = pl.min_horizontal(pl.col(each).list.len().cast(pl.Int64) for each in _BOTH)
    bad = rows.filter(pl.col("answer").is_between(0, points - 1).not_())
    if not bad.is_empty():
        study, condition, question = bad.select(_CELL).row(0)
        raise InputError(
            f"the answer told for '{study}', '{condition}', '{question}', respondent {bad['respondent'][0]}: found the "
            f"index {bad['answer'][0]}, expected 0 to {len(bad['asked'][0]) - 1}, a point of the scale."
        )


def _with_share(means: FloatArray) -> FloatArray:
    """Return means of told and before, shape (draws, 2), with the share of what was left that was followed."""
    told, before = means.T
    left = np.where(before < 1 - _TOLERANCE, 1 - before, np.nan)
    return np.column_stack([means, (told - before) / left])


# --- what they share


def _mean(values: FloatArray, weight: FloatArray, group: npt.NDArray[np.int64], groups: int) -> FloatArray:
    """Return the weighted mean of `values` by group, shape (groups, ...); NaN where a group has none."""
    by_row = weight.reshape(-1, *[1] * (values.ndim - 1))
    total = sums(np.broadcast_to(by_row, values.shape), group, groups)
    return sums(values * by_row, group, groups) / np.where(total > 0, total, np.nan)


def _cell_table(studies: Sequence[str], values: Sequence[FloatArray]) -> CellTable:
    """Return cells whose every column is a mean over cells, then over studies."""
    table = np.concatenate(values)
    number = {study: place for place, study in enumerate(dict.fromkeys(studies))}
    study = np.array([number[name] for name in studies], dtype=np.int64)
    return CellTable(table, np.ones(len(table)), study, np.array([True] * table.shape[1]))


def _estimate(value: float, drawn: FloatArray, cells: FloatArray) -> Estimate:
    """Return a value with its interval, which a few cells do not have."""
    known = int(np.isfinite(cells).sum())
    return estimate(float(value), drawn if known >= FEWEST else np.zeros(0), known)
