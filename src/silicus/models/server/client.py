"""Calls to a server: so many at once, within the budget, again where one fails in passing, and none twice."""

from __future__ import annotations

import asyncio
import json
import os
import random
from typing import Any

from silicus.errors import ModelError
from silicus.models.server.budget import Reserved
from silicus.models.server.kept import Kept
from silicus.models.server.settings import ServerSettings
from silicus.plugins import require
from silicus.record import digest

__all__ = ["Client"]

_ATTEMPTS = 6
_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 60.0
_NO_KEY = "none"
"""Servers of one's own want no key, and the library insists on one."""


class _PassingError(Exception):
    """A call failed in a way that may pass, and how long the server asks to wait."""

    def __init__(self, why: str, wait_seconds: float | None = None) -> None:
        super().__init__(why)
        self.wait_seconds = wait_seconds


class Client:
    """Asks a server, from within one event loop.

    Args:
        settings: which server, and how.
        kept: where answers are kept.
    """

    def __init__(self, settings: ServerSettings, kept: Kept) -> None:
        self._settings, self._kept = settings, kept
        self._key = os.environ.get(settings.key_variable) or _NO_KEY
        self._openai: Any = require("openai")
        self._client = self._openai.AsyncOpenAI(
            base_url=settings.address, api_key=self._key, max_retries=0, timeout=settings.timeout_seconds
        )
        self._free = asyncio.Semaphore(settings.concurrency)
        self._next_start = 0.0
        self._settled = asyncio.Event()

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def models(self) -> list[dict[str, Any]]:
        """Return what the server says it serves.

        Raises:
            ModelError: it cannot be reached, or wants another key.
        """
        answered = await self._persistently("GET", "/models", None)
        found = answered.get("data")
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

    async def ask(
        self, path: str, body: dict[str, Any], most: Reserved, *, draw: int = 0
    ) -> tuple[str, dict[str, Any]]:
        """Return the key of a call and the server's answer, which is kept and given again for the same call.

        Args:
            path: below the address, as `/completions`; or a whole address.
            body: what is sent.
            most: the tokens that it may use at most.
            draw: which of several equal calls this is.

        Raises:
            ModelError: the server refuses the call, or fails again and again.
            RunError: a cap would be passed.
        """
        asked = digest(self._settings.address, path, json.dumps(body, sort_keys=True), str(draw))
        known = self._kept.get(asked)
        if known is not None:
            return asked, known
        async with self._free:
            answered = await self._persistently("POST", path, body, most)
        self._kept.put(asked, answered)
        return asked, answered

    async def _persistently(
        self, how: str, path: str, body: dict[str, Any] | None, most: Reserved | None = None
    ) -> dict[str, Any]:
        why = ""
        for attempt in range(_ATTEMPTS):
            try:
                return await self._once(how, path, body, most)
            except _PassingError as error:
                why = str(error)
                # Jitter, so that calls which failed together do not come back together.
                backed_off = _FIRST_WAIT_SECONDS * 2**attempt * random.uniform(0.5, 1.0)  # noqa: S311
                wait = backed_off if error.wait_seconds is None else error.wait_seconds
                await asyncio.sleep(min(wait, _LONGEST_WAIT_SECONDS))
        raise ModelError(
            f"{self._settings.address}: {_ATTEMPTS} attempts failed, the last with: {why}. Is the server up? What was "
            "answered is kept; start the same command again to go on."
        )

    async def _once(self, how: str, path: str, body: dict[str, Any] | None, most: Reserved | None) -> dict[str, Any]:
        await self._may_start(most)
        used: tuple[int | None, int | None] = (None, None)
        try:
            # The library's own limit is on silence, and a server may drip.
            async with asyncio.timeout(self._settings.timeout_seconds):
                answered = await self._send(how, path, body)
            used = _usage(answered)
            return answered
        finally:
            if most is not None:
                self._settings.budget.settle(most, *used)
                self._settled.set()

    async def _may_start(self, most: Reserved | None) -> None:
        """Wait until the rate allows a call and, where those under way may free some of the budget, for that."""
        per_minute = self._settings.per_minute
        if per_minute is not None:
            now = asyncio.get_running_loop().time()
            start = max(now, self._next_start)
            self._next_start = start + 60 / per_minute
            await asyncio.sleep(start - now)
        budget = self._settings.budget
        while most is not None and not budget.fits(most) and budget.under_way:
            self._settled.clear()
            await self._settled.wait()
        if most is not None:
            budget.reserve(most)

    async def _send(self, how: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        errors = self._openai
        try:
            if how == "GET":
                answered = await self._client.get(path, cast_to=object)
            else:
                answered = await self._client.post(path, body=body, cast_to=object)
        except (TimeoutError, errors.APITimeoutError):
            raise _PassingError(f"no answer within {self._settings.timeout_seconds:g} seconds") from None
        except errors.APIConnectionError as error:
            raise _PassingError(f"the connection failed ({type(error.__cause__ or error).__name__})") from None
        except errors.APIStatusError as error:
            raise self._refused(error) from None
        except (json.JSONDecodeError, errors.APIResponseValidationError):
            raise _PassingError("an answer that breaks off") from None
        if not isinstance(answered, dict):
            raise _PassingError("an answer that is no JSON object")
        if how == "POST" and not answered.get("choices"):  # pyright: ignore[reportUnknownMemberType]
            raise _PassingError("an answer without choices")
        return answered  # pyright: ignore[reportUnknownVariableType]

    def _refused(self, error: Any) -> Exception:
        """Return the error of a status: those that pass are tried again."""
        status = int(error.status_code)
        if status in {408, 409, 425, 429} or status >= 500:
            return _PassingError(f"status {status}", _retry_after(error.response.headers))
        address, variable = self._settings.address, self._settings.key_variable
        if status in {401, 403}:
            # The server's own words may repeat the key.
            return ModelError(f"{address}: refuses the key (status {status}). Put the right one into {variable}.")
        words = self._without_key(str(error.message))[:300]
        hint = " Is the address right? Most end in /v1." if status == 404 else ""
        return ModelError(f"{address}: refuses the call (status {status}): {words}.{hint}")

    def _without_key(self, words: str) -> str:
        return words if self._key == _NO_KEY else words.replace(self._key, "…")


def _retry_after(headers: Any) -> float | None:
    """Return how many seconds the server asks to wait."""
    try:
        return max(float(headers.get("retry-after", "")), 0.0)
    except ValueError:
        return None


def _usage(answered: dict[str, Any]) -> tuple[int | None, int | None]:
    """Return the tokens read and written as the server reports them, `None` where it does not."""
    usage = answered.get("usage")
    if not isinstance(usage, dict):
        return None, None
    read, written = usage.get("prompt_tokens"), usage.get("completion_tokens")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return (read if isinstance(read, int) else None), (written if isinstance(written, int) else None)
