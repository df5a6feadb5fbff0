"""What sampled texts come to."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from silicus.models.server import Budget, ServerModel, ServerSettings
from silicus.study import Scale
from tests.models.server.conftest import prompts_of
from tests.models.server.upstream import said


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
