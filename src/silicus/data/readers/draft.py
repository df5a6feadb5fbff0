"""What a table's names, labels and values suggest: a codebook by labels alone, and a draft for its user to finish.

Nothing here is knowledge. A draft shows for every column the values it was guessed from, and marks with TODO what
only its user knows; a codebook that still holds a TODO is refused.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from silicus.data.answer_scale import labelled_scale
from silicus.data.missing import split_codes
from silicus.data.readers.codebook import TODO, AskedQuestion, Codebook, Column
from silicus.data.readers.labelled import LabelledTable, read_labelled, suffix
from silicus.errors import InputError
from silicus.study import Scale, Source

__all__ = ["attribute_name", "codebook_by_labels", "draft_codebook", "in_degrees", "labelled_points"]

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
    r"(?:case|resp(?:ondent)?|participant|subject|person|worker)?_?(?:id|nr|no)|responseid", re.IGNORECASE
)
_WEIGHT = re.compile(r"w|p?weights?(?:_.*)?|.*_weight|wt\w*|wgt\w*", re.IGNORECASE)
_CONDITION = re.compile(
    r"(?:^|[_.])(?:exp_?)?(?:cond|condition|treat|treatment|arm|assign|t\d_content)(?:$|[_.])", re.IGNORECASE
)

_NUMBER = r"-?\d+(?:\.\d+)?"
_MOST_POINTS = 11
_SHOWN = 12
_LONGEST_WORDS = 60
_SLIDER = (0, 100)

_STRONG = {
    r"not \w+ at all|not at all|never|none": 0.0,
    r"neither|neutral|about|middle": 0.0,
    r"a little|slightly|hardly|rarely|not very": 1.0,
    r"somewhat|sometimes|moderately|probably|maybe": 2.0,
    r"often|fairly|quite": 3.0,
    r"very|strongly|definitely|completely": 4.0,
    r"always|extremely|a great deal": 5.0,
}
_PLAIN = 2.5
_AGAINST = re.compile(
    r"\b(?:oppose|disagree|disapprove|against|bad|negative|unhappy|uncomfortable|unlikely|unwilling|dissatisfied|won['’]?t|less|worse)",
    re.IGNORECASE,
)


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

    Every row is a person. A column named as an attribute is one. A column is a question where it has a title and 2 to
    11 points with a label each (`labelled_points`), unless it is named as a condition. Conditions cannot be told from
    a file: everybody counts as shown the same.

    Returns:
        The codebook; a reason -> the cells passed over.

    Raises:
        InputError: no column is a question by its labels.
    """
    attributes: dict[str, Column] = {}
    questions: list[AskedQuestion] = []
    passed_over: list[str] = []
    for column in table.cells.columns:
        name = attribute_name(column)
        if name is not None:
            attributes[name if name not in attributes else column] = Column(column=column)
        elif _is_question_by_labels(table, column):
            questions.append(AskedQuestion(id=column, text=_escaped(table.titles[column])))
        else:
            passed_over.append(column)
    if not questions:
        raise InputError(
            f"{table.path}: no column is a question by its labels (a title, and 2 to {_MOST_POINTS} points with a "
            f"label each). Describe its columns: silicus data codebook {table.path} > {table.path}.codebook.yaml"
        )
    book = Codebook(name=_name(table.path), source=_NO_CODEBOOK, attributes=attributes, questions=tuple(questions))
    cells = sum(table.codes(column).count() for column in passed_over)
    named = ", ".join(passed_over[:_SHOWN]) + (", …" if len(passed_over) > _SHOWN else "")
    return book, {f"in columns that are no questions by their labels: {named}": cells} if passed_over else {}


def _is_question_by_labels(table: LabelledTable, column: str) -> bool:
    points = labelled_points(table, column, table.missing.get(column, {}))
    few = points is not None and len(points) <= _MOST_POINTS
    return few and column in table.titles and table.is_number(column) and _CONDITION.search(column) is None


def _name(path: Path) -> str:
    return path.name.removesuffix(suffix(path))


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


Role = Literal["respondent", "weight", "condition", "attribute", "question", "none"]


@dataclass(frozen=True)
class _Seen:
    """What a column holds.

    Attributes:
        counts: code -> rows, the most frequent first; missing codes left out.
        labels: code -> its words, of all codes with a label that are no missing codes.
    """

    column: str
    counts: dict[str, int]
    empty: int
    missing: dict[str, str]
    labels: dict[str, str]
    title: str | None
    points: dict[int, str] | None
    attribute: str | None

    @property
    def numbers(self) -> list[float] | None:
        """The distinct numbers, lowest first; `None` where a cell is none."""
        if any(re.fullmatch(_NUMBER, code) is None for code in self.counts):
            return None
        return sorted(map(float, self.counts))

    @property
    def rows(self) -> int:
        """How many rows hold something that is no missing code."""
        return sum(self.counts.values())


