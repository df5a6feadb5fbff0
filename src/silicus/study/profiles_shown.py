"""The profiles of a conjoint experiment, or a vignette: what they are made of, and the words that show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from string import Formatter
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from silicus.errors import did_you_mean
from silicus.record import Record
from silicus.study.kinds import expanded
from silicus.study.question import Question, StudyQuestion
from silicus.study.scale import Scale

__all__ = ["Profiles"]

_NUMBER, _EVERY = "n", "attributes"
_MOST_SHOWN = 9


def _word(level: Any) -> Any:
    """Take a number as a word: a level may be 10."""
    return str(level) if isinstance(level, int | float) and not isinstance(level, bool) else level


Level = Annotated[str, BeforeValidator(_word)]


class Profiles(Record):
    """The profiles that each respondent is shown, drawn at random."""

    attributes: dict[str, tuple[Level, ...]] = Field(min_length=1)
    """Attribute -> its levels, in words; each is as likely as any other."""
    count: int = Field(default=2, ge=1, le=_MOST_SHOWN)
    """How many are shown side by side; 1 is a vignette."""
    tasks: int = Field(default=1, ge=1, le=100)
    """How many times a respondent is asked, each time about other profiles."""
    restrict: tuple[dict[str, Level], ...] = ()
    """Combinations that are never shown: attribute -> level."""
    name: str = "Profile {n}"
    """What a profile is called, in answers."""
    text: str = Field(min_length=1)
    """The words of one profile: `{n}` is its number, `{price}` the level of the attribute price, `{attributes}` a line
    for each attribute."""
    order: Literal["fixed", "shuffled"] = "fixed"
    """Whether each respondent sees the lines of `{attributes}` in an order of its own."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        for attribute, levels in self.attributes.items():
            if attribute in {_NUMBER, _EVERY} or not attribute.isidentifier():
                raise ValueError(f"found the attribute '{attribute}', expected a name of letters and _, such as price.")
            if len(set(levels)) < max(2, len(levels)) or not all(level.strip() for level in levels):
                raise ValueError(f"the attribute '{attribute}' needs two levels or more, none empty and none twice.")
        for combination in self.restrict:
            self._check_combination(combination)
        self._check_text()
        return self

    def _check_combination(self, combination: Mapping[str, str]) -> None:
        if not combination:
            raise ValueError("found an empty combination under 'restrict', which would forbid every profile.")
        for attribute, level in combination.items():
            if attribute not in self.attributes:
                raise ValueError(f"'restrict' names '{attribute}'.{did_you_mean(attribute, self.attributes)}")
            if level not in self.attributes[attribute]:
                raise ValueError(
                    f"'restrict' names the {attribute} '{level}'.{did_you_mean(level, self.attributes[attribute])}"
                )

    def _check_text(self) -> None:
        named = _names(self.text)
        known = [*self.attributes, _NUMBER, _EVERY]
        stray = next((name for name in named if name not in known), None)
        if stray is not None:
            raise ValueError(f"the text of a profile names {{{stray}}}.{did_you_mean(stray, known)}")
        absent = next((name for name in self.attributes if name not in named and _EVERY not in named), None)
        if absent is not None:
            raise ValueError(f"the text of a profile does not say its {absent}: write {{{absent}}} or {{{_EVERY}}}.")
        if self.order == "shuffled" and named & set(self.attributes):
            raise ValueError(f"attributes are shuffled only in the lines of {{{_EVERY}}}; the text names others.")
        wrong = _names(self.name) - {_NUMBER}
        if wrong or (self.count > 1 and _NUMBER not in _names(self.name)):
            raise ValueError(f"found the name '{self.name}', expected one with {{{_NUMBER}}} alone in braces.")

    def named(self, number: int) -> str:
        """Return what the profile of that number is called."""
        return _filled(self.name, {_NUMBER: str(number)})

    def shown(self, profiles: Iterable[Mapping[str, str]], order: Iterable[str]) -> str:
        """Return the words of profiles side by side.

        Args:
            profiles: attribute -> level, of each.
            order: the attributes as their lines stand.
        """
        order = tuple(order)
        return "\n\n".join(self._one(number, profile, order) for number, profile in enumerate(profiles, start=1))

    def _one(self, number: int, profile: Mapping[str, str], order: tuple[str, ...]) -> str:
        lines = "\n".join(f"{name.replace('_', ' ').capitalize()}: {profile[name]}" for name in order)
        return _filled(self.text.strip(), {**profile, _NUMBER: str(number), _EVERY: lines})

    def judged(self, question: StudyQuestion) -> tuple[tuple[Question, int | None], ...]:
        """Return what one question asks at each task, with the number of the profile it is about, `None` for all.

        One without a scale asks which profile is chosen. Any other is asked about every profile, and has its number
        at the end of its id; `{n}` in its words is the number, and the profile's name is put before words without it.
        """
        if question.form == "bare":
            labels = {number: self.named(number) for number in range(1, self.count + 1)}
            kind = "binary" if self.count == 2 else "nominal"
            choice = Question(id=question.id, text=question.text.strip(), scale=Scale(kind=kind, labels=labels))
            return ((choice, None),)
        if self.count == 1:
            return tuple((asked, 1) for asked in expanded(question))
        numbers = range(1, self.count + 1)
        return tuple((self._about(asked, number), number) for asked in expanded(question) for number in numbers)

    def _about(self, asked: Question, number: int) -> Question:
        braced = f"{{{_NUMBER}}}"
        text = asked.text if braced in asked.text else f"{self.name}: {asked.text}"
        return Question(id=f"{asked.id}.{number}", text=text.replace(braced, str(number)), scale=asked.scale)


def _names(text: str) -> set[str]:
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}. A brace that is no name is written twice.") from None


def _filled(text: str, words: Mapping[str, str]) -> str:
    return "".join(f"{before}{words[name] if name else ''}" for before, name, _, _ in Formatter().parse(text))
