"""Least squares by hand, by their definition in full matrices, and as statsmodels has them."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.stats
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from silicus.effects import Contrast, fit
from silicus.errors import MissingExtraError


def data(seed: int, rows: int = 60, columns: int = 3) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(rows), rng.normal(size=(rows, columns - 1))])
    return x, x @ np.arange(columns) + rng.normal(size=rows) * (1 + x[:, 1] ** 2), rng.uniform(0.3, 4.0, rows)


def test_two_groups_by_hand():
    # Means 2 and 6, variances 2 and 8 of two each: 2 / 2 + 8 / 2 = 5.
    found = fit([[1, 0], [1, 0], [1, 1], [1, 1]], [1.0, 3.0, 4.0, 8.0]).contrast([0, 1])
    assert found.estimate == pytest.approx(4)
    assert found.standard_error == pytest.approx(5**0.5)
    assert found.df == 2
    assert found.p == pytest.approx(2 * scipy.stats.t.sf(4 / 5**0.5, 2))
    assert found.interval(0.1) == pytest.approx(scipy.stats.t.interval(0.9, 2, 4, 5**0.5))


@pytest.mark.parametrize("weighted", [False, True])
def test_hc2_is_that_of_statsmodels(weighted):
    x, y, w = data(1)
    theirs = sm.WLS(y, x, weights=w if weighted else np.ones(len(y))).fit(cov_type="HC2", use_t=True)
    ours = fit(x, y, w if weighted else None)
    for place in range(3):
        found = ours.contrast(np.eye(3)[place])
        assert found.estimate == pytest.approx(theirs.params[place], rel=1e-9)
        assert found.standard_error == pytest.approx(theirs.bse[place], rel=1e-9)
        assert found.p == pytest.approx(theirs.pvalues[place], rel=1e-6)
    assert ours.contrast([1, 1, -2]).standard_error == pytest.approx(theirs.t_test([1, 1, -2]).sd.item(), rel=1e-9)


def by_definition(x: Any, y: Any, w: Any, unit: Any, weights: Any) -> tuple[float, float]:
    """Return CR2 and Satterthwaite's degrees of freedom as Pustejovsky & Tipton (2018) define them, in full."""
    bread, one = np.linalg.inv((x.T * w) @ x), np.eye(len(y))
    left = one - x @ bread @ (x.T * w)
    residual, meat, columns = left @ y, np.zeros((x.shape[1],) * 2), []
    for each in np.unique(unit):
        own = unit == each
        root = scipy.linalg.pinvh(scipy.linalg.sqrtm(left[own] @ left[own].T).real, rtol=1e-6)
        score = x[own].T * w[own] @ root
        meat += np.outer(score @ residual[own], score @ residual[own])
        columns.append(left[own].T @ root @ (w[own][:, None] * x[own]) @ bread @ weights)
    products = np.array(columns) @ np.array(columns).T
    variance = weights @ bread @ meat @ bread @ weights
    return float(np.sqrt(variance)), float(np.trace(products) ** 2 / np.sum(products**2))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("clusters", [4, 11, 60])
def test_cr2_is_what_its_definition_says(weighted, clusters):
    x, y, w = data(2)
    unit = np.random.default_rng(clusters).integers(clusters, size=len(y))
    unit = np.unique(unit, return_inverse=True)[1]
    weights, w = np.array([0.5, 1.0, -1.0]), w if weighted else np.ones(len(y))
    found = fit(x, y, w, unit).contrast(weights)
    error, df = by_definition(x, y, w, unit, weights)
    assert found.standard_error == pytest.approx(error, rel=1e-6)
    assert found.df == pytest.approx(df, rel=1e-6)


