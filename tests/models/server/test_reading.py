"""What sampled texts come to."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from silicus.models.server import Budget, ServerModel, ServerSettings
from silicus.models.server.chat import read_text
from silicus.study import Scale
from tests.models.server.conftest import prompts_of
from tests.models.server.upstream import said

SCALE = Scale(kind="ordinal", low=1, high=9, labels={1: "Not at all", 9: "Fully"}, refusals={99: "Do not know"})


@pytest.mark.parametrize(
    ("text", "place", "outcome"),
    [
        ("C", 2, "answer"),
        (" (C) ", 2, "answer"),
        ("C. Somewhat agree", 2, "answer"),
        ("C)", 2, "answer"),
        ("**C**", 2, "answer"),
        ("C\nBecause", 2, "answer"),
        ("Answer: C", 2, "answer"),
        ("The answer is C.", 2, "answer"),
        ("J", 9, "answer"),
        ("Fully", 8, "answer"),
        ("do not know", 9, "answer"),
        ("I agree", None, "unreadable"),
        ("A person like me would choose C", None, "unreadable"),
        ("I cannot answer that.", None, "declined"),
        ("I'm sorry", None, "declined"),
        ("c", None, "unreadable"),
        ("A or B", None, "unreadable"),
        ("A-B", None, "unreadable"),
        ("Z", None, "unreadable"),
        ("3", None, "unreadable"),
        ("", None, "unreadable"),
    ],
)
def test_letters_are_read_where_they_stand_alone(text, place, outcome):
    (prompt,) = prompts_of(1, SCALE, "letter")
    assert read_text(prompt, text) == (place, outcome)


@pytest.mark.parametrize(
    ("text", "place", "outcome"),
    [
        ("3", 2, "answer"),
        (' "3." ', 2, "answer"),
        ("My answer is 9, fully", 8, "answer"),
        ("99", 9, "answer"),
        ("3 or 4", None, "unreadable"),
        ("12", None, "unreadable"),
        ("As an AI, I have none", None, "declined"),
    ],
)
def test_numbers_are_read_as_everywhere(text, place, outcome):
    (prompt,) = prompts_of(1, SCALE)
    assert read_text(prompt, text) == (place, outcome)


def test_shares_count_what_was_declined_and_unreadable_as_uncovered(upstream):
    texts = ["1", "1", "2", "I cannot answer", "perhaps", "", "1", "9"]
    upstream.answer = lambda body: said(texts[len(upstream.log) - 1])
    settings = ServerSettings(address=upstream.address, model="tiny", budget=Budget(), samples=8, concurrency=1)
    model = ServerModel(settings, "", "samples")
    (answer,) = dict(model.answer(prompts_of(1))).values()
    np.testing.assert_allclose(np.exp(answer), [3 / 8, 1 / 8])
    assert model.came_to() == Counter(answer=4, declined=1, unreadable=3)


def test_a_prompt_of_which_nothing_can_be_read_has_no_share(upstream):
    upstream.answer = lambda body: said("perhaps")
    settings = ServerSettings(address=upstream.address, model="tiny", budget=Budget(), samples=3)
    (answer,) = dict(ServerModel(settings, "", "samples").answer(prompts_of(1))).values()
    assert np.exp(answer).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("maker", "expected"),
    [
        ("vllm", {"structured_outputs": {"choice": ["Yes, I do", 'Say "no"\n']}, "top_k": -1, "min_p": 0.0}),
        ("llamacpp", {"grammar": 'root ::= "Yes, I do" | "Say \\"no\\"\\n"', "top_k": 0, "min_p": 0.0}),
        ("", {}),
    ],
)
def test_servers_are_told_to_write_an_answer_and_to_cut_nothing_off(upstream, maker, expected):
    prompts = [replace(prompts_of(1)[0], answers=("Yes, I do", 'Say "no"\n'))]
    settings = ServerSettings(address=upstream.address, model="tiny", budget=Budget(), samples=1, temperature=0.5)
    dict(ServerModel(settings, maker, "samples").answer(prompts))
    ((_, body),) = upstream.log
    assert {name: body[name] for name in expected} == expected
    assert (body["top_p"], body["temperature"], body["max_tokens"]) == (1.0, 0.5, 16)
    assert maker or not {"top_k", "grammar", "structured_outputs"} & set(body)


def test_long_answers_are_not_cut_off(upstream):
    scale = Scale(kind="binary", labels={1: "Yes, " * 30, 2: "No"})
    settings = ServerSettings(address=upstream.address, model="tiny", budget=Budget(), samples=1)
    dict(ServerModel(settings, "", "samples").answer(prompts_of(1, scale, "label")))
    assert upstream.log[0][1]["max_tokens"] >= 150
