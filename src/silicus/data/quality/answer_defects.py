"""What is wrong with the answers to a question, and with their scale."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import polars as pl

from silicus.data.missing import is_code
from silicus.data.quality.counts import Counts, points_of
from silicus.data.quality.defect import Defect, Row, answers_in_words, one_defect, percent, some_answers

__all__ = ["code_among_answers", "narrow", "observed", "off_scale", "shifted", "without_scale"]

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


def shifted(counts: Counts) -> Iterator[Defect]:
    """Yield questions whose answers begin below the scale, and leave as much of its high end unused."""
    for row in counts.scales.iter_rows(named=True):
        shift = counts.shifts.get(_key(row))
        if shift is None:
            continue
        points = points_of(row["points"])
        ends = f"{points[0] - shift.by} to {points[-1] - shift.by}".replace("-", "−")
        lie = "lies" if shift.below == 1 else "lie"
        top = points[len(points) - shift.by :]
        unused = f"is {top[0]}" if len(top) == 1 else f"lies from {top[0]} to {top[-1]}"
        elsewhere = " or elsewhere off it" if shift.elsewhere else ""
        yield one_defect(
            "shifted or recoded scale", row, shift.below,
            f"{shift.below:,} of {answers_in_words(shift.answers)} {lie} directly below the {_stated(row)} scale "
            f"{row['scale']}{elsewhere}: {some_answers([*shift.values, *shift.elsewhere])}; none {unused}.",
            f"The answers seem to be on a scale of {ends}: point = answer + {shift.by}. Look it up in the codebook; "
            "then move every answer, not only these, before they are used.",
        )  # fmt: skip


def _key(row: Row) -> tuple[str, str, str]:
    return row["study"], row["question"], row["points"]


def _stated(row: Row) -> str:
    return "observed" if row["provenance"] == "observed_task" else "stated"


def off_scale(counts: Counts) -> Iterator[Defect]:
    """Yield questions with answers off the scale: codes of its points, answers of another scale, or slips."""
    for row in counts.scales.filter(pl.col("outside") > 0).iter_rows(named=True):
        if _key(row) in counts.shifts:
            continue
        outside, every = row["outside"], row["outside"] + row["kept"]
        stated = _stated(row)
        lie = "lies" if outside == 1 else "lie"
        of = f"{outside:,} of {answers_in_words(every)} {lie} off the {stated} scale {row['scale']}"
        lines = _lines(points_of(row["points"]), row["off"]) if outside >= _FEWEST else []
        if lines:
            factor, plus = lines[0]
            are = "they are" if len(lines) == 1 else "all fit"
            back = f"point = {_inverse(factor, plus)}"
            yield one_defect(
                "answers are codes of the points", row, outside,
                f"{of}, and {are} {_formula('point', factor, plus)}: {some_answers(row['off'])}.",
                f"They are codes of the points. Turn them back before they are used: {back}."
                if len(lines) == 1
                else f"They may be codes of the points, as {back}; other maps fit too. Look it up in the codebook.",
            )  # fmt: skip
        elif every >= _FEWEST and outside >= _ANOTHER_SCALE * every and not all(map(is_code, row["off"])):
            yield one_defect(
                "answers of another scale", row, outside, f"{of}: {some_answers(row['off'])}.",
                "The answers belong to another scale or another question. Leave the question out, or take scale and "
                "answers from the study's own codebook.",
            )  # fmt: skip
        else:
            share = f" ({percent(outside / every)})" if every >= _FEWEST else ""
            yield one_defect(
                "answers off the scale", row, outside,
                f"{outside:,} of {answers_in_words(every)}{share} {lie} off the {stated} scale {row['scale']}: "
                f"{some_answers(row['off'])}.",
                "Slips in typing, or codes that no codebook explains. Leave them out; do not move them to the nearest "
                "point.",
            )  # fmt: skip


def _lines(points: tuple[int, ...], off: list[float]) -> list[tuple[int, int]]:
    """Return the pairs a, b, a above 1, for which every answer off the scale is a · point + b.

    A power of ten comes first, then the largest a, then the b nearest to 0.
    """
    if len(off) < _CODED_VALUES or len(points) > _CODED_POINTS or not all(answer.is_integer() for answer in off):
        return []
    # 77, 88 and 99 lie on a line, too.
    if all(map(is_code, off)):
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


def without_scale(counts: Counts) -> Iterator[Defect]:
    """Yield questions whose answers cannot be used for want of a scale."""
    shown = counts.data.shown.filter(pl.col("provenance") == "unsupported")
    reasons = shown.join(counts.empty, on=["study", "question", "stimulus"], how="anti", nulls_equal=True)
    grouped = reasons.group_by("study", "question", "reason", maintain_order=True).agg(pl.col("rows").sum())
    for row in grouped.iter_rows(named=True):
        yield one_defect(
            "no scale", row, row["rows"], f"{answers_in_words(row['rows'])} cannot be used: {row['reason']}.",
            "They are left out. A table with a codebook can say what the scale is.",
        )  # fmt: skip


def observed(counts: Counts) -> Iterator[Defect]:
    """Yield questions whose scale only the answers show."""
    for row in counts.scales.filter(pl.col("provenance") == "observed_task").iter_rows(named=True):
        yield one_defect(
            "observed scale", row, row["kept"],
            f"{answers_in_words(row['kept'])} on a scale that no stimulus states ({row['reason']}).",
            "The range is the one people used. Report such questions apart from those whose scale is stated.",
        )  # fmt: skip


def code_among_answers(counts: Counts) -> Iterator[Defect]:
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
            yield one_defect(
                "code among the answers", row, row["answers"],
                f"{answers_in_words(row['answers'])} are {row['response']}, on the scale {row['scale']}, where the "
                f"neighbouring {names} {have} {most:,}.",
                f"{row['response']} may be a missing code. Look it up in the study's codebook.",
            )  # fmt: skip


def _neighbour(row: Row, step: int) -> int | None:
    """Return the nearest point on one side that is neither a code nor round, for many people give round numbers."""
    side = row["response"] + step
    while row["low"] <= side <= row["high"]:
        if side % _ROUND and not is_code(side):
            return side
        side += step
    return None


def narrow(counts: Counts) -> Iterator[Defect]:
    """Yield questions that everybody answered alike, or at one end of the scale."""
    used = counts.answers.group_by("study", "question", "points", maintain_order=True).agg(
        pl.col("scale", "low", "high", "count").first(),
        pl.col("answers").sum(),
        least=pl.col("response").min(),
        most=pl.col("response").max(),
    )
    for row in used.filter(pl.col("answers") >= _FEWEST).iter_rows(named=True):
        if _key(row) in counts.shifts:
            continue
        if row["least"] == row["most"]:
            yield one_defect(
                "one value", row, row["answers"],
                f"all {answers_in_words(row['answers'])} are {row['least']}, on the scale {row['scale']}.",
                "Nothing can be learnt from a question that everybody answers alike; see whether its data are right.",
            )  # fmt: skip
        elif row["answers"] >= _FEWEST_OF_RANGE and row["count"] >= _END_POINTS and _at_one_end(row):
            yield one_defect(
                "one end of the scale", row, row["answers"],
                f"all {answers_in_words(row['answers'])} lie from {row['least']} to {row['most']}, on the scale "
                f"{row['scale']}.",
                "People may have had another scale than the words state. Compare it with the questionnaire.",
            )  # fmt: skip


def _at_one_end(row: Row) -> bool:
    third = _END * (row["high"] - row["low"])
    return row["most"] <= row["low"] + third or row["least"] >= row["high"] - third
