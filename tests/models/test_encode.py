"""The text a model reads, and how answers of one's own words join it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from silicus.errors import ModelError
from silicus.models import encode
from silicus.models.encode import Encoder, need_one_token_each, one_token_each
from silicus.models.trie import build_trie
from silicus.prompts import Prompt, ask_for_reasoning, get_template, reasoned, render
from silicus.study import Item, Respondent, Scale
from tests.models.tiny import byte_level, tiny_model

FIVE = Scale(kind="ordinal", low=1, high=5)
LEAD = " If had to select one of the options, my answer would be ("


def prompt(*, scale: Scale = FIVE, **other: object) -> Prompt:
    plain = render(get_template("silicus"), Item("tea", "a", "like", "", "Tea?", scale), Respondent("p7", {"age": 34}))
    return replace(plain, **{"user": "Tea?", "system": "You are asked.", **other})


def text(asked: Prompt, chat: bool) -> str:
    return tiny_model("byte-level", chat).encoder.text(asked)


def test_a_chat_model_reads_the_system_turn_the_user_turn_and_the_start_of_its_own():
    turns = "<|start|>system\nYou are asked.<|end|>\n<|start|>user\nTea?<|end|>\n<|start|>assistant\n"
    assert text(prompt(), chat=True) == turns
    assert text(prompt(lead=LEAD), chat=True) == turns + LEAD


def test_without_system_text_a_chat_model_reads_the_user_turn_alone():
    assert text(prompt(system=""), chat=True) == "<|start|>user\nTea?<|end|>\n<|start|>assistant\n"


def test_a_template_that_knows_no_system_turn_gets_the_system_text_before_the_user_text():
    tokenizer = byte_level()
    tokenizer.chat_template = tokenizer.chat_template.replace(
        "{% for m in messages %}", "{% for m in messages if m['role'] != 'system' %}"
    )
    encoder = Encoder(tokenizer, 512)
    assert encoder.text(prompt()).startswith("<|start|>user\nYou are asked.\n\nTea?<|end|>")
    assert encoder.text(prompt(system="")).startswith("<|start|>user\nTea?<|end|>")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({}, "You are asked.\n\nTea?\n\nAnswer:"),
        ({"system": ""}, "Tea?\n\nAnswer:"),
        ({"system": "", "user": "Tea? Answer:"}, "Tea? Answer:"),
        ({"system": "", "lead": LEAD}, "Tea?" + LEAD),
        ({"system": "", "user": "Tea? Answer:", "lead": LEAD}, "Tea? Answer:" + LEAD),
    ],
)
def test_a_base_model_is_asked_for_the_answer_once(words, expected):
    assert text(prompt(**words), chat=False) == expected


def _answers(asked: Prompt, encoder: Encoder) -> list[str]:
    (row,) = encoder.rows([asked])
    tokens = [row.trie.edge_tokens[[e for e in path if e < len(row.trie.edge_tokens)]] for path in row.trie.paths]
    start = encoder.text(asked)
    wholes = [encoder._tokenizer.decode([*row.context, *t[t >= 0]]) for t in tokens]
    return [whole.removeprefix(start) for whole in wholes]


@pytest.mark.parametrize(
    ("chat", "lead", "space"), [(False, "", " "), (False, LEAD, ""), (True, "", ""), (True, LEAD, "")]
)
def test_only_a_base_model_without_a_lead_reads_a_space_before_the_answer(chat, lead, space):
    encoder = Encoder(byte_level(chat), 512)
    assert _answers(prompt(lead=lead), encoder) == [f"{space}{n}" for n in range(1, 6)]


def test_the_same_end_of_a_text_is_joined_with_a_space_or_without_as_its_lead_wants():
    encoder = Encoder(byte_level(chat=False), 512)
    plain = prompt(user="Say\nAnswer:")
    led = prompt(user="Say\n", lead="Answer:")
    assert encoder.text(plain) == encoder.text(led)
    assert [_answers(asked, encoder)[0] for asked in (plain, led, plain)] == [" 1", "1", " 1"]


def test_a_lead_with_a_control_token_is_refused():
    with pytest.raises(encode.PromptError, match=r"the text contains '<\|end\|>'"):
        text(prompt(lead="<|end|>"), chat=True)


@pytest.mark.parametrize("chat", [True, False])
def test_reasoning_is_an_answer_that_is_tokenised_as_it_stands_in_the_whole_text(chat):
    encoder = Encoder(byte_level(chat), 4096)
    asked = ask_for_reasoning(prompt())
    target = reasoned(asked, "Tea calms me, and so does the programme. " * 20, "3")
    (row,) = encoder.rows([replace(asked, answers=(target,))])
    whole = encoder.text(asked) + ("" if chat else " ") + target
    expected = encoder._tokenizer(whole, add_special_tokens=not chat)["input_ids"]
    assert [*row.context, *row.trie.edge_tokens[row.trie.paths[0]]] == expected


def test_answers_of_ones_own_words_are_not_remembered():
    encoder = Encoder(byte_level(), 4096)
    list(encoder.rows([prompt(), replace(prompt(), answers=("so " * 100,))]))
    assert [answers for _, answers in encoder._seams] == [("1", "2", "3", "4", "5")]


def test_what_is_remembered_is_bounded_and_rows_stay_the_same(monkeypatch):
    asked = [replace(prompt(), answers=(f"{n}", "no")) for n in (*range(10), 0)]
    free = list(Encoder(byte_level(), 512).rows(asked))
    monkeypatch.setattr(encode, "_SEAMS", 3)
    encoder = Encoder(byte_level(), 512)
    bounded = list(encoder.rows(asked))
    assert len(encoder._seams) <= 3
    for one, other in zip(free, bounded, strict=True):
        assert np.array_equal(one.context, other.context)
        assert np.array_equal(one.trie.edge_tokens, other.trie.edge_tokens)


@pytest.mark.parametrize("closed", [False, True])
def test_answers_of_one_token_each_are_known_from_longer_ones(closed):
    assert one_token_each(build_trie([(1,), (2,), (3,)], closed=closed))
    assert not one_token_each(build_trie([(1,), (2,), (3, 4)], closed=closed))
    assert not one_token_each(build_trie([(1,), (1, 0)], closed=closed))


def test_a_split_answer_is_named_where_one_token_an_answer_is_read():
    encoder = Encoder(byte_level(), 512)
    letters, words = prompt(), replace(prompt(), answers=("1", "zzzz"))
    good, bad = (row.trie for row in encoder.rows([letters, words]))
    need_one_token_each(letters, good)
    with pytest.raises(ModelError) as caught:
        need_one_token_each(words, bad)
    assert str(caught.value) == (
        "study 'tea', condition 'a', question 'like', respondent 'p7': this model reads the answer 'zzzz' as 4 tokens, "
        "the objective as published reads one token an answer. Use an objective that reads whole answers, or answers "
        "that are one token each, such as letters."
    )


def test_the_published_letter_prompts_are_read_one_token_an_answer():
    encoder = Encoder(byte_level(chat=False), 2048)
    item = Item("s", "c", "q", "", "Tea?", Scale(kind="nominal", labels={1: "Yes", 2: "No"}))
    asked = [
        render(get_template("cao"), item, Respondent("KEN", {"country": "Kenya"}), "letter"),
        render(get_template("subpop"), item, Respondent("g", {"gender": "Male"}), "letter"),
    ]
    assert all(one_token_each(row.trie) for row in encoder.rows(asked))
    assert [_answers(one, encoder) for one in asked] == [["A", "B"], [" A", " B"]]
