"""What the documents of a deposit say of its variables: the line that begins with the name of one, and its codes.

The codes stand in the line itself, or one a line right below it. An X in a name stands for any number, as in
"QX_INSERT: ... Codes: Democratic = 0; Republican = 1", where nothing is said of Q2_INSERT itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from silicus.data.deposit.documents import Document
from silicus.data.readers.labelled import code_word

__all__ = ["Entry", "codes_alone", "entries"]

_BEGINNING = re.compile(r"[\s*•·–—\-]{0,20}([A-Za-z_][\w.]{0,100})\s*(:|=|\t|\s[–—-]\s|\s{2,})\s*(\S.*)")
_CODES = re.compile(r"\s*\b(?:codes?|values?|coding)\s*:", re.IGNORECASE)
_CODE = re.compile(r"-?\d{1,9}")
_RUN = re.compile(r"(-?\d{1,9})\s*=\s*(\S.*?)(?=[\s,;]+-?\d{1,9}\s*=|$)")
"""A code and its words, where nothing but the next code parts them."""
_LAST = re.compile(r"(?:^|[\s?.:!(])(-?\d{1,9})$")
"""A code before its words, with what may stand before the first of a list."""
_LINE = re.compile(r"[\s*•·–—]{0,20}(?:\((-?\d{1,9})\)|(-?\d{1,9})\s*(?:[=:.)\t]|\s[–—-]\s|\s{2,}))\s*(\S.*)")
"""A line that is a code and its words."""
_LONGEST = 2000
_MOST_LETTERS = 120
_MOST_CODES = 200


@dataclass(frozen=True)
class Entry:
    """What a document says of a variable.

    Attributes:
        where: document and place, as "Codebook.docx paragraph 27".
        words: what stands behind its name, without its codes.
        codes: code -> its words; none where it lists none.
    """

    where: str
    words: str
    codes: dict[str, str]


def entries(documents: Iterable[Document], names: Iterable[str]) -> dict[str, Entry]:
    """Return variable -> its first entry: a line that begins with its name, in whatever case, and a colon or a gap.

    Args:
        documents: where to look, in this order.
        names: of the variables.
    """
    wanted = {name.casefold(): name for name in names}
    found: dict[str, Entry] = {}
    general: dict[str, Entry] = {}
    for document in documents:
        offset, lines = 0, document.text.split("\n")
        for number, line in enumerate(lines):
            match = _BEGINNING.match(line[:_LONGEST])
            name = wanted.get(match[1].casefold()) if match else None
            general_too = match is not None and name is None and len(general) < _MOST_CODES and _general(match[1])
            if match and ((name is not None and name not in found) or general_too):
                entry = _entry(match[3], lines[number + 1 : number + _MOST_CODES], document, offset)
                (found if name is not None else general).setdefault(name or match[1], entry)
            offset += len(line) + 1
    for beginning, entry in general.items():
        pattern = re.compile(re.escape(beginning).replace("X", "[0-9]{1,4}"), re.IGNORECASE)
        found |= {name: entry for name in wanted.values() if name not in found and pattern.fullmatch(name)}
    return found


def _general(name: str) -> bool:
    """Return whether a name stands for several, as QX_INSERT."""
    return re.search(r"(?<![A-Z])[A-Z]?X(?![A-Za-z])", name) is not None


def _entry(told: str, below: list[str], document: Document, offset: int) -> Entry:
    words, *coded = _CODES.split(told, maxsplit=1)
    codes = _codes(coded[0] if coded else told) or _below(below)
    return Entry(f"{document.name} {document.place(offset)}", words.strip(), codes)


def _below(lines: list[str]) -> dict[str, str]:
    """Return the codes that stand one a line; none where fewer than two do."""
    found: dict[str, str] = {}
    for line in lines:
        match = _LINE.fullmatch(line[:_LONGEST])
        code = match and (match[1] or match[2])
        if not match or not code or code_word(code) in found or len(match[3].strip()) > _MOST_LETTERS:
            break
        found[code_word(code)] = match[3].strip(" .;,")
    return found if len(found) > 1 else {}


def codes_alone(documents: Iterable[Document]) -> dict[str, tuple[str, str]]:
    """Return code -> its words and where, of lines that say a code and its words, and nothing of a variable.

    Args:
        documents: where to look, in this order.
    """
    found: dict[str, tuple[str, str]] = {}
    for document in documents:
        offset = 0
        for line in document.text.split("\n"):
            match = _LINE.fullmatch(line[:_LONGEST])
            code = match and (match[1] or match[2])
            if match and code and len(match[3].strip()) <= _MOST_LETTERS:
                where = f"{document.name} {document.place(offset)}"
                found.setdefault(code_word(code), (match[3].strip(" .;,"), where))
            offset += len(line) + 1
    return found


def _codes(text: str) -> dict[str, str]:
    """Return the codes of a list such as "No = 0; Yes = 1" or "0 = No, 1 = Yes".

    Where semicolons part the list, a comma belongs to the words; where nothing parts it, the next code does.
    """
    found: dict[str, str] = {}
    run = _RUN.findall(text[:_LONGEST])
    if len(run) > 1 and len(run) > text.count(";") + 1 and len(run) > text.count(",") + 1:
        return {code_word(code): words.strip(" .,;") for code, words in run if len(words) <= _MOST_LETTERS}
    for part in text.split(";" if ";" in text else ","):
        one, equals, other = (piece.strip(" .") for piece in part.partition("="))
        if not equals:
            continue
        last = _LAST.search(one)
        if last is not None and not _CODE.fullmatch(other):
            code, words = last[1], other
        else:
            code, words = other, one.rpartition(":")[2].strip()
        if _CODE.fullmatch(code) and words and len(words) <= _MOST_LETTERS:
            found.setdefault(code_word(code), words)
    return found
