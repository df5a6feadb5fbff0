"""From an item and a respondent to words."""

from silicus.prompts.prompt import SYSTEM, AnswerStyle, Prompt, Template, answer_words, get_template, render

__all__ = ["SYSTEM", "AnswerStyle", "Prompt", "Template", "answer_words", "get_template", "render"]
