"""What people answered: whether cells lie on their scales, mean what they are called, and are answers at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from silicus.data.deposit.likeness import best_held, content, plain_words, same_sense
from silicus.data.deposit.made import Cell, Made, unnumbered
from silicus.data.missing import code_label, is_code, says_no_answer
from silicus.data.readers.codebook import AskedQuestion, Column
from silicus.errors import counted
from silicus.study import Scale

__all__ = ["labels_agree", "no_missing_code", "on_their_scale"]

_TO_DO = {
    "outside the stated scale": "Name the cells under missing or values, or mend the scale",
    "no whole number": "Give every cell its point under values",
    "not a number": "Name the cells under missing or values",
    "no point of the scale": "Name the cells under missing or values, or mend the scale; a number with a comma or a "
    "unit has to be brought to a number first",
    "empty cell among": "Give the cell its words under fields, or leave the rows out",
}
"""Reason to leave out an answer that a recipe has to settle -> how."""
_WHOLE = re.compile(r"-?\d{1,9}")
_SHOWN = 5


# --- on their scales


def on_their_scale(made: Made) -> Iterator[str]:
    """Yield why answers were left out that the recipe has to settle, and codes that nobody has named."""
    for reason, rows in made.data.left_out.items():
        do = next((do for words, do in _TO_DO.items() if words in reason), None)
        if do is not None:
            yield f"{counted(rows, 'answer was', 'answers were')} left out: {reason}. {do}."
    for question in made.recipe.questions:
        yield from _unnamed(question, made)


def _unnamed(question: AskedQuestion, made: Made) -> Iterator[str]:
    """Yield the codes that were taken for missing ones by their look alone."""
    named = _missing(question, made)
    rows = made.data.responses.filter(pl.col("question") == question.id).drop_nulls("missing")
    counts = dict(rows.group_by("missing").len().iter_rows())
    codes = made.table.codes(question.cells).drop_nulls().unique().sort().to_list()
    for code in codes:
        if code in named or not _WHOLE.fullmatch(code) or not is_code(int(code)):
            continue
        count = counts.get(code_label(int(code)), 0)
        if count:
            yield (
                f"'{question.cells}' is {code} in {counted(count, 'cell', 'cells')}, which looks like a code for no "
                f"answer, and nobody says so. Name it under missing: {{{code}: ...}}, or mend the scale of "
                f"'{question.id}'."
            )


def _missing(question: AskedQuestion, made: Made) -> dict[str, str]:
    return {**made.table.missing.get(question.cells, {}), **made.recipe.missing, **question.missing}


# --- missing codes


def no_missing_code(made: Made) -> Iterator[str]:
    """Yield the answers that the deposit, or the scale itself, calls "Don't know", "Refused" and the like."""
    given = made.data.answered.select("question", "response").unique()
    for question in made.recipe.questions:
        scale = _scale_of(question, made)
        if scale is None:
            continue
        answers = {int(point) for point in given.filter(pl.col("question") == question.id)["response"].to_list()}
        excused = made.recipe.excused.answers.get(question.id, {})
        for point in sorted(answers.difference(scale.refusals)):
            if str(point) not in excused:
                yield from _calls(question, point, scale, made)


def _calls(question: AskedQuestion, point: int, scale: Scale, made: Made) -> Iterator[str]:
    told = [(cell.words, cell.where) for cell in _meant(question, scale, made) if cell.point == point and cell.words]
    alone = made.missing_alone.get(str(point))
    if alone is not None and is_code(point) and not told:
        told.append(alone)
    told.append((scale.label(point) or "", "the recipe"))
    for words, where in told:
        if says_no_answer(words, apart=_is_apart(point, scale)):
            yield (
                f"the question '{question.id}' counts {point} as an answer, which {where} calls '{words}'. Name it "
                f"under missing, or as a refusal of the scale: {{{point}: {words}}}; or say why it is an answer under "
                f"excused > answers: {{{question.id}: {{{point}: ...}}}}."
            )
            return


def _is_apart(point: int, scale: Scale) -> bool:
    """Return whether a point comes last or lies apart from the others."""
    others = [value for value in scale.values if value != point]
    steps = [after - before for before, after in pairwise(others)]
    return point > max(others) or min(abs(point - other) for other in others) > max(steps, default=1)


# --- what cells are called


@dataclass(frozen=True)
class _Meant(Cell):
    """A cell, the point it becomes, `None` where that is none, and whether the recipe says so by `values`."""

    point: int | None
    turned: bool


def _meant(question: AskedQuestion, scale: Scale, made: Made) -> list[_Meant]:
    """Return the values of a question's cells that are no missing ones, and what they become."""
    points = {label: value for value, label in {**scale.labels, **scale.refusals}.items()}
    missing, found = _missing(question, made), list[_Meant]()
    for cell in made.cells(question.cells):
        none = {**made.table.missing.get(cell.column, {}), **made.recipe.missing}
        if cell.code in missing or (cell.cell in none and not cell.mapped):
            continue
        point = question.values.get(cell.code, points.get(cell.code))
        if point is None and _WHOLE.fullmatch(cell.code):
            point = int(cell.code)
        turned = cell.mapped or cell.code in question.values
        found.append(_Meant(*(getattr(cell, name) for name in cell.__dataclass_fields__), point=point, turned=turned))
    return found


