"""The words of a docx, pdf or html file, found in a process of its own: a file made to hang or swell ends that alone.

`documents.py` starts it as `python -P extract.py KIND PAGES CHARACTERS BYTES` and bounds its time. The bytes of the
file come on standard input. What goes out is a JSON list of places and their words; a file that cannot be read ends in
an exit status other than 0, and the last line of standard error says why. It imports nothing of silicus, to start fast.
"""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import Any

__all__ = ["docx_pieces", "html_pieces", "main", "pdf_pieces"]

_Piece = tuple[str, str]
"""A place, as "page 3", and its words."""

# --- docx: the paragraphs of the body; what was deleted under tracking, and copies for old readers, are passed over

_PASSED_OVER = {"pPr", "del", "moveFrom", "Fallback"}
_LETTERS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


def docx_pieces(data: bytes) -> Iterator[_Piece]:
    """Yield the paragraphs of a Word document, and the rows of its tables with a tab between cells."""
    import docx

    if data.startswith(b"\xd0\xcf\x11\xe0"):
        sys.exit("it is encrypted, or an old Word file under a new name")
    paragraph = table = row = 0
    document: Any = docx.Document(io.BytesIO(data))
    for element in _blocks(document.element.body):
        if _tag(element) == "p":
            paragraph += 1
            yield f"paragraph {paragraph}", _words(element).strip("\n")
        elif _tag(element) == "tbl":
            table, row = table + 1, 0
        else:
            row += 1
            cells = (_words(cell).strip() for cell in element if _tag(cell) in {"tc", "sdt"})
            yield f"table {table} row {row}", "\t".join(cells)


def _blocks(element: Any) -> Iterator[Any]:
    """Yield paragraphs, tables and their rows in order, also those in content controls and tracked changes."""
    for child in element:
        if _tag(child) in {"p", "tr"}:
            yield child
        elif _tag(child) not in _PASSED_OVER:
            if _tag(child) == "tbl":
                yield child
            yield from _blocks(child)


def _words(element: Any) -> str:
    tag = _tag(element)
    if tag == "t":
        return element.text or ""
    if tag in _LETTERS:
        return _LETTERS[tag]
    words = "".join(_words(child) for child in element if _tag(child) not in _PASSED_OVER)
    return f"\n{words}" if tag == "p" else words


def _tag(element: Any) -> str:
    # Comments and processing instructions have a function in the place of a name.
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


# --- pdf


def pdf_pieces(data: bytes, most_pages: int) -> Iterator[_Piece]:
    """Yield the words of every page of a PDF."""
    import pypdf

    logging.disable()
    reader = pypdf.PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        sys.exit("it is encrypted; save a copy that needs no password")
    if len(reader.pages) > most_pages:
        sys.exit(f"it has {len(reader.pages):,} pages, more than {most_pages:,}")
    for number, page in enumerate(reader.pages, start=1):
        yield f"page {number}", page.extract_text()


# --- html

_NO_WORDS = {"script", "style", "template"}
_INLINE = {
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "dfn", "em", "font", "i", "kbd", "mark", "q", "s", "samp",
    "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
}  # fmt: skip


class _Words(HTMLParser):
    """The words of a page by line of its source; every tag but those within a sentence ends a piece."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[_Piece] = []
        self._words: list[str] = []
        self._line = 1
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._hidden += tag in _NO_WORDS
        if tag not in _INLINE:
            self.end_piece()

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(self._hidden - (tag in _NO_WORDS), 0)
        if tag not in _INLINE:
            self.end_piece()

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            if not self._words:
                self._line = self.getpos()[0]
            self._words.append(data)

    def end_piece(self) -> None:
        words = "".join(self._words)
        if words.strip():
            line = self._line + words[: len(words) - len(words.lstrip())].count("\n")
            self.pieces.append((f"line {line}", " ".join(words.split())))
        self._words = []


def html_pieces(text: str) -> list[_Piece]:
    """Return the words of a web page, without its tags, by line of its source."""
    parser = _Words()
    parser.feed(text)
    parser.close()
    parser.end_piece()
    return parser.pieces


# --- the process


def main(kind: str, most_pages: int, most_characters: int, most_bytes: int) -> None:
    """Write the words of the file on standard input to standard output.

    Args:
        kind: docx, pdf or html (as UTF-8).
        most_pages: how many pages a PDF may have.
        most_characters: how many characters the words may have.
        most_bytes: the memory this process may take, where the system can bound it.
    """
    data = sys.stdin.buffer.read()
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
    if kind == "docx":
        pieces: Iterable[_Piece] = docx_pieces(data)
    elif kind == "pdf":
        pieces = pdf_pieces(data, most_pages)
    else:
        pieces = html_pieces(data.decode())
    kept, left = list[_Piece](), most_characters
    for place, words in pieces:
        left -= len(words)
        if left < 0:
            sys.exit(f"it has more than {most_characters:,} characters")
        # A PDF may hold halves of letters, which no file of ours could.
        kept.append((place, words.encode(errors="replace").decode()))
    sys.stdout.write(json.dumps(kept))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
