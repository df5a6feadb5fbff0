"""The floors beside an evaluation: cheap models learnt from the training part, which a model must beat."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from silicus.data import Dataset, shares_learnt
from silicus.errors import InputError, MissingExtraError
from silicus.evaluate import (
    Learnt,
    demographics_floor,
    embedding_floor,
    option_words_floor,
    training_mean_floor,
)
from silicus.models.embedder import load_embedder
from silicus.study import KEY
from silicus.workflow.progress import waiting

__all__ = ["floors"]

_PERSON = (*KEY, "respondent")


def floors(
    data: Dataset, asked: pl.DataFrame, seed: int, *, embed: bool = True
) -> tuple[dict[str, pl.DataFrame], list[str]]:
    """Return the predictions of every floor, by its name, and why others are left out, a sentence each.

    "training mean" and "option words" say what people answer by the length and by the words of a scale;
    "demographics" learns from who is asked, "embedding" from the words of question and persona. They are learnt from
    the part "train" alone; answers of other parts are never looked at.

    Args:
        data: the whole dataset, with its training part.
        asked: study, condition, question, item, respondent of what is to be predicted, all of them of `data`.
        seed: where chance comes from.
        embed: whether the floor "embedding" is wanted: its texts take a processor minutes where there are thousands.

    Returns:
        Tables of schema `PREDICTIONS`. Where respondents are groups, every table has a row for every group asked;
        else "training mean" and "option words" have one a stimulus, without a respondent.
    """
    if "split" not in data.responses.columns:
        return {}, [
            "floors: the data have not been split, so there is no training part. Split with: silicus data prepare"
        ]
    rows = data.answered.filter(pl.col("split") == "train")
    if rows.is_empty():
        return {}, ["floors: the training part has no answers."]
    learnt = Learnt(data.items, rows, data.respondents, shares_learnt(data))
    # One chance for each: leaving one out moves no other.
    chances = np.random.default_rng(seed).spawn(2)
    ways: dict[str, Callable[[], pl.DataFrame]] = {
        "training mean": lambda: _to_groups(training_mean_floor(learnt, asked), asked, data),
        "option words": lambda: _to_groups(option_words_floor(learnt, asked), asked, data),
        "demographics": lambda: demographics_floor(learnt, asked, chances[0]),
    }
    if embed:
        ways["embedding"] = lambda: embedding_floor(learnt, asked, load_embedder(), chances[1])
    return _tried(ways)


def _tried(ways: dict[str, Callable[[], pl.DataFrame]]) -> tuple[dict[str, pl.DataFrame], list[str]]:
    """Return what can be had, and what cannot for which reason."""
    found: dict[str, pl.DataFrame] = {}
    left_out: list[str] = []
    for name, way in ways.items():
        try:
            with waiting(f"floor: {name}"):
                found[name] = way()
        except (InputError, MissingExtraError) as error:
            left_out.append(f"{name}: {error}")
    return found, left_out


def _to_groups(predictions: pl.DataFrame, asked: pl.DataFrame, data: Dataset) -> pl.DataFrame:
    """Return predictions by stimulus as such of every group that is asked it: a group is a cell of its own."""
    if data.unit != "group":
        return predictions
    pairs = asked.select(_PERSON).unique(maintain_order=True)
    told = pairs.join(predictions.drop("respondent"), on=KEY, how="left", maintain_order="left")
    return told.select(predictions.columns)
