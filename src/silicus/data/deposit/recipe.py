"""The recipe of a study: how its raw deposit becomes a dataset, in one file that says everything and runs no code."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from silicus.data.readers.codebook import Codebook, Codes, Name
from silicus.errors import did_you_mean
from silicus.record import Record

__all__ = ["Exclusion", "Expected", "Recipe"]

Why = Annotated[str, Field(min_length=8)]
"""A reason, in a sentence for whoever reviews the recipe."""


class Exclusion(Record):
    """Rows that are left out, as the authors left them out."""

    column: Name
    values: Annotated[dict[str, Why], Codes] = Field(min_length=1)
    """Cell -> why its rows are left out."""


class Expected(Record):
    """Counts that are known from elsewhere than a build with this recipe, which has to give exactly these."""

    source: Why
    """Where they come from: the article, the codebook, a count by hand."""
    respondents: int | None = None
    """People with at least one answer."""
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
    task: tuple[Name, ...] = ()
    """The columns that number the rows of a person who answers the same questions again and again."""
    exclude: tuple[Exclusion, ...] = ()
    expected: Expected | None = None
    same_words: dict[str, Why] = {}
    """Condition -> why its words are those of another."""
    not_in_documents: dict[str, Why] = {}
    """Condition or question -> why its words stand in no document."""
    unmapped: dict[str, Why] = {}
    """Field of SocSci210 that no attribute gives -> why not."""

    @property
    def condition_ids(self) -> list[str]:
        """The conditions, of all columns of conditions."""
        return [condition.id for factor in self.condition for condition in factor.conditions.values()]

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        conditions, questions = self.condition_ids, [question.id for question in self.questions]
        for where, found, known in (
            ("same_words", self.same_words, conditions),
            ("not_in_documents", self.not_in_documents, [*conditions, *questions]),
            ("expected > answers", self.expected.answers if self.expected else {}, questions),
        ):
            strange = next((name for name in found if name not in known), None)
            if strange is not None:
                raise ValueError(f"{where} names '{strange}'.{did_you_mean(strange, known)}")
        return self
