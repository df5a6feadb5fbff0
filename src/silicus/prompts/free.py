"""An answer in a person's own words: to an open question, or to one whose scale is not shown.

The latter is compared with statements of every point later. Maier et al. (2025, arXiv 2510.08338) ask in this way and
show no scale. So the list of the answers is taken out of the prompt where the template writes one answer a line; where
it stands in a sentence, or in the study's own text, it stays.
"""

from __future__ import annotations

from dataclasses import replace

from silicus.errors import InputError
from silicus.prompts.prompt import Prompt, Template, render
from silicus.prompts.reasoning import without_invitation
from silicus.study import Item, Respondent, Scale

__all__ = ["ask_freely", "ask_openly"]

_SYSTEM = "You speak for a person who takes part in a survey. Say what this person would say."
_REQUEST = (
    "Answer in one or two sentences, in this person's own words. Give no number and no letter.\n\nThis person's words:"
)
_OPEN_REQUEST = (
    "Write what this person writes into an empty text field, in this person's own words and nothing else.\n\n"
    "This person's words:"
)
_WITHOUT_SCALE = ("silicus", "socrates")
"""Templates that can show a text without answers to choose from."""
# An item has a scale; this one is never shown, and nothing is read by it.
_NOT_SHOWN = Scale(kind="binary", labels={1: "Answered", 2: "Not answered"})


def ask_freely(prompt: Prompt) -> Prompt:
    """Return the prompt that asks for the answer in the person's own words."""
    user = f"{_without_list(without_invitation(prompt.user), prompt)}\n\n{_REQUEST}"
    return replace(prompt, system=_SYSTEM, user=user, lead="")


def _without_list(user: str, prompt: Prompt) -> str:
    """Return the text without the lines that list the answers, and without the line that announces them."""
    answers = zip(prompt.answers, prompt.item.scale.answers, strict=True)
    labelled = [(word, prompt.item.scale.label(value) or str(value)) for word, value in answers]
    listed = {line for word, label in labelled for line in (f"{word} = {label}", label)}
    kept: list[str] = []
    inside = False
    for line in user.split("\n"):
        begins = not inside and line in listed and bool(kept) and kept[-1].endswith(":")
        if begins:
            kept.pop()
        inside = line in listed and (inside or begins)
        if not inside:
            kept.append(line)
    return "\n".join(kept).replace("\n\n\n", "\n\n").strip("\n")


def ask_openly(template: Template, cell: tuple[str, str, str], text: str, respondent: Respondent) -> Prompt:
    """Return the prompt that asks an open question; it offers no answers.

    Args:
        template: the words of the prompt.
        cell: study, condition and question.
        text: what is shown and asked.
        respondent: who is asked.

    Raises:
        InputError: the template cannot ask without answers to choose from.
        PromptError: an attribute of the respondent is absent from the prompt.
    """
    if template.name not in _WITHOUT_SCALE:
        raise InputError(
            f"found --open with the template '{template.name}', which asks for one of several answers. Give "
            f"--template {' or '.join(_WITHOUT_SCALE)}."
        )
    prompt = render(template, Item(*cell, "", text, _NOT_SHOWN, verbatim=True), respondent)
    user = f"{without_invitation(prompt.user)}\n\n{_OPEN_REQUEST}"
    return replace(prompt, system=_SYSTEM, user=user, answers=(), lead="")
