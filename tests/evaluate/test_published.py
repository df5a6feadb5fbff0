"""Published metrics, worked by hand, and held to ours where both measure the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from silicus.evaluate import opinionqa_alignment, simbench_score, subpop_wd, total_variation, wasserstein
from tests.evaluate.test_metrics import distributions


def test_subpop_wd_by_hand_leaves_out_negative_options_and_takes_them_in_any_order():
    # Without the last: people .25, .75 at 2 and 1; the prediction .5, .5. In order: .75 against .5 up to 1.
    assert subpop_wd([0.4, 0.4, 0.2], [0.2, 0.6, 0.2], [2, 1, -1]) == pytest.approx(0.25)


def test_subpop_wd_takes_uneven_numbers():
    assert subpop_wd([1, 0, 0], [0, 1, 0], [1, 1.5, 3]) == pytest.approx(0.25)


@given(distributions(4), distributions(4))
def test_on_even_points_subpop_wd_is_the_ordinal_wasserstein(p, q):
    assert subpop_wd(p, q, [1, 2, 3, 4]) == pytest.approx(float(wasserstein(p, q, np.linspace(0, 1, 4))), abs=1e-12)


def test_without_an_order_there_is_no_published_distance():
    for ordinals in ([1, -1, -1], [1, 1, 1], [-1, -1, -1]):
        assert np.isnan(subpop_wd([1, 0, 0], [1, 0, 0], ordinals))
        assert np.isnan(opinionqa_alignment([1, 0, 0], [1, 0, 0], ordinals))


def test_nobody_answered_among_the_options_that_count():
    assert np.isnan(subpop_wd([0.5, 0.5, 0.0], [0, 0, 1], [1, 2, -1]))


def test_opinionqa_divides_by_the_options_less_one_whatever_their_numbers():
    # The distance is 1 of a range of 4; three options.
    assert opinionqa_alignment([1, 0, 0], [0, 1, 0], [1, 2, 5]) == pytest.approx(0.5)
    assert opinionqa_alignment([1, 0, 0, 0.0], [1, 0, 0, 0.0], [1, 2, 3, -1]) == 1


def test_opinionqa_alignment_of_the_farthest_prediction_is_0():
    assert opinionqa_alignment([1, 0, 0], [0, 0, 1], [1, 2, 3]) == 0


def test_simbench_scores_people_100_and_uniform_0_in_the_mean():
    people = np.array([[0.9, 0.1], [0.4, 0.6]])
    flat = total_variation(np.full((2, 2), 0.5), people)
    assert simbench_score(flat, flat).mean() == pytest.approx(0)
    np.testing.assert_allclose(simbench_score([0, 0], flat), 100)
    assert np.isnan(simbench_score([0.1], [0.0])).all()
