"""Answers as labelled tables for SPSS, Stata, R and spreadsheets: one row a respondent, condition and question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from silicus.errors import InputError, did_you_mean
from silicus.report.exports.labelled import LabelledColumns, Measure, column_names, write_flagged
from silicus.study import PREDICTIONS, RESPONSES, Item, Scale, need_columns, prediction_failed

__all__ = ["MOST_COLUMNS", "PEOPLE", "SYNTHETIC", "write_labelled"]

MOST_COLUMNS = 101
"""Points of the longest scale whose probabilities have a column each."""

SYNTHETIC, PEOPLE = "synthetic-predictions", "pilot"
"""Names of the files, without the ending."""
_PROBABILITIES = "synthetic-probabilities"

# As in `evaluate.metrics`: a sum of probabilities that is one half but for rounding is one half.
_ROUNDING = 1e-6
_KEY = ("study", "condition", "question", "respondent")
_CODED = ("study", "condition", "question")
_NOT_ATTRIBUTES = frozenset(("study", "respondent", "weight"))

_TITLES = {
    "study": "study",
    "condition": "condition shown",
    "question": "question asked",
    "respondent": "who was asked",
    "weight": "survey weight of the respondent",
    "expected": "expected answer, in points of the scale; empty where a scale has no order",
    "sd": "standard deviation of the predicted answer, in points",
    "median": "median of the predicted answer",
    "refusal": "probability of a refusal",
    "covered": "probability that went to the answers offered",
    "answer": "answer, a point of the scale; empty for a refusal or no answer",
    "refused": "whether the answer was a refusal (1) or not (0)",
    "n": "people who gave this answer",
}


def write_labelled(
    folder: Path, answers: pl.DataFrame, items: Mapping[str, Item], respondents: pl.DataFrame | None
) -> list[Path]:
    """Write predictions, or people's answers, as CSV, SPSS and Stata files, and return the files.

    Every row of every file says in the column `synthetic` whether a model (1) or a person (0) answered. Conditions,
    questions and attributes are words in the CSV file and labelled codes in the others. `p_1` to `p_k` are the
    probabilities of a question's points from first to last; those of scales of more than `MOST_COLUMNS` points stand in
    a parquet file of their own.

    Args:
        folder: where the files are written: `synthetic-predictions.*` or `pilot.*`.
        answers: schema `PREDICTIONS` or `RESPONSES`; which one is told by the column `probabilities`.
        items: the stimuli by their hash (`Item.item`).
        respondents: `respondent` and attributes; `None`: nobody's are known.

    Raises:
        InputError: a table lacks a column, names an unknown stimulus or person, or a prediction has another length than
            its scale.
        MissingExtraError: a library of the extra `data` is not installed.
        RunError: a file cannot be written.
    """
    synthetic = "probabilities" in answers.columns
    need_columns(answers, tuple(PREDICTIONS if synthetic else RESPONSES), "the table of answers")
    scales = _scales(answers, items)
    own = _predicted(answers, scales) if synthetic else _given(answers, scales)
    columns = _labelled(own, items, _attributes(respondents))
    long = [name for name, scale in scales.items() if len(scale.values) > MOST_COLUMNS]
    if not (synthetic and long):
        stem = SYNTHETIC if synthetic else PEOPLE
        return write_flagged(folder, stem, columns, ("csv", "sav", "dta"), synthetic=synthetic)
    told = f"Probabilities of scales of more than {MOST_COLUMNS} points are in {_PROBABILITIES}.parquet."
    noted = LabelledColumns(columns.table, columns.titles, columns.codes, columns.measures, told)
    beside = LabelledColumns(answers.filter(pl.col("item").is_in(long)).select(*_KEY, "item", "probabilities"))
    return [
        *write_flagged(folder, SYNTHETIC, noted, ("csv", "sav", "dta"), synthetic=True),
        *write_flagged(folder, _PROBABILITIES, beside, ("parquet",), synthetic=True),
    ]


def _scales(answers: pl.DataFrame, items: Mapping[str, Item]) -> dict[str, Scale]:
    """Return the scale of every stimulus that is answered, by its hash."""
    names = answers["item"].unique(maintain_order=True).to_list()
    stray = next((name for name in names if name not in items), None)
    if stray is not None:
        raise InputError(f"the table of answers names the item '{stray}', which is not among the {len(items)} items.")
    return {name: items[name].scale for name in names}


def _predicted(answers: pl.DataFrame, scales: Mapping[str, Scale]) -> pl.DataFrame:
    """Return every prediction in numbers of its own, in the order of the table."""
    width = max((len(s.values) for s in scales.values() if len(s.values) <= MOST_COLUMNS), default=0)
    numbered = answers.with_row_index("row")
    parts = [_of_scale(numbered.filter(item=item), scale, width) for item, scale in scales.items()]
    told = pl.concat(parts) if parts else _of_scale(numbered, Scale(kind="binary", low=0, high=1), width)
    shown = [*_KEY, "weight", "expected", "sd", "median", "refusal", "covered", *_columns(width)]
    return numbered.join(told, on="row", how="left", maintain_order="left").select(
        pl.col(name).cast(pl.Float64) if name in {"refusal", "covered"} else pl.col(name) for name in shown
    )


def _columns(width: int) -> list[str]:
    return [f"p_{point}" for point in range(1, width + 1)]


def _of_scale(rows: pl.DataFrame, scale: Scale, width: int) -> pl.DataFrame:
    """Return what the predictions of one scale come to: `row`, `expected`, `sd`, `median`, `p_1` to `p_width`.

    Predictions that failed are left out: all of it is unknown.
    """
    points = np.asarray(scale.values, dtype=np.float64)
    good = rows.filter(~prediction_failed())
    stray = good.filter(pl.col("probabilities").list.len() != len(points))
    if not stray.is_empty():
        found = len(stray["probabilities"][0])
        raise InputError(
            f"a prediction of '{stray['question'][0]}' has {found} probabilities, its scale {len(points)} points."
        )
    p = good["probabilities"].list.explode(empty_as_null=False).cast(pl.Float64).to_numpy().reshape(-1, len(points))
    p = p / p.sum(axis=1, keepdims=True)
    expected = p @ points
    told = {
        "expected": expected,
        "sd": np.sqrt(np.sum(p * (points - expected[:, None]) ** 2, axis=1)),
        "median": points[np.argmax(np.cumsum(p, axis=1) >= 0.5 - _ROUNDING, axis=1)],
    }
    unknown = pl.lit(None, pl.Float64)
    shown = p if len(points) <= width else np.empty((len(good), 0))
    return good.select(
        "row",
        *(pl.Series(name, values) if scale.ordered else unknown.alias(name) for name, values in told.items()),
        *(_column(name, place, shown) for place, name in enumerate(_columns(width))),
    )


def _column(name: str, place: int, p: npt.NDArray[np.float64]) -> pl.Series:
    if place < p.shape[1]:
        return pl.Series(name, p[:, place])
    return pl.Series(name, [None] * len(p), dtype=pl.Float64)


def _given(answers: pl.DataFrame, scales: Mapping[str, Scale]) -> pl.DataFrame:
    """Return people's answers: points of the scale apart from refusals."""
    rows = [(name, code, 1.0) for name, scale in scales.items() for code in scale.refusals]
    rows += [(name, point, 0.0) for name, scale in scales.items() for point in scale.values]
    known = pl.DataFrame(rows, schema={"item": pl.String, "response": pl.Int64, "refused": pl.Float64}, orient="row")
    found = answers.join(known, on=["item", "response"], how="left", maintain_order="left")
    stray = found.filter(pl.col("response").is_not_null() & pl.col("refused").is_null())
    if not stray.is_empty():
        raise InputError(
            f"found the answer {stray['response'][0]} to '{stray['question'][0]}', which is not on its scale "
            f"({scales[stray['item'][0]]})."
        )
    answer = pl.when(pl.col("refused") == 0).then(pl.col("response")).cast(pl.Float64)
    numbers = pl.col("n").cast(pl.Float64)
    return found.select(*_KEY, "weight", answer.alias("answer"), "refused", numbers)


