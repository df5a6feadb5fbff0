"""`silicus screen`: a study in; what is to be expected of people, how far to trust it, and the files to report it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console

from silicus.effects import (
    ArmScreen,
    EffectsPlan,
    Gate,
    PastStudies,
    Screening,
    ScreenPlan,
    Support,
    check_past_record,
    check_pilot,
    check_support,
    checked,
    effects,
    learn_errors,
    support_of,
    verdict,
)
from silicus.errors import InputError
from silicus.options import ScreenOptions
from silicus.record import read, write
from silicus.report import write_screening
from silicus.study import Pilot, Study, read_study
from silicus.workflow.run import Run
from silicus.workflow.screening.asked import Controls, ask_controls, ask_pilot, ask_study, control_of
from silicus.workflow.screening.exported import Exported, export
from silicus.workflow.screening.forecasts import Outlook, arm_screens, cell_screens, question_screens, sized
from silicus.workflow.screening.frozen import (
    PLAN,
    Frozen,
    folder_of,
    freeze,
    frozen_plan,
    past_key,
    pilots_seen,
    tried,
    tried_sentence,
)
from silicus.workflow.screening.independence import Learnt, check_apart, check_not_simulated, learnt_from
from silicus.workflow.screening.past import (
    PastRun,
    check_weights_alike,
    past_cells,
    past_scales,
    past_texts,
    read_past,
    spread_of,
    words,
)
from silicus.workflow.screening.pilot import with_pilot
from silicus.workflow.screening.planned import as_simulated, check_named, read_planned, simulated_attributes
from silicus.workflow.screening.told import disclosure_of, facts_of
from silicus.workflow.screening.trust import Trusted, answered, benchmarked, checks_of, past_record
from silicus.workflow.simulate import settled

__all__ = ["SCREENING", "screen"]

SCREENING = "screening.json"

_NO_PAST = "no past studies were given with which this one could be compared."


@dataclass(frozen=True)
class _Given:
    """What a screening starts from, looked through before a model is loaded.

    Attributes:
        study: what is screened.
        frozen: the plan.
        past: runs on past studies.
        pilot: people's answers to the study, where there are some.
        learnt: what the model learnt from.
        notes: what is to be known of them.
    """

    study: Study
    frozen: Frozen
    past: list[PastRun]
    pilot: Pilot | None
    learnt: Learnt
    notes: list[str]


def screen(study: str, options: ScreenOptions) -> tuple[Path, Screening | None]:
    """Return the folder of a screening, and the screening; without one where the plan alone was to be frozen.

    Everything given is checked, then the plan is frozen, and only then is a model asked. Started again with the same
    plan it goes on where it stopped; a pilot may be added later.

    Args:
        study: a study file, or the name of a bundled study.
        options: the options.

    Raises:
        SilicusError: something given is not as it should be, or another plan was frozen in the folder.
    """
    options = settled(options)[0]
    given = _given(study, options)
    folder = folder_of(given.frozen, options.out)
    frozen = freeze(folder, given.frozen)
    _say(f"Plan frozen {frozen.frozen}, hash {frozen.hash}: {folder / PLAN}")
    if options.freeze:
        return folder, None
    run = ask_study(study, options, folder)
    check_weights_alike(given.past, run)
    controls = ask_controls(given.study, run.respondents, options, folder) if options.controls else None
    people = ask_pilot(given.study, given.pilot, options, folder) if given.pilot is not None else None
    if given.pilot is not None:
        given.notes.extend(pilots_seen(folder, given.pilot))
    found = _screening(replace(given, frozen=frozen), run, controls, people, options, tried(folder, frozen))
    write(folder / SCREENING, found)
    write_screening(folder / "report.html", found)
    told = Exported(found, given.study, run, given.pilot, people, options.respondents.isdigit())
    export(folder, told, disclosure_of(found, run, given.past, given.pilot, options, given.learnt))
    return folder, found


def _given(study: str, options: ScreenOptions) -> _Given:
    loaded = read_study(study)
    if loaded.profiles is not None:
        raise InputError(
            f"the study '{loaded.id}' shows profiles, which differ from person to person: there are no arms to choose "
            "among. Simulate it, and estimate what its attributes do (docs/effects.md)."
        )
    control = control_of(loaded)
    if len(loaded.conditions) < 2:
        raise InputError(f"the study '{loaded.id}' has no arm beside its control '{control}'. Add the arms to compare.")
    plan = read(options.plan, ScreenPlan) if options.plan is not None else ScreenPlan()
    ordered = [question.id for question in loaded.asked if question.scale.ordered]
    outcomes = plan.known([question.id for question in loaded.asked], ordered)
    learnt = learnt_from(options)
    past = read_past(options.past, loaded, options, learnt)
    simulated = simulated_attributes(options)
    check_named(plan, simulated)
    pilot, notes = None, list[str]()
    if options.pilot is not None:
        pilot, notes = read_planned(options.pilot, loaded, plan, outcomes, simulated)
        check_not_simulated(options, pilot)
        notes += check_apart(learnt, loaded, pilot, named=pilot.named)
    if past:
        notes += [
            f"{sentence}: past errors are too small where it learnt from past studies" for sentence in learnt.unknown
        ]
    frozen = frozen_plan(loaded, plan, outcomes, options, tuple(past_key(each.run) for each in past))
    return _Given(loaded, frozen, past, pilot, learnt, notes)


def _screening(
    given: _Given, run: Run, controls: Controls | None, people: Run | None, options: ScreenOptions, plans: list[Frozen]
) -> Screening:
    frozen, study = given.frozen, given.study
    plan = frozen.plan.effects_plan(frozen.control, frozen.outcomes)
    simulated = as_simulated(plan)
    rng = np.random.default_rng((options.seed, 3))
    outlook = _outlook(given.past, plan.alpha)
    found = effects(run.predictions, run.items, run.respondents, simulated, rng)
    average = [each for each in found if each.moderator is None]
    cells = cell_screens(run, frozen.outcomes, outlook)
    scales = {question.id: question.scale for question in study.asked}
    arms = arm_screens(average, scales, outlook)
    if people is not None and given.pilot is not None:
        arms = with_pilot(arms, run, people, given.pilot, plan, frozen.plan, options, rng)
    arms = sized(arms, cells, outlook, frozen.plan)
    support = _support(given)
    made_of = [run, *(each.run for each in given.past)]
    return Screening(
        study=study.id,
        title=study.title or study.id,
        plan=frozen.plan,
        plan_hash=frozen.hash,
        frozen=frozen.frozen,
        tried=len(plans),
        respondents=len(run.respondents),
        pilot_people=None if given.pilot is None else len(given.pilot.respondents),
        gate=_gate(Trusted(study, run, simulated, _moderated(run, plan)), controls, outlook, arms, support),
        support=support,
        past_means=outlook.means,
        past_effects=outlook.effects,
        cells=cells,
        arms=arms,
        moderated=[each for each in found if each.moderator is not None],
        questions=list(question_screens(arms, cells, outlook, frozen.plan, options, study.better, rng)),
        notes=[*run.manifest.notes, *given.notes, tried_sentence(plans)],
        facts=facts_of(run, frozen, given.past, given.pilot),
        # What is expected of people is made of past studies, too.
        sources=list(dict.fromkeys(line for each in made_of for line in each.manifest.sources)),
        licences=list(dict.fromkeys(line for each in made_of for line in each.manifest.licences)),
    )


def _outlook(past: list[PastRun], alpha: float) -> Outlook:
    if not past:
        return Outlook()
    means = learn_errors(past_cells(past, conditions=False), "means", alpha)
    cells = past_cells(past, conditions=True)
    record = learn_errors(cells, "effects")
    declared = record if record.level == 1 - alpha else learn_errors(cells, "effects", alpha)
    return Outlook(means, declared, record, spread_of(past))


def _support(given: _Given) -> Support | None:
    """Return how like the study is to past ones, and to what the model learnt from; `None` without a past."""
    if not given.past:
        return None
    learnt = [words(item) for data in given.learnt.data.values() for item in data.items.values()]
    own = [words(item) for item in given.study.items()]
    scales = [question.scale for question in given.study.asked]
    studies = PastStudies(past_texts(given.past), past_scales(given.past))
    return support_of(own, scales, studies, learnt if given.learnt.data else None)


def _moderated(run: Run, plan: EffectsPlan) -> bool:
    """Return whether groups are compared, or weights speak of a population."""
    return bool(plan.moderators) or run.respondents["weight"].n_unique() > 1


def _gate(
    trusted: Trusted, controls: Controls | None, outlook: Outlook, arms: list[ArmScreen], support: Support | None
) -> Gate:
    checks = [check_past_record(past_record(outlook.record)), *checks_of(trusted, controls)]
    checks.insert(1, checked("support", "not done", _NO_PAST) if support is None else check_support(support))
    if any(arm.pilot is not None for arm in arms):
        checks.append(check_pilot(answered(arms)))
    return verdict(checks, benchmarked=benchmarked(arms))


def _say(sentence: str) -> None:
    Console(stderr=True).print(sentence, soft_wrap=True, highlight=False, markup=False)
