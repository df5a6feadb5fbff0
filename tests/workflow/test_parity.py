"""`silicus evaluate` beside the numbers published on SocSci210, and beside plain loops over the raw rows.

Kolluri et al. (2025, https://doi.org/10.18653/v1/2025.emnlp-main.1530) published neither scorer nor convention. With
every answer taken as a number, a cell scaled by the range its people used, and what a model gives beyond that moved to
its nearer end, guessing scores 0.2015 on their 40 unseen studies and their SFT model 0.150, as others found who
counted again (they: 0.203 and 0.151). The loops here take all of that literally. `evaluate --published` does the same;
without it cells without order have no Wasserstein, and a question without a scale, or with more than 3,001 points, is
not scored.

The full tests need data that may not lie in this repository. They do what the tests on the samples do.
"""

from __future__ import annotations

import importlib
import json
import os
import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import fmean

import numpy as np
import polars as pl
import pytest
from scipy.stats import wasserstein_distance

from silicus.data import Dataset, ReadOptions, read_dataset
from silicus.data.answer_scale import parse_scale
from silicus.evaluate import Evaluation
from silicus.options import EvaluateOptions
from silicus.workflow import evaluate_data

MOST_POINTS = 3001
COMPARED = ("wasserstein", "wasserstein_observed", "accuracy_draw", "accuracy_median")


def named(variable: str) -> Path:
    """Return the path that an environment variable names."""
    if not os.environ.get(variable):
        pytest.skip(f"the environment variable {variable} names no path to data that may not lie in this repository")
    return Path(os.environ[variable])


@pytest.fixture(scope="module")
def values_alone():
    """Leave out the report and most resamples: both take seconds, have tests of their own and change no value."""
    module = importlib.import_module("silicus.workflow.evaluate")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "write_report", lambda *_: None)
        patch.setattr(module, "score", partial(module.score, draws=20))
        yield


# --- plain loops over raw rows


@dataclass(frozen=True)
class Row:
    """One answer as it stands in the source; `drawn` is what a model answered, `None` for guessing."""

    study: str
    condition: str
    text: str
    answer: float
    question: str = ""
    drawn: int | None = None


@dataclass(frozen=True)
class Points:
    """What may be answered; `known` where `evaluate` has a scale, else as far as the words or the answers tell."""

    values: np.ndarray
    ordered: bool = True
    known: bool = True

    @property
    def key(self) -> tuple:
        return len(self.values), self.values[0], self.values[-1], self.ordered

    def hold(self, answer: float) -> bool:
        return answer in self.values if self.known else self.values[0] <= answer <= self.values[-1]


@dataclass
class PlainCell:
    """One question in one condition, on one scale."""

    points: Points
    answers: list[float] = field(default_factory=list)
    drawn: list[int] = field(default_factory=list)

    def offered(self) -> PlainCell:
        """Return the answers whose draw was on the scale: `evaluate` has no prediction for the others."""
        if not self.drawn:
            return self
        pairs = [(a, d) for a, d in zip(self.answers, self.drawn, strict=True) if self.points.hold(d)]
        return PlainCell(self.points, [a for a, _ in pairs], [d for _, d in pairs])


def lines_of(path: Path) -> list[Row]:
    objects = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [_derived(each, each["output"].removeprefix("Response: ")) for each in objects]


def generations_of(path: Path) -> list[Row]:
    """Return the rows whose text begins with one whole number."""
    rows: list[Row] = []
    for each in json.loads(path.read_text(encoding="utf-8")):
        said = re.match(r"\s*(?:Response: )?(-?\d+)\b(?! or )", each["predicted_response"])
        rows += [replace(_derived(each, each["true_response"]), drawn=int(said[1]))] if said else []
    return rows


def _derived(found: dict, answer: str) -> Row:
    text = found["input"].partition("Scenario:")[2].strip()
    return Row(found["study_id"], str(found["condition_num"]), text, float(answer))


def hub_of(path: Path) -> list[Row]:
    columns = ["study_id", "condition_num", "stimuli", "response", "task_num"]
    rows = pl.read_parquet(path, columns=columns).select(columns).iter_rows()
    return [Row(study, str(n), text, float(answer), f"task {task}") for study, n, text, answer, task in rows]


def with_questions(rows: list[Row], data: Dataset) -> list[Row]:
    """Return rows of a form that numbers no questions with those a reader names."""
    names = {(item.study, item.text): item.question for item in data.cells()}
    return [replace(row, question=row.question or names.get((row.study, row.text), row.text)) for row in rows]


