"""A line from predictions to the truth, learnt from past studies: how far the truth lies from it in a new study.

All is made of sums over studies, each of which weighs the same, so that lines without one study or two cost little.
Works on arrays; knows no studies by name and no tables.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from silicus.effects.least_squares import FloatArray, Index, quantile

__all__ = ["Errors", "Lines", "Quantities", "errors_of_effects", "errors_of_means", "inside", "lines", "widening"]

# Predictions whose standard deviation is below 1e-6 of the range are alike: a line through them would be rounding.
_ALIKE = 1e-12
# With a smaller share of the differences between predictions left after chance, a line through them would be chance.
_TOLD = 0.2
# Below this a standard deviation is rounding, and so is an error.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Quantities:
    """What intervals are about: means of cells, or differences of two cells of a question.

    Attributes:
        terms: what the coefficients of a line are multiplied by, shape (quantities, terms).
        observed: shape (quantities,).
        chance: what chance adds to the squares of `observed` and of the prediction, and to their product, shape
            (quantities, 3).
        study: index of the study, from 0 and without gaps, shape (quantities,).
        cells: of how many cells a quantity holds the error: 1, or 2.
    """

    terms: FloatArray
    observed: FloatArray
    chance: FloatArray
    study: Index
    cells: int

    def where(self, own: npt.NDArray[np.bool_]) -> Quantities:
        """Return the quantities that are `own`."""
        return Quantities(self.terms[own], self.observed[own], self.chance[own], self.study[own], self.cells)


@dataclass(frozen=True)
class Errors:
    """What is learnt from.

    Attributes:
        quantities: what intervals are about.
        sums: what each study adds to the sums that a line is made of, shape (studies, sums).
        bare: the same for a line that knows no predictions, shape (studies, fewer sums).
    """

    quantities: Quantities
    sums: FloatArray
    bare: FloatArray

    def without(self, study: int) -> Errors:
        """Return the same of all studies but one; those behind it move up."""
        kept = np.arange(len(self.sums)) != study
        left = self.quantities.where(self.quantities.study != study)
        moved = replace(left, study=left.study - (left.study > study))
        return Errors(moved, self.sums[kept], self.bare[kept])


def errors_of_means(predicted: FloatArray, observed: FloatArray, chance: FloatArray, study: Index) -> Errors:
    """Return what is learnt about means of cells.

    Args:
        predicted: shape (cells,).
        observed: shape (cells,).
        chance: what it adds to the squares of observed and predicted means, and to their product, shape (cells, 3).
        study: without gaps, shape (cells,).
    """
    weight = 1 / np.bincount(study)[study]
    terms = np.column_stack([np.ones_like(predicted), predicted])
    sums, bare = (_sums(each, observed, chance, chance[:, 0], weight, study) for each in (terms, terms[:, :1]))
    return Errors(Quantities(terms, observed, chance, study, cells=1), sums, bare)


def errors_of_effects(
    predicted: FloatArray, observed: FloatArray, chance: FloatArray, study: Index, question: Index
) -> Errors:
    """Return what is learnt about differences within questions, all of two cells or more; shape (cells,) each.

    Cells less the mean of their question: of k cells they hold k - 1 differences, and chance adds (1 - 1/k) of the sum
    of its variances to their squares. A study's weight is spread over all its k - 1.
    """
    cells = np.bincount(question)
    terms, value = (each - (np.bincount(question, each) / cells)[question] for each in (predicted, observed))
    terms = np.where(np.abs(terms) < _ROUNDING, 0.0, terms)[:, None]
    left = 1 - 1 / cells[question]
    weight = 1 / np.bincount(study, left)[study]
    centred = chance * left[:, None]
    sums, bare = (_sums(each, value, centred, chance[:, 0], weight, study) for each in (terms, terms[:, :0]))
    first, second = _pairs(question)
    pairs = Quantities(
        (predicted[first] - predicted[second])[:, None],
        observed[first] - observed[second],
        chance[first] + chance[second],
        study[first],
        cells=2,
    )
    return Errors(pairs, sums, bare)


def _pairs(question: Index) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the places of both cells of every pair of cells of one question."""
    order = np.argsort(question, kind="stable")
    places = np.split(order, np.flatnonzero(np.diff(question[order])) + 1)
    pairs = [own[np.column_stack(np.triu_indices(len(own), 1))] for own in places]
    every: npt.NDArray[np.intp] = np.concatenate(pairs)
    return every[:, 0], every[:, 1]


