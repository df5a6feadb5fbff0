"""Which shares of people gave each answer in the training part: what the controls that read no question are made of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from silicus.data.dataset import Dataset
from silicus.study import Scale

__all__ = ["shares_learnt"]


def shares_learnt(data: Dataset) -> list[tuple[Scale, npt.NDArray[np.float64]]]:
    """Return the scale and the mean shares of every question of the training part, however much of it is learnt from.

    A question counts once for every scale of other answers; in it every cell, and every group, counts once.
    """
    shown = {name: data.items[name] for name in data.answered["item"].unique(maintain_order=True)}
    points = pl.DataFrame(
        [(name, value, place) for name, item in shown.items() for place, value in enumerate(item.scale.values)],
        schema={"item": pl.String, "response": data.answered.schema["response"], "point": pl.Int64}, orient="row",
    )  # fmt: skip
    by_scale = {name: item.scale.model_dump_json() for name, item in shown.items()}
    scales = {by_scale[name]: item.scale for name, item in shown.items()}
    rows = data.answered.filter(pl.col("split") == "train").join(points, on=["item", "response"], maintain_order="left")
    rows = rows.with_columns(
        people=pl.col("n").fill_null(1) * pl.col("weight"),
        scale=pl.col("item").replace_strict(by_scale, return_dtype=pl.String),
    )
    question = ["study", "question", "scale"]
    cell = [*question, "condition", "item", *(["respondent"] if data.unit == "group" else [])]
    rows = rows.with_columns(share=pl.col("people") / pl.col("people").sum().over(cell)).filter(pl.col("share") > 0)
    cells = rows.select(cell).unique().group_by(question).len("cells")
    means = rows.group_by([*question, "point"]).agg(pl.col("share").sum()).join(cells, on=question)
    means = means.with_columns(pl.col("share") / pl.col("cells")).sort([*question, "point"])
    found: list[tuple[Scale, npt.NDArray[np.float64]]] = []
    for (_, _, scale), own in means.group_by(question, maintain_order=True):
        shares = np.zeros(len(scales[str(scale)].values))
        shares[own["point"].to_numpy()] = own["share"].to_numpy()
        found.append((scales[str(scale)], shares))
    return found
