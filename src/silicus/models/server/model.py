"""A model behind an OpenAI-compatible server, asked like any other."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from silicus.errors import ModelError, did_you_mean
from silicus.models.encode import Encoder
from silicus.models.server.chat import FirstToken, Sampled, standard_error
from silicus.models.server.client import Client
from silicus.models.server.exact import ExactScoring
from silicus.models.server.kept import Kept
from silicus.models.server.settings import ServerSettings
from silicus.plugins import require
from silicus.prompts import Prompt
from silicus.record import digest

__all__ = ["ServerModel", "load_server"]

_TAKES_TOKENS = {"vllm", "llamacpp", "sglang"}
"""Servers that take prompts as tokens and name tokens by their numbers."""


class _Scoring(Protocol):
    async def answer(self, prompt: Prompt) -> np.ndarray: ...


class ServerModel:
    """A model that a server answers for.

    Args:
        settings: which server, and how it is asked.
        maker: whose server it is, as it says itself.
        scoring: how probabilities are had; settled, not "auto".
        encoder: how the model reads and which tokens end an answer, where prompts go as tokens.

    Attributes:
        name: what it is called in tables.
        fingerprint: a hash of all that its answers depend on and that can be known from here.
        scoring: how probabilities are had.
    """

    def __init__(
        self, settings: ServerSettings, maker: str, scoring: str, encoder: tuple[Encoder, list[int]] | None = None
    ) -> None:
        self.name, self.scoring = settings.model, scoring
        self._settings, self._maker, self._encoder = settings, maker, encoder
        self._kept = Kept()
        drawn = (str(settings.samples), str(settings.temperature)) if scoring == "samples" else ()
        self.fingerprint = digest("server", settings.model, maker, scoring, *drawn)

    def keep_in(self, folder: Path) -> None:
        """Keep answers in a run folder, so that a run that stops goes on without asking again."""
        self._kept.close()
        self._kept = Kept(folder / "calls.sqlite")

    def answer(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, np.ndarray]]:
        """Yield a prompt's index and the log-probability of each of its answers, as they come.

        What a server did not tell, or a sampled answer never was, is -inf.

        Raises:
            ModelError: the server refuses a call, or fails again and again.
            RunError: a cap would be passed.
        """
        with asyncio.Runner() as runner:
            client = runner.run(self._client())
            scoring = self._scoring(client)

            async def begin() -> set[asyncio.Task[tuple[int, np.ndarray]]]:
                return {asyncio.create_task(_one(scoring, *each)) for each in enumerate(prompts)}

            waiting = every = runner.run(begin())
            try:
                while waiting:
                    done, waiting = runner.run(_some(waiting))
                    for task in done:
                        yield task.result()
            finally:
                runner.run(_end(every, client))

    async def _client(self) -> Client:
        return Client(self._settings, self._kept)

    def _scoring(self, client: Client) -> _Scoring:
        if self._encoder is not None:
            return ExactScoring(client, self._settings, *self._encoder, self._maker)
        if self.scoring == "tokens":
            return FirstToken(client, self._settings)
        return Sampled(client, self._settings, self._kept, self._maker)

    @property
    def spent(self) -> str:
        """What was used of the budget, in words."""
        return str(self._settings.budget)

    def came_to(self) -> Counter[str]:
        """Return what sampled answers came to (answer, declined, unreadable) -> how many."""
        return self._kept.came_to()

    def notes(self) -> list[str]:
        """Return what is to be known of the numbers, in sentences."""
        settings, whose = self._settings, f" ({self._maker})" if self._maker else ""
        asked = f"{settings.model} was asked over {settings.address}{whose}"
        if self.scoring == "samples":
            return [
                f"{asked}: shares of {settings.samples} answers each, sampled at temperature {settings.temperature:g}; "
                f"the standard error of a share is up to {standard_error(settings.samples):.3f}"
            ]
        told = {"exact": "whole answers, token by token", "tokens": "the first token, from the 20 likeliest"}
        return [f"{asked}: probabilities of {told[self.scoring]}"]


async def _one(scoring: _Scoring, index: int, prompt: Prompt) -> tuple[int, np.ndarray]:
    return index, await scoring.answer(prompt)


async def _some(
    waiting: set[asyncio.Task[tuple[int, np.ndarray]]],
) -> tuple[set[asyncio.Task[tuple[int, np.ndarray]]], set[asyncio.Task[tuple[int, np.ndarray]]]]:
    return await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)


async def _end(tasks: set[asyncio.Task[Any]], client: Client) -> None:
    """Stop what is under way; the errors of tasks beside the first that failed are the same ones."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await client.close()


def load_server(settings: ServerSettings) -> ServerModel:
    """Return the model that a server answers for, once it has said what it serves.

    Probabilities of whole answers are had where the server takes tokens and the tokenizer is known, else shares of
    sampled answers, unless the settings say another way.

    Raises:
        ModelError: the server cannot be reached, serves no such model, or cannot be asked in this way.
    """
    with asyncio.Runner() as runner:
        served = runner.run(_served(settings))
    names = [str(each.get("id")) for each in served]
    if names and settings.model not in names:
        near = did_you_mean(settings.model, names)
        raise ModelError(f"{settings.address}: serves no model '{settings.model}'.{near}")
    makers = [str(each.get("owned_by") or "") for each in served if each.get("id") == settings.model]
    maker = makers[0] if makers else ""
    scoring = settings.scoring
    if scoring == "auto":
        scoring = "exact" if settings.tokenizer and maker in _TAKES_TOKENS else "samples"
    if scoring != "exact":
        return ServerModel(settings, maker, scoring)
    if settings.tokenizer is None:
        raise ModelError("found --scoring exact without a tokenizer. Name the model's folder or hub id: --tokenizer ID")
    words = require("silicus.models.loading").load_words(settings.tokenizer)
    encoder = Encoder(words.tokenizer, words.limit)
    return ServerModel(settings, maker, scoring, (encoder, encoder.end_tokens(words.ends)))


async def _served(settings: ServerSettings) -> list[dict[str, Any]]:
    client, kept = None, Kept()
    try:
        client = Client(settings, kept)
        return await client.models()
    finally:
        with suppress(Exception):
            if client is not None:
                await client.close()
        kept.close()
