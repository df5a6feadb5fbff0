"""Words of a file in a YAML text: whatever they hold, they stay words."""

from __future__ import annotations

import re

__all__ = ["comment", "key", "pairs", "scalar"]

_SAFE = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)
_WORDS_OF_YAML = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))
_LONGEST = 200


def scalar(text: str) -> str:
    r"""Return a word as YAML, in quotes where it would not stay one without.

    Examples:
        >>> scalar("q1"), scalar("No"), scalar('a: "b"\n')
        ('q1', '"No"', '"a: \\"b\\"\\u000a"')
    """
    if _SAFE.fullmatch(text) and text.lower() not in _WORDS_OF_YAML:
        return text
    return f'"{"".join(map(_letter, text))}"'


def _letter(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    code = ord(letter)
    # A half of a pair of surrogates is no letter, and no file can hold it.
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    if letter.isprintable():
        return letter
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def key(code: str) -> str:
    """Return a code as the key of a mapping: a whole number as it is, anything else as a word."""
    return code if re.fullmatch(r"-?[1-9]\d{0,8}|0", code) else scalar(code)


def pairs(labels: dict[int, str] | dict[str, str]) -> str:
    """Return codes and their words as a mapping on one line, without its braces."""
    return ", ".join(f"{key(str(code))}: {scalar(words)}" for code, words in labels.items())


def comment(text: str, longest: int = _LONGEST) -> str:
    r"""Return words as they may stand behind a `#`: on one line, and not too long for it.

    Examples:
        >>> comment("a\nname: b")
        'a name: b'
    """
    line = "".join(letter if letter.isprintable() else " " for letter in " ".join(text.split()))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
