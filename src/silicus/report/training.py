"""A training at the prompt: what it will read and cost before it starts, and what came of it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from silicus.errors import counted
from silicus.evaluate import SharesComparison
from silicus.report.learnt import print_learnt
from silicus.report.page import print_anywhere
from silicus.report.words import percent

__all__ = [
    "AnswerRead", "Cost", "ExampleRead", "PartLearnt", "PartPlanned", "Preview", "TokenRead", "TrainingDone",
    "print_preview", "print_training",
]  # fmt: skip

_WIDTH = 100
_ANSWERS = 12
_LOSS = "bold green"
_UNITS = ((86400, "days"), (3600, "hours"), (60, "minutes"))


@dataclass(frozen=True)
class TokenRead:
    """A token of an answer, in words, and whether loss is borne by it."""

    text: str
    loss: bool


@dataclass(frozen=True)
class AnswerRead:
    """An answer as the model reads it.

    Attributes:
        tokens: its tokens.
        beside: what stands beside it: "chosen", "rejected", or "".
        share: the share of people who gave it, where the model learns a distribution.
    """

    tokens: tuple[TokenRead, ...]
    beside: str = ""
    share: float | None = None


@dataclass(frozen=True)
class ExampleRead:
    """An example as the model reads it.

    Attributes:
        title: where it comes from.
        prompt: the text up to the answer, control tokens included.
        answers: what may follow, as far as it is looked at.
    """

    title: str
    prompt: str
    answers: tuple[AnswerRead, ...]


@dataclass(frozen=True)
class PartPlanned:
    """A part that will be learnt from.

    Attributes:
        name: the dataset.
        objective: what is made smaller.
        examples: how many there are.
        used: how many of them all steps take, counted again each time.
        median: tokens of a prompt, in the sample.
        mean: tokens of a prompt, in the sample.
        longest: tokens of the longest prompt that was looked at.
    """

    name: str
    objective: str
    examples: int
    used: int
    median: float
    mean: float
    longest: int

    @property
    def passes(self) -> float:
        """How often an example is taken, in the mean: by its part's share this is more or less than an epoch."""
        return self.used / self.examples


@dataclass(frozen=True)
class Cost:
    """What training will cost, estimated.

    Attributes:
        steps: how many there are.
        sampled: how many of them were looked at.
        alone: tokens through the model if every prompt went alone.
        tree: tokens through the model, common beginnings once.
        loss: tokens that bear loss.
        seconds: how long steps take.
        memory: what for -> bytes.
        free: bytes that are free.
        device: where it runs.
    """

    steps: int
    sampled: int
    alone: float
    tree: float
    loss: float
    seconds: float
    memory: dict[str, int]
    free: int
    device: str


@dataclass(frozen=True)
class Preview:
    """A training that has not begun.

    Attributes:
        model: what learns.
        examples: some of what it will read.
        parts: what it learns from.
        cost: what that takes.
        warnings: what should be known before it starts.
    """

    model: str
    examples: list[ExampleRead]
    parts: list[PartPlanned]
    cost: Cost
    warnings: list[str]


@dataclass(frozen=True)
class PartLearnt:
    """A part that was learnt from.

    Attributes:
        name: the dataset.
        objective: what was made smaller.
        taken: how many examples all steps took, each counted as often as it was taken.
        examples: how many there were.
        answers: how many answers its training part holds.
    """

    name: str
    objective: str
    taken: int
    examples: int
    answers: int


@dataclass(frozen=True)
class TrainingDone:
    """What came of a training.

    Attributes:
        model: what has learnt.
        folder: the run folder.
        parts: what it learnt from.
        steps: how many were taken.
        best_step: the step whose weights were kept; `None`: the last.
        seconds: how long they took.
        tokens: how many went through the model.
        results: dataset -> how far the model lies from people before and after training.
        left_out: sentences on what was not learnt from.
        warnings: sentences on what else should be known of it.
        earlier: when it had been finished, if that was before this call; nothing was done then.
    """

    model: str
    folder: str
    parts: list[PartLearnt]
    steps: int
    best_step: int | None
    seconds: float
    tokens: int
    results: dict[str, SharesComparison]
    left_out: list[str]
    warnings: list[str]
    earlier: str | None = None


# --- before


def print_preview(preview: Preview, console: Console) -> None:
    """Print examples as the model will read them, and what training will cost.

    Tokens that bear loss are coloured, or stand in [brackets] where the console has no colours; `|` parts tokens.

    Args:
        preview: what will be learnt from, and its cost.
        console: where it is printed.
    """
    print_anywhere(lambda where: _print_preview(preview, where), console)


def _print_preview(preview: Preview, console: Console) -> None:
    plain = console.color_system is None or console.no_color
    for number, example in enumerate(preview.examples, start=1):
        _line(console, f"Example {number} of {len(preview.examples)}: {example.title}", "bold")
        console.print(Text(example.prompt, "dim"), soft_wrap=True, highlight=False)
        for line in _answers(example.answers, plain):
            console.print(line, soft_wrap=True, highlight=False)
        _line(console, "")
    how = "in [brackets]" if plain else "coloured"
    _line(console, f"Tokens that bear loss are {how}; a bar parts the tokens of an answer.", "dim")
    _line(console, "")
    _line(console, f"{preview.model} will learn from", "bold")
    console.print(_planned(preview.parts), width=min(_WIDTH, console.width))
    _line(console, "")
    for text in _cost(preview.cost):
        _line(console, text)
    _line(console, "")
    console.print(_memory(preview.cost), width=min(_WIDTH, console.width))
    for warning in preview.warnings:
        _line(console, "")
        _line(console, warning, "bold yellow")
    _line(console, "No step was taken. Leave out --dry-run to train.", "dim")


