"""Predictions made elsewhere become a run folder, so that they are evaluated as every other run is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from silicus.data import Dataset, Predicted, holds_generations, read_predictions
from silicus.errors import InputError, counted
from silicus.options import EvaluateOptions
from silicus.record import digest
from silicus.study import KEY, RESPONSES, write_table
from silicus.workflow.progress import waiting
from silicus.workflow.run import About, enter_run

__all__ = ["predicted_run", "predictions_file"]

_OF_A_MODEL = (
    "model", "template", "answers", "device", "dtype", "server", "protocol", "orders", "wordings", "shots",
    "own_answers",
)  # fmt: skip
"""Options that only mean something where a model is asked."""


def predictions_file(options: EvaluateOptions) -> Path | None:
    """Return the file whose predictions are evaluated, `None` where a model is to be asked.

    Data that have generated texts beside the answers are such a file, unless options name a model.

    Raises:
        InputError: options contradict each other.
    """
    asking = [name for name in _OF_A_MODEL if getattr(options, name) != getattr(EvaluateOptions(), name)]
    if options.predictions is not None:
        if asking:
            raise InputError(
                f"found --predictions and --{asking[0]}, but no model is asked where predictions are there already. "
                "Leave one of them out."
            )
        return options.predictions
    beside = options.reader in {None, "generations"} and holds_generations(Path(options.data or ""))
    if beside and not asking:
        return Path(options.data or "")
    if options.name is not None:
        raise InputError(f"found --name {options.name}, but no --predictions that it could name. A model has its own.")
    return None


def predicted_run(path: Path, whole: Dataset, data: Dataset, about: About, options: EvaluateOptions) -> Path:
    """Return the run folder that holds the predictions of a file for people's answers.

    Args:
        path: the file.
        whole: people's answers, which say what a row may be about.
        data: those of them that are evaluated.
        about: what the run is about.
        options: as they were given.

    Raises:
        SilicusError: the file cannot be used, or the folder holds another run.
    """
    if not len(data.responses):
        reasons = "; ".join(f"{counted(count, 'row', 'rows')}: {why}" for why, count in data.left_out.items())
        raise InputError(f"{data.name}: no answer is left to compare with ({reasons or 'no rows'}).")
    with waiting(f"reading {path}"):
        found = read_predictions(path, whole, published=options.published)
    table = found.table.join(data.responses, on=KEY, how="semi", maintain_order="left")
    if not table["probabilities"].count():
        predictions = counted(len(found.table), "prediction", "predictions")
        raise InputError(f"{path}: found {predictions}, but for none of the answers that are evaluated.")
    notes = [*about.notes, *_notes(path, found, len(found.table) - len(table)), *_strangers(found, whole)]
    about = about.model_copy(update={"notes": notes})
    options = replace(options, model=options.name or path.stem, predictions=path)
    responses = data.responses.select(RESPONSES.names())
    inputs = {"predictions": digest(path.read_bytes())}
    folder = enter_run(options, about, list(data.cells()), data.respondents, responses, inputs)
    write_table(folder / "predictions.parquet", table)
    return folder


def _notes(path: Path, found: Predicted, elsewhere: int) -> list[str]:
    """Return what became of the rows of the file."""
    usable = found.table["probabilities"].count()
    rows, predictions = counted(found.rows, "row", "rows"), counted(usable, "prediction", "predictions")
    samples = found.samples_per_prediction
    behind = "" if samples is None else f", from a median of {samples.median:g} rows each (fewest {samples.fewest})"
    notes = [f"{path.name}: {rows} ({found.kind}) with {predictions}{behind}"]
    notes += [f"{counted(count, 'row', 'rows')} left out: {why}" for why, count in found.malformed.items()]
    if elsewhere:
        notes.append(f"{counted(elsewhere, 'prediction', 'predictions')} not used: for none of the answers evaluated")
    return notes


def _strangers(found: Predicted, data: Dataset) -> list[str]:
    """Return what is done with predictions for people who are not in the data: they may be meant so, or be misspelt."""
    if not found.strangers:
        return []
    names = data.responses["respondent"].drop_nulls().unique(maintain_order=True)
    told = f"; those of the data are such as '{names[0]}'" if len(names) else ""
    return [
        f"{counted(len(found.strangers), 'respondent is', 'respondents are')} not in the data ('{found.strangers[0]}' "
        f"is the first{told}): their predictions stand for the mean of their stimulus, and for nobody's own answer"
    ]
