"""Which columns may hold answers to a study's questions, by rules that add up, each with its reason in words.

    2       the survey asks it
    1       its title is a question, or as long as a sentence
    1       its points all have labels, or are 3 to 11 in a row, or a slider from 0 to 100
    1       another column has the same scale
    1       it stands after the assignment in a file without a survey
    1       it differs between the rows of a person, in a file that has several
    1       its name begins as that of the assignment, as q7_2 beside q7_treat

Every one has a scale of 2 to 101 points, and is no demographic, no assignment and nothing that the program noted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from silicus.data.deposit.profile_assignments import LIKELY, AssignmentCandidate
from silicus.data.deposit.profile_columns import MOST_SCALE, ColumnProfile
from silicus.data.readers.by_labels import MOST_POINTS
from silicus.data.readers.draft import in_degrees

__all__ = ["LEAST", "OutcomeCandidate", "find_outcomes", "points_of"]

LEAST = 2
"""A column with a lower score is no candidate."""
_SLIDER = tuple(map(float, range(101)))
_MIDDLE = 50
_FEWEST = 3
_UNEVEN = 0.01
"""How far a number may stand beside its place, in steps."""
_SENTENCE = 4
"""Words of a title that says what is asked."""
_STEM = re.compile(r"[A-Za-z]+_?\d+")
_Scale = tuple[str | float, ...]


@dataclass(frozen=True)
class OutcomeCandidate:
    """What may hold answers.

    Attributes:
        column: its name.
        score: the sum of the rules.
        reasons: the rules that held, in words.
    """

    column: str
    score: int
    reasons: tuple[str, ...]


def find_outcomes(
    columns: list[ColumnProfile], assignments: list[AssignmentCandidate], within: set[str]
) -> list[OutcomeCandidate]:
    """Return the candidates, in the order of the columns.

    Args:
        columns: those that are no ids, weights or demographics, and not noted by a program.
        assignments: the candidates for assignments, the likeliest first.
        within: the columns that differ between the rows of a person.
    """
    taken = {name for each in assignments if each.score >= LIKELY for name in each.names}
    scales = {column.name: _scale(column) for column in columns if column.name not in taken}
    shared = Counter(scale for scale in scales.values() if scale is not None)
    # Where nothing is likely to be assigned, nothing is known to come after it.
    likely = [each for each in assignments if each.score >= LIKELY]
    first = min((column.place for column in columns if likely and column.name in likely[0].names), default=None)
    stems = {stem[0] for each in likely for name in each.columns if (stem := _STEM.match(name))}
    found: list[OutcomeCandidate] = []
    for column in columns:
        scale = scales.get(column.name)
        if scale is not None:
            rules = [*_of_question(column), *_of_scale(column, scale, shared), *_of_place(column, first, stems)]
            rules += [(1, "it differs between the rows of a person")] if column.name in within else []
            found.append(OutcomeCandidate(column.name, sum(n for n, _ in rules), tuple(why for _, why in rules)))
    return [each for each in found if each.score >= LEAST]


def _of_question(column: ColumnProfile) -> Iterator[tuple[int, str]]:
    if column.meaning is not None and column.meaning.kind == "answer":
        yield 2, "the survey asks it"
    if column.title.rstrip().endswith("?") or len(column.title.split()) >= _SENTENCE:
        yield 1, "its title says what is asked"


def _of_scale(column: ColumnProfile, scale: _Scale, shared: Counter[_Scale]) -> Iterator[tuple[int, str]]:
    if column.kind == "labelled":
        yield 1, "every point has a label"
    elif scale == _SLIDER:
        yield 1, "it is a slider from 0 to 100"
    elif _FEWEST <= column.distinct <= MOST_POINTS and (len(scale) == column.distinct or not column.numeric):
        yield 1, f"it has {column.distinct} points in a row"
    if shared[scale] > 1:
        others = shared[scale] - 1
        yield 1, f"{others} other {'column has' if others == 1 else 'columns have'} its scale"


def _of_place(column: ColumnProfile, first: int | None, stems: set[str]) -> Iterator[tuple[int, str]]:
    if column.meaning is None and first is not None and column.place > first:
        yield 1, "it stands after the assignment"
    stem = _STEM.match(column.name)
    if stem and stem[0] in stems:
        yield 1, f"it begins with {stem[0]}, as the assignment does"


def _scale(column: ColumnProfile) -> _Scale | None:
    """Return the points of a column, by which it is told whether others have them too; `None` where it has no scale."""
    if not 2 <= column.distinct <= MOST_SCALE or column.kind in {"id", "date", "constant"}:
        return None
    if column.kind == "labelled":
        return tuple(column.labels.values())
    if not column.numeric:
        words = sorted(column.counts)
        return tuple(words) if len(words) == 2 or in_degrees(words) else None
    return tuple(points_of(column)) or None


def points_of(column: ColumnProfile) -> list[float]:
    """Return the points on which the numbers of a column stand, evenly apart; none where there is no such scale."""
    # "01" and "1" are one number.
    numbers = sorted(set(map(float, column.counts)))
    if len(numbers) < 2 or column.distinct > MOST_SCALE:
        return []
    whole = all(number.is_integer() for number in numbers)
    if whole and len(numbers) > MOST_POINTS and numbers[0] >= 0 and _MIDDLE < numbers[-1] <= _SLIDER[-1]:
        return list(_SLIDER)
    step = min(b - a for a, b in pairwise(numbers))
    places = [(number - numbers[0]) / step for number in numbers]
    if places[-1] >= MOST_SCALE or any(abs(place - round(place)) > _UNEVEN for place in places):
        return []
    return [round(numbers[0] + place * step, 6) for place in range(round(places[-1]) + 1)]
