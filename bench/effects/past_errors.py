"""How often intervals from past errors hold the truth of studies they have not seen, of a world in which it is known.

python -m bench.effects.past_errors [--datasets N]
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import cyclopts
import numpy as np
from rich.console import Console
from rich.table import Table

from silicus.effects.past.past_errors import ErrorKind, Past, PastErrors, forecast, learn_errors

__all__ = ["SLOPE", "WORLDS", "Known", "World", "covered"]

SLOPE = 0.5
"""True means and effects for 1 predicted."""

_NEW = 20
"""So many new studies are forecast in each data set."""


@dataclass(frozen=True)
class World:
    """Where studies come from.

    Attributes:
        studies: number of past studies.
        slope: of the truth on predictions.
        error: standard deviation of errors of cells, of Student's t with 4 degrees of freedom.
        shared: standard deviation of errors that all cells of a question share, and all of a study: so many times it.
        people: of how many people the mean of a cell is, about; 0: it is the truth.
    """

    studies: int = 40
    slope: float = SLOPE
    error: float = 0.04
    shared: float = 0.5
    people: int = 150

    def draw(self, rng: np.random.Generator) -> Known:
        """Return studies of 1-5 questions with 2-5 arms each, and their truths."""
        questions = rng.integers(1, 6, self.studies)
        of_study = np.repeat(np.arange(self.studies), questions)
        arms = rng.integers(2, 6, len(of_study))
        question = np.repeat(np.arange(len(of_study)), arms)
        study, cells = of_study[question], len(question)
        predicted = np.clip(rng.uniform(0.25, 0.75, len(of_study))[question] + rng.normal(0, 0.07, cells), 0, 1)
        errors = self.error * rng.standard_t(4, cells) / 2**0.5
        for of, many in ((question, len(of_study)), (study, self.studies)):
            errors += rng.normal(0, self.error * self.shared, many)[of]
        truth = np.clip(0.5 + self.slope * (predicted - 0.5) + errors, 0, 1)
        size = np.exp(rng.normal(np.log(max(self.people, 1)), 0.5, self.studies))[study]
        variance = 0.3 * truth * (1 - truth) / size * (self.people > 0)
        observed = np.clip(truth + np.sqrt(variance) * rng.normal(size=cells), 0, 1)
        return Known(Past(predicted, observed, variance, question, study), truth)


WORLDS = {
    "": World(),
    ", few studies": World(studies=12),
    ", 20 studies": World(studies=20),
    ", 40 people a cell": World(people=40),
    ", all people": World(people=0),
    ", errors of a study alike": World(shared=2),
    ", a model that knows nothing": World(slope=0),
}
"""What is simulated -> the world."""


@dataclass(frozen=True)
class Known:
    """Studies, and the true mean of every cell."""

    past: Past
    truth: np.ndarray

    def inside(self, errors: PastErrors, *, sampling: bool) -> float:
        """Return the share of truths, or of what was observed, inside intervals learnt from others."""
        seen, values = self.past, self.past.observed if sampling else self.truth
        if errors.kind == "means":
            predicted, value, variance, study = seen.predicted, values, seen.variance, seen.study
        else:
            pairs = np.argwhere(np.triu(seen.question[:, None] == seen.question, 1))
            first, second = pairs.T
            predicted, value = (each[first] - each[second] for each in (seen.predicted, values))
            variance, study = seen.variance[first] + seen.variance[second], seen.study[first]
        found = forecast(errors, predicted, sampling=variance if sampling else 0.0)
        held = (found.low <= value) & (value <= found.high)
        return float(np.mean([held[study == own].mean() for own in np.unique(study)]))


def covered(
    world: World, kind: ErrorKind, datasets: int, *, alpha: float = 0.05, sampling: bool = False, seed: int = 0
) -> tuple[float, float, float]:
    """Return the share of new studies' quantities inside, its standard error, and what held-out past studies said.

    New studies weigh the same.
    """
    fresh, told = np.zeros(datasets), np.zeros(datasets)
    for place in range(datasets):
        rng = np.random.default_rng([seed, place])
        past = world.draw(rng).past
        new = replace(world, studies=_NEW).draw(rng)
        errors = learn_errors(past, kind, alpha)
        fresh[place] = new.inside(errors, sampling=sampling)
        held_out = errors.held_out
        told[place] = np.nan if held_out is None or held_out.coverage is None else held_out.coverage
    return float(fresh.mean()), float(fresh.std(ddof=1) / datasets**0.5), float(told.mean())


def main(*, datasets: int = 200) -> None:
    """Print coverage of new studies beside what held-out past studies said it would be.

    Args:
        datasets: how many are simulated for each row.
    """
    console, start = Console(width=120), time.perf_counter()
    rows: list[tuple[ErrorKind, float, bool]] = [
        ("means", 0.05, False),
        ("means", 0.05, True),
        ("effects", 0.05, False),
        ("effects", 0.05, True),
        ("effects", 0.1, False),
    ]
    table = Table("intervals for", "past studies", "level", "hold", "held-out past says")
    for name, world in WORLDS.items():
        for kind, alpha, sampling in rows:
            share, error, told = covered(world, kind, datasets, alpha=alpha, sampling=sampling)
            table.add_row(
                f"{'observed' if sampling else 'true'} {kind}{name}",
                f"{world.studies}",
                f"{100 - 100 * alpha:g} %",
                f"{100 * share:.1f} % ± {100 * error:.1f}",
                f"{100 * told:.1f} %",
            )
    console.print(table)
    console.print(f"{time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    cyclopts.run(main)
