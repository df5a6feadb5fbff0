"""The quality report of a dataset: what is in it, study by study, and what is wrong with it."""

from __future__ import annotations

from typing import Any

import polars as pl

from silicus.data.dataset import Dataset, Provenance, Unit
from silicus.data.quality.counts import Counts
from silicus.data.quality.defect import Defect
from silicus.data.quality.defects import defects
from silicus.record import Record
from silicus.study import Source

__all__ = ["AlikeConditions", "AskedQuestion", "Quality", "Repeats", "ScaleChange", "StudyQuality", "inspect"]

_CELL = ("study", "condition", "question")
_OUTSIDE_SHOWN = 12
_JUDGED = ("serious", "doubtful")


class Repeats(Record):
    """People who answered a question more than once in the same condition."""

    people: int
    """How many people did."""
    rows: int
    """Their rows, of the questions they answered more than once."""
    repeated: int
    """How many questions of one person were answered more than once."""
    stimuli_differ: int
    """In how many of these every stimulus is another."""
    answers_differ: int
    """In how many of these the answers differ."""
    questions: list[str]
    """Which questions they are."""


class AlikeConditions(Record):
    """A question whose words are the same in several conditions."""

    question: str
    conditions: int
    """In how many conditions it was asked."""
    texts: int
    """How many of them show words of their own."""
    groups: list[list[str]]
    """The conditions that show the same words."""


class ScaleChange(Record):
    """A question whose stimuli have several scales."""

    question: str
    range_differs: bool
    """Whether the points differ; where they do not, the labels of their ends or the refusals do."""
    scales: list[str]
    """The scales in words."""
    conditions: int
    """In how many conditions it was asked."""


class AskedQuestion(Record):
    """A question on one scale."""

    question: str
    scale: str | None
    """Its points in words, with the labels of its ends; `None` where none is known."""
    kind: str | None
    """binary, nominal, ordinal or numeric."""
    provenance: Provenance
    conditions: int
    """In how many conditions it was asked."""
    rows: int
    kept: int
    """Answers on the scale."""
    missing: int
    outside: int


class StudyQuality(Record):
    """What is in one study."""

    study: str
    rows: int
    """Rows read."""
    answers: int
    """Rows with an answer on the scale."""
    respondents: int
    conditions: int
    questions: int
    cells: int
    """Pairs of a condition and a question."""
    stimuli: int
    """Distinct stimuli."""
    scales: dict[Provenance, int]
    """How the scale is known -> rows."""
    outside: int
    """Answers that are numbers and not on the scale."""
    outside_share: float | None
    """Their share of all numbers given on a known scale; `None` where there is none."""
    outside_answers: list[float]
    """Some of them, lowest first."""
    missing: dict[str, int]
    """Missing code, or reason for no answer -> rows."""
    cells_of_several_stimuli: int
    """Cells in which people saw different stimuli."""
    cells_of_few_answers: int
    """Cells with fewer than 2 answers."""
    repeats: Repeats | None
    """Questions that people answered more than once; `None` where nobody did, or people are not told apart."""
    asked: list[AskedQuestion]
    """Its questions and their scales, in the order of the source."""
    alike: list[AlikeConditions]
    scale_changes: list[ScaleChange]
    attributes: dict[str, float]
    """Attribute -> share of respondents of whom it is known."""
    serious: int
    """Defects of the kinds that are serious."""
    doubtful: int
    """Defects of the kinds that are doubtful."""


class Quality(Record):
    """What is in a dataset, and what is wrong with it."""

    name: str
    source: Source
    unit: Unit
    """What a respondent is: a person, one answer of an unknown person, or a group."""
    rows_read: int
    rows_kept: int
    left_out: dict[str, int]
    """Reason -> rows that were not kept."""
    notes: dict[str, int]
    """What else is to be known of the source -> how many."""
    respondents: int
    attributes: dict[str, float]
    """Attribute -> share of respondents of whom it is known."""
    studies: list[StudyQuality]
    """The studies, the worst first."""
    defects: list[Defect]
    """What is wrong, the worst first."""


def inspect(data: Dataset) -> Quality:
    """Return the quality report of a dataset."""
    counts = Counts(data)
    found = defects(data, counts)
    return Quality(
        name=data.name,
        source=data.source,
        unit=data.unit,
        rows_read=data.rows_read,
        rows_kept=len(data.responses),
        left_out=data.left_out,
        notes=data.notes,
        respondents=len(data.respondents),
        attributes=_filled(data.respondents),
        studies=_studies(counts, found),
        defects=found,
    )


