"""A dataset: what people were shown and asked in past studies, who they are, and what they answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, cast

import numpy as np
import polars as pl

from silicus.data.missing import code_label, is_code
from silicus.record import digest
from silicus.study import KEY, RESPONSES, Item, Scale, Source

__all__ = ["ANSWERS", "ROWS", "SHOWN", "Dataset", "Provenance", "Stimulus", "Unit", "settle"]

Provenance = Literal["stated", "labels", "observed_task", "unsupported"]
"""How a scale is known: the words state a range, they list the points, the task's answers show one, not at all."""

Unit = Literal["person", "row", "group"]
"""What a respondent is: a person, one answer of a person the source does not identify, or a group of people."""

ROWS = pl.Schema(
    {
        "study": pl.String,
        "condition": pl.String,
        "question": pl.String,
        "respondent": pl.String,  # unique in the whole dataset: "study/participant"
        "stimulus": pl.UInt32,  # the place in the list of stimuli; null where nothing was shown
        "answer": pl.Float64,  # as in the source; null where it holds no number
        "n": pl.Int64,  # how many people gave it; null where only a share is published
        "weight": pl.Float64,  # survey weight of one of them; the share, where n is null
        "missing": pl.String,  # why there is no answer, in the source's words; null where there is one
    }
)
"""What a reader hands to `settle`: one row an answer, nothing left out yet."""

ANSWERS = pl.Schema({**RESPONSES, "missing": pl.String})
"""A dataset's answers: `RESPONSES`, and why there is no answer where `response` is null."""

SHOWN = pl.Schema(
    {
        "study": pl.String,
        "condition": pl.String,
        "question": pl.String,
        "stimulus": pl.String,  # a digest of the words shown
        "item": pl.String,  # null where the scale is unsupported
        "scale": pl.String,  # in words, such as "1 to 7"
        "provenance": pl.String,
        "reason": pl.String,  # why the scale is unsupported, or what an observed one rests on
        "rows": pl.Int64,
        "kept": pl.Int64,  # answers on the scale
        "missing": pl.Int64,  # rows with a missing code, or a reason for no answer
        "outside": pl.Int64,  # answers that are numbers and not on the scale
        "outside_answers": pl.List(pl.Float64),  # some of them, lowest first
    }
)
"""One row a study, condition, question and stimulus: where its scale comes from, and what became of its rows."""

_OUTSIDE_SHOWN = 12


@dataclass(frozen=True)
class Stimulus:
    """What was shown, and how its scale is known.

    Attributes:
        text: all the words shown.
        item: with its scale; `None` where the scale is unsupported.
        reason: why it is unsupported, or what an observed scale rests on.
    """

    text: str
    item: Item | None
    provenance: Provenance
    reason: str | None = None


@dataclass(frozen=True)
class Dataset:
    """People's answers to the questions of past studies.

    Attributes:
        name: the file or folder it was read from, without suffix.
        source: whom to cite, and under which terms.
        items: the hash of a stimulus -> what was shown and asked. Studies show the same stimulus in several
            conditions; such an item names the first of them, `responses` and `cells` every one.
        responses: schema `ANSWERS`, then what a codebook's fields say, as `shown.NAME` and `other.NAME`; `split` and
            `unseen` once it has been split, `rationale` where asked for.
        respondents: `respondent`, `weight`, then one column an attribute, of those who are in `responses`.
        shown: schema `SHOWN`.
        rows_read: how many rows the source holds.
        left_out: reason -> number of rows that are not in `responses`.
        unit: what a respondent is.
        fielded: study -> when people answered, where it differs from `source.fielded`.
        notes: what else is to be known of the source -> how many.
    """

    name: str
    source: Source
    items: dict[str, Item]
    responses: pl.DataFrame
    respondents: pl.DataFrame
    shown: pl.DataFrame
    rows_read: int
    left_out: dict[str, int]
    unit: Unit = "person"
    fielded: dict[str, str] = field(default_factory=dict[str, str])
    notes: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def people_known(self) -> bool:
        """Whether the source says which answers come from the same person."""
        return self.unit == "person"

    @property
    def answered(self) -> pl.DataFrame:
        """The responses that are answers: those without a reason for being missing."""
        return self.responses.filter(pl.col("response").is_not_null())

    def cells(self) -> Iterator[Item]:
        """Yield what was shown, one item a study, condition, question and stimulus that somebody answered."""
        for study, condition, question, item in self.answered.select(KEY).unique(maintain_order=True).iter_rows():
            yield replace(self.items[item], study=study, condition=condition, question=question)

    def keep(self, rows: pl.Expr, reason: str) -> Dataset:
        """Return the dataset with the responses for which `rows` is true; the others are left out for `reason`.

        `shown` still says what became of the rows of the source when they were read.
        """
        responses = self.responses.filter(rows)
        left_out = dict(self.left_out)
        if len(responses) < len(self.responses):
            left_out[reason] = left_out.get(reason, 0) + len(self.responses) - len(responses)
        people = self.respondents.join(responses, on="respondent", how="semi", maintain_order="left")
        return replace(self, responses=responses, respondents=people, left_out=left_out)

    def sample(self, count: int, rng: np.random.Generator) -> Dataset:
        """Return the dataset with so many of its answers, drawn without replacement, in their old order.

        Groups answer as a whole: of them, so many distributions are drawn, one of a group's to one stimulus, as counts
        of people are no answers of one of them.
        """
        place = np.arange(len(self.responses))
        if self.unit == "group":
            place = (
                self.responses.select(pl.struct(*KEY, "respondent").rank("dense"))
                .to_series()
                .to_numpy()
                .astype(np.int64)
                - 1
            )
        drawn = np.zeros(int(place.max(initial=-1)) + 1, dtype=bool)
        drawn[rng.choice(len(drawn), size=min(count, len(drawn)), replace=False)] = True
        return self.keep(pl.lit(pl.Series(drawn[place])), "not in the random sample")


