"""Exact probabilities from a server: the answer trie, a call a node, in the very tokens that a local model reads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np

from silicus.models.encode import Encoder
from silicus.models.server.budget import Reserved
from silicus.models.server.client import Client
from silicus.models.server.settings import ServerSettings
from silicus.models.tree import Row
from silicus.models.trie import END
from silicus.prompts import Prompt

__all__ = ["ExactScoring"]

_MOST_TOP = 20
"""How many of the most probable tokens a server lists at most, where it does not list those that are asked for."""
_MANY_TOP = 1000
"""The same of servers that list as many as one likes."""

_VLLM_TOKENS = "/inference/v1/generate"
"""Where vLLM takes tokens and gives the probabilities of those that are asked for; not below /v1."""


class ExactScoring:
    """The probability of every answer as the product of its tokens, each read in a call of its own.

    Prompts go as tokens, so that a server reads what a local model reads. vLLM gives the probabilities of the very
    tokens that are asked for; of other servers the most probable ones are read, and what they do not list is lost to
    `covered`. Nothing is sampled that counts.

    Args:
        client: the server.
        settings: which server, and the name under which it serves the model.
        encoder: how the model reads.
        ends: the tokens that end an answer.
        maker: whose server it is, as it says itself ("vllm", "llamacpp", ...).
    """

    def __init__(
        self, client: Client, settings: ServerSettings, encoder: Encoder, ends: Sequence[int], maker: str
    ) -> None:
        self._client, self._encoder, self._ends, self._maker = client, encoder, list(ends), maker
        self._model, self._root = settings.model, settings.address.rstrip("/").removesuffix("/v1")

    async def answer(self, prompt: Prompt) -> np.ndarray:
        """Return the log-probability of each answer, shape (answers,); -inf where the server does not tell it."""
        (row,) = self._encoder.rows([prompt])
        nodes = _nodes(row)
        read = await asyncio.gather(*(self._node(tokens, self._wanted(row, node)) for node, tokens in enumerate(nodes)))
        edges = [
            _log_sum([read[node].get(token, -np.inf) for token in self._tokens(edge)])
            for node, edge in zip(row.trie.edge_nodes.tolist(), row.trie.edge_tokens.tolist(), strict=True)
        ]
        return row.trie.log_probabilities(np.array(edges))

    def _tokens(self, edge: int) -> list[int]:
        return self._ends if edge == END else [edge]

    def _wanted(self, row: Row, node: int) -> list[int]:
        """Return the tokens that are read at a node."""
        edges: list[int] = row.trie.edge_tokens[row.trie.edge_nodes == node].tolist()
        return [token for edge in edges for token in self._tokens(edge)]

    async def _node(self, tokens: list[int], wanted: list[int]) -> dict[int, float]:
        """Return token -> log-probability after these tokens."""
        most = Reserved(len(tokens), 1)
        if self._maker == "vllm":
            one = {"max_tokens": 1, "temperature": 1.0, "logprobs": 0, "logprob_token_ids": wanted}
            body: dict[str, Any] = {"model": self._model, "token_ids": tokens, "sampling_params": one}
            _, answered = await self._client.ask(f"{self._root}{_VLLM_TOKENS}", body, most)
        else:
            top = _MANY_TOP if self._maker == "llamacpp" else _MOST_TOP
            body = {"model": self._model, "prompt": tokens, "max_tokens": 1, "temperature": 1.0, "logprobs": top}
            _, answered = await self._client.ask("/completions", body, most)
        return _listed(answered["choices"][0].get("logprobs"))


def _nodes(row: Row) -> list[list[int]]:
    """Return the tokens that lead to every node of a row's trie, the prompt's own first among them."""
    context: list[int] = row.context.tolist()
    path: list[int] = []
    found = [context]
    for token, depth in zip(row.trie.tokens.tolist(), row.trie.depths.tolist(), strict=True):
        path = [*path[: depth - 1], token]
        found.append(context + path)
    return found


def _listed(logprobs: Any) -> dict[int, float]:
    """Return token -> log-probability of the first place, from any of the forms in which servers list them.

    One lists `content` with an `id`, another with a `token` of the form "token_id:123"; where a token is not named by
    its number nothing can be read.
    """
    content = (logprobs or {}).get("content") or []
    listed = [content[0], *content[0].get("top_logprobs", [])] if content else []
    return {number: each["logprob"] for each in listed if (number := _number(each)) is not None}


def _number(listed: dict[str, Any]) -> int | None:
    if "id" in listed:
        return int(listed["id"])
    kind, _, number = str(listed.get("token", "")).partition(":")
    return int(number) if kind == "token_id" and number.isdigit() else None


def _log_sum(values: list[float]) -> float:
    return float(np.logaddexp.reduce(values)) if values else -np.inf
