"""Pairs for preference learning: what a person answered, and what another person answered to the same question.

As Kolluri et al. (2025, eq. 2, https://doi.org/10.18653/v1/2025.emnlp-main.1530) describe them: the chosen answer is
a person's own, the rejected one is a different answer that somebody else gave to the same question in the same
condition, and the prompt tells of the first person. Which pairs they drew is not published. Where a question has
several stimuli in a condition, an answer to another one differs because of what was shown and not only because of who
was asked, so it is rejected only where that is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from silicus.errors import InputError, counted
from silicus.study import Item
from silicus.train.examples import Examples, gathered, placed

__all__ = ["PAIRS", "pair_examples", "preference_pairs"]

PAIRS = pl.Schema(
    {
        "study": pl.String,
        "condition": pl.String,
        "question": pl.String,
        "item": pl.String,  # what the person was shown
        "respondent": pl.String,
        "chosen": pl.Int64,  # the value this person answered
        "rejected": pl.Int64,  # the value another person answered
        "other": pl.String,  # that person; null where the source does not name people
        "other_item": pl.String,  # what that person was shown
    }
)
"""Pairs of answers, one row a pair."""

_CELL = ("study", "condition", "question")
_ASKED = ("pool", "scale")

_Numbers = npt.NDArray[np.int64]


def preference_pairs(
    items: Mapping[str, Item],
    responses: pl.DataFrame,
    respondents: pl.DataFrame,
    rng: np.random.Generator,
    per_cell: int | None = None,
    contrast: Literal["stimulus", "cell"] = "stimulus",
) -> pl.DataFrame:
    """Return one pair an answer of a person, schema `PAIRS`, in the order of the answers.

    The rejected answer is drawn uniformly from the answers that other people gave to the same stimulus (or to any of
    the same study, condition and question), as far as they differ and are also on the scale that this person was
    shown. An answer of one named person can be chosen; counts of people without a name can only be rejected, each
    person of a count once. A refusal is an answer as any other. An answer that nobody else answered differently has
    no pair; from every cell come `per_cell` pairs, or as many as it has.

    Args:
        items: the hash of a stimulus -> what was shown.
        responses: people's answers, schema `RESPONSES`.
        respondents: who they are.
        rng: draws the answers that stay where a cell has more than `per_cell`, and the rejected ones.
        per_cell: at most so many pairs of a study, condition and question, so that large studies do not dominate.
        contrast: which answers are rejected: those to the same stimulus, or to any of the cell.

    Raises:
        InputError: there is no pair, only shares of people are known, an answer is not on its scale, or one comes
            from nobody in `respondents`.
    """
    people = _people(items, responses, respondents, contrast)
    of_item, on_scale = _scales(items, people["item"])
    people = people.join(of_item, on="item", how="left").join(on_scale, on=["scale", "response"], how="left")
    people = people.sort("pool", "meaning", "row").with_columns(end=pl.col("n").cum_sum())
    choices = _choices(people, on_scale)
    focal = _focal(people, choices)
    if focal.is_empty():
        raise InputError(_why_none(people, contrast))
    if per_cell is not None:
        # The first `per_cell` in a random order of the rows are a random draw from each cell.
        focal = focal.with_columns(pl.Series("draw", rng.permutation(len(focal))))
        focal = focal.filter(pl.col("draw").rank("ordinal").over("cell") <= per_cell)
    drawn = people[_draw(focal, choices, people, rng)]
    other = drawn.select(rejected="response", other=pl.when("named").then("respondent"), other_item="item")
    pairs = pl.concat([focal.rename({"response": "chosen"}), other], how="horizontal")
    return pairs.sort("row").select(PAIRS.names())


def pair_examples(items: Mapping[str, Item], pairs: pl.DataFrame, respondents: pl.DataFrame) -> Examples:
    """Return one example a pair: of its two answers the chosen one has 1.0 `people`, the rejected one -1.0.

    Args:
        items: the hash of a stimulus -> what was shown.
        pairs: schema `PAIRS`; a column `reference_margin`, the reference model's log-probability of the chosen less
            that of the rejected answer, becomes `margin`.
        respondents: who the people are.

    Raises:
        InputError: there are no pairs, an answer is not on its scale, or one comes from nobody in `respondents`.
    """
    both = [
        placed(items, pairs.with_columns(response=side)).get_column("answer").alias(side)
        for side in ("chosen", "rejected")
    ]
    rows = pairs.with_columns(
        answers=pl.concat_list(both), people=pl.concat_list(pl.lit(1.0), pl.lit(-1.0))
    )  # fmt: skip
    return gathered(items, rows.rename({"reference_margin": "margin"}, strict=False), respondents)


def _people(
    items: Mapping[str, Item], responses: pl.DataFrame, respondents: pl.DataFrame, contrast: str
) -> pl.DataFrame:
    """Return the answers given, with the numbers of their cell, person, and `pool`: answers that can be contrasted.

    Adds `row`, the place among the answers, and `named`, whether it is the answer of one known person.
    """
    rows = placed(items, responses).drop("answer").with_row_index("row")
    shares = rows.filter(pl.col("n").is_null())
    if not shares.is_empty():
        raise InputError(
            f"pairs need answers of people, and the study '{shares['study'][0]}' tells only which share gave each. "
            "Learn from shares with the objective 'distribution'."
        )
    cells = rows.select(_CELL).unique(maintain_order=True).with_row_index("cell")
    together = (*_CELL, "item") if contrast == "stimulus" else _CELL
    pools = rows.select(together).unique(maintain_order=True).with_row_index("pool")
    everybody = respondents.select("respondent").with_row_index("person")
    # A group's answers are counts, some of which may be counts of one.
    groups = rows.filter(pl.col("n") != 1)["respondent"].drop_nulls().unique().implode()
    named = pl.col("respondent").is_not_null() & ~pl.col("respondent").is_in(groups)
    rows = rows.join(cells, on=_CELL, how="left").join(pools, on=together, how="left")
    rows = rows.join(everybody, on="respondent", how="left").with_columns(named=named)
    strangers = rows.filter(pl.col("named") & pl.col("person").is_null())
    if not strangers.is_empty():
        raise InputError(
            f"the answers name the respondent '{strangers['respondent'][0]}', who is not in the table of respondents."
        )
    return rows


def _scales(items: Mapping[str, Item], shown: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the number of the `scale` of every item shown, and the number of the `meaning` of every answer to it.

    An answer means the same on two scales if its value is the same and, where each point has a name, its words:
    "1: Yes" is no answer to somebody who was shown "1: No"; 3 of 1 to 7 is one, however the ends are worded.
    """
    scales: dict[tuple[tuple[int, str | None], ...], int] = {}
    of_item: list[tuple[str, int]] = []
    # Sorted, so that the numbers and with them the draws are the same in every run.
    for item in shown.unique().sort():
        scale = items[item].scale
        worded = scale.kind in {"binary", "nominal"}
        answers = tuple((answer, scale.label(answer) if worded else None) for answer in scale.answers)
        of_item.append((item, scales.setdefault(answers, len(scales))))
    meanings: dict[tuple[int, str | None], int] = {}
    on_scale = [
        (number, answer[0], meanings.setdefault(answer, len(meanings)))
        for answers, number in scales.items()
        for answer in answers
    ]
    numbers = {"scale": pl.UInt32, "response": pl.Int64, "meaning": pl.UInt32}
    return (
        pl.DataFrame(of_item, schema={"item": pl.String, "scale": pl.UInt32}, orient="row"),
        pl.DataFrame(on_scale, schema=numbers, orient="row"),
    )


