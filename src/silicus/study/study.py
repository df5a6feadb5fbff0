"""A study: its arms, its questions, and, where they are known, people's answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from silicus.errors import InputError, did_you_mean
from silicus.record import Record, digest, read
from silicus.study.scale import Scale

__all__ = ["Condition", "Human", "Item", "Question", "Source", "Study", "bundled_studies", "read_study"]

_EXAMPLES = Path(__file__).parent / "examples"
_DATE = r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?"
_WHEN = re.compile(rf"{_DATE}(?:/{_DATE})?")


def _checked_when(when: str | None) -> str | None:
    if when is not None and not _WHEN.fullmatch(when):
        raise ValueError(
            f"found '{when}', expected a year, month or day (2019, 2019-03, 2019-03-14), or two with a slash between."
        )
    return when


class Condition(Record):
    """One arm of a study: what its respondents were shown."""

    id: str = Field(min_length=1)
    text: str = ""
    """The words shown in this arm, before the question; empty where nothing was shown."""
    control: bool = False
    """Whether this is the arm the others are compared with."""


class Question(Record):
    """A question, and the scale of its answers."""

    id: str = Field(min_length=1)
    text: str = Field(min_length=1)
    scale: Scale


class Source(Record):
    """Where a study comes from, and under which terms."""

    citation: str = Field(min_length=1)
    doi: str | None = None
    url: str | None = None
    population: str | None = None
    """Who answered, where and when."""
    licence: str = Field(min_length=1)
    """The terms of the text and the data in this file."""
    fielded: Annotated[str | None, AfterValidator(_checked_when)] = Field(default=None, coerce_numbers_to_str=True)
    """When people answered: a year, month or day (2017, 2017-03, 2017-03-14), or two of them with a slash between."""

    @property
    def line(self) -> str:
        """Citation, address and licence, as a report shows them."""
        address = f" https://doi.org/{self.doi}" if self.doi else f" {self.url}" if self.url else ""
        return f"{self.citation}{address} (licence: {self.licence})"


class Human(Record):
    """People's answers: counts in the study file, or a table beside it."""

    counts: dict[str, dict[str, dict[int | str, int]]] | None = None
    """condition -> question -> answer (value or label) -> number of people."""
    responses: Path | None = None
    """A CSV or parquet table with the columns condition, question, response (and respondent, weight)."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.counts is None) == (self.responses is None):
            raise ValueError("human answers are given either as 'counts' or as a 'responses' table.")
        return self


class Study(Record):
    """A study as its YAML file describes it.

    Raises:
        InputError: from `read_study`, when the file breaks a rule; the message names the line.
    """

    id: str = Field(min_length=1)
    title: str = ""
    design: Literal["between", "within"] = "between"
    """Whether a respondent sees one condition (between) or all of them (within)."""
    source: Source
    conditions: tuple[Condition, ...] = Field(min_length=1)
    questions: tuple[Question, ...] = Field(min_length=1)
    human: Human | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        _no_twins("condition", [c.id for c in self.conditions])
        _no_twins("question", [q.id for q in self.questions])
        controls = [c.id for c in self.conditions if c.control]
        if len(controls) > 1:
            raise ValueError(f"found {len(controls)} control conditions ({', '.join(controls)}), expected one.")
        if self.human and self.human.counts:
            self._check_counts(self.human.counts)
        return self

    def _check_counts(self, counts: dict[str, dict[str, dict[int | str, int]]]) -> None:
        for condition, questions in counts.items():
            _known("condition", condition, [c.id for c in self.conditions])
            for question, answers in questions.items():
                _known("question", question, [q.id for q in self.questions])
                for answer, people in answers.items():
                    try:
                        self.question(question).scale.index(answer)
                    except ValueError as error:
                        raise ValueError(f"human counts of '{condition}', '{question}': {error}") from None
                    if people < 0:
                        place = f"human counts of '{condition}', '{question}'"
                        raise ValueError(f"{place}: {answer} has {people}, expected 0 or more people.")

    def question(self, question_id: str) -> Question:
        """Return the question of that id."""
        return next(q for q in self.questions if q.id == question_id)

    @property
    def control(self) -> Condition | None:
        """The arm the others are compared with, where the study has one."""
        return next((c for c in self.conditions if c.control), None)

    def items(self) -> Iterator[Item]:
        """Yield what is shown and asked, one item a condition and question, conditions outermost."""
        for condition in self.conditions:
            for question in self.questions:
                yield Item(
                    self.id, condition.id, question.id, condition.text.strip(), question.text.strip(), question.scale
                )


@dataclass(frozen=True)
class Item:
    """What one respondent is shown and asked: a cell of a study, in words.

    Attributes:
        context: what the arm saw before the question; empty for none.
        text: the question's words.
        verbatim: whether `text` is a whole stimulus that already says how to answer.
    """

    study: str
    condition: str
    question: str
    context: str
    text: str
    scale: Scale
    verbatim: bool = False

    @cached_property
    def item(self) -> str:
        """The name of this stimulus: a hash of all that is shown."""
        return digest(self.context, self.text, self.scale.model_dump_json())


def read_study(path: Path | str) -> Study:
    """Return the study of a YAML file, or the bundled study of that name.

    Raises:
        InputError: naming file, line, what was found and what was expected.
    """
    bundled = bundled_studies()
    if str(path) in bundled:
        path = bundled[str(path)]
    elif not Path(path).exists() and Path(path).suffix not in {".yaml", ".yml"}:
        raise InputError(f"{path}: neither a study file nor a bundled study.{did_you_mean(str(path), bundled)}")
    study = read(Path(path), Study)
    if study.human and study.human.responses:
        table = Path(path).parent / study.human.responses
        study = study.model_copy(update={"human": study.human.model_copy(update={"responses": table})})
    return study


def bundled_studies() -> dict[str, Path]:
    """Return the studies that come with silicus: name -> file."""
    return {path.stem: path for path in sorted(_EXAMPLES.glob("*.yaml"))}


def _no_twins(noun: str, ids: list[str]) -> None:
    twin = next((i for i in ids if ids.count(i) > 1), None)
    if twin is not None:
        raise ValueError(f"two {noun}s have the id '{twin}'. Give every {noun} an id of its own.")


def _known(noun: str, found: str, known: list[str]) -> None:
    if found not in known:
        raise ValueError(
            f"human counts name the {noun} '{found}', which the study does not have.{did_you_mean(found, known)}"
        )
