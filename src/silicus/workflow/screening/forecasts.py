"""What is to be expected of people, from predictions and the model's past errors: cells, arms, questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from silicus.effects import (
    Amount,
    ArmForecast,
    ArmScreen,
    Basis,
    Belief,
    Budget,
    CellScreen,
    Effect,
    Fielding,
    PastErrors,
    PilotScreen,
    QuestionScreen,
    ScreenPlan,
    Split,
    Spread,
    TwoArms,
    Worth,
    choose_arms,
    forecast,
    sample_size,
    split_budget,
    worth,
)
from silicus.options import ScreenOptions
from silicus.study import Item, Scale
from silicus.workflow.run import Run

__all__ = ["Outlook", "arm_screens", "cell_screens", "question_screens", "sized"]

_NO_PAST = (
    "no past studies were given, so that nothing is known of how far this model lies from people: an interval made of "
    "simulated draws alone would tell how often it was asked. Give runs on past studies with --past"
)


_UNKNOWN = Amount(value=None, standard_error=None, low=None, high=None)


@dataclass(frozen=True)
class Outlook:
    """What past studies say of the model's errors.

    Attributes:
        means: errors of means; `None` where no past was given.
        effects: errors of effects; `None` where no past was given.
        spread: how many times as far people's answers spread as predicted ones; `None` where that is unknown.
    """

    means: PastErrors | None = None
    effects: PastErrors | None = None
    spread: Spread | None = None


def cell_screens(run: Run, outcomes: Sequence[str], outlook: Outlook) -> list[CellScreen]:
    """Return every cell of the outcomes, in the order of the study."""
    items = [item for item in run.items.values() if item.question in outcomes]
    return [_cell(item, run.predictions.filter(_of(item)), outlook.means) for item in items]


def _of(item: Item) -> pl.Expr:
    return (pl.col("condition") == item.condition) & (pl.col("question") == item.question)


def _cell(item: Item, predictions: pl.DataFrame, errors: PastErrors | None) -> CellScreen:
    answered = predictions.filter(~pl.col("probabilities").list.sum().is_nan() & (pl.col("weight") > 0))
    points = np.asarray(item.scale.values, dtype=np.float64)
    refusal = answered["refusal"].cast(pl.Float64).fill_null(0.0).to_numpy()
    asked = answered["weight"].to_numpy()
    weight = asked * (1 - refusal)
    if not weight.sum() > 0:
        return CellScreen(
            question=item.question, condition=item.condition, predicted=None, predicted_sd=None, refusal=None,
            expected=_UNKNOWN, reason="no respondent has a prediction",
        )  # fmt: skip
    p = np.average(np.stack([np.asarray(each, dtype=np.float64) for each in answered["probabilities"]]), 0, weight)
    p = p / p.sum()
    mean = float(p @ points)
    expected, reason = _expected(mean, item.scale, errors)
    return CellScreen(
        question=item.question,
        condition=item.condition,
        predicted=mean,
        predicted_sd=float(np.sqrt(p @ (points - mean) ** 2)),
        refusal=float(np.average(refusal, weights=asked)),
        expected=expected,
        reason=reason,
    )


def _expected(mean: float, scale: Scale, errors: PastErrors | None) -> tuple[Amount, str | None]:
    low, span = scale.values[0], scale.values[-1] - scale.values[0]
    return _amount((mean - low) / span, span, errors, start=low)


def _amount(share: float, span: float, errors: PastErrors | None, start: float = 0.0) -> tuple[Amount, str | None]:
    """Return what is expected, in points, of a predicted share of the range; and why there is no interval."""
    if errors is None:
        return _UNKNOWN, _NO_PAST
    found = forecast(errors, share)
    if found.reason is not None:
        return _UNKNOWN, found.reason
    value, low, high = (start + span * float(each) for each in (found.value, found.low, found.high))
    # The widened scale, so that what is believed has the interval that is told.
    sd = span * float(found.sd) * float(errors.widening or 1.0)
    return Amount(value=value, standard_error=sd, low=low, high=high), None


def arm_screens(effects: Sequence[Effect], scales: Mapping[str, Scale], outlook: Outlook) -> list[ArmScreen]:
    """Return every predicted effect with what is to be expected of people.

    Args:
        effects: the average effects, of predictions.
        scales: question -> its scale.
        outlook: what past studies say.
    """
    return [_arm(each, scales[each.question], outlook) for each in effects]


def _arm(effect: Effect, scale: Scale, outlook: Outlook) -> ArmScreen:
    span = float(scale.values[-1] - scale.values[0])
    value = effect.points.value
    expected, reason = (_UNKNOWN, effect.reason) if value is None else _amount(value / span, span, outlook.effects)
    return ArmScreen(
        question=effect.question, arm=effect.arm, control=effect.control, span=span, predicted=effect,
        expected=expected, reason=reason,
    )  # fmt: skip


def sized(
    arms: Sequence[ArmScreen], cells: Sequence[CellScreen], outlook: Outlook, plan: ScreenPlan
) -> list[ArmScreen]:
    """Return the arms with how many people each needs, by what is now believed of its effect."""
    sds = {(cell.question, cell.condition): cell.predicted_sd or 0.0 for cell in cells}
    return [_sized(arm, sds, outlook, plan, len(arms)) for arm in arms]


def _sized(
    arm: ArmScreen, sds: Mapping[tuple[str, str], float], outlook: Outlook, plan: ScreenPlan, tests: int
) -> ArmScreen:
    belief, basis = _believed(arm, outlook)
    pair = sds[arm.question, arm.arm], sds[arm.question, arm.control]
    if not min(pair) > 0:
        return arm.model_copy(update={"basis": basis})
    corrected = 1 if plan.correction == "none" else tests
    design = TwoArms(sd_arm=pair[0], sd_control=pair[1], alpha=plan.alpha, tests=corrected)
    value = arm.predicted.points.value
    size = sample_size(value, belief, design, plan.people, goal=plan.power, spread=outlook.spread)
    return arm.model_copy(update={"basis": basis, "size": size})


def _believed(arm: ArmScreen, outlook: Outlook) -> tuple[Belief, Basis | None]:
    """Return what is believed of an effect: by the pilot where there is one, else by the model's past errors."""
    pilot = arm.pilot
    if pilot is not None and pilot.rectified is not None and pilot.rectified.harm.advised == "rectified":
        found = pilot.rectified
        return Belief(value=found.estimate, sd=found.standard_error, df=found.df), "rectified pilot"
    if pilot is not None and pilot.alone.points.standard_error is not None:
        alone = pilot.alone
        return Belief(value=alone.points.value, sd=alone.points.standard_error, df=alone.df), "pilot alone"
    df = outlook.effects.studies_n - 1 if outlook.effects and outlook.effects.studies_n > 1 else None
    found = arm.expected
    basis: Basis | None = None if found.standard_error is None else "past errors"
    return Belief(value=found.value, sd=found.standard_error, df=df, reason=arm.reason), basis


