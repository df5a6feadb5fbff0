"""Past errors of a model become prediction intervals for a new study."""

from silicus.effects.past.past_errors import (
    FEWEST_STUDIES,
    ErrorKind,
    Forecast,
    HeldOut,
    Past,
    PastErrors,
    forecast,
    learn_errors,
)
from silicus.effects.past.worth import Worth, worth

__all__ = [
    "FEWEST_STUDIES",
    "ErrorKind",
    "Forecast",
    "HeldOut",
    "Past",
    "PastErrors",
    "Worth",
    "forecast",
    "learn_errors",
    "worth",
]
