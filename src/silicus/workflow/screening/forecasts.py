"""What is to be expected of people, from predictions and the model's past errors: cells, arms, questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from silicus.effects import (
    UNKNOWN,
    Amount,
    ArmForecast,
    ArmScreen,
    Basis,
    Belief,
    Budget,
    CellScreen,
    Choice,
    Direction,
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
from silicus.study import Item, Scale, prediction_failed
from silicus.workflow.run import Run

__all__ = ["Outlook", "arm_screens", "cell_screens", "question_screens", "sized"]

_NO_PAST = (
    "no past studies were given, so that nothing is known of how far this model lies from people: an interval made of "
    "simulated draws alone would tell how often it was asked. Give runs on past studies with --past"
)


_LEAST_FREEDOM = 3.0
"""Of fewer degrees of freedom Student's t has no variance."""


@dataclass(frozen=True)
class Outlook:
    """What past studies say of the model's errors.

    Attributes:
        means: errors of means; `None` where no past was given.
        effects: errors of effects; `None` where no past was given.
        record: the same at 95 %, whatever level was declared for the study's own tests.
        spread: how many times as far people's answers spread as predicted ones; `None` where that is unknown.
    """

    means: PastErrors | None = None
    effects: PastErrors | None = None
    record: PastErrors | None = None
    spread: Spread | None = None


def cell_screens(run: Run, outcomes: Sequence[str], outlook: Outlook) -> list[CellScreen]:
    """Return every cell of the outcomes, in the order of the study."""
    items = [item for item in run.items.values() if item.question in outcomes]
    return [_cell(item, run.predictions.filter(_of(item)), outlook.means) for item in items]


def _of(item: Item) -> pl.Expr:
    return (pl.col("condition") == item.condition) & (pl.col("question") == item.question)


