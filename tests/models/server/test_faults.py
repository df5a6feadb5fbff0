"""Whatever goes wrong on the way: every prompt gets the answer that the server gives, and each is counted once."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest

from silicus.errors import ModelError
from silicus.models.kept import Kept
from silicus.models.server import Budget, ServerModel, ServerSettings
from tests.models.server.conftest import prompts_of
from tests.models.server.faults import FAULTS, NEVER_FORWARDED, Faults
from tests.models.server.upstream import READ, WRITTEN, say

pytestmark = pytest.mark.usefixtures("quick")


def asked_of(address: str, **settings) -> ServerModel:
    given = {
        "budget": Budget(),
        "scoring": "samples",
        "samples": 4,
        "timeout_seconds": 3.0,
        "concurrency": 16,
        **settings,
    }
    return ServerModel(ServerSettings(address=address, model="tiny", **given), "", given["scoring"])


@pytest.mark.parametrize("seed", [1, 2])
def test_every_prompt_gets_the_servers_answer_and_none_is_lost_or_counted_twice(upstream, tmp_path, seed):
    prompts = prompts_of(20)
    undisturbed = dict(asked_of(upstream.address).answer(prompts))
    upstream.log.clear()
    with Faults(upstream.address, seed=seed) as proxy:
        budget = Budget()
        model = asked_of(proxy.address, budget=budget)
        model.keep_in(tmp_path)
        answers = dict(model.answer(prompts))
    assert set(answers) == set(range(20))
    for place, answer in answers.items():
        np.testing.assert_array_equal(answer, undisturbed[place])
        assert np.exp(answer).sum() == pytest.approx(1)
    assert set(proxy.met) == {*FAULTS, "passed"}
    assert proxy.met["passed"] == 80
    # Each call that was lost on its way was made again, and no other one.
    assert len(upstream.asked) == 80
    lost = [each for each in FAULTS if each not in NEVER_FORWARDED]
    assert len(upstream.log) == 80 + sum(proxy.met[each] for each in lost)
    assert budget.spent.calls == proxy.attempts
    assert model.came_to() == {"answer": 80}
    model.close()
    kept = Kept(tmp_path / "calls.sqlite")
    assert len(kept) == 80
    assert kept.spent() == budget.spent
    kept.close()


def test_what_failed_counts_as_all_it_may_have_used_and_what_was_refused_as_nothing(upstream):
    with Faults(upstream.address, seed=5) as proxy:
        budget = Budget()
        dict(asked_of(proxy.address, budget=budget).answer(prompts_of(20)))
    reported = READ * (80 + proxy.met["no choices"])
    lost = sum(
        proxy.met[each] for each in ("reset before", "reset after", "500", "503 after", "half", "cut", "slow", "page")
    )
    most = [len(f"{each.system}{each.user}".encode()) + 256 for each in prompts_of(20)]
    assert reported + lost * min(most) <= budget.spent.read <= reported + lost * max(most)
    assert budget.spent.written == (80 + proxy.met["no choices"]) * WRITTEN + lost * 16


def test_first_tokens_come_through_the_same_faults(upstream):
    def list_tokens(body):
        first = say(body)["choices"][0]["message"]["content"]
        top = [{"token": first, "logprob": -0.5}, {"token": " 1", "logprob": -2.0}, {"token": "2", "logprob": -3.0}]
        top = list({each["token"].strip(): each for each in reversed(top)}.values())
        choice = {"message": {"content": first}, "logprobs": {"content": [{**top[-1], "top_logprobs": top}]}}
        return {"choices": [choice], "usage": {"prompt_tokens": READ, "completion_tokens": 1}}

    upstream.answer = list_tokens
    undisturbed = dict(asked_of(upstream.address, scoring="tokens").answer(prompts_of(20)))
    with Faults(upstream.address, seed=9) as proxy:
        answers = dict(asked_of(proxy.address, scoring="tokens").answer(prompts_of(20)))
    assert {place: each.tolist() for place, each in answers.items()} == {
        place: each.tolist() for place, each in undisturbed.items()
    }
    assert set(chain(*(each.tolist() for each in answers.values()))) <= {-0.5, -2.0, -3.0}


def test_a_server_that_always_fails_ends_the_run_and_says_how(upstream):
    upstream.answer = lambda body: (500, {"error": {"message": "out of memory"}}, {})
    with pytest.raises(ModelError, match=r"6 attempts failed, the last with: status 500\. Is the server up"):
        dict(asked_of(upstream.address, concurrency=1).answer(prompts_of(1)))
    # Four draws, and the first to fail ends all.
    assert 6 <= len(upstream.log) <= 24


def test_a_call_that_is_refused_is_told_with_its_place_and_not_made_again(upstream):
    upstream.answer = lambda body: (400, {"error": {"message": "This model's context is 64 tokens."}}, {})
    with pytest.raises(ModelError, match=r"question 'like', respondent 'p0': .*context is 64 tokens"):
        dict(asked_of(upstream.address, samples=1).answer(prompts_of(1)))
    assert len(upstream.log) == 1


def test_a_server_is_waited_for_as_long_as_it_asks(upstream, monkeypatch):
    waits = []
    monkeypatch.setattr("silicus.models.server.client._LONGEST_WAIT_SECONDS", 60.0)

    async def sleep(self, seconds):
        if seconds:
            waits.append(seconds)

    monkeypatch.setattr("silicus.models.server.client.Client._sleep", sleep)
    said = iter(["7", "nan", "-3", "Wed, 21 Oct 2015 07:28:00 GMT", "900"])
    upstream.answer = lambda body: (429, {}, {"Retry-After": next(said)}) if len(upstream.log) < 6 else say(body)
    dict(asked_of(upstream.address, samples=1).answer(prompts_of(1)))
    # A wait that is no number is as if nothing was said; one in the past or below nothing is none; one too long is cut.
    assert waits[0] == 7
    assert 0 < waits[1] < 1
    assert waits[2:] == [60]


@pytest.mark.parametrize(
    "answer",
    [
        {"choices": {}},
        {"choices": ["1"]},
        {"choices": [{"message": "1"}]},
        {"error": {"message": "busy"}},
        b"[1, 2]",
        b"\xff\xfe\xfa",
        b"[" * 100_000,
        b'{"choices": [{"message": {"content": "\xc3"}}]}',
    ],
)
def test_an_answer_of_no_known_form_is_asked_for_again_and_never_kept(upstream, tmp_path, answer):
    upstream.answer = lambda body: answer if len(upstream.log) < 3 else say(body)
    model = asked_of(upstream.address, samples=1)
    model.keep_in(tmp_path)
    assert len(dict(model.answer(prompts_of(1)))) == 1
    assert len(upstream.log) == 3
    model.close()


@pytest.mark.parametrize(
    "places",
    [
        [{"token": "1"}],
        ["1"],
        {"a": 1},
        [{"token": "1", "logprob": float("nan")}],
        [{"token": "1", "logprob": 3.0}],
        [{"token": "1", "logprob": -1.0, "top_logprobs": [7]}],
    ],
)
def test_probabilities_that_are_none_are_not_believed(upstream, places):
    upstream.answer = lambda body: {"choices": [{"message": {"content": "1"}, "logprobs": {"content": places}}]}
    with pytest.raises(ModelError, match="the last with: a list of probabilities"):
        dict(asked_of(upstream.address, scoring="tokens").answer(prompts_of(1)))


def test_equal_prompts_are_asked_once(upstream):
    (prompt,) = prompts_of(1)
    answers = dict(asked_of(upstream.address).answer([prompt] * 5))
    assert len(upstream.log) == 4
    assert len({tuple(each) for each in answers.values()}) == 1


def test_the_draws_of_every_prompt_have_seeds_of_their_own(upstream):
    dict(asked_of(upstream.address).answer(prompts_of(10)))
    seeds = {body["seed"] for _, body in upstream.log}
    assert len(seeds) == 40
    upstream.log.clear()
    dict(asked_of(upstream.address, seed=1).answer(prompts_of(10)))
    assert not seeds & {body["seed"] for _, body in upstream.log}
