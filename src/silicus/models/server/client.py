"""Calls to a server: so many at once, within the budget, again where one fails in passing, and none twice."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from silicus.errors import ModelError, RunError
from silicus.models.kept import Kept
from silicus.models.server.budget import Reserved
from silicus.models.server.failing import AnswerError, PassingError, refused, usage
from silicus.models.server.secret import Secret
from silicus.models.server.settings import ServerSettings
from silicus.plugins import require
from silicus.record import digest

__all__ = ["Call", "Client"]

T = TypeVar("T")

_ATTEMPTS = 6
_FIRST_ATTEMPTS = 3
"""Of the question what is served: nobody waits for a server that is not there."""
_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        path: below the address, as `/completions`; or a whole address.
        body: what is sent.
        most: the tokens that it may use.
        also: what else tells it from other calls: which draw of several it is, or what is read of its answer.
    """

    path: str
    body: dict[str, Any]
    most: Reserved
    also: str = ""

    def key(self, address: str) -> str:
        """Return the name under which what was read of its answer is kept."""
        return digest(address, self.path, json.dumps(self.body, sort_keys=True), self.also)


class Client:
    """Asks a server, from within one event loop.

    Args:
        settings: which server, and how.
        kept: where answers are kept.

    Raises:
        InputError: the variable of the key holds what no key is.
    """

    def __init__(self, settings: ServerSettings, kept: Kept) -> None:
        self._settings, self._kept = settings, kept
        self._secret = Secret.of(settings.key_variable)
        self._openai: Any = require("openai")
        self._client = self._openai.AsyncOpenAI(
            base_url=settings.address,
            api_key=self._secret.sent,
            max_retries=0,
            timeout=settings.timeout_seconds,
            # A redirect would be a call that nobody counts, and would carry prompts and key to another server.
            http_client=self._openai.DefaultAsyncHttpxClient(follow_redirects=False),
        )
        self._free = asyncio.Semaphore(settings.concurrency)
        self._gate, self._settled, self._stopped = asyncio.Lock(), asyncio.Event(), asyncio.Event()
        self._same: dict[str, asyncio.Lock] = {}

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    def stop(self) -> None:
        """Begin no further call; those under way are still answered, and kept."""
        self._stopped.set()
        self._settled.set()

    async def models(self) -> list[dict[str, Any]]:
        """Return what the server says it serves.

        Raises:
            ModelError: it cannot be reached, or wants another key.
        """
        answered = await self._persistently(lambda: self._once("GET", "/models", None), _FIRST_ATTEMPTS)
        found = answered.get("data")
        if not isinstance(found, list):
            raise ModelError(
                f"{self._settings.address}: answers, but not as an OpenAI-compatible server. Is the address right? "
                "Most end in /v1."
            )
        return self._secret.left_out([each for each in found if isinstance(each, dict)])  # pyright: ignore[reportUnknownVariableType]

    async def look_up(self, address: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a question that reads and writes no token, and is not kept.

        Raises:
            ModelError: the server refuses it, or fails again and again.
        """
        return await self._persistently(lambda: self._once("POST", address, body), _FIRST_ATTEMPTS)

    async def ask(self, call: Call, read: Callable[[dict[str, Any]], T]) -> tuple[str, T]:
        """Return the key of a call and what is read of its answer, which is kept and given again for the same call.

        Args:
            call: the call.
            read: returns what is wanted of an answer, as JSON can hold it; raises a `PassingError` where the answer is
                broken, a `ModelError` where another would be no better. Such answers are not kept.

        Raises:
            ModelError: the server refuses the call, or fails again and again.
            RunError: a cap would be passed.
        """
        asked = call.key(self._settings.address)
        # Equal prompts, as of people who are alike, are asked side by side.
        async with self._same.setdefault(asked, asyncio.Lock()):
            known = self._kept.get(asked)
            if known is None:
                async with self._free:
                    known = self._secret.left_out(await self._persistently(lambda: self._paid(call, read), _ATTEMPTS))
                self._kept.put(asked, known)
        return asked, known

    async def _persistently(self, once: Callable[[], Any], attempts: int) -> Any:
        why = ""
        for attempt in range(attempts):
            try:
                return await once()
            except PassingError as error:
                why = str(error)
                if attempt + 1 < attempts:
                    await self._wait(attempt, error.wait_seconds)
        times = "attempts failed, the last with" if attempts > 1 else "attempt failed with"
        raise ModelError(
            f"{self._settings.address}: {attempts} {times}: {why}. Is the server up, and the address right? What was "
            "answered is kept; start the same command again to go on."
        )

    async def _wait(self, attempt: int, wanted_seconds: float | None) -> None:
        """Wait before a further attempt, as long as the server asks, or longer each time; not where all is stopped."""
        # Jitter, so that calls which failed together do not come back together.
        backed_off = _FIRST_WAIT_SECONDS * 2**attempt * random.uniform(0.5, 1.0)  # noqa: S311
        await self._sleep(min(backed_off if wanted_seconds is None else wanted_seconds, _LONGEST_WAIT_SECONDS))

    async def _sleep(self, seconds: float) -> None:
        """Wait so long, or until all is stopped."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)

    async def _paid(self, call: Call, read: Callable[[dict[str, Any]], T]) -> T:
        """Return what is read of the answer to a call that the budget counts."""
        most, budget = call.most, self._settings.budget
        number = await self._start(most)
        used = most.read, most.written
        try:
            answered = await self._once("POST", call.path, call.body)
            used = most.counted(*usage(answered))
            return read(answered)
        except AnswerError as error:
            if not error.charged:
                used = 0, 0
            raise
        finally:
            budget.settle(most, *used)
            self._kept.used(number, *used)
            self._settled.set()

    async def _start(self, most: Reserved) -> int:
        """Wait until the rate allows a call and, where those under way may free some of the budget, for that.

        Returns the number of the attempt.
        """
        budget, settings = self._settings.budget, self._settings
        async with self._gate:
            await self._sleep(settings.pace.wait_seconds())
            while not self._stopped.is_set() and not budget.fits(most) and budget.under_way:
                self._settled.clear()
                await self._settled.wait()
            if self._stopped.is_set():
                raise RunError("stopped.")
            budget.reserve(most)
            settings.pace.begin()
            return self._kept.attempt(most.read, most.written)

    async def _once(self, how: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        try:
            # The library's own limit is on silence, and a server may drip.
            async with asyncio.timeout(self._settings.timeout_seconds):
                return await self._send(how, path, body)
        except TimeoutError:
            raise PassingError(f"no answer within {self._settings.timeout_seconds:g} seconds") from None

    async def _send(self, how: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        errors = self._openai
        try:
            if how == "GET":
                answered = await self._client.get(path, cast_to=object)
            else:
                answered = await self._client.post(path, body=body, cast_to=object)
        except errors.APITimeoutError:
            raise PassingError(f"no answer within {self._settings.timeout_seconds:g} seconds") from None
        except errors.APIConnectionError as error:
            why = type(error.__cause__ or error).__name__
            raise PassingError(f"the connection failed ({why})", charged=why != "ConnectError") from None
        except errors.APIStatusError as error:
            raise refused(error, self._settings, self._secret) from None
        except (ValueError, RecursionError, errors.APIResponseValidationError):
            raise PassingError("an answer that breaks off, or is no JSON") from None
        if not isinstance(answered, dict):
            raise PassingError("an answer that is no JSON object")
        return answered  # pyright: ignore[reportUnknownVariableType]
