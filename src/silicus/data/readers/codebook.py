"""A codebook: what the columns of a table mean, and the words that people were shown."""

from __future__ import annotations

from collections import Counter
from itertools import product
from math import prod
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Self, cast

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from silicus.data.dataset import ANSWERS
from silicus.data.readers.labelled import code_word
from silicus.errors import did_you_mean
from silicus.record import Record
from silicus.study import Condition, Scale, Source

__all__ = [
    "CROSSED",
    "OTHER",
    "SHOWN_AS",
    "TODO",
    "AskedQuestion",
    "Codebook",
    "Column",
    "Factor",
    "codebook_beside",
    "names_in_braces",
]

CROSSED = " × "
"""Between the conditions of several columns, where they are crossed."""

SHOWN_AS = "shown."
"""Before the name of a field, as a column of the responses: no attribute or column of ours has such a name."""

OTHER = "other."
"""Before the name of a field, in braces and as a column of the responses: the field of the other row of a pair."""

TODO = "TODO"
"""How a draft marks what only its user knows; a codebook that still holds it is refused."""

_MOST_CROSSED = 10_000

_OF_ANSWERS = (*ANSWERS, "split", "unseen", "rationale")
"""The columns of the tables of answers and respondents, whose names no attribute may have."""


def _filled(text: str) -> str:
    if text.lstrip().startswith(TODO):
        raise ValueError(f"found {text[:60]!r}. Write the words, or delete the entry.")
    return text


def _with_places(text: str) -> str:
    names_in_braces(text)
    return _filled(text)


def _by_code(pairs: Any) -> Any:
    """Write the keys as cells are written, so that 1, 1.0 and "1" name the same cell."""
    if not isinstance(pairs, dict):
        return pairs
    codes = [(code_word(key), value) for key, value in cast("dict[Any, Any]", pairs).items()]
    twice = next((code for code, count in Counter(code for code, _ in codes).items() if count > 1), None)
    if twice is not None:
        raise ValueError(f"the value {twice} stands twice. Keep one of them.")
    return dict(codes)


def _column(value: Any) -> Any:
    plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    return {"column": value} if plain else value


def _without_slash(name: str) -> str:
    if not name or "/" in name:
        raise ValueError(f"found {name!r}, expected a name without '/', which parts a study from its respondents.")
    return name


Name = Annotated[str, Field(coerce_numbers_to_str=True)]
"""A name of a column or of ours, which may be a number such as 2024."""
Codes = BeforeValidator(_by_code)
Words = Annotated[str, AfterValidator(_with_places)]
"""Words shown; `{name}` in them stands for what the respondent's row says."""
Reasons = Annotated[dict[str, Annotated[str, AfterValidator(_filled)]], Codes]
"""Cell that is no answer -> why."""


class Column(Record):
    """A column whose cells are put into words; its name alone will do."""

    column: Name
    values: Annotated[dict[str, str | None], Codes] = {}
    """Code in the cell -> its words, null for unknown. Other cells keep the file's own label, or stay as they are."""


class Factor(Record):
    """The column that says which condition a row belongs to."""

    column: Name
    values: Annotated[dict[str, Condition | None], Codes] = Field(min_length=1)
    """Value in the cell -> its condition; null where its rows are left out on purpose."""

    @field_validator("values")
    @classmethod
    def _check(cls, values: dict[str, Condition | None]) -> dict[str, Condition | None]:
        conditions = [condition for condition in values.values() if condition is not None]
        if not conditions:
            raise ValueError("every value is null, so that no row is left. Give one of them a condition.")
        for condition in conditions:
            _with_places(condition.text)
        # Several values may stand for one condition, said in the same words.
        _no_twins("condition", [condition.id for condition in dict.fromkeys(conditions)])
        return values

    @property
    def conditions(self) -> dict[str, Condition]:
        """Value in the cell -> its condition, of those that are not left out."""
        return {value: condition for value, condition in self.values.items() if condition is not None}


