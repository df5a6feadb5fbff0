"""`silicus simulate`: a study and people in, a run folder with predictions out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import polars as pl
from rich.console import Console

from silicus.errors import InputError, counted
from silicus.models import Device, Dtype, Model, load_model
from silicus.models.server import ServerModel
from silicus.models.trained_as import TrainedAs, check_prompts, trained_as
from silicus.options import AnswerOptions, SimulateOptions
from silicus.prompts import Prompt, Template, get_template
from silicus.record import digest
from silicus.simulate import (
    Answered,
    AskingProtocol,
    Failing,
    Plan,
    PooledModel,
    Ways,
    WrittenModel,
    open_prompts,
    plan_all,
    plan_answered,
    predict_in_ways,
    tidy,
)
from silicus.simulate import simulate as write_parts
from silicus.study import (
    Drawn,
    Item,
    Study,
    draw_tasks,
    human_responses,
    iter_respondents,
    read_study,
    write_table,
)
from silicus.workflow.asking import asking_of, write_order_effect
from silicus.workflow.lock import alone
from silicus.workflow.population import asked_respondents
from silicus.workflow.progress import progress, waiting
from silicus.workflow.run import About, add_notes, enter_run
from silicus.workflow.served import load_served, told
from silicus.workflow.written import as_written, protocol_of, write_openly, writer_of

__all__ = ["PROFILES", "Asked", "ask", "load_checked", "settled", "simulate"]

PROFILES = "profiles.parquet"
"""What was drawn for whom, in the run folder of a study with profiles."""

T = TypeVar("T", bound=AnswerOptions)


@dataclass(frozen=True)
class Asked:
    """All that a run needs besides a model.

    Attributes:
        plan: who is asked what.
        responses: people's answers, where they are known.
        about: what the run is about.
        known: how the model was trained, where it says so.
        openly: the prompts of open questions, as `open_prompts` returns them.
    """

    plan: Plan
    responses: pl.DataFrame
    about: About
    known: TrainedAs | None = None
    openly: Sequence[Prompt] = ()


def simulate(study: str, options: SimulateOptions, *, aloud: bool = True) -> Path:
    """Return the run folder that holds the predictions for a study.

    Args:
        study: a study file, or the name of a bundled study.
        options: the options.
        aloud: whether it is said how much answers depend on the order of options.

    Raises:
        SilicusError: something given is not as it should be; nothing half-written is left behind.
    """
    loaded = read_study(study)
    people, who, cited = asked_respondents(options.respondents, options.draw, options.seed)
    options, template, known = settled(options)
    plan, drawn = _plan(loaded, people, template, options.seed)
    about = About(
        name=loaded.id,
        title=loaded.title or loaded.id,
        respondents=who,
        sources=[loaded.source.line, *cited],
        licences=[loaded.source.licence],
        people=loaded.source.population or "not stated",
        design=_design(loaded),
        notes=[] if options.open else _not_asked(loaded),
    )
    openly = open_prompts(loaded, plan.respondents, template) if options.open else ()
    folder = ask(Asked(plan, human_responses(loaded), about, known, openly), template, options, aloud=aloud)
    if drawn is not None:
        write_table(folder / PROFILES, drawn.profiles)
    return folder


def _plan(study: Study, people: pl.DataFrame, template: Template, seed: int) -> tuple[Plan, Drawn | None]:
    """Return who is asked what: everybody everything, or about profiles drawn for each, and what was drawn."""
    if study.profiles is None:
        return plan_all(list(study.items()), people, template), None
    # Another stream than that of the respondents.
    drawn = draw_tasks(study, people["respondent"], np.random.default_rng((seed, 1)))
    return plan_answered(drawn.items, people, drawn.profiles, template), drawn


def _design(study: Study) -> str:
    shown, control = study.profiles, f", control '{study.control.id}'" if study.control else ""
    profiles = ""
    if shown is not None:
        tasks, count = counted(shown.tasks, "task", "tasks"), counted(shown.count, "profile", "profiles")
        profiles = f", {tasks} a respondent, each of {count} drawn at random"
    return f"{study.design} respondents{control}{profiles}"


def _not_asked(study: Study) -> list[str]:
    count = len(study.open_questions())
    asked_with = "" if study.profiles else f"; ask {'it' if count == 1 else 'them'} with --open"
    return [f"{counted(count, 'open question was', 'open questions were')} not asked{asked_with}"] if count else []


def settled(options: T) -> tuple[T, Template, TrainedAs | None]:
    """Return the options with the words of the prompts filled in, their template, and how the model was trained.

    What is not asked for is as in training, where the model says that, else `silicus` and `value`.
    """
    # A served name says nothing; the folder whose tokenizer it is read with may.
    known = trained_as(options.model if options.server is None else options.tokenizer or "")
    template = options.template or (known.template if known else "silicus")
    answers = options.answers or (known.answers if known else "value")
    return replace(options, template=template, answers=answers), get_template(template), known


def ask(asked: Asked, template: Template, options: AnswerOptions, *, aloud: bool = True) -> Path:
    """Return the run folder after the model has answered everything that is asked.

    A run that was interrupted goes on where it stopped; a finished run is left as it is.

    Args:
        asked: all that is needed besides a model.
        template: the words of the prompts.
        options: how answers are asked for, as `settled` returns them.
        aloud: whether it is said how much answers depend on the order of options.

    Raises:
        SilicusError: something cannot be asked, or the model reads other prompts than it was trained with.
    """
    _need_something(asked)
    how = asking_of(asked.plan, template, options)
    protocol = protocol_of(options, asked.plan)
    words = _try_one(asked, how.ways, template, protocol)
    model = _load(asked, options)
    writer = writer_of(model, "--open", "leave it out") if asked.openly else None
    if protocol is not None:
        model = as_written(model, protocol, options)
    served = model if isinstance(model, ServerModel | WrittenModel) else None
    notes = [*asked.about.notes, *_otherwise(asked.known, options), *how.notes, *(served.notes() if served else [])]
    notes += _empty(asked.plan.respondents)
    about = how.cited(asked.about).model_copy(update={"notes": notes})
    inputs = {"respondents": _table_digest(asked.plan.respondents), "weights": model.fingerprint, "prompts": words}
    inputs |= how.inputs
    if asked.openly:
        inputs["open"] = digest(*(f"{prompt.system}\n{prompt.user}" for prompt in asked.openly))
    folder = enter_run(
        options, about, list(asked.plan.items), asked.plan.respondents, asked.responses, inputs
    )  # fmt: skip
    if served is None:
        _answer(asked.plan, model, how.ways, folder)
        write_order_effect(folder, options.seed, aloud=aloud)
    else:
        # Its answers are kept in a file that one process writes.
        with alone(folder), closing(served):
            served.keep_in(folder)
            failing = Failing(options.max_failures, len(asked.plan), writes=protocol is not None)
            _answer(asked.plan, model, how.ways, folder, failing)
            add_notes(folder, told(folder, served))
            write_order_effect(folder, options.seed, aloud=aloud)
    if writer is not None:
        write_openly(asked.openly, writer, options, folder)
    return folder


def _answer(plan: Plan, model: Model, ways: Ways, folder: Path, failing: Failing | None = None) -> None:
    """Write what a model answers into its run's folder, unless it is there."""
    if (folder / "predictions.parquet").is_file():
        tidy(folder)
        return
    with progress(f"{model.name} answers", len(plan)) as bar:

        def answer(plan: Plan, start: int, stop: int) -> Answered:
            return predict_in_ways(plan.between(start, stop), model, ways, bar.advance, failing=failing)

        write_parts(plan, answer, folder, bar.advance)