def question_screens(
    arms: Sequence[ArmScreen],
    cells: Sequence[CellScreen],
    outlook: Outlook,
    plan: ScreenPlan,
    options: ScreenOptions,
    rng: np.random.Generator,
) -> Iterator[QuestionScreen]:
    """Yield, question by question, which arms to field and what a prediction is worth."""
    for question in dict.fromkeys(arm.question for arm in arms):
        own = [arm for arm in arms if arm.question == question]
        predicted = [cell.predicted_sd for cell in cells if cell.question == question and cell.predicted_sd]
        factor = outlook.spread.value if outlook.spread else 1.0
        sd = factor * float(np.mean(predicted)) if predicted else None
        better = plan.better_of(question)
        fielding = Fielding(
            people=plan.people, sd=sd or own[0].span, better=better, matters=plan.matters / 100 * own[0].span,
            keep=plan.keep,
        )  # fmt: skip
        beliefs = [_believed(arm, outlook)[0] for arm in own]
        forecasts = [ArmForecast(arm.arm, each.value, each.sd) for arm, each in zip(own, beliefs, strict=True)]
        yield QuestionScreen(
            question=question,
            better=better,
            people_sd=sd,
            choice=choose_arms(forecasts, fielding, rng),
            worth=_worth(outlook, sd, own[0].span),
            split=_split(own, sd, options),
        )


def _worth(outlook: Outlook, sd: float | None, span: float) -> Worth | None:
    if sd is None or outlook.effects is None:
        return None
    return worth(outlook.effects, min((sd / span) ** 2, 0.25))


def _split(arms: Sequence[ArmScreen], sd: float | None, options: ScreenOptions) -> Split | None:
    """Return how to split the budget: for that the pilot has to say how answers go along with predictions."""
    if options.budget is None or options.price_person is None or sd is None:
        return None
    r2 = _explained([arm.pilot for arm in arms if arm.pilot is not None])
    return split_budget(Budget(money=options.budget, person=options.price_person, arms=len(arms) + 1), sd, r2)


def _explained(pilots: Sequence[PilotScreen]) -> float | None:
    """Return the share of the variance of answers within arms that predictions explain, in the pilot."""
    found = [pilot.explained for pilot in pilots if pilot.explained is not None]
    return float(np.mean(found)) if found else None
