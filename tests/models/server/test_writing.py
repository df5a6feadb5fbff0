"""Texts that a server's model writes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from silicus.errors import ModelError, RunError
from silicus.models.server import Budget, ServerModel, ServerSettings
from silicus.models.writing import Text, Writer, Writing
from silicus.prompts import ask_for_reasoning
from tests.models.server.conftest import prompts_of
from tests.models.server.upstream import Upstream, said

pytestmark = pytest.mark.usefixtures("quick")

HOW = Writing(draws=3, most_tokens=50, temperature=0.7, seed=4)


def model_of(upstream: Upstream, **caps: int) -> ServerModel:
    settings = ServerSettings(address=upstream.address, model="tiny", budget=Budget(**caps), scoring="samples")
    return ServerModel(settings, "vllm", "samples")


def long(body: dict) -> dict:
    """Say the seed, and be cut off where it is odd."""
    answered = said(f"Tea.\nAnswer: {body['seed']}")
    answered["choices"][0]["finish_reason"] = "length" if body["seed"] % 2 else "stop"
    return answered


def test_each_text_has_a_seed_of_its_own_and_says_whether_it_was_cut_off(upstream):
    upstream.answer = long
    prompts = [ask_for_reasoning(prompt) for prompt in prompts_of(2)]
    written = dict(model_of(upstream).write(prompts, HOW))
    seeds = [body["seed"] for _, body in upstream.log]
    assert len(set(seeds)) == 6
    texts = [text for index in range(2) for text in written[index]]
    assert sorted(map(str, texts)) == sorted(str(Text(f"Tea.\nAnswer: {seed}", bool(seed % 2))) for seed in seeds)
    assert isinstance(model_of(upstream), Writer)


def test_a_text_is_asked_for_in_so_many_tokens_at_that_temperature_and_without_a_choice(upstream):
    list(model_of(upstream).write(prompts_of(1), HOW))
    for _, body in upstream.log:
        assert (body["max_tokens"], body["temperature"]) == (50, 0.7)
        assert "structured_outputs" not in body
        assert body["messages"][0]["role"] == "system"


def test_a_text_reserves_all_that_it_may_write(upstream):
    model = model_of(upstream, most_tokens=700)
    with pytest.raises(RunError, match="--max-tokens 700"):
        list(model.write(prompts_of(1), Writing(draws=3, most_tokens=690, temperature=1.0, seed=0)))
    assert upstream.log == []


def test_texts_that_were_written_are_not_asked_for_again(upstream, tmp_path):
    upstream.answer = long
    models = [model_of(upstream) for _ in range(2)]
    found = []
    for model in models:
        model.keep_in(tmp_path)
        found.append(dict(model.write(prompts_of(2), HOW)))
        model.close()
    assert found[0] == found[1]
    assert len(upstream.log) == 6


def test_a_template_that_begins_the_models_turn_cannot_be_written_to(upstream):
    with pytest.raises(ModelError, match="begins the model's own turn"):
        list(model_of(upstream).write([replace(prompts_of(1)[0], lead=" (")], HOW))
    assert upstream.log == []
