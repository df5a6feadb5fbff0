"""Divergences of shares, the likelihood of one answer, and the published figure kept for comparison."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silicus.evaluate import (
    cao_emd_as_coded,
    cross_entropy,
    js_distance,
    js_divergence,
    kl_divergence,
    negative_log_likelihood,
    wasserstein,
)

NAN, INF = math.nan, math.inf
EVERY = [js_divergence, js_distance, kl_divergence, cross_entropy, cao_emd_as_coded]


def distributions(points: int) -> st.SearchStrategy[np.ndarray]:
    counts = st.lists(st.integers(0, 50), min_size=points, max_size=points).filter(lambda c: sum(c) > 0)
    return counts.map(lambda c: np.array(c) / sum(c))


def test_kl_divergence_by_hand():
    assert kl_divergence([0.5, 0.5, 0], [0.25, 0.5, 0.25]) == pytest.approx(0.5 * math.log(2))


def test_kl_divergence_is_infinite_where_the_first_argument_has_what_the_second_has_not():
    assert kl_divergence([0.5, 0.5], [1, 0]) == INF
    assert kl_divergence([1, 0], [0.5, 0.5]) == pytest.approx(math.log(2))


def test_js_divergence_by_hand():
    # Halfway lies (3/4, 1/4).
    expected = (math.log(4 / 3) + 0.5 * math.log(2 / 3) + 0.5 * math.log(2)) / 2
    assert js_divergence([1, 0], [0.5, 0.5]) == pytest.approx(expected)
    assert js_distance([1, 0], [0.5, 0.5]) == pytest.approx(math.sqrt(expected))


@given(distributions(4), distributions(4), distributions(4))
def test_js_distance_is_a_metric(p, q, r):
    assert js_distance(p, q) == pytest.approx(js_distance(q, p))
    assert (js_distance(p, q) < 1e-6) == np.allclose(p, q, atol=1e-9)
    assert js_distance(p, r) <= js_distance(p, q) + js_distance(q, r) + 1e-9
    assert 0 <= js_divergence(p, q) <= math.log(2) + 1e-12


# The first call imports scipy.
@settings(deadline=None)
@given(distributions(5), distributions(5))
def test_js_distance_is_that_of_scipy(p, q):
    jensenshannon = pytest.importorskip("scipy.spatial.distance").jensenshannon
    assert js_distance(p, q) == pytest.approx(np.nan_to_num(jensenshannon(p, q)), abs=1e-7)


def test_js_distance_of_nearly_equal_distributions_is_known():
    rng = np.random.default_rng(3)
    human = rng.dirichlet(np.ones(6), size=5000)
    found = js_distance(human * (1 + 1e-16) + 1e-17, human)
    assert np.isfinite(found).all()
    assert found.max() < 1e-7


def test_cross_entropy_by_hand():
    assert cross_entropy([0.25, 0.75], [0.5, 0.5]) == pytest.approx((math.log(4) + math.log(4 / 3)) / 2)


def test_cross_entropy_is_not_clipped_and_passes_over_what_nobody_answered():
    assert cross_entropy([[1, 0, 0], [0.5, 0.5, 0]], [0.5, 0.5, 0]).tolist() == [INF, pytest.approx(math.log(2))]


@given(distributions(4), distributions(4))
def test_cross_entropy_is_the_divergence_and_the_entropy_of_people(p, q):
    predicted, entropy = (q + 0.1) / 1.4, cross_entropy(p, p)
    assert cross_entropy(predicted, p) == pytest.approx(kl_divergence(p, predicted) + entropy)
    assert cross_entropy(predicted, p) >= entropy - 1e-12


def test_cross_entropy_is_the_mean_loss_over_people():
    rng, predicted = np.random.default_rng(7), np.array([0.1, 0.2, 0.7])
    answers = rng.choice(3, size=500, p=[0.3, 0.3, 0.4])
    shares = np.bincount(answers, minlength=3) / 500
    assert cross_entropy(predicted, shares) == pytest.approx(negative_log_likelihood(predicted, answers).mean())


def test_the_emd_of_cao_by_hand():
    # Sorted: .1 .3 .6 against .2 .2 .6.
    assert cao_emd_as_coded([0.6, 0.1, 0.3], [0.2, 0.6, 0.2]) == pytest.approx(0.2 / 3)


# The first call imports scipy.
@settings(deadline=None)
@given(distributions(5), distributions(5))
def test_the_emd_of_cao_is_scipys_distance_of_probabilities_taken_for_samples(p, q):
    distance = pytest.importorskip("scipy.stats").wasserstein_distance
    assert cao_emd_as_coded(p, q) == pytest.approx(distance(p, q), abs=1e-12)


def test_the_emd_of_cao_takes_opposite_answers_for_equal():
    assert cao_emd_as_coded([1, 0, 0], [0, 0, 1]) == 0
    assert wasserstein([1, 0, 0], [0, 0, 1], [0, 0.5, 1]) == 1


@pytest.mark.parametrize("metric", EVERY)
def test_what_is_unknown_stays_unknown(metric):
    known, unknown = [0.0, 0.5, 0.5], [NAN, NAN, NAN]
    assert np.isnan(metric(known, unknown))
    assert np.isnan(metric(unknown, known))
    assert np.isnan(metric([NAN, 0.5, 0.5], known))
    assert np.isnan(metric(known, [NAN, 0.5, 0.5]))


@pytest.mark.parametrize("metric", EVERY)
def test_cells_and_draws_are_taken_together(metric):
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(3), size=(4, 1)), rng.dirichlet(np.ones(3), size=2)
    found = metric(p, q)
    assert found.shape == (4, 2)
    assert found[2, 1] == pytest.approx(metric(p[2, 0], q[1]))


def published(path) -> tuple[float, float, float]:
    """Return what the uniform prediction scores on shares published as Cao et al. did, in the mean over rows."""
    scores = []
    for row in json.loads(path.read_text(encoding="utf-8")):
        shares = np.array([row["options_dist"].get(chr(65 + place), 0.0) for place in range(len(row["options"]))])
        if shares.sum() > 0:
            human, flat = shares / shares.sum(), np.full(len(shares), 1 / len(shares))
            ordinal = wasserstein(flat, human, np.linspace(0, 1, len(shares)))
            scores.append((1 - js_distance(flat, human), cao_emd_as_coded(flat, human), ordinal))
    return tuple(np.mean(scores, axis=0))


def test_uniform_scores_on_the_shares_of_the_world_values_survey_what_it_is_known_to(shared_data):
    assert published(shared_data / "wvs" / "valid.json") == pytest.approx((0.664, 0.1326, 0.262), abs=5e-4)


def test_uniform_scores_on_a_part_of_pew_nearly_what_it_does_on_the_whole(shared_data):
    # The whole is 3,991 rows; these are 1,191.
    assert published(shared_data / "wvs" / "pew_dev.json") == pytest.approx((0.648, 0.1625, 0.241), abs=0.01)
