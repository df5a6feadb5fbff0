"""From examples to what a step computes: prompts as rows of the token tree, with what people answered beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from silicus.models.encode import Encoder, need_one_token_each
from silicus.models.tree import Row
from silicus.prompts import AnswerStyle, Prompt, Template, ask_for_reasoning, reasoned, render
from silicus.study import draw_order, reorder
from silicus.train.examples import Example
from silicus.train.learnt import Learnt
from silicus.train.mixture import Places
from silicus.train.packs import pack_step
from silicus.train.recipe import Part

__all__ = ["Asking", "Batches", "Pack", "Step", "Task"]

_LETTERS = tuple("ABCDEFGHIJ")
"""The options that Suh et al. (2025) renormalise over, whatever a question offers."""


@dataclass(frozen=True)
class Task:
    """One example as it is put to the model.

    Attributes:
        prompt: with the answers whose probability is needed, and no other.
        target: of each of these answers, how many people gave it (see `Example.target`), shape (answers,).
        positions: of each, its place on [0, 1]; NaN for a refusal, and where there is no order.
    """

    prompt: Prompt
    target: np.ndarray
    positions: np.ndarray


@dataclass(frozen=True)
class Pack:
    """Rows that go through the model at once.

    Attributes:
        rows: the prompts.
        parts: the part of the mixture that each row belongs to, shape (rows,).
        target: shape (rows, answers); 0 in the padding.
        positions: shape (rows, answers); NaN in the padding.
        margin: what the reference prefers the chosen answer by, shape (rows,).
        weight: what each row counts, shape (rows,).
    """

    rows: list[Row]
    parts: Tensor
    target: Tensor
    positions: Tensor
    margin: Tensor
    weight: Tensor

    def silent(self) -> Pack:
        """Return the same rows with no weight: a process without work of its own computes them for company."""
        return replace(self, weight=torch.zeros_like(self.weight))


@dataclass(frozen=True)
class Step:
    """What one step of the optimiser learns from: its packs, and how many examples they hold together."""

    packs: list[Pack]
    examples: int


class Asking:
    """How examples are put to the model: in which words, and as which tokens.

    Args:
        template: the words of the prompt.
        style: how the model names its answer.
        encoder: from words to tokens, as in prediction.
        closed: the same, with the end of the turn in every answer.
    """

    def __init__(self, template: Template, style: AnswerStyle, encoder: Encoder, closed: Encoder) -> None:
        self._template = template
        self._style: AnswerStyle = style
        self._encoders = {False: encoder, True: closed}

    def tasks(self, part: Part, examples: Iterator[Example], rng: np.random.Generator | None = None) -> list[Task]:
        """Return the examples as they are put to the model.

        Args:
            part: what is made smaller.
            examples: what is learnt from.
            rng: draws the order of the options, where the part asks for it; `None`: as they were shown.
        """
        return [self._task(part, example, rng) for example in examples]

    def rows(self, part: Part, tasks: Sequence[Task]) -> list[Row]:
        """Return the tasks as rows of the token tree.

        Raises:
            PromptError: a prompt is longer than the model can read.
            ModelError: the objective reads one token an answer, and the tokenizer splits one.
        """
        rows = list(self._encoders[part.single].rows([task.prompt for task in tasks]))
        if part.objective in {"cao_as_coded", "subpop_as_coded"}:
            # Rows of one scale share their answers.
            for place in {id(row.trie): place for place, row in enumerate(rows)}.values():
                need_one_token_each(tasks[place].prompt, rows[place].trie)
        return rows

    def _task(self, part: Part, example: Example, rng: np.random.Generator | None) -> Task:
        if part.reorder and rng is not None:
            example = _in_another_order(example, rng)
        prompt = render(self._template, example.item, example.respondent, self._style)
        positions = np.full(len(prompt.answers), np.nan)
        places = example.item.scale.positions
        positions[: len(places)] = places
        if part.objective == "subpop_as_coded":
            return _ten_letters(prompt, example)
        if part.objective == "rationale":
            return _reasoned(prompt, example)
        if part.objective in {"individual", "preference"}:
            needed = np.flatnonzero(example.target)
            words = tuple(prompt.answers[place] for place in needed)
            return Task(replace(prompt, answers=words), example.target[needed], positions[needed])
        return Task(prompt, example.target, positions)


def _in_another_order(example: Example, rng: np.random.Generator) -> Example:
    order = draw_order(example.item, rng)
    return replace(example, item=reorder(example.item, order), target=example.target[list(order)])


def _reasoned(prompt: Prompt, example: Example) -> Task:
    """Return the task of giving the person's reasoning and then the answer, word for word."""
    answer = prompt.answers[int(np.argmax(example.target))]
    target = reasoned(prompt, example.rationale or "", answer)
    return Task(replace(ask_for_reasoning(prompt), answers=(target,)), np.ones(1), np.full(1, np.nan))


