"""The only road from words to tokens: a prompt's context, and the trie of its answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from silicus.errors import ModelError, PromptError
from silicus.models.tree import Row, common_start
from silicus.models.trie import AnswerTrie, build_trie
from silicus.prompts import Prompt

__all__ = ["Encoder", "place_of"]

# Some chat templates print today's date; a fixed one keeps prompts the same from day to day.
_DATE = "26 Jul 2024"

_SENTINEL = "qwxzj"
"""A word that no chat template contains, to find out what a template does with a turn."""


@dataclass(frozen=True)
class _Seam:
    """How answers join the end of a prompt.

    Attributes:
        tail: tokens of the text before the answer, from the last place where the tokenizer starts afresh.
        kept: how many of them stay as they are whatever is answered.
        trie: the answers, as tokens that follow the kept ones.
    """

    tail: np.ndarray
    kept: int
    trie: AnswerTrie

    def fits(self, tokens: np.ndarray) -> bool:
        """Whether a prompt of these tokens ends in this tail, so that its answers join in the same way."""
        if len(tokens) < len(self.tail):
            return False
        same = tokens[len(tokens) - len(self.tail) :] == self.tail
        # A text cut out of its middle may start with another token than it has in place.
        return bool(same.all()) or (self.kept > 1 and bool(same[1:].all()))


class Encoder:
    """Turns prompts into tokens, as the model's chat template and tokenizer want them.

    A model without a chat template reads plain text that ends in `Answer:`, and answers after a space.

    Args:
        tokenizer: a transformers tokenizer.
        limit: how many tokens the model can read.
        closed: whether the end of the turn belongs to every answer (see `build_trie`).
    """

    def __init__(self, tokenizer: Any, limit: int, *, closed: bool = False) -> None:
        self._tokenizer = tokenizer
        self._chat = bool(getattr(tokenizer, "chat_template", None))
        self._limit, self._closed = limit, closed
        self._system_turn = self._chat and self._takes_system()
        special = set(tokenizer.all_special_tokens) | {
            str(t) for t in tokenizer.added_tokens_decoder.values() if t.special
        }
        self._special = sorted(token for token in special if token)
        self._seams: dict[tuple[str, tuple[str, ...]], _Seam] = {}

    def rows(self, prompts: Sequence[Prompt]) -> Iterator[Row]:
        """Yield the prompts as rows of the token tree.

        Raises:
            PromptError: a prompt is longer than the model can read, or holds one of its control tokens.
            ModelError: the tokenizer cannot tell two answers apart.
        """
        texts = [self.text(prompt) for prompt in prompts]
        for index, (prompt, text, tokens) in enumerate(zip(prompts, texts, self._encode(texts), strict=True)):
            context, trie = self._join(text, tokens, prompt.answers)
            longest = len(context) + (int(trie.depths.max()) if len(trie.depths) else 0)
            if longest > self._limit:
                raise PromptError(
                    f"{place_of(prompt)}: the prompt has {longest:,} tokens "
                    f"({len(prompt.item.context + prompt.item.text):,} characters of stimulus), the model reads at "
                    f"most {self._limit:,}. Shorten the text of the condition or question, or use a model with a "
                    "longer context."
                )
            yield Row(index, context, trie)

    def text(self, prompt: Prompt) -> str:
        """Return the text that the model reads, up to where its answer starts.

        Raises:
            PromptError: the prompt's words contain a control token of the model.
        """
        words = f"{prompt.system}\n{prompt.user}"
        stray = next((token for token in self._special if token in words), None)
        if stray is not None:
            raise PromptError(
                f"{place_of(prompt)}: the text contains '{stray}', which this model reads as a control token. "
                "Remove it."
            )
        if not self._chat:
            plain = f"{prompt.system}\n\n{prompt.user}"
            return plain if plain.endswith(":") else f"{plain}\n\nAnswer:"
        return self._chat_text(prompt.system, prompt.user)

    def _chat_text(self, system: str, user: str) -> str:
        turns = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        if not self._system_turn:
            turns = [{"role": "user", "content": f"{system}\n\n{user}"}]
        return str(
            self._tokenizer.apply_chat_template(
                turns, tokenize=False, add_generation_prompt=True, enable_thinking=False, date_string=_DATE
            )
        )

    def _takes_system(self) -> bool:
        """Whether the chat template shows a system turn (some refuse it, some drop it)."""
        from jinja2 import TemplateError

        turns = [{"role": "system", "content": _SENTINEL}, {"role": "user", "content": "question"}]
        try:
            return _SENTINEL in str(self._tokenizer.apply_chat_template(turns, tokenize=False))
        except TemplateError:
            return False

    def end_tokens(self, declared: int | list[int] | None) -> list[int]:
        """Return the tokens that end an answer: what closes the model's turn, and a new line where there are no turns.

        Args:
            declared: the end-of-sequence tokens of the model's generation config.

        Raises:
            ModelError: none is known.
        """
        ends = {self._tokenizer.eos_token_id, *(declared if isinstance(declared, list) else [declared])} - {None}
        if self._chat:
            turns = [{"role": "user", "content": "question"}, {"role": "assistant", "content": _SENTINEL}]
            after = str(self._tokenizer.apply_chat_template(turns, tokenize=False)).rpartition(_SENTINEL)[2].lstrip()
            closing = [token for token in self._special if after.startswith(token)]
            ends |= set(self._tokenizer.convert_tokens_to_ids(closing))
        else:
            ends |= set(self._tokenizer("\n", add_special_tokens=False)["input_ids"][-1:])
        if not ends:
            raise ModelError("the model names no token that ends an answer (eos_token_id). Add it to its config.")
        return sorted(ends)

    def _encode(self, texts: Sequence[str]) -> list[np.ndarray]:
        # A chat template writes its own first token.
        encoded = self._tokenizer(list(texts), add_special_tokens=not self._chat, return_attention_mask=False)
        return [np.asarray(ids, dtype=np.int64) for ids in encoded["input_ids"]]

    def _join(self, text: str, tokens: np.ndarray, answers: tuple[str, ...]) -> tuple[np.ndarray, AnswerTrie]:
        """Return a prompt's context and trie, such that context + path is how `text + answer` is tokenised."""
        tail = text[self._start_afresh(text) :]
        seam = self._seams.get((tail, answers))
        if seam is None or not seam.fits(tokens):
            seam = self._seam(tail, answers)
            if not seam.fits(tokens) or not self._agrees(seam, text, tokens, answers):
                # The tokenizer looks further back than the tail: join these answers to the whole text.
                seam = self._seam(text, answers)
            else:
                self._seams[tail, answers] = seam
        return tokens[: len(tokens) - len(seam.tail) + seam.kept], seam.trie

    def _start_afresh(self, text: str) -> int:
        """Return where the last control token starts, else the last line that holds words."""
        last = max((text.rfind(token) for token in self._special), default=-1)
        return last if last >= 0 else text.rstrip().rfind("\n") + 1

    def _seam(self, tail: str, answers: tuple[str, ...]) -> _Seam:
        space = "" if self._chat else " "
        bare, *joined = self._encode([tail, *(f"{tail}{space}{answer}" for answer in answers)])
        kept = min(common_start(bare, tokens) for tokens in joined)
        return _Seam(bare, kept, build_trie([tuple(tokens[kept:].tolist()) for tokens in joined], closed=self._closed))

    def _agrees(self, seam: _Seam, text: str, tokens: np.ndarray, answers: tuple[str, ...]) -> bool:
        """Whether joining to the tail alone gives the tokens of the whole text, tried on the whole text once."""
        whole = self._seam(text, answers)
        same_context = len(tokens) - len(seam.tail) + seam.kept == whole.kept
        return same_context and all(
            np.array_equal(a, b)
            for a, b in ((seam.trie.tokens, whole.trie.tokens), (seam.trie.edge_tokens, whole.trie.edge_tokens),
                         (seam.trie.paths, whole.trie.paths))
        )  # fmt: skip


def place_of(prompt: Prompt) -> str:
    """Return where a prompt comes from, for a message."""
    item = prompt.item
    return (
        f"study '{item.study}', condition '{item.condition}', question '{item.question}', "
        f"respondent '{prompt.respondent.id}'"
    )
