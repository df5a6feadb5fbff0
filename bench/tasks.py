"""Which system works on which rows, how often, and on how large a sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bench import counting, systems, workloads
from bench.counting import Count
from bench.measure import Task, Work
from bench.systems import Engine
from bench.vllm_client import VllmClient
from bench.workloads import PERCENT, SEVEN, Sizes, Survey
from silicus.models.tree import Row
from silicus.study import Item

__all__ = ["Bench"]


@dataclass
class Bench:
    """All that is measured, built once.

    Attributes:
        engine: the model as silicus scores it.
        model: the same model, for `generate` and plain forwards.
        sizes: how large the workloads are.
        repeats: how often silicus and vLLM run; `generate` runs once less, but at least once.
        vllm: the reference process, where there is one.
        counts: workload -> its tokens.
        samples: workload -> rows whose answers are checked one by one.
    """

    engine: Engine
    model: Any
    sizes: Sizes
    repeats: int
    vllm: VllmClient | None = None
    counts: dict[str, Count] = field(default_factory=dict)
    samples: dict[str, list[Row]] = field(default_factory=dict)

    def tasks(self, only: Sequence[str], real_words: bool) -> list[Task]:
        """Return the tasks of the wanted workloads; W3 and W4 need the embedded model's tokenizer."""
        tasks: list[Task] = []
        if "W1" in only:
            tasks += self._drawn("W1", workloads.long_stimuli(self.sizes, self._vocabulary))
        if "W2" in only:
            tasks += self._drawn("W2", workloads.short_stimuli(self.sizes, self._vocabulary))
        if real_words and {"W3", "W4"} & set(only):
            survey = Survey(self.sizes, self.engine.encoder)
            cells = np.random.default_rng([workloads.SEED, 5]).permutation(self.sizes.arms * self.sizes.outcomes)
            tasks += self._single(survey, cells) if "W3" in only else []
            tasks += self._percent(survey, cells, timed="W4" in only)
        return tasks

    @property
    def _vocabulary(self) -> int:
        return int(self.model.config.vocab_size)

    @property
    def _fewer(self) -> int:
        return max(1, self.repeats - 1)

    def _drawn(self, name: str, rows: list[Row]) -> list[Task]:
        self.counts[name] = self._count(rows)
        self.samples[name] = rows[:1]
        tasks = [self._ours(name, [rows]), self._generate(name, [rows])]
        if name == "W1":
            percent = workloads.percent_trie(self._vocabulary)
            tasks.append(self._ours("W1, 0 to 100", [[replace(row, trie=percent) for row in rows]]))
        return [replace(task, workload=name) if task.system == "generate" else task for task in tasks]

    def _single(self, survey: Survey, cells: np.ndarray) -> list[Task]:
        """Return the tasks of W3: in every repeat another cell, answered by all its people."""
        items = survey.items(SEVEN)
        every = survey.rows("silicus", items)
        self.counts["W3"] = self._count(every)
        turns = [self._cell(every, survey, int(cell)) for cell in self._turns(cells)]
        some = self._some(survey, self.sizes.generate_personas)
        pairs = [[items[i] for i in pair] for pair in zip(self._turns(cells), self._turns(np.roll(cells, -1)), strict=True)]
        published = [workloads.renumbered(survey.rows("socrates", pair, some)) for pair in pairs]
        self.counts["W3, published order"] = _flat(published[0])
        self.samples["W3"] = turns[-1][:: max(1, len(turns[-1]) // 2)][:2]
        return [self._ours("W3", turns), self._generate("W3", published), *self._vllm("W3", turns)]

    def _percent(self, survey: Survey, cells: np.ndarray, timed: bool) -> list[Task]:
        """Return the tasks of W4: the rows of W3 with answers from 0 to 100."""
        if not timed:
            return []
        items = survey.items(PERCENT)
        every = survey.rows("silicus", items)
        self.counts["W4"] = self._count(every)
        turns = [self._cell(every, survey, int(cell)) for cell in self._turns(cells)]
        self.samples["W4"] = turns[-1][:1]
        tasks = [self._ours("W4", turns)]
        if self.vllm:
            some = self._some(survey, self.sizes.vllm_personas)
            few = [workloads.renumbered(survey.rows("silicus", [items[cell]], some)) for cell in self._turns(cells)]
            tasks += [self._ours("W4, fewer people", few), *self._vllm("W4, fewer people", few)]
        return tasks
