"""Every error silicus raises on purpose.

    SilicusError            what a user can mend; the command line prints it and exits with 2
    ├── InputError          a file, a table or an option is not what it should be
    │   └── LeakError       what a model is tested on leaks into what it learns from
    ├── PromptError         a prompt cannot be built: a persona attribute missing, a text too long
    ├── ModelError          a model cannot be found, loaded or used for exact scoring
    ├── MissingExtraError   a library of an optional extra is not installed
    └── RunError            a run folder belongs to another run, or could not be written

A message says what was found, where, and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "InputError",
    "LeakError",
    "MissingExtraError",
    "ModelError",
    "PromptError",
    "RunError",
    "SilicusError",
    "counted",
    "did_you_mean",
]


class SilicusError(Exception):
    """The root of every error that silicus raises on purpose."""


class InputError(SilicusError):
    """A file, a table or an option is not what it should be."""


class LeakError(InputError):
    """What a model is tested on leaks into what it learns from."""


class PromptError(SilicusError):
    """A prompt cannot be built, or is longer than the model can read."""


class ModelError(SilicusError):
    """A model cannot be found, loaded, or used for exact scoring."""


class MissingExtraError(SilicusError):
    """A library that belongs to an optional extra is not installed."""


class RunError(SilicusError):
    """A run folder belongs to another run, or could not be written."""


def counted(count: int, one: str, many: str) -> str:
    """Return a count with its noun, as messages and reports tell it.

    Examples:
        >>> counted(1, "stimulus", "stimuli"), counted(2000, "stimulus", "stimuli")
        ('1 stimulus', '2,000 stimuli')
    """
    return f"{count:,} {one if count == 1 else many}"


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """Return `" Did you mean 'scale'?"` for the nearest known name, else the list of known names.

    Args:
        found: the name that was not recognised.
        known: the names that would have been.

    Examples:
        >>> did_you_mean("scal", ["scale", "text"])
        " Did you mean 'scale'?"
        >>> did_you_mean("zzz", ["scale", "text"])
        ' Known: scale, text.'
    """
    names = sorted(known)
    near = difflib.get_close_matches(found, names, n=1, cutoff=0.6)
    return f" Did you mean '{near[0]}'?" if near else f" Known: {', '.join(names)}."