class AskedQuestion(Record):
    """A question, and the column of its answers."""

    id: Name = Field(min_length=1)
    column: Name = ""
    """The column of its answers; its id where it is left out."""
    text: Words = Field(min_length=1)
    scale: Scale | None = None
    """May be left out where the file labels every point, or `values` does."""
    values: Annotated[dict[str, int], Codes] = {}
    """Cell -> point, where the cells are neither the points nor their labels."""
    missing: Reasons = {}
    """Cell that is no answer -> why, beside those of the whole codebook."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.scale is not None:
            stray = next((cell for cell, point in self.values.items() if point not in self.scale.answers), None)
            if stray is not None:
                raise ValueError(f"'{stray}' stands for {self.values[stray]}, which is not on the scale {self.scale}.")
        return self

    @property
    def cells(self) -> str:
        """The column of its answers."""
        return self.column or self.id


class Codebook(Record):
    """What the columns of a table mean.

    Raises:
        InputError: from `silicus.record.read`, when the file breaks a rule; the message names the line.
    """

    name: Annotated[Name, AfterValidator(_without_slash)]
    """What the study is called; it starts the names of its respondents."""
    source: Source
    respondent: Name | None = None
    """The column that names the person; null where every row is another one."""
    weight: Name | None = None
    """The column of survey weights."""
    condition: Annotated[tuple[Factor, ...], BeforeValidator(lambda c: (c,) if isinstance(c, dict) else c)] = ()
    """The column of the conditions, or several that are crossed; left out where everybody was shown the same."""
    show: Words = ""
    """Words shown before every question, after those of the condition, as `{job}, {age} years old`."""
    fields: dict[str, Annotated[Column, BeforeValidator(_column)]] = {}
    """What differs from row to row -> its column. Each stands for its words in braces, and every answer carries them
    as `shown.NAME`. Other names in braces are columns of the table, and are words alone."""
    task: tuple[Name, ...] = ()
    """The columns that number the rows of a person who answers the same questions again and again."""
    pair: Name | None = None
    """The column that tells apart the two rows of one choice, which have the respondent and the task in common.
    `{other.NAME}` stands for the field of the other row, and every answer carries it as `other.NAME`."""
    attributes: dict[str, Annotated[Column, BeforeValidator(_column)]] = {}
    """What is known of a person -> its column."""
    missing: Reasons = {}
    """Cell that is no answer to any question, and no attribute -> why, as `-99: Refused`."""
    questions: tuple[AskedQuestion, ...] = Field(min_length=1)

    @property
    def texts(self) -> list[str]:
        """Everything that is shown, with its names in braces."""
        conditions = [condition.text for factor in self.condition for condition in factor.conditions.values()]
        return [self.show, *conditions, *(question.text for question in self.questions)]

    @property
    def crossed(self) -> list[Condition]:
        """The conditions that a row may be in, those of several columns joined; everybody's, where there is none."""
        return [_joined(levels) for levels in product(*(factor.conditions.values() for factor in self.condition))]

    @field_validator("source")
    @classmethod
    def _stated(cls, source: Source) -> Source:
        _filled(source.citation)
        _filled(source.licence)
        return source

    @model_validator(mode="after")
    def _check(self) -> Self:
        _no_twins("question", [question.id for question in self.questions])
        controls = [c.id for factor in self.condition for c in factor.conditions.values() if c.control]
        if len(self.condition) == 1 and len(set(controls)) > 1:
            raise ValueError(f"found {len(set(controls))} control conditions ({', '.join(controls)}), expected one.")
        crossed = prod(len(factor.conditions) for factor in self.condition)
        if crossed > _MOST_CROSSED:
            raise ValueError(
                f"the columns of conditions cross to {crossed:,} conditions, expected at most {_MOST_CROSSED:,}. What "
                "differs from row to row goes under fields."
            )
        reserved = next((name for name in self.attributes if name in _OF_ANSWERS), None)
        if reserved:
            raise ValueError(
                f"the attribute '{reserved}' has the name of a column of the answers or respondents. Rename it: "
                f"{reserved}_of_person: {self.attributes[reserved].column}"
            )
        for question in self.questions:
            self._check_question(question)
        return self

    @model_validator(mode="after")
    def _check_pair(self) -> Self:
        if self.pair is not None and self.respondent is None:
            raise ValueError(
                f"'{self.pair}' tells two rows of one choice apart, and no respondent says whose they are. Name its "
                "column; where no column names people, that of the choices."
            )
        if self.pair in self.task:
            raise ValueError(
                f"the column '{self.pair}' is the pair and a task, but both rows of a pair have the same task. Take it "
                "out of task."
            )
        reserved = next((name for name in self.fields if name.startswith(OTHER)), None)
        if reserved is not None:
            raise ValueError(
                f"the field '{reserved}' is named like a field of the other row of a pair. Rename it: "
                f"{reserved.replace('.', '_')}: {self.fields[reserved].column}"
            )
        for name in (name for text in self.texts for name in names_in_braces(text) if name.startswith(OTHER)):
            self._check_other(name)
        return self

    def _check_other(self, name: str) -> None:
        if self.pair is None:
            raise ValueError(
                f"found {{{name}}}, which stands for the other row of a pair, and no pair. Name under pair the column "
                "that tells the two rows apart; a column that has this name goes under fields."
            )
        field = name.removeprefix(OTHER)
        if field not in self.fields:
            hint = did_you_mean(field, list(self.fields))
            raise ValueError(f"found {{{name}}}, and no field '{field}': only fields have another row.{hint}")

    def _check_question(self, question: AskedQuestion) -> None:
        known = next((name for name, each in self.attributes.items() if each.column == question.cells), None)
        if known:
            raise ValueError(
                f"the column '{question.cells}' is the attribute '{known}' and the question '{question.id}': "
                "a model would be told the answer. Keep one of them."
            )
        if any(factor.column == question.cells for factor in self.condition):
            raise ValueError(
                f"the column '{question.cells}' is the condition and the question '{question.id}': nobody answered "
                "which condition they were in. Keep one of them."
            )
        codes = {**self.missing, **question.missing}
        points = [] if question.scale is None else [str(point) for point in question.scale.answers]
        both = next((code for code in codes if code in points), None)
        if both:
            raise ValueError(
                f"the missing code {both} ('{codes[both]}') is on the scale of the question '{question.id}'. "
                "Name missing codes under the questions that have them."
            )


