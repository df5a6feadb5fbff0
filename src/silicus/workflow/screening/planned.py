"""What a plan names, looked up before a model is loaded: attributes of the simulated, columns of the pilot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from silicus.effects import EffectsPlan, ScreenPlan
from silicus.errors import InputError, did_you_mean
from silicus.options import ScreenOptions
from silicus.study import Pilot, Study, read_pilot, read_table
from silicus.workflow.population import asked_respondents

__all__ = ["as_simulated", "check_named", "read_planned", "simulated_attributes"]


def as_simulated(plan: EffectsPlan) -> EffectsPlan:
    """Return the plan as it is for predictions: columns of the pilot alone are not known of simulated people."""
    return plan.model_copy(update={"covariates": (), "clusters": None})


def simulated_attributes(options: ScreenOptions) -> list[str]:
    """Return what is known of simulated people."""
    people, _, _ = asked_respondents(options.respondents, options.draw, options.seed)
    return [name for name in people.columns if name not in {"respondent", "weight"}]


def check_named(plan: ScreenPlan, simulated: Sequence[str]) -> None:
    """Look up what the plan names of simulated people.

    Args:
        plan: what was declared.
        simulated: what is known of them.

    Raises:
        InputError: they lack it.
    """
    _check_known(plan.moderators, "moderator", simulated, "the simulated respondents do")
    if plan.stratum is not None:
        _check_known([plan.stratum], "stratum", simulated, "the simulated respondents do")


def read_planned(
    path: Path, study: Study, plan: ScreenPlan, outcomes: Sequence[str], simulated: Sequence[str]
) -> tuple[Pilot, list[str]]:
    """Return the pilot with all columns that the plan names, and what is to be known of the others, in sentences.

    A model is told what the plan names as attributes, else what is also known of simulated people: what is known of the
    pilot's alone, such as how they answered a check of attention, would tell it more of them than of those whom they
    are to speak for.

    Raises:
        InputError: the pilot is not as it should be, lacks a column, or was asked nothing that is compared.
    """
    columns = read_table(path, "a pilot").columns
    own = {*(question.id for question in (*study.asked, *study.questions)), "respondent", "condition", "weight"}
    others = [name for name in columns if name not in own]
    clusters = {plan.clusters} - {None}
    told = [name for name in others if name in simulated and name not in clusters]
    told = list(plan.attributes) if plan.attributes is not None else told
    named = [*clusters, *plan.covariates, *([plan.stratum] if plan.stratum is not None else [])]
    needed = [str(name) for name in dict.fromkeys(named) if name in columns and name not in told]
    pilot = read_pilot(path, study, told, needed)
    if not set(outcomes) & set(pilot.responses["question"]):
        raise InputError(f"{path}: the pilot answered none of the questions that are compared ({', '.join(outcomes)}).")
    columns = [*pilot.respondents.columns, *pilot.beside.columns]
    _check_known(plan.covariates, "covariate", columns, "the pilot does")
    _check_known([str(name) for name in clusters - {"respondent"}], "cluster", columns, "the pilot does")
    if plan.stratum is not None:
        _check_known([plan.stratum], "stratum", columns, "the pilot does")
    return pilot, _told_notes(others, told, simulated)


def _told_notes(others: Sequence[str], told: Sequence[str], simulated: Sequence[str]) -> list[str]:
    notes = [f"of the pilot's people the model is told {', '.join(told) or 'nothing'}"]
    untold = [name for name in others if name not in told]
    if untold:
        notes.append(f"it is not told the pilot's columns {', '.join(untold)}")
    apart = sorted(set(simulated) ^ set(told))
    if apart:
        notes.append(f"known of the pilot's people or of simulated ones alone, and told there: {', '.join(apart)}")
    return notes


def _check_known(names: Sequence[str], what: str, columns: Sequence[str], who: str) -> None:
    known = [name for name in dict.fromkeys(columns) if name not in {"respondent", "weight"}]
    for name in names:
        if name not in known:
            raise InputError(f"the plan names the {what} '{name}', which {who} not have.{did_you_mean(name, known)}")
