"""Runs of models behind a server: what is written, what is said, and how they go on."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from silicus.errors import InputError, ModelError, RunError
from silicus.models.server import Price
from silicus.options import SimulateOptions
from silicus.workflow import evaluate_run, read_run, simulate
from silicus.workflow.lock import alone
from silicus.workflow.served import price_of
from tests.models.server.upstream import Upstream, said, say

KEY = "sk-Zq83xTw7Lm"


def one_or_two(body: dict[str, Any]) -> dict[str, Any]:
    """Return the answer of the scripted server, which reads so many tokens as prompts of this length have."""
    return {**say(body), "usage": {"prompt_tokens": 150, "completion_tokens": 1}}


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr("silicus.models.server.client._FIRST_WAIT_SECONDS", 0.002)
    with Upstream(answer=one_or_two) as server:
        yield server


@pytest.fixture
def options(upstream: Upstream, tmp_path: Path) -> SimulateOptions:
    """Return options that ask five people of a scripted server, four times each question."""
    return SimulateOptions(
        model="tiny", server=upstream.address, samples=4, respondents="5", out=tmp_path / "run", max_failures=0.5
    )


def notes(folder: Path) -> list[str]:
    return read_run(folder).manifest.notes


def test_a_run_keeps_shares_and_says_how_they_were_had(upstream, options, capsys):
    folder = simulate("asian-disease", options)
    table = read_run(folder).predictions
    assert len(table) == 10
    assert all(round(share * 4, 3) % 1 == 0 for row in table["probabilities"] for share in row)
    assert notes(folder) == [
        f"tiny was asked over {upstream.address}: shares of 4 answers each, sampled at temperature 1; the standard "
        "error of a share is up to 0.250"
    ]
    assert "tiny: 40 calls, 6,040 tokens used." in capsys.readouterr().err
    assert len(upstream.log) == 40


def test_failures_are_told_in_the_manifest_the_report_and_at_the_end_and_evaluated_without(upstream, options, capsys):
    def answer(body):
        age = re.search(r"Age: (\d+)", body["messages"][-1]["content"])
        odd = bool(age and int(age[1]) % 2)
        return said("perhaps" if odd else "I cannot answer" if body["seed"] % 5 == 0 else "1")

    upstream.answer = answer
    folder = simulate("asian-disease", replace(options, respondents="12", max_failures=1.0))
    table = read_run(folder).predictions
    unread = table["probabilities"].null_count()
    assert 0 < unread < 24
    told = notes(folder)[1:]
    assert told[0] == f"{unread} of 24 prompts have no readable answer, and no prediction"
    assert re.fullmatch(r"of 96 sampled texts \d+ declined and \d+ unreadable", told[1])
    assert all(f"{note}." in capsys_err for capsys_err in [capsys.readouterr().err] for note in told)

    found = evaluate_run(folder)
    assert told[0] in (folder / "report.html").read_text(encoding="utf-8")
    assert found.model_dump_json()
    # A finished run says the same again, and asks nothing.
    before = len(upstream.log)
    assert simulate("asian-disease", replace(options, respondents="12", max_failures=1.0)) == folder
    assert notes(folder)[1:] == told
    assert len(upstream.log) == before


def test_answers_of_whom_nothing_can_be_read_are_left_out_of_the_evaluation_and_counted(upstream, tea, tmp_path):
    people = tmp_path / "people.csv"
    people.write_text("respondent,age\na,30\nb,31\nc,40\n")
    answers = tmp_path / "answers.csv"
    answers.write_text(
        "respondent,condition,question,response\n"
        + "".join(f"{who},plain,like,{n}\n" for n, who in enumerate("abc", 3))
    )
    with tea.open("a", encoding="utf-8") as file:
        file.write("human: {responses: answers.csv}\n")
    upstream.answer = lambda body: said("well" if "Age: 31" in body["messages"][-1]["content"] else "4")
    folder = simulate(
        str(tea),
        SimulateOptions(
            model="tiny", server=upstream.address, samples=2, respondents=str(people), out=tmp_path / "run",
            max_failures=1.0,
        ),
    )  # fmt: skip
    found = evaluate_run(folder)
    assert found.left_out["no prediction for this respondent"] == 1


def test_too_many_failures_stop_the_run_and_a_higher_share_goes_on_without_asking_again(upstream, options):
    upstream.answer = lambda body: said(
        "perhaps" if len(upstream.log) <= 16 else say(body)["choices"][0]["message"]["content"]
    )
    with pytest.raises(
        RunError,
        match=r"no readable answer to \d of \d prompts?, more than the share of 0\.1 that may fail\. "
        r"Ask it in another way \(--template, --answers, --scoring\), or raise",
    ):
        simulate("asian-disease", replace(options, max_failures=0.1, concurrency=1))
    simulate("asian-disease", replace(options, max_failures=0.9))
    assert set(upstream.asked.values()) == {1}
    assert len(upstream.log) == 40


def test_a_run_of_few_prompts_that_all_fail_is_stopped(upstream, options):
    upstream.answer = lambda body: said("perhaps")
    with pytest.raises(RunError, match="--max-failures"):
        simulate("asian-disease", replace(options, respondents="1"))


def test_a_cap_stops_a_run_and_a_higher_one_goes_on(upstream, options):
    with pytest.raises(RunError, match=r"--max-calls 15: 15 calls, 2,265 tokens used.*raise the cap"):
        simulate("asian-disease", replace(options, max_calls=15))
    with pytest.raises(RunError, match="--max-calls 15: 15 calls"):
        simulate("asian-disease", replace(options, max_calls=15))
    assert len(upstream.log) == 15
    simulate("asian-disease", replace(options, max_calls=40))
    assert set(upstream.asked.values()) == {1}
    assert len(upstream.log) == 40


def test_two_processes_do_not_work_in_one_folder(upstream, options):
    simulate("asian-disease", options)
    assert options.out is not None
    (options.out / "predictions.parquet").unlink()
    with alone(options.out), pytest.raises(RunError, match=r"process \d+ is at work in it"):
        simulate("asian-disease", options)


def test_a_run_that_is_killed_goes_on_and_ends_as_one_that_was_not(upstream, options, tmp_path):
    assert options.out is not None
    whole = simulate("asian-disease", replace(options, out=tmp_path / "whole")) / "predictions.parquet"
    upstream.log.clear()

    def slowly(body):
        time.sleep(0.1)
        return say(body)

    upstream.answer = slowly
    command = [
        sys.executable, "-m", "silicus", "simulate", "asian-disease", "--model", "tiny", "--server", upstream.address,
        "--samples", "4", "--respondents", "5", "--out", str(options.out), "--max-failures", "0.5",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while len(upstream.log) < 12 and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    time.sleep(0.3)
    before = len(upstream.log)
    assert 12 <= before < 40
    assert not (options.out / "predictions.parquet").exists()
    upstream.answer = say
    folder = simulate("asian-disease", options)
    assert (folder / "predictions.parquet").read_bytes() == whole.read_bytes()
    assert len(upstream.asked) == 40
    # No more than those under way when it was killed.
    assert len(upstream.log) <= 40 + 8


def test_no_byte_of_a_run_tells_the_key(upstream, options, monkeypatch, capfd):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    upstream.answer = lambda body: said(f"1 {KEY}" if body["seed"] % 2 else f"{KEY}")
    folder = simulate("asian-disease", replace(options, max_failures=1.0))
    evaluate_run(folder)
    upstream.answer = lambda body: (400, {"error": {"message": KEY}}, {})
    with pytest.raises(ModelError) as caught:
        simulate("asian-disease", replace(options, out=folder.parent / "other"))
    shown = capfd.readouterr()
    parts = [KEY[n : n + 8].encode() for n in range(len(KEY) - 7)]
    seen = {"out": shown.out.encode(), "err": shown.err.encode(), "error": str(caught.value).encode()}
    seen |= {str(path): path.read_bytes() for path in folder.parent.rglob("*") if path.is_file()}
    assert len(seen) > 8
    assert [place for place, found in seen.items() if any(part in found for part in parts)] == []


def test_an_address_with_a_password_is_shown_nowhere(options, capfd):
    with pytest.raises(InputError, match="holds a password"):
        simulate("asian-disease", replace(options, server="http://me:hunter2@localhost:1/v1"))
    shown = capfd.readouterr()
    assert "hunter2" not in shown.out + shown.err
    assert options.out is not None
    assert not options.out.exists()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"model": "gpt-4o-mini", "server": "https://api.openai.com/v1"}, Price(0.15, 0.6)),
        ({"model": "gpt-4o-mini", "server": "http://localhost:8000/v1"}, None),
        ({"model": "gpt-4o-mini", "server": "http://api.openai.com.evil.org/v1"}, None),
        ({"model": "other", "server": "https://api.openai.com/v1"}, None),
        (
            {"model": "gpt-4o-mini", "server": "https://api.openai.com/v1", "price_in": 1.0, "price_out": 2.0},
            Price(1, 2),
        ),
    ],
)
def test_the_price_is_as_said_or_as_published(given, expected):
    assert price_of(SimulateOptions(**given)) == expected


def test_one_price_alone_is_none():
    with pytest.raises(InputError, match="one of --price-in and --price-out"):
        price_of(SimulateOptions(price_in=1.0))


@pytest.mark.parametrize("name", ["max_cost", "price_in", "price_out"])
@pytest.mark.parametrize("number", [-1.0, float("nan"), float("inf")])
def test_money_is_a_number_from_0(name, number):
    with pytest.raises(InputError, match=f"--{name.replace('_', '-')} .*expected 0 or more"):
        SimulateOptions(**{name: number})


def test_money_without_a_price_is_refused_before_anything_is_asked(upstream, options):
    with pytest.raises(InputError, match="the price of this model is not known"):
        simulate("asian-disease", replace(options, max_cost=1.0))
    assert upstream.log == []


def test_what_was_spent_is_told_in_dollars(upstream, options, capsys):
    simulate("asian-disease", replace(options, price_in=2.0, price_out=8.0))
    assert "tiny: 40 calls, 6,040 tokens, $0.0123 used." in capsys.readouterr().err


def test_the_manifest_keeps_what_decides_the_answers_and_no_cap(upstream, options):
    folder = simulate("asian-disease", replace(options, max_calls=100, concurrency=3))
    kept = json.loads((folder / "manifest.json").read_text())["options"]
    assert (kept["server"], kept["samples"], kept["temperature"]) == (upstream.address, 4, 1.0)
    assert not {"max_calls", "concurrency", "key_variable", "price_in"} & set(kept)
