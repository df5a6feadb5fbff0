"""The architectures as published, built with drawn weights: time and memory do not depend on what weights are."""

from __future__ import annotations

from typing import Any

import torch

__all__ = ["SHAPES", "build", "matmul_flops"]

END = 0
"""The token that ends an answer."""

_QWEN = {"vocab_size": 152064, "rms_norm_eps": 1e-6, "rope_theta": 1e6}
SHAPES: dict[str, dict[str, Any]] = {
    "tiny": {
        "type": "llama", "vocab_size": 512, "hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 3,
        "num_attention_heads": 6, "num_key_value_heads": 2, "rope_theta": 1e4, "tie_word_embeddings": True,
    },
    # https://huggingface.co/HuggingFaceTB/SmolLM2-135M
    "smollm2-135m": {
        "type": "llama", "vocab_size": 49152, "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30,
        "num_attention_heads": 9, "num_key_value_heads": 3, "rope_theta": 1e5, "tie_word_embeddings": True,
    },
    # Qwen2.5: https://arxiv.org/abs/2412.15115, table 1, and the configuration of each checkpoint
    "qwen2.5-0.5b": {
        "type": "qwen2", **_QWEN, "vocab_size": 151936, "hidden_size": 896, "intermediate_size": 4864,
        "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2, "tie_word_embeddings": True,
    },
    "qwen2.5-7b": {
        "type": "qwen2", **_QWEN, "hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28,
        "num_attention_heads": 28, "num_key_value_heads": 4, "tie_word_embeddings": False,
    },
    "qwen2.5-14b": {
        "type": "qwen2", **_QWEN, "hidden_size": 5120, "intermediate_size": 13824, "num_hidden_layers": 48,
        "num_attention_heads": 40, "num_key_value_heads": 8, "tie_word_embeddings": False,
    },
}  # fmt: skip


def build(name: str, device: str = "cpu", dtype: torch.dtype = torch.float32) -> Any:
    """Return a model of one of `SHAPES` with drawn weights (seed 0), made where it is to work."""
    from transformers import AutoConfig, AutoModelForCausalLM

    shape = dict(SHAPES[name])
    kind, theta = shape.pop("type"), shape.pop("rope_theta")
    config = AutoConfig.for_model(
        kind, **shape, max_position_embeddings=8192, rope_parameters={"rope_type": "default", "rope_theta": theta},
        initializer_range=shape["hidden_size"] ** -0.5, bos_token_id=None, eos_token_id=END, pad_token_id=None,
    )  # fmt: skip
    torch.manual_seed(0)
    with torch.device(device):
        return AutoModelForCausalLM.from_config(config, dtype=dtype).train()


def matmul_flops(model: Any, tokens: int, reads: int) -> float:
    """Return the operations of matrix products in forward and backward, without those of attention scores.

    Args:
        model: a causal language model.
        tokens: tokens forwarded.
        reads: at how many of them the vocabulary is looked up.
    """
    head = model.get_output_embeddings().weight
    layers = sum(p.numel() for name, p in model.named_parameters() if p.ndim == 2 and "layers." in name)
    return 6.0 * (layers * tokens + head.numel() * reads)
