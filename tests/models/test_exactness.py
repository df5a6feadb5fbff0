"""Shared computation gives what every answer string scored alone gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from silicus.models import load_model
from silicus.models.huggingface import HuggingFaceModel
from silicus.prompts import Prompt, get_template, render
from silicus.study import Item, Respondent, Scale
from tests.models.brute_force import answer_log_probabilities
from tests.models.tiny import tiny_model

WORDS = st.text(alphabet="abcdefg ABC,.'\n-", min_size=1, max_size=60).map(str.strip).filter(bool)
LABELS = st.text(alphabet="abc ABC1'", min_size=1, max_size=8).map(str.strip).filter(bool)
TINY = [("byte-level", True), ("byte-level", False), ("sentencepiece", True), ("sentencepiece", False)]


@st.composite
def scales(draw: st.DrawFn) -> tuple[Scale, str]:
    """A random scale and a style it can be answered in."""
    kind = draw(st.sampled_from(["letters", "range", "percent", "labels", "steps"]))
    if kind == "range":
        low = draw(st.integers(-3, 9))
        return Scale(
            kind="ordinal", low=low, high=low + draw(st.integers(1, 12)), refusals={98: "Do not know"}
        ), "value"
    if kind == "percent":
        return Scale(kind="numeric", low=0, high=100), "value"
    if kind == "steps":
        return Scale(kind="numeric", low=0, high=1000, step=draw(st.sampled_from([50, 100, 250]))), "value"
    words = draw(st.lists(LABELS, min_size=2, max_size=6, unique=True))
    return Scale(kind="nominal", labels=dict(enumerate(words, start=1))), "label" if kind == "labels" else "letter"


@st.composite
def prompts(draw: st.DrawFn) -> list[Prompt]:
    """A few prompts of two conditions that share parts of their text, on a random scale."""
    scale, style = draw(scales())
    items = [Item("s", c, "q", draw(WORDS), "What do you think?", scale) for c in ("a", "b")]
    ages = draw(st.lists(st.integers(18, 90), min_size=1, max_size=4))
    people = [Respondent(str(n), {"gender": "Female", "age": age}) for n, age in enumerate(ages)]
    plain = [render(get_template("silicus"), item, person, style) for item in items for person in people]
    system = draw(st.sampled_from([plain[0].system, ""]))
    lead = draw(st.sampled_from(["", " If had to select one, my answer would be (", "Answer: ", "I say\n"]))
    return [replace(prompt, system=system, lead=lead) for prompt in plain]


def largest_difference(model: HuggingFaceModel, asked: list[Prompt], only: set[str] | None = None) -> float:
    got = dict(model.answer(asked))
    assert sorted(got) == list(range(len(asked)))
    truth = [answer_log_probabilities(model, prompt, only) for prompt in asked]
    return max(float(np.nanmax(np.abs(np.exp(got[i]) - np.exp(truth[i])))) for i in range(len(asked)))


@pytest.mark.parametrize(("kind", "chat"), TINY)
@given(asked=prompts())
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_tree_probabilities_equal_each_answer_scored_alone(kind: str, chat: bool, asked: list[Prompt]) -> None:
    assert largest_difference(tiny_model(kind, chat), asked) <= 1e-5


@given(asked=prompts())
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_smollm2_probabilities_equal_each_answer_scored_alone(smollm2: HuggingFaceModel, asked: list[Prompt]) -> None:
    few = set(asked[0].answers[:3]) | set(asked[0].answers[-2:])
    assert largest_difference(smollm2, [asked[0], asked[-1]], few) <= 1e-5


def test_smollm2_gives_a_percent_scale_the_probabilities_of_each_answer_scored_alone(smollm2: HuggingFaceModel) -> None:
    item = Item("s", "a", "q", "", "How likely is rain?", Scale(kind="numeric", low=0, high=100))
    prompt = render(get_template("silicus"), item, Respondent("1", {"age": 40}))
    assert largest_difference(smollm2, [prompt], {"0", "1", "7", "10", "11", "50", "99", "100"}) <= 1e-5


@pytest.mark.parametrize(("kind", "chat"), TINY)
@given(asked=prompts())
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_context_and_path_are_how_the_tokenizer_reads_prompt_and_answer(
    kind: str, chat: bool, asked: list[Prompt]
) -> None:
    encoder = tiny_model(kind, chat).encoder
    for prompt, row in zip(asked, encoder.rows(asked), strict=True):
        for answer, path in zip(prompt.answers, row.trie.paths, strict=True):
            edges = [e for e in path.tolist() if e < len(row.trie.edge_tokens)]
            tokens = [t for t in row.trie.edge_tokens[edges].tolist() if t >= 0]
            whole = encoder.text(prompt) + ("" if chat or prompt.lead else " ") + answer
            assert row.context.tolist() + tokens == encoder._tokenizer(whole, add_special_tokens=not chat)["input_ids"]


def test_one_and_ten_on_the_same_scale_are_told_apart_by_the_end_of_the_turn() -> None:
    model = tiny_model("byte-level")
    item = Item("s", "a", "q", "", "How many?", Scale(kind="numeric", low=0, high=10))
    prompt = render(get_template("silicus"), item, Respondent("1", {"age": 40}))
    (_, found), truth = next(model.answer([prompt])), answer_log_probabilities(model, prompt)
    assert np.exp(found[1]) == pytest.approx(np.exp(truth[1]), abs=1e-6)
    assert np.exp(found).sum() <= 1 + 1e-6


def test_answers_of_a_prompt_never_have_more_than_all_the_mass() -> None:
    model = tiny_model("sentencepiece")
    item = Item("s", "a", "q", "", "How likely?", Scale(kind="numeric", low=0, high=100))
    prompt = render(get_template("silicus"), item, Respondent("1", {"age": 40}))
    (_, found) = next(model.answer([prompt]))
    assert 0 < np.exp(found).sum() <= 1 + 1e-6


def test_the_embedded_model_is_the_smollm2_of_the_wheel(smollm2: HuggingFaceModel) -> None:
    assert smollm2.name == "smollm2"
    assert sum(p.numel() for p in smollm2._model.parameters()) == pytest.approx(134.5e6, rel=0.01)
    assert load_model("uniform").name == "uniform"
