"""What of a dataset is counted to judge it: answers off their scales, missing codes, repeats, texts and scales."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from silicus.data.dataset import Dataset
from silicus.record import digest
from silicus.study import Scale

__all__ = ["Counts", "Shift", "points_of"]

_QUESTION = ("study", "question")
_CELL = ("study", "condition", "question")
# "1 to 7 (Never … Always)": the points stand before the first bracket.
_POINTS = r"^([^(]*?)(?: \(|$)"
_NUMBER = re.compile(r"-?\d+")
_CODE_LABEL = r"^code (-?\d+)$"

_SHIFTED_POINTS = 11
"""On a longer scale its last points are seldom used anyway."""
_SHIFTED_ANSWERS = 30
_SHIFTED_SHARE = 0.05


def points_of(scale: str) -> tuple[int, ...]:
    """Return the points of a scale in words, lowest first; steps above 1 of a long scale are not known.

    Examples:
        >>> points_of("1, 2 (Yes … No)"), points_of("-3 to 2 (refusals 9)")
        ((1, 2), (-3, -2, -1, 0, 1, 2))
    """
    numbers = sorted(int(number) for number in _NUMBER.findall(scale.partition(" (")[0]))
    return tuple(range(numbers[0], numbers[-1] + 1)) if " to " in scale.partition(" (")[0] else tuple(numbers)


@dataclass(frozen=True)
class Shift:
    """Answers that lie directly below their scale, which in turn is not used to its high end.

    Attributes:
        by: how many points below the scale they begin, and how many at its high end nobody gave, or more.
        values: those below the scale, lowest first.
        elsewhere: others off the scale, which are fewer.
        below: how many answers these are.
        answers: how many there are in all.
    """

    by: int
    values: tuple[int, ...]
    elsewhere: tuple[float, ...]
    below: int
    answers: int


@dataclass(frozen=True)
class Counts:
    """The tables that the quality report and its defects are told from, each made once."""

    data: Dataset

    @cached_property
    def scaled(self) -> pl.DataFrame:
        """The rows of `shown` that have a scale, with `points`: the scale without its labels."""
        shown = self.data.shown.filter(pl.col("scale").is_not_null())
        return shown.with_columns(points=pl.col("scale").str.extract(_POINTS))

    @cached_property
    def scales(self) -> pl.DataFrame:
        """One row a study, question and points: `scale`, `provenance`, `reason`, `kept`, `outside`, `off`."""
        return self.scaled.group_by(*_QUESTION, "points", maintain_order=True).agg(
            pl.col("scale", "provenance", "reason").first(),
            pl.col("kept", "outside").sum(),
            off=pl.col("outside_answers").explode().drop_nulls().unique().sort(),
        )

    @cached_property
    def answers(self) -> pl.DataFrame:
        """How often each point of a scale was answered: study, question, points, `response`, `answers`."""
        given = self.data.answered.filter(pl.col("weight") > 0)
        # A share without a number of people counts as one answer.
        counts = given.group_by(*_QUESTION, "item", "response").agg(answers=pl.col("n").fill_null(1).sum())
        known = self.scaled.select("item", "points", "scale").unique("item")
        ends = known.select("points").unique()
        limits = [(points, *_ends(points)) for points in ends["points"]]
        table = pl.DataFrame(
            limits, schema={"points": pl.String, "low": pl.Int64, "high": pl.Int64, "count": pl.Int64}, orient="row"
        )
        joined = counts.join(known, on="item").join(table, on="points")
        on_scale = joined.filter(pl.col("response").is_between("low", "high"))
        keys = (*_QUESTION, "points", "low", "high", "count", "response")
        return on_scale.group_by(keys).agg(pl.col("answers").sum(), pl.col("scale").min()).sort(keys)

    @cached_property
    def asked(self) -> pl.DataFrame:
        """One row a study, question and scale: `kind`, `conditions`, `rows`, `kept`, `missing` and `outside`."""
        items = self.data.items
        kinds = pl.DataFrame(
            {"item": list(items), "kind": [item.scale.kind for item in items.values()]},
            schema={"item": pl.String, "kind": pl.String},
        )
        shown = self.data.shown.join(kinds, on="item", how="left", maintain_order="left")
        return shown.group_by(*_QUESTION, "scale", "kind", "provenance", maintain_order=True).agg(
            pl.col("rows", "kept", "missing", "outside").sum(), conditions=pl.col("condition").n_unique()
        )

    @cached_property
    def missing(self) -> pl.DataFrame:
        """One row a study, question and reason for no answer: `missing`, `rows`."""
        rows = self.data.responses
        named = rows.drop_nulls("missing").group_by(*_QUESTION, "missing").agg(rows=pl.col("n").fill_null(1).sum())
        return named.sort(*_QUESTION, "rows", descending=[False, False, True])

    @cached_property
    def people(self) -> pl.DataFrame:
        """Who answered in which study: study, respondent."""
        return self.data.responses.select("study", "respondent").drop_nulls().unique()

    @cached_property
    def repeats(self) -> pl.DataFrame:
        """One row a study in which people answered a question more than once in the same condition.

        `people`; `rows` of theirs; `repeated`, how many questions of one person; in how many of these every stimulus
        is another (`stimuli_differ`), and answers differ (`answers_differ`); `questions`, their names. Nothing can be
        seen where the source does not say which answers come from the same person.
        """
        rows = self.data.responses if self.data.people_known else self.data.responses.clear()
        by = ("study", "respondent", "condition", "question")
        # Numbers are compared far faster than the words of millions of rows.
        rows = rows.select(*by, "response", item=pl.col("item").rank("dense"))
        several = rows.group_by(by).len().filter(pl.col("len") > 1)
        often = rows.join(several, on=by, how="semi", nulls_equal=True)
        often = often.group_by(by).agg(
            pl.len(),
            stimuli_differ=pl.col("item").n_unique() == pl.len(),
            answers_differ=pl.col("response").min() != pl.col("response").max(),
        )
        return (
            often.group_by("study")
            .agg(
                people=pl.col("respondent").n_unique(),
                rows=pl.col("len").sum(),
                repeated=pl.len(),
                stimuli_differ=pl.col("stimuli_differ").sum(),
                answers_differ=pl.col("answers_differ").sum(),
                questions=pl.col("question").unique().sort(),
            )
            .sort("study")
        )

    @cached_property
    def texts(self) -> pl.DataFrame:
        """One row a study and question asked in two conditions or more that show the same words in some of them.

        `conditions` and distinct `texts`, how many; `groups` of conditions with the same set of stimuli; `answers`.
        """
        shown = self.data.shown.drop_nulls("stimulus")
        words = shown.group_by(*_CELL, maintain_order=True).agg(
            pl.col("stimulus").unique().sort().str.join(" "), answers=pl.col("kept").sum()
        )
        # Numbers among the names stand in their order.
        in_order = pl.col("condition").sort_by(pl.col("condition").str.len_chars(), pl.col("condition"))
        groups = words.group_by(*_QUESTION, "stimulus", maintain_order=True).agg(in_order, pl.col("answers").sum())
        several = pl.col("condition").list.len()
        return (
            groups.group_by(*_QUESTION, maintain_order=True)
            .agg(
                conditions=several.sum(),
                texts=pl.len(),
                groups=pl.col("condition").filter(several > 1),
                answers=pl.col("answers").sum(),
            )
            .filter(pl.col("conditions") > pl.col("texts"))
        )

    @cached_property
    def changes(self) -> pl.DataFrame:
        """One row a study and question whose stimuli have several scales.

        `points` and `scales`, the distinct ones without and with the labels of their ends; `conditions` in which
        it was asked; `answers`.
        """
        grouped = self.scaled.group_by(*_QUESTION, maintain_order=True).agg(
            points=pl.col("points").unique(maintain_order=True),
            scales=pl.col("scale").unique(maintain_order=True),
            conditions=pl.col("condition").n_unique(),
            answers=pl.col("kept").sum(),
        )
        return grouped.filter(pl.col("scales").list.len() > 1)

    @cached_property
    def reversals(self) -> pl.DataFrame:
        """One row a study and question some of whose stimuli have the labels of the scale's two ends swapped.

        `ends`, the labels of the lowest and the highest point in words, and the same swapped; `asked`, the conditions
        of each; `answers` on all of these scales.
        """
        changed = self.scaled.join(self.changes, on=_QUESTION, how="semi").drop_nulls("item")
        items = [name for name in changed["item"].unique(maintain_order=True) if name in self.data.items]
        ends = [(name, *_end_labels(self.data.items[name].scale)) for name in items]
        labels = pl.DataFrame(ends, schema={"item": pl.String, "low": pl.String, "high": pl.String}, orient="row")
        known = (
            changed.join(labels.drop_nulls(), on="item", maintain_order="left")
            .group_by(*_QUESTION, "low", "high", maintain_order=True)
            .agg(asked=pl.col("condition").unique(), answers=pl.col("kept").sum())
        )
        swapped = known.select(*_QUESTION, low="high", high="low")
        pairs = known.filter(pl.col("low") != pl.col("high")).join(
            swapped, on=[*_QUESTION, "low", "high"], how="semi", maintain_order="left"
        )
        return pairs.group_by(_QUESTION, maintain_order=True).agg(
            pl.concat_str("low", "high", separator=" … ").alias("ends"), "asked", pl.col("answers").sum()
        )

    @cached_property
    def empty(self) -> pl.DataFrame:
        """The rows of `shown` whose stimulus is empty: all their answers are left out."""
        return self.data.shown.filter(pl.col("stimulus").is_null() | (pl.col("stimulus") == digest("")))

    @cached_property
    def shifts(self) -> dict[tuple[str, str, str], Shift]:
        """Study, question and points -> the shift of its answers, where they seem to be on a scale that begins lower.

        Answers below the scale are those off it, and those taken for a code by their form, such as -1 or -3. Slips
        and codes lie there, too; so at least 5 % of 30 answers or more have to.
        """
        shaped = self.missing.with_columns(code=pl.col("missing").str.extract(_CODE_LABEL).cast(pl.Int64))
        codes: dict[tuple[str, str], dict[int, int]] = {}
        for study, question, code, rows in shaped.drop_nulls("code").select(*_QUESTION, "code", "rows").iter_rows():
            codes.setdefault((study, question), {})[code] = rows
        used = self.answers.group_by(*_QUESTION, "points").agg(pl.col("response").max())
        highest = {(study, question, points): top for study, question, points, top in used.iter_rows()}
        found: dict[tuple[str, str, str], Shift] = {}
        for row in self.scales.iter_rows(named=True):
            key = (row["study"], row["question"], row["points"])
            shift = _shift(row, codes.get(key[:2], {}), highest.get(key))
            if shift is not None:
                found[key] = shift
        return found


def _shift(row: dict[str, Any], codes: dict[int, int], highest: int | None) -> Shift | None:
    """Return the shift of the answers to a question.

    Args:
        row: of `Counts.scales`.
        codes: answers of the form of a missing code -> how many.
        highest: the highest point that somebody gave.
    """
    points = points_of(row["points"])
    low, high = points[0], points[-1]
    if highest is None or len(points) != high - low + 1 or len(points) > _SHIFTED_POINTS:
        return None
    off = {int(answer) for answer in row["off"] if answer.is_integer()}
    by = 0
    while by < high - highest and (low - by - 1 in off or low - by - 1 in codes):
        by += 1
    values = tuple(range(low - by, low))
    codes = {value: count for value, count in codes.items() if value in values}
    elsewhere = tuple(answer for answer in row["off"] if answer not in values)
    # How many answers each value off the scale is, is not known; where most are others, these are not counted.
    beside = row["outside"] if 2 * len(elsewhere) <= len(row["off"]) else 0
    below = beside + sum(codes.values())
    answers = row["kept"] + row["outside"] + sum(codes.values())
    if not by or answers < _SHIFTED_ANSWERS or below < _SHIFTED_SHARE * answers:
        return None
    return Shift(by, values, elsewhere if beside else (), below, answers)


def _end_labels(scale: Scale) -> tuple[str | None, str | None]:
    low, high = (scale.label(scale.values[place]) for place in (0, -1))
    return low and low.casefold(), high and high.casefold()


def _ends(points: str) -> tuple[int, int, int]:
    every = points_of(points)
    return every[0], every[-1], len(every)
