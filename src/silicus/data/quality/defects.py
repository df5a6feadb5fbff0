"""What is wrong with a dataset: each defect one sentence with its study, question and numbers, and what to do."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, Literal

import polars as pl

from silicus.data.dataset import Dataset
from silicus.data.missing import is_code
from silicus.data.quality.counts import Counts, points_of
from silicus.record import Record

__all__ = ["KINDS", "Defect", "DefectKind", "Severity", "defects"]

Severity = Literal["serious", "doubtful", "note"]
"""Answers or stimuli are wrong as they stand; they may be; nothing is wrong, but one should know."""

DefectKind = Literal[
    "answers of another scale",
    "answers are codes of the points",
    "conditions all alike",
    "no scale",
    "ranges differ",
    "answers off the scale",
    "code among the answers",
    "one value",
    "one end of the scale",
    "some conditions alike",
    "repeated within a person",
    "observed scale",
    "labels differ",
    "missing codes",
]

KINDS: dict[DefectKind, Severity] = {
    "answers are codes of the points": "serious",
    "answers of another scale": "serious",
    "conditions all alike": "serious",
    "no scale": "doubtful",
    "ranges differ": "doubtful",
    "repeated within a person": "doubtful",
    "some conditions alike": "doubtful",
    "answers off the scale": "doubtful",
    "code among the answers": "doubtful",
    "one value": "doubtful",
    "one end of the scale": "doubtful",
    "observed scale": "note",
    "labels differ": "note",
    "missing codes": "note",
}
"""How much each kind matters; the worst first."""

_ANOTHER_SCALE = 0.5
"""From this share of answers off the scale on, it is the scale that is wrong, not the answers."""
_FEWEST = 10
"""With fewer answers, nothing is said about a question as a whole."""
_FEWEST_OF_RANGE = 30
"""With fewer answers, those that nobody gave say little."""
_CODED_VALUES = 3
"""Two answers lie on some line with any two points."""
_CODED_POINTS = 11
"""A longer scale has some line through any few round numbers."""
_TENS = (10, 100, 1000)
_END = 1 / 3
"""Answers that stay within this share of the scale's range, at one of its ends, use one end only."""
_END_POINTS = 5
_PEAK, _PEAK_ANSWERS = 5, 20
"""A code-like answer is suspect with this many times its neighbours' answers, and at least so many."""
_TWO_DIGITS = 10
_ROUND = 5
_NAMED = 6

_LOST = (
    "The manipulation is lost. Take the words of each condition from the study's questionnaire, or estimate no effects "
    "of its conditions."
)
_PERHAPS_LOST = (
    "Where these conditions were meant to differ, their manipulation is lost. Compare them with the questionnaire "
    "before effects are estimated."
)

_Row = dict[str, Any]


class Defect(Record):
    """One thing that is wrong, or that one should know, in one study."""

    kind: DefectKind
    """What it is."""
    severity: Severity
    """How much it matters."""
    study: str
    """The study it is found in."""
    question: str | None
    """The question; `None` where it concerns several."""
    answers: int
    """How many answers it concerns."""
    found: str
    """The sentence that says what was found, where, and in how many answers."""
    advice: str
    """What to do about it."""


def defects(data: Dataset, counts: Counts | None = None) -> list[Defect]:
    """Return the defects of a dataset, the worst first, and among equals those that concern most answers.

    Args:
        data: the dataset.
        counts: its counts, where they have been made already.
    """
    counts = counts or Counts(data)
    finders: tuple[Callable[[Counts], Iterator[Defect]], ...] = (
        _off_scale, _without_scale, _changes, _alike, _repeats, _code_among_answers, _narrow, _observed, _missing,
    )  # fmt: skip
    found = [defect for find in finders for defect in find(counts)]
    order = list(KINDS)
    return sorted(found, key=lambda d: (order.index(d.kind), -d.answers, d.study, d.question or ""))


