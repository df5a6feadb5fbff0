"""How far predictions lie from what people answered, beside two baselines that need no model."""

from silicus.evaluate.audit import AttributeAudit, GroupAudit
from silicus.evaluate.evaluation import Ceiling, Cell, Covered, Evaluation, StudyScores
from silicus.evaluate.floors import (
    Embed,
    Learnt,
    demographics_floor,
    embedding_floor,
    option_words_floor,
    training_mean_floor,
)
from silicus.evaluate.individual import IndividualSkill, People, individual_skill
from silicus.evaluate.metrics import (
    accuracy_draw,
    accuracy_median,
    brier,
    cross_entropy,
    entropy,
    entropy_ratio,
    js_distance,
    js_divergence,
    kl_divergence,
    mean_position,
    negative_log_likelihood,
    sd_ratio,
    standard_deviation,
    total_variation,
    wasserstein,
    wasserstein_observed,
)
from silicus.evaluate.movement import Movement, Moving, centred_correlation, movement
from silicus.evaluate.order_effect import OrderEffect, order_effect
from silicus.evaluate.paired import FEWEST, SHARE_METRICS, Change, ShareMetric
from silicus.evaluate.probes import Probes
from silicus.evaluate.published import cao_emd_as_coded, opinionqa_alignment, simbench_score, subpop_wd
from silicus.evaluate.reasked import Followed, Reasked, followed, reasked
from silicus.evaluate.recalled import Recalled, recalled
from silicus.evaluate.records import LEFT_OUT, METRICS, DistanceName, Estimate, Metric, MetricName
from silicus.evaluate.remembered import (
    Familiar,
    Verbatim,
    familiar,
    halves,
    min_k,
    min_k_plus_plus,
    reproduced,
    verbatim,
)
from silicus.evaluate.scores import CONTROLS, Beside, evaluate
from silicus.evaluate.shares import Shares, SharesComparison, Unit, as_points, compare_shares
from silicus.evaluate.structure import Structure
from silicus.evaluate.together import ENOUGH

__all__ = [
    "CONTROLS",
    "ENOUGH",
    "FEWEST",
    "LEFT_OUT",
    "METRICS",
    "SHARE_METRICS",
    "AttributeAudit",
    "Beside",
    "Ceiling",
    "Cell",
    "Change",
    "Covered",
    "DistanceName",
    "Embed",
    "Estimate",
    "Evaluation",
    "Familiar",
    "Followed",
    "GroupAudit",
    "IndividualSkill",
    "Learnt",
    "Metric",
    "MetricName",
    "Movement",
    "Moving",
    "OrderEffect",
    "People",
    "Probes",
    "Reasked",
    "Recalled",
    "ShareMetric",
    "Shares",
    "SharesComparison",
    "Structure",
    "StudyScores",
    "Unit",
    "Verbatim",
    "accuracy_draw",
    "accuracy_median",
    "as_points",
    "brier",
    "cao_emd_as_coded",
    "centred_correlation",
    "compare_shares",
    "cross_entropy",
    "demographics_floor",
    "embedding_floor",
    "entropy",
    "entropy_ratio",
    "evaluate",
    "familiar",
    "followed",
    "halves",
    "individual_skill",
    "js_distance",
    "js_divergence",
    "kl_divergence",
    "mean_position",
    "min_k",
    "min_k_plus_plus",
    "movement",
    "negative_log_likelihood",
    "opinionqa_alignment",
    "option_words_floor",
    "order_effect",
    "reasked",
    "recalled",
    "reproduced",
    "sd_ratio",
    "simbench_score",
    "standard_deviation",
    "subpop_wd",
    "total_variation",
    "training_mean_floor",
    "verbatim",
    "wasserstein",
    "wasserstein_observed",
]
