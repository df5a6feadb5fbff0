"""Orders of a scale's options: the same question with its answers turned round or shuffled.

An order is a permutation of the places of `scale.answers`: at place k of the new list stands the answer that stood
at `order[k]`, so that `target[order]` are people's answers to the reordered item.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from silicus.errors import InputError
from silicus.study.scale import Scale
from silicus.study.study import Item

__all__ = ["balanced_orders", "draw_order", "order_name", "order_named", "reorder", "undo", "why_fixed"]

_APART = re.compile(
    r"other|other\W.*|some(thing|one|body) else.*|.*\b(do not|don['’]?t|cannot|can['’]?t) (know|choose|say)\b.*|"
    r"not sure.*|unsure.*|no (opinion|answer)|none of the above\b.*|prefer not .*|"
    r"refused?|not applicable",
    re.IGNORECASE,
)
"""Answers that stand beside the others rather than among them."""

_NOTHING = re.compile(
    r"none( of (these|those|them)\b.*)?|neither( of (the above|these|those|them)\b.*)?|nothing", re.IGNORECASE
)
"""The same where points have no order; where they have, none is the least of something."""

_DIGITS = re.compile(r"(?<![\d.,])\d+(?![\d%]|[.,]\d)")
_COUNTED = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBERS = {word: number for number, word in enumerate(_COUNTED)}
# "One" says mostly something else than 1.
_WORDS = re.compile(
    rf"\b({'|'.join(word for word in _NUMBERS if word != 'one')}|one(?=\s+(?:means?|meaning|being|stands? for)\b))\b",
    re.IGNORECASE,
)
# "Two programmes", "two-thirds": what is counted is no answer; but "from zero to ten points" names both ends.
_COUNTING = re.compile(r"-|\s+(?!(?:means|stands|equals|says)\b)\w{2,}s\b", re.IGNORECASE)
_RANGING = re.compile(r"\b(?:to|from|between|and)\s+\Z", re.IGNORECASE)
_RISING = re.compile(
    r"\b(higher|lower|larger|smaller|greater|bigger)\s+(the\s+)?(numbers?|scores?|values?|ratings?)\b", re.IGNORECASE
)
"""Words that say which way the numbers run."""

_NAMED = re.compile(r"\border((?: \d+)+)$")


def draw_order(item: Item, rng: np.random.Generator) -> tuple[int, ...]:
    """Return an order of the answers to an item, shape (answers,).

    A nominal scale is shuffled; an ordered one is turned round or left, with equal chances. Refusals stay at the
    end, and answers such as "Other" and "Don't know" where they are; an ordered scale is not turned round where it
    would come nearer to such an answer. An item that `reorder` cannot reorder keeps its order.

    Args:
        item: what is asked.
        rng: draws the order.
    """
    scale = item.scale
    order = np.arange(len(scale.answers))
    if _obstacle(item):
        return tuple(order.tolist())
    free = _free(scale)
    if not scale.ordered:
        order[free] = rng.permutation(free)
    elif rng.random() < 0.5:
        return _turned(scale)
    return tuple(order.tolist())


def balanced_orders(item: Item, count: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
    """Return distinct orders of the answers to an item, the item's own first, over which places are dealt out evenly.

    An ordered scale has two, as it is and turned round. Of a nominal one the answers that may move go through the
    powers of a random cycle, that is a Latin square: as many orders as there are such answers put each of them into
    each place once. More orders are squares of other permutations; of a square that is not whole, no answer stands
    twice in one place. What `draw_order` leaves where it is stays here too.

    Args:
        item: what is asked.
        count: how many orders; fewer are returned where there are no more.
        rng: draws the squares.

    Examples:
        >>> from silicus.study import Scale
        >>> item = Item("s", "a", "q", "", "Well?", Scale(kind="binary", labels={1: "Yes", 2: "No"}))
        >>> balanced_orders(item, 4, np.random.default_rng(0))
        [(0, 1), (1, 0)]
    """
    scale = item.scale
    own = tuple(range(len(scale.answers)))
    if why_fixed(item):
        return [own]
    if scale.ordered:
        return [own, _turned(scale)][:count]
    free = _free(scale)
    most = min(count, math.factorial(len(free)))
    found: dict[tuple[int, ...], None] = {}
    cycle, start = rng.permutation(len(free)), np.arange(len(free))
    while len(found) < most:
        # Two squares of one cycle have all orders in common, or none.
        found |= dict.fromkeys(_square(cycle, start, free, own))
        start = rng.permutation(len(free))
    return list(found)[:most]


def _square(cycle: np.ndarray, start: np.ndarray, free: np.ndarray, own: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield the orders of a Latin square: a permutation, then what it becomes as the cycle goes on.

    Args:
        cycle: the answers that may move, in the order in which each follows the one before it.
        start: where the square begins, a permutation of their numbers.
        free: their places.
        own: all places.
    """
    follows = np.empty_like(cycle)
    follows[cycle] = np.roll(cycle, -1)
    moved = np.arange(len(free))
    for _ in range(len(free)):
        order = np.array(own)
        order[free] = free[start[moved]]
        yield tuple(order.tolist())
        moved = follows[moved]


def why_fixed(item: Item) -> str | None:
    """Return why an item can be asked in no other order, in words, or `None` where it can."""
    return _obstacle(item) or ("no two of its answers can change places" if len(_free(item.scale)) < 2 else None)