def _sums(
    terms: FloatArray, value: FloatArray, chance: FloatArray, plain: FloatArray, weight: FloatArray, study: Index
) -> FloatArray:
    """Return of every study its weighted squares and products of terms, chance taken out, and what it was.

    Who happens to be asked moves predictions of a cell, and answers with them: both squares and products hold what
    would be there if the model knew nothing of the cells. It is taken out by its expectation (errors in variables:
    Fuller 1987, Measurement Error Models, doi:10.1002/9780470316665).

    Args:
        terms: shape (rows, terms); the last of them is the prediction.
        value: shape (rows,).
        chance: what it adds to the squares of the value and of the prediction, and to their product, shape (rows, 3).
        plain: what chance adds to the square of the value before centring, shape (rows,).
        weight: shape (rows,).
        study: shape (rows,).

    Returns:
        Shape (studies, 2 x terms x terms + terms + 3), in the order of `_parts`.
    """
    size = terms.shape[1]
    squares = (terms[:, :, None] * terms[:, None, :]).reshape(len(terms), size * size)
    products = terms * value[:, None]
    # Of a line without predictions there is the constant alone, or nothing.
    predicted = size > 0 and bool(np.any(chance[:, 1:])) and not bool(np.all(terms[:, -1] == 1))
    own = squares.copy()
    if predicted:
        own[:, -1] -= chance[:, 1]
        products[:, -1] -= chance[:, 2]
    taken = chance[:, 1] if predicted else np.zeros(len(terms))
    once = np.column_stack([own, products, value**2, chance[:, 0], taken]) * weight[:, None]
    rows = np.column_stack([once, squares * (weight**2 * plain)[:, None]])
    return np.column_stack([np.bincount(study, column) for column in rows.T]).astype(np.float64, copy=False)


@dataclass(frozen=True)
class _Parts:
    """Sums by what they are of.

    Attributes:
        squares: of terms, chance taken out, shape (..., terms, terms).
        products: of terms and values, chance taken out, shape (..., terms).
        value: squares of values, shape (...).
        chance: what it added to these, shape (...).
        taken: what was taken out of the squares of predictions, shape (...).
        bent: what chance adds to the squares of the products, shape (..., terms, terms).
    """

    squares: FloatArray
    products: FloatArray
    value: FloatArray
    chance: FloatArray
    taken: FloatArray
    bent: FloatArray


def _parts(sums: FloatArray) -> _Parts:
    """Return the parts of sums."""
    size = {3: 0, 6: 1, 13: 2}[sums.shape[-1]]
    cut = size * size
    shape = (*sums.shape[:-1], size, size)
    end = cut + size
    return _Parts(
        squares=sums[..., :cut].reshape(shape),
        products=sums[..., cut:end],
        value=sums[..., end],
        chance=sums[..., end + 1],
        taken=sums[..., end + 2],
        bent=sums[..., end + 3 :].reshape(shape),
    )


