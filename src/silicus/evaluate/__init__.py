"""How far predictions lie from what people answered, beside two baselines that need no model."""

from silicus.evaluate.metrics import (
    accuracy_draw,
    accuracy_median,
    negative_log_likelihood,
    total_variation,
    wasserstein,
    wasserstein_observed,
)
from silicus.evaluate.records import (
    LEFT_OUT,
    METRICS,
    Cell,
    Covered,
    DistanceName,
    Estimate,
    Evaluation,
    Metric,
    MetricName,
    StudyScores,
)
from silicus.evaluate.scores import evaluate

__all__ = [
    "LEFT_OUT",
    "METRICS",
    "Cell",
    "Covered",
    "DistanceName",
    "Estimate",
    "Evaluation",
    "Metric",
    "MetricName",
    "StudyScores",
    "accuracy_draw",
    "accuracy_median",
    "evaluate",
    "negative_log_likelihood",
    "total_variation",
    "wasserstein",
    "wasserstein_observed",
]
