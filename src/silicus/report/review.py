"""The page on which somebody decides whether a dataset is right: words, source, scale and answers side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.text import Text

from silicus.data import Dataset
from silicus.data.deposit import CROSSED, Build, Passage
from silicus.errors import counted
from silicus.report.page import print_anywhere, write_page
from silicus.report.words import percent
from silicus.study import Item, Scale

__all__ = ["Arm", "Shown", "arms", "print_build", "review", "write_review"]

_POINTS = 11
"""A longer scale is shown by the answers most given."""
_STIMULI = 6
"""Stimuli of one question and condition that are shown; of a conjoint experiment every profile is one."""
_FIELDS = 12
"""Words in the place of fields whose source is shown beside a cell."""
_ARMS = 24
"""Of a question in more conditions than these, no means are listed."""


@dataclass(frozen=True)
class Shown:
    """A question in a condition, ready to be looked at.

    Attributes:
        words: what people were shown, one text a stimulus, the first of them.
        stimuli: how many there are.
        sources: what was looked up -> where it stands; `None` where nowhere.
        scale: in words.
        answers: number of answers.
        missing: why there is none -> how many.
        shares: point in words, number of answers, share in words, and in percent for a bar.
    """

    question: str
    condition: str
    words: list[str]
    stimuli: int
    sources: dict[str, Passage | None]
    scale: str
    answers: int
    missing: dict[str, int]
    shares: list[tuple[str, int, str, float]]


@dataclass(frozen=True)
class Arm:
    """The mean answer to a question on an ordered scale in a condition.

    Attributes:
        error: its standard error; of answers of one person that hang together, if there are several. NaN for one.
    """

    condition: str
    answers: int
    people: int
    mean: float
    error: float


def write_review(path: Path, build: Build, data: Dataset) -> None:
    """Write the page as one HTML file, whole or not at all.

    Raises:
        MissingExtraError: a library of the extra `report` is not installed.
        RunError: the file cannot be written.
    """
    write_page(
        path,
        "review.html.j2",
        build=build,
        data=data,
        shown=list(review(build, data)),
        arms=arms(data),
        people=_people(data),
        weights=_weights(data),
    )


def print_build(build: Build, console: Console) -> None:
    """Print what every gate found, in at most 100 columns.

    Args:
        build: what was built.
        console: where it is printed.
    """

    def show(where: Console) -> None:
        width = min(100, where.width)
        for gate in build.gates:
            where.print(Text(f"{'passed ' if gate.passed else 'STOPPED'}  {gate.name}"), width=width, highlight=False)
            for problem in gate.problems:
                lines = textwrap.wrap(problem, width - 9)
                where.print(Text(textwrap.indent("\n".join(lines), " " * 9)), highlight=False)

    print_anywhere(show, console)


def review(build: Build, data: Dataset) -> Iterator[Shown]:
    """Yield every question in every condition, question by question."""
    cells: dict[tuple[str, str], list[Item]] = {}
    for item in data.cells():
        cells.setdefault((item.question, item.condition), []).append(item)
    for (question, condition), items in sorted(cells.items()):
        rows = data.responses.filter(question=question, condition=condition)
        missing = rows.filter(pl.col("response").is_null()).group_by("missing").len().sort("missing")
        yield Shown(
            question=question,
            condition=condition,
            words=[_words(item) for item in items[:_STIMULI]],
            stimuli=len(items),
            sources=_sources(build, question, condition, items),
            scale=str(items[0].scale),
            answers=len(rows) - int(missing["len"].sum()),
            missing={str(why): count for why, count in missing.iter_rows()},
            shares=_shares(rows, items[0].scale),
        )


def _words(item: Item) -> str:
    return "\n\n".join(part for part in (item.context, item.text) if part)


def _sources(build: Build, question: str, condition: str, items: list[Item]) -> dict[str, Passage | None]:
    """Return where the words of question, condition and `show` stand, and those of fields that are in these stimuli."""
    names = [name for name in (question, "show", *condition.split(CROSSED)) if name in build.found]
    texts = "\n".join(_words(item) for item in items)
    filled = [name for name in build.found if ": " in name and name.partition(": ")[2] in texts]
    return {name: build.found[name] for name in (*names, *filled[:_FIELDS])}


def _shares(rows: pl.DataFrame, scale: Scale) -> list[tuple[str, int, str, float]]:
    given = dict(rows.drop_nulls("response").group_by("response").len().iter_rows())
    total = sum(given.values()) or 1
    points = list(scale.answers)
    if len(points) > _POINTS:
        points = sorted(sorted(given, key=lambda point: -given[point])[:_POINTS])
    return [
        (
            _point(point, scale),
            given.get(point, 0),
            percent(given.get(point, 0) / total),
            100 * given.get(point, 0) / total,
        )
        for point in points
    ]


def _point(point: int, scale: Scale) -> str:
    label = scale.label(point)
    return f"{point} {label}" if label else str(point)


# --- means


def arms(data: Dataset) -> dict[str, list[Arm]]:
    """Return question on an ordered scale -> the mean answer in each of its conditions, without refusals or weights."""
    scales = {item.question: item.scale for item in data.items.values()}
    found: dict[str, list[Arm]] = {}
    for question, scale in sorted(scales.items()):
        rows = data.answered.filter(pl.col("response").is_in(scale.values), question=question)
        conditions = rows["condition"].unique().sort().to_list()
        if scale.kind != "nominal" and len(conditions) <= _ARMS:
            found[question] = [_arm(condition, rows.filter(condition=condition)) for condition in conditions]
    return found


def _arm(condition: str, rows: pl.DataFrame) -> Arm:
    answers = len(rows)
    mean = rows.select(pl.col("response").cast(pl.Float64).mean()).item()
    off = rows.with_columns(off=pl.col("response") - mean)
    alone = off["respondent"].null_count() > 0
    sums = off["off"] if alone else off.group_by("respondent").agg(pl.col("off").sum())["off"]
    people = len(sums)
    squares = float((sums**2).sum())
    error = (squares * people / (people - 1)) ** 0.5 / answers if people > 1 else float("nan")
    return Arm(condition, answers, people, mean, error)


# --- people


def _people(data: Dataset) -> list[tuple[str, int, str]]:
    """Return every attribute, of how many people it is known, and its values as far as they fit a line."""
    found: list[tuple[str, int, str]] = []
    for name in (column for column in data.respondents.columns if column not in {"respondent", "weight"}):
        values = data.respondents[name].drop_nulls()
        counts = values.cast(pl.String).value_counts(sort=True)
        few = ", ".join(f"{value} ({count:,})" for value, count in counts.head(8).iter_rows())
        found.append((name, len(values), few + (", …" if len(counts) > 8 else "")))
    return found


def _weights(data: Dataset) -> str:
    """Return the range of the weights, and how many people of equal weight tell as much (Kish 1965); "" for none."""
    weights = data.respondents["weight"].cast(pl.Float64).drop_nulls()
    if weights.n_unique() < 2:
        return ""
    low, high = weights.sort().gather([0, -1]).to_list()
    effective = float(weights.sum()) ** 2 / float((weights**2).sum())
    people = counted(len(weights), "person", "people")
    return f"Weights from {low:.3g} to {high:.3g}; they tell as much as {effective:,.0f} of {people} of equal weight."
