"""What is asked for a screening: the study itself, the pilot's people, and the controls of the trust gate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from silicus.errors import InputError
from silicus.options import ScreenOptions, SimulateOptions
from silicus.simulate import placebos, plan_all, scrambled, unrelated
from silicus.study import RESPONSES, Item, Pilot, Study
from silicus.workflow.run import About, Run, read_run
from silicus.workflow.simulate import Asked, ask, settled, simulate

__all__ = ["Controls", "ask_controls", "ask_pilot", "ask_study", "control_of"]

_PLACEBOS = 5
_WORDINGS = 3
"""So many wordings, each in two orders of the options, stand for all reasonable ones."""


@dataclass(frozen=True)
class Controls:
    """The runs that ask otherwise.

    Attributes:
        placebo: the study's cells, placebo arms, scrambled arms and unrelated outcomes, asked of some
            respondents.
        ways: the study's cells in several wordings and orders, asked of the same.
    """

    placebo: Run
    ways: Run


def ask_study(study: str, options: ScreenOptions, folder: Path) -> Run:
    """Return the simulation of the study: a run like any other, that can be evaluated once people have answered."""
    return read_run(simulate(study, replace(options.simulation(), out=folder / "simulation"), aloud=False))


def ask_pilot(study: Study, pilot: Pilot, options: ScreenOptions, folder: Path) -> Run:
    """Return the run in which every person of the pilot is asked in every condition, beside what they answered."""
    about = _about(study, f"{len(pilot.respondents):,} people of the pilot, each in every condition")
    asked = replace(options.simulation(), out=folder / "pilot")
    return _ask(list(study.items()), pilot.respondents, pilot.responses, about, asked)


def ask_controls(study: Study, people: pl.DataFrame, options: ScreenOptions, folder: Path) -> Controls:
    """Return the runs of the trust gate.

    Args:
        study: what is screened.
        people: the respondents of the simulation, of whom some are drawn.
        options: how the model is asked.
        folder: of the screening.
    """
    # Another stream than those that draw respondents and profiles.
    rng = np.random.default_rng((options.seed, 2))
    some = _some(people, options.controls, rng)
    items, control = list(study.items()), control_of(study)
    extra = [*placebos(study, control, _PLACEBOS), *unrelated(study), *scrambled(study, control, rng)]
    about = _about(study, f"{len(some):,} of the simulation's respondents")
    plain = replace(options.simulation(), orders=1, wordings=1)
    nobody = pl.DataFrame(schema=RESPONSES)
    placebo = _ask([*items, *extra], some, nobody, about, replace(plain, out=folder / "controls" / "placebo"))
    several = replace(plain, orders=2, wordings=_wordings(plain), out=folder / "controls" / "ways")
    return Controls(placebo, _ask(items, some, nobody, about, several))


def control_of(study: Study) -> str:
    """Return the arm that the others are compared with.

    Raises:
        InputError: the study names none.
    """
    if study.control is None:
        names = ", ".join(condition.id for condition in study.conditions)
        raise InputError(
            f"the study '{study.id}' names no control, so that nothing can be compared. Write 'control: true' beside "
            f"one of its conditions ({names})."
        )
    return study.control.id


def _some(people: pl.DataFrame, count: int, rng: np.random.Generator) -> pl.DataFrame:
    if count >= len(people):
        return people
    rows = np.sort(rng.choice(len(people), size=count, replace=False))
    return people[rows]


def _wordings(options: SimulateOptions) -> int:
    """Return in how many wordings the template can be asked: published ones have one."""
    return _WORDINGS if settled(options)[0].template == "silicus" else 1


def _about(study: Study, who: str) -> About:
    return About(
        name=study.id,
        title=study.title or study.id,
        respondents=who,
        sources=[study.source.line],
        licences=[study.source.licence],
        people=study.source.population or "not stated",
        design=study.design,
    )


def _ask(
    items: list[Item], people: pl.DataFrame, responses: pl.DataFrame, about: About, options: SimulateOptions
) -> Run:
    options, template, known = settled(options)
    asked = Asked(plan_all(items, people, template), responses, about, known)
    # How answers depend on the order of options is judged by the gate: an interval would be one of simulated draws.
    return read_run(ask(asked, template, options, aloud=False))
