"""From what people answered to a better predictor: what training makes smaller, and how."""

from silicus.train.objectives import (
    cao_as_coded,
    distribution,
    individual,
    preference,
    ranked_probability,
    subpop_as_coded,
    wasserstein,
)

__all__ = [
    "cao_as_coded",
    "distribution",
    "individual",
    "preference",
    "ranked_probability",
    "subpop_as_coded",
    "wasserstein",
]
