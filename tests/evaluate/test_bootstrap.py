from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from silicus.evaluate.bootstrap import (
    CellTable,
    centred_draws,
    expanded,
    interval,
    mean_of_draws,
    overall,
    resample_studies,
    within_studies,
)

NAN, INF = math.nan, math.inf


def table(values, study, weights=None, equal=(True,)):
    values = np.array(values, dtype=float).reshape(len(study), -1)
    weights = np.ones(len(study)) if weights is None else np.array(weights, dtype=float)
    return CellTable(values, weights, np.array(study), np.array(equal))


def test_cells_are_averaged_within_studies_and_then_over_studies():
    cells = table([0.0, 1.0, 0.5, 0.5, 0.5, 0.1], [0, 0, 1, 1, 1, 2])
    np.testing.assert_allclose(within_studies(cells)[:, 0], [0.5, 0.5, 0.1])
    assert overall(cells)[0] == pytest.approx(1.1 / 3)


def test_a_column_per_answer_is_averaged_over_all_answers():
    cells = table([1.0, 2.0, 4.0], [0, 0, 1], weights=[1, 3, 4], equal=[False])
    assert overall(cells)[0] == pytest.approx((1 + 6 + 16) / 8)
    np.testing.assert_allclose(within_studies(cells)[:, 0], [7 / 4, 4])


def test_cells_and_studies_without_a_value_are_passed_over():
    cells = table([0.2, NAN, NAN], [0, 0, 1])
    assert overall(cells)[0] == pytest.approx(0.2)
    assert np.isnan(within_studies(cells)[1, 0])


def test_an_infinite_cell_makes_its_means_infinite_and_no_others():
    cells = table([[1.0, 1.0], [INF, 1.0]], [0, 1], equal=[True, True])
    assert overall(cells).tolist() == [INF, 1.0]


def test_a_resample_without_the_infinite_cell_is_finite():
    draws = resample_studies(table([1.0, INF], [0, 1]), 400, np.random.default_rng(1))[:, 0]
    assert (draws == 1.0).mean() == pytest.approx(0.25, abs=0.08)
    assert np.isinf(draws[draws != 1.0]).all()


def test_resamples_of_equal_cells_are_all_alike():
    draws = resample_studies(table([0.3] * 6, [0, 0, 0, 1, 2, 2]), 50, np.random.default_rng(1))
    np.testing.assert_allclose(draws, 0.3)


def test_resamples_spread_as_two_stage_sampling_does():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(30, 8))
    cells = table(values.ravel(), np.repeat(np.arange(30), 8))
    draws = resample_studies(cells, 4000, np.random.default_rng(3))[:, 0]
    means = values.mean(axis=1)
    expected = means.var() / 30 + values.var(axis=1).mean() / 8 / 30
    assert draws.mean() == pytest.approx(values.mean(), abs=0.01)
    assert draws.var() == pytest.approx(expected, rel=0.1)


def test_the_interval_over_studies_covers_the_true_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(100):
        studies = rng.normal(0.2, 0.05, size=25)
        cells = (studies[:, None] + rng.normal(0, 0.02, size=(25, 4))).ravel()
        low, high = interval(resample_studies(table(cells, np.repeat(np.arange(25), 4)), 400, rng)[:, 0])
        hits += low <= 0.2 <= high
    assert 0.9 <= hits / 100 <= 1


def test_the_mean_of_draws_is_one_over_cells_and_then_over_studies():
    values = np.array([[1.0, 1.0], [2.0, 2.0], [6.0, 6.0]])
    cells = CellTable(values, np.array([1.0, 3.0, 4.0]), np.array([0, 0, 1]), np.array([True, False]))
    found = mean_of_draws(cells, 1, [(cell, own[None]) for cell, own in enumerate(values)])
    assert found.tolist() == [[(1.5 + 6) / 2, (1 + 3 * 2 + 4 * 6) / 8]]


@pytest.mark.parametrize(("clusters", "t"), [(10, 2.262157), (20, 2.093024), (40, 2.022691)])
def test_the_expanded_level_is_that_of_students_t(clusters, t):
    wide = NormalDist().inv_cdf((1 + expanded(clusters)) / 2)
    assert wide == pytest.approx(t * math.sqrt(clusters / (clusters - 1)), abs=0.001)


def test_draws_are_centred_by_their_median_and_what_is_infinite_stays():
    draws = np.array([[1.0, np.inf, np.nan], [2.0, np.inf, np.nan], [6.0, 1.0, np.nan]])
    found = centred_draws(draws, np.array([5.0, 3.0, 1.0]))
    assert found[:, 0].tolist() == [4, 5, 9]
    assert found[:, 1].tolist() == [np.inf, np.inf, 1]
    assert np.isnan(found[:, 2]).all()


def test_the_mean_of_draws_passes_over_cells_that_have_no_value_in_a_draw():
    cells = table([[0.0, 0.0], [0.0, 0.0]], [0, 0], weights=[1, 3], equal=[True, False])
    resampled = [(0, np.array([[1.0, 1.0], [NAN, INF]])), (1, np.array([[2.0, 2.0], [2.0, 2.0]]))]
    found = mean_of_draws(cells, 2, resampled)
    np.testing.assert_allclose(found, [[1.5, 7 / 4], [2.0, INF]])


def test_the_interval_passes_over_unknown_draws_and_keeps_infinite_ones():
    assert interval(np.array([NAN, 1.0, 2.0, INF])) == (1.0, INF)
    assert np.isnan(interval(np.array([NAN]))).all()
