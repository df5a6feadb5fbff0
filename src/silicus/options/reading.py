"""How people's answers are read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from silicus.options.checks import at_least

__all__ = ["InspectOptions", "PrepareOptions", "ReadingOptions"]


@dataclass(frozen=True, kw_only=True)
class ReadingOptions:
    """How people's answers are read."""

    reader: str | None = None
    """Which reader reads them (silicus data list); found by their form where it is left out."""

    codebook: Path | None = None
    """What the columns of a table mean; else FILE.codebook.yaml beside it, or the labels it holds."""

    published: bool = False
    """Read SocSci210 as its authors did: every answer a number, a range for every question, none left out."""


@dataclass(frozen=True, kw_only=True)
class InspectOptions(ReadingOptions):
    """Options of `silicus data inspect`."""

    out: Path | None = None
    """The page with everything; by default runs/NAME-quality.html."""


@dataclass(frozen=True, kw_only=True)
class PrepareOptions(ReadingOptions):
    """Options of `silicus data prepare`."""

    hold_out: tuple[str, ...] = ()
    """What is unseen in the test part, and its share: study=0.2; or condition, question, respondent, an attribute."""

    mapping: Path | None = None
    """A file that names what is held out ({"seen": [...], "unseen": [...]}), instead of drawing it."""

    validation: float = 0.0
    """The share of what is left that is held out for validation, of the same kinds."""

    seed: int = 0
    """Where chance starts: the same seed holds out the same."""

    similarity: float = 0.9
    """From which cosine similarity two stimuli count as near-duplicates."""

    model: str | None = None
    """The model that will be tested: its documented cut-off is compared with when people answered."""

    model_cutoff: str | None = None
    """That cut-off, where it is not known here: 2023, 2023-12 or 2023-12-31."""

    allow: tuple[str, ...] = ()
    """Leaks that shall not stop the run, by name; they are recorded."""

    drop: tuple[str, ...] = ()
    """Leaks whose rows are left out of what is tested on: items, near-duplicates."""

    rationale: bool = False
    """Also keep reasoning written from the answers, as a training target; never an input."""

    out: Path | None = None
    """The dataset folder; by default runs/NAME-data."""

    def __post_init__(self) -> None:
        at_least("seed", self.seed, 0)
