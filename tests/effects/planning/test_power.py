"""Power by statsmodels and by simulated experiments, assurance by its definition, and what both have to be like."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.power import TTestIndPower

from silicus.effects.differences import Rows, differences
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
from silicus.errors import InputError

STATSMODELS = TTestIndPower()
THEIRS = {"two-sided": "two-sided", "higher": "larger", "lower": "smaller"}


@pytest.mark.parametrize("alternative", ["two-sided", "higher", "lower"])
@pytest.mark.parametrize(("effect", "n_arm", "ratio", "alpha"), [(0.5, 20, 1, 0.05), (-0.3, 60, 2, 0.01)])
def test_power_is_that_of_statsmodels(effect, n_arm, ratio, alpha, alternative):
    design = TwoArms(sd_arm=2, sd_control=2, ratio=ratio, alpha=alpha, alternative=alternative)
    theirs = STATSMODELS.power(effect, n_arm, alpha, ratio=ratio, alternative=THEIRS[alternative])
    assert power(2 * effect, design, n_arm) == pytest.approx(theirs, abs=1e-7)
    assert power(2 * effect, design, n_arm, n_arm * ratio) == power(2 * effect, design, n_arm)


@pytest.mark.parametrize("goal", [0.8, 0.95])
@pytest.mark.parametrize("effect", [0.05, 0.3, 1.5])
def test_people_needed_and_the_detectable_effect_are_those_of_statsmodels(effect, goal):
    design = TwoArms(sd_arm=1, sd_control=1)
    assert people_needed(effect, design, goal) == np.ceil(STATSMODELS.solve_power(effect, None, 0.05, goal))
    theirs = STATSMODELS.solve_power(None, 40, 0.05, goal)
    assert smallest_detectable(design, 40, goal=goal) == pytest.approx(theirs, rel=1e-6)


def test_the_power_of_a_test_of_unequal_arms_is_how_often_our_own_test_finds_the_effect():
    rng, design = np.random.default_rng(1), TwoArms(sd_arm=2, sd_control=1, ratio=0.5, alternative="higher")
    arm = np.repeat([1, 0], [80, 40])
    found = 0
    for _ in range(1500):
        value = np.where(arm == 1, rng.normal(0.7, 2, 120), rng.normal(0, 1, 120))
        contrast = differences(Rows(value, arm, 2))[0]
        found += contrast.estimate > 0 and contrast.p < 0.1
    assert power(0.7, design, 80) == pytest.approx(found / 1500, abs=3.5 * np.sqrt(0.24 / 1500))


def test_a_design_effect_counts_as_fewer_people_and_a_correction_as_a_lower_level():
    plain = TwoArms(sd_arm=1, sd_control=1)
    assert power(0.4, TwoArms(1, 1, design_effect=2.0), 200) == pytest.approx(power(0.4, plain, 100), abs=1e-9)
    strict = TwoArms(1, 1, alpha=0.05, tests=5)
    assert strict.level == pytest.approx(0.01)
    assert power(0.4, strict, 100) == pytest.approx(power(0.4, TwoArms(1, 1, alpha=0.01), 100))
    # Covariates that explain half of the answers lower the variance, not the degrees of freedom below those of people.
    adjusted = power(0.4, TwoArms(1, 1, design_effect=0.5), 100)
    assert power(0.4, plain, 199) < adjusted < power(0.4, plain, 201)


def test_the_control_has_as_many_people_as_the_ratio_says():
    assert TwoArms(1, 1, ratio=1.1).people(10) == (10, 11)
    assert TwoArms(1, 1, ratio=0.3).people(11) == (11, 4)
    assert TwoArms(1, 1, ratio=0.01).people(10) == (10, 2)


def test_with_two_people_in_an_arm_there_is_a_power_and_a_huge_effect_needs_no_more():
    # Noncentral t of 2 degrees of freedom, drawn.
    rng = np.random.default_rng(2)
    t = (rng.normal(size=400_000) + 5) / np.sqrt(rng.chisquare(2, 400_000) / 2)
    by_draws = np.mean(np.abs(t) > scipy.stats.t.ppf(0.975, 2))
    assert power(5, TwoArms(1, 1), 2) == pytest.approx(by_draws, abs=0.003)
    assert people_needed(50, TwoArms(1, 1)) == 2
    assert people_needed(8, TwoArms(1, 1), 0.5) == 2
    assert smallest_detectable(TwoArms(1, 1), 2) > 5


def test_no_number_of_people_finds_nothing_or_what_goes_the_other_way_or_what_is_minute():
    for effect, alternative in ((0.0, "two-sided"), (0.5, "lower"), (-0.5, "higher"), (1e-6, "two-sided")):
        assert people_needed(effect, TwoArms(1, 1, alternative=alternative)) is None


def test_the_detectable_effect_of_a_test_for_lower_answers_is_told_without_its_sign():
    lower, higher = TwoArms(1, 2, alternative="lower"), TwoArms(1, 2, alternative="higher")
    size = smallest_detectable(lower, 50, 70)
    assert size == pytest.approx(smallest_detectable(higher, 50, 70))
    assert power(-size, lower, 50, 70) == pytest.approx(0.8)


DESIGNS = st.builds(
    TwoArms,
    sd_arm=st.floats(0.2, 5),
    sd_control=st.floats(0.2, 5),
    ratio=st.floats(0.3, 3),
    design_effect=st.floats(0.5, 3),
    alpha=st.sampled_from([0.01, 0.05]),
    tests=st.integers(1, 6),
    alternative=st.sampled_from(["two-sided", "higher"]),
)


@settings(max_examples=40, deadline=None)
@given(DESIGNS, st.floats(0.1, 2), st.integers(5, 300), st.sampled_from([0.8, 0.9]))
def test_more_people_have_more_power_and_needed_are_the_fewest(design, effect, n_arm, goal):
    assert power(effect, design, n_arm) <= power(effect, design, 2 * n_arm) + 1e-12
    assert power(effect, design, n_arm) <= power(1.2 * effect, design, n_arm) + 1e-12
    needed = people_needed(effect, design, goal)
    assert needed is not None
    assert power(effect, design, needed) >= goal
    assert needed == 2 or power(effect, design, needed - 1) < goal
    assert smallest_detectable(design, needed, goal=goal) <= effect * (1 + 1e-9)


def test_effects_of_whatever_size_have_a_power():
    design = TwoArms(sd_arm=1.0, sd_control=4.0, ratio=2.0)
    # Near 39 standard errors SciPy has no number for some sizes.
    found = [power(size, design, 847) for size in np.linspace(0, 8, 400)]
    assert np.isfinite(found).all()
    assert np.all(np.diff(found) > -1e-12)
    assert found[-1] == 1
    assert [power(size, TwoArms(1, 4, ratio=2, alternative="lower"), 847) for size in (-8, 4, 8)] == [1, 0, 0]


# --- assurance


@pytest.mark.parametrize("df", [None, 6.0])
@pytest.mark.parametrize(
    ("value", "alternative"), [(0.3, "two-sided"), (-0.3, "two-sided"), (0.3, "lower"), (0.3, "higher")]
)
def test_assurance_is_how_often_the_test_finds_the_effect_in_its_expected_and_true_direction(value, alternative, df):
    rng, draws, n = np.random.default_rng(3), 100_000, 60
    design = TwoArms(sd_arm=1.2, sd_control=0.8, ratio=1.5, alternative=alternative, tests=2)
    error = rng.normal(size=draws) if df is None else rng.standard_t(df, size=draws)
    effect = value + 0.25 * error
    control = 90
    se = np.sqrt(1.2**2 / n + 0.8**2 / control)
    t = (effect / se + rng.normal(size=draws)) / np.sqrt(rng.chisquare(n + control - 2, draws) / (n + control - 2))
    direction = -1 if alternative == "lower" or value < 0 else 1
    tail = 0.0125 if alternative == "two-sided" else 0.025
    found = (direction * t > scipy.stats.t.ppf(1 - tail, n + control - 2)) & (direction * effect > 0)
    belief = Belief(value, 0.25, df)
    ours = assurance(belief, design, n)
    assert ours == pytest.approx(found.mean(), abs=0.005)
    assert ours == assurance(belief, design, n, control)
    assert assurance_limit(belief, design) == pytest.approx(np.mean(direction * effect > 0), abs=0.005)


def test_assurance_of_a_normal_belief_and_many_people_is_that_of_the_closed_form():
    # Phi((value - z se) / sqrt(sd^2 + se^2)), with one direction and hardly any effect that goes the other way.
    design = TwoArms(1, 1, alternative="higher")
    se = np.sqrt(2 / 2000)
    closed = scipy.stats.norm.cdf((0.1 - scipy.stats.norm.ppf(0.95) * se) / np.hypot(0.03, se))
    assert assurance(Belief(0.1, 0.03), design, 2000) == pytest.approx(closed, abs=0.002)


def test_an_effect_that_is_known_is_as_assured_as_it_is_powered():
    design = TwoArms(1, 1, alternative="higher")
    assert assurance(Belief(0.4, 0.0), design, 70) == pytest.approx(power(0.4, design, 70))
    assert people_needed_assured(Belief(0.4, 0.0), design) == people_needed(0.4, design)
    assert assurance_limit(Belief(-0.4, 0.0), design) == 0
    assert assurance(Belief(-0.4, 0.0), design, 70) == 0


def test_assurance_comes_near_its_limit_and_not_above():
    belief, design = Belief(0.2, 0.2, 9), TwoArms(1, 1)
    limit = assurance_limit(belief, design)
    assert limit == pytest.approx(scipy.stats.t.cdf(1, 9))
    found = [assurance(belief, design, n) for n in (10, 100, 10_000, 1_000_000)]
    assert found == sorted(found)
    assert limit - 0.01 < found[-1] < limit


def test_people_needed_for_an_assurance_are_the_fewest_and_none_beyond_the_limit():
    belief, design = Belief(0.5, 0.3), TwoArms(1, 1.5, ratio=2, design_effect=1.3)
    needed = people_needed_assured(belief, design, 0.9)
    assert assurance(belief, design, needed) >= 0.9 > assurance(belief, design, needed - 1)
    assert needed > people_needed(0.5, design, 0.9)
    assert people_needed_assured(Belief(0.2, 0.3), design, 0.8) is None
    # In reach of assurance, and not of any budget.
    assert people_needed_assured(Belief(1e-5, 1e-6), design, 0.8) is None


def test_of_what_is_not_known_nothing_is_assured():
    for belief in (Belief(None, None), Belief(0.2, None), Belief(float("nan"), 0.1)):
        assert assurance(belief, TwoArms(1, 1), 50) is None
        assert assurance_limit(belief, TwoArms(1, 1)) is None
        assert people_needed_assured(belief, TwoArms(1, 1)) is None


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"sd_arm": 0.0}, "found sd_arm 0, expected a number above 0."),
        ({"ratio": -1.0}, "found ratio -1, expected a number above 0."),
        ({"design_effect": float("nan")}, "found design_effect nan, expected a number above 0."),
        ({"alpha": 5.0}, "found alpha 5, expected a level above 0 and below 0.5, such as 0.05."),
        ({"tests": 0}, "found 0 tests, expected 1 or more."),
    ],
)
def test_designs_that_cannot_be_are_refused(wrong, told):
    with pytest.raises(InputError) as error:
        TwoArms(**({"sd_arm": 1.0, "sd_control": 1.0} | wrong))
    assert str(error.value) == told


def test_too_few_people_impossible_goals_and_negative_errors_are_refused():
    with pytest.raises(InputError, match=r"found 1 people in the arm and 5 in the control, expected 2 or more\."):
        power(0.5, TwoArms(1, 1), 1, 5)
    for call in (people_needed, smallest_detectable, people_needed_assured):
        first = {people_needed: 0.5, smallest_detectable: TwoArms(1, 1), people_needed_assured: Belief(1, 1)}[call]
        second = 10 if call is smallest_detectable else TwoArms(1, 1)
        with pytest.raises(InputError, match=r"found a power of 80 as goal, expected 0\.5 or more and below 1"):
            call(first, second, goal=80)
    with pytest.raises(InputError, match="found -1 as SD of what is believed of an effect, expected 0 or more"):
        Belief(0.0, -1.0)
