"""How many people would tell a mean, or an effect, as exactly as a model does."""

from __future__ import annotations

import numpy as np

from silicus.effects.past.past_errors import ErrorKind, PastErrors
from silicus.effects.records import Amount
from silicus.errors import InputError
from silicus.record import Record

__all__ = ["Worth", "worth"]


class Worth(Record):
    """To how many people's answers a prediction is equal; intervals are over past studies."""

    kind: ErrorKind
    respondents: Amount
    """People whose mean has the error variance of the model's; of effects, people in each of both arms. Null where it
    is unknown, or past predictions were exact."""
    without_model: Amount
    """The same of whoever knows only past means' mean, or that effects are about 0: what is above it is the model's."""
    reason: str | None
    """Why something is unknown."""


def worth(errors: PastErrors, people_variance: float) -> Worth:
    """Return how many people a prediction is worth, and how many no prediction.

    After "how many survey respondents is a language model worth" (Huang et al. 2025, arXiv 2502.17773); here it is the
    number whose mean would have as large an expected squared error as predictions had on past studies, the line's
    uncertainty included.

    Args:
        errors: what was learnt from the past.
        people_variance: of people's answers within a cell, as shares of the scale's range.

    Raises:
        InputError: the variance is not above 0, or larger than answers on [0, 1] can have.

    Examples:
        >>> from silicus.effects.past.past_errors import Past, learn_errors
        >>> rng = np.random.default_rng(1)
        >>> predicted, study = rng.uniform(0.2, 0.8, 40), np.arange(40)
        >>> observed = 0.25 + 0.5 * predicted + rng.normal(0, 0.05, 40)
        >>> found = worth(learn_errors(Past(predicted, observed, np.zeros(40), study, study), "means"), 0.09)
        >>> round(found.respondents.value), round(found.without_model.value)
        (65, 12)
    """
    # People half at either end have variance 1/4.
    if not 0 < people_variance <= 0.25 + 1e-9:
        raise InputError(
            f"found a variance of {people_variance:g}, expected that of answers as shares of the scale's range: above "
            "0, at most 0.25."
        )
    people = people_variance if errors.kind == "means" else 2 * people_variance
    return Worth(
        kind=errors.kind,
        respondents=_people(people, errors.error),
        without_model=_people(people, errors.without_model),
        reason=errors.reason,
    )


def _people(variance: float, error: Amount) -> Amount:
    """Return the number of people at an error of that size; a larger error is worth fewer."""
    size, sure, low, high = (
        np.array(each, dtype=np.float64) for each in (error.value, error.standard_error, error.low, error.high)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        value = variance / size**2
        return Amount(
            value=float(value),
            standard_error=float(2 * value * sure / size),
            low=float(variance / high**2),
            high=float(variance / low**2),
        )
