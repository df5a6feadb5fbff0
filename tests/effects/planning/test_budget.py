"""Splitting a budget: by hand, by the closed form, by estimates that are carried out, and at its limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silicus.effects.planning.budget import Budget, Split, split_budget
from silicus.errors import InputError
from silicus.record import parse


def test_free_simulation_by_hand():
    # 100 people in each of 2 arms, with 300 simulated: 1 - 0.64 * 300 / 400 = 0.52 of the variance is left.
    found = split_budget(Budget(money=600, person=3, most_simulated=300), sd=2.0, r2=0.64)
    assert (found.people, found.simulated, found.people_alone) == (100, 300, 100)
    assert found.mean_error == pytest.approx(2 * np.sqrt(0.52 / 100))
    assert found.effect_error == pytest.approx(2 * np.sqrt(2 * 0.52 / 100))
    assert found.mean_error_alone == pytest.approx(0.2)
    assert found.effect_error_alone == pytest.approx(0.2 * np.sqrt(2))
    assert found.gain == pytest.approx(100 * (1 - np.sqrt(0.52)))
    assert found.reason is None
    assert "600 shared by 2 arms, 3 a person, 0 a simulated respondent" in found.how


def test_one_arm_has_a_mean_and_no_effect():
    found = split_budget(Budget(money=300, person=3, most_simulated=300, arms=1), sd=2.0, r2=0.64)
    assert found.people == 100
    assert found.effect_error is found.effect_error_alone is None
    assert found.curve[-1].standard_error == pytest.approx(found.mean_error)


def test_the_best_split_is_that_of_a_search_through_all():
    budget = Budget(money=4000, person=8, simulated=0.3, least_people=15, most_simulated=2500, arms=2)
    found = split_budget(budget, sd=1.0, r2=0.5)
    errors = {}
    for people in range(15, 251):
        # The answers of the people themselves are predicted, too.
        simulated = min(2500, int((2000 - people * 8.3) / 0.3 + 1e-9)) if people * 8.3 <= 2000 else 0
        errors[people, simulated] = np.sqrt((1 - 0.5 * simulated / (people + simulated)) / people)
    best = min(errors, key=errors.__getitem__)
    assert (found.people, found.simulated) == best
    assert 15 < found.people < 240
    assert found.mean_error == pytest.approx(errors[best])
    assert found.gain > 0
    spent = 2 * (found.people * 8.3 + found.simulated * 0.3)
    assert spent <= 4000


def test_the_curve_shows_about_a_dozen_ways_from_the_fewest_people_to_the_most_with_the_best():
    found = split_budget(Budget(money=4000, person=8, simulated=0.3, least_people=15), sd=1.0, r2=0.5)
    assert 12 <= len(found.curve) <= 13
    assert [each.people for each in found.curve] == sorted({each.people for each in found.curve})
    assert (found.curve[0].people, found.curve[-1].people) == (15, 250)
    assert min(each.standard_error for each in found.curve) == pytest.approx(found.effect_error)
    assert found.curve[-1].simulated == 0
    assert found.curve[-1].standard_error == pytest.approx(found.effect_error_alone)


def test_the_expected_error_is_that_of_rectified_means():
    rng, n, simulated, r2, data = np.random.default_rng(4), 100, 300, 0.64, 8000
    found = split_budget(Budget(money=n, person=1, most_simulated=simulated, arms=1), sd=1.0, r2=r2)
    predicted = rng.normal(size=(data, n))
    answers = np.sqrt(r2) * predicted + np.sqrt(1 - r2) * rng.normal(size=(data, n))
    pool = rng.normal(size=(data, simulated)).mean(axis=1)
    weight = np.sqrt(r2) / (1 + n / simulated)
    rectified = answers.mean(axis=1) - weight * (predicted.mean(axis=1) - pool)
    assert rectified.std() == pytest.approx(found.mean_error, rel=0.03)
    for other in (0.0, 1.0):
        assert (answers.mean(axis=1) - other * (predicted.mean(axis=1) - pool)).std() > rectified.std()


@pytest.mark.parametrize("r2", [0.0, 0.01])
def test_predictions_that_say_too_little_get_no_money(r2):
    # With 50 people in an arm r² has to be above 1 / 48 before the weight is worth learning.
    found = split_budget(Budget(money=100, person=1, simulated=0.01), sd=1.0, r2=r2)
    assert (found.people, found.simulated, found.gain) == (50, 0, 0)
    assert found.mean_error == found.mean_error_alone
    assert found.reason == "simulated answers are not worth their price here"
    assert split_budget(Budget(money=100, person=1, simulated=0.01), sd=1.0, r2=0.3).simulated > 0


def test_simulation_that_costs_as_much_as_people_or_that_is_not_allowed_is_left_out():
    assert split_budget(Budget(money=1000, person=1, simulated=1.0), sd=1.0, r2=0.5).simulated == 0
    assert split_budget(Budget(money=1000, person=1, most_simulated=0), sd=1.0, r2=0.9).simulated == 0


def test_without_a_known_correlation_only_people_alone_are_told():
    found = split_budget(Budget(money=1000, person=5), sd=1.0, r2=None)
    assert found.people is found.simulated is found.mean_error is found.effect_error is found.gain is None
    assert found.curve == []
    assert found.people_alone == 100
    assert found.mean_error_alone == pytest.approx(0.1)
    assert found.reason.startswith("how answers within arms go along with predictions is not known")


def test_money_that_buys_whole_numbers_of_people_buys_them_all():
    assert Budget(money=0.3, person=0.1, arms=1, least_people=1).most_people == 3
    found = split_budget(Budget(money=0.3, person=0.1, arms=1, least_people=3), sd=1.0, r2=0.5)
    assert (found.people, len(found.curve)) == (3, 1)


@settings(max_examples=50, deadline=None)
@given(st.floats(200, 3000), st.floats(0.5, 4), st.floats(0, 1), st.floats(0, 1), st.integers(1, 4))
def test_a_split_is_never_worse_than_people_alone_and_better_predictions_never_worse(money, person, price, r2, arms):
    budget = Budget(money=money, person=person, simulated=price, least_people=5, arms=arms)
    found, better = (split_budget(budget, 1.0, each) for each in (r2, min(1.0, r2 + 0.1)))
    assert found.gain >= 0
    assert better.mean_error <= found.mean_error + 1e-12
    assert parse(found.model_dump(mode="json"), Split, "split") == found


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"person": 0.0}, "found a budget of 1000 and 0 as price of a person, expected more than 0."),
        (
            {"simulated": -1.0},
            "found -1 as price of a simulated respondent, expected 0 or more. Where they cost nothing say 0.",
        ),
        (
            {"arms": 0},
            "found 0 arms, 20 people at least and 10000 simulated at most, "
            "expected 1 or more arms and people, and 0 or more simulated.",
        ),
        (
            {"money": 10.0, "arms": 3},
            "a budget of 10 buys 1 person in each of 3 arms, and 20 are needed at least. "
            "Raise the budget, or field fewer arms.",
        ),
        ({"sd": 0.0}, "found an SD of answers of 0, expected a number above 0."),
        ({"r2": 1.5}, "found a squared correlation of 1.5, expected 0 to 1."),
    ],
)
def test_what_cannot_be_is_refused(wrong, told):
    given = {"money": 1000.0, "person": 2.5, "sd": 1.0, "r2": 0.5} | wrong
    with pytest.raises(InputError) as error:
        split_budget(
            Budget(**{key: value for key, value in given.items() if key not in {"sd", "r2"}}),
            given["sd"],
            given["r2"],
        )
    assert str(error.value) == told
