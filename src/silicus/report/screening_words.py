"""A screening in words: what both its page and the prompt say of effects, numbers of people, and trust."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from silicus.effects import Amount, ArmScreen, QuestionScreen, SampleSize, Screening
from silicus.errors import counted
from silicus.report.words import DASH, number, percent

__all__ = [
    "SYNTHETIC",
    "VERDICTS",
    "ArmRow",
    "arm_rows",
    "needed_how",
    "needed_rows",
    "past_sentences",
    "people",
    "pilot_sentences",
    "recommendations",
    "rests_sentences",
    "with_ends",
    "worth_sentences",
]

SYNTHETIC = "These are simulated answers, not data from people."

VERDICTS = {
    "supported": "The checks speak for the simulation, within the intervals below.",
    "weak": "Take this as a hint of what to test, not as evidence.",
    "do not use": "Do not base a decision on this simulation.",
}
"""What each verdict means for whoever reads it."""

_BASES = {
    "past errors": "the model's past errors",
    "rectified pilot": "the rectified pilot",
    "pilot alone": "the pilot alone, so that the arm that looks best is likely to be expected too much of",
    "past errors and rectified pilot": "the model's past errors and the rectified pilot together",
    "past errors and pilot alone": "the model's past errors and the pilot's own effects together",
}


@dataclass(frozen=True)
class ArmRow:
    """An effect as a row of a table, in points of the scale; texts.

    Attributes:
        question: its id.
        arm: its id.
        simulated: as the model has it.
        percent: the same in percent of the scale's range.
        expected: what past errors lead to expect of people, with the prediction interval.
        alone: the pilot alone.
        rectified: the simulation rectified by the pilot.
        adjusted: the pilot adjusted for predictions.
        attributes: the pilot adjusted for what the model is told, without a model.
    """

    question: str
    arm: str
    simulated: str
    percent: str
    expected: str
    alone: str
    rectified: str
    adjusted: str
    attributes: str


def with_ends(amount: Amount, digits: int = 2) -> str:
    """Return a number with its interval, a dash where it is unknown."""
    low, high = number(amount.low, digits, signed=True), number(amount.high, digits, signed=True)
    ends = "" if DASH in {low, high} else f" [{low}, {high}]"
    return number(amount.value, digits, signed=True) + ends


def arm_rows(screening: Screening) -> list[ArmRow]:
    """Return every effect as texts, in the order of the plan."""
    return [_row(arm) for arm in screening.arms]


def _row(arm: ArmScreen) -> ArmRow:
    pilot = arm.pilot
    found = pilot.rectified if pilot is not None else None
    rectified = (
        DASH
        if found is None
        else with_ends(
            Amount(value=found.estimate, standard_error=found.standard_error, low=found.low, high=found.high)
        )
    )
    return ArmRow(
        question=arm.question,
        arm=arm.arm,
        simulated=number(arm.predicted.points.value, 2, signed=True),
        percent=number(arm.predicted.percent.value, 1, signed=True),
        expected=with_ends(arm.expected),
        alone=DASH if pilot is None else with_ends(pilot.alone.points),
        rectified=rectified,
        adjusted=DASH if pilot is None else with_ends(pilot.adjusted),
        attributes=DASH if pilot is None else with_ends(pilot.attributes),
    )


def people(count: int | None) -> str:
    """Return a number of people, a dash where it is unknown."""
    return DASH if count is None else f"{count:,}"


def needed_rows(screening: Screening) -> list[list[str]]:
    """Return how many people each arm needs: question, arm, then by what is taken for the effect, and what is found.

    The columns are those of `NEEDED`. Where the model failed a check, nothing is said of its effects.
    """
    return [_needed(arm, arm.size, _believable(arm, screening)) for arm in screening.arms if arm.size is not None]


def _believable(arm: ArmScreen, screening: Screening) -> bool:
    """Return whether there is more to go by than a model that failed a check."""
    return screening.gate.verdict != "do not use" or (arm.basis is not None and "pilot" in arm.basis)


def _needed(arm: ArmScreen, size: SampleSize, believable: bool) -> list[str]:
    basis = _BASES[arm.basis].partition(",")[0] if arm.basis else "nothing"
    of_people = [size.shrunken.arm, size.safeguard.arm, size.assured.arm] if believable else [None] * 3
    return [
        arm.question,
        arm.arm,
        people(size.naive.arm if believable else None),
        *map(people, of_people),
        percent(size.assurance if believable else None),
        number(size.detectable.value, 2),
        basis if believable else "nothing",
    ]


def needed_how(screening: Screening) -> list[str]:
    """Return how numbers of people were worked out, in sentences."""
    known = [arm for arm in screening.arms if arm.size is not None]
    told = [f"{arm.size.how.partition('; variances times')[0]}." for arm in known if arm.size is not None]
    effects = [
        arm.pilot.design_effect for arm in known if arm.pilot is not None and arm.pilot.design_effect is not None
    ]
    if effects:
        ends = f"{number(min(effects), 2)} to {number(max(effects), 2)}"
        told.append(f"People's spread is the pilot's, and variances are its design effects ({ends}) times as large.")
    return list(dict.fromkeys(told))


def rests_sentences(screening: Screening) -> Iterator[str]:
    """Yield what numbers of people rest on, where they rest on something."""
    known = [arm for arm in screening.arms if arm.basis is not None and arm.size is not None]
    for basis in dict.fromkeys(arm.basis for arm in known):
        own = [f"{arm.arm} on {arm.question}" for arm in known if arm.basis == basis]
        what = "What is expected" if len(own) == len(screening.arms) else f"What is expected of {', '.join(own)}"
        yield f"{what} rests on {_BASES[str(basis)]}."


def recommendations(screening: Screening) -> Iterator[str]:
    """Yield, question by question, which arms to field, or why nothing can be said."""
    believable = {arm.question for arm in screening.arms if _believable(arm, screening)}
    if not believable:
        yield "No arm is recommended: the model failed a check, so its effects are no reason to prefer one."
        return
    for question in screening.questions:
        yield _recommended(question, screening, believable=question.question in believable)


def _recommended(question: QuestionScreen, screening: Screening, *, believable: bool) -> str:
    choice, lead = question.choice, f"{question.question} ({question.better} is better): "
    if not believable:
        return f"{question.question}: no arm is recommended, for the model failed a check and no pilot answered."
    if choice is None:
        return (
            f"{question.question}: no arm is recommended, for nobody said which answers are better ('better' in the "
            "study or the plan)."
        )
    if choice.recommended is None:
        return f"{lead}which arm to field cannot be told, for {choice.reason}."
    better = {each.arm for each in choice.arms if (each.better.value or 0.0) > 0.5}
    named = [arm for arm in choice.recommended if arm in better]
    control = percent(choice.control_best.value)
    if not named:
        return (
            f"{lead}no arm is worth fielding: none is rather better than the control than worse, and with probability "
            f"{control} none is better at all."
        )
    found = next(each for each in choice.sets if each.arms == choice.recommended)
    return (
        f"{lead}field {' and '.join(named)} beside the control; the best of all, the control itself with probability "
        f"{control}, is among {' and '.join([*choice.recommended, 'it'])} with probability "
        f"{percent(found.holds_best.value)} (give or take {percent(2 * (found.holds_best.error or 0), 1)} for random "
        f"draws; {percent(screening.plan.keep)} was asked for)."
    )


def past_sentences(screening: Screening) -> Iterator[str]:
    """Yield what past studies say of the model's errors."""
    for errors, what in ((screening.past_effects, "effects"), (screening.past_means, "means")):
        if errors is None:
            continue
        if errors.reason is not None:
            yield f"Of {what} there are no prediction intervals: {errors.reason}."
            continue
        slope, held = errors.slope, errors.held_out
        studies = counted(errors.studies_n, "past study", "past studies")
        yield (
            f"Past {what}: {studies}, {errors.quantities_n:,} "
            f"{'differences' if what == 'effects' else 'means'}. People's were {number(slope.value, 2)} "
            f"[{number(slope.low, 2)}, {number(slope.high, 2)}] for 1 predicted; the error left has a standard "
            f"deviation of {percent(errors.error.value, 1)} of the scale's range."
        )
        if held is not None:
            ends = f" [{percent(held.low)}, {percent(held.high)}]" if held.low is not None else ""
            yield (
                f"Held out one study at a time, intervals for {what} meant to hold {percent(errors.level)} held "
                f"{percent(held.coverage)}{ends}."
            )
        if errors.note:
            yield f"{errors.note[:1].upper()}{errors.note[1:]}."


