"""The documents of a deposit: codebooks and questionnaires as text, with the line or page where each part stands."""

from __future__ import annotations

import codecs
import json
import re
import subprocess
import sys
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, islice
from pathlib import Path

from silicus.data.deposit.plain import PlainText, plain
from silicus.data.deposit.qualtrics_words import survey_words
from silicus.errors import InputError
from silicus.plugins import require

__all__ = ["KINDS", "Document", "decode", "read_document"]

KINDS = {
    ".txt": "text", ".md": "text", ".docx": "docx", ".pdf": "pdf", ".html": "html", ".htm": "html", ".qsf": "survey",
}  # fmt: skip
"""Ending of a file -> what it holds."""
_LIBRARY = {"docx": "docx", "pdf": "pypdf"}

_MOST_BYTES = 50 * 1000**2
_MOST_CHARACTERS = 10 * 1000**2
_MOST_PLACES = 500_000
_MOST_PAGES = 2_000
_MOST_SECONDS = 120
_MOST_MEMORY = 2 * 1024**3


@dataclass(frozen=True, eq=False)
class Document:
    r"""A document as text.

    Attributes:
        name: its file, as a path inside the deposit.
        text: its words; lines end with `\n`.
        places: where in `text` a line, paragraph, page or question of a survey begins, and its name, as
            `(310, "line 12")`; sorted.
        encoding: of a text file; `None` where the file says itself how it is to be read.
    """

    name: str
    text: str
    places: tuple[tuple[int, str], ...]
    encoding: str | None = None

    @cached_property
    def plain(self) -> PlainText:
        """The text without what printing changes, made once."""
        return plain(self.text)

    def place(self, offset: int) -> str:
        """Return the line, paragraph, page or question at a place in the text."""
        after = bisect_right(self.places, offset, key=lambda place: place[0])
        return self.places[max(after - 1, 0)][1]


def read_document(path: Path, name: str) -> Document:
    """Return a document as text.

    Args:
        path: its file: .txt, .md, .docx, .pdf, .html, or a survey (.qsf).
        name: what it is called in the deposit, for messages and spans.

    Raises:
        InputError: it is of another kind, too large, truncated, encrypted, or holds no words.
        MissingExtraError: the library that reads such files is not installed.
    """
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise InputError(
            f"{name}: found a '{path.suffix}' file, expected one of {', '.join(KINDS)}. Save it as one of them."
        )
    if kind == "survey":
        return _document(name, survey_words(path, name, _MOST_CHARACTERS), None)
    data, encoding = _bytes_of(path, name), None
    if kind in {"text", "html"}:
        text, encoding = _decoded(data, name)
        data = text.encode()
        if kind == "text":
            lines = text.split("\n")
            return _document(name, [(f"line {number}", line) for number, line in enumerate(lines, start=1)], encoding)
    return _document(name, _extracted(data, kind, name), encoding)


def _bytes_of(path: Path, name: str) -> bytes:
    try:
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise InputError(
                f"{name}: has {size:,} bytes, more than {_MOST_BYTES:,}. Save the pages of this study alone."
            )
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror}).") from None


def _document(name: str, pieces: list[tuple[str, str]], encoding: str | None) -> Document:
    text = "\n".join(words for _, words in pieces)
    if len(text) > _MOST_CHARACTERS or len(pieces) > _MOST_PLACES:
        raise InputError(
            f"{name}: has {len(text):,} characters in {len(pieces):,} lines, more than {_MOST_CHARACTERS:,} in "
            f"{_MOST_PLACES:,}. Is it a data file? Save the pages of this study alone."
        )
    if not text.strip():
        raise InputError(f"{name}: holds no words. If its pages are pictures, have their words recognised first.")
    starts = accumulate((len(words) + 1 for _, words in pieces), initial=0)
    return Document(
        name, text, tuple((start, place) for start, (place, _) in zip(starts, pieces, strict=False)), encoding
    )


# --- words in the bytes of a text file


def decode(data: bytes) -> tuple[str, str]:
    """Return the text in some bytes, and the encoding it is in; line ends stay as they are.

    UTF-16 where its mark is there, else UTF-8 where the bytes are that, else cp1252 (Windows) or mac_roman. Both read
    any bytes, so the one that makes the less odd text is taken, and cp1252 where they are even. Odd is, beyond ASCII: a
    letter that stands alone, a capital after a small letter, and whatever is neither a letter nor one of the marks that
    people write. A dash read as a letter in mid-word and an `e` with an accent read as a capital show the wrong one.

    Raises:
        InputError: the bytes are no text; the message does not know of which file.

    Examples:
        >>> decode("Don’t know".encode("mac_roman"))
        ('Don’t know', 'mac_roman')
        >>> decode("Don’t know".encode("cp1252"))
        ('Don’t know', 'cp1252')
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return data.decode("utf-16"), "utf-16"
        except UnicodeDecodeError as error:
            raise InputError(f"starts with the mark of UTF-16, and is none at byte {error.start:,}.") from None
    if b"\0" in data:
        raise InputError(
            "found bytes of zero, which no text has. Is it another kind of file, or UTF-16 without its mark?"
        )
    try:
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        texts = {encoding: data.decode(encoding, errors="replace") for encoding in ("cp1252", "mac_roman")}
        encoding = min(texts, key=lambda encoding: _odd(texts[encoding]))
        return texts[encoding], encoding


# Without the yen sign: the Mac writes its bullet with the same byte, and codebooks are lists.
_MARKS = frozenset("\xa0‘’‚“”„‹›«»–—…•·¿¡€£¢§©®™°±×÷½¼¾²³¹ªº")
_JUDGED = 100_000
"""Letters beyond ASCII that are looked at; more would tell nothing new."""


def _odd(text: str) -> int:
    """Return how many of the letters beyond ASCII are odd where they stand."""
    beyond = islice(re.finditer(r"[^\x00-\x7f]", text), _JUDGED)
    return sum(_is_odd(text, match.start()) for match in beyond)


def _is_odd(text: str, at: int) -> bool:
    letter, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    if not letter.isalpha() or letter in "ªº":
        return letter not in _MARKS
    return not (before.isalpha() or after.isalpha()) or (letter.isupper() and before.islower())


def _decoded(data: bytes, name: str) -> tuple[str, str]:
    try:
        text, encoding = decode(data)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    return text.replace("\r\n", "\n").replace("\r", "\n"), encoding


# --- words in other files


def _extracted(data: bytes, kind: str, name: str) -> list[tuple[str, str]]:
    """Return the places and words of a file, read by a process that may fail, swell or hang alone."""
    if kind in _LIBRARY:
        require(_LIBRARY[kind])
    script = Path(__file__).with_name("extract.py")
    limits = [str(limit) for limit in (_MOST_PAGES, _MOST_CHARACTERS, _MOST_MEMORY)]
    # -P: a file of the deposit is never imported, whatever its name and wherever we are.
    command = [sys.executable, "-P", str(script), kind, *limits]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_MOST_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise InputError(f"{name}: could not be read within {_MOST_SECONDS} seconds. Save it as plain text.") from None
    if done.returncode:
        why = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise InputError(
            f"{name}: cannot be read as {kind} ({why[-1][:200]}). If it is truncated or encrypted, fetch it again or "
            "save a whole copy; else save it as plain text."
        )
    return [(place, words) for place, words in json.loads(done.stdout)]
