"""Scales as the authors of SocSci210 had them: every answer is a number, and every question has a range.

Their figures (Kolluri et al., 2025, https://doi.org/10.18653/v1/2025.emnlp-main.1530) can only be met so. Brands and
parties have distances then, and questions whose scale nobody knows run from the lowest to the highest answer. It is for
comparison with those figures, and for nothing else.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import cast

import polars as pl

from silicus.data.answer_scale import scale_kind, stated_ends
from silicus.data.dataset import Stimulus
from silicus.study import MAX_POINTS, Item, Scale

__all__ = ["as_published", "nearest_point"]


def as_published(rows: pl.DataFrame, stimuli: list[Stimulus]) -> tuple[pl.DataFrame, list[Stimulus]]:
    """Return rows and stimuli in which every question has an ordered scale.

    Options without order get that of their numbers. A question without a scale gets the range that its words state,
    else that of all answers to the tasks it is asked in. Of a range of more than `MAX_POINTS` numbers at most as many
    points, evenly spaced, stand for all; answers are moved to the nearest.

    Args:
        rows: schema `ROWS`; `stimulus` is a place among the stimuli.
        stimuli: what was shown, some without a scale.
    """
    used = _used(rows)
    scaled = [
        _with_order(each) if each.item else _with_range(each, used.get(place)) for place, each in enumerate(stimuli)
    ]
    wide = {
        place: new.item.scale
        for place, (old, new) in enumerate(zip(stimuli, scaled, strict=True))
        if old.item is None and new.item is not None
    }
    return _on_points(rows, wide), scaled


def nearest_point(number: float, scale: Scale) -> int:
    """Return the point of a scale that is nearest to a number.

    Examples:
        >>> nearest_point(99, Scale(kind="ordinal", low=1, high=7))
        7
    """
    return min(scale.values, key=lambda point: abs(point - number))


def _used(rows: pl.DataFrame) -> dict[int, tuple[float, float]]:
    """Return stimulus -> the lowest and the highest answer to the tasks it is asked in."""
    whole = rows.filter(pl.col("answer").is_finite() & pl.col("stimulus").is_not_null())
    task = ("study", "question")
    ends = whole.group_by(task).agg(low=pl.col("answer").min(), high=pl.col("answer").max())
    shown = whole.select(*task, "stimulus").unique().join(ends, on=task)
    found = shown.group_by("stimulus").agg(pl.col("low").min(), pl.col("high").max())
    return {place: (low, high) for place, low, high in cast("list[tuple[int, float, float]]", found.rows())}


def _with_order(stimulus: Stimulus) -> Stimulus:
    item = stimulus.item
    if item is None or item.scale.ordered:
        return stimulus
    scale = Scale(kind="ordinal", labels=dict(sorted(item.scale.labels.items())), refusals=item.scale.refusals)
    return replace(stimulus, item=replace(item, scale=scale))


def _with_range(stimulus: Stimulus, used: tuple[float, float] | None) -> Stimulus:
    """Return the stimulus on the range that its words state, else on the one used; as it is where there is neither."""
    stated = stated_ends(stimulus.text)
    ends = stated or used
    if ends is None or ends[0] == ends[1] or not stimulus.text.strip():
        return stimulus
    item = Item("", "", "", context="", text=stimulus.text, scale=_range(*ends), verbatim=True)
    return Stimulus(stimulus.text, item, "stated" if stated else "observed_task", stimulus.reason)


def _range(lowest: float, highest: float) -> Scale:
    low, high = math.floor(lowest), math.ceil(highest)
    step = math.ceil((high - low) / (MAX_POINTS - 1))
    points = math.ceil((high - low) / step) + 1
    return Scale(kind=scale_kind(list(range(points)), {}), low=low, high=low + step * (points - 1), step=step)


def _on_points(rows: pl.DataFrame, scales: dict[int, Scale]) -> pl.DataFrame:
    """Return the rows with answers within these scales moved to the nearest point."""
    ranges = pl.DataFrame(
        [(place, scale.low, scale.high, scale.step) for place, scale in scales.items()],
        schema={"stimulus": pl.UInt32, "low": pl.Float64, "high": pl.Float64, "step": pl.Float64},
        orient="row",
    )
    rows = rows.join(ranges, on="stimulus", how="left", maintain_order="left")
    low, answer = pl.col("low"), pl.col("answer")
    nearest = low + ((answer - low) / pl.col("step")).round() * pl.col("step")
    moved = pl.when(answer.is_between(low, pl.col("high"))).then(nearest).otherwise(answer)
    return rows.with_columns(answer=moved).drop("low", "high", "step")
