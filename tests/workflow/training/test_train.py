"""`silicus train`: what cannot be learnt is told before a weight is loaded; the rest is learnt, once."""

from __future__ import annotations

import importlib
import shutil
import signal
import sys
from pathlib import Path

import polars as pl
import pytest
import transformers

from silicus.errors import InputError, LeakError, MissingExtraError, ModelError, PromptError, RunError, SilicusError
from silicus.models import load_model
from silicus.models.trained_as import trained_as
from silicus.options import TrainOptions
from silicus.study import Scale
from silicus.train import TreeTrainer
from silicus.workflow.training import train
from tests.train.material import log_of
from tests.workflow.training.small import TOPICS, changed, save_model, save_survey, survey, without_split

LABELLED = Scale(kind="nominal", labels={1: "Completely different", 2: "Rather similar"})


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def poll(tmp_path: Path) -> str:
    return save_survey(tmp_path / "poll-data")


@pytest.fixture
def no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where weights are loaded."""

    def load(*_: object, **__: object) -> None:
        pytest.fail("weights were loaded")

    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", load)


def options(poll: str, model: str, **more: object) -> TrainOptions:
    small = {"objective": "distribution", "steps": 3, "batch": 8, "rank": 2, "device": "cpu"}
    return TrainOptions(**{"data": (poll,), "model": model, "out": Path(poll).parent / "run", **small, **more})


def refused(kind: type[SilicusError], asked: TrainOptions, recipe: Path | None = None) -> str:
    """Return the message, once it is sure that nothing was written."""
    with pytest.raises(kind) as caught:
        train(recipe, asked)
    assert not (asked.out / "manifest.json").exists()
    return str(caught.value)


# --- refused before a weight is loaded


@pytest.mark.usefixtures("no_weights")
class TestBeforeWeightsAreLoaded:
    @pytest.mark.parametrize(
        ("named", "told"),
        [
            ("smolm2", "smolm2: no model that can learn. Expected smollm2, a folder, or a hub id"),
            ("uniform", "uniform: no model that can learn"),
        ],
    )
    def test_a_model_that_is_unknown_or_cannot_learn_is_refused(self, poll, named, told):
        assert told in refused(ModelError, options(poll, named))

    def test_a_folder_that_is_no_model_is_refused(self, poll, tmp_path):
        assert "no config.json and no adapter_config.json" in refused(ModelError, options(poll, str(tmp_path)))

    def test_a_model_without_attention_is_refused(self, poll, tmp_path):
        folder = Path(save_model(tmp_path / "mamba"))
        transformers.MambaConfig(hidden_size=8, num_hidden_layers=1, vocab_size=600).save_pretrained(folder)
        told = refused(ModelError, options(poll, str(folder)))
        assert "models of the type 'mamba' have no attention" in told

    def test_a_misspelt_template_is_answered_with_the_nearest(self, poll, model):
        assert "Did you mean 'socrates'?" in refused(InputError, options(poll, model, template="sokrates"))

    def test_a_misspelt_layer_is_answered_with_the_nearest(self, poll, model, tmp_path):
        recipe = tmp_path / "recipe.yaml"
        recipe.write_text(f"parts: [{{data: {poll}}}]\nmodules: [q_prj]\n", encoding="utf-8")
        assert "no layers to adapt named 'q_prj'. Did you mean 'q_proj'?" in refused(
            ModelError, options(poll, model), recipe
        )

    def test_a_gpu_that_is_not_there_is_told(self, poll, model, monkeypatch):
        monkeypatch.setattr("torch.cuda.is_available", lambda: False)
        assert "torch finds no GPU" in refused(ModelError, options(poll, model, device="cuda"))

    def test_four_bits_need_bitsandbytes(self, poll, model, monkeypatch):
        monkeypatch.setitem(sys.modules, "bitsandbytes", None)
        told = refused(MissingExtraError, options(poll, model, adapter="qlora"))
        assert "'bitsandbytes', which is not installed" in told
        assert "pip install 'silicus[train]'" in told

    def test_all_weights_of_an_adapters_base_are_refused(self, poll, model, tmp_path):
        (tmp_path / "adapter").mkdir()
        text = f'{{"base_model_name_or_path": "{model}"}}'
        (tmp_path / "adapter" / "adapter_config.json").write_text(text, encoding="utf-8")
        asked = options(poll, str(tmp_path / "adapter"), adapter="none")
        assert "not together with all weights of its base. Ask for --adapter lora" in refused(InputError, asked)

    def test_a_dataset_that_was_not_split_is_refused(self, tmp_path, model):
        whole = save_survey(tmp_path / "whole-data", without_split(survey()))
        assert "has not been split" in refused(InputError, options(whole, model))

    def test_a_leak_in_a_dataset_is_found(self, tmp_path, model):
        leaky = save_survey(tmp_path / "leaky-data", survey((*TOPICS[:5], TOPICS[0])), guarded=False)
        assert "items" in refused(LeakError, options(leaky, model))

    def test_a_leak_from_one_dataset_to_another_is_found(self, poll, tmp_path, model):
        other = save_survey(tmp_path / "other-data", without_split(survey()))
        told = refused(LeakError, options(poll, model, tests=(other,)))
        assert "learnt from are tested on in another dataset" in told
        assert "leaks: drop" in told

    def test_an_answer_that_is_not_on_its_scale_is_refused(self, poll, model):
        changed(Path(poll), response=pl.when(pl.col("question") == "q0").then(8).otherwise("response"))
        assert "Answers off their scale cannot be learnt from" in refused(InputError, options(poll, model))

    def test_an_option_that_the_tokenizer_splits_is_refused_where_one_token_is_read(self, tmp_path, model):
        poll = save_survey(tmp_path / "poll-data", survey(scale=LABELLED))
        recipe = tmp_path / "recipe.yaml"
        recipe.write_text(f"parts: [{{data: {poll}, objective: cao_as_coded}}]\nanswers: label\n", encoding="utf-8")
        told = refused(ModelError, options(poll, model, objective=None), recipe)
        assert "the objective as published reads one token an answer" in told

    def test_socrates_answers_with_integers_alone(self, poll, model):
        asked = options(poll, model, template="socrates", answers="letter")
        assert "asks for bare integers, found the answer style 'letter'" in refused(InputError, asked)

    def test_cao_tells_of_countries_alone(self, poll, model):
        asked = options(poll, model, template="cao", answers="letter", objective="individual")
        assert "the template 'cao' is made for countries" in refused(InputError, asked)

    def test_one_person_without_a_country_among_many_with_one_is_found(self, tmp_path, model):
        poll = save_survey(tmp_path / "poll-data", survey(attributes={"country": "Chile"}))
        asked = options(poll, model, template="cao", answers="letter", objective="individual")
        people = Path(poll) / "respondents.parquet"
        known = pl.when(pl.col("respondent") != "p7").then(pl.col("country"))
        pl.read_parquet(people).with_columns(country=known).write_parquet(people)
        assert "respondent 'p7': found the attributes (none)" in refused(InputError, asked)

    def test_a_prompt_that_is_longer_than_the_model_reads_is_refused(self, poll, tmp_path):
        short = save_model(tmp_path / "short", positions=120)
        told = refused(PromptError, options(poll, short))
        assert "the model reads at most 120" in told

    def test_the_person_told_in_the_most_words_is_tried(self, poll, tmp_path):
        short = save_model(tmp_path / "short", positions=300)
        people = Path(poll) / "respondents.parquet"
        story = pl.when(pl.col("respondent") == "p7").then(pl.lit("grew up by the sea " * 40)).otherwise(pl.lit("no"))
        pl.read_parquet(people).with_columns(life=story).write_parquet(people)
        assert "respondent 'p7'" in refused(PromptError, options(poll, short, objective="individual"))

    def test_too_little_memory_is_told_by_kind_with_what_would_take_less(self, poll, model, monkeypatch):
        monkeypatch.setattr("silicus.workflow.training.ready.free_memory", lambda device: 2**20)
        told = refused(ModelError, options(poll, model))
        assert f"training {model} needs about" in told
        assert "0.0 GiB are free on this machine. Take" in told

    def test_several_processes_are_trusted_to_share_memory(self, poll, model, monkeypatch):
        monkeypatch.setattr("silicus.workflow.training.ready.free_memory", lambda device: 2**20)
        monkeypatch.setenv("WORLD_SIZE", "2")
        with pytest.raises(pytest.fail.Exception, match="weights were loaded"):
            train(None, options(poll, model))

    def test_a_folder_that_is_taken_is_refused(self, poll, model, tmp_path):
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "thesis.txt").write_text("mine")
        assert "this folder holds something else (thesis.txt)" in refused(RunError, options(poll, model))


# --- learnt


def test_what_was_learnt_is_told_and_a_finished_run_is_left_as_it_is(poll, model, monkeypatch):
    trained = train(None, options(poll, model))
    done = trained.done()
    (part,) = done.parts
    assert (part.objective, part.examples, part.answers) == ("distribution", 4, 48)
    assert (done.steps, done.best_step is not None, list(done.results)) == (3, True, ["poll"])
    assert done.tokens > 0
    assert done.warnings == trained.manifest.warnings
    assert "holds 1 question: with fewer than 20" in done.warnings[0]
    assert f"- {done.warnings[0]}\n" in (trained.model / "README.md").read_text(encoding="utf-8")
    assert set(done.results["poll"].overall) == {"tuned", "untuned", "uniform", "training mean", "option words"}
    assert (trained.model / "adapter_model.safetensors").is_file()
    assert not (trained.folder / "checkpoints").exists()

    def load(*_: object, **__: object) -> None:
        pytest.fail("a finished run was trained again")

    monkeypatch.setattr(importlib.import_module("silicus.workflow.training.train"), "load_learner", load)
    assert train(None, options(poll, model)).manifest == trained.manifest
    with pytest.raises(RunError, match=r"holds another training \(rank was 2, is 3\)"):
        train(None, options(poll, model, rank=3))


def test_a_finished_run_whose_model_is_gone_says_so(poll, model):
    trained = train(None, options(poll, model))
    shutil.rmtree(trained.model)
    with pytest.raises(RunError, match=r"was finished on 2\S+, and its model is no longer there\. Delete the folder"):
        train(None, options(poll, model))


def test_a_training_that_is_stopped_says_where_keeps_a_model_and_goes_on(poll, model, monkeypatch):
    step = TreeTrainer.training_step

    def interrupted(trainer: TreeTrainer, *given: object, **named: object) -> object:
        if trainer.state.global_step == 1:
            signal.raise_signal(signal.SIGINT)
        return step(trainer, *given, **named)

    with monkeypatch.context() as once:
        once.setattr(TreeTrainer, "training_step", interrupted)
        with pytest.raises(RunError) as stopped:
            train(None, options(poll, model))
    folder = options(poll, model).out
    assert str(stopped.value) == (
        f"{folder}: stopped after step 2 of 3, and kept there. Start the same command again to go on."
    )
    said = trained_as(str(folder / "checkpoints" / "checkpoint-2"))
    assert said is not None
    assert load_model(str(folder / "checkpoints" / "checkpoint-2"), "cpu").name.endswith("checkpoint-2")
    trained = train(None, options(poll, model))
    assert trained_as(str(trained.model)) == said
    assert [line["step"] for line in log_of(folder) if "loss" in line] == [1, 2, 3]


def test_where_no_step_is_better_than_the_model_before_that_is_said(poll, model):
    asked = options(poll, model, learning_rate=1e-12)
    assert "No step did better on the validation part than the model before" in train(None, asked).done().warnings[-1]
    assert "No step did better" not in " ".join(train(None, options(poll, model, out=asked.out / "b")).done().warnings)


def test_pairs_keep_what_the_model_preferred_before_training(poll, model):
    trained = train(None, options(poll, model, objective="preference"))
    assert pl.read_parquet(trained.folder / "pairs-0.parquet")["reference_margin"].null_count() == 0


def test_a_changed_answer_makes_another_training(poll, model):
    asked = options(poll, model)
    train(None, asked)
    given = pl.col("response")
    changed(Path(poll), response=pl.when(pl.col("question") == "q0").then(8 - given).otherwise(given))
    with pytest.raises(RunError, match="the answers have changed"):
        train(None, asked)