def _scale_of(question: AskedQuestion, made: Made) -> Scale | None:
    """Return the scale of a question, where the recipe has none that which the file's labels make."""
    if question.scale is not None:
        return question.scale
    return next((item.scale for item in made.data.cells() if item.question == question.id), None)


def labels_agree(made: Made) -> Iterator[str]:
    """Yield the cells that the recipe calls otherwise than the file, a codebook or the survey does."""
    for question in made.recipe.questions:
        scale = _scale_of(question, made)
        if scale is not None:
            cells = _meant(question, scale, made)
            excused = made.recipe.excused.recoded.get(question.id, {})
            problems = list(_other_words(question, scale, cells, excused))
            yield from problems
            if not excused and not problems:
                yield from _other_range(question, scale, cells)
                yield from _turned_round(question, cells)
    for name, column in {**made.recipe.fields, **made.recipe.attributes}.items():
        yield from _named_otherwise(name, column, made)


def _other_words(
    question: AskedQuestion, scale: Scale, cells: list[_Meant], excused: str | dict[str, str]
) -> Iterator[str]:
    labels = {point: unnumbered(str(point), words) for point, words in {**scale.labels, **scale.refusals}.items()}
    for cell in cells:
        if not cell.words or (isinstance(excused, dict) and cell.cell in excused):
            continue
        other = _another(cell, labels)
        why = f"excused > recoded: {{{question.id}: {{{cell.cell}: ...}}}}"
        if other is not None:
            yield (
                f"the question '{question.id}' calls {cell.cell} '{labels.get(cell.point or 0, cell.point)}', and "
                f"{cell.where} '{cell.words}', which is its point {other}. Give the cell its own point, or say why not "
                f"under {why}."
            )
        elif not excused:
            yield from _differing(question, scale, cell, labels)


def _another(cell: _Meant, labels: dict[int, str]) -> int | None:
    """Return the other point whose label is what a cell is called; `None` where there is none."""
    own = labels.get(cell.point) if cell.point is not None else None
    if own is not None and plain_words(own) == plain_words(cell.words):
        return None
    named = [point for point, label in labels.items() if plain_words(label) == plain_words(cell.words)]
    if not named and cell.turned:
        best = best_held(cell.words, labels.values())
        named = [] if own in best else [point for point, label in labels.items() if label in best]
    return next((point for point in named if point != cell.point), None)


