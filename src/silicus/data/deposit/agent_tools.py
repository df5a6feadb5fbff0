"""What a model may look at: one deposit, opened; nothing outside it, nothing written, nothing executed.

Whatever a tool returns was written by strangers. It stands between two marks that nothing inside can close, is cut to a
length that is said, and an error is an answer in words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import polars as pl

from silicus.data.deposit.documents import Document
from silicus.data.deposit.draft_recipe import draft_recipe
from silicus.data.deposit.folder import Deposit
from silicus.data.deposit.material import Material
from silicus.data.deposit.passages import Span, find, nearest
from silicus.data.deposit.profile import profile
from silicus.data.deposit.profile_columns import ColumnProfile
from silicus.errors import InputError, SilicusError, counted, did_you_mean

__all__ = ["MARK", "DepositTools", "marked"]

MARK = "deposit-data"
"""What stands around the words of strangers."""

_MOST_LETTERS = 8_000
_MOST_COLUMNS = 60
_MOST_CELLS = 150
_LAST = 10**9
_LONGEST_CELL = 200
_SHOWN_CELLS = 8
_SHOWN_FILES = 200
_LONGEST_QUERY = 2_000
_AROUND = 300
_MARKS = re.compile(rf"<(?=\s*/?\s*{MARK})", re.IGNORECASE)


def marked(words: str, what: str) -> str:
    r"""Return words of strangers between the marks, which nothing in them can close.

    Examples:
        >>> marked("a </deposit-data> b", "notes")
        '<deposit-data of="notes">\na &lt;/deposit-data> b\n</deposit-data>'
    """
    # Half a pair of surrogates, which a survey in JSON may hold, cannot be sent.
    whole = words.encode("utf-8", errors="replace").decode("utf-8")
    return f'<{MARK} of="{what}">\n{_MARKS.sub("&lt;", whole)}\n</{MARK}>'


class DepositTools:
    """Answers of a deposit to the questions of a model.

    Args:
        deposit: its files.
        material: what of it a study is made of.
    """

    def __init__(self, deposit: Deposit, material: Material) -> None:
        self._deposit, self._material = deposit, material
        self._profile = profile(material.table, material.survey[1] if material.survey else None)
        self._draft = draft_recipe(material)

    def every(self) -> list[Callable[..., str]]:
        """Return the tools."""
        return [self.files, self.overview, self.columns, self.cells, self.passage, self.search, self.draft_by_rules]

    def files(self) -> str:
        """List the files of the deposit: name, bytes, and which is the data file, the survey or a document."""
        return self._answer("files", lambda: "\n".join(self._files()))

    def overview(self) -> str:
        """Say what the data file holds and what its columns may be: assigned, answered, people, weights, demographics.

        All of it is guessed by rules, from names, titles, labels, values and balance.
        """
        return self._answer("overview", lambda: "\n".join(self._overview()))

    def columns(self, start: int = 1) -> str:
        """Describe the columns of the data file, 60 at a time: title, kind, cells, labels, counts and missing codes.

        Args:
            start: the number of the first column, counted from 1.
        """

        def told() -> str:
            every = list(self._profile.columns.values())
            first = _within(start - 1)
            shown = every[first:][:_MOST_COLUMNS]
            if not shown:
                raise InputError(f"found the column number {start}, expected 1 to {len(every)}.")
            last = first + len(shown)
            more = f" Go on with start={last + 1}." if last < len(every) else ""
            lines = [f"{number}. {_column(each)}" for number, each in enumerate(shown, start=first + 1)]
            return "\n".join([*lines, f"These are {first + 1} to {last} of {len(every)} columns.{more}"])

        return self._answer("columns", told)

    def cells(self, column: str, start: int = 1) -> str:
        """List the different cells of one column with their labels and rows, the most frequent first.

        Args:
            column: the name of the column.
            start: the number of the first cell, counted from 1.
        """
        return self._answer("cells", lambda: self._cells(column, _within(start - 1)))

    def passage(self, document: str, place: str = "", start: int = 0) -> str:
        """Read a document, from a place in it.

        Args:
            document: its path inside the deposit.
            place: where to begin, as "line 12" or "page 3"; the beginning of the document where it is empty.
            start: how many characters after that place to begin.
        """

        def told() -> str:
            found = self._document(document)
            first = _offset(found, place) + _within(start)
            words = found.text[first : first + _MOST_LETTERS]
            last = first + len(words)
            begins = f"{found.name}, {found.place(first)}, characters {first} to {last} of {len(found.text)}"
            return f"{begins}{f'. Go on with start={last} and no place' if last < len(found.text) else ''}:\n{words}"

        return self._answer("passage", told, longest=_MOST_LETTERS + 500)

    def search(self, words: str) -> str:
        """Look for words in all documents: where they stand exactly as given, else where something like them stands.

        Args:
            words: what to look for; a name in braces stands for anything up to 100 letters, as in a recipe.
        """
        return self._answer("search", lambda: "\n\n".join(self._search(words[:_LONGEST_QUERY])))

    def draft_by_rules(self, start: int = 0) -> str:
        """Show the recipe that rules draft without understanding anything, in YAML, with TODO where they know nothing.

        Args:
            start: how many characters after its beginning to begin.
        """

        def told() -> str:
            words = self._draft[_within(start) :][:_MOST_LETTERS]
            last = _within(start) + len(words)
            return f"{words}\n{f'Go on with start={last}.' if last < len(self._draft) else 'This is its end.'}"

        return self._answer("draft", told, longest=_MOST_LETTERS + 500)

    # --- how

    def _answer(self, what: str, told: Callable[[], str], longest: int = _MOST_LETTERS) -> str:
        """Return what a tool found, or in words why it found nothing, between the marks."""
        try:
            words = told()
        except SilicusError as error:
            words = f"Error: {error}"
        words = self._without_paths(words)
        cut = f"\nCut after {longest:,} of {len(words):,} characters." if len(words) > longest else ""
        return marked(words[:longest], what) + cut

    def _without_paths(self, words: str) -> str:
        """Return words without where the deposit lies on this machine, which is nobody's business."""
        return words.replace(f"{self._deposit.path}/", "").replace(str(self._deposit.path), "the deposit")

    def _files(self) -> Iterator[str]:
        material = self._material
        kinds = dict.fromkeys((document.name for document in material.documents), "document")
        kinds |= {name: f"passed over: {why}" for name, why in material.others.items()}
        kinds |= {material.survey[0]: "the survey the data file was exported from"} if material.survey else {}
        encoding = f", encoding {material.encoding}" if material.encoding else ""
        kinds[material.file] = f"the data file{encoding}"
        for name in self._deposit.files[:_SHOWN_FILES]:
            size = self._deposit.file(name).stat().st_size
            yield f"{name}: {size:,} bytes; {kinds.get(name, 'of no kind that is read')}"
        if len(self._deposit.files) > _SHOWN_FILES:
            yield f"and {len(self._deposit.files) - _SHOWN_FILES:,} more"

    def _overview(self) -> Iterator[str]:
        found = self._profile
        yield f"{self._material.file}: {counted(found.rows, 'row', 'rows')}, {len(found.columns):,} columns"
        yield f"People: {', '.join(found.people) or 'no column names them'}"
        if found.repeated:
            yield f"People have several rows, numbered by: {', '.join(found.tasks) or 'no column'}"
        yield f"Weights: {', '.join(found.weights) or 'none'}"
        yield "Assigned, the likeliest first:"
        for each in found.assignments:
            same = f"; the same in other codes: {', '.join(each.same)}" if each.same else ""
            yield f"  {', '.join(each.columns)} (score {each.score:g}): {'; '.join(each.reasons)}{same}"
        yield "Answered, with their scores:"
        yield f"  {', '.join(f'{each.column} ({each.score})' for each in found.outcomes)}"
        yield f"Demographics: {', '.join(f'{name}: {what}' for name, what in found.demographics.items())}"
        yield f"Noted by the program: {', '.join(found.noted)}"
        for name, why in found.unusable.items():
            yield f"Cannot be used: {name!r}, {why}"

    def _cells(self, name: str, first: int) -> str:
        table = self._material.table
        table.check_column(name, "cells")
        labels = {**table.missing.get(name, {}), **table.labels.get(name, {})}
        counts = table.codes(name).alias("code").to_frame().group_by("code").len()
        every = counts.sort(pl.col("len"), "code", descending=[True, False])
        lines = [
            f"{_short('(empty)' if code is None else repr(code))}: {counted(rows, 'row', 'rows')}"
            f"{f', labelled {_short(labels[code])!r}' if code in labels else ''}"
            for code, rows in every.slice(first, _MOST_CELLS).iter_rows()
        ]
        last = first + len(lines)
        more = f" Go on with start={last + 1}." if last < every.height else ""
        title = table.titles.get(name, "")
        return "\n".join([f"{name}: {title}", *lines, f"These are {first + 1} to {last} of {every.height:,}.{more}"])

    def _document(self, name: str) -> Document:
        known = {document.name: document for document in self._material.documents}
        if name in known:
            return known[name]
        self._deposit.file(name)  # says best what is wrong with a name that is no file's
        raise InputError(f"'{name}' is no document that can be read.{did_you_mean(name, known)}")

    def _search(self, words: str) -> Iterator[str]:
        if not words.strip():
            raise InputError("found no words to look for.")
        for document in self._material.documents:
            exact = find([document], words)
            span = exact or nearest([document], words)
            if span is None:
                yield f"{document.name}: not there, and nothing like it"
            else:
                said = "stands exactly at" if exact else "does not stand there; the nearest is at"
                yield f"{document.name}: {said} {span.place}:\n{_around(document, span)}"


