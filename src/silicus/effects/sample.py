"""From the two tables to the answers that enter an estimate: people's as given, a model's as expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from silicus.effects.least_squares import FloatArray, Index
from silicus.effects.records import Plan, Source
from silicus.errors import InputError, did_you_mean
from silicus.study import PREDICTIONS, RESPONSES, Item, Scale, need_columns, prediction_failed

__all__ = ["Clusters", "Sample", "ordered_questions", "read_sample", "rows_of_study"]

# Before the name of a respondent's attribute, so that it may have the name of any column.
_ATTRIBUTE = "of."


@dataclass(frozen=True)
class Clusters:
    """Whose answers are drawn again, or err, together.

    Attributes:
        by: what clusters are; empty where every answer stands alone.
        names: of the clusters, or of the answers.
        index: place of each row's cluster among the names, shape (rows,); `None` where every answer stands alone.
    """

    by: str
    names: list[str]
    index: Index | None


@dataclass(frozen=True)
class Sample:
    """The answers to one question that enter an estimate.

    Attributes:
        study: its name.
        question: its name.
        scale: of the answers.
        source: whose answers.
        rows: an answer a row: `condition`, `unit` (who gave it), what was shown, and attributes of who gave it.
        value: in scale points; of predictions the expected answer, shape (rows,).
        variance: of the answer about it, 0 for people, shape (rows,).
        weight: above 0, shape (rows,); `None`: all alike.
        left_out: answers that are not used, by reason.
    """

    study: str
    question: str
    scale: Scale
    source: Source
    rows: pl.DataFrame
    value: FloatArray
    variance: FloatArray
    weight: FloatArray | None
    left_out: dict[str, int]

    def where(self, kept: npt.NDArray[np.bool_], reason: str = "") -> Sample:
        """Return the answers that are kept; the others are counted where there is a reason."""
        dropped = int((~kept).sum())
        return replace(
            self,
            rows=self.rows.filter(pl.Series(kept)),
            value=self.value[kept],
            variance=self.variance[kept],
            weight=None if self.weight is None else self.weight[kept],
            left_out=self.left_out | ({reason: dropped} if dropped and reason else {}),
        )

    def knowing(self, names: tuple[str, ...], what: str) -> Sample:
        """Return the answers of respondents whose attributes are known; the others are counted.

        Raises:
            InputError: the respondents have no such attribute.
        """
        found = self
        for name in dict.fromkeys(names):
            known = found.attribute(name, what).is_not_null().to_numpy()
            found = found.where(known, f"{what} '{name}' unknown")
        return found

    def attribute(self, name: str, what: str) -> pl.Series:
        """Return an attribute, a row an answer: numbers as they are, anything else as text; null where unknown.

        Raises:
            InputError: the respondents have no such attribute.
        """
        if _ATTRIBUTE + name not in self.rows.columns:
            known = [each.removeprefix(_ATTRIBUTE) for each in self.rows.columns if each.startswith(_ATTRIBUTE)]
            told = did_you_mean(name, known) if known else " No attributes of respondents are known."
            raise InputError(f"the plan names the {what} '{name}', which respondents do not have.{told}")
        column = self.rows[_ATTRIBUTE + name]
        if column.dtype.is_numeric():
            return column.cast(pl.Float64).fill_nan(None)
        text = column.cast(pl.String)
        return text.set(text == "", None)

    def clusters(self, by: str | None) -> Clusters:
        """Return what answers hang together by: as declared, or by respondent where anybody answered twice."""
        unit = self.rows["unit"]
        if by is None and unit.n_unique() == len(unit):
            return Clusters("", unit.to_list(), None)
        label = unit if by is None or by == "respondent" else self.attribute(by, "cluster").cast(pl.String)
        names = label.unique().sort()
        places = label.replace_strict(names, pl.int_range(len(names), eager=True), return_dtype=pl.Int64)
        return Clusters(by or "respondent", names.to_list(), places.to_numpy())


def rows_of_study(table: pl.DataFrame, study: str | None) -> tuple[pl.DataFrame, str]:
    """Return the rows of a study, and its name.

    Raises:
        InputError: there is no such study, or several and none was named.
    """
    need_columns(table, ("study",), "the table of answers")
    names = table["study"].unique().sort().to_list()
    if study is None and len(names) == 1:
        return table, names[0]
    if study is None:
        raise InputError(f"the table holds {len(names)} studies. Say in the plan which one: {', '.join(names[:9])}.")
    if study not in names:
        raise InputError(f"the table has no study '{study}'.{did_you_mean(study, names)}")
    return table.filter(pl.col("study") == study), study


def ordered_questions(rows: pl.DataFrame, items: Mapping[str, Item]) -> tuple[str, ...]:
    """Return the questions of a table whose scales have an order, in order of appearance."""
    names = rows["question"].unique(maintain_order=True).to_list()
    return tuple(name for name in names if _scale(rows.filter(question=name), items, name).ordered)


def read_sample(
    rows: pl.DataFrame, items: Mapping[str, Item], respondents: pl.DataFrame | None, question: str, plan: Plan
) -> Sample:
    """Return the answers to a question that are on its scale, and of the others how many there are.

    Args:
        rows: of one study, schema `RESPONSES` or `PREDICTIONS`, perhaps with columns `shown.NAME`.
        items: the stimuli by their hash.
        respondents: `respondent` and attributes; `None`: nobody's are known.
        question: its name.
        plan: says whether weights are used, and what clusters are.

    Raises:
        InputError: a table breaks its schema, there is no such question, or its scale has no order.
    """
    known = rows["question"].unique().to_list()
    if question not in known:
        raise InputError(f"nobody answered the question '{question}'.{did_you_mean(question, known)}")
    own = rows.filter(question=question)
    scale = _scale(own, items, question)
    if not scale.ordered:
        raise InputError(f"the question '{question}' has a scale without order, so that its answers have no mean.")
    source: Source = "predictions" if "probabilities" in own.columns else "people"
    need_columns(own, tuple(PREDICTIONS if source == "predictions" else RESPONSES), "the table of answers")
    _check_weights(own, question)
    judged = own.with_columns(why=_why(own, scale, source, weights=plan.weights))
    dropped = judged.filter(pl.col("why").is_not_null())
    people = pl.len() if source == "predictions" else pl.col("n").sum()
    left_out = dict(dropped.group_by("why", maintain_order=True).agg(people).iter_rows())
    kept = judged.filter(pl.col("why").is_null())
    value, variance, weight = _expected(kept, scale) if source == "predictions" else _given(kept)
    times = np.ones(len(kept), dtype=np.int64) if source == "predictions" else kept["n"].to_numpy()
    every = np.repeat(np.arange(len(kept)), times)
    alike = not plan.weights or len(np.unique(weight)) == 1
    sample = Sample(
        own["study"][0],
        question,
        scale,
        source,
        _with_attributes(_with_units(kept[every], question, times[every] == 1), respondents),
        value[every],
        variance[every],
        None if alike else weight[every],
        left_out,
    )
    return sample if plan.clusters in {None, "respondent"} else sample.knowing((str(plan.clusters),), "cluster")


def _scale(own: pl.DataFrame, items: Mapping[str, Item], question: str) -> Scale:
    """Return the one scale of a question."""
    names = own["item"].unique().sort().to_list()
    stray = next((name for name in names if name not in items), None)
    if stray is not None:
        raise InputError(f"the answers to '{question}' name the item '{stray}', which is not among the items.")
    scales = {items[name].scale.values: items[name].scale for name in names}
    if len(scales) > 1:
        first, second, *_ = map(str, scales.values())
        raise InputError(f"the question '{question}' has several scales ({first}; {second}), so no common mean.")
    return next(iter(scales.values()))


def _check_weights(own: pl.DataFrame, question: str) -> None:
    bad = own.filter(~(pl.col("weight").is_finite() & (pl.col("weight") >= 0)).fill_null(value=False))
    if not bad.is_empty():
        found = bad["weight"][0]
        raise InputError(
            f"an answer to '{question}' has {'no weight' if found is None else f'the weight {found}'}, "
            "expected a weight of 0 or more."
        )
    if "n" in own.columns and own["n"].null_count():
        raise InputError(f"of the answers to '{question}' only shares are known, expected numbers of people.")


def _why(own: pl.DataFrame, scale: Scale, source: Source, *, weights: bool) -> pl.Expr:
    """Return why an answer is not used; null where it is."""
    none = pl.lit(None, pl.String)
    why = (
        pl.when(pl.col("weight") == 0).then(pl.lit("weight 0")) if weights else pl.when(pl.lit(value=False)).then(none)
    )
    if source == "predictions":
        _check_lengths(own, scale)
        return (
            why.when(prediction_failed())
            .then(pl.lit("prediction failed"))
            .when(pl.col("refusal").fill_null(0.0) >= 1)
            .then(pl.lit("refusal"))
            .otherwise(none)
        )
    answer = pl.col("response")
    return (
        why.when(answer.is_null())
        .then(pl.lit("no answer given"))
        .when(answer.is_in(list(scale.refusals)))
        .then(pl.lit("refusal"))
        .when(~answer.is_in(list(scale.values)))
        .then(pl.lit("not an answer on the scale"))
        .otherwise(none)
    )


def _check_lengths(own: pl.DataFrame, scale: Scale) -> None:
    lengths = own["probabilities"].list.len().drop_nulls().unique().to_list()
    stray = next((each for each in lengths if each != len(scale.values)), None)
    if stray is not None:
        raise InputError(
            f"a prediction of '{own['question'][0]}' has {stray} probabilities, its scale {len(scale.values)} points."
        )


def _given(kept: pl.DataFrame) -> tuple[FloatArray, FloatArray, FloatArray]:
    return kept["response"].cast(pl.Float64).to_numpy(), np.zeros(len(kept)), kept["weight"].to_numpy()


def _expected(kept: pl.DataFrame, scale: Scale) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return expected answers among those who answer on the scale, the variances about them, and the weights."""
    points = np.asarray(scale.values, dtype=np.float64)
    p = kept["probabilities"].list.explode(empty_as_null=False).cast(pl.Float64).to_numpy().reshape(-1, len(points))
    p = p / p.sum(axis=1, keepdims=True)
    value = p @ points
    weight = kept["weight"].to_numpy() * (1 - kept["refusal"].cast(pl.Float64).fill_null(0.0).to_numpy())
    return value, np.sum(p * (points - value[:, None]) ** 2, axis=1), weight


