"""Probabilities from a chat: of the first token, where the server lists the likeliest, or of sampled answers."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from silicus.errors import ModelError
from silicus.models.encode import place_of
from silicus.models.kept import Kept
from silicus.models.server.answers import content, listed
from silicus.models.server.budget import Reserved
from silicus.models.server.client import Call, Client
from silicus.models.server.settings import ServerSettings
from silicus.models.spoken import read_text
from silicus.models.writing import Writing
from silicus.prompts import Prompt
from silicus.record import digest

__all__ = ["FirstToken", "Sampled", "draw_call", "standard_error"]

_CHAT = "/chat/completions"
_MOST_TOP = 20
_MOST_WRITTEN = 16
"""An answer is a number or a few words; what runs on is cut off."""
_OF_TEMPLATE = 256
"""Tokens that a chat template may add to a prompt."""
_BYTES = 10
"""No tokenizer reads prose in fewer tokens than one for so many bytes."""
_SEED_DIGITS = 7
"""As many hexadecimal digits as the seeds of every server have."""
_AS_IT_IS: Mapping[str, Mapping[str, float]] = {
    "vllm": {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0},
    "sglang": {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0},
    "llamacpp": {"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0},
}
"""Servers cut unlikely answers off unless they are told not to."""


class FirstToken:
    """The probability of every answer from the list of the likeliest first tokens.

    It can be read where every answer is one token and none begins as another does: letters, or points up to 9. What is
    not on the list is lost to `covered`.

    Args:
        client: the server.
        settings: how it is asked.
    """

    def __init__(self, client: Client, settings: ServerSettings) -> None:
        self._client, self._settings = client, settings

    def check(self, prompt: Prompt) -> None:
        """Refuse a prompt that cannot be asked in this way, before anything is.

        Raises:
            ModelError: an answer begins as another does, or the template begins the model's own turn.
        """
        _chat(prompt, self._settings)
        for answer in prompt.answers:
            longer = next((each for each in prompt.answers if each != answer and each.startswith(answer)), None)
            if longer is not None:
                raise ModelError(
                    f"{place_of(prompt)}: the answer '{longer}' begins as '{answer}' does, so that its first token "
                    "does not tell which is meant. Take --answers letter, --scoring samples, or exact with a "
                    "--tokenizer."
                )

    async def answer(self, prompt: Prompt) -> np.ndarray:
        """Return the log-probability of each answer, shape (answers,); -inf where it is not on the list.

        Raises:
            ModelError: the server lists no probabilities.
        """
        listing = {**_limit(self._settings, 1), "temperature": 1.0, "logprobs": True, "top_logprobs": _MOST_TOP}
        call = Call(_CHAT, {**_chat(prompt, self._settings), **listing}, _most(prompt, 1))
        _, words = await self._client.ask(call, self._read)
        return np.array([words.get(answer, -np.inf) for answer in prompt.answers])

    def _read(self, answered: dict[str, Any]) -> dict[str, float]:
        """Return word -> log-probability; a word with and without a space before it is one."""
        words: dict[str, float] = {}
        for token, value in {str(each.get("token")): each["logprob"] for each in listed(answered)}.items():
            words[token.strip()] = float(np.logaddexp(words.get(token.strip(), -np.inf), value))
        if not words:
            raise ModelError(
                f"{self._settings.address}: lists no probabilities for '{self._settings.model}'. Take --scoring "
                "samples."
            )
        return words


class Sampled:
    """The share of every answer among sampled ones.

    Each text is an answer, a refusal that is no option, or nothing that can be read (`read_text`); the last two are
    lost to `covered`, counted, and kept. The standard error of a share p of k samples is sqrt(p (1 - p) / k).

    Args:
        client: the server.
        settings: how it is asked.
        kept: where what texts came to is counted.
        maker: whose server it is, as it says itself.
    """

    def __init__(self, client: Client, settings: ServerSettings, kept: Kept, maker: str) -> None:
        self._client, self._settings, self._kept, self._maker = client, settings, kept, maker

    def check(self, prompt: Prompt) -> None:
        """Refuse a prompt that cannot be asked in this way, before anything is.

        Raises:
            ModelError: the template begins the model's own turn.
        """
        _chat(prompt, self._settings)

    async def answer(self, prompt: Prompt) -> np.ndarray:
        """Return the logarithm of each answer's share, shape (answers,); -inf where it was never drawn."""
        draws = await asyncio.gather(*(self._draw(prompt, number) for number in range(self._settings.samples)))
        drawn = np.array([each for each in draws if each is not None], dtype=np.int64)
        counts = np.bincount(drawn, minlength=len(prompt.answers))
        with np.errstate(divide="ignore"):
            return np.log(counts / self._settings.samples)

    async def _draw(self, prompt: Prompt, number: int) -> int | None:
        """Return which answer was drawn, `None` where the text is none."""
        settings = self._settings
        # The longest answer, in the worst case a token a byte.
        written = max(_MOST_WRITTEN, *(len(answer.encode()) + 1 for answer in prompt.answers))
        how = Writing(settings.samples, written, settings.temperature, settings.seed)
        call = draw_call(prompt, settings, self._maker, how, number)
        call.body.update(_among(prompt.answers, self._maker))
        asked, text = await self._client.ask(call, content)
        place, outcome = read_text(prompt, text)
        self._kept.note(asked, outcome)
        return place


