"""The pilot of a screening: its effects alone, the simulation rectified by them, and what more people would bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from silicus.effects import (
    UNKNOWN,
    Amount,
    ArmScreen,
    Contrast,
    Effect,
    EffectsPlan,
    PilotScreen,
    Predicted,
    PredictedRows,
    Rectified,
    RectifyPlan,
    ScreenPlan,
    adjusted_difference,
    effects,
    fit,
    more_answers,
    rectify,
)
from silicus.errors import SilicusError
from silicus.options import ScreenOptions
from silicus.study import Pilot, Scale, prediction_failed
from silicus.workflow.run import Run

__all__ = ["with_pilot"]

Floats = npt.NDArray[np.float64]

_PEOPLE_A_COLUMN = 5
"""With fewer people for each coefficient adjusting costs more than it brings."""
_LEVEL, _SIZE = 0.05, 0.1
"""A difference that passes this level, and this many standard deviations, counts as another population."""
_ROUNDING = 1e-5
"""Predictions are kept with seven digits: of the largest, less than this is none."""
_TOO_FEW = "fewer than 2 people of the pilot answered in the arm or the control"


@dataclass(frozen=True)
class _Both:
    """People and simulated people, question by question.

    Attributes:
        run: the simulation.
        people: the pilot's people, asked in every condition.
        pilot: what they answered.
        plan: what was declared of effects.
        screen: what was declared of the screening.
        simulated_apart: whether ids of the simulated cannot be those of people.
    """

    run: Run
    people: Run
    pilot: Pilot
    plan: EffectsPlan
    screen: ScreenPlan
    simulated_apart: bool

    def spoken(self, question: str, conditions: list[str]) -> Floats:
        """Return what every simulated person is expected to answer in every condition, shape (people, conditions)."""
        expected = _expected(self.run, question, conditions, _scale(self.run, question))
        return expected.drop("respondent").to_numpy()

    def rectify_plan(self) -> RectifyPlan:
        """Return how the simulation is rectified."""
        return RectifyPlan(alpha=self.screen.alpha, shares=self.screen.strata or None)


def with_pilot(  # noqa: PLR0913 - both tables, and what was declared of them
    arms: Sequence[ArmScreen],
    run: Run,
    people: Run,
    pilot: Pilot,
    plan: EffectsPlan,
    screen: ScreenPlan,
    options: ScreenOptions,
    rng: np.random.Generator,
) -> list[ArmScreen]:
    """Return the arms with what the pilot adds to each; those on questions it was not asked are left as they are."""
    known = pilot.respondents.join(pilot.beside, on="respondent", how="left")
    asked = tuple(question for question in plan.outcomes if question in set(pilot.responses["question"]))
    declared = plan.model_copy(update={"outcomes": asked, "moderators": ()})
    alone = {(each.question, each.arm): each for each in effects(pilot.responses, people.items, known, declared, rng)}
    both = _Both(run, people, pilot, plan, screen, options.respondents.isdigit())
    found = {
        (question, arm): each
        for question in asked
        for arm, each in _question(both, question, alone, options.price_person).items()
    }
    return [arm.model_copy(update={"pilot": found.get((arm.question, arm.arm))}) for arm in arms]


def _question(
    both: _Both, question: str, alone: dict[tuple[str, str], Effect], price: float | None
) -> dict[str, PilotScreen]:
    """Return arm -> what the pilot adds, for the arms that it has."""
    names = [arm for other, arm in alone if other == question]
    conditions = [both.plan.control, *names]
    people, pool = _people(both, question, conditions), _pool(both, question, conditions)
    assert people.answers is not None  # noqa: S101 - people have answered
    assert people.arm is not None  # noqa: S101 - and were in an arm
    rectified, reason = _rectified(people, pool, both.rectify_plan(), len(conditions))
    cluster = people.cluster if people.cluster is not None else _repeated(people)
    adjusted = adjusted_difference(people.answers, people.arm, people.predicted, people.weight, cluster)
    said = people.predicted[np.arange(len(people.arm)), people.arm]
    plain = _adjusted_for_attributes(both, question)
    sd = _within(people.answers, people.arm)
    return {
        name: PilotScreen(
            alone=alone[question, name],
            rectified=each,
            adjusted=_amount(contrast, both.screen.alpha),
            attributes=plain.get(name, UNKNOWN),
            explained=_explained(people.answers, said, people.arm),
            sd=sd,
            design_effect=_design_effect(alone[question, name], sd),
            differs=_differs(people, both.spoken(question, conditions), arm),
            more=[] if each is None or price is None or each.reason else more_answers(each, price),
            reason=reason,
        )
        for arm, (name, each, contrast) in enumerate(
            zip(names, rectified or [None] * len(names), adjusted, strict=True), 1
        )
    }


def _adjusted_for_attributes(both: _Both, question: str) -> dict[str, Amount]:
    """Return arm -> the pilot's effect adjusted for what the model is told; empty where that is too much."""
    people = both.pilot.respondents
    told = [name for name in people.columns if name not in {"respondent", "weight"}]
    columns = sum(1 if people[name].dtype.is_numeric() else people[name].n_unique() - 1 for name in told)
    arms = both.pilot.responses["condition"].n_unique()
    if not told or (columns + 1) * arms * _PEOPLE_A_COLUMN > len(people):
        return {}
    plan = both.plan.model_copy(
        update={"outcomes": (question,), "moderators": (), "covariates": tuple(told), "correction": "none"}
    )
    known = people.join(both.pilot.beside, on="respondent", how="left")
    found = effects(both.pilot.responses, both.people.items, known, plan, np.random.default_rng(0))
    return {each.arm: each.points for each in found}