@dataclass(frozen=True)
class Lines:
    """Lines from predictions to the truth; leading axes are those of the sums that they are made of.

    Attributes:
        coefficients: shape (..., terms); NaN where predictions are alike.
        covariance: of the coefficients, shape (..., terms, terms).
        tau2: variance of a cell's true error, at least its standard error; shape (...).
        typical: the same and what the line adds, averaged over past predictions; shape (...).
    """

    coefficients: FloatArray
    covariance: FloatArray
    tau2: FloatArray
    typical: FloatArray

    def errors(self, quantities: Quantities, place: Index | None = None) -> tuple[FloatArray, FloatArray]:
        """Return how far quantities were observed from the line, and the variance of that, both (quantities,).

        Args:
            quantities: what was observed.
            place: which of the lines to hold against each, shape (quantities,); `None`: there is one.
        """
        own = slice(None) if place is None else place
        terms, line = quantities.terms, self.coefficients[own]
        left = quantities.observed - np.sum(terms * line, axis=-1)
        slope, (answers, predicted, both) = line[..., -1], quantities.chance.T
        chance = answers - 2 * slope * both + slope**2 * predicted
        return left, self.variance(terms, quantities.cells, place) + np.maximum(chance, 0.0)

    def variance(self, terms: FloatArray, cells: int, place: Index | None = None) -> FloatArray:
        """Return the variance of the true error of quantities with these terms, shape (quantities,)."""
        own = () if place is None else place
        bent = np.einsum("...i,...ij,...j->...", terms, self.covariance[own], terms)
        return cells * self.tau2[own] + bent


def lines(sums: FloatArray) -> Lines:
    """Return the line through studies, and how sure it is.

    Least squares with the same weight for every study. The variance of the true error is the mean square about the
    line less what chance adds to it, which leaves out that chance has bent the line; it is never taken to be smaller
    than its own standard error, for an error that cannot be told from chance is not known to be none. Variances of
    estimates are those of the jackknife over studies (Miller 1974, doi:10.1093/biomet/61.1.1).

    Args:
        sums: shape (..., studies, sums).
    """
    studies, total = sums.shape[-2], sums.sum(axis=-2)
    line, tau2 = _solved(total, studies)
    left, left_tau2 = _solved(total[..., None, :] - sums, studies - 1)
    share = (studies - 1) / studies
    away = left - line[..., None, :]
    covariance = share * np.einsum("...si,...sj->...ij", away, away)
    around = left_tau2 - left_tau2.mean(axis=-1, keepdims=True)
    tau2 = np.maximum(tau2, np.sqrt(share * np.sum(around**2, axis=-1)))
    bent = np.einsum("...ij,...ij->...", covariance, _parts(total).squares) / studies
    return Lines(line, covariance, tau2, tau2 + bent)


def _solved(total: FloatArray, studies: int) -> tuple[FloatArray, FloatArray]:
    """Return the coefficients of lines, shape (..., terms), and the variance of a cell's error, shape (...)."""
    parts = _parts(total)
    inverse = _inverse(parts, studies)
    line = np.einsum("...ij,...j->...i", inverse, parts.products)
    left = parts.value - np.sum(line * parts.products, axis=-1)
    left = left - (parts.chance - np.einsum("...ij,...ji->...", inverse, parts.bent))
    # Errors of one study may be one error: then a term of the line takes up a study, not a cell.
    freedom = studies - parts.products.shape[-1]
    return line, left / freedom if freedom > 0 else np.full_like(left, np.nan)


def _inverse(parts: _Parts, studies: int) -> FloatArray:
    """Return the inverse of the squares, NaN where predictions are alike but for chance, shape (..., terms, terms)."""
    squares = parts.squares
    size = squares.shape[-1]
    if not size:
        return squares
    if size == 1:
        turned, determinant = np.ones_like(squares), squares[..., 0, 0]
    else:
        turned = squares[..., ::-1, ::-1] * np.array([[1.0, -1.0], [-1.0, 1.0]])
        determinant = squares[..., 0, 0] * squares[..., 1, 1] - squares[..., 0, 1] ** 2
    # How far predictions lie apart, less what chance did: of two terms, about the line's constant.
    apart = determinant if size == 1 else determinant / np.where(squares[..., 0, 0] > 0, squares[..., 0, 0], np.nan)
    told = apart > _TOLD * (apart + parts.taken)
    known = np.where((determinant > _ALIKE * studies**size) & told, determinant, np.nan)
    return turned / known[..., None, None]


