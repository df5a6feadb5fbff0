"""The published prompt of Suh et al. 2025 (https://doi.org/10.18653/v1/2025.acl-long.1028): groups that answer.

Who answers is told by a question about it and its answer ("QA" in the paper), in the words of `subpop.yaml`. An
attribute or a value without published words is asked for plainly, with the value as the only option. A group of
several attributes answers one question each; a respondent of none answers the question alone. The paper has groups of
one attribute. Answers stand in the order of the scale, refusals last. The paper gives chat models the question about
the group and its answer as turns of their own; here they stand in the one user turn, as base models read them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from string import ascii_uppercase
from typing import Literal

from silicus.prompts.prompt import AnswerStyle, lettered
from silicus.record import Record, parse, read_yaml
from silicus.study import Item, Respondent

__all__ = ["SubpopTemplate"]


class _Steering(Record):
    """The question that tells an attribute of a group."""

    source: Literal["theirs", "adapted", "opinionqa"]
    """Where the words come from."""
    question: str
    """Its words."""
    options: tuple[str, ...]
    """The values of the attribute, in the order offered."""


_FILE = Path(__file__).with_suffix(".yaml")
_STEERING = {name: parse(entry, _Steering, _FILE.name) for name, entry in read_yaml(_FILE).items()}


class SubpopTemplate:
    """Question and answer about the group, then the question, as published, no system text; the target is a letter."""

    name = "subpop"
    system = ""
    lead = ""
    fields = tuple(_STEERING)
    outer: Literal["item", "respondent"] = "respondent"

    def persona(self, respondent: Respondent) -> dict[str, str]:
        """Return a question and its answer for each known attribute, those without published words last."""
        known = respondent.attributes
        names = [*(name for name in self.fields if name in known), *(name for name in known if name not in self.fields)]
        return {name: _told(name, str(known[name])) for name in names}

    def user(self, item: Item, respondent: Respondent, style: AnswerStyle) -> str:
        """Return the user text, byte for byte as published for the attributes and values of `subpop.yaml`."""
        options = lettered(item, self.name, style)
        asked = "\n\n".join(part for part in (item.context, item.text) if part)
        choice = ",".join(f"{letter}." for letter in options)
        question = f"{_question(asked, options.items())}\nAnswer as a choice between {choice}\n\nAnswer:"
        told = "\n\n".join(self.persona(respondent).values())
        bridge = "Answer the following question keeping in mind your previous answers."
        return f"{told}\n\n{bridge}\n{question}" if told else question


def _told(name: str, value: str) -> str:
    """Return the question about an attribute and its answer; plain words where none are published."""
    steering = _STEERING.get(name)
    if steering is None or value not in steering.options:
        words, options = f"What is your {name.replace('_', ' ')}?", (value,)
    else:
        words, options = steering.question, steering.options
    question = _question(words, zip(ascii_uppercase, options, strict=False))
    return f"{question}\n\nAnswer: {ascii_uppercase[options.index(value)]}. {value}"


def _question(words: str, options: Iterable[tuple[str, str]]) -> str:
    return "\n".join([f"Question: {words.strip()}", *(f"{letter}. {option.strip()}" for letter, option in options)])
