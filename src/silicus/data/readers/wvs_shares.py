"""Shares of answers by country, as the JSON files of Cao et al. (2025) hold them.

An entry is one country's answers to one question: options in words, "(A)Very important", and a share for each letter,
in any order, as percent (World Values Survey) or fractions (Pew and other surveys, from GlobalOpinionQA). Which of
both is decided for the whole file. A respondent is a country. A share of 0 has no row: nobody gave that answer, and
the scale of the item holds the option all the same. Left out and counted:

    an entry whose shares are all 0                          1 row
    an entry whose shares add up to something else           a row for each of its shares above 0
    an entry with a share for the total of its options       a row for each of its shares above 0
    an entry that repeats a country and question             a row for each of its shares above 0

An entry that repeats a country and question with other shares is an error.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, cast

import polars as pl
from pydantic import ValidationError

from silicus.data.dataset import ROWS, Dataset, Stimulus, settle
from silicus.data.readers.wvs_options import OptionsError, is_total, scale_of_options, wave7_code
from silicus.data.readers.wvs_published import QUESTIONS
from silicus.errors import InputError, did_you_mean
from silicus.study import Item, Source

__all__ = ["KEYS", "WAVE7", "WAVE7_SOURCE", "questions_of", "read_shares"]

WAVE7 = "wvs7"
_OTHER = "globalopinionqa"

_CAO = (
    "Cao, Y., Liu, H., Arora, A., Augenstein, I., Röttger, P., & Hershcovich, D. (2025). Specializing large language "
    "models to simulate survey response distributions for global populations. NAACL 2025."
)
WAVE7_SOURCE = Source(
    citation=(
        f"{_CAO} https://doi.org/10.18653/v1/2025.naacl-long.162. Data: Haerpfer, C., Inglehart, R., Moreno, A., "
        "Welzel, C., Kizilova, K., Diez-Medrano, J., Lagos, M., Norris, P., Ponarin, E., & Puranen, B. (Eds.). (2022). "
        "World Values Survey: Round Seven - Country-Pooled Datafile Version 5.0. JD Systems Institute & WVSA "
        "Secretariat."
    ),
    doi="10.14281/18241.20",
    url="https://www.worldvaluessurvey.org/WVSDocumentationWV7.jsp",
    population="adults of 64 countries and territories",
    licence=(
        "World Values Survey: free for non-commercial use with citation, no redistribution; the files of Cao et al. "
        "state none; not redistributed here"
    ),
    fielded="2017/2022",
)
_OTHER_SOURCE = Source(
    citation=(
        f"{_CAO} Data: Durmus, E., et al. (2023). Towards measuring the representation of subjective global opinions "
        "in language models (GlobalOpinionQA). https://doi.org/10.48550/arXiv.2306.16388"
    ),
    doi="10.18653/v1/2025.naacl-long.162",
    url="https://huggingface.co/datasets/Anthropic/llm_global_opinions",
    population="adults of many countries, in Pew's Global Attitudes Surveys and the World Values Survey",
    licence="GlobalOpinionQA: CC BY-NC-SA 4.0; the files of Cao et al. state none; not redistributed here",
)

KEYS = ("id", "instruction", "input", "options", "options_dist")
_INSTRUCTION = re.compile(r"\s*How would someone from (.+?) answer the following question:\s*")
_OPTION = re.compile(r"\(([A-Z])\)(.*)", re.DOTALL)
_OPTIONS_FOLLOW = re.compile(r"\s*Here are the options:\s*$")

# Shares are rounded to a hundredth at worst, for ten options that people chose.
_ROUNDING = 0.05
_SAME = 0.001
_NO_SHARES = "all shares are 0"
_ODD_SUM = "shares do not add up to a whole"
_TOTAL = "a total stands among the options and has a share"
_REPEATED = "repeats a country and question, with the same shares"

# A question's number, words and options, by which a stimulus is known.
_Wording = tuple[int, str, tuple[tuple[str, str], ...]]
# The place of a stimulus, and the values of its options.
_Place = tuple[int, tuple[int, ...]]


@dataclass(frozen=True)
class _Entry:
    """One country's answers to one question, as the file has them."""

    where: str
    country: str
    number: int
    text: str
    options: tuple[tuple[str, str], ...]  # letter and words, by letter
    shares: tuple[float, ...]  # in the order of the options

    @property
    def wording(self) -> _Wording:
        return self.number, self.text, self.options

    @property
    def total(self) -> float:
        return sum(self.shares)