def worth_sentences(screening: Screening) -> Iterator[str]:
    """Yield to how many people the simulation is equal."""
    for question in screening.questions:
        found = question.worth
        if found is None or found.respondents.value is None:
            continue
        own, without = found.respondents, found.without_model
        ends = f" [{number(own.low, 0)}, {number(own.high, 0)}]" if own.low is not None else ""
        yield (
            f"{question.question}: a simulated effect is worth about {number(own.value, 0)}{ends} people in each arm; "
            f"without any model, past effects being mostly small is worth {number(without.value, 0)}."
        )


def pilot_sentences(screening: Screening) -> Iterator[str]:
    """Yield what the simulation adds to the pilot, effect by effect, and whether it does harm."""
    for arm in screening.arms:
        pilot = arm.pilot
        if pilot is None:
            continue
        lead = f"{arm.question}, {arm.arm}: "
        found = pilot.rectified
        if found is None or found.effective_n is None:
            why = pilot.reason or (found.reason if found is not None else None) or "too little is known"
            yield f"{lead}not rectified, for {why}."
            continue
        own = pilot.alone.n_arm + pilot.alone.n_control
        times = found.effective_n / found.pilot_n
        yield (
            f"{lead}{own:,} answers of people in the arm and the control count like {number(own * times, 0)} with the "
            f"simulation (power {number(found.power, 2)})."
        )
    yield from _harms(screening)
    yield from _tests(screening)


def _harms(screening: Screening) -> Iterator[str]:
    """Yield what harm predictions do, once for all arms of which the same is to be said."""
    told: dict[tuple[str, str], list[str]] = {}
    for arm in screening.arms:
        pilot = arm.pilot
        if pilot is None:
            continue
        harms = pilot.rectified.harm.sentences if pilot.rectified is not None else ()
        for sentence in (*harms, *([f"{pilot.differs}."] if pilot.differs else [])):
            told.setdefault((arm.question, sentence), []).append(arm.arm)
    for (question, sentence), arms in told.items():
        yield f"{question}, {', '.join(arms)}: {sentence[:1].lower()}{sentence[1:]}"


def _tests(screening: Screening) -> Iterator[str]:
    """Yield the pilot's own tests, corrected for their number as declared."""
    for arm in screening.arms:
        if arm.pilot is None or arm.pilot.alone.p is None:
            continue
        alone = arm.pilot.alone
        corrected = "" if screening.plan.correction == "none" else f", corrected {number(alone.p_adjusted)}"
        told = f"{arm.question}, {arm.arm}, the pilot alone: p = {number(alone.p)}{corrected}"
        same = alone.equivalence
        if same is not None and same.equivalent is not None:
            told += f"; too small to matter: {'yes' if same.equivalent else 'not shown'} (p = {number(same.p)})"
        yield f"{told} ({alone.how})."
