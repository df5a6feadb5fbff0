"""The published prompts of Suh et al. 2025 (https://doi.org/10.18653/v1/2025.acl-long.1028): groups that answer.

Who answers is told in one of three forms, in the words of `subpop.yaml`: by a question about the group and its answer
("QA" in the paper, with which it fine-tunes), by a description of oneself ("BIO"), or by a request to answer as if
("PORTRAY"). They go back to Santurkar et al. 2023 (https://doi.org/10.48550/arXiv.2303.17548).

An attribute or a value without published words is told plainly: asked for with the value as the only option, or as
"My region is Nowhere". A group of several attributes answers one question each, or has them told one after the other; a
respondent of none answers the question alone. The paper has groups of one attribute. Answers stand in the order of the
scale, refusals last. The paper gives chat models the question about the group and its answer as turns of their own;
here they stand in the one user turn, as base models read them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from string import ascii_uppercase
from typing import Literal

from silicus.prompts.prompt import AnswerStyle, lettered
from silicus.record import Record, parse, read_yaml
from silicus.study import Item, Respondent

__all__ = ["SubpopBioTemplate", "SubpopPortrayTemplate", "SubpopTemplate"]


class _Said(Record):
    """The words of the forms BIO and PORTRAY; in them `{a}` is the article of the value and `{value}` the value."""

    source: Literal["theirs", "adapted", "opinionqa"]
    """Where the words come from."""
    topic: str
    """What the description is of."""
    bio: str
    """What the group says of itself."""
    portray: str
    """What it is to answer as if."""


class _Steering(Record):
    """The words that tell an attribute of a group."""

    source: Literal["theirs", "adapted", "opinionqa"]
    """Where the question comes from."""
    question: str
    """Its words."""
    options: tuple[str, ...]
    """The values of the attribute, in the order offered."""
    said: _Said | None = None
    """The words of the other forms, where they are known."""


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
        """Return the words for each known attribute, those without published words last."""
        known = respondent.attributes
        names = [*(name for name in self.fields if name in known), *(name for name in known if name not in self.fields)]
        return {name: self.told(name, str(known[name])) for name in names}

    def user(self, item: Item, respondent: Respondent, style: AnswerStyle) -> str:
        """Return the user text, byte for byte as published for the attributes and values of `subpop.yaml`."""
        options = lettered(item, self.name, style)
        asked = "\n\n".join(part for part in (item.context, item.text) if part)
        choice = ",".join(f"{letter}." for letter in options)
        question = f"{_question(asked, options.items())}\nAnswer as a choice between {choice}\n\nAnswer:"
        return f"{self.introduced(respondent)}{question}" if respondent.attributes else question

    def told(self, name: str, value: str) -> str:
        """Return the words that tell one attribute: a question about it and its answer."""
        steering = _STEERING.get(name)
        if steering is None or value not in steering.options:
            words, options = f"What is your {_plain(name)}?", (value,)
        else:
            words, options = steering.question, steering.options
        question = _question(words, zip(ascii_uppercase, options, strict=False))
        return f"{question}\n\nAnswer: {ascii_uppercase[options.index(value)]}. {value}"

    def introduced(self, respondent: Respondent) -> str:
        """Return what stands before the question."""
        told = "\n\n".join(self.persona(respondent).values())
        return f"{told}\n\nAnswer the following question keeping in mind your previous answers.\n"


class SubpopBioTemplate(SubpopTemplate):
    """A description of the group in its own words, then the question, as published; the target is a letter."""

    name = "subpop-bio"

    def told(self, name: str, value: str) -> str:
        """Return the words that tell one attribute: a sentence of somebody of the group."""
        said = _said(name, value)
        return _filled(said.bio, value) if said else f"My {_plain(name)} is {value}."

    def introduced(self, respondent: Respondent) -> str:
        """Return what stands before the question."""
        of = _listed([_topic(name, str(respondent.attributes[name])) for name in self.persona(respondent)])
        asked = f"Below you will be asked to provide a short description of {of} and then answer some questions."
        return f"{asked}\nDescription: {' '.join(self.persona(respondent).values())}\n\n"


class SubpopPortrayTemplate(SubpopTemplate):
    """A request to answer as the group would, then the question, as published; the target is a letter."""

    name = "subpop-portray"

    def told(self, name: str, value: str) -> str:
        """Return the words that tell one attribute: what the question is to be answered as if."""
        said = _said(name, value)
        return _filled(said.portray, value) if said else f"your {_plain(name)} were {value}"

    def introduced(self, respondent: Respondent) -> str:
        """Return what stands before the question."""
        told = _listed(list(self.persona(respondent).values()))
        return f"Answer the following question as if {told}.\n\n"


def _said(name: str, value: str) -> _Said | None:
    steering = _STEERING.get(name)
    return steering.said if steering is not None and value in steering.options else None


def _topic(name: str, value: str) -> str:
    said = _said(name, value)
    return said.topic if said else f"your {_plain(name)}"


def _filled(words: str, value: str) -> str:
    return words.replace("{a}", "an" if value[:1] in "AEIOU" else "a").replace("{value}", value)


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _question(words: str, options: Iterable[tuple[str, str]]) -> str:
    return "\n".join([f"Question: {words.strip()}", *(f"{letter}. {option.strip()}" for letter, option in options)])
