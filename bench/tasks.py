"""Which system works on which rows, how often, and on how large a sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bench import systems, workloads
from bench.counting import Count, count
from bench.measure import Task
from bench.vllm_client import VllmClient
from bench.workloads import PERCENT, SEVEN, Sizes, Survey
from silicus.models.huggingface import HuggingFaceModel
from silicus.models.tree import Row
from silicus.study import Respondent, Scale

__all__ = ["Bench"]


@dataclass
class Bench:
    """All that is measured, made ready once.

    Attributes:
        engine: the model as silicus scores it.
        model: the same model, for `generate` and for plain forwards.
        sizes: how large the workloads are.
        repeats: how often silicus and vLLM run; `generate` runs once less, but at least once.
        vllm: the reference process, where there is one.
        counts: workload -> its tokens.
        timed: workload -> the rows that each repeat takes.
    """

    engine: HuggingFaceModel
    model: Any
    sizes: Sizes
    repeats: int
    vllm: VllmClient | None = None
    counts: dict[str, Count] = field(default_factory=dict)
    timed: dict[str, list[list[Row]]] = field(default_factory=dict)

    def tasks(self, only: Sequence[str]) -> list[Task]:
        """Return the tasks of the wanted workloads, W3 and W4 interleaved."""
        vocabulary = int(self.model.config.vocab_size)
        tasks: list[Task] = []
        if "W1" in only:
            rows = workloads.long_stimuli(self.sizes, vocabulary)
            percent = workloads.percent_trie(vocabulary)
            self._take("W1", rows, [rows])
            self._take("W1, 0 to 100", [], [[replace(row, trie=percent) for row in rows]])
            tasks += [self._ours("W1"), self._generate("W1"), self._ours("W1, 0 to 100")]
        if "W2" in only:
            rows = workloads.short_stimuli(self.sizes, vocabulary)
            self._take("W2", rows, [rows])
            tasks += [self._ours("W2"), self._generate("W2")]
        if {"W3", "W4"} & set(only):
            tasks += self._simulation(only)
        return tasks

    def _simulation(self, only: Sequence[str]) -> list[Task]:
        """Return the tasks of W3 and W4: in every repeat another cell, answered by all its people."""
        survey = Survey(self.sizes, self.engine.encoder)
        cells = np.random.default_rng([workloads.SEED, 5]).permutation(self.sizes.arms * self.sizes.outcomes)
        turns = [int(cells[repeat % len(cells)]) for repeat in range(self.repeats)]
        tasks: list[Task] = []
        if "W3" in only:
            self._take_cells("W3", survey, SEVEN, turns)
            self._take_published(survey, turns)
            tasks += [self._ours("W3"), self._generate("W3, published order"), *self._vllm("W3")]
        if "W4" in only:
            self._take_cells("W4", survey, PERCENT, turns)
            tasks.append(self._ours("W4"))
            if self.vllm:
                self._take_fewer(survey, turns)
                tasks += [self._ours("W4, fewer people"), *self._vllm("W4, fewer people")]
        return [replace(task, group="W3 and W4") for task in tasks]

    def _take(self, name: str, every: Sequence[Row], timed: list[list[Row]]) -> None:
        self.timed[name] = [[replace(row, index=index) for index, row in enumerate(rows)] for rows in timed]
        if every:
            self.counts[name] = count(every, self.engine.pack_tokens)

    def _take_cells(self, name: str, survey: Survey, scale: Scale, turns: list[int]) -> None:
        every, people = survey.rows("silicus", survey.items(scale)), len(survey.people)
        self._take(name, every, [every[cell * people : (cell + 1) * people] for cell in turns])

    def _take_published(self, survey: Survey, turns: list[int]) -> None:
        """Take some people and two cells a repeat, in the order in which the published template has them: by person."""
        items = survey.items(SEVEN)
        pairs = [[items[cell], items[(cell + 1) % len(items)]] for cell in turns]
        some = _some(survey.people, self.sizes.generate_personas)
        timed = [[row for person in some for row in survey.rows("socrates", pair, [person])] for pair in pairs]
        self._take("W3, published order", timed[0], timed)

    def _take_fewer(self, survey: Survey, turns: list[int]) -> None:
        items, some = survey.items(PERCENT), _some(survey.people, self.sizes.vllm_personas)
        self._take("W4, fewer people", [], [survey.rows("silicus", [items[cell]], some) for cell in turns])

    def _ours(self, name: str) -> Task:
        rows = self.timed[name]
        tokens = sum(len(row.context) for row in rows[0]) // 6
        return Task(
            _group(name), name, "silicus", lambda r: systems.score(self.engine, _turn(rows, r)), self.repeats, tokens
        )

    def _generate(self, name: str) -> Task:
        rows = self.timed[name]
        tokens = sum(len(row.context) for row in rows[0]) * 3 // 2
        fewer = max(1, self.repeats - 1)
        return Task(
            _group(name), name, "generate", lambda r: systems.generate(self.model, _turn(rows, r)), fewer, tokens
        )

    def _vllm(self, name: str) -> list[Task]:
        if self.vllm is None:
            return []
        score, rows = self.vllm.score, self.timed[name]
        tokens = sum(len(row.context) for row in rows[0]) // 4
        return [Task(_group(name), name, "vllm", lambda r: score(_turn(rows, r)), self.repeats, tokens)]


def _group(name: str) -> str:
    return name.partition(",")[0]


def _turn(rows: list[list[Row]], repeat: int) -> list[Row]:
    return rows[repeat % len(rows)]


def _some(people: Sequence[Respondent], number: int) -> list[Respondent]:
    """Return this many people, drawn."""
    drawn = np.random.default_rng([workloads.SEED, 6]).choice(len(people), size=min(number, len(people)), replace=False)
    return [people[place] for place in np.sort(drawn)]
