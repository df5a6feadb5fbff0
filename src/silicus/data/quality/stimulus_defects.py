"""What is wrong with stimuli, conditions and the people who answered."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from silicus.data.quality.counts import Counts
from silicus.data.quality.defect import Defect, answers_in_words, joined, named, one_defect

__all__ = ["alike", "changed", "empty", "missing", "repeated", "reversed_scales"]

_LOST = (
    "The manipulation is lost. Take the words of each condition from the study's questionnaire, or estimate no effects "
    "of its conditions."
)
_PERHAPS_LOST = (
    "Where these conditions were meant to differ, their manipulation is lost. Compare them with the questionnaire "
    "before effects are estimated."
)


def empty(counts: Counts) -> Iterator[Defect]:
    """Yield questions of which nobody knows what was asked."""
    for row in counts.empty.group_by("study", "question", maintain_order=True).agg(pl.col("rows").sum()).to_dicts():
        are = "row is" if row["rows"] == 1 else "rows are"
        yield one_defect(
            "empty stimulus", row, row["rows"], f"{row['rows']:,} {are} left out: the stimulus is empty.",
            "Nobody knows what was asked. Take the words from the study's questionnaire.",
        )  # fmt: skip


def changed(counts: Counts) -> Iterator[Defect]:
    """Yield questions whose stimuli have several ranges, or several sets of labels."""
    turned = set(counts.reversals.select("study", "question").iter_rows())
    for row in counts.changes.iter_rows(named=True):
        asked = f"asked in {row['conditions']:,} {'condition' if row['conditions'] == 1 else 'conditions'}"
        if len(row["points"]) > 1:
            yield one_defect(
                "ranges differ", row, row["answers"],
                f"{answers_in_words(row['answers'])}, {asked}, on {len(row['points'])} ranges: "
                f"{named(row['points'], '; ')}.",
                "Its conditions cannot be compared in points. Compare positions on the scale, or each range alone.",
            )  # fmt: skip
        elif (row["study"], row["question"]) not in turned:
            yield one_defect(
                "labels differ", row, row["answers"],
                f"{answers_in_words(row['answers'])}, {asked}, on {row['points'][0]} with "
                f"{len(row['scales'])} sets of labels: "
                f"{named([_labels(scale, row['points'][0]) for scale in row['scales']], '; ', 3)}.",
                "The labels may be the manipulation, or two questions under one name. Read them before pooling.",
            )  # fmt: skip


def reversed_scales(counts: Counts) -> Iterator[Defect]:
    """Yield questions whose scale is turned round in some conditions."""
    for row in counts.reversals.iter_rows(named=True):
        sides = [
            f"“{ends}” in {'condition' if len(asked) == 1 else 'conditions'} {joined(sorted(asked, key=_in_order))}"
            for ends, asked in zip(row["ends"], row["asked"], strict=True)
        ]
        yield one_defect(
            "scale reversed between conditions", row, row["answers"],
            f"{answers_in_words(row['answers'])} on scales with their ends swapped: {'; '.join(sides)}.",
            "The same number means opposite things. Turn the answers of one side round before conditions are pooled or "
            "compared.",
        )  # fmt: skip


def _in_order(condition: str) -> tuple[int, str]:
    """Return by what conditions are sorted: numbers among the names in their order."""
    return len(condition), condition


def _labels(scale: str, points: str) -> str:
    return scale.removeprefix(points).strip() or "(no labels)"


def alike(counts: Counts) -> Iterator[Defect]:
    """Yield one defect a study in which conditions show the same words, with the question where most of them do."""
    asked = counts.data.shown.drop_nulls("stimulus").group_by("study", "question")
    several = asked.agg(pl.col("condition").n_unique()).filter(pl.col("condition") > 1).group_by("study").len()
    asked_in = dict(several.iter_rows())
    worst_first = counts.texts.sort(pl.col("conditions") - pl.col("texts"), descending=True, maintain_order=True)
    grouped = worst_first.group_by("study", maintain_order=True).agg(
        pl.col("conditions", "texts", "groups").first(),
        pl.col("answers").sum(),
        worst=pl.col("question").first(),
        questions=pl.len(),
        one_text=(pl.col("texts") == 1).sum(),
    )
    for row in grouped.iter_rows(named=True):
        every = asked_in[row["study"]]
        lost = row["one_text"] == every
        groups = named([f"conditions {joined(group)}" for group in row["groups"]], "; ", 3)
        alike = "all show the same words" if row["texts"] == 1 else f"the same words in {groups}"
        yield one_defect(
            "conditions all alike" if lost else "some conditions alike", row, row["answers"],
            f"{row['conditions']} conditions, {row['texts']} distinct {'text' if row['texts'] == 1 else 'texts'} for "
            f"“{row['worst']}”: {alike}. Conditions are alike in {row['questions']} of {every} "
            f"{'question' if every == 1 else 'questions'} asked in several ({answers_in_words(row['answers'])}).",
            _LOST if lost else _PERHAPS_LOST,
        )  # fmt: skip


def repeated(counts: Counts) -> Iterator[Defect]:
    """Yield studies in which people answered a question of a condition more than once."""
    for row in counts.repeats.iter_rows(named=True):
        told_apart = row["stimuli_differ"] == row["repeated"]
        repeats = "such repeat" if row["repeated"] == 1 else "such repeats"
        yield one_defect(
            "repeated with other stimuli" if told_apart else "repeated within a person", row, row["rows"],
            f"{row['people']:,} {'person' if row['people'] == 1 else 'people'} answered the same question of the same "
            f"condition more than once ({answers_in_words(row['rows'])} to {named(row['questions'], ', ')}). Of "
            f"{row['repeated']:,} {repeats} the stimuli differ in {row['stimuli_differ']:,}, the answers in "
            f"{row['answers_differ']:,}.",
            "Each time they were shown something else, as in a conjoint experiment; the column item tells it apart."
            if told_apart
            else "Where stimuli differ, the column item tells them apart; where not, two questions may share one name.",
        )  # fmt: skip


def missing(counts: Counts) -> Iterator[Defect]:
    """Yield studies with rows that hold a reason instead of an answer."""
    labels = counts.missing.group_by("study", "missing").agg(pl.col("rows").sum(), pl.col("question").n_unique())
    grouped = labels.sort("study", "rows", descending=[False, True]).group_by("study", maintain_order=True)
    for row in grouped.agg("missing", "rows").iter_rows(named=True):
        total = sum(row["rows"])
        told = named([f"{label} ({rows:,})" for label, rows in zip(row["missing"], row["rows"], strict=True)], ", ")
        yield one_defect(
            "missing codes", row, total,
            f"{total:,} {'row holds' if total == 1 else 'rows hold'} a reason instead of an answer: {told}.",
            "They are no answers. A code without words is known by its form alone: look it up in the codebook.",
        )  # fmt: skip
