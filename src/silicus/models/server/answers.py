"""What servers answer, in any of their forms; what has none of them is broken."""

from __future__ import annotations

from math import isnan
from typing import Any

from silicus.models.server.failing import PassingError

__all__ = ["content", "first_choice", "listed"]

_ROUNDING = 1e-3
"""Logarithms of probabilities near 1 may be rounded to more than 0."""


def first_choice(answered: dict[str, Any]) -> dict[str, Any]:
    """Return the first choice of an answer.

    Raises:
        PassingError: there is none.
    """
    choices = answered.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise PassingError("an answer without choices")
    return choices[0]  # pyright: ignore[reportUnknownVariableType]


def content(answered: dict[str, Any]) -> str:
    """Return the text of the model's turn; "" where it said nothing.

    Raises:
        PassingError: there is no turn.
    """
    message = first_choice(answered).get("message")
    if not isinstance(message, dict):
        raise PassingError("an answer without a message")
    text = message.get("content")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return text if isinstance(text, str) else ""


def listed(answered: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the tokens that are listed at the first place, each with its `logprob`; empty where none are.

    The token that was drawn stands first, and may stand again among the likeliest.

    Raises:
        PassingError: a list is there and cannot be read.
    """
    logprobs = first_choice(answered).get("logprobs")
    places = logprobs.get("content") if isinstance(logprobs, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if not places:
        return []
    try:
        every: list[Any] = [places[0], *(places[0].get("top_logprobs") or [])]  # pyright: ignore[reportUnknownMemberType]
    except (TypeError, KeyError, AttributeError, IndexError):
        raise PassingError("a list of probabilities of no known form") from None
    if not all(isinstance(each, dict) and _is_logarithm(each.get("logprob")) for each in every):
        raise PassingError("a list of probabilities that are none")
    return every


def _is_logarithm(found: object) -> bool:
    if isinstance(found, bool) or not isinstance(found, int | float):
        return False
    return not isnan(found) and found <= _ROUNDING
