"""A question of a codebook with its table: what each cell of its column means."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl
from pydantic import ValidationError

from silicus.data.answer_scale import labelled_scale
from silicus.data.dataset import Provenance
from silicus.data.missing import is_code
from silicus.data.readers.by_labels import labelled_points
from silicus.data.readers.codebook import AskedQuestion, Codebook
from silicus.data.readers.labelled import LabelledTable
from silicus.errors import InputError, did_you_mean
from silicus.study import Scale

__all__ = ["NUMBER", "Asked", "asked"]

NUMBER = r"^-?(?:0|[1-9]\d*)(?:\.\d+)?$"
"""The form of a cell that is a number; "01" may be a name."""

_NAMED = 3
_MANY = 0.05
"""A larger share of a question's filled cells that are no answers is told, even where each holds other words."""


@dataclass(frozen=True)
class Asked:
    """A question with all that says what its cells mean.

    Attributes:
        missing: code -> why it is no answer.
        numbers: whether the file says that its cells are numbers, and so never the words of a point.
        where: the codebook's file.
    """

    question: AskedQuestion
    scale: Scale
    provenance: Provenance
    missing: dict[str, str]
    numbers: bool
    where: str

    def meanings(self, codes: pl.Series) -> pl.DataFrame:
        """Return what the distinct codes mean: `code`, `cells` that hold it, `answer`, `missing`, and `left`.

        `left` says why a code means nothing; such codes are named together.

        Raises:
            InputError: there is no code, none of them means anything, or `values` names none of the strange ones.
        """
        distinct: list[str] = codes.drop_nulls().unique(maintain_order=True).to_list()
        answers = {code: self._answer(code) for code in distinct if code not in self.missing}
        strange = [code for code, answer in answers.items() if answer is None]
        self._check_cells(distinct, strange)
        self._check_values(distinct, answers)
        reason = f"{self.question.id}: no point of the scale is called {_list(strange)}"
        meanings = pl.DataFrame(
            {
                "code": distinct,
                "answer": [answers.get(code) for code in distinct],
                "missing": [self.missing.get(code) for code in distinct],
                "left": [reason if code in answers and answers[code] is None else None for code in distinct],
            },
            schema={"code": pl.String, "answer": pl.Float64, "missing": pl.String, "left": pl.String},
        )
        counted = codes.rename("code").drop_nulls().value_counts(name="cells")
        return meanings.join(counted, on="code", how="left", maintain_order="left")

    def notes(self, meanings: pl.DataFrame) -> dict[str, int]:
        """Return what of the codebook or the cells may be a slip -> how many values or cells."""
        own = [code for code in self.question.missing if code not in meanings["code"]]
        lost = meanings.drop_nulls("left")
        counts: list[int] = lost["cells"].to_list()
        often = any(count > 1 for count in counts) or sum(counts) > _MANY * sum(meanings["cells"].to_list())
        told = f"missing codes of the question {self.question.id} that no cell holds: {_list(own)}"
        held = (
            f"cells of the question {self.question.id} that hold {_list(lost['code'].to_list())}, no point of its scale"
        )
        return {**({told: len(own)} if own else {}), **({f"{held} (left out)": sum(counts)} if often else {})}

    def _check_cells(self, distinct: list[str], strange: list[str]) -> None:
        if not distinct:
            raise InputError(
                f"{self.where}: the question '{self.question.id}' has no answer: every cell of "
                f"'{self.question.cells}' is empty. Delete the question, or name another column."
            )
        if strange and len(strange) == len(distinct):
            hint = did_you_mean(strange[0], [*self._points, *self.question.values] or [str(self.scale)])
            raise InputError(
                f"{self.where}: no cell of '{self.question.cells}' is an answer to the question '{self.question.id}'. "
                f"The first is '{strange[0]}'.{hint}"
            )

    def _check_values(self, distinct: list[str], answers: dict[str, float | None]) -> None:
        """Refuse a value that no cell holds while cells hold what is no answer: one is misspelt, or they differ."""
        absent = [value for value in self.question.values if value not in distinct]
        unmatched = [code for code, answer in answers.items() if not self._is_answer(answer)]
        if absent and unmatched:
            raise InputError(
                f"{self.where}: the values of the question '{self.question.id}' name {_list(absent)}, which no cell of "
                f"'{self.question.cells}' holds, and cells hold {_list(unmatched)}, which is no answer. Write the "
                "value as the cell has it; name a cell that is no answer under `missing`."
            )

    def _is_answer(self, answer: float | None) -> bool:
        """Return whether a number is an answer or a missing code."""
        return answer is not None and (answer in self.scale.answers or is_code(answer))

    @property
    def _points(self) -> dict[str, int]:
        return {label: value for value, label in {**self.scale.labels, **self.scale.refusals}.items()}

    def _answer(self, code: str) -> float | None:
        """Return the number a code stands for, `None` where it stands for none."""
        if code in self.question.values:
            return float(self.question.values[code])
        # Where the scale has a unit, people may have written it: "$1,000".
        plain = self.scale.plain(code)
        number = float(plain) if re.fullmatch(NUMBER, plain) else None
        point = None if self.numbers else self._points.get(code)
        if point is None:
            return number
        if number is not None and number != point and number in self.scale.answers:
            raise InputError(
                f"{self.where}: the cell '{code}' of the question '{self.question.id}' is a point of its scale and "
                f"the words of the point {point}. Say under the question which it means: values: {{{code}: {point}}}"
            )
        return float(point)


def asked(table: LabelledTable, codebook: Codebook, question: AskedQuestion, where: str) -> Asked:
    """Return a question with all that says what its cells mean.

    Args:
        table: people's answers.
        codebook: what the columns mean.
        question: one of its questions.
        where: the codebook's file, for messages.

    Raises:
        InputError: the question has no scale, and neither its values nor the file list the points.
    """
    column = question.cells
    missing = {**table.missing.get(column, {}), **codebook.missing, **question.missing}
    scale = question.scale or _scale(table, question, missing, where)
    provenance: Provenance = "stated" if scale.low is not None else "labels"
    return Asked(question, scale, provenance, missing, table.is_number(column), where)


def _scale(table: LabelledTable, question: AskedQuestion, missing: dict[str, str], where: str) -> Scale:
    """Return the scale that the codebook's values or the file's labels list point by point."""
    place = f"{where}: the question '{question.id}'"
    labels = {point: words for words, point in reversed(question.values.items())}
    if not labels:
        found = labelled_points(table, question.cells, missing)
        if found is None:
            raise InputError(
                f"{place} has no scale, and {table.path.name} does not label the points of '{question.cells}' one by "
                "one. Give it a scale, such as: scale: {kind: ordinal, low: 1, high: 7}"
            )
        labels = found
    try:
        return labelled_scale(labels)
    except ValueError as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        raise InputError(f"{place}: its labels are no scale ({reason}). Give it a scale of its own.") from None


def _list(words: list[str]) -> str:
    return ", ".join(f"'{word}'" for word in words[:_NAMED]) + (", …" if len(words) > _NAMED else "")
