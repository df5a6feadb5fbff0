"""SocSci210 with what a model generated: a JSON list in which people's answers and a model's texts stand row by row.

Published beside fine-tunes of SocSci210. Each object holds the `input` of the derived form, `true_response` and
`predicted_response`: the whole generated text, often with a further prompt after the answer. What others read in those
texts (`true_numeric`, `pred_numeric`) is not used: a number was made of every text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from silicus.data.dataset import Dataset
from silicus.data.reader import Reader, ReadOptions
from silicus.data.readers.lines import check_keys, json_list
from silicus.data.readers.socsci210 import READER as SOCSCI210
from silicus.data.readers.socsci210 import derived_respondent, from_derived
from silicus.errors import InputError
from silicus.study import KEY

__all__ = ["READER", "generated", "holds_generations"]

_KEYS: dict[str, type] = {
    "input": str, "study_id": str, "condition_num": int, "true_response": str, "predicted_response": str,
}  # fmt: skip
_START = 50_000


def holds_generations(path: Path) -> bool:
    """Return whether a file looks like people's answers with generated texts beside them; never raises."""
    if path.suffix != ".json":
        return False
    try:
        with path.open(encoding="utf-8") as file:
            start = file.read(_START)
    except (OSError, UnicodeDecodeError):
        return False
    return sum(f'"{key}"' in start for key in _KEYS) > len(_KEYS) // 2


def _read(path: Path, options: ReadOptions) -> Dataset:
    objects = ((f"{path} row {number}", number, data) for number, data in enumerate(json_list(path), start=1))
    return from_derived(path, objects, "true_response", published=options.published)


READER = Reader(
    name="generations",
    title="SocSci210 with the texts that a model generated beside people's answers",
    source=SOCSCI210.source,
    obtain="Written by whoever asked a model; silicus evaluate --data FILE compares its texts with the answers.",
    forms="a JSON list of objects with input, study_id, condition_num, true_response and predicted_response",
    recognises=holds_generations,
    read=_read,
)


def generated(path: Path, data: Dataset) -> list[dict[str, Any]]:
    """Return the generated texts with the keys of their rows; the question is null where the data have no such answer.

    Args:
        path: a file of this form.
        data: the dataset made of it, or a part of that dataset.

    Raises:
        InputError: an object lacks a key, or the data are of other rows.
    """
    answered = data.answered.select("respondent", *KEY, "response")
    by_row = {row["respondent"]: row for row in answered.filter(pl.col("respondent").is_not_null()).to_dicts()}
    rows: list[dict[str, Any]] = []
    for number, found in enumerate(json_list(path), start=1):
        where = f"{path} row {number}"
        check_keys(found, _KEYS, where)
        respondent = derived_respondent(found["study_id"], number)
        known = by_row.get(respondent)
        if known is not None and not found["input"].rstrip().endswith(data.items[known["item"]].text):
            raise InputError(
                f"{where}: predicts an answer to other words than the data's respondent '{respondent}' was shown. Such "
                "a file holds predictions for its own rows alone: give it as --data too."
            )
        key = {name: known and known[name] for name in KEY}
        rows.append({**key, "respondent": respondent, "text": found["predicted_response"]})
    return rows
