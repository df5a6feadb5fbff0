"""What is learnt from: who was asked what, and which answers that person, group or cell of people gave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import polars as pl

from silicus.errors import InputError
from silicus.study import KEY, Item, Respondent, iter_respondents

__all__ = ["Example", "Examples", "distribution_examples", "gathered", "individual_examples", "placed"]

_NOBODY = Respondent(id="", attributes={})
_COLUMNS = ("item", "person", "answers", "people")
_FURTHER = ("rationale", "margin")


@dataclass(frozen=True)
class Example:
    """One prompt and the answers to it.

    Attributes:
        item: what was shown and asked, in its study and condition.
        respondent: who was asked; without attributes where it is everybody of a cell.
        target: how many people gave each answer of the scale (refusals last), or which share, shape (answers,). Of a
            pair, 1 for the chosen answer and -1 for the rejected one.
        rationale: reasoning that leads to the answer, where it is to be learnt.
        margin: of a pair, what the reference model's log-probability of the chosen answer is above the rejected one's.
    """

    item: Item
    respondent: Respondent
    target: np.ndarray
    rationale: str | None = None
    margin: float = 0.0


@dataclass(frozen=True)
class Examples:
    """Many examples, kept as numbers.

    Attributes:
        items: what was shown, one a study, condition, question and stimulus.
        respondents: a table as `read_respondents` returns it.
        table: one row an example: `item` and `person`, places in the two above (`person` is null for everybody of a
            cell); `answers`, places among the answers of the scale, and `people`, how many or which share gave each;
            where there are any, `rationale` and `margin`.
    """

    items: tuple[Item, ...]
    respondents: pl.DataFrame
    table: pl.DataFrame

    def __len__(self) -> int:
        return len(self.table)

    def take(self, places: Sequence[int] | np.ndarray) -> Iterator[Example]:
        """Yield the examples at these places, in their order."""
        rows = self.table[np.asarray(places, dtype=np.int64)]
        wanted = rows["person"].drop_nulls().unique(maintain_order=True)
        asked = dict(zip(wanted.to_list(), iter_respondents(self.respondents[wanted.cast(pl.Int64)]), strict=True))
        further = [column for column in _FURTHER if column in rows.columns]
        for item, person, answers, people, *more in rows.select(*_COLUMNS, *further).iter_rows():
            shown = self.items[item]
            target = np.zeros(len(shown.scale.answers))
            target[answers] = people
            who = _NOBODY if person is None else asked[person]
            yield Example(shown, who, target, **dict(zip(further, more, strict=True)))

    @property
    def cells(self) -> np.ndarray:
        """The number of each example's cell: its study, condition and question, shape (examples,)."""
        keys: dict[tuple[str, str, str], int] = {}
        of_item = [keys.setdefault((i.study, i.condition, i.question), len(keys)) for i in self.items]
        return np.asarray(of_item, dtype=np.int64)[self.table["item"].to_numpy()]

    def capped(self, per_cell: int | None, rng: np.random.Generator) -> Examples:
        """Return at most `per_cell` examples of every cell, drawn at random, so that large studies do not dominate."""
        if per_cell is None:
            return self
        # The first `per_cell` in a random order of the rows are a random draw from each cell.
        rows = self.table.with_columns(pl.Series("draw", rng.permutation(len(self))), pl.Series("cell", self.cells))
        kept = rows.filter(pl.col("draw").rank("ordinal").over("cell") <= per_cell)
        return replace(self, table=kept.drop("draw", "cell"))


def individual_examples(items: Mapping[str, Item], responses: pl.DataFrame, respondents: pl.DataFrame) -> Examples:
    """Return one example an answer of a person.

    Args:
        items: the hash of a stimulus -> what was shown.
        responses: people's answers, schema `RESPONSES`; a column `rationale` is carried along.
        respondents: who they are.

    Raises:
        InputError: there are no answers, one is not on its scale, or one comes from nobody in `respondents`.
    """
    rows = placed(items, responses)
    one = rows.with_columns(answers=pl.concat_list("answer"), people=pl.concat_list(pl.lit(1.0)))
    return gathered(items, one, respondents)


def distribution_examples(
    items: Mapping[str, Item], responses: pl.DataFrame, respondents: pl.DataFrame, *, groups: bool
) -> Examples:
    """Return one example a stimulus of a cell, or a group asked one, with all its answers.

    Args:
        items: the hash of a stimulus -> what was shown.
        responses: people's answers, schema `RESPONSES`. Each counts `n` x `weight`, or its share where `n` is null.
        respondents: who they are.
        groups: whether respondents are groups, each with a distribution of its own; else everybody who was shown the
            stimulus counts together, and nothing is said of who they are.

    Raises:
        InputError: there are no answers, one is not on its scale, or one comes from nobody in `respondents`.
    """
    rows = placed(items, responses).with_columns(people=pl.col("n").fill_null(1) * pl.col("weight"))
    if not groups:
        rows = rows.with_columns(respondent=pl.lit(None, dtype=pl.String))
    by = [*KEY, "respondent"]
    counted = rows.group_by(*by, "answer", maintain_order=True).agg(pl.col("people").sum())
    whole = counted.filter(pl.col("people") > 0).group_by(by, maintain_order=True)
    return gathered(items, whole.agg(answers="answer", people="people"), respondents)


def placed(items: Mapping[str, Item], responses: pl.DataFrame) -> pl.DataFrame:
    """Return the answered rows with `answer`, the place of each among the answers of its scale."""
    rows = responses.filter(pl.col("response").is_not_null())
    if rows.is_empty():
        raise InputError("there are no answers to learn from.")
    pairs = rows.select("item", "response").unique(maintain_order=True)
    try:
        codes = [items[item].scale.index(response) for item, response in cast("list[tuple[str, int]]", pairs.rows())]
    except KeyError as error:
        raise InputError(f"an answer names the stimulus {error}, which is not among the items.") from None
    except ValueError as error:
        raise InputError(
            f"{error} Answers off their scale cannot be learnt from: read the data without them."
        ) from None
    coded = pairs.with_columns(pl.Series("answer", codes, dtype=pl.Int64))
    return rows.join(coded, on=["item", "response"], how="left", maintain_order="left")


def gathered(items: Mapping[str, Item], rows: pl.DataFrame, respondents: pl.DataFrame) -> Examples:
    """Return the examples of rows with the key, `respondent`, `answers` and `people`, in their order."""
    cells = rows.select(KEY).unique(maintain_order=True)
    shown = tuple(
        Item(study, condition, question, found.context, found.text, found.scale, found.verbatim)
        for study, condition, question, item in cast("list[tuple[str, str, str, str]]", cells.rows())
        for found in [items[item]]
    )
    people = respondents.select("respondent").with_row_index("person")
    table = rows.rename({"item": "stimulus"}).join(
        cells.with_row_index("item_place").rename({"item": "stimulus"}),
        on=["study", "condition", "question", "stimulus"], how="left", maintain_order="left",
    )  # fmt: skip
    table = table.join(people, on="respondent", how="left", maintain_order="left")
    strangers = table.filter(pl.col("respondent").is_not_null() & pl.col("person").is_null())
    if not strangers.is_empty():
        raise InputError(
            f"the answers name the respondent '{strangers['respondent'][0]}', who is not in the table of respondents."
        )
    further = [column for column in _FURTHER if column in table.columns]
    kept = table.select("person", "answers", "people", *further, item="item_place")
    return Examples(shown, respondents, kept.select(*_COLUMNS, *further))
