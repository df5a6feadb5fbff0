"""An evaluation as one page that needs nothing else: no network, no script, no other file."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from silicus.evaluate import METRICS, Cell, Evaluation, MetricName, StudyScores
from silicus.report.cells import Row, mean, most_answered, shares
from silicus.report.charts import COLOURS, MOST_BARS, PAGE, distances, distances_of_studies, distributions, draws_lines
from silicus.report.diagnostics import calibration, conditions, groups
from silicus.report.findings import findings
from silicus.report.page import write_page
from silicus.report.words import (
    ARROWS,
    answer,
    baselines,
    coverage,
    effective,
    how_many,
    interval,
    left_out,
    matching,
    meaning,
    noise,
    number,
    percent,
    resampling,
    score,
    systems,
)

__all__ = ["write_report"]

_CELLS_OF_MANY = 12
_CELLS_OF_ONE = 48
_STUDIES_DRAWN = 60
_CALIBRATION = (
    "The answers of all cells, in ten classes by the share predicted. On the line, shares are what they are said to be."
)
_CONDITIONS = "Each point is a cell: its mean less that of its question. On the line, people moved as predicted."
_GROUPS = "Whiskers are 95 % intervals. Left of 0 a group is predicted worse than everybody in the same cells."
_SHORT: dict[MetricName, str] = {
    "wasserstein": "W stated",
    "wasserstein_observed": "W observed",
    "total_variation": "TV",
    "js_distance": "JS",
    "entropy_ratio": "entropy",
    "sd_ratio": "SD",
    "accuracy_draw": "accuracy, draw",
    "accuracy_median": "accuracy, median",
    "brier": "Brier",
    "nll": "NLL, cells",
    "nll_per_answer": "NLL, answers",
}
# What the baselines are shown in, study by study: total variation stands where no scale has an order.
_BESIDE: tuple[MetricName, ...] = ("wasserstein", "total_variation")
_LINK = re.compile(r"https?://[^\s<>\"]+|\b(?:doi:\s*)?10\.\d{4,9}/[^\s<>\"]+", re.IGNORECASE)


@dataclass(frozen=True)
class _Question:
    """The cells of one question whose scales have the same points, ready to be shown."""

    study: str
    question: str
    half: bool
    svg: str
    lines: bool
    most_given: bool
    cells: list[tuple[str, list[list[str]]]]


def write_report(
    path: Path, evaluation: Evaluation, facts: Mapping[str, str], title: str, sources: Sequence[str] = ()
) -> None:
    """Write an evaluation as one HTML file, whole or not at all.

    Args:
        path: the file.
        evaluation: how far a system's predictions lie from people's answers.
        facts: how the predictions were made: what -> its value ("seed" -> "7").
        title: the page's heading.
        sources: what to cite; DOIs and web addresses in them become links.

    Raises:
        MissingExtraError: a library of the extra `report` is not installed.
        RunError: the file cannot be written.
    """
    shown = most_answered(evaluation.cells, _CELLS_OF_MANY if evaluation.studies_n > 1 else _CELLS_OF_ONE)
    many = evaluation.studies_n > 1
    write_page(
        path,
        "report.html.j2",
        title=title,
        evaluation=evaluation,
        systems=systems(evaluation),
        every_system=list(evaluation.overall),
        answer=answer(evaluation),
        main=list(METRICS).index(evaluation.difference_metric),
        colours=COLOURS,
        baselines=baselines(evaluation),
        questions=list(_questions(evaluation, shown)),
        cells_shown=len(shown),
        cells_with_answers=sum(cell.answers > 0 for cell in evaluation.cells),
        distances=distances(evaluation),
        distances_of_studies=distances_of_studies(evaluation, _STUDIES_DRAWN) if many else "",
        studies_without=sum(
            s.metrics[evaluation.name][evaluation.difference_metric] is None for s in evaluation.studies
        ),
        studies_drawn=min(_STUDIES_DRAWN, evaluation.studies_n),
        how_many=how_many(evaluation),
        resampling=resampling(evaluation),
        matching=matching(evaluation),
        noise=noise(evaluation),
        findings=findings(evaluation),
        diagnostics={
            "ceiling": (calibration(evaluation), _CALIBRATION),
            "conditions": (conditions(evaluation), _CONDITIONS),
            "groups": (groups(evaluation), _GROUPS),
        },
        overall=list(_overall(evaluation)),
        study_heads=_study_heads(),
        studies=[_study(evaluation, study) for study in evaluation.studies],
        left_out=left_out(evaluation),
        coverage=coverage(evaluation),
        facts=facts,
        sources=[list(_linked(source)) for source in sources],
    )


def _questions(evaluation: Evaluation, cells: Sequence[Cell]) -> Iterator[_Question]:
    def key(cell: Cell) -> tuple[str, str, tuple[int, ...], tuple[str | None, ...]]:
        return cell.study, cell.question, tuple(cell.values), tuple(cell.labels)

    order = {k: place for place, k in enumerate(dict.fromkeys(map(key, cells)))}
    # Conditions of every question stand in one order, that of the study.
    place = {(c.study, c.condition): number for number, c in reversed(list(enumerate(evaluation.cells)))}
    ranked = sorted(cells, key=lambda c: (order[key(c)], place[c.study, c.condition]))
    for (study, question, *_), group in itertools.groupby(ranked, key):
        together = list(group)
        half = len(together) == 1 and len(order) > 1
        yield _Question(
            study=study,
            question=question,
            half=half,
            svg=distributions(evaluation, together, PAGE // 2 - 16 if half else PAGE),
            lines=draws_lines(together[0]),
            most_given=len(together[0].values) > MOST_BARS and not together[0].ordered,
            cells=[(_heading(cell), list(_numbers(evaluation, cell))) for cell in together],
        )


def _heading(cell: Cell) -> str:
    heading = f"{cell.condition}, {cell.answers:,} answers{effective(cell)}"
    apart = (cell.refusal_human, cell.refusal_predicted)
    return heading + (f"; refusals: people {percent(apart[0])}, model {percent(apart[1])}" if any(apart) else "")


def _numbers(evaluation: Evaluation, cell: Cell) -> Iterator[list[str]]:
    """Yield a cell's numbers as text: label, people, interval, then the systems."""
    if cell.ordered and len(cell.values) > 2:
        yield _texts(evaluation, mean(cell), lambda value: number(value, 2))
    # Hundreds of points are read off the lines, not from a table.
    if not draws_lines(cell):
        for row in shares(cell):
            yield _texts(evaluation, row, lambda share: percent(share, 1))


