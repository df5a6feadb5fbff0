"""What becomes of a call that fails: it is tried again, or it ends the run with words that say what to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isnan
from typing import Any

from silicus.errors import ModelError
from silicus.models.server.secret import Secret
from silicus.models.server.settings import ServerSettings

__all__ = ["AnswerError", "PassingError", "RefusedError", "refused", "usage"]

_PASSING = {408, 409, 425, 429}
_KEY = {401, 403}
_OF_PROMPT = {400, 413, 422}
_SERVER, _TOO_LATE = 500, 408
_NOT_FOUND, _ELSEWHERE = 404, 300
_MOST_WORDS = 300


class AnswerError(Exception):
    """A call came to no answer.

    Attributes:
        charged: whether it may have to be paid for all the same.
    """

    charged = True


class PassingError(AnswerError):
    """A call failed in a way that may pass.

    Attributes:
        wait_seconds: how long the server asks to wait, `None` where it does not say.
    """

    def __init__(self, why: str, wait_seconds: float | None = None, *, charged: bool = True) -> None:
        super().__init__(why)
        self.wait_seconds, self.charged = wait_seconds, charged


class RefusedError(ModelError, AnswerError):
    """A server will not answer this call, however often it is asked.

    Attributes:
        of_prompt: whether that may lie in the prompt.
    """

    charged = False

    def __init__(self, message: str, *, of_prompt: bool = False) -> None:
        super().__init__(message)
        self.of_prompt = of_prompt


def refused(error: Any, settings: ServerSettings, secret: Secret) -> AnswerError:
    """Return the error of a status: those that pass are tried again.

    What is refused before it is computed costs nothing; behind an error of the server an answer may have been lost.
    """
    status, address = int(error.status_code), settings.address
    if status in _PASSING or status >= _SERVER:
        charged = status == _TOO_LATE or status >= _SERVER
        return PassingError(f"status {status}", _retry_after(error.response.headers), charged=charged)
    if status in _KEY:
        # The server's own words may repeat the key.
        return RefusedError(
            f"{address}: refuses the key (status {status}). Put the right one into {settings.key_variable}."
        )
    if _ELSEWHERE <= status < min(_OF_PROMPT):
        return RefusedError(
            f"{address}: sends elsewhere (status {status}), where neither prompts nor key are sent unasked. Give the "
            "address itself as --server."
        )
    words = secret.told(_words(error))[:_MOST_WORDS].rstrip(". ")
    hint = " Is the address right? Most end in /v1." if status == _NOT_FOUND else ""
    return RefusedError(
        f"{address}: refuses the call (status {status}): {words}.{hint}", of_prompt=status in _OF_PROMPT
    )


def _words(error: Any) -> str:
    """Return what the server says of an error, without the wrapping it comes in."""
    body = error.body
    said = body.get("message") if isinstance(body, Mapping) else body  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return " ".join(str(said or error.message).split())


def _retry_after(headers: Any) -> float | None:
    """Return how many seconds the server asks to wait: it names them, or a date."""
    said = str(headers.get("retry-after", ""))
    try:
        seconds = float(said)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
    return None if isnan(seconds) else max(seconds, 0.0)


def usage(answered: dict[str, Any]) -> tuple[int | None, int | None]:
    """Return the tokens read and written as the server reports them, `None` where it does not."""
    said = answered.get("usage")
    if not isinstance(said, dict):
        return None, None
    return _number(said.get("prompt_tokens")), _number(said.get("completion_tokens"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def _number(said: object) -> int | None:
    return said if isinstance(said, int) and not isinstance(said, bool) else None
