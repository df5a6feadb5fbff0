"""Where every field of a drafted recipe comes from, and whether that is so: a quote stands there, a column holds it.

What a model says of its sources is not believed: quotes are looked up, columns are looked at, and a number of people
that stands in no quote is refused, for a model could have counted its own mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Self, cast

from pydantic import Field, model_validator

from silicus.data.deposit.agent_recipe import field_name
from silicus.data.deposit.documents import Document
from silicus.data.deposit.excuses import reason_keys
from silicus.data.deposit.passages import Span, find
from silicus.data.deposit.plain import plain
from silicus.data.deposit.recipe import Recipe
from silicus.data.readers.by_labels import escaped
from silicus.data.readers.labelled import LabelledTable
from silicus.errors import did_you_mean
from silicus.record import Record

__all__ = ["Evidence", "Origin", "Stated", "origins_of", "sourced_fields", "unfounded", "unsaid"]

_LONGEST_QUOTE = 300
_SHORTEST_QUOTE = 5
_SHOWN_FIELDS = 40
_SHOWN_WORDS = 300
_NAME = re.compile(r"\{[^{}]*\}")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[,.\u00a0\u2009\u202f'’](?=\d{3}(?!\d))")
_SAYS_NOTHING = frozenset(("name", "file", "sheet", "encoding", "documents"))
"""Keys of a recipe that say nothing of the study; those that are reasons themselves do not either."""
_OFTEN_UNSAID = ("source", "weight")
"""What a deposit often does not say, and a person need not make good."""

_Of = Literal["name", "title", "labels", "values"]


class Stated(Record):
    """Where some fields of the recipe come from: give either document and quote, or column and of, or nobody."""

    fields: tuple[str, ...] = Field(min_length=1)
    """The fields, as `questions > q2 > text`, `condition > ARM > 1`, `attributes > age`, `missing > 99`."""
    document: str | None = None
    """The document that says it, as its path inside the deposit."""
    quote: str | None = None
    """Its words, letter by letter as they stand there, 5 to 300 characters."""
    column: str | None = None
    """The column of the data file that shows it."""
    of: _Of | None = None
    """What of the column: its name, its title, the labels of its codes, or the values in its cells."""
    nobody: str | None = Field(default=None, min_length=8)
    """Why the field is as it is although nothing in the deposit says so."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        kinds = (
            self.document is not None or self.quote is not None,
            self.column is not None or self.of is not None,
            self.nobody is not None,
        )
        whole = (self.document is None) == (self.quote is None) and (self.column is None) == (self.of is None)
        if sum(kinds) != 1 or not whole:
            raise ValueError("expected one of: document with quote, column with of, or nobody with a reason.")
        return self


class Origin(Record):
    """Where one field comes from, looked up."""

    kind: Literal["document", "column", "nobody"]
    span: Span | None = None
    """Of a document: where its quote stands."""
    column: str | None = None
    of: _Of | None = None
    words: str | None = None
    """Of a column: what was found there. Of nobody: the reason."""

    def __str__(self) -> str:
        """Return it in words, as they stand behind a field."""
        if self.kind == "document":
            return str(self.span)
        if self.kind == "column":
            return f"{self.of} of the column {self.column}"
        return f"stated by nobody: {self.words}"


@dataclass(frozen=True)
class Evidence:
    """What sources are looked up in.

    Attributes:
        documents: what people wrote of the study, and what the data file says itself.
        table: the data file.
    """

    documents: tuple[Document, ...]
    table: LabelledTable


# --- what is said to be there, is there


def origins_of(stated: Iterable[Stated], evidence: Evidence) -> tuple[dict[str, Origin], list[str]]:
    """Return field -> where it comes from, for the sources that hold; and what speaks against the others.

    Args:
        stated: what a model says of its sources.
        evidence: what they are looked up in.
    """
    found: dict[str, Origin] = {}
    problems: list[str] = []
    for each in stated:
        origin = _looked_up(each, evidence)
        if isinstance(origin, str):
            more = f" and {len(each.fields) - 1} more" if each.fields[1:] else ""
            problems.append(f"the source of '{each.fields[0]}'{more}: {origin}")
        else:
            found.update({field_name(*_parts(name)): origin for name in each.fields})
    return found, problems


