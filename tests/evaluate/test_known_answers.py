"""Simulated studies whose answers are known: every number by plain loops, and what it must come to."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import accumulate
from statistics import fmean

import numpy as np
import polars as pl
import pytest
from scipy.stats import wasserstein_distance

from silicus.evaluate import METRICS, Beside, Cell, Evaluation, evaluate
from silicus.study import PREDICTIONS, RESPONSES, Item, Scale

REFUSED = {999: "Don't know"}
SCALES = (
    Scale(kind="binary", labels={1: "Yes", 2: "No"}, refusals=REFUSED),
    Scale(kind="ordinal", low=1, high=5, refusals=REFUSED),
    Scale(kind="ordinal", low=1, high=7),
    Scale(kind="numeric", low=0, high=10, refusals=REFUSED),
    Scale(kind="numeric", low=0, high=100),
    Scale(kind="nominal", labels={1: "Red", 2: "Green", 3: "Blue", 7: "Grey"}, refusals=REFUSED),
    Scale(kind="ordinal", labels={1: "Never", 2: "Once", 4: "Twice", 9: "Often"}),
)
EXACT = pl.Schema({**PREDICTIONS, "probabilities": pl.List(pl.Float64), "refusal": pl.Float64})
"""As somebody's own table may be: in double precision."""


@dataclass
class World:
    """What people were shown, what they answered, and what a model predicts."""

    items: dict[str, Item] = field(default_factory=dict)
    responses: list[tuple] = field(default_factory=list)
    predictions: list[tuple] = field(default_factory=list)
    people: list[dict] = field(default_factory=list)

    def show(self, *key: str, scale: Scale, words: str = "") -> Item:
        item = Item(*key, context=" ".join((*key, words)), text="?", scale=scale)
        self.items[item.item] = item
        return item

    def answer(self, item: Item, person: str | None, response: int, n: int = 1, weight: float = 1.0) -> None:
        key = (item.study, item.condition, item.question, item.item)
        self.responses.append((*key, person, int(response), n, weight))

    def predict(self, item: Item, p, person: str | None = None, weight: float = 1.0, refusal: float = 0.0) -> None:
        key = (item.study, item.condition, item.question, item.item)
        self.predictions.append((*key, person, weight, [float(each) for each in p], refusal, 1.0))

    def table(self) -> pl.DataFrame:
        return pl.DataFrame(self.predictions, schema=EXACT, orient="row")

    def evaluated(self, draws: int = 200, **further: pl.DataFrame) -> Evaluation:
        responses = pl.DataFrame(self.responses, schema=RESPONSES, orient="row")
        beside = Beside(respondents=pl.DataFrame(self.people) if self.people else None, further=further)
        return evaluate(self.items, responses, self.table(), "model", np.random.default_rng(5), draws, beside)


# --- every number, by plain loops


@pytest.fixture(scope="module")
def world() -> World:
    """Return 6 studies x 3 conditions x 2 questions; weights, wordings, counts and refusals in some of them."""
    rng, made = np.random.default_rng(20), World()
    for study in range(6):
        scales = [SCALES[(2 * study + place) % len(SCALES)] for place in range(2)]
        for condition in "abc":
            people = [f"{condition}{n}" for n in range(rng.integers(40, 80))]
            weights = rng.uniform(0.2, 3.0, len(people)) if study == 3 else np.ones(len(people))
            for place, scale in enumerate(scales):
                key = (f"study {study}", condition, f"question {place}")
                # Study 2 words every question in two ways; study 5 publishes counts.
                shown = [made.show(*key, scale=scale, words=words) for words in ("one", "two")[: 1 + (study == 2)]]
                if study == 5:
                    _counted(made, shown[0], rng)
                else:
                    _answered(made, shown, people, weights, rng)
    return made


def _answered(made: World, shown: list[Item], people: list[str], weights, rng: np.random.Generator) -> None:
    scale = shown[0].scale
    truth = rng.dirichlet(np.ones(len(scale.values)))
    for number, (person, weight) in enumerate(zip(people, weights, strict=True)):
        item = shown[number % len(shown)]
        refuses = bool(scale.refusals) and rng.random() < 0.1
        made.answer(item, person, 999 if refuses else rng.choice(scale.values, p=truth), weight=float(weight))
        guess = 0.7 * truth + 0.3 * rng.dirichlet(np.ones(len(truth)))
        made.predict(item, guess, person, refusal=rng.uniform(0, 0.3) if scale.refusals else 0.0)


