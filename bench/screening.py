"""The worked example of docs/screening.md: half of an experiment's people as a pilot, the other half as the truth.

python -m bench.screening FRAMING.CSV [--model smollm2] [--splits 200] [--out runs/immigration-news]

Everybody is asked once; then the people are split in halves again and again. Of each split, the effect in the second
half is what the others are compared with: the raw simulation, the pilot alone, the pilot adjusted for predictions, and
the simulation rectified by the pilot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cyclopts
import numpy as np
import numpy.typing as npt
import polars as pl
from rich.console import Console
from rich.table import Table

from silicus.effects import Contrast, Predicted, adjusted_difference, differences, rectified_difference
from silicus.effects import Rows as ArmRows
from silicus.options import SimulateOptions
from silicus.study import read_pilot, read_study
from silicus.workflow import read_run, simulate

STUDY = Path(__file__).parent.parent / "recipes" / "studies" / "immigration-news.yaml"
ARMS = {4: "benefits-european", 3: "benefits-latino", 2: "costs-european", 1: "costs-latino"}
"""Codes of the data -> conditions, the control first."""


Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Half:
    """Effects as one half of the people, or the model, has them: shape (arms,) each; NaN without an interval."""

    estimate: Floats
    half_width: Floats
    standard_error: Floats


@dataclass(frozen=True)
class People:
    """People of the experiment: answers and arms, shape (people,), and predictions in every arm, (people, arms)."""

    answers: Floats
    arm: npt.NDArray[np.int64]
    predicted: Floats

    def some(self, places: npt.NDArray[np.int64]) -> People:
        """Return those at some places."""
        return People(self.answers[places], self.arm[places], self.predicted[places])


def people_of(data: Path) -> pl.DataFrame:
    """Return the people of the experiment as a pilot's table: ids, conditions, attributes and both answers."""
    found = pl.read_csv(data, null_values=["NA", ""])
    return found.select(
        respondent=pl.format("person {}", pl.int_range(1, pl.len() + 1)),
        condition=pl.col("cond").replace_strict(ARMS),
        age="age",
        gender="gender",
        education="educ",
        immigration="immigr",
        message="cong_mesg",
    )


def main(data: Path, *, model: str = "smollm2", splits: int = 200, out: Path = Path("runs/immigration-news")) -> None:
    """Write the tables of the worked example, and print how far each estimate lies from the other half's people.

    Args:
        data: framing.csv, as the R package mediation has it.
        model: who answers.
        splits: how often the people are split in halves.
        out: where tables and predictions are written.
    """
    people = people_of(data)
    out.mkdir(parents=True, exist_ok=True)
    attributes = ["respondent", "age", "gender", "education"]
    people.select(attributes).write_csv(out / "people.csv")
    first = np.random.default_rng(1).permutation(len(people))
    people[np.sort(first[: len(people) // 2])].write_csv(out / "pilot.csv")
    people[np.sort(first[len(people) // 2 :])].select(attributes).write_csv(out / "others.csv")
    options = SimulateOptions(
        model=model, respondents=str(out / "people.csv"), out=out / f"everybody-{Path(model).name}"
    )
    run = read_run(simulate(str(STUDY), options))
    people.write_csv(out / "answers.csv")
    study = read_study(STUDY)
    answers = read_pilot(out / "answers.csv", study).responses
    console = Console(width=120)
    for question in study.asked:
        both = _people(answers, run.predictions, question.id, np.asarray(question.scale.values, dtype=np.float64))
        console.print(_table(question.id, both, splits))


def _people(answers: pl.DataFrame, predictions: pl.DataFrame, question: str, points: Floats) -> People:
    own = predictions.filter(question=question)
    mean = np.stack([np.asarray(each, dtype=np.float64) for each in own["probabilities"]]) @ points
    wide = own.with_columns(mean=pl.Series(mean)).pivot("condition", index="respondent", values="mean")
    given = answers.filter((pl.col("question") == question) & pl.col("response").is_not_null())
    table = given.join(wide, on="respondent", maintain_order="left")
    names = list(ARMS.values())
    arm = table["condition"].replace_strict(names, range(len(names)), return_dtype=pl.Int64)
    return People(table["response"].cast(pl.Float64).to_numpy(), arm.to_numpy(), table.select(names).to_numpy())


def _table(question: str, people: People, splits: int) -> Table:
    rng = np.random.default_rng(2)
    found: dict[str, list[tuple[Half, Half]]] = {}
    for _ in range(splits):
        pilot, rest = (people.some(half) for half in np.array_split(rng.permutation(len(people.arm)), 2))
        truth = _alone(rest)
        for name, half in _ways(pilot, rest).items():
            found.setdefault(name, []).append((half, truth))
    heads = ("mean error", "root mean squared error", "mean half width", "held the other half's effect")
    table = Table(f"{question}, {len(people.arm)} people", *heads)
    for name, pairs in found.items():
        table.add_row(name, *_row(pairs))
    errors = np.array([truth.standard_error for _, truth in found["pilot alone"]])
    table.add_row("exact knowledge of the effect", "", f"{np.sqrt((errors**2).mean()):.3f}", "", "")
    return table


def _alone(people: People) -> Half:
    arms = people.predicted.shape[1]
    return _half(differences(ArmRows(people.answers, people.arm, arms, None, None, None)))


def _ways(pilot: People, rest: People) -> dict[str, Half]:
    """Return the effects by every way of getting them; the model knows nobody's answers of the second half."""
    raw = rest.predicted.mean(axis=0)
    unknown = np.full(len(raw) - 1, np.nan)
    own = Predicted(pilot.predicted, pilot.answers, pilot.arm)
    rectified = rectified_difference(own, Predicted(rest.predicted))
    numbers = np.array([(each.estimate, each.low, each.high, each.standard_error) for each in rectified], dtype=float)
    return {
        "raw simulation": Half(raw[1:] - raw[0], unknown, unknown),
        "pilot alone": _alone(pilot),
        "pilot, adjusted for predictions": _half(adjusted_difference(pilot.answers, pilot.arm, pilot.predicted)),
        "simulation, rectified": Half(numbers[:, 0], (numbers[:, 2] - numbers[:, 1]) / 2, numbers[:, 3]),
    }


def _half(contrasts: Sequence[Contrast]) -> Half:
    ends = np.array([each.interval() for each in contrasts])
    numbers = np.array([(each.estimate, each.standard_error) for each in contrasts])
    return Half(numbers[:, 0], (ends[:, 1] - ends[:, 0]) / 2, numbers[:, 1])


def _row(pairs: Sequence[tuple[Half, Half]]) -> list[str]:
    error = np.array([own.estimate - truth.estimate for own, truth in pairs])
    width = np.array([own.half_width for own, _ in pairs])
    told = [f"{error.mean():+.3f}", f"{np.sqrt((error**2).mean()):.3f}"]
    if not np.isfinite(width).all():
        return [*told, "none", "none"]
    # Of two independent estimates the difference has both errors.
    both = np.array([np.hypot(own.standard_error, truth.standard_error) for own, truth in pairs])
    reach = width / np.array([own.standard_error for own, _ in pairs])
    return [*told, f"±{width.mean():.3f}", f"{100 * (np.abs(error) <= reach * both).mean():.1f} %"]


if __name__ == "__main__":
    cyclopts.run(main)