def codebook_beside(path: Path) -> Path:
    """Return where the codebook of a file is: `FILE.codebook.yaml`, or `FILE.codebook.yml` where only that is there.

    Examples:
        >>> codebook_beside(Path("answers.csv")).name
        'answers.csv.codebook.yaml'
    """
    usual, short = (path.with_name(f"{path.name}.codebook{ending}") for ending in (".yaml", ".yml"))
    return short if short.is_file() and not usual.is_file() else usual


def names_in_braces(text: str) -> list[str]:
    """Return the names that stand in braces; a doubled brace is a brace.

    Raises:
        ValueError: a brace is alone, or holds more than a name.

    Examples:
        >>> names_in_braces("A {job} of {age}, {{sic}}")
        ['job', 'age']
    """
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"found {text[:60]!r}: {error}. Write a brace that is no name as two.") from None
    bad = next((name for _, name, form, how in parts if name is not None and (not name or form or how)), None)
    if bad is not None:
        raise ValueError(f"found {text[:60]!r}, expected a name alone in braces. Write a brace that is no name as two.")
    return list(dict.fromkeys(name for _, name, _, _ in parts if name is not None))


def _joined(levels: tuple[Condition, ...]) -> Condition:
    """Return the condition in which these meet."""
    if not levels:
        return Condition(id="all")
    text = "\n\n".join(level.text.strip() for level in levels if level.text.strip())
    return Condition(id=CROSSED.join(level.id for level in levels), text=text)


def _no_twins(noun: str, ids: list[str]) -> None:
    twin = next((each for each in ids if ids.count(each) > 1), None)
    if twin is not None:
        raise ValueError(f"two {noun}s have the id '{twin}'. Give every {noun} an id of its own.")
