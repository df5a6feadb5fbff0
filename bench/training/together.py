"""Prints validation loss against steps and tokens where 1, 4 or 8 rows of a cell come into a step together.

    python -m bench.training.together [--seeds N] [--steps N]
    python -m bench.training.together --data DATASET --model smollm2

The same examples, the same batch, the same starting weights of a seed: only which rows share a step differs. A seed
is one training of each; differences are taken within seeds, and their standard error is that of the seeds. The
learning rate stays where it is after the warm-up, so that losses may also be compared at equal tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cyclopts
import numpy as np
import polars as pl
import torch
from rich.console import Console
from rich.table import Table
from transformers import TrainerCallback

from bench.training.shapes import build
from silicus.data import read_dataset_folder
from silicus.errors import InputError
from silicus.models.encode import Encoder
from silicus.models.huggingface import HuggingFaceModel
from silicus.models.learner import LowRank, load_learner
from silicus.prompts import get_template
from silicus.study import RESPONSES, Item, Scale
from silicus.train import (
    Asking,
    Batches,
    HeldOut,
    Learnt,
    Looking,
    Part,
    Recipe,
    TreeTrainer,
    held_out,
    learnt_from,
    mix,
    training_arguments,
)

TOGETHER = (1, 4, 8)
LOOKS = 6
_CELLS = {"person": 20, "group": 400}
"""How many cells are looked at: of people 20 are asked in each, a group is one; 400 prompts either way."""
_TINY = "tiny"
_RATES = {_TINY: 2e-3}
_RATE = 1e-4

_FIVE = Scale(kind="ordinal", low=1, high=5)
_CUTS = (-1.2, -0.4, 0.4, 1.2)
_WHAT = ("parks", "tolls", "rent", "trade", "fuel", "clinics", "police", "farms")
_WHO = ("the city", "the state", "a firm", "a union", "a judge", "the court", "a church", "a school")
_HOW = ("cut", "keep", "raise")
_IDEOLOGIES = ("Liberal", "Moderate", "Conservative")
_ANSWERS_PER_CELL = 24
_UNSEEN = 0.2


@dataclass(frozen=True)
class Answers:
    """What is learnt from and what is looked at, the same for every training.

    Attributes:
        learnt: the examples.
        held: cells that are not learnt from.
    """

    learnt: Learnt
    held: HeldOut


@dataclass(frozen=True)
class Curve:
    """One training: after how many steps and tokens it had which loss on the held-out cells, each shape (looks,)."""

    steps: np.ndarray
    tokens: np.ndarray
    loss: np.ndarray


def main(
    *,
    data: Path | None = None,
    model: str = _TINY,
    seeds: int = 4,
    steps: int = 120,
    batch: int = 32,
    learning_rate: float | None = None,
    device: str = "auto",
) -> None:
    """Print how loss falls with steps and with tokens for each number of rows that come together.

    Args:
        data: a prepared dataset folder with a validation part; made-up answers where it is left out.
        model: tiny (random weights, all of which learn), or what silicus train takes (adapters of rank 16).
        seeds: trainings of each.
        steps: of a training.
        batch: examples of a step.
        learning_rate: after the warm-up; by default 0.002 for tiny, 0.0001 else.
        device: where it runs: auto, cpu, cuda or mps.
    """
    if seeds < 2:
        raise InputError(f"found --seeds {seeds}, expected 2 or more: noise is told from what differs between seeds.")
    answers = _made_up() if data is None else _read(data)
    rate = learning_rate or _RATES.get(model, _RATE)
    recipe = Recipe(
        parts=[answers.learnt.part], model=model, adapter="none" if model == _TINY else "lora", schedule="constant",
        steps=steps, batch=batch, learning_rate=rate, evaluate=0,
    )  # fmt: skip
    curves: dict[int, list[Curve]] = {together: [] for together in TOGETHER}
    with Console(stderr=True).status("") as status:
        for seed in range(seeds):
            for together in TOGETHER:
                status.update(f"seed {seed + 1} of {seeds}, {together} rows of a cell together")
                asked = recipe.model_copy(update={"seed": seed, "together": together})
                curves[together].append(_train(asked, answers, device))
    show(curves, f"{data or 'made-up answers'}, {model}, {len(answers.learnt.examples)} examples, batch {batch}")


def _read(folder: Path) -> Answers:
    data = read_dataset_folder(folder)
    if "split" not in data.responses.columns or data.responses.filter(pl.col("split") == "validation").is_empty():
        raise InputError(
            f"{folder}: has no validation part. Make one with: "
            "silicus data prepare SOURCE --hold-out question=0.2 --validation 0.1"
        )
    groups = data.unit == "group"
    part = Part(data=str(folder), objective="distribution" if groups else "individual")
    train, validation = (data.answered.filter(pl.col("split") == name) for name in ("train", "validation"))
    rng = np.random.default_rng(0)
    learnt = learnt_from(part, data.items, train, data.respondents, rng, groups=groups)
    held = held_out(
        data.items, validation, data.respondents, groups=groups, cells=_CELLS["group" if groups else "person"], rng=rng
    )
    return Answers(learnt, held)


def _made_up() -> Answers:
    """Return answers that follow an ordered probit of the words of a stimulus and of ideology.

    Stimuli say who would cut, keep or raise what. The latent answers of cells differ by a standard deviation of 0.44,
    those of people of a cell by 1.08: a seventh of the variance lies between cells.
    """
    rng = np.random.default_rng(0)
    effects = [rng.normal(size=len(words)) * 0.45 for words in (_WHAT, _WHO, _HOW)]
    rows, people = [], []
    items: dict[str, Item] = {}
    for what, who, how in np.ndindex(len(_WHAT), len(_WHO), len(_HOW)):
        item = Item("s", f"{what} {who} {how}", "q", f"{_WHO[who]} would {_HOW[how]} {_WHAT[what]}.", "Agree?", _FIVE)
        items[item.item] = item
        for _ in range(_ANSWERS_PER_CELL):
            ideology, age, name = int(rng.integers(3)), int(rng.integers(18, 80)), f"r{len(people)}"
            latent = effects[0][what] + effects[1][who] + effects[2][how] - 0.5 * (ideology - 1) + rng.normal()
            answer = 1 + int(np.searchsorted(_CUTS, latent))
            rows.append(("s", item.condition, "q", item.item, name, answer, 1, 1.0))
            people.append((name, 1.0, _IDEOLOGIES[ideology], age))
    responses = pl.DataFrame(rows, schema=RESPONSES, orient="row")
    respondents = pl.DataFrame(people, schema=["respondent", "weight", "ideology", "age"], orient="row")
    unseen = pl.col("item").is_in(rng.permutation(list(items))[: round(_UNSEEN * len(items))].tolist())
    part = Part(data="", objective="individual")
    learnt = learnt_from(part, items, responses.filter(~unseen), respondents, rng, groups=False)
    return Answers(
        learnt, held_out(items, responses.filter(unseen), respondents, groups=False, cells=_CELLS["person"], rng=rng)
    )


def _train(recipe: Recipe, answers: Answers, device: Any) -> Curve:
    """Return what a training was like, looked at before its first step and then at even steps."""
    learner = _learner(recipe, device)
    closed = Encoder(learner.tokenizer, learner.encoder.limit, closed=True)
    asking = Asking(get_template(recipe.template), recipe.answers, learner.encoder, closed)
    rng = np.random.default_rng([recipe.seed, 1])
    steps = mix([answers.learnt.examples.cells], None, recipe.batch, recipe.together, rng, steps=recipe.steps)
    batches = Batches([answers.learnt], steps, asking, learner.pack_tokens, recipe.seed)
    with TemporaryDirectory() as folder:
        arguments = training_arguments(recipe, Path(folder), len(steps), learner.device.type, looks=False)
        arguments.save_strategy = type(arguments.save_strategy)("no")
        trainer = TreeTrainer(learner, learner.tokenizer, batches, recipe, arguments, None)
        watch = _Watch(learner, Looking(asking, {"": answers.held}), len(steps))
        trainer.add_callback(watch)
        trainer.train()
    return Curve(*(np.array(column) for column in zip(*watch.seen, strict=True)))


def _learner(recipe: Recipe, device: Any) -> HuggingFaceModel:
    if recipe.model != _TINY:
        return load_learner(recipe.model, LowRank(recipe.rank, recipe.alpha), device, seed=recipe.seed)
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    texts = [*_WHAT, *_WHO, *_HOW, *_IDEOLOGIES, get_template(recipe.template).system, "Answer exactly as this person"]
    # The first special token is number 0, with which these models end an answer.
    words.train_from_iterator(
        texts * 4,
        trainers.BpeTrainer(vocab_size=500, special_tokens=["<end>"], initial_alphabet=alphabet, show_progress=False),
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, eos_token="<end>")  # noqa: S106 - no password
    model = build("tiny", "cpu")
    torch.manual_seed(recipe.seed)
    with torch.no_grad():
        for matrix in model.parameters():
            if matrix.ndim == 2:
                matrix.normal_(std=matrix.shape[1] ** -0.5)
    return HuggingFaceModel(model, tokenizer, _TINY, _TINY)


class _Watch(TrainerCallback):
    """Notes the loss on held-out cells and the tokens that training forwarded until then, those of looking apart."""

    def __init__(self, learner: HuggingFaceModel, looking: Looking, steps: int) -> None:
        self._learner, self._looking = learner, looking
        self._at = set(np.linspace(0, steps, LOOKS + 1).round().astype(int).tolist())
        self.seen: list[tuple[int, int, float]] = []

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        self._learner.forwarded = 0
        self._look(0)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        if state.global_step in self._at:
            self._look(state.global_step)

    def _look(self, step: int) -> None:
        tokens = self._learner.forwarded
        self._learner.module.eval()
        loss = self._looking.metrics(self._learner, None)["loss"]
        self._learner.forwarded = tokens
        self.seen.append((step, tokens, loss))


def show(curves: dict[int, list[Curve]], what: str) -> None:
    """Print loss against steps, and at equal tokens.

    Args:
        curves: rows that come together -> the trainings of each seed, those of one row first.
        what: what was learnt by what.
    """
    console = Console(width=None if Console().is_terminal else 150)
    ones = next(iter(curves.values()))
    console.print(f"{what}, {len(ones)} seeds: mean ± standard error over seeds; differences within seeds")
    by_steps = _table("Loss on held-out cells after steps, and tokens forwarded until then", "step", curves)
    for place, step in enumerate(ones[0].steps):
        by_steps.add_row(str(step), *_cells(curves, lambda curve, place=place: curve.loss[place], tokens=place))
    console.print(by_steps)
    by_tokens = _table("The same at equal tokens, between looks in a straight line", "thousands of tokens", curves)
    least = min(curve.tokens[-1] for each in curves.values() for curve in each)
    for tokens in np.linspace(0, least, LOOKS + 1)[1:]:
        row = _cells(curves, lambda curve, tokens=tokens: float(np.interp(tokens, curve.tokens, curve.loss)))
        by_tokens.add_row(f"{tokens / 1e3:,.0f}", *row)
    console.print(by_tokens)


def _table(title: str, first: str, curves: dict[int, list[Curve]]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first, justify="right")
    for place, together in enumerate(curves):
        table.add_column(f"{together} together" + (", less that of 1" if place else ""), justify="right")
    return table


def _cells(curves: dict[int, list[Curve]], read: Callable[[Curve], float], tokens: int | None = None) -> Iterator[str]:
    """Yield what a row says of each number of rows: the first one's loss, then how far the others lie from it."""
    losses = {together: np.array([read(curve) for curve in each]) for together, each in curves.items()}
    first = next(iter(losses.values()))
    for place, (together, loss) in enumerate(losses.items()):
        mean, error = _mean_and_error(loss - first if place else loss)
        said = f"{mean:+.4f} ± {error:.4f}" if place else f"{mean:.4f} ± {error:.4f}"
        if tokens is not None:
            said += f" ({np.mean([curve.tokens[tokens] for curve in curves[together]]) / 1e3:,.0f}k)"
        yield said


def _mean_and_error(values: Sequence[float] | np.ndarray) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))


if __name__ == "__main__":
    cyclopts.run(main)