def _counted(made: World, item: Item, rng: np.random.Generator) -> None:
    """Add counts of nameless answers, and two predictions of different weight of which the mean counts."""
    truth = rng.dirichlet(np.ones(len(item.scale.values)))
    for value, n in zip(item.scale.values, rng.multinomial(60, truth), strict=True):
        if n:
            made.answer(item, None, value, int(n))
    for person, weight in (("x", 1.0), ("y", 3.0)):
        made.predict(item, rng.dirichlet(np.ones(len(truth))), person, weight, rng.uniform(0, 0.3))


@dataclass
class Answer:
    """One row of the responses, and what each system predicts for it."""

    scale: Scale
    response: int
    n: int
    weight: float
    refusal: float
    predicted: dict[str, list[float]]

    @property
    def counts(self) -> float:
        return self.n * self.weight

    @property
    def told(self) -> tuple[int, float]:
        return self.response, self.counts


def rows_by_cell(world: World) -> dict[tuple, list[Answer]]:
    """Return the rows of every cell with what the model, guessing, the pool and all others predict for them."""
    own = {row[:5]: row[6:8] for row in world.predictions}
    cells: dict[tuple, list[Answer]] = defaultdict(list)
    questions: dict[tuple, list[Answer]] = defaultdict(list)
    for row in world.responses:
        guess, refusal = own.get(row[:5]) or mean_prediction(world, row[:4])
        answer = Answer(world.items[row[3]].scale, *row[5:], refusal=refusal, predicted={"model": guess})
        cells[row[:3]].append(answer)
        questions[row[0], row[2]].append(answer)
    for answers in questions.values():
        pool = shares(answers[0].scale, [each.told for each in answers])
        guess = [1 / len(pool)] * len(pool)
        for each in answers:
            each.predicted |= {"uniform": guess, "pooled": pool}
    for answers in cells.values():
        for each in answers:
            each.predicted["others"] = others(each, answers)
    return cells


def mean_prediction(world: World, key: tuple) -> tuple[list[float], float]:
    rows = [row for row in world.predictions if row[:4] == key]
    total = sum(row[5] for row in rows)
    mean = [sum(row[5] * row[6][place] for row in rows) / total for place in range(len(rows[0][6]))]
    return mean, sum(row[5] * row[7] for row in rows) / total


def shares(scale: Scale, told: list[tuple[int, float]]) -> list[float]:
    """Return the share of every point among (answer, how much it counts); refusals are no points."""
    counts = dict.fromkeys(scale.values, 0.0)
    for answer, count in told:
        if answer in counts:
            counts[answer] += count
    return [count / sum(counts.values()) for count in counts.values()]


def others(answer: Answer, cell: list[Answer]) -> list[float]:
    """Return what all in the cell but one person answer, and beside them one who may answer anything."""
    anything = [(value, answer.weight / len(answer.scale.values)) for value in answer.scale.values]
    return shares(answer.scale, [each.told for each in cell] + [(answer.response, -answer.weight)] + anything)


def scored(cell: list[Answer], system: str) -> dict[str, float]:
    """Return every metric of a cell by its definition."""
    scale = cell[0].scale
    given = [each for each in cell if each.response in scale.values]
    total = sum(each.counts for each in given)
    human = shares(scale, [each.told for each in given])
    columns = zip(*(each.predicted[system] for each in given), strict=True)
    mean = [sum(e.counts * p for e, p in zip(given, column, strict=True)) / total for column in columns]
    by_answer = [by_definition(each, each.predicted[system]) for each in given]
    weighted = {
        name: sum(each.counts * own[name] for each, own in zip(given, by_answer, strict=True)) / total
        for name in by_answer[0]
    }
    halfway = [(p + q) / 2 for p, q in zip(human, mean, strict=True)]
    divergence = (relative_entropy(human, halfway) + relative_entropy(mean, halfway)) / 2
    return {
        **(on_the_scale(scale, human, mean) if scale.ordered else {}),
        **weighted,
        "total_variation": sum(abs(p - q) for p, q in zip(human, mean, strict=True)) / 2,
        "js_distance": math.sqrt(max(divergence, 0.0)),
        # Where all answer alike there is nothing to be a ratio of.
        **({} if 1 in human else {"entropy_ratio": entropy(mean) / entropy(human)}),
    }


