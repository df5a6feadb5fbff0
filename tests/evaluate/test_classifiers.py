"""Arrays in, probabilities out: what is learnt of classes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.evaluate.classifiers import Stretches, boosted_trees, logistic_regression

pytest.importorskip("sklearn")


def test_every_point_of_a_short_scale_that_was_answered_is_a_class():
    found = Stretches.of(np.array([0, 3, 3, 4]), np.array([1.0, 1.0, 2.0, 4.0]), points=5)
    assert found.of_point[[0, 3, 4]].tolist() == [0, 1, 2]
    assert found.count == 3
    spread = found.spread(np.array([[0.2, 0.3, 0.5]]))
    np.testing.assert_allclose(spread, [[0.2, 0.0, 0.0, 0.3, 0.5]])


def test_neighbours_on_a_long_scale_are_one_class_and_a_common_answer_stays_alone():
    # Half of the answers are 50, the others fall on 0 to 49 and 51 to 100 alike.
    places = np.concatenate([np.arange(101).repeat(10), np.full(1010, 50)])
    found = Stretches.of(places, np.ones(len(places)), points=101)
    assert 8 <= found.count <= 20
    alone = np.flatnonzero(found.of_point == found.of_point[50])
    assert alone.tolist() == [50]
    certain = np.eye(found.count)[found.of_point[10]][None]
    together = found.of_point == found.of_point[10]
    np.testing.assert_allclose(found.spread(certain)[0], np.where(together, 1 / together.sum(), 0), atol=1e-12)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.floats(0.01, 100)), min_size=1, max_size=60),
    st.sampled_from([41, 101]),
)
def test_the_shares_of_the_classes_spread_to_the_shares_of_the_points(answers, points):
    places, weights = (np.array(each) for each in zip(*answers, strict=True))
    found = Stretches.of(places, weights, points)
    shares = np.bincount(places, weights, minlength=points) / weights.sum()
    np.testing.assert_allclose(found.spread(np.bincount(found.of_point, shares)[None])[0], shares, atol=1e-9)


def test_boosted_trees_find_the_shares_of_every_category_and_of_the_unknown():
    rng = np.random.default_rng(1)
    truth = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7], [0.2, 0.6, 0.2]])
    kind = rng.integers(3, size=6000)
    classes = np.array([rng.choice(3, p=truth[each]) for each in kind])
    features = np.where(kind == 2, np.nan, kind.astype(float))[:, None]
    predict = boosted_trees(features, np.array([True]), classes, np.ones(6000), rng)
    np.testing.assert_allclose(predict(np.array([[0.0], [1.0], [np.nan]])), truth, atol=0.05)


def test_an_answer_of_greater_weight_counts_for_more():
    features, classes = np.zeros((400, 1)), np.tile([0, 1], 200)
    weights = np.tile([1.5, 0.5], 200)
    trees = boosted_trees(features, np.array([False]), classes, weights, np.random.default_rng(0))
    regression = logistic_regression(features, classes, weights, np.arange(400))
    for predict in (trees, regression):
        np.testing.assert_allclose(predict(features[:1]), [[0.75, 0.25]], atol=0.02)


def test_classes_that_a_single_person_chose_are_learnt_too():
    classes = np.concatenate([np.zeros(60, dtype=np.int64), np.arange(20)])
    predict = boosted_trees(np.zeros((80, 1)), np.array([False]), classes, np.ones(80), np.random.default_rng(0))
    assert predict(np.zeros((1, 1))).shape == (1, 20)


def test_a_regression_without_a_penalty_to_speak_of_finds_the_odds():
    # A model of its own form: log odds of 1.5 x, which the penalty of 1 hardly shrinks.
    rng = np.random.default_rng(2)
    x = rng.normal(size=(5000, 1))
    classes = (rng.random(5000) < 1 / (1 + np.exp(-1.5 * x[:, 0]))).astype(np.int64)
    predict = logistic_regression(x, classes, np.ones(5000), np.arange(5000) % 50)
    found = predict(np.array([[-1.0], [0.0], [1.0]]))[:, 1]
    np.testing.assert_allclose(found, 1 / (1 + np.exp([1.5, 0.0, -1.5])), atol=0.03)


def test_features_that_tell_groups_apart_and_nothing_else_are_penalised_away():
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(20), 50)
    # Every group has an answer of its own, and what marks it says nothing of the next.
    classes = np.where(rng.random(1000) < 0.9, rng.integers(2, size=20)[groups], rng.integers(2, size=1000))
    features = rng.normal(size=(20, 30))[groups]
    unseen = rng.normal(size=(200, 30))
    careful = logistic_regression(features, classes, np.ones(1000), groups)(unseen)
    careless = logistic_regression(features, classes, np.ones(1000), np.arange(1000))(unseen)
    assert np.abs(careful - 0.5).mean() < 0.75 * np.abs(careless - 0.5).mean()


def test_one_group_is_learnt_from_with_the_strongest_penalty():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(200, 1))
    classes = (x[:, 0] > 0).astype(np.int64)
    one, many = (logistic_regression(x, classes, np.ones(200), groups) for groups in (np.zeros(200), np.arange(200)))
    sure = [float(predict(np.array([[2.0]]))[0, 1]) for predict in (one, many)]
    assert 0.5 < sure[0] < sure[1] - 0.1


def test_a_fold_that_lacks_a_class_does_not_stop_the_choice_of_the_penalty():
    groups = np.repeat(np.arange(2), 60)
    predict = logistic_regression(np.zeros((120, 1)), groups, np.ones(120), groups)
    np.testing.assert_allclose(predict(np.zeros((1, 1))), [[0.5, 0.5]], atol=1e-3)
