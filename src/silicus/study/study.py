"""A study: its arms, its questions, and, where they are known, people's answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from silicus.errors import InputError, did_you_mean
from silicus.record import Record, digest, read
from silicus.study.kinds import expanded, ranking_beside, told_counts, told_once
from silicus.study.profiles_shown import Profiles
from silicus.study.question import Question, StudyQuestion
from silicus.study.scale import Scale

__all__ = ["Condition", "Human", "Item", "Source", "Study", "bundled_studies", "read_study"]

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
    conditions: tuple[Condition, ...] = Field(default=(Condition(id="all"),), min_length=1)
    """The arms; left out where everybody is shown the same."""
    questions: tuple[StudyQuestion, ...] = Field(min_length=1)
    profiles: Profiles | None = None
    """What is drawn for each respondent: the profiles of a conjoint experiment, or a vignette."""
    human: Human | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        _no_twins("condition", [c.id for c in self.conditions])
        _no_twins("question", [q.id for q in self.questions])
        controls = [c.id for c in self.conditions if c.control]
        if len(controls) > 1:
            raise ValueError(f"found {len(controls)} control conditions ({', '.join(controls)}), expected one.")
        self._check_questions()
        if self.human and self.human.counts:
            self._check_counts(self.human.counts)
        return self

    def _check_questions(self) -> None:
        bare = next((q.id for q in self.questions if q.form == "bare"), None)
        if bare is not None and (self.profiles is None or self.profiles.count == 1):
            raise ValueError(
                f"the question '{bare}' has no scale. Give it one, or 'choose: any', 'rank' or 'open: true'."
            )
        _no_twins("question", [*self._told_together, *(q.id for q in (*self.open_questions(), *self.asked))])
        if self.profiles and self.human:
            raise ValueError(
                "found people's answers beside profiles, which are drawn anew. What people answered to profiles of "
                "their own is read as data, with a codebook (fields, pair)."
            )

    def _check_counts(self, counts: dict[str, dict[str, dict[int | str, int]]]) -> None:
        for condition, questions in counts.items():
            _known("condition", condition, [c.id for c in self.conditions])
            for question, answers in questions.items():
                place = f"human counts of '{condition}', '{question}'"
                _known("question", question, [*(q.id for q in self.asked), *self._told_together])
                few = next((answer for answer, people in answers.items() if people < 0), None)
                if few is not None:
                    raise ValueError(f"{place}: {few} has {answers[few]}, expected 0 or more people.")
                try:
                    list(self.counted(question, answers))
                except ValueError as error:
                    raise ValueError(f"{place}: {error}") from None

    @cached_property
    def _told_together(self) -> dict[str, StudyQuestion]:
        """The questions whose answers are told at once and asked one by one."""
        return {q.id: q for q in self.questions if q.form in {"several", "ranking", "matrix"}}

    def has_question(self, id_: str) -> bool:
        """Return whether people's answers may be given under that id."""
        return id_ in self._scales or id_ in self._told_together

    def open_questions(self) -> tuple[StudyQuestion, ...]:
        """Return the questions that are answered in words, which are no items."""
        return tuple(question for question in self.questions if question.form == "open")

    @cached_property
    def better(self) -> dict[str, Literal["higher", "lower"]]:
        """Which answers are wanted: id of `asked` -> direction, where the study says."""
        if self.profiles:
            return {}
        return {asked.id: q.better for q in self.questions if q.better for asked in expanded(q)}

    @cached_property
    def asked(self) -> tuple[Question, ...]:
        """The questions of one answer that all the study's questions come to, without open ones."""
        if self.profiles:
            return tuple(asked for question in self.questions for asked, _ in self.profiles.judged(question))
        return tuple(asked for question in self.questions for asked in expanded(question))

    def told(self, question: str, answer: float | str | None, beside: Mapping[str, object]) -> dict[str, int | None]:
        """Return what one answer says to each of `asked` that it concerns: id -> point or refusal; `None`: no answer.

        Args:
            question: an id of `asked`, or that of a question which comes to several of them.
            answer: as people's tables have it.
            beside: the columns that stand beside it; a ranking may have one an option, with its place.

        Raises:
            ValueError: the answer does not fit; the message says what was expected.
        """
        together = self._told_together.get(question)
        if together is not None:
            given = ranking_beside(together, beside) if answer is None else answer
            return dict.fromkeys(q.id for q in expanded(together)) if given is None else {**told_once(together, given)}
        scale = self._scales[question]
        return {question: None if answer is None else scale.answers[scale.index(answer)]}

    @cached_property
    def _scales(self) -> dict[str, Scale]:
        return {asked.id: asked.scale for asked in self.asked}

    def counted(self, question: str, counts: Mapping[int | str, int]) -> Iterator[tuple[str, int, int]]:
        """Yield what counts of people say to each of `asked` that they concern: id, answer, people.

        Raises:
            ValueError: a count does not fit; the message says what was expected.
        """
        if question in self._told_together:
            yield from told_counts(self._told_together[question], counts)
            return
        scale = self._scales[question]
        for given, people in counts.items():
            yield question, scale.answers[scale.index(given)], people

    @property
    def control(self) -> Condition | None:
        """The arm the others are compared with, where the study has one."""
        return next((c for c in self.conditions if c.control), None)

    def items(self) -> Iterator[Item]:
        """Yield what is shown and asked, one item a condition and question, conditions outermost.

        Raises:
            InputError: the study has profiles, which are drawn for respondents (`draw_tasks`).
        """
        if self.profiles:
            raise InputError(f"the study '{self.id}' shows profiles: what is asked depends on what is drawn for whom.")
        for condition in self.conditions:
            for question in self.asked:
                yield Item(self.id, condition.id, question.id, condition.text.strip(), question.text, question.scale)


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
