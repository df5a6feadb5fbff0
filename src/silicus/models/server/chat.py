"""Probabilities from a chat: of the first token, where the server lists the likeliest, or of sampled answers."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from silicus.errors import ModelError
from silicus.models.encode import place_of
from silicus.models.server.budget import Reserved
from silicus.models.server.client import Client
from silicus.models.server.kept import Kept
from silicus.models.server.settings import ServerSettings
from silicus.prompts import Prompt
from silicus.study import Outcome, Spoken, spoken_answer

__all__ = ["FirstToken", "Sampled", "read_text", "standard_error"]

_MOST_TOP = 20
_MOST_WRITTEN = 16
"""An answer is a number or a few words; what runs on is cut off."""


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

    async def answer(self, prompt: Prompt) -> np.ndarray:
        """Return the log-probability of each answer, shape (answers,); -inf where it is not on the list.

        Raises:
            ModelError: an answer begins as another does, or the server lists no probabilities.
        """
        _check_beginnings(prompt)
        listing = {**_limit(self._settings, 1), "logprobs": True, "top_logprobs": _MOST_TOP}
        body = {**_chat(prompt, self._settings), **listing}
        _, answered = await self._client.ask("/chat/completions", body, _most(prompt, 1))
        content = (answered["choices"][0].get("logprobs") or {}).get("content")
        if not content:
            raise ModelError(
                f"{self._settings.address}: lists no probabilities for '{self._settings.model}'. Take --scoring "
                "samples."
            )
        listed: dict[str, float] = {}
        for each in content[0].get("top_logprobs") or [content[0]]:
            word = str(each["token"]).strip()
            listed[word] = float(np.logaddexp(listed.get(word, -np.inf), each["logprob"]))
        return np.array([listed.get(answer, -np.inf) for answer in prompt.answers])


class Sampled:
    """The share of every answer among sampled ones.

    Each text is an answer, a refusal that is no option, or nothing that can be read (`spoken_answer`); the last two
    are lost to `covered`, counted, and kept. The standard error of a share p of k samples is sqrt(p (1 - p) / k).

    Args:
        client: the server.
        settings: how it is asked.
        kept: where what texts came to is counted.
        maker: whose server it is, as it says itself.
    """

    def __init__(self, client: Client, settings: ServerSettings, kept: Kept, maker: str) -> None:
        self._client, self._settings, self._kept, self._maker = client, settings, kept, maker

    async def answer(self, prompt: Prompt) -> np.ndarray:
        """Return the logarithm of each answer's share, shape (answers,); -inf where it was never drawn."""
        draws = await asyncio.gather(*(self._draw(prompt, number) for number in range(self._settings.samples)))
        counts = np.bincount([each for each in draws if each is not None], minlength=len(prompt.answers))
        with np.errstate(divide="ignore"):
            return np.log(counts / self._settings.samples)

    async def _draw(self, prompt: Prompt, number: int) -> int | None:
        """Return which answer was drawn, `None` where the text is none."""
        body = {
            **_chat(prompt, self._settings),
            **_limit(self._settings, _MOST_WRITTEN),
            **_among(prompt.answers, self._maker),
            "temperature": self._settings.temperature,
            "seed": number,
        }
        asked, answered = await self._client.ask("/chat/completions", body, _most(prompt, _MOST_WRITTEN), draw=number)
        text = (answered["choices"][0].get("message") or {}).get("content") or ""
        place, outcome = read_text(prompt, text)
        self._kept.note(asked, outcome)
        return place


def read_text(prompt: Prompt, text: str) -> tuple[int | None, Outcome]:
    """Return which of a prompt's answers a text is, `None` for none, and what it comes to."""
    plain = text.strip().strip("\"'*.)( ")
    exact = next((place for place, answer in enumerate(prompt.answers) if plain == answer), None)
    if exact is not None:
        return exact, Outcome.ANSWER
    if all(len(answer) == 1 and answer.isalpha() for answer in prompt.answers):
        # Letters name options whatever the words after them: "C. Somewhat agree".
        letter = text.strip()[:1]
        alone = not text.strip()[1:2].isalnum()
        place = prompt.answers.index(letter) if letter in prompt.answers and alone else None
        return place, Outcome.UNREADABLE if place is None else Outcome.ANSWER
    found: Spoken = spoken_answer(text, prompt.item.scale)
    return None if found.answer is None else prompt.item.scale.answers.index(found.answer), found.outcome


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
    name = "max_completion_tokens" if "api.openai.com" in settings.address else "max_tokens"
    return {name: tokens}


def _among(answers: tuple[str, ...], maker: str) -> Mapping[str, Any]:
    """Return what makes a server write one of these answers and nothing else, where it can."""
    if maker == "vllm":
        return {"structured_outputs": {"choice": list(answers)}}
    if maker == "llamacpp":
        options = " | ".join('"' + answer.replace("\\", "\\\\").replace('"', '\\"') + '"' for answer in answers)
        return {"grammar": f"root ::= {options}"}
    return {}


def _most(prompt: Prompt, written: int) -> Reserved:
    """Return the tokens that a call may use at most: no token is less than a byte."""
    read = len(f"{prompt.system}{prompt.user}".encode()) + 64
    return Reserved(read, written)


def _check_beginnings(prompt: Prompt) -> None:
    for answer in prompt.answers:
        longer = next((each for each in prompt.answers if each != answer and each.startswith(answer)), None)
        if longer is not None:
            raise ModelError(
                f"{place_of(prompt)}: the answer '{longer}' begins as '{answer}' does, so that its first token does "
                "not tell which is meant. Take --answers letter, --scoring samples, or exact with a --tokenizer."
            )


def standard_error(samples: int) -> float:
    """Return the largest standard error of a share among so many sampled answers.

    Examples:
        >>> round(standard_error(20), 3)
        0.112
    """
    return 0.5 / math.sqrt(samples)