def _otherwise(known: TrainedAs | None, options: AnswerOptions) -> list[str]:
    """Return, and say, that the model is asked in other words than it was trained in; nothing where it is not."""
    if known is None:
        return []
    notes: list[str] = []
    if (known.template, known.answers) != (options.template, options.answers):
        notes.append(
            f"{options.model} was trained with the template '{known.template}' and answers as {known.answers}; here it "
            f"is asked with '{options.template}' and {options.answers}, as the options say"
        )
    unseen = list(_unseen(options))
    if unseen:
        notes.append(f"{options.model} was trained on questions as they are; here it is asked {' and '.join(unseen)}")
    for note in notes:
        Console(stderr=True).print(f"{note}.", soft_wrap=True, highlight=False, markup=False)
    return notes


def _unseen(options: AnswerOptions) -> Iterator[str]:
    """Yield what stands around questions that no training here has shown a model."""
    # Whether it was taught to reason, as --protocol reason asks, it does not say.
    if options.protocol in {"distribution", "similarity"}:
        yield f"with the protocol '{options.protocol}'"
    if options.wordings > 1:
        yield f"in {options.wordings} wordings"
    if options.shots:
        yield f"after {counted(options.shots, 'answered question', 'answered questions')} of others"
    if options.own_answers:
        yield f"after {counted(options.own_answers, 'answer', 'answers')} of the respondent's own"


def _empty(people: pl.DataFrame) -> list[str]:
    """Return how many respondents nothing is known of, where there are some."""
    empty = sum(not person.attributes for person in iter_respondents(people))
    if not empty:
        return []
    have = "respondent has" if len(people) == 1 else "respondents have"
    return [f"{empty:,} of {len(people):,} {have} no attribute, so that their prompts hold the question alone"]


def _need_something(asked: Asked) -> None:
    """Refuse to ask nothing."""
    if not len(asked.plan):
        reasons = "; ".join(f"{count} rows: {reason}" for reason, count in asked.about.left_out.items())
        raise InputError(f"{asked.about.name}: nothing is left to ask ({reasons or 'no rows'}).")


def _try_one(asked: Asked, ways: Ways, template: Template, protocol: AskingProtocol | None) -> str:
    """Return a hash of one person's prompts for every item: what cannot be asked is known before a model is loaded.

    Args:
        asked: everything that is asked.
        ways: in which ways.
        template: the words of the prompts.
        protocol: in which the model is to write, `None` where its probabilities are asked for.
    """
    person = next(iter_respondents(asked.plan.respondents[:1]))
    prompts = [variant.prompt for item in asked.plan.items for variant in ways(item, person)]
    prompts = prompts if protocol is None else [protocol.ask(prompt) for prompt in prompts]
    # Templates without a lead keep the hash that their runs have always had.
    leads = [template.lead] if template.lead else []
    return digest(*(f"{prompt.system}\n{prompt.user}\n{prompt.answers}" for prompt in prompts), *leads)


def _load(asked: Asked, options: AnswerOptions) -> Model:
    """Return the model, once it is sure that it reads the prompts it was trained with."""
    if options.model == "pooled":
        items: dict[str, Item] = {item.item: item for item in asked.plan.items}
        return PooledModel(asked.responses, items)
    if options.server is not None:
        served = load_served(options)
        if asked.known is not None:
            check_prompts(options.model, asked.known, served)
        return served
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
