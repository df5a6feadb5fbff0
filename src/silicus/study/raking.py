"""Raking: weights under which respondents have a population's margins.

Iterative proportional fitting (Deming & Stephan, 1940, doi:10.1214/aoms/1177731829): margin after margin, every weight
is multiplied by what its category should have over what it has, until all margins hold at once. Of all weights with
these margins those are found that change the first ones least (Ireland & Kullback, 1968, doi:10.1093/biomet/55.1.179);
associations that no margin speaks of stay as the respondents have them. Where a largest weight is set (`trim`), weights
are cut to it after every round, and those found need no longer be the nearest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from silicus.errors import InputError, counted
from silicus.record import Record
from silicus.study.margins import Margins, Target, match_margins
from silicus.study.respondents import design_effect

__all__ = ["Category", "Fitted", "Gap", "Raking", "Spread", "rake"]

FloatArray = npt.NDArray[np.float64]

_CLOSE = 1e-6
"""The margins hold when no share is farther from its target."""
_MOST = 1000
_METHOD = "Deming, W. E., & Stephan, F. F. (1940). Annals of Mathematical Statistics, 11, 427-444. " + (
    "doi:10.1214/aoms/1177731829"
)


class Gap(Record):
    """The share that is farthest from its target."""

    size: float
    attribute: str
    category: str


class Category(Record):
    """One category of a margin, before and after."""

    category: str
    respondents: int
    """Those in it, whatever they weigh."""
    before: float
    """Its share under the weights that raking began with."""
    target: float
    after: float


class Fitted(Record):
    """One margin."""

    attribute: str
    source: str
    categories: list[Category]


class Spread(Record):
    """The weights above 0, as multiples of their mean."""

    lowest: float
    median: float
    highest: float
    sd: float


class Raking(Record):
    """How respondents came by their weights."""

    table: str
    margins_file: str
    method: str = _METHOD
    sources: list[str]
    """Whom to cite for the respondents and for every margin."""
    respondents: int
    """Those who have a weight above 0."""
    left_out: dict[str, int]
    """reason -> respondents who are not in the table of weights."""
    began_with: str
    """Which weights raking began with."""
    total: float
    """What the weights sum to."""
    trim: float | None
    """The largest weight allowed, as a multiple of the mean."""
    trimmed: int
    """How many respondents are held at it."""
    iterations: list[Gap]
    """The largest gap before the first and after every iteration; the last is below the tolerance."""
    tolerance: float = _CLOSE
    design_effect: float
    """Kish's n sum(w^2) / (sum w)^2 of the weights: by how much they raise the variance of a mean."""
    effective_n: float
    """`respondents` / `design_effect`."""
    design_effect_before: float
    weights: Spread
    margins: list[Fitted]


@dataclass(frozen=True)
class _Fit:
    weights: FloatArray
    gaps: list[Gap]
    trimmed: int


def rake(
    table: pl.DataFrame, margins: Margins, table_name: str, file: str, sources: list[str]
) -> tuple[pl.DataFrame, Raking]:
    """Return the respondents with weights under which the margins hold, and how they came by them.

    Args:
        table: as `read_respondents` returns it; its weights are what raking begins with.
        margins: what is to hold.
        table_name: what the table is called.
        file: what the file of the margins is called.
        sources: whom to cite for the respondents.

    Raises:
        InputError: margins and table do not fit, or no weights meet all margins.
    """
    kept, targets, left_out = match_margins(table, margins, table_name, file)
    begun = kept["weight"].to_numpy()
    fit = _fit(begun / begun.sum(), targets, margins.trim, file)
    used = fit.weights[fit.weights > 0]
    total = margins.total if margins.total is not None else float(len(used))
    effect = design_effect(used)
    record = Raking(
        table=table_name,
        margins_file=file,
        sources=[*sources, *(f"{name}: {margin.source}" for name, margin in margins.margins.items())],
        respondents=len(used),
        left_out=left_out,
        began_with="equal weights" if len(np.unique(begun)) == 1 else "the weights of the table",
        total=total,
        trim=margins.trim,
        trimmed=fit.trimmed,
        iterations=fit.gaps,
        design_effect=effect,
        effective_n=len(used) / effect,
        design_effect_before=design_effect(begun),
        weights=_spread(used / used.mean()),
        margins=[_fitted(each, margins, begun / begun.sum(), fit.weights) for each in targets],
    )
    return kept.with_columns(weight=pl.Series(fit.weights * total)), record


def _fit(begun: FloatArray, targets: list[Target], trim: float | None, file: str) -> _Fit:
    """Return weights that sum to 1, and the largest gap of every iteration."""
    weights, gaps = begun, [_largest(begun, targets)]
    used = np.all([begun > 0, *(each.share[each.place] > 0 for each in targets)], axis=0)
    most = np.inf if trim is None else trim / max(np.count_nonzero(used), 1)
    above = bool((begun > most).any())
    while gaps[-1].size > _CLOSE or above:
        if len(gaps) > _MOST or not used.any():
            raise InputError(_unmet(gaps, trim, file))
        for each in targets:
            have = _shares(weights, each)
            weights = weights * (each.share / np.where(have > 0, have, 1.0))[each.place]
        weights = np.minimum(weights, most)
        weights = weights / weights.sum()
        # What is left above the largest weight comes of making the sum 1 again.
        above = bool((weights > most * (1 + _CLOSE)).any())
        gaps.append(_largest(weights, targets))
    return _Fit(weights, gaps, int((weights > most * (1 - _CLOSE)).sum()))


def _shares(weights: FloatArray, target: Target) -> FloatArray:
    return np.bincount(target.place, weights, minlength=len(target.categories)).astype(np.float64)


def _largest(weights: FloatArray, targets: list[Target]) -> Gap:
    found = [np.abs(_shares(weights, each) - each.share) for each in targets]
    worst = int(np.argmax([gaps.max() for gaps in found]))
    place = int(np.argmax(found[worst]))
    return Gap(
        size=float(found[worst][place]), attribute=targets[worst].attribute, category=targets[worst].categories[place]
    )


def _unmet(gaps: list[Gap], trim: float | None, file: str) -> str:
    gap, tried = gaps[-1], counted(len(gaps) - 1, "iteration", "iterations")
    why = (
        "Some categories may never occur together among the respondents: merge categories, or leave a margin out."
        if trim is None
        else f"No weight may be more than {trim:g} times the mean (trim): raise it, merge rare categories, or leave a "
        "margin out."
    )
    return (
        f"{file}: found no weights under which all margins hold, after {tried}. The farthest is '{gap.attribute}': the "
        f"share of '{gap.category}' is {gap.size:.4f} off its target. {why}"
    )


def _spread(weights: FloatArray) -> Spread:
    return Spread(
        lowest=float(weights.min()),
        median=float(np.median(weights)),
        highest=float(weights.max()),
        sd=float(weights.std()),
    )


def _fitted(target: Target, margins: Margins, before: FloatArray, after: FloatArray) -> Fitted:
    people = np.bincount(target.place, minlength=len(target.categories)).tolist()
    columns = (people, _shares(before, target).tolist(), target.share.tolist(), _shares(after, target).tolist())
    return Fitted(
        attribute=target.attribute,
        source=margins.margins[target.attribute].source,
        categories=[
            Category(category=name, respondents=n, before=was, target=wanted, after=now)
            for name, n, was, wanted, now in zip(target.categories, *columns, strict=True)
        ],
    )