def _within(answers: Floats, arm: npt.NDArray[np.int64]) -> float | None:
    """Return the standard deviation of answers within arms; `None` where it is unknown or 0."""
    size = np.bincount(arm)
    left = answers - (np.bincount(arm, answers) / np.maximum(size, 1))[arm]
    freedom = len(answers) - int((size > 0).sum())
    sd = float(np.sqrt(left @ left / freedom)) if freedom > 0 else 0.0
    return sd if sd > 0 else None


def _design_effect(alone: Effect, sd: float | None) -> float | None:
    """Return by how much the variance of an effect differs from that of as many independent answers."""
    error = alone.points.standard_error
    if sd is None or error is None or not error > 0:
        return None
    return error**2 / (sd**2 * (1 / alone.n_arm + 1 / alone.n_control))


def _differs(people: Predicted, pool: Floats, arm: int) -> str | None:
    """Return why an effect as simulated of the pilot's people is not that of simulated people; `None` where it is.

    Compared are predictions of an arm less those of the control, person by person: a difference in levels does no harm.
    """
    own, others = (each[:, arm] - each[:, 0] for each in (people.predicted, pool))
    if min(len(own), len(others)) < 2:
        return None
    first = np.r_[np.ones(len(own)), np.zeros(len(others))]
    found = fit(np.column_stack([np.ones(len(first)), first]), np.r_[own, others]).contrast([0, 1])
    spread = float(np.std(np.r_[own, others]))
    least = max(_SIZE * spread, _ROUNDING * float(np.max(np.abs(people.predicted))))
    if not (found.p < _LEVEL and abs(found.estimate) > least):
        return None
    return (
        f"simulated of the pilot's people the effect is {own.mean():+.2f} points, of the simulated ones "
        f"{others.mean():+.2f}: these are two populations, and a rectified effect is neither's. Simulate people like "
        "those of the pilot (--respondents)"
    )


def _rectified(
    people: Predicted, pool: PredictedRows, plan: RectifyPlan, arms: int
) -> tuple[list[Rectified] | None, str | None]:
    """Return the rectified effect of every arm; or why there is none."""
    if np.bincount(people.arm if people.arm is not None else [], minlength=arms).min() < 2:
        return None, _TOO_FEW
    rows = people.rows(arms)
    try:
        return [rectify(rows, pool, np.eye(arms)[arm], plan) for arm in range(1, arms)], None
    except SilicusError as error:
        # A stratum without people, say: the pilot alone still stands.
        return None, str(error)


def _amount(contrast: Contrast, alpha: float) -> Amount:
    if not np.isfinite(contrast.standard_error) or not contrast.df > 0:
        return UNKNOWN.model_copy(update={"value": contrast.estimate if np.isfinite(contrast.estimate) else None})
    low, high = contrast.interval(alpha)
    return Amount(value=contrast.estimate, standard_error=contrast.standard_error, low=low, high=high)


def _repeated(people: Predicted) -> Sequence[str] | None:
    """Return who answered, where anybody did so more than once."""
    names = people.respondent or ()
    return names if len(set(names)) < len(names) else None