def settle(  # noqa: PLR0913 - what a dataset consists of
    name: str,
    source: Source,
    stimuli: list[Stimulus],
    rows: pl.DataFrame,
    people: pl.DataFrame,
    *,
    unit: Unit = "person",
    published: bool = False,
    fielded: dict[str, str] | None = None,
    left_out: dict[str, int] | None = None,
    notes: dict[str, int] | None = None,
) -> Dataset:
    """Return the dataset of these rows: the one road from a reader's rows to the table of responses.

    A row without a scale, without a number, or off its scale is left out and counted. A missing code off its scale
    (`is_code`) stays as a row without an answer, with the code as the reason.

    Args:
        name: what the dataset is called.
        source: whom to cite, and under which terms.
        stimuli: what was shown; `rows` name them by their place.
        rows: schema `ROWS`, then further columns that are carried along.
        people: `respondent`, `weight`, then attributes; one row a respondent of `rows`.
        unit: what a respondent is.
        published: whether whole numbers off the scale stay, missing codes among them, as the authors of SocSci210
            kept them.
        fielded: study -> when people answered.
        left_out: reason -> rows of the source that the reader did not hand over.
        notes: what else is to be known of the source -> how many.
    """
    further = [column for column in rows.columns if column not in ROWS]
    judged = _judged(rows, stimuli, published=published)
    reasons = judged.drop_nulls("left").group_by("left", maintain_order=True).len()
    counts = {**(left_out or {}), **dict(reasons.iter_rows())}
    kept = judged.filter(pl.col("left").is_null())
    number = pl.when(pl.col("missing").is_null()).then(pl.col("answer"))
    responses = kept.select(
        *(c for c in RESPONSES if c != "response"), "missing", *further, response=number.cast(pl.Int64)
    )
    return Dataset(
        name=name,
        source=source,
        items=_items(kept, stimuli),
        responses=responses.select(*ANSWERS, *further).cast({**ANSWERS}),
        respondents=people.join(responses, on="respondent", how="semi", maintain_order="left"),
        shown=_shown(judged, stimuli),
        rows_read=len(rows) + sum((left_out or {}).values()),
        left_out=dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))),
        unit=unit,
        fielded=fielded or {},
        notes=notes or {},
    )


