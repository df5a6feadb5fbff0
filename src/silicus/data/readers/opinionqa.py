"""OpinionQA: how many people of 40 groups gave each answer to questions of Pew's American Trends Panel.

Santurkar et al. (2023, https://arxiv.org/abs/2303.17548) chose questions of the panel on which groups differ. A line
of the file holds the answers of one group (`attribute`, `group`) to one question (`wave`, `qkey`): `counts` beside
`options`, `refused` apart, and `n`, which is their sum. A line for which it is not is an error. Counts are
unweighted, so a weight is 1. The rule for scales is told in `groups.py`; `ordinal` is shorter than `options` where
the last of them, such as "Not sure", has no place.

"Refused" is also a group: of the people who did not say their income, ideology, party or race.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from silicus.data.dataset import Dataset
from silicus.data.reader import Reader, ReadOptions
from silicus.data.readers.groups import GroupAnswers, check_places, gather
from silicus.data.readers.lines import check_keys, first_line, forms_in, json_lines
from silicus.errors import InputError
from silicus.study import Source

__all__ = ["READER"]

_SOURCE = Source(
    citation=(
        "Santurkar, S., Durmus, E., Ladhak, F., Lee, C., Liang, P., & Hashimoto, T. (2023). Whose opinions do "
        "language models reflect? ICML 2023. Data: Pew Research Center, American Trends Panel, 2017-2021. "
        "Pew Research Center bears no responsibility for the analyses or interpretations of the data presented here."
    ),
    doi="10.48550/arXiv.2303.17548",
    url="https://github.com/tatsu-lab/opinions_qa",
    population="US adults of the American Trends Panel, by group",
    licence="Pew Research Center's terms of use; not redistributed here",
    fielded="2017/2021",
)

_KEYS: dict[str, type] = {
    "wave": str, "qkey": str, "attribute": str, "group": str, "question": str, "options": list, "ordinal": list,
    "n": float, "refused": float, "counts": list,
}  # fmt: skip
# Those that the other forms of JSON lines do not have, one of which may be missing and is then named.
_OWN = ("wave", "qkey", "refused", "counts")
_SUFFIXES = (".jsonl", ".jsonl.gz")


def _has_form(path: Path) -> bool:
    line = first_line(path) if path.name.endswith(_SUFFIXES) else ""
    return sum(f'"{key}"' in line for key in _OWN) >= len(_OWN) - 1


def _recognises(path: Path) -> bool:
    return bool(forms_in(path, _has_form))


def _read(path: Path, options: ReadOptions) -> Dataset:  # noqa: ARG001 - counts have no answers off their scale
    files = forms_in(path, _has_form) if path.is_dir() else [path]
    every = [answers for file in files for answers in _lines(file)]
    if not every:
        raise InputError(f"{path}: found no line of counts, expected {READER.forms}.")
    return gather(path.name.partition(".")[0], _SOURCE, every, counted=True)


READER = Reader(
    name="opinionqa",
    title="OpinionQA: counts of answers by group to questions of Pew's American Trends Panel",
    source=_SOURCE,
    obtain=(
        "Accept Pew's terms, download the individual answers that the authors of OpinionQA give out, count them by "
        "group, and give the file."
    ),
    forms=f"JSON lines, plain or gzipped, with the keys {', '.join(_KEYS)}, or a folder of such files",
    recognises=_recognises,
    read=_read,
)


def _lines(path: Path) -> Iterator[GroupAnswers]:
    for number, data in json_lines(path):
        where = f"{path} line {number}"
        check_keys(data, _KEYS, where)
        counts = (*_counts(data["counts"], where), *_counts([data["refused"]], where))
        _check(data, counts, where)
        yield GroupAnswers(
            where=where,
            study=data["wave"],
            question=data["qkey"],
            group=((data["attribute"], data["group"]),),
            text=data["question"],
            options=tuple(str(option) for option in data["options"]),
            places=tuple(data["ordinal"]),
            refusal="Refused",
            parts=counts,
        )


def _counts(values: list[Any], where: str) -> list[int]:
    for value in values:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or value < 0 or not float(value).is_integer():
            raise InputError(f"{where}: found the count {value!r}, expected a whole number of people, 0 or more.")
    return [int(value) for value in values]


def _check(data: dict[str, Any], counts: tuple[int, ...], where: str) -> None:
    options = len(data["options"])
    if options != len(counts) - 1:
        raise InputError(f"{where}: found {len(counts) - 1} counts for {options} options, expected one an option.")
    check_places(data["ordinal"], options, where)
    if sum(counts) != data["n"]:
        raise InputError(
            f"{where}: counts and refused add up to {sum(counts)}, n is {data['n']:g}. Correct one of them."
        )
