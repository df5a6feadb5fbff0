"""The World Values Survey, wave 7, person by person: the country-pooled CSV file.

Of its 600 columns only those are read that are needed: one for each question whose words are known, the weight, and
what is known of a person. The file holds no words; they come from a codebook. Answers are the survey's codes 0 to
10; a negative code is a reason for no answer and stays as one. Northern Ireland is left out, as Cao et al. did.

The codebook is a JSON file of shares by country (`wvs_shares.py`), a folder of them, or YAML:

    questions:
      - id: Q1
        text: "How important is family in your life?"
        scale: {kind: ordinal, labels: {1: Very important, 2: Rather important, 3: Not very important, 4: Not at all}}
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
from pydantic import Field

from silicus.data.dataset import Dataset, Stimulus, settle
from silicus.data.readers.wvs_published import COUNTRIES, DROPPED
from silicus.data.readers.wvs_shares import WAVE7, WAVE7_SOURCE, questions_of
from silicus.errors import InputError, did_you_mean
from silicus.record import Record, read
from silicus.study import Item, Question, need_columns

__all__ = ["COLUMNS", "read_wave7"]

_COUNTRY, _PERSON, _WEIGHT = "B_COUNTRY_ALPHA", "D_INTERVIEW", "W_WEIGHT"
COLUMNS = (_COUNTRY, _PERSON, _WEIGHT)
"""The columns that the file must have, beside those of questions."""

# Uzbekistan and India joined the file after the publication.
_NAMES = {**COUNTRIES, DROPPED: "Northern Ireland", "IND": "India", "UZB": "Uzbekistan"}
_LEFT_OUT = "Northern Ireland, which the published set leaves out"

_REASONS = {
    -1: "Don't know",
    -2: "No answer",
    -3: "Not applicable",
    -4: "Not asked",
    -5: "Missing or unknown",
}
_EMPTY = "empty cell"

# Attribute -> column and the words of its codes; numbers stay numbers where there are none.
_ATTRIBUTES: dict[str, tuple[str, dict[int, str]]] = {
    "year": ("A_YEAR", {}),
    "gender": ("Q260", {1: "Male", 2: "Female"}),
    "age": ("Q262", {}),
    "marital_status": (
        "Q273",
        {1: "Married", 2: "Living together as married", 3: "Divorced", 4: "Separated", 5: "Widowed", 6: "Single"},
    ),
    "education": (
        "Q275",
        {
            0: "No or early childhood education",
            1: "Primary education",
            2: "Lower secondary education",
            3: "Upper secondary education",
            4: "Post-secondary non-tertiary education",
            5: "Short-cycle tertiary education",
            6: "Bachelor or equivalent",
            7: "Master or equivalent",
            8: "Doctoral or equivalent",
        },
    ),
    "employment": (
        "Q279",
        {
            1: "Full time",
            2: "Part time",
            3: "Self employed",
            4: "Retired or pensioned",
            5: "Housewife not otherwise employed",
            6: "Student",
            7: "Unemployed",
            8: "Other",
        },
    ),
    "income_decile": ("Q288", {}),
    "settlement": ("H_URBRURAL", {1: "Urban", 2: "Rural"}),
}


class _Codebook(Record):
    """The words of questions of wave 7."""

    questions: tuple[Question, ...] = Field(min_length=1)


def read_wave7(path: Path, codebook: Path | None, *, published: bool = False) -> Dataset:
    """Return the dataset of the country-pooled CSV file, one respondent a person.

    Args:
        path: the CSV file, with commas.
        codebook: where the words of the questions come from, as told at the top of this file.
        published: whether whole numbers off the scale stay.

    Raises:
        InputError: there is no codebook, or the file lacks a column, or a cell is not what it should be.
    """
    stimuli = _stimuli(codebook, path)
    table = _table(path, list(stimuli))
    asked = [question for question in stimuli if question in table.columns]
    if not asked:
        raise InputError(f"{path}: has no column for any of the codebook's questions ({_first(stimuli)}).")
    _check_people(table, path)
    dropped = table.filter(pl.col(_COUNTRY) == DROPPED).height * len(asked)
    table = table.filter(pl.col(_COUNTRY) != DROPPED)
    return settle(
        path.stem,
        WAVE7_SOURCE,
        [stimuli[question] for question in asked],
        _rows(table, asked),
        _people(table),
        published=published,
        left_out={_LEFT_OUT: dropped} if dropped else None,
    )


def _first(names: dict[str, Stimulus]) -> str:
    return ", ".join(list(names)[:5]) + (", ..." if len(names) > 5 else "")


# --- the file


def _table(path: Path, questions: list[str]) -> pl.DataFrame:
    """Return the columns that are needed: text for the country and the person, numbers for the rest."""
    try:
        # Other columns hold towns and notes in several encodings; none of those that are read does.
        scan = pl.scan_csv(path, infer_schema=False, encoding="utf8-lossy")
        columns = scan.collect_schema().names()
        need_columns(pl.DataFrame(schema=columns), COLUMNS, path)
        further = [*(column for column, _ in _ATTRIBUTES.values()), *questions]
        wanted = dict.fromkeys([_WEIGHT, *(column for column in further if column in columns)])
        text = scan.select(_COUNTRY, _PERSON, *wanted).with_columns(pl.col("*").str.strip_chars().replace("", None))
        table = text.collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{path}: cannot be read as a CSV table: {str(error).splitlines()[0]}.") from None
    if table.is_empty():
        raise InputError(f"{path}: the table of people has no rows.")
    numbers = table.with_columns(pl.col(*wanted).cast(pl.Float64, strict=False))
    for column in wanted:
        bad = (numbers[column].is_null() & table[column].is_not_null()).arg_true()
        if len(bad):
            found = table[column][bad[0]]
            raise InputError(f"{path} line {bad[0] + 2}: found {column} {found!r}, expected a number.")
    return numbers


def _check_people(table: pl.DataFrame, path: Path) -> None:
    """Refuse an unknown country, a person without a number or one who stands twice, and a weight that is none."""
    weight = pl.col(_WEIGHT)
    problems = {
        _COUNTRY: ~pl.col(_COUNTRY).is_in(list(_NAMES)).fill_null(value=False),
        _PERSON: pl.col(_PERSON).is_null() | ~pl.col(_PERSON).is_first_distinct(),
        _WEIGHT: ~(weight.is_finite() & (weight >= 0)).fill_null(value=False),
    }
    for column, is_bad in problems.items():
        bad = table.select(is_bad).to_series().arg_true()
        if len(bad):
            found = table[column][bad[0]]
            expected = {
                _COUNTRY: f"the ISO code of a country of wave 7.{did_you_mean(str(found), _NAMES)}",
                _PERSON: "a number that no other person has.",
                _WEIGHT: "a weight of 0 or more.",
            }
            what = "nothing" if found is None else str(found)
            raise InputError(f"{path} line {bad[0] + 2}: found {column} {what}, expected {expected[column]}")


def _respondent() -> pl.Expr:
    return pl.format(f"{WAVE7}/{{}}", _PERSON)


def _rows(table: pl.DataFrame, asked: list[str]) -> pl.DataFrame:
    """Return one row a person and question, question by question."""
    places = {question: place for place, question in enumerate(asked)}
    reasons = {float(code): words for code, words in _REASONS.items()}
    answer = pl.col("answer")
    reason = (
        pl.when(answer.is_null())
        .then(pl.lit(_EMPTY))
        .when(answer < 0)
        .then(
            answer.replace_strict(reasons, default=pl.format("code {}", answer.cast(pl.Int64)), return_dtype=pl.String)
        )
    )
    wide = table.select(*asked, respondent=_respondent(), weight=_WEIGHT)
    # Not lazily: the order of the rows would hang on the number of processors.
    long = wide.unpivot(on=asked, index=["respondent", "weight"], variable_name="question", value_name="answer")
    return long.select(
        study=pl.lit(WAVE7),
        condition=pl.lit("all"),
        question="question",
        respondent="respondent",
        stimulus=pl.col("question").replace_strict(places, return_dtype=pl.UInt32),
        answer=pl.when(answer >= 0).then(answer),
        n=pl.lit(1, dtype=pl.Int64),
        weight="weight",
        missing=reason,
    )


def _people(table: pl.DataFrame) -> pl.DataFrame:
    """Return one row a person, with the attributes that the file has; a negative code is unknown."""
    attributes: dict[str, pl.Expr] = {}
    for name, (column, words) in _ATTRIBUTES.items():
        if column in table.columns:
            known = pl.when(pl.col(column) >= 0).then(pl.col(column)).cast(pl.Int64)
            attributes[name] = known.replace_strict(words, default=None, return_dtype=pl.String) if words else known
    country = pl.col(_COUNTRY).replace_strict(_NAMES)
    return table.select(respondent=_respondent(), weight=_WEIGHT, country=country, **attributes)


# --- the words


def _stimuli(codebook: Path | None, path: Path) -> dict[str, Stimulus]:
    """Return the questions whose words are known, by their column."""
    if codebook is None:
        raise InputError(
            f"{path}: holds codes and no words of the questions. Name a codebook: a JSON file of shares by country "
            "that has the questions, a folder of such files, or a YAML file with 'questions'."
        )
    if codebook.suffix in {".yaml", ".yml"}:
        return {question.id: _described(question) for question in read(codebook, _Codebook).questions}
    return _from_shares(codebook)


def _described(question: Question) -> Stimulus:
    item = Item(WAVE7, "all", question.id, context="", text=question.text.strip(), scale=question.scale)
    return Stimulus(item.text, item, "labels")


def _from_shares(codebook: Path) -> dict[str, Stimulus]:
    files = sorted(codebook.glob("*.json")) if codebook.is_dir() else [codebook]
    found: dict[str, list[Stimulus]] = {}
    for file in files:
        for question, wordings in questions_of(file).items():
            known = found.setdefault(question, [])
            known += [wording for wording in wordings if wording not in known]
    if not found:
        raise InputError(f"{codebook}: found no question of wave 7 of the World Values Survey.")
    twice = next((question for question, wordings in found.items() if len(wordings) > 1), None)
    if twice is not None:
        raise InputError(f"{codebook}: {twice} has {len(found[twice])} wordings. Keep one: people saw only one.")
    return {question: wordings[0] for question, wordings in found.items()}
