"""Each loss by hand, against the NumPy metric of its name, and its gradient against differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from silicus.evaluate import metrics
from silicus.train import objectives

NO = -torch.inf


def tensor(*rows) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64)


@st.composite
def rows(draw, points: int = 5):
    """Return log-probabilities that do not sum to 1, and counts of people, for three prompts."""
    numbers = st.lists(st.floats(-8, 0), min_size=points, max_size=points)
    people = st.lists(st.integers(0, 9), min_size=points, max_size=points).filter(any)
    return tensor(*[draw(numbers) for _ in range(3)]), tensor(*[[float(n) for n in draw(people)] for _ in range(3)])


# --- by hand


def test_the_loss_of_an_individual_is_the_mean_negative_log_probability_of_the_answers_given():
    log_p, target = tensor([-1.0, -2.0, NO], [-3.0, -1.0, -0.5]), tensor([3.0, 1.0, 0.0], [0.0, 0.0, 1.0])
    assert objectives.individual(log_p, target).tolist() == pytest.approx([1.25, 0.5])


def test_the_loss_of_a_distribution_is_the_divergence_from_peoples_after_renormalising():
    # The model gives 0.1 and 0.3 to the two answers: 1/4 and 3/4 of what it gives to the answers offered.
    log_p, target = tensor([np.log(0.1), np.log(0.3), NO]), tensor([1.0, 1.0, 0.0])
    expected = 0.5 * np.log(0.5 / 0.25) + 0.5 * np.log(0.5 / 0.75)
    assert objectives.distribution(log_p, target).item() == pytest.approx(expected)


def test_a_model_that_agrees_with_people_has_no_loss():
    log_p, target = tensor([np.log(0.2), np.log(0.6), NO]), tensor([1.0, 3.0, 0.0])
    positions = tensor([0.0, 1.0, 1.0])
    assert objectives.distribution(log_p, target).item() == pytest.approx(0.0, abs=1e-12)
    assert objectives.wasserstein(log_p, target, positions).item() == pytest.approx(0.0, abs=1e-12)
    assert objectives.ranked_probability(log_p, target, positions).item() == pytest.approx(0.0, abs=1e-12)


def test_preference_falls_as_the_chosen_answer_gains_on_the_rejected_beyond_the_reference():
    loss = objectives.preference(tensor(-1.0, -1.0), tensor(-1.0, -3.0), tensor(0.0, 1.0), beta=0.5)
    assert loss.tolist() == pytest.approx([np.log(2.0), np.log(1 + np.exp(-0.5 * (2.0 - 1.0)))])


def test_cao_as_coded_is_the_divergence_divided_by_the_number_of_options():
    log_p, target = tensor([-1.0, -2.0, NO], [-1.0, -2.0, -3.0]), tensor([1.0, 3.0, 0.0], [1.0, 1.0, 1.0])
    plain = objectives.distribution(log_p, target)
    assert objectives.cao_as_coded(log_p, target).tolist() == pytest.approx((plain / tensor(2.0, 3.0)).tolist())


def test_subpop_as_coded_renormalises_over_ten_letters_and_takes_a_target_above_1():
    log_p = tensor([np.log(0.04), np.log(0.06), *[np.log(0.1)] * 8])
    target = tensor([0.5, 0.5, 0.2, *[0.0] * 7])
    shares = np.array([0.04, 0.06, *[0.1] * 8]) / 0.9
    p = np.array([0.5, 0.5, 0.2])
    expected = np.sum(p * np.log(p + 1e-8)) - np.sum(p * np.log(shares[:3] + 1e-8))
    assert objectives.subpop_as_coded(log_p, target).item() == pytest.approx(expected)


# --- as the metrics


@given(rows())
def test_the_distances_are_the_metrics_of_their_names(drawn):
    log_p, target = drawn
    positions = np.array([0.0, 0.1, 0.5, 0.75, 1.0])
    predicted = np.exp(log_p.numpy()) / np.exp(log_p.numpy()).sum(-1, keepdims=True)
    human = target.numpy() / target.numpy().sum(-1, keepdims=True)
    found = objectives.wasserstein(log_p, target, torch.from_numpy(positions).expand(3, 5))
    assert found.numpy() == pytest.approx(metrics.wasserstein(predicted, human, positions), abs=1e-12)


@given(rows())
def test_the_divergence_is_never_negative_and_bounds_the_total_variation(drawn):
    log_p, target = drawn
    loss = objectives.distribution(log_p, target).numpy()
    predicted = np.exp(log_p.numpy()) / np.exp(log_p.numpy()).sum(-1, keepdims=True)
    human = target.numpy() / target.numpy().sum(-1, keepdims=True)
    # Pinsker's inequality.
    assert (metrics.total_variation(predicted, human) <= np.sqrt(np.maximum(loss, 0) / 2) + 1e-9).all()
    assert (loss > -1e-12).all()


@given(rows(), st.integers(0, 4))
def test_the_loss_of_one_answer_is_its_negative_log_likelihood(drawn, answer):
    log_p, _ = drawn
    log_p = objectives.log_shares(log_p)
    given_one = torch.zeros_like(log_p)
    given_one[:, answer] = 1
    expected = metrics.negative_log_likelihood(log_p.exp().numpy(), np.full(3, answer))
    assert objectives.individual(log_p, given_one).numpy() == pytest.approx(expected)
    assert objectives.distribution(log_p, given_one).numpy() == pytest.approx(expected)


# --- gradients


@pytest.mark.parametrize("name", ["individual", "distribution", "cao_as_coded", "subpop_as_coded"])
def test_gradients_equal_differences(name):
    log_p = torch.log_softmax(torch.randn(2, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)), -1)
    target = tensor([1.0, 0.0, 2.0, 1.0], [0.0, 0.0, 1.0, 0.0])
    loss = getattr(objectives, name)
    assert torch.autograd.gradcheck(lambda x: loss(x, target), (log_p.requires_grad_(),))


def test_padding_and_answers_nobody_gave_leave_gradients_finite():
    log_p = tensor([-1.0, -2.0, NO]).requires_grad_()
    target, positions = tensor([1.0, 0.0, 0.0]), tensor([0.0, 1.0, 1.0])
    losses = [
        objectives.individual(log_p, target),
        objectives.distribution(log_p, target),
        objectives.wasserstein(log_p, target, positions),
        objectives.ranked_probability(log_p, target, positions),
    ]
    for loss in losses:
        (gradient,) = torch.autograd.grad(loss.sum(), log_p, retain_graph=True)
        assert torch.isfinite(gradient).all()
        assert gradient[0, 2] == 0
