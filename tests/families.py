"""Tiny random models of the architectures that recipes name, saved as folders as the hub gives them out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    PretrainedConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen3Config,
)

from tests.models.tiny import CORPUS

_LETTERS = [f" {letter}" for letter in ascii_uppercase]
_CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_HEADERS = (
    "<|begin_of_text|>{% for m in messages %}<|start_header_id|>{{ m['role'] }}<|end_header_id|>\n\n"
    "{{ m['content'] | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
_SHAPE = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 2048, "initializer_range": 0.1,
}  # fmt: skip


@dataclass(frozen=True)
class _Family:
    """An architecture with its way of cutting words into tokens and its chat template.

    Attributes:
        config: the configuration of a tiny model.
        tokenizer: makes its tokenizer.
    """

    config: PretrainedConfig
    tokenizer: Callable[[], PreTrainedTokenizerFast]


def save_tiny(family: str, folder: Path) -> Path:
    """Return the folder that now holds a tiny model of a family, with weights drawn with seed 0."""
    made = _FAMILIES[family]
    tokenizer = made.tokenizer()
    torch.manual_seed(0)
    config = type(made.config).from_dict(made.config.to_dict())
    config.update({"vocab_size": len(tokenizer), "eos_token_id": tokenizer.eos_token_id, "bos_token_id": None})
    model: Any = AutoModelForCausalLM.from_config(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _byte_level(digits: int, special: list[str], end: str, chat: str) -> PreTrainedTokenizerFast:
    """Return a tokenizer of bytes: words keep the space before them, numbers are cut after so many digits."""
    tokenizer = Tokenizer(models.BPE())
    numbers = pre_tokenizers.Split(Regex(rf"\p{{N}}{{1,{digits}}}"), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([numbers, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )  # fmt: skip
    tokenizer.train_from_iterator([*CORPUS, *_LETTERS] * 4, trainer)
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=end, additional_special_tokens=[s for s in special if s != end]
    )
    wrapped.chat_template = chat
    return wrapped


def _sentencepiece() -> PreTrainedTokenizerFast:
    """Return a tokenizer without turns: `▁` for spaces, one before the text, `<s>` before everything."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    trainer = trainers.BpeTrainer(
        vocab_size=500, special_tokens=["<unk>", "<s>", "</s>"],
        initial_alphabet=["▁", "\n", *map(chr, range(33, 127))], max_token_length=8, show_progress=False,
    )  # fmt: skip
    # Word by word: a letter after a space is one token, and no token holds the end of one word and another's start.
    words = " ".join([*CORPUS, *_LETTERS] * 4).split()
    tokenizer.train_from_iterator(words, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


def _chatml() -> PreTrainedTokenizerFast:
    return _byte_level(1, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], "<|im_end|>", _CHATML)


def _chatml_base() -> PreTrainedTokenizerFast:
    return _byte_level(1, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], "<|endoftext|>", _CHATML)


def _headers() -> PreTrainedTokenizerFast:
    special = ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    return _byte_level(3, special, "<|eot_id|>", _HEADERS)


_FAMILIES = {
    "smollm2": _Family(LlamaConfig(**_SHAPE, tie_word_embeddings=True), _chatml),
    "llama2": _Family(LlamaConfig(**_SHAPE), _sentencepiece),
    "llama3": _Family(LlamaConfig(**_SHAPE), _headers),
    "qwen2": _Family(Qwen2Config(**_SHAPE), _chatml),
    "qwen3": _Family(Qwen3Config(**_SHAPE, head_dim=16), _chatml_base),
}
