"""What is looked at in training: how far the model lies from people on questions that are not learnt from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from silicus.models.huggingface import HuggingFaceModel
from silicus.train.batches import Asking
from silicus.train.held_out import HeldOut, predict

__all__ = ["Looking", "error_over_questions"]


@dataclass(frozen=True)
class Looking:
    """What training is looked at with.

    Attributes:
        asking: how examples are put to the model.
        held: dataset -> cells that are not learnt from.
    """

    asking: Asking
    held: Mapping[str, HeldOut]

    def metrics(self, model: HuggingFaceModel, through: Any) -> dict[str, float]:
        """Return `loss` and `wasserstein`, the number of `questions` and the standard error of the loss over them.

        A dataset counts as many times as it has questions, so that a small one does not choose the step. Of several
        datasets each one's numbers are there too. With one question in a dataset there is no standard error.
        """
        each = {name: self._of(held, model, through) for name, held in self.held.items()}
        found = _together(list(each.values()))
        if len(each) > 1:
            found |= {f"{name}_{metric}": value for name, own in each.items() for metric, value in own.items()}
        return {name: value for name, value in found.items() if name == "loss" or np.isfinite(value)}

    def _of(self, held: HeldOut, model: HuggingFaceModel, through: Any) -> dict[str, float]:
        predicted = predict(model, self.asking, held, through)
        losses = np.bincount(held.cells, predicted.nll) / np.bincount(held.cells)
        error = error_over_questions(losses, held.clusters)
        return {**predicted.metrics(held), "loss_error": error, "questions": len(set(held.clusters))}


def _together(each: list[dict[str, float]]) -> dict[str, float]:
    """Return the means over datasets, each of which weighs as many as its questions."""
    found: dict[str, float] = {}
    for metric in ("loss", "wasserstein"):
        own = [metrics for metrics in each if metric in metrics]
        if own:
            values, weights = ([metrics[name] for metrics in own] for name in (metric, "questions"))
            found[metric] = float(np.average(values, weights=weights))
    questions = np.array([metrics["questions"] for metrics in each])
    errors = np.array([metrics["loss_error"] for metrics in each])
    found["loss_error"] = float(np.linalg.norm(errors * questions / questions.sum()))
    found["questions"] = int(questions.sum())
    return found


def error_over_questions(losses: np.ndarray, questions: list[str]) -> float:
    r"""Return the standard error of a mean over cells of which those of one question go together.

    With the deviations $d_c$ of $n$ cells from their mean and $q$ questions $Q$:

    $$\frac{1}{n} \sqrt{\frac{q}{q-1} \sum_Q \Big(\sum_{c \in Q} d_c\Big)^2}$$

    (Liang & Zeger, 1986, https://doi.org/10.1093/biomet/73.1.13, for a mean).

    Args:
        losses: of each cell, shape (cells,).
        questions: of each cell, shape (cells,).

    Returns:
        NaN where there is one question.
    """
    number = np.unique(questions, return_inverse=True)[1]
    count = number.max() + 1
    if count == 1:
        return float("nan")
    sums = np.bincount(number, losses - losses.mean())
    return float(np.sqrt(count / (count - 1) * (sums @ sums)) / len(losses))