@dataclass(frozen=True)
class _Table:
    """The rows, stimuli and counts met so far."""

    study: str
    stimuli: list[Stimulus] = field(default_factory=list[Stimulus])
    known: dict[_Wording, _Place] = field(default_factory=dict[_Wording, _Place])
    rows: list[tuple[object, ...]] = field(default_factory=list[tuple[object, ...]])
    left_out: Counter[str] = field(default_factory=Counter[str])
    seen: dict[tuple[str, int, int], _Entry] = field(default_factory=dict[tuple[str, int, int], _Entry])

    def add(self, entry: _Entry, whole: float) -> None:
        chosen = sum(share > 0 for share in entry.shares)
        if not chosen:
            self.left_out[_NO_SHARES] += 1
            return
        if abs(entry.total - whole) > _ROUNDING * whole:
            self.left_out[_ODD_SUM] += chosen
            return
        if any(share and is_total(words) for (_, words), share in zip(entry.options, entry.shares, strict=True)):
            self.left_out[_TOTAL] += chosen
            return
        place, codes = self._place(entry)
        first = self.seen.setdefault((entry.country, entry.number, place), entry)
        if first is not entry:
            _check_same(entry, first)
            self.left_out[_REPEATED] += chosen
            return
        start = (self.study, "all", f"Q{entry.number}", entry.country, place)
        for code, share in zip(codes, entry.shares, strict=True):
            if share:
                self.rows.append((*start, float(code), None, share / entry.total, None))

    def _place(self, entry: _Entry) -> _Place:
        if entry.wording not in self.known:
            stimulus, codes = _stimulus(entry, self.study)
            self.known[entry.wording] = (len(self.stimuli), codes)
            self.stimuli.append(stimulus)
        return self.known[entry.wording]


def read_shares(path: Path) -> Dataset:
    """Return the dataset of a JSON file of shares by country.

    Raises:
        InputError: naming the entry that lacks a key or has another form, or repeats one with other shares.
    """
    entries = list(_entries(path))
    whole, study = _whole(entries, path), _study(entries, path)
    table = _Table(study)
    for entry in entries:
        table.add(entry, whole)
    rows = pl.DataFrame(table.rows, schema=ROWS, orient="row")
    people = pl.DataFrame({"respondent": list(dict.fromkeys(entry.country for entry in entries))})
    people = people.with_columns(weight=pl.lit(1.0), country="respondent")
    source = WAVE7_SOURCE if study == WAVE7 else _OTHER_SOURCE
    return settle(path.stem, source, table.stimuli, rows, people, unit="group", left_out=dict(table.left_out))


def questions_of(path: Path) -> dict[str, list[Stimulus]]:
    """Return the questions of wave 7 in a JSON file of shares, each with its wordings; none for another survey.

    Raises:
        InputError: the file has another form.
    """
    entries = list(_entries(path))
    if _study(entries, path) != WAVE7:
        return {}
    found: dict[str, list[Stimulus]] = {}
    for entry in {entry.wording: entry for entry in entries}.values():
        found.setdefault(f"Q{entry.number}", []).append(_stimulus(entry, WAVE7)[0])
    return found


def _stimulus(entry: _Entry, study: str) -> tuple[Stimulus, tuple[int, ...]]:
    """Return what was shown, and the values of its options, in their order."""
    letters = [letter for letter, _ in entry.options]
    if study == WAVE7:
        codes = tuple(_wave7_code(letter, entry) for letter in letters)
    else:
        codes = tuple(ord(letter) - ord("A") + 1 for letter in letters)
    options = dict(sorted(zip(codes, (words for _, words in entry.options), strict=True)))
    try:
        scale, move = scale_of_options(options, entry.number if study == WAVE7 else None)
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ").removesuffix(".")
        return Stimulus(entry.text, None, "unsupported", reason), codes
    except OptionsError as error:
        return Stimulus(entry.text, None, "unsupported", str(error)), codes
    item = Item(study, "all", f"Q{entry.number}", context="", text=entry.text, scale=scale)
    return Stimulus(entry.text, item, "labels"), tuple(code + move for code in codes)


def _wave7_code(letter: str, entry: _Entry) -> int:
    code = wave7_code(letter)
    if code is None:
        raise InputError(
            f"{entry.where}: found the option ({letter}) of Q{entry.number}, expected A to J for 1 to 10 or X for 0."
        )
    return code


