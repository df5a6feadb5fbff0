"""Stimuli of the test part that say nearly the same as one that a model learns from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from silicus.data.answer_scale import answer_sentence_start, is_degree
from silicus.data.guard.leaks import Claims, Finding, brief
from silicus.data.stimuli import question_words
from silicus.errors import counted
from silicus.plugins import require
from silicus.study import Item

__all__ = ["asked_words", "near_duplicates", "stimuli_alike", "whole_words", "word_vectors"]

_WORD = r"\w+"
# Signs that change what a number says: "$5" is not "5%", nor "-5".
_TOKEN = re.compile(r"[^\W_]+|[$€£¥%+]|(?<!\w)[-−](?=\d)")
# One block of products holds at most so many numbers, 12 bytes each.
_BLOCK = 4_000_000
_AGAINST = {"test": ("train", "validation"), "validation": ("train",)}
_SHOWN = 3


def near_duplicates(test: list[str], train: list[str], threshold: float) -> list[tuple[int, int, float]]:
    """Return (place in `test`, place in `train`, similarity) of each test text that resembles a training text.

    The similarity is the cosine of tf-idf vectors of words and pairs of neighbouring words, in small letters,
    weighted by how rare they are in all the texts given: 1 for the same words in the same order, whatever the
    punctuation. Every pair is compared; of several training texts the most similar is named.

    Args:
        test: texts of the test part.
        train: texts to compare them with.
        threshold: the least similarity, above 0, at most 1.
    """
    vectors = word_vectors([*test, *train])
    if vectors is None:
        return []
    columns = vectors[len(test) :].T.tocsr()
    rows = max(1, _BLOCK // max(1, len(train)))
    found: list[tuple[int, int, float]] = []
    for start in range(0, len(test) if train else 0, rows):
        found += _best(vectors[start : min(start + rows, len(test))] @ columns, start, threshold)
    return found


def word_vectors(texts: list[str]) -> Any | None:
    """Return the vectors whose products are the similarities, sparse, shape (texts, words); `None` without a word."""
    if not any(re.search(_WORD, text) for text in texts):
        return None
    vectorizer: Any = require("sklearn.feature_extraction.text").TfidfVectorizer(
        token_pattern=_WORD, ngram_range=(1, 2), sublinear_tf=True, dtype=np.float32
    )
    return vectorizer.fit_transform(texts)


def _best(products: Any, start: int, threshold: float) -> list[tuple[int, int, float]]:
    """Return the best column of each row of a block, where it reaches the threshold."""
    best = np.asarray(products.max(axis=1).toarray(), dtype=np.float64).ravel()
    # Single precision: the cosine of a vector with itself may be 0.9999998.
    best = np.minimum(np.round(best, 5), 1.0)
    reached = np.flatnonzero(best >= threshold)
    if not len(reached):
        return []
    places = np.asarray(products[reached].argmax(axis=1)).ravel()
    return [(start + int(row), int(place), float(best[row])) for row, place in zip(reached, places, strict=True)]


def stimuli_alike(claims: Claims, similarity: float) -> list[Finding]:
    """Return what unseen stimuli resemble among those of the parts that must not have seen them.

    Stimuli of an unseen study are compared whole, those of an unseen question by the question's words: both without
    the sentence that says how to answer, which is common to everything. To a question's words belong the options that
    are more than degrees or amounts, in which its content may be (but long options alone make no questions alike), and
    the sentence before its last one where other questions of the study end in the same. Stimuli of an unseen condition
    are nearly the same as those of other conditions by design, so only equal ones count, whatever their case, spaces
    and punctuation. Where people are held out, everybody is shown the same. Stimuli that are there unchanged are not
    named again.
    """
    question = partial(_question, endings=_common_endings(claims))
    options = partial(_with_options, question=question)
    found = [
        finding
        for part in _AGAINST
        for finding in (
            _resembling(claims, part, "study", (whole_words,), similarity),
            _resembling(claims, part, "question", (options, question), similarity),
            _repeated(claims, part),
        )
        if finding
    ]
    reason = "people are held out, and stimuli are shared by design"
    return found or [Finding("near-duplicates", f"near-duplicates: not checked: {reason}")]


def _resembling(
    claims: Claims, part: str, dimension: str, ways: tuple[Callable[[Item], str], ...], similarity: float
) -> Finding | None:
    """Return which stimuli resemble one there in each way; the last way gives the words they are named by."""
    unseen, seen = _compared(claims, part, dimension)
    words, name = ways[0], ways[-1]
    shown, known = _texts(unseen, words), _texts(seen, words)
    test, train = list(shown), list(known)
    if not test:
        return None
    pairs = sorted(near_duplicates(test, train, similarity), key=lambda pair: -pair[2])
    for way in ways[1:]:
        others, there = (list(_texts(items, way)) for items in (unseen, seen))
        also = {others[place] for place, _, _ in near_duplicates(others, there, similarity)}
        pairs = [pair for pair in pairs if way(shown[test[pair[0]]]) in also]
    leaking = {test[place] for place, _, _ in pairs}
    examples = [
        f"{brief(name(shown[test[a]]))} ~ {brief(name(known[train[b]]))} ({cosine:.2f})"
        for a, b, cosine in pairs[:_SHOWN]
    ]
    nouns = ("stimulus of studies", "stimuli of studies") if dimension == "study" else ("question", "questions")
    what = f"{counted(len(test), *nouns)} unseen in {part}"
    says = "says" if len(pairs) == 1 else "say"
    alike = f"{says} nearly the same as one there (cosine of {similarity:g} or more)"
    finding = _finding(claims, part, what, len(train), len(pairs), alike, examples)
    names = tuple(item.item for item in unseen if words(item) in leaking)
    return replace(finding, dimensions=(dimension,), items=names)


def _repeated(claims: Claims, part: str) -> Finding | None:
    unseen, seen = _compared(claims, part, "condition")
    test, train = (_texts(items, _exact) for items in (unseen, seen))
    if not test:
        return None
    same = [text for text in test if text in train]
    examples = [brief(test[text].text) for text in same[:_SHOWN]]
    shown = f"{counted(len(test), 'stimulus', 'stimuli')} of conditions unseen in {part}"
    alike = f"{'says' if len(same) == 1 else 'say'} the same as one there"
    finding = _finding(claims, part, shown, len(train), len(same), alike, examples)
    names = tuple(item.item for item in unseen if _exact(item) in train)
    return replace(finding, dimensions=("condition",), items=names)


def _finding(
    claims: Claims, part: str, shown: str, against: int, count: int, alike: str, examples: list[str]
) -> Finding:
    others = " and ".join(other for other in _AGAINST[part] if len(claims.parts[other]))
    checked = f"near-duplicates: {shown}, against {against:,} in {others}"
    if not count:
        return Finding("near-duplicates", checked, part=part)
    more = ", …" if count > len(examples) else ""
    found = f"{count:,} of {shown}, against {against:,} in {others}, {alike}: {', '.join(examples)}{more}"
    return Finding("near-duplicates", checked, found, part)


def _compared(claims: Claims, part: str, dimension: str) -> tuple[list[Item], list[Item]]:
    """Return the items of a part that are unseen by a dimension, and those of the parts before it."""
    seen = pl.concat([claims.parts[other]["item"] for other in _AGAINST[part]]).unique()
    unseen = claims.claimed(part, [dimension])["item"].unique()
    unseen = unseen.filter(~unseen.is_in(seen.implode()))
    items = claims.data.items
    return [items[i] for i in sorted(unseen) if i in items], [items[i] for i in sorted(seen) if i in items]


def _texts(items: list[Item], words: Callable[[Item], str]) -> dict[str, Item]:
    """Return the distinct texts that are not empty, each with an item it is of."""
    texts = {words(item): item for item in reversed(items)}
    return {text: item for text, item in texts.items() if text}


def whole_words(item: Item) -> str:
    """Return what is compared of a stimulus: its words without the sentence that says how to answer."""
    text = item.text[: answer_sentence_start(item.text)] if item.verbatim else item.text
    return " ".join(f"{item.context}\n{text}".lower().split())


def _question(item: Item, endings: set[tuple[str, str]]) -> str:
    """Return what is compared of a question.

    Args:
        item: what was shown.
        endings: the last sentences that questions of a study have in common, each with the study.
    """
    text = asked_words(item)
    if (item.study, text) in endings:
        text = f"{_before(item, text)} {text}"
    return " ".join(text.lower().split())


def _with_options(item: Item, question: Callable[[Item], str]) -> str:
    options = sorted(label.lower() for label in item.scale.labels.values() if not is_degree(label))
    return " ".join(" ".join([question(item), *options]).split())


def asked_words(item: Item) -> str:
    """Return what is asked in a stimulus, without what leads to it."""
    return question_words(item.text) if item.verbatim else item.text


def _before(item: Item, last: str) -> str:
    """Return the sentence before the last one of a stimulus."""
    words = " ".join(item.text[: answer_sentence_start(item.text)].split())
    return question_words(words.rpartition(last)[0])


def _common_endings(claims: Claims) -> set[tuple[str, str]]:
    """Return the last sentences that several questions of a study share, such as "How much do you agree?"."""
    items = [item for item in claims.data.items.values() if item.verbatim and "asked:" not in item.text]
    asked = {(item.study, item.question, asked_words(item)) for item in items}
    count = Counter((study, words) for study, _, words in asked if words)
    return {ending for ending, questions in count.items() if questions > 1}


def _exact(item: Item) -> str:
    # The scale of a stimulus that is not verbatim stands beside its words, and may be what is manipulated.
    scale = "" if item.verbatim else f"\n{item.scale.model_dump_json()}"
    return " ".join(_TOKEN.findall(f"{item.context}\n{item.text}".lower())) + scale