def _attributes(respondents: pl.DataFrame | None) -> pl.DataFrame | None:
    """Return who the respondents are, each once: `respondent`, perhaps `study`, and attributes."""
    if respondents is None:
        return None
    need_columns(respondents, ("respondent",), "the table of respondents")
    by = [name for name in ("study", "respondent") if name in respondents.columns]
    twice = respondents.filter(respondents.select(by).is_duplicated())
    if not twice.is_empty():
        raise InputError(
            f"the respondent '{twice['respondent'][0]}' stands twice in the table of respondents. Keep one row of each."
        )
    return respondents


def _labelled(rows: pl.DataFrame, items: Mapping[str, Item], people: pl.DataFrame | None) -> LabelledColumns:
    """Return the rows with what is known of the respondents, and what columns and codes mean."""
    shown = {name: _in_order(rows[name], (getattr(item, name) for item in items.values())) for name in _CODED}
    codes = {name: dict(enumerate(words, start=1)) for name, words in shown.items()}
    titles = {name: words for name, words in _TITLES.items() if name in rows.columns}
    titles |= {name: f"probability of point {name[2:]}, counted from the first" for name in _p_columns(rows)}
    measures: dict[str, Measure] = {"respondent": "nominal"}
    if people is None:
        return LabelledColumns(rows, titles, codes, measures)
    wanted = [name for name in people.columns if name not in _NOT_ATTRIBUTES]
    names = column_names(wanted, [*rows.columns, "synthetic"])
    by = [name for name in ("study", "respondent") if name in people.columns]
    told = people.select(*by, *(_attribute(people[name]).alias(names[name]) for name in wanted), _known=True)
    told = told.with_columns(pl.col("respondent").cast(pl.String))
    joined = rows.join(told, on=by, how="left", maintain_order="left")
    _check_known(joined, told)
    for wanted_name, given in names.items():
        titles[given] = wanted_name
        if joined[given].dtype == pl.String:
            codes[given] = dict(enumerate(joined[given].drop_nulls().unique().sort(), start=1))
    order = [*_KEY, "weight", *names.values()]
    return LabelledColumns(joined.select(*order, pl.exclude(*order, "_known")), titles, codes, measures)


def _p_columns(rows: pl.DataFrame) -> list[str]:
    return [name for name in rows.columns if name.startswith("p_")]


def _in_order(found: pl.Series, first: Iterable[str]) -> list[str]:
    """Return the names of a column: those of the study in its order, so that people and model have the same codes."""
    return list(dict.fromkeys([*first, *found.drop_nulls().unique(maintain_order=True)]))


def _attribute(column: pl.Series) -> pl.Series:
    """Return numbers as they are, anything else as words; null where unknown."""
    if column.dtype.is_numeric():
        return column.cast(pl.Float64).fill_nan(None)
    text = column.cast(pl.String)
    return text.set(text == "", None)


def _check_known(joined: pl.DataFrame, people: pl.DataFrame) -> None:
    """Raise an error where somebody answered of whom the table of respondents knows nothing."""
    stray = joined.filter(pl.col("respondent").is_not_null() & pl.col("_known").is_null())
    if not stray.is_empty():
        known = people["respondent"].to_list()
        raise InputError(
            f"the respondent '{stray['respondent'][0]}' answered and is not in the table of respondents."
            f"{did_you_mean(stray['respondent'][0], known[:1000])}"
        )
