from types import SimpleNamespace

import pytest

from silicus.train.licences import UNKNOWN, front_matter, licence_of


@pytest.mark.parametrize(
    ("model", "hub"),
    [
        ("smollm2", "apache-2.0"),
        ("HuggingFaceTB/SmolLM2-135M-Instruct", "apache-2.0"),
        ("Qwen/Qwen2.5-14B-Instruct", "apache-2.0"),
        ("Qwen/Qwen3-8B-Base", "apache-2.0"),
        ("mistralai/Mistral-7B-Instruct-v0.3", "apache-2.0"),
        ("meta-llama/Llama-2-7b-chat-hf", "llama2"),
        ("meta-llama/Meta-Llama-3-8B-Instruct", "llama3"),
        ("meta-llama/Llama-3.1-8B", "llama3.1"),
        ("meta-llama/Llama-3.2-1B-Instruct", "llama3.2"),
        ("meta-llama/Llama-3.3-70B-Instruct", "llama3.3"),
    ],
)
def test_the_licence_of_a_model_is_the_one_its_maker_gives_it(model, hub):
    found = licence_of(model)
    assert found.hub == hub
    assert str(found.url).startswith("https://")
    assert str(found.source).startswith("https://")


@pytest.mark.parametrize(("size", "said"), [("3B", "RESEARCH LICENSE AGREEMENT"), ("72B", "the Qwen LICENSE")])
def test_two_sizes_of_qwen_have_licences_of_their_own(size, said):
    found = licence_of(f"Qwen/Qwen2.5-{size}-Instruct")
    assert found.hub == "other"
    assert found.hub_name is not None
    assert said in found.lines[1]


def test_what_is_learnt_from_llama_3_says_so_and_begins_with_its_name():
    found = licence_of("socratesft/socrates-llama3-8b-sft")
    assert found.lines == [
        "Built with Meta Llama 3",
        "Meta Llama 3 is licensed under the Meta Llama 3 Community License, Copyright © Meta Platforms, Inc. "
        "All Rights Reserved.",
    ]
    assert found.name_begins == "Llama 3"


def test_later_llamas_ask_for_other_words():
    found = licence_of("x/Llama-3.1-8B-Instruct-Q4_K_M.gguf")
    assert found.lines[0] == "Built with Llama"
    assert found.name_begins == "Llama"


@pytest.mark.parametrize("name", ["models/Qwen2.5-7B-Instruct/", "Qwen2.5-7B-Instruct-AWQ", "qwen2.5-7b-bnb-4bit"])
def test_a_model_is_known_as_a_folder_and_in_converted_forms(name):
    assert licence_of(name).hub == "apache-2.0"


@pytest.mark.parametrize(
    "name", ["openlm-research/open_llama_3b", "openlm-research/OpenLLaMA-3B", "somebody/Qwen2.5-7B-tuned", "runs/x", ""]
)
def test_of_other_models_the_licence_is_unknown(name):
    assert licence_of(name) == UNKNOWN
    assert "look at the base model's page" in UNKNOWN.name


def test_the_config_may_know_the_name():
    assert licence_of("runs/mine", SimpleNamespace(_name_or_path="meta-llama/Llama-3.1-8B")).hub == "llama3.1"


def test_a_folder_that_names_its_base_has_the_licence_of_its_base(tmp_path):
    (tmp_path / "README.md").write_text("---\nbase_model: meta-llama/Meta-Llama-3-8B\n---\n# A model\n", "utf-8")
    assert licence_of(str(tmp_path)).hub == "llama3"
    (tmp_path / "README.md").write_text("---\nbase_model:\n- Qwen/Qwen2.5-7B\n---\n", "utf-8")
    assert licence_of(str(tmp_path)).hub == "apache-2.0"


@pytest.mark.parametrize("text", ["# No front matter\n", "---\n[\n---\n", "---\njust words\n---\n", ""])
def test_a_card_that_says_nothing_to_machines_is_no_error(text):
    assert front_matter(text) == {}
