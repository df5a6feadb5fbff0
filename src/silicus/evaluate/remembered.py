"""What a model remembers of the texts of studies: whether it goes on with them, and whether it expects them.

A model that has read a study may know its answers from there. Three signs of it need no answers: that it writes a
stimulus to its end, that the words of a stimulus are what it expects, and that it is nearer to people where they are.
Works on arrays; knows no models and no studies.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from silicus.evaluate.bootstrap import CellTable, estimate, overall, resample_studies, resample_sums, within_studies
from silicus.evaluate.metrics import FloatArray
from silicus.evaluate.records import Estimate, Number
from silicus.record import Record

__all__ = [
    "Familiar",
    "Verbatim",
    "familiar",
    "halves",
    "min_k",
    "min_k_plus_plus",
    "reproduced",
    "verbatim",
]

_FEWEST_WORDS = 20
_FEWEST_STUDIES = 5
"""A correlation over fewer is anything by chance: of 4 studies, one order in 24 is the best there is."""
_FEWEST_DRAWN = 6
"""Of fewer studies drawn again, so many are drawn twice that an interval would exclude 0 too often."""

_DRAWS = 2000
"""Resamples behind the intervals of `Verbatim`."""

Integers = npt.NDArray[np.int64]


class Verbatim(Record):
    """Whether the model goes on with texts as they stand, given their first half.

    Numbers of tokens are those that greedy decoding writes as they stand before its first other one. Intervals are
    percentiles of a bootstrap that draws studies and, within each, texts (95 %); in a single study it draws its texts.
    """

    texts_n: int
    """Number of texts that were to be gone on with."""
    too_short: int
    """Texts of fewer than 20 words, left out."""
    tokens: Number
    """The median number of tokens that were to be reproduced."""
    reproduced: Estimate
    """Mean number of tokens reproduced in a row from the start."""
    control: Estimate
    """The same after the first half of another text: what style and common words give."""
    difference: Estimate
    """Reproduced less control, text by text: what is remembered, or can be told from the first half."""
    whole: int
    """Texts whose second half is reproduced to its end."""
    longest: int
    """The most tokens reproduced of any text."""
    longest_text: str
    """The name of that text."""


class Familiar(Record):
    """How expected the stimuli are to the model, and whether what is familiar is predicted better.

    Intervals are percentiles of a bootstrap (95 %): of means it draws studies and, within each, texts; of the
    correlation it draws studies.
    """

    texts_n: int
    studies_n: int
    min_k: Estimate
    """Mean log-probability of the least expected fifth of a text's tokens, in nats; the mean over the texts of a study,
    then over studies. Nearer to 0 is more familiar."""
    min_k_plus_plus: Estimate
    """The same with each token's log-probability in standard deviations from what the model expects there, so that
    places where anything may follow count no more than others."""
    correlation: Estimate
    """Spearman's, over studies, of `min_k_plus_plus` with how near predictions lie to people. Above 0: what is familiar
    is predicted better. Unknown where fewer than 5 studies have both, without an interval where fewer than 6 have; `n`
    is how many have."""
    chance: Number
    """How often studies in random order correlate as much: the p-value, one-sided."""
    shuffles: int
    """Number of shuffles behind it."""


def min_k(log_probability: FloatArray, share: float = 0.2) -> float:
    """Return the mean of the lowest log-probabilities of a text's tokens: higher where the text was learnt from.

    Min-K% Prob (Shi et al., 2024, doi:10.48550/arXiv.2310.16789).

    Args:
        log_probability: of each token, shape (tokens,).
        share: of the tokens, rounded down, but at least one of them.

    Returns:
        NaN where there is no token.

    Examples:
        >>> min_k(np.array([-1.0, -9.0, -2.0, -5.0, -1.0]), share=0.4)
        -7.0
    """
    if not len(log_probability):
        return float("nan")
    # A hair's breadth against 0.29 x 100 being 28.999999999999996.
    count = max(int(share * len(log_probability) + 1e-9), 1)
    return float(np.sort(log_probability)[:count].mean())


def min_k_plus_plus(log_probability: FloatArray, mean: FloatArray, spread: FloatArray, share: float = 0.2) -> float:
    """Return the mean of the lowest standardised log-probabilities of a text's tokens.

    Min-K%++ (Zhang et al., 2025, doi:10.48550/arXiv.2404.02936).

    Args:
        log_probability: of each token, shape (tokens,).
        mean: its expectation under the model's own distribution there, shape (tokens,).
        spread: its standard deviation, shape (tokens,); a token of spread 0 lies on the mean.
        share: as for `min_k`.

    Returns:
        NaN where there is no token.

    Examples:
        >>> min_k_plus_plus(np.array([-1.0, -5.0]), np.array([-2.0, -3.0]), np.array([1.0, 4.0]))
        -0.5
    """
    some = np.where(spread > 0, spread, 1.0)
    return min_k(np.where(spread > 0, (log_probability - mean) / some, 0.0), share)


def reproduced(foremost: npt.NDArray[np.bool_]) -> int:
    """Return how many tokens of a text greedy decoding would write as they stand, before its first other one.

    The measure of memorisation of Carlini et al. (2023, doi:10.48550/arXiv.2202.07646).

    Args:
        foremost: whether a token is the most probable after those before it, shape (tokens,).

    Examples:
        >>> reproduced(np.array([True, True, False, True]))
        2
    """
    return int(np.argmin(np.append(foremost, False)))


def halves(text: str, most_words: int = 50) -> tuple[str, str] | None:
    """Return the first half of a text's words, at most so many, and the words that follow, at most so many.

    The space between them begins the second, as tokenizers cut.

    Returns:
        `None` where the text has fewer than 20 words.

    Examples:
        >>> halves("a " * 20, most_words=3)
        ('a a a', ' a a a')
    """
    words = list(re.finditer(r"\S+", text))
    if len(words) < _FEWEST_WORDS:
        return None
    first = min(len(words) // 2, most_words)
    last = min(len(words), first + most_words)
    start, middle, end = words[0].start(), words[first - 1].end(), words[last - 1].end()
    return text[start:middle], text[middle:end]


def verbatim(
    runs: Integers,
    controls: Integers,
    lengths: Integers,
    names: Sequence[str],
    too_short: int,
    cluster: Integers,
    rng: np.random.Generator,
) -> Verbatim | None:
    """Return whether texts are reproduced, given their first half.

    Args:
        runs: tokens reproduced after the text's own first half, shape (texts,).
        controls: after the first half of another text, shape (texts,).
        lengths: how many tokens were to be reproduced, shape (texts,).
        names: what the texts are called.
        too_short: how many texts have no halves.
        cluster: index of the text's study, shape (texts,).
        rng: where resamples come from.

    Returns:
        `None` where there is no text.

    Examples:
        >>> found = verbatim(np.array([9, 1]), np.array([1, 0]), np.array([9, 8]), ["a", "b"], 0, np.array([0, 1]),
        ...                  np.random.default_rng(1))
        >>> found.reproduced.value, found.difference.value, found.whole, found.longest_text
        (5.0, 4.5, 1, 'a')
    """
    texts = len(runs)
    if not texts:
        return None
    added = np.column_stack([runs, controls, runs - controls, np.ones(texts)]).astype(np.float64)
    drawn = cluster if len(np.unique(cluster)) > 1 else np.arange(texts)
    resampled = resample_sums(added, drawn, _DRAWS, rng)
    means = resampled[:, :3] / resampled[:, 3:]
    own, control, difference = (estimate(float(added[:, n].mean()), means[:, n], texts) for n in range(3))
    longest = int(np.argmax(runs))
    return Verbatim(
        texts_n=texts,
        too_short=too_short,
        tokens=float(np.median(lengths)),
        reproduced=own,
        control=control,
        difference=difference,
        whole=int(((runs >= lengths) & (lengths > 0)).sum()),
        longest=int(runs[longest]),
        longest_text=names[longest],
    )


def familiar(
    min_k: FloatArray,
    min_k_plus_plus: FloatArray,
    study: Integers,
    nearness: FloatArray,
    rng: np.random.Generator,
    draws: int = 2000,
    shuffles: int = 2000,
) -> Familiar | None:
    """Return how expected texts are, and whether predictions are nearer to people where they are expected more.

    Args:
        min_k: of each text, shape (texts,); texts without a number are left out.
        min_k_plus_plus: of each text, shape (texts,).
        study: index of each text's study in `nearness`, shape (texts,).
        nearness: how near predictions lie to people, larger for nearer, shape (studies,); NaN where it is unknown.
        rng: where resamples and shuffles come from.
        draws: number of resamples.
        shuffles: number of random orders of the studies.

    Returns:
        `None` where no text has a number.

    Examples:
        >>> score = np.array([-1.0, -2.0, -3.0, -4.0, -5.0])
        >>> found = familiar(score, score, np.arange(5), np.array([-0.1, -0.2, -0.4, -0.3, -0.5]),
        ...                  np.random.default_rng(1), draws=100, shuffles=100)
        >>> found.min_k.value, round(found.correlation.value, 3)
        (-3.0, 0.9)
    """
    known = np.isfinite(min_k) & np.isfinite(min_k_plus_plus)
    if not known.any():
        return None
    kept, number = np.unique(study[known], return_inverse=True)
    values = np.column_stack([min_k, min_k_plus_plus])[known]
    table = CellTable(values, np.ones(len(values)), number, np.ones(2, dtype=np.bool_))
    whole, resampled = overall(table), resample_studies(table, draws, rng)
    plain, standard = (estimate(float(whole[n]), resampled[:, n], len(values)) for n in range(2))
    expected, near = within_studies(table)[:, 1], nearness[kept]
    both = np.isfinite(near)
    correlation, chance = _together(expected[both], near[both], rng, draws, shuffles)
    return Familiar(
        texts_n=len(values),
        studies_n=len(kept),
        min_k=plain,
        min_k_plus_plus=standard,
        correlation=correlation,
        chance=chance,
        shuffles=shuffles,
    )


def _together(
    expected: FloatArray, near: FloatArray, rng: np.random.Generator, draws: int, shuffles: int
) -> tuple[Estimate, float]:
    """Return the rank correlation over studies, and the share of random orders that correlate as much.

    The p-value of a permutation test (Phipson & Smyth, 2010, doi:10.2202/1544-6115.1585).
    """
    studies = len(expected)
    if studies < _FEWEST_STUDIES:
        return estimate(float("nan"), np.zeros(0), studies), float("nan")
    value = _spearman(expected, near)
    if np.isnan(value):
        return estimate(value, np.zeros(0), studies), value
    chosen = rng.integers(studies, size=(draws if studies >= _FEWEST_DRAWN else 0, studies))
    found = estimate(value, np.array([_spearman(expected[draw], near[draw]) for draw in chosen]), studies)
    first, second = _ranks(expected), _ranks(near)
    own = first @ second
    shuffled = rng.permuted(np.tile(second, (shuffles, 1)), axis=1) @ first
    as_much = (shuffled >= own - 1e-12 * first @ first).sum()
    return found, float((1 + as_much) / (1 + shuffles))


def _spearman(x: FloatArray, y: FloatArray) -> float:
    """Return the correlation of ranks, NaN where all of one are equal."""
    first, second = _ranks(x), _ranks(y)
    size = np.sqrt((first @ first) * (second @ second))
    return float(first @ second / size) if size > 0 else float("nan")


def _ranks(values: FloatArray) -> FloatArray:
    """Return the rank of each value less the mean of all ranks; equal values share the mean of theirs."""
    ordered = np.sort(values)
    below, up_to = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
    return (below + up_to - len(values)) / 2
