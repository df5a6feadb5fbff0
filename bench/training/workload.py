"""What is learnt from: rows of a few cells, as the lengths are in SocSci210, drawn from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.training.shapes import END
from silicus.models.tree import Row
from silicus.models.trie import build_trie

__all__ = ["FULL", "QUICK", "STIMULI", "Example", "Lengths", "draw", "to_rows"]

STIMULI = {"115": (115, 115), "275": (150, 400)}
"""Tokens of the stimuli of a repeat's cells, by their mean."""


@dataclass(frozen=True)
class Lengths:
    """How many tokens the parts of a prompt have, and how many rows a cell."""

    head: int = 25
    persona: tuple[int, int] = (85, 115)
    tail: int = 10
    rows: int = 8


FULL = Lengths()
QUICK = Lengths(head=5, persona=(7, 13), tail=3, rows=3)


@dataclass(frozen=True)
class Example:
    """A prompt, shape (tokens,), the tokens of every answer on offer, and which of them was given."""

    context: np.ndarray
    answers: Sequence[tuple[int, ...]]
    given: int

    @property
    def reply(self) -> list[int]:
        """The tokens that are learnt: those of the answer and the end of the turn."""
        return [*self.answers[self.given], END]


def draw(stimuli: Sequence[int], lengths: Lengths, vocabulary: int, rng: np.random.Generator) -> list[Example]:
    """Return the rows of one cell a stimulus, in random order.

    Every other cell is answered on seven points of one token each, the others from 0 to 100 by tens, where every
    digit is a token.
    """
    tokens = rng.permutation(np.arange(1, vocabulary))
    digits, words = tokens[:10], tokens[10:]
    scales = [
        [(int(digit),) for digit in digits[1:8]],
        [tuple(int(digits[int(digit)]) for digit in str(value)) for value in range(0, 101, 10)],
    ]
    head, tail = rng.choice(words, lengths.head), rng.choice(words, lengths.tail)
    examples: list[Example] = []
    for cell, length in enumerate(stimuli):
        start, scale = np.concatenate([head, rng.choice(words, length)]), scales[cell % 2]
        for _ in range(lengths.rows):
            persona = rng.choice(words, rng.integers(*lengths.persona, endpoint=True))
            examples.append(Example(np.concatenate([start, persona, tail]), scale, int(rng.integers(len(scale)))))
    return [examples[place] for place in rng.permutation(len(examples))]


def to_rows(examples: Sequence[Example], *, whole_scale: bool = False) -> tuple[list[Row], np.ndarray]:
    """Return the rows of the token tree and who answered what, shape (rows, answers).

    Args:
        examples: what is learnt from.
        whole_scale: whether every answer on offer is read, as losses on distributions need it, or the one given.
    """
    rows: list[Row] = []
    widest = max(len(example.answers) for example in examples) if whole_scale else 1
    target = np.zeros((len(examples), widest), dtype=np.float32)
    for place, example in enumerate(examples):
        offered = example.answers if whole_scale else [example.answers[example.given]]
        rows.append(Row(place, example.context, build_trie(offered, closed=True)))
        target[place, example.given if whole_scale else 0] = 1
    return rows, target
