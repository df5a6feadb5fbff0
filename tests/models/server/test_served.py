"""Served and local probabilities of one model agree: llama.cpp's server, in its own process, and transformers."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from silicus.models import loading
from silicus.models.server import Budget, ServerModel, ServerSettings, load_server
from silicus.models.trained_as import probes
from silicus.options import SimulateOptions
from silicus.prompts import Prompt, get_template, render
from silicus.workflow import evaluate_run, read_run, simulate
from tests.models.server.conftest import address_of
from tests.models.server.faults import Faults
from tests.models.server.tiny_weights import answering_tiny

pytestmark = pytest.mark.skipif("sys.platform == 'win32'", reason="llama.cpp's wheel is not there")

TOLERANCE = 1e-3
SAMPLES = 30


@pytest.fixture(autouse=True)
def _tokenizer_known(monkeypatch: pytest.MonkeyPatch):
    """The tiny model's tokenizer is in no folder."""
    encoder = answering_tiny().encoder
    words = loading.Words(answering_tiny().tokenizer, encoder.limit, "tiny", None)
    monkeypatch.setattr(loading, "load_words", lambda _: words)


def served(address: str, name: str = "tiny", **settings) -> ServerModel:
    return load_server(ServerSettings(address=address, model=name, budget=Budget(), concurrency=4, **settings))


@pytest.fixture(scope="module")
def prompts() -> dict[str, Prompt]:
    """Return a prompt with two points, one from 0 to 100, and one with letters."""
    template, pairs = get_template("silicus"), list(probes())
    percent = next(pair for pair in pairs if pair[0].question == "percent")
    return {
        "points": render(template, *pairs[0]),
        "percent": render(template, *percent),
        "letters": render(template, *pairs[5], "letter"),
    }


@pytest.fixture(scope="module")
def local(prompts) -> dict[str, np.ndarray]:
    answers = dict(answering_tiny().answer(list(prompts.values())))
    return {name: np.exp(answers[place]) for place, name in enumerate(prompts)}


@pytest.fixture
def exact(served_tiny, prompts) -> tuple[ServerModel, dict[str, np.ndarray]]:
    model = served(served_tiny, tokenizer="tiny")
    answers = dict(model.answer(list(prompts.values())))
    return model, {name: np.exp(answers[place]) for place, name in enumerate(prompts)}


@pytest.mark.parametrize("name", ["points", "percent", "letters"])
def test_exact_probabilities_are_those_of_the_model_here(exact, local, name):
    model, answers = exact
    assert model.scoring == "exact"
    np.testing.assert_allclose(answers[name], local[name], atol=TOLERANCE)


def test_the_embedded_model_answers_as_here(starting_smollm2, smollm2, prompts, monkeypatch):
    # Reading the tokenizer out of the weights again takes many seconds.
    words = loading.Words(smollm2.tokenizer, smollm2.encoder.limit, smollm2.fingerprint, None)
    monkeypatch.setattr(loading, "load_words", lambda _: words)
    model = served(address_of(starting_smollm2), "smollm2", tokenizer="smollm2")
    asked = [prompts["points"], prompts["letters"]]
    theirs, ours = dict(model.answer(asked)), dict(smollm2.answer(asked))
    for place in range(len(asked)):
        np.testing.assert_allclose(np.exp(theirs[place]), np.exp(ours[place]), atol=TOLERANCE)


def test_first_tokens_are_those_of_the_model_here(served_tiny, prompts, local):
    model = served(served_tiny, scoring="tokens")
    answers = dict(model.answer([prompts["points"], prompts["letters"]]))
    for place, name in enumerate(("points", "letters")):
        np.testing.assert_allclose(np.exp(answers[place]), local[name], atol=TOLERANCE)


def test_shares_lie_around_the_probabilities_and_every_text_is_an_answer(served_tiny, prompts, local):
    model = served(served_tiny, samples=SAMPLES, seed=1)
    assert model.scoring == "samples"
    answers = dict(model.answer([prompts["points"], prompts["letters"]]))
    assert model.came_to() == {"answer": 2 * SAMPLES}
    for place, name in enumerate(("points", "letters")):
        expected = local[name] / local[name].sum()
        error = np.sqrt(expected * (1 - expected) / SAMPLES)
        np.testing.assert_array_less(np.abs(np.exp(answers[place]) - expected), 4 * error)


def test_the_server_itself_comes_through_faults_too(served_tiny, prompts, exact, monkeypatch):
    monkeypatch.setattr("silicus.models.server.client._FIRST_WAIT_SECONDS", 0.002)
    with Faults(served_tiny, seed=4, most=3, drip_seconds=0.0) as proxy:
        model = served(proxy.address, tokenizer="tiny")
        answers = dict(model.answer([prompts["points"], prompts["letters"]]))
    for place, name in enumerate(("points", "letters")):
        # What is computed side by side is rounded otherwise than alone.
        np.testing.assert_allclose(np.exp(answers[place]), exact[1][name], atol=TOLERANCE)
    assert proxy.met.total() > proxy.met["passed"] > 0


def test_a_prompt_longer_than_the_server_reads_is_told_with_its_place(served_tiny, prompts):
    long = replace(prompts["points"], user=f"{prompts['points'].user} {'very ' * 3000}")
    with pytest.raises(Exception, match=r"question 'choice', respondent .*status 400\).*(context|exceed)"):
        dict(served(served_tiny, samples=1).answer([long]))


def test_a_study_is_simulated_and_evaluated(served_tiny, tmp_path: Path, monkeypatch):
    # The door shows a function of the same name.
    monkeypatch.setattr(import_module("silicus.workflow.simulate"), "load_model", lambda *_: answering_tiny())
    options = SimulateOptions(
        model="tiny", server=served_tiny, tokenizer="tiny", respondents="1", out=tmp_path / "served"
    )
    folder = simulate("asian-disease", options)
    here = simulate("asian-disease", SimulateOptions(respondents="1", out=tmp_path / "here"))
    tables = [pl.read_parquet(each / "predictions.parquet").sort("condition", "respondent") for each in (folder, here)]
    theirs, ours = (np.array(table["probabilities"].to_list()) for table in tables)
    np.testing.assert_allclose(theirs, ours, atol=TOLERANCE)
    assert read_run(folder).manifest.notes[0].endswith("(llamacpp): probabilities of whole answers, token by token")
    assert evaluate_run(folder).model_dump_json()