def test_clusters_that_determine_a_column_alone_are_as_in_the_definition():
    # The arm of one cluster has no residual of its own: its part of the covariance has no inverse.
    x = np.column_stack([np.ones(12), np.repeat([0, 0, 0, 1], 3), np.arange(12) % 2])
    y, unit = np.random.default_rng(3).normal(size=12), np.repeat(np.arange(4), 3)
    found = fit(x, y, cluster=unit).contrast([0, 1, 0])
    error, df = by_definition(x, y, np.ones(12), unit, np.array([0.0, 1.0, 0.0]))
    assert found.standard_error == pytest.approx(error, rel=1e-6)
    assert found.df == pytest.approx(df, rel=1e-6)


def test_clusters_of_one_row_each_have_the_standard_errors_of_rows():
    x, y, _ = data(4)
    rows, clusters = fit(x, y), fit(x, y, cluster=np.random.default_rng(0).permutation(len(y)))
    for weights in np.eye(3):
        assert rows.contrast(weights).standard_error == pytest.approx(clusters.contrast(weights).standard_error)


@given(st.integers(0, 1000), st.floats(0.01, 100), st.floats(-50, 50), st.booleans())
def test_units_order_and_the_size_of_weights_change_nothing_else(seed, size, shift, clustered):
    x, y, w = data(seed, rows=20)
    unit = np.arange(20) // 3 if clustered else None
    order = np.random.default_rng(seed).permutation(20)
    own = fit(x, y, w, unit).contrast([0, 1, 0])
    other = fit(x[order], (y * size + shift)[order], (w * size)[order], None if unit is None else unit[order])
    found = other.contrast([0, 1, 0])
    assert found.estimate == pytest.approx(own.estimate * size, rel=1e-6, abs=1e-9 * (1 + abs(shift)))
    assert found.standard_error == pytest.approx(own.standard_error * size, rel=1e-6, abs=1e-9 * (1 + abs(shift)))
    assert found.df == pytest.approx(own.df, rel=1e-6)


@pytest.mark.parametrize("clustered", [False, True])
def test_what_units_add_makes_the_standard_error(clustered):
    x, y, w = data(5)
    unit = np.arange(60) // 4 if clustered else None
    found = fit(x, y, w, unit).contrast([0, 0, 1])
    assert found.influence.shape == ((15 if clustered else 60),)
    assert np.sum(found.influence**2) == pytest.approx(found.standard_error**2)


def test_a_column_that_is_a_sum_of_columns_before_it_is_left_out_and_has_no_coefficient():
    x, y, _ = data(6)
    found = fit(np.column_stack([x, x[:, 1] - 2 * x[:, 2]]), y)
    assert found.kept.tolist() == [True, True, True, False]
    assert np.isnan(found.coefficients[3])
    assert np.isnan(found.contrast([0, 0, 0, 1]).estimate)
    assert np.isnan(found.contrast([0, 0, 0, 1]).p)
    assert found.contrast([0, 1, 0, 0]).estimate == pytest.approx(fit(x, y).coefficients[1])


def test_a_row_that_determines_a_column_alone_adds_no_error():
    x = np.column_stack([np.ones(4), [0, 0, 0, 1]])
    assert fit(x, [1.0, 2.0, 3.0, 9.0]).contrast([1, 0]).standard_error == pytest.approx((1 / 3) ** 0.5)


def test_answers_that_are_all_alike_have_no_error_and_no_p_value():
    found = fit([[1, 0], [1, 0], [1, 1], [1, 1]], [2.0, 2.0, 2.0, 2.0], cluster=[0, 0, 1, 1]).contrast([0, 1])
    assert found.standard_error == pytest.approx(0, abs=1e-12)
    assert np.isnan(Contrast(0.0, 0.0, 3.0, np.zeros(2)).p)
    # Two clusters, of which each is an arm, leave nothing to vary.
    assert np.isnan(found.df)


def test_without_scipy_the_extra_that_brings_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(MissingExtraError, match=r"needs the library 'scipy'.*pip install 'silicus\[effects\]'"):
        _ = Contrast(1.0, 1.0, 3.0, np.zeros(2)).p
