"""What is to be known of a server before it is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from silicus.errors import InputError
from silicus.models.server.budget import Budget
from silicus.models.server.pace import Pace

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
        seed: where the chance of sampled answers starts, where the server takes one.
        concurrency: how many calls are under way at once.
        pace: how often calls may begin.
        timeout_seconds: how long one call may take.
        key_variable: the environment variable that holds the key; it may be unset where the server wants none.
        budget: what may be spent.

    Raises:
        InputError: the address is none, or holds what is not to be kept.
    """

    address: str
    model: str
    budget: Budget
    scoring: Scoring = "auto"
    tokenizer: str | None = None
    samples: int = 20
    temperature: float = 1.0
    seed: int = 0
    concurrency: int = 8
    pace: Pace = field(default_factory=Pace)
    timeout_seconds: float = 120.0
    key_variable: str = "OPENAI_API_KEY"

    def __post_init__(self) -> None:
        expected = "expected an address such as http://localhost:8000/v1."
        try:
            parts = urlsplit(self.address)
            parts.port  # noqa: B018  # A port that is none is found out when it is asked for.
        except ValueError:
            raise InputError(f"found a --server that is no address, {expected}") from None
        if parts.username or parts.password or parts.query or parts.fragment:
            # They would stand in the manifest of every run.
            raise InputError(
                f"the address of --server holds a password or a query; {expected} Put the key into {self.key_variable}."
            )
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InputError(f"found --server {self.address}, {expected}")

    @property
    def host(self) -> str:
        """The name of the machine that is asked."""
        return urlsplit(self.address).hostname or ""

    @property
    def root(self) -> str:
        """The address without its version, where servers have what OpenAI's has not."""
        return self.address.rstrip("/").removesuffix("/v1")
