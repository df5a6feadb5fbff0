"""The bench of evaluation runs, and its simulations know the truth."""

from __future__ import annotations

import numpy as np
import pytest

from bench.evaluation.coverage import SIMULATIONS, coverage
from bench.evaluation.speed import take


@pytest.mark.parametrize("name", SIMULATIONS)
def test_estimates_lie_about_the_truth_and_intervals_mostly_hold_it(name):
    found = [SIMULATIONS[name](np.random.default_rng(seed)) for seed in range(20)]
    values = np.array([estimate.value for estimate, _ in found])
    truth = found[0][1]
    assert abs(values.mean() - truth) < 4 * values.std() / np.sqrt(20)
    share, error = coverage(name, datasets=20)
    assert share >= 0.7
    assert error < 0.12


def test_an_evaluation_is_timed():
    seconds, memory = take(cells=4, people=10, studies=2, draws=10)
    assert 0 < seconds < 60
    assert 0 < memory < 4
