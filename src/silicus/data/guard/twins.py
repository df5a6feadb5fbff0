"""People who are on both sides of a split under two names: the same attributes, the same answers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from silicus.data.guard.leaks import PAIRS, Claims, Finding
from silicus.data.split import attributes_of
from silicus.errors import counted

__all__ = ["twins_shared"]

_CELL = ("study", "condition", "question", "item")
_FEWEST_ATTRIBUTES = 3
_FEWEST_ANSWERS = 5
_FEWEST_BESIDE = 2
_FEWEST_TWINS = 5
_TIMES_NEARLY = 3
_SHOWN = 3
# Sums of 50 bits do not overflow 64 before 16,000 answers of one person.
_SPARE_BITS = 14


def twins_shared(claims: Claims) -> list[Finding]:
    """Return, for each pair of parts, how many people unseen in the one have a twin in the other, where ids are people.

    Twins have the same attributes, at least 3 of them known, and gave the same answers to all questions that both
    parts ask them, at least 5; at least 2 of these answers are other than their most common one, and nobody else of
    either part looks like them. On short scales chance makes such pairs, too; then it makes pairs that differ in
    exactly one answer as well, and mostly more of them. So twins are a leak where they are at least 5, and at least 3
    times as many as the pairs of the same attributes that differ in one answer; else they are only told.
    """
    dimensions = [d for d in claims.dimensions if d not in _CELL]
    if claims.data.unit != "person" or len(attributes_of(claims.data)) < _FEWEST_ATTRIBUTES:
        return []
    found: list[Finding] = []
    for part, other in PAIRS:
        unseen = claims.claimed(part, dimensions)
        if len(unseen) and len(claims.parts[other]):
            found.append(_finding(_Compared(claims, unseen, claims.parts[other]), part, other))
    return found


def _finding(compared: _Compared, part: str, other: str) -> Finding:
    people = f"{counted(compared.people, 'person', 'people')} unseen in {part}"
    looked = f"respondents: twins of {people} in {other}, by attributes and answers"
    twins = compared.twins
    if twins.is_empty():
        return Finding("respondents", looked)
    nearly = compared.nearly
    have = f"{len(twins):,} of {people} {'has' if len(twins) == 1 else 'have'} a twin in {other}: the same attributes"
    least, most = twins["count"].min(), twins["count"].max()
    to_all = f"all {least} questions" if least == most else f"all the questions asked of both ({least} to {most})"
    pairs = [f"{a} = {b}" for a, b in twins.select("one", "other").head(_SHOWN).iter_rows()]
    sentence = f"{have} and the same answers to {to_all}"
    if len(twins) < max(_FEWEST_TWINS, _TIMES_NEARLY * nearly):
        differ = f"{counted(nearly, 'pair differs', 'pairs differ')} in one answer alone"
        return Finding("respondents", f"respondents: {sentence}, as chance may have it ({differ}): no leak")
    more = ", …" if len(twins) > len(pairs) else ""
    return Finding("respondents", looked, f"{sentence}: {', '.join(pairs)}{more}")


@dataclass(frozen=True)
class _Compared:
    """The people of two parts, by what they have in common.

    Attributes:
        claims: the split dataset.
        unseen: the rows of the people who should not be in the other part.
        others: the rows of the other part.
    """

    claims: Claims
    unseen: pl.DataFrame
    others: pl.DataFrame

    @property
    def people(self) -> int:
        """How many people should not be in the other part."""
        return self.unseen["respondent"].drop_nulls().n_unique()

    @cached_property
    def twins(self) -> pl.DataFrame:
        """One row a pair of twins: `one`, `other`, `count` of their answers."""
        key = ["looks", "count", "answers"]
        one, other = (
            side.unique("respondent")
            .group_by(key)
            .agg(name=pl.col("respondent").first(), held=pl.len())
            .filter(pl.col("held") == 1)
            for side in self._sides
        )
        pairs = one.join(other, on=key, suffix=" of other")
        return pairs.select("count", one="name", other="name of other").sort("one")

    @cached_property
    def nearly(self) -> int:
        """How many pairs of the same attributes gave the same answers to all questions but one."""
        every = ["looks", "count", "cell", "answer", "answers"]
        rest = ["looks", "count", "cell", "rest"]
        # Who agrees in everything agrees without any one answer, too: once for each that is left out.
        return self._pairs(rest) - self._pairs(every)

    def _pairs(self, key: list[str]) -> int:
        """Return how many pairs of answers, one of each side, agree in a key."""
        one, other = (side.group_by(key).agg(pl.len().cast(pl.UInt64)) for side in self._sides)
        both = one.join(other, on=key)
        return int((both["len"] * both["len_right"]).sum())

    @cached_property
    def _sides(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The answers of both sides to what both were asked, of the people who can be told by them."""
        one, other = (self._answers(rows) for rows in (self.unseen, self.others))
        one, other = one.join(other, on="respondent", how="anti"), other.join(one, on="respondent", how="anti")
        return (
            _told(one.join(other, on="cell", how="semi")),
            _told(other.join(one, on="cell", how="semi")),
        )

    def _answers(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the answers of people of whom enough is known, as numbers that stand for their words."""
        names = attributes_of(self.claims.data)
        known = pl.sum_horizontal(pl.col(name).is_not_null() for name in names)
        people = self.claims.data.respondents.filter(known >= _FEWEST_ATTRIBUTES)
        looks = people.select("respondent", looks=pl.struct(names).hash())
        rows = rows.drop_nulls("response").select("respondent", "response", cell=pl.struct(_CELL).hash())
        answer = pl.struct("cell", "response").hash() // 2**_SPARE_BITS
        return rows.with_columns(answer=answer).join(looks, on="respondent")


def _told(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of people with enough answers that vary enough, with their `count` and their sum, `answers`."""
    often = rows.group_by("respondent", "response").len().group_by("respondent").agg(most=pl.col("len").max())
    sums = rows.group_by("respondent").agg(count=pl.len(), answers=pl.col("answer").sum()).join(often, on="respondent")
    varied = pl.col("count") - pl.col("most") >= _FEWEST_BESIDE
    people = sums.filter((pl.col("count") >= _FEWEST_ANSWERS) & varied)
    rows = rows.join(people.drop("most"), on="respondent")
    return rows.with_columns(rest=pl.col("answers") - pl.col("answer"))
