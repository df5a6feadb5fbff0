"""`silicus simulate`: a study and people in, a run folder with predictions out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import polars as pl
from rich.console import Console

from silicus.errors import InputError
from silicus.models import Device, Dtype, Model, load_model
from silicus.models.server import ServerModel
from silicus.models.trained_as import TrainedAs, check_prompts, trained_as
from silicus.options import AnswerOptions, SimulateOptions
from silicus.prompts import AnswerStyle, Template, get_template, render
from silicus.record import digest
from silicus.simulate import Plan, PooledModel, plan_all, predict, tidy
from silicus.simulate import simulate as write_parts
from silicus.study import Item, draw_profiles, human_responses, iter_respondents, read_respondents, read_study
from silicus.workflow.progress import progress, waiting
from silicus.workflow.run import About, add_notes, enter_run
from silicus.workflow.served import failures, load_served

__all__ = ["Asked", "ask", "load_checked", "settled", "simulate"]

T = TypeVar("T", bound=AnswerOptions)

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
        known: how the model was trained, where it says so.
    """

    plan: Plan
    responses: pl.DataFrame
    about: About
    known: TrainedAs | None = None


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
    options, template, known = settled(options)
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
    return ask(Asked(plan, human_responses(loaded), about, known), template, options)


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


def settled(options: T) -> tuple[T, Template, TrainedAs | None]:
    """Return the options with the words of the prompts filled in, their template, and how the model was trained.

    What is not asked for is as in training, where the model says that, else `silicus` and `value`.
    """
    # A served name says nothing; the folder whose tokenizer it is read with may.
    known = trained_as(options.model if options.server is None else options.tokenizer or "")
    template = options.template or (known.template if known else "silicus")
    answers = options.answers or (known.answers if known else "value")
    return replace(options, template=template, answers=answers), get_template(template), known


def ask(asked: Asked, template: Template, options: AnswerOptions) -> Path:
    """Return the run folder after the model has answered everything that is asked.

    A run that was interrupted goes on where it stopped; a finished run is left as it is.

    Args:
        asked: all that is needed besides a model.
        template: the words of the prompts.
        options: how answers are asked for, as `settled` returns them.

    Raises:
        SilicusError: something cannot be asked, or the model reads other prompts than it was trained with.
    """
    style = options.answers or "value"
    words = _try_one(asked, template, style)
    model = _load(asked, options)
    served = model if isinstance(model, ServerModel) else None
    notes = [*_otherwise(asked.known, options), *(served.notes() if served else [])]
    about = asked.about.model_copy(update={"notes": notes})
    inputs = {"respondents": _table_digest(asked.plan.respondents), "weights": model.fingerprint, "prompts": words}
    folder = enter_run(
        options, about, list(asked.plan.items), asked.plan.respondents, asked.responses, inputs
    )  # fmt: skip
    if (folder / "predictions.parquet").is_file():
        tidy(folder)
        return folder
    if served:
        served.keep_in(folder)
    most = options.max_failures if served else 0.0
    with progress(f"{model.name} answers", len(asked.plan)) as bar:

        def answer(plan: Plan, start: int, stop: int) -> pl.DataFrame:
            return predict(plan.between(start, stop), model, template, style, bar.advance, most_failures=most)

        write_parts(asked.plan, answer, folder, bar.advance)
    if served:
        add_notes(folder, _failures(folder, served))
    return folder


def _failures(folder: Path, model: ServerModel) -> list[str]:
    """Return, and say, what a served model failed to answer, and what was spent."""
    predictions = pl.scan_parquet(folder / "predictions.parquet").select("probabilities").collect()
    failed = list(failures(model, predictions["probabilities"].null_count(), len(predictions)))
    for sentence in [*failed, f"{model.name}: {model.spent}"]:
        Console(stderr=True).print(f"{sentence}.", soft_wrap=True, highlight=False, markup=False)
    return failed


def _otherwise(known: TrainedAs | None, options: AnswerOptions) -> list[str]:
    """Return, and say, that the model is asked in other words than it was trained in; nothing where it is not."""
    if known is None or (known.template, known.answers) == (options.template, options.answers):
        return []
    note = (
        f"{options.model} was trained with the template '{known.template}' and answers as {known.answers}; here it is "
        f"asked with '{options.template}' and {options.answers}, as the options say"
    )
    Console(stderr=True).print(f"{note}.", soft_wrap=True, highlight=False, markup=False)
    return [note]


def _try_one(asked: Asked, template: Template, style: AnswerStyle) -> str:
    """Return a hash of one prompt of every item: what cannot be asked is known before a model is loaded.

    Raises:
        InputError: there is nothing to ask.
    """
    if not len(asked.plan):
        reasons = "; ".join(f"{count} rows: {reason}" for reason, count in asked.about.left_out.items())
        raise InputError(f"{asked.about.name}: nothing is left to ask ({reasons or 'no rows'}).")
    person = next(iter_respondents(asked.plan.respondents[:1]))
    prompts = [render(template, item, person, style) for item in asked.plan.items]
    # Templates without a lead keep the hash that their runs have always had.
    leads = [template.lead] if template.lead else []
    return digest(*(f"{prompt.system}\n{prompt.user}\n{prompt.answers}" for prompt in prompts), *leads)


def _load(asked: Asked, options: AnswerOptions) -> Model:
    """Return the model, once it is sure that it reads the prompts it was trained with."""
    if options.model == "pooled":
        items: dict[str, Item] = {item.item: item for item in asked.plan.items}
        return PooledModel(asked.responses, items)
    if options.server is not None:
        with waiting(f"asking {options.server} what it serves"):
            return load_served(options)
    return load_checked(options.model, asked.known, options.device, options.dtype)


def load_checked(name: str, known: TrainedAs | None, device: Device, dtype: Dtype) -> Model:
    """Return a model, once it is sure that it reads the prompts it was trained with, where that is known."""
    with waiting(f"loading {name}"):
        model = load_model(name, device, dtype)
        if known is not None:
            check_prompts(name, known, model)
        return model


def _table_digest(table: pl.DataFrame) -> str:
    return digest(table.write_csv())
