"""The commands in the comment at the head of a recipe, as a reader would type them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

RECIPES = sorted((Path(__file__).resolve().parents[2] / "recipes").glob("*.yaml"))


def head(recipe: Path) -> list[str]:
    """Return the lines of the comment at the head of a recipe, without their marks."""
    lines = recipe.read_text(encoding="utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    return [line.removeprefix("#").removeprefix(" ") for line in lines[:first]]


def commands(recipe: Path, verb: str) -> list[list[str]]:
    """Return the words of each command of a verb, without `silicus`; a line that ends in a backslash goes on."""
    text = re.sub(r"\\\n\s*", "", "\n".join(head(recipe)))
    found = [shlex.split(line.strip())[2:] for line in text.splitlines() if line.strip().startswith("$ silicus ")]
    return [words for words in found if words[: len(verb.split())] == verb.split()]
