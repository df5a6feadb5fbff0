"""Texts of a model on this machine, token by token.

The texts of one prompt are drawn side by side, and no other prompt is: what a row's neighbours are changes the last
digits of its numbers, and once in a while a token. So a text is the same whatever else is asked, and in a run that was
stopped and goes on. Chance is a generator of every text's own.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
import torch

from silicus.errors import PromptError
from silicus.models.attention import ATTENTION
from silicus.models.encode import Encoder, place_of
from silicus.models.writing import Text, Writing, seed_of
from silicus.prompts import Prompt

__all__ = ["write_texts"]

_PLAIN_ATTENTION = "sdpa"


class _Local(Protocol):
    """What is needed of a model."""

    tokenizer: Any
    encoder: Encoder
    device: torch.device

    @property
    def module(self) -> Any: ...


def write_texts(model: _Local, prompts: Sequence[Prompt], how: Writing) -> Iterator[tuple[int, list[Text]]]:
    """Yield each prompt's index and its texts, in the order of the prompts.

    Raises:
        PromptError: a prompt and a text after it are longer than the model reads.
    """
    declared = getattr(model.module.generation_config, "eos_token_id", None)
    ends = set(model.encoder.end_tokens(declared, of_lines=False))
    for index, prompt in enumerate(prompts):
        tokens = model.encoder.tokens(prompt)
        if len(tokens) + how.most_tokens > model.encoder.limit:
            raise PromptError(
                f"{place_of(prompt)}: the prompt has {len(tokens):,} tokens and a text after it up to "
                f"{how.most_tokens:,}, the model reads at most {model.encoder.limit:,}. Shorten the text of the "
                "condition or question, or give fewer --text-tokens."
            )
        with _plain_attention(model.module):
            drawn = _drawn(model, tokens, [seed_of(prompt, how, draw) for draw in range(how.draws)], how, ends)
        yield index, [Text(model.tokenizer.decode(own, skip_special_tokens=True), cut) for own, cut in drawn]


@contextmanager
def _plain_attention(module: Any) -> Generator[None]:
    """Let the model attend as it does by itself: a text has no branches."""
    module.set_attn_implementation(_PLAIN_ATTENTION)
    try:
        yield
    finally:
        module.set_attn_implementation(ATTENTION)


@torch.inference_mode()
def _drawn(
    model: _Local, tokens: np.ndarray, seeds: Sequence[int], how: Writing, ends: set[int]
) -> list[tuple[list[int], bool]]:
    """Return the tokens of each text after the prompt's, and whether it was cut off."""
    from transformers import DynamicCache

    chances = [np.random.default_rng(seed) for seed in seeds]
    written: list[list[int]] = [[] for _ in seeds]
    going = list(range(len(seeds)))
    cache = DynamicCache(config=model.module.config)
    ids = torch.from_numpy(tokens).to(model.device)[None]
    logits = _next(model, ids, cache).expand(len(seeds), -1)
    cache.batch_repeat_interleave(len(seeds))
    for length in range(1, how.most_tokens + 1):
        chosen = _chosen(logits, how.temperature, [chances[text].random() for text in going])
        rows = [row for row, token in enumerate(chosen) if token not in ends]
        going = [going[row] for row in rows]
        for row, text in zip(rows, going, strict=True):
            written[text].append(chosen[row])
        if not going or length == how.most_tokens:
            break
        if len(rows) < len(chosen):
            cache.batch_select_indices(torch.tensor(rows, device=model.device))
        ids = torch.tensor([[chosen[row]] for row in rows], device=model.device)
        logits = _next(model, ids, cache)
    return [(own, text in going) for text, own in enumerate(written)]


def _next(model: _Local, ids: torch.Tensor, cache: Any) -> torch.Tensor:
    """Return what the model says after these tokens, shape (texts, vocabulary)."""
    return model.module(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1).logits[:, -1]


def _chosen(logits: torch.Tensor, temperature: float, luck: Sequence[float]) -> list[int]:
    """Return a token for each row: the one in which the cumulative probability reaches the row's luck."""
    if temperature == 0:
        return logits.argmax(dim=-1).tolist()
    # The order of the sum is part of the result, and differs between devices.
    upto = (logits.double().cpu() / temperature).softmax(dim=-1).cumsum(dim=-1)
    wanted = torch.tensor(luck, dtype=torch.float64)[:, None] * upto[:, -1:]
    return torch.searchsorted(upto, wanted, right=True).squeeze(-1).clamp(max=upto.shape[-1] - 1).tolist()
