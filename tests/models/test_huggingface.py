"""Loading models from folders, and what scoring costs."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    BloomConfig,
    LlamaConfig,
    LlamaForCausalLM,
    MambaConfig,
    MistralConfig,
)

from silicus.errors import ModelError, PromptError
from silicus.models import load_model, loading
from silicus.models.huggingface import HuggingFaceModel
from silicus.prompts import Prompt, get_template, render
from silicus.study import Item, Respondent, Scale
from tests.models.brute_force import answer_log_probabilities
from tests.models.tiny import byte_level, random_llama, tiny_model


def asked(scale: Scale, people: int = 6, context: str = "A story.") -> list[Prompt]:
    items = [Item("s", arm, "q", f"{context} {arm}", "How likely?", scale) for arm in ("a", "b")]
    persons = [Respondent(str(n), {"gender": "Female", "age": 20 + n}) for n in range(people)]
    return [render(get_template("silicus"), item, person) for item in items for person in persons]


SEVEN = Scale(kind="ordinal", low=1, high=7)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A saved model with its tokenizer, as training leaves it."""
    tokenizer = byte_level()
    random_llama(len(tokenizer), tokenizer.eos_token_id).save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    return tmp_path / "model"


def answers(model: HuggingFaceModel, prompts: list[Prompt]) -> np.ndarray:
    found = dict(model.answer(prompts))
    return np.exp([found[index] for index in range(len(prompts))])


def test_a_local_folder_is_a_model_and_answers_as_the_model_that_was_saved(folder: Path) -> None:
    loaded = load_model(str(folder), device="cpu")
    assert loaded.name == str(folder)
    np.testing.assert_allclose(
        answers(loaded, asked(SEVEN)), answers(tiny_model("byte-level"), asked(SEVEN)), atol=1e-6
    )


def save_adapter(folder: Path, target: Path) -> Path:
    """Save a random adapter of the model in `folder`."""
    base = LlamaForCausalLM.from_pretrained(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers for an old name
        adapted = get_peft_model(base, LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False))
    adapted.save_pretrained(target)
    return target


def test_an_adapter_folder_is_a_model_whose_answers_differ_from_its_base(folder: Path, tmp_path: Path) -> None:
    save_adapter(folder, tmp_path / "adapter")
    byte_level().save_pretrained(tmp_path / "adapter")
    loaded = load_model(str(tmp_path / "adapter"), device="cpu")
    (_, first), truth = next(loaded.answer(asked(SEVEN)[:1])), answer_log_probabilities(loaded, asked(SEVEN)[0])
    np.testing.assert_allclose(np.exp(first), np.exp(truth), atol=1e-5)
    assert np.abs(answers(loaded, asked(SEVEN)) - answers(tiny_model("byte-level"), asked(SEVEN))).max() > 1e-3


def test_without_its_wheel_the_embedded_model_comes_from_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert loading.locate("smollm2") == loading.Located("HuggingFaceTB/SmolLM2-135M-Instruct")


def test_the_fingerprint_of_a_folder_changes_with_its_weights(folder: Path) -> None:
    before = load_model(str(folder), device="cpu").fingerprint
    tokenizer = byte_level()
    random_llama(len(tokenizer), tokenizer.eos_token_id, seed=1).save_pretrained(folder)
    assert load_model(str(folder), device="cpu").fingerprint != before


def test_the_fingerprint_of_a_folder_does_not_change_with_words_about_it(folder: Path) -> None:
    before = load_model(str(folder), device="cpu").fingerprint
    for name in ("README.md", "LICENSE.txt", "LICENCE", "NOTICE", "USE_POLICY.md"):
        (folder / name).write_text("mended", encoding="utf-8")
    assert load_model(str(folder), device="cpu").fingerprint == before
    (folder / "generation.txt").write_text("no words of law", encoding="utf-8")
    assert load_model(str(folder), device="cpu").fingerprint != before


def test_tokens_forwarded_are_the_distinct_nodes_of_the_tree() -> None:
    model, prompts = tiny_model("byte-level"), asked(SEVEN, people=40)
    rows = list(model.encoder.rows(prompts))
    distinct = {tuple(row.context[:depth].tolist()) for row in rows for depth in range(1, len(row.context) + 1)}
    before = model.forwarded
    list(model.answer(prompts))
    assert model.forwarded - before <= 1.05 * len(distinct)


def test_a_percent_scale_forwards_ten_tokens_more_a_prompt_than_a_single_token_scale(smollm2: HuggingFaceModel) -> None:
    percent = Scale(kind="numeric", low=0, high=100)
    assert {row.trie.nodes - 1 for row in smollm2.encoder.rows(asked(SEVEN, people=3))} == {0}
    assert {row.trie.nodes - 1 for row in smollm2.encoder.rows(asked(percent, people=3))} == {10}


def test_a_stimulus_longer_than_the_context_is_named_with_its_length() -> None:
    model = tiny_model("byte-level", positions=200)
    with pytest.raises(PromptError, match=r"condition 'a', question 'q', respondent '0': the prompt has 1,047 tokens"):
        list(model.answer(asked(SEVEN, context="word " * 300)))


SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "vocab_size": 423}
UNSUPPORTED = {
    "state space": MambaConfig(**SMALL, state_size=4),
    "attention of its own": BloomConfig(**SMALL, n_head=4),
    "sliding window": MistralConfig(
        **SMALL, intermediate_size=64, num_attention_heads=4, num_key_value_heads=2, sliding_window=4
    ),
    "moving rotary embeddings": LlamaConfig(
        **SMALL, intermediate_size=64, num_attention_heads=4,
        rope_parameters={"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.0},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", UNSUPPORTED)
def test_an_architecture_that_the_tree_cannot_score_is_refused_not_approximated(kind: str) -> None:
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(UNSUPPORTED[kind])
    with pytest.raises(ModelError, match="cannot be scored exactly over the token tree"):
        HuggingFaceModel(model, byte_level(), kind, "x")


def test_what_closes_the_turn_ends_an_answer_even_where_the_model_names_another_end() -> None:
    tokenizer = byte_level()
    tokenizer.add_special_tokens({"eos_token": "<|start|>"})
    close, declared = tokenizer.convert_tokens_to_ids(["<|end|>", "<|start|>"])
    model = HuggingFaceModel(random_llama(len(tokenizer), declared), tokenizer, "x", "x")
    assert set(model.end_tokens) == {close, declared}


def test_an_adapter_without_a_tokenizer_takes_that_of_its_base(folder: Path, tmp_path: Path) -> None:
    saved = save_adapter(folder, tmp_path / "adapter")
    assert len(answers(load_model(str(saved), device="cpu"), asked(SEVEN))) == len(asked(SEVEN))