def _differing(question: AskedQuestion, scale: Scale, cell: _Meant, labels: dict[int, str]) -> Iterator[str]:
    why = f"excused > recoded: {{{question.id}: ...}}"
    own = labels.get(cell.point) if cell.point is not None else None
    if cell.point is None or cell.point not in scale.answers:
        if not cell.turned and _WHOLE.fullmatch(cell.cell):
            yield (
                f"{cell.where} calls {cell.cell} of '{cell.column}' '{cell.words}', which is no point of the scale of "
                f"'{question.id}' ({scale}). Add it to the scale, or name it under missing; or say why under {why}."
            )
    elif (
        own is None or plain_words(own) == plain_words(cell.words) or own in best_held(cell.words, [own] * cell.turned)
    ):
        return
    elif cell.turned:
        yield (
            f"the question '{question.id}' makes {cell.point} '{own}' of {cell.cell} of '{cell.column}', which "
            f"{cell.where} calls '{cell.words}'. Say why that is the same under {why}."
        )
    else:
        yield (
            f"the question '{question.id}' calls {cell.cell} '{own}', and {cell.where} '{cell.words}'. Write what "
            f"people read; where the scale was turned round, its labels have to be too. Or say why under {why}."
        )


def _other_range(question: AskedQuestion, scale: Scale, cells: list[_Meant]) -> Iterator[str]:
    """Yield where a scale reaches beyond the labelled codes, labels a point that they do not, or labels none."""
    called = {cell.point: cell for cell in cells if cell.words and not cell.turned and cell.point is not None}
    if len(called) < 2 or any(cell.turned for cell in cells):
        return
    low, high, where = min(called), max(called), next(iter(called.values())).where
    why = f"Write the scale that people saw, or say why under excused > recoded: {{{question.id}: ...}}."
    beyond = [point for point in scale.values if not low <= point <= high]
    strange = [point for point in scale.labels if point not in called]
    if beyond:
        yield (
            f"the scale of '{question.id}' ({scale}) has the point {beyond[0]}, and {where} calls the points {low} to "
            f"{high} by their names. {why}"
        )
    elif strange:
        words = scale.labels[strange[0]]
        yield f"the question '{question.id}' calls {strange[0]} '{words}', and {where} does not. {why}"
    elif not scale.labels:
        words = called[low].words
        yield f"the scale of '{question.id}' ({scale}) has no words, and {where} calls {low} '{words}'. {why}"


def _turned_round(question: AskedQuestion, cells: list[_Meant]) -> Iterator[str]:
    """Yield where numbers without a label become points in another order."""
    bare = [cell for cell in cells if cell.turned and not cell.words and cell.point is not None]
    points = [cell.point for cell in sorted(bare, key=lambda cell: float(cell.cell)) if cell.point is not None]
    if points != sorted(points):
        yield (
            f"the cells of '{question.cells}' become points of '{question.id}' in another order than theirs, and "
            f"nothing says what they are called. Say why under excused > recoded: {{{question.id}: ...}}."
        )


# --- fields and attributes


def _named_otherwise(name: str, column: Column, made: Made) -> Iterator[str]:
    """Yield the cells that a field calls by the words of another cell, or by words that have nothing of their own."""
    excused = made.recipe.excused.recoded.get(name, {})
    cells = [cell for cell in made.cells(column.column) if cell.words and column.values.get(cell.code)]
    for cell in cells:
        words = column.values[cell.code] or ""
        if same_sense(words, cell.words) or (isinstance(excused, dict) and cell.cell in excused):
            continue
        others = [other.words for other in cells if other.code != cell.code]
        swapped = any(same_sense(words, other) for other in others) or any(
            same_sense(given or "", cell.words) for code, given in column.values.items() if code != cell.code
        )
        strange = name in made.recipe.fields and cell.words != cell.cell and not content(words) & content(cell.words)
        if swapped or (strange and not excused):
            told = "the words of another cell" if swapped else "with which it has no word in common"
            each = f"{{{cell.cell}: ...}}" if swapped else "..."
            yield (
                f"'{name}' calls {cell.cell} of '{cell.column}' '{words}', and {cell.where} '{cell.words}': {told}. "
                f"Mend it, or say why under excused > recoded: {{{name}: {each}}}."
            )
