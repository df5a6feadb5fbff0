"""What a build leaves: what went in, what every gate found, what a person has to judge, and who has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from silicus.data.deposit.documents import Document
from silicus.data.deposit.gates import Gate
from silicus.data.deposit.passages import Span, find
from silicus.data.deposit.recipe import Recipe
from silicus.data.readers.labelled import LabelledTable
from silicus.record import Record

__all__ = ["Approval", "Build", "Passage", "Turned", "field_words", "labels_document", "passages"]

_AROUND = 200


class Approval(Record):
    """Who has looked at a dataset and found it right."""

    by: str
    on: str
    """The day."""
    content: str
    """Hash of all that was approved: another dataset is not."""


class Passage(Span):
    """Where words stand in a document, with what stands around them."""

    before: str = ""
    """What stands before the quote, up to 200 letters."""
    after: str = ""
    """What stands behind it."""


class Turned(Record):
    """What became of one cell of a question's column."""

    column: str
    """Of the data file."""
    cell: str
    becomes: str
    """The point with its label, or why it is none."""
    rows: int


class Build(Record):
    """What was built of a deposit (`build.json`)."""

    name: str
    """Of the study."""
    deposit: str
    """The folder or archive."""
    recipe: str
    """Its file."""
    inputs: dict[str, str]
    """The recipe and the files of the deposit it names -> hash of their content."""
    gates: list[Gate]
    found: dict[str, Passage | None]
    """Condition, question, `show`, or value of a field as `field: words` -> where its words stand in the documents."""
    cells: dict[str, list[Turned]]
    """Question -> what became of every cell of its column."""
    to_judge: dict[str, str]
    """What the recipe explains rather than shows, `key > name` -> why."""
    unplaced: dict[str, list[str]]
    """Field of SocSci210 -> values of people that have no place in it."""
    own_count: bool
    """Whether what is expected was counted in the data file alone."""
    content: str | None
    """Hash of the dataset; null where a gate stopped it."""
    stale: str | None = None
    """Why it is not what the deposit now gives; null where it is."""
    approval: Approval | None = None
    silicus: str

    @property
    def passed(self) -> bool:
        """Whether every gate was passed."""
        return all(gate.passed for gate in self.gates)


def passages(recipe: Recipe, documents: list[Document]) -> dict[str, Passage | None]:
    """Return what people were shown -> where its words stand; `None` where nowhere."""
    found = {name: find(documents, words) for name, words in _sought(recipe) if words.strip()}
    return {name: None if span is None else _around(documents, span) for name, span in found.items()}


def _sought(recipe: Recipe) -> Iterator[tuple[str, str]]:
    yield "show", recipe.show
    for factor in recipe.condition:
        yield from ((condition.id, condition.text) for condition in factor.conditions.values())
    yield from ((question.id, question.text) for question in recipe.questions)
    for name in recipe.fields:
        # A cell is looked up as it is: braces in it are braces.
        words_of = (words.replace("{", "{{").replace("}", "}}") for words in field_words(recipe, name))
        yield from ((f"{name}: {words}", words) for words in words_of)


def field_words(recipe: Recipe, name: str) -> list[str]:
    """Return the words that the recipe itself puts in the place of a field's cells."""
    field = recipe.fields[name]
    made = recipe.combine.get(field.column)
    codes = [code for how in made.columns.values() for code in _codes(how)] if made else []
    shown = (field.values.get(code, code) for code in codes)
    return list(dict.fromkeys(words for words in (*field.values.values(), *shown) if words))


def _codes(how: str | dict[str, str] | None) -> Iterable[str]:
    if how is None:
        return ()
    return (how,) if isinstance(how, str) else how.values()


def _around(documents: list[Document], span: Span) -> Passage:
    document = next(each for each in documents if each.name == span.document)
    start = next((start for start, place in document.places if place == span.place), 0)
    at = max(document.text.find(span.quote, start), 0)
    end = at + len(span.quote)
    before, after = document.text[max(at - _AROUND, 0) : at], document.text[end : end + _AROUND]
    return Passage(**span.model_dump(), before=before, after=after)


def labels_document(table: LabelledTable) -> Document | None:
    """Return what the data file itself says of its columns, a line a column; `None` where it says nothing."""
    lines: list[str] = []
    places: list[tuple[int, str]] = []
    start = 0
    for column in table.cells.columns:
        words = [table.titles.get(column, ""), *table.labels.get(column, {}).values()]
        line = "; ".join(word for word in words if word)
        if line:
            places.append((start, f"labels of '{column}'"))
            lines.append(line)
            start += len(line) + 1
    return Document(table.path.name, "\n".join(lines), tuple(places)) if lines else None
