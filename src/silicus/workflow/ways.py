"""`silicus compare` of three runs and more: one table of ways, of models and of ways of asking them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from silicus.errors import InputError, counted
from silicus.evaluate import CONTROLS, Beside, evaluate
from silicus.record import write
from silicus.report import Way, Ways, write_ways
from silicus.workflow.compare import check_same_answers, predicted_answers, read_answered, settings
from silicus.workflow.evaluate import by_group
from silicus.workflow.run import Run

__all__ = ["compare_ways"]


def compare_ways(folders: Sequence[Path], out: Path | None = None) -> Ways:
    """Return how several runs lie to people, on the answers for which all of them have a prediction.

    Args:
        folders: run folders; the first one's answers of people are used, and its seed.
        out: a .json file to keep the numbers in, or an .html page with a specification curve.

    Raises:
        InputError: a folder is no finished run, people's answers are absent or not the same, or no answer is common.
    """
    if out is not None and out.suffix not in {".json", ".html"}:
        raise InputError(f"found --out {out}, expected the name of a .json or .html file.")
    runs = [read_answered(folder) for folder in folders]
    own = runs[0]
    for other in runs[1:]:
        check_same_answers(own, other)
    responses = by_group(own, own.responses)
    predictions = [by_group(run, run.predictions) for run in runs]
    found = [predicted_answers(responses, table) for table in predictions]
    shared = found[0][0] | found[0][1]
    for by_person, by_mean in found[1:]:
        shared &= by_person | by_mean
    if not shared.any():
        answers = counted(len(responses), "answer", "answers")
        raise InputError(
            f"none of the {answers} has a prediction in all {len(runs)} runs. Compare runs that ask the same ones."
        )
    names = _names(runs)
    evaluation = evaluate(
        own.items,
        responses.filter(shared),
        predictions[0],
        names[0],
        np.random.default_rng(int(own.manifest.options["seed"])),
        beside=Beside(
            people_known=own.manifest.unit == "person", further=dict(zip(names[1:], predictions[1:], strict=True))
        ),
    )
    unshared = int(responses.filter(~shared)["n"].sum())
    left_out = {**({"not predicted in all runs": unshared} if unshared else {}), **evaluation.left_out}
    evaluation = evaluation.model_copy(update={"left_out": left_out})
    differ = settings(runs)
    ways = [Way(name, {option: values[place] for option, values in differ.items()}) for place, name in enumerate(names)]
    compared = Ways(evaluation, ways)
    if out is not None and out.suffix == ".json":
        write(out, evaluation)
    elif out is not None:
        write_ways(out, compared)
    return compared


def _names(runs: Sequence[Run]) -> list[str]:
    """Return the names of the folders; where some are alike, their paths."""
    names = [f"{name} (run)" if name in CONTROLS else name for name in (run.folder.name for run in runs)]
    names = names if len(set(names)) == len(names) else [str(run.folder.resolve()) for run in runs]
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise InputError(f"the run {twice} is named twice. Name each run once.")
    return names
