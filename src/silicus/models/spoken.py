"""Which of a prompt's answers a text is, whoever wrote it."""

from __future__ import annotations

import re

from silicus.prompts import Prompt
from silicus.study import Outcome, spoken_answer

__all__ = ["read_text"]

_LETTER = re.compile(
    r"(?:(?:(?:my|the) )?(?:answer|response)(?: is)?\b\s*:?\s*)?[\"'(*]*(?-i:([A-Z]))(?=[\"')*]*(?:$|[.:)\n]))",
    re.IGNORECASE,
)


def read_text(prompt: Prompt, text: str) -> tuple[int | None, Outcome]:
    """Return which of a prompt's answers a text is, `None` for none, and what it comes to."""
    plain = text.strip().strip("\"'*.)( ")
    exact = next((place for place, answer in enumerate(prompt.answers) if plain == answer), None)
    if exact is not None:
        return exact, Outcome.ANSWER
    found = spoken_answer(text, prompt.item.scale)
    if all(len(answer) == 1 and answer.isalpha() for answer in prompt.answers):
        # "C. Somewhat agree", but not "I agree": a letter alone, or with an end behind it.
        letter = _LETTER.match(text.strip())
        if letter and letter[1] in prompt.answers:
            return prompt.answers.index(letter[1]), Outcome.ANSWER
        if found.why == "a number":
            # Which of the letters it numbers, nobody said.
            return None, Outcome.UNREADABLE
    return None if found.answer is None else prompt.item.scale.answers.index(found.answer), found.outcome
