"""The only road from words to tokens: a prompt's context, and the trie of its answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from silicus.errors import ModelError, PromptError
from silicus.models.tree import Row, common_start
from silicus.models.trie import END, AnswerTrie, build_trie
from silicus.prompts import Prompt

__all__ = ["Encoder", "need_one_token_each", "one_token_each", "place_of"]

# Some chat templates print today's date; a fixed one keeps prompts the same from day to day.
_DATE = "26 Jul 2024"

_SENTINEL = "qwxzj"
"""A word that no chat template contains, to find out what a template does with a turn."""

_SEAMS = 4096
"""How many ends of a prompt are remembered, with the answers that join them; then all are forgotten."""

_OWN_WORDS = 200
"""An answer of more characters is written for one prompt alone: remembering how it joins would help no other."""


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

    A model without a chat template reads plain text that ends in `Answer:`, and answers after a space. Where a prompt
    has a lead, the text ends in it, and the answer follows without a space.

    Args:
        tokenizer: a transformers tokenizer.
        limit: how many tokens the model can read.
        closed: whether the end of the turn belongs to every answer (see `build_trie`).
    """

    def __init__(self, tokenizer: Any, limit: int, *, closed: bool = False) -> None:
        self._tokenizer = tokenizer
        self._chat = bool(getattr(tokenizer, "chat_template", None))
        self.limit, self._closed = limit, closed
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
            # A base model reads the space before a word as part of the word; a lead has its own spaces.
            space = "" if self._chat or prompt.lead else " "
            context, trie = self._join(text, tokens, tuple(space + answer for answer in prompt.answers))
            longest = len(context) + (int(trie.depths.max()) if len(trie.depths) else 0)
            if longest > self.limit:
                raise PromptError(
                    f"{place_of(prompt)}: the prompt has {longest:,} tokens "
                    f"({len(prompt.item.context + prompt.item.text):,} characters of stimulus), the model reads at "
                    f"most {self.limit:,}. Shorten the text of the condition or question, or use a model with a "
                    "longer context."
                )
            yield Row(index, context, trie)

    def text(self, prompt: Prompt) -> str:
        """Return the text that the model reads, up to where its answer starts.

        Raises:
            PromptError: the prompt's words contain a control token of the model.
        """
        words = "\n".join((prompt.system, prompt.user, prompt.lead))
        stray = next((token for token in self._special if token in words), None)
        if stray is not None:
            raise PromptError(
                f"{place_of(prompt)}: the text contains '{stray}', which this model reads as a control token. "
                "Remove it."
            )
        text = self._chat_text(prompt.system, prompt.user) if self._chat else _joined(prompt.system, prompt.user)
        asks = self._chat or prompt.lead or text.endswith(":")
        return text + prompt.lead if asks else f"{text}\n\nAnswer:"

    def _chat_text(self, system: str, user: str) -> str:
        turns = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        if not system or not self._system_turn:
            turns = [{"role": "user", "content": _joined(system, user)}]
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

    def tokens(self, prompt: Prompt) -> np.ndarray:
        """Return the tokens of a prompt's text, up to where what the model writes starts.

        Raises:
            PromptError: the prompt's words contain a control token of the model.
        """
        return self._encode([self.text(prompt)])[0]

    def end_tokens(self, declared: int | list[int] | None, *, of_lines: bool = True) -> list[int]:
        """Return the tokens that end an answer: what closes the model's turn, and a new line where there are no turns.

        Args:
            declared: the end-of-sequence tokens of the model's generation config.
            of_lines: whether a new line ends it where there are no turns; a text has several lines.

        Raises:
            ModelError: none is known.
        """
        ends = {self._tokenizer.eos_token_id, *(declared if isinstance(declared, list) else [declared])} - {None}
        if self._chat:
            turns = [{"role": "user", "content": "question"}, {"role": "assistant", "content": _SENTINEL}]
            after = str(self._tokenizer.apply_chat_template(turns, tokenize=False)).rpartition(_SENTINEL)[2].lstrip()
            closing = [token for token in self._special if after.startswith(token)]
            ends |= set(self._tokenizer.convert_tokens_to_ids(closing))
        elif of_lines:
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
        if max(map(len, answers)) > _OWN_WORDS:
            seam = self._seam(text, answers, tokens)
        else:
            seam = self._known_seam(text, tokens, answers)
        return tokens[: len(tokens) - len(seam.tail) + seam.kept], seam.trie

    def _known_seam(self, text: str, tokens: np.ndarray, answers: tuple[str, ...]) -> _Seam:
        """Return how the answers join the text's tail, remembered where they do as they join the whole text."""
        tail = text[self._start_afresh(text) :]
        seam = self._seams.get((tail, answers))
        if seam is not None and seam.fits(tokens):
            return seam
        seam, whole = self._seam(tail, answers), self._seam(text, answers, tokens)
        if not seam.fits(tokens) or not _agree(seam, whole, tokens):
            # The tokenizer looks further back than the tail.
            return whole
        if len(self._seams) >= _SEAMS:
            self._seams.clear()
        self._seams[tail, answers] = seam
        return seam

    def _start_afresh(self, text: str) -> int:
        """Return where the last control token starts, else the last line that holds words."""
        last = max((text.rfind(token) for token in self._special), default=-1)
        return last if last >= 0 else text.rstrip().rfind("\n") + 1

    def _seam(self, tail: str, answers: tuple[str, ...], tokens: np.ndarray | None = None) -> _Seam:
        """Return how the answers join this text; `tokens` are its own, where they are known."""
        joined = self._encode([f"{tail}{answer}" for answer in answers])
        bare = self._encode([tail])[0] if tokens is None else tokens
        kept = min(common_start(bare, each) for each in joined)
        return _Seam(bare, kept, build_trie([tuple(each[kept:].tolist()) for each in joined], closed=self._closed))


