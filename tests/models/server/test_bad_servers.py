"""What cannot be asked is said before anything is, in words that say what to do."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

import numpy as np
import pytest
from transformers import PreTrainedTokenizerFast

from silicus.errors import ModelError
from silicus.models import loading
from silicus.models.kept import Kept
from silicus.models.server import Budget, ServerModel, ServerSettings, load_server
from silicus.models.server.client import Client
from silicus.models.server.exact import _SAMPLE, ExactScoring, Reading
from silicus.study import Scale
from tests.models.server.conftest import prompts_of
from tests.models.server.upstream import Upstream, number_of
from tests.models.tiny import byte_level

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def tokenizer(monkeypatch: pytest.MonkeyPatch) -> PreTrainedTokenizerFast:
    """Return a small tokenizer, which every name of one stands for."""
    small = byte_level()
    monkeypatch.setattr(loading, "load_words", lambda name: loading.Words(small, 2048, "weights", None))
    return small


def load(address: str, model: str = "tiny", **settings) -> ServerModel:
    return load_server(ServerSettings(address=address, model=model, budget=Budget(), **settings))


def test_no_server_there():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ModelError, match=r"3 attempts failed, the last with: the connection failed .*Is the server up"):
        load(f"http://127.0.0.1:{port}/v1")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            (404, b"not here", {"Content-Type": "text/plain"}),
            r"status 404\): not here\. Is the address right\? Most end",
        ),
        ((200, b"<html>", {"Content-Type": "text/html"}), "3 attempts failed, .*no JSON object"),
        ((200, {"hello": "world"}, {}), "not as an OpenAI-compatible server"),
        ((200, {"data": "tiny"}, {}), "not as an OpenAI-compatible server"),
        ((503, {}, {}), "3 attempts failed, the last with: status 503"),
    ],
)
def test_something_else_is_there(upstream, answer, expected):
    upstream.extra["/v1/models"] = lambda body: answer
    with pytest.raises(ModelError, match=expected):
        load(upstream.address)


def test_the_address_without_its_version(upstream):
    with pytest.raises(ModelError, match=r"status 404.*Most end in /v1"):
        load(upstream.address.removesuffix("/v1"))


def test_another_model_is_served():
    with Upstream(models=("smollm2", "qwen")) as upstream, pytest.raises(ModelError, match="Did you mean 'smollm2'"):
        load(upstream.address, model="smolm2")


def test_a_server_that_does_not_tell_what_it_serves_is_believed():
    with Upstream(models=()) as upstream:
        assert load(upstream.address).scoring == "samples"


def test_exact_without_a_tokenizer():
    with Upstream(owner="vllm") as upstream, pytest.raises(ModelError, match=r"without a tokenizer.*--tokenizer ID"):
        load(upstream.address, scoring="exact")


def test_exact_of_a_server_that_takes_no_tokens():
    with (
        Upstream(owner="library") as upstream,
        pytest.raises(ModelError, match=r"'library'\. Whole .*--scoring tokens"),
    ):
        load(upstream.address, scoring="exact", tokenizer="smollm2")
    with Upstream(owner="library") as upstream:
        assert load(upstream.address, tokenizer="smollm2").scoring == "samples"


@pytest.mark.parametrize(("owner", "field"), [("vllm", "prompt"), ("llamacpp", "content")])
def test_a_tokenizer_that_is_not_the_models(owner, field, tokenizer):
    asked = []

    def tokens_of(text):
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    def tokenize(body):
        asked.append(body[field])
        return {"tokens": [*tokens_of(body[field])[:-1], 5]}

    with Upstream(owner=owner, extra={"/tokenize": tokenize}) as upstream:
        with pytest.raises(ModelError, match=r"other tokens than the tokenizer of 'smollm2', .*not that of 'tiny'"):
            load(upstream.address, tokenizer="smollm2")
        upstream.extra["/tokenize"] = lambda body: {"tokens": tokens_of(body[field])}
        assert load(upstream.address, tokenizer="smollm2").scoring == "exact"
    assert asked == [_SAMPLE]


def test_vllm_without_the_page_that_takes_tokens(tokenizer):
    with Upstream(owner="vllm") as upstream:
        model = load(upstream.address, tokenizer="smollm2")
        upstream.answer = lambda body: (404, {"detail": "Not Found"}, {})
        with pytest.raises(ModelError, match="with --enable-scale-out; else take --scoring tokens or samples"):
            dict(model.answer(prompts_of(1)))


def test_a_server_that_names_no_tokens_by_number(tokenizer):
    with Upstream(owner="llamacpp") as upstream:
        model = load(upstream.address, tokenizer="smollm2")
        upstream.answer = lambda body: {"choices": [{"text": "1", "logprobs": {"tokens": ["1"], "top_logprobs": []}}]}
        with pytest.raises(ModelError, match="names no tokens by their numbers"):
            dict(model.answer(prompts_of(1)))


def test_vllm_is_asked_for_every_token_in_calls_of_as_many_as_it_gives():
    # Each answer of 200 is a token of its own, as in tokenizers that read 0 to 999 as one.
    def value(token):
        return -1.0 - (token * 37 % 101) / 100

    def list_tokens(body):
        given = body["sampling_params"]
        wanted = given["logprob_token_ids"]
        assert len(wanted) == given["logprobs"] <= 128
        drawn = 40_000 + number_of(body) % 1000
        every = [drawn, *wanted][: given["logprobs"]]
        listed = [{"token_id": token, "logprob": value(token)} for token in every]
        choice = {"token_ids": [drawn], "logprobs": {"content": [{**listed[0], "top_logprobs": listed}]}}
        return {"choices": [choice], "usage": {"prompt_tokens": len(body["token_ids"]), "completion_tokens": 1}}

    wanted = list(range(300, 500))
    with Upstream(owner="vllm", answer=list_tokens) as upstream:

        async def ask():
            settings = ServerSettings(address=upstream.address, model="tiny", budget=Budget(), tokenizer="smollm2")
            kept = Kept()
            client = Client(settings, kept)
            try:
                return await ExactScoring(client, settings, Reading(None, [2], ""), "vllm")._node([1, 2, 3], wanted)
            finally:
                await client.close()
                kept.close()

        assert asyncio.run(ask()) == {token: value(token) for token in wanted}
        assert len(upstream.log) == 2


def test_first_tokens_cannot_tell_1_from_10(upstream):
    prompts = prompts_of(3, Scale(kind="numeric", low=1, high=10))
    with pytest.raises(ModelError, match=r"question 'like', .*'10' begins as '1' does.*--answers letter"):
        dict(load(upstream.address, scoring="tokens").answer(prompts))
    assert upstream.log == []


@pytest.mark.parametrize("scoring", ["tokens", "samples"])
def test_a_template_that_begins_the_models_turn(upstream, scoring):
    prompts = [replace(prompts_of(1)[0], lead="Answer: (")]
    with pytest.raises(
        ModelError, match=r"begins the model's own turn \('Answer: \('\).*--template, or --scoring exact"
    ):
        dict(load(upstream.address, scoring=scoring).answer(prompts))
    assert upstream.log == []


def test_a_server_that_lists_no_probabilities(upstream):
    with pytest.raises(ModelError, match=r"lists no probabilities for 'tiny'\. Take --scoring samples"):
        dict(load(upstream.address, scoring="tokens").answer(prompts_of(1)))


def test_answers_that_are_not_listed_have_no_probability(upstream):
    listed = [{"token": " 1", "logprob": -1.0}, {"token": "1", "logprob": -2.0}]
    choice = {"message": {}, "logprobs": {"content": [{**listed[0], "top_logprobs": listed}]}}
    upstream.answer = lambda body: {"choices": [choice]}
    (answer,) = dict(load(upstream.address, scoring="tokens").answer(prompts_of(1))).values()
    np.testing.assert_allclose(np.exp(answer), [np.exp(-1) + np.exp(-2), 0.0])
