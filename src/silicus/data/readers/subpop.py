"""SubPOP: the shares of 22 groups of US adults who gave each answer to questions of Pew's panel and of the GSS.

Suh et al. (2025, https://doi.org/10.18653/v1/2025.acl-long.1028). A line holds the answers of one group (`attribute`,
`group`) to one question (`qkey`): the survey-weighted shares `responses` of the `options` but for the last, which is
the refusal, and its share `refusal_rate`. As published, `responses` sum to 1 among those who answered, so that the
authors' target, `responses` followed by `refusal_rate`, sums to more than 1. Here the shares are those of everybody
asked, and sum to 1. How many people there were is not published: `n` is null, the weight is the share.

The form was learnt from the authors' code, the file names from those who use the hub's copy; that copy is given out
on request and was not at hand. Its lists are taken as JSON lists; in the CSV that the authors' code writes they are
texts of Python lists, and both are read in either. A joint group has such lists as its attribute and group.

The rule for scales is told in `groups.py`. SubPOP-Train gives every option the place 1, so its questions have no
order here; none is guessed from the words, as Pew often lists the middle of a scale last. Its waves of the panel are
those that OpinionQA does not use; a question without a wave is of GSS 2022.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from silicus.data.dataset import Dataset
from silicus.data.reader import Reader, ReadOptions
from silicus.data.readers.groups import GroupAnswers, check_places, gather
from silicus.data.readers.lines import check_keys, first_line, forms_in, json_lines
from silicus.errors import InputError
from silicus.study import Source, need_columns, place_in, read_table

__all__ = ["READER"]

_SOURCE = Source(
    citation=(
        "Suh, J., Jahanparast, E., Moon, S., Kang, M., & Chang, S. (2025). Language model fine-tuning on scaled "
        "survey data for predicting distributions of public opinions. ACL 2025, 21147-21170. Data: Pew Research "
        "Center, American Trends Panel; NORC, General Social Survey 2022. Neither bears responsibility for the "
        "analyses or interpretations of the data presented here."
    ),
    doi="10.18653/v1/2025.acl-long.1028",
    url="https://huggingface.co/datasets/jjssuh/subpop",
    population="US adults of the American Trends Panel and of the General Social Survey, by group",
    licence="data CC BY-NC-SA 4.0, given out on request; the authors' code BSD-3-Clause; not redistributed here",
    fielded="2020/2023",
)

_KEYS: dict[str, type] = {
    "qkey": str, "attribute": str, "group": str, "responses": list, "refusal_rate": float, "ordinal": list,
    "question": str, "options": list,
}  # fmt: skip
_LISTS = tuple(key for key, kind in _KEYS.items() if kind is list)
# Those that the other forms do not have, one of which may be missing and is then named.
_OWN = ("qkey", "responses", "refusal_rate", "ordinal")
_WAVE = re.compile(r".*_(W\d+)")
_GSS = "GSS2022"
_NO_SHARES = "no shares: nobody of the group answered"
_TOLERANCE = 1e-3


def _has_form(path: Path) -> bool:
    line = first_line(path) if path.suffix in {".jsonl", ".csv"} else ""
    keys = [f'"{key}"' for key in _OWN] if path.suffix == ".jsonl" else list(_OWN)
    found = line if path.suffix == ".jsonl" else line.strip().split(",")
    return sum(key in found for key in keys) >= len(_OWN) - 1


def _recognises(path: Path) -> bool:
    return bool(forms_in(path, _has_form))


def _read(path: Path, options: ReadOptions) -> Dataset:  # noqa: ARG001 - shares have no answers off their scale
    files = forms_in(path, _has_form) if path.is_dir() else [path]
    lines = [answers for file in files for answers in _lines(file)]
    if not lines:
        raise InputError(f"{path}: found no line of shares, expected {READER.forms}.")
    every = [answers for answers in lines if all(math.isfinite(part) for part in answers.parts)]
    empty = len(lines) - len(every)
    left_out = {_NO_SHARES: empty} if empty else None
    return gather(path.name.partition(".")[0], _SOURCE, every, counted=False, left_out=left_out)


READER = Reader(
    name="subpop",
    title="SubPOP: shares of answers by group, to 3,362 questions of Pew's American Trends Panel and the GSS",
    source=_SOURCE,
    obtain="Ask for access on its page on the hub, log in with 'hf auth login', and read it by its id.",
    forms=f"JSON lines or a CSV table with {', '.join(_KEYS)}, or a folder of such files",
    recognises=_recognises,
    read=_read,
    hub="jjssuh/subpop",
    hub_files=("*.jsonl",),
)


def _lines(path: Path) -> Iterator[GroupAnswers]:
    for where, found in _table_rows(path) if path.suffix == ".csv" else _objects(path):
        texts = {key: found[key] for key in _LISTS if isinstance(found.get(key), str)}
        data: dict[str, Any] = found | {key: _list(text, key, where) for key, text in texts.items()}
        if data.get("refusal_rate", 0) is None:
            data["refusal_rate"] = math.nan
        check_keys(data, _KEYS, where)
        parts = _parts(data, where)
        wave = _WAVE.fullmatch(data["qkey"])
        *offered, refusal = (str(option).strip() for option in data["options"])
        yield GroupAnswers(
            where=where,
            study=wave[1] if wave else _GSS,
            question=data["qkey"],
            group=_group(data["attribute"], data["group"], where),
            text=data["question"].strip(),
            options=tuple(offered),
            places=tuple(data["ordinal"]),
            refusal=refusal,
            parts=parts,
        )


def _objects(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, data in json_lines(path):
        yield f"{path} line {number}", data


def _table_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    table = read_table(path, "shares")
    need_columns(table, tuple(_KEYS), path)
    for number, row in enumerate(table.select(tuple(_KEYS)).iter_rows(named=True)):
        yield place_in(path, number), row


def _list(text: str, key: str, where: str) -> list[Any]:
    """Return the list that a text holds as Python writes it; a share that is not a number is `None`."""
    source = re.sub(r"\bnan\b", "None", text) if key != "options" else text
    try:
        found = ast.literal_eval(source)
    except (ValueError, SyntaxError):
        found = None
    if not isinstance(found, list):
        raise InputError(f"{where}: found {key} {text[:60]!r}, expected a list such as [0.25, 0.75].")
    return cast("list[Any]", found)


def _group(attribute: str, value: str, where: str) -> tuple[tuple[str, str], ...]:
    if not attribute.startswith("["):
        return ((attribute, value),)
    names, values = _list(attribute, "attribute", where), _list(value, "group", where)
    if len(names) != len(values):
        raise InputError(f"{where}: found {len(names)} attributes and {len(values)} groups, expected pairs.")
    return tuple((str(name), str(of)) for name, of in zip(names, values, strict=True))


def _parts(data: dict[str, Any], where: str) -> tuple[float, ...]:
    """Return the share of each option, then that of the refusal, among everybody asked; NaN where unknown.

    Raises:
        InputError: the lists do not fit together, or the shares are none.
    """
    options = len(data["options"])
    *given, refused = [_share(value, where) for value in (*data["responses"], data["refusal_rate"])]
    if not given or options != len(given) + 1:
        raise InputError(
            f"{where}: found {len(given)} responses for {options} options, expected one for each but the last, the "
            "refusal."
        )
    check_places(data["ordinal"], len(given), where)
    total = sum(given)
    if abs(total - 1) > _TOLERANCE:
        raise InputError(f"{where}: responses sum to {total:.4f}, expected 1 (the refusal is apart).")
    return (*(share / total * (1 - refused) for share in given), refused)


def _share(value: Any, where: str) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0 or value > 1 + _TOLERANCE:
        raise InputError(f"{where}: found the share {value!r}, expected a number from 0 to 1.")
    return float(value)
