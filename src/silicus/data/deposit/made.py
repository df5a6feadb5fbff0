"""What a recipe made of a deposit, and what the deposit says of its columns: what they ask, what cells are called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from silicus.data.dataset import Dataset
from silicus.data.deposit.documents import Document
from silicus.data.deposit.entries import Entry, codes_alone, entries
from silicus.data.deposit.passages import Span, find, nearest
from silicus.data.deposit.qualtrics import Survey
from silicus.data.deposit.qualtrics_assignments import assignments
from silicus.data.deposit.qualtrics_columns import ColumnMeaning, columns
from silicus.data.deposit.recipe import Recipe
from silicus.data.readers.labelled import LabelledTable
from silicus.errors import InputError

__all__ = ["Cell", "Labels", "Made", "unnumbered"]

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Labels:
    """The words of a column's cells.

    Attributes:
        words: cell -> its words, as "Not at all"; none where nothing says them.
        where: who says so, for messages: "the file", "Codebook.docx paragraph 27", "the survey (QID5)".
    """

    words: dict[str, str]
    where: str


@dataclass(frozen=True)
class Cell:
    """A value that cells of a column have.

    Attributes:
        column: of the data file.
        cell: what stands in it.
        code: what stands in the column that is made of it, else the cell.
        words: what the deposit calls it; a cell that is no number is called by itself; "" where nothing says it.
        where: who calls it so, for messages.
        mapped: whether `combine` gives the code.
    """

    column: str
    cell: str
    code: str
    words: str
    where: str
    mapped: bool


@dataclass(frozen=True)
class Made:
    """What a recipe made of a deposit.

    Attributes:
        table: the data file, excluded rows left out and combined columns made.
        documents: those that the recipe names, and what the data file itself says of its columns.
        survey: the survey among the documents; `None` where there is none.
    """

    recipe: Recipe
    table: LabelledTable
    data: Dataset
    documents: tuple[Document, ...] = ()
    survey: Survey | None = None

    def find(self, words: str) -> Span | None:
        """Return where words stand in the documents."""
        return find(self.documents, words)

    def nearest(self, words: str) -> str | None:
        """Return the passage most like some words, with its place."""
        span = nearest(self.documents, words)
        return None if span is None else f"{span}: {span.quote[:80]!r}"

    def sources(self, column: str) -> Iterator[tuple[str, dict[str, str] | None]]:
        """Yield the columns of the file that a column is made of, and cell -> what it becomes, `None` where it stays.

        A column whose filled cells all become one code says nothing by its cells, and is left out.
        """
        made = self.recipe.combine.get(column)
        if made is None:
            yield column, None
            return
        for source, how in made.columns.items():
            if not isinstance(how, str):
                yield source, how

    def cells(self, column: str) -> Iterator[Cell]:
        """Yield the values of a column, in whatever columns of the file it is made of, and those that have a label."""
        for source, how in self.sources(column):
            labels = self.labels_of(source)
            held: list[str] = self.table.codes(source).drop_nulls().unique().sort().to_list()
            for cell in dict.fromkeys([*held, *labels.words]):
                if how is not None and cell not in how:
                    continue
                words, where = labels.words.get(cell), labels.where
                if words is None:
                    words, where = ("" if _NUMBER.fullmatch(cell) else cell), "the file"
                yield Cell(source, cell, cell if how is None else how[cell], words, where, mapped=how is not None)

    def labels_of(self, column: str) -> Labels:
        """Return the words of a column's cells: the file's, else those of a codebook, else the survey's."""
        own = self.table.labels.get(column)
        if own:
            return Labels({code: unnumbered(code, words) for code, words in own.items()}, "the file")
        entry = self._entries.get(column)
        if entry is not None and entry.codes:
            return Labels({code: unnumbered(code, words) for code, words in entry.codes.items()}, entry.where)
        return self._surveyed(column)

    def _surveyed(self, column: str) -> Labels:
        meaning = self._meanings.get(column)
        if self.survey is None or meaning is None or meaning.kind != "answer" or meaning.question is None:
            return Labels(self._arms.get(column, {}), "the survey")
        scale = self.survey.questions[meaning.question].scale
        points = {**scale.labels, **scale.refusals} if scale else {}
        words = {str(code): unnumbered(str(code), words) for code, words in points.items()}
        return Labels(words, f"the survey ({meaning.question})")

    def asked_in(self, column: str) -> list[str]:
        """Return what a column is said to ask: by its title in the file, a codebook, the survey; none where nothing."""
        told = [self.table.titles.get(column, "")]
        entry, meaning = self._entries.get(column), self._meanings.get(column)
        told += [entry.words] if entry else []
        if self.survey is not None and meaning is not None and meaning.question is not None:
            for id_ in (meaning.question, *meaning.also):
                question = self.survey.questions[id_]
                told.append("\n".join((question.text, *(choice.text for choice in question.choices))))
        return [words for words in told if words.strip()]

    @cached_property
    def missing_alone(self) -> dict[str, tuple[str, str]]:
        """Code -> its words and where, of lines such as "99 = Refused" that stand alone in a document."""
        return codes_alone(self._codebooks)

    @cached_property
    def _codebooks(self) -> list[Document]:
        others = (each for each in self.documents if not each.name.lower().endswith(".qsf"))
        return [document for document in others if document.name != self.table.path.name]

    @cached_property
    def _entries(self) -> dict[str, Entry]:
        return entries(self._codebooks, self.table.cells.columns)

    @cached_property
    def _meanings(self) -> dict[str, ColumnMeaning]:
        return columns(self.survey, self.table.cells.columns) if self.survey else {}

    @cached_property
    def _arms(self) -> dict[str, dict[str, str]]:
        """Embedded data -> value that an arm of the survey sets -> what the arm is called and shows."""
        found: dict[str, dict[str, str]] = {}
        try:
            every = assignments(self.survey) if self.survey else []
        except InputError:
            every = []
        for arm in (arm for each in every for arm in each.arms):
            shown = " ".join((arm.name, *(part.text for part in arm.shown)))
            for name, value in arm.values.items():
                found.setdefault(name, {}).setdefault(value.strip(), shown)
        return found


def unnumbered(code: str, words: str) -> str:
    """Return the words of a label without its code before them.

    Examples:
        >>> [unnumbered("1", words) for words in ("1 = Not at all", "(1) Not at all", "1. Not at all", "10 times")]
        ['Not at all', 'Not at all', 'Not at all', '10 times']
    """
    return re.sub(rf"^\s*(?:\({re.escape(code)}\)|{re.escape(code)}\s*[=.:)\-–—])\s*(?=\S)", "", words)
