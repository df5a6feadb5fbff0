"""What `silicus train` was asked: a recipe, and what was said at the prompt instead of it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from silicus.errors import InputError, did_you_mean
from silicus.options import TrainOptions
from silicus.record import parse, yaml_value
from silicus.train import Part, Recipe, read_recipe

__all__ = ["recipe_asked"]

_RUN = {"data", "device", "dry_run", "out", "set"}
"""What is said of a run and not of a recipe."""


def recipe_asked(path: Path | None, options: TrainOptions) -> Recipe:
    """Return the recipe of a file, changed as the options say; without a file the one that the options make.

    Raises:
        InputError: no data are named, or a setting is out of its range.
    """
    given = {f.name: getattr(options, f.name) for f in fields(options) if f.name not in _RUN}
    given = {name: value for name, value in given.items() if value is not None and value != ()}
    if "steps" in given and "epochs" in given:
        raise InputError("found both --steps and --epochs, expected one of them.")
    given |= _settings(options.set)
    of_parts = {name: given.pop(name) for name in list(given) if name in Part.model_fields}
    if path is not None and path.is_dir():
        raise InputError(f"{path}: is a folder, expected a recipe (.yaml). Give a dataset folder with --data {path}")
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


def _settings(words: tuple[str, ...]) -> dict[str, Any]:
    """Return the settings of `--set name=value`, their values read as in a recipe.

    Raises:
        InputError: one has another form, or its name is not known.
    """
    known = {*Recipe.model_fields, *Part.model_fields} - {"parts", "data"}
    found: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise InputError(f"found --set {word}, expected a setting and its value, as --set warmup=0.1.")
        if name not in known:
            raise InputError(f"--set {word}: unknown setting '{name}'.{did_you_mean(name, known)}")
        found[name] = yaml_value(value, where=f"--set {word}")
    return found


def _with_data(parts: list[Part], data: tuple[str, ...], path: Path) -> list[Part]:
    """Return the parts with other data: one for each, or one for all."""
    if not data:
        return parts
    if len(data) not in {1, len(parts)}:
        raise InputError(f"{path}: has {len(parts)} parts, found --data {len(data)} times. Give one for each, or one.")
    names = data * len(parts) if len(data) == 1 else data
    return [part.model_copy(update={"data": name}) for part, name in zip(parts, names, strict=True)]
