"""Which columns may tell what each person was assigned to, by rules that add up, each with its reason in words.

    3       the survey assigns it by chance to everybody; 2 where to some
    3       it differs between the rows of a person as by chance, as the profiles of a conjoint experiment do
    2       its name says it (cond, treat, arm, group, assign, exp, manip, random, rnd, version); 1: its title does
    1       its groups are of nearly equal size; 0.5: as 1 to 2 or 1 to 3
    1       it has nothing to do with any demographic; -2: it has much to do with one
    -1      its title is a question, or its points are those of two or more other columns; -2: so are its labels
    -2      the survey says that it is an answer

Columns that say the same in other codes count as one. A column that follows from a candidate with more values is a
part of it, as 0 and 1 for each arm.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from silicus.data.deposit.chance import are_equal, are_in_ratio, association, dispersion, is_by_chance
from silicus.data.deposit.profile_cells import Cells
from silicus.data.deposit.profile_columns import MOST_CELLS, ColumnProfile
from silicus.data.deposit.profile_people import depends, is_common
from silicus.data.deposit.qualtrics_assignments import Arm, Assignment
from silicus.data.readers.by_labels import names_conditions

__all__ = ["LEAST", "LIKELY", "AssignmentCandidate", "Seen", "find_assignments"]

LEAST = 2.0
"""A column with a lower score is no candidate."""
LIKELY = 3.0
"""A candidate of this score is taken for one: neither it nor a part of it is an answer."""
_TOKEN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SAYS = re.compile(
    r"treat(?:ment|ed|ments)?|cond(?:ition)?s?|arm|group|assign(?:ed|ment)?|exp(?:eriment(?:al)?)?|manip(?:ulation)?"
    r"|rand(?:om\w*)?|rnd|version"
)
_SAYS_TITLE = re.compile(
    r"\b(?:treatment|assign(?:ed|ment)|randomi[sz]\w+|manipulation|experiment\w*)\b", re.IGNORECASE
)
_ASSIGNS = ("one", "last", "random number", "some", "drawn questions")
_EVERYBODY = 0.95
_MOST = 50
"""Candidates beyond these are none that anybody would look at, and every one is compared with every column."""


@dataclass(frozen=True)
class AssignmentCandidate:
    """What may tell the arm of a person.

    Attributes:
        columns: the column; several where the one that is filled tells the arm.
        score: the sum of the rules.
        reasons: the rules that held, in words.
        same: columns that say the same in other codes.
        parts: columns that follow from it.
        assignment: what the survey says of it.
    """

    columns: tuple[str, ...]
    score: float
    reasons: tuple[str, ...]
    same: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    assignment: Assignment | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All columns that tell the arm, or a part of it."""
        return (*self.columns, *self.same, *self.parts)


@dataclass(frozen=True)
class Seen:
    """A table as far as it is known before its assignments are.

    Attributes:
        cells: of the table.
        columns: the columns that may be assigned or answered.
        demographics: the columns that tell of a person what was so before.
        person: the column that names people.
        within: the columns that differ between the rows of a person.
        assigned: what the survey assigns.
    """

    cells: Cells
    columns: list[ColumnProfile]
    demographics: list[ColumnProfile]
    person: str | None
    within: set[str]
    assigned: list[Assignment]


def find_assignments(seen: Seen) -> list[AssignmentCandidate]:
    """Return the candidates, the likeliest first."""
    told = _told(seen)
    shared = Counter(_points(column) for column in seen.columns if column.name not in told)
    found = [
        candidate
        for column in seen.columns
        if 2 <= column.distinct <= MOST_CELLS and (candidate := _of_column(seen, column, told, shared)).score >= LEAST
    ]
    found = sorted(found, key=lambda each: -each.score)[:_MOST]
    # A column of many values is tried first: others may be parts of it.
    size = {column.name: column.distinct for column in seen.columns}
    found.sort(key=lambda each: (-size[each.columns[0]], -each.score))
    kept: list[AssignmentCandidate] = []
    for candidate in found:
        _take_in(seen, kept, candidate, size)
    kept += [each for each in _by_filled(seen) if each.score >= LEAST]
    place = {name: place for place, name in enumerate(seen.cells.table.cells.columns)}
    return [_with_parts(seen, each) for each in sorted(kept, key=lambda each: (-each.score, place[each.columns[0]]))]


def _with_parts(seen: Seen, candidate: AssignmentCandidate) -> AssignmentCandidate:
    """Return a candidate with every column that follows from it, as 0 and 1 for an arm; several columns have none."""
    if len(candidate.columns) != 1 or candidate.score < LIKELY:
        return candidate
    name = candidate.columns[0]
    told = [each.name for each in seen.columns if is_common(each) and depends(seen.cells, each.name, name)]
    same = [each for each in told if each != name and depends(seen.cells, name, each)]
    parts = [each for each in told if each != name and each not in same]
    return replace(candidate, same=tuple(same), parts=tuple(parts))


def _take_in(seen: Seen, kept: list[AssignmentCandidate], candidate: AssignmentCandidate, size: dict[str, int]) -> None:
    """Add a candidate, or count it to the one that says as much."""
    name = candidate.columns[0]
    for place, each in enumerate(kept):
        if depends(seen.cells, name, each.columns[0]):
            same = size[name] == size[each.columns[0]]
            told = (candidate, each) if same and candidate.score > each.score else (each, candidate)
            kept[place] = replace(told[0], score=max(each.score, candidate.score))
            return
    kept.append(candidate)


# --- rules


