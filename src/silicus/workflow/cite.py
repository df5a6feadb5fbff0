"""`silicus cite`: whom to cite for what a run folder holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import ConfigDict

from silicus.effects import PilotScreen, Screening, ScreenPlan
from silicus.errors import InputError
from silicus.evaluate import METRICS, Evaluation
from silicus.record import Record, parse, read, read_yaml
from silicus.report import bibliography, uses
from silicus.workflow.run import Run, read_run
from silicus.workflow.screening import SCREENING

__all__ = ["cite_run"]

_NEED_ORDER = {"wasserstein", "wasserstein_observed", "sd_ratio"}


class _Told(Record):
    """What of a training's manifest says whom to cite; read apart from training, which needs torch."""

    model_config = ConfigDict(extra="ignore")


class _Part(_Told):
    objective: str
    ordinal: float
    ordinal_loss: str


class _Recipe(_Told):
    sources: list[str]
    parts: list[_Part]
    template: str
    adapter: str


class _Used(_Told):
    citation: str


class _Compared(_Told):
    overall: dict[str, dict[str, Any]]


class _Training(_Told):
    recipe: _Recipe
    data: list[_Used]
    results: dict[str, _Compared] = {}


def cite_run(folder: Path) -> str:
    """Return BibTeX for every metric, procedure and source of a run: of predictions, of a training, or a screening.

    Of a run that has not been evaluated, the metrics are those that its answers have.

    Raises:
        InputError: the folder is no run, or one that is not finished.
    """
    if (folder / SCREENING).is_file():
        screening = read(folder / SCREENING, Screening)
        asked = read_run(folder / "simulation").manifest.options
        return bibliography([*_of_screening(screening), f"template {asked['template']}"], screening.sources)
    path = folder / "manifest.json"
    manifest = read_yaml(path) if path.is_file() else None
    if isinstance(manifest, dict) and "recipe" in manifest:
        training = parse(manifest, _Training, str(path))
        return bibliography(_of_training(training), [*training.recipe.sources, *(d.citation for d in training.data)])
    run = read_run(folder)
    template = [] if "predictions" in run.manifest.options else [f"template {run.manifest.options['template']}"]
    return bibliography([*_of_run(run), *template], run.manifest.sources)


def _of_screening(screening: Screening) -> Iterator[str]:
    errors = (screening.past_means, screening.past_effects)
    if any(each is not None and each.reason is None for each in errors):
        yield "prediction intervals from past studies"
        yield "effects shrunken by those of past studies"
    if any(each.worth is not None for each in screening.questions):
        yield "what a simulation is worth in people"
    sizes = [arm.size for arm in screening.arms if arm.size is not None]
    if any(size.safeguard.arm is not None for size in sizes):
        yield "cautious numbers of people"
    if any(size.assurance is not None for size in sizes):
        yield "assured numbers of people"
    pilots = [arm.pilot for arm in screening.arms if arm.pilot is not None]
    if pilots:
        yield from _of_pilot(pilots, screening.plan)


def _of_pilot(pilots: Sequence[PilotScreen], plan: ScreenPlan) -> Iterator[str]:
    clustered = any(each.alone.clusters_n is not None for each in pilots)
    yield "standard errors of effects, in clusters" if clustered else "standard errors of effects"
    yield "effects adjusted for covariates"
    yield f"correction {plan.correction}"
    if any(each.rectified is not None for each in pilots):
        yield "rectified effects"
        if plan.strata:
            yield "rectified effects in strata"


def _of_training(training: _Training) -> Iterator[str]:
    recipe = training.recipe
    for part in recipe.parts:
        yield f"objective {part.objective}"
        if part.ordinal:
            yield f"ordinal loss {part.ordinal_loss}"
    yield f"adapter {recipe.adapter}"
    yield f"template {recipe.template}"
    of_systems = [metrics for found in training.results.values() for metrics in found.overall.values()]
    yield from dict.fromkeys(metric for metrics in of_systems for metric in metrics)
    if of_systems:
        yield "95 % intervals"
        yield "How near could it come?"


def _of_run(run: Run) -> list[str]:
    path = run.folder / "evaluation.json"
    if not path.is_file():
        return list(_asked_for(run))
    try:
        return uses(read(path, Evaluation))
    except InputError as error:
        raise InputError(f"{error}\nEvaluate the run again with: silicus evaluate {run.folder}") from None


def _asked_for(run: Run) -> Iterator[str]:
    """Yield what an evaluation of the run would hold, as far as its tables say."""
    if run.responses.is_empty():
        return
    answered = set(run.responses["item"])
    ordered = any(item.scale.ordered for name, item in run.items.items() if name in answered)
    yield from (metric for metric in METRICS if ordered or metric not in _NEED_ORDER)
    yield "95 % intervals"
    if ordered:
        yield "How near could it come?"
    if run.responses["weight"].n_unique() > 1:
        yield "effective numbers of answers"
    if run.responses.group_by("study", "question").agg(pl.col("condition").n_unique())["condition"].max() != 1:
        yield "Does it move as people move?"
    if run.manifest.unit != "group" and run.responses["respondent"].count() and run.predictions["respondent"].count():
        yield "Does it know persons, or only questions?"
