"""The benchmark of training runs on tiny shapes; its systems compute the same, and count what they compute."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.training import output, trl
from bench.training.__main__ import main
from bench.training.gpu import matmul_rate
from bench.training.measure import Bench, Pass, check, peak_gib, prepare, run, systems
from bench.training.shapes import SHAPES, build, matmul_flops
from bench.training.systems import SYSTEMS, collate
from bench.training.workload import FULL, STIMULI, draw, to_rows


@pytest.fixture(scope="module")
def tiny() -> Bench:
    return prepare("tiny", 4096, quick=True)


def test_every_system_gives_the_loss_and_the_gradient_of_padded_batches(tiny):
    passes = run(tiny, "275", 0, list(SYSTEMS))
    check(passes)
    assert [each.system for each in passes] == list(SYSTEMS)
    assert max(each.gradient_gap for each in passes) < 1e-5
    assert all(each.loss == pytest.approx(passes[0].loss, abs=1e-5) for each in passes)


def test_a_gradient_that_lies_apart_stops_the_benchmark(tiny):
    passes = run(tiny, "115", 0, ["padded", "silicus"])
    with pytest.raises(SystemExit, match=r"'silicus' does not compute what padded batches do: its loss lies 5.0e-01"):
        check([passes[0], replace(passes[1], loss_gap=0.5)])


def test_small_packs_change_no_gradient(tiny):
    small = replace(tiny, pack_tokens=60)
    passes = run(small, "275", 0, ["padded", "packed", "silicus"])
    check(passes)
    assert passes[2].forwarded > run(tiny, "275", 0, ["silicus"])[0].forwarded


def test_recomputed_activations_change_no_gradient(tiny):
    """Checkpointing calls every layer twice with the same tree."""
    kept = run(tiny, "275", 0, ["silicus"])[0]
    gradient = [parameter.grad.clone() for parameter in tiny.model.parameters()]
    tiny.model.train()
    tiny.model.activation_checkpointing_enable()
    try:
        again = run(tiny, "275", 0, ["silicus"])[0]
    finally:
        tiny.model.activation_checkpointing_disable()
    assert again.loss == pytest.approx(kept.loss)
    for parameter, other in zip(tiny.model.parameters(), gradient, strict=True):
        assert torch.allclose(parameter.grad, other, atol=1e-6)


def test_tokens_are_counted_by_hand(tiny):
    examples = tiny.examples("115", 0)
    flat = [len(example.context) + len(example.reply) for example in examples]
    found = {each.system: each for each in run(tiny, "115", 0, list(SYSTEMS))}
    width = max(flat)
    assert len(examples) == 6
    assert found["padded"].forwarded == 6 * width
    assert found["packed"].forwarded == sum(flat)
    # The head of 5 once, both stimuli of 11 once, and of every row its persona, its tail and its answer.
    assert found["silicus"].forwarded == 5 + 2 * 11 + sum(flat) - 6 * (5 + 11) - 6
    assert found["silicus"].learnt == sum(len(example.reply) for example in examples)


def test_labels_stand_at_the_answer_and_the_end_of_the_turn(tiny):
    batch = tiny.examples("115", 0)[:2]
    inputs = collate(batch)
    for place, example in enumerate(batch):
        learnt = inputs["labels"][place] != -100
        assert inputs["input_ids"][place][learnt].tolist() == example.reply
        assert int(inputs["attention_mask"][place].sum()) == len(example.context) + len(example.reply)


def test_cells_have_the_lengths_of_socsci210_and_answers_of_one_to_three_tokens():
    examples = draw(STIMULI["275"], FULL, 49152, np.random.default_rng(0))
    assert len(examples) == 16
    assert {len(answer) for example in examples for answer in example.answers} == {1, 2, 3}
    lengths = sorted(len(example.context) for example in examples)
    assert 25 + 150 + 85 + 10 <= lengths[0] <= lengths[7] <= 25 + 150 + 115 + 10
    assert 25 + 400 + 85 + 10 <= lengths[8] <= lengths[15] <= 25 + 400 + 115 + 10


def test_the_whole_scale_names_the_answer_given():
    examples = draw((5,), FULL, 512, np.random.default_rng(0))
    rows, target = to_rows(examples, whole_scale=True)
    assert target.shape == (8, 7)
    assert target.argmax(1).tolist() == [example.given for example in examples]
    assert all(row.trie.nodes == 8 for row in rows)


def test_operations_are_six_a_weight_and_token():
    model = build("tiny")
    layers = 3 * (2 * 48 * 48 + 2 * 48 * 16 + 3 * 48 * 96)
    assert matmul_flops(model, tokens=10, reads=2) == 6 * (layers * 10 + 512 * 48 * 2)


@pytest.mark.parametrize(("shape", "billions"), [("smollm2-135m", 0.135), ("qwen2.5-0.5b", 0.494), ("qwen2.5-7b", 7.6),
                                                ("qwen2.5-14b", 14.8)])  # fmt: skip
def test_shapes_have_as_many_weights_as_published(shape, billions):
    with torch.device("meta"):
        model = build(shape, "meta")
    assert sum(p.numel() for p in model.parameters()) / 1e9 == pytest.approx(billions, rel=0.01)
    assert set(SHAPES) == {"tiny", "smollm2-135m", "qwen2.5-0.5b", "qwen2.5-7b", "qwen2.5-14b"}


def test_a_ratio_compares_passes_over_the_same_rows():
    def taken(system: str, repeat: int, seconds: float) -> Pass:
        return Pass("115", system, repeat, seconds, 1.0, 0.0, 0.0, 10, 2)

    passes = [taken("padded", 0, 8), taken("silicus", 0, 2), taken("padded", 1, 9), taken("silicus", 1, 3)]
    assert output.ratio(passes, "115", "padded") == (3.5, 3.0, 4.0)
    assert output.ratio(passes, "275", "padded") is None


def test_it_runs_from_end_to_end_and_writes_goals_counts_and_gaps(tmp_path, capsys):
    path = tmp_path / "training.json"
    main(quick=True, repeats=1, memory=False, json=path)
    content = json.loads(path.read_text())
    assert [goal["at_least"] for goal in content["goals"]] == [3.5, 2.0, 1.7, 7.0, 3.5, 2.2]
    assert all(goal["median"] > 0 for goal in content["goals"])
    assert {line["system"] for line in content["systems"]} == set(systems())
    assert all(each["gradient_gap"] < 1e-4 for each in content["passes"])
    assert "silicus, answers given" in capsys.readouterr().out


def test_memory_is_measured_in_a_process_of_its_own():
    assert 0 <= peak_gib("tiny", 4096, "115", "silicus") < 1


def test_memory_of_a_system_that_was_killed_for_want_of_it_is_not_known(monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], -9, stdout="", stderr=""))
    assert peak_gib("tiny", 4096, "115", "padded") is None


def test_a_system_that_does_not_run_alone_is_named(monkeypatch):
    failed = subprocess.CompletedProcess([], 1, stdout="", stderr="out of memory")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(SystemExit, match="'padded' did not run on its own:\nout of memory"):
        peak_gib("tiny", 4096, "115", "padded")


def test_what_is_unknown_is_answered_with_the_nearest():
    with pytest.raises(SystemExit, match=r"--model: found 'qwen2.5-8b'. Did you mean 'qwen2.5-7b'\?"):
        main(model="qwen2.5-8b")
    with pytest.raises(SystemExit, match="--stimulus: found '100'"):
        main(stimulus="100", quick=True)


@pytest.mark.skipif(torch.cuda.is_available(), reason="asks what is said without a GPU")
def test_without_a_gpu_large_models_are_refused_in_a_sentence():
    with pytest.raises(SystemExit, match=r"--model qwen2.5-7b is measured on a GPU, and this machine has none"):
        main(model="qwen2.5-7b")


def test_the_matrix_rate_is_that_of_the_product_alone():
    assert matmul_rate("cpu", size=64, repeats=2) > 1e6


@pytest.mark.skipif(not trl.available(), reason="TRL is not installed")
@pytest.mark.filterwarnings("ignore")
def test_trl_itself_gives_the_same_loss_and_gradient(tiny):
    check(run(tiny, "115", 0, ["padded", "TRL"]))
