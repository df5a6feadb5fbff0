"""What `silicus train` was asked: a recipe, and what was said at the prompt instead of it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from silicus.errors import InputError
from silicus.options import TrainOptions
from silicus.record import parse
from silicus.train import Part, Recipe, read_recipe

__all__ = ["recipe_asked"]

_RUN = {"data", "device", "dry_run", "out"}
"""What is said of a run and not of a recipe."""

_OF_PARTS = {"objective", "per_cell"}


def recipe_asked(path: Path | None, options: TrainOptions) -> Recipe:
    """Return the recipe of a file, changed as the options say; without a file the one that the options make.

    Raises:
        InputError: no data are named, or a setting is out of its range.
    """
    given = {f.name: getattr(options, f.name) for f in fields(options) if f.name not in _RUN}
    given = {name: value for name, value in given.items() if value is not None and value != ()}
    of_parts = {name: given.pop(name) for name in _OF_PARTS if name in given}
    if path is None:
        if not options.data:
            raise InputError("found neither a recipe nor --data, expected one of them. Recipes are in recipes/.")
        made: dict[str, Any] = {"parts": [{"data": each, **of_parts} for each in options.data], **given}
        return parse(made, Recipe, where="silicus train")
    recipe = read_recipe(path)
    if options.steps is None and options.epochs is not None:
        given["steps"] = None
    parts = [{**part.model_dump(), **of_parts} for part in _with_data(recipe.parts, options.data, path)]
    return parse({**recipe.model_dump(), **given, "parts": parts}, Recipe, where=str(path))


def _with_data(parts: list[Part], data: tuple[str, ...], path: Path) -> list[Part]:
    """Return the parts with other data: one for each, or one for all."""
    if not data:
        return parts
    if len(data) not in {1, len(parts)}:
        raise InputError(f"{path}: has {len(parts)} parts, found --data {len(data)} times. Give one for each, or one.")
    names = data * len(parts) if len(data) == 1 else data
    return [part.model_copy(update={"data": name}) for part, name in zip(parts, names, strict=True)]
