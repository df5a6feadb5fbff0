"""The worked example of docs/screening.md: half of an experiment's people as a pilot, the other half as the truth.

python -m bench.screening FRAMING.CSV [--model smollm2] [--splits 200] [--out runs/immigration-news]

Everybody is asked once; then the people are split in halves again and again. Of each split, the effect in the second
half is what the others are compared with: the raw simulation, the pilot alone, the pilot adjusted for predictions, and
the simulation rectified by the pilot.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cyclopts
import numpy as np
import numpy.typing as npt
import polars as pl
from rich.console import Console
from rich.table import Table

from silicus.effects import Predicted, adjusted_difference, differences, rectified_difference
from silicus.effects import Rows as ArmRows
from silicus.options import SimulateOptions
from silicus.study import read_pilot, read_study
from silicus.workflow import read_run, simulate

STUDY = Path(__file__).parent.parent / "recipes" / "studies" / "immigration-news.yaml"
ARMS = {4: "benefits-european", 3: "benefits-latino", 2: "costs-european", 1: "costs-latino"}
"""Codes of the data -> conditions, the control first."""


@dataclass(frozen=True)
class Half:
    """Effects as one half of the people, or the model, has them: shape (arms,) each; NaN without an interval."""

    estimate: npt.NDArray[np.float64]
    half_width: npt.NDArray[np.float64]
    standard_error: npt.NDArray[np.float64]


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
        console.print(_table(question.id, _both(answers, run.predictions, question.id, question.scale.values), splits))


def _both(
    answers: pl.DataFrame, predictions: pl.DataFrame, question: str, points: tuple[int, ...]
) -> tuple[Predicted, npt.NDArray[np.float64]]:
    """Return people with their answers and predictions, and the variance of the answers."""
    expected = predictions.filter(question=question).with_columns(
        mean=pl.col("probabilities").list.eval(pl.element() * pl.Series(list(points))).list.sum()
    )
    wide = expected.pivot("condition", index="respondent", values="mean")
    given = answers.filter((pl.col("question") == question) & pl.col("response").is_not_null())
    table = given.join(wide, on="respondent", maintain_order="left")
    names = list(ARMS.values())
    arm = table["condition"].replace_strict(names, range(len(names)), return_dtype=pl.Int64).to_numpy()
    own = table["response"].cast(pl.Float64).to_numpy()
    return Predicted(table.select(names).to_numpy().astype(np.float64), own, arm), own


def _table(question: str, both: tuple[Predicted, npt.NDArray[np.float64]], splits: int) -> Table:
    people, _ = both
    rng = np.random.default_rng(2)
    found: dict[str, list[tuple[Half, Half]]] = {}
    for _ in range(splits):
        order = rng.permutation(len(people.predicted))
        pilot, rest = (_some(people, half) for half in np.array_split(order, 2))
        truth = _alone(rest)
        for name, half in _ways(pilot, rest).items():
            found.setdefault(name, []).append((half, truth))
    table = Table(question, "mean error", "root mean squared error", "mean half width", "held the other half's effect")
    for name, pairs in found.items():
        table.add_row(name, *_row(pairs))
    return table


def _some(people: Predicted, places: npt.NDArray[np.int64]) -> Predicted:
    assert people.answers is not None  # noqa: S101 - of people
    assert people.arm is not None  # noqa: S101 - who were in an arm
    return Predicted(people.predicted[places], people.answers[places], people.arm[places])


def _alone(people: Predicted) -> Half:
    assert people.answers is not None  # noqa: S101 - of people
    assert people.arm is not None  # noqa: S101 - who were in an arm
    return _half(differences(ArmRows(people.answers, people.arm, people.predicted.shape[1], None, None, None)))


def _ways(pilot: Predicted, rest: Predicted) -> dict[str, Half]:
    """Return the effects by every way of getting them; the model knows nobody's answers of the second half."""
    raw = rest.predicted.mean(axis=0)
    unknown = np.full(len(raw) - 1, np.nan)
    rectified = rectified_difference(pilot, Predicted(rest.predicted))
    numbers = np.array([[r.estimate, (r.high or np.nan) - (r.low or np.nan), r.standard_error] for r in rectified])
    return {
        "raw simulation": Half(raw[1:] - raw[0], unknown, unknown),
        "pilot alone": _alone(pilot),
        "pilot, adjusted for predictions": _half(adjusted_difference(pilot.answers, pilot.arm, pilot.predicted)),
        "simulation, rectified": Half(numbers[:, 0], numbers[:, 1] / 2, numbers[:, 2]),
    }


def _half(contrasts: list[object]) -> Half:
    numbers = np.array([(c.estimate, np.diff(c.interval())[0] / 2, c.standard_error) for c in contrasts])
    return Half(*numbers.T)


def _row(pairs: list[tuple[Half, Half]]) -> list[str]:
    error = np.array([own.estimate - truth.estimate for own, truth in pairs])
    width = np.array([own.half_width for own, _ in pairs])
    # Of two independent estimates the difference has both errors.
    both = np.array([np.hypot(own.standard_error, truth.standard_error) for own, truth in pairs])
    reach = width / np.array([own.standard_error for own, _ in pairs])
    held = np.abs(error) <= reach * both
    known = np.isfinite(width).all()
    return [
        f"{error.mean():+.3f}",
        f"{np.sqrt((error**2).mean()):.3f}",
        f"±{width.mean():.3f}" if known else "none",
        f"{100 * held.mean():.1f} %" if known else "none",
    ]


if __name__ == "__main__":
    cyclopts.run(main)