def _explained(answers: Floats, predicted: Floats, arm: npt.NDArray[np.int64]) -> float:
    """Return the adjusted squared correlation of answers and predictions within arms; 0 where it is negative."""
    size = np.maximum(np.bincount(arm), 1)
    own, said = (each - (np.bincount(arm, each) / size)[arm] for each in (answers, predicted))
    below = float(own @ own) * float(said @ said)
    freedom = len(arm) - len(size) - 1
    if not below > 0 or freedom < 1 or own @ said <= 0:
        return 0.0
    return max(0.0, 1 - (1 - float(own @ said) ** 2 / below) * (freedom + 1) / freedom)


# --- from tables to arrays


def _people(both: _Both, question: str, conditions: list[str]) -> Predicted:
    """Return the people of the pilot who answered on the scale, with what each is predicted to answer in every arm."""
    scale = _scale(both.people, question)
    given = (pl.col("question") == question) & pl.col("response").is_in(list(scale.values)) & (pl.col("weight") > 0)
    answers = both.pilot.responses.filter(given & pl.col("condition").is_in(conditions))
    known = both.pilot.respondents.drop("weight").join(both.pilot.beside, on="respondent")
    for table in (_expected(both.people, question, conditions, scale), known):
        answers = answers.join(table, on="respondent", how="inner", maintain_order="left")
    clusters = both.plan.clusters
    return Predicted(
        predicted=answers.select(f"arm.{name}" for name in conditions).to_numpy(),
        answers=answers["response"].cast(pl.Float64).to_numpy(),
        arm=answers["condition"].replace_strict(conditions, range(len(conditions)), return_dtype=pl.Int64).to_numpy(),
        weight=answers["weight"].to_numpy() if both.screen.weights else None,
        cluster=None if clusters in {None, "respondent"} else answers[str(clusters)].cast(pl.String).to_list(),
        stratum=_stratum(answers, both.screen.stratum),
        respondent=answers["respondent"].to_list(),
    )


def _pool(both: _Both, question: str, conditions: list[str]) -> PredictedRows:
    """Return what simulated people are predicted to answer, a row an arm of each, as the simulated effect has them."""
    rows = _known(both.run, question, conditions)
    answering = 1 - pl.col("refusal").cast(pl.Float64).fill_null(0.0)
    rows = rows.with_columns(mean=_means(rows, _scale(both.run, question)), weight=pl.col("weight") * answering)
    # Bundled profiles are nobody of the pilot, whatever their ids.
    name = pl.format("simulated {}", "respondent") if both.simulated_apart else pl.col("respondent")
    people = both.run.respondents.drop("weight")
    table = rows.filter(pl.col("weight") > 0).join(people, on="respondent", how="left", maintain_order="left")
    dummies = (table["condition"] == each for each in conditions[1:])
    return PredictedRows(
        np.column_stack([np.ones(len(table)), *dummies]).astype(np.float64),
        table["mean"].to_numpy(),
        weight=table["weight"].to_numpy() if both.screen.weights else None,
        stratum=_stratum(table, both.screen.stratum),
        respondent=table.select(name.alias("name"))["name"].to_list(),
    )


def _stratum(table: pl.DataFrame, name: str | None) -> list[str] | None:
    return None if name is None else table[name].cast(pl.String).fill_null("unknown").to_list()


def _expected(run: Run, question: str, conditions: list[str], scale: Scale) -> pl.DataFrame:
    """Return `respondent` and the expected answer in every condition, for those who have them all."""
    rows = _known(run, question, conditions)
    wide = rows.with_columns(mean=_means(rows, scale)).pivot("condition", index="respondent", values="mean")
    return wide.select("respondent", *(pl.col(name).alias(f"arm.{name}") for name in conditions)).drop_nulls()


def _known(run: Run, question: str, conditions: list[str]) -> pl.DataFrame:
    """Return the predictions of a question that did not fail."""
    asked = (pl.col("question") == question) & pl.col("condition").is_in(conditions)
    return run.predictions.filter(asked & ~prediction_failed())


def _means(rows: pl.DataFrame, scale: Scale) -> pl.Series:
    points = np.asarray(scale.values, dtype=np.float64)
    p = rows["probabilities"].list.explode(empty_as_null=False).cast(pl.Float64).to_numpy().reshape(-1, len(points))
    return pl.Series(p @ points / p.sum(axis=1))


def _scale(run: Run, question: str) -> Scale:
    return next(item.scale for item in run.items.values() if item.question == question)
