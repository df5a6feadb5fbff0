"""How many people, which arms, and how to split a budget."""

from silicus.effects.planning.budget import Budget, Split, SplitPoint, split_budget
from silicus.effects.planning.design import ArmForecast, ArmSet, ArmValue, Choice, Drawn, Fielding, choose_arms
from silicus.effects.planning.power import (
    Belief,
    TwoArms,
    assurance,
    assurance_limit,
    people_needed,
    people_needed_assured,
    power,
    smallest_detectable,
)
from silicus.effects.planning.sample_size import People, SampleSize, Span, Spread, sample_size

__all__ = [
    "ArmForecast",
    "ArmSet",
    "ArmValue",
    "Belief",
    "Budget",
    "Choice",
    "Drawn",
    "Fielding",
    "People",
    "SampleSize",
    "Span",
    "Split",
    "SplitPoint",
    "Spread",
    "TwoArms",
    "assurance",
    "assurance_limit",
    "choose_arms",
    "people_needed",
    "people_needed_assured",
    "power",
    "sample_size",
    "smallest_detectable",
    "split_budget",
]
