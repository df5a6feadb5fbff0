"""What holds for the whole house: light to import, honest doors, short files."""

from __future__ import annotations

import ast
import importlib
import itertools
import pkgutil
import resource
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

import silicus
from silicus.models import Device, Dtype
from silicus.options import (
    AnswerOptions,
    EvaluateOptions,
    InspectOptions,
    PrepareOptions,
    ReadingOptions,
    SimulateOptions,
)
from silicus.prompts import AnswerStyle

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
    "field", [f for kind in (SimulateOptions, EvaluateOptions, InspectOptions, PrepareOptions) for f in fields(kind)]
)
def test_every_option_is_explained(field):
    classes = [SimulateOptions, EvaluateOptions, AnswerOptions, ReadingOptions, InspectOptions, PrepareOptions]
    assert any(_help(kind).get(field.name, "").endswith(".") for kind in classes)


def _help(kind: type) -> dict[str, str]:
    """Return field -> the string that stands below it in the source."""
    tree = ast.parse((SOURCE / "options.py").read_text(encoding="utf-8"))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == kind.__name__).body
    return {
        node.target.id: below.value.value
        for node, below in itertools.pairwise(body)
        if isinstance(node, ast.AnnAssign) and isinstance(below, ast.Expr)
    }


@pytest.mark.parametrize(("option", "literal"), [("answers", AnswerStyle), ("device", Device), ("dtype", Dtype)])
def test_options_name_the_choices_that_the_rooms_below_know(option, literal):
    # Written twice, so that the command line imports no room before a verb is called.
    assert get_args(get_type_hints(AnswerOptions)[option]) == get_args(literal)


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
