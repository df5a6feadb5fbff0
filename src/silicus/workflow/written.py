"""A model that writes, from what the options say: answers in texts, and answers to open questions."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl
from rich.console import Console

from silicus.errors import InputError, did_you_mean
from silicus.models import Model
from silicus.models.embedder import load_embedder
from silicus.models.server import ServerModel
from silicus.models.writing import Writer, Writing
from silicus.options import AnswerOptions
from silicus.prompts import Prompt
from silicus.simulate import (
    OPEN_ANSWERS,
    AskingProtocol,
    Distribution,
    Plan,
    Reason,
    Similarity,
    WrittenModel,
    answer_openly,
    open_answers_told,
    read_anchors,
)
from silicus.workflow.lock import alone
from silicus.workflow.progress import progress, waiting
from silicus.workflow.run import add_notes

__all__ = ["as_written", "protocol_of", "write_openly", "writer_of"]


def protocol_of(options: AnswerOptions, plan: Plan) -> AskingProtocol | None:
    """Return the protocol in which the model is to write, `None` where its probabilities are asked for.

    Raises:
        InputError: statements are given for a question that is not asked, or options contradict each other.
        MissingExtraError: texts are to be compared, and what compares them is not installed.
    """
    if options.protocol == "direct":
        return None
    if options.protocol == "reason":
        return Reason()
    if options.protocol == "distribution":
        return Distribution(options.text_tokens)
    if options.orders > 1:
        raise InputError(
            f"found --orders {options.orders} with --protocol similarity, which shows no options. Leave one out."
        )
    anchors = None if options.anchors is None else read_anchors(options.anchors)
    asked = {item.question for item in plan.items}
    stray = next((question for question in anchors.questions if question not in asked), None) if anchors else None
    if stray is not None:
        raise InputError(f"{options.anchors}: unknown question '{stray}'.{did_you_mean(stray, asked)}")
    with waiting("loading the sentence embedder"):
        return Similarity(load_embedder(), anchors)


def as_written(model: Model, protocol: AskingProtocol, options: AnswerOptions) -> WrittenModel:
    """Return a model that answers with what its texts come to.

    Raises:
        InputError: it does not write.
    """
    writer = writer_of(model, f"--protocol {options.protocol}", "--protocol direct")
    # At temperature 0 every text of a prompt is the same.
    draws = options.samples if options.temperature > 0 else 1
    return WrittenModel(writer, protocol, Writing(draws, options.text_tokens, options.temperature, options.seed))


def writer_of(model: Model, asked_by: str, instead: str) -> Writer:
    """Return the model as one that writes.

    Args:
        model: who is asked.
        asked_by: the option that asks for texts.
        instead: what else there is to do.

    Raises:
        InputError: it does not write.
    """
    if not isinstance(model, Writer) or not model.writes:
        raise InputError(
            f"the model '{model.name}' writes no texts, as {asked_by} asks for. Take a language model, or {instead}."
        )
    return model


def write_openly(prompts: Sequence[Prompt], writer: Writer, options: AnswerOptions, folder: Path) -> None:
    """Write, and say, what a model answers to open questions into its run's folder, unless it is there.

    Args:
        prompts: as `open_prompts` returns them.
        writer: who writes.
        options: how texts are drawn.
        folder: the run folder.

    Raises:
        SilicusError: as `answer_openly`; texts that were written are kept.
    """
    how = Writing(1, options.text_tokens, options.temperature, options.seed)
    path = folder / OPEN_ANSWERS
    if not path.is_file():
        # Its texts, and a server's answers, are kept in files that one process writes.
        with alone(folder), _keeping(writer, folder), progress(f"{writer.name} writes", len(prompts), "texts") as bar:
            answer_openly(prompts, writer, how, folder, bar.advance)
    told = open_answers_told(pl.read_parquet(path), how)
    spent = f"; {writer.spent}" if isinstance(writer, ServerModel) else ""
    Console(stderr=True).print(f"{told}{spent}.", soft_wrap=True, highlight=False, markup=False)
    add_notes(folder, [told])


@contextmanager
def _keeping(writer: Writer, folder: Path) -> Generator[None]:
    """Keep a server's answers in the run folder while the block lasts."""
    if not isinstance(writer, ServerModel):
        yield
        return
    writer.keep_in(folder)
    try:
        yield
    finally:
        writer.close()