def _choices(people: pl.DataFrame, on_scale: pl.DataFrame) -> pl.DataFrame:
    """Return which answers can be drawn for a scale shown in a pool, and how many people gave each.

    Columns: `pool`, `scale`, `meaning`; `count` people; `first`, where these people begin on the line of people;
    `start`, where they begin on a line on which all choices follow each other.
    """
    given = people.group_by("pool", "meaning").agg(count=pl.col("n").sum(), first=(pl.col("end") - pl.col("n")).min())
    choices = people.select(_ASKED).unique().join(given, on="pool").join(on_scale, on=["scale", "meaning"], how="semi")
    return choices.sort(*_ASKED, "meaning").with_columns(start=pl.col("count").cum_sum() - pl.col("count"))


def _focal(people: pl.DataFrame, choices: pl.DataFrame) -> pl.DataFrame:
    """Return the answers of named people that somebody else answered differently, in the order of the answers.

    Adds, on the line of choices: `start` and `count` of those who answered alike, `begin` and `total` of all.
    """
    asked = choices.group_by(_ASKED).agg(begin=pl.col("start").min(), total=pl.col("count").sum())
    alike = choices.select(*_ASKED, "meaning", "start", "count")
    focal = (
        people.filter("named")
        .join(asked, on=_ASKED, how="left")
        .join(alike, on=[*_ASKED, "meaning"], how="left")
        .join(_own(people, choices), on=[*_ASKED, "meaning", "person"], how="left")
    )
    others = pl.col("total") - pl.col("count") - pl.col("own").fill_null(0)
    return focal.filter(others > 0).sort("row")