def _of_column(
    seen: Seen, column: ColumnProfile, told: dict[str, Assignment], shared: Counter[tuple[str, ...]]
) -> AssignmentCandidate:
    rules = [
        *_of_survey(column, told.get(column.name)),
        *_of_words(column),
        *_of_scale(column, shared),
        *_of_sizes(list(column.counts.values())),
        *(_of_profiles(seen, column) if column.name in seen.within else _of_people(seen, column)),
    ]
    return AssignmentCandidate(
        (column.name,),
        sum(points for points, _ in rules),
        tuple(why for _, why in rules),
        assignment=told.get(column.name),
    )


def _of_survey(column: ColumnProfile, assignment: Assignment | None) -> Iterator[tuple[float, str]]:
    if assignment is not None:
        everybody = column.rows >= _EVERYBODY * (column.rows + column.empty)
        yield 3 if everybody else 2, f"the survey assigns it by chance ({assignment.id})"
    elif column.meaning is not None and column.meaning.kind in ("answer", "written"):
        yield -2, "the survey says it is an answer"


def _of_words(column: ColumnProfile) -> Iterator[tuple[float, str]]:
    tokens = [token.casefold() for token in _TOKEN.findall(column.name)]
    if names_conditions(column.name) or any(_SAYS.fullmatch(token) for token in tokens):
        yield 2, "its name says it"
    elif _SAYS_TITLE.search(column.title):
        yield 1, "its title says it"
    if column.title.rstrip().endswith("?"):
        yield -1, "its title is a question"


def _of_scale(column: ColumnProfile, shared: Counter[tuple[str, ...]]) -> Iterator[tuple[float, str]]:
    others = shared[_points(column)] - 1
    if others > 1 and column.labels:
        yield -2, f"its labels are those of {others} other columns"
    elif others > 1 and column.distinct > 2:
        yield -1, f"its points are those of {others} other columns"


def _points(column: ColumnProfile) -> tuple[str, ...]:
    """Return the labels of a column, else its cells, by which it is told whether others are answered alike."""
    return tuple(column.labels.values()) if column.labels else tuple(sorted(column.counts))


def _of_sizes(counts: list[int]) -> Iterator[tuple[float, str]]:
    if are_equal(counts):
        yield 1, "its groups are of nearly equal size"
    elif are_in_ratio(counts):
        yield 0.5, "its groups are in a simple ratio"


def _of_profiles(seen: Seen, column: ColumnProfile) -> Iterator[tuple[float, str]]:
    if seen.person is not None and is_by_chance(
        dispersion(seen.cells.people(seen.person), seen.cells.places(column.name))
    ):
        yield 3, "it differs between the rows of a person as by chance"


def _of_people(seen: Seen, column: ColumnProfile) -> Iterator[tuple[float, str]]:
    mine = seen.cells.groups(column)
    groups = [(each.name, seen.cells.groups(each)) for each in seen.demographics] if mine is not None else []
    tested = [(name, association(mine, theirs)) for name, theirs in groups if mine is not None and theirs is not None]
    known = [(name, found) for name, found in tested if found is not None]
    strong = next((name for name, found in known if found.strong), None)
    if strong is not None:
        yield -2, f"it has to do with {strong}"
    elif known and all(found.p_value * len(known) >= 0.01 for _, found in known):
        yield 1, f"it has nothing to do with {', '.join(name for name, _ in known[:5])}"


# --- what the survey assigns


def _told(seen: Seen) -> dict[str, Assignment]:
    """Return column -> what it tells of the survey's assignments, where one column tells it."""
    names = {column.name for column in seen.columns}
    found: dict[str, Assignment] = {}
    for each in seen.assigned:
        if each.kind in _ASSIGNS and _surest(each) in names and not _is_of_arm(each):
            found.setdefault(_surest(each), each)
    return found


def _is_of_arm(assignment: Assignment) -> bool:
    """Return whether the surest column belongs to one arm, and the filled one of several tells the arm."""
    return _surest(assignment) in {arm.column for arm in assignment.arms if arm.column}


def _surest(assignment: Assignment) -> str:
    """Return the column that tells an assignment best, "" where none does."""
    return next(iter(assignment.columns), "")


def _by_filled(seen: Seen) -> Iterator[AssignmentCandidate]:
    """Yield the assignments that are told by which of several columns is filled; the same arms on two ways as one."""
    done: set[str] = set()
    for each in seen.assigned:
        if each.id in done or each.kind not in _ASSIGNS or not _is_of_arm(each):
            continue
        ways = [each, *(other for other in seen.assigned if other.id in each.same_as)]
        done |= {way.id for way in ways}
        arms = {
            name: [arm for way in ways for arm in way.arms if arm.name == name and arm.column in seen.cells.table.cells]
            for name in dict.fromkeys(arm.name for arm in each.arms)
        }
        counts = [_filled(seen, found) for found in arms.values()]
        if len(counts) > 1 and all(counts):
            everybody = sum(counts) >= _EVERYBODY * seen.cells.table.cells.height
            rules = [
                (3.0 if everybody else 2.0, f"the survey assigns it by chance ({', '.join(way.id for way in ways)})"),
                *_of_sizes(counts),
            ]
            columns = tuple(arm.column for found in arms.values() for arm in found)
            yield AssignmentCandidate(
                columns, sum(points for points, _ in rules), tuple(why for _, why in rules), assignment=each
            )


def _filled(seen: Seen, arms: list[Arm]) -> int:
    return sum(int(seen.cells.table.codes(arm.column).is_not_null().sum()) for arm in arms)