def _joined(system: str, user: str) -> str:
    return f"{system}\n\n{user}" if system else user


def _agree(seam: _Seam, whole: _Seam, tokens: np.ndarray) -> bool:
    """Return whether joining to the tail alone gives the tokens of the whole text."""
    same_context = len(tokens) - len(seam.tail) + seam.kept == whole.kept
    return same_context and all(
        np.array_equal(a, b)
        for a, b in ((seam.trie.tokens, whole.trie.tokens), (seam.trie.edge_tokens, whole.trie.edge_tokens),
                     (seam.trie.paths, whole.trie.paths))
    )  # fmt: skip


def one_token_each(trie: AnswerTrie) -> bool:
    """Return whether every answer is one token, with or without the end of the turn after it."""
    return bool((_lengths(trie) == 1).all())


def need_one_token_each(prompt: Prompt, trie: AnswerTrie) -> None:
    """Refuse a prompt whose answers this model's tokenizer splits.

    Raises:
        ModelError: an answer is more than one token, where a published objective reads one token an answer.
    """
    lengths = _lengths(trie)
    if not one_token_each(trie):
        longest = int(lengths.argmax())
        raise ModelError(
            f"{place_of(prompt)}: this model reads the answer '{prompt.answers[longest]}' as {lengths[longest]} "
            "tokens, the objective as published reads one token an answer. Use an objective that reads whole answers, "
            "or answers that are one token each, such as letters."
        )


def _lengths(trie: AnswerTrie) -> np.ndarray:
    """Return how many tokens each answer has, shape (answers,)."""
    return (np.append(trie.edge_tokens, END)[trie.paths] != END).sum(axis=1)


def place_of(prompt: Prompt) -> str:
    """Return where a prompt comes from, for a message."""
    item = prompt.item
    return (
        f"study '{item.study}', condition '{item.condition}', question '{item.question}', "
        f"respondent '{prompt.respondent.id}'"
    )
