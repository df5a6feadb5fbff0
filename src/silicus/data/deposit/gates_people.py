"""Who answered: how many, once each, in the conditions of the design, who they are and what they weigh."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from silicus.data.deposit.made import Made
from silicus.errors import counted
from silicus.study import KEY

__all__ = ["answered_once", "arms_filled", "as_designed", "one_of_each_pair", "people_differ", "weights_sensible"]

_SHOWN = 5
_FEWEST_COLUMNS = 10
"""Columns that have to be filled before two rows that are alike are told."""
_MOST_DISTINCT = 0.95
"""A column with more distinct cells numbers the rows."""
_MORE_THAN_CHANCE = 100
_FEWEST_PEOPLE = 20
"""Among fewer, one may well have a tenth of all weight."""
_MOST_OF_ONE = 0.1
_LEAST_EFFECTIVE = 0.1


# --- once each


def answered_once(made: Made) -> Iterator[str]:
    """Yield how many answers are of one person to one question twice, or that nothing tells people apart."""
    recipe, rows = made.recipe, made.data.responses
    if recipe.respondent is None:
        if recipe.excused.no_respondent is None:
            yield (
                "no column tells people apart, so that every row is taken for another person. Name it under "
                "respondent, or say why every row is one under excused > no_respondent."
            )
        return
    numbered = [*recipe.task, *([recipe.pair] if recipe.pair is not None else [])]
    if numbered:
        keys = [made.table.ids(recipe.respondent), *map(made.table.codes, numbered)]
        twice = pl.DataFrame([key.alias(f"{place}") for place, key in enumerate(keys)]).is_duplicated().sum()
        what = f"rows have the same {', '.join((recipe.respondent, *numbered))}"
    else:
        twice = rows.select(*KEY, "respondent").is_duplicated().sum()
        what = "answers are of one person to one question twice"
    if twice:
        yield f"{twice:,} {what}. Leave the repetitions out, or name under task the columns that number the rows."


def people_differ(made: Made) -> Iterator[str]:
    """Yield how many people have rows that are the same in every column, far more than chance would make.

    Only where ten columns are filled, those that number the rows aside. Chance is what cells would do that know nothing
    of each other.
    """
    recipe, cells = made.recipe, made.table.cells
    if recipe.excused.alike is not None:
        return
    ids = {recipe.respondent, *recipe.task, recipe.pair, *recipe.combine}
    filled = [name for name in cells.columns if name not in ids and cells[name].drop_nulls().n_unique() > 1]
    kept = [name for name in filled if cells[name].n_unique() <= _MOST_DISTINCT * cells.height]
    if len(kept) < _FEWEST_COLUMNS:
        return
    rows = cells.select(*kept, *([pl.col(recipe.respondent).alias("\0")] if recipe.respondent else []))
    rows = rows.filter(pl.sum_horizontal(pl.col(*kept).is_not_null()) >= _FEWEST_COLUMNS).unique(maintain_order=True)
    twins = int(rows.select(kept).is_duplicated().sum()) if recipe.respondent else _twins(cells, kept)
    chance = float(cells.height)
    for name in kept:
        shares = cells[name].value_counts()["count"] / cells.height
        chance *= float((shares**2).sum())
    expected = chance * cells.height
    if twins and twins > _MORE_THAN_CHANCE * expected:
        yield (
            f"{twins:,} of {cells.height:,} rows are the same as another person's in all {len(kept)} columns that do "
            "not number them; chance would make fewer than one in a hundred of these. Exclude the copies, or say why "
            "they are different people under excused > alike."
        )


def _twins(cells: pl.DataFrame, columns: list[str]) -> int:
    rows = cells.filter(pl.sum_horizontal(pl.col(*columns).is_not_null()) >= _FEWEST_COLUMNS)
    return int(rows.select(columns).is_duplicated().sum())


def one_of_each_pair(made: Made) -> Iterator[str]:
    """Yield how many pairs have not exactly one row chosen, where a question has two points."""
    recipe = made.recipe
    if recipe.pair is None or recipe.respondent is None or recipe.excused.pairs is not None:
        return
    keys = pl.DataFrame([made.table.ids(recipe.respondent).alias("0"), *(made.table.codes(n) for n in recipe.task)])
    for question in recipe.questions:
        if question.scale is None or len(question.scale.values) != 2:
            continue
        chosen = str(max(question.scale.values))
        points = made.table.codes(question.cells).replace({c: str(p) for c, p in question.values.items()})
        words = question.scale.label(int(chosen))
        rows = keys.with_columns(chosen=points.is_in([chosen, *([words] if words else [])]), given=points.is_not_null())
        pairs = rows.group_by(keys.columns).agg(pl.col("chosen").sum(), pl.col("given").all()).filter("given")
        wrong = pairs.filter(pl.col("chosen") != 1)
        if len(wrong):
            yield (
                f"in {len(wrong):,} of {len(pairs):,} pairs ({len(wrong) / len(pairs):.0%}) not exactly one is "
                f"{chosen} to '{question.id}'. Find out whose choice it is, or say why under excused > pairs."
            )


# --- in the conditions


def as_designed(made: Made) -> Iterator[str]:
    """Yield how many people are in several conditions of a design that is between, or that none is in one within."""
    recipe = made.recipe
    if recipe.respondent is None:
        return
    several = (
        made.data.responses.group_by("respondent").agg(pl.col("condition").n_unique()).filter(pl.col("condition") > 1)
    )
    if recipe.design == "within":
        if recipe.condition and several.is_empty():
            yield "the design is within, and nobody is in two conditions. Say design: between."
    elif len(several):
        names = ", ".join(f"'{name}'" for name in several["respondent"].sort().head(_SHOWN))
        yield (
            f"{counted(len(several), 'person is', 'people are')} in several conditions ({names}), and the design is "
            "between. Say design: within, or name the column that parts them."
        )


def arms_filled(made: Made) -> Iterator[str]:
    """Yield the conditions in which nobody answered."""
    found = set(made.data.answered["condition"].unique())
    expected = made.recipe.expected.conditions if made.recipe.expected else {}
    crossed = len(made.recipe.condition) > 1
    for name in dict.fromkeys(condition.id for condition in made.recipe.crossed):
        if name in found or (crossed and expected.get(name) == 0):
            continue
        told = f"Say so (expected > conditions: {{{name}: 0}})" if crossed else "Leave its rows out (null)"
        yield f"nobody answered in the condition '{name}'. {told}, or find its answers."


# --- weights


def weights_sensible(made: Made) -> Iterator[str]:
    """Yield what weights of people do not do: lie about 1, count everybody, differ by more than a few whole numbers."""
    column = made.recipe.weight
    if column is None or made.recipe.excused.weights is not None:
        return
    weights = made.data.respondents["weight"]
    yield from _another_column(made, column)
    yield from _unequal(column, weights)
    mean, zero = float(weights.mean() or 0.0), float((weights == 0).mean() or 0.0)  # pyright: ignore[reportArgumentType]
    if not 0.5 <= mean <= 2:
        yield (
            f"the weights of {len(weights):,} people have the mean {mean:.3g}, expected about 1. Is "
            f"'{column}' a weight, and not a count of the population?"
        )
    if zero > 0.5:
        yield f"{zero:.0%} of the people have the weight 0. Is '{column}' the weight of this sample?"


def _another_column(made: Made, column: str) -> Iterator[str]:
    recipe, weights = made.recipe, made.data.respondents["weight"]
    uses = {each.column: f"the attribute '{name}'" for name, each in recipe.attributes.items()}
    uses |= {each.column: f"the field '{name}'" for name, each in recipe.fields.items()}
    uses |= {question.cells: f"the question '{question.id}'" for question in recipe.questions}
    uses |= {factor.column: "the column of the conditions" for factor in recipe.condition}
    uses |= {recipe.respondent: "the column that names people"} if recipe.respondent else {}
    if column in uses:
        yield (
            f"the weight '{column}' is {uses[column]} too. Name the column of weights, or say why under excused > "
            "weights."
        )
    elif weights.n_unique() < _SHOWN and bool((weights == weights.round()).all()):
        yield (
            f"the weight '{column}' has {counted(weights.n_unique(), 'value', 'values')}, whole numbers all: that "
            "looks like codes. Name the column of weights, or say why under excused > weights."
        )


def _unequal(column: str, weights: pl.Series) -> Iterator[str]:
    total, squares = float(weights.sum()), float((weights**2).sum())
    if len(weights) < _FEWEST_PEOPLE or not total:
        return
    largest, effective = float(weights.max() or 0.0) / total, total**2 / squares  # pyright: ignore[reportArgumentType]
    if largest > _MOST_OF_ONE:
        yield (
            f"one person has {largest:.0%} of all weight in '{column}'. Is it a weight? If it is, say why under "
            "excused > weights."
        )
    if effective < _LEAST_EFFECTIVE * len(weights):
        yield (
            f"by '{column}' {len(weights):,} people count as {effective:,.1f} of equal weight. Is it a weight? If it "
            "is, say why under excused > weights."
        )
