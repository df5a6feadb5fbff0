"""Cells of past studies from their tables: means as predicted and as people answered, and what chance adds to both.

An evaluation keeps means alone. What a model is to be judged by also needs to know how predictions of those who
happened to be asked vary, and how they go along with answers: where everybody is predicted in the own condition only,
a model that knows persons and nothing of conditions moves from condition to condition as people do, by chance.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from silicus.study import KEY, Item
from silicus.workflow.run import Run

__all__ = ["CELL", "cells_of"]

CELL = ("study", "condition", "question", "points")
"""What a cell is known by: where one question has scales of different points, each makes a cell."""

_PERSON = (*KEY, "respondent")


def cells_of(run: Run) -> pl.DataFrame:
    """Return the cells of a run on scales with an order, one row each.

    Returns:
        `CELL`, then, as shares of the scale's range: `predicted` and `observed` means; `variance` of the observed mean,
        `predicted_variance` and `covariance` through who happened to be asked, NaN of fewer than two people; and
        `repeated`, whether anybody answered the question in several conditions.
    """
    rows = _answers(run).join(_scales(run.items), on="item").filter(pl.col("values").list.contains(pl.col("response")))
    # Refusals are no points of the scale; answers without any prediction say nothing of the model.
    rows = rows.join(_expected(run), on=_PERSON, how="left").join(_expected_by_item(run), on=KEY, how="left")
    low, high = pl.col("values").list.first(), pl.col("values").list.last()
    rows = rows.with_columns(
        answer=(pl.col("response") - low) / (high - low),
        said=pl.coalesce("said", "said_by_item"),
        mass=pl.col("weight"),
    ).filter(pl.col("said").is_not_null() & pl.col("said").is_not_nan())
    return _cells(_people(rows)).join(_repeated(rows), on=["study", "question"], how="left").sort(CELL)


def _answers(run: Run) -> pl.DataFrame:
    """Return people's answers; each group of people is a condition of its own, as an evaluation has it."""
    found = run.responses.filter(pl.col("response").is_not_null() & (pl.col("weight") > 0) & (pl.col("n") > 0))
    if run.manifest.unit != "group":
        return found
    return found.with_columns(group=pl.concat_str("condition", pl.col("respondent").fill_null(""), separator=" · "))


def _scales(items: dict[str, Item]) -> pl.DataFrame:
    ordered = {name: list(item.scale.values) for name, item in items.items() if item.scale.ordered}
    known = {name: values for name, values in ordered.items() if len(values) > 1}
    table = pl.DataFrame(
        {"item": list(known), "values": list(known.values())},
        schema={"item": pl.String, "values": pl.List(pl.Int64)},
    )
    points = pl.col("values").list.eval(pl.element().cast(pl.String)).list.join(" ")
    return table.with_columns(points=points)


def _expected(run: Run) -> pl.DataFrame:
    """Return the expected answer of every prediction, as a share of the range: `_PERSON` and `said`."""
    rows = run.predictions.join(_scales(run.items), on="item", maintain_order="left").with_row_index("row")
    flat = rows.select("row", "values", "probabilities").explode("values", "probabilities")
    share = pl.col("probabilities").cast(pl.Float64)
    low, high = pl.col("values").min(), pl.col("values").max()
    said = ((share * pl.col("values")).sum() / share.sum() - low) / (high - low)
    means = flat.group_by("row", maintain_order=True).agg(said.alias("said"))
    return rows.select("row", *_PERSON).join(means, on="row", maintain_order="left").drop("row").unique(_PERSON)


def _expected_by_item(run: Run) -> pl.DataFrame:
    """Return the weighted mean of what all respondents are expected to answer to a stimulus."""
    rows = _expected(run).join(run.predictions.select(*_PERSON, "weight"), on=_PERSON)
    known = rows.filter(pl.col("said").is_not_nan() & (pl.col("weight") > 0))
    mean = ((pl.col("said") * pl.col("weight")).sum() / pl.col("weight").sum()).alias("said_by_item")
    return known.group_by(KEY).agg(mean)


def _people(rows: pl.DataFrame) -> pl.DataFrame:
    """Return a row a person and cell: somebody who answered several stimuli of a cell counts once, by the mean."""
    if "group" in rows.columns:
        rows = rows.with_columns(condition=pl.col("group"), respondent=pl.lit(None, pl.String))
    named = rows.filter(pl.col("respondent").is_not_null())
    once = named.group_by(*CELL, "respondent", maintain_order=True).agg(
        *(((pl.col(name) * pl.col("mass")).sum() / pl.col("mass").sum()).alias(name) for name in ("answer", "said")),
        pl.col("mass").mean(),
        pl.col("n").first(),
    )
    columns = [*CELL, "answer", "said", "mass", "n"]
    return pl.concat([once.select(columns), rows.filter(pl.col("respondent").is_null()).select(columns)])


def _cells(people: pl.DataFrame) -> pl.DataFrame:
    """Return means, and variances and covariance of means, of every cell."""
    weight = pl.col("mass") * pl.col("n")
    total = weight.sum()

    def mean(of: pl.Expr) -> pl.Expr:
        return (of * weight).sum() / total

    answer, said = pl.col("answer"), pl.col("said")
    effective = total**2 / (pl.col("mass") ** 2 * pl.col("n")).sum()
    left = pl.when(effective > 1 + 1e-9).then(effective - 1).otherwise(np.nan)
    found = people.group_by(CELL, maintain_order=True).agg(
        mean(said).alias("predicted"),
        mean(answer).alias("observed"),
        (mean(answer**2) - mean(answer) ** 2).alias("answers"),
        (mean(said**2) - mean(said) ** 2).alias("predictions"),
        (mean(answer * said) - mean(answer) * mean(said)).alias("both"),
        left.alias("left"),
    )
    return found.select(
        *CELL, "predicted", "observed",
        variance=pl.max_horizontal("answers", 0.0) / pl.col("left"),
        predicted_variance=pl.max_horizontal("predictions", 0.0) / pl.col("left"),
        covariance=pl.col("both") / pl.col("left"),
    )  # fmt: skip


def _repeated(rows: pl.DataFrame) -> pl.DataFrame:
    """Return of every question whether anybody answered it in several conditions."""
    shown = pl.col("condition").n_unique().over("study", "question", "respondent") > 1
    known = pl.col("respondent").is_not_null()
    return rows.with_columns(repeated=shown & known).group_by("study", "question").agg(pl.col("repeated").any())
