"""`silicus evaluate`: how far a run's predictions lie from people's answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from silicus.data import Dataset, read_dataset
from silicus.errors import InputError
from silicus.evaluate import Evaluation
from silicus.evaluate import evaluate as score
from silicus.options import EvaluateOptions
from silicus.prompts import get_template
from silicus.record import write
from silicus.report import write_report
from silicus.simulate import plan_answered
from silicus.workflow.run import About, Run, read_run
from silicus.workflow.simulate import Asked, ask

__all__ = ["evaluate_data", "evaluate_run"]


def evaluate_run(folder: Path) -> Evaluation:
    """Return how far a run's predictions lie from people, and write `evaluation.json` and `report.html` beside them.

    Raises:
        InputError: the folder is no finished run, or there are no human answers to compare with.
    """
    run = read_run(folder)
    if run.responses.is_empty():
        raise InputError(
            f"{folder}: '{run.manifest.name}' has no human answers to compare with. Give them in the study file under "
            "'human', or look at predictions.parquet as they are: NOT BENCHMARKED."
        )
    rng = np.random.default_rng(int(run.manifest.options["seed"]))
    known = run.manifest.people_known
    found = score(run.items, run.responses, run.predictions, _name(run), rng, people_known=known)
    found = found.model_copy(update={"left_out": {**run.manifest.left_out, **found.left_out}})
    write(folder / "evaluation.json", found)
    write_report(folder / "report.html", found, _facts(run), run.manifest.title, run.manifest.sources)
    return found


def _name(run: Run) -> str:
    """Return the model's name; the baselines run as models are told apart from the built-in ones."""
    model = str(run.manifest.options["model"])
    return f"{model} (as model)" if model in {"uniform", "pooled"} else model


def _facts(run: Run) -> dict[str, str]:
    manifest, asked = run.manifest, run.manifest.options
    return {
        "Model": f"{asked['model']} (weights {manifest.inputs['weights']})",
        "Prompt template": f"{asked['template']}, answers as {asked['answers']}",
        "Way of asking": "exact probability of every answer, nothing sampled",
        "People": manifest.people,
        "Design": manifest.design,
        "Respondents": manifest.respondents,
        "Seed": str(asked["seed"]),
        "Versions": ", ".join(f"{library} {number}" for library, number in manifest.versions.items()),
        "Made": f"{manifest.created}, run key {manifest.key}",
    }


def evaluate_data(options: EvaluateOptions) -> tuple[Path, Evaluation]:
    """Return the run folder and the evaluation of a model on people's answers in SocSci210 form.

    Every person is asked what that person was asked.

    Raises:
        SilicusError: the data or an option is not as it should be.
    """
    if options.data is None:
        raise InputError("found neither a run folder nor --data, expected one of them.")
    data = _sample(read_dataset(options.data), options)
    template = get_template(options.template)
    plan = plan_answered(list(data.cells()), data.respondents, data.responses, template)
    who = "people" if data.people_known else "answers, each with its demographics,"
    about = About(
        name=data.name,
        title=f"{data.name}: {len(data.responses):,} answers of people in past studies",
        respondents=f"{len(data.respondents):,} {who} of {options.data.name}, asked what they were asked",
        left_out=data.left_out,
        people=f"the same {who}",
        people_known=data.people_known,
    )
    folder = ask(Asked(plan, data.responses, about), template, options)
    return folder, evaluate_run(folder)


def _sample(data: Dataset, options: EvaluateOptions) -> Dataset:
    """Return the dataset, or a random part of it where the options sets a limit."""
    if options.limit is None or options.limit >= len(data.responses):
        return data
    rng = np.random.default_rng(options.seed)
    return data.sample(options.limit, rng)