def _cell(item: Item, predictions: pl.DataFrame, errors: PastErrors | None) -> CellScreen:
    answered = predictions.filter(~prediction_failed() & (pl.col("weight") > 0))
    points = np.asarray(item.scale.values, dtype=np.float64)
    refusal = answered["refusal"].cast(pl.Float64).fill_null(0.0).to_numpy()
    asked = answered["weight"].to_numpy()
    weight = asked * (1 - refusal)
    if not weight.sum() > 0:
        return CellScreen(
            question=item.question, condition=item.condition, predicted=None, predicted_sd=None, refusal=None,
            expected=UNKNOWN, reason="no respondent has a prediction",
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
        return UNKNOWN, _NO_PAST
    found = forecast(errors, share)
    if found.reason is not None:
        return UNKNOWN, found.reason
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
    if value is None:
        expected, reason = UNKNOWN, effect.reason
    else:
        useless = _useless(outlook.effects)
        expected, reason = (UNKNOWN, useless) if useless else _amount(value / span, span, outlook.effects)
    return ArmScreen(
        question=effect.question, arm=effect.arm, control=effect.control, span=span, predicted=effect,
        expected=expected, reason=reason,
    )  # fmt: skip


def _useless(errors: PastErrors | None) -> str | None:
    """Return why nothing is expected of an effect that a model predicts; `None` where something may be."""
    if errors is None or errors.reason is not None or errors.slope.low is None or errors.slope.low > 0:
        return None
    return (
        "in past studies predicted effects told nothing of people's: the slope of these on those has an interval that "
        "holds 0, or lies below it, so that there is nothing to shrink predicted effects by"
    )


def sized(
    arms: Sequence[ArmScreen], cells: Sequence[CellScreen], outlook: Outlook, plan: ScreenPlan
) -> list[ArmScreen]:
    """Return the arms with how many people each needs, by what is now believed of its effect."""
    sds = {(cell.question, cell.condition): cell.predicted_sd or 0.0 for cell in cells}
    rectified = {arm.question: _all_rectified(arms, arm.question, plan) for arm in arms}
    return [_sized(arm, sds, outlook, plan, (rectified[arm.question], len(arms))) for arm in arms]


def _all_rectified(arms: Sequence[ArmScreen], question: str, plan: ScreenPlan) -> bool:
    """Return whether all arms of a question are to be judged by the rectified simulation.

    All by the same: arms are ranked by it. Where the pilot's own effects are adjusted for covariates, or the rectified
    ones are for strata alone, the two do not estimate alike; where populations differ the rectified effect is of
    neither.
    """
    own = [arm.pilot for arm in arms if arm.question == question]
    known = [pilot.rectified for pilot in own if pilot is not None and pilot.rectified is not None]
    apart = any(pilot is not None and pilot.differs for pilot in own)
    good = len(known) == len(own) and all(each.harm.advised == "rectified" for each in known)
    return good and not apart and not plan.covariates


def _sized(
    arm: ArmScreen,
    sds: Mapping[tuple[str, str], float],
    outlook: Outlook,
    plan: ScreenPlan,
    among: tuple[bool, int],
) -> ArmScreen:
    """Return an arm with the people it needs.

    Args:
        arm: as it is known.
        sds: of predicted answers: question, condition -> points.
        outlook: what past studies say.
        plan: what was declared.
        among: whether the question's arms are judged by the rectified simulation, and the number of all effects.
    """
    rectified, tests = among
    belief, basis = _believed(arm, outlook, rectified=rectified)
    arm = arm.model_copy(update={"basis": basis, "belief": _told(belief)})
    design = _design(arm, sds, plan, 1 if plan.correction == "none" else tests)
    if design is None:
        return arm
    # The pilot shows how far answers spread; without it, past studies say how much too narrow predictions are.
    spread = outlook.spread if arm.pilot is None or arm.pilot.sd is None else None
    value = arm.predicted.points.value
    size = sample_size(value, belief, design, plan.people, goal=plan.power, spread=spread)
    return arm.model_copy(update={"size": size})


def _design(arm: ArmScreen, sds: Mapping[tuple[str, str], float], plan: ScreenPlan, tests: int) -> TwoArms | None:
    """Return the comparison of an arm with the control; `None` where answers do not differ or clusters are unknown."""
    pilot = arm.pilot
    if pilot is not None and pilot.sd is not None:
        effect = pilot.design_effect or 1.0
        return TwoArms(
            sd_arm=pilot.sd, sd_control=pilot.sd, alpha=plan.alpha, tests=tests, design_effect=effect
        )  # fmt: skip
    pair = sds[arm.question, arm.arm], sds[arm.question, arm.control]
    if plan.clusters not in {None, "respondent"} or not min(pair) > 0:
        return None
    return TwoArms(sd_arm=pair[0], sd_control=pair[1], alpha=plan.alpha, tests=tests)


def _told(belief: Belief) -> Amount:
    """Return a belief with its standard deviation, which of Student's t is larger than its scale."""
    value, sd = belief.known or (None, None)
    if sd is not None and np.isfinite(belief.freedom):
        sd *= float(np.sqrt(max(belief.freedom, _LEAST_FREEDOM) / (max(belief.freedom, _LEAST_FREEDOM) - 2)))
    return Amount(value=value, standard_error=sd, low=None, high=None)


def _believed(arm: ArmScreen, outlook: Outlook, *, rectified: bool) -> tuple[Belief, Basis | None]:
    """Return what is believed of an effect: by past errors, by the pilot, or by both, each as exactly as it is known.

    The errors of both are independent: that of past errors is the model's, that of the pilot is chance. Without past
    errors the pilot stands alone, and the arm that looks best in it is likely to be expected too much of.
    """
    df = outlook.effects.studies_n - 1 if outlook.effects and outlook.effects.studies_n > 1 else None
    before = Belief(value=arm.expected.value, sd=arm.expected.standard_error, df=df, reason=arm.reason)
    found = _by_pilot(arm, rectified=rectified)
    if found is None:
        return before, None if before.known is None else "past errors"
    if before.known is None or found.known is None:
        return found, "rectified pilot" if rectified else "pilot alone"
    (first, own), (second, chance) = before.known, found.known
    weight = chance**2 / (own**2 + chance**2)
    value, sd = weight * first + (1 - weight) * second, own * chance / np.hypot(own, chance)
    both = Belief(value=value, sd=float(sd), df=min(before.freedom, found.freedom))
    return both, "past errors and rectified pilot" if rectified else "past errors and pilot alone"


def _by_pilot(arm: ArmScreen, *, rectified: bool) -> Belief | None:
    pilot = arm.pilot
    if pilot is None:
        return None
    if rectified and pilot.rectified is not None:
        found = pilot.rectified
        return Belief(value=found.estimate, sd=found.standard_error, df=found.df)
    alone = pilot.alone
    if alone.points.standard_error is None:
        return None
    return Belief(value=alone.points.value, sd=alone.points.standard_error, df=alone.df)


def question_screens(
    arms: Sequence[ArmScreen],
    cells: Sequence[CellScreen],
    outlook: Outlook,
    plan: ScreenPlan,
    options: ScreenOptions,
    declared: Mapping[str, Direction],
    rng: np.random.Generator,
) -> Iterator[QuestionScreen]:
    """Yield, question by question, which arms to field and what a prediction is worth.

    Args:
        arms: as `sized` returns them.
        cells: the cells of the same questions.
        outlook: what past studies say.
        plan: what was declared.
        options: for the budget.
        declared: which answers the study says are better.
        rng: where the draws of `choose_arms` come from.
    """
    for question in dict.fromkeys(arm.question for arm in arms):
        own = [arm for arm in arms if arm.question == question]
        sd, better = _sd(own, cells, outlook), plan.better_of(question, declared.get(question))
        yield QuestionScreen(
            question=question,
            better=better,
            people_sd=sd,
            choice=None if better is None else _choice(own, sd, better, plan, rng),
            worth=_worth(outlook, sd, own[0].span),
            split=_split(own, sd, options),
        )


def _sd(arms: Sequence[ArmScreen], cells: Sequence[CellScreen], outlook: Outlook) -> float | None:
    """Return how far people's answers spread within an arm: in the pilot, else as predicted and past studies say."""
    known = [arm.pilot.sd for arm in arms if arm.pilot is not None and arm.pilot.sd is not None]
    if known:
        return known[0]
    predicted = [cell.predicted_sd for cell in cells if cell.question == arms[0].question and cell.predicted_sd]
    factor = outlook.spread.value if outlook.spread else 1.0
    return factor * float(np.mean(predicted)) if predicted else None


def _choice(
    arms: Sequence[ArmScreen], sd: float | None, better: Direction, plan: ScreenPlan, rng: np.random.Generator
) -> Choice:
    span = arms[0].span
    fielding = Fielding(
        people=plan.people, sd=sd or span, better=better, matters=plan.matters / 100 * span, keep=plan.keep
    )  # fmt: skip
    forecasts = [ArmForecast(arm.arm, arm.belief.value, arm.belief.standard_error) for arm in arms]
    return choose_arms(forecasts, fielding, rng)


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