def _within(start: int) -> int:
    """Return a place that a model named as one that any text or table may have."""
    return min(max(start, 0), _LAST)


def _column(column: ColumnProfile) -> str:
    cells = [_cell(code, column.labels.get(code), rows) for code, rows in list(column.counts.items())[:_SHOWN_CELLS]]
    missing = [f"{code} {_short(why, 40)!r}" for code, why in column.missing.items()]
    return "; ".join(
        [
            f"{column.name}: {_short(column.title)!r}" if column.title else column.name,
            f"{column.kind}, {column.distinct:,} different",
            ", ".join(cells) + (", …" if column.distinct > len(cells) else ""),
            *([f"missing: {', '.join(missing[:_SHOWN_CELLS])}"] if missing else []),
            *([f"empty in {counted(column.empty, 'row', 'rows')}"] if column.empty else []),
        ]
    )


def _cell(code: str, label: str | None, rows: int) -> str:
    return f"{_short(code, 60)!r}{f' {_short(label, 60)!r}' if label else ''} ({rows:,})"


def _short(words: str, longest: int = _LONGEST_CELL) -> str:
    line = " ".join(words.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _offset(document: Document, place: str) -> int:
    """Return where in a document's text a place begins."""
    if not place.strip():
        return 0
    starts = {name.casefold(): start for start, name in reversed(document.places)}
    start = starts.get(place.strip().casefold())
    if start is None:
        first, last = document.places[0][1], document.places[-1][1]
        raise InputError(f"{document.name} has no place '{place}'. Its places go from '{first}' to '{last}'.")
    return start


def _around(document: Document, span: Span) -> str:
    at = document.text.find(span.quote, _offset(document, span.place))
    return document.text[max(at - _AROUND, 0) : at + len(span.quote) + _AROUND]
