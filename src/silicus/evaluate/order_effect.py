"""How much a model's answers depend on the order in which its options stand.

Who is asked in several orders gives answers that should be one. On ordered scales, asked as they are and turned round,
the mean moves towards what stands first, or last; on nominal ones probabilities move from option to option. Both are
means over pairs of a question and a respondent, then over studies. Pezeshkpour & Hruschka (2024,
doi:10.18653/v1/2024.findings-naacl.130) show how large this can be for language models.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from silicus.errors import InputError
from silicus.evaluate.bootstrap import estimate, expanded
from silicus.evaluate.matching import sums
from silicus.evaluate.metrics import FloatArray, mean_position, total_variation
from silicus.evaluate.paired import FEWEST
from silicus.evaluate.records import Estimate
from silicus.record import Record
from silicus.study import KEY, PREDICTIONS, VARIANTS, Item, need_columns, order_name

__all__ = ["OrderEffect", "order_effect"]

_PERSON = (*KEY, "respondent")
_ORDER = r"order(?: \d+)+$"

# How many resamples are in memory at once.
_BLOCK = 100


class OrderEffect(Record):
    """How much answers depend on the order of the options.

    Intervals hold in 95 % of data sets, over other studies where there are ten or more, else over other respondents in
    these studies; of fewer than ten respondents there are none.
    """

    pairs_n: int
    """Number of pairs of a question and a respondent that were asked, and answered, in several orders."""
    questions_n: int
    """Number of questions among them, one a study, condition, question and stimulus."""
    studies_n: int
    one_order_n: int
    """Number of questions that were asked in one order alone, for there is no other."""
    ordered: Estimate | None
    """Mean answer on [0, 1] in the order given less that with the scale turned round: below 0, the model leans to what
    stands first. `n` is the number of pairs. `None` where no scale has an order."""
    nominal: Estimate | None
    """Mean total variation between what is answered in the order given and in each other order: 0, order does not
    matter. What is sampled differs by chance alone, too. `None` where every scale has an order."""


def order_effect(
    variants: pl.DataFrame,
    predictions: pl.DataFrame,
    items: Mapping[str, Item],
    rng: np.random.Generator,
    draws: int = 2000,
) -> OrderEffect | None:
    """Return how much answers depend on the order of the options.

    Every pair counts by its respondent's weight. Answers in several wordings are compared within each wording.

    Args:
        variants: schema `VARIANTS`: answers in every order, named as `order_name` does, brought back into the item's.
        predictions: schema `PREDICTIONS`, whose weights count.
        items: the stimuli by their hash.
        rng: where resamples come from.
        draws: number of resamples.

    Returns:
        `None` where nothing was asked in several orders.

    Raises:
        InputError: a column is missing, or a stimulus is not among the items.

    Examples:
        >>> from silicus.study import Scale
        >>> item = Item("s", "c", "q", "", "Well?", Scale(kind="binary", labels={1: "Yes", 2: "No"}))
        >>> row = {"study": "s", "condition": "c", "question": "q", "item": item.item, "respondent": "p"}
        >>> told = {"refusal": 0.0, "covered": 1.0}
        >>> first = {**row, "variant": "order 1 2", "probabilities": [0.9, 0.1], **told}
        >>> other = {**row, "variant": "order 2 1", "probabilities": [0.4, 0.6], **told}
        >>> weights = pl.DataFrame([{**row, "weight": 1.0, "probabilities": [0.65, 0.35], **told}])
        >>> found = order_effect(pl.DataFrame([first, other]), weights, {item.item: item}, np.random.default_rng(0))
        >>> round(found.ordered.value, 3)
        -0.5
    """
    need_columns(variants, tuple(VARIANTS), "the table of variants")
    need_columns(predictions, tuple(PREDICTIONS), "the table of predictions")
    rows = _compared(variants, predictions, items)
    if rows.is_empty():
        return None
    stimuli = rows.partition_by("item", maintain_order=True)
    rows = pl.concat([own.with_columns(moved=_moved(own, items[own["item"][0]])) for own in stimuli])
    ordered = pl.col("item").is_in([name for name, item in items.items() if item.scale.ordered])
    questions = rows.select(KEY).n_unique()
    return OrderEffect(
        pairs_n=rows.select(_PERSON).n_unique(),
        questions_n=questions,
        studies_n=rows["study"].n_unique(),
        one_order_n=variants.select(KEY).n_unique() - questions,
        ordered=_estimated(rows.filter(ordered), rng, draws),
        nominal=_estimated(rows.filter(~ordered), rng, draws),
    )


def _compared(variants: pl.DataFrame, predictions: pl.DataFrame, items: Mapping[str, Item]) -> pl.DataFrame:
    """Return a row for every answer in another order than the item's: both answers, and the respondent's weight."""
    names = variants["item"].unique(maintain_order=True).to_list()
    unknown = next((name for name in names if name not in items), None)
    if unknown is not None:
        raise InputError(
            f"the variants name the stimulus '{unknown}', which is not among the {len(items)} items. Take both from "
            "one run."
        )
    given = pl.DataFrame(
        {"item": names, "given": [order_name(range(len(items[name].scale.answers))) for name in names]},
        schema={"item": pl.String, "given": pl.String},
    )
    rows = (
        variants.filter(pl.col("probabilities").is_not_null())
        .with_columns(
            order=pl.col("variant").str.extract(f"({_ORDER})"), wording=pl.col("variant").str.replace(_ORDER, "")
        )
        .filter(pl.col("order").is_not_null())
        .join(given, on="item", how="left", maintain_order="left")
    )
    on, first = [*_PERSON, "wording"], pl.col("order") == pl.col("given")
    both = rows.filter(~first).join(
        rows.filter(first).select(*on, first="probabilities"), on=on, nulls_equal=True, maintain_order="left"
    )
    weights = predictions.select(*_PERSON, "weight").unique(_PERSON, keep="first")
    known = both.join(weights, on=list(_PERSON), how="left", nulls_equal=True, maintain_order="left")
    return known.with_columns(pl.col("weight").fill_null(1.0)).filter(pl.col("weight") > 0)


def _moved(rows: pl.DataFrame, item: Item) -> pl.Series:
    """Return how far each answer lies from that in the item's own order."""
    first, other = (np.array(rows[column].to_list(), dtype=np.float64) for column in ("first", "probabilities"))
    if not item.scale.ordered:
        return pl.Series(total_variation(first, other))
    positions = item.scale.positions
    return pl.Series(mean_position(first, positions) - mean_position(other, positions))


