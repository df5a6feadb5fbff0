"""From a study and people to predictions."""

from silicus.simulate.baselines import PooledModel
from silicus.simulate.parts import PART_ROWS, simulate, tidy
from silicus.simulate.plan import Plan, plan_all, plan_answered
from silicus.simulate.predict import predict
from silicus.simulate.probing import Pair, reask, recall_prompts, swapped, told, without_stimulus

__all__ = [
    "PART_ROWS",
    "Pair",
    "Plan",
    "PooledModel",
    "plan_all",
    "plan_answered",
    "predict",
    "reask",
    "recall_prompts",
    "simulate",
    "swapped",
    "tidy",
    "told",
    "without_stimulus",
]
