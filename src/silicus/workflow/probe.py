"""`silicus probe`: a run's model asked otherwise, and asked what it remembers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from silicus.errors import InputError, RunError
from silicus.evaluate import (
    Evaluation,
    Familiar,
    Followed,
    Probes,
    Reasked,
    Recalled,
    Verbatim,
    familiar,
    followed,
    halves,
    min_k,
    min_k_plus_plus,
    reasked,
    recalled,
    reproduced,
    verbatim,
)
from silicus.models import Model, Reader
from silicus.models.trained_as import trained_as
from silicus.options import ProbeOptions
from silicus.prompts import AnswerStyle, Template, get_template
from silicus.record import read, write
from silicus.simulate import Pair, reask, recall_prompts, swapped, told, without_stimulus
from silicus.study import KEY, Item, iter_respondents, read_table
from silicus.workflow.evaluate import PROBES, by_group, evaluate_run, publish
from silicus.workflow.progress import Bar, progress
from silicus.workflow.run import Run, read_run
from silicus.workflow.simulate import load_checked

__all__ = ["probe_run"]

_CELL = ["study", "condition", "question"]
_CHOICES = 4


@dataclass(frozen=True)
class _Probing:
    """What every probe needs.

    Attributes:
        asked: the predictions that are asked for again, schema `PREDICTIONS`.
        pairs: who was asked what in each of them, in their order.
        bar: moves on with every prompt answered and every text read.
    """

    run: Run
    model: Model
    template: Template
    style: AnswerStyle
    asked: pl.DataFrame
    pairs: list[Pair]
    rng: np.random.Generator
    bar: Bar

    def again(self, pairs: list[Pair], changed: list[Pair]) -> pl.DataFrame:
        """Return what the model predicts for pairs when they are asked otherwise."""
        return reask(pairs, changed, self.model, self.template, self.style, self.bar.advance)

    def compared(self, otherwise: pl.DataFrame) -> Reasked | None:
        """Return how predictions asked otherwise stand to those of the run, and to people."""
        asked, other, people = (by_group(self.run, table) for table in (self.asked, otherwise, self.run.responses))
        return reasked(asked, other, people, self.run.items, self.rng)


def probe_run(folder: Path, options: ProbeOptions) -> tuple[Probes, Evaluation | None]:
    """Return what a run's model does when it is asked otherwise, and what it remembers of the studies.

    Writes `probes.json` into the run folder, and the evaluation and its report once more with them.

    Returns:
        The probes, and the evaluation where the run has human answers.

    Raises:
        InputError: the folder is no finished run, or no model stands behind it.
        RunError: the model is no longer the one that was asked.
    """
    run = read_run(folder)
    _refuse(run)
    about = {} if options.about is None else _facts(options.about)
    found = None if run.responses.is_empty() else _evaluation(run)
    model = _load(run, options)
    rng = np.random.default_rng(options.seed)
    asked, pairs = _drawn(run, options.limit, rng)
    texts = _texts(run, rng)
    most = 3 * len(pairs) + (3 * min(len(texts), options.texts) if isinstance(model, Reader) else 0)
    with progress(f"{model.name} is probed", most, unit="prompts and texts") as bar:
        style: AnswerStyle = run.manifest.options["answers"]
        template = get_template(run.manifest.options["template"])
        probing = _Probing(run, model, template, style, asked, pairs, rng, bar)
        probes = _probes(probing, texts, about, found, options)
        bar.reach(most)  # Texts too short to be cut, and people without a double, are not asked.
    write(folder / PROBES, probes)
    if found is not None:
        found = found.model_copy(update={"probes": probes})
        publish(run, found)
    return probes, found


def _refuse(run: Run) -> None:
    asked = run.manifest.options
    if "predictions" in asked:
        raise InputError(
            f"{run.folder}: holds predictions made elsewhere ({asked['predictions']}), so there is no model to ask. "
            "Probe a run of silicus simulate or of silicus evaluate --model."
        )
    if "protocol" in asked:
        raise InputError(
            f"{run.folder}: the model wrote texts (--protocol {asked['protocol']}), and probes read its probabilities. "
            "Probe a run with --protocol direct."
        )
    several = [name for name in ("orders", "wordings", "shots", "own_answers") if name in asked]
    if several:
        raise InputError(
            f"{run.folder}: was asked with --{several[0].replace('_', '-')} {asked[several[0]]}, and probes change one "
            "thing of what is asked once. Probe a run without it."
        )
    if asked["model"] in {"pooled", "uniform"} or str(asked["model"]).startswith("scripted:"):
        raise InputError(f"{run.folder}: '{asked['model']}' reads nothing that could be probed. Probe a model's run.")


def _evaluation(run: Run) -> Evaluation:
    path = run.folder / "evaluation.json"
    return read(path, Evaluation) if path.is_file() else evaluate_run(run.folder)


def _load(run: Run, options: ProbeOptions) -> Model:
    name = str(run.manifest.options["model"])
    model = load_checked(name, trained_as(name), options.device, run.manifest.options["dtype"])
    was = run.manifest.inputs["weights"]
    if model.fingerprint != was:
        raise RunError(
            f"{run.folder}: '{name}' is not the model that was asked (weights {model.fingerprint}, then {was}): it was "
            "changed since, or runs here in another precision or on another device. Make the run again."
        )
    return model


def _drawn(run: Run, limit: int, rng: np.random.Generator) -> tuple[pl.DataFrame, list[Pair]]:
    """Return predictions to be asked for again, as many of each cell as there is room for, and who was asked what."""
    usable = run.predictions.filter(pl.col("probabilities").is_not_null() & pl.col("respondent").is_not_null())
    shuffled = usable.with_columns(order=pl.Series(rng.permutation(len(usable))))
    turn = pl.col("order").rank("ordinal").over(_CELL)
    asked = shuffled.with_columns(turn=turn).sort("turn", "order").head(limit).drop("turn", "order")
    wanted = run.respondents.filter(pl.col("respondent").is_in(asked["respondent"].unique().implode()))
    people = {person.id: person for person in iter_respondents(wanted)}
    rows = asked.select(*KEY, "respondent").iter_rows()
    # The same words may be shown in several cells, of which the run keeps one.
    pairs = [
        (replace(run.items[item], study=study, condition=condition, question=question), people[respondent])
        for study, condition, question, item, respondent in rows
    ]
    return asked, pairs


def _texts(run: Run, rng: np.random.Generator) -> list[Item]:
    """Return stimuli of different texts, at random; the first so many hold as many of every study as they can."""
    every = list(run.items.values())
    items = [every[int(place)] for place in rng.permutation(len(every))]
    different = list({(item.study, item.context, item.text): item for item in items}.values())
    turns: dict[str, int] = {}
    ranked: list[tuple[int, int, Item]] = []
    for place, item in enumerate(different):
        turns[item.study] = turns.get(item.study, 0) + 1
        ranked.append((turns[item.study], place, item))
    return [item for _, _, item in sorted(ranked, key=lambda each: each[:2])]


def _text(item: Item) -> str:
    return "\n\n".join(part for part in (item.context, item.text) if part)


def _probes(
    probing: _Probing,
    texts: list[Item],
    about: Mapping[str, dict[str, str]],
    found: Evaluation | None,
    options: ProbeOptions,
) -> Probes:
    removed = probing.compared(
        probing.again(probing.pairs, [(without_stimulus(item), who) for item, who in probing.pairs])
    )
    swaps, kept = swapped(probing.pairs, probing.rng)
    own = [probing.pairs[int(place)] for place in kept]
    swap = probing.compared(probing.again(own, swaps)) if own else None
    remembered, unread = _remembered(probing, texts[: options.texts], found)
    recalls, unasked = _recalled(probing, texts, about)
    alone = [] if own else ["Personas were not swapped: everybody in a study has the same attributes, or none."]
    return Probes(
        model=probing.model.fingerprint,
        seed=options.seed,
        answers_n=len(probing.pairs),
        stimulus_removed=removed,
        persona_swapped=swap,
        instructed=_instructed(probing),
        verbatim=remembered[0],
        familiar=remembered[1],
        recalled=recalls,
        left_out=[*alone, *unread, *unasked],
    )


def _instructed(probing: _Probing) -> Followed | None:
    """Return whether the model gives an answer drawn at random when it is told to."""
    answers = np.array([probing.rng.integers(len(item.scale.values)) for item, _ in probing.pairs], dtype=np.int64)
    changed = [
        (told(item, int(answer), probing.style), who)
        for (item, who), answer in zip(probing.pairs, answers, strict=True)
    ]
    return followed(probing.asked, probing.again(probing.pairs, changed), answers, probing.rng)


# --- what is remembered


def _remembered(
    probing: _Probing, items: list[Item], found: Evaluation | None
) -> tuple[tuple[Verbatim | None, Familiar | None], list[str]]:
    """Return what reading the studies' own words says, and why nothing can be said."""
    if not items:
        return (None, None), ["Texts were not read, as --texts 0 says."]
    reader = probing.model
    if not isinstance(reader, Reader):
        why = f"Texts were not read: '{probing.model.name}' gives no probabilities of texts."
        return (None, None), [why]
    studies = list(dict.fromkeys(item.study for item in items))
    study = np.array([studies.index(item.study) for item in items], dtype=np.int64)
    nearness = _nearness(studies, found)
    return (_verbatim(probing, reader, items, study), _familiar(probing, reader, items, study, nearness)), []


