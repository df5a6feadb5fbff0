"""What a model's past runs say of its errors: cells of past studies, as predicted and as people answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from silicus.effects import Past, Spread, quantile
from silicus.errors import InputError
from silicus.evaluate import Evaluation
from silicus.options import ScreenOptions
from silicus.record import read
from silicus.study import Item, Scale, Study
from silicus.workflow.run import Run, read_run
from silicus.workflow.screening.independence import Learnt
from silicus.workflow.screening.past_cells import cells_of

__all__ = [
    "PastRun",
    "check_weights_alike",
    "past_cells",
    "past_scales",
    "past_texts",
    "read_past",
    "spread_of",
    "words",
]

_ASKED = (
    "template", "answers", "protocol", "server", "scoring", "samples", "temperature", "orders", "wordings", "shots",
    "own_answers",
)  # fmt: skip
"""What has to be alike in the past and in the new study, for errors of one to be those of the other."""


_FEWEST = 10
"""Of fewer studies it is not known how far their spreads lie apart."""


@dataclass(frozen=True)
class PastRun:
    """A run on past studies, and how far it lay from people."""

    run: Run
    evaluation: Evaluation

    @cached_property
    def cells(self) -> pl.DataFrame:
        """The cells of the run, as `cells_of` returns them."""
        return cells_of(self.run)


def read_past(folders: Sequence[Path], study: Study, options: ScreenOptions, learnt: Learnt) -> list[PastRun]:
    """Return the past runs of a screening.

    Args:
        folders: of runs that have been evaluated.
        study: the new study, which may not be among the past ones.
        options: how the model is asked, as `settled` returns them.
        learnt: what the model learnt from.

    Raises:
        InputError: a run has not been evaluated, was asked in another way, holds the new study, or what the model
            learnt from.
    """
    found = [_read(folder) for folder in folders]
    for past in found:
        _check_asked_alike(past.run, options)
        _check_apart(past.run, study)
        _check_unlearnt(past.run, learnt)
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
            f"{run.folder}: was asked with {other} {then.get(other, 'as by default')}, this study with "
            f"{now.get(other, 'as by default')}. Errors of one way of asking say nothing of another: ask alike."
        )


def _check_apart(run: Run, study: Study) -> None:
    items = {item.item for item in study.items()}
    if any(item.study == study.id for item in run.items.values()) or items & set(run.items):
        raise InputError(
            f"{run.folder}: holds the study '{study.id}' itself. Its errors would be learnt from the answers that they "
            "are to say something of. Evaluate without it, and give that run."
        )


def _check_unlearnt(run: Run, learnt: Learnt) -> None:
    for place, data in learnt.data.items():
        own = data.responses
        if "split" in own.columns:
            own = own.filter(pl.col("split") != "test")
        both = set(own["item"]) & set(run.items)
        if both:
            raise InputError(
                f"{run.folder}: {len(both):,} of its {len(run.items):,} stimuli are among those that the model learnt "
                f"from ({place}), so that its errors there are smaller than elsewhere. Evaluate it on studies held out."
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
        conditions: whether cells are to be compared within questions. Groups of people are then left out, and so are
            questions that somebody answered in several conditions: what chance adds to their differences is not the sum
            of what it adds to each.
    """
    tables = [
        each.cells.with_columns(run=pl.lit(number))
        for number, each in enumerate(past)
        if not (conditions and each.run.manifest.unit == "group")
    ]
    cells = pl.concat(tables) if tables else past[0].cells.clear().with_columns(run=pl.lit(0))
    if conditions:
        cells = cells.filter(~pl.col("repeated"))
    # A study that two runs hold is one study. Means of its questions are compared within a run, and not where one
    # question was asked on scales of different points.
    names = cells["study"], cells.select(pl.format("{} {} {} {}", "run", "study", "question", "points")).to_series()
    study, question = (np.unique(each.to_numpy(), return_inverse=True)[1].astype(np.int64) for each in names)
    numbers = ("predicted", "observed", "variance", "predicted_variance", "covariance")
    return Past(study=study, question=question, **{name: cells[name].cast(pl.Float64).to_numpy() for name in numbers})


def past_texts(past: Sequence[PastRun]) -> dict[str, list[str]]:
    """Return study -> what its people were shown and asked."""
    texts: dict[str, list[str]] = {}
    for item in _items(past):
        texts.setdefault(item.study, []).append(words(item))
    return texts


def words(item: Item) -> str:
    """Return what people are shown and asked."""
    return f"{item.context}\n{item.text}".strip()


def _items(past: Sequence[PastRun]) -> Iterator[Item]:
    return (item for each in past for item in each.run.items.values())


def past_scales(past: Sequence[PastRun]) -> list[Scale]:
    """Return the scales on which people answered, each as often as it was shown."""
    return [item.scale for item in _items(past)]


def spread_of(past: Sequence[PastRun]) -> Spread | None:
    """Return how many times as far people's answers spread as predicted ones, over past studies.

    The mean over studies of the logarithm of people's standard deviation over the predicted one, and the interval that
    holds a new study's in 95 % of cases if these logarithms are normal; `None` of fewer than ten studies.
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
    middle, count = float(studies.mean()), len(studies)
    half = quantile(0.975, count - 1) * float(studies.std(ddof=1)) * (1 + 1 / count) ** 0.5
    return Spread(float(np.exp(middle)), float(np.exp(middle - half)), float(np.exp(middle + half)))
