"""Whether a new study is like those on which a model's errors were measured, and whether it is one of them.

Words are compared as those of datasets are when they are looked through for near-duplicates: cosines of tf-idf vectors
of words and pairs of neighbouring words. How near a study is to its nearest past study is judged by how near these are
to each other. A cosine knows words alone: a study in other words may be about the same, and the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from silicus.effects.least_squares import FloatArray, Index
from silicus.effects.past import FEWEST_STUDIES
from silicus.effects.trust.gate import Check, Status, checked
from silicus.errors import counted
from silicus.plugins import require
from silicus.record import Number, Record
from silicus.study import Scale

__all__ = ["ALIKE", "FARTHEST", "SCALES_KNOWN", "PastStudies", "Support", "check_support", "support_of"]

ALIKE = 0.9
"""A cosine above which two stimuli say nearly the same: a few words may differ."""

FARTHEST = 0.05
"""Share of past studies as far from the rest, below which a study is unlike them."""

SCALES_KNOWN = 0.5
"""With fewer, most errors would be those of scales on which none was measured."""

_WORD = r"\w+"

_MOST = 20
"""So many stimuli of each study are compared, evenly spaced: more make it slow, and not much nearer or farther."""


class Support(Record):
    """How near a study is to those on which errors were measured, and to what a model learnt from."""

    past_n: int
    """Number of past studies with words."""
    nearest: str | None
    """The past study that is most alike."""
    similarity: Number
    """Mean over the study's stimuli of the highest cosine with one of that study's, of 20 of each at most: 0, no word
    in common; 1, the same words."""
    farther: Number
    """Share of the past studies that are as far from their own nearest one, or farther."""
    scales: Number
    """Share of the study's scales whose kind and number of points a past study has, too."""
    stimuli_n: int
    """Number of distinct stimuli of the study."""
    among_past_n: int | None
    """How many of them are nearly the same as one of a past study."""
    learnt_n: int | None
    """How many are nearly the same as one the model learnt from; null where its training texts are not known."""
    reason: str | None = None
    """Why something is unknown."""


@dataclass(frozen=True)
class PastStudies:
    """The studies on which errors were measured.

    Attributes:
        texts: study -> what people were shown and asked.
        scales: of all their questions.
    """

    texts: Mapping[str, Sequence[str]]
    scales: Iterable[Scale]


def support_of(
    texts: Sequence[str], scales: Sequence[Scale], past: PastStudies, learnt: Sequence[str] | None = None
) -> Support:
    """Return how near a study is to past ones, and to what a model learnt from.

    Args:
        texts: what people are shown and asked in the study.
        scales: of its questions.
        past: the studies on which errors were measured, without this one.
        learnt: texts of the training data; `None` where they are not known.

    Raises:
        MissingExtraError: scikit-learn is not installed.

    Examples:
        >>> scale = Scale(kind="ordinal", low=1, high=5)
        >>> past = PastStudies({"tea": ["Do you like tea?"], "tax": ["Should taxes rise?"]}, [scale])
        >>> found = support_of(["Do you like green tea?"], [scale], past)
        >>> found.nearest, found.similarity > 0.3, found.scales
        ('tea', True, 1.0)
    """
    own, trained = _distinct(texts), _distinct(learnt or ())
    studies = {name: words for name, found in past.texts.items() for words in [_distinct(found)] if words}
    others = [text for words in studies.values() for text in words]
    alike = _Alike.of([*own, *others, *trained])
    ends = np.cumsum([len(own), *(len(words) for words in studies.values()), len(trained)])
    groups = [_spaced(int(start), int(stop)) for start, stop in pairwise(ends[:-1])]
    near = alike.studies(_spaced(0, len(own)), groups) if own and groups else np.zeros(0)
    return Support(
        past_n=len(studies),
        nearest=list(studies)[int(near.argmax())] if len(near) else None,
        similarity=float(near.max()) if len(near) else None,
        farther=_farther(alike, groups, float(near.max())) if len(near) else None,
        scales=_shared(scales, past.scales),
        stimuli_n=len(own),
        among_past_n=alike.copied(len(own), len(own), int(ends[-2])) if len(near) else None,
        learnt_n=alike.copied(len(own), int(ends[-2]), int(ends[-1])) if trained else None,
        reason=_reason(own, studies),
    )


