"""The slow truth: every answer string appended to its prompt, tokenised whole, and read in one plain forward."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import torch

from silicus.models.huggingface import HuggingFaceModel
from silicus.prompts import Prompt


def answer_log_probabilities(
    model: HuggingFaceModel, prompt: Prompt, only: Collection[str] | None = None
) -> np.ndarray:
    """Log-probability of each answer of a prompt (NaN for those not in `only`), each scored alone, stock attention."""
    tokenizer, llama = model.encoder._tokenizer, model._model
    chat = bool(tokenizer.chat_template)
    text = model.encoder.text(prompt)
    strings = [text + ("" if chat or prompt.lead else " ") + answer for answer in prompt.answers]
    sequences = [tuple(tokenizer(s, add_special_tokens=not chat)["input_ids"]) for s in [text, *strings]]
    kept = min(_common(sequences[0], s) for s in sequences[1:])
    goes_on = [any(o != s and o[: len(s)] == s for o in sequences[1:]) for s in sequences[1:]]
    wanted = [i for i, answer in enumerate(prompt.answers) if only is None or answer in only]
    found = np.full(len(strings), np.nan)
    llama.set_attn_implementation("eager")
    try:
        # Sequences of one length make a batch without padding: every row is a plain forward of its own.
        for length in {len(sequences[i + 1]) for i in wanted}:
            batch = [i for i in wanted if len(sequences[i + 1]) == length]
            log_probabilities = _read(llama, [sequences[i + 1] for i in batch])
            for i, values in zip(batch, log_probabilities, strict=True):
                tokens = sequences[i + 1][kept:]
                found[i] = sum(float(values[kept - 1 + n, token]) for n, token in enumerate(tokens))
                if goes_on[i]:
                    found[i] += float(values[-1, model.end_tokens].logsumexp(0))
    finally:
        llama.set_attn_implementation("silicus_tree")
    return found


def _common(a: Sequence[int], b: Sequence[int]) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


@torch.inference_mode()
def _read(llama: torch.nn.Module, sequences: list[tuple[int, ...]]) -> torch.Tensor:
    return llama(torch.tensor(sequences)).logits.float().log_softmax(-1)
