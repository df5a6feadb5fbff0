"""Models that are not there, or not whole: one sentence, before anything is asked."""

from __future__ import annotations

import json
from pathlib import Path

import huggingface_hub.constants
import pytest

from silicus.errors import InputError, ModelError, SilicusError
from silicus.models import load_model


def refused(name: Path | str, kind: type[SilicusError] = ModelError) -> str:
    with pytest.raises(kind) as caught:
        load_model(str(name), device="cpu")
    return str(caught.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a model folder that holds a config and nothing else."""
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    return tmp_path


def test_an_unknown_name_is_answered_with_the_nearest():
    assert refused("smolm2", InputError) == "unknown model 'smolm2'. Did you mean 'smollm2'?"
    assert refused("zzz", InputError) == "unknown model 'zzz'. Known: pooled, scripted, smollm2, uniform."


def test_pooled_is_a_model_only_where_there_are_human_answers():
    assert refused("pooled", InputError) == (
        "the model 'pooled' pools the human answers of a study or of --data, and none are given here."
    )


@pytest.mark.parametrize("place", ["./nowhere", "runs/x/model", "../up", "~/models/mine"])
def test_a_path_that_is_not_there_is_no_hub_name(place):
    assert refused(place) == f"{place}: no model folder. Expected a folder with config.json and a tokenizer."


def test_a_file_is_no_model_folder(tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(b"")
    assert refused(path) == f"{path}: no model folder. Expected a folder with config.json and a tokenizer."


def test_a_folder_without_config_is_no_model_folder(tmp_path):
    assert refused(tmp_path) == f"{tmp_path}: no config.json and no adapter_config.json: this is not a model folder."


def test_a_model_folder_without_tokenizer_says_what_to_put_there(folder):
    assert refused(folder) == (
        f"{folder}: a model folder without tokenizer: expected tokenizer.json or tokenizer.model beside config.json. "
        "Save it there with tokenizer.save_pretrained(folder)."
    )


def test_an_adapter_that_names_no_base_is_refused(tmp_path):
    (tmp_path / "adapter_config.json").write_text("{}")
    (tmp_path / "tokenizer.json").write_text("{}")
    assert refused(tmp_path) == f"{tmp_path / 'adapter_config.json'}: names no base_model_name_or_path."


def test_a_folder_whose_files_are_broken_is_told_in_one_sentence(folder):
    (folder / "tokenizer.json").write_text("{")
    message = refused(folder)
    assert message.startswith(f"{folder}: cannot be loaded as a model: ")
    assert "\n" not in message


def test_a_hub_model_that_cannot_be_reached_is_told_in_one_sentence(monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    message = refused("nobody/has-such-a-model")
    assert message.startswith("nobody/has-such-a-model: cannot be loaded as a model: We couldn't connect to ")
    assert "\n" not in message
