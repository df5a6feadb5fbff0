"""What one dataset teaches and another tests: the same stimulus in two surveys."""

from __future__ import annotations

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


def stimuli_across(
    learnt: Iterable[Item], test: Iterable[Item], similarity: float = 0.9
) -> list[tuple[Item, Item, float]]:
    """Return each stimulus that is learnt from and nearly says what one of another dataset does that is tested on.

    Args:
        learnt: stimuli of one dataset's training part.
        test: stimuli of the other that shall be unseen.
        similarity: from which cosine similarity (see `near_duplicates`) they count as the same.

    Returns:
        The stimulus learnt from, the one tested on that is most like it, and their similarity.
    """
    here, there = ({whole_words(item): item for item in items} for items in (learnt, test))
    here.pop("", None)
    there.pop("", None)
    ours, theirs = list(here), list(there)
    pairs = near_duplicates(ours, theirs, similarity) if ours and theirs else []
    return [(here[ours[place]], there[theirs[other]], alike) for place, other, alike in pairs]
