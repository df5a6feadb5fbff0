"""What a plan names, looked up before a model is loaded: attributes of the simulated, columns of the pilot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from silicus.effects import EffectsPlan, ScreenPlan
from silicus.errors import InputError, did_you_mean
from silicus.options import ScreenOptions
from silicus.study import Pilot, Study, read_pilot
from silicus.workflow.population import asked_respondents

__all__ = ["as_simulated", "check_named", "read_planned"]


def as_simulated(plan: EffectsPlan) -> EffectsPlan:
    """Return the plan as it is for predictions: columns of the pilot alone are not known of simulated people."""
    return plan.model_copy(update={"covariates": (), "clusters": None})


def check_named(plan: ScreenPlan, options: ScreenOptions) -> None:
    """Look up what the plan names of simulated people.

    Raises:
        InputError: they lack it.
    """
    people, _, _ = asked_respondents(options.respondents, options.draw, options.seed)
    _check_known(plan.moderators, "moderator", people.columns, "the simulated respondents do")
    if plan.stratum is not None:
        _check_known([plan.stratum], "stratum", people.columns, "the simulated respondents do")


def read_planned(path: Path, study: Study, plan: ScreenPlan, outcomes: Sequence[str]) -> Pilot:
    """Return the pilot, with all columns that the plan names.

    Raises:
        InputError: the pilot is not as it should be, lacks a column, or was asked nothing that is compared.
    """
    pilot = read_pilot(path, study, plan.attributes, _untold(plan))
    if not set(outcomes) & set(pilot.responses["question"]):
        raise InputError(f"{path}: the pilot answered none of the questions that are compared ({', '.join(outcomes)}).")
    columns = [*pilot.respondents.columns, *pilot.beside.columns]
    _check_known(plan.covariates, "covariate", columns, "the pilot does")
    if plan.stratum is not None:
        _check_known([plan.stratum], "stratum", columns, "the pilot does")
    return pilot


def _untold(plan: ScreenPlan) -> list[str]:
    """Return the columns of the pilot that are needed and not told to the model."""
    clusters = [] if plan.clusters in {None, "respondent"} else [str(plan.clusters)]
    if plan.attributes is None:
        return clusters
    needed = [*plan.covariates, *([plan.stratum] if plan.stratum is not None else [])]
    return list(dict.fromkeys([*clusters, *(name for name in needed if name not in plan.attributes)]))


def _check_known(names: Sequence[str], what: str, columns: Sequence[str], who: str) -> None:
    known = [name for name in dict.fromkeys(columns) if name not in {"respondent", "weight"}]
    for name in names:
        if name not in known:
            raise InputError(f"the plan names the {what} '{name}', which {who} not have.{did_you_mean(name, known)}")
