"""What the names and labels of a table suggest, and the codebook that an SPSS or Stata file makes up by itself."""

from __future__ import annotations

import re

from silicus.data.answer_scale import labelled_scale
from silicus.data.readers.codebook import AskedQuestion, Codebook, Column, codebook_beside
from silicus.data.readers.labelled import LabelledTable, suffix
from silicus.errors import InputError
from silicus.study import Source

__all__ = [
    "MOST_POINTS",
    "attribute_name",
    "codebook_by_labels",
    "escaped",
    "labelled_points",
    "names_conditions",
    "names_people",
    "study_name",
]

MOST_POINTS = 11
"""A column of more values is hardly a question with labels, and one of ids only then."""

_NO_CODEBOOK = Source(citation="not stated (no codebook)", licence="not stated")

# Our name, as SocSci210 has it -> how other files call it.
_ATTRIBUTES = {
    "age": r"age",
    "birth_year": r"birth_?(?:yr|year)|yob",
    "gender": r"(?:gender|sex)(?:_client)?",
    "ethnicity": r"race|ethnic|ethnicity|race_?eth\w*",
    "education": r"edu|educ|education|degree",
    "employment": r"employ|employment|wrkstat",
    "marital_status": r"marital(?:_status)?|marstat",
    "location": r"state|inputstate|region",
    "income": r"income|hh_?income|fam_?inc(?:ome)?(?:_new)?",
    "party_id": r"party|party_?id|pid(?:_?[37])?",
    "ideology": r"ideo(?:_?[357])?|ideology|polviews",
    "religion": r"relig|religion|religpew",
    "household_size": r"hh_?size|household_size",
}
_PERSON = re.compile(
    r"(?:case|resp(?:ondent)?|participant|subject|person|worker|user)?_?(?:id|nr|no)|responseid|pid|uu?id|respondent",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"(?:^|[_.])(?:exp_?)?(?:cond|condition|treat|treatment|arm|assign|t\d_content)(?:$|[_.])", re.IGNORECASE
)

_SHOWN = 12


def attribute_name(column: str) -> str | None:
    """Return our name of what a column tells of a person by its name, `None` where it says nothing of the kind.

    Examples:
        >>> [attribute_name(name) for name in ("Sex", "pid7", "educ", "q1")]
        ['gender', 'party_id', 'education', None]
    """
    return next((ours for ours, theirs in _ATTRIBUTES.items() if re.fullmatch(theirs, column.lower())), None)


def labelled_points(table: LabelledTable, column: str, missing: dict[str, str]) -> dict[int, str] | None:
    """Return the labels of a column's points where every one has a label; `None` where they are not all labelled.

    They are where the labels that name no missing code stand on two or more consecutive whole numbers; refusals such
    as "Don't know" may stand apart.

    Args:
        table: the table.
        column: one of its columns.
        missing: codes that are no answer.
    """
    labels = {code: words for code, words in table.labels.get(column, {}).items() if code not in missing}
    if not labels or any(re.fullmatch(r"-?\d+", code) is None for code in labels):
        return None
    points = {int(code): words for code, words in labels.items()}
    try:
        values = labelled_scale(points).values
    except ValueError:
        return None
    consecutive = max(values) - min(values) + 1 == len(values)
    return points if consecutive else None


def codebook_by_labels(table: LabelledTable) -> tuple[Codebook, dict[str, int]]:
    """Return the codebook that the labels of an SPSS or Stata file make up, and what they pass over.

    A column named as one of ids that differs in every row names the person; without one it is not known whose answers
    a row holds. A column named as an attribute is one. A column is a question where it has a title and 2 to 11 points
    with a label each (`labelled_points`), unless it is empty or named as a condition. Conditions cannot be told from a
    file: everybody counts as shown the same.

    Returns:
        The codebook; a reason -> the cells passed over.

    Raises:
        InputError: no column is a question by its labels, or rows are not people.
    """
    respondent = _respondent(table)
    attributes: dict[str, Column] = {}
    questions: list[AskedQuestion] = []
    passed_over: list[str] = []
    for column in table.cells.columns:
        name = attribute_name(column)
        if column == respondent:
            continue
        if name is not None:
            attributes[name if name not in attributes else column] = Column(column=column)
        elif _is_question_by_labels(table, column):
            questions.append(AskedQuestion(id=column, text=escaped(table.titles[column])))
        else:
            passed_over.append(column)
    if not questions:
        raise InputError(
            f"{table.path}: no column is a question by its labels (a title, and 2 to {MOST_POINTS} points with a "
            f"label each). Describe its columns: silicus data codebook {table.path} > {codebook_beside(table.path)}"
        )
    book = Codebook(
        name=study_name(table),
        source=_NO_CODEBOOK,
        respondent=respondent,
        attributes=attributes,
        questions=tuple(questions),
    )
    cells = sum(table.codes(column).count() for column in passed_over)
    named = ", ".join(passed_over[:_SHOWN]) + (", …" if len(passed_over) > _SHOWN else "")
    return book, {f"in columns that are no questions by their labels: {named}": cells} if passed_over else {}


def _respondent(table: LabelledTable) -> str | None:
    """Return the column of ids that differ in every row, `None` where there is none.

    Raises:
        InputError: a column of ids has one of them in several rows, so that rows are not people.
    """
    named = [each for each in table.cells.columns if _PERSON.fullmatch(each) and not table.labels.get(each)]
    ids = {column: table.ids(column).drop_nulls() for column in named}
    for column, found in ids.items():
        if names_people(column, found.n_unique()) and found.n_unique() < len(found):
            raise InputError(
                f"{table.path}: the column '{column}' has {found.n_unique()} ids in {len(found)} rows, so that a row "
                f"is not a person. Say in a codebook what a row is: silicus data codebook {table.path} > "
                f"{codebook_beside(table.path)}"
            )
    return next((column for column, found in ids.items() if found.n_unique() == table.cells.height), None)


def names_conditions(column: str) -> bool:
    """Return whether a column is named as one of conditions."""
    return _CONDITION.search(column) is not None


def names_people(column: str, distinct: int) -> bool:
    """Return whether a column of so many distinct values is named as one of ids; one of few is `pid`, the party."""
    return _PERSON.fullmatch(column) is not None and distinct > MOST_POINTS


def _is_question_by_labels(table: LabelledTable, column: str) -> bool:
    points = labelled_points(table, column, table.missing.get(column, {}))
    few = points is not None and len(points) <= MOST_POINTS
    told = column in table.titles and table.is_number(column) and table.codes(column).count() > 0
    return few and told and not names_conditions(column)


def study_name(table: LabelledTable) -> str:
    """Return what the study of a table without a codebook is called: its file, without suffix."""
    return table.path.name.removesuffix(suffix(table.path))


def escaped(text: str) -> str:
    """Return a file's words as those of a codebook, in which a brace is doubled."""
    return text.replace("{", "{{").replace("}", "}}")