def _texts(evaluation: Evaluation, row: Row, shown: Callable[[float | None], str]) -> list[str]:
    span = "" if row.low is None else f"{shown(row.low).removesuffix(' %')} to {shown(row.high)}"
    return [row.label, shown(row.people), span, *(shown(row.predicted[s]) for s in systems(evaluation))]


def _overall(evaluation: Evaluation) -> Iterator[dict[str, object]]:
    for metric, told in METRICS.items():
        estimates = [(system, own[metric]) for system, own in evaluation.overall.items()]
        yield {
            "title": told.title,
            "arrow": ARROWS[told.better],
            "better": told.better,
            "unit": told.unit,
            "meaning": meaning(evaluation, metric),
            "aggregation": told.aggregation,
            "values": [
                (score(evaluation, system, metric, e.value, evaluation.answers_n), interval(e))
                for system, e in estimates
            ],
            "n": f"{estimates[0][1].n:,} {'answers' if metric == 'nll_per_answer' else 'cells'}",
        }


def _study_heads() -> list[str]:
    own = [f"{_SHORT[metric]} {ARROWS[told.better]}" for metric, told in METRICS.items()]
    return ["study", "cells", "answers", *own, *(f"{_SHORT[m]}, {s}" for m in _BESIDE for s in ("uniform", "pooled"))]


def _study(evaluation: Evaluation, study: StudyScores) -> list[str]:
    own, *controls = systems(evaluation)
    values = [score(evaluation, own, metric, study.metrics[own][metric], study.answers) for metric in METRICS]
    beside = [number(study.metrics[control][metric]) for metric in _BESIDE for control in controls]
    return [study.study, f"{study.cells:,}", f"{study.answers:,}", *values, *beside]


def _linked(source: str) -> Iterator[tuple[str, str]]:
    """Yield the pieces of a source as (text, address), the address empty where it is plain text."""
    end = 0
    for found in _LINK.finditer(source):
        text = found.group().rstrip(".,;:)")
        yield source[end : found.start()], ""
        bare = re.sub(r"^doi:\s*", "", text, flags=re.IGNORECASE)
        yield text, bare if bare.lower().startswith("http") else f"https://doi.org/{bare}"
        end = found.start() + len(text)
    yield source[end:], ""
