"""Which prediction belongs to which answer: the one join of the two tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import polars as pl

from silicus.errors import InputError
from silicus.evaluate.metrics import FloatArray
from silicus.study import KEY, PREDICTIONS, RESPONSES, Item, Scale, need_columns, pooled, uniform

__all__ = ["Block", "Matched", "match", "places", "sums"]

_CELL = ("study", "condition", "question")
_PERSON = (*KEY, "respondent")
# Float64, so that a small probability in somebody's own table does not become 0.
_PREDICTIONS = pl.Schema(
    {**PREDICTIONS, "probabilities": pl.List(pl.Float64), "refusal": pl.Float64, "covered": pl.Float64}
)


@dataclass(frozen=True)
class Block:
    """Every matched answer on one scale, with what each system predicts for it.

    Attributes:
        scales: the scale of every stimulus: the same points, perhaps other labels.
        cells: study, condition, question, item, people, first (place in the table of responses) and conditions
            (in how many the question was answered, null where all refused), in order.
        rows: study, condition, question, item, respondent, n of every answer.
        cell: index of a row's cell, shape (rows,).
        answer: index of the point chosen, shape (rows,); -1 for a refusal.
        people: number of people who gave the answer, shape (rows,).
        weight: survey weight of one of them, shape (rows,).
        respondent: index of the respondent's id, -1 where nameless, shape (rows,).
        by_person: whether the prediction is for the very respondent, shape (rows,).
        predicted: system -> probabilities, shape (rows, points).
        refusal: the model's probability of a refusal, shape (rows,).
    """

    scales: dict[str, Scale]
    cells: pl.DataFrame
    rows: pl.DataFrame
    cell: npt.NDArray[np.int64]
    answer: npt.NDArray[np.int64]
    people: npt.NDArray[np.int64]
    weight: FloatArray
    respondent: npt.NDArray[np.int64]
    by_person: npt.NDArray[np.bool_]
    predicted: dict[str, FloatArray]
    refusal: FloatArray

    @property
    def scale(self) -> Scale:
        """A scale with the points of all stimuli."""
        return next(iter(self.scales.values()))


@dataclass(frozen=True)
class Matched:
    """The answers that can be scored, a block a scale, and how many cannot, by reason."""

    blocks: list[Block]
    left_out: Counter[str]
    predictions: pl.DataFrame


def sums(rows: FloatArray, group: npt.NDArray[np.int64], groups: int) -> FloatArray:
    """Return the sums of `rows` by group, shape (groups, ...).

    Examples:
        >>> sums(np.array([1.0, 2.0, 4.0]), np.array([0, 1, 0]), 2)
        array([5., 2.])
    """
    total = np.zeros((groups, *rows.shape[1:]))
    np.add.at(total, group, rows)
    return total


def match(
    items: Mapping[str, Item],
    responses: pl.DataFrame,
    predictions: pl.DataFrame,
    name: str,
    further: Mapping[str, pl.DataFrame],
) -> Matched:
    """Return the answers with their predictions, by the rules that `evaluate` documents.

    Which answers are scored depends on `predictions` alone; a further system without a prediction for one has NaN.

    Raises:
        InputError: a table breaks its schema, an item is unknown, or no answer has a prediction.
    """
    answers = _table(responses, RESPONSES, "responses")
    _check_numbers(answers, ("n", "weight"), "responses")
    guesses = _guesses(predictions, "predictions")
    others = {other: _guesses(table, f"predictions of '{other}'") for other, table in further.items()}
    pools = pooled(answers, items)
    left_out: Counter[str] = Counter()
    coded = _coded(answers.with_row_index("first"), items, left_out)
    blocks: list[Block] = []
    for scales, of_scale in _by_scale(coded, items):
        scale = next(iter(scales.values()))
        own = guesses.join(of_scale.select(KEY).unique(), on=KEY, how="semi", maintain_order="left")
        probable = own.filter(pl.col("probabilities").is_not_null())
        stacked = _Stacked.of(probable, scale)
        asked = of_scale.join(_conditions(of_scale), on=["study", "question"], how="left", maintain_order="left")
        found = _found(asked, probable, stacked.keys, _people(guesses), left_out)
        if not found.is_empty():
            beside = {other: _beside(found, table, scale) for other, table in others.items()}
            blocks.append(_block(scales, found, stacked, pools, name, beside))
    if not blocks:
        raise InputError(_nothing(answers, guesses, left_out))
    return Matched(blocks, left_out, guesses)


def _guesses(predictions: pl.DataFrame, what: str) -> pl.DataFrame:
    table = _table(predictions, _PREDICTIONS, what)
    _check_numbers(table, ("weight",), what)
    _check_twins(table)
    return table


def _beside(found: pl.DataFrame, predictions: pl.DataFrame, scale: Scale) -> FloatArray:
    """Return what a further system predicts for every answer, shape (rows, points); NaN where it predicts nothing."""
    probable = predictions.join(found.select(KEY).unique(), on=KEY, how="semi", maintain_order="left")
    stacked = _Stacked.of(probable.filter(pl.col("probabilities").is_not_null()), scale)
    own = probable.filter(pl.col("probabilities").is_not_null()).select(_PERSON).with_row_index("its own")
    means = stacked.keys.rename({"mean": "its mean"})
    rows = found.select(_PERSON).join(own, on=_PERSON, how="left", maintain_order="left")
    rows = rows.join(means, on=KEY, how="left", maintain_order="left")
    source = rows.select(pl.coalesce("its own", "its mean").cast(pl.Int64).fill_null(-1))[:, 0].to_numpy()
    nothing = np.full((1, stacked.probabilities.shape[1]), np.nan)
    return np.concatenate([stacked.probabilities, nothing])[source]


def _table(table: pl.DataFrame, schema: pl.Schema, what: str) -> pl.DataFrame:
    need_columns(table, tuple(schema), f"the table of {what}")
    try:
        return table.select(schema.names()).cast(schema)
    except pl.exceptions.PolarsError as error:
        raise InputError(f"the table of {what} holds a value of another type: {error}") from None


def _check_numbers(table: pl.DataFrame, columns: tuple[str, ...], what: str) -> None:
    for column in columns:
        number = pl.col(column)
        finite = number.is_finite() if table.schema[column].is_float() else pl.lit(value=True)
        bad = table.with_row_index("row").filter((number.is_not_null() & finite & (number >= 0)).not_())
        if not bad.is_empty():
            raise InputError(
                f"the table of {what}, row {bad['row'][0]}: found the {column} {bad[column][0]}, expected 0 or more."
            )


def _check_twins(predictions: pl.DataFrame) -> None:
    twins = predictions.filter(pl.col("respondent").is_not_null() & pl.struct(_PERSON).is_duplicated())
    if not twins.is_empty():
        study, condition, question, _, respondent = twins.select(_PERSON).row(0)
        raise InputError(
            f"the table of predictions holds the respondent '{respondent}' twice for one stimulus of "
            f"'{study}', '{condition}', '{question}'. Keep one row for each."
        )


def _coded(answers: pl.DataFrame, items: Mapping[str, Item], left_out: Counter[str]) -> pl.DataFrame:
    """Return the usable answers with a column `answer`: the index of the point, -1 for a refusal."""
    pairs = answers.select("item", "response").unique(maintain_order=True)
    codes = [_code(items[item].scale, response) for item, response in pairs.iter_rows()]
    coded = answers.join(
        pairs.with_columns(pl.Series("answer", codes, dtype=pl.Int64)),
        on=["item", "response"], how="left", nulls_equal=True, maintain_order="left",
    )  # fmt: skip
    weightless = pl.col("n") * pl.col("weight") == 0
    coded = _leave_out(coded, weightless, "weight 0", left_out)
    person = pl.col("respondent").rank("dense").cast(pl.Int64) - 1
    coded = coded.with_columns(person=person.fill_null(-1))
    coded = _leave_out(coded, pl.col("response").is_null(), "no answer given", left_out)
    return _leave_out(coded, pl.col("answer").is_null(), "not an answer on the scale", left_out)


def _code(scale: Scale, response: int | None) -> int | None:
    if response in scale.refusals:
        return -1
    return scale.values.index(response) if response in scale.values else None


def _leave_out(rows: pl.DataFrame, bad: pl.Expr, reason: str, left_out: Counter[str]) -> pl.DataFrame:
    left_out[reason] += int(rows.filter(bad)["n"].sum())
    return rows.filter(~bad)


def _by_scale(coded: pl.DataFrame, items: Mapping[str, Item]) -> list[tuple[dict[str, Scale], pl.DataFrame]]:
    """Return the answers of every set of points, with the scales of their stimuli."""
    groups: dict[tuple[tuple[int, ...], bool], dict[str, Scale]] = {}
    for item in coded["item"].unique(maintain_order=True):
        scale = items[item].scale
        groups.setdefault((scale.values, scale.ordered), {})[item] = scale
    return [(scales, coded.filter(pl.col("item").is_in(list(scales)))) for scales in groups.values()]


def _conditions(answers: pl.DataFrame) -> pl.DataFrame:
    """Return in how many conditions every question was answered; refusals are no answers."""
    answered = answers.filter(pl.col("answer") >= 0)
    return answered.group_by("study", "question").agg(conditions=pl.col("condition").n_unique())


def _people(predictions: pl.DataFrame) -> pl.DataFrame:
    """Return everybody who has a prediction of any stimulus; ids are unique within a study only."""
    return predictions.select("study", "respondent", known=pl.lit(value=True)).unique()


@dataclass(frozen=True)
class _Stacked:
    """The predictions on one scale: each row's own, then the weighted mean of every stimulus."""

    probabilities: FloatArray
    refusal: FloatArray
    keys: pl.DataFrame

    @classmethod
    def of(cls, predictions: pl.DataFrame, scale: Scale) -> _Stacked:
        probabilities = _probabilities(predictions, len(scale.values))
        refusal = predictions["refusal"].fill_null(np.nan).to_numpy()
        weights = predictions.group_by(KEY, maintain_order=True).agg(total=pl.col("weight").sum())
        keys = weights.filter(pl.col("total") > 0).with_row_index("mean", offset=len(predictions))
        indexed = predictions.select(*KEY, "weight").with_row_index("own")
        of_key = indexed.join(keys, on=KEY, maintain_order="left")
        own = of_key["own"].to_numpy()
        group = of_key["mean"].to_numpy().astype(np.int64) - len(predictions)
        share = (of_key["weight"] / of_key["total"]).to_numpy()
        return cls(
            np.concatenate([probabilities, sums(probabilities[own] * share[:, None], group, len(keys))]),
            np.concatenate([refusal, sums(refusal[own] * share, group, len(keys))]),
            keys.drop("total"),
        )