def _whole(entries: list[_Entry], path: Path) -> float:
    """Return what the shares of an entry add up to in this file: 1, or 100 for percent."""
    totals = [entry.total for entry in entries if entry.total]
    middle = median(totals) if totals else 0.0
    for whole in (1.0, 100.0):
        if abs(middle - whole) <= _ROUNDING * whole:
            return whole
    raise InputError(
        f"{path}: the shares of an entry ('options_dist') add up to {middle:g} in the median, expected 1, or 100 for "
        "percent."
    )


def _study(entries: list[_Entry], path: Path) -> str:
    """Return which survey it is: Cao et al. give wave 7 as percent, by question number, and the rest as fractions."""
    if _whole(entries, path) == 1.0:
        return _OTHER
    strange = next((entry for entry in entries if entry.number not in QUESTIONS), None)
    if strange is not None:
        raise InputError(
            f"{strange.where}: found the id {strange.number} and shares as percent, expected a question of wave 7 of "
            "the World Values Survey that was published (1 to 259, without 82, 94 to 105 and 223)."
        )
    return WAVE7


def _check_same(entry: _Entry, first: _Entry) -> None:
    pairs = zip(entry.shares, first.shares, strict=True)
    if any(abs(a / entry.total - b / first.total) > _SAME for a, b in pairs):
        raise InputError(
            f"{entry.where}: found {entry.country} and the question {entry.number} again, with other shares than "
            f"{first.where.rpartition('/')[2]}. Keep one of them."
        )


# --- files


def _entries(path: Path) -> Iterator[_Entry]:
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text ({error}).") from None
    except json.JSONDecodeError as error:
        raise InputError(f"{path} line {error.lineno}: not valid JSON: {error.msg}.") from None
    if not isinstance(data, list) or not data:
        raise InputError(f"{path}: found {str(cast('object', data))[:60]}, expected a list of entries.")
    for number, entry in enumerate(cast("list[Any]", data), start=1):
        yield _entry(entry, f"{path} entry {number}")


def _entry(data: Any, where: str) -> _Entry:
    if not isinstance(data, dict):
        raise InputError(f"{where}: found {str(data)[:60]}, expected an object with the keys {', '.join(KEYS)}.")
    found = cast("dict[str, Any]", data)
    for key in KEYS:
        if key not in found:
            raise InputError(f"{where}: the key '{key}' is missing.{did_you_mean(key, found)}")
    country = _INSTRUCTION.fullmatch(str(found["instruction"]))
    if country is None:
        expected = "'How would someone from ... answer the following question:'"
        raise InputError(f"{where}: found the instruction {str(found['instruction'])[:60]!r}, expected {expected}.")
    if not str(found["id"]).isdecimal():
        raise InputError(f"{where}: found the id {found['id']!r}, expected the number of the question.")
    options = _options(found["options"], where)
    return _Entry(
        where=where,
        country=country[1],
        number=int(found["id"]),
        text=_OPTIONS_FOLLOW.sub("", str(found["input"])).strip(),
        options=tuple(options.items()),
        shares=_shares(found["options_dist"], list(options), where),
    )


def _options(data: Any, where: str) -> dict[str, str]:
    """Return letter -> words, by letter."""
    options: dict[str, str] = {}
    for option in cast("list[Any]", data if isinstance(data, list) else [data]):
        parts = _OPTION.fullmatch(str(option))
        if parts is None:
            raise InputError(
                f"{where}: found the option {str(option)[:60]!r}, expected a letter in brackets: '(A)Yes'."
            )
        if parts[1] in options:
            raise InputError(f"{where}: two options have the letter {parts[1]}. Give each its own.")
        options[parts[1]] = parts[2].strip()
    return dict(sorted(options.items()))


def _shares(data: Any, letters: list[str], where: str) -> tuple[float, ...]:
    """Return the share of each letter."""
    if not isinstance(data, dict) or sorted(cast("dict[str, Any]", data)) != letters:
        found = ", ".join(cast("dict[str, Any]", data)) if isinstance(data, dict) else str(data)[:60]
        raise InputError(f"{where}: found shares for {found}, expected one for each option: {', '.join(letters)}.")
    shares = cast("dict[str, Any]", data)
    for letter, share in shares.items():
        number = isinstance(share, int | float) and not isinstance(share, bool)
        if not number or not math.isfinite(share) or share < 0:
            raise InputError(f"{where}: found the share {share!r} of {letter}, expected a number of 0 or more.")
    return tuple(float(shares[letter]) for letter in letters)
