"""What people were shown: do conditions differ, do the words stand in the documents, and at the right place of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

import polars as pl

from silicus.data.deposit.documents import Document
from silicus.data.deposit.likeness import content
from silicus.data.deposit.made import Made
from silicus.data.deposit.passages import Span, find
from silicus.data.deposit.recipe import Recipe
from silicus.data.readers.codebook import CROSSED, OTHER, AskedQuestion, Column, Factor, names_in_braces
from silicus.errors import counted
from silicus.study import Condition

__all__ = ["arms_fit", "asked_there", "conditions_differ", "words_of", "words_stand"]

_LONGEST_NAME = 3
"""Words in the place of a cell that are no more may be a name, such as that of a party."""
_LONGEST_LABEL = 8
"""Words of a cell that are more are what an arm was shown."""
_FEWEST = 4
"""Words of a question that are fewer stand anywhere."""
_BEGINNINGS = "\n.?!:;…|\"'“”‘’«»([-–—•*"
_ENDS = "\n.?!:;…|\"'“”‘’«»)]"
_MOST_PLACES = 3
_LONGEST_QUOTE = 300
_OWN = 10
"""Rows for each word of a field, at least, where the field tells of the condition and not of the row."""


# --- conditions


def conditions_differ(made: Made) -> Iterator[str]:
    """Yield every two conditions that show the same, whatever differs from row to row in them."""
    shown = _shown(made)
    held: dict[str, list[str]] = {}
    for condition in shown:
        if condition in made.recipe.same_words:
            continue
        alike = held.setdefault(shown[condition][0], [])
        twin = next((other for other in alike if not _differ(shown[other], shown[condition])), None)
        if twin is None:
            alike.append(condition)
        else:
            yield (
                f"the conditions '{twin}' and '{condition}' show the same words. Write what each of them saw, or say "
                f"why they do under same_words: {{{condition}: ...}}."
            )


_Shown = tuple[str, dict[str, frozenset[str]], int]
"""The text of a condition, the words of each name in braces in it, and its rows."""


def _shown(made: Made) -> dict[str, _Shown]:
    recipe, table = made.recipe, made.table
    names = {name for text in recipe.texts for name in names_in_braces(text) if not name.startswith(OTHER)}
    words = {name: _said(made, recipe.fields.get(name) or Column(column=name)) for name in sorted(names)}
    texts = {condition.id: condition.text for condition in recipe.crossed}
    levels = [
        table.codes(factor.column).replace_strict(
            {code: condition.id for code, condition in factor.conditions.items()}, default=None, return_dtype=pl.String
        )
        for factor in recipe.condition
    ]
    if not levels:
        return {}
    arms = pl.select(pl.concat_str(levels, separator=CROSSED)).to_series()
    rows = pl.DataFrame([arms.alias("arm"), *(column.alias(name) for name, column in words.items())])
    found: dict[str, _Shown] = {}
    for (arm,), own in rows.drop_nulls("arm").group_by("arm", maintain_order=True):
        told = {name: frozenset(own[name].drop_nulls().unique().to_list()) for name in words}
        found[str(arm)] = (" ".join(texts[str(arm)].split()), told, len(own))
    return {name: found[name] for name in texts if name in found}


def _said(made: Made, column: Column) -> pl.Series:
    words = {**made.table.labels.get(column.column, {}), **column.values}
    codes = made.table.codes(column.column)
    return codes.replace(list(words), pl.Series(list(words.values()), dtype=pl.String)) if words else codes


def _differ(one: _Shown, other: _Shown) -> bool:
    """Return whether two conditions of one text differ in a name whose words belong to the condition."""
    return any(
        _belongs(words, one) and _belongs(other[1][name], other) and not words & other[1][name]
        for name, words in one[1].items()
    )


def _belongs(words: frozenset[str], shown: _Shown) -> bool:
    return len(words) == 1 or 0 < len(words) * _OWN <= shown[2]


# --- arms and the words of their cells


def arms_fit(made: Made) -> Iterator[str]:
    """Yield every condition whose cell has words that fit another condition better."""
    for factor in made.recipe.condition:
        if len({condition.id for condition in factor.conditions.values()}) > 1:
            yield from _arms_of(factor, made)


def _arms_of(factor: Factor, made: Made) -> Iterator[str]:
    told: set[str] = set(made.recipe.excused.arms)
    arms = list({condition.id: condition for condition in factor.conditions.values()}.values())
    for cell in made.cells(factor.column):
        own = factor.conditions.get(cell.code)
        if own is None or not cell.words or own.id in told:
            continue
        better = _better(cell.words, own, arms)
        if better is not None:
            told.add(own.id)
            yield (
                f"{cell.where} calls the cells {cell.cell} of '{cell.column}' '{cell.words[:60]}', which is more like "
                f"the condition '{better}' than '{own.id}'. Exchange them, or say why they are right under excused > "
                f"arms: {{{own.id}: ...}}."
            )


def _better(words: str, own: Condition, arms: list[Condition]) -> str | None:
    """Return the condition whose text, or whose id where a cell is called in few words, fits them better than its own.

    What all conditions have in common tells nothing; what fits is the share of the shorter of the two.
    """
    cell = content(words)
    for part in (_id_of, _text_of) if len(words.split()) <= _LONGEST_LABEL else (_text_of,):
        said = {arm.id: content(part(arm)) for arm in arms if part(arm).strip()}
        common = frozenset[str].intersection(*said.values()) if len(said) > 1 else frozenset[str]()
        fits = {
            name: len((each - common) & cell) / max(min(len(each - common), len(cell)), 1)
            for name, each in said.items()
        }
        best = max(fits, key=fits.__getitem__, default=own.id)
        if own.id in fits and fits[best] > fits[own.id]:
            return best
    return None


def _id_of(arm: Condition) -> str:
    return arm.id.replace("_", " ")


def _text_of(arm: Condition) -> str:
    return re.sub(r"\{[^{}]*\}", " ", arm.text)


# --- words and their passages


def words_stand(made: Made) -> Iterator[str]:
    """Yield the words that stand in no document, and those of questions that are a piece of what stands there."""
    excused = made.recipe.not_in_documents
    for name, words in words_of(made.recipe):
        if words.strip() and name not in excused and made.find(words) is None:
            near = made.nearest(words)
            told = "and nothing like them" if near is None else f"the nearest are at {near}"
            yield (
                f"'{name}': its words ({words.strip()[:60]!r}) stand in no document, {told}. Copy them as they were "
                f"shown, or say why they are in none under not_in_documents: {{{name}: ...}}."
            )
    for question in made.recipe.questions:
        if question.id not in excused and question.id not in made.recipe.excused.passages:
            yield from _piece(question, made)


def _piece(question: AskedQuestion, made: Made) -> Iterator[str]:
    span = made.find(question.text)
    if span is None:
        return
    if len(question.text.split()) < _FEWEST:
        why = f"is {counted(len(question.text.split()), 'word', 'words')}, found"
    elif not any(_is_whole(document, question.text) for document in made.documents):
        why = "begins or ends in mid-sentence"
    else:
        return
    yield (
        f"'{question.id}': its text ({question.text.strip()[:60]!r}) {why} at {span}: {_around(made, span)!r}. Copy "
        f"all that was asked, or say why this is it under excused > passages: {{{question.id}: ...}}."
    )


def _around(made: Made, span: Span) -> str:
    text = next(document.text for document in made.documents if document.name == span.document)
    at = max(text.find(span.quote), 0)
    return " ".join(text[max(at - 40, 0) : at + len(span.quote[:80]) + 40].split())


def _is_whole(document: Document, text: str) -> bool:
    """Return whether a text stands in a document somewhere with its sentences whole."""
    rest = document
    for _ in range(_MOST_PLACES):
        span = find([rest], text)
        if span is None:
            return False
        at = rest.text.find(span.quote)
        end = _end(rest, at, text, span)
        if _begins(rest.text, at, text) and _ends(rest.text, end, text):
            return True
        rest = Document(document.name, rest.text[at + 1 :], ((0, "further on"),))
    return False


def _end(document: Document, at: int, text: str, span: Span) -> int:
    """Return where a passage ends; where its quote is cut, by the last of its words."""
    last = re.split(r"\{[^{}]*\}", text)[-1].split()[-12:]
    rest = Document("", document.text[at : at + 3 * len(text) + 1000], ((0, ""),))
    tail = find([rest], " ".join(last)) if last and len(span.quote) == _LONGEST_QUOTE else None
    return at + (len(span.quote) if tail is None else rest.text.find(tail.quote) + len(tail.quote))


def _begins(document: str, at: int, text: str) -> bool:
    before = document[:at].rstrip(" \t")
    return text.lstrip().startswith("{") or not before or before[-1] in _BEGINNINGS


def _ends(document: str, end: int, text: str) -> bool:
    after = document[end:].lstrip(" \t")
    last = text.rstrip()[-1:]
    return last == "}" or last in _ENDS or not after or after[0] in _ENDS


def words_of(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Yield `show`, every condition and every question with the words that its people were shown, then fields.

    Of a field, or a made column in braces, those words that the recipe itself puts in the place of a cell, where they
    are more than a name.
    """
    if recipe.show.strip():
        yield "show", recipe.show
    for factor in recipe.condition:
        for condition in dict.fromkeys(factor.conditions.values()):
            yield condition.id, condition.text
    for question in recipe.questions:
        yield question.id, question.text
    made = {name: (field.column, field.values) for name, field in recipe.fields.items()}
    made |= {name: (name, {}) for name in recipe.shown_columns}
    for name, (column, values) in made.items():
        codes = (values.get(code, code) for code in _codes_of(recipe, column))
        for words in dict.fromkeys([*values.values(), *codes]):
            if words is not None and len(words.split()) > _LONGEST_NAME:
                yield name, words.replace("{", "{{").replace("}", "}}")