def _ten_letters(prompt: Prompt, example: Example) -> Task:
    """Return the task of Suh et al. (2025): ten letters, shares of the points, then the share of refusals."""
    points = len(example.item.scale.values)
    shares = np.zeros(len(_LETTERS))
    shares[:points] = example.target[:points] / example.target[:points].sum()
    refused = example.target[points:].sum() / example.target.sum()
    if len(example.target) > points:
        shares[points] = refused
    return Task(replace(prompt, answers=_LETTERS), shares, np.full(len(_LETTERS), np.nan))


class Batches(torch.utils.data.Dataset):
    """The steps of a training, each made when it is asked for; what is in a step depends on its number alone.

    Args:
        parts: what is learnt from.
        steps: the examples of each step, as `mix` returns them.
        asking: how they are put to the model.
        pack_tokens: how many tokens of the tree go through the model at once.
        seed: where the orders of options come from.
    """

    def __init__(
        self, parts: Sequence[Learnt], steps: Sequence[Places], asking: Asking, pack_tokens: int, seed: int
    ) -> None:
        self.parts = list(parts)
        self._steps, self._asking, self._limit, self._seed = steps, asking, pack_tokens, seed

    def __len__(self) -> int:
        return len(self._steps)

    def __getitem__(self, number: int) -> Step:
        places = self._steps[number]
        rng = np.random.default_rng([self._seed, number])
        loads = [load for part in np.unique(places[:, 0]) for load in self._loads(int(part), places, rng)]
        rows = [load.row for load in loads]
        packs = [_pack([loads[place] for place in pack]) for pack in pack_step(rows, self._limit)]
        return Step(packs, len(places))

    def _loads(self, number: int, places: Places, rng: np.random.Generator) -> Iterator[_Load]:
        learnt = self.parts[number]
        own = places[places[:, 0] == number, 1]
        examples = list(learnt.examples.take(own))
        tasks = self._asking.tasks(learnt.part, iter(examples), rng)
        rows = self._asking.rows(learnt.part, tasks)
        for example, task, row, weight in zip(examples, tasks, rows, learnt.weights[own], strict=True):
            # A trace counts once however long it is, not once a token.
            tokens = len(row.trie.edge_nodes) if learnt.part.objective == "rationale" else 1
            yield _Load(number, row, task, example.margin, float(weight) / tokens)


@dataclass(frozen=True)
class _Load:
    """A row of the tree and what goes with it."""

    part: int
    row: Row
    task: Task
    margin: float
    weight: float


def _pack(loads: list[_Load]) -> Pack:
    widest = max(len(load.task.target) for load in loads)
    target = np.zeros((len(loads), widest))
    positions = np.full((len(loads), widest), np.nan)
    for place, load in enumerate(loads):
        target[place, : len(load.task.target)] = load.task.target
        positions[place, : len(load.task.positions)] = load.task.positions
    return Pack(
        # The place in the pack names a row in the tree.
        rows=[Row(place, load.row.context, load.row.trie) for place, load in enumerate(loads)],
        parts=torch.tensor([load.part for load in loads]),
        target=torch.from_numpy(target).float(),
        positions=torch.from_numpy(positions).float(),
        margin=torch.tensor([load.margin for load in loads]),
        weight=torch.tensor([load.weight for load in loads]),
    )
