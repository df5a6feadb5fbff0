"""From an item and a respondent to words."""

from silicus.prompts.free import ask_freely, ask_openly
from silicus.prompts.prompt import SYSTEM, AnswerStyle, Prompt, Template, answer_words, get_template, render
from silicus.prompts.reasoning import ask_for_reasoning, read_reasoned, reasoned
from silicus.prompts.shots import Shot, with_shots
from silicus.prompts.silicus import worded
from silicus.prompts.stated import ask_for_shares, fewest_tokens, read_stated, stated

__all__ = [
    "SYSTEM",
    "AnswerStyle",
    "Prompt",
    "Shot",
    "Template",
    "answer_words",
    "ask_for_reasoning",
    "ask_for_shares",
    "ask_freely",
    "ask_openly",
    "fewest_tokens",
    "get_template",
    "read_reasoned",
    "read_stated",
    "reasoned",
    "render",
    "stated",
    "with_shots",
    "worded",
]
