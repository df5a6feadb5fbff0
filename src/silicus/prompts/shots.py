"""Answered questions before the one that is asked: those of other people (few-shot), or of the person who is asked.

Kolluri et al. (2025, arXiv 2509.05830) put five similar questions before the one asked; their words are not known,
these are our own. Answers stand in the style in which one is asked for, under the words that tell what they mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from silicus.prompts.prompt import AnswerStyle, Prompt, answer_words, persona_lines
from silicus.prompts.silicus import asked_words
from silicus.study import Item, Respondent

__all__ = ["Shot", "with_shots"]

_OTHERS = "How other people answered similar questions:"
_OWN = "How this person answered other questions before:"
_NOW = "Now the question to be answered:"


@dataclass(frozen=True)
class Shot:
    """An answered question.

    Attributes:
        item: what was asked.
        answer: the place of the answer among `item.scale.answers`.
        person: who gave it; `None` where it is the person who is asked.
    """

    item: Item
    answer: int
    person: Respondent | None = None


def with_shots(prompt: Prompt, shots: Sequence[Shot], style: AnswerStyle) -> Prompt:
    """Return the prompt with answered questions before it: other people's, then the person's own.

    Args:
        prompt: what is asked.
        shots: answered questions; of each kind the last stands nearest to the question.
        style: how answers are named.

    Raises:
        InputError: the scale of an answered question cannot be answered in this style.
    """
    others = [_answered(shot, style) for shot in shots if shot.person is not None]
    own = [_answered(shot, style) for shot in shots if shot.person is None]
    blocks = [part for head, block in ((_OTHERS, others), (_OWN, own)) if block for part in (head, *block)]
    return replace(prompt, user="\n\n".join([*blocks, _NOW, prompt.user])) if blocks else prompt


def _answered(shot: Shot, style: AnswerStyle) -> str:
    """Return a question, who answered it where that is somebody else, and the answer."""
    who = "; ".join(persona_lines(shot.person, ()).values()) if shot.person is not None else ""
    person = f"Person: {who}\n" if who else ""
    return f"{asked_words(shot.item, style)}\n\n{person}Answer: {answer_words(shot.item, style)[shot.answer]}"