def _estimated(rows: pl.DataFrame, rng: np.random.Generator, draws: int) -> Estimate | None:
    """Return the mean over pairs, then over studies; `None` without a row."""
    if rows.is_empty():
        return None
    # A pair that was asked in more orders counts as one all the same.
    pairs = rows.group_by(_PERSON, maintain_order=True).agg(pl.col("moved").mean(), pl.col("weight").first())
    study, person = (_numbered(pairs[column]) for column in ("study", "respondent"))
    moved, weight = pairs["moved"].to_numpy(), pairs["weight"].to_numpy()
    studies, people = int(study.max()) + 1, int(person.max()) + 1
    added = sums(np.column_stack([moved * weight, weight]), person * studies + study, people * studies)
    added = added.reshape(people, studies, 2)
    means = _ratio(added.sum(axis=0))
    value = float(means.mean())
    if studies >= FEWEST:
        counts = rng.multinomial(studies, np.full(studies, 1 / studies), size=draws)
        return estimate(value, counts @ means / studies, len(pairs), expanded(studies))
    if people < FEWEST:
        return estimate(value, np.zeros(0), len(pairs))
    return estimate(value, _respondents_drawn(added, rng, draws), len(pairs), expanded(people))


def _respondents_drawn(added: FloatArray, rng: np.random.Generator, draws: int) -> FloatArray:
    """Return the mean over studies, which stay, of respondents drawn again, each with all studies it answers in.

    Args:
        added: of every respondent and study the weighted sum of values, and the sum of weights, shape (people,
            studies, 2).
        rng: where the draws come from.
        draws: how many.

    Returns:
        Shape (draws,). A study of which nobody was drawn is left out of the mean.
    """
    people, studies, _ = added.shape
    found = np.zeros((draws, studies, 2))
    for start in range(0, draws, _BLOCK):
        size = min(_BLOCK, draws - start)
        counts = rng.multinomial(people, np.full(people, 1 / people), size=size)
        found[start : start + size] = np.tensordot(counts.astype(np.float64), added, axes=1)
    return np.nanmean(_ratio(found), axis=1)


def _ratio(added: FloatArray) -> FloatArray:
    """Return weighted sums over sums of weights, NaN where there is no weight, shape (..., studies)."""
    return added[..., 0] / np.where(added[..., 1] > 0, added[..., 1], np.nan)


def _numbered(values: pl.Series) -> npt.NDArray[np.int64]:
    """Return an index of the distinct values, from 0."""
    return (values.rank("dense").cast(pl.Int64) - 1).to_numpy()
