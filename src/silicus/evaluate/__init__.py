"""How far predictions lie from what people answered, beside two baselines that need no model."""

from silicus.evaluate.metrics import (
    accuracy_draw,
    accuracy_median,
    cao_emd_as_coded,
    cross_entropy,
    js_distance,
    js_divergence,
    kl_divergence,
    negative_log_likelihood,
    total_variation,
    wasserstein,
    wasserstein_observed,
)
from silicus.evaluate.paired import FEWEST, SHARE_METRICS, Change, ShareMetric
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
from silicus.evaluate.shares import Shares, SharesComparison, Unit, as_points, compare_shares
from silicus.evaluate.together import ENOUGH

__all__ = [
    "ENOUGH",
    "FEWEST",
    "LEFT_OUT",
    "METRICS",
    "SHARE_METRICS",
    "Cell",
    "Change",
    "Covered",
    "DistanceName",
    "Estimate",
    "Evaluation",
    "Metric",
    "MetricName",
    "ShareMetric",
    "Shares",
    "SharesComparison",
    "StudyScores",
    "Unit",
    "accuracy_draw",
    "accuracy_median",
    "as_points",
    "cao_emd_as_coded",
    "compare_shares",
    "cross_entropy",
    "evaluate",
    "js_distance",
    "js_divergence",
    "kl_divergence",
    "negative_log_likelihood",
    "total_variation",
    "wasserstein",
    "wasserstein_observed",
]
