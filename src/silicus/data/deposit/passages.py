"""Where a text stands in the documents of a deposit, and where something like it stands."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from string import Formatter

from silicus.data.deposit.documents import Document
from silicus.data.deposit.plain import PlainText, plain
from silicus.data.readers.codebook import names_in_braces
from silicus.errors import InputError
from silicus.record import Record

__all__ = ["Span", "find", "nearest"]

_LONGEST_NAME = 100
"""Letters that a name in braces stands for at most; white space and dashes do not count."""
_LONGEST_QUOTE = 300
_MOST_PLACES = 100_000
"""Places of one part of a text that are looked at in a document."""
_LEAST_LIKENESS = 1 / 3
_WORD = re.compile(r"\w+")
_Shingle = str | tuple[str, str]
"""A word, or a word after another."""


class Span(Record):
    """A passage of a document."""

    document: str
    """Its file, as a path inside the deposit."""
    place: str
    """Where it begins, as "line 12" or "page 3"."""
    quote: str
    """Its words as they stand there, the first 300 characters."""

    def __str__(self) -> str:
        """Return where it is, as `Codebook.txt line 12`."""
        return f"{self.document} {self.place}"


def find(documents: Iterable[Document], text: str) -> Span | None:
    """Return the first passage of the first document in which a text stands; `None` where it stands in none.

    White space, hyphens at the ends of lines, kinds of quotes, dashes and ellipses, and entities of HTML make no
    difference, everything else does. The text begins and ends where words do.

    Args:
        documents: where to look, in this order.
        text: the words. A name in braces stands for any up to 100 letters; a doubled brace is a brace. Of names alone,
            or no words, nothing is found.

    Raises:
        InputError: a brace is alone, or holds more than a name.
    """
    parts = _parts(text)
    if not parts:
        return None
    for document in documents:
        found = _passage(document, parts)
        if found:
            return _span(document, *found)
    return None


def _span(document: Document, start: int, end: int) -> Span:
    quote = document.text[start : min(end, start + _LONGEST_QUOTE)]
    return Span(document=document.name, place=document.place(start), quote=quote)


# --- exactly


@dataclass(frozen=True)
class _Part:
    """Words between names in braces, with how many letters may stand before them, and whether they are an end."""

    plain: PlainText
    gap: int
    opens: bool
    closes: bool


def _runs(text: str) -> list[str]:
    """Return the words before, between and after the names in braces."""
    try:
        names_in_braces(text)
    except ValueError as error:
        raise InputError(str(error)) from None
    runs = [""]
    for words, name, _, _ in Formatter().parse(text):
        runs[-1] += words
        if name is not None:
            runs.append("")
    return runs


def _parts(text: str) -> list[_Part]:
    parts: list[_Part] = []
    runs, before = _runs(text), 0
    for number, run in enumerate(runs):
        words = plain(run)
        if words.letters:
            gap = _LONGEST_NAME * (number - before)
            parts.append(_Part(words, gap, opens=number == 0, closes=number == len(runs) - 1))
            before = number
    return parts


def _passage(document: Document, parts: list[_Part]) -> tuple[int, int] | None:
    """Return where in the text of a document the parts first stand in their order: the first and the last offset."""
    first, *others = parts
    starts = _places(document, first, 0, len(document.plain.letters))
    ends = [at + len(first.plain.letters) for at in starts]
    for part in others:
        if not ends:
            return None
        places = _places(document, part, ends[0], ends[-1] + part.gap)
        # The nearest end before a part is as good as any.
        before = [bisect_right(ends, at) - 1 for at in places]
        follows = [(at, last) for at, last in zip(places, before, strict=True) if at - ends[last] <= part.gap]
        starts = [starts[last] for _, last in follows]
        ends = [at + len(part.plain.letters) for at, _ in follows]
    return (document.plain.where(starts[0])[0], document.plain.where(ends[0] - 1)[1]) if ends else None


def _places(document: Document, part: _Part, low: int, high: int) -> list[int]:
    """Return where in a document's letters a part begins, from `low` to `high`."""
    hits = islice(_hits(document.plain.letters, part.plain.letters, low, high), _MOST_PLACES)
    return [at for at in hits if _has_whole_words(document, part, at) and document.plain.agrees(part.plain, at)]


def _has_whole_words(document: Document, part: _Part, at: int) -> bool:
    if not (part.opens or part.closes):
        return True
    start, end = document.plain.where(at)[0], document.plain.where(at + len(part.plain.letters) - 1)[1]
    edges = [start] * part.opens + [end] * part.closes
    return not any(_within_word(document.text, edge) for edge in edges)


def _hits(letters: str, sought: str, low: int, high: int) -> Iterator[int]:
    at = letters.find(sought, low, high + len(sought))
    while at >= 0:
        yield at
        at = letters.find(sought, at + 1, high + len(sought))


def _within_word(text: str, offset: int) -> bool:
    return _is_of_word(text[offset - 1 : offset]) and _is_of_word(text[offset : offset + 1])


def _is_of_word(letter: str) -> bool:
    # From here on scripts set no space between words.
    return letter.isalnum() and letter < "\u2e80"


# --- nearly


def nearest(documents: Iterable[Document], text: str) -> Span | None:
    """Return the passage most like a text; `None` where none shares a third of its words and pairs of words.

    Args:
        documents: where to look.
        text: the words, as for `find`.

    Raises:
        InputError: a brace is alone, or holds more than a name.
    """
    words = _WORD.findall(" ".join(_runs(text)).lower())
    wanted: set[_Shingle] = {*words, *pairwise(words)}
    best: tuple[int, Span] | None = None
    for document in documents:
        shared, start, end = _most_shared(document.text, wanted, len(words))
        if shared >= max(_LEAST_LIKENESS * len(wanted), 1) and (best is None or shared > best[0]):
            best = shared, _span(document, start, end)
    return best[1] if best else None


def _most_shared(text: str, wanted: set[_Shingle], length: int) -> tuple[int, int, int]:
    """Return how many distinct shingles the best run of `length` words shares, and where it begins and ends."""
    held: deque[tuple[int, int, _Shingle]] = deque()
    counts: Counter[_Shingle] = Counter()
    best, previous = (0, 0, 0), ""
    for number, match in enumerate(_WORD.finditer(text)):
        word = match.group().lower()
        if word in wanted:
            for shingle in (word, (previous, word)):
                if shingle in wanted:
                    held.append((number, match.start(), shingle))
                    counts[shingle] += 1
            while held[0][0] <= number - length:
                _forget(counts, held.popleft()[2])
            if len(counts) > best[0]:
                best = len(counts), held[0][1], match.end()
        previous = word
    return best


def _forget(counts: Counter[_Shingle], shingle: _Shingle) -> None:
    counts[shingle] -= 1
    if not counts[shingle]:
        del counts[shingle]
