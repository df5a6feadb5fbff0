"""Build the bundled table of United States adult profiles from published margins.

Run as `python tools/profiles/build.py`. A large pool of people is drawn from the seed tables, its weights are
raked to every published margin by iterative proportional fitting, and the profiles are chosen from the
weighted pool one by one so that the margins hold.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

MARGINS_FILE = Path(__file__).with_name("margins.yaml")
TABLE_FILE = Path(__file__).resolve().parents[2] / "src/silicus/study/profiles/us_adults.csv"
COLUMNS = (
    *("age", "gender", "ethnicity", "education", "employment", "income", "marital_status"),
    *("metro_status", "location", "party_id", "ideology", "household_size"),
)
RANDOM_SEED = 2022
POOL_SIZE = 60_000
PROFILE_COUNT = 4_000
OPTIONS_PER_PICK = 64
TOLERANCE = 1e-6
MAX_ITERATIONS = 500

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Codes = dict[str, Integers]
Labels = dict[str, list[Any]]
Random = np.random.Generator


@dataclass(frozen=True)
class Margin:
    """A published distribution.

    Attributes:
        name: Name in the margins file.
        attributes: The one or two attributes it distributes.
        shape: Number of labels of each attribute.
        target: Share of every cell, flattened, summing to one.
    """

    name: str
    attributes: list[str]
    shape: tuple[int, ...]
    target: Floats

    def cells(self, codes: Codes) -> Integers:
        """Return the flat cell number of every person."""
        return np.ravel_multi_index([codes[name] for name in self.attributes], self.shape)

    def deviation(self, codes: Codes) -> float:
        """Return the largest gap between unweighted shares and target, in percentage points."""
        cells = self.cells(codes)
        shares = np.bincount(cells, minlength=len(self.target)) / len(cells)
        return float(100 * np.abs(shares - self.target).max())


def read_margins(entries: dict[str, Any]) -> tuple[list[Margin], Labels]:
    """Turn the `margins` section of the file into margins and the label sets they define."""
    margins: list[Margin] = []
    labels: Labels = {}
    for name, entry in entries.items():
        attributes, shares = entry["attributes"], entry["shares"]
        values = np.array(list(shares.values()), dtype=float)
        labels[attributes[0]] = list(shares)
        if "first_age" in entry:
            labels["age"] = [entry["first_age"] + step for step in range(values.shape[1])]
        if "adults_per_household" in entry:
            values = values * np.array(entry["adults_per_household"])
        margins.append(Margin(name, attributes, values.shape, values.ravel() / values.sum()))
    return margins, labels


def row_odds(row: list[float] | float, share: Floats) -> Floats:
    """Return how much more likely than on average each label is, given one row of a seed table."""
    if isinstance(row, list):
        return np.array(row) / sum(row) / share
    return np.exp(row * np.linspace(-1, 1, len(share)))


def table_odds(table: dict[str, Any], labels: Labels, share: Floats) -> Floats:
    """Return the odds of a seed table, indexed by the codes of its given attributes, then by label."""
    banded = "bands" in table

    def expand(rows: dict[Any, Any], given: list[str]) -> Floats:
        values = labels[given[0]]
        if len(given) > 1:
            return np.stack([expand(rows[value], given[1:]) for value in values])
        keys = [max(key for key in rows if key <= value) for value in values] if banded else values
        return np.stack([row_odds(rows[key], share) for key in keys])

    return expand(table["bands"] if banded else table["rows"], table["given"])


def pick(probabilities: Floats, uniform: Floats) -> Integers:
    """Draw one label per person by inverting the cumulative distribution (one row, or one per person)."""
    cumulative = np.cumsum(probabilities, axis=-1)
    cumulative /= cumulative[..., -1:]
    if cumulative.ndim == 1:
        return np.searchsorted(cumulative, uniform, side="right")
    return (uniform[:, None] >= cumulative).sum(axis=1)


def draw_pool(margins: list[Margin], labels: Labels, seed: list[dict[str, Any]], rng: Random) -> Codes:
    """Draw the pool: attributes without a seed table from their margin, the others in file order."""
    by_name = {margin.attributes[0]: margin for margin in margins}
    seeded = list(dict.fromkeys(table["attribute"] for table in seed))
    codes: Codes = {}
    for name in [name for name in by_name if name not in seeded] + seeded:
        margin = by_name[name]
        probabilities = margin.target
        for table in (table for table in seed if table["attribute"] == name):
            odds = table_odds(table, labels, margin.target)
            probabilities = probabilities * odds[tuple(codes[given] for given in table["given"])]
        drawn = pick(probabilities, rng.random(POOL_SIZE))
        codes |= dict(zip(margin.attributes, np.unravel_index(drawn, margin.shape), strict=True))
    return codes


def rake(margins: list[Margin], codes: Codes) -> tuple[Floats, int]:
    """Fit the pool's weights to every margin by iterative proportional fitting.

    Returns:
        The weights, summing to one, and the number of iterations.

    Raises:
        ValueError: If the weights do not converge.
    """
    cells = [margin.cells(codes) for margin in margins]
    weights = np.full(POOL_SIZE, 1 / POOL_SIZE)
    for iteration in range(1, MAX_ITERATIONS + 1):
        worst = 0.0
        for margin, cell in zip(margins, cells, strict=True):
            shares = np.bincount(cell, weights, minlength=len(margin.target))
            worst = max(worst, float(np.abs(shares - margin.target).max()))
            weights = weights * (margin.target / np.maximum(shares, 1e-12))[cell]
        if worst < TOLERANCE:
            return weights, iteration
    raise ValueError(f"raking did not converge in {MAX_ITERATIONS} iterations; do margins and zeros clash?")


def choose(margins: list[Margin], codes: Codes, weights: Floats, rng: Random) -> Integers:
    """Choose the profiles: of some people drawn by weight, keep the one the margins lack most.

    Every pick lowers the chi-square distance to the targets, so every prefix of the table is balanced too.
    """
    offsets = np.cumsum([0] + [len(margin.target) for margin in margins])
    cells = np.stack([m.cells(codes) + offset for m, offset in zip(margins, offsets, strict=False)])
    target = np.concatenate([margin.target for margin in margins])
    counts, free = np.zeros(len(target)), np.ones(POOL_SIZE, dtype=bool)
    chosen = np.zeros(PROFILE_COUNT, dtype=np.int64)
    for step, options in enumerate(pick(weights, rng.random((PROFILE_COUNT, OPTIONS_PER_PICK)))):
        excess = counts / target - step
        cost = np.where(free[options], excess[cells[:, options]].sum(axis=0), np.inf)
        chosen[step] = best = options[np.argmin(cost)]
        counts[cells[:, best]] += 1
        free[best] = False
    return chosen


def build_profiles() -> tuple[str, dict[str, float], int]:
    """Return the CSV text, every margin's largest deviation in percentage points, and the iterations."""
    spec = yaml.safe_load(MARGINS_FILE.read_text(encoding="utf-8"))
    margins, labels = read_margins(spec["margins"])
    rng = np.random.Generator(np.random.PCG64(RANDOM_SEED))
    pool = draw_pool(margins, labels, spec["seed"], rng)
    weights, iterations = rake(margins, pool)
    rows = choose(margins, pool, weights, rng)
    profiles = {name: pool[name][rows] for name in COLUMNS}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("profile", *COLUMNS))
    for number in range(PROFILE_COUNT):
        values = [labels[name][profiles[name][number]] for name in COLUMNS]
        writer.writerow((f"us-{number + 1:04d}", *values))
    return text.getvalue(), {margin.name: margin.deviation(profiles) for margin in margins}, iterations


def main() -> None:
    """Write the table and print how far each margin is from its target."""
    text, deviations, iterations = build_profiles()
    TABLE_FILE.parent.mkdir(parents=True, exist_ok=True)
    TABLE_FILE.write_text(text, encoding="utf-8", newline="\n")
    print(f"{'margin':<16}largest deviation (percentage points)")
    for name, deviation in deviations.items():
        print(f"{name:<16}{deviation:.3f}")
    print(f"raking iterations: {iterations}")


if __name__ == "__main__":
    main()
