"""Profiles drawn for respondents: who is asked about which, task by task."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from silicus.errors import InputError
from silicus.study.profiles_shown import Profiles
from silicus.study.question import Question
from silicus.study.study import Condition, Item, Study

__all__ = ["Drawn", "draw_tasks"]

_TRIES = 10_000
"""Draws in a row that may be forbidden or have been shown before."""

_KEYS = {"study": pl.String, "condition": pl.String, "question": pl.String, "item": pl.String, "respondent": pl.String}
_NUMBERS = {"task": pl.Int64, "profile": pl.Int64, "point": pl.Int64, "order": pl.String}

_Profile = tuple[int, ...]
_Task = tuple[_Profile, ...]


@dataclass(frozen=True)
class Drawn:
    """What was drawn for respondents.

    Attributes:
        items: what is asked, each stimulus of a cell once.
        profiles: one row a profile that somebody is asked about: study, condition, question, item, respondent; `task`
            and `profile` from 1; `point`: the answer that chooses it, null where it is rated; `order` of its
            attributes' lines; `shown.NAME`, its level of every attribute; and `other.NAME`, that of the other of two.
    """

    items: list[Item]
    profiles: pl.DataFrame


def draw_tasks(study: Study, respondents: Iterable[str], rng: np.random.Generator) -> Drawn:
    """Return what respondents are asked in a study with profiles.

    Every profile is drawn alike from all that are not forbidden, each level of an attribute with the same chance where
    nothing is. Two profiles side by side may be the same; a respondent is not shown the same task twice. In every
    condition a respondent has the same tasks.

    Args:
        study: with profiles.
        respondents: their ids.
        rng: draws the profiles, and the orders of their lines.

    Raises:
        InputError: hardly any profile is allowed, or there are fewer tasks than a respondent has.
    """
    shown = study.profiles
    if shown is None:
        raise InputError(f"the study '{study.id}' has no profiles to draw.")
    asked = [pair for question in study.questions for pair in shown.judged(question)]
    items: dict[tuple[str, str, str], Item] = {}
    rows: list[tuple[object, ...]] = []
    for respondent in respondents:
        order = _order(shown, rng)
        for number, task in enumerate(_tasks(study.id, shown, rng), start=1):
            profiles = [_levels(shown, profile) for profile in task]
            words = shown.shown(profiles, order)
            beside = [*_beside(shown, profiles)]
            for condition in study.conditions:
                for question, about in asked:
                    item = _item(study.id, condition, words, question)
                    items.setdefault((condition.id, question.id, item.item), item)
                    key = (study.id, condition.id, question.id, item.item, respondent, number)
                    for profile in [about] if about else range(1, shown.count + 1):
                        point = None if about else profile
                        rows.append((*key, profile, point, ", ".join(order), *beside[profile - 1]))
    return Drawn(list(items.values()), pl.DataFrame(rows, schema=_schema(shown), orient="row"))


def _schema(shown: Profiles) -> dict[str, type[pl.DataType]]:
    names = [f"shown.{name}" for name in shown.attributes]
    names += [f"other.{name}" for name in shown.attributes] if shown.count == 2 else []
    return {**_KEYS, **_NUMBERS, **dict.fromkeys(names, pl.String)}


def _item(study: str, condition: Condition, words: str, question: Question) -> Item:
    context = "\n\n".join(part for part in (condition.text.strip(), words) if part)
    return Item(study, condition.id, question.id, context, question.text, question.scale)


def _order(shown: Profiles, rng: np.random.Generator) -> tuple[str, ...]:
    names = list(shown.attributes)
    if shown.order == "fixed":
        return tuple(names)
    places: list[int] = rng.permutation(len(names)).tolist()
    return tuple(names[place] for place in places)


def _tasks(study: str, shown: Profiles, rng: np.random.Generator) -> Iterator[_Task]:
    """Yield the tasks of one respondent, all different."""
    sizes = np.array([len(levels) for levels in shown.attributes.values()])
    forbidden = [_places(shown, combination) for combination in shown.restrict]
    seen: set[_Task] = set()
    for _ in range(_TRIES):
        task = tuple(_profile(study, sizes, forbidden, rng) for _ in range(shown.count))
        if task not in seen:
            seen.add(task)
            yield task
        if len(seen) == shown.tasks:
            return
    raise InputError(
        f"the study '{study}': found {len(seen)} different tasks, expected {shown.tasks} for each respondent. "
        "Ask fewer 'tasks', or give the profiles more attributes or levels."
    )


def _profile(study: str, sizes: np.ndarray, forbidden: list[dict[int, int]], rng: np.random.Generator) -> _Profile:
    for _ in range(_TRIES):
        drawn = tuple(map(int, rng.integers(sizes)))
        if not any(all(drawn[place] == level for place, level in each.items()) for each in forbidden):
            return drawn
    raise InputError(
        f"the study '{study}': of {_TRIES:,} profiles drawn in a row, each was forbidden. Take combinations out of "
        "'restrict'."
    )


def _places(shown: Profiles, combination: dict[str, str]) -> dict[int, int]:
    """Return a combination of levels as place of the attribute -> place of its level."""
    names = list(shown.attributes)
    return {names.index(name): shown.attributes[name].index(level) for name, level in combination.items()}


def _levels(shown: Profiles, profile: _Profile) -> dict[str, str]:
    return {name: levels[place] for (name, levels), place in zip(shown.attributes.items(), profile, strict=True)}


def _beside(shown: Profiles, profiles: list[dict[str, str]]) -> Iterator[tuple[str, ...]]:
    """Yield, for every profile, its levels, and those of the other where there are two."""
    for number, profile in enumerate(profiles):
        other = profiles[1 - number].values() if shown.count == 2 else ()
        yield (*profile.values(), *other)
