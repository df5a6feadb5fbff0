"""A prompt: the words put to a model, and the words it may answer with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from silicus.errors import InputError, PromptError
from silicus.plugins import Registry
from silicus.study import Item, Respondent, Scale

__all__ = [
    "SYSTEM",
    "AnswerStyle",
    "Prompt",
    "Template",
    "answer_words",
    "field_label",
    "get_template",
    "lettered",
    "number_range",
    "persona_lines",
    "render",
]

SYSTEM = (
    "You are simulating a survey respondent. Answer exactly as instructed, following the specified response "
    "format without additional commentary."
)
"""The system text of Kolluri et al. 2025 (arXiv 2509.05830), byte for byte."""

AnswerStyle = Literal["value", "letter", "label"]
"""How a model is to name its answer: `3`, `C`, or `Somewhat agree`."""

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_TEMPLATES = Registry(
    "template",
    {
        "silicus": "silicus.prompts.silicus:SilicusTemplate",
        "socrates": "silicus.prompts.socrates:SocratesTemplate",
        "cao": "silicus.prompts.cao:CaoTemplate",
        "subpop": "silicus.prompts.subpop:SubpopTemplate",
        "subpop-bio": "silicus.prompts.subpop:SubpopBioTemplate",
        "subpop-portray": "silicus.prompts.subpop:SubpopPortrayTemplate",
    },
)


@dataclass(frozen=True)
class Prompt:
    """One respondent's prompt for one item.

    Attributes:
        system: what the model is told it does; "" for no system turn.
        user: the stimulus, the question and the persona.
        answers: the words of each of `item.scale.answers`: its points, then its refusals.
        lead: words at the start of the model's own turn, which the answer follows directly.
    """

    item: Item
    respondent: Respondent
    system: str
    user: str
    answers: tuple[str, ...]
    lead: str = ""


class Template(Protocol):
    """A way of putting an item and a respondent into words."""

    name: str
    system: str
    """What the model is told it does; "" for no system turn."""
    lead: str
    """Words at the start of the model's own turn; "" for none."""
    outer: Literal["item", "respondent"]
    """What stands first in the text, and so is shared by neighbouring prompts."""
    fields: tuple[str, ...]
    """The order of the persona's fields; others come after them."""

    def user(self, item: Item, respondent: Respondent, style: AnswerStyle) -> str:
        """Return the user text."""
        ...

    def persona(self, respondent: Respondent) -> dict[str, str]:
        """Return attribute -> the words that tell it, in the order shown; the user text must hold each of them."""
        ...


def get_template(name: str) -> Template:
    """Return the template of that name.

    Raises:
        InputError: there is none; the nearest known name is given.
    """
    return _TEMPLATES.get(name)()


def render(template: Template, item: Item, respondent: Respondent, style: AnswerStyle = "value") -> Prompt:
    """Return the prompt of one respondent for one item.

    Raises:
        InputError: the scale cannot be answered in this style.
        PromptError: an attribute of the respondent is absent from the rendered text.
    """
    answers = answer_words(item, style)
    user = template.user(item, respondent, style)
    persona = template.persona(respondent)
    for name, value in respondent.attributes.items():
        words = persona.get(name, "")
        if str(value) not in words or words not in user:
            raise PromptError(
                f"template '{template.name}', respondent '{respondent.id}': the attribute '{name}' ({value}) is absent "
                "from the rendered prompt. Every attribute must stand in a persona line, and every line in the text."
            )
    return Prompt(item, respondent, template.system, user, answers, template.lead)


def field_label(name: str) -> str:
    """Return the words a field is shown with.

    Examples:
        >>> field_label("party_id")
        'Party Id'
    """
    return name.replace("_", " ").title()


def number_range(scale: Scale, number: str) -> str:
    """Return the words for every value of a scale that is given by its range.

    Examples:
        >>> number_range(Scale(kind="numeric", low=1, high=10, step=3), "an integer")
        'an integer from 1 to 10 in steps of 3'
        >>> number_range(Scale(kind="numeric", points=(0, 10, 50), unit="$"), "an integer")
        'one of $0, $10 and $50'
    """
    if scale.points:
        *others, last = map(scale.shown, scale.points)
        return f"one of {', '.join(others)} and {last}"
    first, last = (scale.shown(scale.values[place]) for place in (0, -1))
    if scale.step == 1:
        return f"{number} from {first} to {last}"
    if scale.values[0] % scale.step == 0:
        return f"a multiple of {scale.step} from {first} to {last}"
    return f"{number} from {first} to {last} in steps of {scale.step}"


def persona_lines(respondent: Respondent, order: tuple[str, ...], start: str = "") -> dict[str, str]:
    """Return attribute -> "Field: value", known attributes only, in this order, further attributes after them.

    Examples:
        >>> persona_lines(Respondent("1", {"age": 34, "gender": "Female"}), order=("gender",), start="- ")
        {'gender': '- Gender: Female', 'age': '- Age: 34'}
    """
    known = respondent.attributes
    names = [*(name for name in order if name in known), *(name for name in known if name not in order)]
    return {name: f"{start}{field_label(name)}: {known[name]}" for name in names}


def answer_words(item: Item, style: AnswerStyle) -> tuple[str, ...]:
    """Return the words of each of `item.scale.answers`.

    Raises:
        InputError: the style does not fit the scale, or the stimulus itself says how to answer.
    """
    scale, place = item.scale, f"study '{item.study}', question '{item.question}'"
    if style == "value":
        return tuple(str(value) for value in scale.answers)
    if item.verbatim:
        raise InputError(f"{place}: its text asks for a number, found the answer style '{style}', expected 'value'.")
    if style == "letter":
        return _letters(scale, place)
    bare = next((value for value in scale.answers if scale.label(value) is None), None)
    if bare is not None:
        raise InputError(f"{place}: the answer style 'label' needs a label for every point; {bare} has none.")
    return tuple(scale.label(value) or "" for value in scale.answers)


def lettered(item: Item, template: str, style: AnswerStyle) -> dict[str, str]:
    """Return letter -> words of each of `item.scale.answers` (the number of a point without label).

    Raises:
        InputError: another style is asked for, or the scale has no letters.
    """
    if style != "letter":
        raise InputError(
            f"the template '{template}' asks for letters, found the answer style '{style}'. Give --answers letter."
        )
    scale = item.scale
    words = (scale.label(value) or str(value) for value in scale.answers)
    return dict(zip(answer_words(item, "letter"), words, strict=True))


def _letters(scale: Scale, place: str) -> tuple[str, ...]:
    if len(scale.answers) > len(_LETTERS):
        raise InputError(f"{place}: the answer style 'letter' has 26 letters, the scale {len(scale.answers)} answers.")
    return tuple(_LETTERS[: len(scale.answers)])
