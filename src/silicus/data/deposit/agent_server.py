"""The road to a language model: any server that speaks as OpenAI's does; every request is counted and written down.

This file and `agent` alone know the library that speaks with it, and are imported only where a model is asked.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import httpx2
from pydantic_ai.exceptions import ModelAPIError, ModelConnectionError, ModelHTTPError, UnexpectedModelBehavior
from pydantic_ai.messages import ModelMessage, ModelMessagesTypeAdapter, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.settings import ModelSettings

from silicus.data.deposit.agent_budget import Meter, Transcript

__all__ = ["Server", "open_model", "why_it_failed"]

_WAITS = (1.0, 4.0, 16.0)
"""Seconds before a request is sent again that failed for a reason which may pass."""
_LONGEST_WAIT = 60.0
_PASSING = (408, 409, 425, 429)
_SECONDS = 1800.0
"""A model on a small machine writes a recipe in half an hour."""


@dataclass(frozen=True)
class Server:
    """Where a model is asked.

    Attributes:
        model: its name there.
        url: such as `http://localhost:8000/v1`.
        variable: the environment variable that holds the key.
        key: what it holds; `None` for none.
    """

    model: str
    url: str
    variable: str
    key: str | None


class _MeteredModel(WrapperModel):
    """A model that is asked only as long as the budget lasts, and again where its server stumbles."""

    def __init__(self, wrapped: Model, meter: Meter) -> None:
        super().__init__(wrapped)
        self._meter = meter
        self._in_both_words = True

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Return the answer of the model.

        Raises:
            BudgetSpentError: the request could cost more than is left; it is not sent.
        """
        size = _size(messages, model_request_parameters)
        waits = iter(_WAITS)
        while True:
            settings = ModelSettings(**(model_settings or {}))
            settings["max_tokens"] = most = self._meter.start(size)
            if self._in_both_words:
                # Sent as max_completion_tokens, which many servers do not know; without it some write without end.
                settings["extra_body"] = {"max_tokens": most}
            # Requests that the library sends again by itself would not be counted.
            settings["max_retries"] = 0
            try:
                response = await super().request(messages, settings, model_request_parameters)
            except (ModelAPIError, UnexpectedModelBehavior) as error:
                # Nobody charges for a refusal; whether a broken answer is charged for, nobody knows.
                self._meter.finish((0, 0) if isinstance(error, ModelHTTPError) else (size, 0), (0, 0))
                if self._in_both_words and _refuses_both(error):
                    self._in_both_words = False
                    continue
                wait = next(waits, None)
                if wait is None or not _may_pass(error):
                    raise
                await asyncio.sleep(max(wait, min(getattr(error, "retry_after", None) or 0.0, _LONGEST_WAIT)))
                continue
            received = len(repr(response.parts).encode("utf-8", errors="replace"))
            self._meter.finish((size, response.usage.input_tokens), (received, response.usage.output_tokens))
            return response


def _size(messages: list[ModelMessage], parameters: ModelRequestParameters) -> int:
    tools = [*parameters.function_tools, *parameters.output_tools]
    schemas = json.dumps([(tool.name, tool.description, tool.parameters_json_schema) for tool in tools])
    return len(ModelMessagesTypeAdapter.dump_json(messages)) + len(schemas)


def _refuses_both(error: Exception) -> bool:
    """Return whether a server, as OpenAI's own, takes offence at a limit that is said in two words."""
    return isinstance(error, ModelHTTPError) and error.status_code in (400, 422) and "max_tokens" in str(error.body)


def _may_pass(error: Exception) -> bool:
    return not isinstance(error, ModelHTTPError) or error.status_code >= 500 or error.status_code in _PASSING


@asynccontextmanager
async def open_model(server: Server, meter: Meter, transcript: Transcript) -> AsyncGenerator[Model]:
    """Yield a model whose every request and answer is counted and written down.

    Args:
        server: where it is asked.
        meter: counts, and stops what would cost too much.
        transcript: where everything is written.
    """

    async def sent(request: httpx2.Request) -> None:
        transcript.write("sent", call=meter.spent.calls, path=request.url.path, body=_said(request.content))

    async def received(response: httpx2.Response) -> None:
        body = _said(await response.aread())
        transcript.write("received", call=meter.spent.calls, status=response.status_code, body=body)

    hooks: dict[str, list[Any]] = {"request": [sent], "response": [received]}
    async with httpx2.AsyncClient(timeout=httpx2.Timeout(_SECONDS, connect=30.0), event_hooks=hooks) as client:
        provider = OpenAICompatibleProvider("server", base_url=server.url, api_key=server.key, http_client=client)
        yield _MeteredModel(OpenAIChatModel(server.model, provider=provider), meter)


def _said(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode("utf-8", errors="replace")


def why_it_failed(error: Exception, server: Server) -> str:
    """Return why a server gave no answer, in words that say what to do."""
    if not isinstance(error, ModelHTTPError):
        hint = " Is --server right, and the server up?" if isinstance(error, ModelConnectionError) else ""
        return f"no usable answer came from {server.url} ({_first_line(error)}).{hint}"
    if error.status_code in (401, 403):
        held = "holds another one" if server.key else "is not set"
        return (
            f"the server at {server.url} refused the key (HTTP {error.status_code}); the variable {server.variable} "
            f"{held}. Put the key into it, or name another variable with --key-variable."
        )
    if error.status_code == 404:
        return f"the server at {server.url} knows no model '{server.model}' (HTTP 404). Check --server and --model."
    return f"the server at {server.url} answered with HTTP {error.status_code}: {_message(error.body)}"


def _message(body: object) -> str:
    """Return what a server says of an error, without the wrapping it comes in."""
    inner: Any = body
    while isinstance(inner, dict):
        pairs = cast("dict[str, Any]", inner)
        inner = pairs.get("error") or pairs.get("message") or json.dumps(pairs)
    return _first_line(inner)


def _first_line(said: object) -> str:
    line = str(said).strip().partition("\n")[0][:300]
    return "".join(letter for letter in line if letter.isprintable()) or "no words"
