"""How far a model lies from people before and after training, beside what needs no model."""

from __future__ import annotations

import numpy as np

from silicus.evaluate import Shares, SharesComparison, compare_shares
from silicus.study import training_mean, uniform
from silicus.train import HeldOut, Predicted
from silicus.workflow.training.material import Material, shares_learnt

__all__ = ["compare"]


def compare(
    material: Material, before: dict[str, Predicted], after: dict[str, Predicted], rng: np.random.Generator
) -> dict[str, SharesComparison]:
    """Return, for each dataset with a test part, how far the model lies from people before and after training.

    Beside it stand `uniform` and the mean distribution of the training part by length of scale, which have read no
    question.
    """
    mean = training_mean(shares_learnt(material.learnt))
    found: dict[str, SharesComparison] = {}
    for name, held in material.test.items():
        if name not in before:
            continue
        systems = {
            "tuned": after[name].shares,
            "untuned": before[name].shares,
            "uniform": [uniform(scale) for scale in held.scales],
            "training mean": [mean(scale) for scale in held.scales],
        }
        found[name] = compare_shares(_shares(held, systems), rng, reference="untuned")
    return found


def _shares(held: HeldOut, systems: dict[str, list[np.ndarray]]) -> Shares:
    return Shares(held.clusters, held.human, [scale.positions for scale in held.scales], systems)
