"""What is to be told about a screening beside its numbers, as far as the program knows it, as a sheet in Markdown.

The sections are those that guidelines for reporting studies with language models ask about, in words of our own; that a
sheet is filled does not mean that any guideline is met.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import Field

from silicus.errors import counted
from silicus.record import Number, Record, write_text

__all__ = [
    "UNKNOWN",
    "Asking",
    "Computed",
    "Disclosure",
    "Instrument",
    "ModelUsed",
    "People",
    "Simulated",
    "Trust",
    "write_disclosure",
]

UNKNOWN = "**not known to the program: fill in by hand**"
"""What stands where the program does not know an answer."""

_NONE = "none"


class ModelUsed(Record):
    """Which model answered."""

    name: str | None = Field(default=None, title="Model")
    snapshot: str | None = Field(default=None, title="Exact version, or hash of its files")
    adapter: str | None = Field(default=None, title="Fine-tuned weights, by their hash (or: none)")
    precision: str | None = Field(default=None, title="Number format and quantisation")
    where: str | None = Field(default=None, title="Where it ran: this machine, or whose server")
    training_studies: tuple[str, ...] | None = Field(default=None, title="Past studies it was fine-tuned on")
    licences: tuple[str, ...] | None = Field(default=None, title="Licences of the model and of these studies")
    cutoff: str | None = Field(default=None, title="Until when its training texts reach")
    fieldwork: str | None = Field(default=None, title="When people answered the studies it is judged by")


class Asking(Record):
    """How it was asked, and how its words became answers."""

    decoding: str | None = Field(default=None, title="How answers were got from the model")
    template: str | None = Field(default=None, title="Template of the prompts")
    wordings: tuple[str, ...] | None = Field(default=None, title="Wordings that were averaged")
    orders: str | None = Field(default=None, title="In which orders options were shown")
    seeds: Mapping[str, int] | None = Field(default=None, title="Seeds")
    configurations: int | None = Field(default=None, ge=0, title="Configurations that were tried")
    configurations_counted: str | None = Field(default=None, title="What counts as a configuration")
    answers: int | None = Field(default=None, ge=0, title="Answers that were asked for")
    failures: int | None = Field(default=None, ge=0, title="Answers that failed or could not be read")
    refusals: Number = Field(default=None, title="Mean probability of a refusal")
    prompt: str | None = Field(default=None, title="One whole prompt, as the model read it")


class Simulated(Record):
    """Who was simulated."""

    population: str | None = Field(default=None, title="Whom the simulated respondents stand for")
    source: str | None = Field(default=None, title="Where their attributes come from")
    attributes: tuple[str, ...] | None = Field(default=None, title="Attributes that the model was told")
    respondents: int | None = Field(default=None, ge=0, title="Number of simulated respondents")
    weights: str | None = Field(default=None, title="Weights")
    synthetic: Literal["every row is marked"] = Field(
        default="every row is marked", title="Flag of predicted answers (column `synthetic`, 1 in exported files)"
    )


class Trust(Record):
    """How far the model was right before."""

    benchmark: str | None = Field(default=None, title="What it was compared with")
    error: str | None = Field(default=None, title="How far it lay from people there")
    noise_floor: str | None = Field(default=None, title="How far people lie from people there (noise floor)")
    verdict: str | None = Field(default=None, title="Verdict of the trust gate, with its reasons")


class People(Record):
    """Which people answered."""

    respondents: int | None = Field(default=None, ge=0, title="People in the pilot (0: no pilot)")
    recruited: str | None = Field(default=None, title="How and when they were recruited")
    weights: str | None = Field(default=None, title="Their weights")
    apart: str | None = Field(default=None, title="Whether anything of the model was tuned on them")


class Instrument(Record):
    """What was planned, and when."""

    study: str | None = Field(default=None, title="Study")
    plan: str | None = Field(default=None, title="Hash of the plan")
    frozen: str | None = Field(default=None, title="When the plan was frozen")
    shown: str | None = Field(default=None, title="When results were first shown")
    deviations: str | None = Field(default=None, title="What was done otherwise than planned")


class Computed(Record):
    """With what it was computed, and who answers for it."""

    software: Mapping[str, str] | None = Field(default=None, title="Versions of the software")
    hardware: str | None = Field(default=None, title="Machine")
    files: Mapping[str, str] | None = Field(default=None, title="Files and their hashes")
    responsible: str | None = Field(default=None, title="Who is responsible, and whom to ask")
    ethics: str | None = Field(default=None, title="Ethics review, and consent of the people in the pilot")


class Disclosure(Record):
    """Everything that is to be told about a screening; what is null is not known to the program."""

    plan: Instrument = Field(default=Instrument(), title="What was planned")
    model: ModelUsed = Field(default=ModelUsed(), title="The model")
    asking: Asking = Field(default=Asking(), title="How it was asked")
    simulated: Simulated = Field(default=Simulated(), title="Who was simulated")
    trust: Trust = Field(default=Trust(), title="How far it can be trusted")
    people: People = Field(default=People(), title="People")
    computed: Computed = Field(default=Computed(), title="Software, files, responsibility")


def write_disclosure(path: Path, disclosure: Disclosure) -> None:
    """Write the sheet as Markdown: every field once, in its section.

    Raises:
        RunError: the file cannot be written.
    """
    write_text(path, "\n".join(_lines(disclosure)) + "\n")


def _lines(disclosure: Disclosure) -> Iterator[str]:
    yield "# Disclosure"
    yield ""
    unknown = sum(answer is None for _, section in _fields(disclosure) for _, answer in _fields(section))
    yield "Answers marked as synthetic in the files beside this sheet were predicted by a model; no person gave them."
    yield f"Left to be filled in by hand: {counted(unknown, 'answer', 'answers')}."
    for title, section in _fields(disclosure):
        yield f"\n## {title}\n"
        for question, answer in _fields(section):
            yield from _told(question, answer)


def _fields(record: Record) -> list[tuple[str, Any]]:
    """Return the title and value of every field of a record."""
    return [(str(field.title), getattr(record, name)) for name, field in type(record).model_fields.items()]


def _told(question: str, answer: object) -> Iterator[str]:
    if isinstance(answer, str) and "\n" in answer:
        fence = "`" * max(3, _longest_fence(answer) + 1)
        yield f"- {question}:\n\n{fence}text\n{answer}\n{fence}\n"
        return
    yield f"- {question}: {_words(answer)}"


def _longest_fence(text: str) -> int:
    return max((len(run) for run in "".join(sign if sign == "`" else " " for sign in text).split()), default=0)


def _words(answer: object) -> str:
    if answer is None:
        return UNKNOWN
    if isinstance(answer, Mapping):
        pairs = cast("Mapping[str, object]", answer).items()
        return "; ".join(f"{name} {value}" for name, value in pairs) or _NONE
    if isinstance(answer, tuple):
        return "; ".join(map(str, cast("tuple[object, ...]", answer))) or _NONE
    return f"{answer:,}" if isinstance(answer, int) else f"{answer:.3g}" if isinstance(answer, float) else str(answer)