def on_the_scale(scale: Scale, human: list[float], predicted: list[float]) -> dict[str, float]:
    """Return what needs an order: distances in shares of the stated and of the used range, and the spread."""
    values = scale.values
    used = [value for value, share in zip(values, human, strict=True) if share]
    stated = wasserstein_distance(values, values, human, predicted) / (values[-1] - values[0])
    if len(used) == 1:
        return {"wasserstein": stated}
    clipped = [min(max(value, used[0]), used[-1]) for value in values]
    observed = wasserstein_distance(values, clipped, human, predicted)
    return {
        "wasserstein": stated,
        "wasserstein_observed": observed / (used[-1] - used[0]),
        "sd_ratio": spread(values, predicted) / spread(values, human),
    }


def by_definition(answer: Answer, p: list[float]) -> dict[str, float]:
    """Return accuracies, Brier score and log likelihood of a prediction for one answer."""
    values, place = answer.scale.values, answer.scale.values.index(answer.response)
    median = next(n for n, below in enumerate(accumulate(p)) if below >= 0.5 - 1e-9)
    likely = [n for n, each in enumerate(p) if each >= max(p) - 1e-9]
    near = [1 - abs(value - answer.response) / (values[-1] - values[0]) for value in values]
    ordered = answer.scale.ordered
    return {
        "accuracy_draw": sum(share * each for share, each in zip(p, near, strict=True)) if ordered else p[place],
        "accuracy_median": near[median] if ordered else (place in likely) / len(likely),
        "brier": sum((each - (n == place)) ** 2 for n, each in enumerate(p)),
        "nll": -math.log(p[place]),
    }


def relative_entropy(p: list[float], q: list[float]) -> float:
    return sum(a * math.log(a / b) for a, b in zip(p, q, strict=True) if a > 0)


def entropy(p: list[float]) -> float:
    return -sum(each * math.log(each) for each in p if each > 0)


def spread(values: tuple[int, ...], p: list[float]) -> float:
    mean = sum(share * value for share, value in zip(p, values, strict=True))
    return math.sqrt(sum(share * (value - mean) ** 2 for share, value in zip(p, values, strict=True)))


SYSTEMS = ("model", "uniform", "pooled", "others")


def rounding(metric: str) -> float:
    # The root of a rounding error of 1e-16 is 1e-8.
    return 1e-7 if metric == "js_distance" else 1e-9


@pytest.fixture(scope="module")
def cells(world) -> dict[tuple, list[Answer]]:
    return rows_by_cell(world)


@pytest.fixture(scope="module")
def plain(cells) -> dict[tuple, dict[str, dict[str, float]]]:
    """Return cell -> system -> metric -> value."""
    return {key: {system: scored(cell, system) for system in SYSTEMS} for key, cell in cells.items()}


@pytest.fixture(scope="module")
def found(world) -> Evaluation:
    return world.evaluated(draws=20)


def test_every_metric_of_every_cell_and_system_is_what_plain_loops_find(found, plain):
    assert [(cell.study, cell.condition, cell.question) for cell in found.cells] == list(plain)
    assert {len(cell.values) for cell in found.cells} == {2, 4, 5, 7, 11, 101}
    for cell, by_system in zip(found.cells, plain.values(), strict=True):
        for metric in set(METRICS) - {"nll_per_answer"}:
            expected = {system: own.get(metric) for system, own in by_system.items()}
            assert getattr(cell, metric) == pytest.approx(expected, abs=rounding(metric)), (cell.study, metric)


def test_the_answers_and_refusals_of_every_cell_are_what_plain_loops_find(found, cells):
    for cell, rows in zip(found.cells, cells.values(), strict=True):
        asked = sum(row.counts for row in rows)
        given = [row for row in rows if row.response != 999]
        assert cell.answers == sum(row.n for row in given)
        assert cell.human == pytest.approx(shares(rows[0].scale, [row.told for row in given]), abs=1e-12)
        assert cell.refusal_human == pytest.approx(1 - sum(row.counts for row in given) / asked, abs=1e-12)
        assert cell.refusal_predicted == pytest.approx(sum(r.counts * r.refusal for r in rows) / asked, abs=1e-12)
    refused = sum(row.response == 999 for rows in cells.values() for row in rows)
    assert found.left_out["refusal"] == refused > 50


def test_the_whole_is_the_mean_over_cells_then_over_studies(found, plain):
    for metric in set(METRICS) - {"nll_per_answer"}:
        for system in SYSTEMS:
            by_study: dict[str, list[float]] = defaultdict(list)
            for (study, *_), by_system in plain.items():
                if metric in by_system[system]:
                    by_study[study].append(by_system[system][metric])
            own = {study: fmean(values) for study, values in by_study.items()}
            told = {each.study: each.metrics[system][metric] for each in found.studies}
            assert told == pytest.approx({study: own.get(study) for study in told}, abs=rounding(metric))
            whole = found.overall[system][metric]
            assert whole.value == pytest.approx(fmean(own.values()), abs=rounding(metric))
            assert whole.n == sum(map(len, by_study.values()))