def draft_codebook(path: Path) -> str:
    """Return a codebook in YAML for the user to finish: every column with its values and a guessed role.

    Args:
        path: a CSV, TSV, parquet, SPSS or Stata file.

    Raises:
        InputError: the file cannot be read as a table.
    """
    table = read_labelled(path)
    seen = [_look(table, column) for column in table.cells.columns]
    roles = _roles(seen, table.cells.height)
    of = {role: [each for each in seen if roles[each.column] == role] for role in set(roles.values())}
    lines = [
        f"# Codebook of {path.name}: {table.cells.height} rows, {len(seen)} columns. Drafted from names and values.",
        f"# Write what is missing where it says {TODO}, correct what is guessed wrong, delete what you do not need.",
        f"name: {_scalar(_name(path))}",
        "source:",
        "  citation: >-",
        f"    {TODO} whom to cite",
        "  licence: >-",
        f"    {TODO} the terms of the data",
        "  # fielded: 2019-03          when people answered; also doi, url, population",
        "",
        *_single("respondent", of.get("respondent", []), "null means that every row is another person"),
        *_single("weight", of.get("weight", []), "the column of survey weights"),
        *_show(of.get("respondent", []), table.cells.height),
        *_condition(of.get("condition", [])),
        *_attributes(of.get("attribute", [])),
        "missing: {}  # cells that are no answer to any question, such as {-99: Refused}",
        "",
        *_questions(of.get("question", [])),
    ]
    unused = of.get("none", [])
    if unused:
        lines += ["", "# Columns without a role. To use one, write it above."]
        lines += [f"#   {each.column}: {_values(each)}" for each in unused]
    return "\n".join(lines) + "\n"


def _look(table: LabelledTable, column: str) -> _Seen:
    codes = table.codes(column)
    missing = table.missing.get(column, {})
    counted = codes.drop_nulls().value_counts(sort=True, name="rows")
    counts: dict[str, int] = dict(counted.sort("rows", column, descending=[True, False]).iter_rows())
    return _Seen(
        column=column,
        counts={code: rows for code, rows in counts.items() if code not in missing},
        empty=codes.null_count(),
        missing=missing,
        labels={code: words for code, words in table.labels.get(column, {}).items() if code not in missing},
        title=table.titles.get(column),
        points=labelled_points(table, column, missing),
        attribute=attribute_name(column),
    )


def _roles(seen: list[_Seen], rows: int) -> dict[str, Role]:
    """Return column -> guessed role; there is one respondent, one weight and one condition at most."""
    roles: dict[str, Role] = {}
    for place, each in enumerate(seen):
        role = _role(each, rows, first=place == 0)
        taken = role in {"respondent", "weight", "condition"} and role in roles.values()
        roles[each.column] = "none" if taken else role
    return roles


def _role(seen: _Seen, rows: int, *, first: bool) -> Role:
    if not seen.counts:
        return "none"
    unique = len(seen.counts) == rows and not seen.empty
    named = _PERSON.fullmatch(seen.column) and not seen.empty and len(seen.counts) > _MOST_POINTS
    if named or (first and unique):
        return "respondent"
    numbers = seen.numbers
    if _WEIGHT.fullmatch(seen.column) and numbers and numbers[0] >= 0 and any(n % 1 for n in numbers):
        return "weight"
    if _CONDITION.search(seen.column) and 2 <= len(seen.counts) <= _SHOWN:
        return "condition"
    if seen.attribute is not None:
        return "attribute"
    free_text = unique and numbers is None
    return "question" if not free_text and _scale(seen) is not None else "none"


def _scale(seen: _Seen) -> str | None:
    """Return the scale of a question in YAML, `None` where it looks like none."""
    if seen.points is not None:
        return _labelled(labelled_scale(seen.points))
    numbers = seen.numbers
    if numbers is not None:
        return _number_scale(numbers)
    words = list(seen.counts)
    # Where words and numbers are mixed, which number stands for which words cannot be told.
    mixed = any(re.fullmatch(_NUMBER, word) for word in words)
    if mixed or not 2 <= len(words) <= _MOST_POINTS or max(map(len, words)) > _LONGEST_WORDS:
        return None
    ordered = in_degrees(words)
    labels = dict(enumerate(ordered or sorted(words), start=1))
    kind = "binary" if len(words) == 2 else "ordinal" if ordered else "nominal"
    return _labelled(Scale(kind=kind, labels=labels))


def _labelled(scale: Scale) -> str:
    labels = _pairs(scale.labels)
    refusals = f", refusals: {{{_pairs(scale.refusals)}}}" if scale.refusals else ""
    return f"{{kind: {scale.kind}, labels: {{{labels}}}{refusals}}}"


def _pairs(labels: dict[int, str]) -> str:
    return ", ".join(f"{point}: {_scalar(words)}" for point, words in labels.items())


def _number_scale(numbers: list[float]) -> str | None:
    numbers, _ = split_codes(numbers)
    if len(numbers) < 2 or any(n % 1 for n in numbers):
        return None
    low, high = int(numbers[0]), int(numbers[-1])
    if high - low < _MOST_POINTS:
        return f"{{kind: {'binary' if high - low == 1 else 'ordinal'}, low: {low}, high: {high}}}"
    slider = low >= _SLIDER[0] and _SLIDER[1] / 2 < high <= _SLIDER[1]
    return f"{{kind: numeric, low: {_SLIDER[0]}, high: {_SLIDER[1]}}}" if slider else None


