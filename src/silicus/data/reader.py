"""A reader: one form of data, whose it is, how one comes by it, and the function that reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from silicus.data.dataset import Dataset
from silicus.study import Source

__all__ = ["ReadOptions", "Reader"]


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What every reader may be asked.

    Attributes:
        published: keep answers outside their scale and, of SocSci210, take every answer for a number on a range, as its
            authors did.
        rationale: also read reasoning written from the answers, as a training target; never an input.
        codebook: the YAML file that says what the columns of a table mean.
    """

    published: bool = False
    rationale: bool = False
    codebook: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Reader:
    """One form of data.

    Attributes:
        name: what it is called at the prompt.
        title: what the data are, in one line.
        source: whom to cite, under which terms, and when people answered.
        obtain: how to come by the data, in a sentence or two.
        forms: the files it reads, in words.
        recognises: whether a file or folder that exists looks like one of them; never raises.
        read: returns the dataset of such a file or folder.
        codebook: whether it can do with a codebook.
        hub: the id of the data on the Hugging Face hub, where they can be had there.
        hub_files: which of the files there are fetched.
    """

    name: str
    title: str
    source: Source
    obtain: str
    forms: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path, ReadOptions], Dataset]
    codebook: bool = False
    hub: str | None = None
    hub_files: tuple[str, ...] = ()
