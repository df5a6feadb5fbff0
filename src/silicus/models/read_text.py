"""From a text to what a model makes of it: its tokens, and what is expected of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from silicus.models.reading import Reading
from silicus.models.tree import Pack

if TYPE_CHECKING:
    import torch

__all__ = ["plain_tokens", "read_tokens"]

_MOST_TOKENS = 1024
"""A text is read no further: the logits of every token of it lie in memory."""

_BLOCK = 128
"""Tokens of a text whose whole vocabulary is looked at in one go."""


def plain_tokens(tokenizer: Any, before: str, text: str, limit: int) -> tuple[npt.NDArray[np.int64], int]:
    """Return the tokens of `before` and `text` without a chat template, and which of them is the text's first.

    The two are cut apart where the tokenizer cuts them, else tokenised apart. The token that begins every text comes
    first where the tokenizer puts one there. Control tokens in the text are read as words.

    Args:
        tokenizer: a transformers tokenizer.
        before: what stands before the text; may be empty.
        text: may be empty.
        limit: how many tokens the model can read; what goes beyond it, or beyond 1,024, is left out.
    """
    first, whole = _words(tokenizer, before), _words(tokenizer, before + text)
    # Some tokenizers put a space before whatever they are given: cut apart, the text would have it twice.
    tokens = whole if whole[: len(first)] == first else first + _words(tokenizer, text)
    beginning = _beginning(tokenizer)
    return (
        np.array([*beginning, *tokens], dtype=np.int64)[: min(_MOST_TOKENS, limit)],
        len(beginning) + len(first),
    )


def read_tokens(forward: Callable[[Pack], torch.Tensor], tokens: npt.NDArray[np.int64], first: int) -> Reading:
    """Return what a model makes of the tokens of a text from place `first`, at least 1, on.

    Args:
        forward: gives what the model says at the nodes that a pack reads, shape (nodes, vocabulary).
        tokens: of the text and what stands before it, shape (tokens,).
        first: place of the first token of interest.
    """
    count = len(tokens)
    if count <= first:
        return Reading(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.bool_))
    logits = forward(
        # A tree of a single path; what is expected of a token is read at the one before it.
        Pack(
            carried=np.zeros(0, dtype=np.int64),
            tokens=tokens,
            depths=np.arange(count),
            ends=np.full(count, count),
            rows=[],
            reads=[np.arange(first - 1, count - 1)],
        )
    )
    blocks = [_read_block(block, tokens[first + _BLOCK * n :]) for n, block in enumerate(logits.split(_BLOCK))]
    log_probability, mean, spread, foremost = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return Reading(log_probability, mean, spread, foremost.astype(np.bool_))


def _read_block(logits: torch.Tensor, tokens: npt.NDArray[np.int64]) -> list[np.ndarray]:
    """Return the four arrays of a `Reading` for the tokens of which the model says `logits`.

    Args:
        logits: shape (n, vocabulary).
        tokens: the first n of them are read.
    """
    own = tokens[: len(logits)]
    every = logits.float().log_softmax(-1)
    share = every.exp()
    mean = (share * every).sum(-1)
    spread = (share * (every - mean[:, None]).square()).sum(-1).sqrt()
    foremost = logits.argmax(-1).cpu().numpy() == own
    return [each.double().cpu().numpy() for each in (every[range(len(own)), own], mean, spread)] + [foremost]


def _words(tokenizer: Any, text: str) -> list[int]:
    # Not verbose: a text longer than the model reads is cut, and nobody need be warned.
    encoded = tokenizer(text, add_special_tokens=False, split_special_tokens=True, verbose=False)
    return list(encoded["input_ids"])


def _beginning(tokenizer: Any) -> list[int]:
    """Return the token that the tokenizer puts before every text, if it does."""
    first: list[int] = list(tokenizer("x")["input_ids"])[:1]
    return first if first == [tokenizer.bos_token_id] else []