def _judged(rows: pl.DataFrame, stimuli: list[Stimulus], *, published: bool) -> pl.DataFrame:
    """Return the rows with `item`, `missing`, `outside`, and `left`: why a row is left out, null where it stays."""
    pairs = rows.filter(pl.col("missing").is_null()).select("stimulus", "answer").drop_nulls().unique()
    verdicts = [
        _verdict(stimuli[place].item, answer) for place, answer in cast("list[tuple[int, float]]", pairs.rows())
    ]
    judged = pairs.with_columns(pl.Series("verdict", verdicts, dtype=pl.String))
    rows = rows.join(judged, on=["stimulus", "answer"], how="left", maintain_order="left")
    rows = rows.join(_known(stimuli), on="stimulus", how="left", maintain_order="left")
    verdict, answer = pl.col("verdict"), pl.col("answer")
    is_code = verdict.str.starts_with("code") & ~pl.lit(published)
    # Beyond 2^53 a float is no longer the number that was written.
    whole = (answer == answer.round()) & (answer.abs() < 2**53)
    left = (
        pl.when(pl.col("stimulus").is_null())
        .then(pl.lit("empty stimulus"))
        .when(pl.col("problem").is_not_null())
        .then("problem")
        .when(pl.col("missing").is_not_null() | is_code)
        .then(None)
        .when(answer.is_null())
        .then(pl.lit("answer is not a number"))
        .when(verdict.is_not_null() & ~whole)
        .then(pl.lit("answer is no whole number"))
        .when(verdict.is_not_null() & ~pl.lit(published))
        .then(pl.lit("answer outside the stated scale"))
    )
    return rows.with_columns(
        left=left,
        outside=(verdict.is_not_null() & ~is_code).fill_null(value=False),
        is_missing=(pl.col("missing").is_not_null() | is_code).fill_null(value=False),
        missing=pl.coalesce("missing", pl.when(is_code).then(verdict)),
    ).drop("verdict", "problem")


def _verdict(item: Item | None, answer: float) -> str | None:
    """Return "outside" or "code 98" for a number that is no answer on the item's scale, `None` for one that is."""
    if item is None or answer in item.scale.answers:
        return None
    return code_label(answer) if is_code(answer) else "outside"


def _known(stimuli: list[Stimulus]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "stimulus": range(len(stimuli)),
            "item": [s.item.item if s.item else None for s in stimuli],
            "problem": [_problem(s) for s in stimuli],
        },
        schema={"stimulus": pl.UInt32, "item": pl.String, "problem": pl.String},
    )


def _problem(stimulus: Stimulus) -> str | None:
    if not stimulus.text.strip():
        return "empty stimulus"
    return None if stimulus.item else f"no scale: {stimulus.reason}"


def _items(kept: pl.DataFrame, stimuli: list[Stimulus]) -> dict[str, Item]:
    items: dict[str, Item] = {}
    first = kept.select("study", "condition", "question", "item", "stimulus").unique(
        "item", keep="first", maintain_order=True
    )
    rows = cast("list[tuple[str, str, str, str, int]]", first.rows())
    for study, condition, question, name, place in rows:
        item = stimuli[place].item
        if item is not None:
            items[name] = replace(item, study=study, condition=condition, question=question)
    return items


def _shown(judged: pl.DataFrame, stimuli: list[Stimulus]) -> pl.DataFrame:
    """Return the table of schema `SHOWN`."""
    outside = pl.col("outside")
    cells = judged.group_by("study", "condition", "question", "stimulus", maintain_order=True).agg(
        rows=pl.len(),
        kept=(pl.col("left").is_null() & ~pl.col("is_missing") & ~outside).sum(),
        missing=pl.col("is_missing").sum(),
        outside=outside.sum(),
        outside_answers=pl.col("answer").filter(outside).unique().sort().head(_OUTSIDE_SHOWN),
    )
    words = pl.DataFrame(
        {
            "stimulus": range(len(stimuli)),
            "words": [digest(s.text) for s in stimuli],
            "item": [s.item and s.item.item for s in stimuli],
            "scale": [s.item and _described(s.item.scale) for s in stimuli],
            "provenance": [s.provenance for s in stimuli],
            "reason": [s.reason for s in stimuli],
        },
        schema_overrides={"stimulus": pl.UInt32, "item": pl.String, "scale": pl.String, "reason": pl.String},
    )
    found = cells.join(words, on="stimulus", how="left", maintain_order="left").drop("stimulus")
    unsupported = pl.col("provenance").fill_null("unsupported")
    return found.rename({"words": "stimulus"}).with_columns(unsupported).select(SHOWN.names()).cast({**SHOWN})


def _described(scale: Scale) -> str:
    """Return the points of a scale, with the labels of its ends: scales that read alike are alike."""
    low, high = scale.label(scale.values[0]), scale.label(scale.values[-1])
    return f"{scale} ({low or ''} … {high or ''})" if low or high else str(scale)
