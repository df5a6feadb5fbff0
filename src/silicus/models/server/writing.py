"""Texts that a server's model writes in a chat."""

from __future__ import annotations

import asyncio
from typing import Any

from silicus.models.server.answers import content, first_choice
from silicus.models.server.chat import draw_call
from silicus.models.server.client import Client
from silicus.models.server.settings import ServerSettings
from silicus.models.writing import Text, Writing
from silicus.prompts import Prompt

__all__ = ["Texts"]


class Texts:
    """Draws the texts of a prompt.

    Args:
        client: the server.
        settings: how it is asked.
        maker: whose server it is, as it says itself.
        how: how texts are drawn.
    """

    def __init__(self, client: Client, settings: ServerSettings, maker: str, how: Writing) -> None:
        self._client, self._settings, self._maker, self._how = client, settings, maker, how

    def check(self, prompt: Prompt) -> None:
        """Refuse a prompt that cannot be asked in this way, before anything is.

        Raises:
            ModelError: the prompt begins the model's own turn.
        """
        draw_call(prompt, self._settings, self._maker, self._how, 0)

    async def answer(self, prompt: Prompt) -> list[Text]:
        """Return the texts of a prompt."""
        return list(await asyncio.gather(*(self._draw(prompt, number) for number in range(self._how.draws))))

    async def _draw(self, prompt: Prompt, number: int) -> Text:
        call = draw_call(prompt, self._settings, self._maker, self._how, number)
        _, (words, cut) = await self._client.ask(call, _read)
        return Text(words, cut)


def _read(answered: dict[str, Any]) -> tuple[str, bool]:
    """Return the text, and whether it was cut off."""
    return content(answered), first_choice(answered).get("finish_reason") == "length"
