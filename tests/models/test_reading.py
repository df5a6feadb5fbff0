"""What a model makes of a text is what plain forwards of the same model say, token by token."""

from __future__ import annotations

import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peft import LoraConfig, get_peft_model
from tokenizers.processors import TemplateProcessing

from silicus.models.huggingface import HuggingFaceModel
from silicus.models.read_text import plain_tokens, read_tokens
from silicus.models.reading import Reader, Reading
from tests.models.tiny import byte_level, random_llama, tiny_model

BEFORE, TEXT = "Answer exactly as this person would:", " Gender: Female Age: 34, and she works with <|end|> words."


def read(model: HuggingFaceModel, text: str, before: str = "") -> Reading:
    (reading,) = model.read([(before, text)])
    return reading


@torch.inference_mode()
def plain(model: HuggingFaceModel, tokens: list[int]) -> np.ndarray:
    """Log-probabilities after each token, by the model's stock attention, shape (tokens, vocabulary)."""
    llama = model._model
    llama.set_attn_implementation("eager")
    try:
        return llama(torch.tensor([tokens])).logits[0].double().log_softmax(-1).numpy()
    finally:
        llama.set_attn_implementation("silicus_tree")


def words(model: HuggingFaceModel, text: str) -> list[int]:
    return model.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]


def assert_as_plain(reading: Reading, model: HuggingFaceModel, tokens: list[int], first: int) -> None:
    """What is read of the tokens from `first` on is what a plain forward says of them."""
    every = plain(model, tokens)[first - 1 : -1]
    own = tokens[first:]
    mean = (np.exp(every) * every).sum(axis=1)
    assert reading.log_probability.shape == (len(own),)
    np.testing.assert_allclose(reading.log_probability, every[np.arange(len(own)), own], atol=1e-4)
    np.testing.assert_allclose(reading.mean, mean, atol=1e-4)
    np.testing.assert_allclose(reading.spread**2, (np.exp(every) * every**2).sum(axis=1) - mean**2, atol=1e-3)
    np.testing.assert_array_equal(reading.foremost, every.argmax(axis=1) == own)


@pytest.mark.parametrize(("kind", "before"), [("byte-level", BEFORE), ("sentencepiece", "He is 34")])
def test_a_text_is_read_as_a_plain_forward_reads_it(kind: str, before: str) -> None:
    model = tiny_model(kind)
    assert_as_plain(read(model, TEXT, before), model, words(model, before + TEXT), len(words(model, before)))


@given(st.text(max_size=300), st.text(max_size=40))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_no_text_fails_and_every_token_but_a_first_is_read(text: str, before: str) -> None:
    model = tiny_model("byte-level")
    tokens, first = plain_tokens(model.tokenizer, before, text, 100)
    (reading,) = HuggingFaceModel.read(model, [(before, text)])
    assert np.isfinite(reading.mean).all()
    assert (reading.log_probability <= 0).all()
    assert (reading.spread > 0).all()
    assert len(tokens) <= 100
    assert len(reading.foremost) == max(len(words(model, text)) - (not before), 0)
    assert tokens[:first].tolist() == words(model, before)[:100]


def test_what_is_foremost_is_what_greedy_decoding_writes() -> None:
    model = tiny_model("byte-level")
    tokens = words(model, BEFORE)
    start = len(tokens)
    for _ in range(12):
        tokens.append(int(plain(model, tokens)[-1].argmax()))
    assert read_tokens(model._logits_of_one, np.array(tokens), start).foremost.all()
    tokens[start + 7] = (tokens[start + 7] + 1) % 256
    foremost = read_tokens(model._logits_of_one, np.array(tokens), start).foremost
    assert foremost.tolist()[:8] == [True] * 7 + [False]


def test_a_text_of_nothing_or_of_one_token_with_nothing_before_it_has_no_numbers() -> None:
    model = tiny_model("byte-level")
    before = model.forwarded
    for found in model.read([("", ""), ("", "x"), (BEFORE, "")]):
        assert [len(each) for each in vars(found).values()] == [0, 0, 0, 0]
        assert found.foremost.dtype == np.bool_
    assert model.forwarded == before
    assert len(read(model, "x", "y").mean) == 1


def test_tokens_read_are_counted_as_forwarded() -> None:
    model = tiny_model("byte-level")
    before = model.forwarded
    read(model, TEXT, BEFORE)
    assert model.forwarded - before == len(words(model, BEFORE + TEXT))


