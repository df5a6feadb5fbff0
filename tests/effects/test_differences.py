"""Effects on arrays: by hand, as separate fits, and by their properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.effects import Rows, by_level, differences, fit, slopes, spread


def rows(seed: int, people: int = 90, arms: int = 3, **changed) -> Rows:
    rng = np.random.default_rng(seed)
    arm, known = rng.permutation(np.arange(people) % arms), rng.normal(size=(people, 2))
    value = arm + known[:, 0] * (1 + arm) + rng.normal(size=people)
    return Rows(value, arm, arms, **({"covariates": known} | changed))


def test_without_covariates_effects_are_differences_in_means_with_the_variances_of_both():
    own = rows(1, covariates=None)
    groups = [own.value[own.arm == arm] for arm in range(3)]
    for arm, found in enumerate(differences(own), 1):
        assert found.estimate == pytest.approx(groups[arm].mean() - groups[0].mean())
        variance = sum(groups[each].var(ddof=1) / len(groups[each]) for each in (arm, 0))
        assert found.standard_error == pytest.approx(variance**0.5)
        assert found.df == 90 - 3


def test_lin_is_the_difference_at_the_mean_of_the_covariates_of_a_regression_in_every_arm():
    own = rows(2)
    assert own.covariates is not None
    at = np.append(1.0, own.covariates.mean(axis=0))
    predicted = [
        fit(
            np.column_stack([np.ones((own.arm == arm).sum()), own.covariates[own.arm == arm]]),
            own.value[own.arm == arm],
        )
        for arm in range(3)
    ]
    for arm, found in enumerate(differences(own), 1):
        assert found.estimate == pytest.approx(predicted[arm].coefficients @ at - predicted[0].coefficients @ at)


@given(st.integers(0, 500), st.floats(-5, 5), st.floats(0.1, 10))
def test_adjustment_does_not_depend_on_the_unit_of_covariates_nor_on_what_is_added_to_them(seed, shift, size):
    own, other = rows(seed, people=30), rows(seed, people=30)
    assert other.covariates is not None
    other.covariates[:] = other.covariates * size + shift
    for one, two in zip(differences(own), differences(other), strict=True):
        assert one.estimate == pytest.approx(two.estimate)
        assert one.standard_error == pytest.approx(two.standard_error)


@pytest.mark.parametrize("weighted", [False, True])
def test_effects_of_levels_are_those_of_their_people_alone(weighted):
    level = np.arange(90) % 4 // 3
    weight = np.random.default_rng(3).uniform(0.5, 2, 90) if weighted else None
    own = rows(3, weight=weight)
    assert own.covariates is not None
    found = by_level(own, level, levels=2)
    for each in (0, 1):
        kept = level == each
        alone = Rows(own.value[kept], own.arm[kept], 3, own.covariates[kept], None if weight is None else weight[kept])
        for one, two in zip(found.levels[each], differences(alone), strict=True):
            assert one.estimate == pytest.approx(two.estimate)
            assert one.standard_error == pytest.approx(two.standard_error)
    for change, first, second in zip(found.changes[0], *found.levels, strict=True):
        assert change.estimate == pytest.approx(second.estimate - first.estimate)
        assert change.standard_error**2 == pytest.approx(first.standard_error**2 + second.standard_error**2)


def test_clusters_that_lie_in_several_levels_make_levels_err_together():
    # Everybody is in both levels, with a base of their own and an effect of their own.
    rng = np.random.default_rng(4)
    person = np.repeat(np.arange(40), 4)
    level, arm = np.tile([0, 0, 1, 1], 40), np.tile([0, 1, 0, 1], 40)
    value = (2 * rng.normal(size=40))[person] * arm + 0.1 * rng.normal(size=160)
    found = by_level(Rows(value, arm, 2, cluster=person), level, levels=2)
    assert found.changes[0][0].standard_error < 0.2 * found.levels[0][0].standard_error


def test_slopes_are_products_of_arm_and_moderator():
    own = rows(5, covariates=None)
    moderator = np.random.default_rng(6).normal(size=90)
    arms = np.stack([own.arm == 1, own.arm == 2], axis=1)
    plain = fit(np.column_stack([np.ones(90), arms, moderator, arms * moderator[:, None]]), own.value)
    for place, found in enumerate(slopes(own, moderator), 4):
        assert found.estimate == pytest.approx(plain.contrast(np.eye(6)[place]).estimate)
        assert found.standard_error == pytest.approx(plain.contrast(np.eye(6)[place]).standard_error)


def test_slopes_are_adjusted_for_covariates_too():
    own = rows(6)
    assert own.covariates is not None
    found = slopes(Rows(own.value, own.arm, 3, own.covariates[:, 1:]), own.covariates[:, 0])
    # An arm adds 1 to the slope of the first covariate; the fit knows it beside the second.
    assert [each.estimate for each in found] == pytest.approx([1, 2], abs=0.8)
    assert found[0].df == 90 - 9


def test_the_spread_of_expected_answers_holds_that_about_them():
    assert spread(np.array([1.0, 2.0, 6.0]), np.zeros(3)) == pytest.approx(np.std([1, 2, 6], ddof=1))
    assert spread(np.array([0.5, 0.5]), np.array([0.25, 0.25])) == pytest.approx(0.5)
    weighted = spread(np.array([1.0, 2.0, 6.0]), np.zeros(3), np.array([2.0, 1.0, 1.0]))
    assert weighted == pytest.approx(np.sqrt(np.var([1, 1, 2, 6]) * 3 / 2))
    assert np.isnan(spread(np.array([1.0]), np.zeros(1)))
