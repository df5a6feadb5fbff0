"""Amounts with their unit: as they are shown, and as people write them."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["amount", "plain_amount"]

_DIGITS = r"(?P<digits>[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)"


def amount(value: int, unit: str) -> str:
    """Return a number with its unit, where people write it.

    The digits stand as a model is to answer them, without a separator of thousands.

    Examples:
        >>> [amount(-5, "$"), amount(40, "%"), amount(30, "minutes"), amount(7, "")]
        ['-$5', '40%', '30 minutes', '7']
    """
    if not unit:
        return str(value)
    if _before(unit):
        return f"{'-' if value < 0 else ''}{unit}{abs(value)}"
    return f"{value}{unit}" if unit == "%" else f"{value} {unit}"


def plain_amount(text: str, unit: str) -> str:
    """Return a text with the amount at its start as a bare number: without the unit and separators of thousands.

    Without a unit, or with no number at its start, the text stays as it is. The unit may stand on either side, in any
    case, in the plural or not.

    Examples:
        >>> plain_amount("$1,000", "$"), plain_amount("-$ 5.00", "$"), plain_amount("1 minute, no more", "minutes")
        ('1000', '-5.00', '1, no more')
    """
    if not unit:
        return text
    word = _either_number(unit)
    pattern = rf"\s*(?P<sign>[-+]?)(?:{word})?\s*(?P<inner>[-+]?){_DIGITS}(?P<rest>\.0+(?![0-9]))?(?:\s*{word}(?!\w))?"
    found = re.match(pattern, text, re.IGNORECASE)
    if found is None or (found["sign"] and found["inner"]):
        return text
    number = f"{found['sign']}{found['inner']}{found['digits'].replace(',', '')}{found['rest'] or ''}"
    return number + text[found.end() :]


def _before(unit: str) -> bool:
    """Return whether a unit is a currency sign, perhaps with letters (US$), and so stands before the number."""
    return any(unicodedata.category(sign) == "Sc" for sign in unit)


def _either_number(unit: str) -> str:
    """Return a pattern of the unit in the singular and the plural."""
    stem = unit.removesuffix("s")
    return f"{re.escape(stem)}s?" if stem[-1:].isalpha() else re.escape(unit)
