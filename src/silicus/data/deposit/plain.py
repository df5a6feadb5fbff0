"""A text without what printing changes: white space, line breaks, kinds of quotes and dashes, ellipses, entities."""

from __future__ import annotations

import html
import re
import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["PlainText", "plain"]

_QUOTES = "'\"`´‘’‚‛“”„‟‹›«»′″＇＂"
_DASHES = "\\-\u2010-\u2015\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d"
_BLANK = "\\s\u00ad\u180e\u200b-\u200f\u2028-\u202e\u2060\ufeff"
_CHANGED = re.compile(
    # A word that goes on in the next line, with a hyphen that may be its own or the printer's.
    f"(?P<broken>(?<=[^\\W\\d_])[-\u2010\u00ad][^\\S\\n]*\\n)"
    f"|[{_BLANK}]+|[{_QUOTES}]+|[{_DASHES}]+|&(?:\\#\\d{{1,7}}|\\#[xX][0-9a-fA-F]{{1,6}}|[A-Za-z]\\w{{1,31}});"
    # Letters that stand for several, and letters with their accent apart.
    "|[…\ufb00-\ufb06]|[^\\W\\d_][\u0300-\u036f]+"
)
_BREAK = "-\n"
_KINDS = [(re.compile(f"[{kind}]+"), to) for kind, to in ((_BLANK, ""), (_QUOTES, "'"), (_DASHES, "-"))]


@dataclass(frozen=True)
class PlainText:
    """The letters of a text, with where they stand in it.

    Attributes:
        letters: what is left: neither white space nor dashes, one kind of quote.
        dashes: sorted places in `letters` that a dash stands before.
        breaks: sorted places in `letters` that a hyphen at a line's end stands before, which the text may have or not.
        places: sorted places in `letters` from which on the text runs unchanged, or a changed piece begins.
        offsets: where those runs and pieces begin in the text.
        stops: where they end in it.
    """

    letters: str
    dashes: array[int]
    breaks: array[int]
    places: array[int]
    offsets: array[int]
    stops: array[int]

    def where(self, place: int) -> tuple[int, int]:
        """Return where in the text the letter at a place in `letters` begins and ends."""
        run = bisect_right(self.places, place) - 1
        after = self.places[run + 1] if run + 1 < len(self.places) else len(self.letters)
        start, stop = self.offsets[run], self.stops[run]
        if after - self.places[run] != stop - start:  # one letter for several, or several for one
            return start, stop
        return start + place - self.places[run], start + place - self.places[run] + 1

    def agrees(self, other: PlainText, start: int) -> bool:
        """Return whether the dashes of another text are those from `start` on, where its letters stand."""
        if not (self.dashes or self.breaks or other.dashes):
            return True
        last = len(other.letters)
        dashes, breaks = _between(self.dashes, start, last), _between(self.breaks, start, last)
        # A dash before the first letter or after the last one stands around the words, not in them.
        within = {place for place in dashes if 0 < place < last}
        return within <= {*other.dashes, *other.breaks} and {*other.dashes} <= dashes | breaks


def _between(places: array[int], start: int, length: int) -> set[int]:
    return {place - start for place in places[bisect_left(places, start) : bisect_right(places, start + length)]}


def plain(text: str) -> PlainText:
    """Return a text without what printing changes.

    Examples:
        >>> plain("It’s “fair”…").letters == plain("It's  'fair' ...").letters
        True
    """
    letters: list[str] = []
    dashes, breaks, places, offsets, stops = (array("q") for _ in range(5))
    length = 0
    for start, stop, piece in _pieces(text):
        if piece == "-":
            dashes.append(length)
        elif piece == _BREAK:
            breaks.append(length)
        else:
            places.append(length)
            offsets.append(start)
            stops.append(stop)
            letters.append(piece)
            length += len(piece)
    return PlainText("".join(letters), dashes, breaks, places, offsets, stops)


def _pieces(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where the runs of a text begin and end, and their letters or what stands for them."""
    last = 0
    for match in _CHANGED.finditer(text):
        start, end = match.span()
        if start > last:
            yield last, start, text[last:start]
        piece = _BREAK if match.lastgroup else _instead(match.group())
        if piece:
            yield start, end, piece
        last = end
    if last < len(text):
        yield last, len(text), text[last:]


def _instead(piece: str) -> str:
    letters = html.unescape(piece) if piece.startswith("&") else piece
    for kind, to in _KINDS:
        if kind.fullmatch(letters):
            return to
    return unicodedata.normalize("NFKC", letters)
