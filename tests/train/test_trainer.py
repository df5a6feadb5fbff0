"""The training itself: it learns, it goes on where it was stopped, and it stops where its numbers break."""

from __future__ import annotations

import importlib.util
import json
import math
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import TrainerCallback

from silicus.errors import RunError
from silicus.models.loading import load_folder_or_hub
from silicus.prompts import get_template, render
from silicus.train import (
    CHECKPOINTS,
    LOG,
    JsonLines,
    Stopping,
    Telling,
    TreeTrainer,
    last_checkpoint,
    tensorboard,
    training_arguments,
)
from tests.train.material import (
    MODEL,
    items,
    learnt,
    learnt_weights,
    log_of,
    losses_of,
    recipe,
    run,
    trainer_of,
)

ROOT = Path(__file__).parents[2]
DROPPING = {"steps": 12, "batch": 8, "dropout": 0.2, "pack_tokens": 300}


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def whole(tmp_path_factory, base) -> Path:
    """Return the run folder of a training that was not interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    run(folder, recipe(base, **DROPPING)).save_model(str(folder / MODEL))
    return folder


# --- it learns


def test_a_model_learns_what_is_planted(tmp_path, base):
    run(tmp_path, recipe(base, steps=12, evaluate=2))
    losses = losses_of(tmp_path)
    assert list(losses) == list(range(1, 13))
    assert losses[12] < 0.2 * losses[1]
    looked = [line for line in log_of(tmp_path) if "eval_loss" in line]
    assert [line["step"] for line in looked] == [0, 6, 12]
    assert all(0 <= line["eval_wasserstein"] <= 1 for line in looked)


@pytest.mark.parametrize("objective", ["individual", "rationale", "preference", "cao_as_coded"])
def test_every_objective_becomes_smaller(tmp_path, base, objective):
    run(tmp_path, recipe(base, steps=8, batch=8), [learnt(objective, per_cell=2)])
    losses = losses_of(tmp_path)
    assert losses[8] < 0.8 * losses[1]


def test_all_weights_learn_and_so_does_an_adapter_that_goes_on(tmp_path, base):
    run(tmp_path / "all", recipe(base, adapter="none", learning_rate=1e-3, steps=8))
    assert losses_of(tmp_path / "all")[8] < 0.8 * losses_of(tmp_path / "all")[1]
    first = run(tmp_path / "first", recipe(base, steps=8, learning_rate=3e-3))
    first.save_model(str(tmp_path / "adapter"))
    second = run(tmp_path / "second", recipe(str(tmp_path / "adapter"), steps=8, learning_rate=3e-3))
    second.save_model(str(tmp_path / "more"))
    losses = losses_of(tmp_path / "first"), losses_of(tmp_path / "second")
    # The second starts where the first ended.
    assert losses[1][1] < 0.9 * losses[0][1]
    assert losses[1][8] < losses[1][1]
    before, after = learnt_weights(tmp_path / "adapter"), learnt_weights(tmp_path / "more")
    assert before.keys() == after.keys()
    assert any(not torch.equal(before[name], after[name]) for name in before)


def test_an_adapter_on_weights_without_a_config_beside_them_is_saved_without_a_warning(tmp_path, base):
    trainer = trainer_of(tmp_path, recipe(base))
    trainer.model.peft_config["default"].base_model_name_or_path = str(tmp_path / "gguf")
    trainer.save_model(str(tmp_path / "adapter"))
    assert (tmp_path / "adapter" / "adapter_model.safetensors").is_file()


# --- it goes on where it was stopped


def assert_same_training(folder: Path, whole: Path) -> None:
    ours, theirs = learnt_weights(folder / MODEL), learnt_weights(whole / MODEL)
    assert max(float((ours[name] - theirs[name]).abs().max()) for name in theirs) <= 1e-6
    steps = [line["step"] for line in log_of(folder)]
    assert steps == list(range(1, 13))
    assert losses_of(folder) == pytest.approx(losses_of(whole), abs=1e-6)


def go_on(folder: Path, base: str) -> None:
    run(folder, recipe(base, **DROPPING)).save_model(str(folder / MODEL))


@pytest.mark.parametrize(("when", "at"), [("step", 7), ("half", 4)])
def test_a_training_that_is_killed_goes_on_to_the_very_same_weights(tmp_path, base, whole, when, at):
    told = {"folder": str(tmp_path), "recipe": {"model": base, **DROPPING}, "kill": [when, at]}
    killed = subprocess.run(
        [sys.executable, "-m", "tests.train.material", json.dumps([told])], cwd=ROOT, capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    kept = last_checkpoint(tmp_path / CHECKPOINTS)
    assert kept is not None
    # Checkpoints are written every second step; one that is half written does not count.
    assert kept.name == {"step": "checkpoint-6", "half": "checkpoint-2"}[when]
    go_on(tmp_path, base)
    assert_same_training(tmp_path, whole)


def test_a_checkpoint_or_line_that_was_cut_off_is_written_again(tmp_path, base, whole):
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / MODEL)
    state = tmp_path / CHECKPOINTS / "checkpoint-12" / "trainer_state.json"
    state.write_text(state.read_text()[:100])
    log = tmp_path / LOG
    log.write_text(log.read_text()[:-20])
    go_on(tmp_path, base)
    assert_same_training(tmp_path, whole)


class Asking(TrainerCallback):
    """Asks this process to stop, as Ctrl-C or a scheduler does, in the middle of a step."""

    def __init__(self, at: int, signals: list[signal.Signals]) -> None:
        self._at, self._signals = at, signals

    def on_step_begin(self, args, state, control, **_):
        if state.global_step == self._at:
            for each in self._signals:
                signal.raise_signal(each)


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_a_training_that_is_asked_to_stop_keeps_the_step_in_hand_and_goes_on_to_the_very_same_weights(
    tmp_path, base, whole, asked
):
    told: list[str] = []
    trainer, stopping = trainer_of(tmp_path, recipe(base, **DROPPING)), Stopping(told.append)
    trainer.add_callback(stopping)
    trainer.add_callback(Asking(4, [asked]))
    before = signal.getsignal(asked)
    with stopping.listening():
        trainer.train()
    assert signal.getsignal(asked) is before
    assert (trainer.state.global_step, told) == (5, ["stopping after this step"])
    assert last_checkpoint(tmp_path / CHECKPOINTS) == tmp_path / CHECKPOINTS / "checkpoint-5"
    go_on(tmp_path, base)
    assert_same_training(tmp_path, whole)


def test_a_training_that_is_asked_twice_stops_at_once(tmp_path, base):
    trainer, stopping = trainer_of(tmp_path, recipe(base, steps=4)), Stopping(lambda _: None)
    trainer.add_callback(Asking(1, [signal.SIGINT, signal.SIGINT]))
    with pytest.raises(KeyboardInterrupt), stopping.listening():
        trainer.train()
    assert trainer.state.global_step == 1


def test_tokens_and_seconds_count_what_was_done_before_an_interruption(tmp_path, base, whole):
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    before = {line["step"]: (line["tokens"], line["seconds"]) for line in log_of(whole)}
    shutil.rmtree(tmp_path / CHECKPOINTS / "checkpoint-12")
    go_on(tmp_path, base)
    after = {line["step"]: (line["tokens"], line["seconds"]) for line in log_of(tmp_path)}
    assert [tokens for tokens, _ in after.values()] == [tokens for tokens, _ in before.values()]
    assert before[1][0] > 0
    seconds = [seconds for _, seconds in after.values()]
    assert seconds == sorted(seconds)
    assert seconds[:10] == [seconds for _, seconds in before.values()][:10]


def test_a_training_that_took_its_last_step_takes_no_other(tmp_path, base, whole):
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / MODEL)
    go_on(tmp_path, base)
    assert_same_training(tmp_path, whole)


def test_means_of_ten_steps_are_written_where_checkpoints_stand(tmp_path, base):
    for steps, logging, saving in ((1000, 1, 100), (2000, 10, 200), (1985, 1, 199), (1050, 5, 105)):
        told = training_arguments(recipe(base), tmp_path, steps, "cpu", looks=False)
        assert (told.logging_steps, told.save_steps) == (logging, saving)


def test_the_last_checkpoint_is_the_last_that_is_whole(tmp_path):
    assert last_checkpoint(tmp_path) is None
    for step, text in ((9, "{}"), (10, "{}"), (11, '{"ste'), (12, None)):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if text is not None:
            (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text(text)
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-10"
    assert last_checkpoint(tmp_path, before=10) == tmp_path / "checkpoint-9"
    assert last_checkpoint(tmp_path, before=9) is None


# --- it stops where its numbers break


class Poison(TrainerCallback):
    """Breaks a weight after a step."""

    def __init__(self, after: int) -> None:
        self._after = after

    def on_step_end(self, args, state, control, model=None, **_):
        if state.global_step == self._after:
            with torch.no_grad():
                next(p for p in model.parameters() if p.requires_grad).fill_(torch.nan)


def test_a_broken_weight_stops_the_training_and_the_last_good_checkpoint_can_be_used(tmp_path, base):
    trainer = trainer_of(tmp_path, recipe(base, steps=12))
    trainer.callback_handler.callbacks.insert(0, Poison(after=6))
    with pytest.raises(RunError) as stopped:
        trainer.train()
    # Checkpoint 6 holds the broken weight.
    good = tmp_path / CHECKPOINTS / "checkpoint-4"
    assert str(stopped.value) == (
        f"the loss of step 7 of 12 is no finite number. The last good checkpoint is kept: {good}. "
        "Train with a smaller --learning-rate, or --dtype float32, and another --out."
    )
    model = load_folder_or_hub(str(good), "cpu")
    item = next(iter(items().values()))
    person = next(learnt("individual").examples.take([0])).respondent
    ((_, found),) = model.answer([render(get_template("silicus"), item, person, "value")])
    assert np.isfinite(found).all()


def test_a_learning_rate_that_is_far_too_large_is_told_before_anything_is_kept(tmp_path, base):
    asked = recipe(base, steps=12, learning_rate=1e30, warmup=0.0)
    with pytest.raises(RunError, match=r"the loss of step 2 of 12 is no finite number\. There is no good checkpoint"):
        run(tmp_path / "plain", asked)
    with pytest.raises(RunError, match=r"the held-out loss after step 1 is no finite number\. There is no good check"):
        run(tmp_path / "looked", asked.model_copy(update={"evaluate": 12}))
    assert last_checkpoint(tmp_path / "looked" / CHECKPOINTS) is None


def test_a_gradient_that_is_no_number_moves_no_weight(tmp_path, base):
    trainer = trainer_of(tmp_path, recipe(base))
    learning = [p for p in trainer.model.parameters() if p.requires_grad]
    before = [p.detach().clone() for p in learning]
    learning[0].register_hook(lambda gradient: gradient * torch.inf)
    with pytest.raises(RunError, match=r"the gradient of step 1 of 4 is no finite number\. There is no good check"):
        trainer.train()
    assert all(torch.equal(old, new) for old, new in zip(before, learning, strict=True))


# --- what is kept, and what is told


def test_the_weights_that_are_kept_are_those_with_the_lowest_held_out_loss(tmp_path, base):
    trainer = run(tmp_path, recipe(base, steps=10, evaluate=5, learning_rate=3e-2, warmup=0.1))
    looked = {line["step"]: line["eval_loss"] for line in log_of(tmp_path) if "eval_loss" in line}
    best = min(looked, key=lambda step: looked[step])
    assert best != 10
    assert trainer.state.best_global_step == best
    assert trainer._looking is not None
    trainer.model.eval()
    assert trainer._looking.metrics(trainer._learner, trainer.model)["loss"] == pytest.approx(looked[best], rel=1e-6)


def test_the_last_step_is_looked_at_even_where_looks_do_not_come_out_even(tmp_path, base):
    run(tmp_path, recipe(base, steps=5, evaluate=2))
    assert [line["step"] for line in log_of(tmp_path) if "eval_loss" in line] == [0, 3, 5]


def test_numbers_go_to_tensorboard_where_it_is_installed_and_to_json_lines_always(tmp_path, base, monkeypatch):
    pytest.importorskip("tensorboard")
    trainer = trainer_of(tmp_path, recipe(base, steps=2))
    for callback in tensorboard(tmp_path):
        trainer.add_callback(callback)
    trainer.train()
    (events,) = (tmp_path / "tensorboard").glob("events.out.tfevents.*")
    assert b"train/loss" in events.read_bytes()
    assert list(losses_of(tmp_path)) == [1, 2]
    monkeypatch.setenv("RANK", "1")
    assert tensorboard(tmp_path) == []
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert tensorboard(tmp_path) == []


def test_the_number_of_steps_and_the_last_losses_are_told(tmp_path, base):
    trainer = trainer_of(tmp_path, recipe(base, steps=2, evaluate=1))
    told: list[tuple[int, str]] = []
    trainer.add_callback(Telling(lambda step, words: told.append((step, words))))
    trainer.train()
    last = log_of(tmp_path)
    loss, looked = (next(line[name] for line in last[::-1] if name in line) for name in ("loss", "eval_loss"))
    assert [step for step, words in told if not words] == [1, 2]
    assert any(step == 2 and f"loss {loss:.3f}, held out {looked:.3f}, W held out" in words for step, words in told)


# --- how it is computed


def gradients(trainer: TreeTrainer) -> tuple[float, torch.Tensor]:
    """Return loss and gradient of the first step; adapters are moved off zero first, so that all of them have one."""
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in trainer.model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.05 * torch.randn_like(parameter))
    loss = trainer.training_step(trainer.model, {"step": trainer._batches[0]})
    return float(loss), torch.cat([p.grad.flatten().float() for p in trainer.model.parameters() if p.grad is not None])


def test_activations_that_are_computed_again_give_the_same_gradients(tmp_path, base):
    found = {flag: gradients(trainer_of(tmp_path, recipe(base, checkpointing=flag))) for flag in (False, True)}
    assert found[True][0] == pytest.approx(found[False][0], rel=1e-6)
    gap = found[True][1] - found[False][1]
    assert float(gap.norm() / found[False][1].norm()) <= 1e-5


@pytest.mark.parametrize("adapter", ["lora", "none"])
def test_in_bfloat16_what_learns_stays_float32_and_the_loss_is_near(tmp_path, base, adapter):
    for dtype in ("float32", "bfloat16"):
        trainer = run(tmp_path / dtype, recipe(base, dtype=dtype, adapter=adapter, steps=2))
        assert {p.dtype for p in trainer.model.parameters() if p.requires_grad} == {torch.float32}
    exact, rounded = losses_of(tmp_path / "float32")[1], losses_of(tmp_path / "bfloat16")[1]
    assert rounded == pytest.approx(exact, rel=0.05)
    assert rounded != exact


def test_the_learning_rate_falls_by_a_factor_each_epoch_after_the_warm_up(tmp_path, base):
    # Four examples, two a step: an epoch is two steps, whatever number of them is taken.
    asked = recipe(base, schedule="epoch_decay", epoch_factor=0.5, batch=2, learning_rate=1.0)
    for warmup, expected in ((0.0, [1, 1, 0.5, 0.5, 0.25, 0.25]), (0.5, [0, 1 / 3, 1 / 3, 0.5, 0.25, 0.25])):
        trainer = trainer_of(tmp_path, asked.model_copy(update={"steps": 6, "warmup": warmup}))
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        schedule = trainer.create_scheduler(6, optimizer)
        rates = []
        for _ in range(6):
            rates.append(schedule.get_last_lr()[0])
            optimizer.step()
            schedule.step()
        assert rates == pytest.approx(expected)


def test_other_schedules_are_those_of_transformers(tmp_path, base):
    trainer = trainer_of(tmp_path, recipe(base, steps=4, warmup=0.0, learning_rate=1.0))
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = trainer.create_scheduler(4, optimizer)
    optimizer.step()
    schedule.step()
    assert schedule.get_last_lr()[0] == pytest.approx(0.5 * (1 + math.cos(math.pi / 4)))


def test_lines_of_another_process_are_not_touched(tmp_path):
    log = tmp_path / LOG
    log.write_text('{"step": 9, "loss": 1.0}\n')
    state = type("State", (), {"is_world_process_zero": False, "global_step": 0})()
    lines = JsonLines(log)
    lines.on_train_begin(None, state, None)
    lines.on_log(None, state, None, logs={"loss": 2.0})
    assert log.read_text() == '{"step": 9, "loss": 1.0}\n'
