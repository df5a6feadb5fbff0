"""`silicus evaluate`: how far a run's predictions lie from people's answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from rich.console import Console

from silicus.data import Dataset, Unit, unapproved
from silicus.errors import InputError, counted
from silicus.evaluate import CONTROLS, Beside, Evaluation, Probes
from silicus.evaluate import evaluate as score
from silicus.options import EvaluateOptions
from silicus.record import read as read_record
from silicus.record import write
from silicus.report import write_report
from silicus.simulate import plan_answered
from silicus.study import RESPONSES, read_table, write_table
from silicus.workflow.asking import order_effect_of
from silicus.workflow.data import read
from silicus.workflow.floors import floors
from silicus.workflow.predicted import predicted_run, predictions_file
from silicus.workflow.run import About, Run, read_run
from silicus.workflow.simulate import Asked, ask, settled

__all__ = ["PROBES", "by_group", "evaluate_data", "evaluate_run", "name_of", "publish"]

PROBES = "probes.json"
"""What `silicus probe` leaves in a run folder."""

_FLOORS = "floors"
_WHO: dict[Unit, str] = {"person": "people", "row": "answers with their demographics", "group": "groups of people"}


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
    responses, predictions = (by_group(run, table) for table in (run.responses, run.predictions))
    found = score(run.items, responses, predictions, name_of(run), rng, beside=_beside(run))
    left_out = {**run.manifest.left_out, **found.left_out}
    found = found.model_copy(update={"left_out": left_out, "probes": _probes(run), "orders": order_effect_of(folder)})
    publish(run, found)
    return found


def publish(run: Run, found: Evaluation) -> None:
    """Write `evaluation.json` and `report.html` into a run's folder."""
    write(run.folder / "evaluation.json", found)
    write_report(run.folder / "report.html", found, _facts(run), run.manifest.title, run.manifest.sources)


def _probes(run: Run) -> Probes | None:
    """Return what probing this very model found, where that was done."""
    path = run.folder / PROBES
    found = read_record(path, Probes) if path.is_file() else None
    return found if found and found.model == run.manifest.inputs.get("weights") else None


def _beside(run: Run) -> Beside:
    """Return what a run's folder holds beside answers and predictions; groups of people have no groups among them."""
    known, groups = run.manifest.unit == "person", run.manifest.unit == "group"
    tables = {path.stem: read_table(path, "predictions") for path in sorted((run.folder / _FLOORS).glob("*.parquet"))}
    further = {name: by_group(run, table) for name, table in tables.items()}
    return Beside(known, None if groups or run.respondents.is_empty() else run.respondents, further)


def by_group(run: Run, table: pl.DataFrame) -> pl.DataFrame:
    """Return the table with a cell for every group: each group's answers are a distribution of their own."""
    if run.manifest.unit != "group":
        return table
    return table.with_columns(condition=pl.format("{} · {}", "condition", "respondent"))


def name_of(run: Run) -> str:
    """Return the model's name; the baselines run as models are told apart from the built-in ones."""
    model = str(run.manifest.options["model"])
    return f"{model} (as model)" if model in CONTROLS else model


def _facts(run: Run) -> dict[str, str]:
    manifest, asked = run.manifest, run.manifest.options
    made = {
        "Model": f"{asked['model']} (weights {manifest.inputs['weights']})",
        "Prompt template": f"{asked['template']}, answers as {asked['answers']}",
        "Way of asking": _way_of_asking(asked),
    } if "predictions" not in asked else {
        "Model": f"{asked['model']} (predictions made elsewhere)",
        "Predictions": f"{asked['predictions']} (content {manifest.inputs['predictions']})",
    }  # fmt: skip
    return {
        **made,
        "People": manifest.people,
        "Design": manifest.design,
        "Respondents": manifest.respondents,
        "Seed": str(asked["seed"]),
        **({"Note": "; ".join(manifest.notes)} if manifest.notes else {}),
        "Versions": ", ".join(f"{library} {number}" for library, number in manifest.versions.items()),
        "Made": f"{manifest.created}, run key {manifest.key}",
    }