def _probabilities(predictions: pl.DataFrame, points: int) -> FloatArray:
    """Return the predicted probabilities, shape (rows, points), each row summing to 1."""
    lengths = predictions["probabilities"].list.len().to_numpy()
    _check_rows(predictions, lengths == points, f"{points} probabilities, one a point of the scale")
    flat = predictions["probabilities"].explode().fill_null(np.nan).to_numpy()
    probabilities = flat.reshape(len(predictions), points)
    total = probabilities.sum(axis=1)
    # Above the rounding of float32 sums, below any table in percent or of another normalisation.
    good = (probabilities >= 0).all(axis=1) & (np.abs(total - 1) < 1e-3)
    _check_rows(predictions, good, "probabilities of 0 or more that sum to 1")
    return probabilities / total[:, None]


def _check_rows(predictions: pl.DataFrame, good: npt.NDArray[np.bool_], expected: str) -> None:
    if not good.all():
        study, condition, question, _, respondent, _, found, *_ = predictions.row(int(np.argmin(good)))
        raise InputError(
            f"the prediction for '{study}', '{condition}', '{question}', respondent {respondent}: "
            f"found {len(found)} numbers with the sum {sum(p or 0 for p in found):.6g}, expected {expected}."
        )


def _found(
    answers: pl.DataFrame,
    predictions: pl.DataFrame,
    means: pl.DataFrame,
    people: pl.DataFrame,
    left_out: Counter[str],
) -> pl.DataFrame:
    """Return the answers that have a prediction, with its row in a column `source`."""
    own = predictions.select(_PERSON).with_row_index("own")
    rows = answers.join(own, on=_PERSON, how="left", maintain_order="left")
    rows = rows.join(means, on=KEY, how="left", maintain_order="left")
    rows = rows.join(people, on=["study", "respondent"], how="left", maintain_order="left")
    missed = pl.col("known").is_not_null() & pl.col("own").is_null()
    reason = "no prediction for this respondent"
    rows = _leave_out(rows, missed, reason, left_out)
    rows = rows.with_columns(source=pl.coalesce("own", "mean"))
    rows = _leave_out(rows, pl.col("source").is_null(), "no prediction for the stimulus", left_out)
    # Refusals stay, for their rate; they are left out of everything else.
    left_out["refusal"] += int(rows.filter(pl.col("answer") < 0)["n"].sum())
    return rows


