"""A simulation rectified by people's answers."""

from silicus.effects.pilot.arms import Predicted, adjusted_difference, rectified_difference, rectified_mean
from silicus.effects.pilot.predicted_rows import PredictedRows
from silicus.effects.pilot.rectified import Alternative, Harm, MoreAnswers, Rectified, RectifyPlan, more_answers
from silicus.effects.pilot.rectify import rectify

__all__ = [
    "Alternative",
    "Harm",
    "MoreAnswers",
    "Predicted",
    "PredictedRows",
    "Rectified",
    "RectifyPlan",
    "adjusted_difference",
    "more_answers",
    "rectified_difference",
    "rectified_mean",
    "rectify",
]
