"""From a study and people to predictions."""

from silicus.simulate.baselines import PooledModel
from silicus.simulate.controls import placebos, relabelled, scrambled, scrambled_name, unrelated
from silicus.simulate.open_answers import OPEN_ANSWERS, answer_openly, open_answers_told, open_prompts
from silicus.simulate.parts import PART_ROWS, simulate, tidy
from silicus.simulate.plan import Plan, plan_all, plan_answered
from silicus.simulate.predict import Failing, predict, predict_in_ways
from silicus.simulate.probing import Pair, reask, recall_prompts, swapped, told, without_stimulus
from silicus.simulate.similarity import Anchors, Similarity, read_anchors
from silicus.simulate.spelled import Distribution, Reason
from silicus.simulate.variants import Answered, Asking, Variant, Ways, as_it_is, orders_of, unmoved
from silicus.simulate.written import AskingProtocol, WrittenModel

__all__ = [
    "OPEN_ANSWERS",
    "PART_ROWS",
    "Anchors",
    "Answered",
    "Asking",
    "AskingProtocol",
    "Distribution",
    "Failing",
    "Pair",
    "Plan",
    "PooledModel",
    "Reason",
    "Similarity",
    "Variant",
    "Ways",
    "WrittenModel",
    "answer_openly",
    "as_it_is",
    "open_answers_told",
    "open_prompts",
    "orders_of",
    "placebos",
    "plan_all",
    "plan_answered",
    "predict",
    "predict_in_ways",
    "read_anchors",
    "reask",
    "recall_prompts",
    "relabelled",
    "scrambled",
    "scrambled_name",
    "simulate",
    "swapped",
    "tidy",
    "told",
    "unmoved",
    "unrelated",
    "without_stimulus",
]
