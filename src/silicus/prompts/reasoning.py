"""Reasoning before an answer: the prompt that asks for it, and the words in which it stands.

A model writes why this person answers so, then a last line such as `Answer: 3`. Kolluri et al. 2025 (arXiv 2509.05830)
fine-tuned on such targets; their words are not known, these are our own. The system text is another than theirs for
answers alone, which forbids commentary.
"""

from __future__ import annotations

import re
from dataclasses import replace

from silicus.errors import InputError
from silicus.prompts.prompt import Prompt

__all__ = ["ask_for_reasoning", "read_reasoned", "reasoned", "without_invitation"]

_SYSTEM = (
    "You speak for a person who takes part in a survey. First think as this person thinks, then give the answer that "
    "this person gives."
)
_REQUEST = (
    "Before the answer, say in a few sentences what leads this person to it. Then end with one line that holds "
    '"Answer:" and the answer in the form asked for, and nothing else.\n\n'
    "This person's reasoning:"
)
# A template may end by inviting the answer, which now comes later.
_INVITATION = re.compile(r"\n\n[^\n]*\banswer:\Z", re.IGNORECASE)
_MARK = "Answer: "


def ask_for_reasoning(prompt: Prompt) -> Prompt:
    """Return the prompt that asks for the person's reasoning first, and for the answer on a last line of its own."""
    return replace(prompt, system=_SYSTEM, user=f"{without_invitation(prompt.user)}\n\n{_REQUEST}", lead="")


def without_invitation(user: str) -> str:
    r"""Return a user text without the words at its end that invite the answer.

    Examples:
        >>> without_invitation("Do you like tea?\n\nThis person's answer:")
        'Do you like tea?'
    """
    return _INVITATION.sub("", user)


def reasoned(prompt: Prompt, rationale: str, answer: str) -> str:
    """Return the words that a model is to write: the rationale, then the answer on a last line.

    Args:
        prompt: the prompt, as it is with or without reasoning.
        rationale: why this person answers so, in any words.
        answer: one of `prompt.answers`.

    Raises:
        InputError: the answer is not offered, or the rationale is empty.
    """
    place = f"study '{prompt.item.study}', question '{prompt.item.question}', respondent '{prompt.respondent.id}'"
    if answer not in prompt.answers:
        offered = f"one of the {len(prompt.answers)} offered, such as '{prompt.answers[0]}'"
        raise InputError(f"{place}: found the answer '{answer}', expected {offered}.")
    if not rationale.strip():
        raise InputError(f"{place}: found an empty rationale. Leave the row out, or learn from answers alone.")
    return f"{rationale.strip()}\n{_MARK}{answer}"


def read_reasoned(text: str) -> tuple[str, str] | None:
    r"""Return the rationale and the answer of what `reasoned` wrote, or `None` where the last line is no answer.

    Examples:
        >>> read_reasoned("Tea calms me.\nAnswer: 3")
        ('Tea calms me.', '3')
        >>> read_reasoned("Tea calms me, so 3.") is None
        True
    """
    rationale, _, last = text.strip().rpartition("\n")
    answer = last.removeprefix(_MARK).strip()
    return (rationale.strip(), answer) if last.startswith(_MARK) and answer else None
