"""A text table: its cells, and what its lines say beside them.

The text is UTF-8, or UTF-16 where the file begins with its mark; any other encoding has to be named, for a wrong guess
would change words without a trace. Lines may end as on Windows, Linux or an old Macintosh.

A line that does not have one field a column is refused by its number, as is an open quote: read on, it would move
cells into other columns or rows. Blank lines, and the rows in which Qualtrics repeats the words of its questions and
their ImportIds, are no people; they are left out and counted.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import polars as pl

from silicus.errors import InputError, did_you_mean

__all__ = ["TEXT", "TextTable", "brief", "encoding_of", "line_of", "read_text", "rows_of_qualtrics", "titles_of"]

TEXT = (".csv", ".csv.gz", ".tsv", ".tsv.gz")

_ENCODINGS = ("utf-8", "utf-16", "cp1252", "mac_roman", "latin-1", "cp1250", "cp1251", "shift_jis", "gb18030")
# Bytes that begin a file -> its encoding.
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_LONGEST_LINE = 10_000_000
_MOST_BYTES = 4 * 2**30
_CHUNK = 2**20

# How R writes a missing value in a text table.
_NULL = "NA"
# Spreadsheets of many countries write semicolons in a .csv file.
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_IMPORT_ID = re.compile(r"""\{\s*["']ImportId["']\s*:""")


@dataclass(frozen=True)
class TextTable:
    """What a text file holds.

    Attributes:
        cells: text; the first of several columns of one name.
        twice: the names that several columns have.
        titles: column -> the words of its question, where the file repeats them.
        above: how many rows below the header are none of people.
        notes: what was left out -> how many.
    """

    cells: pl.DataFrame
    twice: frozenset[str]
    titles: dict[str, str]
    above: int
    notes: dict[str, int]


def read_text(path: Path, encoding: str | None = None) -> TextTable:
    """Return what a CSV or TSV file holds.

    Args:
        path: the file, packed by gzip or not.
        encoding: how its characters are written; where it is left out, UTF-8, or UTF-16 with its mark.

    Raises:
        InputError: it is no text of this encoding, the encoding is not known, or a line does not fit the header;
            naming the line.
    """
    known = encoding_of(path, encoding)
    _check_size(path)
    separator, is_plain = _form(path, known)
    header, blank = _checked(path, separator, known)
    # polars reads UTF-8 and newlines alone.
    source = path if is_plain and known == "utf-8-sig" else _rewritten(path, known, is_plain=is_plain)
    try:
        cells = pl.read_csv(source, separator=separator, infer_schema=False, null_values=[_NULL])
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{path}: cannot be read as a table: {brief(error)}.") from None
    if blank:
        cells = cells.filter(~pl.int_range(pl.len()).is_in(blank))
    first = list(dict.fromkeys(header))
    cells = cells[:, [header.index(name) for name in first]]
    cells.columns = first
    above = rows_of_qualtrics(cells.head(2).rows())
    titles = titles_of(first, cells.row(0)) if above > 1 else {}
    notes = {"blank lines, left out": len(blank), "header rows of the Qualtrics export, left out": above}
    return TextTable(
        cells=cells.slice(above),
        twice=frozenset(name for name, count in Counter(header).items() if count > 1),
        titles=titles,
        above=above,
        notes={note: count for note, count in notes.items() if count},
    )


def line_of(path: Path, row: int, encoding: str | None = None) -> int:
    """Return the line on which a row begins, counted from 0 below the header and without blank lines."""
    known = encoding_of(path, encoding)
    records = _records(path, _form(path, known)[0], known)
    header, _ = next(records)
    lines = (line for fields, line in records if fields or len(header) == 1)
    return next(line for place, line in enumerate(lines) if place == row)


def brief(error: Exception) -> str:
    """Return the first line of what a library says, without its full stop."""
    return (str(error).splitlines() or ["empty"])[0].rstrip(".")


def encoding_of(path: Path, encoding: str | None) -> str:
    """Return the encoding of a text file: the one named, else the one its first bytes show, else UTF-8.

    Raises:
        InputError: there is no encoding of that name; the nearest known one is named.
    """
    if encoding is None:
        first = _first_bytes(path)
        return next((name for mark, name in _MARKS.items() if first.startswith(mark)), "utf-8-sig")
    try:
        # Python also calls "hex" and "rot13" encodings, which no text is written in.
        "".encode(encoding)
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError):
        hint = did_you_mean(encoding, _ENCODINGS)
        raise InputError(f"{path}: found the encoding '{encoding}', which is not known.{hint}") from None
    return "utf-8-sig" if name == "utf-8" else name


def _first_bytes(path: Path) -> bytes:
    try:
        with gzip.open(path) if _is_packed(path) else path.open("rb") as file:
            return file.read(len(codecs.BOM_UTF8))
    except (OSError, EOFError, zlib.error) as error:
        raise _no_text(path, error, "utf-8-sig") from None


def _is_packed(path: Path) -> bool:
    return path.name.lower().endswith(".gz")


def _check_size(path: Path) -> None:
    """Refuse a packed file that unpacks to more than memory may hold: a few bytes can stand for millions."""
    if not _is_packed(path):
        return
    size = 0
    try:
        with gzip.open(path) as file:
            while chunk := file.read(_CHUNK):
                size += len(chunk)
                if size > _MOST_BYTES:
                    raise InputError(
                        f"{path}: unpacks to more than {_MOST_BYTES // 2**30} GiB. Unpack it, and keep the columns "
                        "that are needed."
                    )
    except (OSError, EOFError, zlib.error) as error:
        raise _no_text(path, error, "utf-8-sig") from None


def _open(path: Path, encoding: str) -> Any:
    if _is_packed(path):
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


def _rewritten(path: Path, encoding: str, *, is_plain: bool) -> io.BytesIO:
    """Return the file's text as UTF-8, with newlines where its lines end in carriage returns alone."""
    with _open(path, encoding) as file:
        text: str = file.read()
    return io.BytesIO((text if is_plain else text.replace("\r\n", "\n").replace("\r", "\n")).encode(errors="replace"))


def _form(path: Path, encoding: str) -> tuple[str, bool]:
    """Return what stands between fields, and whether lines end in a newline.

    The first is what the suffix says, else what parts the header into most fields.
    """
    try:
        with _open(path, encoding) as file:
            lines = iter(lambda: cast("str", file.readline(_LONGEST_LINE)), "")
            header = next((line for line in lines if line.strip()), "")
    except (OSError, EOFError, UnicodeError) as error:
        raise _no_text(path, error, encoding) from None
    if "\0" in header:
        raise InputError(
            f"{path} line 1: found zero bytes, which no text holds. Say how the file is written, such as "
            "`encoding: utf-16-le`, or save it as 'CSV UTF-8'."
        )
    # A carriage return inside an open quote is no end of a line.
    is_plain = not (header.endswith("\r") and header.count('"') % 2 == 0)
    if ".tsv" in path.name.lower():
        return "\t", is_plain
    fields = {between: _fields(header, between) for between in _SEPARATORS}
    return max(fields, key=lambda between: fields[between]), is_plain


def _fields(header: str, between: str) -> int:
    try:
        return len(next(csv.reader([header], delimiter=between), list[str]()))
    except csv.Error:
        return 0


def _no_text(path: Path, error: Exception, encoding: str) -> InputError:
    if encoding != "utf-8-sig":
        return InputError(f"{path}: cannot be read as {encoding} text ({error}). Name another encoding.")
    if not isinstance(error, UnicodeError):
        return InputError(f"{path}: cannot be read as UTF-8 text ({error}). Save it as 'CSV UTF-8'.")
    return InputError(
        f"{path}: cannot be read as UTF-8 text ({error}). Save it as 'CSV UTF-8', or say in the recipe how it is "
        "written: `encoding: cp1252` (Windows) or `encoding: mac_roman` (an old Macintosh)."
    )


def _records(path: Path, separator: str, encoding: str) -> Iterator[tuple[list[str], int]]:
    """Yield the fields of every record, none for a blank line, and the line it begins on; not blank lines on top."""
    begins, found = 1, False
    try:
        with _open(path, encoding) as file:
            lines = csv.reader(file, delimiter=separator, strict=True)
            for fields in lines:
                found = found or bool(fields)
                if found:
                    yield fields, begins
                begins = lines.line_num + 1
    except UnicodeError as error:
        raise _no_text(path, error, encoding) from None
    except csv.Error as error:
        raise InputError(
            f"{path} line {begins}: a quote is opened and not closed, or stands inside quoted words ({error}). "
            "Close it; a quote inside quoted words is written twice."
        ) from None


def _checked(path: Path, separator: str, encoding: str) -> tuple[list[str], list[int]]:
    """Return the header, and the places of the blank lines among the rows.

    Raises:
        InputError: a row has more or fewer fields than the header.
    """
    records = _records(path, separator, encoding)
    header = next((fields for fields, _ in records), list[str]())
    if not header:
        raise InputError(f"{path}: cannot be read as a table: the file is empty.")
    blank: list[int] = []
    for place, (fields, line) in enumerate(records):
        if len(fields) == len(header) or (len(header) == 1 and not fields):
            continue
        if fields:
            raise _misfit(path, separator, header, fields, line)
        blank.append(place)
    return header, blank


def _misfit(path: Path, separator: str, header: list[str], fields: list[str], line: int) -> InputError:
    absent = ", ".join(header[len(fields) :][:3])
    without = f" No value for: {absent}." if absent else ""
    return InputError(
        f"{path} line {line} has {len(fields)} field{'s' * (len(fields) != 1)}, the header has {len(header)}, taking "
        f"{_SEPARATORS[separator]} as what stands between them.{without}"
    )


def rows_of_qualtrics(first: Sequence[tuple[str | None, ...]]) -> int:
    """Return how many of the first two rows are header: the ImportIds, and the words of the questions above them."""
    marked = [any(_IMPORT_ID.match(cell or "") for cell in row) for row in first]
    return marked.index(True) + 1 if True in marked else 0


def titles_of(columns: Sequence[str], words: Sequence[str | None]) -> dict[str, str]:
    """Return column -> the words that stand in its place in a row of titles, where they are not its name."""
    said = {column: " ".join((title or "").split()) for column, title in zip(columns, words, strict=True)}
    return {column: title for column, title in said.items() if title and title != column}
