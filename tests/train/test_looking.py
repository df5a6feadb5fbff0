"""What is looked at in training: every question counts, and how sure the mean over them is."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from silicus.train import HeldOut, Looking, TreeTrainer, held_out, predict, training_arguments
from silicus.train.looking import error_over_questions
from tests.train.material import PEOPLE, answers, items, learnt, log_of, recipe, run, save_model, trainer_of

finite = st.floats(-10, 10)


@pytest.fixture(scope="module")
def trainer(tmp_path_factory: pytest.TempPathFactory) -> TreeTrainer:
    made = trainer_of(tmp_path_factory.mktemp("run"), recipe(save_model(tmp_path_factory.mktemp("base")), evaluate=1))
    made.model.eval()
    return made


def asked(*questions: str) -> HeldOut:
    rows = answers(share=0.5).filter(pl.col("question").is_in(questions))
    return held_out(items(), rows, PEOPLE, groups=False, cells=9, rng=np.random.default_rng(2))


def metrics(trainer: TreeTrainer, **held: HeldOut) -> dict[str, float]:
    assert trainer._looking is not None
    return Looking(trainer._looking.asking, held).metrics(trainer._learner, trainer.model)


def test_a_dataset_counts_as_many_times_as_it_has_questions(trainer):
    many, one = asked("q0", "q1", "q2"), asked("q3")
    found = metrics(trainer, many=many, one=one)
    for metric in ("loss", "wasserstein"):
        by_hand = (3 * found[f"many_{metric}"] + found[f"one_{metric}"]) / 4
        assert found[metric] == pytest.approx(by_hand)
        assert found[f"many_{metric}"] != pytest.approx(found[f"one_{metric}"], abs=1e-6)
    assert (found["questions"], found["many_questions"], found["one_questions"]) == (4, 3, 1)


def test_the_error_of_several_datasets_is_that_of_their_weighted_mean(trainer):
    first, second = asked("q0", "q1", "q2"), asked("q2", "q3")
    found = metrics(trainer, first=first, second=second)
    by_hand = math.hypot(3 * found["first_loss_error"], 2 * found["second_loss_error"]) / 5
    assert found["loss_error"] == pytest.approx(by_hand)


def test_one_dataset_is_told_once_and_as_it_is_predicted(trainer):
    held = asked("q0", "q1")
    found = metrics(trainer, only=held)
    assert set(found) == {"loss", "wasserstein", "loss_error", "questions"}
    predicted = predict(trainer._learner, trainer._looking.asking, held, trainer.model)
    assert found["loss"] == pytest.approx(predicted.metrics(held)["loss"])
    losses = np.bincount(held.cells, predicted.nll) / np.bincount(held.cells)
    assert found["loss_error"] == pytest.approx(abs(losses[0] - losses[1]) / 2)


def test_of_one_question_no_error_is_told(trainer):
    assert set(metrics(trainer, only=asked("q0"))) == {"loss", "wasserstein", "questions"}


def test_the_error_and_the_number_of_questions_stand_in_the_log(tmp_path):
    run(tmp_path, recipe(save_model(tmp_path / "base"), steps=2, evaluate=1))
    lines = [line for line in log_of(tmp_path) if "eval_loss" in line]
    assert [(line["step"], line["eval_questions"]) for line in lines] == [(0, 3), (2, 3)]
    assert all(line["eval_loss_error"] > 0 for line in lines)


# --- the standard error


def test_the_error_by_hand():
    # Deviations -2, 0, 2 of which the first two go together: sums -2 and 2, 2 / 1 times 8, over 3.
    assert error_over_questions(np.array([1.0, 3.0, 5.0]), ["a", "a", "b"]) == pytest.approx(4 / 3)
    assert math.isnan(error_over_questions(np.array([1.0, 3.0]), ["a", "a"]))


@given(arrays.arrays(float, st.integers(2, 9), elements=finite), finite, st.integers(1, 4))
def test_the_error_is_the_ordinary_one_where_each_cell_is_a_question(losses, shift, copies):
    questions = [f"q{number}" for number in range(len(losses))]
    ordinary = losses.std(ddof=1) / math.sqrt(len(losses))
    assert error_over_questions(losses, questions) == pytest.approx(ordinary, abs=1e-12)
    assert error_over_questions(losses + shift, questions) == pytest.approx(ordinary, abs=1e-9)
    # Cells that say the same again tell nothing new.
    assert error_over_questions(np.tile(losses, copies), questions * copies) == pytest.approx(ordinary, abs=1e-12)


def test_the_error_is_how_far_means_over_new_questions_spread():
    rng = np.random.default_rng(0)
    cells = rng.integers(1, 5, 40)
    questions = [f"q{number}" for number, count in enumerate(cells) for _ in range(count)]
    draws = [np.repeat(rng.normal(size=40), cells) + rng.normal(size=len(questions)) for _ in range(1500)]
    spread = np.std([draw.mean() for draw in draws])
    told = np.sqrt(np.mean([error_over_questions(draw, questions) ** 2 for draw in draws]))
    assert told == pytest.approx(spread, rel=0.08)


# --- what chooses the step


def test_preferences_are_looked_at_and_the_last_step_is_kept(tmp_path):
    base = save_model(tmp_path / "base")
    preferring = recipe(base, steps=4, evaluate=2, parts=[{"data": "x", "objective": "preference"}])
    mixed = preferring.model_copy(update={"parts": [*preferring.parts, *recipe(base).parts]})
    for asked_for, chooses in ((preferring, False), (mixed, False), (recipe(base, evaluate=2), True)):
        told = training_arguments(asked_for, tmp_path, 4, "cpu", looks=True)
        assert (told.load_best_model_at_end, told.metric_for_best_model is not None) == (chooses, chooses)
        assert told.eval_steps == 2
    trainer = run(tmp_path / "run", preferring, [learnt("preference", per_cell=2)])
    assert trainer.state.best_global_step is None
    assert [line["step"] for line in log_of(tmp_path / "run") if "eval_loss" in line] == [0, 2, 4]
