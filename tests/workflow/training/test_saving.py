"""The saved model: plain, self-describing, and asked with the prompts it learnt with."""

from __future__ import annotations

import importlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import peft
import pytest
import torch
import transformers

from silicus.data import write_dataset_folder
from silicus.errors import ModelError
from silicus.models import load_model
from silicus.models.encode import Encoder
from silicus.models.loading import Located
from silicus.models.trained_as import TrainedAs, probes, prompts_digest, row_tokens, trained_as
from silicus.options import SimulateOptions, TrainOptions
from silicus.prompts import get_template, render
from silicus.prompts.socrates import SocratesTemplate
from silicus.record import read
from silicus.train import Asking, Example, Part
from silicus.train.licences import front_matter
from silicus.workflow import read_run, simulate
from silicus.workflow.training import Trained, train
from silicus.workflow.training.saving import origin
from tests.data.splitting import everybody, marked, stimulus
from tests.models.tiny import byte_level, random_llama

BASE = "Meta-Llama-3-8B-Instruct"
NOTICE = [
    "Built with Meta Llama 3",
    "Meta Llama 3 is licensed under the Meta Llama 3 Community License, Copyright © Meta Platforms, Inc. All Rights "
    "Reserved.",
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a tiny model that is called after another, and a dataset that was split."""
    folder = tmp_path_factory.mktemp("training")
    tokenizer = byte_level()
    random_llama(len(tokenizer), tokenizer.eos_token_id).save_pretrained(folder / BASE)
    tokenizer.save_pretrained(folder / BASE)
    (folder / BASE / "LICENSE.txt").write_text("The terms of the base.", encoding="utf-8")
    rows = [
        (study, arm, question, who, stimulus(f"Question {question} of {study}"), 1 + place % 7)
        for place, (study, arm, question, who) in enumerate(everybody(3, 1, 2, 4))
    ]
    people = {row[3]: {"gender": "Female" if place % 2 else "Male"} for place, row in enumerate(rows)}
    parts = ["test study" if row[0] == "s2" else "train" for row in rows]
    write_dataset_folder(folder / "votes-data", marked(rows, parts, people=people), made_from="votes.csv")
    return folder


def trained(place: Path, out: str, **options) -> Trained:
    asked = TrainOptions(
        data=(str(place / "votes-data"),), objective="distribution", template="socrates", batch=2, device="cpu",
        out=place / out, **{"model": str(place / BASE), "steps": 1, **options},
    )  # fmt: skip
    return train(None, asked)


@pytest.fixture(scope="module")
def run(place: Path) -> Trained:
    """Return a run that trained an adapter."""
    return trained(place, "run", learning_rate=0.01, steps=3)


@pytest.fixture
def model(run: Trained, tmp_path: Path) -> Path:
    """Return a copy of its model that may be changed."""
    shutil.copytree(run.model, tmp_path / "model")
    return tmp_path / "model"


def logits(model: torch.nn.Module) -> torch.Tensor:
    with torch.no_grad():
        return model(input_ids=torch.arange(20, 40)[None]).logits[0]


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")  # peft asks for it
def test_plain_peft_loads_an_adapter_from_anywhere(run, place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plain = peft.AutoPeftModelForCausalLM.from_pretrained(run.model)
    assert plain.peft_config["default"].base_model_name_or_path == str(place / BASE)
    base = transformers.AutoModelForCausalLM.from_pretrained(place / BASE)
    assert not torch.allclose(logits(plain), logits(base), atol=1e-3)
    merged = load_model(str(run.model), "cpu").module
    merged.set_attn_implementation("sdpa")
    assert torch.allclose(logits(plain), logits(merged), atol=1e-3)


def test_a_base_named_from_where_training_was_called_is_named_by_its_whole_path(place, monkeypatch):
    monkeypatch.chdir(place)
    saved = trained(place, "relative", model=BASE).model
    said = json.loads((saved / "adapter_config.json").read_text())
    assert said["base_model_name_or_path"] == str(place / BASE)


def test_plain_transformers_loads_a_whole_model_in_float32_with_its_own_attention_and_cache(place):
    saved = trained(place, "whole", adapter="none").model
    config = json.loads((saved / "config.json").read_text())
    assert (config["dtype"], config["use_cache"]) == ("float32", True)
    assert "silicus_tree" not in (saved / "config.json").read_text()
    plain = transformers.AutoModelForCausalLM.from_pretrained(saved)
    assert plain.dtype == torch.float32
    assert plain.generation_config.eos_token_id == 1
    words = transformers.AutoTokenizer.from_pretrained(saved)
    assert words.chat_template == byte_level().chat_template
    assert "stored in float32" in (saved / "README.md").read_text(encoding="utf-8")
    assert not (saved / "training_args.bin").exists()


def test_an_adapter_on_the_embedded_model_is_merged_into_it(place, run, monkeypatch):
    module = importlib.import_module("silicus.workflow.training.saving")
    monkeypatch.setattr(module, "locate", lambda name: Located(name, gguf="weights.gguf"))
    saved = trained(place, "merged", learning_rate=0.01, steps=3).model
    assert not (saved / "adapter_config.json").exists()
    whole, adapted = (load_model(str(each), "cpu").module for each in (saved, run.model))
    for each in (whole, adapted):
        each.set_attn_implementation("sdpa")
    assert torch.allclose(logits(whole), logits(adapted), atol=1e-5)
    assert json.loads((saved / "config.json").read_text())["dtype"] == "float32"


def test_a_saved_model_says_how_it_was_trained(run, place):
    known = trained_as(str(run.model))
    assert known == read(run.model / "silicus.json", TrainedAs)
    assert (known.template, known.answers, known.base) == ("socrates", "value", str(place / BASE))
    assert known.run == run.manifest.key
    assert known.version == run.manifest.versions["silicus"]
    assert known.notice == NOTICE


def test_its_card_tells_data_results_and_prompt(run):
    card = (run.model / "README.md").read_text(encoding="utf-8")
    assert front_matter(card)["license"] == "llama3"
    assert "Nobody (2026)." in card
    assert card.count("CC0-1.0") == 1
    assert "| tuned |" in card
    assert "NOT BENCHMARKED" not in card
    assert "<|start|>assistant" in card


def test_a_model_made_from_llama_carries_its_notice_its_name_and_its_licence(run):
    card = (run.model / "README.md").read_text(encoding="utf-8")
    for line in NOTICE:
        assert line in (run.model / "NOTICE").read_text(encoding="utf-8")
        assert line in card
    assert "# Llama 3 run" in card
    assert (run.model / "LICENSE.txt").read_text(encoding="utf-8") == "The terms of the base."


def test_a_model_made_from_a_trained_one_carries_the_lines_on(place, run):
    again = trained(place, "again", model=str(run.model))
    known = trained_as(str(again.model))
    assert known.base == str(place / BASE) == origin(str(run.model))
    assert known.notice == NOTICE
    assert NOTICE[1] in (again.model / "NOTICE").read_text(encoding="utf-8")
    assert (again.model / "LICENSE.txt").is_file()


def test_lines_are_carried_on_where_the_base_is_called_otherwise(place, run):
    saved = run.model / "silicus.json"
    told = saved.read_text(encoding="utf-8")
    saved.write_text(told.replace(BASE, "renamed"), encoding="utf-8")
    try:
        again = trained(place, "renamed", model=str(run.model))
    finally:
        saved.write_text(told, encoding="utf-8")
    assert trained_as(str(again.model)).notice == NOTICE
    assert NOTICE[0] in (again.model / "README.md").read_text(encoding="utf-8")


def asked_of(model: Path, out: Path, **options) -> SimulateOptions:
    return SimulateOptions(model=str(model), respondents="2", device="cpu", out=out, **options)


def test_a_model_is_asked_as_it_was_trained(model, tmp_path, capsys):
    manifest = read_run(simulate("asian-disease", asked_of(model, tmp_path / "run"))).manifest
    assert (manifest.options["template"], manifest.options["answers"]) == ("socrates", "value")
    assert manifest.notes == []
    assert "was trained with" not in capsys.readouterr().err


def test_another_way_of_asking_is_allowed_and_said(model, tmp_path, capsys):
    options = asked_of(model, tmp_path / "run", template="silicus", answers="letter")
    manifest = read_run(simulate("asian-disease", options)).manifest
    assert (manifest.options["template"], manifest.options["answers"]) == ("silicus", "letter")
    note = (
        f"{model} was trained with the template 'socrates' and answers as value; here it is asked with 'silicus' and "
        "letter, as the options say"
    )
    assert manifest.notes == [note]
    assert f"{note}.\n" in capsys.readouterr().err


def refused(model: Path, out: Path) -> str:
    with pytest.raises(ModelError) as caught:
        simulate("asian-disease", asked_of(model, out))
    assert not out.exists()
    return str(caught.value)


def test_a_chat_template_that_was_changed_stops_the_run(model, tmp_path):
    template = model / "chat_template.jinja"
    template.write_text(template.read_text().replace("assistant", "respondent"))
    assert refused(model, tmp_path / "run") == (
        f"{model}: reads other prompts than it was trained with (template 'socrates', answers as value, silicus "
        f"{trained_as(str(model)).version}), so its predictions would not be what it learnt. Its chat template, its "
        "tokenizer or the words of the template have been changed since: put back the files of the folder as they "
        "were saved, or use that version of silicus."
    )


def test_a_tokenizer_that_was_changed_stops_the_run(model, tmp_path):
    path = model / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    tokenizer["model"]["merges"] = tokenizer["model"]["merges"][:-20]
    path.write_text(json.dumps(tokenizer))
    assert "reads other prompts than it was trained with" in refused(model, tmp_path / "run")


def test_words_of_the_template_that_were_changed_stop_the_run(model, tmp_path, monkeypatch):
    monkeypatch.setattr(SocratesTemplate, "system", "You are somebody else.")
    assert "reads other prompts than it was trained with" in refused(model, tmp_path / "run")


@pytest.mark.parametrize("objective", ["individual", "distribution"])
def test_training_and_prediction_read_the_same_tokens(objective):
    tokenizer, template = byte_level(), get_template("silicus")
    encoder = Encoder(tokenizer, 2048)
    asking = Asking(template, "value", encoder, Encoder(tokenizer, 2048, closed=True))
    for item, respondent in probes():
        count = len(item.scale.answers)
        predicted = row_tokens(next(encoder.rows([render(template, item, respondent)])))
        given = np.eye(count) if objective == "individual" else np.ones((1, count))
        part = Part(data="", objective=objective)
        tasks = asking.tasks(part, (Example(item, respondent, target) for target in given))
        assert [tokens for row in asking.rows(part, tasks) for tokens in row_tokens(row)] == predicted


def test_every_template_and_style_can_ask_some_probes():
    encoder = Encoder(byte_level(), 2048)
    found = {}
    for name, style in (("silicus", "value"), ("silicus", "letter"), ("silicus", "label"), ("socrates", "value"),
                        ("cao", "letter"), ("subpop", "letter")):  # fmt: skip
        template = get_template(name)
        found[name, style] = prompts_digest(
            lambda item, who, t=template, s=style: next(encoder.rows([render(t, item, who, s)]))
        )
    assert len(set(found.values())) == len(found)
    nothing = prompts_digest(lambda item, who: next(encoder.rows([render(get_template("cao"), item, who, "value")])))
    assert nothing not in found.values()


def test_probes_stay_as_they_are():
    # Models that are saved hold a hash of them: another probe would turn every one of them away.
    assert sorted({item.item for item, _ in probes()}) == [
        "5f6b6cdc22107f1e", "94248d351234f654", "98dfc9c5c66177be", "9a2eca47fa2cbc9a",
    ]  # fmt: skip


def test_a_folder_that_says_nothing_is_asked_with_the_defaults(place, tmp_path):
    assert trained_as(str(place / BASE)) is None
    options = replace(asked_of(place / BASE, tmp_path / "run"))
    manifest = read_run(simulate("asian-disease", options)).manifest
    assert (manifest.options["template"], manifest.options["answers"]) == ("silicus", "value")