def _codes_of(recipe: Recipe, column: str) -> Iterable[str]:
    """Return the codes that `combine` puts into a column."""
    made = recipe.combine.get(column)
    for how in made.columns.values() if made else ():
        yield from (how,) if isinstance(how, str) else (how or {}).values()


# --- questions and their columns


def asked_there(made: Made) -> Iterator[str]:
    """Yield every question whose words the documents have under another column than that of its answers."""
    if not made.recipe.questions:
        return
    told = _documents_of(made)
    for question in made.recipe.questions:
        own = [source for source, _ in made.sources(question.cells)] or _constants(made, question.cells)
        texts = [text for source in own for text in told.get(source, ())]
        if question.id in made.recipe.excused.columns or not texts:
            continue
        for piece in _pieces(question.text):
            if any(find([text], piece) for text in texts):
                continue
            other = next((name for name, held in told.items() if name not in own and find(held, piece)), None)
            if other is not None:
                yield (
                    f"'{question.id}' asks {piece.strip()[:60]!r}, which is said of '{other}', and its answers are "
                    f"read from '{own[0]}', of which is said {texts[0].text.strip()[:60]!r}. Name the column of its "
                    f"answers, or say why it is this one under excused > columns: {{{question.id}: ...}}."
                )
                break


def _constants(made: Made, column: str) -> list[str]:
    combined = made.recipe.combine.get(column)
    return list(combined.columns) if combined else [column]


def _pieces(text: str) -> list[str]:
    """Return the paragraphs of a text that are long enough to stand at one place only."""
    return [piece for piece in text.split("\n") if len(piece.split()) >= _FEWEST]


def _documents_of(made: Made) -> dict[str, list[Document]]:
    """Return column that has answers -> what it is said to ask, each as a document."""

    @cache
    def document(words: str) -> Document:
        return Document("", words, ((0, ""),))

    cells = made.table.cells
    filled = [name for name in cells.columns if cells[name].null_count() < cells.height]
    found = {name: [document(words) for words in made.asked_in(name)] for name in filled}
    return {name: texts for name, texts in found.items() if texts}
