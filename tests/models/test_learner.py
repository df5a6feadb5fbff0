"""A model that is to learn: which of its weights change, in which precision, and that nothing changes before."""

from __future__ import annotations

import importlib.util
import json
import shutil
import warnings
from pathlib import Path

import pytest
import torch

from silicus.errors import InputError, MissingExtraError, ModelError
from silicus.models import load_model
from silicus.models.huggingface import HuggingFaceModel
from silicus.models.learner import LowRank, load_learner
from silicus.models.loading import load_folder_or_hub, locate
from silicus.prompts import Prompt, get_template, render
from silicus.study import Item, Respondent, Scale
from tests.models.tiny import byte_level, random_llama


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the folder of a tiny model."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    tokenizer = byte_level()
    random_llama(len(tokenizer), tokenizer.eos_token_id).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture
def adapter(base: str, tmp_path: Path) -> Path:
    """Return the folder of an adapter on it that changes its answers."""
    learner = load_learner(base, LowRank(rank=2), "cpu")
    _move(learner)
    learner.module.save_pretrained(tmp_path / "adapter")
    return tmp_path / "adapter"


def _move(learner: HuggingFaceModel) -> None:
    with torch.no_grad():
        for name, weights in learner.module.named_parameters():
            if "lora_B" in name:
                weights += 0.05


def asked() -> list[Prompt]:
    scale = Scale(kind="numeric", low=0, high=10)
    item = Item("tea", "plain", "like", context="", text="How much do you like tea?", scale=scale)
    people = (Respondent("a", {"gender": "Female"}), Respondent("b", {"gender": "Male"}))
    return [render(get_template("silicus"), item, person) for person in people]


def answers(model: HuggingFaceModel) -> torch.Tensor:
    """Return the log-probability of every answer, shape (prompts, answers)."""
    with torch.no_grad():
        return model.log_probabilities(list(model.encoder.rows(asked())))


def learning(model: HuggingFaceModel) -> dict[str, torch.dtype]:
    return {name: weights.dtype for name, weights in model.module.named_parameters() if weights.requires_grad}


def test_all_weights_learn_in_float32_whatever_precision_is_asked_for(base):
    learner = load_learner(base, None, "cpu", "bfloat16")
    assert len(learning(learner)) == len(list(learner.module.parameters()))
    assert set(learning(learner).values()) == {torch.float32}


def test_of_adapters_only_the_two_small_matrices_learn(base):
    learner = load_learner(base, LowRank(rank=3), "cpu")
    assert {name.split(".")[-3] for name in learning(learner)} == {"lora_A", "lora_B"}
    ranks = {min(weights.shape) for name, weights in learner.module.named_parameters() if name in learning(learner)}
    assert ranks == {3}


def test_adapters_are_float32_on_a_base_in_bfloat16(base):
    learner = load_learner(base, LowRank(rank=2), "cpu", "bfloat16")
    assert set(learning(learner).values()) == {torch.float32}
    frozen = {weights.dtype for weights in learner.module.parameters() if not weights.requires_grad}
    assert frozen == {torch.bfloat16}
    assert learner.dtype == torch.bfloat16


def test_named_layers_alone_are_adapted(base):
    learner = load_learner(base, LowRank(rank=2, modules=["q_proj", "v_proj"]), "cpu")
    assert {name.split(".")[-4] for name in learning(learner)} == {"q_proj", "v_proj"}


def test_a_fresh_adapter_changes_no_answer(base):
    fresh = load_learner(base, LowRank(rank=4, dropout=0.5), "cpu")
    assert torch.equal(answers(fresh), answers(load_model(base, "cpu")))


def test_the_seed_decides_the_first_weights_of_an_adapter(base):
    def first(seed: int) -> torch.Tensor:
        learner = load_learner(base, LowRank(rank=2), "cpu", seed=seed)
        return torch.cat([w.flatten() for name, w in learner.module.named_parameters() if "lora_A" in name])

    assert torch.equal(first(1), first(1))
    assert not torch.equal(first(1), first(2))