def in_degrees(words: list[str]) -> list[str] | None:
    """Return words that are degrees of one thing, the least first; `None` where no order shows in them.

    Examples:
        >>> in_degrees(["Favor", "Strongly Oppose", "Strongly Favor", "Oppose"])
        ['Strongly Oppose', 'Oppose', 'Favor', 'Strongly Favor']
        >>> in_degrees(["Democrat", "Republican"])
    """
    degrees = {word: _degree(word) for word in words}
    if len(set(degrees.values())) < len(words):
        return None
    return sorted(words, key=lambda word: degrees[word])


def _degree(word: str) -> float:
    strength = next((s for form, s in _STRONG.items() if re.search(rf"\b(?:{form})\b", word, re.IGNORECASE)), _PLAIN)
    return -strength if _AGAINST.search(word) else strength


def _single(key: str, columns: list[_Seen], comment: str) -> list[str]:
    if not columns:
        return [f"{key}: null  # {comment}"]
    return [f"{key}: {_scalar(columns[0].column)}  # {_values(columns[0])}"]


def _show(respondents: list[_Seen], rows: int) -> list[str]:
    if not respondents or len(respondents[0].counts) == rows:
        return []
    return [
        "# A person has several rows. What a row was shown, such as a profile, is written with its columns in braces:",
        '# show: "The applicant is {age} years old and works as {job}."',
    ]


def _condition(columns: list[_Seen]) -> list[str]:
    if not columns:
        return ["# condition: {column: arm, values: {1: {id: control, text: ''}}}  # no column looks like one"]
    seen = columns[0]
    lines = [
        "condition:  # text: '' for an arm that was shown nothing; control: true for the arm others are compared with",
        f"  column: {_scalar(seen.column)}  # {_values(seen)}",
        "  values:",
    ]
    for code in sorted(seen.counts):
        lines += [
            f"    {_key(code)}:",
            f"      id: {_scalar(seen.labels.get(code, code))}",
            "      text: >-",
            f"        {TODO} the words shown to these {seen.counts[code]} rows",
        ]
    return lines


def _attributes(columns: list[_Seen]) -> list[str]:
    lines: list[str] = []
    names: set[str] = set()
    for seen in columns:
        name = seen.attribute if seen.attribute and seen.attribute not in names else seen.column
        names.add(name)
        lines.append(f"  {_scalar(name)}: {_scalar(seen.column)}  # {_values(seen)}")
    hint = "  # for words in place of codes: {column: educ, values: {1: No high school}}"
    return ["attributes:" + hint, *lines] if lines else ["attributes: {}" + hint]


def _questions(columns: list[_Seen]) -> list[str]:
    lines = ["questions:"] if columns else [f"questions: []  # {TODO}: no column looks like a question"]
    for seen in columns:
        lines.append(f"  - id: {_scalar(seen.column)}  # {_values(seen)}")
        if seen.title:
            lines.append(
                f"    text: {_scalar(_escaped(seen.title))}  # check: the file's title, not always the words shown"
            )
        else:
            lines += ["    text: >-", f"      {TODO} the words of the question"]
        lines.append(f"    scale: {_scale(seen)}  # check: the kind, and all points offered in their order")
        codes = split_codes(seen.numbers)[1] if seen.numbers and seen.points is None else []
        lines += ["    missing:"] if codes else []
        for code in codes:
            lines += [f"      {int(code)}: >-", f"        {TODO} why this is no answer"]
    return lines


def _values(seen: _Seen) -> str:
    """Return what a column holds, on one line."""
    shown = [_with_label(code, seen.labels) + f" ({rows})" for code, rows in list(seen.counts.items())[:_SHOWN]]
    more = ", …" if len(seen.counts) > _SHOWN else ""
    missing = f"; missing: {', '.join(f'{code} {why}' for code, why in seen.missing.items())}" if seen.missing else ""
    empty = f"; {seen.empty} empty" if seen.empty else ""
    kind = "numbers" if seen.numbers is not None else "words"
    listed = f": {', '.join(shown)}{more}" if shown else ""
    return " ".join(f"{len(seen.counts)} {kind}{listed}{missing}{empty}".split())


def _with_label(code: str, labels: dict[str, str]) -> str:
    words = f"{code} {labels[code]}" if code in labels else code
    return words if len(words) <= _LONGEST_WORDS else words[: _LONGEST_WORDS - 1] + "…"


def _scalar(text: str) -> str:
    """Return a word as YAML, in quotes where it would not stay one without."""
    plain = re.fullmatch(r"[A-Za-z_][\w.-]*", text) and text not in {"true", "false", "null", "Null", "NULL"}
    return text if plain else json.dumps(text, ensure_ascii=False)


def _key(code: str) -> str:
    return code if re.fullmatch(r"-?[1-9]\d{0,8}|0", code) else _scalar(code)