def _nearness(studies: list[str], found: Evaluation | None) -> npt.NDArray[np.float64]:
    """Return minus the Wasserstein of every study, NaN where it has none."""
    if found is None:
        return np.full(len(studies), np.nan)
    distance = {each.study: each.metrics[found.name]["wasserstein"] for each in found.studies}
    own = [distance.get(study) for study in studies]
    return np.array([np.nan if value is None else -value for value in own], dtype=np.float64)


def _verbatim(probing: _Probing, reader: Reader, items: list[Item], study: npt.NDArray[np.int64]) -> Verbatim | None:
    cut = [(place, parts) for place, item in enumerate(items) if (parts := halves(_text(item))) is not None]
    starts = {start: study[place] for place, (start, _) in cut}
    controls = [_another_start(start, study[place], starts, probing.rng) for place, (start, _) in cut]
    kept = [(place, parts, control) for (place, parts), control in zip(cut, controls, strict=True) if control]
    if not kept:
        return None
    own = _runs(probing, reader, [parts for _, parts, _ in kept])
    other = _runs(probing, reader, [(control, rest) for _, (_, rest), control in kept])
    places = [place for place, _, _ in kept]
    names = [f"{items[p].study} / {items[p].condition} / {items[p].question}" for p in places]
    return verbatim(own[:, 0], other[:, 0], own[:, 1], names, len(items) - len(kept), study[places], probing.rng)


