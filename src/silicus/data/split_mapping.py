"""The files in which others say what they held out: {"seen": [...], "unseen": [...]}.

SocSci210 comes with three (Kolluri et al., 2025, https://doi.org/10.18653/v1/2025.emnlp-main.1530).
`participant_mapping.json` splits by study, in spite of its name: 170 studies are seen, 40 unseen.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import polars as pl

from silicus.errors import InputError

__all__ = ["read_mapping"]

_SIDES = {"seen", "unseen"}
_FORMS = (
    'Expected {"seen": [...], "unseen": [...]} with ids of studies, '
    'or {study: {"seen": [...], "unseen": [...]}} with its conditions or tasks.'
)
_SHOWN = 5


def read_mapping(path: Path, responses: pl.DataFrame) -> tuple[str, pl.DataFrame]:
    """Return which dimension a mapping file splits, and a table of the `name` of every unit it holds out.

    A file with sides for every study splits conditions or questions, and says which by its name
    (`condition_mapping.json`, `task_mapping.json`). Tasks are named by number: 3 is the question "task 3".

    Args:
        path: the JSON file.
        responses: the answers it is to be applied to.

    Raises:
        InputError: the file has another form, or does not say where something in the data belongs.
    """
    found = _load(path)
    if set(found) <= _SIDES:
        sides = _sides(found, str(path))
        if not all(isinstance(study, str) for side in sides.values() for study in side):
            number = next(s for side in sides.values() for s in side if not isinstance(s, str))
            raise InputError(f"{path}: found {number!r} in a list, expected ids of studies. {_FORMS}")
        names = {side: [(str(study),) for study in studies] for side, studies in sides.items()}
        return "study", _placed(path, "study", ["study"], names, responses)
    dimension = _dimension(path)
    pairs: dict[str, list[tuple[str, ...]]] = {side: [] for side in _SIDES}
    for study, sides in found.items():
        for side, units in _sides(sides, f"{path} ({study})").items():
            pairs[side] += [(study, _unit(dimension, unit)) for unit in units]
    return dimension, _placed(path, dimension, ["study", dimension], pairs, responses)


def _load(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(f"{path}: no such file. Expected a JSON file that names what is held out.")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise InputError(f"{path}: cannot be read as UTF-8 text. {_FORMS}") from None
    except json.JSONDecodeError as error:
        raise InputError(f"{path} line {error.lineno}: not valid JSON: {error.msg}.") from None
    if not isinstance(found, dict) or not found:
        raise InputError(f"{path}: found {_brief(found)}. {_FORMS}")
    return cast("dict[str, Any]", found)


def _sides(found: Any, where: str) -> dict[str, list[str | int]]:
    """Return the lists of what is seen and what is unseen."""
    sides = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    if set(sides) != _SIDES or not all(isinstance(side, list) for side in sides.values()):
        raise InputError(f"{where}: found {_brief(found)}. {_FORMS}")
    lists = cast("dict[str, list[Any]]", sides)
    for value in [value for side in lists.values() for value in side]:
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise InputError(f"{where}: found {_brief(value)} in a list. {_FORMS}")
    both = set(lists["seen"]) & set(lists["unseen"])
    if both:
        raise InputError(
            f"{where}: {_brief(min(both, key=str))} is both seen and unseen. Leave it in one of the lists."
        )
    return lists


def _dimension(path: Path) -> str:
    name = path.stem.lower()
    if "condition" in name:
        return "condition"
    if any(word in name for word in ("task", "question", "outcome")):
        return "question"
    raise InputError(
        f"{path}: its lists belong to studies, and its name does not say whether they hold conditions or tasks. "
        "Name it condition_mapping.json or task_mapping.json."
    )


def _unit(dimension: str, unit: str | int) -> str:
    is_number = dimension == "question" and str(unit).isdecimal()
    return f"task {unit}" if is_number else str(unit)


def _placed(
    path: Path, dimension: str, keys: list[str], names: dict[str, list[tuple[str, ...]]], responses: pl.DataFrame
) -> pl.DataFrame:
    """Return the names of the unseen units, once every unit of the data has been found on a side."""
    schema = dict.fromkeys(keys, pl.String)
    table = pl.concat([pl.DataFrame(names[side], schema=schema, orient="row") for side in ("seen", "unseen")])
    there = responses.select(keys).unique().sort(keys)
    lost = there.join(table, on=keys, how="anti", maintain_order="left")
    if len(lost):
        examples = ", ".join("/".join(row) for row in lost.head(_SHOWN).iter_rows())
        more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
        advice = (
            "None of the data is in it: is it of other data?"
            if len(lost) == len(there)
            else "Add them to one of the lists, or leave their answers out."
        )
        raise InputError(f"{path}: does not say whether these are seen ({dimension}): {examples}{more}. {advice}")
    unseen = pl.DataFrame(names["unseen"], schema=schema, orient="row")
    return unseen.select(name=pl.concat_str(keys, separator="/"))


def _brief(value: Any) -> str:
    if isinstance(value, dict):
        value = cast("dict[Any, Any]", value)
        return f"an object with the keys {', '.join(repr(key) for key in list(value)[:_SHOWN]) or 'of nothing'}"
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:59] + "…"