def cells_of(rows: list[Row], data: Dataset) -> dict[tuple, PlainCell]:
    """Return the cells of raw rows, less answers off the scale."""
    tasks: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        tasks[row.study, row.question].append(row)
    points: dict[tuple[str, str, str], Points] = {
        (item.study, item.question, item.text): Points(np.array(item.scale.values, dtype=float), item.scale.ordered)
        for item in data.cells()
    }
    cells: dict[tuple, PlainCell] = {}
    for row in rows:
        asked = (row.study, row.question, row.text)
        if asked not in points:
            # Where every answer is off a stated scale the data have no cell.
            stated = parse_scale(row.text).scale
            known = stated and Points(np.array(stated.values, dtype=float), stated.ordered)
            points[asked] = known or _unsupported(row.text, tasks[asked[:2]])
        own = points[asked]
        if own.hold(row.answer):
            cell = cells.setdefault((row.study, row.condition, row.question, own.key), PlainCell(own))
            cell.answers.append(row.answer)
            cell.drawn += [] if row.drawn is None else [row.drawn]
    return cells


def _unsupported(text: str, task: list[Row]) -> Points:
    """Return the points of the range that the words state, else of that of the answers to the task.

    Of more than 3,001 points as many, evenly spaced, stand for all.
    """
    stated = re.search(r"(?:from|between) \$?(-?[\d,]+) (?:to|and) \$?(-?[\d,]+)", text.rpartition("nly return")[2])
    answers = [row.answer for row in task]
    low, high = (float(n.replace(",", "")) for n in stated.groups()) if stated else (min(answers), max(answers))
    return Points(np.linspace(low, high, int(min(high - low + 1, MOST_POINTS))), known=False)


def scored(cell: PlainCell, *, as_numbers: bool) -> dict[str, float]:
    """Return what guessing, or what the draws, score in a cell; without order as numbers or as `evaluate` has it."""
    values, answers = cell.points.values, np.array(cell.answers)
    guesses = np.clip(np.array(cell.drawn or values, dtype=float), values[0], values[-1])
    ordered, span, used = cell.points.ordered or as_numbers, np.ptp(values), np.ptp(answers)
    found = accuracies(cell, span if ordered else None) if span else {}
    if ordered and span and len(answers) > 1:
        found["wasserstein"] = wasserstein_distance(guesses, answers) / span
    if ordered and used:
        clipped = np.clip(guesses, answers.min(), answers.max())
        found["wasserstein_observed"] = wasserstein_distance(clipped, answers) / used
    return found