def _way_of_asking(asked: dict[str, Any]) -> str:
    if "protocol" in asked:
        texts = counted(asked["samples"] if asked["temperature"] else 1, "text", "texts")
        return f"protocol '{asked['protocol']}', {texts} for each prompt at temperature {asked['temperature']:g}"
    if "server" in asked:
        return f"over a server, scoring '{asked['scoring']}' (see the note)"
    return "exact probability of every answer, nothing sampled"


def evaluate_data(options: EvaluateOptions) -> tuple[Path, Evaluation]:
    """Return the run folder and the evaluation of a model, or of predictions made elsewhere, on past studies.

    A model is asked for every respondent what that respondent was asked.

    Raises:
        SilicusError: the data or an option is not as it should be.
    """
    if options.data is None and options.predictions is not None:
        raise InputError(f"found --predictions {options.predictions} without people's answers. Name them with --data.")
    if options.data is None:
        raise InputError("found neither a run folder nor --data, expected one of them.")
    predictions = predictions_file(options)
    whole = read(options.data, options)
    data = _sample(_part(whole, options), options)
    about = _about(data, options.data)
    if predictions is not None:
        folder = predicted_run(predictions, whole, data, about, options)
    else:
        asked, template, known = settled(options)
        responses = data.responses.select(RESPONSES.names())
        plan = plan_answered(list(data.cells()), data.respondents, responses, template)
        folder = ask(Asked(plan, responses, about, known), template, asked)
    if options.floors and "split" in whole.responses.columns and options.part != "train":
        _write_floors(folder, whole, data, options.seed)
    return folder, evaluate_run(folder)


def _write_floors(folder: Path, whole: Dataset, data: Dataset, seed: int) -> None:
    """Write what cheap models, learnt from the training part, predict; and say which cannot be had."""
    tables, left_out = floors(whole, data.responses, seed)
    for name, table in tables.items():
        write_table(folder / _FLOORS / f"{name}.parquet", table)
    for sentence in left_out:
        Console(stderr=True).print(f"Not beside it: {sentence}", soft_wrap=True, highlight=False, markup=False)


def _about(data: Dataset, path: str) -> About:
    who = _WHO[data.unit]
    return About(
        name=data.name,
        title=f"{data.name}: {len(data.responses):,} answers of people in past studies",
        respondents=f"{len(data.respondents):,} {who} of {Path(path).name}, asked what they were asked",
        sources=[data.source.line],
        licences=[data.source.licence],
        left_out=data.left_out,
        people=f"the same {who}",
        unit=data.unit,
        notes=[f"{said}." for said in unapproved(data)],
    )


def _part(data: Dataset, options: EvaluateOptions) -> Dataset:
    """Return the answers of the part that is asked for; of data that were split, the test part by default.

    Raises:
        InputError: the data were not split, or hold shares without numbers of people.
    """
    data = data.keep(pl.col("response").is_not_null(), "no answer given")
    if data.responses["n"].null_count():
        raise InputError(
            f"{options.data}: publishes shares without saying of how many people, so that no distance from people "
            "can be given with its uncertainty. Such data can be inspected, prepared and learnt from."
        )
    is_split = "split" in data.responses.columns
    if options.part and not is_split:
        raise InputError(
            f"{options.data}: has not been split, so there is no part '{options.part}'. "
            "Split it with: silicus data prepare"
        )
    part = options.part or "test"
    return data.keep(pl.col("split") == part, f"not in the part '{part}'") if is_split else data


def _sample(data: Dataset, options: EvaluateOptions) -> Dataset:
    """Return the dataset, or a random part of it where the options sets a limit."""
    if options.limit is None or options.limit >= len(data.responses):
        return data
    rng = np.random.default_rng(options.seed)
    return data.sample(options.limit, rng)
