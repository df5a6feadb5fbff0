"""Prompts that a model cannot read: named before a token is computed."""

from __future__ import annotations

import re

import pytest

from silicus.errors import ModelError, PromptError
from silicus.models.trie import build_trie
from silicus.prompts import Prompt, get_template, render
from silicus.study import Item, Respondent, Scale
from tests.models.tiny import tiny_model


def prompt(context: str = "Short.", **attributes: str) -> Prompt:
    item = Item("tea", "praise", "like", context, "Tea?", Scale(kind="ordinal", low=1, high=10))
    return render(get_template("silicus"), item, Respondent("p7", {"age": 34, **attributes}))


PLACE = "study 'tea', condition 'praise', question 'like', respondent 'p7': "


def test_a_stimulus_longer_than_the_context_is_named_with_its_length_and_the_limit():
    model, asked = tiny_model("byte-level", positions=64), prompt("word " * 100)
    tokens = len(model.encoder._tokenizer(model.encoder.text(asked), add_special_tokens=False)["input_ids"])
    with pytest.raises(PromptError) as caught:
        list(model.answer([asked]))
    # The last token of an answer need not be read: of "10" only the "1" follows the prompt.
    assert str(caught.value) == (
        f"{PLACE}the prompt has {tokens + 1:,} tokens (504 characters of stimulus), the model reads at most 64. "
        "Shorten the text of the condition or question, or use a model with a longer context."
    )


def test_a_prompt_is_read_up_to_the_last_token_that_fits():
    asked = prompt()
    encoder = tiny_model("byte-level").encoder
    (row,) = encoder.rows([asked])
    needed = len(row.context) + int(row.trie.depths.max())
    assert len(list(tiny_model("byte-level", positions=needed).answer([asked]))) == 1
    with pytest.raises(PromptError, match=rf"has {needed} tokens .* reads at most {needed - 1}\."):
        list(tiny_model("byte-level", positions=needed - 1).answer([asked]))


def test_the_one_long_prompt_among_short_ones_is_the_one_named():
    model = tiny_model("byte-level", positions=400)
    long = Prompt(**{**vars(prompt("word " * 400)), "respondent": Respondent("p99", {"age": 34})})
    with pytest.raises(PromptError, match="respondent 'p99': the prompt has"):
        list(model.answer([prompt(), long, prompt()]))


@pytest.mark.parametrize("chat", [True, False])
@pytest.mark.parametrize("where", ["stimulus", "attribute"])
def test_a_control_token_in_the_words_is_refused(chat, where):
    asked = prompt("Tea is <|end|> lovely.") if where == "stimulus" else prompt(nickname="a<|end|>b")
    with pytest.raises(PromptError) as caught:
        list(tiny_model("byte-level", chat).answer([asked]))
    assert str(caught.value) == (
        f"{PLACE}the text contains '<|end|>', which this model reads as a control token. Remove it."
    )


@pytest.mark.parametrize("answers", [[(1,), (1,)], [(1,), ()]])
def test_answers_that_the_tokenizer_cannot_tell_apart_are_refused(answers):
    with pytest.raises(ModelError, match=re.escape(f"the tokenizer cannot tell the answers apart: {answers}.")):
        build_trie(answers)
