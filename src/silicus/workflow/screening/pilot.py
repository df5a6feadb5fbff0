"""The pilot of a screening: its effects alone, the simulation rectified by them, and what more people would bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from silicus.effects import (
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
    more_answers,
    rectify,
)
from silicus.errors import SilicusError
from silicus.options import ScreenOptions
from silicus.study import Pilot, Scale
from silicus.workflow.run import Run

__all__ = ["with_pilot"]

_UNKNOWN = Amount(value=None, standard_error=None, low=None, high=None)
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
    explained = _explained(people.answers, people.predicted[np.arange(len(people.arm)), people.arm], people.arm)
    return {
        name: PilotScreen(
            alone=alone[question, name],
            rectified=each,
            adjusted=_amount(contrast, both.screen.alpha),
            explained=explained,
            more=[] if each is None or price is None or each.reason else more_answers(each, price),
            reason=reason,
        )
        for name, each, contrast in zip(names, rectified or [None] * len(names), adjusted, strict=True)
    }


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
        return _UNKNOWN.model_copy(update={"value": contrast.estimate if np.isfinite(contrast.estimate) else None})
    low, high = contrast.interval(alpha)
    return Amount(value=contrast.estimate, standard_error=contrast.standard_error, low=low, high=high)


def _repeated(people: Predicted) -> Sequence[str] | None:
    """Return who answered, where anybody did so more than once."""
    names = people.respondent or ()
    return names if len(set(names)) < len(names) else None


def _explained(
    answers: npt.NDArray[np.float64], predicted: npt.NDArray[np.float64], arm: npt.NDArray[np.int64]
) -> float:
    """Return the squared correlation of answers and predictions within arms; 0 where one of them is flat."""
    size = np.bincount(arm)
    own, said = (each - (np.bincount(arm, each) / size)[arm] for each in (answers, predicted))
    below = float(own @ own) * float(said @ said)
    return float(own @ said) ** 2 / below if below > 0 else 0.0


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
    total = pl.col("probabilities").list.sum().fill_null(float("nan"))
    asked = (pl.col("question") == question) & pl.col("condition").is_in(conditions)
    return run.predictions.filter(asked & ~total.is_nan())


def _means(rows: pl.DataFrame, scale: Scale) -> pl.Series:
    points = np.asarray(scale.values, dtype=np.float64)
    p = rows["probabilities"].list.explode(empty_as_null=False).cast(pl.Float64).to_numpy().reshape(-1, len(points))
    return pl.Series(p @ points / p.sum(axis=1))


def _scale(run: Run, question: str) -> Scale:
    return next(item.scale for item in run.items.values() if item.question == question)
