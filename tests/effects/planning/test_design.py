"""Choosing arms: by hand where it can be, by experiments that are carried out, and what all choices have in common."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from silicus.effects.planning.design import ArmForecast, Choice, Fielding, choose_arms
from silicus.errors import InputError
from silicus.record import parse

ARMS = [ArmForecast("a", 0.2, 0.1), ArmForecast("b", 0.15, 0.2), ArmForecast("c", -0.1, 0.15), ArmForecast("d", 0, 0.1)]


def choose(arms=ARMS, seed=1, covariance=None, **options) -> Choice:
    fielding = Fielding(**({"people": 100, "sd": 1.0} | options))
    return choose_arms(arms, fielding, np.random.default_rng(seed), covariance)


def near(drawn, value) -> bool:
    return abs(drawn.value - value) <= 4 * drawn.error + 1e-9


def test_one_arm_by_hand():
    found = choose([ArmForecast("a", 0.1, 0.2)], matters=0.15, people=50, sd=0.8)
    [arm], [only] = found.arms, found.sets
    assert arm.expected == 0.1
    assert near(arm.better, scipy.stats.norm.cdf(0.5))
    assert near(arm.matters, scipy.stats.norm.sf(0.25))
    assert near(arm.best, scipy.stats.norm.cdf(0.5))
    assert near(found.control_best, scipy.stats.norm.sf(0.5))
    # Expected of an effect after fielding: normal about 0.1, with the variance that sampling error leaves of 0.2^2.
    sd = 0.2**2 / np.sqrt(0.2**2 + 2 * 0.8**2 / 50)
    gain = 0.1 * scipy.stats.norm.cdf(0.1 / sd) + sd * scipy.stats.norm.pdf(0.1 / sd)
    for each in (arm.gain, only.value, only.all_arms, only.at_random):
        assert near(each, gain)
    assert arm.gain.error == pytest.approx(sd / np.sqrt(20_000), rel=0.5)
    assert only.holds_best.value == 1
    assert only.people == 100


def test_two_arms_that_share_the_control_by_hand():
    arms = [ArmForecast("a", 0.1, 0.2), ArmForecast("b", 0.0, 0.2)]
    # The difference of both has variance 0.04 + 0.04 - 2 cov.
    for covariance in (None, [[0.04, 0.036], [0.036, 0.04]]):
        shared = 0.02 if covariance is None else 0.036
        found = choose(arms, covariance=covariance)
        normal = scipy.stats.multivariate_normal(
            [0.1, 0.1], [[0.04, 0.04 - shared], [0.04 - shared, 0.08 - 2 * shared]]
        )
        assert near(found.arms[0].best, normal.cdf([0.2, 0.2]))
        assert ("as given" in found.how) == (covariance is not None)


def test_the_value_of_a_set_is_what_comes_of_fielding_it():
    arms, people, draws = ARMS[:2], 80, 200_000
    found = choose(arms, people=people, sd=1.2)
    rng = np.random.default_rng(5)
    mean, sds = np.array([0.2, 0.15]), np.array([0.1, 0.2])
    prior = np.outer(sds, sds) * [[1, 0.5], [0.5, 1]]
    true = rng.multivariate_normal(mean, prior, draws)
    means = np.column_stack([np.zeros(draws), true]) + rng.normal(0, 1.2 / np.sqrt(people), (draws, 3))
    seen = means[:, 1:] - means[:, :1]
    noise = 1.2**2 / people * np.array([[2, 1], [1, 2]])
    expected = mean + (seen - mean) @ np.linalg.inv(prior + noise) @ prior
    chosen = np.where(expected.max(axis=1) > 0, true[np.arange(draws), expected.argmax(axis=1)], 0)
    assert found.sets[1].value.value == pytest.approx(chosen.mean(), abs=0.004)
    assert found.sets[1].arms in (["a", "b"], ["b", "a"])
    assert found.sets[1].people == 240


def test_probabilities_of_being_best_sum_to_one_and_sets_hold_what_their_arms_do():
    found = choose()
    best = {each.arm: each.best.value for each in found.arms}
    assert sum(best.values()) + found.control_best.value == pytest.approx(1)
    for each in found.sets:
        assert each.holds_best.value == pytest.approx(found.control_best.value + sum(best[arm] for arm in each.arms))
    assert [len(each.arms) for each in found.sets] == [1, 2, 3, 4]
    assert found.sets[0].arms == [max(best, key=best.__getitem__)]
    assert found.sets[-1].holds_best.value == pytest.approx(1)


def test_a_set_of_promising_arms_is_worth_more_than_as_many_at_random_or_all_with_fewer_people_each():
    arms = [ArmForecast(f"arm {n}", value, 0.05) for n, value in enumerate([0.3, 0.28, 0, 0, 0, 0, -0.1, -0.2])]
    found = choose(arms, people=60)
    two = found.sets[1]
    assert set(two.arms) == {"arm 0", "arm 1"}
    assert two.value.value > two.all_arms.value + 3 * two.all_arms.error
    assert two.value.value > two.at_random.value + 0.1
    # Any two at random: 13 of 28 hold a good one, which alone makes 0.3 or nearly.
    assert two.at_random.value == pytest.approx(13 / 28 * 0.29, abs=0.04)
    # All of them at random are all of them.
    last = found.sets[-1]
    assert abs(last.at_random.value - last.value.value) < 4 * (last.at_random.error + last.value.error)
    assert abs(last.all_arms.value - last.value.value) < 4 * (last.all_arms.error + last.value.error)


def test_the_smallest_set_that_holds_the_best_well_enough_is_recommended():
    for keep in (0.5, 0.8, 0.95, 0.999):
        found = choose(keep=keep)
        sizes = [len(each.arms) for each in found.sets if each.holds_best.value >= keep]
        assert len(found.recommended) == sizes[0]
        assert found.reason is None
    assert len(choose(keep=0.5).recommended) < len(choose(keep=0.999).recommended)


def test_where_the_control_is_best_no_arm_is_recommended():
    found = choose([ArmForecast("a", -0.3, 0.1), ArmForecast("b", -0.2, 0.1)])
    assert found.recommended == []
    assert found.reason == "the control alone is as probably the best of all as was asked for"
    assert found.arms[0].gain.value == pytest.approx(0, abs=0.001)


def test_where_lower_is_better_everything_is_turned_round_but_the_expected_effects():
    turned = [ArmForecast(each.arm, -each.value, each.sd) for each in ARMS]
    found, lower = choose(matters=0.1), choose(turned, better="lower", matters=0.1)
    assert lower.recommended == found.recommended
    assert [each.expected for each in lower.arms] == [-each.expected for each in found.arms]
    assert [each.matters for each in lower.arms] == [each.matters for each in found.arms]
    assert lower.sets == found.sets
    assert "lower is better" in lower.how


def test_more_people_make_a_set_worth_more_and_its_worth_is_bounded_by_knowing_all():
    found = [choose(people=people).sets[-1].value for people in (5, 50, 500, 500_000)]
    assert [each.value for each in found] == sorted(each.value for each in found)
    sds = np.array([each.sd for each in ARMS])
    true = np.random.default_rng(3).multivariate_normal(
        [each.value for each in ARMS], np.outer(sds, sds) * (0.5 + 0.5 * np.eye(4)), 200_000
    )
    assert near(found[-1], np.maximum(true.max(axis=1), 0).mean())
    # Answers that scatter more are worth less.
    assert choose(sd=5.0).sets[-1].value.value < choose(sd=0.5).sets[-1].value.value


def test_more_draws_have_less_error_and_a_seed_gives_the_same_again():
    few, many = choose(draws=2000), choose(draws=50_000)
    assert few.arms[0].best.error == pytest.approx(5 * many.arms[0].best.error, rel=0.1)
    assert choose() == choose()
    assert "20,000 normal draws" in choose().how


def test_effects_that_are_known_leave_nothing_to_chance():
    found = choose([ArmForecast("a", 0.2, 0.0), ArmForecast("b", 0.1, 0.0)], matters=0.2)
    assert [each.best.value for each in found.arms] == [1, 0]
    assert [each.matters.value for each in found.arms] == [1, 0]
    assert found.sets[0].value.value == pytest.approx(0.2)
    # An arm of no effect at all is not better than the control, nor does it matter.
    [none] = choose([ArmForecast("a", 0.0, 0.0)]).arms
    assert none.better.value == none.matters.value == none.best.value == 0


@pytest.mark.parametrize("unknown", [ArmForecast("x", None, None), ArmForecast("x", 0.1, float("nan"))])
def test_where_an_arm_is_unknown_everything_is_and_the_reason_names_it(unknown):
    found = choose([*ARMS, unknown])
    assert found.recommended is None
    assert found.sets == []
    assert found.control_best.value is None
    assert [each.arm for each in found.arms] == ["a", "b", "c", "d", "x"]
    assert all(each.best.value is each.gain.value is each.expected is None for each in found.arms)
    assert found.reason == "what people would do is not known of x, so that arms cannot be chosen by simulation"


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 1)), min_size=1, max_size=5), st.integers(0, 99))
def test_whatever_is_expected_shares_are_shares_and_gains_are_not_below_nothing(arms, seed):
    found = choose([ArmForecast(str(n), *each) for n, each in enumerate(arms)], seed, draws=1000)
    assert sum(each.best.value for each in found.arms) + found.control_best.value == pytest.approx(1)
    assert all(each.value.value >= 0 for each in found.sets)
    assert all(each.gain.value >= 0 for each in found.arms)
    assert parse(found.model_dump(mode="json"), Choice, "choice") == found


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"people": 0}, "found 0 people in an arm, expected 1 or more."),
        ({"sd": 0.0}, "found an SD of answers of 0, expected a number above 0."),
        ({"matters": -0.1}, "found -0.1 as the smallest effect that matters, expected 0 or more."),
        ({"keep": 80.0}, "found keep 80, expected a probability between 0 and 1, such as 0.8."),
        ({"draws": 10}, "found 10 draws, expected 1,000 or more."),
        ({"arms": []}, "found no arms to choose from, expected 1 or more beside the control."),
        ({"arms": [*ARMS, ARMS[0]]}, "the arm 'a' stands twice among those to choose from. Keep one of them."),
        ({"arms": [ArmForecast("a", 0.1, -0.1)]}, "found SDs of -0.1, expected numbers of 0 or more."),
        ({"covariance": np.eye(2)}, "found covariances of shape (2, 2), expected a row and a column for every arm."),
        (
            {"covariance": np.eye(4)},
            "the covariances do not have the squared SDs of the forecasts on their diagonal.",
        ),
        (
            {"arms": ARMS[:2], "covariance": [[0.01, 0.05], [0.05, 0.04]]},
            "found covariances that no errors can have: not symmetric, or a variance below 0.",
        ),
        (
            {"arms": ARMS[:2], "covariance": [[0.01, 0.001], [0.01, 0.04]]},
            "found covariances that no errors can have: not symmetric, or a variance below 0.",
        ),
    ],
)
def test_what_cannot_be_is_refused(wrong, told):
    with pytest.raises(InputError) as error:
        choose(**wrong)
    assert str(error.value) == told