def _own(people: pl.DataFrame, choices: pl.DataFrame) -> pl.DataFrame:
    """Return how many of the different answers in reach are the person's `own`: given elsewhere in the pool."""
    several = people.filter("named").filter(pl.col("meaning").n_unique().over("pool", "person") > 1)
    own = several.group_by("pool", "person", "meaning").len("own").rename({"meaning": "different"})
    pairs = several.select(*_ASKED, "person", "meaning").unique().join(own, on=["pool", "person"])
    pairs = pairs.filter(pl.col("meaning") != pl.col("different"))
    reach = choices.select(*_ASKED, different="meaning")
    return (
        pairs.join(reach, on=[*_ASKED, "different"], how="semi")
        .group_by(*_ASKED, "meaning", "person")
        .agg(pl.col("own").sum())
    )


def _draw(focal: pl.DataFrame, choices: pl.DataFrame, people: pl.DataFrame, rng: np.random.Generator) -> _Numbers:
    """Return for each focal answer the place in `people` of another person's different answer, uniformly drawn."""
    begin, total, start, count, who = (
        focal[name].to_numpy().astype(np.int64) for name in ("begin", "total", "start", "count", "person")
    )
    starts, first = choices["start"].to_numpy(), choices["first"].to_numpy()
    ends, persons = people["end"].to_numpy(), people["person"].fill_null(len(people)).to_numpy()
    drawn = np.empty(len(focal), dtype=np.int64)
    left = np.arange(len(focal))
    while len(left):
        point = begin[left] + rng.integers(total[left] - count[left])
        point += np.where(point >= start[left], count[left], 0)
        choice = np.searchsorted(starts, point, side="right") - 1
        drawn[left] = np.searchsorted(ends, first[choice] + point - starts[choice], side="right")
        # A person's own answers are drawn again; `_focal` knows that there is another's.
        left = left[persons[drawn[left]] == who[left]]
    return drawn


def _why_none(people: pl.DataFrame, contrast: str) -> str:
    named = people["named"].sum()
    if not named:
        return (
            f"there are no pairs: none of {counted(len(people), 'answer', 'answers')} is that of one named person. "
            "Learn from counts with the objective 'distribution'."
        )
    one, many = ("stimulus", "stimuli") if contrast == "stimulus" else ("question", "questions")
    why = (
        f"there are no pairs: to each of {counted(people['pool'].n_unique(), one, many)} all people gave "
        "the same answer, or one that was not offered to the others. A pair needs two answers."
    )
    wider = " Where a question has several stimuli, 'contrast: cell' takes answers to all of them."
    return why + wider if contrast == "stimulus" else why
