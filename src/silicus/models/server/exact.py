"""Exact probabilities from a server: the answer trie, a call a node, in the very tokens that a local model reads."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np

from silicus.errors import ModelError, counted
from silicus.models.encode import Encoder
from silicus.models.server.answers import listed
from silicus.models.server.budget import Reserved
from silicus.models.server.client import Call, Client
from silicus.models.server.failing import PassingError, RefusedError
from silicus.models.server.settings import ServerSettings
from silicus.models.tree import Row
from silicus.models.trie import END
from silicus.prompts import Prompt

__all__ = ["TAKES_TOKENS", "ExactScoring", "Reading", "check_tokenizer"]

TAKES_TOKENS = ("vllm", "llamacpp")
"""Servers that take prompts as tokens and name tokens by their numbers."""

_TOP = 1000
"""How many of the most probable tokens llama.cpp lists; it cannot be asked for some of them."""
_VLLM_TOKENS = "/inference/v1/generate"
"""Where vLLM takes tokens and gives the probabilities of those that are asked for; not below /v1."""
_VLLM_MOST = 127
"""For how many tokens vLLM gives probabilities in one call, but for one that is asked for besides."""
_SAMPLE = "How likely are you to agree, from 0 to 100?\n\nA. 7  B. 42  C. 1,000\nPrefer not to say: don't know"
"""Words on which tokenizers differ where they differ at all: numbers, letters, spaces and lines."""


class Reading:
    """How a served model reads, as its tokenizer says.

    Args:
        encoder: turns prompts into tokens.
        ends: the tokens that end an answer.
        fingerprint: a hash of the tokenizer's files.
    """

    def __init__(self, encoder: Encoder, ends: list[int], fingerprint: str) -> None:
        self.encoder, self.ends, self.fingerprint = encoder, ends, fingerprint


class ExactScoring:
    """The probability of every answer as the product of its tokens, each read in a call of its own.

    Prompts go as tokens, so that a server reads what a local model reads. vLLM gives the probabilities of the very
    tokens that are asked for; llama.cpp lists the most probable ones, and what is not among them is lost to `covered`.
    Nothing is sampled that counts.

    Args:
        client: the server.
        settings: which server, and the name under which it serves the model.
        reading: how the model reads.
        maker: whose server it is, as it says itself: one of `TAKES_TOKENS`.
    """

    def __init__(self, client: Client, settings: ServerSettings, reading: Reading, maker: str) -> None:
        self._client, self._settings, self._reading, self._maker = client, settings, reading, maker

    def check(self, prompt: Prompt) -> None:
        """Refuse nothing: what is too long or cannot be told apart is found when a prompt becomes tokens."""

    async def answer(self, prompt: Prompt) -> np.ndarray:
        """Return the log-probability of each answer, shape (answers,); -inf where the server does not tell it."""
        (row,) = self._reading.encoder.rows([prompt])
        nodes = _nodes(row)
        read = await asyncio.gather(*(self._node(tokens, self._wanted(row, node)) for node, tokens in enumerate(nodes)))
        edges = [
            _log_sum([read[node].get(token, -np.inf) for token in self._tokens(edge)])
            for node, edge in zip(row.trie.edge_nodes.tolist(), row.trie.edge_tokens.tolist(), strict=True)
        ]
        return row.trie.log_probabilities(np.array(edges))

    def _tokens(self, edge: int) -> list[int]:
        return self._reading.ends if edge == END else [edge]

    def _wanted(self, row: Row, node: int) -> list[int]:
        """Return the tokens that are read at a node."""
        edges: list[int] = row.trie.edge_tokens[row.trie.edge_nodes == node].tolist()
        return sorted({token for edge in edges for token in self._tokens(edge)})

    async def _node(self, tokens: list[int], wanted: list[int]) -> dict[int, float]:
        """Return token -> log-probability after these tokens."""
        each = _VLLM_MOST if self._maker == "vllm" else len(wanted)
        blocks = [wanted[start : start + each] for start in range(0, len(wanted), each)]
        read = await asyncio.gather(*(self._block(tokens, block) for block in blocks))
        return {token: value for found in read for token, value in found.items()}

    async def _block(self, tokens: list[int], wanted: list[int]) -> dict[int, float]:
        most, model = Reserved(len(tokens), 1, least=len(tokens)), self._settings.model
        if self._maker == "vllm":
            # It leaves the last one out where another was drawn than those asked for: one more is asked for.
            asked = [*wanted, next(token for token in range(len(wanted) + 1) if token not in wanted)]
            one = {"max_tokens": 1, "temperature": 1.0, "logprobs": len(asked), "logprob_token_ids": asked}
            body = {"model": model, "token_ids": tokens, "sampling_params": one}
            call = Call(f"{self._settings.root}{_VLLM_TOKENS}", body, most)
        else:
            # The token that is drawn is not read; were it part of a sign, as by chance it may be, none would be listed.
            body = {"model": model, "prompt": tokens, "max_tokens": 1, "temperature": 0.0, "logprobs": _TOP}
            call = Call("/completions", body, most, also=str(wanted))
        try:
            _, values = await self._client.ask(call, lambda answered: self._read(answered, wanted))
        except RefusedError as error:
            if self._maker != "vllm" or error.of_prompt:
                raise
            raise ModelError(
                f"{error} vLLM gives probabilities of tokens where it is started with --enable-scale-out; else take "
                "--scoring tokens or samples."
            ) from None
        return {token: value for token, value in zip(wanted, values, strict=True) if value is not None}

    def _read(self, answered: dict[str, Any], wanted: list[int]) -> list[float | None]:
        """Return the log-probability of each wanted token, `None` where it is not listed."""
        every = listed(answered)
        numbers = {number: each["logprob"] for each in every if (number := _number(each)) is not None}
        if not numbers:
            raise ModelError(
                f"{self._settings.address}: names no tokens by their numbers for '{self._settings.model}'. Take "
                "--scoring tokens or samples."
            )
        if self._maker == "vllm" and (missing := len(set(wanted) - numbers.keys())):
            raise PassingError(f"an answer without {counted(missing, 'token', 'tokens')} that was asked for")
        return [numbers.get(token) for token in wanted]


def _nodes(row: Row) -> list[list[int]]:
    """Return the tokens that lead to every node of a row's trie, the prompt's own first among them."""
    context: list[int] = row.context.tolist()
    path: list[int] = []
    found = [context]
    for token, depth in zip(row.trie.tokens.tolist(), row.trie.depths.tolist(), strict=True):
        path = [*path[: depth - 1], token]
        found.append(context + path)
    return found


def _number(listed: dict[str, Any]) -> int | None:
    """Return the number of a token, as servers name it: `id`, `token_id`, or a `token` such as "token_id:123"."""
    for name in ("id", "token_id"):
        if isinstance(listed.get(name), int):
            return listed[name]
    kind, _, number = str(listed.get("token", "")).partition(":")
    return int(number) if kind == "token_id" and number.isdecimal() else None


def _log_sum(values: list[float]) -> float:
    return float(np.logaddexp.reduce(values)) if values else -np.inf


async def check_tokenizer(client: Client, settings: ServerSettings, tokenizer: Any, maker: str) -> None:
    """Refuse a tokenizer that reads a text in other tokens than the server does, where the server tells them.

    Raises:
        ModelError: it does.
    """
    told = {"prompt": _SAMPLE, "model": settings.model, "add_special_tokens": False}
    body = told if maker == "vllm" else {"content": _SAMPLE, "add_special": False}
    try:
        answered = await client.look_up(f"{settings.root}/tokenize", body)
    except RefusedError:
        return
    theirs: Any = answered.get("tokens")
    ours: list[int] = tokenizer(_SAMPLE, add_special_tokens=False)["input_ids"]
    if isinstance(theirs, list) and theirs != ours:
        raise ModelError(
            f"{settings.address}: reads a text in other tokens than the tokenizer of '{settings.tokenizer}', which is "
            f"not that of '{settings.model}'. Name the folder or hub id of the served model: --tokenizer ID"
        )
