"""What one dataset teaches and another tests: the same stimulus in two surveys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import polars as pl

from silicus.data.dataset import Dataset
from silicus.data.guard.leaks import Claims
from silicus.data.guard.near_duplicates import near_duplicates, whole_words
from silicus.study import Item

__all__ = ["stimuli_across", "taught", "tested"]

_STIMULI = ("study", "condition", "question")


def taught(data: Dataset) -> list[Item]:
    """Return the stimuli of the training part of a split dataset."""
    return _items(data, data.responses.filter(pl.col("split") == "train")["item"])


def tested(data: Dataset) -> list[Item]:
    """Return the stimuli that a dataset says are unseen in a part; all of them where it was not split."""
    if "split" not in data.responses.columns:
        return _items(data, data.responses["item"])
    claims = Claims(data)
    return _items(data, pl.concat([claims.claimed(part, _STIMULI)["item"] for part in ("test", "validation")]))


def _items(data: Dataset, names: pl.Series) -> list[Item]:
    return [data.items[name] for name in sorted(names.drop_nulls().unique())]


def stimuli_across(learnt: Iterable[Item], test: Iterable[Item], similarity: float) -> list[tuple[Item, Item, float]]:
    """Return every stimulus that is learnt from and nearly says what one of another dataset does that is tested on.

    Args:
        learnt: stimuli of one dataset's training part.
        test: stimuli of the other that shall be unseen.
        similarity: from which cosine similarity (see `near_duplicates`) they count as the same.

    Returns:
        The stimulus learnt from, one tested on, and their similarity: for every stimulus learnt from, all those tested
        on whose words are most like its own.
    """
    here, there = _by_words(learnt), _by_words(test)
    ours, theirs = list(here), list(there)
    pairs = near_duplicates(ours, theirs, similarity) if ours and theirs else []
    return [
        (mine, other, alike)
        for place, nearest, alike in pairs
        for mine in here[ours[place]]
        for other in there[theirs[nearest]]
    ]


def _by_words(items: Iterable[Item]) -> dict[str, list[Item]]:
    """Return words -> all stimuli that say them: two scales under the same words are two stimuli."""
    found: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        found[whole_words(item)].append(item)
    found.pop("", None)
    return found
