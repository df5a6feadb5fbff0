"""What of a deposit a study is made of: the data file, the survey it was exported from, and the documents."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from silicus.data.deposit.documents import KINDS, Document, decode, read_document
from silicus.data.deposit.folder import Deposit
from silicus.data.deposit.qualtrics import Survey, read_survey
from silicus.data.deposit.qualtrics_columns import columns
from silicus.data.readers.labelled import SUFFIXES, LabelledTable, read_labelled, suffix
from silicus.data.readers.text_table import TEXT
from silicus.errors import InputError, counted

__all__ = ["Material", "gather", "of_another_file"]

_MOST_TABLES = 20
_MOST_SURVEYS = 20
_MOST_DOCUMENTS = 50
_LEAST_KNOWN = 0.5
"""A survey that knows fewer of a table's columns is that of another one."""
_LEAST_NAMED = 0.3
"""A codebook of which fewer entries are columns of a table may be that of another one."""
_FEWEST_ENTRIES = 5
_ENTRY = re.compile(r"[\s*•·–—\-]{0,20}([A-Za-z_][\w.]{0,40})(?:\s*[:=\t]|\s{2,}|\s[–—-]\s)\s*\S")


@dataclass(frozen=True)
class Material:
    """What of a deposit a study is made of.

    Attributes:
        file: the data file, as its path inside the deposit.
        table: what it holds.
        encoding: of a text file that is not UTF-8, guessed from its bytes.
        survey: the survey it was exported from, with its file; `None` where there is none.
        documents: codebooks and questionnaires, the survey last among them.
        others: file -> why it is passed over.
    """

    file: str
    table: LabelledTable
    encoding: str | None
    survey: tuple[str, Survey] | None
    documents: tuple[Document, ...]
    others: dict[str, str]


def gather(deposit: Deposit) -> Material:
    """Return what a study is made of: of several tables, the one with most cells.

    Args:
        deposit: the files.

    Raises:
        InputError: no file of the deposit can be read as a table; saying why.
        MissingExtraError: the library that reads one of its files is not installed.
    """
    found = _largest_table(deposit)
    survey, strange = _survey(deposit, found.table)
    documents, unread = _documents(deposit, survey[0] if survey else None)
    return replace(found, survey=survey, documents=documents, others={**found.others, **strange, **unread})


def _largest_table(deposit: Deposit) -> Material:
    names = [name for name in deposit.files if suffix(Path(name)) in SUFFIXES]
    names.sort(key=lambda name: -deposit.file(name).stat().st_size)
    others = dict.fromkeys(names[_MOST_TABLES:], f"smaller than {_MOST_TABLES} other tables")
    largest: Material | None = None
    for name in names[:_MOST_TABLES]:
        try:
            table, encoding = _table(deposit.file(name))
        except InputError as error:
            others[name] = str(error)
            continue
        found = Material(name, table, encoding, None, (), {})
        smaller = largest
        if smaller is None or _cells(found) > _cells(smaller):
            largest, smaller = found, largest
        else:
            smaller = found
        if smaller is not None:
            others[smaller.file] = f"a smaller table of {_size(smaller)}"
    if largest is None:
        raise InputError(_no_table(deposit, others))
    others.pop(largest.file, None)
    return replace(largest, others=others)


def _no_table(deposit: Deposit, others: dict[str, str]) -> str:
    if not others:
        return f"{deposit.path}: holds no data file, expected one of {', '.join(SUFFIXES)}."
    return f"{deposit.path}: none of its data files can be read. {next(iter(others.values()))}"


def _cells(material: Material) -> int:
    return material.table.cells.height * material.table.cells.width


def _size(material: Material) -> str:
    cells = material.table.cells
    return f"{counted(cells.height, 'row', 'rows')} and {counted(cells.width, 'column', 'columns')}"


def _table(path: Path) -> tuple[LabelledTable, str | None]:
    """Return a table, and the encoding it is read in where that had to be guessed."""
    try:
        return read_labelled(path), None
    except InputError:
        if suffix(path) not in TEXT or path.name.lower().endswith(".gz"):
            raise
        _, encoding = decode(path.read_bytes())
        if encoding == "utf-8":
            raise
        return read_labelled(path, encoding), encoding


def _survey(deposit: Deposit, table: LabelledTable) -> tuple[tuple[str, Survey] | None, dict[str, str]]:
    """Return the survey that knows most columns of a table, and why others are passed over."""
    names = [name for name in deposit.files if _is_survey(name)]
    others = dict.fromkeys(names[_MOST_SURVEYS:], f"comes after {_MOST_SURVEYS} other surveys")
    best: tuple[float, str, Survey] | None = None
    for name in names[:_MOST_SURVEYS]:
        try:
            survey = read_survey(deposit.file(name))
        except InputError as error:
            others[name] = str(error)
            continue
        meanings = columns(survey, table.cells.columns)
        known = sum(meaning.kind != "unknown" for meaning in meanings.values()) / len(meanings)
        others[name] = "a survey that knows fewer columns of the data file"
        if known >= _LEAST_KNOWN and (best is None or known > best[0]):
            best = known, name, survey
    if best is None:
        return None, others
    others.pop(best[1])
    return (best[1], best[2]), others


def _documents(deposit: Deposit, survey: str | None) -> tuple[tuple[Document, ...], dict[str, str]]:
    names = [name for name in deposit.files if Path(name).suffix.lower() in KINDS and not _is_survey(name)]
    others = dict.fromkeys(names[_MOST_DOCUMENTS:], f"comes after {_MOST_DOCUMENTS} other documents")
    found: list[Document] = []
    # What a codebook says of a column comes before the survey's words.
    for name in [*names[:_MOST_DOCUMENTS], *([survey] if survey else [])]:
        try:
            found.append(read_document(deposit.file(name), name))
        except InputError as error:
            others[name] = str(error)
    return tuple(found), others


def of_another_file(material: Material) -> list[str]:
    """Return what is to be said of documents that seem to describe the columns of another file, a sentence each."""
    columns = {name.casefold() for name in material.table.cells.columns}
    survey = material.survey[0] if material.survey else None
    told: list[str] = []
    for document in material.documents:
        named = {match[1].casefold() for line in document.text.split("\n") if (match := _ENTRY.match(line[:200]))}
        own = len(named & columns)
        if document.name != survey and len(named) >= _FEWEST_ENTRIES and own < _LEAST_NAMED * len(named):
            told.append(
                f"{document.name} may be the codebook of another file: of {len(named)} names that begin its lines, "
                f"{own} {'is a column' if own == 1 else 'are columns'} of {material.file}."
            )
    return told


def _is_survey(name: str) -> bool:
    return name.lower().endswith(".qsf")