def _block(
    scales: dict[str, Scale],
    found: pl.DataFrame,
    stacked: _Stacked,
    pools: dict[tuple[str, ...], FloatArray],
    name: str,
    beside: dict[str, FloatArray],
) -> Block:
    nameless = pl.col("respondent").is_null()
    people = pl.col("respondent").drop_nulls().n_unique() + pl.col("n").filter(nameless).sum()
    cells = found.group_by(_CELL, maintain_order=True).agg(pl.col("item", "first", "conditions").first(), people=people)
    source = found["source"].to_numpy()
    own = stacked.probabilities[source]
    any_scale = next(iter(scales.values()))
    return Block(
        scales=scales,
        cells=cells,
        rows=found.select(*KEY, "respondent", "n"),
        cell=places(found, cells.select(_CELL)),
        answer=found["answer"].to_numpy(),
        people=found["n"].to_numpy(),
        weight=found["weight"].to_numpy(),
        respondent=found["person"].to_numpy(),
        by_person=found["own"].is_not_null().to_numpy(),
        predicted={
            name: own,
            "uniform": np.broadcast_to(uniform(any_scale), own.shape),
            "pooled": _pooled(found, pools, own.shape[1]),
            "others": _others(found, cells, own.shape[1]),
            **beside,
        },
        refusal=stacked.refusal[source],
    )


