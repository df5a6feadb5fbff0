"""From an item and a respondent to words."""

from silicus.prompts.prompt import SYSTEM, AnswerStyle, Prompt, Template, answer_words, get_template, render
from silicus.prompts.reasoning import ask_for_reasoning, read_reasoned, reasoned

__all__ = [
    "SYSTEM",
    "AnswerStyle",
    "Prompt",
    "Template",
    "answer_words",
    "ask_for_reasoning",
    "get_template",
    "read_reasoned",
    "reasoned",
    "render",
]