def _parts(name: str) -> list[str]:
    return [part.strip() for part in name.split(" > ")]


def _looked_up(stated: Stated, evidence: Evidence) -> Origin | str:
    """Return where something stated comes from, or why it does not."""
    if stated.nobody is not None:
        return Origin(kind="nobody", words=stated.nobody)
    if stated.document is not None and stated.quote is not None:
        return _quoted(stated.document, stated.quote, evidence.documents)
    return _of_column(str(stated.column), stated.of, evidence.table)


def _quoted(name: str, quote: str, documents: tuple[Document, ...]) -> Origin | str:
    named = [document for document in documents if document.name == name]
    if not named:
        return f"there is no document '{name}'.{did_you_mean(name, [document.name for document in documents])}"
    if not _SHORTEST_QUOTE <= len(quote.strip()) <= _LONGEST_QUOTE:
        return f"its quote has {len(quote.strip())} characters, expected {_SHORTEST_QUOTE} to {_LONGEST_QUOTE}."
    span = find(named, escaped(quote))
    if span is None:
        return f"the quote {quote.strip()[:80]!r} does not stand in {name}. Quote letter by letter what stands there."
    return Origin(kind="document", span=span)


def _of_column(column: str, of: _Of | None, table: LabelledTable) -> Origin | str:
    if column not in table.cells.columns:
        return f"the data file has no column '{column}'.{did_you_mean(column, table.cells.columns)}"
    if table.problem(column) is not None:
        return f"the column '{column}' cannot be used: {table.problem(column)}"
    words = _words_of(column, of, table)
    if not words:
        return f"the column '{column}' has no {of}. Name what shows it, or say that nobody does."
    return Origin(kind="column", column=column, of=of, words=words[:_SHOWN_WORDS])


def _words_of(column: str, of: _Of | None, table: LabelledTable) -> str:
    if of == "name":
        return column
    if of == "title":
        return table.titles.get(column, "")
    if of == "labels":
        return "; ".join(f"{code} = {words}" for code, words in table.labels.get(column, {}).items())
    return "; ".join(table.codes(column).drop_nulls().unique().sort().head(_SHOWN_FIELDS).to_list())


# --- what needs a source, has one


def sourced_fields(recipe: Recipe) -> dict[str, Any]:
    """Return field -> its value, for every field that says something of the study and therefore needs a source."""
    data = recipe.model_dump(mode="json", by_alias=True, exclude_unset=True)
    found: dict[str, Any] = {}
    for key, value in data.items():
        if key not in _SAYS_NOTHING | reason_keys() and value:
            found |= {field_name(key, *place): said for place, said in _PARTS_OF.get(key, _entries)(value)}
    return found


_Fields = Iterator[tuple[tuple[str, ...], Any]]
"""The names of fields below a key of the recipe, with their values."""


def _entries(value: Any) -> _Fields:
    if isinstance(value, dict):
        yield from (((name,), said) for name, said in cast("dict[str, Any]", value).items() if said not in (None, ""))
    elif isinstance(value, list):
        yield from (((str(said),), said) for said in cast("list[Any]", value))
    else:
        yield (), value


def _questions(questions: list[dict[str, Any]]) -> _Fields:
    for question in questions:
        said = {"column": question["id"], **question}
        yield from (((question["id"], name), value) for name, value in said.items() if name != "id" and value)


def _arms(factors: list[dict[str, Any]]) -> _Fields:
    for factor in factors:
        yield (factor["column"], "column"), factor["column"]
        for cell, arm in factor["values"].items():
            # An arm that was shown nothing, and rows that are left out, are statements as well.
            yield (factor["column"], cell), arm
            if arm and arm.get("control"):
                yield (factor["column"], cell, "control"), True


def _excluded(exclusions: list[dict[str, Any]]) -> _Fields:
    yield from (((each["column"], cell), why) for each in exclusions for cell, why in each["values"].items())


def _counts(expected: dict[str, Any]) -> _Fields:
    if expected.get("respondents") is not None:
        yield ("respondents",), expected["respondents"]
    for key in ("conditions", "answers"):
        yield from (((key, name), count) for name, count in expected.get(key, {}).items())


