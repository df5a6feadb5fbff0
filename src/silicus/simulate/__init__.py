"""From a study and people to predictions."""

from silicus.simulate.baselines import PooledModel
from silicus.simulate.parts import PART_ROWS, simulate, tidy
from silicus.simulate.plan import Plan, plan_all, plan_answered
from silicus.simulate.predict import predict

__all__ = ["PART_ROWS", "Plan", "PooledModel", "plan_all", "plan_answered", "predict", "simulate", "tidy"]