def test_the_likelihood_of_an_answer_is_the_weighted_mean_over_all_of_them(found, cells):
    given = [row for rows in cells.values() for row in rows if row.response != 999]
    for system in SYSTEMS:
        surprise = sum(row.counts * by_definition(row, row.predicted[system])["nll"] for row in given)
        told = found.overall[system]["nll_per_answer"]
        assert told.value == pytest.approx(surprise / sum(row.counts for row in given), abs=1e-9)
        assert told.n == sum(row.n for row in given)


def test_predictions_are_matched_with_persons_and_elsewhere_by_their_mean(found, world):
    counted = sum(row[6] for row in world.responses if row[4] is None)
    assert (found.matched_by_mean, found.matched_by_person) == (counted, found.answers_n - counted)


# --- what must come out, as the truth is known


def normal(scale: Scale, mean: float, spread: float) -> np.ndarray:
    """Return a bell curve over the points of a scale; both are in shares of its range."""
    curve = np.exp(-((scale.positions - mean) ** 2) / (2 * spread**2))
    return curve / curve.sum()


def tables(world: World, change) -> pl.DataFrame:
    """Return the predictions of a world with `change` applied to every distribution."""
    changed = replace(world, predictions=[(*r[:6], change(np.array(r[6])).tolist(), *r[7:]) for r in world.predictions])
    return changed.table()


@pytest.fixture(scope="module")
def known() -> tuple[World, Evaluation]:
    """Return 200 cells whose true distributions are predicted, and how that and two other systems score."""
    rng, made = np.random.default_rng(3), World()
    for study in range(25):
        for question in range(2):
            scale = SCALES[(study + question) % 5]
            middle, width = rng.uniform(0.25, 0.75), rng.uniform(0.1, 0.4)
            for condition in range(4):
                item = made.show(f"s{study}", f"c{condition}", f"q{question}", scale=scale)
                truth = normal(scale, middle + rng.normal(0, 0.03), width)
                made.predict(item, truth)
                for person in range(rng.integers(40, 80)):
                    made.answer(item, f"{condition}/{person}", rng.choice(scale.values, p=truth))
    mixed = tables(made, lambda p: (p + 1 / len(p)) / 2)
    seer = World()
    for row in made.responses:
        item = made.items[row[3]]
        seer.predict(item, [row[5] == value for value in item.scale.values], row[4])
    return made, made.evaluated(mixed=mixed, exact=seer.table())


def test_who_predicts_the_true_distribution_scores_what_chance_alone_makes(known):
    _, found = known
    simulated = np.array([_drawn_again(cell, np.random.default_rng(6)) for cell in found.cells])
    error = math.sqrt(simulated.var(axis=1).sum()) / len(simulated)
    assert simulated.shape == (200, 100)
    assert found.perfect_wasserstein == pytest.approx(simulated.mean(), rel=0.03)
    assert found.overall["model"]["wasserstein"].value == pytest.approx(found.perfect_wasserstein, abs=3 * error)
    assert 3 * error < 0.15 * found.perfect_wasserstein < 0.05 * found.overall["uniform"]["wasserstein"].value


def _drawn_again(cell: Cell, rng: np.random.Generator) -> np.ndarray:
    """Return how far 100 crowds, drawn from the truth and as large as the cell, would lie from it."""
    truth, values = np.array(cell.predicted["model"]), np.array(cell.values)
    crowds = rng.multinomial(cell.answers, truth, size=100) / cell.answers
    below = np.abs(np.cumsum(crowds - truth, axis=1))[:, :-1]
    return below @ np.diff(values) / np.ptp(values)


def test_who_predicts_the_true_distribution_has_reached_all_there_is(known):
    reached = known[1].reached["model"]
    assert reached.value == pytest.approx(1, abs=0.05)
    assert reached.low < 1 < reached.high


def test_truth_mixed_with_guessing_lies_between_them(known):
    _, found = known
    truth, mixed, uniform = (found.overall[system]["wasserstein"] for system in ("model", "mixed", "uniform"))
    assert truth.high < mixed.low < mixed.high < uniform.low
    assert found.differences["mixed"]["wasserstein"].high < 0
    assert 0.2 < found.reached["mixed"].value < 0.7
    for better_is_lower in ("nll", "brier", "js_distance", "total_variation"):
        a, b, c = (found.overall[system][better_is_lower].value for system in ("model", "mixed", "uniform"))
        assert a < b < c


