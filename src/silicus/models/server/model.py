"""A model behind an OpenAI-compatible server, asked like any other."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from silicus.errors import ModelError, SilicusError, did_you_mean
from silicus.models.encode import Encoder, place_of
from silicus.models.kept import Kept
from silicus.models.server.chat import FirstToken, Sampled, standard_error
from silicus.models.server.client import Client
from silicus.models.server.exact import TAKES_TOKENS, ExactScoring, Reading, check_tokenizer
from silicus.models.server.failing import RefusedError
from silicus.models.server.loop import Loop
from silicus.models.server.settings import ServerSettings
from silicus.models.server.writing import Texts
from silicus.models.writing import Text, Writing
from silicus.plugins import require
from silicus.prompts import Prompt
from silicus.record import digest

__all__ = ["ServerModel", "load_server"]

Answer = TypeVar("Answer", covariant=True)


class _Asking(Protocol[Answer]):
    def check(self, prompt: Prompt) -> None: ...

    async def answer(self, prompt: Prompt) -> Answer: ...


class ServerModel:
    """A model that a server answers for.

    Args:
        settings: which server, and how it is asked.
        maker: whose server it is, as it says itself.
        scoring: how probabilities are had; settled, not "auto".
        reading: how the model reads, where prompts go as tokens.

    Attributes:
        name: what it is called in tables.
        fingerprint: a hash of all that its answers depend on and that can be known from here.
        scoring: how probabilities are had.
        encoder: turns prompts into tokens; `None` where the server does that.
        writes: that it can write, whatever way of scoring.
    """

    writes = True

    def __init__(self, settings: ServerSettings, maker: str, scoring: str, reading: Reading | None = None) -> None:
        self.name, self.scoring = settings.model, scoring
        self.encoder = reading.encoder if reading else None
        self._settings, self._maker, self._reading = settings, maker, reading
        self._kept = Kept()
        drawn = (str(settings.samples), str(settings.temperature), str(settings.seed)) if scoring == "samples" else ()
        read = (reading.fingerprint,) if reading else ()
        self.fingerprint = digest("server", settings.model, maker, scoring, *drawn, *read)

    def keep_in(self, folder: Path) -> None:
        """Keep answers in a run folder, so that a run that stops goes on without asking again.

        What was spent in it before counts: caps are those of a run, not of one start of it.
        """
        self._kept.close()
        self._kept = Kept(folder / "calls.sqlite")
        self._settings.budget.spent = self._kept.spent()

    def close(self) -> None:
        """Close the file in which answers are kept."""
        self._kept.close()

    def answer(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, np.ndarray]]:
        """Yield a prompt's index and the log-probability of each of its answers, as they come.

        What a server did not tell, or a sampled answer never was, is -inf. Where this ends early, calls that are under
        way are still answered and kept; no other is begun.

        Raises:
            ModelError: the server refuses a call, or fails again and again.
            RunError: a cap would be passed.
        """
        yield from self._each(prompts, self._scoring)

    def write(self, prompts: Sequence[Prompt], how: Writing) -> Iterator[tuple[int, list[Text]]]:
        """Yield a prompt's index and its texts, as they come.

        Raises:
            ModelError: the server refuses a call, or fails again and again.
            RunError: a cap would be passed.
        """
        yield from self._each(prompts, lambda client: Texts(client, self._settings, self._maker, how))

    def _each(
        self, prompts: Sequence[Prompt], asking_through: Callable[[Client], _Asking[Answer]]
    ) -> Iterator[tuple[int, Answer]]:
        """Yield a prompt's index and what it is answered with, as answers come."""
        with Loop() as loop:
            client = loop.run(self._client())
            asking = asking_through(client)

            async def begin() -> set[asyncio.Task[tuple[int, Answer]]]:
                return {asyncio.create_task(_one(asking, *each)) for each in enumerate(prompts)}

            every: set[asyncio.Task[tuple[int, Answer]]] = set()
            try:
                for prompt in prompts:
                    asking.check(prompt)
                waiting = every = loop.run(begin())
                while waiting:
                    done, waiting = loop.run(_some(waiting))
                    for task in done:
                        yield task.result()
            except (SilicusError, GeneratorExit):
                loop.run(_come_in(client))
                raise
            finally:
                loop.run(_end(every, client))

    async def _client(self) -> Client:
        return Client(self._settings, self._kept)

    def _scoring(self, client: Client) -> _Asking[np.ndarray]:
        if self._reading is not None:
            return ExactScoring(client, self._settings, self._reading, self._maker)
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


async def _one(asking: _Asking[Answer], index: int, prompt: Prompt) -> tuple[int, Answer]:
    try:
        return index, await asking.answer(prompt)
    except RefusedError as error:
        if not error.of_prompt:
            raise
        # It may be too long for the server, or say what it does not like.
        raise ModelError(f"{place_of(prompt)}: {error}") from None


async def _some(
    waiting: set[asyncio.Task[tuple[int, Answer]]],
) -> tuple[set[asyncio.Task[tuple[int, Answer]]], set[asyncio.Task[tuple[int, Answer]]]]:
    return await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)


async def _come_in(client: Client) -> None:
    """Wait for the calls under way, which are paid for; errors beside the first that ended all are the same ones."""
    client.stop()
    # Where one call of a prompt fails, its others go on by themselves.
    own = asyncio.current_task()
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task is not own), return_exceptions=True)


async def _end(tasks: set[asyncio.Task[Any]], client: Client) -> None:
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
    with Loop() as loop:
        maker = loop.run(_maker(settings))
    scoring = settings.scoring
    if scoring == "auto":
        scoring = "exact" if settings.tokenizer and maker in TAKES_TOKENS else "samples"
    if scoring != "exact":
        return ServerModel(settings, maker, scoring)
    if settings.tokenizer is None:
        raise ModelError("found --scoring exact without a tokenizer. Name the model's folder or hub id: --tokenizer ID")
    if maker not in TAKES_TOKENS:
        raise ModelError(
            f"{settings.address}: is a server of '{maker or 'nobody known'}'. Whole answers can be had of vLLM and "
            "llama.cpp. Take --scoring tokens or samples."
        )
    words = require("silicus.models.loading").load_words(settings.tokenizer)
    with Loop() as loop:
        loop.run(_check(settings, words.tokenizer, maker))
    encoder = Encoder(words.tokenizer, words.limit)
    return ServerModel(settings, maker, scoring, Reading(encoder, encoder.end_tokens(words.ends), words.weights))


async def _maker(settings: ServerSettings) -> str:
    """Return whose server it is, "" where it does not say.

    Raises:
        ModelError: it serves no such model.
    """
    async with _asking(settings) as client:
        served = await client.models()
    names = [str(each.get("id")) for each in served]
    if not names:  # Some do not tell what they serve.
        return ""
    if settings.model not in names:
        near = did_you_mean(settings.model, names)
        raise ModelError(f"{settings.address}: serves no model '{settings.model}'.{near}")
    return str(served[names.index(settings.model)].get("owned_by") or "")


async def _check(settings: ServerSettings, tokenizer: Any, maker: str) -> None:
    async with _asking(settings) as client:
        await check_tokenizer(client, settings, tokenizer, maker)


@asynccontextmanager
async def _asking(settings: ServerSettings) -> AsyncGenerator[Client]:
    """Yield a client that keeps nothing."""
    kept = Kept()
    client = Client(settings, kept)
    try:
        yield client
    finally:
        await client.close()
        kept.close()