def _defect(kind: DefectKind, row: _Row, answers: int, found: str, advice: str) -> Defect:
    question = row.get("question")
    where = f"{row['study']}, {question}" if question else row["study"]
    return Defect(
        kind=kind, severity=KINDS[kind], study=row["study"], question=question, answers=answers,
        found=f"{where}: {found}", advice=advice,
    )  # fmt: skip


# --- answers and their scale


def _off_scale(counts: Counts) -> Iterator[Defect]:
    for row in counts.scales.filter(pl.col("outside") > 0).iter_rows(named=True):
        outside, every = row["outside"], row["outside"] + row["kept"]
        stated = "observed" if row["provenance"] == "observed_task" else "stated"
        lie = "lies" if outside == 1 else "lie"
        of = f"{outside:,} of {_answers(every)} {lie} off the {stated} scale {row['scale']}"
        lines = _lines(points_of(row["points"]), row["off"]) if outside >= _FEWEST else []
        if lines:
            factor, plus = lines[0]
            are = "they are" if len(lines) == 1 else "all fit"
            back = f"point = {_inverse(factor, plus)}"
            yield _defect(
                "answers are codes of the points", row, outside,
                f"{of}, and {are} {_formula('point', factor, plus)}: {_some(row['off'])}.",
                f"They are codes of the points. Turn them back before they are used: {back}."
                if len(lines) == 1
                else f"They may be codes of the points, as {back}; other maps fit too. Look it up in the codebook.",
            )  # fmt: skip
        elif every >= _FEWEST and outside >= _ANOTHER_SCALE * every:
            yield _defect(
                "answers of another scale", row, outside, f"{of}: {_some(row['off'])}.",
                "The answers belong to another scale or another question. Leave the question out, or take scale and "
                "answers from the study's own codebook.",
            )  # fmt: skip
        else:
            share = f" ({_percent(outside / every)})" if every >= _FEWEST else ""
            yield _defect(
                "answers off the scale", row, outside,
                f"{outside:,} of {_answers(every)}{share} {lie} off the {stated} scale {row['scale']}: "
                f"{_some(row['off'])}.",
                "Slips in typing, or codes that no codebook explains. Leave them out; do not move them to the nearest "
                "point.",
            )  # fmt: skip


