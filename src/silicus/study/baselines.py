"""Answers that need no model: every point alike, the mean of past answers, and what people answered all told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from silicus.errors import InputError
from silicus.study.scale import Scale
from silicus.study.study import Item
from silicus.study.tables import need_columns

__all__ = ["option_words_mean", "pooled", "training_mean", "uniform"]

_Points = npt.NDArray[np.float64]
_Pools = dict[tuple[str, str], dict[tuple[int, ...], tuple[_Points, set[str]]]]


def uniform(scale: Scale) -> _Points:
    """Return the same probability for every point of a scale, shape (points,).

    Examples:
        >>> uniform(Scale(kind="ordinal", low=1, high=4))
        array([0.25, 0.25, 0.25, 0.25])
    """
    return np.full(len(scale.values), 1.0 / len(scale.values))


def training_mean(shares: Iterable[npt.ArrayLike]) -> Callable[[Scale], _Points]:
    """Return the mean distribution of people's answers by length of scale, as a function of a scale.

    It has read no question, only which places of a scale people like. Scales are told apart by their number of points
    alone, ordered or not.

    Args:
        shares: of every question of the training part once; each has shape (points,) and sums to 1. NaN where nobody
            answered: such a question is left out.

    Returns:
        scale -> probabilities of shape (points,): the mean over the questions of as many points, or `uniform` where
        the training part has none.

    Examples:
        >>> predict = training_mean([[0.9, 0.1], [0.6, 0.4], [0.2, 0.3, 0.5]])
        >>> predict(Scale(kind="binary", labels={1: "Yes", 2: "No"}))
        array([0.75, 0.25])
        >>> predict(Scale(kind="ordinal", low=1, high=4))
        array([0.25, 0.25, 0.25, 0.25])
    """
    cells: dict[int, list[_Points]] = {}
    for share in shares:
        row = np.asarray(share, dtype=np.float64)
        if not np.isnan(row).any():
            cells.setdefault(len(row), []).append(row)
    means = {points: np.mean(rows, axis=0) for points, rows in cells.items()}

    def predict(scale: Scale) -> _Points:
        return means[len(scale.values)].copy() if len(scale.values) in means else uniform(scale)

    return predict


def option_words_mean(shares: Iterable[tuple[Scale, npt.ArrayLike]]) -> Callable[[Scale], _Points]:
    """Return the mean distribution of people's answers by the words of the options, as a function of a scale.

    It has read the options and no question: a model that comes nearer has learnt more than how people use the answers
    they are offered. Options are the same where they say the same in the same order, whatever their case; a point
    without words is its number.

    Args:
        shares: of every question of the training part its scale and its answers, as for `training_mean`.

    Returns:
        scale -> probabilities of shape (points,): the mean over the questions with the same options, or the
        `training_mean` where the training part has none.

    Examples:
        >>> asked = Scale(kind="binary", labels={1: "Yes", 2: "No"})
        >>> other = Scale(kind="binary", labels={1: "Agree", 2: "Disagree"})
        >>> predict = option_words_mean([(asked, [0.9, 0.1]), (other, [0.5, 0.5])])
        >>> predict(asked)
        array([0.9, 0.1])
        >>> predict(Scale(kind="binary", labels={1: "True", 2: "False"}))
        array([0.7, 0.3])
    """
    told = [(scale, np.asarray(share, dtype=np.float64)) for scale, share in shares]
    otherwise = training_mean(share for _, share in told)
    by_words: dict[tuple[str, ...], list[_Points]] = {}
    for scale, share in told:
        by_words.setdefault(_words(scale), []).append(share)
    means = {words: training_mean(own) for words, own in by_words.items()}

    def predict(scale: Scale) -> _Points:
        return means.get(_words(scale), otherwise)(scale)

    return predict


def _words(scale: Scale) -> tuple[str, ...]:
    return tuple((scale.label(value) or str(value)).casefold() for value in scale.values)


def pooled(responses: pl.DataFrame, items: Mapping[str, Item]) -> dict[tuple[str, ...], _Points]:
    """Return the distribution of people's answers to a question, all its conditions taken together.

    It knows people's answers and ignores conditions: a control, not a competitor. No model is shown these
    answers; a model near to it has learnt the question, not yet what the conditions change.

    Refusals, and answers that are not on the scale, are left out; an answer counts `n` x `weight`.

    Args:
        responses: a table of schema `RESPONSES`.
        items: the stimuli by their hash (`Item.item`).

    Returns:
        (study, question) -> probabilities of shape (points,), sums to 1. Where the scale's points differ
        between the stimuli of a question, only stimuli of equal points are pooled, and the key is (study,
        question, item). A question without answers is absent.

    Raises:
        InputError: a column is missing, or a response belongs to an unknown item.

    Examples:
        >>> from silicus.study import human_responses, read_study
        >>> study = read_study("asian-disease")
        >>> both = pooled(human_responses(study), {item.item: item for item in study.items()})
        >>> both["asian-disease", "choice"].round(3)
        array([0.466, 0.534])
    """
    needed = ("study", "question", "item", "response", "n", "weight")
    need_columns(responses, needed, "the table of responses")
    people = (pl.col("n") * pl.col("weight")).sum().alias("people")
    sums = responses.group_by("study", "question", "item", "response", maintain_order=True).agg(people)
    pools: _Pools = {}
    for study, question, item, response, count in sums.iter_rows():
        scale = _scale(items, item)
        scales = pools.setdefault((study, question), {})
        counts, shown = scales.setdefault(scale.values, (np.zeros(len(scale.values)), set()))
        shown.add(item)
        if response in scale.values:
            counts[scale.values.index(response)] += count
    return _keyed(pools)


def _scale(items: Mapping[str, Item], item: str) -> Scale:
    if item not in items:
        raise InputError(
            f"the responses name the stimulus '{item}', which is not among the {len(items)} items. "
            "Take the items from the study files the responses come from."
        )
    return items[item].scale


def _keyed(pools: _Pools) -> dict[tuple[str, ...], _Points]:
    """Return the counts as probabilities, under (study, question) or (study, question, item)."""
    found: dict[tuple[str, ...], _Points] = {}
    for question, scales in pools.items():
        for counts, shown in scales.values():
            if counts.sum() == 0:
                continue
            for key in [question] if len(scales) == 1 else [(*question, item) for item in sorted(shown)]:
                found[key] = counts / counts.sum()
    return found
