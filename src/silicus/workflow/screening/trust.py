"""The trust gate of a screening: the model's answers to what it was asked otherwise, and the verdict on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from silicus.effects import (
    Answered,
    ArmScreen,
    ByArm,
    Check,
    EffectsPlan,
    Failures,
    HeldOut,
    PastErrors,
    PastRecord,
    Relabelled,
    by_arm,
    check_failures,
    check_keywords,
    check_labels,
    check_persona,
    check_placebo,
    check_unrelated,
    check_wordings,
    checked,
    effects,
)
from silicus.simulate import Pair, scrambled_name, swapped
from silicus.study import KEY, Item, Study, iter_respondents, order_named, prediction_failed, read_table, why_fixed
from silicus.workflow.run import Run
from silicus.workflow.screening.asked import Controls

__all__ = ["Trusted", "answered", "benchmarked", "checks_of", "past_record"]

_FEWEST_PEOPLE = 20
"""In an arm; of fewer a mean is known too badly to hold anything against it."""
_NOT_ASKED = "nobody was asked otherwise (--controls 0)."
_KEY = [*KEY, "respondent"]


@dataclass(frozen=True)
class Trusted:
    """What the checks of a study rest on.

    Attributes:
        study: what is screened.
        run: its simulation.
        plan: of the effects that are checked, uncorrected.
        moderated: whether effects are compared between groups, or weights speak of a population.
    """

    study: Study
    run: Run
    plan: EffectsPlan
    moderated: bool

    def effects(
        self, predictions: pl.DataFrame, run: Run, *, control: str | None = None, outcomes: Sequence[str] | None = None
    ) -> ByArm:
        """Return the effects of arms in percent of the range, on questions that were asked in the control and an arm.

        Args:
            predictions: what was answered.
            run: whose items these are.
            control: the condition that arms are compared with; `None`: that of the study.
            outcomes: the questions; `None`: those of the study.
        """
        control = control or self.plan.control
        asked = predictions.group_by("question").agg(
            (pl.col("condition") == control).any().alias("control"), (pl.col("condition") != control).any().alias("arm")
        )
        both = set(asked.filter("control", "arm")["question"])
        known = tuple(question for question in (outcomes or self.plan.outcomes) if question in both)
        if not known:
            return {}
        plan = self.plan.model_copy(
            update={"moderators": (), "covariates": (), "control": control, "outcomes": known, "correction": "none"}
        )
        return by_arm(effects(predictions, run.items, None, plan, np.random.default_rng(0)))


def past_record(errors: PastErrors | None) -> PastRecord | None:
    """Return how predicted effects did in past studies, as the gate takes it."""
    if errors is None:
        return None
    held = errors.held_out
    slope = (errors.slope.value, errors.slope.low, errors.slope.high)
    covered = _covered(held) if held else (None, None, None)
    numbers = [np.nan if each is None else each for each in (*slope, *covered)]
    error, without = errors.error.value, errors.without_model.value
    left = error / without if error is not None and without else np.nan
    return PastRecord(errors.studies_n, *numbers, level=errors.level, left=left)


def answered(arms: Sequence[ArmScreen]) -> list[Answered]:
    """Return what was expected of every effect that the pilot knows with an error, and what its people did."""
    found: list[Answered] = []
    for arm in arms:
        if arm.pilot is None:
            continue
        own, people = arm.expected, arm.pilot.alone.points
        numbers = (own.value, own.standard_error, people.value, people.standard_error)
        if None not in numbers:
            found.append(Answered(f"{arm.arm} on {arm.question}", *(float(each or 0.0) for each in numbers)))
    return found


def benchmarked(arms: Sequence[ArmScreen]) -> bool:
    """Return whether all effects that are compared have been compared with those of people, enough to know an error."""
    return bool(arms) and all(
        arm.pilot is not None
        and arm.pilot.alone.points.standard_error is not None
        and min(arm.pilot.alone.n_arm, arm.pilot.alone.n_control) >= _FEWEST_PEOPLE
        for arm in arms
    )


def _covered(held: HeldOut) -> tuple[float | None, float | None, float | None]:
    """Return the share of held-out effects inside their intervals, with its interval.

    Where studies all held everything, or nothing, they do not differ, and the interval is the exact one of their number
    (Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404).
    """
    if held.low is not None or held.coverage not in {0.0, 1.0}:
        return held.coverage, held.low, held.high
    end = 0.025 ** (1 / held.studies_n)
    return (1.0, end, 1.0) if held.coverage == 1 else (0.0, 0.0, 1 - end)


def checks_of(trusted: Trusted, controls: Controls | None) -> Iterator[Check]:
    """Yield what the model's answers come to where it is asked otherwise."""
    yield check_failures(_failures(trusted.run))
    if controls is None:
        for name in ("placebo", "unrelated outcome", "keywords", "labels", "wordings"):
            yield checked(name, "not done", _NOT_ASKED)
    else:
        yield from _beside_controls(trusted, controls.placebo)
        yield from _asked_otherwise(trusted, controls.ways)
    yield check_persona(_moved_by_persona(trusted.run), matters=trusted.moderated)


def _failures(run: Run) -> Failures:
    unread = len(run.predictions.filter(prediction_failed()))
    covered = run.predictions["covered"].cast(pl.Float64)
    mean = covered.mean()
    return Failures(len(run.predictions), unread, float(mean) if isinstance(mean, float) else float("nan"))


