"""The recipe of a study: how its raw deposit becomes a dataset, in one file that says everything and runs no code."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, cast

from pydantic import BeforeValidator, Field, model_validator

from silicus.data.readers.codebook import Codebook, Codes, Name, names_in_braces
from silicus.data.readers.labelled import code_word
from silicus.errors import did_you_mean
from silicus.record import Record

__all__ = ["Combined", "Exclusion", "Excused", "Expected", "Recipe", "Why"]

Why = Annotated[str, Field(min_length=8)]
"""A reason, in a sentence for whoever reviews the recipe."""


def _code(value: Any) -> Any:
    return code_word(value) if isinstance(value, str | int | float) else value


def _as_they_are(columns: Any) -> Any:
    """Write a list of columns as a mapping in which cells stay as they are."""
    if not isinstance(columns, list):
        return columns
    names = cast("list[Any]", columns)
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"the column {twice} stands twice. Keep one of them.")
    return dict.fromkeys(names)


Code = Annotated[str, Field(min_length=1), BeforeValidator(_code)]


class Exclusion(Record):
    """Rows that are left out, as the authors left them out."""

    column: Name
    values: Annotated[dict[str, Why], Codes] = Field(min_length=1)
    """Cell -> why its rows are left out."""


class Combined(Record):
    """A column that is made out of several of the file, of which a row fills at most one."""

    columns: Annotated[
        dict[Name, Code | Annotated[dict[str, Code], Codes] | None], BeforeValidator(_as_they_are), Field(min_length=1)
    ]
    """Column -> what its filled cells become: one code, cell -> code, or null where they stay as they are. A list of
    columns says that all of them do."""


Cells = Annotated[dict[str, Why], Codes]
"""Cell -> a reason."""


class Excused(Record):
    """What a gate finds wrong and is right: why. Everything here is listed for whoever reviews the dataset."""

    recoded: dict[Name, Why | Cells] = {}
    """Question, field or attribute -> why its cells become what the file, a codebook or the survey calls otherwise. A
    cell that becomes what another one is called is excused only by itself: cell -> why."""
    arms: dict[Name, Why] = {}
    """Condition -> why the words of its cell in the column of conditions fit another one better."""
    columns: dict[Name, Why] = {}
    """Question -> why the documents have its words under another column than that of its answers."""
    passages: dict[Name, Why] = {}
    """Question -> why its words are fewer than four, or a piece of a sentence."""
    answers: dict[Name, Cells] = {}
    """Question -> point -> why it is an answer, though it is called as if it were none."""
    no_respondent: Why | None = None
    """Why every row is another person, where no column tells people apart."""
    alike: Why | None = None
    """Why people whose rows hold the same in every column are different ones."""
    pairs: Why | None = None
    """Why not exactly one of the two rows of a pair is chosen."""
    weights: Why | None = None
    """Why the weights are as they are."""


class Expected(Record):
    """Counts that are known from elsewhere than a build with this recipe, which has to give exactly these."""

    source: Why
    """Where they come from: the article, the codebook, a count by hand."""
    respondents: int | None = None
    """People who were asked, also those who gave no answer."""
    conditions: dict[str, int] = {}
    """Condition -> people who answered in it."""
    answers: dict[str, int] = {}
    """Question -> answers on its scale."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.respondents is None and not self.conditions and not self.answers:
            raise ValueError("says no count. Give respondents, conditions or answers, or delete it.")
        return self


class Recipe(Codebook):
    """How a deposit becomes a dataset: a codebook, the files it is about, and what has to come of it."""

    file: str = Field(min_length=1)
    """The data file, as its path inside the deposit."""
    sheet: str | None = None
    """The sheet of an Excel file that has several."""
    encoding: str | None = None
    """The encoding of a text file that is not UTF-8, such as cp1252."""
    documents: tuple[str, ...] = ()
    """Codebooks and questionnaires in which the words shown stand, as paths inside the deposit."""
    design: Literal["between", "within"] = "between"
    """Whether a person is in one condition, or in several."""
    exclude: tuple[Exclusion, ...] = ()
    combine: dict[Name, Combined] = {}
    """Columns made out of the file's, after rows are excluded; named like them wherever a column is."""
    expected: Expected | None = None
    same_words: dict[str, Why] = {}
    """Condition -> why its words are those of another; one of several columns by its joined name, as `a × b`."""
    not_in_documents: dict[str, Why] = {}
    """Condition, question, field or `show` -> why its words stand in no document; crossed conditions one by one."""
    unmapped: dict[str, Why] = {}
    """Field of SocSci210 that no attribute gives -> why not."""

    excused: Excused = Excused()
    """What the other gates find wrong and is right."""

    @property
    def shown_columns(self) -> list[str]:
        """The made columns whose cells stand in the words shown: in braces, or as a field."""
        braced = {name for text in self.texts for name in names_in_braces(text)}
        return [name for name in self.combine if name in braced and name not in self.fields]

    @property
    def condition_ids(self) -> list[str]:
        """The conditions, of all columns of conditions."""
        return [condition.id for factor in self.condition for condition in factor.conditions.values()]

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        questions = [question.id for question in self.questions]
        told = [*self.condition_ids, *questions]
        if self.show.strip() and "show" in told:
            raise ValueError("a condition or question has the id 'show', as the words under show have. Rename it.")
        both = next((name for name in questions if name in self.condition_ids), None)
        if both is not None:
            raise ValueError(
                f"a condition and a question have the id '{both}': one reason would excuse both. Rename one."
            )
        crossed, expected = [condition.id for condition in self.crossed], self.expected
        shown = [*told, *self.fields, *self.shown_columns, *(["show"] if self.show.strip() else [])]
        excused = self.excused
        for where, found, known in (
            ("same_words", self.same_words, crossed),
            ("not_in_documents", self.not_in_documents, shown),
            ("expected > conditions", expected.conditions if expected else {}, crossed),
            ("expected > answers", expected.answers if expected else {}, questions),
            ("excused > recoded", excused.recoded, [*questions, *self.fields, *self.attributes]),
            ("excused > arms", excused.arms, self.condition_ids),
            ("excused > columns", excused.columns, questions),
            ("excused > passages", excused.passages, questions),
            ("excused > answers", excused.answers, questions),
        ):
            strange = next((name for name in found if name not in known), None)
            if strange is not None:
                raise ValueError(f"{where} names '{strange}'.{did_you_mean(strange, known)}")
        return self
