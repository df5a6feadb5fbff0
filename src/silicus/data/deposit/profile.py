"""What the columns of a data file hold, and what each may be in a study: who answered, in which arm, and what.

All of it is guessed, from names, titles, labels and values, and from the survey where there is one; nothing is
knowledge. Every guess says why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from silicus.data.deposit.chance import dispersion
from silicus.data.deposit.profile_assignments import AssignmentCandidate, Seen, find_assignments
from silicus.data.deposit.profile_cells import Cells
from silicus.data.deposit.profile_columns import MOST_SCALE, ColumnProfile, is_id, is_noted, is_weight, look
from silicus.data.deposit.profile_outcomes import OutcomeCandidate, find_outcomes
from silicus.data.deposit.profile_people import find_demographics, varying
from silicus.data.deposit.qualtrics import Survey
from silicus.data.deposit.qualtrics_assignments import assignments
from silicus.data.deposit.qualtrics_columns import columns as meanings
from silicus.data.readers.labelled import LabelledTable

__all__ = ["Profile", "profile"]

_EXACTLY = 1e-9
_TASK = re.compile(r"\b(?:task|contest|round|trial|profile|number|pair|no)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Profile:
    """What a data file holds.

    Attributes:
        file: its name.
        rows: how many there are.
        columns: what each column holds, in their order.
        unusable: column -> why it cannot be used.
        people: columns that name people, the likeliest first.
        repeated: whether the first of them has the same name in several rows.
        weights: columns of survey weights.
        tasks: columns that number the rows of a person.
        demographics: column -> the field it seems to hold, or the column it is made of.
        noted: columns in which the program of the survey notes what it did.
        assignments: columns that may tell what was assigned, the likeliest first.
        outcomes: columns that may hold answers, in their order.
        doubts: what may be wrong with the documents beside the file, in sentences.
    """

    file: str
    rows: int
    columns: dict[str, ColumnProfile]
    unusable: dict[str, str]
    people: tuple[str, ...]
    repeated: bool
    weights: tuple[str, ...]
    tasks: tuple[str, ...]
    demographics: dict[str, str]
    noted: tuple[str, ...]
    assignments: tuple[AssignmentCandidate, ...]
    outcomes: tuple[OutcomeCandidate, ...]
    doubts: tuple[str, ...] = ()


def profile(table: LabelledTable, survey: Survey | None = None) -> Profile:
    """Return what the columns of a table hold, and what each may be in a study.

    Args:
        table: the table.
        survey: the survey it was exported from.

    Raises:
        InputError: the survey randomises more than can be listed.
    """
    told = meanings(survey, table.cells.columns) if survey else {}
    problems = {column: table.problem(column) for column in table.cells.columns}
    unusable = {column: problem for column, problem in problems.items() if problem is not None}
    every = [
        look(table, column, place, told.get(column))
        for place, column in enumerate(table.cells.columns)
        if column not in unusable
    ]
    cells = Cells(table)
    people = _people(every, table)
    weights = [column.name for column in every if is_weight(column)]
    noted = [column.name for column in every if is_noted(column)]
    rest = [column for column in every if column.name not in {*people, *weights, *noted} and column.distinct > 1]
    within = varying(cells, people[0] if people else None, [column.name for column in rest])
    tasks = [column for column in rest if column.name in within and _numbers_rows(column, cells, people[0])]
    rest = [column for column in rest if column not in tasks]
    demographics = find_demographics(rest, cells, within)
    seen = Seen(
        cells=cells,
        columns=[column for column in rest if column.name not in demographics],
        demographics=[column for column in rest if column.name in demographics],
        person=people[0] if people else None,
        within=within,
        assigned=assignments(survey) if survey else [],
    )
    found = find_assignments(seen)
    return Profile(
        file=table.path.name,
        rows=table.cells.height,
        columns={column.name: column for column in every},
        unusable=unusable,
        people=tuple(people),
        repeated=bool(people) and table.ids(people[0]).drop_nulls().is_duplicated().any(),
        weights=tuple(weights),
        tasks=tuple(column.name for column in tasks),
        demographics=demographics,
        noted=tuple(noted),
        assignments=tuple(found),
        outcomes=tuple(find_outcomes(seen.columns, found, within)),
    )


def _numbers_rows(column: ColumnProfile, cells: Cells, person: str) -> bool:
    """Return whether a column is named or titled as a number of rows, and everybody has each of its values as often."""
    named = _TASK.search(column.name.replace("_", " ")) or _TASK.search(column.title)
    if named is None or column.distinct > MOST_SCALE:
        return False
    differ = dispersion(cells.people(person), cells.places(column.name))
    return differ is not None and differ < _EXACTLY


def _people(columns: list[ColumnProfile], table: LabelledTable) -> list[str]:
    """Return the columns that name people, those that tell every row from every other first."""
    names = [column.name for column in columns if is_id(column)]
    return sorted(names, key=lambda name: table.ids(name).n_unique() < table.cells.height)