def _beside_controls(trusted: Trusted, run: Run) -> Iterator[Check]:
    """Yield the checks for which arms, placebos and unrelated questions were asked of the same people."""
    study, plan = trusted.study, trusted.plan
    own = {condition.id for condition in study.conditions}
    asked = run.predictions
    outcomes = pl.col("question").is_in(list(plan.outcomes))
    found = trusted.effects(asked.filter(outcomes & pl.col("condition").is_in(list(own))), run)
    names = {scrambled_name(study, condition): condition for condition in own}
    placebo = ~pl.col("condition").is_in([*own, *names])
    yield check_placebo(
        found, trusted.effects(asked.filter(outcomes & (placebo | (pl.col("condition") == plan.control))), run)
    )
    known = {question.id for question in study.asked}
    others = asked.filter(~pl.col("question").is_in(list(known)))
    questions = tuple(others["question"].unique(maintain_order=True))
    yield check_unrelated(found, trusted.effects(others, run, outcomes=questions))
    words = asked.filter(outcomes & pl.col("condition").is_in(list(names)))
    mixed = trusted.effects(words, run, control=scrambled_name(study, plan.control))
    yield check_keywords(found, {(question, names[arm]): value for (question, arm), value in mixed.items()})


def _asked_otherwise(trusted: Trusted, run: Run) -> Iterator[Check]:
    """Yield the checks for which the study was asked in other wordings, and with other labels."""
    path = run.folder / "variants.parquet"
    items = [item for item in run.items.values() if item.question in trusted.plan.outcomes]
    if not path.is_file():
        yield check_labels({}, {}, [], why_fixed=_fixed(items))
        yield check_wordings([])
        return
    variants = read_table(path, "variants").filter(pl.col("question").is_in(list(trusted.plan.outcomes)))
    weights = run.predictions.select(*_KEY, "weight")
    ways = {
        str(name): table.join(weights, on=_KEY, how="left").drop("variant")
        for (name,), table in variants.group_by("variant", maintain_order=True)
    }
    parts = {name: _parts(name) for name in ways}
    wordings = {wording for wording, _ in parts.values()}
    first = min(wordings)
    plain = _joined(ways, [name for name, (wording, turned) in parts.items() if wording == first and not turned])
    other = _joined(ways, [name for name, (wording, turned) in parts.items() if wording == first and turned])
    turned_items = plain.join(other.select(_KEY), on=_KEY, how="semi")
    asked, relabelled = trusted.effects(turned_items, run), trusted.effects(other, run)
    yield check_labels(asked, relabelled, _pairs(plain, ways, first), why_fixed=_fixed(items))
    upright = {
        each: [name for name, (own, turned) in parts.items() if own == each and not turned] for each in sorted(wordings)
    }
    yield check_wordings([trusted.effects(_joined(ways, names), run) for names in upright.values()])


def _parts(variant: str) -> tuple[str, bool]:
    """Return the wording of a variant's name, and whether its answers stand in another order."""
    wording = ", ".join(part for part in variant.split(", ") if not part.startswith("order "))
    places = order_named(variant)
    return wording, places is not None and list(places) != sorted(places)


def _joined(ways: Mapping[str, pl.DataFrame], names: Sequence[str]) -> pl.DataFrame:
    tables = [ways[name] for name in names]
    return pl.concat(tables) if tables else next(iter(ways.values())).clear()


def _pairs(plain: pl.DataFrame, ways: Mapping[str, pl.DataFrame], wording: str) -> Iterator[Relabelled]:
    """Yield predictions asked with their labels in both orders."""
    for name, table in ways.items():
        own, turned = _parts(name)
        order = order_named(name)
        if own != wording or not turned or order is None:
            continue
        both = plain.join(table, on=_KEY, suffix="_turned")
        for asked, meant in both.select("probabilities", "probabilities_turned").iter_rows():
            if asked is not None and meant is not None:
                yield Relabelled(asked, meant, order[: len(meant)])


def _fixed(items: Sequence[Item]) -> str:
    """Return why no item's labels can change places; nothing where one's can."""
    reasons = [why_fixed(item) for item in items]
    return f"{reasons[0]}." if reasons and all(reasons) else ""


def _moved_by_persona(run: Run) -> list[float]:
    """Return how far every prediction lies from that for somebody of other attributes: total variation.

    A prediction depends on the stimulus and on what is said of the person alone: what somebody with another's
    attributes would be predicted is what that other was.
    """
    people = {person.id: person for person in iter_respondents(run.respondents)}
    found: list[float] = []
    for _, rows in run.predictions.group_by("condition", "question", "item", maintain_order=True):
        known = dict(zip(rows["respondent"], rows["probabilities"], strict=True))
        item = run.items[rows["item"][0]]
        pairs: list[Pair] = [(item, people[name]) for name in known if name in people]
        own, places = swapped(pairs, np.random.default_rng(0))
        by_attributes = {tuple(sorted(person.attributes.items())): known[person.id] for _, person in pairs}
        for (_, person), place in zip(own, places.tolist(), strict=True):
            here, there = known[pairs[int(place)][1].id], by_attributes[tuple(sorted(person.attributes.items()))]
            if here is not None and there is not None:
                found.append(float(np.abs(np.asarray(here) - np.asarray(there)).sum() / 2))
    return found
