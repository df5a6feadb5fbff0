"""Names that stand for code: looked up late, so that a name costs nothing until it is used."""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points
from typing import Any

from silicus.errors import InputError, MissingExtraError, did_you_mean

__all__ = ["Registry", "require"]

_EXTRA_OF = {
    "torch": "local",
    "transformers": "local",
    "peft": "local",
    "gguf": "local",
    "accelerate": "local",
    "psutil": "local",
    "bitsandbytes": "train",
    "tensorboard": "train",
    "httpx2": "agent",
    "openai": "server",
    "pydantic_ai": "agent",
    "jinja2": "report",
    "vl_convert": "report",
    "docx": "deposits",
    "huggingface_hub": "data",
    "pypdf": "deposits",
    "pyreadstat": "data",
    "python_calamine": "deposits",
    "scipy": "effects",
    "sklearn": "data",
}


class Registry:
    """Named things, each given as `"module:attribute"` and imported when first asked for.

    Other packages add names through the entry-point group `silicus.<noun>s`.

    Args:
        noun: what the names stand for, in the singular ("template").
        targets: name -> `"module:attribute"`.
    """

    def __init__(self, noun: str, targets: dict[str, str]) -> None:
        self.noun = noun
        self._targets = targets

    def names(self) -> list[str]:
        """Return every known name, our own first."""
        foreign = [e.name for e in entry_points(group=f"silicus.{self.noun}s")]
        return [*self._targets, *(name for name in foreign if name not in self._targets)]

    def get(self, name: str) -> Any:
        """Return the thing that `name` stands for.

        Raises:
            InputError: the name is unknown; the nearest known one is named.
        """
        if name in self._targets:
            module, attribute = self._targets[name].split(":")
            return getattr(require(module), attribute)
        for entry in entry_points(group=f"silicus.{self.noun}s"):
            if entry.name == name:
                return entry.load()
        raise InputError(f"unknown {self.noun} '{name}'.{did_you_mean(name, self.names())}")


def require(module: str) -> Any:
    """Return a module that belongs to an optional extra, or needs a library of one.

    Raises:
        MissingExtraError: the library is not installed; the message says which extra brings it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in _EXTRA_OF:
            raise
        extra = _EXTRA_OF[library]
        raise MissingExtraError(
            f"this needs the library '{library}', which is not installed. "
            f"Install it with: pip install 'silicus[{extra}]'"
        ) from None
