"""`silicus compare`: two runs on the same people's answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from silicus.errors import InputError, counted
from silicus.evaluate import CONTROLS, Beside, evaluate
from silicus.options import AnswerOptions
from silicus.record import write
from silicus.report import Comparison, Matching
from silicus.study import KEY, RESPONSES
from silicus.workflow.evaluate import by_group, name_of
from silicus.workflow.run import Run, read_run

__all__ = ["check_same_answers", "compare_runs", "predicted_answers", "read_answered", "settings"]

_UNSHARED = "not predicted in both runs"
_PERSON = (*KEY, "respondent")


def compare_runs(first: Path, second: Path, out: Path | None = None) -> Comparison:
    """Return how the models of two runs lie to people, on the answers for which both have a prediction.

    Where respondents are groups, each group's answers are a distribution of their own, as in an evaluation.

    Args:
        first: a run folder; its answers of people are used, and its seed.
        second: another, of the same answers.
        out: a .json file to keep the numbers in.

    Raises:
        InputError: a folder is no finished run, people's answers are absent or not the same, or no stimulus is common.
    """
    if out is not None and out.suffix != ".json":
        raise InputError(f"found --out {out}, expected the name of a .json file.")
    runs = (read_answered(first), read_answered(second))
    check_same_answers(*runs)
    own = runs[0]
    responses = by_group(own, own.responses)
    predictions = [by_group(own, run.predictions) for run in runs]
    by_person, by_mean = zip(*(predicted_answers(responses, table) for table in predictions), strict=True)
    shared = (by_person[0] | by_mean[0]) & (by_person[1] | by_mean[1])
    if not shared.any():
        raise InputError(
            f"none of the {counted(len(responses), 'answer', 'answers')} has a prediction in both runs: {first} and "
            f"{second} predict other respondents. Compare runs that ask the same ones."
        )
    name, other = _names(*runs)
    found = evaluate(
        own.items,
        responses.filter(shared),
        predictions[0],
        name,
        np.random.default_rng(int(own.manifest.options["seed"])),
        beside=Beside(people_known=own.manifest.unit == "person", further={other: predictions[1]}),
    )
    unshared = int(responses.filter(~shared)["n"].sum())
    left_out = {**own.manifest.left_out, **({_UNSHARED: unshared} if unshared else {}), **found.left_out}
    found = found.model_copy(update={"left_out": left_out})
    if out is not None:
        write(out, found)
    ways = (_way(by_person[0].filter(shared)), _way(by_person[1].filter(shared)))
    return Comparison(found, other, ways, _differs(*runs))


def read_answered(folder: Path) -> Run:
    """Return the run that a folder holds, whose people's answers are known.

    Raises:
        InputError: it is no finished run, or nobody's answers are known.
    """
    run = read_run(folder)
    if run.responses.is_empty():
        raise InputError(
            f"{run.folder}: '{run.manifest.name}' has no human answers to compare with. "
            "Give them in the study file under 'human'."
        )
    return run


def check_same_answers(first: Run, second: Run) -> None:
    """Refuse runs without a common stimulus, and such that hold other answers of people to the common ones."""
    keys = [
        run.predictions.filter(pl.col("probabilities").is_not_null()).select(KEY).unique() for run in (first, second)
    ]
    common = keys[0].join(keys[1], on=KEY, how="semi")
    answers = [
        run.responses.select(RESPONSES.names()).join(common, on=KEY, how="semi").with_columns(side=pl.lit(side))
        for run, side in ((first, 1), (second, -1))
    ]
    if not any(map(len, answers)):
        names = " and ".join(f"{run.folder}: '{run.manifest.name}'" for run in (first, second))
        raise InputError(
            f"the runs have no stimulus in common that people answered and both predict ({names}). "
            "Compare runs of the same study or data."
        )
    differ = pl.concat(answers).group_by(RESPONSES.names()).agg(pl.col("side").sum())
    alone = [int(differ.filter(pl.col("side") * side > 0).select(pl.col("n") * pl.col("side").abs()).sum().item())
             for side in (1, -1)]  # fmt: skip
    if any(alone):
        held = [f"{run.folder} has {counted(count, 'answer', 'answers')}"
                for run, count in zip((first, second), alone, strict=True)]  # fmt: skip
        raise InputError(
            f"people's answers differ between the runs: {held[0]} that the other has not, and {held[1]}, of "
            f"{counted(int(answers[0]['n'].sum()), 'answer', 'answers')} in the first. Evaluate both models on the "
            "same data, with the same --part, --limit and --seed."
        )


def predicted_answers(responses: pl.DataFrame, predictions: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """Return which answers have a prediction for their own respondent, and which the mean for their stimulus.

    By the rules of `evaluate`: who is predicted elsewhere in the study is not compared with a mean.
    """
    usable = predictions.filter(pl.col("probabilities").is_not_null())
    own = usable.select(*_PERSON, own=pl.lit(value=True)).unique()
    mean = usable.filter(pl.col("weight") > 0).select(*KEY, mean=pl.lit(value=True)).unique()
    people = predictions.select("study", "respondent", known=pl.lit(value=True)).unique()
    rows = responses
    for table, keys in ((own, _PERSON), (mean, KEY), (people, ("study", "respondent"))):
        rows = rows.join(table, on=keys, how="left", maintain_order="left")
    found = rows.select(
        by_person=pl.col("own").is_not_null(),
        by_mean=pl.col("own").is_null() & pl.col("known").is_null() & pl.col("mean").is_not_null(),
    )
    return found["by_person"], found["by_mean"]


def _way(by_person: pl.Series) -> Matching:
    if by_person.all():
        return "own"
    return "both" if by_person.any() else "mean"


def _names(first: Run, second: Run) -> tuple[str, str]:
    """Return the names of the models; where these are alike those of the folders, and where these are, their paths."""
    ways = (
        (name_of(first), name_of(second)),
        (first.folder.name, second.folder.name),
        (str(first.folder.resolve()), str(second.folder.resolve())),
    )
    apart = (pair for pair in ways if pair[0] != pair[1] and all(pair) and not {*pair} & {*CONTROLS})
    # A run beside itself is a check of the scales, and nothing else.
    return next(apart, (name_of(first), f"{name_of(first)} (again)"))


def _differs(first: Run, second: Run) -> dict[str, tuple[str, str]]:
    """Return in which options the runs differ, beside the model."""
    return {name: (values[0], values[1]) for name, values in settings([first, second]).items() if name != "model"}


def _told(options: dict[str, Any], name: str) -> str:
    """Return what an option was; one that is not recorded had its default."""
    default = next((each.default for each in fields(AnswerOptions) if each.name == name), None)
    value = options.get(name, default)
    return "–" if value is None else str(value)


def settings(runs: Sequence[Run]) -> dict[str, list[str]]:
    """Return option -> what it was in every run, of those in which they differ."""
    options = [run.manifest.options for run in runs]
    names = dict.fromkeys(name for each in options for name in each)
    values = {name: [_told(each, name) for each in options] for name in names}
    return {name: found for name, found in values.items() if len(set(found)) > 1}