def without_each(sums: FloatArray) -> FloatArray:
    """Return the sums of all studies but one, for every one, shape (studies, studies - 1, sums)."""
    studies = len(sums)
    others = np.arange(studies - 1)
    return sums[others + (others >= np.arange(studies)[:, None])]


def widening(errors: Errors, alpha: float) -> tuple[float, bool]:
    """Return by how much intervals of Student's t are to be wider for a new study to be held as often as promised.

    Every study in turn is held against the line of the others: absolute errors of its quantities over what they are
    expected to be. An interval has to reach the quantile of these, studies weighing the same, with the share
    (1 - alpha)(1 + 1/n); after the hierarchical conformal prediction of Lee, Barber & Willett (arXiv 2306.06342), where
    n is the number of studies, as if each had erred in one way. Here n is the number of independent quantities that
    tell as much as all of them: the number of studies where those of a study err together, more where they do not.

    Where that is so small that the share exceeds 1, it is the largest of the studies' own 1 - alpha quantiles: a new
    study's is larger with a probability of 1/(studies + 1), so that about (1 - alpha) x studies/(studies + 1) are held.

    Returns:
        1 or more, NaN where predictions differ in too few studies; and whether the share exceeds 1.
    """
    quantities, studies = errors.quantities, len(errors.sums)
    left, variance = lines(without_each(errors.sums)).errors(quantities, quantities.study)
    score = np.abs(left) / np.maximum(np.sqrt(variance), _ROUNDING)
    if np.isnan(score).any():
        return float("nan"), False
    weight = 1 / np.bincount(quantities.study)[quantities.study]
    beyond = score > _quantile(score, 1 - alpha, weight)
    share = (1 - alpha) * (1 + 1 / _independent(beyond.astype(np.float64), quantities.study))
    # A hair's breadth against shares of 1.0000000000000002.
    few = share > 1 + _ROUNDING
    if few:
        own = (score[quantities.study == study] for study in range(studies))
        reach = max(_quantile(each, 1 - alpha, np.ones(len(each))) for each in own)
    else:
        reach = _quantile(score, share, weight)
    return max(1.0, reach / quantile(1 - alpha / 2, studies - 1)), few


def _independent(values: FloatArray, study: Index) -> float:
    """Return how many independent values would tell as much about a mean in which studies weigh the same.

    With r the correlation of two values of a study, the mean of a study of k has the variance r + (1 - r)/k of one
    value's. Where r is unknown it is taken as 1: the number is that of studies, its least.
    """
    many = np.bincount(study)
    left = values - np.mean(np.bincount(study, values) / many)
    squares = np.bincount(study, left**2)
    pairs = (np.bincount(study, left) ** 2 - squares)[many > 1] / (many * (many - 1))[many > 1]
    spread = float(np.mean(squares / many))
    together = min(max(float(pairs.mean()) / spread, 0.0), 1.0) if pairs.size and spread > 0 else 1.0
    return len(many) / float(np.mean(together + (1 - together) / many))


def _quantile(values: FloatArray, share: float, weight: FloatArray) -> float:
    """Return the smallest of the values up to which their share lies; no interpolation."""
    order = np.argsort(values)
    reached = np.cumsum(weight[order])
    enough = reached >= (min(share, 1.0) - _ROUNDING) * reached[-1]
    return float(values[order[np.argmax(enough)]])


def inside(errors: Errors, alpha: float) -> FloatArray:
    """Return of every study the share of its quantities inside intervals learnt without it, shape (studies,).

    Line, spread and widening are all learnt from the other studies; what chance adds to people's answers is added.

    Returns:
        NaN where predictions differ in too few of the other studies.
    """
    found = np.full(len(errors.sums), np.nan)
    for study in range(len(found)):
        others = errors.without(study)
        left, variance = lines(others.sums).errors(errors.quantities.where(errors.quantities.study == study))
        reach = quantile(1 - alpha / 2, len(found) - 2) * widening(others, alpha)[0]
        if np.isfinite(reach):
            found[study] = np.mean(np.abs(left) <= reach * np.sqrt(variance) + _ROUNDING)
    return found
