"""The slow truth: every answer string appended to its prompt, tokenised whole, and read in one plain forward."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from silicus.models.huggingface import HuggingFaceModel
from silicus.prompts import Prompt


def answer_log_probabilities(model: HuggingFaceModel, prompt: Prompt) -> np.ndarray:
    """Log-probability of each answer of a prompt, each scored alone with stock attention."""
    tokenizer, llama = model.encoder._tokenizer, model._model
    chat = bool(tokenizer.chat_template)
    text = model.encoder.text(prompt)
    space = "" if chat else " "
    strings = [text + space + answer for answer in prompt.answers]
    sequences = [tuple(tokenizer(s, add_special_tokens=not chat)["input_ids"]) for s in [text, *strings]]
    kept = min(_common(sequences[0], s) for s in sequences[1:])
    answers = [s[kept:] for s in sequences[1:]]
    ends = model._end_tokens.tolist()
    llama.set_attn_implementation("eager")
    try:
        return np.array([_score(llama, sequences[0][:kept], a, _goes_on(a, answers), ends) for a in answers])
    finally:
        llama.set_attn_implementation("silicus_tree")


def _common(a: Sequence[int], b: Sequence[int]) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _goes_on(answer: tuple[int, ...], answers: list[tuple[int, ...]]) -> bool:
    return any(other != answer and other[: len(answer)] == answer for other in answers)


def _score(llama: torch.nn.Module, context: Sequence[int], answer: Sequence[int], end: bool, ends: list[int]) -> float:
    tokens = torch.tensor([*context, *answer])[None]
    with torch.inference_mode():
        log_probabilities = llama(tokens).logits[0].float().log_softmax(-1)
    total = sum(float(log_probabilities[len(context) - 1 + i, token]) for i, token in enumerate(answer))
    return total + (float(log_probabilities[-1, ends].logsumexp(0)) if end else 0.0)
