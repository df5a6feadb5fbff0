"""The words of a survey without their HTML: line breaks kept, places for piped words kept and listed."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping

__all__ = ["MOST_FILLED", "filled", "media_in", "pipes_in", "plain"]

# No "[^>]": a "<" inside would make a file of many "<" quadratic.
_TAG = re.compile(r"<(?=[a-zA-Z/!?])[^<>]*>")
_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)")
MOST_FILLED = 10_000
"""Characters that embedded data may add to a text."""

_LINES = frozenset(
    ("address", "blockquote", "center", "dd", "div", "dl", "dt", "fieldset", "form", "h1", "h2", "h3", "h4", "h5", "h6",
     "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul")
)  # fmt: skip
_CELLS = frozenset(("td", "th"))
_UNREAD = frozenset(("script", "style"))
_MEDIA = frozenset(("img", "video", "audio", "iframe", "embed", "source", "object"))
_ATTRIBUTE = re.compile(r"""\b(alt|src|data)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""", re.IGNORECASE)
_PIPE = re.compile(r"\$\{[^{}$]{1,300}\}")
_FIELD = re.compile(r"\$\{e://Field/([^{}$]{1,200})\}")
# Control characters, marks of direction and characters of no width, which no reader sees.
_UNSEEN = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0x7F, 0xAD, *range(0x200B, 0x2010), 0x2060, 0xFEFF])


def plain(text: str) -> str:
    r"""Return the words of a piece of HTML as a reader sees them.

    Examples:
        >>> plain("<p>Is 3 < 5&nbsp;&amp; true?</p>Say<br>yes, ${e://Field/name}")
        'Is 3 < 5 & true?\nSay\nyes, ${e://Field/name}'
    """
    pieces: list[str] = []
    at_start = True
    for words, tag in _read(text):
        pieces.append(re.sub(r"\s+", " ", html.unescape(words)))
        at_start = at_start and not pieces[-1].strip()
        name = _name(tag)
        if name == "br" or (name in _LINES and not at_start):
            pieces.append("\n")
            at_start = True
        elif name in _CELLS:
            pieces.append(" ")
    lines = (" ".join(line.split()) for line in "".join(pieces).translate(_UNSEEN).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def media_in(text: str) -> tuple[str, ...]:
    """Return pictures, sounds and films of a piece of HTML: the words that describe each, else its address."""
    tags = [tag for _, tag in _read(text) if _name(tag) in _MEDIA and not tag.startswith("</")]
    return tuple(dict.fromkeys(_described(tag) for tag in tags))


def pipes_in(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the places in which Qualtrics puts words, such as `${e://Field/name}`, each once."""
    return tuple(dict.fromkeys(pipe for text in texts for pipe in _PIPE.findall(text)))


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text with the embedded data that are known in their places; as it is where it would grow too long.

    Examples:
        >>> filled("about ${e://Field/fee} and ${e://Field/price}", {"fee": "a resort fee"})
        'about a resort fee and ${e://Field/price}'
    """
    # Embedded data may hold one another twice each, so that fifty of them would fill any memory.
    if sum(len(values.get(name, "")) for name in _FIELD.findall(text)) > MOST_FILLED:
        return text
    return _FIELD.sub(lambda match: values.get(match[1], match[0]), text)


def _read(text: str) -> Iterator[tuple[str, str]]:
    """Yield the words before each tag, and the tag; last the words after all, and ""."""
    first, *commented = text.split("<!--")
    text = first + "".join(part.partition("-->")[2] for part in commented)
    at, unread = 0, ""
    for match in _TAG.finditer(text):
        tag = match[0]
        if unread and not (tag.startswith("</") and _name(tag) == unread):
            continue
        yield ("" if unread else text[at : match.start()]), tag
        at, unread = match.end(), _name(tag) if not unread and _name(tag) in _UNREAD else ""
    yield ("" if unread else text[at:]), ""


def _name(tag: str) -> str:
    match = _NAME.match(tag)
    return match[1].lower() if match else ""


def _described(tag: str) -> str:
    said = {
        match[1].lower(): html.unescape(match[2] or match[3] or match[4] or "") for match in _ATTRIBUTE.finditer(tag)
    }
    return said.get("alt", "").strip() or said.get("src") or said.get("data") or _name(tag)
