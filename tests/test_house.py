"""What holds for the whole house: light to import, honest doors, short files."""

from __future__ import annotations

import ast
import importlib
import itertools
import pkgutil
import re
import resource
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

import silicus
from silicus.models import Device, Dtype
from silicus.options import (
    AnswerOptions,
    DemoOptions,
    EvaluateOptions,
    InspectOptions,
    PrepareOptions,
    ScreenOptions,
    SimulateOptions,
    TrainOptions,
)
from silicus.prompts import AnswerStyle
from silicus.train import Part, Recipe

SOURCE = Path(silicus.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
MODULES = sorted({m.name for m in pkgutil.walk_packages([str(SOURCE)], "silicus.")} - {"silicus.__main__"})
HEAVY = {
    "numpy",
    "polars",
    "pydantic",
    "yaml",
    "scipy",
    "torch",
    "transformers",
    "peft",
    "vl_convert",
    "jinja2",
    "gguf",
}


def relative(path: Path) -> str:
    return str(path.relative_to(SOURCE))


@pytest.mark.parametrize("name", MODULES)
def test_a_door_shows_only_what_is_behind_it(name):
    module = importlib.import_module(name)
    shown = module.__all__
    assert [each for each in shown if not hasattr(module, each)] == []
    assert len(set(shown)) == len(shown)
    # As ruff sorts them: CONSTANTS, Classes, functions.
    assert shown == sorted(shown, key=lambda each: (0 if each.isupper() else 1 if each[0].isupper() else 2, each))


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_a_file_says_what_it_is_for_and_is_short(path):
    text = path.read_text(encoding="utf-8")
    first = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
    assert first.endswith((".", ":")), f"{relative(path)} does not begin with a sentence"
    assert len(text.splitlines()) <= 500


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (kind, field.name)
        for kind in (
            SimulateOptions,
            ScreenOptions,
            EvaluateOptions,
            InspectOptions,
            PrepareOptions,
            TrainOptions,
            DemoOptions,
        )
        for field in fields(kind)
    ],
)
def test_every_option_is_explained(kind, name):
    told = [_help(above)[name] for above in kind.__mro__[:-1] if name in _help(above)]
    assert told
    assert told[0].endswith(".")


_OF_A_RUN = {"set", "data", "device", "dry_run", "out"}


@pytest.mark.parametrize("field", [f for f in fields(TrainOptions) if f.name not in _OF_A_RUN], ids=lambda f: f.name)
def test_options_of_training_say_what_the_recipe_says(field):
    # Written twice, so that the command line imports no room before a verb is called.
    kind = Part if field.name in Part.model_fields else Recipe
    known = kind.model_fields[field.name]
    option, setting = (_choices(get_type_hints(each)[field.name]) for each in (TrainOptions, kind))
    if field.name == "objective":
        # Objectives as others coded them are for recipes that reproduce their results.
        assert option == {each for each in setting if not str(each).endswith("_as_coded")}
    else:
        assert option == setting
    told = re.search(r"By default (\S+)\.$", " ".join(_help(TrainOptions)[field.name].split()))
    assert (told.group(1) if told else None) == _told(known.default)


def _choices(hint: Any) -> set[Any]:
    """Return what a field may be: words, or types; a list in a file is a tuple at the prompt."""
    if get_origin(hint) is Literal:
        return set(get_args(hint))
    if get_origin(hint) in {list, tuple}:
        return {list, *get_args(hint)} - {...}
    parts = get_args(hint) or (hint,)
    return {each for part in parts if part is not NoneType for each in (_choices(part) if get_args(part) else {part})}


def _told(default: Any) -> str | None:
    """Return how a default is told in words; `None` where there is nothing to tell."""
    if isinstance(default, bool):
        return "so" if default else "not"
    if isinstance(default, int | float):
        return f"{default:g}" if default < 1 else f"{default:.0f}"
    return default if isinstance(default, str) else None


def _help(kind: type) -> dict[str, str]:
    """Return field -> the string that stands below it in the source."""
    home = SOURCE.joinpath(*kind.__module__.split(".")[1:]).with_suffix(".py")
    tree = ast.parse(home.read_text(encoding="utf-8"))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == kind.__name__).body
    return {
        node.target.id: below.value.value
        for node, below in itertools.pairwise(body)
        if isinstance(node, ast.AnnAssign) and isinstance(below, ast.Expr)
    }


@pytest.mark.parametrize(("option", "literal"), [("answers", AnswerStyle), ("device", Device), ("dtype", Dtype)])
def test_options_name_the_choices_that_the_rooms_below_know(option, literal):
    # Written twice, so that the command line imports no room before a verb is called.
    named = get_type_hints(AnswerOptions)[option]
    # Where nothing need be said, None stands beside the choices.
    choices = next((each for each in get_args(named) if get_args(each)), named)
    assert get_args(choices) == get_args(literal)


def loaded_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint('LOADED', *sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("LOADED ")[2].split())


_HELP = """
import sys
sys.argv = ["silicus", "--help"]
from silicus.cli import main
try:
    main()
except SystemExit:
    pass
"""


def test_help_imports_nothing_heavy():
    found = loaded_after(_HELP)
    assert "cyclopts" in found
    assert found & HEAVY == set()


def test_help_answers_in_half_a_second_of_computing():
    command = [sys.executable, "-m", "silicus", "--help"]
    assert min(_computing_seconds(command) for _ in range(3)) < 0.5


def _computing_seconds(command: list[str]) -> float:
    """Return the processor time of a command, which a busy machine does not lengthen as it does the clock's."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_rooms_that_need_no_weights_import_no_torch():
    rooms = ", ".join(f"silicus.{room}" for room in ("study", "data", "prompts", "simulate", "evaluate", "report"))
    assert loaded_after(f"import {rooms}") & {"torch", "transformers", "peft", "gguf"} == set()
