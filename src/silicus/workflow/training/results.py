"""How far a model lies from people before and after training, beside what needs no model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from silicus.data import Dataset, batteries, shares_learnt
from silicus.evaluate import Shares, SharesComparison, Unit, compare_shares
from silicus.study import Item, option_words_mean, training_mean, uniform
from silicus.train import HeldOut, Predicted
from silicus.workflow.training.material import Material

__all__ = ["compare"]


def compare(
    material: Material, before: dict[str, Predicted], after: dict[str, Predicted], rng: np.random.Generator
) -> dict[str, SharesComparison]:
    """Return, for each dataset with a test part, how far the model lies from people before and after training.

    Where several things are unseen in a test part, such as whole studies and questions of the others, each is compared
    apart, as "dataset, unseen study". Beside the model stand `uniform` and the mean distributions of the training part
    by length of scale and by the words of the options, which have read no question.
    """
    told = [each for data in _distinct(material) for each in shares_learnt(data)]
    mean, words = training_mean(shares for _, shares in told), option_words_mean(told)
    as_coded = any(learnt.part.objective == "cao_as_coded" for learnt in material.learnt)
    found: dict[str, SharesComparison] = {}
    for name, held in material.test.items():
        if name not in before:
            continue
        systems = {
            "tuned": after[name].shares,
            "untuned": before[name].shares,
            "uniform": [uniform(scale) for scale in held.scales],
            "training mean": [mean(scale) for scale in held.scales],
            "option words": [words(scale) for scale in held.scales],
        }
        single = {"tuned": after[name].single(held), "untuned": before[name].single(held)}
        for unseen, cells in _apart(held):
            shares = _shares(held, systems, single, cells, unseen)
            shares = replace(shares, as_coded=as_coded)
            key = name if len(cells) == len(held.human) else f"{name}, unseen {unseen}"
            found[key] = compare_shares(shares, rng, reference="untuned")
    return found


def _distinct(material: Material) -> list[Dataset]:
    """Return the datasets learnt from, each once."""
    return [source.data for source in {source.path: source for source in material.sources}.values()]


def _apart(held: HeldOut) -> Iterator[tuple[str, list[int]]]:
    """Yield what is unseen, and the cells in which that is."""
    for unseen in dict.fromkeys(held.unseen):
        yield unseen, [cell for cell, own in enumerate(held.unseen) if own == unseen]


def _shares(
    held: HeldOut, systems: dict[str, list[np.ndarray]], single: dict[str, np.ndarray], cells: list[int], unseen: str
) -> Shares:
    clusters, unit = _clusters([held.items[cell] for cell in cells], unseen)
    # Where every cell has one example, single answers are the cells themselves.
    several = len(held.examples) > len(held.human)
    return Shares(
        clusters,
        [held.human[cell] for cell in cells],
        [held.scales[cell].positions for cell in cells],
        {name: [rows[cell] for cell in cells] for name, rows in systems.items()},
        unit,
        held.people[cells],
        [held.pools[cell] for cell in cells],
        {name: values[cells] for name, values in single.items()} if several else {},
    )


def _clusters(items: list[Item], unseen: str) -> tuple[list[str], Unit]:
    """Return what each cell is drawn again with: its study where studies are unseen, else what asks nearly the same."""
    if unseen == "study":
        return [item.study for item in items], "studies"
    numbers = batteries(items)
    questions = {(item.study, item.question) for item in items}
    return list(map(str, numbers)), "questions" if len(set(numbers)) == len(questions) else "batteries"
