"""The evaluation: people's answers against a model's, beside two baselines on the same rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from silicus.errors import InputError
from silicus.evaluate.bootstrap import estimate, expanded, interval, overall, within_studies
from silicus.evaluate.details import details
from silicus.evaluate.evaluation import Cell, Covered, Evaluation, StudyScores
from silicus.evaluate.gather import Gathered, gather, resample, way
from silicus.evaluate.matching import match
from silicus.evaluate.metrics import FloatArray
from silicus.evaluate.records import LEFT_OUT, METRICS, DistanceName, Estimate, MetricName
from silicus.study import Item

__all__ = ["CONTROLS", "Beside", "evaluate"]

CONTROLS = ("uniform", "pooled", "others")
"""What stands beside every system: guessing, and twice knowing these very answers."""


@dataclass(frozen=True)
class Beside:
    """What is known beside the answers and the predictions.

    Attributes:
        people_known: whether an id in the responses stands for a person; not so where every row was given one.
        respondents: who answered: `respondent` (with `study` where ids are unique within one only) and attributes, by
            which groups are told apart; `None`: they are not.
        further: other systems -> their predictions, scored on the same answers and the same resamples; where one has no
            prediction for an answer, its cell lacks that system's numbers.
    """

    people_known: bool = True
    respondents: pl.DataFrame | None = None
    further: Mapping[str, pl.DataFrame] = field(default_factory=dict[str, pl.DataFrame])


def evaluate(
    items: Mapping[str, Item],
    responses: pl.DataFrame,
    predictions: pl.DataFrame,
    name: str,
    rng: np.random.Generator,
    draws: int = 2000,
    beside: Beside | None = None,
) -> Evaluation:
    """Return how far predictions lie from people's answers, beside controls and further systems.

    An answer is compared with the prediction for its respondent and stimulus (study, condition, question,
    item). Where the answer names no respondent, or one who has no prediction in the whole study, it is
    compared with the weighted mean of the predictions for its stimulus. An answer with neither is left out
    and counted. A refusal enters no distribution; it is kept as a rate. An answer counts `n` x `weight`.

    A cell is one question in one condition. Distances are taken between its two distributions, then averaged
    over the cells of a study, then over studies. Intervals are 95 % percentile intervals: over resampled
    studies and cells within them, expanded for their number (`expanded`); or, of fewer than ten studies, which then
    stay as they are, over their people:
    respondents with all their answers where ids are known and some answer twice, else people within cells as if every
    answer came from another person, which is too narrow where it does not. Predictions and the baseline `pooled` are
    held fixed then, and draws are centred on the estimate (`centred_draws`).

    `uniform` guesses. `pooled` is the pool of these very answers to a question in all conditions, and `others` the
    answers of everybody else in the cell: controls that know the answers, not competitors. Where a question was asked
    in one condition only, `pooled` is the answer itself, and its distance is 0 by construction.

    Args:
        items: the stimuli by their hash (`Item.item`).
        responses: a table of schema `RESPONSES`.
        predictions: a table of schema `PREDICTIONS`; a row whose `probabilities` are null is a prediction
            that failed.
        name: what the system is called in the result.
        rng: where the resamples come from.
        draws: number of resamples.
        beside: what else is known: who answered, and other systems.

    Raises:
        InputError: a table breaks its schema, an item is unknown, a name is taken, or no answer has a prediction.

    Examples:
        >>> from silicus.study import PREDICTIONS, human_responses, read_study
        >>> study = read_study("asian-disease")
        >>> items = {item.item: item for item in study.items()}
        >>> rows = [("asian-disease", i.condition, "choice", i.item, "1", 1.0, [0.6, 0.4], 0.0, 1.0)
        ...         for i in study.items()]
        >>> table = pl.DataFrame(rows, schema=PREDICTIONS, orient="row")
        >>> found = evaluate(items, human_responses(study), table, "guess", np.random.default_rng(1))
        >>> round(found.overall["guess"]["wasserstein"].value, 3), found.resampled
        (0.249, 'people')
    """
    beside = beside or Beside()
    systems = (name, *CONTROLS, *beside.further)
    twice = next((system for place, system in enumerate(systems) if system in systems[:place]), None)
    if name in CONTROLS or twice:
        raise InputError(f"a system is named '{twice or name}', which is another's name. Give it another name.")
    matched = match(items, responses, predictions, name, beside.further)
    found = gather(matched.blocks, systems)
    resampled_what = way(found, beside.people_known)
    resampled = resample(found, resampled_what, draws, rng)
    level = expanded(len(found.studies)) if resampled_what == "studies and cells" else 0.95
    known = ~np.isnan(found.table.values[:, found.columns.index((name, "wasserstein"))])
    metric: DistanceName = "wasserstein" if known.any() else "total_variation"
    by_person = sum(int(a.people[a.by_person].sum()) for a, _ in found.by_block)
    return Evaluation(
        name=name,
        studies_n=len(found.studies),
        cells_n=len(found.cells),
        nominal_cells_n=sum(not cell.ordered for cell in found.cells),
        one_condition_cells_n=sum(int((block.cells["conditions"] == 1).sum()) for block in matched.blocks),
        answers_n=int(found.answers.sum()),
        answers_per_cell=float(np.median(found.answers)),
        matched_by_person=by_person,
        matched_by_mean=int(found.answers.sum()) - by_person,
        people_n=_people(pl.concat([block.rows for block in matched.blocks])),
        people_known=beside.people_known,
        left_out=_left_out(matched.left_out, found.cells, name),
        resampled=resampled_what,
        draws=draws,
        overall=_overall(found, resampled, level),
        perfect_wasserstein=_perfect(found),
        differences={other: _differences(found, resampled, other, level) for other in systems[1:]},
        difference_metric=metric,
        reached={system: _reached(found, resampled, system, level) for system in systems if system != "uniform"},
        **details(matched.blocks, found, name, rng, beside.respondents),
        probability_zero=found.probability_zero,
        covered=_covered(matched.predictions["covered"].drop_nulls().drop_nans()),
        studies=_studies(found),
        cells=found.cells,
    )


def _people(rows: pl.DataFrame) -> int:
    """Return how many people answered; see `Evaluation.people_n`."""
    known = rows.filter(pl.col("respondent").is_not_null()).select("study", "respondent").n_unique()
    nameless = rows.filter(pl.col("respondent").is_null())
    questions = nameless.group_by("study", "condition", "question").agg(pl.col("n").sum())
    return known + int(questions.group_by("study", "condition").agg(pl.col("n").max())["n"].sum())


def _left_out(answers: Counter[str], cells: list[Cell], name: str) -> dict[str, int]:
    reasons = answers.copy()
    for cell in cells:
        few, flat = cell.answers < 2, cell.wasserstein_observed[name] is None
        reasons["fewer than 2 answers in the cell"] += few
        reasons["no order on the scale, so no Wasserstein"] += not cell.ordered
        reasons["one answer given by all, so no observed range"] += cell.ordered and flat and not few
    return {reason: reasons[reason] for reason in LEFT_OUT if reasons[reason]}


def _overall(found: Gathered, resampled: FloatArray, level: float) -> dict[str, dict[MetricName, Estimate]]:
    values = overall(found.table)
    estimates: dict[str, dict[MetricName, Estimate]] = {system: {} for system in found.systems}
    for column, (system, metric) in enumerate(found.columns):
        known = ~np.isnan(found.table.values[:, column])
        n = known.sum() if found.table.equal[column] else found.answers[known].sum()
        low, high = interval(resampled[:, column], level)
        # No metric is below 0, which draws centred on a small one may be.
        low = max(low, min(0.0, float(values[column]))) if np.isfinite(low) else low
        estimates[system][metric] = Estimate(value=float(values[column]), low=low, high=high, n=int(n))
    return estimates


def _perfect(found: Gathered) -> float:
    """Return the Wasserstein expected of a perfect prediction: the mean over cells, then over studies."""
    return float(overall(found.table)[-1])


def _differences(found: Gathered, resampled: FloatArray, other: str, level: float) -> dict[MetricName, Estimate]:
    """Return the system's mean of every metric minus that of another, paired by resample, over the cells of both.

    Where the other lacks cells that the system has, its resampled means are of other cells, and there is no interval.
    """
    estimates: dict[MetricName, Estimate] = {}
    for metric in METRICS:
        own, theirs = (found.columns.index((system, metric)) for system in (found.systems[0], other))
        columns = found.table.values[:, [own, theirs]]
        missing = np.isnan(columns)
        both = np.logical_not(missing[:, 0] | missing[:, 1])
        common = replace(
            found.table, values=np.where(both[:, None], columns, np.nan), equal=found.table.equal[[own, theirs]]
        )
        # inf - inf is unknown.
        with np.errstate(invalid="ignore"):
            value = _or_zero(np.subtract(*overall(common))).item()
            drawn = _or_zero(resampled[:, own] - resampled[:, theirs])
        same = bool((missing[:, 0] == missing[:, 1]).all())
        n = int(both.sum()) if found.table.equal[own] else int(found.answers[both].sum())
        estimates[metric] = estimate(value, drawn if same else np.full(1, np.nan), n, level)
    return estimates


def _or_zero(difference: FloatArray) -> FloatArray:
    """Return a difference, 0 where it is one of rounding alone: nobody is closer by 1e-17."""
    return np.where(np.abs(difference) < 1e-12, 0.0, difference)


def _reached(found: Gathered, resampled: FloatArray, system: str, level: float) -> Estimate:
    """Return how much of the way from `uniform` to a perfect prediction a system has gone, paired by resample."""
    own, guess = (found.columns.index((each, "wasserstein")) for each in (system, "uniform"))

    def share(means: FloatArray) -> FloatArray:
        way = means[..., guess] - means[..., -1]
        return (means[..., guess] - means[..., own]) / np.where(way > 0, way, np.nan)

    low, high = interval(share(resampled), level)
    n = int(np.isfinite(found.table.values[:, own]).sum())
    return Estimate(value=float(share(overall(found.table))), low=low, high=high, n=n)


def _covered(covered: pl.Series) -> Covered:
    known = covered.to_numpy()
    if not known.size:
        return Covered(mean=None, minimum=None)
    return Covered(mean=float(known.mean()), minimum=float(known.min()))


def _studies(found: Gathered) -> list[StudyScores]:
    values = within_studies(found.table)
    studies: list[StudyScores] = []
    for place, study in enumerate(found.studies):
        metrics: dict[str, dict[MetricName, float | None]] = {system: {} for system in found.systems}
        for column, (system, metric) in enumerate(found.columns):
            metrics[system][metric] = float(values[place, column])
        of_study = found.table.study == place
        answers = int(found.answers[of_study].sum())
        studies.append(StudyScores(study=study, cells=int(of_study.sum()), answers=answers, metrics=metrics))
    return studies