def draw_call(prompt: Prompt, settings: ServerSettings, maker: str, how: Writing, number: int) -> Call:
    """Return the call that draws one of a prompt's texts.

    Raises:
        ModelError: the prompt begins the model's own turn.
    """
    # One seed for all prompts would give all of them the same luck, and their mean that of a single one.
    own = digest(prompt.system, prompt.user, str(how.seed), str(number))[:_SEED_DIGITS]
    body = {
        **_chat(prompt, settings),
        **_limit(settings, how.most_tokens),
        **_AS_IT_IS.get(maker, {}),
        "top_p": 1.0,
        "temperature": how.temperature,
        "seed": int(own, 16),
    }
    return Call(_CHAT, body, _most(prompt, how.most_tokens), str(number))


def _chat(prompt: Prompt, settings: ServerSettings) -> dict[str, Any]:
    """Return the turns of a prompt.

    Raises:
        ModelError: the template begins the model's own turn, which a chat does not allow.
    """
    if prompt.lead:
        raise ModelError(
            f"the template begins the model's own turn ({prompt.lead.strip()!r}), which a chat does not allow. Take "
            "another --template, or --scoring exact."
        )
    system = [{"role": "system", "content": prompt.system}] if prompt.system else []
    return {"model": settings.model, "messages": [*system, {"role": "user", "content": prompt.user}]}


def _limit(settings: ServerSettings, tokens: int) -> Mapping[str, int]:
    # Their newer models refuse the older name, and others do not know the newer one.
    name = "max_completion_tokens" if settings.host == "api.openai.com" else "max_tokens"
    return {name: tokens}


def _among(answers: tuple[str, ...], maker: str) -> Mapping[str, Any]:
    """Return what makes a server write one of these answers and nothing else, where it can."""
    if maker == "vllm":
        return {"structured_outputs": {"choice": list(answers)}}
    if maker == "llamacpp":
        return {"grammar": f"root ::= {' | '.join(map(_quoted, answers))}"}
    return {}


def _quoted(answer: str) -> str:
    """Return an answer as a grammar of llama.cpp names it."""
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        answer = answer.replace(plain, escaped)
    return f'"{answer}"'


def _most(prompt: Prompt, written: int) -> Reserved:
    """Return the tokens that a call may use: no token is less than a byte."""
    read = len(f"{prompt.system}{prompt.user}".encode())
    return Reserved(read + _OF_TEMPLATE, written, least=max(read // _BYTES, 1))


def standard_error(samples: int) -> float:
    """Return the largest standard error of a share among so many sampled answers.

    Examples:
        >>> round(standard_error(20), 3)
        0.112
    """
    return 0.5 / math.sqrt(samples)
