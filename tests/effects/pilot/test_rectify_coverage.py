"""Simulated studies of which the truth is known: rectified intervals hold it, whatever the predictions are worth."""

from __future__ import annotations

import pytest

from bench.effects.rectify import ESTIMANDS, PREDICTIONS, VARIANTS, coverage

FEW = [(estimand, variant) for place, estimand in enumerate(ESTIMANDS) for variant in VARIANTS[place % 2 :: 2]]


@pytest.mark.parametrize(("estimand", "variant"), FEW)
def test_rectified_intervals_hold_the_truth_in_about_95_of_100_studies(estimand, variant):
    kind = PREDICTIONS[FEW.index((estimand, variant)) % len(PREDICTIONS)]
    # 80 studies: three standard errors of the share are .073.
    assert coverage(estimand, variant, kind, datasets=80, seed=1).share >= 0.877


def test_good_predictions_make_intervals_shorter_and_harmful_ones_no_longer():
    assert coverage("difference", "plain", "good", datasets=40, seed=1).width < 0.7
    assert coverage("difference", "plain", "harmful", datasets=40, seed=1).width == pytest.approx(1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", PREDICTIONS)
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("estimand", ESTIMANDS)
def test_rectified_intervals_hold_the_truth_in_93_to_97_of_100_of_1000_studies(estimand, variant, kind):
    assert 0.925 <= coverage(estimand, variant, kind, datasets=1000).share <= 0.975