def _filled(people: pl.DataFrame) -> dict[str, float]:
    """Return the share of respondents of whom each attribute is known."""
    names = _names(people)
    if people.is_empty() or not names:
        return {}
    return people.select(pl.col(name).is_not_null().mean() for name in names).row(0, named=True)


def _names(people: pl.DataFrame) -> list[str]:
    return [name for name in people.columns if name not in {"respondent", "weight"}]


def _studies(counts: Counts, found: list[Defect]) -> list[StudyQuality]:
    """Return the studies, those with most serious defects first, then most doubtful ones, then most rows."""
    further = _further(counts)
    attributes = _attributes(counts)
    studies = [
        StudyQuality.model_validate(
            row
            | {name: values.get(row["study"], empty) for name, (values, empty) in further.items()}
            | {"attributes": attributes.get(row["study"], {})}
            | {name: sum(d.study == row["study"] and d.severity == name for d in found) for name in _JUDGED}
        )
        for row in _overview(counts).iter_rows(named=True)
    ]
    return sorted(studies, key=lambda s: (-s.serious, -s.doubtful, -s.rows, s.study))


def _overview(counts: Counts) -> pl.DataFrame:
    """Return the numbers that stand on every study."""
    shown = counts.data.shown
    cells = _cells(counts.data)
    scaled = pl.col("scale").is_not_null()
    numbers = pl.col("kept").filter(scaled).sum() + pl.col("outside").sum()
    per_study = shown.group_by("study", maintain_order=True).agg(
        pl.col("rows").sum(),
        answers=pl.col("kept").sum(),
        conditions=pl.col("condition").n_unique(),
        questions=pl.col("question").n_unique(),
        stimuli=pl.col("stimulus").drop_nulls().n_unique(),
        outside=pl.col("outside").sum(),
        outside_share=pl.when(numbers > 0).then(pl.col("outside").sum() / numbers),
        outside_answers=pl.col("outside_answers").explode().drop_nulls().unique().sort().head(_OUTSIDE_SHOWN),
    )
    per_cell = cells.group_by("study").agg(
        cells=pl.len(),
        cells_of_several_stimuli=(pl.col("stimuli") > 1).sum(),
        cells_of_few_answers=(pl.col("people") < 2).sum(),
    )
    people = counts.people.group_by("study").agg(respondents=pl.len())
    joined = per_study.join(per_cell, on="study", maintain_order="left")
    return joined.join(people, on="study", how="left", maintain_order="left").with_columns(
        pl.col("respondents").fill_null(0)
    )


def _cells(data: Dataset) -> pl.DataFrame:
    """Return one row a cell: how many stimuli, and how many people answered it."""
    shown = data.shown.group_by(_CELL).agg(stimuli=pl.col("stimulus").drop_nulls().n_unique())
    # Where only shares are published, nobody knows how many people answered; two rows stand for many.
    people = data.answered.group_by(_CELL).agg(people=pl.col("n").fill_null(2).sum())
    return shown.join(people, on=_CELL, how="left").with_columns(pl.col("people").fill_null(0))


def _further(counts: Counts) -> dict[str, tuple[dict[str, Any], Any]]:
    """Return for each list or mapping of a study: study -> what it holds, and what stands where there is none."""
    changes = counts.changes.with_columns(range_differs=pl.col("points").list.len() > 1).drop("points", "answers")
    repeats = {row.pop("study"): row for row in counts.repeats.to_dicts()}
    missing = counts.missing.group_by("study", "missing").agg(pl.col("rows").sum())
    missing = missing.sort("rows", "missing", descending=[True, False])
    scales = counts.data.shown.group_by("study", "provenance", maintain_order=True).agg(pl.col("rows").sum())
    return {
        "scales": (_mappings(scales), {}),
        "missing": (_mappings(missing), {}),
        "repeats": (repeats, None),
        "asked": (_lists(counts.asked), []),
        "alike": (_lists(counts.texts.drop("answers")), []),
        "scale_changes": (_lists(changes), []),
    }


def _mappings(table: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Return study -> key -> number, of a table with these three columns."""
    found: dict[str, dict[str, int]] = {}
    for study, key, number in table.iter_rows():
        found.setdefault(study, {})[key] = number
    return found


def _lists(table: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in table.to_dicts():
        found.setdefault(row.pop("study"), []).append(row)
    return found


def _attributes(counts: Counts) -> dict[str, dict[str, float]]:
    """Return study -> attribute -> share of its respondents of whom it is known."""
    respondents = counts.data.respondents
    people = counts.people.join(respondents, on="respondent")
    known = people.group_by("study").agg(pl.col(name).is_not_null().mean() for name in _names(respondents))
    return {row.pop("study"): row for row in known.to_dicts()}
