"""Classifiers that answers can be learnt with: arrays in, a function from features to probabilities out.

They know no tables. Classes are numbered from 0 without a gap, weights have mean 1; where an answer has no feature, the
feature is NaN. Scikit-learn is imported when one of them is called.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from silicus.evaluate.metrics import FloatArray
from silicus.plugins import require

__all__ = ["Classes", "Predict", "Stretches", "boosted_trees", "logistic_regression"]

Classes = npt.NDArray[np.int64]

Predict = Callable[[FloatArray], FloatArray]
"""Features of shape (rows, features) -> probabilities of shape (rows, classes)."""

_Scaled = npt.NDArray[np.float32]
_Fitted = Callable[[_Scaled], FloatArray]

_MOST_CLASSES = 20
_ROUNDS, _TREES = 100, 1000
_PENALTIES = (0.001, 0.01, 0.1, 1.0)
_FOLDS = 5
_STEPS, _TOLERANCE = 100, 1e-3


@dataclass(frozen=True)
class Stretches:
    """The points of a scale as classes: each point one, or, of a long scale, neighbours taken together.

    Attributes:
        of_point: the class of every point, shape (points,).
        within: the share of a point among the answers of its class, shape (points,); 0 where nobody gave it.
    """

    of_point: Classes
    within: FloatArray

    @classmethod
    def of(cls, places: Classes, weights: FloatArray, points: int) -> Stretches:
        """Return the classes of the points that were answered.

        Args:
            places: the point of every answer, 0 to `points` - 1, shape (answers,); at least one.
            weights: what it counts, above 0, shape (answers,).
            points: of the scale. Above 20 of them, neighbours are one class so that 20 classes hold about as many
                answers each; a point that more than a twentieth of the people chose stays alone, or nearly so.

        Examples:
            >>> Stretches.of(np.array([0, 2, 2]), np.ones(3), points=3).of_point
            array([0, 0, 1])
        """
        shares = np.bincount(places, weights, minlength=points) / weights.sum()
        middle = np.cumsum(shares) - shares / 2
        raw = np.arange(points) if points <= _MOST_CLASSES else np.floor(_MOST_CLASSES * middle).astype(np.int64)
        answered = shares > 0
        of_point = np.zeros(points, dtype=np.int64)
        of_point[answered] = np.unique(raw[answered], return_inverse=True)[1]
        return cls(of_point, shares / np.bincount(of_point, shares)[of_point])

    @property
    def count(self) -> int:
        """The number of classes."""
        return int(self.of_point.max()) + 1

    def spread(self, probabilities: FloatArray) -> FloatArray:
        """Return probabilities of classes, shape (rows, classes), as probabilities of points, shape (rows, points).

        Examples:
            >>> Stretches(np.array([0, 0, 1]), np.array([0.5, 0.5, 1.0])).spread(np.array([[0.2, 0.8]]))
            array([[0.1, 0.1, 0.8]])
        """
        return probabilities[:, self.of_point] * self.within


def boosted_trees(
    features: FloatArray,
    categorical: npt.NDArray[np.bool_],
    classes: Classes,
    weights: FloatArray,
    rng: np.random.Generator,
) -> Predict:
    """Return gradient-boosted trees (Friedman 2001, doi:10.1214/aos/1013203451), as a function of features.

    Trees have four leaves of at least 50 answers. There are 100 for every class, fewer where there are more than 10
    classes or where a tenth of the answers, which are not learnt from, gets no nearer.

    Args:
        features: shape (answers, features).
        categorical: which features are categories, numbered 0 to 254, shape (features,).
        classes: shape (answers,); at least 50 answers, of two classes or more.
        weights: shape (answers,).
        rng: draws the tenth.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    count = len(np.unique(classes))
    model: Any = require("sklearn.ensemble").HistGradientBoostingClassifier(
        early_stopping=True,
        categorical_features=categorical,
        max_iter=min(_ROUNDS, _TREES // count),
        # Demographics tell little: small trees and small steps learn less that is chance.
        learning_rate=0.05,
        max_leaf_nodes=4,
        min_samples_leaf=50,
        random_state=int(rng.integers(2**31)),
    )
    # The first answer of every class is learnt from, so that each is known.
    others = np.setdiff1d(np.arange(len(classes)), np.unique(classes, return_index=True)[1])
    held = np.zeros(len(classes), dtype=bool)
    held[rng.choice(others, len(classes) // 10, replace=False)] = True
    model.fit(
        features[~held], classes[~held], sample_weight=weights[~held],
        X_val=features[held], y_val=classes[held], sample_weight_val=weights[held],
    )  # fmt: skip
    return model.predict_proba


def logistic_regression(features: FloatArray, classes: Classes, weights: FloatArray, groups: Classes) -> Predict:
    """Return a multinomial logistic regression with a ridge penalty, as a function of features.

    Every feature is scaled to mean 0 and variance 1. The inverse penalty, of 0.001, 0.01, 0.1 and 1, is that of the
    least log loss over five folds of whole groups; where there is one group, the strongest.

    Args:
        features: shape (answers, features), without NaN.
        classes: shape (answers,), of two classes or more.
        weights: shape (answers,).
        groups: what is never divided between folds, shape (answers,).

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    mean, spread = features.mean(axis=0), features.std(axis=0)
    # What is the same for all is told apart from rounding.
    spread = np.where(spread > 1e-6, spread, 1.0)
    scaled = _scaled(features, mean, spread)
    count = int(classes.max()) + 1
    folds = _folds(groups)
    losses = [_loss(scaled, classes, weights, folds, penalty) for penalty in _PENALTIES]
    fitted = _fitted(scaled, classes, weights, _PENALTIES[int(np.argmin(losses))], count)
    return lambda rows: fitted(_scaled(rows, mean, spread))


def _scaled(features: FloatArray, mean: FloatArray, spread: FloatArray) -> _Scaled:
    """Return the features scaled, in the precision that is fast and enough."""
    return ((features - mean) / spread).astype(np.float32)


def _folds(groups: Classes) -> list[Classes]:
    """Return which answers each fold tries a model on: none where there is one group."""
    folds = min(_FOLDS, len(np.unique(groups)))
    if folds < 2:
        return []
    splitter: Any = require("sklearn.model_selection").GroupKFold(folds)
    return [held for _, held in splitter.split(groups, groups=groups)]


def _loss(features: _Scaled, classes: Classes, weights: FloatArray, folds: list[Classes], penalty: float) -> float:
    """Return the sum of the log loss over the folds; a class that a fold's model has not seen counts as one answer."""
    count, total = int(classes.max()) + 1, 0.0
    for held in folds:
        learnt = np.ones(len(classes), dtype=bool)
        learnt[held] = False
        fitted = _fitted(features[learnt], classes[learnt], weights[learnt], penalty, count)
        probabilities = (fitted(features[held]) * learnt.sum() + 1) / (learnt.sum() + count)
        chosen = np.take_along_axis(probabilities, classes[held][:, None], axis=1)[:, 0]
        total -= float(np.sum(weights[held] * np.log(chosen)))
    return total


def _fitted(features: _Scaled, classes: Classes, weights: FloatArray, penalty: float, count: int) -> _Fitted:
    """Return the regression of one penalty; of a single class, the certainty of it."""
    seen = np.unique(classes)
    if len(seen) == 1:
        return lambda rows: np.tile(np.eye(count)[seen[0]], (len(rows), 1))
    model: Any = require("sklearn.linear_model").LogisticRegression(C=penalty, max_iter=_STEPS, tol=_TOLERANCE)
    with warnings.catch_warnings():
        # A floor need not be exact, and a weak penalty takes more steps than it is worth.
        warnings.filterwarnings("ignore", category=require("sklearn.exceptions").ConvergenceWarning)
        model.fit(features, classes, sample_weight=weights)

    def predict(rows: _Scaled) -> FloatArray:
        probabilities = np.zeros((len(rows), count))
        probabilities[:, seen] = model.predict_proba(rows)
        return probabilities

    return predict
