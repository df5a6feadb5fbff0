"""Questions: with a scale, as they become cells, and in the other forms that a study file may give them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, cast

from pydantic import BeforeValidator, Field, model_validator

from silicus.record import Record
from silicus.study.scale import Scale

__all__ = ["MOST_RANKED", "Form", "Question", "StudyQuestion"]

MOST_RANKED = 10
"""Options of a ranking: 45 pairs."""

Form = Literal["scale", "matrix", "several", "ranking", "open", "bare"]
"""What a question asks for: one answer, one a row, any number of options, an order of them, words, or a profile."""

_APART = ";>"
"""What stands between the options of an answer."""


class Question(Record):
    """A question, and the scale of its answers."""

    id: str = Field(min_length=1)
    text: str = Field(min_length=1)
    scale: Scale


def _by_key(options: Any) -> Any:
    """Number the options of a list from 1, and take numbers as words."""
    if isinstance(options, list):
        options = dict(enumerate(cast("list[Any]", options), start=1))
    if not isinstance(options, dict):
        return options
    pairs = cast("dict[Any, Any]", options).items()
    return {str(key): str(words) if isinstance(words, int | float) else words for key, words in pairs}


Options = Annotated[dict[str, str], BeforeValidator(_by_key)]
"""Key -> words, in the order shown; a list of words has the keys 1, 2, ..."""


class StudyQuestion(Record):
    """A question as a study file gives it, in one of several forms."""

    id: str = Field(min_length=1)
    text: str = Field(min_length=1)
    scale: Scale | None = None
    """The answers it allows; of a question of several rows, those of each."""
    rows: Options = {}
    """What is asked about one by one, on one scale: key -> words."""
    choose: Literal["any"] | None = None
    """`any`: several of the options may be ticked."""
    options: Options = {}
    """The options of which several may be ticked; the labels of a nominal scale will do."""
    at_least: int = Field(default=0, ge=0)
    """How many options are to be ticked at least."""
    at_most: int | None = Field(default=None, ge=1)
    """How many options may be ticked at most."""
    rank: Options = {}
    """The options to be put in order."""
    open: bool = False
    """Whether it is answered in words, which are kept and not scored."""
    better: Literal["higher", "lower"] | None = None
    """Which answers are wanted, where arms are to be chosen by them."""

    @property
    def form(self) -> Form:
        """What the question asks for."""
        forms: dict[Form, object] = {
            "matrix": self.rows, "several": self.choose, "ranking": self.rank, "open": self.open, "scale": self.scale,
        }  # fmt: skip
        named: list[Form] = [form for form, given in forms.items() if given]
        return named[0] if named else "bare"

    @property
    def ticked(self) -> dict[str, str]:
        """The options of which several may be ticked."""
        labels = self.scale.labels if self.scale else {}
        return self.options or {str(value): words for value, words in labels.items()}

    @model_validator(mode="after")
    def _check(self) -> Self:
        given = {"rows": self.rows, "choose": self.choose, "rank": self.rank, "open": self.open}
        forms = [name for name, value in given.items() if value]
        if len(forms) > 1:
            raise ValueError(f"found {' and '.join(forms)}, expected one of them. Make two questions of it.")
        if self.scale and self.form in {"ranking", "open"}:
            raise ValueError(f"found a scale beside '{forms[0]}', which needs none. Delete it.")
        if self.form == "matrix" and self.scale is None:
            raise ValueError("found rows without a scale, expected the scale on which each of them is answered.")
        self._check_several()
        for name, options in {
            "rows": self.rows,
            "options": self.ticked if self.choose else {},
            "rank": self.rank,
        }.items():
            _check_options(name, options)
        if len(self.rank) > MOST_RANKED:
            raise ValueError(f"found {len(self.rank)} options to rank, expected at most {MOST_RANKED}.")
        return self

    def _check_several(self) -> None:
        """Refuse what belongs to several options where there are none, and limits that cannot be kept."""
        if self.choose is None:
            stray = next((name for name in ("options", "at_least", "at_most") if getattr(self, name)), None)
            if stray is not None:
                raise ValueError(
                    f"found '{stray}' without 'choose: any'. One answer among several is a scale: "
                    "{kind: nominal, labels: {1: ..., 2: ...}}."
                )
            return
        if self.options and self.scale:
            raise ValueError("found options and a scale, expected one of them.")
        if not self.options and not (self.scale and self.scale.kind == "nominal"):
            raise ValueError("found 'choose: any' without options, expected a list of them, or a nominal scale.")
        taken = sorted({0, 1} & set(self.scale.refusals)) if self.scale else []
        if taken:
            raise ValueError(f"the refusal {taken[0]} is also how a tick is written (0, 1). Give it another code.")
        most = len(self.ticked) if self.at_most is None else self.at_most
        if not self.at_least <= most <= len(self.ticked):
            raise ValueError(
                f"found at least {self.at_least} and at most {most} of {len(self.ticked)} options, which cannot be."
            )


def _check_options(name: str, options: dict[str, str]) -> None:
    if not options:
        return
    if len(options) < 2:
        raise ValueError(f"found 1 entry under '{name}', expected 2 or more.")
    odd = next((key for key in options if not key.strip() or set(key) & set(_APART)), None)
    if odd is not None:
        raise ValueError(
            f"found the key '{odd}' under '{name}', expected a name without '{_APART[0]}' and '{_APART[1]}'."
        )
    blank = next((key for key, words in options.items() if not words.strip()), None)
    if blank is not None:
        raise ValueError(f"'{blank}' under '{name}' has no words.")
    words = list(options.values())
    twice = next((each for each in words if words.count(each) > 1), None)
    if twice is not None:
        raise ValueError(f"'{twice}' stands twice under '{name}'. Give every entry its own words.")
