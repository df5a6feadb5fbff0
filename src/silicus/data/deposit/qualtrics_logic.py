"""Conditions of a Qualtrics survey: in words, and whether they hold where embedded data are known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from silicus.data.deposit.qualtrics_place import Place
from silicus.data.deposit.qualtrics_text import plain

__all__ = ["Logic", "Test", "read_logic"]

_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "EqualTo": lambda found, expected: found == expected,
    "NotEqualTo": lambda found, expected: found != expected,
    "Contains": lambda found, expected: expected in found,
    "DoesNotContain": lambda found, expected: expected not in found,
    "Empty": lambda found, _: not found,
    "NotEmpty": lambda found, _: bool(found),
}
_NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThan": lambda found, expected: found > expected,
    "GreaterThanOrEqual": lambda found, expected: found >= expected,
    "LessThan": lambda found, expected: found < expected,
    "LessThanOrEqual": lambda found, expected: found <= expected,
}
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?")


@dataclass(frozen=True)
class Test:
    """One comparison.

    Attributes:
        field: the embedded data that is compared; `None` for answers, quotas and the like.
        operator: as Qualtrics names it.
        value: what the field is compared with.
    """

    field: str | None
    operator: str
    value: str

    def holds(self, values: Mapping[str, str]) -> bool | None:
        """Return whether the comparison holds, `None` where that cannot be told."""
        if self.field is None or self.field not in values or "${" in values[self.field] or "${" in self.value:
            return None
        found, expected = values[self.field].strip(), self.value.strip()
        if self.operator in _OPERATORS:
            return _OPERATORS[self.operator](found, expected)
        if self.operator in _NUMBERS and _NUMBER.fullmatch(found) and _NUMBER.fullmatch(expected):
            return _NUMBERS[self.operator](float(found), float(expected))
        # A pattern of a stranger is never run: only one that is a plain word is understood.
        if self.operator == "MatchesRegex" and expected.isalnum() and (found == expected or expected not in found):
            return found == expected
        return None


@dataclass(frozen=True)
class Logic:
    """When something is shown.

    Attributes:
        words: such as `If Condition Is Equal to 2 Or Condition Is Equal to 3`.
        tests: the comparisons.
        joined: how they are joined; `mixed` where it is not all one way.
    """

    words: str
    tests: tuple[Test, ...]
    joined: Literal["and", "or", "mixed"]

    def holds(self, values: Mapping[str, str]) -> bool | None:
        """Return whether it holds for someone with these embedded data, `None` where that cannot be told."""
        told = [test.holds(values) for test in self.tests]
        if not told or (self.joined == "mixed" and len(set(told)) > 1):
            return None
        decides = self.joined == "or"
        if decides in told:
            return decides
        return None if None in told else not decides

    def implied(self) -> dict[str, str]:
        """Return the embedded data that anybody has for whom it holds."""
        if self.joined != "and":
            return {}
        return {test.field: test.value.strip() for test in self.tests if test.field and test.operator == "EqualTo"}


def read_logic(place: Place) -> Logic:
    """Return the logic of a branch or of a question.

    Raises:
        InputError: a part of it is not what it should be.
    """
    words: list[str] = []
    tests: list[Test] = []
    joins: set[str] = set()
    for first, group in _groups(place):
        for number, entry in enumerate(_expressions(group)):
            field = entry.get("LeftOperand").text() if entry.get("LogicType").text() == "EmbeddedField" else None
            tests.append(Test(field, entry.get("Operator").text(), entry.get("RightOperand").text()))
            words.append(_words(entry))
            # Qualtrics spells the key so.
            joint = group.get("Type").text().removesuffix("If") if number == 0 else entry.get("Conjuction").text()
            joins |= {joint.lower()} if number or not first else set()
    joined: Literal["and", "or", "mixed"] = "mixed" if len(joins) > 1 else "or" if joins == {"or"} else "and"
    return Logic(" ".join(filter(None, words)), tuple(tests), joined)


def _groups(place: Place) -> Iterator[tuple[bool, Place]]:
    numbered = [entry for key, entry in place.mapping().items() if key.isdigit()]
    for number, group in enumerate(numbered):
        yield number == 0, group


def _expressions(group: Place) -> list[Place]:
    return [entry for key, entry in group.mapping().items() if key.isdigit()]


def _words(entry: Place) -> str:
    described = " ".join(plain(entry.get("Description").text()).split())
    parts = (entry.get(key).text() for key in ("LeftOperand", "Operator", "RightOperand"))
    return described or " ".join(filter(None, parts))
