"""Small random models and tokenizers built on the spot: exactness does not depend on the weights."""

from __future__ import annotations

import functools

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from silicus.models.huggingface import HuggingFaceModel

CORPUS = [
    "You are simulating a survey respondent. Answer exactly as instructed.",
    "Answer with one number only: 1 = Strongly agree 2 = Somewhat agree 10 = Neither agree nor disagree",
    "Answer exactly as this person would: Gender: Female Age: 34 This person's answer: 1 2 3 10 100 50 25",
    "user system assistant Answer: Agree Disagree Yes No A B C D programme people will be saved",
]
CHAT = (
    "{% for m in messages %}<|start|>{{ m['role'] }}\n{{ m['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant\n{% endif %}"
)


def byte_level(chat: bool = True) -> PreTrainedTokenizerFast:
    """A GPT-2 style tokenizer: bytes, spaces kept as the first character of a word."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|start|>", "<|end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS * 4, trainer)
    return _wrapped(tokenizer, "<|end|>", chat)


def sentencepiece_style(chat: bool = True) -> PreTrainedTokenizerFast:
    """A Llama-2 style tokenizer: `▁` for spaces, one put before the text, no splitting into words before merging."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    trainer = trainers.BpeTrainer(
        vocab_size=500, special_tokens=["<unk>", "<|start|>", "<|end|>"], show_progress=False,
        initial_alphabet=[chr(i) for i in range(33, 127)] + ["▁", "\n"], max_token_length=8,
    )  # fmt: skip
    tokenizer.train_from_iterator(CORPUS * 4, trainer)
    return _wrapped(tokenizer, "<|end|>", chat)


def _wrapped(tokenizer: Tokenizer, end: str, chat: bool) -> PreTrainedTokenizerFast:
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=end, additional_special_tokens=["<|start|>"]
    )
    if chat:
        wrapped.chat_template = CHAT
    return wrapped


def random_llama(vocabulary: int, end: int, seed: int = 0, positions: int = 2048) -> LlamaForCausalLM:
    """A three-layer Llama with grouped-query attention and random weights of a size that makes answers differ."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        hidden_size=48, intermediate_size=96, num_hidden_layers=3, num_attention_heads=6, num_key_value_heads=2,
        vocab_size=vocabulary, max_position_embeddings=positions, eos_token_id=end, bos_token_id=None,
        pad_token_id=None, initializer_range=0.3,
    )  # fmt: skip
    return LlamaForCausalLM(config)


@functools.cache
def tiny_model(kind: str, chat: bool = True, positions: int = 2048) -> HuggingFaceModel:
    """A scored model of one tokenizer kind; small packs and chunks, so that every seam is crossed."""
    tokenizer = {"byte-level": byte_level, "sentencepiece": sentencepiece_style}[kind](chat)
    model = random_llama(len(tokenizer), tokenizer.eos_token_id, positions=positions)
    return HuggingFaceModel(model, tokenizer, f"tiny {kind}", "tiny", pack_tokens=128)
