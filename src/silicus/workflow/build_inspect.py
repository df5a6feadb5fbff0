"""`silicus build inspect` and `silicus build draft`: what a deposit's columns may be, and a recipe drafted from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from silicus.data.deposit.draft_recipe import draft_recipe as draft
from silicus.data.deposit.folder import open_deposit
from silicus.data.deposit.material import Material, gather, of_another_file
from silicus.data.deposit.profile import Profile, profile
from silicus.record import write_text
from silicus.workflow.progress import waiting

__all__ = ["draft_recipe", "inspect_deposit"]


def inspect_deposit(path: Path) -> Profile:
    """Return what the columns of a deposit's data file hold, and what each may be in a study.

    Args:
        path: the deposit: a folder or a .zip archive.

    Raises:
        InputError: the deposit cannot be used, or none of its files is a table.
    """
    material = _material(path)
    found = profile(material.table, material.survey[1] if material.survey else None)
    return replace(found, doubts=tuple(of_another_file(material)))


def draft_recipe(path: Path, out: Path | None = None) -> str:
    """Return a recipe drafted from a deposit, for a person to finish.

    Args:
        path: the deposit: a folder or a .zip archive.
        out: where the recipe is written too.

    Raises:
        InputError: the deposit cannot be used, or none of its files is a table.
        RunError: the file cannot be written.
    """
    text = draft(_material(path))
    if out is not None:
        write_text(out, text)
    return text


def _material(path: Path) -> Material:
    with waiting(f"reading {path}"):
        return gather(open_deposit(path))