def accuracies(cell: PlainCell, span: float | None) -> dict[str, float]:
    """Return the mean accuracy of a draw and of the median; `span` is the range, `None` where right or wrong is all."""
    values = cell.points.values

    def near(answer: float, guess: np.ndarray) -> float:
        return float(np.mean(guess == answer) if span is None else 1 - np.mean(np.abs(guess - answer)) / span)

    if cell.drawn:
        said = np.clip(cell.drawn, values[0], values[-1])
        drawn = fmean(near(answer, draw) for answer, draw in zip(cell.answers, said, strict=True))
        return {"accuracy_draw": drawn, "accuracy_median": drawn}
    # Of points without order all are equally the most probable.
    median = values if span is None else values[(len(values) - 1) // 2]
    return {
        "accuracy_draw": fmean(near(answer, values) for answer in cell.answers),
        "accuracy_median": fmean(near(answer, median) for answer in cell.answers),
    }


def by_study(cells: dict[tuple, PlainCell], *, as_published: bool) -> dict[str, dict[str, float]]:
    """Return study -> metric -> mean over cells: over all, taken as numbers, or over those that `evaluate` knows."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for (study, *_), each in cells.items():
        cell = each if as_published else each.offered()
        if cell.answers and (cell.points.known or as_published):
            for metric, value in scored(cell, as_numbers=as_published).items():
                found[study][metric].append(value)
    return {study: {metric: fmean(values) for metric, values in own.items()} for study, own in found.items()}


def published(cells: dict[tuple, PlainCell]) -> dict[str, float]:
    """Return the means over studies, in the convention that reproduces what is published."""
    studies = by_study(cells, as_published=True).values()
    return {metric: fmean(own[metric] for own in studies if metric in own) for metric in COMPARED}


# --- evaluated beside


@dataclass(frozen=True)
class Compared:
    """One source, as `evaluate` and as plain loops score it."""

    found: Evaluation
    as_published: Evaluation
    system: str
    cells: dict[tuple, PlainCell]

    def overall(self) -> dict[str, float | None]:
        return {metric: self.found.overall[self.system][metric].value for metric in COMPARED}

    def told(self) -> dict[str, float | None]:
        """Return what `evaluate --published` prints."""
        return {metric: self.as_published.overall[self.system][metric].value for metric in COMPARED}

    def check(self, tolerance: float = 1e-9) -> None:
        """Hold every study's numbers together, and their means."""
        plain = by_study(self.cells, as_published=False)
        assert {each.study for each in self.found.studies} == set(plain)
        for each in self.found.studies:
            own = {metric: each.metrics[self.system][metric] for metric in COMPARED}
            assert own == pytest.approx({metric: plain[each.study].get(metric) for metric in COMPARED}, abs=tolerance)
        for metric, value in self.overall().items():
            expected = fmean(own[metric] for own in plain.values() if metric in own)
            assert value == pytest.approx(expected, abs=tolerance), metric


def compared(path: Path, rows: list[Row], out: Path, model: str | None = "uniform") -> Compared:
    """Return what a model scores on a source, or, without one, the texts that stand in it."""
    data = read_dataset(str(path), None, ReadOptions())
    options = EvaluateOptions(data=str(path), floors=False, out=out)
    options = replace(options, model=model) if model else options
    _, found = evaluate_data(options)
    _, told = evaluate_data(replace(options, published=True, out=out.with_name(f"{out.name}-published")))
    named_rows = with_questions(rows, read_dataset(str(path), None, ReadOptions(published=True)))
    return Compared(found, told, model or found.name, cells_of(named_rows, data))


def held_out(folder: Path, out: Path) -> Path:
    """Return one file of the rows that the official mapping in a folder of the hub's shards holds out."""
    files = list(folder.rglob("participant_mapping.json"))
    assert files, f"{folder}: found no participant_mapping.json, which the hub has under metadata/"
    mapping = json.loads(files[0].read_text(encoding="utf-8"))
    shards = [pl.scan_parquet(shard) for shard in sorted(folder.rglob("*.parquet"))]
    unseen = pl.concat(shards).filter(pl.col("study_id").is_in(mapping["unseen"]))
    path = out / "unseen.parquet"
    unseen.drop("prompt", "reasoning").sink_parquet(path)
    return path


def counted(each: Compared) -> tuple[int, int]:
    """Return how many cells have a distance as published, and how many rows an answer that was offered."""
    far = {key[:3] for key, cell in each.cells.items() if "wasserstein_observed" in scored(cell, as_numbers=True)}
    # Refusals are answers that were offered, and stand in no cell.
    return len(far), sum(len(cell.answers) for cell in each.cells.values()) + each.found.left_out.get("refusal", 0)


# --- guessing


@pytest.fixture(scope="module")
def sample(shared_data: Path) -> Path:
    """Return 2,780 real answers of 20 studies, all of them among the 170 seen."""
    return shared_data / "socsci210" / "sample_20_studies.jsonl"


@pytest.fixture(scope="module")
def of_sample(sample, values_alone, tmp_path_factory) -> Compared:
    return compared(sample, lines_of(sample), tmp_path_factory.mktemp("sample") / "run")


def test_guessing_scores_on_real_answers_what_plain_loops_over_the_lines_find(of_sample):
    of_sample.check()
    assert (of_sample.found.studies_n, of_sample.found.answers_n) == (19, 2762)


def test_guessing_scores_on_the_sample_what_it_is_known_to(of_sample):
    known = {"wasserstein": 0.2209, "wasserstein_observed": 0.1882, "accuracy_draw": 0.6100, "accuracy_median": 0.7227}
    assert of_sample.overall() == pytest.approx(known, abs=5e-4)
    # With brands and parties taken for numbers, and scales that are not known, which is what is published.
    told = {"wasserstein": 0.2263, "wasserstein_observed": 0.1935, "accuracy_draw": 0.6092, "accuracy_median": 0.7177}
    assert published(of_sample.cells) == pytest.approx(told, abs=5e-4)
    assert of_sample.told() == pytest.approx(published(of_sample.cells), abs=2e-4)


@pytest.fixture(scope="module")
def hub(shared_data, sample, tmp_path_factory) -> Path:
    """Return a folder as the hub has it, of two shards and a mapping that holds out every other study."""
    folder = tmp_path_factory.mktemp("hub")
    real = pl.read_parquet(shared_data / "socsci210" / "9nphm_hub_schema.parquet")
    data = read_dataset(str(sample), None, ReadOptions())
    rows = with_questions(lines_of(sample), data)
    tasks = {name: number for number, name in enumerate(dict.fromkeys(row.question for row in rows))}
    columns = ("participant", "stimuli", "response", "condition_num", "task_num", "study_id")
    as_hub = [
        (number, row.text, int(row.answer), int(row.condition), tasks[row.question], row.study)
        for number, row in enumerate(rows)
    ]
    shard = pl.DataFrame(as_hub, schema={name: real.schema[name] for name in columns}, orient="row")
    unasked = [pl.lit(None, dtype=kind).alias(name) for name, kind in real.schema.items() if name not in columns]
    (folder / "data").mkdir()
    (folder / "metadata").mkdir()
    real.write_parquet(folder / "data" / "train-00000.parquet")
    shard.with_columns(unasked).select(real.columns).write_parquet(folder / "data" / "train-00001.parquet")
    studies = sorted({row.study for row in rows})
    sides = {"seen": studies[::2], "unseen": [*studies[1::2], "9nphm"]}
    (folder / "metadata" / "participant_mapping.json").write_text(json.dumps(sides), encoding="utf-8")
    return folder


def test_guessing_on_held_out_studies_of_the_hubs_form_scores_what_plain_loops_find(hub, values_alone, tmp_path):
    path = held_out(hub, tmp_path)
    each = compared(path, hub_of(path), tmp_path / "run")
    each.check()
    known = {"wasserstein": 0.2419, "wasserstein_observed": 0.2017, "accuracy_draw": 0.5923, "accuracy_median": 0.7118}
    assert each.overall() == pytest.approx(known, abs=5e-4)
    told = {"wasserstein": 0.2477, "wasserstein_observed": 0.2085, "accuracy_draw": 0.5892, "accuracy_median": 0.6985}
    assert published(each.cells) == pytest.approx(told, abs=5e-4)
    assert each.told() == pytest.approx(published(each.cells), abs=2e-4)
    assert counted(each) == (135, 883)


@pytest.mark.slow
def test_guessing_on_the_40_unseen_studies_scores_what_is_published(values_alone, tmp_path):
    path = held_out(named("SILICUS_SOCSCI210"), tmp_path)
    rows = hub_of(path)
    each = compared(path, rows, tmp_path / "run")
    each.check()
    told = each.told()
    assert told == pytest.approx(published(each.cells), abs=5e-4)
    assert told["wasserstein_observed"] == pytest.approx(0.2015, abs=0.002)
    assert told["wasserstein"] == pytest.approx(0.168, abs=0.001)
    assert told["accuracy_draw"] == pytest.approx(0.60, abs=0.005)
    assert len(rows) == 482_642
    # Counted with another parser of the answer sentences.
    assert counted(each) == (pytest.approx(798, rel=0.01), pytest.approx(472_833, rel=0.01))


# --- a model's texts


def test_the_texts_of_a_model_score_what_plain_loops_find(shared_data, values_alone, tmp_path):
    path = shared_data / "socsci210" / "raw_generations_100.json"
    each = compared(path, generations_of(path), tmp_path / "run", model=None)
    each.check()
    assert each.found.answers_n == 89
    assert each.told() == pytest.approx(published(each.cells), abs=2e-4)


def test_texts_off_the_scale_are_left_out_and_as_published_moved_to_its_end(sample, values_alone, tmp_path):
    lines = [json.loads(line) for line in sample.read_text(encoding="utf-8").splitlines()[::5]]
    said = np.random.default_rng(1).integers(0, 7, len(lines))
    texts = [
        {
            **line,
            "true_response": line["output"].removeprefix("Response: "),
            "predicted_response": f"{text}\n\n### Input:",
        }
        for line, text in zip(lines, said.tolist(), strict=True)
    ]
    path = tmp_path / "texts.json"
    path.write_text(json.dumps(texts), encoding="utf-8")
    each = compared(path, generations_of(path), tmp_path / "run", model=None)
    each.check()
    off = each.found.left_out["no prediction for this respondent"]
    assert (each.found.answers_n, off) == (438, 117)
    assert each.told() == pytest.approx(published(each.cells), abs=2e-4)


def test_the_plain_loops_score_by_hand():
    five = Points(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    guessed = {"wasserstein": 0.15, "wasserstein_observed": 0.1, "accuracy_draw": 0.65, "accuracy_median": 0.75}
    assert scored(PlainCell(five, [2, 2, 4, 4]), as_numbers=True) == pytest.approx(guessed)
    # 99 is moved to 5, and there to 4, the end of what people used.
    drawn = {"wasserstein": 0.1875, "wasserstein_observed": 0.25, "accuracy_draw": 0.8125, "accuracy_median": 0.8125}
    assert scored(PlainCell(five, [2, 2, 4, 4], [2, 2, 2, 99]), as_numbers=True) == pytest.approx(drawn)
    colours = PlainCell(replace(five, ordered=False), [2, 2, 4, 4])
    assert scored(colours, as_numbers=False) == pytest.approx({"accuracy_draw": 0.2, "accuracy_median": 0.2})


@pytest.mark.slow
def test_the_published_texts_of_socrates_score_what_is_published(values_alone, tmp_path):
    path = named("SILICUS_SOCRATES_PREDICTIONS")
    each = compared(path, generations_of(path), tmp_path / "run", model=None)
    # Of 482,642 texts some are read otherwise here than there.
    each.check(tolerance=0.005)
    told = each.told()["wasserstein_observed"]
    assert told == pytest.approx(0.150, abs=0.003)
    assert told == pytest.approx(published(each.cells)["wasserstein_observed"], abs=0.001)
