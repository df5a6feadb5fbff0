"""A tiny model and small surveys of made-up answers, in folders as training takes them."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from silicus.data import Dataset, GuardOptions, guard, write_dataset_folder
from silicus.study import Scale
from tests.data.splitting import SEVEN, marked, stimulus
from tests.models.tiny import byte_level, random_llama

TOPICS = ("parking fees downtown", "public libraries", "vaccines for children", "local elections", "organic farming",
          "night trains abroad")  # fmt: skip
PARTS = ("train", "train", "train", "train", "validation question", "test question")
AGREE = Scale(kind="binary", labels={1: "Agree", 2: "Disagree"}, refusals={9: "Don't know"})


def save_model(folder: Path, positions: int = 2048) -> str:
    """Return the folder of a tiny random model with its tokenizer."""
    tokenizer = byte_level()
    random_llama(len(tokenizer), tokenizer.eos_token_id, positions=positions).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def survey(
    topics: tuple[str, ...] = TOPICS,
    parts: tuple[str, ...] = PARTS,
    scale: Scale = SEVEN,
    attributes: dict[str, object] | None = None,
    **options: object,
) -> Dataset:
    """Return the answers of twelve people to a question on every topic, of which each belongs to a part."""
    rows, of_rows = [], []
    for number, (topic, part) in enumerate(zip(topics, parts, strict=True)):
        shown = stimulus(f"How much do you care about {topic}?", scale=scale)
        for person in range(12):
            given = scale.answers[(number + person * person) % len(scale.answers)]
            rows.append(("poll", "all", f"q{number}", f"p{person}", shown, given))
            of_rows.append(part)
    who = {f"p{n}": attributes or {"age": 20 + n, "gender": ("Female", "Male")[n % 2]} for n in range(12)}
    return marked(rows, of_rows, people=who, **options)


def save_survey(folder: Path, data: Dataset | None = None, *, guarded: bool = True) -> str:
    """Return the folder of a dataset, as `silicus data prepare` leaves it."""
    data = data or survey()
    said = guard(data, GuardOptions())[1] if guarded and "split" in data.responses.columns else None
    write_dataset_folder(folder, data, made_from="poll.csv", guard=said)
    return str(folder)


def without_split(data: Dataset) -> Dataset:
    return Dataset(**{**vars(data), "responses": data.responses.drop("split", "unseen")})


def changed(folder: Path, **columns: pl.Expr) -> None:
    """Change the answers of a dataset folder after it was prepared."""
    path = folder / "responses.parquet"
    pl.read_parquet(path).with_columns(**columns).write_parquet(path)
