"""Under which licence a model may be passed on, and the words that have to go with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import Field

from silicus.record import Record, parse, read_yaml

__all__ = ["UNKNOWN", "Licence", "front_matter", "licence_of"]

_FILE = Path(__file__).with_name("licences.yaml")
# The same weights in another form: "-GGUF", ".Q4_K_M.gguf", "-AWQ", "-bnb-4bit", "-hf".
_FORM = re.compile(r"[-._](?:gguf|gptq|awq|exl2|mlx|hf|bnb|i?q\d\w*|fp\d+|bf16|f16|f32|int\d|[348]-?bit)$")


class Licence(Record):
    """The terms of a model, which hold for what is learnt from it."""

    models: list[str] = Field(min_length=1)
    """Regular expressions, each for the whole name of a model in small letters."""
    name: str
    hub: str
    """The hub's word for it."""
    hub_name: str | None = None
    """Its own word, where the hub has none ("other")."""
    url: str | None
    """Where its text is."""
    lines: list[str] = []
    """What has to be said wherever the model, or one made from it, is passed on."""
    name_begins: str | None = None
    """How the name of a model made from it has to begin."""
    source: str | None
    """Where its maker says so."""


UNKNOWN = Licence(
    models=[".*"], name="unknown: look at the base model's page", hub="unknown", url=None, source=None
)  # fmt: skip
"""Of a model that is not in the table."""


def licence_of(name: str, config: Any = None) -> Licence:
    """Return the licence of a model, or `UNKNOWN`.

    Args:
        name: its name on a hub, or the file or folder of its weights; a folder's README.md may name its base.
        config: its transformers config, which may know another name of it.

    Examples:
        >>> licence_of("meta-llama/Meta-Llama-3-8B-Instruct").lines[0]
        'Built with Meta Llama 3'
        >>> licence_of("somebody/some-model").name
        "unknown: look at the base model's page"
    """
    for each in _names(name, config):
        for entry in _licences():
            if any(re.fullmatch(pattern, each) for pattern in entry.models):
                return entry
    return UNKNOWN


def front_matter(text: str) -> dict[str, Any]:
    """Return what a model card says to machines; nothing where it says nothing that can be read."""
    found = re.match(r"---\n(.*?\n)---\n", text, flags=re.DOTALL)
    try:
        said: Any = yaml.safe_load(found[1]) if found else None
    except yaml.YAMLError:
        return {}
    return cast("dict[str, Any]", said) if isinstance(said, dict) else {}


def _names(name: str, config: Any) -> Iterator[str]:
    """Yield the names a model is known by, in the words of the table: those it was made from come last."""
    known = [name, str(getattr(config, "_name_or_path", None) or "")]
    for folder in {Path(each) for each in known if each}:
        card = folder / "README.md"
        if card.is_file():
            base = front_matter(card.read_text(encoding="utf-8", errors="replace")).get("base_model", [])
            known += [base] if isinstance(base, str) else [str(each) for each in base or []]
    for each in known:
        short = re.split(r"[/\\]", each.rstrip("/\\"))[-1].lower().replace(":", "-")
        yield short
        while (shorter := _FORM.sub("", short)) != short:
            short = shorter
            yield short


@cache
def _licences() -> list[Licence]:
    entries = cast("list[Any]", read_yaml(_FILE))
    return [parse(entry, Licence, where=f"{_FILE.name} entry {place}") for place, entry in enumerate(entries, start=1)]