_PARTS_OF: dict[str, Callable[[Any], _Fields]] = {
    "condition": _arms,
    "exclude": _excluded,
    "expected": _counts,
    "questions": _questions,
}


def unsaid(origins: dict[str, Origin]) -> dict[str, str]:
    """Return the fields of which nobody says what they say, and that a study cannot do without -> the model's reason.

    The words, the scale and the column of a question, and which cells are which arm, are a study. A model that finds
    no source of them has made them up, or a person has to say where they come from.
    """
    return {
        name: str(origin.words)
        for name, origin in origins.items()
        if origin.kind == "nobody" and _parts(name)[0] not in _OFTEN_UNSAID and _parts(name)[-1] != "control"
    }


# --- the source says what the field says


def unfounded(recipe: Recipe, origins: dict[str, Origin], evidence: Evidence) -> list[str]:
    """Return what speaks against a recipe's fields: no source, a count not in its quote, words not near theirs.

    Args:
        recipe: what was drafted.
        origins: field -> where it comes from.
        evidence: what labels of scales are looked up in.
    """
    fields = sourced_fields(recipe)
    bare = [name for name in fields if name not in origins]
    problems: list[str] = []
    if bare:
        more = f" and {len(bare) - _SHOWN_FIELDS} more" if len(bare) > _SHOWN_FIELDS else ""
        named = "; ".join(bare[:_SHOWN_FIELDS])
        problems.append(f"no source is given, or none that holds, for: {named}{more}. Give each a source.")
    for name, value in fields.items():
        if name in origins:
            problems += [f"'{name}': {problem}" for problem in _disagrees(name, value, origins[name], evidence)]
    return problems


def _disagrees(name: str, value: Any, origin: Origin, evidence: Evidence) -> Iterator[str]:
    parts = _parts(name)
    if parts[0] == "expected":
        yield from _count_unquoted(value, origin)
    elif origin.kind != "nobody" and parts[0] == "questions" and parts[-1] == "scale":
        yield from _labels_elsewhere(value, origin, evidence)
    elif origin.span is not None:
        words = cast("dict[str, Any]", value).get("text", "") if isinstance(value, dict) else value
        shown = parts[0] == "show" or (parts[0] == "condition" and len(parts) == 3) or parts[-1] == "text"
        if shown and isinstance(words, str) and not _overlap(words, origin.span.quote):
            yield "its quote holds none of its words. Quote the place where they stand."


def _count_unquoted(count: int, origin: Origin) -> Iterator[str]:
    if count == 0:
        return  # a crossing that the design leaves empty: nobody publishes that
    if origin.span is None:
        yield "a count needs a document and a quote that state it. Leave expected out where none does."
    elif str(count) not in re.findall(r"\d+", _BETWEEN_DIGITS.sub("", origin.span.quote)):
        yield (
            f"the number {count} does not stand in its quote. Counts are what the authors published, never what a "
            "build gave; leave expected out where they published none."
        )


def _labels_elsewhere(scale: dict[str, Any], origin: Origin, evidence: Evidence) -> Iterator[str]:
    """Yield the labels of a scale that do not stand in its document, or among the words of its column."""
    for code, label in {**scale.get("labels", {}), **scale.get("refusals", {})}.items():
        if origin.span is not None:
            named = [document for document in evidence.documents if document.name == origin.span.document]
            stands = find(named, escaped(label)) is not None
        else:
            column = str(origin.column)
            known = {*evidence.table.labels.get(column, {}).values(), *evidence.table.codes(column).drop_nulls()}
            stands = plain(label).letters.lower() in {plain(words).letters.lower() for words in known}
        if not stands:
            yield f"the label {label!r} of {code} does not stand there. Write the labels as people read them."


def _overlap(words: str, quote: str) -> bool:
    """Return whether a quote holds the longest run of words without names in braces, or is part of it."""
    longest = max((plain(run).letters for run in _NAME.split(words)), key=len)
    quoted = plain(quote).letters
    return not longest or longest in quoted or quoted in longest
