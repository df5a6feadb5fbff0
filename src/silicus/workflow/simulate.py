"""`silicus simulate`: a study and people in, a run folder with predictions out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from silicus.errors import InputError
from silicus.models import Model, load_model
from silicus.options import AnswerOptions, SimulateOptions
from silicus.prompts import Template, get_template, render
from silicus.record import digest
from silicus.simulate import Plan, PooledModel, plan_all, predict, tidy
from silicus.simulate import simulate as write_parts
from silicus.study import Item, draw_profiles, human_responses, iter_respondents, read_respondents, read_study
from silicus.workflow.progress import progress, waiting
from silicus.workflow.run import About, enter_run

__all__ = ["Asked", "ask", "simulate"]

_PROFILES = (
    "Respondents: profiles of US adults, raked to population margins by iterative proportional fitting; which are "
    "published exactly and which are recalled is told in silicus/study/profiles/README.md"
)


@dataclass(frozen=True)
class Asked:
    """All that a run needs besides a model.

    Attributes:
        plan: who is asked what.
        responses: people's answers, where they are known.
        about: what the run is about.
    """

    plan: Plan
    responses: pl.DataFrame
    about: About


def simulate(study: str, options: SimulateOptions) -> Path:
    """Return the run folder that holds the predictions for a study.

    Args:
        study: a study file, or the name of a bundled study.
        options: the options.

    Raises:
        SilicusError: something given is not as it should be; nothing half-written is left behind.
    """
    loaded = read_study(study)
    people, who = _respondents(options)
    template = get_template(options.template)
    plan = plan_all(list(loaded.items()), people, template)
    about = About(
        name=loaded.id,
        title=loaded.title or loaded.id,
        respondents=who,
        sources=[loaded.source.line, *([_PROFILES] if options.respondents.isdigit() else [])],
        licences=[loaded.source.licence],
        people=loaded.source.population or "not stated",
        design=f"{loaded.design} respondents" + (f", control '{loaded.control.id}'" if loaded.control else ""),
    )
    return ask(Asked(plan, human_responses(loaded), about), template, options)


def _respondents(options: SimulateOptions) -> tuple[pl.DataFrame, str]:
    given = options.respondents
    if given.isdigit():
        rng = np.random.default_rng(options.seed)
        return draw_profiles(
            int(given), rng
        ), f"{int(given):,} bundled US adult profiles, drawn with seed {options.seed}"
    if not Path(given).suffix:
        raise InputError(f"found --respondents {given}, expected a number or a table (.csv, .tsv, .parquet).")
    table = read_respondents(Path(given))
    return table, f"{len(table):,} respondents of {Path(given).name}"


def ask(asked: Asked, template: Template, options: AnswerOptions) -> Path:
    """Return the run folder after the model has answered everything that is asked.

    A run that was interrupted goes on where it stopped; a finished run is left as it is.
    """
    words = _try_one(asked, template, options)
    model = _load(asked, options)
    inputs = {"respondents": _table_digest(asked.plan.respondents), "weights": model.fingerprint, "prompts": words}
    folder = enter_run(options, asked.about, list(asked.plan.items), asked.responses, inputs)
    if (folder / "predictions.parquet").is_file():
        tidy(folder)
        return folder
    with progress(f"{model.name} answers", len(asked.plan)) as bar:

        def answer(plan: Plan, start: int, stop: int) -> pl.DataFrame:
            return predict(plan.between(start, stop), model, template, options.answers, bar.advance)

        write_parts(asked.plan, answer, folder, bar.advance)
    return folder


def _try_one(asked: Asked, template: Template, options: AnswerOptions) -> str:
    """Return a hash of one prompt of every item: what cannot be asked is known before a model is loaded.

    Raises:
        InputError: there is nothing to ask.
    """
    if not len(asked.plan):
        reasons = "; ".join(f"{count} rows: {reason}" for reason, count in asked.about.left_out.items())
        raise InputError(f"{asked.about.name}: nothing is left to ask ({reasons or 'no rows'}).")
    person = next(iter_respondents(asked.plan.respondents[:1]))
    prompts = [render(template, item, person, options.answers) for item in asked.plan.items]
    return digest(*(f"{prompt.system}\n{prompt.user}\n{prompt.answers}" for prompt in prompts))


def _load(asked: Asked, options: AnswerOptions) -> Model:
    if options.model == "pooled":
        items: dict[str, Item] = {item.item: item for item in asked.plan.items}
        return PooledModel(asked.responses, items)
    with waiting(f"loading {options.model}"):
        return load_model(options.model, options.device, options.dtype)


def _table_digest(table: pl.DataFrame) -> str:
    return digest(table.write_csv())
