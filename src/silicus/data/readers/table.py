"""Any table of people's answers, one row a person or a task of a person, with a codebook or the file's own labels.

A codebook (`silicus.data.readers.codebook`) says what the columns mean. It is the one named, or stands beside the
file as `FILE.codebook.yaml` (or `.yml`). An SPSS or Stata file can also be read by its labels alone
(`silicus.data.readers.by_labels` says which of its columns become questions); the rest is passed over and counted. Its
people are known where a column of ids differs in every row; where an id comes again, rows are not people, and the file
needs a codebook.

A cell of a question becomes

    an answer               a number, or the words of a point of the scale; off the scale it is counted and left out
    a missing answer        where the codebook or the file names its value; the name is kept as the reason
    nothing, counted        where it is empty, or holds words that are no point: the first of them are named, and
                            told in a note where they are many

A text cell is taken for the words of a point before it is taken for a number; a cell that is both is an error.
What was shown is built from the row where words hold names in braces, so every profile of a conjoint experiment is an
item of its own. Two profiles of one choice are two rows and two answers; `pair` lets each tell the other. Every answer
carries the fields of its row as text columns, in the words shown: `shown.NAME`, and `other.NAME` of a pair.

People are told apart by their ids as they are written; only where the file says that ids are numbers are 1 and 1.0
alike.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from string import Formatter

import polars as pl

from silicus.data.dataset import ROWS, Dataset, Stimulus, Unit, settle
from silicus.data.reader import Reader, ReadOptions
from silicus.data.readers.asked import NUMBER, Asked, asked
from silicus.data.readers.by_labels import codebook_by_labels
from silicus.data.readers.codebook import (
    CROSSED,
    OTHER,
    SHOWN_AS,
    Codebook,
    Column,
    codebook_beside,
    names_in_braces,
)
from silicus.data.readers.labelled import STATISTICS, SUFFIXES, LabelledTable, read_labelled, suffix
from silicus.data.readers.pairs import partners
from silicus.errors import InputError, did_you_mean
from silicus.record import read
from silicus.study import Condition, Item, Source

__all__ = ["CROSSED", "READER", "read_answers"]

_LEFT = (
    pl.when(pl.col("code").is_null())
    .then(pl.lit("no answer in the cell"))
    .when(pl.col("lost").is_not_null())
    .then("lost")
    .when(pl.col("left").is_not_null())
    .then("left")
    .when(pl.col("stimulus").is_null())
    .then(pl.lit("an empty cell among the words shown"))
)
"""Why a cell is no row of the dataset, null where it is one."""

_WHOLE = r"^-?(?:0|[1-9]\d*)$"
_READ = "rows in the file, each read as one cell a question"
_NAMED = 3


def _recognises(path: Path) -> bool:
    kind = suffix(path)
    return path.is_file() and (kind in STATISTICS or (kind in SUFFIXES and codebook_beside(path).is_file()))


def _read(path: Path, options: ReadOptions) -> Dataset:
    table = read_labelled(path)
    where = options.codebook or codebook_beside(path)
    if options.codebook is not None or where.is_file():
        return read_answers(table, read(where, Codebook), str(where), published=options.published)
    if suffix(path) not in STATISTICS:
        raise InputError(
            f"{path}: needs a codebook that says what its columns mean. Draft one, fill in its TODOs, and read again: "
            f"silicus data codebook {path} > {where}"
        )
    codebook, passed_over = codebook_by_labels(table)
    unit: Unit = "row" if codebook.respondent is None else "person"
    return read_answers(table, codebook, str(path), published=options.published, left_out=passed_over, unit=unit)


READER = Reader(
    name="table",
    codebook=True,
    title="Any table of people's answers, with a codebook or value labels",
    source=Source(citation="stated in the codebook", licence="stated in the codebook"),
    obtain="yours",
    forms=f"{', '.join(SUFFIXES)} files, with a codebook beside them or, for .sav and .dta, value labels",
    recognises=_recognises,
    read=_read,
)


def read_answers(
    table: LabelledTable,
    codebook: Codebook,
    where: str,
    *,
    published: bool = False,
    left_out: dict[str, int] | None = None,
    unit: Unit = "person",
) -> Dataset:
    """Return the dataset of a table and its codebook; answers stand in the order of the file.

    Args:
        table: people's answers.
        codebook: what the columns mean.
        where: the codebook's file, for messages.
        published: whether whole numbers off the scale stay.
        left_out: reason -> cells that are passed over.
        unit: what a respondent of the table is.

    Raises:
        InputError: the codebook names a column or value that the table does not have, or a row lacks its person or
            the other row of its pair.
    """
    _check_columns(table, codebook, where)
    base, conditions = _base(table, codebook, where)
    base = base.with_columns(words.alias(_braced(name)) for name, words in _said(table, codebook, where).items())
    carried = [pl.col(_braced(name)).alias(column) for name, column in _carried(codebook).items()]
    stimuli: list[Stimulus] = []
    gone = Counter(left_out or {})
    notes = {_READ: table.cells.height, **table.notes, **_of_codebook(table, codebook), **_of_weights(codebook, base)}
    parts: list[pl.DataFrame] = []
    for each in codebook.questions:
        question = asked(table, codebook, each, where)
        codes = table.codes(each.cells).alias("code")
        meanings = question.meanings(codes)
        cells = _with_stimuli(base.with_columns(codes), codebook.show, conditions, question, stimuli)
        cells = cells.join(meanings.drop("cells"), on="code", how="left", maintain_order="left")
        cells = cells.with_columns(left=_LEFT, question=pl.lit(each.id))
        gone.update(dict(cells.drop_nulls("left").group_by("left", maintain_order=True).len().iter_rows()))
        notes |= question.notes(meanings)
        parts.append(cells.filter(pl.col("left").is_null()).select("row", *ROWS, *carried))
    rows = pl.concat(parts).sort("row", maintain_order=True).drop("row")
    name = table.path.name.removesuffix(suffix(table.path))
    people = _people(table, codebook, base)
    return settle(
        name,
        codebook.source,
        stimuli,
        rows,
        people,
        unit=unit,
        published=published,
        left_out=dict(gone),
        notes=notes,
    )


def _of_codebook(table: LabelledTable, codebook: Codebook) -> dict[str, int]:
    """Return the codes of the codebook that no cell holds, in a note -> how many; those of its questions apart."""
    columns = [*codebook.attributes.values(), *codebook.fields.values()]
    every = {*(column.column for column in columns), *(question.cells for question in codebook.questions)}
    held = {column: set(table.codes(column).unique()) for column in every}
    notes = {"missing codes of the codebook that no cell holds": set(codebook.missing).difference(*held.values())}
    for name, column in {**codebook.fields, **codebook.attributes}.items():
        notes[f"values of '{name}' that no cell of '{column.column}' holds"] = set(column.values) - held[column.column]
    return {f"{note}: {_list(codes)}": len(codes) for note, codes in notes.items() if codes}


def _list(codes: set[str]) -> str:
    return ", ".join(f"'{code}'" for code in sorted(codes)[:_NAMED]) + (", …" if len(codes) > _NAMED else "")


def _of_weights(codebook: Codebook, base: pl.DataFrame) -> dict[str, int]:
    """Return, in a note, how many people have rows of several weights."""
    people = base.group_by("respondent").agg(pl.col("weight").n_unique()).filter(pl.col("weight") > 1)
    note = f"people whose rows differ in '{codebook.weight}': answers keep their own weight, people get their first"
    return {note: len(people)} if len(people) else {}


def _check_columns(table: LabelledTable, codebook: Codebook, where: str) -> None:
    fields = {**codebook.fields, **codebook.attributes}
    named = [codebook.respondent, codebook.weight, *codebook.task, codebook.pair]
    named += [factor.column for factor in codebook.condition]
    named += [each.column for each in fields.values()] + [question.cells for question in codebook.questions]
    named += _columns_in_braces(codebook)
    for column in dict.fromkeys(named):
        if column is not None:
            table.check_column(column, where)


def _columns_in_braces(codebook: Codebook) -> list[str]:
    """Return the names in braces that are no fields, but columns of the table."""
    names = dict.fromkeys(name for text in codebook.texts for name in names_in_braces(text))
    return [name for name in names if name not in codebook.fields and not name.startswith(OTHER)]


def _said(table: LabelledTable, codebook: Codebook, where: str) -> dict[str, pl.Series]:
    """Return name in braces -> its words in every row; so, too, the fields that no words name."""
    said = {name: _words(table, codebook, column) for name, column in codebook.fields.items()}
    if codebook.pair is not None:
        other = partners(table, codebook, where)
        said |= {f"{OTHER}{name}": words.gather(other) for name, words in said.items()}
    return said | {name: _words(table, codebook, Column(column=name)) for name in _columns_in_braces(codebook)}


def _carried(codebook: Codebook) -> dict[str, str]:
    """Return name in braces -> its column of the responses, of those that have one."""
    others = [f"{OTHER}{name}" for name in codebook.fields] if codebook.pair is not None else []
    return {**{name: f"{SHOWN_AS}{name}" for name in codebook.fields}, **dict(zip(others, others, strict=True))}


def _braced(name: str) -> str:
    # No column of `_base` stands in braces.
    return f"{{{name}}}"


def _base(table: LabelledTable, codebook: Codebook, where: str) -> tuple[pl.DataFrame, list[Condition]]:
    """Return what the questions have in common, one row a row of the file, and the conditions.

    Its columns: `row`, `study`, `respondent`, `weight`, `n`, `place` of the condition, `condition`, and `lost`: why a
    row belongs to no condition.
    """
    conditions = codebook.crossed
    place, lost = pl.lit(0, dtype=pl.UInt32), pl.lit(None, dtype=pl.String)
    for factor in codebook.condition:
        codes = table.codes(factor.column)
        _check_values(codes, list(factor.values), f"{where}: the column '{factor.column}'")
        levels = {code: level for level, code in enumerate(factor.conditions)}
        place = place * len(levels) + pl.lit(codes.replace_strict(levels, default=None, return_dtype=pl.UInt32))
        strange = pl.format("{}: rows of '{}', left out by the codebook", pl.lit(factor.column), pl.lit(codes))
        strange = pl.coalesce(strange, pl.lit(f"{factor.column}: no condition in the cell"))
        lost = pl.coalesce(lost, pl.when(~pl.lit(codes.is_in(list(levels)).fill_null(value=False))).then(strange))
    names = pl.Series([condition.id for condition in conditions], dtype=pl.String)
    base = pl.DataFrame({"row": pl.int_range(table.cells.height, dtype=pl.UInt32, eager=True)}).with_columns(
        place=place,
        lost=lost,
        study=pl.lit(codebook.name),
        respondent=_respondents(table, codebook),
        weight=_weights(table, codebook),
        n=pl.lit(1, dtype=pl.Int64),
    )
    return base.with_columns(condition=pl.lit(names).gather(pl.col("place"))), conditions


def _check_values(codes: pl.Series, named: list[str], where: str) -> None:
    found = codes.unique().drop_nulls().sort().to_list()
    for code in named:
        if code not in found:
            raise InputError(f"{where} never holds the value '{code}' of the codebook.{did_you_mean(code, found)}")
    absent = next((code for code in found if code not in named), None)
    if absent is not None:
        rows = codes.to_list().count(absent)
        raise InputError(
            f"{where} holds the value '{absent}' in {rows} of {len(codes)} rows, and the codebook has no condition "
            f"for it. Add it under condition > values, or leave these rows out: {absent}: null"
        )


def _respondents(table: LabelledTable, codebook: Codebook) -> pl.Series:
    if codebook.respondent is None:
        codes = pl.int_range(1, table.cells.height + 1, eager=True).cast(pl.String)
    else:
        codes = table.ids(codebook.respondent)
        empty = codes.is_null().arg_true()
        if len(empty):
            place = table.place(empty[0])
            raise InputError(f"{place}: the column '{codebook.respondent}' is empty. Every row needs its person.")
    return f"{codebook.name}/" + codes


def _weights(table: LabelledTable, codebook: Codebook) -> pl.Series:
    if codebook.weight is None:
        return pl.ones(table.cells.height, dtype=pl.Float64, eager=True)
    codes = table.codes(codebook.weight)
    weights = codes.cast(pl.Float64, strict=False)
    bad = (~(weights.is_finite() & (weights >= 0))).fill_null(value=True).arg_true()
    if len(bad):
        found = "nothing" if codes[bad[0]] is None else f"'{codes[bad[0]]}'"
        place = table.place(bad[0])
        raise InputError(f"{place}: found {found} as '{codebook.weight}', expected a weight of 0 or more.")
    return weights


def _with_stimuli(
    rows: pl.DataFrame, show: str, conditions: list[Condition], question: Asked, stimuli: list[Stimulus]
) -> pl.DataFrame:
    """Return the rows with `stimulus`, the place of what they were shown; new stimuli are added to the list.

    It is null where the row lacks a word of it.
    """
    texts = [show, question.question.text, *(condition.text for condition in conditions)]
    names = list(dict.fromkeys(name for text in texts for name in names_in_braces(text)))
    key = ["place", *map(_braced, names)]
    shown = rows.select(key).unique(maintain_order=True).filter(pl.col("place").is_not_null())
    places: list[int | None] = []
    for place, *said in shown.iter_rows():
        stimulus = _stimulus(show, conditions[int(place)], question, dict(zip(names, said, strict=True)))
        places.append(None if stimulus is None else len(stimuli))
        stimuli += [] if stimulus is None else [stimulus]
    shown = shown.with_columns(pl.Series("stimulus", places, dtype=pl.UInt32))
    return rows.join(shown, on=key, how="left", nulls_equal=True, maintain_order="left")


def _stimulus(show: str, condition: Condition, question: Asked, said: dict[str, str | None]) -> Stimulus | None:
    """Return what was shown in a condition to those whose rows say these words; `None` where one is missing."""
    texts = [condition.text.strip(), show.strip(), question.question.text.strip()]
    if any(said[name] is None for text in texts for name in names_in_braces(text)):
        return None
    *before, text = ["".join(f"{w}{said[n] if n else ''}" for w, n, _, _ in Formatter().parse(text)) for text in texts]
    context = "\n\n".join(part for part in before if part)
    item = Item("", "", "", context=context, text=text, scale=question.scale)
    return Stimulus(f"{context}\n\n{text}".strip(), item, question.provenance)


def _words(table: LabelledTable, codebook: Codebook, column: Column) -> pl.Series:
    """Return a column in words: the codebook's, else the file's, else its cells; null where they are no answer."""
    missing = dict.fromkeys([*table.missing.get(column.column, {}), *codebook.missing])
    words = {**table.labels.get(column.column, {}), **missing, **column.values}
    codes = table.codes(column.column)
    return codes.replace(list(words), pl.Series(list(words.values()), dtype=pl.String)) if words else codes


def _people(table: LabelledTable, codebook: Codebook, base: pl.DataFrame) -> pl.DataFrame:
    """Return `respondent`, `weight` and the attributes, one row a person; what only some rows tell counts for all.

    Raises:
        InputError: an attribute differs between two rows of a person.
    """
    known = {name: _words(table, codebook, column) for name, column in codebook.attributes.items()}
    rows = base.select("respondent", "weight").with_columns(_number(words).alias(name) for name, words in known.items())
    if codebook.respondent is None:
        return rows
    grouped = rows.group_by("respondent", maintain_order=True)
    for name in known:
        differing = grouped.agg(pl.col(name).drop_nulls().unique(maintain_order=True)).filter(
            pl.col(name).list.len() > 1
        )
        if len(differing):
            person, values = differing.row(0)
            raise InputError(
                f"{table.path}: '{person}' has the {name} {values[0]} in one row and {values[1]} in another. An "
                "attribute is the same in all rows of a person; what a row was shown belongs into its words, as {name}."
            )
    return grouped.agg(pl.col("weight").first(), pl.col(*known).drop_nulls().first()) if known else grouped.first()


def _number(words: pl.Series) -> pl.Series:
    """Return words as numbers where all of them are."""
    for pattern, kind in ((_WHOLE, pl.Int64), (NUMBER, pl.Float64)):
        if words.count() and words.str.contains(pattern).all():
            numbers = words.cast(kind, strict=False)
            # Digits beyond 64 bits are a name, not a number.
            return words if numbers.null_count() > words.null_count() else numbers
    return words
