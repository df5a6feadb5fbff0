"""What of a dataset is counted to judge it: answers off their scales, missing codes, repeats, texts and scales."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from silicus.data.dataset import Dataset
from silicus.data.missing import code_label, is_code

__all__ = ["Counts", "points_of"]

_QUESTION = ("study", "question")
_CELL = ("study", "condition", "question")
# "1 to 7 (Never … Always)": the points stand before the first bracket.
_POINTS = r"^([^(]*?)(?: \(|$)"
_NUMBER = re.compile(r"-?\d+")


def points_of(scale: str) -> tuple[int, ...]:
    """Return the points of a scale in words, lowest first; steps above 1 of a long scale are not known.

    Examples:
        >>> points_of("1, 2 (Yes … No)"), points_of("-3 to 2 (refusals 9)")
        ((1, 2), (-3, -2, -1, 0, 1, 2))
    """
    numbers = sorted(int(number) for number in _NUMBER.findall(scale.partition(" (")[0]))
    return tuple(range(numbers[0], numbers[-1] + 1)) if " to " in scale.partition(" (")[0] else tuple(numbers)


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
    def missing(self) -> pl.DataFrame:
        """One row a study, question and reason for no answer: `missing`, `rows`."""
        rows = self.data.responses
        named = rows.drop_nulls("missing").group_by(*_QUESTION, "missing").agg(rows=_people())
        return pl.concat([named, self._codes_kept()]).sort(*_QUESTION, "rows", descending=[False, False, True])

    def _codes_kept(self) -> pl.DataFrame:
        """Return the missing codes that were read as answers, as the published data hold them."""
        items = self.data.items
        pairs = self.data.answered.group_by(*_QUESTION, "item", "response").agg(rows=_people())
        shaped = pairs["response"].unique().to_list()
        codes = [value for value in shaped if is_code(value)]
        pairs = pairs.filter(pl.col("response").is_in(codes))
        off = [
            response not in items[item].scale.answers for item, response in pairs.select("item", "response").iter_rows()
        ]
        found = pairs.filter(pl.Series(off, dtype=pl.Boolean))
        label = pl.col("response").replace_strict({c: code_label(c) for c in codes}, return_dtype=pl.String)
        return found.group_by(*_QUESTION, missing=label if codes else pl.lit("")).agg(pl.col("rows").sum())

    @cached_property
    def people(self) -> pl.DataFrame:
        """Who answered in which study: study, respondent."""
        return self.data.responses.select("study", "respondent").drop_nulls().unique()

    @cached_property
    def repeats(self) -> pl.DataFrame:
        """One row a study in which people answered a question more than once in the same condition.

        `people`; `rows` of theirs; `repeated`, how many questions of one person; in how many of these the stimuli
        differ (`stimuli_differ`) and the answers (`answers_differ`); `questions`, their names. Nothing can be seen
        where the source does not say which answers come from the same person.
        """
        rows = self.data.responses if self.data.people_known else self.data.responses.clear()
        by = ("study", "respondent", "condition", "question")
        # Numbers are compared far faster than the words of millions of rows.
        rows = rows.select(*by, "response", item=pl.col("item").rank("dense"))
        often = rows.group_by(by).agg(
            pl.len(),
            stimuli_differ=pl.col("item").min() != pl.col("item").max(),
            answers_differ=pl.col("response").min() != pl.col("response").max(),
        )
        return (
            often.filter(pl.col("len") > 1)
            .group_by("study")
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


def _people() -> pl.Expr:
    return pl.col("n").fill_null(1).sum()


def _ends(points: str) -> tuple[int, int, int]:
    every = points_of(points)
    return every[0], every[-1], len(every)
