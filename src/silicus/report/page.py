"""What every report shares: pages from templates, and signs for terminals without UTF-8."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from silicus.plugins import require
from silicus.record import write_text
from silicus.report.words import DASH

__all__ = ["print_anywhere", "templates", "write_page"]

_PLAIN = str.maketrans({
    "↓": "v", "↑": "^", "→": ">", DASH: "-", "−": "-", "∞": "inf", "…": ".", "·": ",", "─": "-", "×": "x",
    "“": '"', "”": '"',
})  # fmt: skip


def write_page(path: Path, template: str, **content: Any) -> None:
    """Write a page as one HTML file, whole or not at all.

    Args:
        path: the file.
        template: the name of a template beside this file.
        content: what its names stand for.

    Raises:
        MissingExtraError: a library of the extra `report` is not installed.
        RunError: the file cannot be written.
    """
    found = templates(Path(__file__).parent, autoescape=True)
    write_text(path, found.get_template(template).render(**content))


def templates(folder: Path, **settings: bool) -> Any:
    """Return the templates of a folder, in which every name has to stand for something.

    Raises:
        MissingExtraError: a library of the extra `report` is not installed.
    """
    jinja2 = require("jinja2")
    loader = jinja2.FileSystemLoader(folder)
    return jinja2.Environment(
        loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, **settings
    )


def print_anywhere(show: Callable[[Console], None], console: Console) -> None:
    """Print what `show` prints, with plain signs where the terminal's encoding lacks the others."""
    if console.encoding.lower().startswith("utf"):
        show(console)
        return
    with console.capture() as captured:
        show(console)
    plain = captured.get().translate(_PLAIN)
    console.file.write(plain.encode(console.encoding, "replace").decode(console.encoding))
