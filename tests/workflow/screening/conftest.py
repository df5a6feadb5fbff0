"""A model whose past is known, and the people it is asked about; made once."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from silicus.effects import Screening
from silicus.options import SimulateOptions
from silicus.workflow import evaluate_run, simulate
from tests.workflow.screening.made import EFFECT, NUMBERS, pilot_table, rules_of, screened, write_script, write_study

PAST = 12
TOPICS = (
    "pool",
    "park",
    "library",
    "bridge",
    "market",
    "bus",
    "museum",
    "school",
    "garden",
    "tower",
    "theatre",
    "lake",
)


@dataclass(frozen=True)
class World:
    """What screenings are made of.

    Attributes:
        folder: where all of it is.
        study: the file of the new study.
        model: a model that doubles people's effects.
        people: the file of those who are simulated.
        past: runs of the model on past studies, compared with people.
    """

    folder: Path
    study: Path
    model: str
    people: Path
    past: tuple[Path, ...]

    @property
    def options(self) -> dict[str, Any]:
        """How the study is screened in most tests."""
        return {"model": self.model, "respondents": str(self.people), "controls": 6}


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a model, its past of twelve studies, and a new study."""
    folder = tmp_path_factory.mktemp("world")
    rng = np.random.default_rng(5)
    people = pl.DataFrame({
        "respondent": [f"simulated person {n}" for n in range(12)],
        "group": ["abc"[n % 3] for n in range(12)],
        "weight": [1.0 + n % 2 for n in range(12)],
    })  # fmt: skip
    people.write_csv(folder / "people.csv")
    predicted = {f"past-{n}": {"control": 0.0, "warm": float(rng.uniform(-2, 2))} for n in range(PAST)}
    rules = [rule for study, effects in predicted.items() for rule in rules_of(study, effects)]
    model = write_script(folder / "script.yaml", *rules, *rules_of("pool", EFFECT))
    study = write_study(folder / "pool.yaml")
    past = tuple(_past(folder, name, effects, model, rng) for name, effects in predicted.items())
    return World(folder, study, model, folder / "people.csv", past)


def _past(folder: Path, name: str, effects: dict[str, float], model: str, rng: np.random.Generator) -> Path:
    """Return a run on a past study whose people were moved by about half of what is predicted."""
    topic = TOPICS[int(name.removeprefix("past-"))]
    counts = {}
    for arm, effect in effects.items():
        answers = rng.binomial(10, 0.5 + (effect / 2 + rng.normal(0, 0.1) * (arm == "warm")) / 10, 150)
        counts[arm] = {"visit": {int(v): int(n) for v, n in zip(*np.unique(answers, return_counts=True), strict=True)}}
    conditions = [
        {"id": "control", "control": True, "text": f"The town has a {topic}, and its doors open in the morning."},
        {"id": "warm", "text": f"The town has a {topic}, and from this week on it is well heated at all hours."},
    ]
    questions = [{"id": "visit", "text": f"How gladly would you go to the {topic}?", "scale": NUMBERS}]
    source = {"citation": "Anybody (2020). Past studies of the town.", "licence": "CC-BY-4.0"}
    study = write_study(
        folder / f"{name}.yaml", name, source=source, conditions=conditions, questions=questions,
        human={"counts": counts},
    )  # fmt: skip
    people = str(folder / "people.csv")
    run = simulate(str(study), SimulateOptions(model=model, respondents=people, out=folder / "past" / name))
    with pytest.MonkeyPatch.context() as patch:
        # The report takes seconds and has tests of its own.
        patch.setattr(importlib.import_module("silicus.workflow.evaluate"), "write_report", lambda *_: None)
        evaluate_run(run)
    return run


@pytest.fixture(scope="session")
def alone(world: World) -> tuple[Path, Screening]:
    """Return a screening of which nothing past is known."""
    return screened(world.study, world.folder / "alone" / "screen", **world.options)


@pytest.fixture(scope="session")
def with_past(world: World) -> tuple[Path, Screening]:
    """Return a screening by a model whose past is known."""
    return screened(world.study, world.folder / "with past" / "screen", **world.options, past=world.past)


@pytest.fixture(scope="session")
def pilot(world: World) -> Path:
    """Return the file of a pilot of 60 people."""
    path = world.folder / "pilot.csv"
    pilot_table().write_csv(path)
    return path


@pytest.fixture(scope="session")
def with_pilot(world: World, pilot: Path) -> tuple[Path, Screening]:
    """Return a screening with a past and a pilot, and with prices."""
    plan = world.folder / "plan.yaml"
    plan.write_text(yaml.safe_dump({"attributes": ["group"]}))
    options = {**world.options, "past": world.past, "pilot": pilot, "plan": plan, "price_person": 2.0, "budget": 900.0}
    return screened(world.study, world.folder / "with pilot" / "screen", **options)


@pytest.fixture
def screen(world, tmp_path):
    """Return a function that screens with a pilot and a plan, without controls and without a past."""

    def run(table: pl.DataFrame, plan: dict | None = None, study: Path | None = None, **options):
        table.write_csv(tmp_path / "pilot.csv")
        (tmp_path / "plan.yaml").write_text(yaml.safe_dump(plan or {}))
        given = {**world.options, "controls": 0, "pilot": tmp_path / "pilot.csv", "plan": tmp_path / "plan.yaml"}
        return screened(study or world.study, tmp_path / "out", **{**given, **options})

    return run
