"""Which of a prompt's answers a text is."""

from __future__ import annotations

import pytest

from silicus.models.spoken import read_text
from silicus.study import Scale
from tests.models.server.conftest import prompts_of

SCALE = Scale(kind="ordinal", low=1, high=9, labels={1: "Not at all", 9: "Fully"}, refusals={99: "Do not know"})


@pytest.mark.parametrize(
    ("text", "place", "outcome"),
    [
        ("C", 2, "answer"),
        (" (C) ", 2, "answer"),
        ("C. Somewhat agree", 2, "answer"),
        ("C)", 2, "answer"),
        ("**C**", 2, "answer"),
        ("C\nBecause", 2, "answer"),
        ("Answer: C", 2, "answer"),
        ("The answer is C.", 2, "answer"),
        ("J", 9, "answer"),
        ("Fully", 8, "answer"),
        ("do not know", 9, "answer"),
        ("I agree", None, "unreadable"),
        ("A person like me would choose C", None, "unreadable"),
        ("I cannot answer that.", None, "declined"),
        ("I'm sorry", None, "declined"),
        ("c", None, "unreadable"),
        ("A or B", None, "unreadable"),
        ("A-B", None, "unreadable"),
        ("Z", None, "unreadable"),
        ("3", None, "unreadable"),
        ("", None, "unreadable"),
    ],
)
def test_letters_are_read_where_they_stand_alone(text, place, outcome):
    (prompt,) = prompts_of(1, SCALE, "letter")
    assert read_text(prompt, text) == (place, outcome)


@pytest.mark.parametrize(
    ("text", "place", "outcome"),
    [
        ("3", 2, "answer"),
        (' "3." ', 2, "answer"),
        ("My answer is 9, fully", 8, "answer"),
        ("99", 9, "answer"),
        ("3 or 4", None, "unreadable"),
        ("12", None, "unreadable"),
        ("As an AI, I have none", None, "declined"),
    ],
)
def test_numbers_are_read_as_everywhere(text, place, outcome):
    (prompt,) = prompts_of(1, SCALE)
    assert read_text(prompt, text) == (place, outcome)
