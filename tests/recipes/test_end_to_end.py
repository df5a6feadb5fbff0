"""Every recipe from its first command to its last, with a tiny model of the family it names and invented answers."""

from __future__ import annotations

import json
import math
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
import torch
from peft import AutoPeftModelForCausalLM
from transformers import AutoModelForCausalLM, AutoTokenizer

from silicus.cli import main
from silicus.data import read_dataset_folder
from silicus.models import load_model
from silicus.prompts import Prompt, get_template, render
from silicus.study import iter_respondents
from silicus.train import Recipe, read_recipe
from silicus.workflow.training.saving import MODEL
from tests.families import save_tiny
from tests.recipes.commands import RECIPES, commands
from tests.recipes.deposits import deposit

FAMILY_OF = {
    "smollm2": "smollm2",
    "Qwen/Qwen2.5-14B-Instruct": "qwen2",
    "Qwen/Qwen3-8B-Base": "qwen3",
    "meta-llama/Meta-Llama-3-8B-Instruct": "llama3",
    "meta-llama/Llama-2-7b-hf": "llama2",
}


@pytest.fixture(scope="session")
def deposits(tmp_path_factory) -> Path:
    """Return a folder with everything that the commands in the recipes read."""
    folder = tmp_path_factory.mktemp("recipes")
    deposit(folder)
    (folder / "recipes").symlink_to(RECIPES[0].parent)
    return folder


@pytest.fixture
def place(deposits, monkeypatch) -> Path:
    """Return that folder; commands are typed in it."""
    monkeypatch.chdir(deposits)
    monkeypatch.setenv("COLUMNS", "100")
    return deposits


@pytest.fixture
def type_in(monkeypatch):
    """Return a function that types a command of silicus, which has to end well."""

    def type_in(words: list[str]) -> None:
        monkeypatch.setattr(sys, "argv", ["silicus", *words])
        with pytest.raises(SystemExit) as left:
            # Ends here where the command line has not ended the process by itself.
            sys.exit(main())
        assert left.value.code in {0, None}, f"silicus {' '.join(words)}"

    return type_in


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_runs_from_its_first_command_to_its_last(path, place, type_in):
    recipe = read_recipe(path)
    for words in commands(path, "data prepare"):
        # Recipes share datasets, and the same command makes the same.
        if not Path(words[words.index("--out") + 1]).exists():
            type_in(words)
    (asked,) = commands(path, "train")
    out = Path(asked[asked.index("--out") + 1])
    family = FAMILY_OF[recipe.model]
    base = place / "models" / family
    if not base.exists():
        save_tiny(family, base)
    # What is learnt from stands in the recipe: the commands before have made it.
    type_in([*asked, "--model", str(base), "--steps", "2", "--batch", "4", "--device", "cpu"])
    _learnt(out, recipe)
    for words in [*commands(path, "evaluate"), *commands(path, "simulate")]:
        run = out / f"{words[0]}-run"
        type_in([*words, *_few(words), "--out", str(run)])
        _predicted(run, recipe)
    _plain(out / MODEL, recipe)


def _few(words: list[str]) -> list[str]:
    """Return the options that keep a command short: of bundled profiles, two are asked."""
    return ["--limit", "20"] if words[0] == "evaluate" else [] if "--respondents" in words else ["--respondents", "2"]


def _learnt(folder: Path, recipe: Recipe) -> None:
    """Fail unless two steps were taken, and the model was compared with people on every dataset named."""
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    losses = {line["step"]: line["loss"] for line in lines if "loss" in line}
    assert list(losses) == [1, 2]
    assert all(math.isfinite(loss) and loss > 0 for loss in losses.values())
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    named = [*(part.data for part in recipe.parts), *recipe.tests]
    results = manifest["results"]
    # Of a dataset that holds out two things each has a result of its own: "opinionqa, unseen study".
    assert {name.partition(", ")[0] for name in results} == {Path(name).name.removesuffix("-data") for name in named}
    assert all(math.isfinite(result["overall"]["tuned"]["nll"]["value"]) for result in results.values())


def _predicted(run: Path, recipe: Recipe) -> None:
    """Fail unless the run asked as the recipe says, and predicts shares."""
    asked = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["options"]
    assert (asked["template"], asked["answers"]) == (recipe.template, recipe.answers)
    table = pl.read_parquet(run / "predictions.parquet")
    assert len(table) > 1
    sums = np.array([sum(row) for row in table["probabilities"].to_list()])
    assert np.abs(sums - 1).max() < 1e-5
    assert table["covered"].is_finite().all()
    assert table["covered"].is_between(0, 1 + 1e-6).all()


def _plain(folder: Path, recipe: Recipe) -> None:
    """Fail unless transformers and PEFT, knowing nothing of silicus, give the probabilities that it gives."""
    data = read_dataset_folder(Path(recipe.parts[0].data))
    person = next(iter_respondents(data.respondents[:1]))
    prompt = render(get_template(recipe.template), next(data.cells()), person, recipe.answers)
    model = load_model(str(folder), "cpu", "float32")
    ((_, found),) = model.answer([prompt])
    kind = AutoPeftModelForCausalLM if recipe.adapter != "none" else AutoModelForCausalLM
    with warnings.catch_warnings():
        # PEFT still asks transformers for names that it is about to drop.
        warnings.simplefilter("ignore", FutureWarning)
        plain = kind.from_pretrained(folder, dtype=torch.float32).eval()
    read = SimpleNamespace(model=plain, tokenizer=AutoTokenizer.from_pretrained(folder))
    np.testing.assert_allclose(found, _log_probabilities(read, prompt), atol=1e-4)


@torch.inference_mode()
def _log_probabilities(read: SimpleNamespace, prompt: Prompt) -> list[float]:
    """Return the log-probability of every answer, appended to the prompt as a user of transformers would."""
    tokenizer = read.tokenizer
    chat = tokenizer.chat_template is not None
    if chat:
        turns = [{"role": "system", "content": prompt.system}] if prompt.system else []
        turns += [{"role": "user", "content": prompt.user}]
        text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True) + prompt.lead
    else:
        text = prompt.user
    before = tokenizer(text, add_special_tokens=not chat)["input_ids"]
    found: list[float] = []
    for answer in prompt.answers:
        joined = f"{text}{answer}" if chat else f"{text} {answer}"
        tokens = tokenizer(joined, add_special_tokens=not chat)["input_ids"]
        assert tokens[: len(before)] == before
        values = read.model(torch.tensor([tokens])).logits[0].float().log_softmax(-1)
        found.append(sum(float(values[at - 1, tokens[at]]) for at in range(len(before), len(tokens))))
    return found
