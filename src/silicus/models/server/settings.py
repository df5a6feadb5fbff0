"""What is to be known of a server before it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from silicus.errors import InputError
from silicus.models.server.budget import Budget

__all__ = ["Scoring", "ServerSettings"]

Scoring = Literal["auto", "exact", "tokens", "samples"]
"""How probabilities are had: of whole answers, token by token (`exact`); of the first token, from the list of the most
probable (`tokens`); or as shares of sampled answers (`samples`)."""


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """Which server, and how it is asked.

    Attributes:
        address: as `http://localhost:8000/v1`.
        model: the name under which it serves the model.
        scoring: how probabilities are had.
        tokenizer: a folder, a hub id or `smollm2`, where the model's tokenizer is; needed for `exact`.
        samples: how many answers are drawn for a prompt, where they are sampled.
        temperature: of sampled answers.
        concurrency: how many calls are under way at once.
        per_minute: how many calls may begin in a minute; `None` for as many as there are.
        timeout_seconds: how long one call may take.
        key_variable: the environment variable that holds the key; it may be unset where the server wants none.
        budget: what may be spent.

    Raises:
        InputError: the address is none.
    """

    address: str
    model: str
    budget: Budget
    scoring: Scoring = "auto"
    tokenizer: str | None = None
    samples: int = 20
    temperature: float = 1.0
    concurrency: int = 8
    per_minute: int | None = None
    timeout_seconds: float = 120.0
    key_variable: str = "OPENAI_API_KEY"

    def __post_init__(self) -> None:
        parts = urlsplit(self.address)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InputError(f"found --server {self.address}, expected an address such as http://localhost:8000/v1.")
        if parts.username or parts.password:
            # It would stand in the manifest of every run.
            raise InputError(f"the address of --server holds a password. Put the key into {self.key_variable}.")
