"""A codebook drafted from what a table's names, labels and values suggest, for its user to finish.

Nothing in it is knowledge. A draft shows for every column the values it was guessed from, and marks with TODO what
only its user knows; a codebook that still holds a TODO is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from silicus.data.answer_scale import labelled_scale
from silicus.data.missing import split_codes
from silicus.data.readers.by_labels import (
    MOST_POINTS,
    attribute_name,
    escaped,
    labelled_points,
    names_conditions,
    names_people,
    study_name,
)
from silicus.data.readers.codebook import TODO
from silicus.data.readers.labelled import LabelledTable, read_labelled
from silicus.data.yaml_words import key as code_key
from silicus.data.yaml_words import pairs, scalar
from silicus.study import Scale

__all__ = ["draft_codebook", "in_degrees"]

_WEIGHT = re.compile(r"w|p?weights?(?:_.*)?|.*_weight|wt\w*|wgt\w*", re.IGNORECASE)

_NUMBER = r"-?\d+(?:\.\d+)?"
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

Role = Literal["respondent", "weight", "condition", "attribute", "question", "part", "none"]
"""What a column is for; `part`: it is told by the column of the conditions."""


@dataclass(frozen=True)
class _Seen:
    """What a column holds.

    Attributes:
        counts: code -> rows, the most frequent first; missing codes left out.
        ids: how many people there are, were these their ids.
        labels: code -> its words, of all codes with a label that are no missing codes.
    """

    column: str
    counts: dict[str, int]
    ids: int
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
    unusable = {column: table.problem(column) for column in table.cells.columns if table.problem(column)}
    seen = [_look(table, column) for column in table.cells.columns if column not in unusable]
    roles = _roles(table, seen)
    of = {role: [each for each in seen if roles[each.column] == role] for role in set(roles.values())}
    lines = [
        f"# Codebook of {path.name}: {table.cells.height} rows, {table.cells.width} columns.",
        "# Drafted from names and values.",
        f"# Write what is missing where it says {TODO}, correct what is guessed wrong, delete what you do not need.",
        *(f"# {count} {note}." for note, count in table.notes.items()),
        f"name: {scalar(study_name(table))}",
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
    lines += _listed("Part of the condition: they say nothing that its column does not say.", of.get("part", []))
    lines += _listed("Columns without a role. To use one, write it above.", of.get("none", []))
    if unusable:
        lines += ["", "# Columns that cannot be used.", *(f"#   '{name}': {why}" for name, why in unusable.items())]
    return "\n".join(lines) + "\n"


def _listed(title: str, columns: list[_Seen]) -> list[str]:
    return ["", f"# {title}", *(f"#   {each.column}: {_values(each)}" for each in columns)] if columns else []


def _look(table: LabelledTable, column: str) -> _Seen:
    codes = table.codes(column).alias("code")  # a column may be called rows
    missing = table.missing.get(column, {})
    counted = codes.drop_nulls().value_counts(sort=True, name="rows")
    counts: dict[str, int] = dict(counted.sort("rows", "code", descending=[True, False]).iter_rows())
    return _Seen(
        column=column,
        counts={code: rows for code, rows in counts.items() if code not in missing},
        ids=table.ids(column).drop_nulls().n_unique(),
        empty=codes.null_count(),
        missing=missing,
        labels={code: words for code, words in table.labels.get(column, {}).items() if code not in missing},
        title=table.titles.get(column),
        points=labelled_points(table, column, missing),
        attribute=attribute_name(column),
    )


def _roles(table: LabelledTable, seen: list[_Seen]) -> dict[str, Role]:
    """Return column -> guessed role; there is one respondent, one weight and one condition at most."""
    roles: dict[str, Role] = {}
    for place, each in enumerate(seen):
        role = _role(each, table.cells.height, first=place == 0)
        taken = role in {"respondent", "weight", "condition"} and role in roles.values()
        roles[each.column] = "none" if taken else role
    condition = next((column for column, role in roles.items() if role == "condition"), None)
    for column, role in roles.items():
        if condition is not None and role == "question" and _is_part(table, column, condition):
            roles[column] = "part"
    return roles


def _is_part(table: LabelledTable, column: str, condition: str) -> bool:
    """Return whether a column has one value, or none, in every condition, and not the same in all."""
    cells = pl.DataFrame({"condition": table.codes(condition), "part": table.codes(column)})
    return cells["part"].drop_nulls().n_unique() > 1 and cells["condition"].n_unique() == cells.n_unique()


def _role(seen: _Seen, rows: int, *, first: bool) -> Role:
    if not seen.counts:
        return "none"
    unique = seen.ids == rows and not seen.missing
    named = names_people(seen.column, seen.ids) and not seen.empty
    if named or (first and unique):
        return "respondent"
    numbers = seen.numbers
    if _WEIGHT.fullmatch(seen.column) and numbers and numbers[0] >= 0 and any(n % 1 for n in numbers):
        return "weight"
    if names_conditions(seen.column) and 2 <= len(seen.counts) <= _SHOWN:
        return "condition"
    if seen.attribute is not None:
        return "attribute"
    free_text = len(seen.counts) == rows and numbers is None
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
    if mixed or not 2 <= len(words) <= MOST_POINTS or max(map(len, words)) > _LONGEST_WORDS:
        return None
    refusals = list(labelled_scale(dict(enumerate(sorted(words), start=1))).refusals.values())
    points = [word for word in words if word not in refusals]
    ordered = in_degrees(points)
    labels = dict(enumerate(ordered or sorted(points), start=1))
    kind = "binary" if len(points) == 2 else "ordinal" if ordered else "nominal"
    return _labelled(Scale(kind=kind, labels=labels, refusals=dict(enumerate(refusals, start=len(points) + 1))))


def _labelled(scale: Scale) -> str:
    labels = pairs(scale.labels)
    refusals = f", refusals: {{{pairs(scale.refusals)}}}" if scale.refusals else ""
    return f"{{kind: {scale.kind}, labels: {{{labels}}}{refusals}}}"


def _number_scale(numbers: list[float]) -> str | None:
    numbers, _ = split_codes(numbers)
    if len(numbers) < 2 or any(n % 1 for n in numbers):
        return None
    low, high = int(numbers[0]), int(numbers[-1])
    if high - low < MOST_POINTS:
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
    return [f"{key}: {scalar(columns[0].column)}  # {_values(columns[0])}"]


def _show(respondents: list[_Seen], rows: int) -> list[str]:
    if not respondents or respondents[0].ids == rows:
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
        "condition:  # text: '' for an arm that was shown nothing; control: true for the arm others are compared with;",
        "           # null in place of id and text leaves the rows of a value out",
        f"  column: {scalar(seen.column)}  # {_values(seen)}",
        "  values:",
    ]
    for code in sorted(seen.counts):
        lines += [
            f"    {code_key(code)}:",
            f"      id: {scalar(seen.labels.get(code, code))}",
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
        lines.append(f"  {scalar(name)}: {scalar(seen.column)}  # {_values(seen)}")
    hint = "  # for words in place of codes: {column: educ, values: {1: No high school}}"
    return ["attributes:" + hint, *lines] if lines else ["attributes: {}" + hint]


def _questions(columns: list[_Seen]) -> list[str]:
    lines = ["questions:"] if columns else [f"questions: []  # {TODO}: no column looks like a question"]
    for seen in columns:
        lines.append(f"  - id: {scalar(seen.column)}  # {_values(seen)}")
        if seen.title:
            lines.append(
                f"    text: {scalar(escaped(seen.title))}  # check: the file's title, not always the words shown"
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
