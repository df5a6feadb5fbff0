"""The cells of all scales side by side, in the order of the answers, and their resamples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from silicus.evaluate.bootstrap import CellTable, centred_draws, mean_of_draws, overall, resample_studies
from silicus.evaluate.cells import COLUMNS, Answers, Scores, resample_people, score
from silicus.evaluate.evaluation import Cell
from silicus.evaluate.matching import Block, sums
from silicus.evaluate.metrics import FloatArray
from silicus.evaluate.paired import FEWEST
from silicus.evaluate.records import METRICS, MetricName, Resampled
from silicus.evaluate.together import ENOUGH

__all__ = ["Gathered", "gather", "resample", "way"]


@dataclass(frozen=True)
class Gathered:
    """The scores of all cells.

    Attributes:
        systems: their names, the evaluated one first.
        studies: their names, in order of appearance.
        columns: the system and metric of every column of `table` but the last.
        table: what is averaged, shape (cells, columns).
        answers: number of answers, shape (cells,).
        perfect: the Wasserstein expected of a perfect prediction, shape (cells,); also the last column of `table`.
        cells: the records, in the order of the responses.
        probability_zero: system -> number of answers it had given probability 0.
        by_block: the answers of every scale, and the places of their cells in `table`.
    """

    systems: tuple[str, ...]
    studies: list[str]
    columns: list[tuple[str, MetricName]]
    table: CellTable
    answers: FloatArray
    perfect: FloatArray
    cells: list[Cell]
    probability_zero: dict[str, int]
    by_block: list[tuple[Answers, npt.NDArray[np.int64]]]


def gather(blocks: list[Block], systems: tuple[str, ...]) -> Gathered:
    """Return the scores of the cells of every block, as one table and as records."""
    answers = [Answers.of(block) for block in blocks]
    scores = [
        _with_pools(score(a, len(b.cells)), b) for a, b in zip(answers, blocks, strict=True)
    ]  # fmt: skip
    order = np.argsort(np.concatenate([block.cells["first"].to_numpy() for block in blocks]))
    records = [cell for b, s in zip(blocks, scores, strict=True) for cell in _records(b, s)]
    cells = [records[int(place)] for place in order]
    studies = list(dict.fromkeys(cell.study for cell in cells))
    # `order` leads from a place in the result to one in the blocks; its inverse leads back.
    places = np.split(np.argsort(order), np.cumsum([len(b.cells) for b in blocks])[:-1])
    return Gathered(
        systems,
        studies,
        [(system, metric) for system in systems for metric in METRICS],
        _table(scores, systems, order, np.array([studies.index(cell.study) for cell in cells])),
        np.concatenate([s.answers for s in scores])[order],
        np.concatenate([s.perfect for s in scores])[order],
        cells,
        {system: sum(s.probability_zero[system] for s in scores) for system in systems},
        list(zip(answers, places, strict=True)),
    )


def _with_pools(scores: Scores, block: Block) -> Scores:
    """Return the scores with `perfect` where it can be known: of few answers the pool itself is no truth."""
    pools = block.cells.select("study", "question").with_columns(answers=pl.Series(scores.answers))
    pool = pools.select(pl.col("answers").sum().over("study", "question"))["answers"].to_numpy()
    return replace(scores, perfect=np.where(pool >= ENOUGH, scores.perfect, np.nan))


def _table(
    scores: list[Scores], systems: tuple[str, ...], order: npt.NDArray[np.int64], study: npt.NDArray[np.int64]
) -> CellTable:
    values = [_columns(s.metrics, systems) for s in scores]
    equal = np.array([*(metric != "nll_per_answer" for _ in systems for metric in METRICS), True])
    weights = np.concatenate([s.weight for s in scores])
    perfect = np.concatenate([s.perfect for s in scores])
    return CellTable(np.column_stack([np.concatenate(values), perfect])[order], weights[order], study, equal)


def _columns(metrics: dict[str, FloatArray], systems: tuple[str, ...]) -> FloatArray:
    """Return the metrics of every system in the order of `METRICS`, shape (cells, columns)."""
    # The likelihood stands twice: once to be averaged over cells, once over answers.
    places = [*range(len(COLUMNS)), COLUMNS.index("nll")]
    return np.concatenate([metrics[system][:, places] for system in systems], axis=1)


def _records(block: Block, scores: Scores) -> Iterator[Cell]:
    asked = block.people * block.weight
    count = len(block.cells)
    total = sums(asked, block.cell, count)
    refused = sums(asked * (block.answer < 0), block.cell, count) / total
    predicted = sums(asked * block.refusal, block.cell, count) / total
    for place, cell in enumerate(block.cells.iter_rows(named=True)):
        scale = block.scales[cell["item"]]
        yield Cell(
            study=cell["study"],
            condition=cell["condition"],
            question=cell["question"],
            answers=int(scores.answers[place]),
            people=cell["people"],
            people_effective=float(scores.effective[place]),
            values=list(scale.values),
            labels=[scale.labels.get(value) for value in scale.values],
            ordered=scale.ordered,
            human=scores.human[place].tolist(),
            predicted={system: p[place].tolist() for system, p in scores.predicted.items()},
            refusal_human=float(refused[place]),
            refusal_predicted=float(predicted[place]),
            **dict(zip(COLUMNS, _by_system(scores, place), strict=True)),
        )


def _by_system(scores: Scores, place: int) -> list[dict[str, float | None]]:
    """Return every metric of one cell, by system, in the order of `COLUMNS`."""
    columns = range(len(COLUMNS))
    return [{system: float(m[place, c]) for system, m in scores.metrics.items()} for c in columns]


def way(found: Gathered, people_known: bool) -> Resampled:
    """Return what is to be resampled: studies where there are many, else people; respondents if some answer twice.

    Percentiles of a few studies drawn again are too narrow, so that a few stay as they are.
    """
    if len(found.studies) >= FEWEST:
        return "studies and cells"
    respondent = np.concatenate([answers.respondent for answers, _ in found.by_block])
    # A row of several people is a group, which is not drawn as one.
    alone = all((answers.people == 1).all() for answers, _ in found.by_block)
    several = len(respondent) > len(np.unique(respondent))
    return "respondents" if people_known and alone and (respondent >= 0).all() and several else "people"


def resample(found: Gathered, resampled: Resampled, draws: int, rng: np.random.Generator) -> FloatArray:
    """Return the overall means of resamples, shape (draws, columns): of studies, or of the people of a few."""
    if resampled == "studies and cells":
        return resample_studies(found.table, draws, rng)
    times = _respondents(found, draws, rng) if resampled == "respondents" else None
    drawn = mean_of_draws(found.table, draws, _people(found, draws, rng, times))
    # One person drawn again is the same person.
    known = times is None or np.count_nonzero(times.any(axis=0)) > 1
    return centred_draws(drawn, overall(found.table)) if known else np.full_like(drawn, np.nan)


def _respondents(found: Gathered, draws: int, rng: np.random.Generator) -> npt.NDArray[np.int32]:
    """Return how often each respondent is drawn, as many of each study as there are, shape (draws, respondents)."""
    respondent = np.concatenate([answers.respondent for answers, _ in found.by_block])
    study = np.concatenate([found.table.study[places[answers.cell]] for answers, places in found.by_block])
    known, first = np.unique(respondent, return_index=True)
    times = np.zeros((draws, int(known[-1]) + 1), dtype=np.int32)
    for own in range(found.table.studies):
        here = known[study[first] == own]
        for draw in range(draws if here.size else 0):
            times[draw] += np.bincount(rng.choice(here, here.size), minlength=times.shape[1]).astype(np.int32)
    return times


def _people(
    found: Gathered, draws: int, rng: np.random.Generator, times: npt.NDArray[np.int32] | None
) -> Iterator[tuple[int, FloatArray]]:
    for answers, places in found.by_block:
        for cell, metrics in resample_people(answers, len(places), draws, rng, times):
            place = int(places[cell])
            perfect = np.full((draws, 1), found.perfect[place])
            # A cell of 1 answer has no distance, although its respondent may be drawn twice.
            unknown = np.isnan(found.table.values[place])
            drawn = np.concatenate([_columns(metrics, found.systems), perfect], axis=1)
            yield place, np.where(unknown, np.nan, drawn)