def order_name(order: Sequence[int]) -> str:
    """Return the name of an order: the places, counted from 1, from which answers came.

    Examples:
        >>> order_name((1, 0, 2))
        'order 2 1 3'
    """
    return " ".join(["order", *(str(place + 1) for place in order)])


def order_named(name: str) -> tuple[int, ...] | None:
    """Return the order that `order_name` gave a name ending in it, or `None` where the name ends in none.

    Examples:
        >>> order_named("wording 3, order 2 1 3")
        (1, 0, 2)
    """
    found = _NAMED.search(name)
    return tuple(int(place) - 1 for place in found[1].split()) if found else None


def reorder(item: Item, order: Sequence[int]) -> Item:
    """Return the item with its labels moved: the answer at place k means what that at place `order[k]` meant.

    The values stay where they are. `reorder(reorder(item, order), undo(order))` is the item again.

    Args:
        item: what is asked.
        order: a permutation of the places of the answers, shape (answers,), as `draw_order` returns it.

    Raises:
        InputError: the order is none of the answers, moves refusals, or mixes points that have an order; or the item
            cannot be reordered: its words tell how to answer, or its points are numbers rather than names.
    """
    scale, order = item.scale, tuple(order)
    if order == tuple(range(len(scale.answers))):
        return item
    where = f"the question '{item.question}' of the study '{item.study}'"
    obstacle = _obstacle(item) or _misfit(scale, order)
    if obstacle:
        raise InputError(f"{where} cannot be asked in the order {list(order)}: {obstacle}.")
    values = scale.values
    moved = {value: scale.labels.get(values[place]) for value, place in zip(values, order, strict=False)}
    labels = {value: label for value, label in moved.items() if label is not None}
    return replace(item, scale=scale.model_copy(update={"labels": labels}))


def undo(order: Sequence[int]) -> tuple[int, ...]:
    """Return the order that brings everything back.

    Examples:
        >>> undo((2, 0, 1))
        (1, 2, 0)
    """
    return tuple(np.argsort(np.asarray(order)).tolist())


def _obstacle(item: Item) -> str | None:
    """Return why the labels of an item cannot move, or `None` where they can."""
    scale = item.scale
    ends = scale.values[0], scale.values[-1]
    if item.verbatim:
        return "its words already say how to answer"
    if scale.kind == "numeric":
        return "its points are numbers, which have one order"
    if not all(end in scale.labels for end in ends):
        return "its first and its last point have no label that could move"
    return _nearer(scale) or _fixed_by_words(item)


def _nearer(scale: Scale) -> str | None:
    """Return why turning an ordered scale round changes distances between its points, or `None` where it does not."""
    positions = scale.positions
    if not scale.ordered or np.allclose(positions + positions[list(_turned(scale)[: len(positions)])], 1):
        return None
    if not np.allclose(positions + positions[::-1], 1):
        return "its points are not evenly spaced, so that turning it round would change their distances"
    beside = set(range(len(positions))) - set(_free(scale).tolist())
    word = scale.labels[scale.values[min(beside)]]
    return f"'{word}' stands beside its points, so that turning these round would change their distances from it"


def _fixed_by_words(item: Item) -> str | None:
    """Return which words of an item would contradict moved labels, or `None` where there are none."""
    scale = item.scale
    text = " ".join([item.context, item.text, *scale.labels.values()])
    # "10 means completely satisfied", or a label "1 = never": one end is enough.
    named = {int(number) for number in _DIGITS.findall(text)} | set(_spelled_out(text))
    ends = [end for end in (scale.values[0], scale.values[-1]) if end in named]
    if ends:
        return f"its words name the answer{'s' if len(ends) > 1 else ''} {' and '.join(map(str, ends))}"
    rising = _RISING.search(text)
    return f"its words say which way the numbers run: “{rising[0]}”" if rising else None


def _spelled_out(text: str) -> Iterator[int]:
    """Yield the numbers that stand in a text as words and may be answers."""
    for found in _WORDS.finditer(text):
        if not _COUNTING.match(text, found.end()) or _RANGING.search(text, 0, found.start()):
            yield _NUMBERS[found[1].lower()]


def _free(scale: Scale) -> np.ndarray:
    """Return the places of the points that may move, ascending, shape (free,)."""
    apart = [_APART] if scale.ordered else [_APART, _NOTHING]
    words = [scale.labels.get(value, "").strip() for value in scale.values]
    return np.array([k for k, label in enumerate(words) if not any(p.fullmatch(label) for p in apart)], dtype=np.int64)


def _turned(scale: Scale) -> tuple[int, ...]:
    """Return the order in which the points that may move stand the other way round."""
    order = np.arange(len(scale.answers))
    free = _free(scale)
    order[free] = free[::-1]
    return tuple(order.tolist())


def _misfit(scale: Scale, order: tuple[int, ...]) -> str | None:
    """Return why an order that moves something is not one of this scale, or `None` where it is."""
    answers, points = len(scale.answers), len(scale.values)
    if sorted(order) != list(range(answers)):
        return f"it is no permutation of its {answers} answers, 0 to {answers - 1}"
    if order[points:] != tuple(range(points, answers)):
        return "refusals stay at the end"
    if scale.ordered and order != _turned(scale):
        return "a scale with an order can only be turned round"
    return None
