"""A simulation rectified by a pilot: by hand, by its properties, and as a public library has it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from silicus.effects import Rows, differences, fit
from silicus.effects.pilot.arms import Predicted, adjusted_difference, rectified_difference, rectified_mean
from silicus.effects.pilot.predicted_rows import PredictedRows
from silicus.effects.pilot.rectified import RectifyPlan, more_answers
from silicus.effects.pilot.rectify import rectify
from silicus.errors import InputError

WIDE = (-100.0, 100.0)


def study(seed: int = 0, people: int = 40, simulated: int = 90, good: float = 0.8) -> tuple[Predicted, Predicted]:
    """Return a pilot of two arms and a pool, whose predictions are biased in the arm."""
    rng = np.random.default_rng(seed)
    arm = rng.permutation(np.arange(people) % 2)
    mood, theirs = rng.normal(size=people), rng.normal(size=simulated)
    answers = 3 + mood + 0.5 * arm + 0.5 * rng.normal(size=people)
    seen = good * mood + 0.3 * rng.normal(size=people)
    pool = good * theirs + 0.3 * rng.normal(size=simulated)
    bias = np.array([2.0, 4.0])
    return Predicted(seen[:, None] + bias, answers, arm), Predicted(pool[:, None] + bias)


def numbers(found: Any) -> list[float]:
    return [found.estimate, found.standard_error, found.low, found.high, found.df, found.p]


# By hand


def test_a_mean_at_power_1_is_the_classic_one_worked_out_by_loops():
    y, f, pool = [2.0, 3.5, 3.5, 5.0], [1.0, 2.0, 3.5, 4.0], [0.0, 1.0, 2.0, 3.0, 5.0]
    error = [a - b for a, b in zip(y, f, strict=True)]
    mean = sum(error) / 4
    variance = sum((e - mean) ** 2 for e in error) / 3 / 4
    middle = sum(pool) / 5
    variance += sum((p - middle) ** 2 for p in pool) / 4 / 5
    found = rectified_mean(Predicted(np.array(f), np.array(y)), Predicted(np.array(pool)), RectifyPlan(power=1))
    assert found.estimate == pytest.approx(middle + mean)
    assert found.standard_error == pytest.approx(variance**0.5)
    assert found.raw == pytest.approx(middle)
    assert (found.pilot_n, found.pool_n, found.clusters_n, found.power) == (4, 5, None, 1.0)
    assert found.pilot_error**2 + found.pool_error**2 == pytest.approx(variance)
    # The pool is small: its degrees of freedom lower those of the pilot (Welch), which are 3.
    parts = np.array([found.pilot_error, found.pool_error]) ** 2
    assert found.df == pytest.approx(min(3, variance**2 / (parts[0] ** 2 / 3 + parts[1] ** 2 / 4)))


def test_a_pool_smaller_than_the_pilot_lowers_the_degrees_of_freedom():
    pilot, pool = study(people=80, simulated=5, good=1.0)
    found = rectified_mean(
        Predicted(pilot.predicted[:, 0], pilot.answers), Predicted(pool.predicted[:, 0]), RectifyPlan(power=1)
    )
    first, second = found.pilot_error**2, found.pool_error**2
    assert found.df == pytest.approx((first + second) ** 2 / (first**2 / 79 + second**2 / 4))
    assert found.df < 20


def test_the_tuned_power_of_a_mean_is_that_of_the_textbook_and_costs_a_degree_of_freedom():
    pilot, pool = study(3)
    y, f, simulated = pilot.answers, pilot.predicted[:, 0], pool.predicted[:, 0]
    n = len(y)
    both = np.cov(y, f)
    power = both[0, 1] / (both[1, 1] + n / len(simulated) * np.var(simulated, ddof=1))
    found = rectified_mean(Predicted(f, y), Predicted(simulated))
    assert 0 < power < 1
    assert found.power == pytest.approx(power)
    assert found.estimate == pytest.approx(y.mean() - power * (f.mean() - simulated.mean()))
    # The textbook's variance, but for the degree of freedom: n - 2 below, as in a regression on the prediction.
    left = y - y.mean() - power * (f - f.mean())
    assert found.pilot_error**2 == pytest.approx(left @ left / (n - 2) / n)
    assert found.pool_error**2 == pytest.approx(power**2 * np.var(simulated, ddof=1) / len(simulated))
    # A large pool would add degrees of freedom by Welch; it does not.
    assert found.df == n - 2
    assert found.effective_n == pytest.approx(n * (found.alone.standard_error / found.standard_error) ** 2)
    assert found.gained == pytest.approx(found.effective_n - n)


def test_a_difference_is_that_of_two_means_and_its_bias_by_arm_is_gone():
    pilot, pool = study(4, people=400, simulated=4000)
    [found] = rectified_difference(pilot, pool, RectifyPlan(power=1))
    [one, none] = [
        rectified_mean(
            Predicted(pilot.predicted[pilot.arm == arm, arm], pilot.answers[pilot.arm == arm]),
            Predicted(pool.predicted[:, arm]),
            RectifyPlan(power=1),
        )
        for arm in (1, 0)
    ]
    assert found.estimate == pytest.approx(one.estimate - none.estimate)
    assert found.pilot_error == pytest.approx(np.hypot(one.pilot_error, none.pilot_error))
    # A simulated person is asked in both arms: what is the same in both falls away.
    assert found.pool_error < 1e-9
    assert found.raw == pytest.approx(2.0)
    assert found.estimate == pytest.approx(0.5, abs=4 * found.standard_error)
    assert found.clusters_n is None


@pytest.mark.parametrize("clustered", [False, True])
def test_power_0_is_the_pilot_alone(clustered):
    pilot, pool = study(5)
    cluster = np.arange(40) // 3 if clustered else None
    [found] = rectified_difference(replace(pilot, cluster=cluster), pool, RectifyPlan(power=0))
    [alone] = differences(Rows(pilot.answers, pilot.arm, 2, cluster=cluster))
    low, high = alone.interval()
    assert numbers(found) == pytest.approx([alone.estimate, alone.standard_error, low, high, alone.df, alone.p])
    assert [found.alone.estimate, found.alone.standard_error] == [alone.estimate, alone.standard_error]
    assert [found.alone.low, found.alone.high] == pytest.approx([low, high])
    assert found.effective_n == pytest.approx(40)
    assert found.clusters_n == (14 if clustered else None)
    assert found.harm.kinds == ()


def test_predictions_that_mislead_are_tuned_away():
    pilot, pool = study(6, good=-1.0)
    [found] = rectified_difference(pilot, pool)
    [fixed] = rectified_difference(pilot, pool, RectifyPlan(power=1))
    assert found.power == 0
    assert found.standard_error == found.alone.standard_error
    assert found.gained == pytest.approx(0)
    assert fixed.gained < 0


def test_all_arms_stand_in_one_fit():
    rng = np.random.default_rng(0)
    arm = np.arange(60) % 3
    pilot = Predicted(rng.normal(size=(60, 3)), rng.normal(size=60), arm)
    found = rectified_difference(pilot, Predicted(rng.normal(size=(50, 3))), RectifyPlan(power=0.3))
    assert len(found) == 2
    assert [each.alone.estimate for each in found] == pytest.approx(
        [pilot.answers[arm == own].mean() - pilot.answers[arm == 0].mean() for own in (1, 2)]
    )
    assert found[0].pool_n == 150


# As a public library has it


def reference() -> tuple[Any, Any, Any, Any, Any]:
    i, j = np.arange(40), np.arange(300)
    f = np.sin(i * 1.7) + 0.01 * i
    first, second = np.column_stack([np.ones(40), np.cos(i * 0.9)]), np.column_stack([np.ones(300), np.cos(j * 0.7)])
    return f, 0.6 * f + 0.5 * np.cos(i * 2.3) + 1, np.sin(j * 1.1) + 0.2, first, second


def test_means_and_slopes_are_those_of_ppi_python():
    # ppi-python 0.2.3, run once. Its errors divide by n, ours by n - 1; its intervals are normal.
    f, y, pool, first, second = reference()
    ours = rectified_mean(Predicted(f, y), Predicted(pool), RectifyPlan(power=1))
    assert ours.estimate == pytest.approx(1.12866984, abs=1e-8)
    theirs = (1.2934592 - 0.96388048) / 2 / scipy.stats.norm.ppf(0.975)
    assert np.hypot(ours.pilot_error * (39 / 40) ** 0.5, ours.pool_error * (299 / 300) ** 0.5) == pytest.approx(theirs)
    # It divides by the variance of both samples of predictions together, we by each one's own.
    assert rectified_mean(Predicted(f, y), Predicted(pool)).estimate == pytest.approx(1.13200428, abs=1e-3)
    slope = rectify(
        PredictedRows(first, f + 0.9 * first[:, 1], y + 0.4 * first[:, 1]),
        PredictedRows(second, pool + 0.9 * second[:, 1]),
        [0, 1],
        RectifyPlan(power=1),
    )
    assert slope.estimate == pytest.approx(0.41109585, abs=1e-8)


# One-sided


@pytest.mark.parametrize(("alternative", "sign"), [("larger", 1), ("smaller", -1)])
def test_a_one_sided_request_is_answered_with_one_side(alternative, sign):
    pilot, pool = study(7)
    [two] = rectified_difference(pilot, pool)
    [one] = rectified_difference(pilot, pool, RectifyPlan(alternative=alternative))
    end = two.estimate - sign * scipy.stats.t.ppf(0.95, two.df) * two.standard_error
    assert (one.low, one.high) == ((pytest.approx(end), None) if sign > 0 else (None, pytest.approx(end)))
    assert one.p == pytest.approx(scipy.stats.t.sf(sign * two.estimate / two.standard_error, two.df))
    assert two.p == pytest.approx(2 * scipy.stats.t.sf(abs(two.estimate) / two.standard_error, two.df))
    assert (one.alone.low is None, one.alone.high is None) == (sign < 0, sign > 0)
    assert (one.estimate, one.standard_error, one.level) == (two.estimate, two.standard_error, 0.95)


# Properties


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.floats(-50, 50), st.floats(0.2, 5), st.booleans())
def test_other_units_of_the_predictions_change_nothing(seed, shift, times, turned):
    pilot, pool = study(seed)
    plan = RectifyPlan(bounds=WIDE)
    sign = -times if turned else times
    other = [replace(each, predicted=shift + sign * each.predicted) for each in (pilot, pool)]
    [first], [second] = rectified_difference(pilot, pool, plan), rectified_difference(*other, plan)
    assert numbers(second) == pytest.approx(numbers(first), rel=1e-6, abs=1e-9)
    assert second.power == pytest.approx(first.power / sign)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.floats(0, 1))
def test_no_fixed_power_has_a_smaller_error_than_the_tuned_one_would_without_its_cost(seed, power):
    pilot, pool = study(seed)
    [tuned], [fixed] = rectified_difference(pilot, pool), rectified_difference(pilot, pool, RectifyPlan(power=power))
    spent = 37 / 38 if tuned.power else 1.0
    assert tuned.pilot_error**2 * spent + tuned.pool_error**2 <= fixed.standard_error**2 * (1 + 1e-9)


def test_weights_count_rows_as_often_as_they_say_and_their_size_has_no_effect():
    pilot, pool = study(8)
    weight = np.random.default_rng(8).integers(1, 4, 40).astype(float)
    rows = replace(pilot, weight=weight)
    [found] = rectified_difference(rows, pool, RectifyPlan(power=0.7))
    [larger] = rectified_difference(replace(rows, weight=9 * weight), pool, RectifyPlan(power=0.7))
    assert numbers(larger) == pytest.approx(numbers(found))
    error = pilot.answers - 0.7 * pilot.predicted[np.arange(40), pilot.arm]
    means = [np.average(error[pilot.arm == arm], weights=weight[pilot.arm == arm]) for arm in (0, 1)]
    assert found.estimate == pytest.approx(means[1] - means[0] + 0.7 * 2.0)
    doubled = replace(pool, weight=np.full(90, 2.0))
    assert numbers(rectified_difference(rows, doubled, RectifyPlan(power=0.7))[0]) == pytest.approx(numbers(found))


def test_clusters_are_told_by_respondents_who_have_several_rows():
    pilot, pool = study(9)
    names = [f"p{number // 2}" for number in range(40)]
    [by_name] = rectified_difference(replace(pilot, respondent=names), pool)
    [by_cluster] = rectified_difference(replace(pilot, cluster=names), pool)
    [apart] = rectified_difference(replace(pilot, respondent=[f"p{number}" for number in range(40)]), pool)
    assert numbers(by_name) == numbers(by_cluster)
    assert (by_name.clusters_n, apart.clusters_n) == (20, None)


def test_simulated_people_hang_together_by_their_name_or_their_place():
    pilot, pool = study(10)
    [unnamed] = rectified_difference(pilot, pool, RectifyPlan(power=1))
    [named] = rectified_difference(pilot, replace(pool, respondent=[f"s{n}" for n in range(90)]), RectifyPlan(power=1))
    assert numbers(named) == pytest.approx(numbers(unnamed))


# Strata


def strata(seed: int = 11) -> tuple[Predicted, Predicted, Predicted, Predicted]:
    """Return the pilots and pools of two strata."""
    return *study(seed, people=30), *study(seed + 1, people=24, good=0.2)


def together(*parts: Predicted) -> Predicted:
    names = [name for name, each in zip(("north", "south"), parts, strict=True) for _ in each.predicted]
    joined = [np.concatenate([getattr(each, name) for each in parts]) for name in ("predicted", "answers", "arm")]
    return Predicted(*joined, stratum=names)


def pools(*parts: Predicted) -> Predicted:
    names = [name for name, each in zip(("north", "south"), parts, strict=True) for _ in each.predicted]
    return Predicted(np.concatenate([each.predicted for each in parts]), stratum=names)


def test_strata_have_powers_of_their_own_and_count_by_their_share():
    first, first_pool, second, second_pool = strata()
    plan = RectifyPlan(shares={"south": 0.25, "north": 0.75})
    [found] = rectified_difference(together(first, second), pools(first_pool, second_pool), plan)
    [north], [south] = rectified_difference(first, first_pool), rectified_difference(second, second_pool)
    assert found.estimate == pytest.approx(0.75 * north.estimate + 0.25 * south.estimate)
    assert found.raw == pytest.approx(0.75 * north.raw + 0.25 * south.raw)
    assert found.alone.estimate == pytest.approx(0.75 * north.alone.estimate + 0.25 * south.alone.estimate)
    parts = np.array([0.75 * north.standard_error, 0.25 * south.standard_error]) ** 2
    assert found.standard_error == pytest.approx(parts.sum() ** 0.5)
    assert found.df == pytest.approx(parts.sum() ** 2 / (parts**2 / [north.df, south.df]).sum())
    assert found.power is None
    assert found.powers == pytest.approx({"north": north.power, "south": south.power})
    assert found.pilot_n == 54


def test_strata_may_hold_whole_clusters():
    first, first_pool, second, second_pool = strata()
    plan = RectifyPlan(shares={"north": 0.5, "south": 0.5})
    pilot = replace(together(first, second), cluster=np.arange(54) // 3, weight=np.ones(54))
    [found] = rectified_difference(pilot, pools(first_pool, second_pool), plan)
    [north] = rectified_difference(replace(first, cluster=np.arange(30) // 3), first_pool)
    [south] = rectified_difference(replace(second, cluster=np.arange(24) // 3), second_pool)
    assert found.standard_error == pytest.approx(np.hypot(north.standard_error, south.standard_error) / 2)
    assert found.clusters_n == 18


def test_a_stratum_with_one_person_in_an_arm_is_refused_by_its_name():
    first, first_pool, second, second_pool = strata()
    few = np.flatnonzero(second.arm == 0)[:3].tolist() + np.flatnonzero(second.arm == 1)[:1].tolist()
    small = Predicted(second.predicted[few], second.answers[few], second.arm[few])
    plan = RectifyPlan(shares={"north": 0.5, "south": 0.5})
    with pytest.raises(InputError, match=r"Stratum 'south': among the people of the pilot one person.*merge it"):
        rectified_difference(together(first, small), pools(first_pool, second_pool), plan)


@pytest.mark.parametrize(
    ("names", "shares", "message"),
    [
        (None, {"north": 1.0}, "pilot: found population shares without strata"),
        (["north"] * 40, None, "pilot: found strata without population shares"),
        (["north"] * 40, {"south": 1.0}, "stratum 'north' has no population share. Known: south"),
        (["north"] * 40, {"north": 0.5, "south": 0.5}, "nobody is in stratum 'south'"),
        (["north", "south"] * 20, {"north": 0.5, "south": 0.5}, "a cluster lies in two strata"),
    ],
)
def test_strata_that_do_not_fit_are_refused(names, shares, message):
    pilot, pool = study()
    pilot = replace(pilot, stratum=names, cluster=np.arange(40) // 2)
    with pytest.raises(InputError, match=message):
        rectified_difference(pilot, pool, RectifyPlan(shares=shares))


# What is unknown


def test_one_person_in_an_arm_leaves_an_estimate_and_no_interval():
    pilot, pool = study()
    arm = np.zeros(40, dtype=np.int64)
    arm[7] = 1
    [found] = rectified_difference(replace(pilot, arm=arm), pool)
    assert found.estimate == pytest.approx(found.alone.estimate)
    assert found.alone.estimate == pytest.approx(pilot.answers[7] - np.delete(pilot.answers, 7).mean())
    assert (found.standard_error, found.low, found.p, found.power, found.effective_n) == (None,) * 5
    assert (found.harm.advised, found.alone.standard_error) == (None, None)
    assert "among the people of the pilot one person, or cluster, alone decides a part of it" in found.reason
    assert more_answers(found, 1.0, (5,))[0].half_width is None


def test_one_cluster_in_an_arm_leaves_no_interval_either():
    pilot, pool = study()
    [found] = rectified_difference(replace(pilot, cluster=np.where(pilot.arm == 1, 0, np.arange(40))), pool)
    assert found.standard_error is None


def test_who_decides_alone_only_what_is_not_asked_for_does_no_harm():
    pilot, pool = study()
    arm, predicted = pilot.arm.copy(), np.column_stack([pilot.predicted, np.ones(40)])
    arm[0] = 2
    pool = Predicted(np.column_stack([pool.predicted, np.arange(90)]))
    first, second = rectified_difference(replace(pilot, arm=arm, predicted=predicted), pool)
    assert first.reason is None
    assert second.reason is not None


def test_a_pool_of_one_leaves_no_interval():
    pilot, pool = study(simulated=1)
    [found] = rectified_difference(pilot, pool)
    assert "among the simulated people of the pool one person" in found.reason
    assert (found.standard_error, found.low, found.df) == (None, None, None)
    # The pilot is none the worse for it.
    [alone] = rectified_difference(pilot, study(simulated=90)[1], RectifyPlan(power=0))
    assert found.alone == alone.alone
    assert found.harm.advised == "pilot alone"


def test_an_arm_without_anybody_has_no_estimate():
    pilot, pool = study()
    [found] = rectified_difference(replace(pilot, arm=np.zeros(40, dtype=np.int64)), pool)
    assert found.estimate is None
    assert "among the people of the pilot nothing is left to estimate it from" in found.reason


def test_answers_that_are_all_alike_leave_no_interval():
    pilot, pool = study()
    [found] = rectified_difference(replace(pilot, answers=np.full(40, 3.3)), pool)
    assert found.estimate == pytest.approx(0, abs=1e-9)
    assert found.standard_error is None
    assert "the answers do not differ from each other" in found.reason


def test_predictions_that_are_all_alike_leave_the_pilot_alone():
    pilot, pool = study()
    same = [replace(pilot, predicted=np.full((40, 2), 3.3)), replace(pool, predicted=np.full((90, 2), 3.7))]
    [found] = rectified_difference(*same)
    assert found.power == 0
    assert (found.standard_error, found.harm.shift, found.harm.shift_p) == (found.alone.standard_error, None, None)


def test_few_people_who_decide_a_slope_make_its_power_cost_more():
    rng = np.random.default_rng(18)
    known, mood = np.r_[rng.normal(size=30), 6.0], rng.normal(size=31)
    design, answers = np.column_stack([np.ones(31), known]), mood + known + 0.5 * rng.normal(size=31)
    pool = PredictedRows(np.column_stack([np.ones(200), rng.normal(size=200)]), rng.normal(size=200))
    found = rectify(PredictedRows(design, mood, answers), pool, [0, 1])
    centred = known - known.mean()
    share = (centred / (centred @ centred)) ** 2
    count = share.sum() ** 2 / (share @ share) - 1
    assert 2 < count < 10
    left = fit(design, answers - found.power * mood).contrast([0, 1])
    assert found.pilot_error**2 == pytest.approx(left.standard_error**2 * count / (count - 1))
    assert 0 < found.power < 1
    assert found.df <= count - 1


def test_of_three_people_no_power_is_learnt():
    pilot = Predicted(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.5, 3.0]))
    found = rectified_mean(pilot, Predicted(np.arange(50.0)))
    assert (found.power, found.df) == (0, pytest.approx(2))


# Harm


def test_predictions_that_cost_precision_are_told():
    pilot, pool = study(6, good=-1.0)
    [found] = rectified_difference(pilot, pool, RectifyPlan(power=1))
    times = found.standard_error / found.alone.standard_error
    assert found.harm.kinds == ("wider than the pilot alone",)
    assert f"{times:.2f} times that of the pilot alone" in found.harm.sentences[0]
    assert found.harm.advised == "pilot alone"


def test_a_pilot_of_other_people_than_the_pool_is_told():
    pilot, pool = study(12)
    other = replace(pool, predicted=pool.predicted + 0.8)
    [found], [same] = rectified_difference(pilot, other), rectified_difference(pilot, pool)
    assert same.harm.kinds == ()
    assert found.harm.kinds == ("population differs",)
    assert "standard deviations lower than the pool's in the same arm" in found.harm.sentences[0]
    assert found.harm.advised == "rectified"
    assert found.harm.shift == pytest.approx(same.harm.shift - 0.8 / np.std(pool.predicted[:, 0]))
    [unused] = rectified_difference(pilot, other, RectifyPlan(power=0))
    assert unused.harm.kinds == ()


def test_the_shift_of_a_mean_is_that_of_two_samples():
    pilot, pool = study(13)
    f, simulated = pilot.predicted[:, 0], pool.predicted[:, 0]
    found = rectified_mean(Predicted(f, pilot.answers), Predicted(simulated, weight=np.full(90, 3.0)))
    assert found.harm.shift == pytest.approx((f.mean() - simulated.mean()) / simulated.std())
    error = np.sqrt(f.var(ddof=1) / 40 + simulated.var(ddof=1) / 90)
    assert found.harm.shift_p == pytest.approx(2 * scipy.stats.t.sf(abs(f.mean() - simulated.mean()) / error, 128))


# Adjustment


def test_adjusted_for_predictions_is_lin_with_the_predictions_as_covariates():
    pilot, _ = study(14)
    rng = np.random.default_rng(14)
    first = pilot.predicted[:, 0]
    second = first + rng.normal(size=40)
    weight, cluster = rng.uniform(1, 2, 40), np.arange(40) // 2
    [found] = adjusted_difference(
        pilot.answers, pilot.arm, np.column_stack([first, second]), weight, [f"c{c}" for c in cluster]
    )
    centred = np.column_stack([first, second])
    centred = centred - np.average(centred, axis=0, weights=weight)
    design = np.column_stack([np.ones(40), pilot.arm, centred, centred * pilot.arm[:, None]])
    lin = fit(design, pilot.answers, weight, cluster).contrast(np.eye(6)[1])
    assert (found.estimate, found.standard_error) == pytest.approx((lin.estimate, lin.standard_error))


def test_predictions_that_are_constant_or_twice_the_same_cost_nothing():
    pilot, _ = study(15)
    seen = pilot.predicted[:, 0]
    [found] = adjusted_difference(pilot.answers, pilot.arm, np.column_stack([seen, seen]))
    [one] = adjusted_difference(pilot.answers, pilot.arm, np.column_stack([seen, np.full(40, 3.3)]))
    [none] = adjusted_difference(pilot.answers, pilot.arm, np.full((40, 2), 3.3))
    [plain] = differences(Rows(pilot.answers, pilot.arm, 2))
    assert (found.estimate, found.df) == pytest.approx((one.estimate, one.df))
    assert (found.df, plain.df) == (36, 38)
    assert found.standard_error < plain.standard_error == pytest.approx(none.standard_error)


def test_a_prediction_in_the_own_arm_alone_is_refused():
    with pytest.raises(InputError, match=r"found predictions of shape \(3,\), expected \(people, arms\)"):
        adjusted_difference([1, 2, 3], [0, 1, 1], [1.0, 2.0, 3.0])


# More answers


def test_more_answers_make_the_pilots_part_smaller_and_leave_the_pools():
    pilot, pool = study(16)
    found = rectified_mean(Predicted(pilot.predicted[:, 0], pilot.answers), Predicted(pool.predicted[:, 0]))
    now, more = more_answers(found, 3.0, (0, 40))
    assert now.half_width == pytest.approx(found.high - found.estimate)
    assert now.alone_needed == pytest.approx(found.effective_n)
    assert now.saved == pytest.approx(3 * (found.effective_n - 40))
    error = np.sqrt(found.pilot_error**2 / 2 + found.pool_error**2)
    assert more.half_width == pytest.approx(scipy.stats.t.ppf(0.975, 2 * found.df) * error)
    assert more.half_width_alone / more.half_width == pytest.approx(found.alone.standard_error / 2**0.5 / error)
    assert more.cost == 120
    assert more.alone_needed == pytest.approx(40 * (found.alone.standard_error / error) ** 2)
    assert more.saved == pytest.approx(3 * (more.alone_needed - 80))


def test_more_answers_of_a_one_sided_interval_reach_to_its_one_end():
    pilot, pool = study(16)
    [found] = rectified_difference(pilot, pool, RectifyPlan(alternative="larger"))
    assert more_answers(found, 1.0, (0,))[0].half_width == pytest.approx(found.estimate - found.low)


@pytest.mark.parametrize(("price", "steps"), [(-1.0, (1,)), (1.0, (-5,)), (float("nan"), ())])
def test_a_price_or_number_below_0_is_refused(price, steps):
    found = rectified_mean(Predicted(np.arange(5.0), np.arange(5.0) ** 2), Predicted(np.arange(9.0)))
    with pytest.raises(InputError, match="expected neither below 0"):
        more_answers(found, price, steps)


# Refusals


def test_whoever_is_in_the_pilot_and_in_the_pool_is_refused():
    pilot, pool = study()
    people, simulated = [f"p{n}" for n in range(40)], [f"p{n + 38}" for n in range(90)]
    with pytest.raises(InputError, match=r"2 respondents are in the pilot and in the pool \(p38, p39\). Leave them"):
        rectified_difference(replace(pilot, respondent=people), replace(pool, respondent=simulated))


def rows(**parts: Any) -> PredictedRows:
    return PredictedRows(
        **({"design": np.ones((4, 1)), "predicted": np.arange(4.0), "answers": np.arange(4.0)} | parts)
    )


@pytest.mark.parametrize(
    ("pilot", "message"),
    [
        (rows(answers=None), "pilot: found no answers of people"),
        (
            rows(design=np.ones((4, 2))),
            r"pilot: found a design of shape \(4, 2\) for 4 predictions and a contrast of 1",
        ),
        (rows(predicted=np.zeros(0), design=np.ones((0, 1))), "pilot: found a design of shape"),
        (rows(answers=np.ones(3)), "pilot: found 3 of `answers` for 4 rows"),
        (rows(cluster=[1, 2]), "pilot: found 2 of `cluster` for 4 rows"),
        (rows(answers=np.array([1, 2, np.nan, 4])), "pilot: found a value in `answers` that is no number"),
        (rows(weight=np.array([1.0, 0.0, 1.0, 1.0])), "pilot: found a weight that is not above 0"),
    ],
)
def test_rows_that_do_not_fit_are_refused(pilot, message):
    with pytest.raises(InputError, match=message):
        rectify(pilot, rows(answers=None), [1.0])


def test_predictions_in_another_number_of_arms_are_refused():
    pilot, _ = study()
    with pytest.raises(InputError, match="found predictions in 1 arm, expected 2"):
        rectified_difference(pilot, Predicted(np.ones(5)))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"bounds": (1.0, 0.0)}, "found bounds of the power from 1 to 0"),
        ({"power": 1.5}, "found the power 1.5, expected 'tuned' or one from 0 to 1"),
        ({"shares": {"a": 0.5, "b": 0.4}}, "found population shares that add up to 0.9"),
        ({"shares": {"a": 1.5, "b": -0.5}}, "expected shares above 0 and 1"),
    ],
)
def test_plans_that_cannot_be_are_refused(parts, message):
    with pytest.raises(ValueError, match=message):
        RectifyPlan(**parts)


def test_a_result_is_kept_as_json():
    [found] = rectified_difference(*study(), RectifyPlan(alternative="larger"))
    assert type(found).model_validate_json(found.model_dump_json()) == found
