"""How many people are needed: every number is the one of the function behind it, and unknowns say why."""

from __future__ import annotations

import pytest
import scipy.stats

from silicus.effects.planning.power import (
    Belief,
    TwoArms,
    assurance,
    people_needed,
    people_needed_assured,
    power,
    smallest_detectable,
)
from silicus.effects.planning.sample_size import SampleSize, Spread, sample_size
from silicus.errors import InputError
from silicus.record import parse

DESIGN = TwoArms(sd_arm=1.0, sd_control=0.9, ratio=1.5, design_effect=1.2, alpha=0.05, tests=3)
BELIEF = Belief(value=0.28, sd=0.15, df=30)


def test_every_number_is_that_of_the_effect_it_stands_for():
    found = sample_size(0.5, BELIEF, DESIGN, n_arm=100, goal=0.9)
    assert found.naive.arm == people_needed(0.5, DESIGN, 0.9)
    assert found.shrunken.arm == people_needed(0.28, DESIGN, 0.9)
    end = scipy.stats.t.interval(0.6, 30, 0.28, 0.15)[0]
    assert found.safeguard.effect == pytest.approx(end)
    assert found.safeguard.arm == people_needed(end, DESIGN, 0.9)
    assert found.assured.arm == people_needed_assured(BELIEF, DESIGN, 0.9)
    assert found.naive.arm < found.shrunken.arm < found.assured.arm
    assert (found.n_arm, found.n_control, found.naive.control) == (100, 150, DESIGN.people(found.naive.arm)[1])
    assert found.power_naive == power(0.5, DESIGN, 100)
    assert found.power_shrunken == power(0.28, DESIGN, 100)
    assert found.assurance == assurance(BELIEF, DESIGN, 100)
    assert found.detectable.value == smallest_detectable(DESIGN, 100, goal=0.9)
    assert found.detectable.low is None
    assert found.naive.low is None
    assert found.reason is None
    assert found.limit == pytest.approx(scipy.stats.t.cdf(0.28 / 0.15, 30))


def test_how_says_what_went_in():
    told = sample_size(0.5, BELIEF, DESIGN, spread=Spread(1.3, 1.1, 1.6)).how
    for part in (
        "two-sided, level 0.0167",
        "which is 0.05 / 3 tests (Bonferroni, first step of Holm)",
        "1.5 people in the control for each in the arm",
        "design effect of 1.20",
        "SDs times 1.30 (1.10 to 1.60), as people's in past studies",
    ):
        assert part in told
    plain = sample_size(0.5, BELIEF, TwoArms(1, 1)).how
    assert plain == "t-test of two means, unequal variances, two-sided, level 0.05"


def test_where_people_spread_wider_than_the_model_all_needs_rise_and_have_a_range():
    spread = Spread(value=1.3, low=1.1, high=1.6)
    found = sample_size(0.5, BELIEF, DESIGN, n_arm=100, spread=spread)
    for each in (found.naive, found.shrunken, found.safeguard, found.assured):
        assert each.low < each.arm < each.high
    assert found.naive.arm == people_needed(0.5, DESIGN.times(1.3))
    assert found.naive.high == people_needed(0.5, DESIGN.times(1.6))
    assert found.assured.low == people_needed_assured(BELIEF, DESIGN.times(1.1))
    assert found.detectable.high == smallest_detectable(DESIGN.times(1.6), 100)
    assert found.detectable.value == pytest.approx(1.3 * smallest_detectable(DESIGN, 100))
    assert found.power_naive == power(0.5, DESIGN.times(1.3), 100)
    assert found.assurance == assurance(BELIEF, DESIGN.times(1.3), 100)


def test_without_people_nothing_is_told_of_them():
    found = sample_size(0.5, BELIEF, DESIGN)
    assert found.n_arm is found.n_control is found.power_naive is found.power_shrunken is found.assurance is None
    assert found.detectable.value is None


def test_what_is_not_known_of_people_is_null_and_the_naive_number_stays():
    found = sample_size(0.5, Belief(None, None, reason="past errors of 4 studies say too little"), DESIGN, n_arm=50)
    assert found.naive.arm == people_needed(0.5, DESIGN)
    for each in (found.shrunken, found.safeguard, found.assured):
        assert each.arm is each.effect is None
        assert each.reason == "past errors of 4 studies say too little"
    assert found.limit is found.assurance is found.power_shrunken is None
    assert found.reason == "past errors of 4 studies say too little"
    assert sample_size(0.5, Belief(None, None), DESIGN).reason == "nothing is known of the effect among people"
    nothing = sample_size(None, BELIEF, DESIGN, n_arm=50)
    assert nothing.naive.reason == "no effect was simulated"
    assert nothing.power_naive is None


def test_effects_that_may_well_go_the_other_way_have_no_safeguard_and_no_assurance():
    found = sample_size(0.5, Belief(0.1, 0.2), DESIGN)
    assert found.safeguard.arm is None
    assert found.safeguard.reason == "effects of 0, or in the other direction, are well among what is plausible"
    assert found.assured.reason == (
        "the effect has the expected direction with probability 0.69: "
        "with more people the assurance comes near that, and not above"
    )
    assert found.shrunken.arm is not None


def test_effects_against_the_declared_direction_and_minute_ones_say_so():
    lower = TwoArms(1, 1, alternative="lower")
    found = sample_size(0.5, Belief(-0.4, 0.1), lower)
    assert found.naive.reason == "the effect is not lower, as was declared"
    assert found.safeguard.effect == pytest.approx(-0.4 + scipy.stats.norm.ppf(0.8) * 0.1)
    assert found.safeguard.arm == people_needed(found.safeguard.effect, lower)
    assert (
        sample_size(1e-7, BELIEF, DESIGN).naive.reason == "no number of people that could be fielded reaches the goal"
    )


def test_the_smaller_sample_of_the_inflated_effect_seldom_finds_the_true_one():
    # Hewitt et al. 2026: simulated effects are to be multiplied by 0.56.
    found = sample_size(0.5, Belief(0.28, 0.1), TwoArms(1, 1), n_arm=64)
    assert found.power_naive > 0.8
    assert found.power_shrunken < 0.4
    assert found.shrunken.arm == pytest.approx(64 / 0.56**2, rel=0.02)


def test_it_is_kept_as_it_is():
    found = sample_size(0.5, BELIEF, DESIGN, n_arm=100, spread=Spread(1.3, 1.1, 1.6))
    assert parse(found.model_dump(mode="json"), SampleSize, "size") == found


def test_spreads_out_of_order_are_refused():
    with pytest.raises(InputError) as error:
        Spread(value=1.0, low=1.2, high=1.5)
    assert str(error.value) == (
        "found SDs of 1.2 to 1.5 times those of the design, 1 expected; the lower end has to be above 0 and come first."
    )