def _answers(answers: Sequence[AnswerRead], plain: bool) -> Iterator[Text]:
    """Yield the lines of what may follow a prompt; of long scales, those that most people gave."""
    most = sorted(range(len(answers)), key=lambda place: -(answers[place].share or 0.0))[:_ANSWERS]
    shown = [answers[place] for place in sorted(most)]
    for answer in shown:
        beside = answer.beside if answer.share is None else percent(answer.share)
        line = Text(f"  {beside:>8}  " if beside else "  ")
        for place, token in enumerate(answer.tokens):
            line.append("|" if place else "", "dim")
            line.append(f"[{token.text}]" if plain and token.loss else token.text, _LOSS if token.loss else "dim")
        yield line
    left = len(answers) - len(shown)
    if left:
        share = 1 - sum(answer.share or 0.0 for answer in shown)
        yield Text(f"  and {counted(left, 'answer', 'answers')} more: {percent(max(0.0, share))} together", "dim")


def _planned(parts: Sequence[PartPlanned]) -> Table:
    table = _table("part", "objective", "examples", "taken", "passes", "median", "mean", "longest\nprompt")
    for part in parts:
        table.add_row(
            Text(part.name), part.objective, f"{part.examples:,}", f"{part.used:,}", f"{part.passes:.3g}",
            f"{part.median:,.0f}", f"{part.mean:,.0f}", f"{part.longest:,}",
        )  # fmt: skip
    return table


def _cost(cost: Cost) -> Iterator[str]:
    """Yield sentences on steps, tokens and time."""
    yield (
        f"{counted(cost.steps, 'step', 'steps')}. {_rounded(cost.tree)} tokens go through the model, common beginnings "
        f"once; {_rounded(cost.alone)} would if every prompt went alone. Loss is borne by {_rounded(cost.loss)} tokens "
        "of answers. "
        + ("Counted." if cost.sampled == cost.steps else f"Extrapolated from {cost.sampled} of the steps.")
    )
    yield (
        f"About {_duration(cost.seconds)} on this {_place(cost.device)}, right within a factor of about two; reading, "
        "looking at what is held out, and testing come on top."
    )


def _memory(cost: Cost) -> Table:
    table = _table("memory", "GiB")
    for kind, count in cost.memory.items():
        table.add_row(kind, _gibibytes(count))
    table.add_row("together, about", _gibibytes(sum(cost.memory.values())), style="bold")
    table.add_row(f"free on this {_place(cost.device)}", _gibibytes(cost.free))
    return table


# --- after


def print_training(done: TrainingDone, console: Console) -> None:
    """Print what a model learnt from, how far it now lies from people, and what should be known of it.

    Args:
        done: what came of the training.
        console: where it is printed.
    """
    print_anywhere(lambda where: _print_training(done, where), console)


def _print_training(done: TrainingDone, console: Console) -> None:
    if done.earlier:
        _line(console, f"This training was finished on {done.earlier}; nothing was done again.", "bold yellow")
        _line(console, "")
    _line(console, f"{done.model} has learnt from", "bold")
    for part in done.parts:
        taken, answers = counted(part.taken, "example", "examples"), counted(part.answers, "answer", "answers")
        _line(console, f"  {part.name}: {taken}, drawn from {part.examples:,} made of {answers} ({part.objective})")
    tokens = counted(done.tokens, "token", "tokens")
    steps = counted(done.steps, "step", "steps")
    _line(console, f"{steps} in {_duration(done.seconds)}, {tokens} through the model.")
    if done.best_step is not None:
        _line(console, f"The weights after step {done.best_step:,} are kept: the least loss on the validation part.")
    for name, found in done.results.items():
        _line(console, "")
        print_learnt(found, f"{done.model} on the test part of {name}", console)
    for warning in _warnings(done):
        _line(console, "")
        _line(console, warning, "bold yellow")
    _line(console, "")
    console.print(Text(f"Run: {done.folder}"), soft_wrap=True, highlight=False)


def _warnings(done: TrainingDone) -> Iterator[str]:
    yield from done.warnings
    if not done.results:
        yield "Nothing was tested: how far the model lies from people is not known."
    for sentence in done.left_out:
        yield f"Left out: {sentence.removesuffix('.')}."


# --- both


def _line(console: Console, text: str, style: str = "") -> None:
    # Text objects, not markup: a name may hold square brackets.
    width = min(_WIDTH, console.width)
    indent = " " * (len(text) - len(text.lstrip()))
    filled = textwrap.fill(text.strip(), width, initial_indent=indent, subsequent_indent=2 * indent)
    console.print(Text(filled, style), width=width, highlight=False)


def _table(first: str, *others: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column(first)
    for title in others:
        table.add_column(title, justify="left" if title == "objective" else "right")
    return table


def _rounded(count: float) -> str:
    """Return a large number in words."""
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if count >= size:
            return f"{count / size:.1f} {word}"
    return f"{count:,.0f}"


def _duration(seconds: float) -> str:
    """Return a length of time in the unit that suits it."""
    for size, unit in _UNITS:
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}" if seconds >= 10 * size else f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} seconds" if seconds >= 10 else f"{seconds:.1f} seconds"


def _place(device: str) -> str:
    return "GPU" if device == "cuda" else "machine"


def _gibibytes(count: int) -> str:
    return f"{count / 2**30:.2f}"
