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
# Below this a standard deviation is rounding, and so is an error.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Quantities:
    """What intervals are about: means of cells, or differences of two cells of a question.

    Attributes:
        terms: what the coefficients of a line are multiplied by, shape (quantities, terms).
        observed: shape (quantities,).
        variance: what chance adds to `observed`, shape (quantities,).
        study: index of the study, from 0 and without gaps, shape (quantities,).
        cells: of how many cells a quantity holds the error: 1, or 2.
    """

    terms: FloatArray
    observed: FloatArray
    variance: FloatArray
    study: Index
    cells: int

    def where(self, own: npt.NDArray[np.bool_]) -> Quantities:
        """Return the quantities that are `own`."""
        return Quantities(self.terms[own], self.observed[own], self.variance[own], self.study[own], self.cells)


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


def errors_of_means(predicted: FloatArray, observed: FloatArray, variance: FloatArray, study: Index) -> Errors:
    """Return what is learnt about means of cells; all arguments of shape (cells,), studies without gaps."""
    weight = 1 / np.bincount(study)[study]
    terms = np.column_stack([np.ones_like(predicted), predicted])
    chance = np.column_stack([variance, variance])
    sums, bare = (_sums(each, observed, chance, weight, study) for each in (terms, terms[:, :1]))
    return Errors(Quantities(terms, observed, variance, study, cells=1), sums, bare)


def errors_of_effects(
    predicted: FloatArray, observed: FloatArray, variance: FloatArray, study: Index, question: Index
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
    chance = np.column_stack([variance * left, variance])
    sums, bare = (_sums(each, value, chance, weight, study) for each in (terms, terms[:, :0]))
    first, second = _pairs(question)
    pairs = Quantities(
        (predicted[first] - predicted[second])[:, None],
        observed[first] - observed[second],
        variance[first] + variance[second],
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


def _sums(terms: FloatArray, value: FloatArray, chance: FloatArray, weight: FloatArray, study: Index) -> FloatArray:
    """Return of every study its weighted squares and products of terms, and what chance adds to them.

    Args:
        terms: shape (rows, terms).
        value: shape (rows,).
        chance: what chance adds to the square of each value, and to the value before centring; shape (rows, 2).
        weight: shape (rows,).
        study: shape (rows,).

    Returns:
        Shape (studies, 2 x terms x terms + terms + 2), in the order of `_parts`.
    """
    size = terms.shape[1]
    squares = (terms[:, :, None] * terms[:, None, :]).reshape(len(terms), size * size)
    once = np.column_stack([squares, terms * value[:, None], value**2, chance[:, 0]]) * weight[:, None]
    rows = np.column_stack([once, squares * (weight**2 * chance[:, 1])[:, None]])
    return np.column_stack([np.bincount(study, column) for column in rows.T]).astype(np.float64, copy=False)


def _parts(sums: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return squares, products, squared values, what chance adds to these, and what it adds to the products."""
    size = {2: 0, 5: 1, 12: 2}[sums.shape[-1]]
    cut = size * size
    shape = (*sums.shape[:-1], size, size)
    end = cut + size
    return (
        sums[..., :cut].reshape(shape),
        sums[..., cut:end],
        sums[..., end],
        sums[..., end + 1],
        sums[..., end + 2 :].reshape(shape),
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
        return left, self.variance(terms, quantities.cells, place) + quantities.variance

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
    bent = np.einsum("...ij,...ij->...", covariance, _parts(total)[0]) / studies
    return Lines(line, covariance, tau2, tau2 + bent)


def _solved(total: FloatArray, studies: int) -> tuple[FloatArray, FloatArray]:
    """Return the coefficients of lines, shape (..., terms), and the variance of a cell's error, shape (...)."""
    squares, products, value, chance, bent = _parts(total)
    inverse = _inverse(squares, studies)
    line = np.einsum("...ij,...j->...i", inverse, products)
    left = value - np.sum(line * products, axis=-1)
    left = left - (chance - np.einsum("...ij,...ji->...", inverse, bent))
    # Errors of one study may be one error: then a term of the line takes up a study, not a cell.
    freedom = studies - products.shape[-1]
    return line, left / freedom if freedom > 0 else np.full_like(left, np.nan)


def _inverse(squares: FloatArray, studies: int) -> FloatArray:
    """Return the inverse of matrices of 0 to 2 rows, NaN where predictions are alike, shape (..., terms, terms)."""
    size = squares.shape[-1]
    if not size:
        return squares
    if size == 1:
        turned, determinant = np.ones_like(squares), squares[..., 0, 0]
    else:
        turned = squares[..., ::-1, ::-1] * np.array([[1.0, -1.0], [-1.0, 1.0]])
        determinant = squares[..., 0, 0] * squares[..., 1, 1] - squares[..., 0, 1] ** 2
    known = np.where(determinant > _ALIKE * studies**size, determinant, np.nan)
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
