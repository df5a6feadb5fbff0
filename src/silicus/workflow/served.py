"""A model that a server answers for, from what the options say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from silicus.errors import InputError, counted
from silicus.models.server import Budget, Price, ServerModel, ServerSettings, load_server
from silicus.options import AnswerOptions

__all__ = ["failures", "load_served", "price_of"]

_PRICES = Path(__file__).with_name("prices.yaml")


def load_served(options: AnswerOptions) -> ServerModel:
    """Return the model that the server of the options answers for.

    Raises:
        InputError: an option is not as it should be.
        ModelError: the server cannot be reached, or serves no such model.
    """
    if options.server is None:
        raise InputError(f"found the model {options.model} without --server, where it is served.")
    budget = Budget(options.max_calls, options.max_tokens, options.max_cost, price_of(options))
    return load_server(
        ServerSettings(
            address=options.server,
            model=options.model,
            budget=budget,
            scoring=options.scoring,
            tokenizer=options.tokenizer,
            samples=options.samples,
            temperature=options.temperature,
            concurrency=options.concurrency,
            per_minute=options.per_minute,
            key_variable=options.key_variable,
        )
    )


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
    return Price(*published) if published and "api.openai.com" in str(options.server) else None


def failures(model: ServerModel, unread: int, asked: int) -> Iterator[str]:
    """Yield what failed, in sentences; nothing where nothing did.

    Args:
        model: who answered.
        unread: prompts without any readable answer.
        asked: all prompts.
    """
    if unread:
        yield f"{unread:,} of {counted(asked, 'prompt', 'prompts')} have no readable answer, and no prediction"
    came_to = model.came_to()
    bad = [f"{count:,} {what}" for what, count in sorted(came_to.items()) if what != "answer"]
    if bad:
        yield f"of {counted(came_to.total(), 'sampled text', 'sampled texts')} {' and '.join(bad)}"
