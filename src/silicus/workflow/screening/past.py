"""What a model's past runs say of its errors: cells of past studies, as predicted and as people answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from silicus.effects import Past, Spread
from silicus.errors import InputError
from silicus.evaluate import Cell, Evaluation
from silicus.options import ScreenOptions
from silicus.record import read
from silicus.study import Item, Scale, Study
from silicus.workflow.run import Run, read_run

__all__ = ["PastRun", "check_weights_alike", "past_cells", "past_scales", "past_texts", "read_past", "spread_of"]

_ASKED = ("template", "answers", "protocol")
"""What has to be alike in the past and in the new study, for errors of one to be those of the other."""


_FEWEST = 10
"""Of fewer studies it is not known how far their spreads lie apart."""


@dataclass(frozen=True)
class PastRun:
    """A run on past studies, and how far it lay from people."""

    run: Run
    evaluation: Evaluation


def read_past(folders: Sequence[Path], study: Study, options: ScreenOptions) -> list[PastRun]:
    """Return the past runs of a screening.

    Args:
        folders: of runs that have been evaluated.
        study: the new study, which may not be among the past ones.
        options: how the model is asked, as `settled` returns them.

    Raises:
        InputError: a run has not been evaluated, was asked in another way, or holds the new study.
    """
    found = [_read(folder) for folder in folders]
    for past in found:
        _check_asked_alike(past.run, options)
        _check_apart(past.run, study)
    return found


def _read(folder: Path) -> PastRun:
    run = read_run(folder)
    if not (folder / "evaluation.json").is_file():
        raise InputError(f"{folder}: has not been compared with people. Do so with: silicus evaluate {folder}")
    return PastRun(run, read(folder / "evaluation.json", Evaluation))


def _check_asked_alike(run: Run, options: ScreenOptions) -> None:
    then, now = run.manifest.options, options.recorded()
    if "weights" not in run.manifest.inputs:
        raise InputError(f"{run.folder}: its predictions were made elsewhere, so that nobody knows by which model.")
    other = next((name for name in _ASKED if then.get(name) != now.get(name)), None)
    if other is not None:
        raise InputError(
            f"{run.folder}: was asked with {other} {then.get(other, 'direct')}, this study with "
            f"{now.get(other, 'direct')}. Errors of one way of asking say nothing of another: ask alike."
        )


def _check_apart(run: Run, study: Study) -> None:
    items = {item.item for item in study.items()}
    if any(item.study == study.id for item in run.items.values()) or items & set(run.items):
        raise InputError(
            f"{run.folder}: holds the study '{study.id}' itself. Its errors would be learnt from the answers that they "
            "are to say something of. Evaluate without it, and give that run."
        )


def check_weights_alike(past: Sequence[PastRun], simulation: Run) -> None:
    """Refuse past errors of another model.

    Raises:
        InputError: naming the run.
    """
    own = simulation.manifest.inputs["weights"]
    for each in past:
        then = each.run.manifest.inputs["weights"]
        if then != own:
            raise InputError(
                f"{each.run.folder}: is of another model (weights {then}, here {own}). The errors of one model say "
                "nothing of another's: evaluate this one on past studies."
            )


def past_cells(past: Sequence[PastRun], *, conditions: bool) -> Past:
    """Return the means of past cells on ordered scales, as shares of their range.

    Args:
        past: the runs.
        conditions: whether only cells are taken whose conditions are arms of a study, not groups of people.
    """
    rows: list[tuple[float, float, float, str, str]] = []
    for number, each in enumerate(past):
        if conditions and each.run.manifest.unit == "group":
            continue
        for cell in each.evaluation.cells:
            if cell.ordered and len(cell.values) > 1:
                # A study that two runs hold is one study. Means of its questions are compared within a run, and not
                # where one question was asked on scales of different points.
                question = f"{number} {cell.study} {cell.question} {cell.values}"
                rows.append((*_means(cell, each.evaluation.name), cell.study, question))
    predicted, observed, variance = (np.array([row[k] for row in rows], dtype=np.float64) for k in range(3))
    study, question = (
        np.unique(np.array([row[k] for row in rows], dtype=str), return_inverse=True)[1].astype(np.int64)
        for k in (3, 4)
    )
    return Past(predicted=predicted, observed=observed, variance=variance, question=question, study=study)


def _means(cell: Cell, name: str) -> tuple[float, float, float]:
    """Return the predicted mean, people's mean and its sampling variance, each on [0, 1]."""
    values = np.array(cell.values, dtype=np.float64)
    points = (values - values[0]) / (values[-1] - values[0])
    human, predicted = (
        np.array([np.nan if share is None else share for share in shares], dtype=np.float64)
        for shares in (cell.human, cell.predicted[name])
    )
    mean = float(human @ points)
    effective = cell.people_effective or np.nan
    # Of fewer than two people nobody knows how much they differ.
    variance = float(human @ (points - mean) ** 2) / (effective - 1) if effective > 1 else np.nan
    return float(predicted @ points), mean, variance


def past_texts(past: Sequence[PastRun]) -> dict[str, list[str]]:
    """Return study -> what its people were shown and asked."""
    texts: dict[str, list[str]] = {}
    for item in _items(past):
        texts.setdefault(item.study, []).append(f"{item.context}\n{item.text}".strip())
    return texts


def _items(past: Sequence[PastRun]) -> Iterator[Item]:
    return (item for each in past for item in each.run.items.values())


def past_scales(past: Sequence[PastRun]) -> list[Scale]:
    """Return the scales on which people answered, each as often as it was shown."""
    return [item.scale for item in _items(past)]


def spread_of(past: Sequence[PastRun]) -> Spread | None:
    """Return how many times as far people's answers spread as predicted ones, over past studies.

    The mean over studies of the logarithm of people's standard deviation over the predicted one, and the interval that
    holds 95 % of studies if these logarithms are normal; `None` of fewer than ten studies.
    """
    ratios: dict[str, list[float]] = {}
    for each in past:
        for cell in each.evaluation.cells:
            found = cell.sd_ratio[each.evaluation.name]
            if found is not None and found > 0:
                ratios.setdefault(cell.study, []).append(-float(np.log(found)))
    studies = np.array([np.mean(own) for own in ratios.values()])
    if len(studies) < _FEWEST:
        return None
    middle, sd = float(studies.mean()), float(studies.std(ddof=1))
    return Spread(float(np.exp(middle)), float(np.exp(middle - 1.96 * sd)), float(np.exp(middle + 1.96 * sd)))
