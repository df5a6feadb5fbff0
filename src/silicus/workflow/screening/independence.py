"""Whether what tuned a model and what rectifies it are different people: without that, rectification is worth nothing.

Prediction-powered inference corrects predictions by their errors on people whom the model has not seen (Angelopoulos et
al. 2023, doi:10.1126/science.adi6000). Where the model learnt from these very answers, or was shown them as examples,
its errors on them are too small, and so are intervals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from silicus.data import Dataset, answers_digest, is_dataset_folder, read_dataset_folder
from silicus.errors import InputError, SilicusError
from silicus.models.trained_as import trained_as
from silicus.options import ScreenOptions
from silicus.record import read_yaml
from silicus.study import Pilot, Study, read_respondents

__all__ = ["Learnt", "check_apart", "check_not_simulated", "learnt_from"]


@dataclass(frozen=True)
class Learnt:
    """What a model learnt from, or is shown as examples.

    Attributes:
        data: the datasets that can be read: where -> dataset.
        unknown: why others are not known, in sentences.
        tuned: where those of them are that the weights learnt from; what is shown as examples tuned nothing.
    """

    data: dict[str, Dataset]
    unknown: list[str]
    tuned: tuple[str, ...] = ()


def learnt_from(options: ScreenOptions) -> Learnt:
    """Return what the model of a screening learnt from and is shown, as far as that can be read."""
    data: dict[str, Dataset] = {}
    unknown: list[str] = []
    if options.examples is not None:
        data[str(options.examples)] = read_dataset_folder(options.examples)
    if options.server is not None:
        unknown.append(f"what {options.model} on a server learnt from is not known")
    name = options.model if options.server is None else options.tokenizer or ""
    known = trained_as(name)
    if known is None:
        if options.server is None and Path(name).is_dir():
            unknown.append(f"{name} does not say what it learnt from (no silicus.json)")
        return Learnt(data, unknown)
    manifest = Path(name).resolve().parent / "manifest.json"
    if not manifest.is_file():
        return Learnt(data, [*unknown, f"{name} was trained, and the manifest of its training is not beside it"])
    tuned: list[str] = []
    for place, answers in _parts(read_yaml(manifest)):
        found = _read(place, answers)
        if found is None:
            unknown.append(f"{name} learnt from {place}, which is not there any more or holds other answers now")
        else:
            data[place] = found
            tuned.append(place)
    return Learnt(data, unknown, tuple(dict.fromkeys(tuned)))


def _parts(manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield where each part of a training came from, and the hash of its answers."""
    for part, used in zip(manifest["recipe"]["parts"], manifest["data"], strict=True):
        yield str(part["data"]), str(used["answers"])


def _read(place: str, answers: str) -> Dataset | None:
    folder = Path(place)
    if not is_dataset_folder(folder):
        return None
    try:
        found = read_dataset_folder(folder)
    except SilicusError:
        return None
    return found if answers_digest(found) == answers else None


def check_not_simulated(options: ScreenOptions, pilot: Pilot) -> None:
    """Refuse to simulate the people of the pilot: their answers would correct what is said of themselves.

    Raises:
        InputError: the table of those who are simulated names one of them, whoever is drawn from it.
    """
    if options.respondents.isdigit():
        # Bundled profiles are nobody, whatever their numbers.
        return
    people = pilot.respondents["respondent"]
    both = sorted(set(read_respondents(Path(options.respondents))["respondent"]) & set(people))
    if both:
        raise InputError(
            f"{options.respondents}: {len(both):,} of {len(people):,} people of the pilot are among those who are "
            f"simulated, such as '{both[0]}'. Leave them out of the table: what rectifies must not depend on what is "
            "rectified."
        )


def check_apart(learnt: Learnt, study: Study, pilot: Pilot, *, named: bool) -> list[str]:
    """Return what is to be known of the independence of a pilot, in sentences.

    Args:
        learnt: what the model learnt from.
        study: what the pilot was asked.
        pilot: the people whose answers are to rectify the model.
        named: whether the pilot has ids of its own.

    Raises:
        InputError: the model learnt from answers of the pilot's people to this study, or nobody can tell.
    """
    items = {item.item for item in study.items()}
    people = set(pilot.respondents["respondent"])
    notes = [f"{sentence}: whether it learnt from people of the pilot is not known" for sentence in learnt.unknown]
    for place, data in learnt.data.items():
        of_study = data.responses.filter((pl.col("study") == study.id) | pl.col("item").is_in(list(items)))
        if "split" in of_study.columns:
            of_study = of_study.filter(pl.col("split") != "test")
        if of_study.is_empty():
            continue
        _check_disjoint(place, data, of_study, people, named=named)
        notes.append(f"the model learnt from {len(of_study):,} answers of other people to this study ({place})")
    return notes


def _check_disjoint(place: str, data: Dataset, of_study: pl.DataFrame, people: set[str], *, named: bool) -> None:
    # Datasets of several studies tell their people apart by the study's name before the id.
    own = pl.col("respondent").str.strip_prefix(pl.format("{}/", "study"))
    ids = set(of_study["respondent"].drop_nulls()) | set(of_study.select(own)["respondent"].drop_nulls())
    both = sorted(people & ids)
    if both:
        raise InputError(
            f"{place}: the model learnt from answers of '{both[0]}' to this study, and {len(both):,} of "
            f"{len(people):,} people of the pilot are such. What tunes a model may not rectify it: leave these people "
            "out of the one or the other."
        )
    if not named or not data.people_known or not ids:
        raise InputError(
            f"{place}: the model learnt from answers to this study, and nobody can tell whether the pilot's people are "
            "among those who gave them. Give both a column 'respondent' with the same ids."
        )