def test_who_knows_every_persons_answer_is_always_right(known):
    exact = known[1].overall["exact"]
    right = {"accuracy_draw": 1, "accuracy_median": 1, "brier": 0, "nll": 0, "wasserstein": 0, "total_variation": 0}
    assert {metric: exact[metric].value for metric in right} == pytest.approx(right, abs=1e-12)


def test_the_true_distribution_has_the_likelihood_that_its_entropy_promises(known):
    made, found = known
    truth = {row[:3]: np.array(row[6]) for row in made.predictions}
    expected = fmean(float(-(p * np.log(p)).sum()) for p in (truth[row[:3]] for row in made.responses))
    told = found.overall["model"]["nll_per_answer"]
    # The surprise at one answer varies by about 0.7 nats.
    assert told.value == pytest.approx(expected, abs=3 * 0.7 / math.sqrt(told.n))


def test_a_group_that_is_predicted_a_fifth_of_the_scale_too_high_is_found():
    rng, made, scale = np.random.default_rng(8), World(), SCALES[3]
    middle = {}
    for study in range(8):
        for condition in "ab":
            item = made.show(f"s{study}", condition, "q", scale=scale)
            # Nobody answers above 8, so that 2 points higher is still on the scale.
            truth = normal(scale, rng.uniform(0.2, 0.6), 0.2) * (np.array(scale.values) <= 8)
            truth /= truth.sum()
            middle[study, condition] = truth
            for number in range(80):
                person = f"{study}/{condition}/{number}"
                group = ("right", "shifted")[number % 2]
                made.people.append({"respondent": person, "told": group, "coin": str(rng.integers(2))})
                made.answer(item, person, rng.choice(scale.values, p=truth))
                made.predict(item, np.roll(truth, 2) if group == "shifted" else truth, person)
    told, coin = made.evaluated().groups
    right, shifted = told.groups
    assert (told.attribute, right.group, shifted.group) == ("told", "right", "shifted")
    assert shifted.mean_error.value - right.mean_error.value == pytest.approx(told.mean_error_gap.value, abs=1e-12)
    assert told.mean_error_gap.value == pytest.approx(0.2, abs=0.03)
    assert told.mean_error_gap.low < 0.2 < told.mean_error_gap.high
    assert right.accuracy.value - shifted.accuracy.value == pytest.approx(told.accuracy_gap.value, abs=1e-12)
    assert told.accuracy_gap.value == pytest.approx(_lost_accuracy(list(middle.values())), abs=0.02)
    # Chance adds next to nothing to a distance that goes all one way, and is taken off all the same.
    assert told.wasserstein_gap.value == pytest.approx(0.2 - shifted.wasserstein_chance, abs=0.03)
    assert told.accuracy_gap_chance < 0.01 < coin.accuracy_gap_chance
    assert coin.mean_error_gap.value < 0.05


def _lost_accuracy(truths: list[np.ndarray]) -> float:
    """Return the accuracy of draws from the truth, less that of draws 2 of 10 points higher; a mean over cells."""
    apart = np.abs(np.subtract.outer(np.arange(11), np.arange(11))) / 10
    return fmean(float(np.roll(p, 2) @ apart @ p - p @ apart @ p) for p in truths)


@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_effects_predicted_so_many_times_too_large_have_the_slope_of_one_over_that(factor):
    rng, made, scale = np.random.default_rng(4), World(), SCALES[4]
    for study in range(20):
        middle = rng.uniform(0.4, 0.6)
        for condition, effect in enumerate((0.0, *rng.normal(0, 0.05, 2))):
            item = made.show(f"s{study}", f"c{condition}", "q", scale=scale)
            made.predict(item, normal(scale, middle + factor * effect, 0.08))
            truth = normal(scale, middle + effect, 0.08)
            for person in range(60):
                made.answer(item, f"{condition}/{person}", rng.choice(scale.values, p=truth))
    found = made.evaluated().conditions
    assert (found.cells_n, found.questions_n) == (60, 20)
    assert found.slope.value == pytest.approx(1 / factor, rel=0.1)
    assert found.slope.low < 1 / factor < found.slope.high
    assert found.spread_ratio_true.value == pytest.approx(factor, rel=0.1)
    assert found.correlation.value == pytest.approx(found.ceiling, abs=0.03)
    assert found.chance < 0.01
