"""Models that need no weights: uniform answers, and answers laid down in a script."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn, Self

import numpy as np
from pydantic import Field, model_validator

from silicus.errors import InputError
from silicus.models.model import Device, Dtype
from silicus.models.writing import Text, Writing
from silicus.prompts import Prompt
from silicus.record import Record, digest, read

__all__ = ["ScriptedModel", "UniformModel", "load_pooled", "load_scripted", "load_uniform"]


class UniformModel:
    """Gives every answer the same probability: what one knows who knows nothing."""

    name = "uniform"
    fingerprint = "uniform"

    def answer(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, np.ndarray]]:
        """Yield equal log-probabilities for every prompt."""
        for index, prompt in enumerate(prompts):
            yield index, np.full(len(prompt.answers), -np.log(len(prompt.answers)))


class Rule(Record):
    """Answers for the prompts that match."""

    when: dict[str, str | int] = {}
    """condition, question, or an attribute -> the value it must have; empty matches every prompt."""
    probabilities: list[float] | None = Field(default=None, min_length=2)
    """One for each point of the scale, then one for each refusal; they sum to 1 or less."""
    texts: list[str] | None = Field(default=None, min_length=1)
    """What is written where texts are asked for, one after the other; a word counts as a token."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.probabilities is None:
            if self.texts is None:
                raise ValueError("found neither 'probabilities' nor 'texts', expected one of them or both.")
            return self
        if not all(p >= 0 for p in self.probabilities) or not 0 < sum(self.probabilities) <= 1 + 1e-9:
            raise ValueError(
                f"found the probabilities {self.probabilities}, expected 0 or more each, 1 or less together."
            )
        return self

    def matches(self, prompt: Prompt) -> bool:
        """Whether the prompt has all the values that `when` asks for."""
        known: dict[str, Any] = {
            **prompt.respondent.attributes,
            "study": prompt.item.study,
            "condition": prompt.item.condition,
            "question": prompt.item.question,
        }
        return all(str(known.get(name)) == str(value) for name, value in self.when.items())


class Script(Record):
    """What a scripted model answers: the first rule that matches."""

    rules: list[Rule] = Field(min_length=1)


class ScriptedModel:
    """Answers from the rules of a script; without one, from a distribution drawn by the prompt's own words.

    Args:
        script: rules, or `None` for answers that depend on every word of the prompt but mean nothing.
    """

    name = "scripted"

    def __init__(self, script: Script | None = None) -> None:
        self._script = script

    @property
    def fingerprint(self) -> str:
        """A hash of the script."""
        return digest("scripted", self._script.model_dump_json() if self._script else "")

    @property
    def writes(self) -> bool:
        """Whether a rule has texts."""
        return self._script is not None and any(rule.texts for rule in self._script.rules)

    def answer(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the scripted log-probabilities.

        Raises:
            InputError: no rule matches a prompt, or a rule has another number of answers than its scale.
        """
        for index, prompt in enumerate(prompts):
            yield index, self._follow(prompt) if self._script else _by_words(prompt)

    def write(self, prompts: Sequence[Prompt], how: Writing) -> Iterator[tuple[int, list[Text]]]:
        """Yield the scripted texts, each cut off after so many words as a text may have tokens.

        Raises:
            InputError: no rule matches a prompt, or a rule has no texts.
        """
        for index, prompt in enumerate(prompts):
            rule = self._rule(prompt)
            if rule.texts is None:
                raise InputError(
                    f"scripted model: the rule for {_place(prompt)} has no 'texts', and texts are asked for."
                )
            yield index, [_cut(rule.texts[draw % len(rule.texts)], how.most_tokens) for draw in range(how.draws)]

    def _rule(self, prompt: Prompt) -> Rule:
        rules = self._script.rules if self._script else []
        rule = next((rule for rule in rules if rule.matches(prompt)), None)
        if rule is None:
            raise InputError(
                f"scripted model: no rule matches {_place(prompt)}. Add one with an empty 'when' at the end."
            )
        return rule

    def _follow(self, prompt: Prompt) -> np.ndarray:
        rule, place = self._rule(prompt), _place(prompt)
        if rule.probabilities is None:
            raise InputError(f"scripted model: the rule for {place} has no 'probabilities', only texts.")
        if len(rule.probabilities) != len(prompt.answers):
            raise InputError(
                f"scripted model: found {len(rule.probabilities)} probabilities for {place}, "
                f"expected {len(prompt.answers)}, one for each answer."
            )
        with np.errstate(divide="ignore"):
            return np.log(np.asarray(rule.probabilities))


def _place(prompt: Prompt) -> str:
    return f"condition '{prompt.item.condition}', question '{prompt.item.question}'"


def _cut(text: str, most_words: int) -> Text:
    words = list(re.finditer(r"\S+", text))
    return Text(text, cut=False) if len(words) <= most_words else Text(text[: words[most_words - 1].end()], cut=True)


def _by_words(prompt: Prompt) -> np.ndarray:
    rng = np.random.default_rng(int(digest(prompt.system, prompt.user), 16))
    return np.log(rng.dirichlet(np.full(len(prompt.answers), 2.0)))


def load_uniform(argument: str, device: Device, dtype: Dtype) -> UniformModel:
    """Return the uniform model; it takes no argument."""
    del device, dtype
    if argument:
        raise InputError(f"the model 'uniform' takes no file, found ':{argument}'.")
    return UniformModel()


def load_pooled(argument: str, device: Device, dtype: Dtype) -> NoReturn:
    """Refuse: the pooled control needs human answers, which `silicus.simulate.PooledModel` is given."""
    del argument, device, dtype
    raise InputError("the model 'pooled' pools the human answers of a study or of --data, and none are given here.")


def load_scripted(argument: str, device: Device, dtype: Dtype) -> ScriptedModel:
    """Return the scripted model of a YAML file, or the one that answers by the prompt's words."""
    del device, dtype
    return ScriptedModel(read(Path(argument), Script) if argument else None)
