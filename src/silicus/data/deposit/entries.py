"""What the documents of a deposit say of its variables: the line that begins with the name of one, and its codes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from silicus.data.deposit.documents import Document
from silicus.data.readers.labelled import code_word

__all__ = ["Entry", "entries"]

_BEGINNING = re.compile(r"[\s*•·–—\-]{0,20}([A-Za-z_][\w.]{0,100})\s*(:|=|\t|\s[–—-]\s|\s{2,})\s*(\S.*)")
_CODES = re.compile(r"\s*\b(?:codes?|values?|coding)\s*:", re.IGNORECASE)
_CODE = re.compile(r"-?\d{1,9}")
_LONGEST = 2000
_MOST_LETTERS = 120


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
    for document in documents:
        offset = 0
        for line in document.text.split("\n"):
            match = _BEGINNING.match(line[:_LONGEST])
            name = wanted.get(match[1].casefold()) if match else None
            if match and name is not None and name not in found:
                where = f"{document.name} {document.place(offset)}"
                words, *coded = _CODES.split(match[3], maxsplit=1)
                found[name] = Entry(where, words.strip(), _codes(coded[0] if coded else match[3]))
            offset += len(line) + 1
    return found


def _codes(text: str) -> dict[str, str]:
    """Return the codes of a list such as "No = 0; Yes = 1" or "0 = No, 1 = Yes".

    Where semicolons part the list, a comma belongs to the words.
    """
    found: dict[str, str] = {}
    for part in text.split(";" if ";" in text else ","):
        one, equals, other = (piece.strip(" .") for piece in part.partition("="))
        if not equals:
            continue
        code, words = (one, other) if _CODE.fullmatch(one) else (other, one.rpartition(":")[2].strip())
        if _CODE.fullmatch(code) and words and len(words) <= _MOST_LETTERS:
            found.setdefault(code_word(code), words)
    return found