def _lines(points: tuple[int, ...], off: list[float]) -> list[tuple[int, int]]:
    """Return the pairs a, b, a above 1, for which every answer off the scale is a · point + b.

    A power of ten comes first, then the largest a, then the b nearest to 0.
    """
    if len(off) < _CODED_VALUES or len(points) > _CODED_POINTS or not all(answer.is_integer() for answer in off):
        return []
    values = [int(answer) for answer in off]
    common = math.gcd(*(b - a for a, b in pairwise(values)))
    # A smaller divisor would need more points than there are.
    parts = range(1, points[-1] - points[0] + 1)
    factors = [common // part for part in parts if common % part == 0 and common > part]
    lines = [(factor, values[0] - factor * point) for factor in factors for point in points]
    fitting = [(a, b) for a, b in lines if set(values) <= {a * point + b for point in points}]
    return sorted(fitting, key=lambda line: (line[0] not in _TENS, -line[0], abs(line[1])))


def _formula(what: str, factor: int, plus: int) -> str:
    return f"{factor} × {what}" + (f" {'+' if plus > 0 else '−'} {abs(plus)}" if plus else "")


def _inverse(factor: int, plus: int) -> str:
    return f"(answer {'−' if plus > 0 else '+'} {abs(plus)}) / {factor}" if plus else f"answer / {factor}"


def _without_scale(counts: Counts) -> Iterator[Defect]:
    shown = counts.data.shown.filter(pl.col("provenance") == "unsupported")
    reasons = shown.with_columns(pl.col("reason").fill_null("the stimulus is empty"))
    grouped = reasons.group_by("study", "question", "reason", maintain_order=True).agg(pl.col("rows").sum())
    for row in grouped.iter_rows(named=True):
        yield _defect(
            "no scale", row, row["rows"], f"{_answers(row['rows'])} cannot be used: {row['reason']}.",
            "They are left out. A table with a codebook can say what the scale is.",
        )  # fmt: skip


def _observed(counts: Counts) -> Iterator[Defect]:
    for row in counts.scales.filter(pl.col("provenance") == "observed_task").iter_rows(named=True):
        yield _defect(
            "observed scale", row, row["kept"],
            f"{_answers(row['kept'])} on a scale that no stimulus states ({row['reason']}).",
            "The range is the one people used. Report such questions apart from those whose scale is stated.",
        )  # fmt: skip


def _code_among_answers(counts: Counts) -> Iterator[Defect]:
    """Yield answers such as 98 on 0 to 100 that far more people gave than their neighbours."""
    given = counts.answers.filter(pl.col("answers") >= _PEAK_ANSWERS)
    codes = [v for v in given["response"].unique() if is_code(v) and abs(v) >= _TWO_DIGITS]
    keys = ["study", "question", "points"]
    for row in given.filter(pl.col("response").is_in(codes)).iter_rows(named=True):
        sides = [_neighbour(row, step) for step in (-1, 1)]
        beside = [side for side in sides if side is not None]
        near = counts.answers.filter(*(pl.col(key) == row[key] for key in keys), pl.col("response").is_in(beside))
        most = max(near["answers"].to_list(), default=0)
        if beside and row["answers"] >= _PEAK * most:
            names = " and ".join(str(side) for side in beside)
            have = "has" if len(beside) == 1 else "have at most"
            yield _defect(
                "code among the answers", row, row["answers"],
                f"{_answers(row['answers'])} are {row['response']}, on the scale {row['scale']}, where the "
                f"neighbouring {names} {have} {most:,}.",
                f"{row['response']} may be a missing code. Look it up in the study's codebook.",
            )  # fmt: skip


def _neighbour(row: _Row, step: int) -> int | None:
    """Return the nearest point on one side that is neither a code nor round, for many people give round numbers."""
    side = row["response"] + step
    while row["low"] <= side <= row["high"]:
        if side % _ROUND and not is_code(side):
            return side
        side += step
    return None


def _narrow(counts: Counts) -> Iterator[Defect]:
    """Yield questions that everybody answered alike, or at one end of the scale."""
    used = counts.answers.group_by("study", "question", "points", maintain_order=True).agg(
        pl.col("scale", "low", "high", "count").first(),
        pl.col("answers").sum(),
        least=pl.col("response").min(),
        most=pl.col("response").max(),
    )
    for row in used.filter(pl.col("answers") >= _FEWEST).iter_rows(named=True):
        if row["least"] == row["most"]:
            yield _defect(
                "one value", row, row["answers"],
                f"all {_answers(row['answers'])} are {row['least']}, on the scale {row['scale']}.",
                "Nothing can be learnt from a question that everybody answers alike; see whether its data are right.",
            )  # fmt: skip
        elif row["answers"] >= _FEWEST_OF_RANGE and row["count"] >= _END_POINTS and _at_one_end(row):
            yield _defect(
                "one end of the scale", row, row["answers"],
                f"all {_answers(row['answers'])} lie from {row['least']} to {row['most']}, on the scale "
                f"{row['scale']}.",
                "People may have had another scale than the words state. Compare it with the questionnaire.",
            )  # fmt: skip


def _at_one_end(row: _Row) -> bool:
    third = _END * (row["high"] - row["low"])
    return row["most"] <= row["low"] + third or row["least"] >= row["high"] - third


# --- stimuli, conditions and people


def _changes(counts: Counts) -> Iterator[Defect]:
    for row in counts.changes.iter_rows(named=True):
        asked = f"asked in {row['conditions']:,} {'condition' if row['conditions'] == 1 else 'conditions'}"
        if len(row["points"]) > 1:
            yield _defect(
                "ranges differ", row, row["answers"],
                f"{_answers(row['answers'])}, {asked}, on {len(row['points'])} ranges: {_named(row['points'], '; ')}.",
                "Its conditions cannot be compared in points. Compare positions on the scale, or each range alone.",
            )  # fmt: skip
        else:
            yield _defect(
                "labels differ", row, row["answers"],
                f"{_answers(row['answers'])}, {asked}, on {row['points'][0]} with {len(row['scales'])} sets of labels: "
                f"{_named([_labels(scale, row['points'][0]) for scale in row['scales']], '; ', 3)}.",
                "The labels may be the manipulation, or two questions under one name. Read them before pooling.",
            )  # fmt: skip


def _labels(scale: str, points: str) -> str:
    return scale.removeprefix(points).strip() or "(no labels)"


def _alike(counts: Counts) -> Iterator[Defect]:
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
        groups = _named([f"conditions {_and(group)}" for group in row["groups"]], "; ", 3)
        alike = "all show the same words" if row["texts"] == 1 else f"the same words in {groups}"
        yield _defect(
            "conditions all alike" if lost else "some conditions alike", row, row["answers"],
            f"{row['conditions']} conditions, {row['texts']} distinct {'text' if row['texts'] == 1 else 'texts'} for "
            f"“{row['worst']}”: {alike}. Conditions are alike in {row['questions']} of {every} "
            f"{'question' if every == 1 else 'questions'} asked in several ({_answers(row['answers'])}).",
            _LOST if lost else _PERHAPS_LOST,
        )  # fmt: skip


def _repeats(counts: Counts) -> Iterator[Defect]:
    for row in counts.repeats.iter_rows(named=True):
        yield _defect(
            "repeated within a person", row, row["rows"],
            f"{row['people']:,} {'person' if row['people'] == 1 else 'people'} answered the same question of the same "
            f"condition more than once ({_answers(row['rows'])} to {_named(row['questions'], ', ')}). Of "
            f"{row['repeated']:,} such repeats the stimuli differ in {row['stimuli_differ']:,}, the answers in "
            f"{row['answers_differ']:,}.",
            "Where stimuli differ, the column item tells them apart; where not, two questions may share one name.",
        )  # fmt: skip


def _missing(counts: Counts) -> Iterator[Defect]:
    labels = counts.missing.group_by("study", "missing").agg(pl.col("rows").sum(), pl.col("question").n_unique())
    grouped = labels.sort("study", "rows", descending=[False, True]).group_by("study", maintain_order=True)
    for row in grouped.agg("missing", "rows").iter_rows(named=True):
        total = sum(row["rows"])
        told = _named([f"{label} ({rows:,})" for label, rows in zip(row["missing"], row["rows"], strict=True)], ", ")
        yield _defect(
            "missing codes", row, total,
            f"{total:,} {'row holds' if total == 1 else 'rows hold'} a reason instead of an answer: {told}.",
            "They are no answers. A code without words is known by its form alone: look it up in the codebook.",
        )  # fmt: skip


# --- words


def _answers(count: int) -> str:
    return f"{count:,} {'answer' if count == 1 else 'answers'}"


def _percent(share: float) -> str:
    return "under 0.1 %" if share < 0.001 else f"{100 * share:.1f} %"


def _some(answers: list[float]) -> str:
    return _named([f"{answer:.10g}".replace("-", "−") for answer in answers], ", ", 12)


def _named(names: list[str], between: str, most: int = _NAMED) -> str:
    more = len(names) - most
    return between.join(names[:most]) + (f"{between}and {more:,} more" if more > 0 else "")


def _and(names: list[str]) -> str:
    if len(names) > _NAMED:
        return _named(names, ", ")
    return " and ".join([", ".join(names[:-1]), names[-1]])