def _with_units(rows: pl.DataFrame, question: str, alone: npt.NDArray[np.bool_]) -> pl.DataFrame:
    """Return the rows with who gave each answer; the people of a group, or without a name, are others every time."""
    number = pl.int_range(pl.len()).cast(pl.String)
    nameless = pl.lit(f"{question} answer ") + number
    named = pl.col("respondent").is_not_null() & pl.Series("alone", alone)
    return rows.with_columns(unit=pl.when(named).then(pl.col("respondent")).otherwise(nameless))


def _with_attributes(rows: pl.DataFrame, respondents: pl.DataFrame | None) -> pl.DataFrame:
    if respondents is None:
        return rows
    need_columns(respondents, ("respondent",), "the table of respondents")
    people = respondents
    if "study" in people.columns:
        people = people.filter(study=rows["study"][0]) if len(rows) else people
    twice = people.filter(pl.col("respondent").is_duplicated())
    if not twice.is_empty():
        raise InputError(f"the respondent '{twice['respondent'][0]}' stands twice in the table of respondents.")
    names = [name for name in people.columns if name not in {"study", "respondent", "weight"}]
    attributes = people.select("respondent", pl.col(names).name.prefix(_ATTRIBUTE))
    return rows.join(attributes, on="respondent", how="left", maintain_order="left")
