"""A small model of random weights that answers, and the file that llama.cpp reads it from."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import gguf
import numpy as np
import torch

from silicus.models.huggingface import HuggingFaceModel
from silicus.models.trained_as import probes
from silicus.prompts import get_template, render
from tests.models.tiny import CHAT, byte_level, random_llama

_LIKELY = "0123456789ABCDEFGH"
"""Single signs that the model says more often than others, as one does that follows instructions."""
_POSITIONS = 4096


@functools.cache
def answering_tiny() -> HuggingFaceModel:
    """Return a model whose likeliest next words are answers; how likely each is, is random."""
    tokenizer = byte_level()
    llama = random_llama(len(tokenizer), tokenizer.eos_token_id, positions=_POSITIONS)
    model = HuggingFaceModel(llama, tokenizer, "tiny", "tiny", pack_tokens=128)
    prompts = [render(get_template("silicus"), *pair) for pair in probes()]
    signs = tokenizer.convert_tokens_to_ids(list(_LIKELY))
    llama.set_attn_implementation("eager")
    with torch.inference_mode():
        last = [
            llama.model(torch.from_numpy(model.encoder.tokens(each))[None]).last_hidden_state[0, -1] for each in prompts
        ]
        towards = torch.stack(last).mean(0)
        llama.lm_head.weight[signs] += 8 * towards / towards.square().sum()
    llama.set_attn_implementation("silicus_tree")
    return model


def write_tiny(model: HuggingFaceModel, path: Path) -> None:
    """Write its weights and its tokenizer as a GGUF file."""
    llama, config = model.module, model.module.config
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
    writer.add_vocab_size(config.vocab_size)
    _add_tokenizer(writer, model.tokenizer)
    for name, tensor in llama.state_dict().items():
        writer.add_tensor(_named(name), _turned(name, tensor.float().numpy(), config))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokenizer(writer: gguf.GGUFWriter, tokenizer) -> None:
    special = set(tokenizer.all_special_ids)
    kinds = [gguf.TokenType.CONTROL if n in special else gguf.TokenType.NORMAL for n in range(len(tokenizer))]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokenizer.convert_ids_to_tokens(range(len(tokenizer))))
    writer.add_token_types(kinds)
    merges = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT)


_NAMES = {
    "model.embed_tokens.": "token_embd.", "model.norm.": "output_norm.", "lm_head.": "output.", "model.layers.": "blk.",
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "post_attention_layernorm": "ffn_norm", "input_layernorm": "attn_norm",
}  # fmt: skip


def _named(name: str) -> str:
    for theirs, ours in _NAMES.items():
        name = name.replace(theirs, ours)
    return name


def _turned(name: str, weights: np.ndarray, config) -> np.ndarray:
    """Return weights as llama.cpp has them: it turns neighbouring numbers of a head by its place, others halves."""
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    count = next((count for part, count in heads.items() if part in name), None)
    if count is None:
        return weights
    halves = weights.reshape(count, 2, -1, weights.shape[1])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(weights.shape))
