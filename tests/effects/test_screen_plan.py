"""What is declared before a study is screened."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from silicus.effects import ScreenPlan
from silicus.effects.records import Bounds
from silicus.effects.screening import Screening
from silicus.errors import InputError

QUESTIONS = ("visit", "drink", "pay")


def test_by_default_all_questions_with_an_order_are_compared():
    assert ScreenPlan().known(QUESTIONS, ("visit", "pay")) == ("visit", "pay")


def test_the_outcomes_of_the_plan_stay_in_its_order():
    assert ScreenPlan(outcomes=("pay", "visit")).known(QUESTIONS, ("visit", "pay")) == ("pay", "visit")


@pytest.mark.parametrize("plan", [ScreenPlan(outcomes=("visti",)), ScreenPlan(better={"visti": "lower"})])
def test_an_unknown_question_is_answered_with_the_nearest(plan):
    with pytest.raises(InputError) as caught:
        plan.known(QUESTIONS, QUESTIONS)
    assert str(caught.value) == "the plan names the question 'visti', which is not asked. Did you mean 'visit'?"


def test_a_question_without_an_order_has_no_mean():
    with pytest.raises(InputError) as caught:
        ScreenPlan(outcomes=("drink",)).known(QUESTIONS, ("visit",))
    assert str(caught.value) == "the answers to 'drink' have no order, so that they have no mean. Leave it out."


def test_without_an_ordered_question_there_is_nothing_to_compare():
    with pytest.raises(InputError, match="no question has a scale with an order, so that there is no mean to compare"):
        ScreenPlan().known(("drink",), ())


def test_which_answers_are_better_is_declared_for_all_or_one_by_one():
    assert [ScreenPlan(better="lower").better_of(name) for name in QUESTIONS] == ["lower"] * 3
    assert [ScreenPlan(better={"pay": "lower"}).better_of(name) for name in QUESTIONS] == [None, None, "lower"]


def test_what_the_plan_leaves_open_the_study_may_say():
    assert ScreenPlan().better_of("visit", "lower") == "lower"
    assert ScreenPlan(better={"pay": "lower"}).better_of("visit", "higher") == "higher"
    assert ScreenPlan(better="higher").better_of("visit", "lower") == "higher"


@pytest.mark.parametrize("half", [{"stratum": "group"}, {"strata": {"a": 1.0}}])
def test_strata_need_their_attribute_and_their_shares(half):
    with pytest.raises(ValidationError, match="'stratum' names the attribute and 'strata' its levels' shares"):
        ScreenPlan(**half)


def test_shares_of_strata_sum_to_one():
    with pytest.raises(ValidationError, match=r"found strata that sum to 0\.9, expected shares that sum to 1"):
        ScreenPlan(stratum="group", strata={"a": 0.5, "b": 0.4})
    assert ScreenPlan(stratum="group", strata={"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}).strata["a"] == 1 / 3


@pytest.mark.parametrize("strata", [{"a": 1.5, "b": -0.5}, {"a": 1.0, "b": 0.0}])
def test_shares_of_strata_are_above_zero(strata):
    with pytest.raises(ValidationError, match=r"found a stratum without people, expected shares above 0\."):
        ScreenPlan(stratum="group", strata=strata)


@pytest.mark.parametrize(
    "wrong",
    [{"matters": 100}, {"matters": -1}, {"people": 1}, {"power": 0.5}, {"power": 1}, {"keep": 1}, {"matter": 1},
     {"alpha": 0}],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(wrong):
    with pytest.raises(ValidationError):
        ScreenPlan(**wrong)


def test_what_is_declared_of_effects_is_handed_on():
    plan = ScreenPlan(
        clusters="school", weights=False, alpha=0.1, correction="romano-wolf", draws=500, moderators=("group",),
        covariates=("age",), equivalence=Bounds(low=-1, high=1),
    )  # fmt: skip
    found = plan.effects_plan("plain", ("visit",))
    assert (found.control, found.outcomes) == ("plain", ("visit",))
    for name in ("clusters", "weights", "alpha", "correction", "draws", "moderators", "covariates", "equivalence"):
        assert getattr(found, name) == getattr(plan, name)


def test_a_screening_is_not_benchmarked_until_the_gate_says_so():
    gate = {"verdict": "weak", "reasons": [], "checks": []}
    told = {
        "study": "s", "title": "S", "plan": {}, "plan_hash": "h", "frozen": "now", "tried": 1, "respondents": 1,
        "pilot_people": None, "support": None, "past_means": None, "past_effects": None, "cells": [], "arms": [],
        "moderated": [], "questions": [], "notes": [], "facts": {}, "sources": [], "licences": [],
    }  # fmt: skip
    states = [Screening.model_validate({**told, "gate": {**gate, "benchmarked": each}}).state for each in (False, True)]
    assert states == ["NOT BENCHMARKED", ""]