def places(rows: pl.DataFrame, keys: pl.DataFrame) -> npt.NDArray[np.int64]:
    """Return the place of every row's key among `keys`, shape (rows,)."""
    found = rows.join(keys.with_row_index("place"), on=keys.columns, how="left", maintain_order="left")
    return found["place"].to_numpy().astype(np.int64)


def _pooled(found: pl.DataFrame, pools: dict[tuple[str, ...], FloatArray], points: int) -> FloatArray:
    """Return the pooled answers to every row's question, shape (rows, points); NaN where all refused."""
    shown = found.select("study", "question", "item").unique(maintain_order=True)
    unknown = np.full(points, np.nan)
    triples = cast("list[tuple[str, str, str]]", shown.rows())
    vectors = [pools.get(key[:2], pools.get(key, unknown)) for key in triples]
    return np.stack(vectors)[places(found, shown)]


def _others(found: pl.DataFrame, cells: pl.DataFrame, points: int) -> FloatArray:
    """Return, for every answer, the shares of all others in its cell, shape (rows, points).

    Beside them stands one who may answer anything, so that no answer has probability 0.
    """
    cell, answer = places(found, cells.select(_CELL)), found["answer"].to_numpy()
    own = np.eye(points)[np.maximum(answer, 0)] * (answer >= 0)[:, None]
    weight = found["weight"].to_numpy()[:, None]
    told = sums(own * weight * found["n"].to_numpy()[:, None], cell, len(cells))[cell]
    counts = np.maximum(told - own * weight, 0.0) + weight / points
    return counts / counts.sum(axis=1, keepdims=True)


def _nothing(answers: pl.DataFrame, guesses: pl.DataFrame, left_out: Counter[str]) -> str:
    if answers.is_empty() or guesses.is_empty():
        empty: Literal["responses", "predictions"] = "responses" if answers.is_empty() else "predictions"
        return f"the table of {empty} is empty: there is nothing to compare."
    reasons = ", ".join(f"{reason}: {count}" for reason, count in left_out.items() if count)
    return (
        f"none of the {answers['n'].sum()} answers can be scored ({reasons}). Responses and predictions are "
        f"compared by {', '.join(KEY)}: make both from the same study files."
    )
