"""A model that a server answers for, from what the options say; and what it failed to answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import polars as pl
import yaml
from rich.console import Console

from silicus.errors import InputError, counted
from silicus.models.server import Budget, Pace, Price, ServerModel, ServerSettings, load_server
from silicus.options import AnswerOptions
from silicus.workflow.progress import waiting

__all__ = ["Drawing", "failures", "load_served", "price_of", "told"]

_PRICES = Path(__file__).with_name("prices.yaml")
_PUBLISHED_OF = "api.openai.com"


def load_served(options: AnswerOptions) -> ServerModel:
    """Return the model that the server of the options answers for.

    Raises:
        InputError: an option is not as it should be.
        ModelError: the server cannot be reached, or serves no such model.
    """
    if options.server is None:
        raise InputError(f"found the model {options.model} without --server, where it is served.")
    budget = Budget(options.max_calls, options.max_tokens, options.max_cost, price_of(options))
    settings = ServerSettings(
        address=options.server,
        model=options.model,
        budget=budget,
        # A tokenizer is of no use where the model writes.
        scoring=options.scoring if options.protocol == "direct" else "samples",
        tokenizer=options.tokenizer,
        samples=options.samples,
        temperature=options.temperature,
        seed=options.seed,
        concurrency=options.concurrency,
        pace=Pace(options.per_minute),
        key_variable=options.key_variable,
    )
    # Only now is it known that the address may be shown.
    with waiting(f"asking {options.server} what it serves"):
        return load_server(settings)


def price_of(options: AnswerOptions) -> Price | None:
    """Return what a million tokens cost: as the options say, else as it is published; `None` where nobody says.

    Raises:
        InputError: one of the two prices is said.
    """
    said = (options.price_in, options.price_out)
    if said[0] is not None and said[1] is not None:
        return Price(said[0], said[1])
    if said != (None, None):
        raise InputError("found one of --price-in and --price-out, expected both or neither.")
    published = yaml.safe_load(_PRICES.read_text(encoding="utf-8"))["prices"].get(options.model)
    return Price(*published) if published and f"//{_PUBLISHED_OF}/" in f"{options.server}/" else None


class Drawing(Protocol):
    """A model that draws texts, and so may fail to answer."""

    name: str

    @property
    def spent(self) -> str | None:
        """What was used of a budget, in words; `None` where there is none."""
        ...

    def came_to(self) -> Counter[str]:
        """Return what texts came to -> how many."""
        ...


def told(folder: Path, model: Drawing) -> list[str]:
    """Return what a served or writing model failed to answer in a finished run, and say it, with what was spent."""
    predictions = pl.scan_parquet(folder / "predictions.parquet").select("probabilities").collect()
    failed = list(failures(model, predictions["probabilities"].null_count(), len(predictions)))
    for sentence in [*failed, *([f"{model.name}: {model.spent}"] if model.spent else [])]:
        Console(stderr=True).print(f"{sentence}.", soft_wrap=True, highlight=False, markup=False)
    return failed


def failures(model: Drawing, unread: int, asked: int) -> Iterator[str]:
    """Yield what failed, in sentences; nothing where nothing did.

    Args:
        model: who answered.
        unread: prompts without any readable answer.
        asked: all prompts.
    """
    if unread:
        have = "has" if unread == 1 else "have"
        yield f"{unread:,} of {counted(asked, 'prompt', 'prompts')} {have} no readable answer, and no prediction"
    came_to = model.came_to()
    # What was cut off before its answer cannot be read either.
    cut = came_to["cut off"]
    bad = [f"{came_to['declined']:,} declined"] if came_to["declined"] else []
    if came_to["unreadable"] + cut:
        why = f" ({cut:,} of them cut off)" if cut else ""
        bad.append(f"{came_to['unreadable'] + cut:,} unreadable{why}")
    if bad:
        yield f"of {counted(came_to.total(), 'sampled text', 'sampled texts')} {' and '.join(bad)}"
