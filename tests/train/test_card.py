from dataclasses import replace

import pytest

from silicus.train.card import CardFacts, Result, TaughtBy, model_card
from silicus.train.licences import front_matter, licence_of
from silicus.train.recipe import Part, Recipe

RECIPE = Recipe(parts=[Part(data="/home/somebody/data/votes")], rank=8, title="A small LoRA.", sources=["A. Author"])
VOTES = TaughtBy("votes", "Author (2020). Votes.", "CC BY 4.0", 1234, "questions: 3 of 9 held out", "individual", 1.5)
WITHOUT = CardFacts(
    name="votes-smollm2", base="smollm2", licence=licence_of("smollm2"), adapter=True, recipe=RECIPE, data=(VOTES,),
    example="<|im_start|>user\nDo you vote?", answers=("1", "2"), results=(), version="0.1.0",
)  # fmt: skip
WITH = replace(WITHOUT, results=(Result("votes", "Wasserstein-1", "tuned", 0.1234, 0.1, 0.15, 200),))


def test_the_front_matter_says_to_the_hub_what_it_asks():
    said = front_matter(model_card(replace(WITHOUT, data=(replace(VOTES, hub="a/votes"), VOTES))))
    assert said["base_model"] == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert said["base_model_relation"] == "adapter"
    assert said["license"] == "apache-2.0"
    assert said["library_name"] == "peft"
    assert said["datasets"] == ["a/votes"]
    assert said["pipeline_tag"] == "text-generation"
    assert "silicus" in said["tags"]


def test_a_licence_the_hub_has_no_word_for_is_named_and_linked():
    qwen = "Qwen/Qwen2.5-3B-Instruct"
    said = front_matter(model_card(replace(WITHOUT, base=qwen, licence=licence_of(qwen), adapter=False)))
    assert (said["license"], said["license_name"]) == ("other", "qwen-research")
    assert said["license_link"].startswith("https://")
    assert (said["base_model"], said["library_name"]) == (qwen, "transformers")


def test_the_words_a_licence_asks_for_are_carried_along():
    llama = licence_of("meta-llama/Meta-Llama-3-8B-Instruct")
    card = model_card(replace(WITHOUT, base="meta-llama/Meta-Llama-3-8B-Instruct", licence=llama))
    for line in llama.lines:
        assert f"> {line}\n" in card
    assert "begin with “Llama 3”" in card


def test_an_unknown_licence_sends_to_the_base_models_page():
    card = model_card(replace(WITHOUT, base="a/b", licence=licence_of("a/b")))
    assert "unknown: look at the base model's page" in card
    assert front_matter(card)["license"] == "unknown"


def test_without_results_it_says_that_it_is_not_benchmarked():
    assert model_card(WITHOUT).count("NOT BENCHMARKED") == 3
    assert "NOT BENCHMARKED" not in model_card(WITH)


def test_results_stand_in_a_table_with_their_intervals():
    card = model_card(replace(WITH, results=(*WITH.results, Result("votes", "nll", "uniform", None, None, None, 1200))))
    assert "| votes | Wasserstein-1 | tuned | 0.123 | 0.100 to 0.150 | 200 |" in card
    assert "| votes | nll | uniform | – | – | 1,200 |" in card


def test_every_setting_of_the_recipe_is_there_and_no_place_on_a_machine():
    card = model_card(WITHOUT)
    for name in Recipe.model_fields.keys() - {"title", "sources", "parts"}:
        assert f"| `{name}` | " in card
    for name in Part.model_fields:
        assert f"| `part 1: {name}` | " in card
    assert "| `part 1: data` | votes |" in card
    assert "A small LoRA." in card
    assert "- A. Author" in card
    assert "/home/somebody" not in card


def test_what_should_be_known_of_a_training_is_told_and_nothing_where_there_is_nothing():
    assert "To be known:\n\n- A leak was let pass.\n" in model_card(
        replace(WITHOUT, warnings=("A leak was let pass.",))
    )
    assert "To be known" not in model_card(WITHOUT)


def test_a_base_kept_in_a_folder_is_not_named(tmp_path):
    card = model_card(replace(WITHOUT, base=str(tmp_path), recipe=RECIPE.model_copy(update={"model": str(tmp_path)})))
    assert str(tmp_path) not in card
    assert "base_model" not in front_matter(card)
    assert "a model kept in a folder" in card


def test_the_data_are_told_with_whom_to_cite_and_their_terms():
    said = (
        "- **votes**: 1,234 examples, individual, passes over them: 1.5. questions: 3 of 9 held out. "
        "Cite: Author (2020). Votes. Licence: CC BY 4.0."
    )
    assert said in model_card(WITHOUT)


@pytest.mark.parametrize(
    ("adapter", "loaded", "served"),
    [
        (True, 'AutoPeftModelForCausalLM.from_pretrained("FOLDER")', "--max-lora-rank 8 --lora-modules silicus=FOLDER"),
        (False, 'AutoModelForCausalLM.from_pretrained("FOLDER")', "vllm serve FOLDER\n"),
    ],
)
def test_it_says_how_to_load_what_is_in_the_folder(adapter, loaded, served):
    card = model_card(replace(WITHOUT, adapter=adapter))
    assert "silicus simulate STUDY.yaml --model FOLDER" in card
    assert f"= {loaded}" in card
    assert served in card


def test_the_code_it_shows_is_python():
    code = model_card(WITHOUT).partition("```python\n")[2].partition("```")[0]
    compile(code, "card", "exec")
    assert "add_special_tokens=False" in code
    assert "add_special_tokens=True" in model_card(replace(WITHOUT, chat=False))


def test_the_prompt_is_shown_as_it_is_even_with_fences_in_it():
    card = model_card(replace(WITHOUT, example="Read ```this```:"))
    assert "````text\nRead ```this```:\n````" in card
    assert "`1`, `2`." in card


def test_a_bar_in_a_name_does_not_break_a_table():
    assert r"| a\|b | m |" in model_card(replace(WITHOUT, results=(Result("a|b", "m", "s", 1, None, None, 1),)))
