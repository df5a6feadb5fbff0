"""Simulated people of whom the truth is known, with every option in play: intervals hold it, tests are not fooled."""

from __future__ import annotations

import pytest

from bench.effects.coverage import INTERVALS, coverage, plain_clusters
from bench.effects.multiple import false_findings, small_at_bound


@pytest.mark.parametrize("name", INTERVALS)
def test_intervals_hold_the_truth_in_about_95_of_100_datasets(name):
    share, _ = coverage(INTERVALS[name], datasets=300, seed=1)
    assert 0.91 <= share <= 0.98


@pytest.mark.slow
@pytest.mark.parametrize("name", INTERVALS)
def test_intervals_hold_the_truth_in_93_to_97_of_100_of_1000_datasets(name):
    share, _ = coverage(INTERVALS[name], datasets=1000)
    assert 0.93 <= share <= 0.97


def test_of_few_unequal_clusters_the_plain_sandwich_holds_it_too_seldom():
    share, _ = coverage(plain_clusters, datasets=300, seed=1)
    assert share < 0.88


def test_corrections_hold_what_they_promise():
    found = false_findings(datasets=300, seed=1)
    assert found["none"]["any"] > 0.07
    assert found["holm"]["any"] <= 0.065
    assert found["romano-wolf"]["any"] <= 0.075
    assert found["benjamini-hochberg"]["share"] <= 0.05
    # What knowing that outcomes hang together is good for.
    assert found["holm"]["power"] < found["romano-wolf"]["power"] < found["none"]["power"]


def test_an_effect_at_its_bound_is_seldom_called_small():
    assert 0.02 <= small_at_bound(datasets=400, seed=1) <= 0.08