def _another_start(own: str, study: np.int64, starts: Mapping[str, np.int64], rng: np.random.Generator) -> str | None:
    """Return the first half of another text, of another study where there is one: conditions often begin alike."""
    others = [start for start, of_study in starts.items() if of_study != study]
    others = others or [start for start in starts if start != own]
    return others[int(rng.integers(len(others)))] if others else None


def _runs(probing: _Probing, reader: Reader, texts: list[tuple[str, str]]) -> npt.NDArray[np.int64]:
    """Return how many tokens of each text are reproduced, and how many there are, shape (texts, 2)."""
    found: list[tuple[int, int]] = []
    for reading in reader.read(texts):
        found.append((reproduced(reading.foremost), len(reading.foremost)))
        probing.bar.advance(1)
    return np.array(found, dtype=np.int64)


def _familiar(
    probing: _Probing,
    reader: Reader,
    items: list[Item],
    study: npt.NDArray[np.int64],
    nearness: npt.NDArray[np.float64],
) -> Familiar | None:
    plain: list[float] = []
    standardised: list[float] = []
    for reading in reader.read([("", _text(item)) for item in items]):
        plain.append(min_k(reading.log_probability))
        standardised.append(min_k_plus_plus(reading.log_probability, reading.mean, reading.spread))
        probing.bar.advance(1)
    return familiar(np.array(plain), np.array(standardised), study, nearness, probing.rng)


# --- facts of the studies


def _facts(path: Path) -> dict[str, dict[str, str]]:
    """Return what is published of the studies: column -> study -> its words.

    Raises:
        InputError: the table has no column of studies, or nothing beside it.
    """
    table = read_table(path, "what is published of the studies")
    key = next((name for name in ("study", "study_id") if name in table.columns), None)
    if key is None or len(table.columns) < 2:
        raise InputError(
            f"{path}: found the columns {', '.join(table.columns)}, expected 'study' and others that say what is "
            "published of it, such as title or year."
        )
    told_of = {name: table.select(key, name).drop_nulls().cast(pl.String) for name in table.columns if name != key}
    return {name: dict(rows.iter_rows()) for name, rows in told_of.items()}


def _recalled(
    probing: _Probing, items: list[Item], about: Mapping[str, dict[str, str]]
) -> tuple[list[Recalled], list[str]]:
    """Return what the model picks for every fact, the study's id among them, and which could not be asked."""
    texts = {item.study: _text(item) for item in reversed(items)}
    facts = {"id": {study: study for study in texts}, **about}
    found: list[Recalled] = []
    left_out: list[str] = []
    for what, of_study in facts.items():
        asked = recall_prompts(texts, of_study, what, probing.rng, _CHOICES)
        if not asked:
            left_out.append(
                f"The {what} of a study was not asked for: fewer than {_CHOICES} studies have one of their own, or it "
                "stands in their text."
            )
            continue
        answers = dict(probing.model.answer([prompt for _, prompt, _ in asked]))
        chosen = np.exp(np.array([answers[place] for place in range(len(asked))], dtype=np.float64))
        right = np.array([place for _, _, place in asked], dtype=np.int64)
        found.append(recalled(what, chosen / chosen.sum(axis=1, keepdims=True), right, probing.rng))
    return found, left_out
