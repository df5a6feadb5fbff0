"""`silicus train --dry-run`: what the model will read, and what training will cost; no weights are loaded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np

from silicus.errors import ModelError
from silicus.models.tree import Row
from silicus.models.trie import END
from silicus.options import TrainOptions
from silicus.report import AnswerRead, Cost, ExampleRead, PartPlanned, Preview, TokenRead
from silicus.train import Learnt, Pack, Part, Step, Task, distinct_tokens, free_memory, matmul_rate, training_seconds
from silicus.workflow.progress import waiting
from silicus.workflow.training.asked import recipe_asked
from silicus.workflow.training.ready import Ready, check_fits, get_ready

__all__ = ["borne", "preview"]

_EXAMPLES = 10
_STEPS = 20
_END = "<end of turn>"

_BEFORE = 8
"""Tokenizers write a token by what stands before it: so many tokens of the prompt are enough."""


def preview(recipe_file: Path | None, options: TrainOptions) -> Preview:
    """Return what a training will read and cost.

    Args:
        recipe_file: a recipe (YAML); `None`: what the options say is the recipe.
        options: what is different from the recipe.

    Raises:
        SilicusError: something given is not as it should be.
    """
    ready = get_ready(recipe_asked(recipe_file, options), options)
    with waiting("looking at some steps"):
        sample = _sample(ready)
        examples = list(_examples(ready))
        parts, cost = _parts(ready, sample), _cost(ready, sample)
    return Preview(ready.recipe.model, examples, parts, cost, list(_warnings(ready)))


def borne(row: Row, target: np.ndarray) -> np.ndarray:
    """Return which edges of a row's trie bear loss: those on the way to an answer with a target, shape (edges,).

    Args:
        row: a prompt, with the answers whose probability is read.
        target: of each answer, how many people gave it; of a pair 1 and -1, shape (answers,).
    """
    bears = np.zeros(len(row.trie.edge_tokens) + 1, dtype=bool)
    bears[row.trie.paths[np.flatnonzero(target)]] = True
    return bears[:-1]  # The last stands for the padding of short paths.


# --- examples


def _examples(ready: Ready) -> Iterator[ExampleRead]:
    """Yield examples drawn over the parts, a share of each as in the steps."""
    rng = np.random.default_rng([ready.recipe.seed, 2])
    places = np.concatenate(ready.steps)
    drawn = places[np.sort(rng.choice(len(places), min(_EXAMPLES, len(places)), replace=False))]
    for number, place in cast("list[list[int]]", drawn[np.argsort(drawn[:, 0], kind="stable")].tolist()):
        learnt = ready.material.learnt[number]
        tasks = ready.asking.tasks(learnt.part, learnt.examples.take([place]), rng)
        yield _shown(ready, learnt, tasks[0], ready.asking.rows(learnt.part, tasks)[0])


def _shown(ready: Ready, learnt: Learnt, task: Task, row: Row) -> ExampleRead:
    item, who = task.prompt.item, task.prompt.respondent.id
    place = f"study '{item.study}', condition '{item.condition}', question '{item.question}'"
    return ExampleRead(
        title=f"{_name(learnt.part)}, {place}" + (f", respondent '{who}'" if who else ""),
        prompt=_decoded(ready.tokenizer, row.context),
        answers=tuple(_answers(ready.tokenizer, learnt.part, task, row)),
    )


def _answers(tokenizer: Any, part: Part, task: Task, row: Row) -> Iterator[AnswerRead]:
    """Yield the answers that are read after a prompt, token by token, from the trie that training reads."""
    bears = borne(row, task.target)
    for target, path in zip(task.target, row.trie.paths, strict=True):
        edges = path[path < len(bears)]
        words = _pieces(tokenizer, row.context[-_BEFORE:], row.trie.edge_tokens[edges])
        tokens = tuple(TokenRead(text, bool(bears[edge])) for text, edge in zip(words, edges, strict=True))
        beside = {1.0: "chosen", -1.0: "rejected"}[float(target)] if part.objective == "preference" else ""
        yield AnswerRead(tokens, beside, None if part.single else float(target / task.target.sum()))


def _pieces(tokenizer: Any, before: np.ndarray, tokens: np.ndarray) -> Iterator[str]:
    """Yield the words of every token, as they stand in the text."""
    text, read = _decoded(tokenizer, before), before
    for token in tokens:
        if token == END:
            yield _END
            continue
        read = np.append(read, token)
        whole = _decoded(tokenizer, read)
        # A letter may be cut in two: its first token then shows a sign that its second replaces.
        yield whole[len(text.rstrip("\ufffd")) :].replace("\n", "\\n")
        text = whole


def _decoded(tokenizer: Any, tokens: np.ndarray) -> str:
    return str(tokenizer.decode(tokens.tolist(), skip_special_tokens=False, clean_up_tokenization_spaces=False))


# --- cost


def _sample(ready: Ready) -> list[Step]:
    """Return some of the steps as training takes them: all, or as many as a few seconds allow."""
    batches = ready.batches(ready.material.learnt)
    rng = np.random.default_rng([ready.recipe.seed, 3])
    numbers = rng.choice(len(batches), min(_STEPS, len(batches)), replace=False)
    return [batches[int(number)] for number in np.sort(numbers)]


def _parts(ready: Ready, sample: list[Step]) -> list[PartPlanned]:
    packs = [pack for step in sample for pack in step.packs]
    lengths = np.array([len(row.context) for pack in packs for row in pack.rows])
    of_part = np.concatenate([pack.parts.numpy() for pack in packs])
    used = np.concatenate(ready.steps)[:, 0]
    return [
        PartPlanned(
            name=_name(learnt.part), objective=learnt.part.objective, examples=len(learnt.examples),
            used=int((used == number).sum()),
            # A part of a small share may not be in the sample.
            median=float(np.median(own)) if len(own) else float("nan"),
            mean=float(np.mean(own)) if len(own) else float("nan"),
            longest=max([longest, *own.tolist()]),
        )
        for number, (learnt, longest) in enumerate(zip(ready.material.learnt, ready.longest, strict=True))
        for own in [lengths[of_part == number]]
    ]  # fmt: skip


def _cost(ready: Ready, sample: list[Step]) -> Cost:
    packs = [pack for step in sample for pack in step.packs]
    scale = sum(map(len, ready.steps)) / sum(step.examples for step in sample)
    tree = scale * sum(distinct_tokens(pack.rows) for pack in packs)
    rate = matmul_rate(ready.device, ready.recipe.dtype)
    return Cost(
        steps=len(ready.steps),
        sampled=len(sample),
        alone=scale * sum(len(row.context) + len(row.trie.tokens) for pack in packs for row in pack.rows),
        tree=tree,
        loss=scale * sum(_bearing(pack) for pack in packs),
        seconds=training_seconds(round(tree), ready.shape, ready.recipe, rate),
        memory=asdict(ready.memory),
        free=free_memory(ready.device),
        device=ready.device,
    )


def _bearing(pack: Pack) -> int:
    """Return how many tokens of a pack bear loss."""
    targets = pack.target.numpy()
    return sum(int(borne(row, own[: len(row.trie.paths)]).sum()) for row, own in zip(pack.rows, targets, strict=True))


def _warnings(ready: Ready) -> Iterator[str]:
    try:
        check_fits(ready)
    except ModelError as error:
        yield str(error)
    yield from ready.manifest.warnings
    yield from (f"Left out: {sentence}." for sentence in ready.material.left_out)


def _name(part: Part) -> str:
    return Path(part.data).name.removesuffix("-data")
