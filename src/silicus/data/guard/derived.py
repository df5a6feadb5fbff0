"""Columns of the respondents that were made from their answers, or that the answers give away."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from silicus.data.dataset import Dataset
from silicus.data.split import attributes_of

__all__ = ["FEWEST_PEOPLE", "derived_columns", "determination"]

_DETERMINES = 0.9
_DETERMINED = 0.95
FEWEST_PEOPLE = 50
_PEOPLE_PER_VALUE = 5
_MOST_CLASSES = 20
# Below this in classes, no other cut reaches what counts.
_NEAR = 0.5
# One rare answer may fall together with one rare attribute by chance.
_FEWEST_OTHERS = 10
_MOST_ALIKE = 0.95

_LONG = 100
_OWN_TEXTS = 0.9
_NAMES = re.compile(
    r"(?:.*_)?(?:answers?|chosen|completions?|explanations?|generations?|justifications?|outputs?|predictions?"
    r"|prompts?|rationales?|reasonings?|rejected|responses?|stimul(?:us|i))"
)
_SHOWN = 3


def derived_columns(data: Dataset) -> list[str]:
    """Return a sentence for each attribute of the respondents that gives their answers away.

    An attribute does so by its name (reasoning, prompt, ...), as a long text of nearly every person's own, or by its
    values: `determination` of 0.9 or more of a question's answers by it, or of 0.95 or more of it by them. Small
    samples overstate both, so only questions count that at least 50 people answered, with 5 people for every value
    of what determines and 10 people beside the most common answer; the attribute must vary, too, to be determined.

    An attribute in numbers and a scale of more values than that are also compared in classes: at most 20, of 5 people
    or more. So an answer is known again when noise was added to it, or when it was stretched, moved or turned round.
    """
    columns = attributes_of(data)
    found = [sentence for column in columns if (sentence := _suspect(data.respondents[column]))]
    known = data.respondents.select("respondent", person=pl.int_range(pl.len(), dtype=pl.UInt32))
    answers = data.answered.select("study", "question", "respondent", "response").join(known, on="respondent")
    answers = answers.with_columns(asked=pl.struct("study", "question").rank("dense"))
    names = answers.select("asked", "study", "question").unique("asked")
    answers = answers.select("asked", "person", "response")
    for column in columns:
        sentence = _giving_away(data.respondents[column], answers, names)
        found += [sentence] if sentence else []
    return found


def _suspect(column: pl.Series) -> str | None:
    """Return what is suspicious of an attribute in itself."""
    if _NAMES.fullmatch(re.sub(r"[\s.-]+", "_", column.name.strip().lower())):
        return f"'{column.name}' has the name of something that is written from the answers or with them"
    texts = column.drop_nulls()
    if texts.dtype != pl.String or texts.is_empty():
        return None
    length, own = texts.str.len_chars().mean(), texts.n_unique() / len(texts)
    if not isinstance(length, float) or length <= _LONG or own <= _OWN_TEXTS:
        return None
    return f"'{column.name}' holds long texts ({length:.0f} characters on average), {own:.0%} of them different"


def _giving_away(column: pl.Series, answers: pl.DataFrame, names: pl.DataFrame) -> str | None:
    """Return for which questions an attribute determines the answers, or they it."""
    if column.n_unique() < 2:
        return None
    column, is_number = _as_numbers(column)
    codes = column.rank("dense").cast(pl.UInt32)
    table = answers.with_columns(attribute=codes.gather(answers["person"])).drop_nulls("attribute")
    found = pl.concat([_telling(pairs) for pairs in _compared(table, is_number=is_number)])
    if found.is_empty():
        return None
    found = found.group_by("asked").agg(pl.col("best", "people").max()).join(names, on="asked")
    found = found.sort(["best", "study", "question"], descending=True)
    examples = [
        f"{study} · {question} ({best:.2f} of {people:,} people)"
        for study, question, best, people in found.select("study", "question", "best", "people")
        .head(_SHOWN)
        .iter_rows()
    ]
    questions = f"{len(found):,} {'question' if len(found) == 1 else 'questions'}"
    return f"'{column.name}' and the answers to {questions} determine each other: {', '.join(examples)}"


def _as_numbers(column: pl.Series) -> tuple[pl.Series, bool]:
    """Return an attribute, as numbers where it holds nothing else, and whether it does."""
    if column.dtype == pl.String:
        numbers = column.str.strip_chars().cast(pl.Float64, strict=False)
        return (numbers, True) if numbers.null_count() == column.null_count() else (column, False)
    return column, column.dtype.is_numeric()


def _compared(table: pl.DataFrame, *, is_number: bool) -> Iterator[pl.DataFrame]:
    """Yield the table as it is; then, of the questions with many values, with its values in classes.

    Classes are twentieths. Noise parts people of one answer into several twentieths of the attribute, of which some
    hold two answers; so each side is also turned into the value of the other that has its rank, from both ends.
    """
    yield table
    by, count = "asked", pl.col("person").n_unique().over("asked")
    most = (count // _PEOPLE_PER_VALUE).clip(upper_bound=_MOST_CLASSES)
    attribute_is_long = pl.lit(is_number) & (pl.col("attribute").n_unique().over(by) > most)
    response_is_long = pl.col("response").n_unique().over(by) > most
    table = table.with_columns(most=most, long=attribute_is_long, fine=response_is_long)
    table = table.filter((pl.col("long") | pl.col("fine")) & (count >= FEWEST_PEOPLE))
    if table.is_empty():
        return
    table = table.with_columns(
        attribute=pl.when("long").then(_class("attribute")).otherwise("attribute"),
        response=pl.when("fine").then(_class("response")).otherwise("response"),
        finest=pl.col("attribute"),
        finely=pl.col("response"),
    )
    yield table
    found = determination(table).filter((pl.col("determines") >= _NEAR) | (pl.col("determined") >= _NEAR))
    table = table.join(found, on="asked", how="semi")
    for from_the_top in (False, True):
        if is_number:
            yield table.with_columns(attribute=_of_same_rank("response", "finest", from_the_top=from_the_top))
        yield table.with_columns(response=_of_same_rank("attribute", "finely", from_the_top=from_the_top))


def _class(name: str) -> pl.Expr:
    """Return the class of each value among `most` of equally many answers; equal values are in the same."""
    rank = pl.col(name).rank("min").over("asked") - 1
    return (rank * pl.col("most") // pl.len().over("asked")).cast(pl.Int64)


def _of_same_rank(name: str, ranked: str, *, from_the_top: bool) -> pl.Expr:
    """Return for each value of `ranked` the value of `name` that has the same rank."""
    place = (pl.col(ranked).rank("average") - 0.5).floor().cast(pl.UInt32)
    return pl.col(name).sort(descending=from_the_top).gather(place).over("asked")


def _telling(table: pl.DataFrame) -> pl.DataFrame:
    """Return the questions of a table whose answers and attribute determine each other: `asked`, `best`, `people`."""
    found = determination(table)
    enough = (pl.col("people") >= FEWEST_PEOPLE) & (pl.col("others") >= _FEWEST_OTHERS)
    enough &= pl.col("people") >= _PEOPLE_PER_VALUE * pl.col("values")
    determines = pl.col("determines") >= _DETERMINES
    determined = (pl.col("determined") >= _DETERMINED) & (pl.col("alike") <= _MOST_ALIKE)
    determined &= pl.col("people") >= _PEOPLE_PER_VALUE * pl.col("points")
    best = pl.max_horizontal("determines", "determined")
    return found.filter(enough & (determines | determined)).select("asked", "people", best=best)


def determination(table: pl.DataFrame) -> pl.DataFrame:
    """Return how far an attribute determines the answers to each question, and they it.

    Both are uncertainty coefficients (Theil, 1970, https://doi.org/10.1086/224909): U(R|A) = 1 - H(R|A) / H(R), the
    share of the entropy of the answers R that goes once the attribute A is known; NaN where nothing varies. Their
    plug-in estimate is biased upwards, by about (values - 1)(points - 1) / (2 N H(R)) in nats for N answers.

    Args:
        table: one row an answer: `asked` (the question), `person`, `attribute`, `response`.

    Returns:
        One row a question: `asked`, `determines` (U(R|A)), `determined` (U(A|R)), `people`, `values` and `points`
        (how many differ), `others` (answers beside the most common one), `alike` (the share of the most common value).
    """
    cells = table.group_by("asked", "attribute", "response").agg(n=pl.len().cast(pl.Float64))
    n, common = pl.col("n"), pl.col("n").max()
    spread = (n * n.log()).sum()
    values = cells.group_by("asked", "attribute").agg(n.sum()).group_by("asked")
    points = cells.group_by("asked", "response").agg(n.sum()).group_by("asked")
    sums = (
        cells.group_by("asked")
        .agg(total=n.sum(), joint=spread)
        .join(values.agg(attribute=spread, alike=common / n.sum(), values=pl.len()), on="asked")
        .join(points.agg(response=spread, others=n.sum() - common, points=pl.len()), on="asked")
        .join(table.group_by("asked").agg(people=pl.col("person").n_unique()), on="asked")
    )
    whole = pl.col("total") * pl.col("total").log()
    return sums.select(
        "asked",
        determines=1 - (pl.col("attribute") - pl.col("joint")) / (whole - pl.col("response")),
        determined=1 - (pl.col("response") - pl.col("joint")) / (whole - pl.col("attribute")),
        people=pl.col("people").cast(pl.Int64),
        values=pl.col("values").cast(pl.Int64),
        points=pl.col("points").cast(pl.Int64),
        others=pl.col("others").cast(pl.Int64),
        alike=pl.col("alike"),
    )
