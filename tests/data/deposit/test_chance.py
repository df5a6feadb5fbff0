"""Group sizes and associations, as far as chance explains them."""

from __future__ import annotations

import numpy as np
import pytest

from silicus.data.deposit.chance import are_equal, association, dispersion, is_by_chance, p_value


@pytest.mark.parametrize(
    ("chi_square", "freedom", "expected"),
    # Percentage points as statistical tables print them.
    [(3.841, 1, 0.05), (6.635, 1, 0.01), (5.991, 2, 0.05), (7.815, 3, 0.05), (23.209, 10, 0.01), (124.342, 100, 0.05)],
)
def test_p_values_are_those_of_statistical_tables(chi_square: float, freedom: int, expected: float):
    assert p_value(chi_square, freedom) == pytest.approx(expected, rel=2e-3)


def test_groups_of_a_handful_say_nothing():
    assert not are_equal([4, 4])
    assert are_equal([5, 5])


def test_an_association_by_hand():
    one, other = np.array([1] * 50 + [2] * 50), np.array([1] * 40 + [2] * 10 + [1] * 10 + [2] * 40)
    found = association(one, other)
    # Every expected count is 25, every deviation 15: 4 * 225 / 25.
    assert found is not None
    assert found.cramers_v == pytest.approx((36 / 100) ** 0.5)
    assert found.p_value == pytest.approx(p_value(36, 1))
    assert found.strong


def test_empty_cells_are_in_no_group():
    assert association(np.array([1, 2, 0, 0]), np.array([1, 1, 2, 2])) is None


def test_dispersion_is_zero_where_everybody_has_the_same_and_large_where_nobody_varies():
    people = np.repeat(np.arange(1, 31), 10)
    assert dispersion(people, np.tile([1, 2], 150)) == pytest.approx(0)
    assert dispersion(people, np.repeat([1, 2] * 15, 10)) == pytest.approx(300 / 29)


def test_chance_makes_a_dispersion_of_one():
    rng = np.random.default_rng(1)
    found = dispersion(np.repeat(np.arange(1, 301), 10), rng.integers(1, 4, 3000))
    assert found == pytest.approx(1, abs=0.15)
    assert is_by_chance(found)
    assert not is_by_chance(None)