def test_of_a_long_text_the_beginning_is_read_as_if_it_ended_there() -> None:
    model = tiny_model("byte-level")
    text = "Answer with one number only, please. " * 120
    tokens = words(model, text)
    assert len(tokens) > 1024
    assert_as_plain(read(model, text), model, tokens[:1024], 1)
    small = tiny_model("byte-level", positions=200)
    assert len(read(small, text).mean) == 199
    assert len(read(small, text, text).mean) == 0


def test_the_token_that_begins_every_text_comes_first_where_the_tokenizer_puts_it_there() -> None:
    tokenizer = byte_level()
    tokenizer.add_special_tokens({"bos_token": "<|start|>"})
    begin = tokenizer.bos_token_id
    model = HuggingFaceModel(random_llama(len(tokenizer), tokenizer.eos_token_id), tokenizer, "x", "x")
    assert plain_tokens(tokenizer, "", "x", 9)[0].tolist() == words(model, "x")
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<|start|> $A", special_tokens=[("<|start|>", begin)]
    )
    assert_as_plain(read(model, "Agree"), model, [begin, *words(model, "Agree")], 1)
    tokens = [begin, *words(model, BEFORE + TEXT)]
    assert_as_plain(read(model, TEXT, BEFORE), model, tokens, 1 + len(words(model, BEFORE)))


def test_a_text_continues_what_stands_before_it_without_a_second_space() -> None:
    tokenizer = tiny_model("sentencepiece").tokenizer
    tokens, first = plain_tokens(tokenizer, "Gender", " Female", 99)
    assert ["▁", *tokenizer.convert_ids_to_tokens(tokens[first:])] == tokenizer.tokenize(" Female")
    assert tokens.tolist() == tokenizer("Gender Female", add_special_tokens=False)["input_ids"]


def test_where_the_tokenizer_would_join_the_two_they_are_tokenised_apart() -> None:
    tokenizer = tiny_model("byte-level").tokenizer
    whole = tokenizer("people")["input_ids"]
    apart = [tokenizer(part)["input_ids"] for part in ("pe", "ople")]
    tokens, first = plain_tokens(tokenizer, "pe", "ople", 99)
    assert whole != apart[0] + apart[1]
    assert (tokens.tolist(), first) == (apart[0] + apart[1], len(apart[0]))


def test_a_control_token_in_a_text_is_read_as_words() -> None:
    tokenizer = tiny_model("byte-level").tokenizer
    tokens, _ = plain_tokens(tokenizer, "", "a <|end|> b", 99)
    assert tokenizer.convert_tokens_to_ids("<|end|>") not in tokens
    assert tokenizer.decode(tokens) == "a <|end|> b"
    assert tokenizer.convert_tokens_to_ids("<|end|>") in tokenizer("a <|end|> b")["input_ids"]


def test_a_model_with_an_adapter_around_it_reads_with_the_adapter() -> None:
    tokenizer = byte_level()
    base = random_llama(len(tokenizer), tokenizer.eos_token_id)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers for an old name
        adapted = get_peft_model(base, LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False))
    model = HuggingFaceModel(adapted, tokenizer, "x", "x")
    found = read(model, TEXT, BEFORE)
    assert_as_plain(found, model, words(model, BEFORE + TEXT), len(words(model, BEFORE)))
    assert np.abs(found.mean - read(tiny_model("byte-level"), TEXT, BEFORE).mean).max() > 0.01


def test_reading_leaves_answers_and_gradients_as_they_were() -> None:
    model = tiny_model("byte-level")
    assert isinstance(model, Reader)
    list(model.read([(BEFORE, TEXT)]))
    assert torch.is_grad_enabled()
    assert all(weight.grad is None for weight in model.module.parameters())


def test_a_reading_is_known_without_torch() -> None:
    code = "import sys; from silicus.models.reading import Reader, Reading; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_embedded_model_expects_what_everybody_has_read(smollm2: HuggingFaceModel) -> None:
    known = read(smollm2, " the beginning God created the heaven and the earth.", "In")
    other = read(smollm2, " the cupboard Bob painted the herring and the invoice.", "In")
    assert known.log_probability.mean() > other.log_probability.mean() + 1
    assert known.foremost.sum() > other.foremost.sum()