def test_an_adapter_folder_goes_on_from_its_adapter(base, adapter):
    learner = load_learner(str(adapter), LowRank(rank=64), "cpu")
    # The folder says the rank: an adapter cannot change it half-way.
    assert learner.module.peft_config["default"].r == 2
    assert len(learning(learner)) > 0
    assert torch.allclose(answers(learner), answers(load_model(str(adapter), "cpu")), atol=1e-4)
    assert not torch.allclose(answers(learner), answers(load_model(base, "cpu")), atol=1e-2)


def test_an_adapter_folder_cannot_be_trained_together_with_its_base(adapter):
    with pytest.raises(InputError) as caught:
        load_learner(str(adapter), None, "cpu")
    assert str(caught.value) == (
        f"{adapter}: is an adapter, which can be trained on, but not together with all weights of its base. "
        "Ask for --adapter lora, or merge it into its base first."
    )


def test_layers_that_a_model_has_not_got_are_named(base):
    with pytest.raises(ModelError) as caught:
        load_learner(base, LowRank(modules=["query_key_value"]), "cpu")
    assert str(caught.value).startswith("the model has no layers to adapt named ['query_key_value']: ")
    assert str(caught.value).endswith("Name layers of this model, or 'all-linear'.")


@pytest.mark.skipif(importlib.util.find_spec("bitsandbytes") is not None, reason="bitsandbytes is installed")
def test_four_bits_without_the_library_say_which_extra_brings_it(base):
    with pytest.raises(MissingExtraError) as caught:
        load_learner(base, LowRank(four_bit=True), "cpu")
    assert str(caught.value) == (
        "this needs the library 'bitsandbytes', which is not installed. Install it with: pip install 'silicus[train]'"
    )


@pytest.mark.skipif(importlib.util.find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed")
def test_a_base_in_four_bits_keeps_the_precision_asked_for_in_everything_else(base):
    learner = load_learner(base, LowRank(rank=2, four_bit=True), "cpu", "bfloat16")
    frozen = {weights.dtype for weights in learner.module.parameters() if not weights.requires_grad}
    assert frozen == {torch.uint8, torch.bfloat16}
    assert learner.dtype == torch.bfloat16
    assert set(learning(learner).values()) == {torch.float32}


def test_gradients_reach_every_adapter_where_activations_are_computed_again(base):
    learner = load_learner(base, LowRank(rank=2), "cpu", checkpointing=True)
    learner.module.train()
    learner.log_probabilities(list(learner.encoder.rows(asked()))).sum().backward()
    grown = [name for name, w in learner.module.named_parameters() if w.grad is not None and w.grad.abs().sum() > 0]
    assert sorted(grown) == sorted(name for name in learning(learner) if "lora_B" in name)


def test_an_adapter_whose_base_was_moved_says_where_it_looked(base, adapter, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(base, moved)
    config = adapter / "adapter_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "base_model_name_or_path": str(moved)}))
    before = answers(load_model(str(adapter), "cpu"))
    shutil.rmtree(moved)
    with pytest.raises(ModelError) as caught:
        load_model(str(adapter), "cpu")
    assert str(caught.value) == (
        f"{config}: the model that it adapts is not there: {moved}. Put it back, or write where it is now as "
        "base_model_name_or_path."
    )
    config.write_text(json.dumps({**json.loads(config.read_text()), "base_model_name_or_path": base}))
    assert torch.equal(answers(load_model(str(adapter), "cpu")), before)


@pytest.mark.usefixtures("smollm2")
def test_an_adapter_on_the_embedded_model_loads_as_a_checkpoint_leaves_it(tmp_path):
    learner = load_learner("smollm2", LowRank(rank=2), device="cpu")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # peft looks for a config.json beside the base
        learner.module.save_pretrained(tmp_path)
    place = locate(str(tmp_path))
    assert place.base is not None
    assert place.gguf is not None
    assert load_folder_or_hub(str(tmp_path), "cpu").tokenizer.get_vocab() == learner.tokenizer.get_vocab()