def check_support(support: Support) -> Check:
    """Return whether errors of the past say anything about a study.

    Doubtful where fewer than 5 % of the past studies are as far from the rest, where most of its scales are new, and
    where one of its stimuli is among the past studies, or was learnt from: what a model is good at there may be
    memory. Not done beside fewer than ten past studies.

    Examples:
        >>> support = support_of(["Do you like tea?"], [], PastStudies({"tax": ["Should taxes rise?"]}, []))
        >>> check_support(support).found
        'there is 1 past study with words, and 10 are needed.'
    """
    few = support.past_n < FEWEST_STUDIES
    leaks = [
        *_copied(support.among_past_n, "in a study on which errors were measured"),
        *_copied(support.learnt_n, "in what the model learnt from"),
    ]
    if few or support.farther is None:
        if leaks:
            return checked("support", "doubtful", f"{'; '.join(leaks)}.")
        known = "is 1 past study" if support.past_n == 1 else f"are {support.past_n} past studies"
        why = f"there {known} with words, and {FEWEST_STUDIES} are needed." if few else f"{support.reason}."
        return checked("support", "not done", why)
    found, unlike = _likeness(support, support.farther)
    status: Status = "doubtful" if leaks or unlike else "passed"
    return checked("support", status, f"{'; '.join([*leaks, *unlike, *found])}.")


def _likeness(support: Support, farther: float) -> tuple[list[str], list[str]]:
    """Return what is told of a study's nearness, and what speaks against it."""
    found = [
        f"its words are most like those of {support.nearest} (cosine {support.similarity:.2f}); of "
        f"{support.past_n} past studies {100 * farther:.0f} % are as far from their own nearest, or farther"
    ]
    doubts = ["nothing is like it among the studies on which errors were measured"] if farther < FARTHEST else []
    if support.scales is not None:
        found.append(f"{100 * support.scales:.0f} % of its scales are known from them")
        if support.scales < SCALES_KNOWN:
            doubts.append("most of its scales are none on which errors were measured")
    return found, doubts


def _copied(count: int | None, where: str) -> list[str]:
    if not count:
        return []
    stimuli = counted(count, "stimulus is", "stimuli are")
    return [f"{stimuli}, nearly word for word, {where}, so that it may be answered from memory"]


def _reason(own: Sequence[str], studies: Mapping[str, Sequence[str]]) -> str | None:
    if not own:
        return "the study shows no words to compare"
    return None if studies else "the words of no past study are known"


def _distinct(texts: Iterable[str]) -> list[str]:
    """Return the distinct texts that hold a word, in small letters with single spaces."""
    every = dict.fromkeys(" ".join(text.lower().split()) for text in texts)
    return [text for text in every if re.search(_WORD, text)]


def _shared(scales: Iterable[Scale], past: Iterable[Scale]) -> float | None:
    known = {(scale.kind, len(scale.values)) for scale in past}
    own = [(scale.kind, len(scale.values)) in known for scale in scales]
    return sum(own) / len(own) if own and known else None


def _spaced(start: int, stop: int) -> Index:
    """Return places from `start` to `stop`, evenly spaced where there are more than are compared."""
    return np.unique(np.linspace(start, stop - 1, min(stop - start, _MOST)).round().astype(np.int64))


def _farther(alike: _Alike, groups: Sequence[Index], similarity: float) -> float | None:
    """Return the share of past studies as far from their nearest as the study is, or farther; of one, none is known."""
    if len(groups) < 2:
        return None
    nearest = [np.delete(alike.studies(own, groups), place).max() for place, own in enumerate(groups)]
    return float(np.mean(np.array(nearest) <= similarity))


@dataclass(frozen=True)
class _Alike:
    """Texts as vectors whose products are cosines.

    Attributes:
        vectors: sparse, shape (texts, words); `None` without a text.
    """

    vectors: Any

    @classmethod
    def of(cls, texts: Sequence[str]) -> _Alike:
        if not texts:
            return cls(None)
        vectorizer: Any = require("sklearn.feature_extraction.text").TfidfVectorizer(
            token_pattern=_WORD, ngram_range=(1, 2), sublinear_tf=True, dtype=np.float32
        )
        return cls(vectorizer.fit_transform(texts))

    def studies(self, own: Index, groups: Sequence[Index]) -> FloatArray:
        """Return the mean over some texts of the highest cosine with one of each group, shape (groups,)."""
        found = self._cosines(own, np.concatenate(groups))
        starts = np.cumsum([0, *(len(group) for group in groups[:-1])])
        highest: FloatArray = np.maximum.reduceat(found, starts, axis=1)
        # Rounded again, so that studies equally far are so whatever the order of the sum.
        return highest.mean(axis=0).round(5)

    def copied(self, own: int, start: int, stop: int) -> int:
        """Return how many of the first texts are nearly the same as one from `start` to `stop`."""
        if not own:
            return 0
        return int(np.sum(self._cosines(np.arange(own), np.arange(start, stop)).max(axis=1) > ALIKE))

    def _cosines(self, rows: Index, columns: Index) -> FloatArray:
        found: FloatArray = (self.vectors[rows] @ self.vectors[columns].T).toarray().astype(np.float64)
        # Single precision: the cosine of a vector with itself may be 0.9999998.
        return np.minimum(np.round(found, 5), 1.0)
