"""What the recipes say: published numbers stand in them, and their heads name every command."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from silicus.train import Recipe, read_recipe
from tests.recipes.commands import RECIPES, commands, head

# Kolluri et al. (2025): full fine-tuning, 1 epoch, global batch 256, cosine with 5 % warm-up, AdamW with weight decay
# 0.1, bfloat16, persona-first prompts with bare integers, every answer of the seen studies.
SOCRATES: dict[str, Any] = {
    "adapter": "none", "epochs": 1, "steps": None, "batch": 256, "schedule": "cosine", "warmup": 0.05,
    "weight_decay": 0.1, "optimizer": "adamw", "dtype": "bfloat16", "template": "socrates", "answers": "value",
    "per_cell": None, "share": None, "ordinal": 0, "reorder": False, "weights": "equal",
}  # fmt: skip
SFT = {"objective": "individual", "learning_rate": 0.00001}
DPO = {"objective": "preference", "learning_rate": 0.000001, "contrast": "cell"}
QWEN = {"model": "Qwen/Qwen2.5-14B-Instruct"}
LLAMA = {"model": "meta-llama/Meta-Llama-3-8B-Instruct"}

# Cao et al. (2025), as coded: llama-recipes with LoRA r 8, alpha 32, dropout 0.05 on q and v, lr 1e-4 x 0.85 an epoch,
# 5 epochs of batches of 8, weight decay 0, no warm-up, no clipping, seed 42.
CAO: dict[str, Any] = {
    "objective": "cao_as_coded", "template": "cao", "answers": "letter", "adapter": "lora", "rank": 8, "alpha": 32,
    "dropout": 0.05, "modules": ["q_proj", "v_proj"], "learning_rate": 0.0001, "schedule": "epoch_decay",
    "epoch_factor": 0.85, "batch": 8, "epochs": 5, "steps": None, "weight_decay": 0, "warmup": 0, "clip": None,
    "seed": 42, "per_cell": None, "ordinal": 0, "reorder": False, "weights": "equal",
}  # fmt: skip

# Suh et al. (2025): LoRA r 8, alpha 32, dropout 0.05 on q and v, lr 2e-4, cosine, weight decay 0, batch 128 on each of
# 2 GPUs, 50 epochs, bfloat16, seed 42.
SUBPOP: dict[str, Any] = {
    "objective": "subpop_as_coded", "template": "subpop", "answers": "letter", "adapter": "lora", "rank": 8,
    "alpha": 32, "dropout": 0.05, "modules": ["q_proj", "v_proj"], "learning_rate": 0.0002, "schedule": "cosine",
    "weight_decay": 0, "batch": 2 * 128, "epochs": 50, "steps": None, "dtype": "bfloat16", "seed": 42,
    "per_cell": None, "model": "meta-llama/Llama-2-7b-hf", "ordinal": 0, "reorder": False, "weights": "equal",
}  # fmt: skip

# Reported without a paper: LoRA r 16, alpha 32 on all linear layers, lr 1e-4, batch 64, at most 32 answers a cell.
QWEN3: dict[str, Any] = {
    "objective": "individual", "adapter": "lora", "rank": 16, "alpha": 32, "modules": "all-linear",
    "learning_rate": 0.0001, "batch": 64, "per_cell": 32, "model": "Qwen/Qwen3-8B-Base",
}  # fmt: skip

PUBLISHED: dict[str, dict[str, Any]] = {
    "socrates-qwen2.5-14b-sft": SOCRATES | SFT | QWEN,
    "socrates-qwen2.5-14b-dpo": SOCRATES | DPO | QWEN,
    "socrates-llama3-8b-sft": SOCRATES | SFT | LLAMA,
    "socrates-llama3-8b-dpo": SOCRATES | DPO | LLAMA,
    "wvs-cao": CAO,
    "cao-llama3-8b": CAO | LLAMA,
    "subpop-llama2-7b": SUBPOP,
    "qwen3-8b-lora": QWEN3,
}
REPOSITORY = Path(__file__).resolve().parents[2]
OURS = {"opinion-distribution", "socsci210-individual", "socsci210-preference"}
each_recipe = pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)


def settings(recipe: Recipe) -> dict[str, Any]:
    """Return every setting of a recipe of one part."""
    (part,) = recipe.parts
    return part.model_dump() | recipe.model_dump(exclude={"parts"})


def test_every_recipe_is_published_or_our_own():
    assert {path.stem for path in RECIPES} == set(PUBLISHED) | OURS


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_numbers_stand_in_the_recipe(name):
    (path,) = [each for each in RECIPES if each.stem == name]
    found = settings(read_recipe(path))
    assert {key: found[key] for key in PUBLISHED[name]} == PUBLISHED[name]


@each_recipe
def test_a_recipe_has_a_title_and_whom_to_cite(path):
    recipe = read_recipe(path)
    assert recipe.title
    assert recipe.sources
    assert all("https://doi.org/10." in source for source in recipe.sources)


@each_recipe
def test_the_head_names_the_paper_what_is_ours_and_what_comes_before_and_after(path):
    text = "\n".join(head(path))
    assert "https://doi.org/10." in text
    # Ours is what no paper says.
    assert "ours" in text
    assert text.index("\nBefore:") < text.index("\nTrain") < text.index("\nAfter:")
    assert max(map(len, path.read_text(encoding="utf-8").splitlines())) <= 120


@each_recipe
def test_files_that_a_head_names_are_there(path):
    for named in re.findall(r"recipes/[\w./*-]+\.yaml", "\n".join(head(path))):
        assert list(REPOSITORY.glob(named)), named


@each_recipe
def test_what_a_recipe_reads_is_made_by_its_commands_and_what_it_makes_is_asked(path):
    recipe = read_recipe(path)
    made = {words[words.index("--out") + 1] for words in commands(path, "data prepare")}
    assert made == {*(part.data for part in recipe.parts), *recipe.tests}
    assert commands(path, "train") == [["train", f"recipes/{path.name}", "--out", f"runs/{path.stem}"]]
    after = [*commands(path, "evaluate"), *commands(path, "simulate")]
    assert after
    assert {words[words.index("--model") + 1] for words in after} == {f"runs/{path.stem}/model"}


def test_a_command_may_go_on_in_the_next_line(tmp_path):
    recipe = tmp_path / "x.yaml"
    recipe.write_text(
        "# Before:\n#   $ silicus data prepare a.json \\\n#       --out 'runs/a b'\n\ntitle: x\n", "utf-8"
    )
    assert commands(recipe, "data prepare") == [["data", "prepare", "a.json", "--out", "runs/a b"]]
    assert commands(recipe, "train") == []
