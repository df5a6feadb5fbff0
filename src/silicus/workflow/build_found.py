"""Which deposits a folder holds, which recipe each has, and a hash that tells whether one has changed."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from silicus import __version__
from silicus.data.deposit.folder import open_deposit
from silicus.errors import InputError, did_you_mean
from silicus.options import BuildAllOptions
from silicus.record import digest

__all__ = ["Found", "find_deposits", "in_deposit", "key_of"]

_RESERVED = ("ledger.json", "ledger.html")


@dataclass(frozen=True)
class Found:
    """A deposit that was found.

    Attributes:
        path: its folder or archive.
        name: of the folder of its build: without `.zip`.
        recipe: the file that says how it becomes a dataset; `None` where that lies in it, or where there is none.
        problem: why it cannot be built at all; empty where it can be tried.
    """

    path: Path
    name: str
    recipe: Path | None = None
    problem: str = ""

    @property
    def shown(self) -> str:
        """What the deposit is called, in letters that every screen can show."""
        return _shown(self.path.name)


def find_deposits(folder: Path, recipes: Path | None) -> tuple[list[Found], list[str]]:
    """Return the deposits of a folder by name, and what was passed over, in sentences.

    Args:
        folder: each folder and each .zip archive directly in it is a deposit.
        recipes: the folder of recipes, each named as its deposit.

    Raises:
        InputError: there is no such folder, or no deposit in it.
    """
    entries, known = _listed(folder, ""), _listed(recipes, " of recipes") if recipes is not None else []
    passed_over = {path: _passed_over(path, folder, recipes) for path in entries}
    deposits = [path for path, why in passed_over.items() if not why]
    if not deposits:
        raise InputError(
            f"{folder}: holds no deposit, expected folders or .zip archives in it. If it is itself one: silicus build "
            f"{folder} --recipe RECIPE"
        )
    by_name = {path.stem: path for path in known if path.suffix == ".yaml" and path.is_file()}
    clashes = Counter(_name(path).casefold() for path in deposits)
    found = [_found(path, by_name.get(_name(path)), clashes[_name(path).casefold()] > 1) for path in deposits]
    notes = [f"{_shown(path.name)} is passed over: {why}." for path, why in passed_over.items() if why]
    return found, notes + _unused(by_name, {each.name for each in found})


def key_of(found: Found, options: BuildAllOptions) -> str:
    """Return a hash of everything that decides what is built of a deposit.

    Raises:
        InputError: a file cannot be read, or the deposit holds none.
    """
    try:
        if found.path.is_dir():
            opened = open_deposit(found.path)
            files = [part for name in opened.files for part in (name, _content(opened.file(name)))]
        else:
            files = [_content(found.path)]
        recipe = digest(found.recipe.read_bytes()) if found.recipe else ""
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read ({error.strerror}).") from None
    return digest(__version__, str(options.format), recipe, *files)


def in_deposit(text: str, *places: Path) -> str:
    """Return a message about a deposit in which its files are named as inside it.

    Args:
        text: the message.
        places: where the deposit lies, or is unpacked.

    Examples:
        >>> in_deposit("raw/votes/a.csv: no such file. See raw/votes-2/a.csv.", Path("raw/votes"))
        'a.csv: no such file. See raw/votes-2/a.csv.'
    """
    for place in places:
        text = re.sub(rf"(?<![\w/\\.]){re.escape(str(place))}(?:{re.escape(os.sep)}|: )", "", text)
    return text


def _content(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _listed(folder: Path, of_what: str) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except NotADirectoryError:
        raise InputError(f"{folder}: found a file, expected a folder{of_what}.") from None
    except OSError as error:
        raise InputError(f"{folder}: the folder{of_what} cannot be read ({error.strerror}).") from None


def _passed_over(path: Path, folder: Path, recipes: Path | None) -> str:
    """Return why something in the folder is no deposit; nothing where it is one."""
    if path.name.startswith((".", "~$")) or path.name.casefold() == "__macosx":
        return "it is hidden"
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            return "it is a link that leaves the folder"
    except (OSError, RuntimeError):
        return "it is a link in a circle"
    if recipes is not None and path.resolve() == recipes.resolve():
        return "it holds the recipes"
    is_deposit = path.is_dir() or (path.suffix.lower() == ".zip" and path.is_file())
    return "" if is_deposit else "it is no folder and no .zip archive"


def _name(path: Path) -> str:
    return path.name if path.is_dir() or path.suffix.lower() != ".zip" else path.stem


def _found(path: Path, recipe: Path | None, clash: bool) -> Found:
    name, problem = _name(path), ""
    if _shown(path.name) != path.name:
        problem = "its name has letters that no screen can show. Rename it."
    elif clash:
        problem = f"two deposits are named '{name}', a folder or an archive each. Rename one of them."
    elif name in _RESERVED:
        problem = f"its name is that of a file of the ledger. Rename it, such as '{name}-deposit'."
    return Found(path, _shown(name), recipe, problem)


def _shown(name: str) -> str:
    return "".join(
        letter if unicodedata.category(letter) not in {"Cc", "Cs"} else ascii(letter)[1:-1] for letter in name
    )


def _unused(recipes: Iterable[str], deposits: set[str]) -> list[str]:
    notes: list[str] = []
    for name in recipes:
        if name not in deposits:
            hint = did_you_mean(name, deposits)
            near = hint if hint.startswith(" Did") else ""
            notes.append(f"The recipe {_shown(name)}.yaml is passed over: no deposit is named so.{near}")
    return notes
