"""Until when a model read: the cut-offs that makers document, and the days that a date in words spans."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, cast

from pydantic import Field, field_validator

from silicus.errors import InputError
from silicus.record import Record, parse, read_yaml

__all__ = ["Cutoff", "days_of", "documented_cutoff"]

_FILE = Path(__file__).with_name("cutoffs.yaml")
# The same weights in another form: "-GGUF", ".Q4_K_M.gguf", "-AWQ-INT4", "-bnb-4bit", "-qat-q4_0".
_FORM = re.compile(r"[-._](?:gguf|gptq|awq|exl2|mlx|onnx|qat|hf|bnb|i?q\d\w*|fp\d+|bf16|f16|f32|int\d|[348]-?bit)$")
_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


class Cutoff(Record):
    """The last text that a model learnt from, by its maker's word."""

    models: list[str] = Field(min_length=1)
    """Regular expressions, each for the whole name of a model in small letters."""
    cutoff: str
    """A year, month or day."""
    source: str = Field(min_length=1)
    """Where its maker says so."""

    @field_validator("cutoff")
    @classmethod
    def _is_a_date(cls, cutoff: str) -> str:
        days_of(cutoff)
        return cutoff

    @property
    def last_day(self) -> date:
        """The last day it may have read of: a month is over on its last."""
        return days_of(self.cutoff)[1]


def documented_cutoff(model: str) -> Cutoff | None:
    """Return the cut-off that the maker of a model documents, or `None` where none is known.

    Args:
        model: its name on a hub, or the file or folder of its weights.

    Examples:
        >>> documented_cutoff("meta-llama/Meta-Llama-3-8B-Instruct").cutoff
        '2023-03'
        >>> documented_cutoff("Llama-3.2-1B-Instruct.Q4_K_M.gguf").cutoff
        '2023-12'
        >>> documented_cutoff("Qwen/Qwen2.5-14B-Instruct") is None
        True
    """
    name = re.split(r"[/\\]", model.rstrip("/\\"))[-1].lower().replace(":", "-")
    names = [name]
    while (shorter := _FORM.sub("", names[-1])) != names[-1]:
        names.append(shorter)
    for entry in _cutoffs():
        if any(re.fullmatch(pattern, each) for pattern in entry.models for each in names):
            return entry
    return None


@cache
def _cutoffs() -> list[Cutoff]:
    entries = cast("list[Any]", read_yaml(_FILE))
    return [parse(entry, Cutoff, where=f"{_FILE.name} entry {place}") for place, entry in enumerate(entries, start=1)]


def days_of(when: str) -> tuple[date, date]:
    """Return the first and the last day of a year, month or day, or of two of them with a slash between.

    Raises:
        InputError: it is no such date.

    Examples:
        >>> [str(day) for day in days_of("2023-02")]
        ['2023-02-01', '2023-02-28']
        >>> [str(day) for day in days_of("2019/2021-06-30")]
        ['2019-01-01', '2021-06-30']
    """
    first, _, last = when.partition("/")
    span = _span(first, when)[0], _span(last or first, when)[1]
    if span[0] > span[1]:
        raise InputError(f"found the dates '{when}', which end before they begin. Write the earlier one first.")
    return span


def _span(text: str, when: str) -> tuple[date, date]:
    wrong = InputError(
        f"found the date '{when}', expected a year, month or day (2017, 2017-03, 2017-03-14), "
        "or two of them with a slash between."
    )
    match = _DATE.fullmatch(text)
    if match is None:
        raise wrong
    year, month, day = int(match[1]), int(match[2] or 0), int(match[3] or 0)
    try:
        start = date(year, month or 1, day or 1)
        end = date(year, month or 12, day or monthrange(year, month or 12)[1])
    except ValueError:
        raise wrong from None
    return start, end
